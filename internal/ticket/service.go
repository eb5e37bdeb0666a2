package ticket

import (
	"context"
	"errors"
	"strconv"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/idgen"
	"foyer/internal/journal"
	"foyer/internal/sqldb"
	"foyer/internal/ticket/code"
)

// KindTicket is the kind of a ticket's public id.
const KindTicket idgen.Kind = "tck"

// What staff may do with tickets.
const (
	PermView  actor.Permission = "order.view"
	PermPrint actor.Permission = "ticket.print" // see the code, and replace it
)

// Config is what Tickets is made of. All but Doors and Visitors is required.
type Config struct {
	DB       *sqldb.DB
	Store    Store
	IDs      *idgen.Source
	Keys     code.Signers
	Sessions Sessions
	Orders   Orders
	Doors    Doors
	Pictures Pictures // for photos kept with tickets; nil keeps none
	Visitors Visitors // nil: nobody is ever named
	Journal  Journal
}

// Tickets issues, voids and shows tickets.
type Tickets struct {
	cfg        Config
	codes      *codes
	admissions *admissions
	arrivals   *arrivals
}

// New makes the module.
func New(cfg Config) *Tickets {
	return &Tickets{cfg: cfg, codes: newCodes(cfg.Keys, codesKept),
		admissions: newAdmissions(cfg.Store), arrivals: newArrivals()}
}

// Store is where the tickets are, for those who check people in.
func (t *Tickets) Store() Store { return t.cfg.Store }

const maxUnits = 1000 // of one order

// Issue makes the tickets of a paid order: one a unit, each with one entitlement, or with
// one for each part of a combined ticket. The caller's command writes the journal row.
func (t *Tickets) Issue(tx *sqldb.Tx, in Issue) ([]Ticket, error) {
	if len(in.Units) == 0 || len(in.Units) > maxUnits {
		return nil, fault.Unexpected.Wrap(errors.New("ticket: " + strconv.Itoa(len(in.Units)) +
			" units in an order"))
	}
	list := make([]Ticket, len(in.Units))
	for i, u := range in.Units {
		if u.Allowed < 1 || u.Allowed > code.MaxUnits {
			return nil, fault.Unexpected.Wrap(errors.New("ticket: a unit for " +
				strconv.Itoa(u.Allowed) + " people"))
		}
		opened, err := t.entitlements(tx, in, u)
		if err != nil {
			return nil, err
		}
		list[i] = Ticket{ID: t.cfg.IDs.Next(), Organization: in.Organization, Order: in.Order,
			Line: u.Line, Unit: u.Unit, Units: 1, Member: in.Member, Session: in.Session,
			Venue: in.Venue, CodeVersion: 1, State: Live, At: u.At, Label: u.Label, Type: u.Type,
			TypeEn: u.TypeEn, IssuedAt: tx.Now,
			Entitlements: opened}
	}
	tell := list
	if in.IsPart {
		tell = nil
	}
	tx.AfterCommit(func() { t.arrivals.tell(in.Order, tell) })
	return list, t.cfg.Store.Insert(tx, list)
}

// Void ends the tickets of units that go back. It refuses with ErrUsed when one of them was
// used or somebody is inside with it, with ErrNoTicket for a unit without a ticket, and
// with fault.Stale for one that went back before. The caller's command writes the journal.
func (t *Tickets) Void(tx *sqldb.Tx, organization, order int64, units []UnitRef) error {
	scope := actor.Scope{Organization: organization}
	list, err := t.ofUnits(tx, scope, order, units)
	if err != nil {
		return err
	}
	ids, used := make([]int64, len(list)), []UnitRef(nil)
	for i := range list {
		if ids[i] = list[i].ID; list[i].Used() > 0 || list[i].Inside() > 0 {
			used = append(used, UnitRef{list[i].Line, list[i].Unit})
		}
	}
	if len(used) > 0 {
		return ErrUsed.With("units", used)
	}
	return t.cfg.Store.VoidUnused(tx, scope, ids, tx.Now)
}

// VoidUsed is Void of units whether they were used or not, and gives the tickets as they
// were: what the gates wrote of them stays as it is. It is for what the house gives back of
// its own will.
func (t *Tickets) VoidUsed(tx *sqldb.Tx, organization, order int64, units []UnitRef) (
	[]Ticket, error,
) {
	scope := actor.Scope{Organization: organization}
	list, err := t.ofUnits(tx, scope, order, units)
	if err != nil {
		return nil, err
	}
	ids := make([]int64, len(list))
	for i := range list {
		ids[i] = list[i].ID
	}
	return list, t.cfg.Store.VoidLive(tx, scope, ids, tx.Now)
}

// ofUnits are the live tickets of units, each once; refused as Void.
func (t *Tickets) ofUnits(tx *sqldb.Tx, scope actor.Scope, order int64, units []UnitRef) (
	[]Ticket, error,
) {
	list, err := t.cfg.Store.InOrder(tx, scope, order)
	if err != nil {
		return nil, err
	}
	byUnit := make(map[UnitRef]*Ticket, len(list))
	for i := range list {
		ref := UnitRef{list[i].Line, list[i].Unit}
		if old := byUnit[ref]; old == nil || old.State == Void {
			byUnit[ref] = &list[i]
		}
	}
	out, seen := make([]Ticket, 0, len(units)), map[int64]bool{}
	for _, u := range units {
		found := byUnit[u]
		switch {
		case found == nil:
			return nil, ErrNoTicket.With("unit", u)
		case found.State == Void || seen[found.ID]:
			return nil, fault.Stale.With("unit", u)
		}
		seen[found.ID] = true
		out = append(out, *found)
	}
	return out, nil
}

// OrderOf is the order of a ticket of the organization; 0 without one.
func (t *Tickets) OrderOf(ctx context.Context, organization, id int64) (int64, error) {
	v, err := t.cfg.Store.Find(ctx, id)
	if errors.Is(err, ErrNoTicket) || err == nil && v.Organization != organization {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return v.Order, nil
}

// Used are the units of an order that somebody has entered with.
func (t *Tickets) Used(ctx context.Context, organization, order int64) ([]UnitRef, error) {
	list, err := t.cfg.Store.OfOrder(ctx, order)
	if err != nil {
		return nil, err
	}
	var used []UnitRef
	for i := range list {
		v := &list[i]
		if v.Organization == organization && v.State == Live && (v.Used() > 0 || v.Inside() > 0) {
			used = append(used, UnitRef{v.Line, v.Unit})
		}
	}
	return used, nil
}

// Reissue replaces the code of a live ticket: the one that was printed or shown before is
// refused from now on. was is the version that the caller saw; fault.Stale for another.
func (t *Tickets) Reissue(tx *sqldb.Tx, organization, id int64, was int) error {
	ok, err := t.cfg.Store.RaiseVersionIf(tx, actor.Scope{Organization: organization}, id, was)
	if err == nil && !ok {
		err = fault.Stale
	}
	return err
}

// Reprint is Reissue by staff. Refused with ErrNoTicket, ErrVoid, fault.NotAllowed and
// fault.Stale.
func (t *Tickets) Reprint(ctx context.Context, who actor.Actor, id int64, was int) (*View, error) {
	tck, err := t.see(ctx, who, id)
	if err != nil {
		return nil, err
	}
	if who.Kind != actor.System && !who.May(PermPrint, tck.Organization, tck.Venue) {
		return nil, fault.NotAllowed.With("permission", string(PermPrint))
	}
	if tck.State == Void {
		return nil, ErrVoid
	}
	err = t.cfg.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		if err := t.Reissue(tx, tck.Organization, id, was); err != nil {
			return err
		}
		t.cfg.Journal.Append(tx, journal.Entry{Actor: who, Organization: tck.Organization,
			Action: "ticket.reissued", Objects: []journal.Object{
				{Kind: string(KindTicket), ID: id, Revision: int64(was + 1)},
				{Kind: "ord", ID: tck.Order}}})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return t.Get(ctx, who, id)
}

// View is a ticket with what is printed beside it.
type View struct {
	Ticket
	Session  *catalog.Sellable
	Opening  *catalog.Admission // nil: a plain ticket
	Entrance string             // the nearest door; "" when the map does not say
	Visitors []Visitor
}

// see reads a ticket that the caller may see: a member's own, or one that staff may view.
// Everything else is ErrNoTicket.
func (t *Tickets) see(ctx context.Context, who actor.Actor, id int64) (*Ticket, error) {
	tck, err := t.cfg.Store.Find(ctx, id)
	if err != nil {
		return nil, err
	}
	if !sees(who, tck) {
		return nil, ErrNoTicket
	}
	return tck, nil
}

func sees(who actor.Actor, t *Ticket) bool {
	switch who.Kind {
	case actor.System:
		return true
	case actor.Member:
		return who.ID != 0 && t.Member == who.ID
	case actor.Staff:
		return who.May(PermView, t.Organization, t.Venue) ||
			who.May(PermPrint, t.Organization, t.Venue)
	}
	return false
}

// Get is one ticket that the caller may see. The code is there for its owner and for staff
// who print. Refused with ErrNoTicket.
func (t *Tickets) Get(ctx context.Context, who actor.Actor, id int64) (*View, error) {
	tck, err := t.see(ctx, who, id)
	if err != nil {
		return nil, err
	}
	return t.view(ctx, who, tck)
}

// OfOrder are the tickets of an order that the caller may see. Refused as MaySee refuses, or
// with fault.Missing: another's order is answered exactly like one that does not exist.
func (t *Tickets) OfOrder(ctx context.Context, who actor.Actor, order int64) ([]*View, error) {
	list, err := t.cfg.Store.OfOrder(ctx, order)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, t.cfg.Orders.MaySee(ctx, order, who)
	}
	if !sees(who, &list[0]) {
		return nil, fault.Missing
	}
	return t.views(ctx, who, list)
}

// OfMember is a page of the member's own tickets, the newest session first.
func (t *Tickets) OfMember(ctx context.Context, who actor.Actor, after Mark, limit int) (
	[]*View, error,
) {
	list, err := t.cfg.Store.OfMember(ctx, who.ID, after, limit)
	if err != nil {
		return nil, err
	}
	return t.views(ctx, who, list)
}

func (t *Tickets) views(ctx context.Context, who actor.Actor, list []Ticket) ([]*View, error) {
	views := make([]*View, len(list))
	for i := range list {
		var err error
		if views[i], err = t.view(ctx, who, &list[i]); err != nil {
			return nil, err
		}
	}
	return views, nil
}

func (t *Tickets) view(ctx context.Context, who actor.Actor, tck *Ticket) (*View, error) {
	s, err := t.cfg.Sessions.Sellable(ctx, tck.Session)
	if err != nil {
		return nil, err
	}
	v := &View{Ticket: *tck, Session: s}
	if v.Visitors, err = t.WhoEnters(ctx, tck, s); err != nil {
		return nil, err
	}
	if v.Opening, err = t.Admission(ctx, tck.Entitlements[0].Admission); err != nil {
		return nil, err
	}
	if t.cfg.Doors != nil {
		v.Entrance = t.cfg.Doors.Entrance(ctx, tck, s)
	}
	printer := who.Kind == actor.Staff && who.May(PermPrint, tck.Organization, tck.Venue)
	if tck.State == Live && (who.Kind == actor.Member || who.Kind == actor.System || printer) {
		v.Code, err = t.codes.of(tck)
	}
	return v, err
}

// Code is the code of a live ticket; ErrVoid for another.
func (t *Tickets) Code(tck *Ticket) (string, error) {
	if tck.State != Live {
		return "", ErrVoid
	}
	return t.codes.of(tck)
}
