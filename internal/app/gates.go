package app

import "context"

// gateWaits lets gates tell orders that they have reported; orders are joined after them.
type gateWaits struct{ a *App }

// GateReported looks again at refunds that wait for gates of a venue.
func (g gateWaits) GateReported(ctx context.Context, organization, venue int64) {
	g.a.Orders.GateReported(ctx, organization, venue)
}
