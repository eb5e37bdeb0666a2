package catalog

import (
	"context"
	"errors"
	"time"

	"foyer/internal/actor"
	"foyer/internal/fault"
	"foyer/internal/sqldb"
)

// Move is when and where a session that has buyers takes place instead.
type Move struct {
	ID             int64 // the session keeps it: what was agreed to before names an older one
	Organization   int64
	Session        int64
	Revision       int64
	StartsAt       time.Time
	EndsAt         time.Time // zero: as long as it was to last
	Hall           int64     // 0: as it was
	SeatMapVersion int64     // 0: as it was; the newest of another hall
}

// Refusals of a move.
var (
	ErrMoveOver = fault.Define(fault.Conflict, "session_not_movable",
		"该场次已结束、已取消或尚未公布,不能改期换厅",
		"Only a session that was announced and is not over can be moved.",
		"Edit a draft; a session that is over or cancelled stays as it is.")
	ErrMoveNowhere = fault.Define(fault.Invalid, "session_move_empty",
		"新的时间和影厅与原来相同", "The session takes place there and then already.",
		"Name another time, hall or seat map.")
)

// MoveSession gives a session another time or hall, in the caller's transaction, which takes
// its buyers along. It keeps what is sold as it was: prices, sale and limits stay, the end
// of the sale moves with the start. The caller writes the journal entry, names the session in it
// and calls CatchUp after the commit. Refused with fault.Missing, fault.NotAllowed,
// fault.Stale, ErrMoveOver, ErrMoveNowhere, ErrHallBusy, ErrNoSeatMap and fault.BadInput.
func (c *Catalog) MoveSession(tx *sqldb.Tx, who actor.Actor, m Move) (was, next *Session,
	err error) {
	was, err = c.sessions.store.Find(tx, scopeOf(m.Organization), m.Session)
	if err != nil {
		return nil, nil, err
	}
	if err := Allow(who, PermSell, was.Organization, was.VenueID); err != nil {
		return nil, nil, err
	}
	switch {
	case was.Revision != m.Revision:
		return nil, nil, fault.Stale.With("revision", was.Revision)
	case was.State != SessionOnSale && was.State != SessionPaused, !was.EndsAt.After(tx.Now):
		return nil, nil, ErrMoveOver.With("state", string(was.State))
	}
	moved := m.of(was)
	if err := c.settleMove(tx, who, was, &moved); err != nil {
		return nil, nil, err
	}
	return was, &moved, overwrite(c, tx, c.sessions, was, &moved)
}

// of is the session as it will be.
func (m Move) of(was *Session) Session {
	next := *was
	next.Moved = m.ID
	next.StartsAt = m.StartsAt.UTC().Truncate(time.Millisecond)
	next.EndsAt = m.EndsAt
	if m.EndsAt.IsZero() {
		next.EndsAt = next.StartsAt.Add(was.EndsAt.Sub(was.StartsAt))
	}
	next.SaleUntil = was.SaleUntil.Add(next.StartsAt.Sub(was.StartsAt))
	if next.SaleUntil.After(next.EndsAt) {
		next.SaleUntil = next.EndsAt
	}
	if !next.SaleUntil.After(next.SaleFrom) {
		next.SaleUntil = next.StartsAt
	}
	if m.Hall != 0 && m.Hall != was.HallID {
		next.HallID, next.SeatMapVersionID, next.AreaCapacity = m.Hall, 0, nil
	}
	if m.SeatMapVersion != 0 {
		next.SeatMapVersionID = m.SeatMapVersion
	}
	return next
}

// settleMove checks where and when the session is to be.
func (c *Catalog) settleMove(tx *sqldb.Tx, who actor.Actor, was, next *Session) error {
	hall, err := c.place(tx, who, PermSell, next)
	if err != nil {
		return err
	}
	if next.SeatMapVersionID == 0 && c.cfg.SeatMaps != nil {
		next.SeatMapVersionID, err = c.cfg.SeatMaps.LatestVersion(tx, next.Organization,
			next.HallID)
		if err != nil {
			return err
		}
	}
	if next.SeatMapVersionID == 0 {
		return ErrNoSeatMap.At("seat_map_version_id", "is required / 必填")
	}
	if err := next.check(); err != nil {
		return err
	}
	var bad checker
	if !next.StartsAt.After(tx.Now) {
		bad.Add("starts_at", "is not in the future / 应晚于当前时间")
	}
	if err := bad.Err(); err != nil {
		return err
	}
	if next.StartsAt.Equal(was.StartsAt) && next.EndsAt.Equal(was.EndsAt) &&
		next.HallID == was.HallID && next.SeatMapVersionID == was.SeatMapVersionID {
		return ErrMoveNowhere
	}
	if err := c.hallFree(tx, next, hall); err != nil || next.State != SessionOnSale {
		return err
	}
	return c.sellable(tx, next)
}

// TryMove is MoveSession without effect: whatever would refuse it refuses it now.
func (c *Catalog) TryMove(ctx context.Context, who actor.Actor, m Move) (was, next *Session,
	err error) {
	err = c.inTx(ctx, func(tx *sqldb.Tx) error {
		if was, next, err = c.MoveSession(tx, who, m); err != nil {
			return err
		}
		return errTried
	})
	if errors.Is(err, errTried) {
		err = nil
	}
	return was, next, err
}
