// Package tickettest gives tests tickets on their database, and a programme in memory that
// they are for.
package tickettest

import (
	"bytes"
	"cmp"
	"context"
	"crypto/ed25519"
	"slices"
	"sync"
	"testing"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/journal/journaltest"
	"foyer/internal/sqldb"
	"foyer/internal/ticket"
	"foyer/internal/ticket/ticketdb"
)

// The organization, venues and buyer of a world.
const (
	Organization      = 71
	Venue             = 72
	OtherVenue        = 73
	StrangersVenue    = 74 // of OtherOrganization
	OtherOrganization = 75
	Member            = 76
	Picture           = 77 // the one media of Organization
)

// World is the module on a database, with what it stands on.
type World struct {
	*journaltest.Bundle
	T         testing.TB
	Fake      *clock.Fake // the clock, when the test gave one
	Store     *ticketdb.Store
	Tickets   *ticket.Tickets
	Programme *Programme
	Keys      Pair
	// Unpaid are orders without tickets; fill it before anything asks for one of them.
	Unpaid Orders
	orders int64
}

// New makes the module on a fresh database.
func New(t testing.TB, db *sqldb.DB, clk clock.Clock) *World {
	t.Helper()
	w := &World{Bundle: journaltest.New(t, db, clk), T: t, Store: ticketdb.New(db),
		Programme: &Programme{sessions: map[int64]*catalog.Sellable{}}, Keys: Pair(1),
		Unpaid: Orders{}}
	w.Fake, _ = clk.(*clock.Fake)
	w.Tickets = ticket.New(ticket.Config{DB: db, Store: w.Store, IDs: w.IDs, Keys: w.Keys,
		Sessions: w.Programme, Orders: w.Unpaid, Doors: doors{}, Pictures: album{},
		Journal: w.Journal})
	return w
}

// Session adds a session at a venue that starts so long after the clock's now; its gates
// open an hour before, and it lasts two hours.
func (w *World) Session(venue int64, in time.Duration) *catalog.Sellable {
	return w.Programme.add(w.IDs.Next(), venue, w.Clock.Now().Add(in))
}

// Units are n units of a line for one person each.
func Units(n int) []ticket.IssueUnit {
	list := make([]ticket.IssueUnit, n)
	for i := range list {
		list[i] = ticket.IssueUnit{Line: 1, Unit: i + 1, Label: "5排" + string(rune('1'+i%9)) +
			"座", Type: "成人", TypeEn: "Adult", Allowed: 1, Share: 4500}
	}
	return list
}

// Group is one unit for n people.
func Group(n int) []ticket.IssueUnit {
	return []ticket.IssueUnit{{Line: 1, Unit: 1, Label: "站席", Type: "团体", TypeEn: "Group",
		Allowed: n, Share: 4500}}
}

// Issue makes the tickets of a new order of Member.
func (w *World) Issue(s *catalog.Sellable, units []ticket.IssueUnit) []ticket.Ticket {
	w.T.Helper()
	w.orders++
	from, until := s.GateWindow()
	in := ticket.Issue{Organization: s.Session.Organization, Order: w.orders, Member: Member,
		Session: s.Session.ID, Venue: s.VenueID, ValidFrom: from, ValidUntil: until, Units: units}
	var list []ticket.Ticket
	err := w.DB.InTx(context.Background(), func(tx *sqldb.Tx) (err error) {
		list, err = w.Tickets.Issue(tx, in)
		return err
	})
	if err != nil {
		w.T.Fatal(err)
	}
	return list
}

// Code is the code of a ticket.
func (w *World) Code(t *ticket.Ticket) string {
	w.T.Helper()
	text, err := w.Tickets.Code(t)
	if err != nil {
		w.T.Fatal(err)
	}
	return text
}

// Void gives every unit of the order back.
func (w *World) Void(t *ticket.Ticket) error {
	return w.DB.InTx(context.Background(), func(tx *sqldb.Tx) error {
		return w.Tickets.Void(tx, t.Organization, t.Order,
			[]ticket.UnitRef{{Line: t.Line, Unit: t.Unit}})
	})
}

// Find reads a ticket.
func (w *World) Find(id int64) *ticket.Ticket {
	w.T.Helper()
	t, err := w.Store.Find(context.Background(), id)
	if err != nil {
		w.T.Fatal(err)
	}
	return t
}

// Staff is a member of staff with permissions in Organization.
func Staff(list ...actor.Permission) actor.Actor {
	return actor.Actor{Kind: actor.Staff, ID: 81, Name: "Lin",
		Grants: []actor.Grant{{Organization: Organization, Permissions: list}}}
}

// Buyer is Member signed in.
func Buyer() actor.Actor { return actor.Actor{Kind: actor.Member, ID: Member} }

// Pair is a ring with one key pair, made of its number.
type Pair uint8

// TicketSigner is the pair.
func (p Pair) TicketSigner() (uint8, ed25519.PrivateKey) {
	return uint8(p), ed25519.NewKeyFromSeed(bytes.Repeat([]byte{byte(p)}, ed25519.SeedSize))
}

// TicketKey is the public half.
func (p Pair) TicketKey(id uint8) (ed25519.PublicKey, bool) {
	_, key := p.TicketSigner()
	return key.Public().(ed25519.PublicKey), id == uint8(p)
}

// TicketKeyIDs is the one number.
func (p Pair) TicketKeyIDs() []uint8 { return []uint8{uint8(p)} }

// Orders maps orders without tickets to their members.
type Orders map[int64]int64

// MaySee lets the member of the order see it.
func (o Orders) MaySee(_ context.Context, order int64, who actor.Actor) error {
	if m, ok := o[order]; !ok || m != who.ID {
		return ticket.ErrNoTicket
	}
	return nil
}

// IsUnpaid knows none: these orders have no tickets for another reason.
func (Orders) IsUnpaid(int64, actor.Actor) bool { return false }

type doors struct{}

func (doors) Entrance(_ context.Context, t *ticket.Ticket, _ *catalog.Sellable) string {
	if t.Label == "" {
		return ""
	}
	return "东门"
}

// Programme is a catalogue of sessions in memory.
type Programme struct {
	mu       sync.Mutex
	sessions map[int64]*catalog.Sellable
}

func (p *Programme) add(id, venue int64, starts time.Time) *catalog.Sellable {
	organization := int64(Organization)
	if venue == StrangersVenue {
		organization = OtherOrganization
	}
	meta := func(id int64) catalog.Meta {
		return catalog.Meta{ID: id, Organization: organization, Revision: 1}
	}
	s := &catalog.Sellable{
		Session: catalog.Session{Meta: meta(id), VenueID: venue, HallID: 5, EventID: 6,
			State: catalog.SessionOnSale,
			SessionInfo: catalog.SessionInfo{StartsAt: starts.UTC(),
				EndsAt: starts.Add(2 * time.Hour).UTC()}},
		Venue: &catalog.Venue{Meta: meta(venue), VenueInfo: catalog.VenueInfo{Name: "前厅剧场",
			TimeZone: "Asia/Shanghai"}},
		Hall:     &catalog.Hall{Meta: meta(5), HallInfo: catalog.HallInfo{Name: "1号厅"}},
		Event:    &catalog.Event{Meta: meta(6), EventInfo: catalog.EventInfo{Title: "茶馆"}},
		Currency: "CNY",
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sessions[id] = s
	return s
}

// Cancel marks a session as cancelled.
func (p *Programme) Cancel(id int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := *p.sessions[id]
	s.Session.State = catalog.SessionCancelled
	p.sessions[id] = &s
}

// Sellable is a session; fault.Missing without one.
func (p *Programme) Sellable(_ context.Context, id int64) (*catalog.Sellable, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s := p.sessions[id]; s != nil {
		return s, nil
	}
	return nil, fault.Missing
}

// Sessions are those of a venue within a span, by start.
func (p *Programme) Sessions(q catalog.SessionQuery) ([]*catalog.Sellable, *catalog.Mark) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var list []*catalog.Sellable
	for _, s := range p.sessions {
		if s.VenueID == q.Venue && s.Session.Organization == q.Organization &&
			!s.StartsAt.Before(q.From) && s.StartsAt.Before(q.To) {
			list = append(list, s)
		}
	}
	slices.SortFunc(list, func(a, b *catalog.Sellable) int {
		return cmp.Or(a.StartsAt.Compare(b.StartsAt), cmp.Compare(a.Session.ID, b.Session.ID))
	})
	return list, nil
}

// Get is a venue of an organization.
func (p *Programme) Get(_ context.Context, scope actor.Scope, id int64) (*catalog.Venue, error) {
	own := scope.Organization == Organization && (id == Venue || id == OtherVenue)
	if !own && (scope.Organization != OtherOrganization || id != StrangersVenue) {
		return nil, fault.Missing
	}
	return &catalog.Venue{Meta: catalog.Meta{ID: id, Organization: scope.Organization}}, nil
}

type album struct{}

func (album) Get(_ context.Context, s actor.Scope, id int64) (*catalog.Media, error) {
	if s.Organization != Organization || id != Picture {
		return nil, fault.Missing
	}
	return &catalog.Media{}, nil
}
