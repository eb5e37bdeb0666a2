package catalog

import (
	"context"
	"fmt"
	"reflect"
	"time"

	"foyer/internal/actor"
	"foyer/internal/fault"
	"foyer/internal/idgen"
	"foyer/internal/sqldb"
)

// AddOrganization makes an organization inside a caller's command, e.g. the set-up of the
// first owner, whose journal entry it is part of.
func (c *Catalog) AddOrganization(tx *sqldb.Tx, id int64,
	info OrganizationInfo) (*Organization, error) {
	o := &Organization{Meta{ID: id, Organization: id}, info}
	if err := o.check(); err != nil {
		return nil, err
	}
	return o, insert(c, tx, c.organizations, o, nil)
}

// CreateOrganization makes an organization. Only Foyer itself may: the set-up, the demo,
// the command line.
func (c *Catalog) CreateOrganization(ctx context.Context, who actor.Actor,
	info OrganizationInfo) (*Organization, error) {
	if who.Kind != actor.System {
		return nil, fault.NotAllowed
	}
	o := &Organization{OrganizationInfo: info}
	if err := o.check(); err != nil {
		return nil, err
	}
	return add(c, ctx, c.organizations, who, o, func(_ *sqldb.Tx, o *Organization) error {
		o.Organization = o.ID
		return nil
	})
}

// UpdateOrganization renames it. The currency stays once there are price lists.
func (c *Catalog) UpdateOrganization(ctx context.Context, who actor.Actor,
	o Organization) (*Organization, error) {
	o.Organization = o.ID
	if err := Allow(who, PermOrganization, o.ID, 0); err != nil {
		return nil, err
	}
	if err := o.check(); err != nil {
		return nil, err
	}
	edit := func(_ *sqldb.Tx, was, next *Organization) error {
		next.OrganizationInfo = o.OrganizationInfo
		if was.Currency == next.Currency {
			return nil
		}
		lists, err := c.cfg.Stores.PriceLists.List(ctx, scopeOf(o.ID), 0, 1)
		if err == nil && len(lists) > 0 {
			err = ErrCurrency
		}
		return err
	}
	return amend(c, ctx, c.organizations, who, refOf(o.Meta), "changed", edit)
}

// CreateVenue makes a draft of a venue.
func (c *Catalog) CreateVenue(ctx context.Context, who actor.Actor, v Venue) (*Venue, error) {
	if err := Allow(who, PermVenue, v.Organization, 0); err != nil {
		return nil, err
	}
	v.State = Draft
	if err := v.check(); err != nil {
		return nil, err
	}
	return add(c, ctx, c.venues, who, &v, func(tx *sqldb.Tx, v *Venue) error {
		return c.venueMedia(tx, v)
	})
}

func (c *Catalog) venueMedia(tx *sqldb.Tx, v *Venue) error {
	var p checker
	if err := c.ownMedia(tx, &p, scopeOf(v.Organization), "image_ids", v.Images...); err != nil {
		return err
	}
	return p.Err()
}

// UpdateVenue replaces what is written about a venue. A published venue must stay
// complete, and its time zone and business day stay while sessions are on sale.
func (c *Catalog) UpdateVenue(ctx context.Context, who actor.Actor, v Venue) (*Venue, error) {
	edit := func(tx *sqldb.Tx, was, next *Venue) error {
		if err := Allow(who, PermVenue, was.Organization, was.ID); err != nil {
			return err
		}
		next.VenueInfo, next.Images = v.VenueInfo, v.Images
		if err := next.check(); err != nil {
			return err
		}
		if next.State == Published {
			if err := c.completeVenue(next); err != nil {
				return err
			}
		}
		if was.TimeZone != next.TimeZone || was.DayStart() != next.DayStart() {
			if err := c.unused(tx, was.Organization, UsingVenue, was.ID); err != nil {
				return err
			}
		}
		return c.venueMedia(tx, next)
	}
	return amend(c, ctx, c.venues, who, refOf(v.Meta), "changed", edit)
}

func (c *Catalog) completeVenue(v *Venue) error {
	today := c.cfg.Clock.Now().In(v.Location()).Format(time.DateOnly)
	return v.missing(today).As(ErrIncomplete)
}

// unused refuses with ErrInUse while sessions to come are on sale or paused.
func (c *Catalog) unused(tx *sqldb.Tx, organization int64, by Using, id int64) error {
	n, err := c.cfg.Stores.Timetable.Selling(tx, scopeOf(organization), by, id)
	if err == nil && n > 0 {
		err = ErrInUse.With("sessions", n)
	}
	return err
}

// SetVenueState publishes, unpublishes or archives a venue. Publishing refuses with
// ErrIncomplete naming every missing field; leaving the published state refuses with
// ErrInUse while sessions sell there.
func (c *Catalog) SetVenueState(ctx context.Context, who actor.Actor, m Meta,
	state State) (*Venue, error) {
	edit := func(tx *sqldb.Tx, was, next *Venue) error {
		if err := Allow(who, PermPublish, was.Organization, was.ID); err != nil {
			return err
		}
		if err := wanted(was.State.mayBecome(state), was.State, state); err != nil {
			return err
		}
		next.State = state
		if state == Published {
			return c.completeVenue(next)
		}
		return c.unused(tx, was.Organization, UsingVenue, was.ID)
	}
	return amend(c, ctx, c.venues, who, refOf(m), string(state), edit)
}

func wanted[S ~string](ok bool, is, want S) error {
	if ok {
		return nil
	}
	return ErrWrongState.With("state", string(is)).With("wanted", string(want))
}

// CreateHall makes a hall of a venue.
func (c *Catalog) CreateHall(ctx context.Context, who actor.Actor, h Hall) (*Hall, error) {
	if err := Allow(who, PermHall, h.Organization, h.VenueID); err != nil {
		return nil, err
	}
	if err := h.check(); err != nil {
		return nil, err
	}
	return add(c, ctx, c.halls, who, &h, func(tx *sqldb.Tx, h *Hall) error {
		_, err := c.cfg.Stores.Venues.Find(tx, scopeOf(h.Organization), h.VenueID)
		return err
	})
}

// UpdateHall replaces what is written about a hall.
func (c *Catalog) UpdateHall(ctx context.Context, who actor.Actor, h Hall) (*Hall, error) {
	edit := func(_ *sqldb.Tx, was, next *Hall) error {
		if err := Allow(who, PermHall, was.Organization, was.VenueID); err != nil {
			return err
		}
		next.HallInfo = h.HallInfo
		return next.check()
	}
	return amend(c, ctx, c.halls, who, refOf(h.Meta), "changed", edit)
}

// CreateEvent makes a draft of an event. It refuses a code that another event has.
func (c *Catalog) CreateEvent(ctx context.Context, who actor.Actor, e Event) (*Event, error) {
	if err := Allow(who, PermEvent, e.Organization, 0); err != nil {
		return nil, err
	}
	e.State = Draft
	if err := e.check(); err != nil {
		return nil, err
	}
	return add(c, ctx, c.events, who, &e, c.finishEvent)
}

// finishEvent gives an event its code and checks its pictures.
func (c *Catalog) finishEvent(tx *sqldb.Tx, e *Event) error {
	for _, code := range []string{e.FilmCode, e.PermitNumber, idgen.Number(e.ID)} {
		if e.Code == "" {
			e.Code = code
		}
	}
	var p checker
	scope := scopeOf(e.Organization)
	if err := c.ownMedia(tx, &p, scope, "poster_id", e.Poster); err != nil {
		return err
	}
	if err := c.ownMedia(tx, &p, scope, "still_ids", e.Stills...); err != nil {
		return err
	}
	return p.Err()
}

// UpdateEvent replaces what is written about an event. A published one must stay complete.
func (c *Catalog) UpdateEvent(ctx context.Context, who actor.Actor, e Event) (*Event, error) {
	edit := func(tx *sqldb.Tx, was, next *Event) error {
		if err := Allow(who, PermEvent, was.Organization, 0); err != nil {
			return err
		}
		next.EventInfo, next.Poster, next.Stills = e.EventInfo, e.Poster, e.Stills
		if err := c.checkEvent(tx, was, next); err != nil {
			return err
		}
		if reflect.DeepEqual(was.RealName, next.RealName) {
			return nil
		}
		return c.bump(tx, was.Organization, UsingEvent, was.ID)
	}
	return amend(c, ctx, c.events, who, refOf(e.Meta), "changed", edit)
}

func (c *Catalog) checkEvent(tx *sqldb.Tx, was, next *Event) error {
	if next.Code == "" {
		next.Code = was.Code
	}
	if err := next.check(); err != nil {
		return err
	}
	if next.State == Published {
		if err := next.missing().As(ErrIncomplete); err != nil {
			return err
		}
	}
	return c.finishEvent(tx, next)
}

// SetEventState publishes, unpublishes or archives an event; see SetVenueState.
func (c *Catalog) SetEventState(ctx context.Context, who actor.Actor, m Meta,
	state State) (*Event, error) {
	edit := func(tx *sqldb.Tx, was, next *Event) error {
		if err := Allow(who, PermPublish, was.Organization, 0); err != nil {
			return err
		}
		if err := wanted(was.State.mayBecome(state), was.State, state); err != nil {
			return err
		}
		next.State = state
		if state == Published {
			return next.missing().As(ErrIncomplete)
		}
		return c.unused(tx, was.Organization, UsingEvent, was.ID)
	}
	return amend(c, ctx, c.events, who, refOf(m), string(state), edit)
}

// CreateTicketType makes a ticket type. It refuses a code that another one has.
func (c *Catalog) CreateTicketType(ctx context.Context, who actor.Actor,
	t TicketType) (*TicketType, error) {
	if err := Allow(who, PermPrice, t.Organization, 0); err != nil {
		return nil, err
	}
	if err := t.check(); err != nil {
		return nil, err
	}
	return add(c, ctx, c.ticketTypes, who, &t, nil)
}

// UpdateTicketType replaces a ticket type. Sessions that sell it get a new revision.
func (c *Catalog) UpdateTicketType(ctx context.Context, who actor.Actor,
	t TicketType) (*TicketType, error) {
	edit := func(tx *sqldb.Tx, was, next *TicketType) error {
		if err := Allow(who, PermPrice, was.Organization, 0); err != nil {
			return err
		}
		next.TicketTypeInfo = t.TicketTypeInfo
		if err := next.check(); err != nil {
			return err
		}
		lists, err := c.listsSelling(ctx, was)
		for _, list := range lists {
			err = firstError(err, c.bump(tx, was.Organization, UsingPriceList, list))
		}
		return err
	}
	return amend(c, ctx, c.ticketTypes, who, refOf(t.Meta), "changed", edit)
}

func firstError(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// maxLists bounds the price lists of an organization.
const maxLists = 2000

func (c *Catalog) listsSelling(ctx context.Context, t *TicketType) ([]int64, error) {
	lists, err := c.cfg.Stores.PriceLists.List(ctx, scopeOf(t.Organization), 0, maxLists)
	var ids []int64
	for _, l := range lists {
		for _, cell := range l.Cells {
			if cell.TicketType == t.ID {
				ids = append(ids, l.ID)
				break
			}
		}
	}
	return ids, err
}

// bump raises the revision of the sessions to come that use something, so that an order
// priced before is refused.
func (c *Catalog) bump(tx *sqldb.Tx, organization int64, by Using, id int64) error {
	changed, err := c.cfg.Stores.Timetable.Bump(tx, scopeOf(organization), by, id)
	for _, s := range changed {
		tx.Forget(gateKey(s.ID))
		tx.AfterCommit(func() { c.board.push(s) })
	}
	return err
}

// CreatePriceList makes a price list in the organization's currency.
func (c *Catalog) CreatePriceList(ctx context.Context, who actor.Actor,
	l PriceList) (*PriceList, error) {
	if err := Allow(who, PermPrice, l.Organization, 0); err != nil {
		return nil, err
	}
	if err := l.check(); err != nil {
		return nil, err
	}
	return add(c, ctx, c.priceLists, who, &l, func(tx *sqldb.Tx, l *PriceList) error {
		return firstError(c.finishPrices(tx, l), c.settleOriginals(tx, nil, l))
	})
}

// finishPrices sets the currency and refuses ticket types of others.
func (c *Catalog) finishPrices(tx *sqldb.Tx, l *PriceList) error {
	scope := scopeOf(l.Organization)
	o, err := c.cfg.Stores.Organizations.Find(tx, scope, l.Organization)
	if err != nil {
		return err
	}
	var p checker
	if l.Currency != "" && l.Currency != o.Currency {
		p.Add("currency", "is not the organization's %s / 币种应与商户一致", o.Currency)
	}
	l.Currency = o.Currency
	known := map[int64]bool{}
	own := func(field string, id int64) error {
		if known[id] {
			return nil
		}
		known[id] = true
		_, err := c.cfg.Stores.TicketTypes.Find(tx, scope, id)
		if isMissing(err) {
			p.Add(field, "is not a ticket type of yours / 票种不存在")
			return nil
		}
		return err
	}
	for i, cell := range l.Cells {
		err = firstError(err, own(fmt.Sprintf("cells[%d].ticket_type_id", i), cell.TicketType))
	}
	for i, r := range l.Rules {
		for _, id := range r.TicketTypes {
			err = firstError(err, own(fmt.Sprintf("rules[%d].ticket_type_ids", i), id))
		}
	}
	return firstError(err, p.Err())
}

// UpdatePriceList replaces a price list. Every session to come that is pinned to it gets
// a new revision, so that orders priced before are refused with ErrSessionChanged. Where the
// house wants two people for it, it waits as an *approval.Asked.
func (c *Catalog) UpdatePriceList(ctx context.Context, who actor.Actor,
	l PriceList) (*PriceList, error) {
	if err := c.askPrices(ctx, who, l); err != nil {
		return nil, err
	}
	return amend(c, ctx, c.priceLists, who, refOf(l.Meta), "changed", c.editPrices(who, l))
}

func (c *Catalog) editPrices(who actor.Actor, l PriceList) func(*sqldb.Tx, *PriceList,
	*PriceList) error {
	return func(tx *sqldb.Tx, was, next *PriceList) error {
		if err := Allow(who, PermPrice, was.Organization, 0); err != nil {
			return err
		}
		next.PriceListInfo = l.PriceListInfo
		if err := next.check(); err != nil {
			return err
		}
		if err := c.finishPrices(tx, next); err != nil {
			return err
		}
		if err := c.settleOriginals(tx, was, next); err != nil {
			return err
		}
		return c.bump(tx, was.Organization, UsingPriceList, was.ID)
	}
}

// CreateRefundPolicy makes a refund policy.
func (c *Catalog) CreateRefundPolicy(ctx context.Context, who actor.Actor,
	p RefundPolicy) (*RefundPolicy, error) {
	if err := Allow(who, PermPolicy, p.Organization, 0); err != nil {
		return nil, err
	}
	if err := p.check(); err != nil {
		return nil, err
	}
	return add(c, ctx, c.policies, who, &p, nil)
}

// UpdateRefundPolicy replaces a policy for orders from now on; orders keep their copy.
// Sessions that use it get a new revision.
func (c *Catalog) UpdateRefundPolicy(ctx context.Context, who actor.Actor,
	p RefundPolicy) (*RefundPolicy, error) {
	edit := func(tx *sqldb.Tx, was, next *RefundPolicy) error {
		if err := Allow(who, PermPolicy, was.Organization, 0); err != nil {
			return err
		}
		next.RefundPolicyInfo = p.RefundPolicyInfo
		if err := next.check(); err != nil {
			return err
		}
		return c.bump(tx, was.Organization, UsingPolicy, was.ID)
	}
	return amend(c, ctx, c.policies, who, refOf(p.Meta), "changed", edit)
}
