package seating_test

import (
	"context"
	"errors"

	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/seating"
	"foyer/internal/seating/seatingtest"
	"foyer/internal/seating/seatmap"
	"foyer/internal/sqldb"
	"foyer/internal/sqldb/sqldbtest"
)

func world(t testing.TB, o seatingtest.Options) *seatingtest.World {
	return seatingtest.New(t, sqldbtest.Open(t, clock.Real{}), clock.Real{}, o)
}

func lossy(seed uint64) func(*seating.MemBoard) seating.Board {
	return func(good *seating.MemBoard) seating.Board { return seatingtest.NewLossy(good, seed) }
}

func TestBoardsConform(t *testing.T) {
	t.Parallel()
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		seatingtest.Conform(t, func(t *testing.T) *seatingtest.World {
			return world(t, seatingtest.Options{})
		})
	})
	t.Run("lossy", func(t *testing.T) {
		t.Parallel()
		seatingtest.Conform(t, func(t *testing.T) *seatingtest.World {
			return world(t, seatingtest.Options{Wrap: lossy(7)})
		})
	})
}

func ask(by int64, places ...int32) seating.Ask {
	return seating.Ask{Session: seatingtest.Session, MapID: seatingtest.MapID, By: by,
		Places: places}
}

// place is what an order does: choose, claim what was chosen, drop the choice.
func place(w *seatingtest.World, order int64, a seating.Ask) error {
	ch, err := w.Pick.Choose(context.Background(), a)
	if err != nil {
		return err
	}
	defer w.Pick.Drop(ch)
	return w.DB.InTx(context.Background(), func(tx *sqldb.Tx) error {
		return w.Book.Claim(tx, seating.Claim{Session: a.Session, Owner: seatingtest.Order(order),
			State: seating.Held, Places: ch.Places, Areas: ch.Areas,
			Until: tx.Now.Add(time.Minute)})
	})
}

// TestALyingBoardSellsNothingTwice blocks seats, then lets a crowd buy through a board that
// loses and invents: what is blocked stays blocked, no seat and no unit is sold twice, and
// everything is sold in the end.
func TestALyingBoardSellsNothingTwice(t *testing.T) {
	t.Parallel()
	w := world(t, seatingtest.Options{Map: seatingtest.Rows(5, 8), Wrap: lossy(3)})
	blocked := []int32{1, 2, 20, 40}
	w.Tx(t, func(tx *sqldb.Tx) error {
		return w.Book.Claim(tx, seating.Claim{Session: seatingtest.Session,
			Owner: seating.Owner{Kind: seating.OwnerBlock, ID: 9}, State: seating.Closed,
			Places: blocked})
	})
	var orders, doubts atomic.Int64
	var wg sync.WaitGroup
	for buyer := range int64(16) {
		wg.Go(func() {
			for k := range int32(40) {
				a := ask(buyer+1, (k+int32(buyer))%40+1)
				a.Areas = []seating.AreaQty{{Area: 41, N: 3}}
				err := place(w, orders.Add(1)+100, a)
				if errors.Is(err, seating.ErrPlaceTaken) {
					doubts.Add(1)
				}
			}
		})
	}
	wg.Wait()
	p, err := w.Store.Picture(context.Background(), seatingtest.Session)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range p.Claims {
		if slices.Contains(blocked, e.Place) != (e.Owner.Kind == seating.OwnerBlock) {
			t.Errorf("place %d belongs to %+v", e.Place, e.Owner)
		}
	}
	if n := p.Areas[0].Taken; n != 99 || len(p.Claims) != 4+33 {
		t.Errorf("%d units and %d seats were sold, want 99 and 33", n, len(p.Claims)-4)
	}
	if doubts.Load() == 0 {
		t.Error("the board never lied: the test proves nothing")
	}
	if _, err := w.Board.Reload(context.Background(), seatingtest.Ref()); err != nil {
		t.Fatal(err)
	}
	w.BoardEqualsBook(t)
}

func TestTheThreeFinalAnswers(t *testing.T) {
	t.Parallel()
	w := world(t, seatingtest.Options{Map: noAreas(2, 3)})
	best := ask(1)
	best.Best = &seating.Best{N: 4}
	if err := place(w, 1, best); err != nil {
		t.Fatal(err)
	}
	best.Best = &seating.Best{N: 3}
	if err := place(w, 2, best); !errors.Is(err, seating.ErrNoMatch) {
		t.Fatalf("two are free, three wanted: %v", err)
	}
	best.Best = &seating.Best{N: 2}
	if err := place(w, 3, best); err != nil {
		t.Fatal(err)
	}
	w.Tx(t, func(tx *sqldb.Tx) error {
		return w.Book.Sell(tx, seatingtest.Session, seatingtest.Order(1), 4)
	})
	err := place(w, 4, best)
	if !errors.Is(err, seating.ErrAllHeld) || fault.Of(err).Details["next_release"] == nil {
		t.Fatalf("two are held: %v", err)
	}
	if fault.Of(err).RetryAfter <= 0 {
		t.Error("all_held does not say when to come back")
	}
	w.Tx(t, func(tx *sqldb.Tx) error {
		return w.Book.Sell(tx, seatingtest.Session, seatingtest.Order(3), 2)
	})
	if err := place(w, 4, best); !errors.Is(err, seating.ErrSoldOut) {
		t.Fatalf("all are sold: %v", err)
	}
	if err := place(w, 4, ask(2, 1)); !errors.Is(err, seating.ErrSoldOut) {
		t.Fatalf("a named place of a sold-out session: %v", err)
	}
}

// counting counts the questions put to the book.
type counting struct {
	seating.Truth
	verdicts atomic.Int64
}

func (c *counting) Verdict(ctx context.Context, session int64) (seating.Verdict, error) {
	c.verdicts.Add(1)
	return c.Truth.Verdict(ctx, session)
}

func TestManyNosAskTheBookOnce(t *testing.T) {
	t.Parallel()
	clk := clock.NewFake(sqldbtest.Start)
	w := seatingtest.New(t, sqldbtest.Open(t, clk), clk, seatingtest.Options{})
	truth := &counting{Truth: w.Store}
	w.Pick = seating.NewChooser(w.Board, truth, w.Plans, clk)
	if err := w.Hold(1, 5); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for by := range int64(50) {
		wg.Go(func() {
			for range 20 {
				if _, err := w.Pick.Choose(context.Background(), ask(by, 5)); !errors.Is(err,
					seating.ErrPlaceTaken) {
					t.Errorf("%v", err)
				}
			}
		})
	}
	wg.Wait()
	if n := truth.verdicts.Load(); n != 1 {
		t.Errorf("1,000 refusals within a moment asked the book %d times", n)
	}
	clk.Advance(251 * time.Millisecond)
	w.Pick.Choose(context.Background(), ask(1, 5))
	if n := truth.verdicts.Load(); n != 2 {
		t.Errorf("a quarter of a second later the book was asked %d times in all", n)
	}
}

func TestAWrongNoIsFoundOut(t *testing.T) {
	t.Parallel()
	var board *forgetful
	w := world(t, seatingtest.Options{Wrap: func(good *seating.MemBoard) seating.Board {
		board = &forgetful{Board: good}
		return board
	}})
	if err := place(w, 1, ask(1, 7, 8)); err != nil {
		t.Fatal(err)
	}
	board.deaf.Store(true)
	w.Tx(t, func(tx *sqldb.Tx) error {
		return w.Book.Release(tx, seatingtest.Session, seatingtest.Order(1), nil, nil)
	})
	if err := place(w, 2, ask(2, 7, 8)); err != nil {
		t.Fatalf("the book has the places, the buyer was told: %v", err)
	}
}

// forgetful loses all changes while it is deaf.
type forgetful struct {
	seating.Board
	deaf atomic.Bool
}

func (f *forgetful) Apply(d seating.Delta) {
	if !f.deaf.Load() {
		f.Board.Apply(d)
	}
}

func TestABoardThatIsDownIsDoneWithout(t *testing.T) {
	t.Parallel()
	w := world(t, seatingtest.Options{Wrap: func(good *seating.MemBoard) seating.Board {
		l := seatingtest.NewLossy(good, 1)
		l.Fail = 1
		return l
	}})
	if err := place(w, 1, ask(1, 3)); err != nil {
		t.Fatal(err)
	}
	if err := place(w, 2, ask(2, 3)); !errors.Is(err, seating.ErrPlaceTaken) {
		t.Fatalf("taken, and the board is down: %v", err)
	}
}

func TestOwnPlacesCountAsFree(t *testing.T) {
	t.Parallel()
	w := world(t, seatingtest.Options{})
	if err := place(w, 1, ask(1, 7, 8)); err != nil {
		t.Fatal(err)
	}
	a := ask(1, 8, 9)
	a.Order = 1
	ch, err := w.Pick.Choose(context.Background(), a)
	if err != nil || !slices.Equal(ch.Places, []int32{8, 9}) {
		t.Fatalf("%+v %v", ch, err)
	}
}

func TestAPickInTheWayIsWaitedFor(t *testing.T) {
	t.Parallel()
	w := world(t, seatingtest.Options{})
	first, err := w.Pick.Choose(context.Background(), ask(1, 7))
	if err != nil {
		t.Fatal(err)
	}
	second := make(chan error)
	go func() {
		ch, err := w.Pick.Choose(context.Background(), ask(2, 7))
		w.Pick.Drop(ch)
		second <- err
	}()
	w.Pick.Drop(first)
	if err := <-second; err != nil {
		t.Fatalf("the first buyer gave up, the second was told: %v", err)
	}
}

// TestNoChangeIsLostWhileASessionIsRead loads the board while claims go on and compares.
func TestNoChangeIsLostWhileASessionIsRead(t *testing.T) {
	t.Parallel()
	w := world(t, seatingtest.Options{MaxSessions: 1})
	other := seating.Ref{Session: 55, Map: seatingtest.MapID}
	var wg sync.WaitGroup
	wg.Go(func() {
		for order := int64(1); order <= 200; order++ {
			if err := w.Hold(order, int32(order)); err != nil {
				t.Error(err)
			}
			if order%2 == 0 {
				w.Tx(t, func(tx *sqldb.Tx) error {
					return w.Book.Release(tx, seatingtest.Session, seatingtest.Order(order),
						nil, nil)
				})
			}
		}
	})
	wg.Go(func() {
		for range 100 {
			w.Board.Snapshot(context.Background(), seatingtest.Ref())
			w.Board.Snapshot(context.Background(), other) // pushes the session out
			w.Board.Reload(context.Background(), seatingtest.Ref())
		}
	})
	wg.Wait()
	w.BoardEqualsBook(t)
}

func TestIdleSessionsMakeRoom(t *testing.T) {
	t.Parallel()
	w := world(t, seatingtest.Options{MaxSessions: 16})
	for s := range int64(100) {
		ref := seating.Ref{Session: s + 1, Map: seatingtest.MapID}
		if _, err := w.Board.Snapshot(context.Background(), ref); err != nil {
			t.Fatal(err)
		}
	}
	if n, _ := w.Mem.Loaded(); n > 16 {
		t.Errorf("%d sessions are kept", n)
	}
}

func frame(t *testing.T, c <-chan []byte) string {
	t.Helper()
	select {
	case f := <-c:
		return string(f)
	case <-time.After(10 * time.Second):
		t.Fatal("no frame came")
	}
	return ""
}

func TestStreamsResumeAndNoticeGaps(t *testing.T) {
	t.Parallel()
	w := world(t, seatingtest.Options{})
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	go w.Mem.Run(ctx)
	shot, err := w.Board.Snapshot(ctx, seatingtest.Ref())
	if err != nil {
		t.Fatal(err)
	}
	open := func(since string) *seating.Subscription {
		t.Helper()
		sub, err := w.Board.Subscribe(ctx, seatingtest.Ref(), since)
		if err != nil {
			t.Fatal(err)
		}
		return sub
	}
	sub := open("")
	if f := frame(t, sub.C); !strings.Contains(f, "event: at\n") {
		t.Fatalf("the stream begins with %q", f)
	}
	if err := w.Hold(1, 1, 3); err != nil {
		t.Fatal(err)
	}
	if f := frame(t, sub.C); !strings.Contains(f, `"seats":[0,1,2,1]`) {
		t.Fatalf("the change came as %q", f)
	}
	sub.Close()
	if err := w.Hold(2, 4); err != nil {
		t.Fatal(err)
	}
	if f := frame(t, open(shot.Stamp.String()).C); !strings.Contains(f, `"seats":[0,1,2,1]`) ||
		!strings.Contains(f, `"seats":[3,1]`) {
		t.Errorf("resumed with %q", f)
	}
	for _, since := range []string{"zz.1", "1.zzzz", "garbage", shot.Stamp.String() + "zz"} {
		if f := frame(t, open(since).C); !strings.Contains(f, "event: reset\n") {
			t.Errorf("from %s: %q", since, f)
		}
	}
	for order := range int64(90) { // more frames than are kept
		if err := w.Hold(order+10, int32(order)+20); err != nil {
			t.Fatal(err)
		}
		open("").Close() // which flushes
	}
	if f := frame(t, open(shot.Stamp.String()).C); !strings.Contains(f, "event: reset\n") {
		t.Errorf("after a gap: %.80q", f)
	}
}

func TestASlowReaderIsDropped(t *testing.T) {
	t.Parallel()
	w := world(t, seatingtest.Options{})
	ctx := context.Background()
	slow, err := w.Board.Subscribe(ctx, seatingtest.Ref(), "")
	if err != nil {
		t.Fatal(err)
	}
	for order := range int64(40) {
		if err := w.Hold(order+1, int32(order)+1); err != nil {
			t.Fatal(err)
		}
		s, err := w.Board.Subscribe(ctx, seatingtest.Ref(), "")
		if err != nil {
			t.Fatal(err)
		}
		s.Close()
	}
	n := 0
	for range slow.C {
		n++
	}
	if n == 0 || n > 20 {
		t.Errorf("a reader who reads nothing was sent %d frames and kept", n)
	}
}

func TestAChangedSessionIsReadAnew(t *testing.T) {
	t.Parallel()
	w := world(t, seatingtest.Options{})
	ctx := context.Background()
	sub, err := w.Board.Subscribe(ctx, seatingtest.Ref(), "")
	if err != nil {
		t.Fatal(err)
	}
	before, _ := w.Board.Snapshot(ctx, seatingtest.Ref())
	w.Board.Apply(seating.Delta{Kind: seating.Remade, Session: seatingtest.Session})
	<-sub.C
	if _, open := <-sub.C; open {
		t.Error("a stream of the old session goes on")
	}
	after, err := w.Board.Snapshot(ctx, seatingtest.Ref())
	if err != nil || after.Epoch <= before.Epoch {
		t.Errorf("epoch %d after %d: %v", after.Epoch, before.Epoch, err)
	}
}

func TestLateChangesLoseAgainstNewerClaims(t *testing.T) {
	t.Parallel()
	w := world(t, seatingtest.Options{})
	ctx := context.Background()
	if _, err := w.Board.Snapshot(ctx, seatingtest.Ref()); err != nil {
		t.Fatal(err)
	}
	d := func(kind seating.DeltaKind, seq, owner int64, state seating.ClaimState, p ...int32) {
		w.Board.Apply(seating.Delta{Kind: kind, Seq: seq, Session: seatingtest.Session,
			Owner: seatingtest.Order(owner), State: state, Places: p})
	}
	state := func(i int) seating.ClaimState {
		s, err := w.Board.Snapshot(ctx, seatingtest.Ref())
		if err != nil {
			t.Fatal(err)
		}
		return s.State(i)
	}
	d(seating.Begun, 30, 3, seating.Sold, 1)
	d(seating.Begun, 10, 1, seating.Held, 1) // late
	d(seating.Ended, 20, 1, 0)               // late
	if got := state(0); got != seating.Sold {
		t.Errorf("a late claim won: %d", got)
	}
	d(seating.Ended, 50, 5, 0)
	d(seating.Begun, 40, 5, seating.Held, 2) // of an order that has ended
	if got := state(1); got != 0 {
		t.Errorf("a claim that ended before it came: %d", got)
	}
}

// noAreas is seatingtest.Rows with numbered seats alone.
func noAreas(rows, seats int) *seatmap.Map {
	m := seatingtest.Rows(rows, seats)
	m.Floors[0].Areas = nil
	m.Zones = m.Zones[:1]
	return m
}
