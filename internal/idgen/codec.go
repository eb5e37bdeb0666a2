package idgen

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// Kind is the kind of object that a public id names, of at most 8 letters; it is part of
// what is sealed, so an order's id is not accepted where a session's is asked for.
type Kind string

// Codec turns keys into public ids and back. A public id is the kind, an underscore and
// the 26 letters of one AES block that seals kind and key: opaque (neighbours look
// unrelated), unguessable (a made-up id fails with 1 − 2^-64) and free of any index.
type Codec struct{ block cipher.Block }

var publicAlphabet = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").
	WithPadding(base32.NoPadding)

// ErrBadID is returned for everything that is not an id of the kind asked for.
var ErrBadID = errors.New("idgen: not an id of this kind")

// NewCodec makes a codec from a 16-byte key. The key is part of every address that was
// ever handed out: it is kept for the life of an installation.
func NewCodec(key []byte) (*Codec, error) {
	if len(key) != 16 {
		return nil, fmt.Errorf("idgen: the key of public ids has %d bytes, not 16", len(key))
	}
	b, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return &Codec{b}, nil
}

// Encode is the public id of a key.
func (c *Codec) Encode(kind Kind, id ID) string {
	var in, out [16]byte
	copy(in[:8], kind)
	binary.BigEndian.PutUint64(in[8:], uint64(id))
	c.block.Encrypt(out[:], in[:])
	return string(kind) + "_" + publicAlphabet.EncodeToString(out[:])
}

// Decode is the key of a public id; ErrBadID for another kind, a typo or an invention.
func (c *Codec) Decode(kind Kind, public string) (ID, error) {
	rest, ok := strings.CutPrefix(public, string(kind)+"_")
	if !ok || len(rest) != 26 {
		return 0, ErrBadID
	}
	raw, err := publicAlphabet.DecodeString(rest)
	if err != nil || len(raw) != 16 || publicAlphabet.EncodeToString(raw) != rest {
		return 0, ErrBadID
	}
	var out, want [16]byte
	c.block.Decrypt(out[:], raw)
	copy(want[:8], kind)
	if [8]byte(out[:8]) != [8]byte(want[:8]) {
		return 0, ErrBadID
	}
	id := ID(binary.BigEndian.Uint64(out[8:]))
	if id <= 0 {
		return 0, ErrBadID
	}
	return id, nil
}

// Number is a key as people read it aloud: 13 letters of base 32 without I, L, O and U in
// groups of four, e.g. 0S7K-2M9Q-41XD-8. It says what it names, so it is never proof of
// anything.
func Number(id ID) string {
	const letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	var b [13]byte
	v := uint64(id)
	for i := 12; i >= 0; i-- {
		b[i] = letters[v&31]
		v >>= 5
	}
	return string(b[0:4]) + "-" + string(b[4:8]) + "-" + string(b[8:12]) + "-" + string(b[12:])
}

// ParseNumber reads what a person typed: any case, groups or not, O for 0, I and L for 1.
func ParseNumber(s string) (ID, error) {
	var v uint64
	n := 0
	for _, r := range strings.ToUpper(s) {
		if r == '-' || r == ' ' {
			continue
		}
		switch r {
		case 'O':
			r = '0'
		case 'I', 'L':
			r = '1'
		}
		i := strings.IndexRune("0123456789ABCDEFGHJKMNPQRSTVWXYZ", r)
		if n++; i < 0 || n > 13 || v>>58 != 0 { // the next letter would push bits out
			return 0, ErrBadID
		}
		v = v<<5 | uint64(i)
	}
	if n != 13 || v == 0 {
		return 0, ErrBadID
	}
	return ID(v), nil
}
