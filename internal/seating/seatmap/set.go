package seatmap

import "math/bits"

// Set is a set of seats by ordinal, one bit each. Use Index.NewSet for the right length.
type Set []uint64

// Has is true when the seat is in the set.
func (s Set) Has(i int) bool { return s[i>>6]&(1<<(i&63)) != 0 }

// Add puts the seat into the set.
func (s Set) Add(i int) { s[i>>6] |= 1 << (i & 63) }

// Remove takes the seat out of the set.
func (s Set) Remove(i int) { s[i>>6] &^= 1 << (i & 63) }

// Count is the number of seats in the set.
func (s Set) Count() int {
	n := 0
	for _, w := range s {
		n += bits.OnesCount64(w)
	}
	return n
}

// Clone copies the set.
func (s Set) Clone() Set { return append(Set(nil), s...) }

// And keeps what is in both sets.
func (s Set) And(o Set) {
	for i := range s {
		s[i] &= o[i]
	}
}

// Or adds what is in the other set.
func (s Set) Or(o Set) {
	for i := range s {
		s[i] |= o[i]
	}
}

// Next is the first seat of the set at or after i, -1 when there is none.
func (s Set) Next(i int) int {
	w := i >> 6
	if w >= len(s) {
		return -1
	}
	word := s[w] &^ (1<<(i&63) - 1)
	for word == 0 {
		if w++; w == len(s) {
			return -1
		}
		word = s[w]
	}
	return w<<6 + bits.TrailingZeros64(word)
}
