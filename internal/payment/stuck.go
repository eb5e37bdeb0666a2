package payment

import "context"

// Bounds of what is looked at, so that a question about very many refunds stays a question.
const (
	mostBacklog = 5000
	mostStuck   = 1000
)

// Backlog counts by provider the refunds that it has not accepted yet.
func (p *Payments) Backlog(ctx context.Context) (map[string]int, error) {
	return p.Store.Backlog(ctx, mostBacklog)
}

// Stuck are the refunds of an organization that wait for a person, for one cause; at most
// a thousand.
func (p *Payments) Stuck(ctx context.Context, organization int64, cause Cause) ([]*Refund,
	error,
) {
	var list []*Refund
	for after := int64(0); ; {
		page, err := p.Store.RefundsInState(ctx, Abnormal, after, askPage)
		if err != nil {
			return nil, err
		}
		for _, r := range page {
			after = r.ID
			if r.Organization == organization && r.Cause == cause {
				list = append(list, r)
			}
		}
		if len(page) < askPage || len(list) >= mostStuck {
			return list, nil
		}
	}
}
