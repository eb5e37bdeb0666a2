package order

import (
	"context"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/journal"
	"foyer/internal/ledger"
	"foyer/internal/money"
	"foyer/internal/payment"
	"foyer/internal/seating"
	"foyer/internal/sqldb"
	"foyer/internal/ticket"
)

// Sessions is the catalogue as placing needs it.
type Sessions interface {
	// Sellable is the session with its prices and policy, from memory.
	Sellable(ctx context.Context, session int64) (*catalog.Sellable, error)
	// GuardSession refuses when the session is no longer the revision that was priced, or
	// not on sale at tx.Now.
	GuardSession(tx *sqldb.Tx, session, revision int64) error
	// Batch is what the codes of a batch are good for, from memory; nil without one.
	Batch(id int64) *catalog.CodeBatch
	// ReadGates reads at once what GuardSession is going to compare for many sessions.
	ReadGates(tx *sqldb.Tx, sessions []int64) error
}

// Chooser proposes places; the book decides.
type Chooser interface {
	Choose(ctx context.Context, ask seating.Ask) (*seating.Choice, error)
	// Drop gives up a choice that will not be placed.
	Drop(c *seating.Choice)
}

// Book is seating's truth, inside our transactions. Each method registers its own change
// of the board after the commit.
type Book interface {
	Claim(tx *sqldb.Tx, c seating.Claim) error
	// ClaimAll gives several owners their places, all or none. Its error says that one of
	// the places is gone, not which.
	ClaimAll(tx *sqldb.Tx, list []seating.Claim) error
	// Sell turns the held claims of the owner into sold ones; n is how many there must be.
	Sell(tx *sqldb.Tx, session int64, owner seating.Owner, n int) error
	// Release frees places and area units of the owner; nil and nil frees all it has.
	Release(tx *sqldb.Tx, session int64, owner seating.Owner, places []int32,
		areas []seating.AreaQty) error
	Extend(tx *sqldb.Tx, session int64, owner seating.Owner, until time.Time) error
	// Owners are those of a kind that have anything of a session, in order of their ids.
	Owners(tx *sqldb.Tx, session int64, kind seating.OwnerKind, after int64, limit int) (
		[]int64, error)
	ComingBack
}

// Tickets issues and voids, inside our transactions.
type Tickets interface {
	Issue(tx *sqldb.Tx, in ticket.Issue) ([]ticket.Ticket, error)
	// Void refuses with ticket.ErrUsed when one of the units was used.
	Void(tx *sqldb.Tx, organization, order int64, units []ticket.UnitRef) error
	// VoidUsed is Void of units whether they were used or not, and gives the tickets as they
	// were. What the gates wrote of them stays.
	VoidUsed(tx *sqldb.Tx, organization, order int64, units []ticket.UnitRef) (
		[]ticket.Ticket, error)
	// OrderOf is the order of a ticket of the organization; 0 without one.
	OrderOf(ctx context.Context, organization, id int64) (int64, error)
	// Used are the units that somebody has entered with.
	Used(ctx context.Context, organization, order int64) ([]ticket.UnitRef, error)
}

// Journal is where each accepted command leaves its one row.
type Journal interface {
	Append(tx *sqldb.Tx, e journal.Entry) journal.Position
}

// Ledger books the movements of a command.
type Ledger interface {
	Post(tx *sqldb.Tx, pos journal.Position, order int64, cur money.Currency,
		moves ...ledger.Move) error
}

// Jobs keeps timed work.
type Jobs interface {
	Enqueue(tx *sqldb.Tx, j journal.Job) error
}

// Payments is the money's side.
type Payments interface {
	RequestRefund(tx *sqldb.Tx, r payment.RefundRequest) (int64, error)
	// TakeByHand stores money that the house took before it is entered.
	TakeByHand(tx *sqldb.Tx, t payment.HandTaken) (int64, error)
	// CloseOpen asks the provider about every open payment of the order, closes what may be
	// closed, and says whether none is open any more.
	CloseOpen(ctx context.Context, organization, order int64) (done bool, err error)
	// Captured lists the settled payments of an order with what of each may still go back.
	Captured(tx *sqldb.Tx, organization, order int64) ([]payment.Refundable, error)
	// Backlog counts by provider the refunds that it has not accepted yet.
	Backlog(ctx context.Context) (map[string]int, error)
	// Stuck are the refunds of an organization that wait for a person, for one cause.
	Stuck(ctx context.Context, organization int64, cause payment.Cause) ([]*payment.Refund,
		error)
}

// Buyers is told when a member has bought from an organization, inside the transaction, and
// finds those who did.
type Buyers interface {
	RememberTail(tx *sqldb.Tx, organization, member int64) error
	// FindByTail are members whose phone ends in four digits; it refuses with fault.BadInput.
	FindByTail(ctx context.Context, s actor.Scope, digits string) ([]int64, error)
}

// Store is the orders' own SQL; package orderdb implements it.
type Store interface {
	// Insert stores new orders, all or none.
	Insert(tx *sqldb.Tx, list ...*Order) error
	// InsertSeveral stores a new order over several sessions.
	InsertSeveral(tx *sqldb.Tx, o *Order) error
	ReplaceLines(tx *sqldb.Tx, o *Order) error
	Counters
	Transitions
	Finds
	Books
}

// Counters are what a sale may not pass, and what an order counts of its own.
type Counters interface {
	Limits
	BuyerLimits
	Counts
}

// Finds are all ways to an order and to what was agreed.
type Finds interface {
	Agreements
	Heads
	Reads
	Snapshots
	Finder
	PurgeBook
}

// Books are what orders count and keep beside themselves.
type Books interface {
	UseBook
	CodeBook
	ChangeBook
	LateBook
	GiveBackBook
	MoveBook
	GateWaitBook
}

// Limits are the counters that a sale may not pass.
type Limits interface {
	// TakeMember counts n more places of a member in a session and notes the live order.
	// It refuses with ErrLimit, ErrCoolDown or a *LiveOrder.
	TakeMember(tx *sqldb.Tx, t MemberTake) error
	// TakeNewMembers counts members who were never counted in their sessions, all or none.
	// Its error says that one of them was, not which.
	TakeNewMembers(tx *sqldb.Tx, list []MemberTake) error
	// GiveMember takes n back; live tells whether the order stops being the live one.
	GiveMember(tx *sqldb.Tx, g MemberGive) error
	// EndLive lets the member place another order in the session, if this was the live one.
	EndLive(tx *sqldb.Tx, session, member, order int64) error
	// Live is the member's unpaid order in the session, else 0.
	Live(ctx context.Context, session, member int64) (int64, error)
}

// Transitions are the guarded edges; each returns false when the guard did not hold, and
// guards the revision besides the state that its name says. When it holds, the order in
// hand is of the next revision.
type Transitions interface {
	// MarkPaidIfUnpaid counts one open payment less, besides, when the money came by one.
	MarkPaidIfUnpaid(tx *sqldb.Tx, o *Order, wasOpen bool) (bool, error)
	MarkPaidIfExpired(tx *sqldb.Tx, o *Order) (bool, error)
	MarkEndedIfIdle(tx *sqldb.Tx, o *Order, by EndedBy) (bool, error)
	MarkClosingIfPending(tx *sqldb.Tx, o *Order, by EndedBy) (bool, error)
	MarkEndedIfClosing(tx *sqldb.Tx, o *Order) (bool, error)
	ExtendIfPending(tx *sqldb.Tx, o *Order, until time.Time) (bool, error)
}

// Counts are what an order counts of its payments and returned units.
type Counts interface {
	// CountPaymentIfPending is false without minLeft to go, or with maxOpened opened before.
	CountPaymentIfPending(tx *sqldb.Tx, o *Order, minLeft time.Duration, maxOpened int) (
		bool, error)
	CountPaymentEnded(tx *sqldb.Tx, organization, order int64) error
	// ReturnUnit refuses with ErrUnitReturned when the unit went back before.
	ReturnUnit(tx *sqldb.Tx, u ReturnedUnit) error
	AddRefunded(tx *sqldb.Tx, organization, order int64, amount money.Minor) error
}

// Heads find orders without their lines, for questions that need no more.
type Heads interface {
	Head(ctx context.Context, order int64) (*Order, error)
}

// Reads find orders with their lines.
type Reads interface {
	Get(tx *sqldb.Tx, order int64) (*Order, error)
	Find(ctx context.Context, order int64) (*Order, error)
	OfMember(ctx context.Context, member, before int64, limit int) ([]*Order, error)
	// Unpaid are the pending and closing orders made since a time, in pages by key.
	Unpaid(ctx context.Context, since, after int64, limit int) ([]*Order, error)
}

// Snapshots keep what was agreed to, the same bytes once.
type Snapshots interface {
	Snapshot(ctx context.Context, organization, id int64) ([]byte, error)
	SnapshotIn(tx *sqldb.Tx, organization, id int64) ([]byte, error)
	// SnapshotOf is the id under which these bytes were stored; 0 when they were not.
	SnapshotOf(ctx context.Context, organization int64, digest [32]byte) (int64, error)
	SaveSnapshot(tx *sqldb.Tx, organization, id int64, digest [32]byte, doc []byte) (int64, error)
}

// MemberTake is one count-up of a member's places.
type MemberTake struct {
	Session, Member, Order int64
	N, Max                 int // Max 0: no limit
	// Late is for money that is here already: neither another unpaid order of the member
	// nor a cool-down stands in its way, and it becomes nobody's live order.
	Late bool
}

// MemberGive is one count-down.
type MemberGive struct {
	Session, Member, Order int64
	N                      int
	EndLive                bool
	Lapsed                 bool // the order ended unpaid by time
	CoolDown               time.Duration
}

// ReturnedUnit is one unit on its way back.
type ReturnedUnit struct {
	Order       int64
	Line, Unit  int
	Refund      int64
	Amount, Fee money.Minor
}

// LiveOrder refuses a second unpaid order of a member in a session and names the first.
type LiveOrder struct{ Order int64 }

func (e *LiveOrder) Error() string { return "order: the member has a live order" }
