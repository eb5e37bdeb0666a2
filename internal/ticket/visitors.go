package ticket

import (
	"context"

	"foyer/internal/catalog"
)

// Visitor is who enters with a ticket, where names are asked for: masked, to be compared
// with the document that is shown.
type Visitor struct {
	Person   int    `json:"person" doc:"of those who enter with the ticket, from 1"`
	Name     string `json:"name" doc:"masked"`
	Document string `json:"document_kind"`
	Number   string `json:"document_number" doc:"masked"`
}

// Visitors knows who enters with the units of an order.
type Visitors interface {
	OfUnit(ctx context.Context, t *Ticket) ([]Visitor, error)
}

// WhoEnters is who enters with a ticket; nobody where its session asks for no names, which
// memory knows.
func (t *Tickets) WhoEnters(ctx context.Context, tck *Ticket, s *catalog.Sellable) (
	[]Visitor, error,
) {
	if t.cfg.Visitors == nil || s.Buyers == nil ||
		s.Buyers.RealName.Mode != catalog.NamesEvery {
		return nil, nil
	}
	return t.cfg.Visitors.OfUnit(ctx, tck)
}
