package signin

import (
	"context"
	"time"

	"foyer/internal/actor"
	"foyer/internal/fault"
	"foyer/internal/idgen"
	"foyer/internal/secret"
	"foyer/internal/sqldb"
)

// LinkPurpose is what a one-time link does for its account.
type LinkPurpose string

// The purposes of links.
const (
	// ToVerifyEmail proves that the account's owner reads an address.
	ToVerifyEmail LinkPurpose = "verify_email"
	// ToRecover lets the account's owner set a new password.
	ToRecover LinkPurpose = "recover"
	// ToDisown says of a sign-in: it was not me.
	ToDisown LinkPurpose = "not_me"
)

// The kinds of the links' tokens; that of ToRecover is secret.RecoverToken.
const (
	VerifyToken secret.TokenKind = "fv"
	DisownToken secret.TokenKind = "fn"
)

// Limits of links.
const (
	VerifyLife  = 24 * time.Hour
	RecoverLife = 15 * time.Minute
	DisownLife  = 7 * 24 * time.Hour
	// MaxLinks is how many links of a purpose an account may have; the oldest goes.
	MaxLinks = 5
)

// ErrLinkUsed refuses a link, in the same words whatever is wrong with it.
var ErrLinkUsed = fault.Define(fault.NotFound, "account_link_invalid",
	"链接无效、已使用或已过期", "The link is unknown, used, or has ended.",
	"Ask for a new one; each works once.")

// Link is a one-time link as stored; the token itself is in a message alone.
type Link struct {
	Hash      []byte
	Purpose   LinkPurpose
	Account   Account
	SignIn    int64  // what ToDisown is about
	Sealed    []byte // what ToVerifyEmail is about
	CreatedAt time.Time
	ExpiresAt time.Time
}

// LinkStore keeps links; package signindb implements it.
type LinkStore interface {
	InsertLink(tx *sqldb.Tx, l Link) error
	LinkByHash(ctx context.Context, hash []byte) (Link, bool, error)
	// DeleteLink is false when it is gone already.
	DeleteLink(tx *sqldb.Tx, hash []byte) (bool, error)
	// LinksOf lists those of an account and purpose, the oldest first.
	LinksOf(tx *sqldb.Tx, a Account, p LinkPurpose) ([]Link, error)
	DeleteLinks(tx *sqldb.Tx, a Account) error
	// SweepLinks deletes at most limit links that ended before now.
	SweepLinks(tx *sqldb.Tx, now time.Time, limit int) (int, error)
}

// Links makes and spends one-time links.
type Links struct {
	db    *sqldb.DB
	store LinkStore
	ids   *idgen.Source
}

// NewLinks makes the module.
func NewLinks(db *sqldb.DB, store LinkStore, ids *idgen.Source) *Links {
	return &Links{db, store, ids}
}

func (p LinkPurpose) token() secret.TokenKind {
	switch p {
	case ToVerifyEmail:
		return VerifyToken
	case ToDisown:
		return DisownToken
	default:
		return secret.RecoverToken
	}
}

func (p LinkPurpose) life() time.Duration {
	switch p {
	case ToVerifyEmail:
		return VerifyLife
	case ToDisown:
		return DisownLife
	default:
		return RecoverLife
	}
}

// Fresh makes the text of a link's token and its row, which Keep stores.
func (l *Links) Fresh(p LinkPurpose, a Account) (string, Link) {
	text, hash := secret.NewToken(l.ids, p.token())
	return text, Link{Hash: hash[:], Purpose: p, Account: a}
}

// Keep stores a fresh link; beyond MaxLinks of its purpose the account's oldest goes.
func (l *Links) Keep(tx *sqldb.Tx, link Link) error {
	list, err := l.store.LinksOf(tx, link.Account, link.Purpose)
	if err != nil {
		return err
	}
	for i := 0; i+MaxLinks <= len(list); i++ {
		if _, err := l.store.DeleteLink(tx, list[i].Hash); err != nil {
			return err
		}
	}
	link.CreatedAt, link.ExpiresAt = tx.Now, tx.Now.Add(link.Purpose.life())
	return l.store.InsertLink(tx, link)
}

// Find is what a token is good for, and spends nothing. It refuses with ErrLinkUsed.
func (l *Links) Find(ctx context.Context, p LinkPurpose, kind actor.Kind, token string,
	now time.Time,
) (Link, error) {
	hash, ok := secret.ParseToken(p.token(), token)
	if !ok {
		return Link{}, ErrLinkUsed
	}
	link, ok, err := l.store.LinkByHash(ctx, hash[:])
	if err != nil {
		return Link{}, err
	}
	if !ok || link.Purpose != p || link.Account.Kind != kind || !now.Before(link.ExpiresAt) {
		return Link{}, ErrLinkUsed
	}
	return link, nil
}

// Spend uses a link up, in the transaction of what it does. It refuses with ErrLinkUsed
// when it is gone or over.
func (l *Links) Spend(tx *sqldb.Tx, link Link) error {
	ok, err := l.store.DeleteLink(tx, link.Hash)
	if err == nil && (!ok || !tx.Now.Before(link.ExpiresAt)) {
		return ErrLinkUsed
	}
	return err
}

// SpendAll uses up every link of an account and purpose, e.g. once the password was set.
func (l *Links) SpendAll(tx *sqldb.Tx, a Account, p LinkPurpose) error {
	list, err := l.store.LinksOf(tx, a, p)
	if err != nil {
		return err
	}
	for _, link := range list {
		if _, err := l.store.DeleteLink(tx, link.Hash); err != nil {
			return err
		}
	}
	return nil
}

// Forget deletes all links of an account.
func (l *Links) Forget(tx *sqldb.Tx, a Account) error { return l.store.DeleteLinks(tx, a) }

// Sweep deletes ended links in one bounded slice and tells how many.
func (l *Links) Sweep(ctx context.Context) (n int, err error) {
	err = l.db.InTxLow(ctx, func(tx *sqldb.Tx) error {
		n, err = l.store.SweepLinks(tx, tx.Now, sweepSlice)
		return err
	})
	return n, err
}
