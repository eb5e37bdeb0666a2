package keyring

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strconv"
)

// SealOverhead is how many bytes a sealed value is longer than the plain one: 5 of key
// number, 12 of nonce, 16 of tag. A mainland phone (+86 and 11 digits) takes 47 bytes.
const SealOverhead = 33

// sealedPrefix is the first byte of what Tink seals; the key's number follows in four.
const sealedPrefix = 1

// Seal encrypts one value of one row. The place is authenticated with it: a value copied
// to another row, column or table does not open.
func (r *Ring) Seal(table, column string, id int64, plain []byte) []byte {
	return r.seal(place(table, column, id), plain)
}

// Open decrypts a value that Seal made for this very place, under the active or an older
// data key. It refuses (ErrUnreadable) anything else.
func (r *Ring) Open(table, column string, id int64, sealed []byte) ([]byte, error) {
	return r.open(place(table, column, id), sealed)
}

// Stale is true when the value was sealed by a key that is not the active one: the job
// that re-seals after a rotation rewrites exactly these.
func (r *Ring) Stale(sealed []byte) bool {
	return len(sealed) < SealOverhead || sealed[0] != sealedPrefix ||
		binary.BigEndian.Uint32(sealed[1:5]) != uint32(r.now.Load().dataID)
}

func (r *Ring) seal(ad, plain []byte) []byte {
	sealed, err := r.now.Load().data.Encrypt(plain, ad)
	if err != nil {
		// Only a machine without randomness gets here; nothing safe can be done then.
		panic(fmt.Sprintf("keyring: seal: %v", err))
	}
	return sealed
}

func (r *Ring) open(ad, sealed []byte) ([]byte, error) {
	plain, err := r.now.Load().data.Decrypt(sealed, ad)
	if err != nil {
		return nil, ErrUnreadable.Wrap(err)
	}
	return plain, nil
}

// place is the associated data "table.column:id". Names of tables and columns hold neither
// a dot nor a colon, so two places never look alike.
func place(table, column string, id int64) []byte {
	b := make([]byte, 0, len(table)+len(column)+22)
	b = append(append(append(b, table...), '.'), column...)
	return strconv.AppendInt(append(b, ':'), id, 10)
}

// IndexSize is the length of a blind index: the number of its key and 15 bytes of HMAC.
const IndexSize = 16

// BlindIndex is what is stored beside a sealed value to find it again: equal values of one
// kind have equal indexes, and without the key nobody can try phones against it. The value
// must be normalised (see package pii).
func (r *Ring) BlindIndex(kind, value string) []byte {
	return blindIndex(r.now.Load().index[0], kind, value)
}

// BlindIndexes is every index that the value may be stored under, the active first: after
// a rotation a look-up asks for all of them until the rows are re-indexed.
func (r *Ring) BlindIndexes(kind, value string) [][]byte {
	live := r.now.Load().index
	list := make([][]byte, len(live))
	for i, k := range live {
		list[i] = blindIndex(k, kind, value)
	}
	return list
}

// IndexIsOld is true when the index was made by a key that is not the active one. The
// number of the key is the first byte, so old rows are one range of the column.
func (r *Ring) IndexIsOld(index []byte) bool {
	return len(index) != IndexSize || index[0] != r.now.Load().index[0].id
}

func blindIndex(k macKey, kind, value string) []byte {
	sum := sumMAC(k.key, kind, []byte(value))
	out := make([]byte, IndexSize)
	out[0] = k.id
	copy(out[1:], sum[:])
	return out
}

// MACSize is the length of a MAC: 16 bytes are beyond guessing for things that live hours.
const MACSize = 16

// MAC authenticates a short-lived message of the product to itself: a cursor, a one-time
// code, a captcha. Purposes are apart: a MAC made for one is refused for another.
func (r *Ring) MAC(purpose string, msg []byte) []byte {
	sum := sumMAC(r.now.Load().mac[0].key, purpose, msg)
	return sum[:MACSize]
}

// CheckMAC is true when the active or an old key made the MAC. It takes the same time for
// every wrong one.
func (r *Ring) CheckMAC(purpose string, msg, mac []byte) bool {
	ok := false
	for _, k := range r.now.Load().mac {
		sum := sumMAC(k.key, purpose, msg)
		ok = hmac.Equal(sum[:MACSize], mac) || ok
	}
	return ok
}

// sumMAC puts the length of the purpose first, so that no purpose runs into its message.
func sumMAC(key []byte, purpose string, msg []byte) [sha256.Size]byte {
	h := hmac.New(sha256.New, key)
	var size [4]byte
	binary.BigEndian.PutUint32(size[:], uint32(len(purpose)))
	h.Write(size[:])
	h.Write([]byte(purpose))
	h.Write(msg)
	return [sha256.Size]byte(h.Sum(nil))
}
