package recent

import "testing"

func TestTheNewestAreKeptAndTheOldestForgotten(t *testing.T) {
	t.Parallel()
	const most = 8
	m := New[int, string](2 * most)
	for i := range 100 {
		m.Put(i, "first")
		m.Put(i, "second")
		for back := range min(i+1, most) {
			if v, ok := m.Get(i - back); !ok || v != "second" {
				t.Fatalf("after %d puts the value %d is %q, %v", i+1, i-back, v, ok)
			}
		}
		if n := len(m.now) + len(m.old); n > 2*most {
			t.Fatalf("%d values are kept, at most %d", n, 2*most)
		}
	}
	if _, ok := m.Get(0); ok {
		t.Error("the first value is still there")
	}
}

func TestADroppedValueIsGoneFromBothGenerations(t *testing.T) {
	t.Parallel()
	m := New[int, int](4)
	for i := range 3 {
		m.Put(i%2, i) // the key 0 is in both generations
	}
	m.Put(5, 5)
	m.Put(0, 7)
	m.Drop(0)
	if v, ok := m.Get(0); ok {
		t.Errorf("a dropped value is still told: %d", v)
	}
}
