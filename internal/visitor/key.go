package visitor

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"sync"

	"foyer/internal/document"
	"foyer/internal/fault"
	"foyer/internal/idgen"
	"foyer/internal/sqldb"
)

// EventKey is the sealed key of an event as stored.
type EventKey struct {
	Event, Organization int64
	Sealed              []byte
}

const (
	keySize = 32
	maxKeys = 4096 // in memory
)

// secret is the opened key of an event.
type secret []byte

// subject is what a counter is kept by: 63 bits of a keyed hash. Documents have too little
// entropy for a plain one; under the event's key nobody can try them without it.
func (s secret) subject(what, value string) int64 {
	sum := s.sum(what, value)
	return int64(binary.BigEndian.Uint64(sum[:8])&^(1<<63)) | 1
}

func (s secret) sum(what, value string) [sha256.Size]byte {
	h := hmac.New(sha256.New, s)
	h.Write([]byte(what))
	h.Write([]byte{0})
	h.Write([]byte(value))
	return [sha256.Size]byte(h.Sum(nil))
}

func documentSubject(s secret, d document.Document) int64 {
	return s.subject("document", d.Key())
}

// secretOf opens the key of an event, and makes it at the first need.
func (v *Visitors) secretOf(ctx context.Context, organization, event int64) (secret, error) {
	if s := v.keys.get(event); s != nil {
		return s, nil
	}
	sealed, err := v.Store.Key(ctx, organization, event)
	if err == nil && sealed == nil {
		fresh := v.Keys.Seal(keyTable, sealedColumn, event, v.IDs.Bytes(keySize))
		err = v.DB.InTx(ctx, func(tx *sqldb.Tx) (err error) {
			sealed, err = v.Store.SaveKey(tx, organization, event, fresh)
			return err
		})
	}
	if err != nil {
		return nil, err
	}
	s, err := v.Keys.Open(keyTable, sealedColumn, event, sealed)
	if err != nil {
		return nil, err
	}
	v.keys.put(event, s)
	return s, nil
}

const (
	keyTable     = "visitor_key"
	rowTable     = "visitor"
	sealedColumn = "sealed"
)

// keyCache remembers opened keys; when it is full it starts anew.
type keyCache struct {
	mu   sync.Mutex
	open map[int64]secret
}

func newKeyCache() *keyCache { return &keyCache{open: map[int64]secret{}} }

func (c *keyCache) get(event int64) secret {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.open[event]
}

func (c *keyCache) put(event int64, s secret) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.open) >= maxKeys {
		c.open = map[int64]secret{}
	}
	c.open[event] = s
}

// GateKey is the key under which the gates of a session know documents while they are
// offline. It is of no use for another session, and shows nothing of the event's own key.
func (v *Visitors) GateKey(ctx context.Context, organization, event, session int64) (
	[]byte, error,
) {
	s, err := v.secretOf(ctx, organization, event)
	if err != nil {
		return nil, err
	}
	sum := s.sum("gate", idgen.Number(session))
	return sum[:], nil
}

// DocumentHash is what a gate compares a document by under its GateKey: 16 bytes.
func DocumentHash(gateKey []byte, d document.Document) []byte {
	sum := secret(gateKey).sum("document", d.Key())
	return sum[:16]
}

// Hashed is a person of a session as a gate may hold him offline.
type Hashed struct {
	Order              int64
	Line, Unit, Person int
	Hash               []byte
}

// Hashes calls fn with the people who enter a session, a page at a time, each as the hash
// of his document under the session's GateKey.
func (v *Visitors) Hashes(ctx context.Context, organization, event, session int64,
	fn func([]Hashed) error,
) error {
	key, err := v.GateKey(ctx, organization, event, session)
	if err != nil {
		return err
	}
	for after := int64(0); ; {
		rows, err := v.Store.OfSession(ctx, organization, session, after, pageRows)
		if err != nil || len(rows) == 0 {
			return err
		}
		after = rows[len(rows)-1].ID
		list, err := v.hashed(rows, key)
		if err == nil {
			err = fn(list)
		}
		if err != nil {
			return err
		}
	}
}

func (v *Visitors) hashed(rows []Row, key []byte) ([]Hashed, error) {
	list := make([]Hashed, 0, len(rows))
	for _, r := range rows {
		in, err := v.open(r)
		if err != nil {
			return nil, err
		}
		d, err := document.Parse(r.Kind, in.Number)
		if err != nil {
			return nil, fault.Unexpected.Wrap(err)
		}
		list = append(list, Hashed{r.Order, r.Line, r.Unit, r.Person, DocumentHash(key, d)})
	}
	return list, nil
}

// ListHashes are the documents of those who enter a session with some orders, and the key
// of that one list: what another device holds, or the same one on another day, says nothing
// beside it.
func (v *Visitors) ListHashes(ctx context.Context, organization, event, session int64,
	list string, orders []int64,
) (key []byte, hashes []Hashed, err error) {
	gate, err := v.GateKey(ctx, organization, event, session)
	if err != nil {
		return nil, nil, err
	}
	sum := secret(gate).sum("list", list)
	key = sum[:]
	for part := range slices.Chunk(orders, OrdersPerRead) {
		rows, err := v.Store.EnterWith(ctx, organization, session, part)
		if err != nil {
			return nil, nil, err
		}
		more, err := v.hashed(rows, key)
		if err != nil {
			return nil, nil, err
		}
		hashes = append(hashes, more...)
	}
	return key, hashes, nil
}

// OrdersPerRead is for how many orders people are read at once.
const OrdersPerRead = 50

const pageRows = 500
