package signin

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"time"
	"unicode/utf8"

	"foyer/internal/actor"
	"foyer/internal/clock"
	"foyer/internal/idgen"
	"foyer/internal/secret"
	"foyer/internal/sqldb"
)

// Config bounds the door's memory. The zero value is usable.
type Config struct {
	// CacheSize is how many sign-ins are remembered; 0 means 100,000 (some 30 MB).
	CacheSize int `help:"Sign-ins remembered in memory (0: 100000)."`
	// CacheAge is how long a remembered sign-in is believed without asking the database:
	// 0 for ever, which is right for one process. Several processes set at most 1s, since a
	// revocation in another one is seen only by asking.
	CacheAge time.Duration `help:"How long a remembered sign-in is believed (0: for ever)."`
}

// Door issues, reads and revokes tokens. Make one with New.
type Door struct {
	db     *sqldb.DB
	store  Tokens
	ids    *idgen.Source
	clk    clock.Clock
	log    *slog.Logger
	cache  *cache
	maxAge time.Duration
}

// New makes the door.
func New(cfg Config, db *sqldb.DB, store Tokens, ids *idgen.Source, clk clock.Clock,
	log *slog.Logger,
) *Door {
	if cfg.CacheSize <= 0 {
		cfg.CacheSize = 100_000
	}
	return &Door{db: db, store: store, ids: ids, clk: clk, log: log,
		cache: newCache(cfg.CacheSize), maxAge: cfg.CacheAge}
}

// Fresh is a token that was made and not stored yet. Make it before the transaction, so
// that a batch that runs twice stores one and the same.
type Fresh struct {
	Token string
	ID    int64
	hash  secret.TokenHash
}

// Fresh makes a token of a kind; it is only a text until Issue stores it.
func (d *Door) Fresh(kind secret.TokenKind) Fresh {
	text, hash := secret.NewToken(d.ids, kind)
	return Fresh{Token: text, ID: d.ids.Next(), hash: hash}
}

// Issue stores a fresh token for an account, with what the device calls itself and where it
// is; beyond MaxSignIns the longest unseen go.
func (d *Door) Issue(tx *sqldb.Tx, f Fresh, a Account, label string, from netip.Addr,
) (SignIn, error) {
	list, err := d.store.Of(tx, a)
	if err != nil {
		return SignIn{}, err
	}
	for i := 0; i+MaxSignIns <= len(list); i++ {
		if err := d.drop(tx, list[i].Hash); err != nil {
			return SignIn{}, err
		}
	}
	s := SignIn{ID: f.ID, Account: a, Label: cleanLabel(label), Network: NetworkOf(from),
		CreatedAt: tx.Now, SeenAt: tx.Now, ExpiresAt: TermsOf(a.Kind).until(tx.Now, tx.Now)}
	return s, d.store.Insert(tx, f.hash[:], s)
}

// NetworkOf is an address as its owner may recognise it and nobody is found by it: the
// last part of an IPv4 address is a star, of an IPv6 address 48 bits are left.
func NetworkOf(a netip.Addr) string {
	a = a.Unmap()
	switch {
	case a.Is4():
		b := a.As4()
		return fmt.Sprintf("%d.%d.%d.*", b[0], b[1], b[2])
	case a.Is6():
		if p, err := a.WithZone("").Prefix(48); err == nil {
			return p.String()
		}
	}
	return ""
}

// cleanLabel keeps what a device calls itself short and printable.
func cleanLabel(label string) string {
	label = strings.Map(func(r rune) rune {
		if r < ' ' || r == utf8.RuneError || r == 0x7f {
			return -1
		}
		return r
	}, strings.TrimSpace(label))
	if r := []rune(label); len(r) > maxLabel {
		label = string(r[:maxLabel])
	}
	return label
}

func (d *Door) drop(tx *sqldb.Tx, hash []byte) error {
	key := secret.TokenHash(hash)
	tx.AfterCommit(func() { d.cache.drop(key) })
	return d.store.Delete(tx, hash)
}

// List is the live sign-ins of an account, the last seen first.
func (d *Door) List(ctx context.Context, a Account) ([]SignIn, error) {
	return d.store.List(ctx, a, d.clk.Now())
}

// Find is a live sign-in of an account; false when it has none of that number.
func (d *Door) Find(ctx context.Context, a Account, id int64) (SignIn, bool, error) {
	list, err := d.List(ctx, a)
	for _, s := range list {
		if s.ID == id {
			return s, true, nil
		}
	}
	return SignIn{}, false, err
}

// Revoke ends one sign-in of an account; false when it has none of that number.
func (d *Door) Revoke(tx *sqldb.Tx, a Account, id int64) (bool, error) {
	n, err := d.revoke(tx, a, func(s SignIn) bool { return s.ID == id })
	return n > 0, err
}

// RevokeAll ends every sign-in of an account but keep (0 keeps none), and tells how many.
func (d *Door) RevokeAll(tx *sqldb.Tx, a Account, keep int64) (int, error) {
	return d.revoke(tx, a, func(s SignIn) bool { return s.ID != keep })
}

func (d *Door) revoke(tx *sqldb.Tx, a Account, which func(SignIn) bool) (int, error) {
	list, err := d.store.Of(tx, a)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, s := range list {
		if !which(s.SignIn) {
			continue
		}
		if err := d.drop(tx, s.Hash); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// Read is the sign-in that a token opens: one hash and one look-up in memory when it is
// warm. It refuses with ErrTokenRefused.
func (d *Door) Read(ctx context.Context, kind secret.TokenKind, token string) (SignIn, error) {
	if len(token) != secret.TokenLength || !strings.HasPrefix(token, string(kind)+"_") {
		return SignIn{}, ErrTokenRefused
	}
	hash := hashOf(token)
	now := d.clk.Now()
	s, readAt, warm := d.cache.get(hash)
	if !warm || d.maxAge > 0 && now.Sub(readAt) > d.maxAge {
		if _, real := secret.ParseToken(kind, token); !real { // noise never reaches the database
			return SignIn{}, ErrTokenRefused
		}
		var err error
		if s, err = d.load(ctx, hash, now); err != nil {
			return SignIn{}, err
		}
	}
	if !now.Before(s.ExpiresAt) {
		return SignIn{}, ErrTokenRefused
	}
	if now.Sub(s.SeenAt) >= TermsOf(s.Account.Kind).Touch {
		s = d.touch(ctx, hash, s, now)
	}
	return s, nil
}

// hashOf is the hash that secret.ParseToken gives, without its checks and allocations: a
// text that is in memory under it has passed them.
func hashOf(token string) secret.TokenHash {
	var text [secret.TokenLength]byte
	copy(text[:], token)
	return sha256.Sum256(text[:])
}

// load reads a sign-in and remembers it, unless a revocation happened meanwhile: then what
// was read may be what was revoked.
func (d *Door) load(ctx context.Context, hash secret.TokenHash, now time.Time) (SignIn, error) {
	epoch := d.cache.epoch(hash)
	s, ok, err := d.store.ByHash(ctx, hash[:])
	if err != nil {
		return SignIn{}, err
	}
	if !ok {
		d.cache.drop(hash) // another process may have revoked what is remembered here
		return SignIn{}, ErrTokenRefused
	}
	d.cache.put(hash, s, now, epoch)
	return s, nil
}

// touch writes that the account was seen, rarely. A store that cannot write now must not
// shut people out: the token stays good, and the next try is one period later.
func (d *Door) touch(ctx context.Context, hash secret.TokenHash, s SignIn, now time.Time) SignIn {
	epoch := d.cache.epoch(hash)
	s.SeenAt, s.ExpiresAt = now, TermsOf(s.Account.Kind).until(s.CreatedAt, now)
	d.cache.put(hash, s, now, epoch)
	err := d.db.InTx(ctx, func(tx *sqldb.Tx) error {
		return d.store.Touch(tx, hash[:], s.SeenAt, s.ExpiresAt)
	})
	if err != nil {
		d.log.WarnContext(ctx, "a sign-in could not be marked as seen", "error", err)
	}
	return s
}

// Remembered is how many sign-ins are in memory, for figures.
func (d *Door) Remembered() int { return d.cache.len() }

// Sweep deletes ended sign-ins in one bounded slice and tells how many; the caller repeats
// while there are some.
func (d *Door) Sweep(ctx context.Context) (n int, err error) {
	err = d.db.InTxLow(ctx, func(tx *sqldb.Tx) error {
		n, err = d.store.Sweep(tx, tx.Now, sweepSlice)
		return err
	})
	return n, err
}

const sweepSlice = 200

// MemberAccount and StaffAccount name an account.
func MemberAccount(id int64) Account { return Account{actor.Member, id} }

// StaffAccount names a staff member's account.
func StaffAccount(id int64) Account { return Account{actor.Staff, id} }
