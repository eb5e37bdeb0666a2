package checkin

import (
	"context"

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
	var out *CheckIn
	err = c.cfg.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		var err error
		out, err = c.takeBack(tx, who, *ci)
		return err
	})
	return out, err
}

func (c *CheckIns) takeBack(tx *sqldb.Tx, who actor.Actor, ci CheckIn) (*CheckIn, error) {
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
	use := ticket.Use{Organization: ci.Organization, Ticket: ci.Ticket, Number: ci.Entitlement,
		N: ci.N}
	guard := c.cfg.Tickets.UnenterIfInside
	if ci.Direction == Exit {
		guard = c.cfg.Tickets.UnleaveIfOutside
	}
	if ok, err = guard(tx, use); err != nil {
		return nil, err
	}
	if !ok {
		return nil, ErrUndoBlocked
	}
	e, err := c.cfg.Tickets.Entitlement(tx, use)
	if err != nil {
		return nil, err
	}
	entered, inside := ci.moves()
	if err := c.store.AddCount(tx, ci.Session, -entered, -inside); err != nil {
		return nil, err
	}
	ci.UndoneAt, ci.Used, ci.Inside = tx.Now, e.Used, e.Inside
	c.note(tx, who, &ci, "checkin.undone")
	return &ci, nil
}
