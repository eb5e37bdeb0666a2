package ticket_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"foyer/internal/actor"
	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/sqldb"
	"foyer/internal/sqldb/sqldbtest"
	"foyer/internal/ticket"
	"foyer/internal/ticket/code"
	"foyer/internal/ticket/tickettest"
)

func each(t *testing.T, fn func(t *testing.T, w *tickettest.World)) {
	t.Helper()
	start := func() clock.Clock { return clock.NewFake(sqldbtest.Start) }
	sqldbtest.Each(t, start, func(t *testing.T, db *sqldb.DB) {
		fn(t, tickettest.New(t, db, clock.NewFake(sqldbtest.Start)))
	})
}

func want(t *testing.T, err, target error) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Fatalf("got %v, want %v", err, target)
	}
}

func TestIssueThenReadBack(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *tickettest.World) {
		s := w.Session(tickettest.Venue, 2*time.Hour)
		made := w.Issue(s, tickettest.Units(40)) // several statements
		views, err := w.Tickets.OfOrder(context.Background(), tickettest.Buyer(), made[0].Order)
		if err != nil || len(views) != 40 {
			t.Fatal(len(views), err)
		}
		for i, v := range views {
			p, err := code.NewVerifier(w.Keys).Verify(v.Code)
			if err != nil || p.ID != made[i].ID || p.Version != 1 || p.Units != 1 ||
				p.ScopeID != s.Session.ID {
				t.Fatal(p, err)
			}
			if v.Unit != i+1 || v.Type != "成人" || v.Allowed() != 1 || v.Used() != 0 ||
				v.Entrance != "东门" || v.State != ticket.Live {
				t.Fatalf("%+v", v)
			}
		}
		n, err := w.Store.People(context.Background(),
			actor.Scope{Organization: tickettest.Organization}, s.Session.ID)
		if err != nil || n != 40 {
			t.Fatal(n, err)
		}
	})
}

func TestVoidGuards(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *tickettest.World) {
		made := w.Issue(w.Session(tickettest.Venue, 0), tickettest.Units(3))
		use := ticket.Use{Organization: tickettest.Organization, Ticket: made[1].ID, Number: 1,
			CodeVersion: 1, N: 1}
		err := w.DB.InTx(context.Background(), func(tx *sqldb.Tx) error {
			ok, err := w.Store.EnterIfAllowed(tx, use)
			if !ok {
				t.Error("not let in")
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		err = w.DB.InTx(context.Background(), func(tx *sqldb.Tx) error {
			return w.Tickets.Void(tx, tickettest.Organization, made[0].Order,
				[]ticket.UnitRef{{Line: 1, Unit: 1}, {Line: 1, Unit: 2}})
		})
		want(t, err, ticket.ErrUsed)
		if w.Find(made[0].ID).State != ticket.Live {
			t.Fatal("a refused void left a trace")
		}
		if err := w.Void(&made[0]); err != nil {
			t.Fatal(err)
		}
		got := w.Find(made[0].ID)
		if got.State != ticket.Void || got.CodeVersion != 2 || got.VoidedAt.IsZero() ||
			got.Entitlements[0].State != ticket.Void {
			t.Fatalf("%+v", got)
		}
		want(t, w.Void(&made[0]), fault.Stale)
		strange := made[2]
		strange.Organization = tickettest.OtherOrganization
		want(t, w.Void(&strange), ticket.ErrNoTicket)
		_, err = w.Tickets.Code(got)
		want(t, err, ticket.ErrVoid)
	})
}

// A gate and a refund at the same moment: exactly one of the two happens.
func TestVoidAgainstEntry(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *tickettest.World) {
		for _, made := range w.Issue(w.Session(tickettest.Venue, 0), tickettest.Units(60)) {
			var entered bool
			var voided error
			var both sync.WaitGroup
			both.Go(func() { voided = w.Void(&made) })
			both.Go(func() {
				w.DB.InTx(context.Background(), func(tx *sqldb.Tx) (err error) {
					entered, err = w.Store.EnterIfAllowed(tx, ticket.Use{CodeVersion: 1, N: 1,
						Organization: made.Organization, Ticket: made.ID, Number: 1})
					return err
				})
			})
			both.Wait()
			if entered == (voided == nil) {
				t.Fatal("entered", entered, "voided", voided)
			}
		}
	})
}

func TestReprintReplacesTheCode(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *tickettest.World) {
		made := w.Issue(w.Session(tickettest.Venue, 0), tickettest.Units(1))[0]
		old := w.Code(&made)
		ctx, printer := context.Background(), tickettest.Staff(ticket.PermPrint)
		_, err := w.Tickets.Reprint(ctx, tickettest.Staff(ticket.PermView), made.ID, 1)
		want(t, err, fault.NotAllowed)
		v, err := w.Tickets.Reprint(ctx, printer, made.ID, 1)
		if err != nil || v.CodeVersion != 2 || v.Code == old || v.Code == "" {
			t.Fatal(v, err)
		}
		_, err = w.Tickets.Reprint(ctx, printer, made.ID, 1)
		want(t, err, fault.Stale)
		if head := w.Journal.Head(); head.N != 1 {
			t.Fatal("journal rows:", head.N)
		}
	})
}

func TestWhoSeesTicketAndCode(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *tickettest.World) {
		made := w.Issue(w.Session(tickettest.Venue, 0), tickettest.Units(1))[0]
		elsewhere := tickettest.Staff(ticket.PermPrint)
		elsewhere.Grants[0].Organization = tickettest.OtherOrganization
		cases := map[string]struct {
			who        actor.Actor
			sees, code bool
		}{
			"owner":     {tickettest.Buyer(), true, true},
			"stranger":  {actor.Actor{Kind: actor.Member, ID: 999}, false, false},
			"anonymous": {actor.Actor{}, false, false},
			"viewer":    {tickettest.Staff(ticket.PermView), true, false},
			"printer":   {tickettest.Staff(ticket.PermPrint), true, true},
			"usher":     {tickettest.Staff("checkin.view"), false, false},
			"elsewhere": {elsewhere, false, false},
			"device":    {actor.Actor{Kind: actor.Device, ID: 3}, false, false},
		}
		for name, c := range cases {
			v, err := w.Tickets.Get(context.Background(), c.who, made.ID)
			if !c.sees {
				if !errors.Is(err, ticket.ErrNoTicket) {
					t.Error(name, err)
				}
				continue
			}
			if err != nil || (v.Code != "") != c.code {
				t.Error(name, v, err)
			}
		}
	})
}

func TestMemberListPages(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *tickettest.World) {
		late, soon := w.Session(tickettest.Venue, 48*time.Hour), w.Session(tickettest.Venue, 0)
		w.Issue(late, tickettest.Units(3))
		w.Issue(soon, tickettest.Units(4))
		var all []*ticket.View
		for after := (ticket.Mark{}); ; {
			page, err := w.Tickets.OfMember(context.Background(), tickettest.Buyer(), after, 2)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, page...)
			if len(page) < 2 {
				break
			}
			last := page[1]
			after = ticket.Mark{ValidFrom: last.Entitlements[0].ValidFrom, ID: last.ID}
		}
		seen := map[int64]bool{}
		for i, v := range all {
			if seen[v.ID] || (v.Ticket.Session == late.Session.ID) != (i < 3) {
				t.Fatal("order or repeat at", i)
			}
			seen[v.ID] = true
		}
		if len(all) != 7 {
			t.Fatal(len(all))
		}
	})
}
