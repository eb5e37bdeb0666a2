package keyring

import "encoding/binary"

// SealedBy is the number of the data key that sealed a value; false for what is no sealed
// value.
func SealedBy(sealed []byte) (id uint8, ok bool) {
	if len(sealed) < SealOverhead || sealed[0] != sealedPrefix {
		return 0, false
	}
	n := binary.BigEndian.Uint32(sealed[1:5])
	return uint8(n), n > 0 && n <= MaxKeys
}

// IndexedBy is the number of the key that made a blind index; false for what is none.
func IndexedBy(index []byte) (id uint8, ok bool) {
	if len(index) != IndexSize {
		return 0, false
	}
	return index[0], index[0] > 0
}

// Path is where the ring lies.
func (r *Ring) Path() string { return r.path }
