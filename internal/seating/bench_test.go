package seating_test

import (
	"context"
	"runtime"
	"testing"

	"foyer/internal/seating"
	"foyer/internal/seating/seatingtest"
)

func BenchmarkRefuse(b *testing.B) {
	w := world(b, seatingtest.Options{Map: noAreas(40, 50)})
	if err := w.Hold(1, 500, 501); err != nil {
		b.Fatal(err)
	}
	a := ask(2, 500, 501)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := w.Pick.Choose(context.Background(), a); err == nil {
				b.Error("chosen")
			}
		}
	})
}

func BenchmarkBest(b *testing.B) {
	w := world(b, seatingtest.Options{Map: noAreas(40, 50)})
	a := ask(2)
	a.Best = &seating.Best{N: 3}
	b.ReportAllocs()
	for b.Loop() {
		ch, err := w.Pick.Choose(context.Background(), a)
		if err != nil {
			b.Fatal(err)
		}
		w.Pick.Drop(ch)
	}
}

func BenchmarkSnapshot(b *testing.B) {
	w := world(b, seatingtest.Options{Map: noAreas(40, 50)})
	ctx := context.Background()
	b.Run("quiet", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			w.Board.Snapshot(ctx, seatingtest.Ref())
		}
	})
	b.Run("changed", func(b *testing.B) {
		b.ReportAllocs()
		seq := int64(1 << 30)
		for b.Loop() {
			seq++
			w.Board.Apply(seating.Delta{Kind: seating.Begun, Seq: seq, Session: seatingtest.Session,
				Owner: seatingtest.Order(seq), State: seating.Held,
				Places: []int32{int32(seq%2000) + 1}})
			w.Board.Snapshot(ctx, seatingtest.Ref())
		}
	})
}

func BenchmarkVerdict(b *testing.B) {
	w := world(b, seatingtest.Options{Map: noAreas(40, 50)})
	for k := range int32(20) {
		places := make([]int32, 60)
		for i := range places {
			places[i] = k*60 + int32(i) + 1
		}
		if err := w.Hold(int64(k)+1, places...); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		if _, err := w.Store.Verdict(context.Background(), seatingtest.Session); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkFanOut sends one change to 8,000 readers.
func BenchmarkFanOut(b *testing.B) {
	w := world(b, seatingtest.Options{Map: noAreas(40, 50)})
	ctx := context.Background()
	subs := make([]*seating.Subscription, 8000)
	for i := range subs {
		var err error
		if subs[i], err = w.Board.Subscribe(ctx, seatingtest.Ref(), ""); err != nil {
			b.Fatal(err)
		}
		<-subs[i].C
	}
	go w.Mem.Run(b.Context())
	seq := int64(1)
	for b.Loop() {
		seq++
		w.Board.Apply(seating.Delta{Kind: seating.Begun, Seq: seq, Session: seatingtest.Session,
			Owner: seatingtest.Order(seq), State: seating.Held,
			Places: []int32{int32(seq%2000) + 1}})
		for _, s := range subs {
			<-s.C
		}
	}
}

// TestAThousandSessionsAreSmall loads 1,000 sessions of 500 seats.
// It reads the heap and so runs before the parallel tests.
func TestAThousandSessionsAreSmall(t *testing.T) {
	w := world(t, seatingtest.Options{Map: noAreas(20, 25)})
	if _, err := w.Board.Snapshot(context.Background(), seatingtest.Ref()); err != nil {
		t.Fatal(err)
	}
	before := heap()
	for s := range int64(1000) {
		ref := seating.Ref{Session: 5000 + s, Map: seatingtest.MapID}
		if _, err := w.Board.Snapshot(context.Background(), ref); err != nil {
			t.Fatal(err)
		}
	}
	grown := (heap() - before) >> 10
	if n, _ := w.Mem.Loaded(); n != 1001 || grown > 24<<10 {
		t.Errorf("%d sessions take %d KiB", n, grown)
	}
	t.Logf("1,000 sessions of 500 seats take %d KiB", grown)
	runtime.KeepAlive(w)
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
