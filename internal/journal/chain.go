package journal

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"foyer/internal/clock"
)

const (
	hashSize     = sha256.Size
	chainVersion = 1
)

// chainDomain begins every hashed text, so that a hash of the chain is never one of
// something else.
const chainDomain = "foyer journal row 1\n"

// encodeChained is the part of a row that the chain covers beside its columns:
//
//	version, input hash, digest of the sealed personal part, objects, data
//
// each with its length before it as a varint. The digest is taken of the sealed bytes: a
// digest of the values themselves would let anybody guess a phone number against it for
// ever, also after the person's key is gone.
func encodeChained(e Entry, loose []byte) []byte {
	b := make([]byte, 0, 80+len(e.Data)+32*len(e.Objects))
	b = append(b, chainVersion)
	b = appendBytes(b, e.InputHash)
	b = appendBytes(b, looseDigest(loose))
	b = binary.AppendUvarint(b, uint64(len(e.Objects)))
	for _, o := range e.Objects {
		b = appendBytes(b, []byte(o.Kind))
		b = binary.AppendVarint(b, o.ID)
		b = binary.AppendVarint(b, o.Revision)
	}
	return appendBytes(b, e.Data)
}

func looseDigest(loose []byte) []byte {
	if len(loose) == 0 {
		return nil
	}
	sum := sha256.Sum256(loose)
	return sum[:]
}

func appendBytes(b, v []byte) []byte {
	return append(binary.AppendUvarint(b, uint64(len(v))), v...)
}

// Body is the chained part of a row, read.
type Body struct {
	InputHash   []byte
	LooseDigest []byte // nil when the entry had no personal part
	Objects     []Object
	Data        []byte
}

var errChained = errors.New("journal: the chained part cannot be read")

// Body reads the chained part. It refuses anything that encodeChained did not write.
func (r Row) Body() (Body, error) {
	in := reader{rest: r.Chained}
	if v := in.take(1); len(v) != 1 || v[0] != chainVersion {
		return Body{}, errChained
	}
	body := Body{InputHash: in.bytes(), LooseDigest: in.bytes()}
	count := in.uvarint()
	if count > MaxObjects {
		return Body{}, errChained
	}
	for range count {
		body.Objects = append(body.Objects,
			Object{Kind: string(in.bytes()), ID: in.varint(), Revision: in.varint()})
	}
	body.Data = in.bytes()
	if in.bad || len(in.rest) > 0 {
		return Body{}, fmt.Errorf("%w at %s", errChained, r.Position)
	}
	return body, nil
}

// reader reads what encodeChained wrote; after the first mistake it reads nothing.
type reader struct {
	rest []byte
	bad  bool
}

func (r *reader) take(n uint64) []byte {
	if r.bad || n > uint64(len(r.rest)) {
		r.bad = true
		return nil
	}
	v := r.rest[:n]
	r.rest = r.rest[n:]
	return v
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 {
		r.bad = true
		return 0
	}
	r.take(uint64(n))
	return v
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.rest)
	if n <= 0 {
		r.bad = true
		return 0
	}
	r.take(uint64(n))
	return v
}

func (r *reader) bytes() []byte {
	v := r.take(r.uvarint())
	if len(v) == 0 {
		return nil
	}
	return v
}

// chainHash is the hash of a row: over its columns, its chained part and the hash before
// it, in a form of fixed widths and lengths in which two rows never look alike. buf is
// reused between rows.
func chainHash(buf []byte, r *Row, prev [hashSize]byte) ([hashSize]byte, []byte) {
	b := append(buf[:0], chainDomain...)
	b = append(b, prev[:]...)
	b = binary.BigEndian.AppendUint32(b, uint32(r.Lane))
	b = binary.BigEndian.AppendUint64(b, uint64(r.N))
	b = binary.BigEndian.AppendUint64(b, uint64(clock.Millis(r.At)))
	b = binary.BigEndian.AppendUint64(b, uint64(r.Organization))
	b = append(b, byte(r.ActorKind))
	b = binary.BigEndian.AppendUint64(b, uint64(r.ActorID))
	b = binary.AppendUvarint(b, uint64(len(r.Action)))
	b = append(b, r.Action...)
	b = appendBytes(b, r.Chained)
	return sha256.Sum256(b), b
}

// checkRow says what is wrong with a row that follows prev; empty when nothing is.
func checkRow(buf []byte, r *Row, prev [hashSize]byte) (problem string, scratch []byte) {
	want, buf := chainHash(buf, r, prev)
	if !bytes.Equal(want[:], r.Hash) {
		return "the hash does not continue the chain", buf
	}
	body, err := r.Body()
	if err != nil {
		return err.Error(), buf
	}
	if len(r.Loose) > 0 && !bytes.Equal(looseDigest(r.Loose), body.LooseDigest) {
		return "the personal part was changed", buf
	}
	return "", buf
}
