package seatingtest

import (
	"context"
	"errors"
	"slices"
	"testing"

	"foyer/internal/seating"
	"foyer/internal/seating/choose"
	"foyer/internal/sqldb"
)

// Conform is what every board must do, the bad ones too: after it has read the book again
// its picture is the book's, it hands out only what exists and as much as was asked for, a
// sale through it never gives a place to two, and it gives picks back.
func Conform(t *testing.T, open func(t *testing.T) *World) {
	t.Run("repair", func(t *testing.T) { conformRepair(t, open(t)) })
	t.Run("picks", func(t *testing.T) { conformPicks(t, open(t)) })
	t.Run("stream", func(t *testing.T) { conformStream(t, open(t)) })
}

func conformRepair(t *testing.T, w *World) {
	ctx := context.Background()
	if _, err := w.Board.Snapshot(ctx, Ref()); err != nil {
		t.Fatal(err)
	}
	for order := int64(1); order <= 40; order++ {
		if err := w.Hold(order, int32(order*4), int32(order*4+1)); err != nil {
			t.Fatal(err)
		}
		w.Tx(t, func(tx *sqldb.Tx) error {
			switch order % 3 {
			case 0:
				return w.Book.Release(tx, Session, Order(order), nil, nil)
			case 1:
				return w.Book.Sell(tx, Session, Order(order), 2)
			}
			return nil
		})
	}
	if _, err := w.Board.Reload(ctx, Ref()); err != nil {
		t.Fatal(err)
	}
	w.BoardEqualsBook(t)
}

// BoardEqualsBook compares the picture with the claims, seat by seat.
func (w *World) BoardEqualsBook(t testing.TB) {
	t.Helper()
	ctx := context.Background()
	v, err := w.Store.Verdict(ctx, Session)
	if err != nil {
		t.Fatal(err)
	}
	sum, err := w.Board.Sum(ctx, Ref())
	if err != nil || sum != v.Sum {
		t.Fatalf("the board sums to %+v, the book to %+v (%v)", sum, v.Sum, err)
	}
	p, err := w.Store.Picture(ctx, Session)
	if err != nil {
		t.Fatal(err)
	}
	shot, err := w.Board.Snapshot(ctx, Ref())
	if err != nil {
		t.Fatal(err)
	}
	plan, err := w.Plans.Plan(ctx, MapID)
	if err != nil {
		t.Fatal(err)
	}
	want := map[int32]seating.ClaimState{}
	for _, e := range p.Claims {
		want[e.Place] = e.State
		if e.State == seating.Kept { // buyers online see what is kept for them as free
			want[e.Place] = 0
		}
	}
	for i := range plan.Index.Len() {
		place := int32(plan.Index.Seat(i).Place)
		if got := shot.State(i); got != want[place] {
			t.Fatalf("seat %d is %d on the board, %d in the book", place, got, want[place])
		}
	}
	if !slices.Equal(shot.Areas, p.Areas) {
		t.Fatalf("areas %+v on the board, %+v in the book", shot.Areas, p.Areas)
	}
}

// pickUntil repeats while the board fails; one that fails for ever fails the test.
func (w *World) pickUntil(t *testing.T, ask seating.PickAsk) seating.PickResult {
	t.Helper()
	for range 200 {
		r, err := w.Board.Pick(context.Background(), ask)
		if err == nil {
			return r
		}
		if !errors.Is(err, ErrBoardDown) {
			t.Fatal(err)
		}
	}
	t.Fatal("the board never answers")
	return seating.PickResult{}
}

func conformPicks(t *testing.T, w *World) {
	mine := w.pickUntil(t, seating.PickAsk{Ref: Ref(), By: 1, Places: []int32{5, 6}})
	if mine.Refusal != seating.Chosen || !slices.Equal(mine.Places, []int32{5, 6}) {
		t.Fatalf("free seats: %+v", mine)
	}
	other := w.pickUntil(t, seating.PickAsk{Ref: Ref(), By: 2, Places: []int32{6, 7}})
	if other.Refusal != seating.InPick {
		t.Fatalf("picked seats: %+v", other)
	}
	best := w.pickUntil(t, seating.PickAsk{Ref: Ref(), By: 3,
		Best: &choose.Request{Party: 4}})
	if best.Refusal != seating.Chosen || len(best.Places) != 4 ||
		slices.Contains(best.Places, 5) || slices.Contains(best.Places, 6) {
		t.Fatalf("best beside a pick: %+v", best)
	}
	w.Board.Drop(Session, mine.Token)
	w.Board.Drop(Session, mine.Token) // twice is once
	again := w.pickUntil(t, seating.PickAsk{Ref: Ref(), By: 2, Places: []int32{6, 7}})
	if again.Refusal != seating.Chosen {
		t.Fatalf("after the drop: %+v", again)
	}
}

func conformStream(t *testing.T, w *World) {
	ctx := context.Background()
	shot, err := w.Board.Snapshot(ctx, Ref())
	if err != nil {
		t.Fatal(err)
	}
	sub, err := w.Board.Subscribe(ctx, Ref(), shot.Stamp.String())
	if err != nil {
		t.Fatal(err)
	}
	if len(<-sub.C) == 0 {
		t.Fatal("a stream begins by saying where it is")
	}
	sub.Close()
	if _, open := <-sub.C; open {
		t.Fatal("a closed subscription goes on")
	}
	sub.Close() // twice is once
}
