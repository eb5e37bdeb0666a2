package checkin

import (
	"context"
	"errors"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/idgen"
	"foyer/internal/ticket"
)

// Limits of a search at the gate.
const (
	maxFound       = 50 // tickets
	maxFoundBuyers = 20
)

// Found is a ticket that staff looked for, with what it is for.
type Found struct {
	Ticket  ticket.Ticket
	Event   *catalog.Sellable
	Opening *catalog.Admission
}

// Search finds the tickets of a venue for somebody whose phone is dead or whose code does
// not scan: by the number of an order or a ticket, or by the last four digits of the phone,
// of which only those not over yet. No name and no phone is in the answer. Staff only.
// Refused with fault.BadInput, fault.Missing and fault.NotAllowed.
func (c *CheckIns) Search(ctx context.Context, who actor.Actor, venue int64, number,
	tail string,
) ([]Found, error) {
	if who.Kind != actor.Staff {
		return nil, fault.NotAllowed
	}
	organization, venue, err := c.standsAt(ctx, who, venue)
	if err != nil {
		return nil, err
	}
	if err := catalog.Allow(who, PermScan, organization, venue); err != nil {
		return nil, err
	}
	scope := actor.Scope{Organization: organization}
	var list []ticket.Ticket
	switch {
	case (number == "") == (tail == ""):
		return nil, fault.BadInput.At("number", "or phone_tail is required, not both / "+
			"请填写编号或手机尾号之一")
	case number != "":
		list, err = c.byNumber(ctx, number)
	default:
		list, err = c.byTail(ctx, scope, venue, tail)
	}
	if err != nil {
		return nil, err
	}
	var out []Found
	for i := range list {
		t := &list[i]
		if t.Organization != organization || t.Venue != venue || len(out) == maxFound {
			continue
		}
		f := Found{Ticket: *t}
		if f.Event, err = c.cfg.Sessions.Sellable(ctx, t.Session); err != nil {
			return nil, err
		}
		if f.Opening, err = c.openingOf(ctx, t); err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, nil
}

// byNumber are the tickets of an order, or the one ticket, of a number read aloud.
func (c *CheckIns) byNumber(ctx context.Context, number string) ([]ticket.Ticket, error) {
	id, err := idgen.ParseNumber(number)
	if err != nil {
		return nil, fault.BadInput.At("number", "is not a number of an order or ticket / 编号有误")
	}
	list, err := c.cfg.Tickets.OfOrder(ctx, id)
	if err != nil || len(list) > 0 {
		return list, err
	}
	t, err := c.cfg.Tickets.Find(ctx, id)
	if errors.Is(err, ticket.ErrNoTicket) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return []ticket.Ticket{*t}, nil
}

func (c *CheckIns) byTail(ctx context.Context, scope actor.Scope, venue int64, tail string) (
	[]ticket.Ticket, error,
) {
	if c.cfg.Buyers == nil {
		return nil, nil
	}
	members, err := c.cfg.Buyers.FindByTail(ctx, scope, tail)
	if err != nil {
		return nil, err
	}
	var list []ticket.Ticket
	for _, m := range members[:min(len(members), maxFoundBuyers)] {
		own, err := c.cfg.Tickets.Current(ctx, scope, ticket.CurrentOf{Member: m, Venue: venue,
			Now: c.cfg.Clock.Now(), Limit: maxFound})
		if err != nil {
			return nil, err
		}
		list = append(list, own...)
	}
	return list, nil
}

// byHand finds the ticket that staff named instead of a code. A device names one only with
// the hash of a document that its list had for the ticket.
func (c *CheckIns) byHand(ctx context.Context, v *scan) (err error) {
	if v.station.staff == 0 && len(v.ask.Proof) == 0 || v.ask.Code != "" {
		return ErrTicketUnknown
	}
	v.ticket, err = c.cfg.Tickets.Find(ctx, v.ask.Ticket)
	if errors.Is(err, ticket.ErrNoTicket) {
		return ErrTicketUnknown
	}
	if err != nil {
		return err
	}
	v.version = v.ticket.CodeVersion
	if v.station.staff == 0 {
		return c.proven(ctx, v)
	}
	return nil
}
