package idgen

import (
	"bytes"
	"io"
	"math"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"foyer/internal/clock"
)

var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func newSource(t testing.TB, clk clock.Clock, node int) *Source {
	t.Helper()
	s, err := NewSource(clk, node, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Several processes with many callers each, beside a clock that steps back and forth: no
// key comes twice, and each caller sees its own grow.
func TestKeysAreUniqueWhateverTheClockDoes(t *testing.T) {
	t.Parallel()
	clk := clock.NewFake(noon)
	const nodes, callers, each = 3, 8, 5000
	lists := make([][]ID, nodes*callers)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
				clk.Set(noon.Add(time.Duration(i%50-25) * time.Millisecond))
			}
		}
	}()
	var all sync.WaitGroup
	for n, node := range []int{0, 7, MaxNode} {
		s := newSource(t, clk, node)
		for c := range callers {
			all.Go(func() {
				list := make([]ID, each)
				for i := range list {
					list[i] = s.Next()
				}
				lists[n*callers+c] = list
			})
		}
	}
	all.Wait()
	close(stop)
	<-stopped
	seen := make(map[ID]bool, nodes*callers*each)
	for _, list := range lists {
		for i, id := range list {
			if id <= 0 || seen[id] || i > 0 && id <= list[i-1] {
				t.Fatalf("key %d comes twice, shrinks or is not positive", id)
			}
			seen[id] = true
		}
	}
}

// More keys than a millisecond holds borrow from the next one and repeat nothing.
func TestAMillisecondThatIsFull(t *testing.T) {
	t.Parallel()
	clk := clock.NewFake(noon)
	s := newSource(t, clk, 5)
	last := ID(0)
	for range 3 << seqBits {
		id := s.Next()
		if id <= last {
			t.Fatalf("%d after %d", id, last)
		}
		last = id
	}
	if at := TimeOf(last); at.Sub(noon) > 3*time.Millisecond {
		t.Fatalf("borrowed until %v", at)
	}
	clk.Advance(time.Second)
	if at := TimeOf(s.Next()); !at.Equal(noon.Add(time.Second)) {
		t.Fatalf("the clock has caught up, and the key is of %v", at)
	}
}

func TestKeysBeforeTheEpochArePositive(t *testing.T) {
	t.Parallel()
	s := newSource(t, clock.NewFake(Epoch.Add(-time.Hour)), 0)
	if a, b := s.Next(), s.Next(); a <= 0 || b <= a {
		t.Fatal(a, b)
	}
}

func TestNodes(t *testing.T) {
	t.Parallel()
	for node, fine := range map[int]bool{0: true, MaxNode: true, -1: false, MaxNode + 1: false} {
		if _, err := NewSource(clock.Real{}, node, nil); (err == nil) != fine {
			t.Errorf("node %d: %v", node, err)
		}
	}
}

// A list from t starts at FloorAt(t): it holds every key from t on and none that is older.
func TestFloorSeparatesTimes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		at := Epoch.Add(time.Duration(rapid.Int64Range(1, 60*365*86_400_000).
			Draw(t, "ms")) * time.Millisecond)
		node := rapid.IntRange(0, MaxNode).Draw(t, "node")
		clk := clock.NewFake(at.Add(-time.Millisecond))
		s, err := NewSource(clk, node, nil)
		if err != nil {
			t.Fatal(err)
		}
		before := s.Next()
		clk.Set(at)
		after := s.Next()
		if floor := FloorAt(at); before >= floor || after < floor {
			t.Fatalf("%d, floor %d, %d", before, floor, after)
		}
		if !TimeOf(after).Equal(at) {
			t.Fatalf("made at %v, says %v", at, TimeOf(after))
		}
	})
	// What lies outside the range of keys is before or after all of them, never amidst.
	for _, early := range []time.Time{{}, Epoch.Add(-time.Hour)} {
		if got := FloorAt(early); got != 0 {
			t.Errorf("%v: %d", early, got)
		}
	}
	for _, year := range []int{2100, 2200, 3000, 9999} {
		got := FloorAt(time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC))
		if got != math.MaxInt64 {
			t.Errorf("year %d: %d", year, got)
		}
	}
}

func TestBytes(t *testing.T) {
	t.Parallel()
	s := newSource(t, clock.Real{}, 0)
	if a, b := s.Bytes(32), s.Bytes(32); len(a) != 32 || bytes.Equal(a, b) {
		t.Fatal("not random")
	}
	seeded, err := NewSource(clock.Real{}, 0, bytes.NewReader([]byte("abcdef")))
	if err != nil {
		t.Fatal(err)
	}
	if got := seeded.Bytes(4); string(got) != "abcd" {
		t.Fatalf("%q", got)
	}
	defer func() {
		if recover() == nil {
			t.Error("half of the randomness was taken for all")
		}
	}()
	dry, _ := NewSource(clock.Real{}, 0, io.LimitReader(bytes.NewReader(make([]byte, 9)), 3))
	dry.Bytes(4)
}
