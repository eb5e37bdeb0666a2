package seatingdb_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/seating"
	"foyer/internal/seating/seatingtest"
	"foyer/internal/sqldb"
	"foyer/internal/sqldb/sqldbtest"
)

func fake() clock.Clock { return clock.NewFake(sqldbtest.Start) }

func each(t *testing.T, fn func(t *testing.T, w *seatingtest.World)) {
	sqldbtest.Each(t, fake, func(t *testing.T, db *sqldb.DB) {
		fn(t, seatingtest.New(t, db, fake(), seatingtest.Options{}))
	})
}

const (
	standing int32 = 201 // of seatingtest.Rows(10, 20)
	table    int32 = 202
)

func TestAClaimIsAllOrNothing(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *seatingtest.World) {
		if err := w.Hold(1, 3, 4); err != nil {
			t.Fatal(err)
		}
		err := w.Hold(2, 2, 3, 4, 5)
		if !errors.Is(err, seating.ErrPlaceTaken) {
			t.Fatalf("a second owner: %v", err)
		}
		if got := fault.Of(err).Details["places"]; !slices.Equal(got.([]int32), []int32{3, 4}) {
			t.Errorf("the refusal names %v", got)
		}
		if err := w.Hold(3, 2, 5); err != nil {
			t.Errorf("what the refused claim asked for besides is gone: %v", err)
		}
		long := make([]int32, 150)
		for i := range long {
			long[i] = int32(200 - i)
		}
		if err := w.Hold(4, long...); err != nil {
			t.Fatalf("150 places: %v", err)
		}
		w.BoardEqualsBook(t)
	})
}

func claimUnits(w *seatingtest.World, order int64, area int32, n int) error {
	return w.DB.InTx(context.Background(), func(tx *sqldb.Tx) error {
		return w.Book.Claim(tx, seating.Claim{Session: seatingtest.Session,
			Owner: seatingtest.Order(order), State: seating.Held, Until: tx.Now.Add(time.Minute),
			Areas: []seating.AreaQty{{Area: area, N: n}}})
	})
}

func TestAreasNeverPassTheirCapacity(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *seatingtest.World) {
		if err := claimUnits(w, 1, standing, 60); err != nil {
			t.Fatal(err)
		}
		err := claimUnits(w, 2, standing, 41)
		if !errors.Is(err, seating.ErrAreaFull) || fault.Of(err).Details["free"] != 40 {
			t.Fatalf("101 of 100: %v %v", err, fault.Of(err).Details)
		}
		if err := claimUnits(w, 2, standing, 40); err != nil {
			t.Fatal(err)
		}
		if err := claimUnits(w, 3, table, 1); err != nil {
			t.Fatal(err)
		}
		if err := claimUnits(w, 4, table, 1); !errors.Is(err, seating.ErrAreaFull) {
			t.Fatalf("a table twice: %v", err)
		}
		if err := claimUnits(w, 4, 999, 1); !errors.Is(err, seating.ErrUnknownPlace) {
			t.Fatalf("no such area: %v", err)
		}
		w.Tx(t, func(tx *sqldb.Tx) error {
			return w.Book.Release(tx, seatingtest.Session, seatingtest.Order(1), nil,
				[]seating.AreaQty{{Area: standing, N: 10}})
		})
		if err := claimUnits(w, 5, standing, 10); err != nil {
			t.Fatal(err)
		}
		w.Tx(t, func(tx *sqldb.Tx) error {
			return w.Book.Sell(tx, seatingtest.Session, seatingtest.Order(1), 50)
		})
		w.BoardEqualsBook(t)
	})
}

func TestSellAndReleaseCountTheirRows(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *seatingtest.World) {
		if err := w.Hold(1, 10, 11); err != nil {
			t.Fatal(err)
		}
		run := func(fn func(tx *sqldb.Tx) error) error {
			return w.DB.InTx(context.Background(), fn)
		}
		sell := func(n int) error {
			return run(func(tx *sqldb.Tx) error {
				return w.Book.Sell(tx, seatingtest.Session, seatingtest.Order(1), n)
			})
		}
		for _, n := range []int{0, 1, 3} {
			if err := sell(n); fault.KindOf(err) != fault.Internal {
				t.Errorf("sold %d of 2: %v", n, err)
			}
		}
		err := run(func(tx *sqldb.Tx) error {
			return w.Book.Release(tx, seatingtest.Session, seatingtest.Order(1),
				[]int32{10, 12}, nil)
		})
		if fault.KindOf(err) != fault.Internal {
			t.Errorf("released somebody else's: %v", err)
		}
		if err := sell(2); err != nil {
			t.Fatal(err)
		}
		if err := sell(2); fault.KindOf(err) != fault.Internal {
			t.Errorf("sold twice: %v", err)
		}
		w.Tx(t, func(tx *sqldb.Tx) error {
			return w.Book.Release(tx, seatingtest.Session, seatingtest.Order(1), []int32{11}, nil)
		})
		w.Tx(t, func(tx *sqldb.Tx) error {
			return w.Book.Release(tx, seatingtest.Session, seatingtest.Order(1), []int32{}, nil)
		})
		if err := w.Hold(2, 10); !errors.Is(err, seating.ErrPlaceTaken) {
			t.Errorf("an empty release freed all: %v", err)
		}
		w.Tx(t, func(tx *sqldb.Tx) error {
			return w.Book.Release(tx, seatingtest.Session, seatingtest.Order(1), nil, nil)
		})
		w.BoardEqualsBook(t)
		if err := w.Hold(2, 10, 11); err != nil {
			t.Fatal(err)
		}
	})
}

// TestBookAndBoardAgainstAModel walks through claims, sales and endings at random; book and
// board must say what a plain map says.
func TestBookAndBoardAgainstAModel(t *testing.T) {
	t.Parallel()
	db := sqldbtest.Open(t, fake())
	w := seatingtest.New(t, db, fake(), seatingtest.Options{})
	session := seatingtest.Session
	rapid.Check(t, func(rt *rapid.T) {
		session++
		w.AddSession(t, session, seatingtest.MapID)
		m := model{w: w, session: session, seats: map[int32]int64{}, sold: map[int64]bool{},
			units: map[int64]int{}}
		rt.Repeat(map[string]func(*rapid.T){"claim": m.claim, "sell": m.sell,
			"release": m.release, "end": m.end, "units": m.take, "": m.check})
	})
}

type model struct {
	w       *seatingtest.World
	session int64
	seats   map[int32]int64
	units   map[int64]int
	sold    map[int64]bool
}

func (m *model) tx(fn func(tx *sqldb.Tx) error) error {
	return m.w.DB.InTx(context.Background(), fn)
}

func (m *model) claim(t *rapid.T) {
	order := rapid.Int64Range(1, 12).Draw(t, "order")
	places := rapid.SliceOfNDistinct(rapid.Int32Range(1, 30), 1, 5, rapid.ID[int32]).
		Draw(t, "places")
	if m.sold[order] {
		return
	}
	err := m.tx(func(tx *sqldb.Tx) error {
		return m.w.Book.Claim(tx, seating.Claim{Session: m.session, Owner: seatingtest.Order(order),
			State: seating.Held, Places: places, Until: tx.Now.Add(time.Minute)})
	})
	var gone []int32
	for _, p := range places {
		if m.seats[p] != 0 {
			gone = append(gone, p)
		}
	}
	slices.Sort(gone)
	if len(gone) > 0 {
		if !errors.Is(err, seating.ErrPlaceTaken) ||
			!slices.Equal(fault.Of(err).Details["places"].([]int32), gone) {
			t.Fatalf("claim of taken %v: %v", gone, err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range places {
		m.seats[p] = order
	}
}

func (m *model) take(t *rapid.T) {
	order := rapid.Int64Range(1, 12).Draw(t, "order")
	n := rapid.IntRange(1, 40).Draw(t, "n")
	if m.sold[order] {
		return
	}
	used := 0
	for _, u := range m.units {
		used += u
	}
	err := m.tx(func(tx *sqldb.Tx) error {
		return m.w.Book.Claim(tx, seating.Claim{Session: m.session, Owner: seatingtest.Order(order),
			State: seating.Held, Areas: []seating.AreaQty{{Area: standing, N: n}}})
	})
	if used+n > 100 {
		if !errors.Is(err, seating.ErrAreaFull) {
			t.Fatalf("%d of %d left: %v", n, 100-used, err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	m.units[order] += n
}

func (m *model) has(order int64) (places []int32) {
	for p, o := range m.seats {
		if o == order {
			places = append(places, p)
		}
	}
	slices.Sort(places)
	return places
}

func (m *model) sell(t *rapid.T) {
	order := rapid.Int64Range(1, 12).Draw(t, "order")
	n := len(m.has(order)) + m.units[order]
	err := m.tx(func(tx *sqldb.Tx) error {
		return m.w.Book.Sell(tx, m.session, seatingtest.Order(order), n)
	})
	switch {
	case n == 0 && err != nil, n > 0 && (err == nil) == m.sold[order]:
		t.Fatalf("sell %d of %d (sold before: %v): %v", n, order, m.sold[order], err)
	case n > 0:
		m.sold[order] = true
	}
}

func (m *model) release(t *rapid.T) {
	order := rapid.Int64Range(1, 12).Draw(t, "order")
	places := m.has(order)
	if len(places) == 0 {
		return
	}
	places = places[:rapid.IntRange(1, len(places)).Draw(t, "n")]
	if err := m.tx(func(tx *sqldb.Tx) error {
		return m.w.Book.Release(tx, m.session, seatingtest.Order(order), places, nil)
	}); err != nil {
		t.Fatal(err)
	}
	for _, p := range places {
		delete(m.seats, p)
	}
}

func (m *model) end(t *rapid.T) {
	order := rapid.Int64Range(1, 12).Draw(t, "order")
	if err := m.tx(func(tx *sqldb.Tx) error {
		return m.w.Book.Release(tx, m.session, seatingtest.Order(order), nil, nil)
	}); err != nil {
		t.Fatal(err)
	}
	for _, p := range m.has(order) {
		delete(m.seats, p)
	}
	delete(m.units, order)
	delete(m.sold, order)
}

func (m *model) check(t *rapid.T) {
	ctx := context.Background()
	ref := seating.Ref{Session: m.session, Map: seatingtest.MapID}
	p, err := m.w.Store.Picture(ctx, m.session)
	if err != nil {
		t.Fatal(err)
	}
	got := map[int32]int64{}
	for _, e := range p.Claims {
		got[e.Place] = e.Owner.ID
		if (e.State == seating.Sold) != m.sold[e.Owner.ID] {
			t.Fatalf("place %d is in state %d, its order sold: %v", e.Place, e.State,
				m.sold[e.Owner.ID])
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(m.seats) {
		t.Fatalf("the book has %v, the model %v", got, m.seats)
	}
	v, err := m.w.Store.Verdict(ctx, m.session)
	if err != nil {
		t.Fatal(err)
	}
	if sum, err := m.w.Board.Sum(ctx, ref); err != nil || sum != v.Sum {
		t.Fatalf("the board has %+v, the book %+v (%v)", sum, v.Sum, err)
	}
}

// crowd lets 64 buyers claim the same seats in pairs at the same time and returns what the
// auditor counted: owners by seat, from what each buyer was told.
func crowd(buy func(order int64, places []int32) error) map[int32][]int64 {
	var mu sync.Mutex
	owners := map[int32][]int64{}
	var wg sync.WaitGroup
	for buyer := range int64(64) {
		wg.Go(func() {
			for k := range int32(20) {
				first := (int32(buyer)+k)%20*2 + 1
				places := []int32{first, first + 1}
				order := buyer*1000 + int64(k) + 1
				if err := buy(order, places); err == nil {
					mu.Lock()
					for _, p := range places {
						owners[p] = append(owners[p], order)
					}
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	return owners
}

// doubled are the seats that more than one buyer was promised.
func doubled(owners map[int32][]int64) (list []int32) {
	for p, who := range owners {
		if len(who) != 1 {
			list = append(list, p)
		}
	}
	return list
}

func TestACrowdGetsEachSeatOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *seatingtest.World) {
		owners := crowd(func(order int64, places []int32) error { return w.Hold(order, places...) })
		if len(owners) != 40 || len(doubled(owners)) > 0 {
			t.Errorf("%d of 40 seats sold, doubled: %v", len(owners), doubled(owners))
		}
		p, err := w.Store.Picture(context.Background(), seatingtest.Session)
		if err != nil || len(p.Claims) != 40 {
			t.Fatalf("%d claims: %v", len(p.Claims), err)
		}
		for _, e := range p.Claims {
			if !slices.Equal(owners[e.Place], []int64{e.Owner.ID}) {
				t.Errorf("seat %d is order %d's; told were %v", e.Place, e.Owner.ID,
					owners[e.Place])
			}
		}
		w.BoardEqualsBook(t)
	})
}

// TestTheAuditorSeesDoubleSales is the control: without the primary key, and with a look
// before the claim as the only check, the auditor above must report double sales.
func TestTheAuditorSeesDoubleSales(t *testing.T) {
	t.Parallel()
	w := seatingtest.New(t, sqldbtest.Open(t, fake()), fake(), seatingtest.Options{})
	w.Tx(t, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(`CREATE TABLE loose_claim (place INT NOT NULL, owner_id BIGINT NOT NULL)`)
		return err
	})
	// Every buyer's first look is over before anybody's first claim, as a crowd's is.
	var looked sync.WaitGroup
	looked.Add(64)
	owners := crowd(func(order int64, places []int32) error {
		var n int
		err := w.DB.QueryRow(context.Background(), `SELECT COUNT(*) FROM loose_claim
			WHERE place IN (?, ?)`, places[0], places[1]).Scan(&n)
		if order%1000 == 1 {
			looked.Done()
			looked.Wait()
		}
		if err != nil || n > 0 {
			return seating.ErrPlaceTaken
		}
		return w.DB.InTx(context.Background(), func(tx *sqldb.Tx) error {
			for _, p := range places {
				if _, err := tx.Exec(`INSERT INTO loose_claim (place, owner_id) VALUES (?, ?)`,
					p, order); err != nil {
					return err
				}
			}
			return nil
		})
	})
	if len(doubled(owners)) == 0 {
		t.Fatal("the auditor counts no double sale where nothing prevents one")
	}
}
