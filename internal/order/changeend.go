package order

import (
	"context"
	"slices"
	"time"

	"foyer/internal/actor"
	"foyer/internal/fault"
	"foyer/internal/journal"
	"foyer/internal/ledger"
	"foyer/internal/money"
	"foyer/internal/payment"
	"foyer/internal/seating"
	"foyer/internal/sqldb"
	"foyer/internal/ticket"
)

// JobChange ends a change whose time is over, and one that was given up while a payment was
// open: the provider is asked before the places go back.
const JobChange = "order.change"

// stale says why an order is not what a command was prepared for.
func stale(ord *Order) error {
	switch {
	case ord.State != Paid:
		return ErrNotPaid.With("state", ord.State)
	case ord.Change != 0:
		return ErrChangeOpen
	}
	return fault.Stale
}

// swap does a change in one transaction: the old tickets are void and their places free, the
// new are sold and issued, and the ledger says where each part of the money went. paid is
// the difference that has just come; nil when none was due.
func (o *Orders) swap(tx *sqldb.Tx, who actor.Actor, ord *Order, c *Change,
	paid *payment.Capture, input []byte,
) (journal.Position, error) {
	none := journal.Position{}
	if err := o.Tickets.Void(tx, ord.Organization, ord.ID, c.Refs()); err != nil {
		return none, err
	}
	refunds, err := o.sendBack(tx, ord, c.Back, payment.CauseChange, "change")
	if err != nil {
		return none, err
	}
	if err := o.giveUnits(tx, ord, c.quote()); err != nil {
		return none, err
	}
	if err := o.moveUnits(tx, ord, c, refunds); err != nil {
		return none, err
	}
	if err := o.swapNames(tx, ord, c); err != nil {
		return none, err
	}
	if c.State.Open() && !c.stays() {
		if err := o.Book.Release(tx, c.Session, c.owner(), nil, nil); err != nil {
			return none, err
		}
		if err := o.Book.Claim(tx, c.claim(ownerOf(ord), seating.Sold)); err != nil {
			return none, err
		}
	}
	if err := o.Store.AddLines(tx, ord.ID, c); err != nil {
		return none, err
	}
	if err := o.finish(tx, ord, c); err != nil {
		return none, err
	}
	pos, err := o.noteChange(tx, who, ord, c, "order.changed", input, refundObjects(refunds)...)
	if err != nil {
		return none, err
	}
	if err := o.postChange(tx, pos, ord, c, paid); err != nil {
		return none, err
	}
	return pos, o.issueLines(tx, ord, c.Snapshot, c.Session, c.Lines)
}

// quote is the units that go, as what gives back reads them.
func (c *Change) quote() Quote {
	var q Quote
	for _, u := range c.Old {
		q.Units = append(q.Units, QuotedUnit{UnitRef: u.UnitRef, Label: u.Label})
	}
	return q
}

// moveUnits frees what the old units had and writes down where their value went.
func (o *Orders) moveUnits(tx *sqldb.Tx, ord *Order, c *Change, refunds []int64) error {
	var refund int64
	if len(refunds) > 0 {
		refund = refunds[0]
	}
	for _, u := range c.Old {
		if err := o.Store.MoveUnit(tx, MovedUnit{ReturnedUnit: ReturnedUnit{Order: ord.ID,
			Line: u.Line, Unit: u.Unit, Refund: refund, Amount: u.Back, Fee: u.Fee},
			Change: c.ID, Moved: u.Moved}); err != nil {
			return err
		}
	}
	if c.stays() {
		return nil
	}
	gone := pick(ord, c.Refs())
	for _, g := range gone {
		if err := o.letGo(tx, g.session, ownerOf(ord), g.places, g.areas); err != nil {
			return err
		}
	}
	if c.Member != 0 && c.Session != c.From {
		return o.Store.GiveMember(tx, MemberGive{Session: c.From, Member: c.Member,
			Order: ord.ID, N: c.Places})
	}
	return nil
}

// taken is what some units of an order have in one session.
type taken struct {
	session int64
	places  []int32
	areas   []seating.AreaQty
	n       int
	refs    []ticket.UnitRef
}

// pick sorts units by session, in the order of their lines.
func pick(ord *Order, refs []ticket.UnitRef) []taken {
	var list []taken
	for _, l := range ord.Lines {
		for i, u := range l.Units {
			if !slices.Contains(refs, ticket.UnitRef{Line: l.Number, Unit: i + 1}) {
				continue
			}
			at := slices.IndexFunc(list, func(t taken) bool { return t.session == l.Session })
			if at < 0 {
				list, at = append(list, taken{session: l.Session}), len(list)
			}
			t := &list[at]
			t.places, t.n = append(t.places, u.Places...), t.n+u.Count()
			t.refs = append(t.refs, ticket.UnitRef{Line: l.Number, Unit: i + 1})
			if u.Area != 0 {
				t.areas = addArea(t.areas, u.Area, u.Count())
			}
		}
	}
	return list
}

// finish is the change's last edge, and the order's sums after it.
func (o *Orders) finish(tx *sqldb.Tx, ord *Order, c *Change) error {
	fresh := c.State == ""
	from := c.State
	c.State, c.EndedAt, c.Ends = ChangeDone, tx.Now, ""
	if fresh {
		c.Revision = 1
		if err := o.Store.InsertChange(tx, c); err != nil {
			return err
		}
	} else if err := o.Store.MoveChange(tx, c, from); err != nil {
		return err
	}
	ok, err := o.Store.FinishChange(tx, ord, c, !fresh)
	if err == nil && !ok {
		err = fault.Stale
	}
	if err != nil {
		return err
	}
	ord.changed(c)
	return o.tellInvoice(tx, ord)
}

// changed is the order in hand after a change: its old units are gone, the new lines are
// there, and what was paid and sent back is counted.
func (o *Order) changed(c *Change) {
	for _, ref := range c.Refs() {
		u := o.Unit(ref.Line, ref.Unit)
		u.Returned, u.Changed = true, true
	}
	o.Lines = append(o.Lines, c.Lines...)
	o.Total, o.Captured = o.Total+c.Due, o.Captured+c.Due
	o.Refunded, o.Change = o.Refunded+c.Back, 0
}

func (o *Orders) postChange(tx *sqldb.Tx, pos journal.Position, ord *Order, c *Change,
	paid *payment.Capture,
) error {
	return o.Ledger.Post(tx, pos, ord.ID, ord.Currency, c.moves(paid)...)
}

// moves are the postings of a change; paid is the difference that came, nil when none did.
func (c *Change) moves(paid *payment.Capture) []ledger.Move {
	moves := []ledger.Move{{Account: ledger.Sales, Amount: c.Value},
		{Account: ledger.FeesKept, Amount: -c.Fee}, {Account: ledger.Sales, Amount: -c.New},
		{Account: ledger.RefundPayable, Amount: -c.Back}}
	if paid != nil {
		moves = append(moves, ledger.Move{Account: ledger.Clearing(paid.Provider),
			Amount: paid.Amount})
	}
	return moves
}

// issueLines issues the tickets of lines that came to an order later.
func (o *Orders) issueLines(tx *sqldb.Tx, ord *Order, snapshot, session int64,
	lines []Line,
) error {
	a, err := o.agreedIn(tx, ord.Organization, snapshot)
	if err != nil {
		return err
	}
	in := ticket.Issue{Organization: ord.Organization, Order: ord.ID, Member: ord.Member,
		Session: session, Venue: a.Venue, ValidFrom: a.GatesFrom, ValidUntil: a.GatesUntil}
	for _, l := range lines {
		for i, u := range l.Units {
			in.Units = append(in.Units, ticket.IssueUnit{Line: l.Number, Unit: i + 1,
				At: SpotOf(u), Label: u.Label, Allowed: u.People, Share: u.Amount,
				Type: l.Name, TypeEn: l.NameEn, Admission: a.Admissions[l.TicketType]})
		}
	}
	_, err = o.Tickets.Issue(tx, in)
	return err
}

func refundObjects(ids []int64) []journal.Object {
	list := make([]journal.Object, len(ids))
	for i, id := range ids {
		list[i] = journal.Object{Kind: "ref", ID: id}
	}
	return list
}

// noteChange appends the one journal row of a command on a change.
func (o *Orders) noteChange(tx *sqldb.Tx, who actor.Actor, ord *Order, c *Change,
	action string, input []byte, more ...journal.Object,
) (journal.Position, error) {
	data := struct {
		Change int64       `json:"change"`
		From   int64       `json:"from_session"`
		Units  [][2]int    `json:"units"`
		Value  money.Minor `json:"value_minor"`
		Fee    money.Minor `json:"fee_minor"`
		New    money.Minor `json:"new_minor"`
		Due    money.Minor `json:"due_minor"`
		Back   money.Minor `json:"back_minor"`
	}{c.ID, c.From, nil, c.Value, c.Fee, c.New, c.Due, c.Back}
	for _, u := range c.Old {
		data.Units = append(data.Units, [2]int{u.Line, u.Unit})
	}
	more = append([]journal.Object{{Kind: "chg", ID: c.ID, Revision: c.Revision},
		{Kind: "ses", ID: c.Session}}, more...)
	return o.noteWith(tx, who, ord, action, data, input, more...)
}

// endChange ends a change without doing it: the new places are free, the old tickets whole.
func (o *Orders) endChange(tx *sqldb.Tx, who actor.Actor, ord *Order, c *Change,
	to ChangeState,
) error {
	if !c.stays() {
		cl := c.claim(c.owner(), seating.Held)
		if err := o.letGo(tx, c.Session, cl.Owner, cl.Places, cl.Areas); err != nil {
			return err
		}
	}
	if c.Member != 0 && c.Session != c.From {
		if err := o.Store.GiveMember(tx, MemberGive{Session: c.Session, Member: c.Member,
			Order: ord.ID, N: c.Places}); err != nil {
			return err
		}
	}
	if err := o.keepNames(tx, ord, c); err != nil {
		return err
	}
	from := c.State
	c.State, c.EndedAt, c.Ends = to, tx.Now, ""
	if err := o.Store.MoveChange(tx, c, from); err != nil {
		return err
	}
	ok, err := o.Store.DropChange(tx, ord, c.ID)
	if err != nil {
		return err
	}
	if !ok {
		return fault.Stale
	}
	ord.Change = 0
	_, err = o.noteChange(tx, who, ord, c, "order.change_"+string(to), nil)
	return err
}

// stopChange ends an open change, or closes it while a payment is open.
func (o *Orders) stopChange(tx *sqldb.Tx, who actor.Actor, ord *Order, c *Change,
	to ChangeState,
) error {
	if c.State == ChangeClosing {
		return nil // it ends as it was asked to end first
	}
	if c.OpenPayments == 0 {
		return o.endChange(tx, who, ord, c, to)
	}
	c.State, c.Ends = ChangeClosing, to
	if err := o.Store.MoveChange(tx, c, ChangePending); err != nil {
		return err
	}
	if _, err := o.noteChange(tx, who, ord, c, "order.change_closing", nil); err != nil {
		return err
	}
	return o.Jobs.Enqueue(tx, journal.Job{Kind: JobChange, ObjectID: c.ID, Due: tx.Now})
}

// dropChange stops the open change of an order when one of the units goes otherwise.
func (o *Orders) dropChange(tx *sqldb.Tx, who actor.Actor, ord *Order,
	units []ticket.UnitRef,
) error {
	if ord.Change == 0 {
		return nil
	}
	c, err := o.Store.ChangeIn(tx, ord.Change)
	if err != nil {
		return err
	}
	for _, u := range c.Refs() {
		if slices.Contains(units, u) {
			return o.stopChange(tx, who, ord, c, ChangeCancelled)
		}
	}
	return nil
}

// CancelChange gives up the change of the caller's order that is under way. Refused with
// ErrNotFound and ErrNoChangeOpen.
func (o *Orders) CancelChange(ctx context.Context, who actor.Actor, id int64) (*Change, error) {
	if _, err := o.Get(ctx, id, who); err != nil {
		return nil, err
	}
	var c *Change
	err := o.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		ord, err := o.Store.Get(tx, id)
		if err != nil {
			return err
		}
		if ord.Change == 0 {
			return ErrNoChangeOpen
		}
		if c, err = o.Store.ChangeIn(tx, ord.Change); err != nil {
			return err
		}
		return o.stopChange(tx, who, ord, c, ChangeCancelled)
	})
	return c, err
}

// Changes are those of an order that the caller may see, the newest first.
func (o *Orders) Changes(ctx context.Context, who actor.Actor, id int64) ([]*Change, error) {
	if err := o.MaySee(ctx, id, who); err != nil {
		return nil, err
	}
	return o.Store.ChangesOf(ctx, id)
}

// EndDueChange is the handler of JobChange.
func (o *Orders) EndDueChange(ctx context.Context, j journal.Job) (time.Duration, error) {
	c, err := o.Store.FindChange(ctx, j.ObjectID)
	if err != nil || !c.State.Open() {
		return 0, err
	}
	if c.State == ChangePending {
		if left := c.Until.Sub(o.Clock.Now()); left > 0 {
			return left, nil
		}
		return 0, o.inChange(ctx, c.ID, func(tx *sqldb.Tx, ord *Order, c *Change) error {
			if c.State != ChangePending {
				return nil
			}
			return o.stopChange(tx, actor.SystemActor, ord, c, ChangeExpired)
		})
	}
	again := min(time.Duration(1<<min(j.Tries, 6))*time.Second, 30*time.Second)
	done, err := o.payments.CloseOpen(ctx, c.Organization, c.Order)
	if err != nil {
		o.Log.Warn("a closing change cannot end yet", "change", c.ID, "error", err)
	}
	if err != nil || !done {
		return again, nil
	}
	err = o.inChange(ctx, c.ID, func(tx *sqldb.Tx, ord *Order, c *Change) error {
		_, err := o.endChangeIfIdle(tx, ord, c)
		return err
	})
	if err == nil {
		c, err = o.Store.FindChange(ctx, j.ObjectID)
	}
	if err != nil || c.State.Open() {
		return again, err
	}
	return 0, nil
}

func (o *Orders) inChange(ctx context.Context, id int64,
	fn func(*sqldb.Tx, *Order, *Change) error,
) error {
	return o.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		c, err := o.Store.ChangeIn(tx, id)
		if err != nil {
			return err
		}
		ord, err := o.Store.Get(tx, c.Order)
		if err != nil {
			return err
		}
		return fn(tx, ord, c)
	})
}

// endChangeIfIdle ends a closing change once no payment is open any more.
func (o *Orders) endChangeIfIdle(tx *sqldb.Tx, ord *Order, c *Change) (bool, error) {
	if c.State != ChangeClosing || c.OpenPayments > 0 {
		return false, nil
	}
	return true, o.endChange(tx, actor.SystemActor, ord, c, c.Ends)
}
