package seatingdb_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"foyer/internal/fault"
	"foyer/internal/seating"
	"foyer/internal/seating/seatingtest"
	"foyer/internal/sqldb"
	"foyer/internal/sqldb/sqldbtest"
)

// allot keeps places and standing units for a channel; a fall-back in the past makes one
// whose time is over although no job has run.
func allot(w *seatingtest.World, session, id int64, c seating.Channel, falls time.Time,
	places []int32, units int,
) error {
	a := seating.Allotment{ID: id, Organization: seatingtest.Org, Session: session, Channel: c,
		Reason: "test", FallsBackAt: falls, CreatedAt: sqldbtest.Start}
	claim := seating.Claim{Session: session, Owner: a.Owner(), State: a.State(), Places: places}
	if units > 0 {
		claim.Areas = []seating.AreaQty{{Area: standing, N: units}}
	}
	return w.DB.InTx(context.Background(), func(tx *sqldb.Tx) error {
		if err := w.Store.InsertAllotment(tx, a); err != nil {
			return err
		}
		return w.Book.Claim(tx, claim)
	})
}

// owned is what the plain model knows of a place: whose it is, and where it goes back to.
type owned struct {
	owner seating.Owner
	from  int64
}

type allotModel struct {
	w       *seatingtest.World
	session int64
	seats   map[int32]owned
	units   map[seating.Owner]int
	from    map[int64]seating.AreaQty // by order: Area is the allotment's number 1 to 3
	ids     []int64                   // online, counter, and one that fell back
}

func (m *allotModel) free() int {
	n := 100
	for _, k := range m.units {
		n -= k
	}
	return n
}

func (m *allotModel) kept(id int64) seating.Owner {
	return seating.Owner{Kind: seating.OwnerAllotment, ID: id}
}

func (m *allotModel) claim(t *rapid.T) {
	order := rapid.Int64Range(1, 8).Draw(t, "order")
	who := seatingtest.Order(order)
	places := rapid.SliceOfNDistinct(rapid.Int32Range(1, 24), 0, 5, rapid.ID[int32]).
		Draw(t, "places")
	n := rapid.IntRange(0, 30).Draw(t, "units")
	from := rapid.SliceOfNDistinct(rapid.SampledFrom(m.ids), 0, 2, rapid.ID[int64]).
		Draw(t, "from")
	if m.units[who] > 0 {
		n = 0 // an order takes the units of an area once
	}
	c := seating.Claim{Session: m.session, Owner: who, State: seating.Held, Places: places,
		From: from, Until: sqldbtest.Start.Add(time.Minute)}
	if n > 0 {
		c.Areas = []seating.AreaQty{{Area: standing, N: n}}
	}
	var gone []int32
	for _, p := range places {
		o := m.seats[p].owner
		if o.Kind != 0 && !(o.Kind == seating.OwnerAllotment && slices.Contains(from, o.ID)) {
			gone = append(gone, p)
		}
	}
	slices.Sort(gone)
	best, most := int64(0), 0
	slices.Sort(from)
	for _, id := range from {
		if k := m.units[m.kept(id)]; k > most {
			best, most = id, k
		}
	}
	err := m.w.DB.InTx(context.Background(), func(tx *sqldb.Tx) error {
		return m.w.Book.Claim(tx, c)
	})
	switch {
	case len(gone) > 0:
		if !errors.Is(err, seating.ErrPlaceTaken) ||
			!slices.Equal(fault.Of(err).Details["places"].([]int32), gone) {
			t.Fatalf("claim of taken %v: %v", gone, err)
		}
		return
	case n > most+m.free():
		if !errors.Is(err, seating.ErrAreaFull) {
			t.Fatalf("%d units of %d and %d: %v", n, most, m.free(), err)
		}
		return
	case err != nil:
		t.Fatal(err)
	}
	for _, p := range places {
		m.seats[p] = owned{who, m.seats[p].owner.ID}
	}
	if moved := min(n, most); n > 0 {
		if moved > 0 {
			m.units[m.kept(best)] -= moved
			m.from[order] = seating.AreaQty{Area: int32(slices.Index(m.ids, best)), N: moved}
		}
		m.units[who] += n
	}
}

// release gives up all of an order, or some of its places.
func (m *allotModel) release(t *rapid.T) {
	order := rapid.Int64Range(1, 8).Draw(t, "order")
	who := seatingtest.Order(order)
	all := rapid.Bool().Draw(t, "all")
	var places []int32
	for p, o := range m.seats {
		if o.owner == who && (all || p%2 == 0) {
			places = append(places, p)
		}
	}
	slices.Sort(places)
	arg := append([]int32{}, places...)
	if all {
		arg = nil
	}
	if err := m.w.DB.InTx(context.Background(), func(tx *sqldb.Tx) error {
		return m.w.Book.Release(tx, m.session, who, arg, nil)
	}); err != nil {
		t.Fatal(err)
	}
	for _, p := range places {
		if from := m.seats[p].from; from != 0 && m.stands(from) {
			m.seats[p] = owned{owner: m.kept(from)}
		} else {
			delete(m.seats, p)
		}
	}
	if all && m.units[who] > 0 {
		if f := m.from[order]; f.N > 0 && m.stands(m.ids[f.Area]) {
			m.units[m.kept(m.ids[f.Area])] += f.N
		}
		delete(m.units, who)
		delete(m.from, order)
	}
}

func (m *allotModel) stands(id int64) bool { return id != m.ids[2] }

func (m *allotModel) check(t *rapid.T) {
	p, err := m.w.Store.Picture(context.Background(), m.session)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Claims) != len(m.seats) {
		t.Fatalf("the book has %v, the model %v", p.Claims, m.seats)
	}
	for _, e := range p.Claims {
		if m.seats[e.Place].owner != e.Owner {
			t.Fatalf("place %d belongs to %+v, not to %+v", e.Place, e.Owner, m.seats[e.Place])
		}
	}
	if a := p.Areas[0]; a.Taken != 100-m.free() || a.Kept != m.units[m.kept(m.ids[0])] {
		t.Fatalf("the area is %+v; the model has %d free, units %v", a, m.free(), m.units)
	}
	plan := seating.Ref{Session: m.session, Map: seatingtest.MapID}
	v, err := m.w.Store.Verdict(context.Background(), m.session)
	sum, sumErr := m.w.Mem.Sum(context.Background(), plan)
	if err != nil || sumErr != nil || sum != v.Sum {
		t.Fatalf("the board says %+v, the book %+v (%v, %v)", sum, v.Sum, err, sumErr)
	}
}

// TestAllotmentsAgainstAPlainModel: whatever is claimed with whichever allotments and given
// up again, each place and unit belongs to whom a plain map says, goes back to the
// allotment that it came from while that stands, and the board sees the same.
func TestAllotmentsAgainstAPlainModel(t *testing.T) {
	t.Parallel()
	db := sqldbtest.Open(t, fake())
	w := seatingtest.New(t, db, fake(), seatingtest.Options{})
	session := seatingtest.Session
	rapid.Check(t, func(rt *rapid.T) {
		session++
		w.AddSession(t, session, seatingtest.MapID)
		m := &allotModel{w: w, session: session, seats: map[int32]owned{},
			units: map[seating.Owner]int{}, from: map[int64]seating.AreaQty{}}
		for i, c := range []seating.Channel{seating.Online, seating.Counter, seating.Agency} {
			id, falls := session*10+int64(i), time.Time{}
			if i == 2 {
				falls = sqldbtest.Start.Add(-time.Minute)
			}
			places := []int32{int32(i*3 + 1), int32(i*3 + 2), int32(i*3 + 3)}
			if err := allot(w, session, id, c, falls, places, 20); err != nil {
				rt.Fatal(err)
			}
			for _, p := range places {
				m.seats[p] = owned{owner: m.kept(id)}
			}
			m.units[m.kept(id)], m.ids = 20, append(m.ids, id)
		}
		rt.Repeat(map[string]func(*rapid.T){"claim": m.claim, "release": m.release,
			"": m.check})
	})
}

// rush lets buyers of a channel and of the public take the places of an allotment while it
// falls back, and counts for each place how many were told that it is theirs.
func rush(t *testing.T, w *seatingtest.World, take func(order int64, place int32) error) []int32 {
	t.Helper()
	const places = 40
	list := make([]int32, places)
	for i := range list {
		list[i] = int32(i + 1)
	}
	if err := allot(w, seatingtest.Session, 900, seating.Counter, time.Time{}, list,
		0); err != nil {
		t.Fatal(err)
	}
	told := make([]atomic.Int32, places+1)
	var orders atomic.Int64
	begun := make(chan struct{}) // closed when enough were sold from the allotment
	var wg sync.WaitGroup
	for b := range int32(12) {
		wg.Go(func() {
			for k := range int32(places) {
				place := (k*7+b*3)%places + 1
				n := orders.Add(1)
				if take(1000+n, place) == nil {
					told[place].Add(1)
				}
				if n == 60 {
					close(begun)
				}
			}
		})
	}
	wg.Go(func() {
		<-begun
		if err := w.DB.InTx(context.Background(), func(tx *sqldb.Tx) error {
			return w.Book.Release(tx, seatingtest.Session,
				seating.Owner{Kind: seating.OwnerAllotment, ID: 900}, nil, nil)
		}); err != nil {
			t.Error(err)
		}
	})
	wg.Wait()
	var twice []int32
	for p := range told {
		if told[p].Load() > 1 {
			twice = append(twice, int32(p))
		}
	}
	return twice
}

// TestAnAllotmentFallsBackWhileItSells: no place is sold twice, and all are sold. The
// control takes places without the guard of the book and is caught.
func TestAnAllotmentFallsBackWhileItSells(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *seatingtest.World) {
		twice := rush(t, w, func(order int64, place int32) error {
			return w.DB.InTx(context.Background(), func(tx *sqldb.Tx) error {
				return w.Book.Claim(tx, seating.Claim{Session: seatingtest.Session,
					Owner: seatingtest.Order(order), State: seating.Sold, Places: []int32{place},
					From: []int64{900}})
			})
		})
		if len(twice) > 0 {
			t.Errorf("sold twice: %v", twice)
		}
		p, err := w.Store.Picture(context.Background(), seatingtest.Session)
		if err != nil || len(p.Claims) != 40 {
			t.Fatalf("%d places are sold (%v)", len(p.Claims), err)
		}
		for _, e := range p.Claims {
			if e.Owner.Kind != seating.OwnerOrder {
				t.Errorf("%+v is nobody's", e)
			}
		}
		w.BoardEqualsBook(t)
	})
	each(t, func(t *testing.T, w *seatingtest.World) {
		twice := rush(t, w, func(order int64, place int32) error {
			return w.DB.InTx(context.Background(), func(tx *sqldb.Tx) error {
				n, err := tx.Exec(`UPDATE claim SET owner_kind = 1, owner_id = ?, state = 2
					WHERE session_id = ? AND place = ?`, order, seatingtest.Session, place)
				if err == nil && n == 0 {
					err = seating.ErrPlaceTaken
				}
				return err
			})
		})
		if len(twice) == 0 {
			t.Error("without the guard nothing is sold twice: the test proves nothing")
		}
	})
}
