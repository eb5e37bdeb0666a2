// Package recent remembers what was used or made in the last moments: what a command has
// just made is what the next one asks for. It only proposes; whoever acts on what may have
// changed guards his statement by what he was told.
package recent

import "sync"

// Map is a bounded memory of two generations: when the newer is full, the older is
// forgotten; what is found in the older moves to the newer. Make one with New; safe for
// concurrent use.
type Map[K comparable, V any] struct {
	mu       sync.Mutex
	most     int // of one generation
	now, old map[K]V
}

// New makes a memory of at most most values, and at least of the last half as many.
func New[K comparable, V any](most int) *Map[K, V] {
	return &Map[K, V]{most: max(most/2, 1), now: map[K]V{}}
}

// Get is the value last put under the key; false when it was forgotten or dropped.
func (m *Map[K, V]) Get(key K) (V, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v, ok := m.now[key]
	if !ok {
		if v, ok = m.old[key]; ok {
			m.store(key, v)
		}
	}
	return v, ok
}

// Put remembers a value.
func (m *Map[K, V]) Put(key K, v V) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.store(key, v)
}

func (m *Map[K, V]) store(key K, v V) {
	if _, ok := m.now[key]; !ok && len(m.now) >= m.most {
		m.now, m.old = map[K]V{}, m.now
	}
	m.now[key] = v
}

// Drop forgets a value.
func (m *Map[K, V]) Drop(key K) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.now, key)
	delete(m.old, key)
}
