package app

import (
	"context"

	"foyer/internal/catalog"
	"foyer/internal/checkin"
)

// gateWaits lets gates tell orders that they have reported; orders are joined after them.
type gateWaits struct{ a *App }

// GateReported looks again at refunds that wait for gates of a venue.
func (g gateWaits) GateReported(ctx context.Context, organization, venue int64) {
	g.a.Orders.GateReported(ctx, organization, venue)
}

// gateDocuments lets a gate's list hold the hashes of documents; visitors are joined after
// gates.
type gateDocuments struct{ a *App }

// ListHashes are the documents of some orders in a session, under a key of one list.
func (g gateDocuments) ListHashes(ctx context.Context, s *catalog.Sellable, list string,
	orders []int64,
) ([]byte, []checkin.DocumentHash, error) {
	key, found, err := g.a.Visitors.ListHashes(ctx, s.Session.Organization, s.EventID,
		s.Session.ID, list, orders)
	hashes := make([]checkin.DocumentHash, len(found))
	for i, h := range found {
		hashes[i] = checkin.DocumentHash{Order: h.Order, Line: h.Line, Unit: h.Unit, Hash: h.Hash}
	}
	return key, hashes, err
}
