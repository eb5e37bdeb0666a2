package order

import (
	"log/slog"
	"strconv"
	"sync/atomic"
	"time"

	"foyer/internal/approval"
	"foyer/internal/clock"
	"foyer/internal/idgen"
	"foyer/internal/recent"
	"foyer/internal/sqldb"
)

// Config of the agreement; the zero value is usable.
type Config struct {
	// MinSecondsToPay is how much of its life an order must have left to open a payment;
	// 0 means 60.
	MinSecondsToPay int `help:"Seconds an order must have left to open a payment (0: 60)."`
	// MaxPayments is how many payments an order may open; 0 means 3.
	MaxPayments int `help:"Payments an order may open (0: 3)."`
	// RefundsPerSecond is how many orders of a cancelled session are given back in a
	// second; 0 means 20.
	RefundsPerSecond int `help:"Orders of a cancelled session refunded in a second (0: 20)."`
	// RefundsWaiting is how many refunds a provider may have left unanswered before no more
	// are asked of it for a cancelled session; 0 means 200.
	RefundsWaiting int `help:"Unanswered refunds at which a mass refund waits (0: 200)."`
	// LateDays is how many days after a sale it may still be entered; 0 means 31.
	LateDays int `help:"Days after which a past sale can no longer be entered (0: 31)."`
	// KeepUnpaidDays is how long orders are kept that ended without a payment ever opened;
	// 0 means 7, below 0 for ever.
	KeepUnpaidDays int `help:"Days to keep orders that nobody began to pay (0: 7, -1: for ever)."`
}

// Parts are the neighbours that an order works with; all but Approvals, Gates and Invoices
// are required.
type Parts struct {
	DB       *sqldb.DB
	Store    Store
	Sessions Sessions
	Chooser  Chooser
	Book     Book
	Tickets  Tickets
	Journal  Journal
	Ledger   Ledger
	Jobs     Jobs
	Buyers   Buyers
	Visitors Visitors
	Clock    clock.Clock
	IDs      *idgen.Source
	Log      *slog.Logger
	// Approvals decides which commands of staff take two people; nil: none does.
	Approvals approval.Port
	// Gates knows of entries that nobody has told yet; nil: refunds wait for no gate.
	Gates Gates
	// Public makes the public id of a key, for refusals that name one of several sessions;
	// nil leaves it out.
	Public func(kind idgen.Kind, id int64) string
	// Invoices hears what an order has left after a refund; nil: nobody does.
	Invoices Invoices
	// Late are the neighbours of sales that are entered late; without them none is.
	Late Late
}

// Orders is the use cases of the agreement. Make one with New.
type Orders struct {
	Parts
	cfg      Config
	payments Payments
	moves    MoveParts
	door     *sqldb.Door[*placing]
	holds    *holds
	guesses  *guesses    // of codes
	tails    *guesses    // of the ends of phones' numbers
	resumed  atomic.Bool // all unpaid orders are among the holds
	// nextPurge is when the next walk for orders to forget begins, in Unix milliseconds.
	nextPurge atomic.Int64

	snapshots  *recent.Map[snapshotKey, int64] // id of what buyers of that revision agree to
	agreements *recent.Map[int64, *Agreed]     // by id; they never change
	placed     *recent.Map[int64, *Order]      // unpaid, as they were placed; never changed
}

// keptSnapshots is how many snapshots are remembered: a session has few, and those of the
// sessions that sell just now are the ones that are asked for. keptPlaced is how many orders
// are: most are paid for within a minute.
const (
	keptSnapshots = 8192
	keptPlaced    = 16_384
)

// New joins the parts. Payments are joined by SetPayments, since each needs the other.
func New(cfg Config, p Parts) *Orders {
	if cfg.MinSecondsToPay == 0 {
		cfg.MinSecondsToPay = 60
	}
	if cfg.MaxPayments == 0 {
		cfg.MaxPayments = 3
	}
	if cfg.RefundsPerSecond <= 0 {
		cfg.RefundsPerSecond = 20
	}
	if cfg.RefundsWaiting <= 0 {
		cfg.RefundsWaiting = 200
	}
	if cfg.LateDays <= 0 {
		cfg.LateDays = 31
	}
	if cfg.KeepUnpaidDays == 0 {
		cfg.KeepUnpaidDays = 7
	}
	o := &Orders{Parts: p, cfg: cfg, holds: newHolds(p.Clock), guesses: newGuesses(p.Clock),
		snapshots:  recent.New[snapshotKey, int64](keptSnapshots),
		agreements: recent.New[int64, *Agreed](keptSnapshots),
		placed:     recent.New[int64, *Order](keptPlaced)}
	o.door = sqldb.NewDoor(p.DB, o.placeBatch)
	o.tails = newTries(p.Clock, maxTailTries, tailWindow)
	return o
}

// SetPayments joins the money's side; call it before the first order is served.
func (o *Orders) SetPayments(p Payments) { o.payments = p }

// minLeft is how much of its life an order must have left to be paid; never over half of
// it, or an order of a short-lived hold could not be paid at all.
func (c Config) minLeft(holdSeconds int) time.Duration {
	return min(time.Duration(c.MinSecondsToPay)*time.Second,
		time.Duration(holdSeconds)*time.Second/2)
}

// field is the path of an input's field, e.g. lines[0].places.
func field(list string, i int, name string) string {
	return list + "[" + strconv.Itoa(i) + "]." + name
}
