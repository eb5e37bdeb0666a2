package approval

import (
	"context"
	"log/slog"
	"time"

	"foyer/internal/actor"
	"foyer/internal/clock"
	"foyer/internal/idgen"
	"foyer/internal/journal"
	"foyer/internal/money"
	"foyer/internal/sqldb"
)

// Store keeps requests, rules and passings; package approvaldb implements it.
type Store interface {
	Requests
	Rules
	Reads
	Passes
}

// Requests is the part of a Store that a request's life is written by.
type Requests interface {
	Insert(tx *sqldb.Tx, r *Request) error
	Find(tx *sqldb.Tx, s actor.Scope, id int64) (*Request, error)
	// FindOpen is the undecided request of a digest, or nil.
	FindOpen(tx *sqldb.Tx, s actor.Scope, digest []byte) (*Request, error)
	// EndIfPending writes the outcome of a request over one that is pending; false else.
	EndIfPending(tx *sqldb.Tx, r *Request) (bool, error)
	// OpenOf counts the pending requests of one asker.
	OpenOf(tx *sqldb.Tx, s actor.Scope, asker int64) (int, error)
}

// Rules is the part of a Store that keeps rules.
type Rules interface {
	Rules(ctx context.Context, s actor.Scope) ([]Rule, error)
	RulesIn(tx *sqldb.Tx, s actor.Scope) ([]Rule, error)
	PutRule(tx *sqldb.Tx, r Rule) error
}

// Reads is the part of a Store that answers people.
type Reads interface {
	Get(ctx context.Context, s actor.Scope, id int64) (*Request, error)
	List(ctx context.Context, s actor.Scope, f Filter) ([]*Request, error)
	Counts(ctx context.Context, s actor.Scope, now time.Time) ([]Count, error)
}

// Filter is a page of requests, newest first.
type Filter struct {
	State  State     // empty: all
	Kind   Kind      // empty: all
	Asker  int64     // 0: everybody's
	Now    time.Time // what makes a pending one expired
	Before int64     // the key to read below; 0 for the first page
	Limit  int
}

// Count is how many requests of one kind and asker wait at a venue.
type Count struct {
	Kind  Kind
	Venue int64
	Asker int64
	N     int
}

// People knows who is still on the staff; package staff implements it.
type People interface {
	// StandsIn says whether the person is active staff who holds the permission, as the
	// transaction sees it.
	StandsIn(tx *sqldb.Tx, staff int64, p actor.Permission, organization, venue int64) (
		bool, error)
}

// Journal takes one entry for each accepted command.
type Journal interface {
	Append(tx *sqldb.Tx, e journal.Entry) journal.Position
}

// Parts are what a gate is made of; all are required.
type Parts struct {
	DB      *sqldb.DB
	Store   Store
	People  People
	Journal Journal
	Clock   clock.Clock
	IDs     *idgen.Source
	Log     *slog.Logger
	// Reason is what the request under way gives as its reason; empty without one.
	Reason func(ctx context.Context) string
	// Show is a request as the API answers with it.
	Show func(r *Request, now time.Time) any
}

// Ask is a command that one person may not carry out alone.
type Ask struct {
	Venue   int64
	Object  journal.Object
	Title   string
	Changes []Change
	Input   []byte // what Carry is given back
}

// Case is what decides whether a command needs a second person.
type Case struct {
	Kind         Kind
	Organization int64
	Amount       money.Minor
	// Always asks for a second person whatever the rules say.
	Always bool
	// Already is what came before of the same thing, whoever did it: all that went back of an
	// order before this refund. The larger of it and of what adds up counts.
	Already money.Minor
	// AddsUp says that what the same person carried out alone within a day counts too, so
	// that many small commands are no way around.
	AddsUp bool
	// NoBound says that nobody can tell how much it may come to: more than any rule allows.
	NoBound bool
	// Free says that nothing in it needs two people, whatever the rule: Alone notes it.
	Free bool
}

// Port is what other modules ask: nil lets the command go on. Otherwise make is run, which
// tries the command without effect and describes it, and the error is a *Asked, which the
// door answers with 202 and the request; or a refusal. A make that gives an Ask without
// input has found nothing that needs two people, and the command goes on.
type Port interface {
	Pass(ctx context.Context, who actor.Actor, c Case, make func() (Ask, error)) error
	// Alone is run in the transaction of a command that went on, and may refuse it yet. It
	// is what kinds whose amounts add up, and kinds that the doctor looks after, cannot do
	// without. object is what the command made or changed, at its revision since.
	Alone(tx *sqldb.Tx, who actor.Actor, c Case, object journal.Object) error
}

// Spec is a kind of command, registered where the modules are joined.
type Spec struct {
	Kind   Kind
	Zh, En string
	// Permission is what the command itself needs: whoever agrees must hold it too, and
	// whoever asked must hold it still.
	Permission actor.Permission
	// Sums says that a rule of the kind may name an amount up to which one person may.
	Sums bool
	// Carry carries the command out as it was asked. It runs done first thing within the
	// command's own transaction: done refuses when the request was decided meanwhile. A
	// command that would run done never, or in another transaction, is not carried out once.
	Carry func(ctx context.Context, c Carried, done Once) error
	// Ended hears in its transaction that a request was refused or taken back; nil: nobody
	// needs to know.
	Ended func(tx *sqldb.Tx, r *Request) error
}

// Once is what a command that was agreed to runs first within its own transaction. made is
// what the command makes, where it makes something new.
type Once func(tx *sqldb.Tx, made ...journal.Object) error

// Carried is a command that was agreed to.
type Carried struct {
	Request *Request
	// As is the asker with the rights of whoever agreed.
	As actor.Actor
	// By is whoever agreed.
	By actor.Actor
}

// Asked is not a failure: the command waits for a second person.
type Asked struct {
	Request *Request
	body    any
}

func (a *Asked) Error() string { return "approval: " + string(a.Request.Kind) + " waits for two" }

// Accepted is what the door answers with, under the status 202.
func (a *Asked) Accepted() any { return a.body }
