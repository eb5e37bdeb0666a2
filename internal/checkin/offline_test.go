package checkin_test

import (
	"context"
	"slices"
	"strconv"
	"testing"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/checkin"
	"foyer/internal/checkin/checkintest"
	"foyer/internal/fault"
	"foyer/internal/idgen"
	"foyer/internal/sqldb"
	"foyer/internal/ticket"
	"foyer/internal/ticket/rule"
	"foyer/internal/ticket/tickettest"
)

var scope = actor.Scope{Organization: tickettest.Organization}

// all takes every page of a list.
func all(t *testing.T, w *checkintest.World, gate actor.Actor, mark checkin.ListMark) (
	*checkin.List, []ticket.Ticket,
) {
	t.Helper()
	var list []ticket.Ticket
	for range 20 {
		l, err := w.Module.TakeList(ctx, gate, mark, 0)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, l.Tickets...)
		if l.Next == nil {
			return l, list
		}
		mark = *l.Next
	}
	t.Fatal("the list does not end")
	return nil, nil
}

func ids(list []ticket.Ticket) (out []int64) {
	for i := range list {
		out = append(out, list[i].ID)
	}
	return out
}

func TestListOfTheDay(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, w *checkintest.World) {
		gate, _ := w.Enrol(tickettest.Venue, "东")
		var want []int64
		for i := range 3 { // more than a page, over several sessions
			s := w.Session(tickettest.Venue, time.Duration(i)*time.Minute)
			for range 2 {
				for _, v := range w.Issue(s, tickettest.Units(100)) {
					want = append(want, v.ID)
				}
			}
		}
		pass := w.Issue(w.Session(tickettest.Venue, -47*time.Hour), opens(1, catalog.Admission{
			Pass: &catalog.PassRule{Starts: catalog.PassFromSale, ValidDays: 9}}))[0]
		want = append(want, pass.ID)
		w.Issue(w.Session(tickettest.OtherVenue, 0), tickettest.Units(1))
		w.Issue(w.Session(tickettest.StrangersVenue, 0), tickettest.Units(1))
		w.Issue(w.Session(tickettest.Venue, 30*time.Hour), tickettest.Units(1)) // tomorrow
		w.Fake.Advance(time.Minute)
		l, list := all(t, w, gate, checkin.ListMark{})
		got := ids(list)
		slices.Sort(got)
		slices.Sort(want)
		if !l.Full || !slices.Equal(got, want) {
			t.Fatalf("%d tickets in the list, want %d", len(got), len(want))
		}
		if r := l.Rule(&list[len(list)-1].Entitlements[0]); r.Pass == nil || r.Pass.ValidDays != 9 {
			t.Fatalf("%+v", r)
		}
		held, err := w.Module.Devices().List(ctx, checkintest.Manager(), scope,
			tickettest.Venue, 0, 10)
		if err != nil || !held[0].ListUntil.Equal(w.Clock.Now().Add(checkin.ListHolds)) {
			t.Fatalf("%+v %v", held, err)
		}
		delta(t, w, gate, l.Position, list)
	})
}

// delta changes some tickets and looks for just these in the next list.
func delta(t *testing.T, w *checkintest.World, gate actor.Actor, from checkin.ListMark,
	list []ticket.Ticket,
) {
	t.Helper()
	w.Fake.Advance(10 * time.Minute)
	_, nothing := all(t, w, gate, from)
	if len(nothing) != 0 {
		t.Fatal("a delta of nothing has", len(nothing))
	}
	carry(t, w, &list[0]).in(gate, 1)
	if err := w.Void(&list[1]); err != nil {
		t.Fatal(err)
	}
	if err := w.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		return w.Tickets.Reissue(tx, tickettest.Organization, list[2].ID, 1)
	}); err != nil {
		t.Fatal(err)
	}
	d, changed := all(t, w, gate, from)
	if d.Full || !slices.Equal(ids(changed), ids(list[:3])) {
		t.Fatalf("full %v, changed %v, want %v", d.Full, ids(changed), ids(list[:3]))
	}
	if changed[0].Used() != 1 || changed[1].State != ticket.Void || changed[2].CodeVersion != 2 {
		t.Fatalf("%+v", changed)
	}
	w.Session(tickettest.Venue, time.Hour) // another session of the day: all anew
	if d, _ = all(t, w, gate, d.Position); !d.Full {
		t.Fatal("a delta over sessions that the device does not know")
	}
	w.Fake.Advance(24 * time.Hour)
	if d, _ = all(t, w, gate, d.Position); !d.Full {
		t.Fatal("yesterday's list goes on")
	}
}

// The device computes from its list what the server computes from its rows.
func TestListAnswersAsTheGateDoes(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, w *checkintest.World) {
		gate, _ := w.Enrol(tickettest.Venue, "东")
		s := w.Session(tickettest.Venue, 0)
		made := w.Issue(s, opens(2, catalog.Admission{EntryRule: catalog.EntryRule{
			Reentry: true}}))[0]
		k := carry(t, w, &made)
		for _, step := range []struct {
			d  checkin.Direction
			n  int
			ok bool
		}{{checkin.Entry, 1, true}, {checkin.Exit, 2, false}, {checkin.Entry, 2, false},
			{checkin.Entry, 1, true}, {checkin.Exit, 2, true}, {checkin.Entry, 2, true}} {
			l, list := all(t, w, gate, checkin.ListMark{})
			e := &list[0].Entitlements[0]
			r, now := l.Rule(e), w.Clock.Now()
			_, _, why := rule.Judge(&r, e.Known(l.Venue.BusinessDay(e.ValidFrom)), rule.Past{},
				rule.Scan{Entry: step.d == checkin.Entry, N: step.n, At: now, Day: l.Day,
					Starts: s.StartsAt, Ends: s.EndsAt})
			_, err := w.Module.Admit(ctx, gate, w.Ask(k.code, step.d, step.n))
			if (err == nil) != step.ok || (why == nil) != step.ok {
				t.Fatalf("%v: the gate says %v, the list %+v", step, err, why)
			}
		}
	})
}

func TestUploadForcesInAndListsConflicts(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, w *checkintest.World) {
		online, _ := w.Enrol(tickettest.Venue, "东")
		offline, _ := w.Enrol(tickettest.Venue, "西")
		s := w.Session(tickettest.Venue, 0)
		list := w.Issue(s, tickettest.Units(3))
		twice, fine, back := list[0], list[1], list[2]
		begin := w.Clock.Now()
		w.Fake.Advance(5 * time.Minute)
		stands := carry(t, w, &twice).in(online, 1)
		backCode := w.Code(&back)
		if err := w.Void(&back); err != nil {
			t.Fatal(err)
		}
		// The device's clock is an hour fast, and so are its times.
		at := func(minutes int) time.Time {
			return begin.Add(time.Hour + time.Duration(minutes)*time.Minute)
		}
		record := func(code string, minute int, nonce string) checkin.Recorded {
			return checkin.Recorded{At: at(minute), Ask: checkin.Ask{Code: code,
				Direction: checkin.Entry, N: 1, Nonce: nonce}}
		}
		scans := []checkin.Recorded{record(w.Code(&fine), 3, "a"), record(w.Code(&twice), 2, "b"),
			record(backCode, 1, "c"), record("NO CODE", 1, "d"), record(w.Code(&fine), 4, "e")}
		sent := w.Clock.Now().Add(time.Hour)
		first, err := w.Module.Upload(ctx, offline, sent, 0, scans)
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range []checkin.Result{{"a", checkin.Accepted, 0, ""},
			{"b", checkin.Conflicted, 0, "already_used"}, {"c", checkin.Conflicted, 0, "refunded"},
			{"d", checkin.Unknown, 0, "code_unreadable"},
			{"e", checkin.Conflicted, 0, "already_used"}} {
			got := first[i]
			got.CheckIn = 0
			if got != want {
				t.Errorf("%+v, want %+v", got, want)
			}
		}
		w.Fake.Advance(time.Minute)
		again, err := w.Module.Upload(ctx, offline, sent.Add(time.Minute), 0, scans)
		if err != nil || !slices.Equal(again, first) {
			t.Fatalf("sent again: %+v, not %+v: %v", again, first, err)
		}
		found, err := w.Module.Conflicts(ctx, checkintest.Manager(), scope, tickettest.Venue,
			checkin.ConflictOpen, 0, 10)
		if err != nil || len(found) != 3 {
			t.Fatalf("%+v %v", found, err)
		}
		for _, c := range found {
			if c.Code == "already_used" && c.Scan.Ticket == twice.ID &&
				(c.Against == nil || c.Against.CheckIn.ID != stands.CheckIn.ID ||
					c.Against.Trace.Gate != "东口" || c.Scan.Trace.Gate != "西口" ||
					!c.Scan.CheckIn.At.Equal(begin.Add(2*time.Minute))) {
				t.Fatalf("%+v against %+v", c.Scan, c.Against)
			}
		}
		settleOne(t, w, found[0].CheckIn)
		clean(t, w)
	})
}

func settleOne(t *testing.T, w *checkintest.World, id int64) {
	t.Helper()
	manager := checkintest.Manager()
	stranger := actor.Scope{Organization: tickettest.OtherOrganization}
	_, err := w.Module.Settle(ctx, manager, stranger, id, "x")
	want(t, err, fault.Missing)
	c, err := w.Module.Settle(ctx, manager, scope, id, "家长代刷,已核实")
	if err != nil || c.State != checkin.ConflictSettled || c.SettledBy != manager.ID {
		t.Fatalf("%+v %v", c, err)
	}
	left, err := w.Module.Conflicts(ctx, manager, scope, tickettest.Venue,
		checkin.ConflictOpen, 0, 10)
	if err != nil || len(left) != 2 {
		t.Fatalf("%+v %v", left, err)
	}
}

func TestUploadHasBounds(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, w *checkintest.World) {
		gate, _ := w.Enrol(tickettest.Venue, "东")
		one := checkin.Recorded{Ask: checkin.Ask{Code: "x", Direction: checkin.Entry, N: 1}}
		var many []checkin.Recorded
		for i := range checkin.MaxUpload + 1 {
			one.Nonce = strconv.Itoa(i)
			many = append(many, one)
		}
		for name, scans := range map[string][]checkin.Recorded{"none": nil, "many": many,
			"a nonce twice": {many[0], many[0]}} {
			_, err := w.Module.Upload(ctx, gate, w.Clock.Now(), 0, scans)
			if fault.KindOf(err) != fault.Invalid {
				t.Errorf("%s: %v", name, err)
			}
		}
		_, err := w.Module.Upload(ctx, checkintest.Manager(), w.Clock.Now(), 0, many[:1])
		want(t, err, fault.NotAllowed)
	})
}

// told finds one member, whatever the tail.
type told int64

func (m told) FindByTail(_ context.Context, _ actor.Scope, _ string) ([]int64, error) {
	return []int64{int64(m)}, nil
}

func TestSearchAndAdmitByHand(t *testing.T) {
	t.Parallel()
	buyers := func(c *checkin.Config) { c.Buyers = told(tickettest.Member) }
	each(t, buyers, func(t *testing.T, w *checkintest.World) {
		usher := tickettest.Staff(checkin.PermScan)
		made := w.Issue(w.Session(tickettest.Venue, 0), tickettest.Units(2))
		w.Issue(w.Session(tickettest.OtherVenue, 0), tickettest.Units(1))
		for name, ask := range map[string][2]string{"order": {idgen.Number(made[0].Order), ""},
			"phone": {"", "1234"}} {
			found, err := w.Module.Search(ctx, usher, tickettest.Venue, ask[0], ask[1])
			if err != nil || len(found) != 2 || found[0].Ticket.ID != made[0].ID {
				t.Fatalf("%s: %+v %v", name, found, err)
			}
		}
		one, err := w.Module.Search(ctx, usher, tickettest.Venue, idgen.Number(made[1].ID), "")
		if err != nil || len(one) != 1 || one[0].Ticket.ID != made[1].ID {
			t.Fatalf("%+v %v", one, err)
		}
		for _, who := range []actor.Actor{tickettest.Buyer(), tickettest.Staff()} {
			if _, err := w.Module.Search(ctx, who, tickettest.Venue, "", "1234"); err == nil {
				t.Error("found by", who.Kind)
			}
		}
		ask := checkin.Ask{Ticket: made[0].ID, Direction: checkin.Entry, N: 1, Nonce: "hand"}
		if a, err := w.Module.Admit(ctx, usher, ask); err != nil || a.Used != 1 {
			t.Fatal(a, err)
		}
		gate, _ := w.Enrol(tickettest.Venue, "东")
		ask.Nonce, ask.Ticket = "device", made[1].ID
		_, err = w.Module.Admit(ctx, gate, ask)
		want(t, err, checkin.ErrTicketUnknown)
	})
}
