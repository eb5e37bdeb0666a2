package order

import "sync"

// keptSnapshots is how many snapshots are remembered: a session has few, and those of the
// sessions that sell just now are the ones that are asked for.
const keptSnapshots = 8192

// kept remembers what was used lately. Two generations bound it: when the newer is full,
// the older is forgotten; what is found in the older moves to the newer.
type kept[K comparable, V any] struct {
	mu       sync.Mutex
	now, old map[K]V
	most     int // of one generation
}

func newKept[K comparable, V any](most int) *kept[K, V] {
	return &kept[K, V]{now: map[K]V{}, most: most / 2}
}

func (k *kept[K, V]) get(key K) (V, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	v, ok := k.now[key]
	if !ok {
		if v, ok = k.old[key]; ok {
			k.store(key, v)
		}
	}
	return v, ok
}

func (k *kept[K, V]) put(key K, v V) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.store(key, v)
}

func (k *kept[K, V]) store(key K, v V) {
	if _, ok := k.now[key]; !ok && len(k.now) >= k.most {
		k.now, k.old = map[K]V{}, k.now
	}
	k.now[key] = v
}
