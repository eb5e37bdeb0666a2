package order_test

import (
	"context"
	"slices"
	"testing"

	"foyer/internal/actor"
	"foyer/internal/doctor"
	"foyer/internal/doctor/doctordb"
	"foyer/internal/journal"
	"foyer/internal/order"
	. "foyer/internal/order/ordertest"
	"foyer/internal/seating"
	"foyer/internal/ticket"
)

func ref(line, unit int) ticket.UnitRef { return ticket.UnitRef{Line: line, Unit: unit} }

// claimed fails unless the order has exactly these seats in the book.
func claimed(t *testing.T, w *World, o *order.Order, want ...int32) {
	t.Helper()
	p, err := w.Places.Picture(context.Background(), o.Session)
	if err != nil {
		t.Fatal(err)
	}
	var have []int32
	for _, c := range p.Claims {
		if c.Owner == (seating.Owner{Kind: seating.OwnerOrder, ID: o.ID}) {
			have = append(have, c.Place)
		}
	}
	slices.Sort(have)
	if !slices.Equal(have, want) {
		t.Errorf("order %s has the places %v, want %v", o.Number(), have, want)
	}
}

// tickets are the live tickets of an order.
func tickets(t *testing.T, w *World, id int64) (live []*ticket.View) {
	t.Helper()
	list, err := w.Tickets.OfOrder(context.Background(), actor.SystemActor, id)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range list {
		if v.State == ticket.Live {
			live = append(live, v)
		}
	}
	return live
}

// lanes is the journal as the doctor asks it.
type lanes struct{ w *World }

func (l lanes) Verify(ctx context.Context) (int64, []string, error) {
	r, err := journal.Verify(ctx, l.w.Store, l.w.Secrets)
	var said []string
	for _, p := range r.Problems {
		said = append(said, p.Position.String()+": "+p.What)
	}
	return r.Rows, said, err
}

// healthy fails on every contradiction in the whole book.
func healthy(t testing.TB, w *World) {
	t.Helper()
	d := &doctor.Doctor{Book: doctordb.New(w.DB), Lanes: lanes{w}}
	r, err := d.Check(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.Findings {
		t.Error(f)
	}
}
