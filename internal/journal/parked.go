package journal

import (
	"context"
	"fmt"
	"time"

	"foyer/internal/fault"
	"foyer/internal/sqldb"
)

// Parked lists facts that a subscriber refused too often, by subscriber and position, at
// most limit after the one given (zero: from the beginning).
func (j *Journal) Parked(ctx context.Context, after Parked, limit int) ([]Parked, error) {
	return j.cfg.Store.ParkedAfter(ctx, after, min(max(limit, 1), 1000))
}

// RetryParked hands a parked fact to its subscriber once more and forgets it when that
// succeeds. It refuses an unknown subscriber or position with fault.Missing, and returns
// the subscriber's error otherwise.
func (j *Journal) RetryParked(ctx context.Context, name string, pos Position) error {
	s := j.subscriber(name)
	if s == nil {
		return fault.Missing.With("subscriber", name)
	}
	facts, err := j.facts(ctx, Position{pos.Lane, pos.N - 1}, 1)
	if err != nil {
		return err
	}
	if len(facts) == 0 || facts[0].Position != pos {
		return fault.Missing.With("position", pos.String())
	}
	if _, err := s.apply(ctx, facts); err != nil {
		return fmt.Errorf("retry %s for %s: %w", pos, name, err)
	}
	return j.cfg.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		return j.cfg.Store.Unpark(tx, name, pos)
	})
}

// Lag is how far a subscriber is behind.
type Lag struct {
	Subscriber string
	Facts      int64     // not delivered yet
	Oldest     time.Time // of the oldest of them; zero when there is none
}

// Lags are the subscribers' lags, for the figures page.
func (j *Journal) Lags(ctx context.Context) ([]Lag, error) {
	heads, err := j.heads(ctx)
	if err != nil {
		return nil, err
	}
	lags := make([]Lag, 0, len(j.subscribers))
	for _, s := range j.subscribers {
		at, err := j.reached(ctx, s)
		if err != nil {
			return nil, err
		}
		lag := Lag{Subscriber: s.name}
		for lane, head := range heads {
			if at[lane] >= head {
				continue
			}
			lag.Facts += head - at[lane]
			next, err := j.facts(ctx, Position{lane, at[lane]}, 1)
			if err != nil {
				return nil, err
			}
			if len(next) > 0 && (lag.Oldest.IsZero() || next[0].At.Before(lag.Oldest)) {
				lag.Oldest = next[0].At
			}
		}
		lags = append(lags, lag)
	}
	return lags, nil
}

// reached is how far a subscriber is: in memory where this process delivers to it, in the
// book where another one does.
func (j *Journal) reached(ctx context.Context, s *subscriber) (map[int]int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := map[int]int64{}
	if s.held {
		for lane, n := range s.at {
			at[lane] = n
		}
		return at, nil
	}
	list, err := j.cfg.Store.Cursors(ctx, s.name)
	for _, c := range list {
		at[c.Lane] = c.N
	}
	return at, err
}
