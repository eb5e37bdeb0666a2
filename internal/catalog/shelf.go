package catalog

import (
	"hash/maphash"
	"iter"
)

// shelf is a map that never changes: an edit copies only the parts that it touches, so
// that readers of the old one go on undisturbed and a change costs little.
type shelf[K comparable, V any] struct {
	seed  maphash.Seed
	parts *[shelfParts]map[K]V
}

const shelfParts = 256

func newShelf[K comparable, V any]() shelf[K, V] {
	return shelf[K, V]{maphash.MakeSeed(), new([shelfParts]map[K]V)}
}

func (s shelf[K, V]) part(k K) int { return int(maphash.Comparable(s.seed, k) % shelfParts) }

func (s shelf[K, V]) get(k K) (V, bool) {
	v, ok := s.parts[s.part(k)][k]
	return v, ok
}

// at is get where a missing value is the zero value.
func (s shelf[K, V]) at(k K) V { return s.parts[s.part(k)][k] }

func (s shelf[K, V]) all() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		for _, part := range s.parts {
			for k, v := range part {
				if !yield(k, v) {
					return
				}
			}
		}
	}
}

// shelfEdit is a change in the making; done is the changed shelf.
type shelfEdit[K comparable, V any] struct {
	was    shelf[K, V]
	parts  *[shelfParts]map[K]V // nil: nothing changed yet
	copied [shelfParts]bool
}

func (s shelf[K, V]) edit() *shelfEdit[K, V] { return &shelfEdit[K, V]{was: s} }

func (e *shelfEdit[K, V]) own(k K) map[K]V {
	if e.parts == nil {
		parts := *e.was.parts
		e.parts = &parts
	}
	i := e.was.part(k)
	if !e.copied[i] {
		fresh := make(map[K]V, len(e.parts[i])+1)
		for k, v := range e.parts[i] {
			fresh[k] = v
		}
		e.parts[i], e.copied[i] = fresh, true
	}
	return e.parts[i]
}

func (e *shelfEdit[K, V]) set(k K, v V) { e.own(k)[k] = v }

func (e *shelfEdit[K, V]) drop(k K) { delete(e.own(k), k) }

func (e *shelfEdit[K, V]) at(k K) V {
	if e.parts == nil {
		return e.was.at(k)
	}
	return e.parts[e.was.part(k)][k]
}

func (e *shelfEdit[K, V]) done() shelf[K, V] {
	if e.parts == nil {
		return e.was
	}
	return shelf[K, V]{e.was.seed, e.parts}
}

// bits is a set of small numbers; it never changes once it is shown.
type bits []uint64

func (b bits) has(i int32) bool {
	w := int(i >> 6)
	return w < len(b) && b[w]>>(uint(i)&63)&1 == 1
}

// with is the set with or without one number.
func (b bits) with(i int32, in bool) bits {
	w := int(i >> 6)
	fresh := make(bits, max(len(b), w+1))
	copy(fresh, b)
	if in {
		fresh[w] |= 1 << (uint(i) & 63)
	} else {
		fresh[w] &^= 1 << (uint(i) & 63)
	}
	return fresh
}

// and keeps in place what is in both.
func (b bits) and(other bits) bits {
	if len(other) < len(b) {
		b = b[:len(other)]
	}
	for i := range b {
		b[i] &= other[i]
	}
	return b
}
