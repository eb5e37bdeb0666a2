package checkin

import (
	"context"

	"foyer/internal/catalog"
	"foyer/internal/ticket"
)

// Visitors knows who enters with a ticket; package ticket does.
type Visitors interface {
	WhoEnters(ctx context.Context, t *ticket.Ticket, s *catalog.Sellable) ([]ticket.Visitor, error)
}

// WhoEnters is who enters with an admitted ticket, masked, for whoever compares documents.
// People are in already, so what cannot be read is not shown rather than refused.
func (c *CheckIns) WhoEnters(ctx context.Context, a *Admission) []ticket.Visitor {
	if c.cfg.Visitors == nil {
		return nil
	}
	list, err := c.cfg.Visitors.WhoEnters(ctx, a.Holder, a.Event)
	if err != nil && ctx.Err() == nil {
		c.cfg.Log.Warn("who enters with a ticket cannot be read", "error", err)
	}
	return list
}
