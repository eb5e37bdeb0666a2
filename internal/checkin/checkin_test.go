package checkin_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"foyer/internal/actor"
	"foyer/internal/checkin"
	"foyer/internal/checkin/checkintest"
	"foyer/internal/fault"
	"foyer/internal/secret"
	"foyer/internal/sqldb"
	"foyer/internal/ticket"
	"foyer/internal/ticket/ticketdb"
	"foyer/internal/ticket/tickettest"
)

var ctx = context.Background()

func each(t *testing.T, change func(*checkin.Config), fn func(t *testing.T, w *checkintest.World)) {
	t.Helper()
	checkintest.Each(t, change, fn)
}

func want(t *testing.T, err, target error) *fault.Error {
	t.Helper()
	if !errors.Is(err, target) {
		t.Fatalf("got %v, want %v", err, target)
	}
	return fault.Of(err)
}

func clean(t *testing.T, w *checkintest.World) {
	t.Helper()
	found, err := checkintest.Audit(w.DB)
	if err != nil || len(found) > 0 {
		t.Fatal(found, err)
	}
	w.Verify(t)
}

func TestGroupInAndOut(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, w *checkintest.World) {
		gate, _ := w.Enrol(tickettest.Venue, "东")
		s := w.Session(tickettest.Venue, 30*time.Minute)
		group := w.Issue(s, tickettest.Group(5))[0]
		code := w.Code(&group)
		before := w.Journal.Head().N
		step := func(d checkin.Direction, n, used, inside int) {
			t.Helper()
			a, err := w.Module.Admit(ctx, gate, w.Ask(code, d, n))
			if err != nil || a.Used != used || a.Inside != inside || a.Allowed != 5 ||
				a.Holder.Type != "团体" {
				t.Fatalf("%+v %v", a, err)
			}
		}
		step(checkin.Entry, 3, 3, 3)
		_, err := w.Module.Admit(ctx, gate, w.Ask(code, checkin.Entry, 3))
		if f := want(t, err, checkin.ErrTooManyPeople); f.Details["left"] != 2 {
			t.Fatal(f.Details)
		}
		step(checkin.Exit, 2, 3, 1)
		step(checkin.Entry, 2, 5, 3)
		_, err = w.Module.Admit(ctx, gate, w.Ask(code, checkin.Entry, 1))
		f := want(t, err, checkin.ErrAlreadyUsed)
		first := f.Details["first"].(map[string]any)
		if first["gate"] != "东口" || first["device"] != "东" || first["n"] != 3 ||
			f.Details["last"].(map[string]any)["n"] != 2 {
			t.Fatal(f.Details)
		}
		_, err = w.Module.Admit(ctx, gate, w.Ask(code, checkin.Exit, 4))
		want(t, err, checkin.ErrNothingToExit)
		counts, err := w.Module.CountsAround(ctx, gate, 0)
		if err != nil || len(counts) != 1 || counts[0].Entered != 5 || counts[0].Inside != 3 ||
			counts[0].Sold != 5 {
			t.Fatalf("%+v %v", counts, err)
		}
		if rows := w.Journal.Head().N - before; rows != 3 {
			t.Fatal("journal rows of three accepted scans:", rows)
		}
		clean(t, w)
	})
}

func TestNonce(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, w *checkintest.World) {
		gate, _ := w.Enrol(tickettest.Venue, "东")
		other, _ := w.Enrol(tickettest.Venue, "西")
		made := w.Issue(w.Session(tickettest.Venue, 0), tickettest.Group(3))[0]
		ask := w.Ask(w.Code(&made), checkin.Entry, 2)
		first, err := w.Module.Admit(ctx, gate, ask)
		if err != nil {
			t.Fatal(err)
		}
		// One more would fit: only the nonce keeps the repeat from counting.
		ask.N = 1
		_, err = w.Module.Admit(ctx, gate, ask)
		want(t, err, checkin.ErrNonceReused)
		ask.N = 2
		w.Fake.Advance(24 * time.Hour) // unique for ever: also when a fresh scan is too late
		again, err := w.Module.Admit(ctx, gate, ask)
		if err != nil || !again.Replayed || again.CheckIn != first.CheckIn {
			t.Fatalf("%+v %+v %v", again, first, err)
		}
		_, err = w.Module.Admit(ctx, other, ask) // the nonce is the scanner's own
		want(t, err, checkin.ErrTooLate)
		clean(t, w)
	})
}

// The same scan from many goroutines counts once and is answered alike.
func TestNonceAtOneInstant(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, w *checkintest.World) {
		gate, _ := w.Enrol(tickettest.Venue, "东")
		for range 20 {
			made := w.Issue(w.Session(tickettest.Venue, 0), tickettest.Group(100))[0]
			ask := w.Ask(w.Code(&made), checkin.Entry, 1)
			var ids sync.Map
			var all sync.WaitGroup
			for range 8 {
				all.Go(func() {
					a, err := w.Module.Admit(ctx, gate, ask)
					if err != nil {
						t.Error(err)
						return
					}
					ids.Store(a.CheckIn.ID, true)
				})
			}
			all.Wait()
			n := 0
			ids.Range(func(any, any) bool { n++; return true })
			if n != 1 || w.Find(made.ID).Used() != 1 {
				t.Fatal("check-ins:", n)
			}
		}
		clean(t, w)
	})
}

func TestUndo(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, w *checkintest.World) {
		gate, _ := w.Enrol(tickettest.Venue, "东")
		other, _ := w.Enrol(tickettest.Venue, "西")
		made := w.Issue(w.Session(tickettest.Venue, 0), tickettest.Units(1))[0]
		in := func(d checkin.Direction) int64 {
			t.Helper()
			a, err := w.Module.Admit(ctx, gate, w.Ask(w.Code(&made), d, 1))
			if err != nil {
				t.Fatal(err)
			}
			return a.CheckIn.ID
		}
		entry := in(checkin.Entry)
		_, err := w.Module.Undo(ctx, other, entry)
		want(t, err, checkin.ErrNoCheckIn)
		_, err = w.Module.Undo(ctx, tickettest.Staff(checkin.PermView), entry)
		want(t, err, checkin.ErrNoCheckIn)
		exit := in(checkin.Exit)
		_, err = w.Module.Undo(ctx, gate, entry)
		want(t, err, checkin.ErrUndoBlocked)
		if _, err := w.Module.Undo(ctx, gate, exit); err != nil {
			t.Fatal(err)
		}
		head := w.Journal.Head().N
		for range 2 { // a repeat changes nothing and is answered alike
			a, err := w.Module.Undo(ctx, checkintest.Manager(), entry)
			if err != nil || a.UndoneAt.IsZero() {
				t.Fatal(a, err)
			}
		}
		if w.Journal.Head().N != head+1 || w.Find(made.ID).Used() != 0 {
			t.Fatal("undone more than once")
		}
		late := in(checkin.Entry)
		w.Fake.Advance(checkin.UndoWithin + time.Millisecond)
		_, err = w.Module.Undo(ctx, gate, late)
		want(t, err, checkin.ErrUndoTooLate)
		if err := w.Void(&made); !errors.Is(err, ticket.ErrUsed) {
			t.Fatal(err)
		}
		clean(t, w)
	})
}

func TestDevices(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, w *checkintest.World) {
		d, scope := w.Module.Devices(), actor.Scope{Organization: tickettest.Organization}
		made, code, err := d.Create(ctx, checkintest.Manager(), checkin.Device{
			Organization: tickettest.Organization, Venue: tickettest.Venue, Name: "手持一"})
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = d.Enrol(ctx, "00000-00000", "")
		want(t, err, checkin.ErrEnrolCode)
		typed := strings.ToLower(code[:4] + " " + code[4:7] + "-" + code[7:])
		dev, token, err := d.Enrol(ctx, typed, "北门手持")
		if err != nil || dev.ID != made.ID || dev.Name != "北门手持" {
			t.Fatal(dev, err)
		}
		_, _, err = d.Enrol(ctx, code, "")
		want(t, err, checkin.ErrEnrolCode)
		who, err := d.Authenticate(ctx, token)
		if err != nil || who.Kind != actor.Device || who.ID != made.ID ||
			!who.May(checkin.PermScan, tickettest.Organization, tickettest.Venue) ||
			who.May(checkin.PermScan, tickettest.Organization, tickettest.OtherVenue) {
			t.Fatal(who, err)
		}
		invented, _ := secret.NewToken(w.IDs, secret.DeviceToken)
		for _, bad := range []string{invented, token + "0", ""} {
			_, err = d.Authenticate(ctx, bad)
			want(t, err, checkin.ErrDeviceUnknown)
		}
		want(t, d.Revoke(ctx, tickettest.Staff(checkin.PermView), scope, made.ID), fault.NotAllowed)
		want(t, d.Revoke(ctx, checkintest.Manager(),
			actor.Scope{Organization: tickettest.OtherOrganization}, made.ID), fault.Missing)
		for range 2 {
			if err := d.Revoke(ctx, checkintest.Manager(), scope, made.ID); err != nil {
				t.Fatal(err)
			}
		}
		_, err = d.Authenticate(ctx, token)
		want(t, err, checkin.ErrDeviceRevoked)
		tck := w.Issue(w.Session(tickettest.Venue, 0), tickettest.Units(1))[0]
		_, err = w.Module.Admit(ctx, who, w.Ask(w.Code(&tck), checkin.Entry, 1))
		want(t, err, checkin.ErrDeviceRevoked) // also for whom the door let in before

		_, code, err = d.Create(ctx, checkintest.Manager(), checkin.Device{
			Organization: tickettest.Organization, Venue: tickettest.Venue, Name: "手持二"})
		if err != nil {
			t.Fatal(err)
		}
		w.Fake.Advance(checkin.CodeLives)
		_, _, err = d.Enrol(ctx, code, "")
		want(t, err, checkin.ErrEnrolCode)
		list, err := d.List(ctx, checkintest.Manager(), scope, tickettest.Venue, 0, 10)
		if err != nil || len(list) != 2 || list[0].State != checkin.Revoked ||
			list[1].State != checkin.Waiting || list[0].SeenAt.IsZero() {
			t.Fatal(list, err)
		}
	})
}

func TestLastSeenIsWrittenRarely(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, w *checkintest.World) {
		who, token := w.Enrol(tickettest.Venue, "东")
		w.Fake.Advance(time.Hour)
		if _, err := w.Module.Devices().Authenticate(ctx, token); err != nil {
			t.Fatal(err)
		}
		stored := func() time.Time {
			d, err := w.Store.Devices().ByID(ctx, who.ID)
			if err != nil {
				t.Fatal(err)
			}
			return d.SeenAt
		}
		seen := w.Fake.Now()
		if !stored().Before(seen) {
			t.Fatal("written by the request itself")
		}
		running, stop := context.WithCancel(ctx)
		done := make(chan error, 1)
		go func() { done <- w.Module.Devices().Run(running) }()
		deadline := time.Now().Add(10 * time.Second)
		for !stored().Equal(seen) {
			if time.Now().After(deadline) {
				t.Fatal("never written")
			}
			w.Fake.Advance(time.Minute)
			time.Sleep(time.Millisecond)
		}
		stop()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	})
}

// unguarded lets everybody in: the negative control of the race below.
type unguarded struct{ *ticketdb.Store }

func (u unguarded) EnterIfAllowed(tx *sqldb.Tx, use ticket.Use) (bool, error) {
	n, err := tx.Exec(`UPDATE entitlement SET used = used + ?, inside = inside + ?
		WHERE organization_id = ? AND ticket_id = ? AND number = ?`,
		use.N, use.N, use.Organization, use.Ticket, use.Number)
	return n == 1, err
}

// raceAtGates scans each of rounds codes at eight gates at one instant, and returns how many
// scans were admitted for each code.
func raceAtGates(t *testing.T, w *checkintest.World, rounds int) []int64 {
	t.Helper()
	var gates [8]actor.Actor
	for i := range gates {
		gates[i], _ = w.Enrol(tickettest.Venue, fmt.Sprint("闸", i))
	}
	s := w.Session(tickettest.Venue, 0)
	admitted := make([]int64, rounds)
	for round := range rounds {
		made := w.Issue(s, tickettest.Units(1))[0]
		ask := w.Ask(w.Code(&made), checkin.Entry, 1)
		start := make(chan struct{})
		var all sync.WaitGroup
		for _, gate := range gates {
			all.Go(func() {
				<-start
				_, err := w.Module.Admit(ctx, gate, ask)
				if err == nil {
					atomic.AddInt64(&admitted[round], 1)
				} else if !errors.Is(err, checkin.ErrAlreadyUsed) {
					t.Error(err)
				}
			})
		}
		close(start)
		all.Wait()
	}
	return admitted
}

func TestOneCodeAtEightGates(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, w *checkintest.World) {
		for round, n := range raceAtGates(t, w, 200) {
			if n != 1 {
				t.Fatal("round", round, "admitted", n)
			}
		}
		clean(t, w)
	})
}

func TestAuditorCatchesMissingGuard(t *testing.T) {
	t.Parallel()
	change := func(c *checkin.Config) { c.Tickets = unguarded{ticketdb.New(c.DB)} }
	each(t, change, func(t *testing.T, w *checkintest.World) {
		twice := 0
		for _, n := range raceAtGates(t, w, 50) {
			if n > 1 {
				twice++
			}
		}
		found, err := checkintest.Audit(w.DB)
		if err != nil {
			t.Fatal(err)
		}
		if twice == 0 || len(found) < twice {
			t.Fatal("without the guard nothing was caught: admitted twice", twice, found)
		}
	})
}

// A batch with refused scans in it: the others pass, and the counts are theirs alone.
func TestBatchWithRefusals(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, w *checkintest.World) {
		gate, _ := w.Enrol(tickettest.Venue, "东")
		s := w.Session(tickettest.Venue, 0)
		tickets := w.Issue(s, tickettest.Units(40))
		var ok, refused atomic.Int64
		var all sync.WaitGroup
		for i := range tickets {
			for range 2 {
				ask := w.Ask(w.Code(&tickets[i]), checkin.Entry, 1)
				all.Go(func() {
					switch _, err := w.Module.Admit(ctx, gate, ask); {
					case err == nil:
						ok.Add(1)
					case errors.Is(err, checkin.ErrAlreadyUsed):
						refused.Add(1)
					default:
						t.Error(err)
					}
				})
			}
		}
		all.Wait()
		if ok.Load() != 40 || refused.Load() != 40 {
			t.Fatal(ok.Load(), refused.Load())
		}
		counts, err := w.Store.CheckIns().CountsOf(ctx, []int64{s.Session.ID})
		if err != nil || counts[s.Session.ID] != (checkin.Figures{Entered: 40, Inside: 40}) {
			t.Fatal(counts, err)
		}
		clean(t, w)
	})
}

// brokenCounts refuses to count, so that the whole batch must fall.
type brokenCounts struct{ checkin.Store }

type brokenCheckIns struct{ checkin.CheckInStore }

func (b brokenCounts) CheckIns() checkin.CheckInStore {
	return brokenCheckIns{b.Store.CheckIns()}
}

var errCount = errors.New("no count today")

func (brokenCheckIns) AddCount(*sqldb.Tx, int64, int, int) error { return errCount }

// What cannot be counted did not happen: no use, no row, no journal.
func TestUncountedIsUndone(t *testing.T) {
	t.Parallel()
	change := func(c *checkin.Config) { c.Store = brokenCounts{c.Store} }
	each(t, change, func(t *testing.T, w *checkintest.World) {
		gate, _ := w.Enrol(tickettest.Venue, "东")
		made := w.Issue(w.Session(tickettest.Venue, 0), tickettest.Units(4))
		head := w.Journal.Head()
		var all sync.WaitGroup
		for i := range made {
			ask := w.Ask(w.Code(&made[i]), checkin.Entry, 1)
			all.Go(func() {
				if _, err := w.Module.Admit(ctx, gate, ask); !errors.Is(err, errCount) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if w.Journal.Head() != head || w.Find(made[0].ID).Used() != 0 {
			t.Fatal("a trace is left")
		}
		clean(t, w)
	})
}
