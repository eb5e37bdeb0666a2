package order

import (
	"context"
	"slices"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/journal"
	"foyer/internal/money"
	"foyer/internal/seating"
	"foyer/internal/sqldb"
	"foyer/internal/ticket"
	"foyer/internal/visitor"
)

// ChangeState says where a change stands. Each value says whose turn it is.
type ChangeState string

const (
	// ChangePending: the buyer's turn, to pay the difference until Until. The new places are
	// held, the old tickets are whole. In by asking; out to all others.
	ChangePending ChangeState = "pending"
	// ChangeClosing: the provider's turn. Its time is over or it was given up, but a payment
	// is open. Out to Done, Expired, Cancelled or Failed.
	ChangeClosing ChangeState = "closing"
	// ChangeDone: the new tickets are issued, the old ones void. Final.
	ChangeDone ChangeState = "done"
	// ChangeExpired: nobody paid. Final, as are the next two; the old tickets are as before.
	ChangeExpired ChangeState = "expired"
	// ChangeCancelled: the buyer gave it up, or gave one of its units back.
	ChangeCancelled ChangeState = "cancelled"
	// ChangeFailed: it was paid and could not be done any more; the money goes back.
	ChangeFailed ChangeState = "failed"
)

// changeEdges is the state machine of a change: what may follow what.
var changeEdges = map[ChangeState][]ChangeState{
	ChangePending: {ChangeClosing, ChangeDone, ChangeExpired, ChangeCancelled, ChangeFailed},
	ChangeClosing: {ChangeDone, ChangeExpired, ChangeCancelled, ChangeFailed},
}

// MayBecome says whether an edge leads there.
func (s ChangeState) MayBecome(next ChangeState) bool {
	return slices.Contains(changeEdges[s], next)
}

// Open says whether it waits for somebody.
func (s ChangeState) Open() bool { return s == ChangePending || s == ChangeClosing }

// Change is units of a paid order on their way to other places.
type Change struct {
	ID             int64
	Organization   int64
	Order          int64
	Member         int64
	From, Session  int64 // sessions that the units leave and come to
	State          ChangeState
	Ends           ChangeState // while closing: what it becomes without money
	Places         int
	Old            []ChangedUnit
	Lines          []Line // new ones, numbered as they will be in the order
	Value          money.Minor
	Fee            money.Minor
	New            money.Minor
	Due            money.Minor // to pay; Due and Back are never both above zero
	Back           money.Minor // to get back
	Until          time.Time
	HoldSeconds    int
	PaymentsOpened int
	OpenPayments   int
	Snapshot       int64
	EndedAt        time.Time
	Revision       int64
	Names          *ChangedNames // nil: neither session asks who buys
}

// ChangedUnit is one unit that goes: Amount = Fee + Back + Moved, and Moved pays new units.
type ChangedUnit struct {
	ticket.UnitRef
	Label  string      `json:"label"`
	Amount money.Minor `json:"amount"`
	Fee    money.Minor `json:"fee"`
	Back   money.Minor `json:"back"`
	Moved  money.Minor `json:"moved"`
}

// Refs are the units that go.
func (c *Change) Refs() []ticket.UnitRef {
	refs := make([]ticket.UnitRef, len(c.Old))
	for i, u := range c.Old {
		refs[i] = u.UnitRef
	}
	return refs
}

func (c *Change) owner() seating.Owner {
	return seating.Owner{Kind: seating.OwnerChange, ID: c.ID}
}

// claim is the new places, for an owner in a state.
func (c *Change) claim(owner seating.Owner, state seating.ClaimState) seating.Claim {
	in := &Order{Lines: c.Lines}
	cl := seating.Claim{Session: c.Session, Owner: owner, State: state}
	cl.Places, cl.Areas = in.claims()
	return cl
}

// ChangeAsk names units to give up and what is wanted for them.
type ChangeAsk struct {
	Units []ticket.UnitRef
	To    PlaceAsk
	// Expect refuses with ErrChangeQuote when the sum to pay, or below zero to get back, is
	// another; nil: any.
	Expect    *money.Minor
	InputHash []byte

	quoting bool // nothing is done: names that are missing refuse nothing
}

// ChangeQuote is what a change costs now.
type ChangeQuote struct {
	Change
	Currency money.Currency
	Kept     money.Minor // the part of Fee that is a difference that does not come back
	Ends     time.Time   // when the fee rises or changes end; zero: never
	Rules    catalog.ChangeRules

	choice   *seating.Choice
	free     bool          // the session was moved: no fee
	gateRung *catalog.Rung // of a sale at the gate; nil: the rules' own
	revision int64         // of the order that it was read from
	sellable *catalog.Sellable
	names    *visitor.Moved
}

// Visitors are the people who would enter with the new units, masked.
func (q *ChangeQuote) Visitors() []visitor.Named {
	if q.names == nil {
		return nil
	}
	return q.names.Named
}

// settleUp splits what the old units bring over fee, new units and money back, to the minor
// unit: every unit's Amount = Fee + Back + Moved, and Moved + Due is what the new ones cost.
func settleUp(c *Change, rung catalog.Rung, keep bool) (kept money.Minor) {
	credits := make([]money.Minor, len(c.Old))
	var credit money.Minor
	for i := range c.Old {
		u := &c.Old[i]
		u.Fee = rung.Fee(u.Amount)
		credits[i] = u.Amount - u.Fee
		c.Value, c.Fee, credit = c.Value+u.Amount, c.Fee+u.Fee, credit+credits[i]
	}
	c.Due, c.Back = max(c.New-credit, 0), max(credit-c.New, 0)
	over := c.Back
	if keep {
		kept, c.Back = over, 0
		c.Fee += kept
	}
	parts := money.Allocate(over, credits)
	for i := range c.Old {
		u := &c.Old[i]
		u.Moved = credits[i] - parts[i]
		if keep {
			u.Fee += parts[i]
		} else {
			u.Back = parts[i]
		}
	}
	return kept
}

// RenderChange makes the answer of a change before it is committed.
type RenderChange func(*Change, *Order) (journal.Answer, error)

// Change gives units of the caller's paid order for others. The new places are claimed
// first. When nothing is to pay it is done at once; else the old tickets stay as they are
// until the difference is paid. Refused as QuoteChange, and with ErrChangeQuote, fault.Stale
// and what refuses places.
func (o *Orders) Change(ctx context.Context, who actor.Actor, id int64, ask ChangeAsk,
	receipt *journal.Receipt, render RenderChange,
) (journal.Answer, error) {
	q, ord, err := o.changeQuote(ctx, who, id, ask)
	if err != nil {
		return journal.Answer{}, err
	}
	return o.changeQuoted(ctx, who, q, ord, ask, receipt, render)
}

// changeQuoted does what was quoted.
func (o *Orders) changeQuoted(ctx context.Context, who actor.Actor, q ChangeQuote, ord *Order,
	ask ChangeAsk, receipt *journal.Receipt, render RenderChange,
) (journal.Answer, error) {
	defer o.Chooser.Drop(q.choice)
	if err := ask.expects(q); err != nil {
		return journal.Answer{}, err
	}
	if err := o.gateKnows(ctx, &q.Change); err != nil {
		return journal.Answer{}, err
	}
	if err := o.askChangeBack(ctx, who, ord, &q); err != nil {
		return journal.Answer{}, err
	}
	return o.change(ctx, who, ord, &q, changing{render: render, receipt: receipt,
		inputHash: ask.InputHash})
}

func (a ChangeAsk) expects(q ChangeQuote) error {
	if a.Expect != nil && *a.Expect != q.Due-q.Back {
		return ErrChangeQuote.With("due_minor", q.Due).With("back_minor", q.Back)
	}
	return nil
}

// begin claims the new places in the caller's transaction, for an order that is still what
// the quote was made from.
func (o *Orders) begin(tx *sqldb.Tx, seen *Order, q *ChangeQuote, c *Change) (*Order, error) {
	cur, err := o.Store.Get(tx, seen.ID)
	if err != nil {
		return nil, err
	}
	if cur.State != Paid || cur.Change != 0 || cur.Revision != q.revision {
		return nil, stale(cur)
	}
	if c.stays() {
		if c.Due > 0 {
			c.Until = tx.Now.Add(time.Duration(c.HoldSeconds) * time.Second)
		}
		return cur, nil
	}
	if err := o.Sessions.GuardSession(tx, c.Session, q.sellable.Session.Revision); err != nil {
		return nil, err
	}
	if c.Member != 0 && c.Session != c.From {
		take := MemberTake{Session: c.Session, Member: c.Member, N: c.Places, Late: true,
			Max: q.sellable.Session.MaxPerMember}
		if err := o.Store.TakeMember(tx, take); err != nil {
			return nil, err
		}
	}
	claim := c.claim(ownerOf(cur), seating.Sold)
	if c.Due > 0 {
		c.Until = tx.Now.Add(time.Duration(c.HoldSeconds) * time.Second)
		claim = c.claim(c.owner(), seating.Held)
		claim.Until = c.Until
	}
	if err := o.beginNames(tx, cur, q, c); err != nil {
		return nil, err
	}
	return cur, o.Book.Claim(tx, claim)
}

// await leaves a change to the buyer, who has to pay.
func (o *Orders) await(tx *sqldb.Tx, who actor.Actor, ord *Order, c *Change, input []byte) (
	journal.Position, error,
) {
	none := journal.Position{}
	c.State, c.Revision = ChangePending, 1
	if err := o.Store.InsertChange(tx, c); err != nil {
		return none, err
	}
	ok, err := o.Store.StartChange(tx, ord, c.ID)
	if err != nil {
		return none, err
	}
	if !ok {
		return none, ErrChangeOpen
	}
	if err := o.Jobs.Enqueue(tx, journal.Job{Kind: JobChange, ObjectID: c.ID,
		Due: c.Until}); err != nil {
		return none, err
	}
	return o.noteChange(tx, who, ord, c, "order.change_asked", input)
}
