package checkin_test

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/checkin"
	"foyer/internal/checkin/checkintest"
	"foyer/internal/fault"
	"foyer/internal/money"
	"foyer/internal/sqldb"
	"foyer/internal/ticket"
	"foyer/internal/ticket/tickettest"
)

// opens are n people's unit that opens what a says.
func opens(n int, a catalog.Admission) []ticket.IssueUnit {
	units := tickettest.Group(n)
	units[0].Admission = &a
	return units
}

// walk is a ticket's code carried from gate to gate.
type walk struct {
	t    *testing.T
	w    *checkintest.World
	code string
}

func carry(t *testing.T, w *checkintest.World, tck *ticket.Ticket) walk {
	t.Helper()
	return walk{t, w, w.Code(tck)}
}

func (k walk) in(gate actor.Actor, n int) *checkin.Admission {
	k.t.Helper()
	a, err := k.w.Module.Admit(ctx, gate, k.w.Ask(k.code, checkin.Entry, n))
	if err != nil {
		k.t.Fatal(err)
	}
	return a
}

func (k walk) out(gate actor.Actor, n int) *checkin.Admission {
	k.t.Helper()
	a, err := k.w.Module.Admit(ctx, gate, k.w.Ask(k.code, checkin.Exit, n))
	if err != nil {
		k.t.Fatal(err)
	}
	return a
}

func (k walk) not(gate actor.Actor, d checkin.Direction, why *fault.Definition) *fault.Error {
	k.t.Helper()
	_, err := k.w.Module.Admit(ctx, gate, k.w.Ask(k.code, d, 1))
	return want(k.t, err, why)
}

// precinct makes a precinct and a gate into it, from another precinct or the street.
func precinct(t *testing.T, w *checkintest.World, code string, from int64) (
	checkin.Precinct, actor.Actor,
) {
	t.Helper()
	d := w.Module.Devices()
	p, err := d.CreatePrecinct(ctx, checkintest.Manager(), checkin.Precinct{
		Organization: tickettest.Organization, Venue: tickettest.Venue, Code: code, Name: code})
	if err != nil {
		t.Fatal(err)
	}
	gate, _ := w.EnrolAt(checkin.Gate{Organization: tickettest.Organization,
		Venue: tickettest.Venue, Name: code + "口", Precinct: p.ID, From: from}, code)
	return *p, gate
}

func TestDayTicketGoesOutAndIn(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, w *checkintest.World) {
		east, _ := w.Enrol(tickettest.Venue, "东")
		west, _ := w.Enrol(tickettest.Venue, "西")
		s := w.Session(tickettest.Venue, 0)
		k := carry(t, w, &w.Issue(s, opens(1, catalog.Admission{
			EntryRule: catalog.EntryRule{Reentry: true, AfterExitMinutes: 10},
			Attention: "blue", StaffText: "看学生证"}))[0])
		first := k.in(east, 1)
		if first.Counted != 1 || first.Opening.Attention != "blue" ||
			first.Opening.StaffText != "看学生证" {
			t.Fatalf("%+v", first)
		}
		f := k.not(west, checkin.Entry, checkin.ErrStillInside)
		if last := f.Details["last"].(map[string]any); last["gate"] != "东口" {
			t.Fatal("does not say where:", f.Details)
		}
		k.out(west, 1)
		k.not(east, checkin.Exit, checkin.ErrNothingToExit)
		f = k.not(east, checkin.Entry, checkin.ErrTooSoon)
		if !f.Details["next_at"].(time.Time).Equal(w.Clock.Now().Add(10 * time.Minute)) {
			t.Fatal(f.Details)
		}
		w.Fake.Advance(10 * time.Minute)
		if back := k.in(west, 1); back.Counted != 0 || back.Used != 1 || back.Inside != 1 {
			t.Fatalf("%+v", back)
		}
		counts, err := w.Module.CountsAround(ctx, east, 0)
		if err != nil || counts[0].Entered != 1 || counts[0].Inside != 1 || counts[0].Sold != 1 {
			t.Fatalf("%+v %v", counts, err)
		}
		_, flows, err := w.Module.FlowsOf(ctx, east, 0)
		if err != nil || flows[0].Entered != 2 || flows[0].Gone != 1 || flows[0].Inside() != 1 {
			t.Fatalf("%+v %v", flows, err)
		}
		w.Fake.Advance(3 * time.Hour)
		k.out(east, 1)
		k.not(east, checkin.Entry, checkin.ErrTooLate)
		clean(t, w)
	})
}

func TestLimitsOfEntries(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, w *checkintest.World) {
		east, _ := w.Enrol(tickettest.Venue, "东")
		west, _ := w.Enrol(tickettest.Venue, "西")
		s := w.Session(tickettest.Venue, 0)
		ten := carry(t, w, &w.Issue(s, opens(2, catalog.Admission{
			EntryRule: catalog.EntryRule{Entries: 3, PerDay: 2, PerGateDay: 1},
			Pass:      &catalog.PassRule{Starts: catalog.PassFromFirstUse, ValidDays: 30}}))[0])
		day := func() { // in and out again
			ten.in(east, 2)
			ten.out(east, 2)
			ten.not(east, checkin.Entry, checkin.ErrGateDayLimit)
			ten.in(west, 2)
			ten.out(west, 2)
			ten.not(west, checkin.Entry, checkin.ErrDayLimit)
		}
		day()
		w.Fake.Advance(24 * time.Hour)
		if a := ten.in(east, 2); a.Used != 6 || a.Allowed != 6 || a.Session != 0 {
			t.Fatalf("%+v", a)
		}
		ten.out(east, 2)
		ten.not(west, checkin.Entry, checkin.ErrNoReentry)
		w.Fake.Advance(24 * time.Hour)
		f := ten.not(west, checkin.Entry, checkin.ErrAlreadyUsed)
		if f.Details["first"] == nil {
			t.Fatal(f.Details)
		}
		w.Fake.Advance(28 * 24 * time.Hour)
		ten.not(west, checkin.Entry, checkin.ErrPassExpired)
		clean(t, w)
	})
}

func TestCombinedTicket(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, w *checkintest.World) {
		_, zoo := precinct(t, w, "zoo", 0)
		_, sea := precinct(t, w, "sea", 0)
		_, sky := precinct(t, w, "sky", 0)
		roaming, _ := w.Enrol(tickettest.Venue, "手持")
		part := func(code string, weight int) catalog.AdmissionPart {
			return catalog.AdmissionPart{Code: code, Name: code, Weight: weight,
				EntryRule: catalog.EntryRule{Precincts: []string{code}}}
		}
		s := w.Session(tickettest.Venue, 0)
		units := opens(1, catalog.Admission{RevenueOn: catalog.RevenueOnUse,
			Parts: []catalog.AdmissionPart{part("zoo", 1), part("sea", 1), part("gone", 1)}})
		units[0].Share = 1000
		tck := w.Issue(s, units)[0]
		var sum money.Minor
		for i, e := range w.Find(tck.ID).Entitlements {
			sum += e.Share
			if e.Number != i+1 || e.Share < 333 || e.Share > 334 {
				t.Fatalf("%+v", e)
			}
		}
		if sum != 1000 || tck.People() != 1 {
			t.Fatal("the shares sum to", sum)
		}
		k := carry(t, w, &tck)
		k.not(roaming, checkin.Entry, checkin.ErrAmbiguous)
		k.in(zoo, 1)
		k.not(zoo, checkin.Entry, checkin.ErrStillInside)
		if a := k.in(sea, 1); a.Entitlement != 2 {
			t.Fatalf("%+v", a)
		}
		f := k.not(sky, checkin.Entry, checkin.ErrOtherPrecinct)
		if f.Details["precinct"] != "sky" {
			t.Fatal(f.Details)
		}
		ask := w.Ask(k.code, checkin.Entry, 1)
		ask.Part = "gone"
		a, err := w.Module.Admit(ctx, roaming, ask)
		if err != nil || a.Entitlement != 3 {
			t.Fatal(a, err)
		}
		want := map[string]money.Minor{"sales_shared": 1000, "part:zoo": -334, "part:sea": -333,
			"part:gone": -333}
		balances(t, w, tck.Order, want)
		if _, err := w.Module.Undo(ctx, roaming, a.CheckIn.ID); err != nil {
			t.Fatal(err)
		}
		want["sales_shared"], want["part:gone"] = 667, 0
		balances(t, w, tck.Order, want)
		clean(t, w)
	})
}

func balances(t *testing.T, w *checkintest.World, order int64, want map[string]money.Minor) {
	t.Helper()
	list, err := w.Ledger.OfOrder(ctx, order)
	if err != nil || len(list) != len(want) {
		t.Fatal(list, err)
	}
	for _, b := range list {
		if want[b.Account] != b.Amount {
			t.Errorf("%s: %d, want %d", b.Account, b.Amount, want[b.Account])
		}
	}
}

func TestFromPrecinctToPrecinct(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, w *checkintest.World) {
		park, main := precinct(t, w, "park", 0)
		castle, tower := precinct(t, w, "castle", park.ID)
		s := w.Session(tickettest.Venue, 0)
		family := carry(t, w, &w.Issue(s, opens(3, catalog.Admission{EntryRule: catalog.EntryRule{
			Precincts: []string{"park", "castle"}, PerPrecinctDay: 1, Reentry: true}}))[0])
		only := carry(t, w, &w.Issue(s, opens(1, catalog.Admission{EntryRule: catalog.EntryRule{
			Precincts: []string{"park"}}}))[0])
		if f := family.not(tower, checkin.Entry, checkin.ErrNotInside); f.Details["precinct"] !=
			"park" {
			t.Fatal(f.Details)
		}
		family.in(main, 2)
		a := family.in(tower, 2)
		if !a.CheckIn.Moved || a.Used != 2 || a.Inside != 2 {
			t.Fatalf("%+v", a)
		}
		family.not(tower, checkin.Entry, checkin.ErrNotInside) // both are in the castle
		family.in(main, 1)                                     // partial arrival
		family.in(tower, 1)
		flows := func(want map[int64]int) {
			t.Helper()
			_, list, err := w.Module.FlowsOf(ctx, main, 0)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range list {
				if f.Inside() != want[f.Precinct.ID] {
					t.Errorf("%s: %d inside, want %d", f.Precinct.Code, f.Inside(),
						want[f.Precinct.ID])
				}
			}
		}
		flows(map[int64]int{0: 3, park.ID: 0, castle.ID: 3})
		back := family.out(tower, 3)
		flows(map[int64]int{0: 3, park.ID: 3, castle.ID: 0})
		family.not(tower, checkin.Entry, checkin.ErrPrecinctLimit)
		if _, err := w.Module.Undo(ctx, tower, back.CheckIn.ID); err != nil {
			t.Fatal(err)
		}
		flows(map[int64]int{0: 3, park.ID: 0, castle.ID: 3})
		only.in(main, 1)
		only.not(tower, checkin.Entry, checkin.ErrOtherPrecinct)
		clean(t, w)
	})
}

func TestGateHoursAndWays(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, w *checkintest.World) {
		now := w.Clock.Now() // venues of the fixture are in UTC
		minute := now.Hour()*60 + now.Minute()
		if minute < 6*60 { // the business day of yesterday
			minute += 24 * 60
		}
		night, _ := w.EnrolAt(checkin.Gate{Organization: tickettest.Organization,
			Venue: tickettest.Venue, Name: "夜", Opens: minute + 30, Closes: minute + 60}, "夜")
		dev, code, err := w.Module.Devices().Create(ctx, checkintest.Manager(), checkin.Device{
			Organization: tickettest.Organization, Venue: tickettest.Venue, Name: "出",
			Ways: checkin.ExitOnly})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err = w.Module.Devices().Enrol(ctx, code, ""); err != nil {
			t.Fatal(err)
		}
		exit := actor.Actor{Kind: actor.Device, ID: dev.ID}
		made := w.Issue(w.Session(tickettest.Venue, 0), tickettest.Group(2))[0]
		k := carry(t, w, &made)
		k.not(night, checkin.Entry, checkin.ErrGateClosed)
		k.not(exit, checkin.Entry, checkin.ErrWrongWay)
		w.Fake.Advance(30 * time.Minute)
		k.in(night, 2)
		k.out(exit, 1)
		w.Fake.Advance(30 * time.Minute)
		k.not(night, checkin.Entry, checkin.ErrGateClosed)
		clean(t, w)
	})
}

func TestPhotoIsAskedFor(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, w *checkintest.World) {
		gate, _ := w.Enrol(tickettest.Venue, "东")
		made := w.Issue(w.Session(tickettest.Venue, 0), opens(1, catalog.Admission{
			PhotoRequired: true,
			Pass:          &catalog.PassRule{Starts: catalog.PassFromSale, ValidDays: 365}}))[0]
		k := carry(t, w, &made)
		k.not(gate, checkin.Entry, checkin.ErrPhotoNeeded)
		err := w.DB.InTx(ctx, func(tx *sqldb.Tx) error {
			_, err := w.World.Store.KeepPhoto(tx,
				actor.Scope{Organization: tickettest.Organization}, made.ID, 4711)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if a := k.in(gate, 1); a.Holder.Photo != 4711 {
			t.Fatalf("%+v", a.Holder)
		}
	})
}

func TestUndoOfARuledEntry(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, w *checkintest.World) {
		gate, _ := w.Enrol(tickettest.Venue, "东")
		made := w.Issue(w.Session(tickettest.Venue, 0), opens(1, catalog.Admission{
			EntryRule: catalog.EntryRule{Entries: 2, PerDay: 1, AfterExitMinutes: 5},
			Pass:      &catalog.PassRule{Starts: catalog.PassFromFirstUse, ValidDays: 1}}))[0]
		before := w.Find(made.ID).Entitlements[0]
		k := carry(t, w, &made)
		first := k.in(gate, 1)
		if _, err := w.Module.Undo(ctx, gate, first.CheckIn.ID); err != nil {
			t.Fatal(err)
		}
		after := w.Find(made.ID).Entitlements[0]
		before.Seq, before.Day = after.Seq, after.Day
		if after != before {
			t.Fatalf("%+v, not as before %+v", after, before)
		}
		again := k.in(gate, 1) // neither the day's one entry nor the first use is gone
		k.out(gate, 1)
		_, err := w.Module.Undo(ctx, gate, again.CheckIn.ID)
		want(t, err, checkin.ErrUndoBlocked)
		clean(t, w)
	})
}

// unjudged reads a ticket once and believes it for ever, as a process would whose snapshot
// is old, and forgets to ask whether somebody used the entitlement since.
type unjudged struct {
	checkin.Tickets
	mu    *sync.Mutex
	first map[int64]ticket.Ticket
}

func believe(c *checkin.Config) unjudged {
	return unjudged{c.Tickets, &sync.Mutex{}, map[int64]ticket.Ticket{}}
}

func (u unjudged) Find(ctx context.Context, id int64) (*ticket.Ticket, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	t, ok := u.first[id]
	if !ok {
		found, err := u.Tickets.Find(ctx, id)
		if err != nil {
			return nil, err
		}
		t = *found
		u.first[id] = t
	}
	t.Entitlements = slices.Clone(t.Entitlements)
	return &t, nil
}

func (u unjudged) Entitlement(_ *sqldb.Tx, use ticket.Use) (ticket.Entitlement, error) {
	t, err := u.Find(ctx, use.Ticket)
	if err != nil {
		return ticket.Entitlement{}, err
	}
	return t.Entitlements[use.Number-1], nil
}

func (u unjudged) UseIf(tx *sqldb.Tx, use ticket.Use, e *ticket.Entitlement) (bool, error) {
	_, err := tx.Exec(`UPDATE entitlement SET used = ?, inside = ?, seq = seq + 1
		WHERE organization_id = ? AND ticket_id = ? AND number = ?`, e.Used, e.Inside,
		use.Organization, use.Ticket, use.Number)
	return true, err
}

// staleRead keeps the guard and loses only the freshness of what was read.
type staleRead struct{ unjudged }

func (s staleRead) UseIf(tx *sqldb.Tx, use ticket.Use, e *ticket.Entitlement) (bool, error) {
	return s.Tickets.UseIf(tx, use, e)
}

// crowd lets everybody in with one code for three people, at four gates at once.
func crowd(t *testing.T, change func(*checkin.Config), check func(admitted int, audit []string)) {
	t.Helper()
	checkintest.Each(t, change, func(t *testing.T, w *checkintest.World) {
		var gates []actor.Actor
		for _, name := range []string{"一", "二", "三", "四"} {
			g, _ := w.Enrol(tickettest.Venue, name)
			gates = append(gates, g)
		}
		made := w.Issue(w.Session(tickettest.Venue, 0), opens(3, catalog.Admission{
			EntryRule: catalog.EntryRule{Reentry: true}}))[0]
		code := w.Code(&made)
		asks := make([]checkin.Ask, 40)
		for i := range asks {
			asks[i] = w.Ask(code, checkin.Entry, 1)
		}
		var in atomic.Int64
		var all sync.WaitGroup
		for i, ask := range asks {
			all.Go(func() {
				if _, err := w.Module.Admit(ctx, gates[i%len(gates)], ask); err == nil {
					in.Add(1)
				}
			})
		}
		all.Wait()
		found, err := checkintest.Audit(w.DB)
		if err != nil {
			t.Fatal(err)
		}
		check(int(in.Load()), found)
	})
}

func TestRuledCodeAtFourGates(t *testing.T) {
	t.Parallel()
	crowd(t, nil, func(n int, audit []string) {
		if n != 3 || len(audit) > 0 {
			t.Error(n, "admitted for three:", audit)
		}
	})
}

// A stale read alone lets nobody in twice: the guard holds.
func TestRuledGuardAgainstStaleReads(t *testing.T) {
	t.Parallel()
	crowd(t, func(c *checkin.Config) { c.Tickets = staleRead{believe(c)} },
		func(n int, audit []string) {
			if n == 0 || n > 3 || len(audit) > 0 {
				t.Error(n, "admitted for three:", audit)
			}
		})
}

// With the guard gone as well, the crowd comes in, and the audit finds it.
func TestAuditorCatchesMissingRuledGuard(t *testing.T) {
	t.Parallel()
	crowd(t, func(c *checkin.Config) { c.Tickets = believe(c) },
		func(n int, audit []string) {
			if n <= 3 || len(audit) == 0 {
				t.Error("the negative control admitted", n, "and was found", audit)
			}
		})
}
