package order

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"foyer/internal/actor"
	"foyer/internal/approval"
	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/journal"
	"foyer/internal/money"
	"foyer/internal/sqldb"
	"foyer/internal/ticket"
)

// Kinds of commands on orders that a house may leave to no one person.
const (
	// ApproveFree is an order of staff that costs nothing: a complimentary ticket.
	ApproveFree approval.Kind = "order.free"
	// ApproveRefund is money that goes back by the hand of staff: a refund, a change to what
	// costs less, used tickets of a cancelled session. A rule may name the amount up to which
	// one may, in an order and of one person within a day.
	ApproveRefund approval.Kind = "order.refund"
)

// heldFree is the input of a free order that waits for a second person: the very places, at
// the session's revision that made them cost nothing.
type heldFree struct {
	Ask      PlaceAsk
	Revision int64
	// Revisions are those of all sessions, where there are several.
	Revisions []int64 `json:",omitempty"`
}

// askFree makes a request of an order of staff that costs nothing, where the house wants two
// people for it. Its places are not kept meanwhile: whoever agrees later may find them gone.
func (o *Orders) askFree(ctx context.Context, who actor.Actor, s *catalog.Sellable, p *placing,
	ask PlaceAsk,
) error {
	if o.Approvals == nil {
		return nil
	}
	return o.Approvals.Pass(ctx, who, approval.Case{Kind: ApproveFree,
		Organization: s.Session.Organization}, func() (approval.Ask, error) {
		ask.Best, ask.ExpectTotal, ask.Lines = nil, 0, linesOf(p.order)
		held := heldFree{Ask: ask, Revision: s.Session.Revision}
		if p.parts != nil {
			held.Revisions = heldRevisions(ask, s)
		}
		in, err := json.Marshal(held)
		out := approval.Ask{Venue: s.Session.VenueID, Input: in, Title: sessionTitle(s),
			Object: journal.Object{Kind: "ses", ID: ask.Session, Revision: s.Session.Revision}}
		for _, l := range p.order.Lines {
			for _, u := range l.Units {
				out.Changes = append(out.Changes, approval.Change{What: l.Name + " · " + u.Label,
					After: "0"})
			}
		}
		return out, err
	})
}

// linesOf asks for exactly what an order has.
func linesOf(ord *Order) []LineAsk {
	var out []LineAsk
	for _, l := range ord.Lines {
		ask := LineAsk{Session: l.Session, TicketType: l.TicketType}
		areas := map[int32]int{}
		for _, u := range l.Units {
			ask.Places = append(ask.Places, u.Places...)
			if u.Area != 0 {
				areas[u.Area] += u.Count()
			}
		}
		if len(ask.Places) > 0 {
			out = append(out, ask)
		}
		for _, area := range addAreas(nil, l.Units) {
			out = append(out, LineAsk{Session: l.Session, TicketType: l.TicketType, Area: area,
				Quantity: areas[area]})
		}
	}
	return out
}

// addAreas lists the areas of units in the order in which they come.
func addAreas(list []int32, units []Unit) []int32 {
	seen := map[int32]bool{0: true}
	for _, u := range units {
		if !seen[u.Area] {
			seen[u.Area] = true
			list = append(list, u.Area)
		}
	}
	return list
}

func sessionTitle(s *catalog.Sellable) string {
	return titleAt(s.Event.Title, s.Session.StartsAt, s.Venue.TimeZone, s.Venue.Name)
}

func titleAt(event string, starts time.Time, zone, venue string) string {
	if loc, err := time.LoadLocation(zone); err == nil {
		starts = starts.In(loc)
	}
	return event + " · " + starts.Format("2006-01-02 15:04") + " · " + venue
}

// CarryFree places a free order as it was asked: for the same places, if the session is still
// the one that made them cost nothing.
func (o *Orders) CarryFree(ctx context.Context, in approval.Carried, done approval.Once) error {
	var held heldFree
	if err := json.Unmarshal(in.Request.Input, &held); err != nil {
		return err
	}
	ask, s, err := o.wanted(ctx, in.As, held.Ask)
	if err != nil {
		return err
	}
	if s.Session.Revision != held.Revision || held.Revisions != nil &&
		!slices.Equal(held.Revisions, heldRevisions(ask, s)) {
		return catalog.ErrSessionChanged.With("revision", s.Session.Revision)
	}
	p, choice, err := o.prepare(ctx, in.As, s, ask, 0)
	if err != nil {
		return err
	}
	defer o.Chooser.Drop(choice)
	return o.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		if err := done(tx, journal.Object{Kind: "ord", ID: p.order.ID}); err != nil {
			return err
		}
		return o.placeOne(tx, p)
	})
}

// heldRefund is the input of a refund that waits for a second person.
type heldRefund struct {
	Order    int64
	Revision int64
	Units    []ticket.UnitRef
	Refund   money.Minor
	Reason   string
	// Change is set for a change that brings money back, and Used for used tickets of this
	// cancelled session.
	Change *heldChange `json:",omitempty"`
	Used   int64       `json:",omitempty"`
}

// askRefund makes a request of a refund by staff, where the house wants two people for it.
// What counts is all that went back of the order, so that many small refunds are no way
// around the rule. What the quote would refuse is left to the refund itself.
func (o *Orders) askRefund(ctx context.Context, who actor.Actor, ord *Order, a *Agreed,
	ask RefundAsk, off bool,
) error {
	if o.Approvals == nil || who.Kind != actor.Staff {
		return nil
	}
	lines, err := o.linesNow(ord, o.agreedFrom(ctx, ord))
	if err != nil {
		return err
	}
	q, err := quote(ord, a, ask.Units, rungNow{o.Clock.Now(), off, lines})
	if err != nil || ask.Expect >= 0 && ask.Expect != q.Refund {
		return nil
	}
	return o.passBack(ctx, who, ord, a, q, heldRefund{Reason: ask.Reason})
}

// passBack lets money go back, or makes a request of it.
func (o *Orders) passBack(ctx context.Context, who actor.Actor, ord *Order, a *Agreed, q Quote,
	held heldRefund,
) error {
	if o.Approvals == nil {
		return nil
	}
	return o.Approvals.Pass(ctx, who, backCase(ord, q.Refund), func() (approval.Ask, error) {
		held.Order, held.Revision, held.Refund = ord.ID, ord.Revision, q.Refund
		out := askOf(ord, a)
		for _, u := range q.Units {
			held.Units = append(held.Units, u.UnitRef)
			out.Changes = append(out.Changes, approval.Change{What: u.Label,
				Before: strconv.FormatInt(int64(u.Amount), 10),
				After:  strconv.FormatInt(int64(u.Fee), 10)})
		}
		if ord.Refunded > 0 {
			out.Changes = append(out.Changes, approval.Change{What: "refunded",
				Before: strconv.FormatInt(int64(ord.Refunded), 10),
				After:  strconv.FormatInt(int64(ord.Refunded+q.Refund), 10)})
		}
		var err error
		out.Input, err = json.Marshal(held)
		return out, err
	})
}

// backCase is what decides whether money may go back by one person: all that went back of
// the order counts, and all that the person sent back within a day.
func backCase(ord *Order, back money.Minor) approval.Case {
	return approval.Case{Kind: ApproveRefund, Organization: ord.Organization, Amount: back,
		Already: ord.Refunded, AddsUp: true}
}

// askOf is the beginning of a request about an order.
func askOf(ord *Order, a *Agreed) approval.Ask {
	return approval.Ask{Venue: a.Venue, Title: ord.Number() + " · " +
		titleAt(a.Event, a.Starts, a.TimeZone, a.VenueName),
		Object: journal.Object{Kind: "ord", ID: ord.ID, Revision: ord.Revision}}
}

// passedBack notes in the transaction that one person sent money back of an order, which
// had already sent what it says. It may refuse yet, with approval.ErrAgain.
func (o *Orders) passedBack(tx *sqldb.Tx, who actor.Actor, ord *Order, already,
	back money.Minor,
) error {
	if o.Approvals == nil || who.Kind != actor.Staff {
		return nil
	}
	c := backCase(ord, back)
	c.Already = already
	return o.Approvals.Alone(tx, who, c, journal.Object{Kind: "ord", ID: ord.ID,
		Revision: ord.Revision})
}

// CarryRefund gives units back as it was asked: the same units for the same sum, if nothing
// happened to the order since.
func (o *Orders) CarryRefund(ctx context.Context, in approval.Carried, done approval.Once) error {
	var held heldRefund
	if err := json.Unmarshal(in.Request.Input, &held); err != nil {
		return err
	}
	switch {
	case held.Change != nil:
		return o.carryChange(ctx, in, held, done)
	case held.Used != 0:
		return o.carryUsed(ctx, in, held, done)
	}
	ord, err := o.Store.Find(ctx, held.Order)
	if err != nil {
		return err
	}
	a, err := o.agreed(ctx, ord.Organization, ord.Snapshot)
	if err != nil {
		return err
	}
	off, err := o.wholeOff(ctx, ord)
	if err != nil {
		return err
	}
	units, err := o.returnable(ctx, ord, held.Units)
	if err != nil {
		return err
	}
	ask := refunding{RefundAsk{Units: units, Expect: held.Refund, Reason: held.Reason}, a, off,
		func(tx *sqldb.Tx, cur *Order) error {
			if err := done(tx); err != nil {
				return err
			}
			if cur.Revision != held.Revision {
				return fault.Stale.With("revision", cur.Revision)
			}
			return nil
		}}
	_, err = o.refund(ctx, in.As, held.Order, ask, nil,
		func(Returned) (journal.Answer, error) { return journal.Answer{}, nil })
	return err
}
