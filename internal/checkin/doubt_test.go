package checkin_test

import (
	"context"
	"testing"
	"time"

	"foyer/internal/checkin"
	"foyer/internal/checkin/checkintest"
	"foyer/internal/ticket"
	"foyer/internal/ticket/tickettest"
)

// heard counts the reports that refunds hear of.
type heard struct{ n int }

func (h *heard) GateReported(context.Context, int64, int64) { h.n++ }

// A gate that holds a list and is not heard of is in doubt for what it may have let in: as
// long as its list lasts, and two hours more for its scans to come; never for a ticket whose
// time lies outside, and no longer once it has told all.
func TestGateInDoubt(t *testing.T) {
	t.Parallel()
	told := &heard{}
	each(t, func(c *checkin.Config) { c.Waits = told }, func(t *testing.T, w *checkintest.World) {
		gate, _ := w.Enrol(tickettest.Venue, "东")
		made := w.Issue(w.Session(tickettest.Venue, 30*time.Minute), tickettest.Units(2))
		evening := w.Issue(w.Session(tickettest.Venue, 8*time.Hour), tickettest.Units(1))[0]
		ask := func(tck *ticket.Ticket, asked time.Time) time.Time {
			t.Helper()
			venue, until, err := w.Module.InDoubt(ctx, tck.Organization, tck.Order,
				[]ticket.UnitRef{{Line: tck.Line, Unit: tck.Unit}}, asked)
			if err != nil || !until.IsZero() && venue != tickettest.Venue {
				t.Fatal(venue, err)
			}
			return until
		}
		clear := func(why string) {
			t.Helper()
			if until := ask(&made[0], time.Time{}); !until.IsZero() {
				t.Fatalf("%s: in doubt until %v", why, until)
			}
		}
		clear("nobody took a list")
		_, _ = all(t, w, gate, checkin.ListMark{})
		held := w.Clock.Now().Add(checkin.ListHolds)
		clear("a gate in contact")
		w.Fake.Advance(checkin.ContactWithin + time.Second)
		asked := w.Clock.Now()
		if until := ask(&made[0], time.Time{}); !until.Equal(held.Add(checkin.LogGrace)) {
			t.Fatalf("in doubt until %v, its list lasts until %v", until, held)
		}
		if until := ask(&evening, time.Time{}); !until.IsZero() {
			t.Fatal("the evening's ticket opened no gate while the list lasted")
		}
		before := told.n
		if _, err := w.Module.TakeList(ctx, gate, checkin.ListMark{}, 3); err != nil {
			t.Fatal(err)
		}
		if ask(&made[0], asked).IsZero() || told.n != before {
			t.Fatal("a gate with scans to send is clear")
		}
		w.Fake.Advance(time.Second)
		if _, err := w.Module.TakeList(ctx, gate, checkin.ListMark{}, 0); err != nil {
			t.Fatal(err)
		}
		if told.n != before+1 {
			t.Fatal("refunds are not told that a gate has reported")
		}
		w.Fake.Advance(2 * checkin.ContactWithin)
		if until := ask(&made[0], asked); !until.IsZero() {
			t.Fatal("it has told all since it was asked, and is waited for until", until)
		}
		if ask(&made[0], w.Clock.Now()).IsZero() {
			t.Fatal("it has told nothing since this moment")
		}
		w.Fake.Advance(checkin.ListHolds + checkin.LogGrace)
		clear("its scans were waited for long enough")
	})
}

// A gate that only lets people out is never waited for; one that was revoked cannot send
// its scans, so that it is waited for only while its list lasts.
func TestGatesThatAreNotWaitedFor(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, w *checkintest.World) {
		gate, _ := w.Enrol(tickettest.Venue, "东")
		made := w.Issue(w.Session(tickettest.Venue, 30*time.Minute), tickettest.Units(1))[0]
		_, _ = all(t, w, gate, checkin.ListMark{})
		held := w.Clock.Now().Add(checkin.ListHolds)
		w.Fake.Advance(2 * time.Minute)
		doubt := func() time.Time {
			t.Helper()
			_, until, err := w.Module.InDoubt(ctx, made.Organization, made.Order, nil, time.Time{})
			if err != nil {
				t.Fatal(err)
			}
			return until
		}
		if !doubt().Equal(held.Add(checkin.LogGrace)) {
			t.Fatal(doubt())
		}
		if err := w.Module.Devices().Revoke(ctx, checkintest.Manager(), scope,
			gate.ID); err != nil {
			t.Fatal(err)
		}
		if !doubt().Equal(held) {
			t.Fatal("a revoked gate is waited for until", doubt(), "its list lasts until", held)
		}
	})
}
