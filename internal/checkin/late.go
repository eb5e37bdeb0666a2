package checkin

import (
	"context"
	"strconv"
	"time"

	"foyer/internal/actor"
	"foyer/internal/fault"
	"foyer/internal/sqldb"
)

// EnterLate lets everybody in whom an order's tickets let in, at a moment of the past, in
// the transaction that issues them: their people went in with paper tickets. It counts as a
// scan by the member of staff. Refused with fault.BadInput for tickets with rules of entry,
// whose uses only a scan can tell.
func (c *CheckIns) EnterLate(tx *sqldb.Tx, who actor.Actor, organization, order int64,
	at time.Time,
) error {
	list, err := c.cfg.Tickets.InOrder(tx, actor.Scope{Organization: organization}, order)
	if err != nil {
		return err
	}
	for i := range list {
		t := &list[i]
		if len(t.Entitlements) != 1 || t.Entitlements[0].Admission != 0 {
			return fault.BadInput.At("entered_at",
				"the tickets have rules of entry: scan them / 该票种须在闸机验票")
		}
		//tidy:allow context in memory; the writer has no caller
		s, err := c.cfg.Sessions.Sellable(context.Background(), t.Session)
		if err != nil {
			return err
		}
		ask := Ask{Ticket: t.ID, Direction: Entry, N: t.Entitlements[0].Allowed,
			Nonce: "late-" + strconv.FormatInt(t.ID, 36)}
		v := &scan{who: who, station: station{staff: who.ID}, ask: ask, at: at,
			id: c.cfg.IDs.Next(), version: t.CodeVersion, ticket: t, event: s,
			nonce: Nonce{Scanner: who.ID, Text: ask.Nonce, Digest: ask.digest()}}
		if err := c.pass(tx, v); err != nil {
			return err
		}
		if err := c.countOne(tx, &v.done, s.Venue.BusinessDay(at)); err != nil {
			return err
		}
	}
	return nil
}
