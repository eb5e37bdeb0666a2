// Package alert tells members what they asked to be told: that a session goes on sale, or
// that places of one that was sold out have come back. First come, first served, in
// batches, each at most once.
package alert

import (
	"context"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/idgen"
	"foyer/internal/journal"
	"foyer/internal/notify"
	"foyer/internal/sqldb"
)

// Kind is what a member wants to be told of.
type Kind string

// The kinds.
const (
	OnSale   Kind = "on_sale"  // the sale begins
	Returned Kind = "returned" // places came back (缺货登记)
)

// KindAlert is the kind of an alert's public id.
const KindAlert idgen.Kind = "alr"

// Alert is one registration.
type Alert struct {
	ID           int64
	Organization int64
	Session      int64
	Member       int64
	Kind         Kind
	CreatedAt    time.Time
	ToldAt       time.Time // zero while he waits
}

// JobTell tells those who wait for a session; its object is the session.
const JobTell = "alert.tell"

// Limits and paces.
const (
	MaxWaiting = 50 // alerts of a member that have not been told
	// batch is how many are told of the begin of a sale at a time; of places that came
	// back no more are told than there are places.
	batch         = 100
	betweenOnSale = time.Second
	// headStart is how long those who were told first have before the next are told.
	headStart = 5 * time.Minute
	look      = 30 * time.Second // how often it is looked whether places came back
)

// Refusals.
var (
	ErrNothingToTell = fault.Define(fault.Conflict, "nothing_to_tell",
		"该场次已停售,无法登记提醒", "The session will not sell any more.",
		"Choose another session.")
	ErrTooManyAlerts = fault.Define(fault.Conflict, "too_many_alerts",
		"登记的提醒太多了,请先取消一些", "You wait for too many sessions.",
		"Withdraw some; `details.max` says how many may wait.")
	ErrStillFree = fault.Define(fault.Conflict, "still_free",
		"该场次还有票,现在就可以购买", "The session has places left: buy them now.",
		"Place an order.")
)

// Store keeps the alerts; package alertdb implements it.
type Store interface {
	// Insert is false when the member has one of the kind for the session already.
	Insert(tx *sqldb.Tx, a Alert) (bool, error)
	// Waiting counts those of a session who have not been told.
	Waiting(tx *sqldb.Tx, session int64) (int, error)
	// Next are the first of a session and kind who have not been told.
	Next(ctx context.Context, session int64, k Kind, limit int) ([]Alert, error)
	// MarkTold is false when somebody else told him, or he withdrew.
	MarkTold(tx *sqldb.Tx, scope actor.Scope, id int64) (bool, error)
	// OfMember are a member's, newest first.
	OfMember(ctx context.Context, member int64, limit int) ([]Alert, error)
	// Withdraw is false when the member has no such alert that waits.
	Withdraw(tx *sqldb.Tx, member, id int64) (bool, error)
}

// Sessions is the catalogue as alerts need it.
type Sessions interface {
	PublicSession(ctx context.Context, id int64) (*catalog.Sellable, error)
	Sellable(ctx context.Context, id int64) (*catalog.Sellable, error)
}

// Jobs takes timed work.
type Jobs interface {
	Enqueue(tx *sqldb.Tx, j journal.Job) error
}

// Journal takes one entry for each accepted command.
type Journal interface {
	Append(tx *sqldb.Tx, e journal.Entry) journal.Position
}

// Contact finds where and in which language a member is told; false when he is gone.
type Contact func(ctx context.Context, member int64) (phone, language string, ok bool, err error)

// Parts are the neighbours; all are required.
type Parts struct {
	DB       *sqldb.DB
	Store    Store
	Sessions Sessions
	Left     catalog.Remaining
	Contact  Contact
	Sender   notify.Sender
	Jobs     Jobs
	Journal  Journal
	IDs      *idgen.Source
	Clock    clock.Clock
	// Link is where a session is bought, from its id.
	Link func(session int64) string
}

// Alerts is the use cases. Make one with New.
type Alerts struct{ Parts }

// New joins the parts.
func New(p Parts) *Alerts { return &Alerts{p} }

// Register lets a member be told: of the begin of the sale before it, of places that come
// back later. Asked again it gives the same. Refused with fault.Missing, ErrNothingToTell,
// ErrStillFree, ErrTooManyAlerts.
func (a *Alerts) Register(ctx context.Context, who actor.Actor, session int64) (*Alert, error) {
	s, err := a.Sessions.PublicSession(ctx, session)
	if err != nil {
		return nil, err
	}
	now := a.Clock.Now().UTC().Truncate(time.Millisecond)
	al := Alert{ID: a.IDs.Next(), Organization: s.Session.Organization, Session: session,
		Member: who.ID, Kind: Returned, CreatedAt: now}
	due := now.Add(look)
	switch s.SaleAt(now) {
	case catalog.SaleNotYet:
		al.Kind, due = OnSale, s.SaleFrom
	case catalog.SaleOpen, catalog.SalePaused:
		left, err := a.Left.Remaining(ctx, []*catalog.Session{&s.Session})
		if err != nil {
			return nil, err
		}
		if left[session].Free > 0 {
			return nil, ErrStillFree.With("free", left[session].Free)
		}
	default:
		return nil, ErrNothingToTell.With("sale_state", s.SaleAt(now))
	}
	mine, err := a.Store.OfMember(ctx, who.ID, 10*MaxWaiting)
	if err != nil {
		return nil, err
	}
	waiting := 0
	for i := range mine {
		if mine[i].Session == session && mine[i].Kind == al.Kind {
			return &mine[i], nil
		}
		if mine[i].ToldAt.IsZero() {
			waiting++
		}
	}
	if waiting >= MaxWaiting {
		return nil, ErrTooManyAlerts.With("max", MaxWaiting)
	}
	return &al, a.DB.InTx(ctx, func(tx *sqldb.Tx) error { return a.register(tx, who, al, due) })
}

// register stores an alert; the first who waits for a session brings its job about.
func (a *Alerts) register(tx *sqldb.Tx, who actor.Actor, al Alert, due time.Time) error {
	n, err := a.Store.Waiting(tx, al.Session)
	if err != nil {
		return err
	}
	fresh, err := a.Store.Insert(tx, al)
	if err != nil || !fresh {
		return err
	}
	if n == 0 {
		if err := a.Jobs.Enqueue(tx, journal.Job{Kind: JobTell, ObjectID: al.Session,
			Due: due}); err != nil {
			return err
		}
	}
	a.record(tx, who, "alert.registered", al.Organization, al.ID, al.Session)
	return nil
}

func (a *Alerts) record(tx *sqldb.Tx, who actor.Actor, action string, organization, id,
	session int64,
) {
	list := []journal.Object{{Kind: string(KindAlert), ID: id, Revision: 1}}
	if session != 0 {
		list = append(list, journal.Object{Kind: string(catalog.KindSession), ID: session})
	}
	a.Journal.Append(tx, journal.Entry{Actor: who, Organization: organization, Action: action,
		Objects: list, Data: []byte(`{}`)})
}

// Mine are a member's alerts, newest first.
func (a *Alerts) Mine(ctx context.Context, who actor.Actor) ([]Alert, error) {
	return a.Store.OfMember(ctx, who.ID, 100)
}

// Withdraw ends an alert that has not been told. Refused with fault.Missing.
func (a *Alerts) Withdraw(ctx context.Context, who actor.Actor, id int64) error {
	return a.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		ok, err := a.Store.Withdraw(tx, who.ID, id)
		if err == nil && !ok {
			err = fault.Missing
		}
		if err == nil {
			a.record(tx, who, "alert.withdrawn", 0, id, 0)
		}
		return err
	})
}
