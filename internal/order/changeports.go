package order

import (
	"context"

	"foyer/internal/money"
	"foyer/internal/sqldb"
)

// ChangeBook keeps changes; package orderdb implements it. The edges of the order that go
// with them guard its revision and leave the order in hand at the next.
type ChangeBook interface {
	ChangeRows
	ChangeEdges
	ChangePayments
}

// ChangeRows are the changes themselves.
type ChangeRows interface {
	InsertChange(tx *sqldb.Tx, c *Change) error
	// MoveChange takes a change from a state to the one in hand; fault.Stale when it is
	// not there any more.
	MoveChange(tx *sqldb.Tx, c *Change, from ChangeState) error
	ChangeIn(tx *sqldb.Tx, id int64) (*Change, error)
	FindChange(ctx context.Context, id int64) (*Change, error)
	ChangesOf(ctx context.Context, order int64) ([]*Change, error)
}

// ChangeEdges are what a change does to its order.
type ChangeEdges interface {
	// StartChange is false when another change is under way, or the order has moved on.
	StartChange(tx *sqldb.Tx, o *Order, change int64) (bool, error)
	// FinishChange adds what was paid and what goes back; started says whether the change
	// was the order's open one.
	FinishChange(tx *sqldb.Tx, o *Order, c *Change, started bool) (bool, error)
	DropChange(tx *sqldb.Tx, o *Order, change int64) (bool, error)
	AddLines(tx *sqldb.Tx, order int64, c *Change) error
	// MoveUnit refuses with ErrUnitReturned when the unit has gone before.
	MoveUnit(tx *sqldb.Tx, u MovedUnit) error
}

// ChangePayments are the payments that pay a change.
type ChangePayments interface {
	// CountChangePayment counts one more open payment of the change and its order.
	CountChangePayment(tx *sqldb.Tx, c *Change, payment int64) error
	// CountChangePaymentEnded counts one less of the change; never below zero.
	CountChangePaymentEnded(tx *sqldb.Tx, c *Change) error
	// ChangeOfPayment is the change that a payment pays; 0 when it pays none.
	ChangeOfPayment(tx *sqldb.Tx, payment int64) (int64, error)
}

// MovedUnit is a unit whose value pays others: Amount of it goes back, Fee is kept.
type MovedUnit struct {
	ReturnedUnit
	Change int64
	Moved  money.Minor
}
