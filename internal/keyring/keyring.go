// Package keyring keeps the keys of an installation: one file beside the data, made on the
// first start, that only its owner may read. Everything secret that outlives a process is
// derived from it, so a stolen database alone shows no phone, no document, no valid code.
//
//	id_codec      AES-128, seals keys into public ids; never rotated: it is in every address
//	data          AES-256-GCM keyset (Tink): the active key seals, the older ones still open
//	blind_index   HMAC-SHA256, finds a row by phone, e-mail or document without storing it
//	ticket        Ed25519, signs ticket codes; the public halves go to the gates
//	mac           HMAC-SHA256 for short-lived things: cursors, one-time codes, captchas
//	journal       Ed25519, signs the checkpoints of the journal
//	merchant      Ed25519, the merchant's half of the sandbox bank's key pair
//
// The file is replaced as a whole (temporary file, fsync, rename, fsync of the folder), so
// a power cut leaves the old ring or the new one. It carries a checksum: a ring with a
// flipped bit would seal data that nobody can open again, so it is refused at the start.
package keyring

import (
	"crypto/ed25519"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/idgen"
)

// Kind is what a key is for.
type Kind string

// The kinds of keys. Their names are in the file and never change.
const (
	IDCodec  Kind = "id_codec"
	Data     Kind = "data"
	Index    Kind = "blind_index"
	Ticket   Kind = "ticket"
	MAC      Kind = "mac"
	Journal  Kind = "journal"
	Merchant Kind = "merchant"
)

// Kinds lists every kind, in the order in which they are made.
func Kinds() []Kind { return []Kind{IDCodec, Data, Index, Ticket, MAC, Journal, Merchant} }

// State says what a key may still do.
type State string

const (
	// Active makes new things and reads old ones; exactly one key of a kind is active. A
	// key is made active, and leaves by the rotation that makes its successor.
	Active State = "active"
	// Old only reads what it once made. It leaves by Retire, which an operator calls.
	Old State = "old"
	// Retired does nothing. It stays in the file, so that its number is never given again
	// and a mistaken retirement can be undone from a copy.
	Retired State = "retired"
)

// MaxKeys is how many keys a kind may ever have: its number is one byte of a ticket code.
const MaxKeys = 255

// Key is one key as shown to people: everything but the secret.
type Key struct {
	Kind      Kind
	ID        uint8
	State     State
	CreatedAt time.Time
}

// The refusals of the ring. They end a start or a command, never a buyer's request.
var (
	ErrMissing = fault.Define(fault.Unavailable, "keys_missing",
		"找不到密钥文件", "The key file is not there.",
		"Restore it from its encrypted copy; without it, stored personal data stays sealed.")
	ErrExists = fault.Define(fault.Conflict, "keys_exist",
		"密钥文件已存在", "There is a key file already; it is never overwritten.",
		"Move the present file away first if you really mean another one.")
	ErrExposed = fault.Define(fault.Unavailable, "keys_exposed",
		"密钥文件的权限过宽", "The key file can be read by others than its owner.",
		"Run chmod 600 on it, and rotate the keys if a stranger may have read it.")
	ErrDamaged = fault.Define(fault.Unavailable, "keys_damaged",
		"密钥文件已损坏", "The key file is cut off, altered or of a newer release.",
		"Restore it from its encrypted copy; do not edit it by hand.")
	ErrLocked = fault.Define(fault.Conflict, "keys_locked",
		"密钥文件正在被修改", "Somebody else is changing the key file right now.",
		"Try again in a minute; a leftover of a crash is cleared by then.")
	ErrFixed = fault.Define(fault.Conflict, "key_fixed",
		"这个密钥不能更换", "This key cannot be changed that way.",
		"The id key is kept for life; an active key is rotated before it is retired.")
	ErrUnreadable = fault.Define(fault.Internal, "sealed_value_unreadable",
		"数据无法解密", "A sealed value does not open with the keys of this installation.",
		"Check that the key file belongs to this database (foyer doctor).")
)

// Ring is the opened key file. All methods are safe for concurrent use; Rotate, Retire and
// Reload swap the whole set at once, so no caller sees half a change.
type Ring struct {
	path string
	ids  *idgen.Source
	clk  clock.Clock
	now  atomic.Pointer[keys]

	change   sync.Mutex // one change of the file at a time
	subjects *aeadCache
}

// Open reads the ring at path. It refuses a file that is missing (ErrMissing), readable by
// others than its owner (ErrExposed), or not exactly what was written (ErrDamaged).
func Open(path string, ids *idgen.Source, clk clock.Clock) (*Ring, error) {
	doc, err := readFile(path)
	if err != nil {
		return nil, err
	}
	return newRing(path, ids, clk, doc)
}

// Create makes a fresh ring at path, on the first start of an installation. It refuses
// (ErrExists) to replace one. Whether an installation is new is the caller's to know: data
// without its keys must stop the start and not get new keys.
func Create(path string, ids *idgen.Source, clk clock.Clock) (*Ring, error) {
	doc := document{Format: fileFormat, Installation: hexOf(ids.Bytes(8))}
	for _, kind := range Kinds() {
		doc.Keys = append(doc.Keys, freshKey(kind, 1, ids, clk.Now()))
	}
	if err := createFile(path, doc, clk.Now()); err != nil {
		return nil, err
	}
	return newRing(path, ids, clk, doc)
}

func newRing(path string, ids *idgen.Source, clk clock.Clock, doc document) (*Ring, error) {
	k, err := buildKeys(doc)
	if err != nil {
		return nil, err
	}
	r := &Ring{path: path, ids: ids, clk: clk, subjects: newAEADCache(maxSubjects)}
	r.now.Store(k)
	return r, nil
}

// Installation is the name of this ring, 16 hex digits made with it. The database keeps a
// copy, so that a start with somebody else's key file is refused before it writes.
func (r *Ring) Installation() string { return r.now.Load().doc.Installation }

// IDCodecKey is the 16-byte key of idgen.NewCodec.
func (r *Ring) IDCodecKey() []byte { return slices.Clone(r.now.Load().idCodec) }

// Keys lists the keys without their secrets, oldest first within a kind.
func (r *Ring) Keys() []Key {
	doc := r.now.Load().doc
	list := make([]Key, 0, len(doc.Keys))
	for _, k := range doc.Keys {
		list = append(list, Key{k.Kind, k.ID, k.State, k.CreatedAt})
	}
	return list
}

// Rotate makes a new active key of the kind and lets the present one only read, and
// returns its number. It refuses the id codec (ErrFixed), a kind that had MaxKeys keys
// (ErrFixed) and a concurrent change (ErrLocked). Other processes see it after Reload.
func (r *Ring) Rotate(kind Kind) (uint8, error) {
	var id uint8
	err := r.edit(func(doc *document) error {
		if kind == IDCodec || !slices.Contains(Kinds(), kind) {
			return ErrFixed.With("kind", string(kind))
		}
		last := 0
		for i, k := range doc.Keys {
			if k.Kind != kind {
				continue
			}
			last = max(last, int(k.ID))
			if k.State == Active {
				doc.Keys[i].State = Old
			}
		}
		if last >= MaxKeys {
			return ErrFixed.With("kind", string(kind)).With("keys", last)
		}
		id = uint8(last + 1)
		doc.Keys = append(doc.Keys, freshKey(kind, id, r.ids, r.clk.Now()))
		return nil
	})
	return id, err
}

// Retire ends an old key: what only it could read is unreadable from then on, so for Data
// and Index the caller first re-seals and re-indexes every row (Stale, IndexIsOld). It
// refuses the active key of a kind and journal keys, whose checkpoints are checked for
// ever (ErrFixed).
func (r *Ring) Retire(kind Kind, id uint8) error {
	return r.edit(func(doc *document) error {
		i := slices.IndexFunc(doc.Keys, func(k fileKey) bool {
			return k.Kind == kind && k.ID == id
		})
		if i < 0 || doc.Keys[i].State == Active || kind == Journal {
			return ErrFixed.With("kind", string(kind)).With("id", id)
		}
		doc.Keys[i].State = Retired
		return nil
	})
}

// Reload takes over what another process changed in the file. A ring of another
// installation is refused (ErrDamaged) and the present keys stay.
func (r *Ring) Reload() error {
	r.change.Lock()
	defer r.change.Unlock()
	doc, err := readFile(r.path)
	if err != nil {
		return err
	}
	return r.adopt(doc)
}

// edit applies change to what the file holds now, not to what this process read once: two
// processes that rotate one after the other both keep their new key.
func (r *Ring) edit(change func(*document) error) error {
	r.change.Lock()
	defer r.change.Unlock()
	var next document
	err := replaceFile(r.path, r.clk.Now(), func(doc document) (document, error) {
		if err := change(&doc); err != nil {
			return document{}, err
		}
		_, err := buildKeys(doc)
		next = doc
		return doc, err
	})
	if err != nil {
		return err
	}
	return r.adopt(next)
}

func (r *Ring) adopt(doc document) error {
	if doc.Installation != r.Installation() {
		return ErrDamaged.With("installation", doc.Installation)
	}
	k, err := buildKeys(doc)
	if err != nil {
		return err
	}
	r.now.Store(k)
	return nil
}

func freshKey(kind Kind, id uint8, ids *idgen.Source, now time.Time) fileKey {
	return fileKey{
		Kind: kind, ID: id, State: Active,
		CreatedAt: now.UTC().Truncate(time.Second),
		Secret:    ids.Bytes(secretSize(kind)),
	}
}

func secretSize(kind Kind) int {
	switch kind {
	case IDCodec:
		return 16
	case Ticket, Journal, Merchant:
		return ed25519.SeedSize
	default:
		return 32
	}
}
