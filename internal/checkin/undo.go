package checkin

import (
	"cmp"
	"context"
	"slices"

	"foyer/internal/actor"
	"foyer/internal/fault"
	"foyer/internal/sqldb"
	"foyer/internal/ticket"
)

// Undo takes a check-in back within a minute, by the device that made it or by staff who
// may scan there. A second undo answers as the first. Refused with ErrNoCheckIn,
// ErrUndoTooLate, and ErrUndoBlocked when a later check-in stands on it.
func (c *CheckIns) Undo(ctx context.Context, who actor.Actor, id int64) (*Admission, error) {
	ci, err := c.undo(ctx, who, id)
	if err != nil {
		c.cfg.Observe(fault.Of(err).Def.Code)
		return nil, err
	}
	c.cfg.Observe("undo")
	return c.show(ctx, ci, false)
}

func (c *CheckIns) undo(ctx context.Context, who actor.Actor, id int64) (*CheckIn, error) {
	if _, err := c.station(ctx, who); err != nil {
		return nil, err
	}
	ci, err := c.store.Find(ctx, id)
	if err != nil {
		return nil, err
	}
	own := who.Kind == actor.Device && ci.Device == who.ID
	if !own && (who.Kind != actor.Staff || !who.May(PermScan, ci.Organization, ci.Venue)) {
		return nil, ErrNoCheckIn
	}
	v, err := c.scanOf(ctx, ci)
	if err != nil {
		return nil, err
	}
	var out *CheckIn
	err = c.cfg.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		var err error
		out, err = c.takeBack(tx, who, v, *ci)
		return err
	})
	return out, err
}

// scanOf is a check-in as it was scanned, with its ticket and session.
func (c *CheckIns) scanOf(ctx context.Context, ci *CheckIn) (*scan, error) {
	t, err := c.cfg.Tickets.Find(ctx, ci.Ticket)
	if err != nil {
		return nil, err
	}
	v := &scan{ticket: t}
	v.part = max(slices.IndexFunc(t.Entitlements, func(e ticket.Entitlement) bool {
		return e.Number == ci.Entitlement
	}), 0)
	if v.event, err = c.cfg.Sessions.Sellable(ctx, t.Session); err != nil {
		return nil, err
	}
	v.opening, err = c.openingOf(ctx, t)
	return v, err
}

func (c *CheckIns) takeBack(tx *sqldb.Tx, who actor.Actor, v *scan, ci CheckIn) (*CheckIn, error) {
	ok, err := c.store.MarkUndoneIfSince(tx, &ci, tx.Now, tx.Now.Add(-UndoWithin))
	if err != nil {
		return nil, err
	}
	if !ok {
		now, err := c.store.FindIn(tx, ci.ID)
		if err == nil && now.UndoneAt.IsZero() {
			err = ErrUndoTooLate
		}
		return now, err
	}
	back := c.backPlain
	if v.opening != nil || ci.OutOf != 0 && ci.Into != 0 {
		back = c.backRuled
	}
	e, err := back(tx, v, &ci)
	if err != nil {
		return nil, err
	}
	entered, inside := ci.moves()
	if ci.Session != 0 {
		if err := c.store.AddCount(tx, ci.Session, -entered, -inside); err != nil {
			return nil, err
		}
	}
	flows := map[PrecinctDay]Flow{}
	ci.flow(v.event.Venue.BusinessDay(ci.At), flows, -1)
	if err := c.countFlows(tx, flows); err != nil {
		return nil, err
	}
	ci.UndoneAt, ci.Used, ci.Inside = tx.Now, e.Used, e.Inside
	pos := c.note(tx, who, &ci, "checkin.undone")
	if e.Used == 0 && ci.Counted > 0 && v.booksOnUse() {
		err = c.postShare(tx, pos, v, -1)
	}
	return &ci, err
}

// backPlain takes back what a plain ticket's check-in did, while nothing stands on it.
func (c *CheckIns) backPlain(tx *sqldb.Tx, _ *scan, ci *CheckIn) (ticket.Entitlement, error) {
	use := ticket.Use{Organization: ci.Organization, Ticket: ci.Ticket, Number: ci.Entitlement,
		N: ci.N}
	guard := c.cfg.Tickets.UnenterIfInside
	if ci.Direction == Exit {
		guard = c.cfg.Tickets.UnleaveIfOutside
	}
	if ok, err := guard(tx, use); err != nil || !ok {
		return ticket.Entitlement{}, cmp.Or(err, error(ErrUndoBlocked))
	}
	return c.cfg.Tickets.Entitlement(tx, use)
}

// backRuled takes back a check-in that was judged by a rule, if nobody used the entitlement
// since: then all that it changed is known.
func (c *CheckIns) backRuled(tx *sqldb.Tx, v *scan, ci *CheckIn) (ticket.Entitlement, error) {
	use := ticket.Use{Organization: ci.Organization, Ticket: ci.Ticket, Number: ci.Entitlement}
	e, err := c.cfg.Tickets.Entitlement(tx, use)
	if err != nil {
		return e, err
	}
	if e.Seq != ci.Seq {
		return e, ErrUndoBlocked
	}
	e.Used -= ci.Counted
	e.Inside -= ci.Here
	if e.Day == v.event.Venue.BusinessDay(ci.At) {
		e.DayUsed = max(e.DayUsed-ci.Counted, 0)
	}
	if e.Used == 0 && ci.Counted > 0 {
		e.Activated = 0
	}
	if !ci.Moved {
		e.EnteredAt, e.LeftAt, err = c.store.LastIn(tx, ci.Organization, ci.Ticket,
			ci.Entitlement)
		if err != nil {
			return e, err
		}
	}
	ok, err := c.cfg.Tickets.UseIf(tx, use, &e)
	if err == nil && !ok {
		err = ErrUndoBlocked
	}
	return e, err
}
