package signin

import (
	"context"
	"time"

	"foyer/internal/actor"
	"foyer/internal/secret"
	"foyer/internal/sqldb"
)

// Tokens is the store of sign-ins; package signindb implements it.
type Tokens interface {
	Insert(tx *sqldb.Tx, hash []byte, s SignIn) error
	ByHash(ctx context.Context, hash []byte) (SignIn, bool, error)
	// Of lists those of an account, the longest unseen first.
	Of(tx *sqldb.Tx, a Account) ([]StoredSignIn, error)
	List(ctx context.Context, a Account, now time.Time) ([]SignIn, error)
	Delete(tx *sqldb.Tx, hash []byte) error
	Touch(tx *sqldb.Tx, hash []byte, seen, expires time.Time) error
	// Sweep deletes at most limit sign-ins that ended before now.
	Sweep(tx *sqldb.Tx, now time.Time, limit int) (int, error)
}

// StoredSignIn is a sign-in with the hash that names its row.
type StoredSignIn struct {
	SignIn
	Hash []byte
}

// Attempts is the store of failures and known devices; package signindb implements it.
type Attempts interface {
	Failures(tx *sqldb.Tx, s Subject) (secret.Failures, error)
	SetFailures(tx *sqldb.Tx, s Subject, f secret.Failures) error
	Clear(tx *sqldb.Tx, s Subject) error
	Knows(tx *sqldb.Tx, a Account, device []byte) (bool, error)
	// Know stores a device or renews it, and drops the longest unseen beyond keep.
	Know(tx *sqldb.Tx, a Account, device []byte, at time.Time, keep int) error
	ForgetDevices(tx *sqldb.Tx, a Account) error
	// SweepAttempts deletes at most limit counters whose last failure is before cut.
	SweepAttempts(tx *sqldb.Tx, cut time.Time, limit int) (int, error)
}

// MACs makes keyed digests, so that a stolen table shows neither phones nor addresses.
type MACs interface {
	MAC(purpose string, message []byte) []byte
}

// StaffActors knows what a staff member may do now; package staff implements it from
// memory.
type StaffActors interface {
	Actor(ctx context.Context, id int64) (actor.Actor, error)
}

// Devices reads the tokens of gates; package checkin implements it.
type Devices interface {
	Authenticate(ctx context.Context, token string) (actor.Actor, error)
}
