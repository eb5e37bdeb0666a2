package journal

import "context"

// ClosedMonth is the newest month (202611) whose rows of this process's lane went into a
// file; 0 without one. What is entered late is not of that month or of one before it.
func (j *Journal) ClosedMonth(ctx context.Context) (int, error) {
	m, ok, err := j.cfg.Store.LastMonth(ctx, j.lane)
	if err != nil || !ok {
		return 0, err
	}
	return m.Month, nil
}
