package catalog

import (
	"context"
	"reflect"
	"time"

	"foyer/internal/actor"
	"foyer/internal/sqldb"
)

// CreateSession plans a session as a draft. It refuses objects of others, a hall that is
// busy at that time (ErrHallBusy naming the session), and a hall without a seat map.
func (c *Catalog) CreateSession(ctx context.Context, who actor.Actor,
	s Session) (*Session, error) {
	s.State = SessionDraft
	if err := s.check(); err != nil {
		return nil, err
	}
	return add(c, ctx, c.sessions, who, &s, func(tx *sqldb.Tx, s *Session) error {
		if err := c.opens(tx, s); err != nil {
			return err
		}
		return c.planSession(tx, who, s)
	})
}

// planSession checks a new session against all that it names and opens its stock.
func (c *Catalog) planSession(tx *sqldb.Tx, who actor.Actor, s *Session) error {
	hall, err := c.place(tx, who, PermSession, s)
	if err != nil {
		return err
	}
	if err := c.pins(tx, s); err != nil {
		return err
	}
	if s.SeatMapVersionID == 0 && c.cfg.SeatMaps != nil {
		s.SeatMapVersionID, err = c.cfg.SeatMaps.LatestVersion(tx, s.Organization, s.HallID)
		if err != nil {
			return err
		}
	}
	if s.SeatMapVersionID == 0 {
		return ErrNoSeatMap.At("seat_map_version_id", "is required / 必填")
	}
	if err := c.hallFree(tx, s, hall); err != nil {
		return err
	}
	return c.cfg.Stock.Open(tx, *s)
}

// place finds the hall and the venue, checks the right and derives the business day.
func (c *Catalog) place(tx *sqldb.Tx, who actor.Actor, p actor.Permission,
	s *Session) (*Hall, error) {
	hall, err := find(tx, c.halls, s.Organization, s.HallID)
	if err != nil {
		return nil, err
	}
	if err := Allow(who, p, s.Organization, hall.VenueID); err != nil {
		return nil, err
	}
	venue, err := find(tx, c.venues, s.Organization, hall.VenueID)
	if err != nil {
		return nil, err
	}
	s.VenueID, s.BusinessDay = venue.ID, venue.BusinessDay(s.StartsAt)
	return hall, nil
}

// pins refuses an event, price list or policy that is not the organization's.
func (c *Catalog) pins(tx *sqldb.Tx, s *Session) error {
	var p checker
	note := func(field string, err error) error {
		if isMissing(err) {
			p.Add(field, "names nothing of yours / 不存在")
			return nil
		}
		return err
	}
	_, err := find(tx, c.events, s.Organization, s.EventID)
	err = note("event_id", err)
	_, e := find(tx, c.priceLists, s.Organization, s.PriceListID)
	err = firstError(err, note("price_list_id", e))
	_, e = find(tx, c.policies, s.Organization, s.RefundPolicyID)
	err = firstError(err, note("refund_policy_id", e))
	return firstError(err, p.Err())
}

// hallFree refuses with ErrHallBusy when another session of a room would overlap, its
// cleaning time included. Halls of time slots may overlap.
func (c *Catalog) hallFree(tx *sqldb.Tx, s *Session, hall *Hall) error {
	if hall.TimeSlots {
		return nil
	}
	scope := scopeOf(s.Organization)
	if err := c.cfg.Stores.Timetable.LockHall(tx, scope, hall.ID); err != nil {
		return err
	}
	gap := time.Duration(hall.CleaningMinutes) * time.Minute
	other, err := c.cfg.Stores.Timetable.Overlapping(tx, scope, hall.ID,
		s.StartsAt.Add(-gap), s.EndsAt.Add(gap), s.ID)
	if err != nil || other == nil {
		return err
	}
	return ErrHallBusy.With("session", c.cfg.Public(KindSession, other.ID)).
		With("starts_at", other.StartsAt).With("ends_at", other.EndsAt)
}

// UpdateSession replaces a session's plan. Once places are held or sold its time, hall,
// event and seat map stay (ErrSessionSold); cancelled sessions stay as they are. Every
// change raises the revision.
func (c *Catalog) UpdateSession(ctx context.Context, who actor.Actor,
	s Session) (*Session, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	if err := c.askReprice(ctx, who, s); err != nil {
		return nil, err
	}
	return amend(c, ctx, c.sessions, who, refOf(s.Meta), "changed", c.editSession(who, s))
}

func (c *Catalog) editSession(who actor.Actor, s Session) func(*sqldb.Tx, *Session,
	*Session) error {
	return func(tx *sqldb.Tx, was, next *Session) error {
		if err := Allow(who, PermSession, was.Organization, was.VenueID); err != nil {
			return err
		}
		if was.State == SessionCancelled {
			return wanted(false, was.State, was.State)
		}
		next.HallID, next.EventID = s.HallID, s.EventID
		next.PriceListID, next.RefundPolicyID = s.PriceListID, s.RefundPolicyID
		next.SessionInfo, next.AreaCapacity = s.SessionInfo, s.AreaCapacity
		if s.SeatMapVersionID != 0 {
			next.SeatMapVersionID = s.SeatMapVersionID
		}
		return c.replan(tx, who, was, next)
	}
}

func (c *Catalog) replan(tx *sqldb.Tx, who actor.Actor, was, next *Session) error {
	hall, err := c.place(tx, who, PermSession, next)
	if err != nil {
		return err
	}
	if err := c.pins(tx, next); err != nil {
		return err
	}
	if !was.StartsAt.Equal(next.StartsAt) || !was.EndsAt.Equal(next.EndsAt) ||
		was.HallID != next.HallID || was.EventID != next.EventID ||
		was.SeatMapVersionID != next.SeatMapVersionID {
		sold, err := c.cfg.Stock.HasClaims(tx, was.ID)
		if err != nil {
			return err
		}
		if sold {
			return ErrSessionSold
		}
		if err := c.hallFree(tx, next, hall); err != nil {
			return err
		}
	}
	if was.SeatMapVersionID != next.SeatMapVersionID || was.HallID != next.HallID ||
		!reflect.DeepEqual(was.AreaCapacity, next.AreaCapacity) {
		return c.cfg.Stock.Change(tx, *was, *next)
	}
	if next.State != SessionDraft {
		return c.sellable(tx, next)
	}
	return nil
}

// SetSessionState puts a session on sale, pauses or cancels it. Going on sale refuses with
// ErrIncomplete naming everything that is missing. Cancelling is final; giving the money
// back is the order's work.
func (c *Catalog) SetSessionState(ctx context.Context, who actor.Actor, m Meta,
	state SessionState) (*Session, error) {
	if state == SessionCancelled {
		if err := c.askCancel(ctx, who, m); err != nil {
			return nil, err
		}
	}
	return amend(c, ctx, c.sessions, who, refOf(m), string(state), c.editState(who, state))
}

func (c *Catalog) editState(who actor.Actor, state SessionState) func(*sqldb.Tx, *Session,
	*Session) error {
	return func(tx *sqldb.Tx, was, next *Session) error {
		if err := Allow(who, PermSell, was.Organization, was.VenueID); err != nil {
			return err
		}
		if err := wanted(was.State.mayBecome(state), was.State, state); err != nil {
			return err
		}
		next.State = state
		if state == SessionOnSale {
			return c.sellable(tx, next)
		}
		if state == SessionCancelled && c.calledOff != nil {
			return c.calledOff(tx, who, *next)
		}
		return nil
	}
}

// sellable refuses with ErrIncomplete naming everything without which a session cannot be
// on sale.
func (c *Catalog) sellable(tx *sqldb.Tx, s *Session) error {
	var p checker
	event, err := find(tx, c.events, s.Organization, s.EventID)
	if err != nil {
		return err
	}
	if event.State != Published {
		p.Add("event_id", "the event is not published / 项目尚未发布")
	}
	venue, err := find(tx, c.venues, s.Organization, s.VenueID)
	if err != nil {
		return err
	}
	if venue.State != Published {
		p.Add("venue_id", "the venue is not published / 场馆尚未发布")
	}
	list, err := find(tx, c.priceLists, s.Organization, s.PriceListID)
	if err != nil {
		return err
	}
	if len(list.Cells) == 0 {
		p.Add("price_list_id", "has no prices / 价目表没有价格")
	}
	if s.SeatMapVersionID == 0 {
		p.Add("seat_map_version_id", "is required / 必填")
	}
	if !s.EndsAt.After(tx.Now) {
		p.Add("ends_at", "has passed / 场次已结束")
	}
	if event.Kind == Film {
		p.required("language", s.Language != "" || len(event.Languages) == 1)
		p.required("version", s.Version != "" || len(event.Versions) == 1)
	}
	return p.As(ErrIncomplete)
}

type gateKey int64

// GuardSession is asked in the transaction that places an order: the session must sell now
// and must still be what the order was priced with. It is one read a session and batch.
// It refuses with fault.Missing, ErrSessionChanged and ErrNotOnSale.
func (c *Catalog) GuardSession(tx *sqldb.Tx, session, revision int64) error {
	g, err := c.gateOf(tx, session)
	if err != nil {
		return err
	}
	s := Session{State: g.State, SessionInfo: SessionInfo{SaleFrom: g.SaleFrom,
		SaleUntil: g.SaleUntil, EndsAt: g.EndsAt}}
	if state := s.SaleAt(tx.Now); state != SaleOpen {
		refusal := ErrNotOnSale.With("sale_state", string(state))
		if !g.SaleFrom.IsZero() {
			refusal = refusal.With("sale_from", g.SaleFrom)
		}
		refusal = refusal.With("sale_until", g.SaleUntil)
		if state == SaleNotYet {
			refusal = refusal.Retry(g.SaleFrom.Sub(tx.Now))
		}
		return refusal
	}
	if g.Revision != revision {
		return ErrSessionChanged.With("revision", g.Revision)
	}
	return nil
}

// ReadGates reads at once what GuardSession is going to compare for many sessions in the
// rest of the batch, so that it need not ask for each.
func (c *Catalog) ReadGates(tx *sqldb.Tx, sessions []int64) error {
	found, err := c.cfg.Stores.Timetable.Gates(tx, sessions)
	for id, g := range found {
		tx.Remember(gateKey(id), g)
	}
	return err
}
