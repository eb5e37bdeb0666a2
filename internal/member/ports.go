package member

import (
	"context"
	"time"

	"foyer/internal/actor"
	"foyer/internal/journal"
	"foyer/internal/notify"
	"foyer/internal/sqldb"
)

// Store keeps members; package memberdb implements it.
type Store interface {
	// ByPhone finds a member by any of the indexes that a phone may be stored under.
	ByPhone(ctx context.Context, indexes [][]byte) (Record, bool, error)
	ByPhoneIn(tx *sqldb.Tx, indexes [][]byte) (Record, bool, error)
	ByID(ctx context.Context, id int64) (Record, bool, error)
	ByIDIn(tx *sqldb.Tx, id int64) (Record, bool, error)
	Insert(tx *sqldb.Tx, r Record) error
	// UpdateIfRevision stores name, language and password and raises the revision.
	UpdateIfRevision(tx *sqldb.Tx, r Record) error
}

// CodeStore keeps codes sent by SMS and how many were sent; package memberdb implements it.
type CodeStore interface {
	InsertCode(tx *sqldb.Tx, c Code) error
	// LiveCodes are those that have not ended, the newest first.
	LiveCodes(tx *sqldb.Tx, phoneIndex []byte, p Purpose) ([]Code, error)
	SetTries(tx *sqldb.Tx, c Code) error
	DeleteCodes(tx *sqldb.Tx, phoneIndex []byte, p Purpose) error
	Quota(tx *sqldb.Tx, subject []byte) (Quota, error)
	SetQuota(tx *sqldb.Tx, subject []byte, q Quota) error
	// SweepCodes deletes at most limit ended codes and old quotas.
	SweepCodes(tx *sqldb.Tx, limit int) (int, error)
}

// TailStore keeps what an organization may find its own buyers by; memberdb implements it.
type TailStore interface {
	Remember(tx *sqldb.Tx, s actor.Scope, tail []byte, member int64) error
	Find(ctx context.Context, s actor.Scope, tails [][]byte, limit int) ([]int64, error)
}

// Code is one code as stored.
type Code struct {
	PhoneIndex, Challenge, MAC []byte
	Purpose                    Purpose
	Tries, OpenTries           int
	SentAt, ExpiresAt          time.Time
}

// Quota is what a subject had on its last day.
type Quota struct {
	Day, Sent int
	LastAt    time.Time
}

// SubjectKeys makes the key of a new member, and drops the unwrapped key of one who was
// forgotten from memory; the key ring implements it.
type SubjectKeys interface {
	NewSubjectKey() []byte
	ForgetSubject(sealedKey []byte)
}

// Vault seals values under a member's own key and makes blind indexes and MACs; the key
// ring implements it.
type Vault interface {
	SubjectKeys
	SealWith(sealedKey, ad, plain []byte) ([]byte, error)
	OpenWith(sealedKey, ad, sealed []byte) ([]byte, error)
	BlindIndex(kind, value string) []byte
	BlindIndexes(kind, value string) [][]byte
	MAC(purpose string, msg []byte) []byte
	CheckMAC(purpose string, msg, mac []byte) bool
}

// Passwords hashes and checks passwords; package secret implements it.
type Passwords interface {
	Hash(ctx context.Context, password string) (string, error)
	Check(ctx context.Context, password, stored string) (ok, again bool, err error)
	CheckNobody(ctx context.Context, password string) error
}

// Journal takes one entry for each accepted command; package journal implements it.
type Journal interface {
	Append(tx *sqldb.Tx, e journal.Entry) journal.Position
}

// Sender hands messages to their channel; package notify's senders implement it.
type Sender interface {
	Send(ctx context.Context, m notify.Message) error
}
