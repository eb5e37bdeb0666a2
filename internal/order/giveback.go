package order

import (
	"context"
	"errors"
	"slices"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/journal"
	"foyer/internal/money"
	"foyer/internal/payment"
	"foyer/internal/seating"
	"foyer/internal/sqldb"
	"foyer/internal/ticket"
)

// JobGiveBack gives everything back to the buyers of a cancelled session, some orders at a
// time. It is resumable at any point: an order is given back in one transaction, and one
// that was has no place in the session any more.
const JobGiveBack = "order.give_back"

// GiveBackState says where it stands.
type GiveBackState string

const (
	GiveBackRunning GiveBackState = "running" // the job's turn
	GiveBackDone    GiveBackState = "done"    // every refund is asked for
)

// GiveBack is a cancelled session's money on its way.
type GiveBack struct {
	Session      int64
	Organization int64
	State        GiveBackState
	By           actor.Actor // who cancelled; who agreed to it is in its request
	After        int64       // the order that was looked at last in this round
	Waiting      int         // orders of this round that must be looked at again
	StartedAt    time.Time
	EndedAt      time.Time
}

// GivenBack is one refund of a cancelled session.
type GivenBack struct {
	// Refund is the order's id where nothing was paid, or a number of its own where that is
	// taken.
	Refund, Session, Order int64
	Units                  int
	Amount                 money.Minor
	Arrived                bool
}

// GivenSums are the refunds of a cancelled session, counted.
type GivenSums struct {
	Orders, Refunds, Arrived int
	Asked, ArrivedMinor      money.Minor
}

// GiveBackBook keeps them; package orderdb implements it.
type GiveBackBook interface {
	StartGiveBack(tx *sqldb.Tx, g GiveBack) error
	GiveBackOf(ctx context.Context, scope actor.Scope, session int64) (*GiveBack, error)
	GiveBackIn(tx *sqldb.Tx, session int64) (*GiveBack, error)
	SaveGiveBack(tx *sqldb.Tx, g *GiveBack) error
	NoteGivenBack(tx *sqldb.Tx, g GivenBack) error
	// NoteArrived marks a refund as arrived; one that is not of a cancelled session is none.
	NoteArrived(tx *sqldb.Tx, refund int64, amount money.Minor) error
	GivenSums(ctx context.Context, session int64) (GivenSums, error)
}

// CalledOff begins to give everything back, in the transaction that cancels the session.
func (o *Orders) CalledOff(tx *sqldb.Tx, who actor.Actor, s catalog.Session) error {
	if err := o.Store.StartGiveBack(tx, GiveBack{Session: s.ID, Organization: s.Organization,
		State: GiveBackRunning, By: who, StartedAt: tx.Now}); err != nil {
		return err
	}
	return o.Jobs.Enqueue(tx, journal.Job{Kind: JobGiveBack, ObjectID: s.ID, Due: tx.Now})
}

const (
	giveBackSlice = 10 // orders in one run of the job, each in its own transaction
	// giveBackPause is between two rounds over orders that could not be given back yet.
	giveBackPause = 5 * time.Second
)

// RunGiveBack is the handler of JobGiveBack: one slice, and then again after the time that
// keeps the rate.
func (o *Orders) RunGiveBack(ctx context.Context, j journal.Job) (time.Duration, error) {
	g, list, err := o.giveBackSlice(ctx, j.ObjectID)
	if err != nil || g.State == GiveBackDone {
		return 0, err
	}
	room, err := o.payments.Backlog(ctx)
	if err != nil {
		return 0, err
	}
	waiting := o.eachOf(list, "an order of a cancelled session waits",
		func(id int64) (bool, error) { return o.giveOrderBack(ctx, g, id, room) })
	return o.nextSlice(ctx, g.Session, list, waiting)
}

// eachOf does something with each order of a slice and says how many of them must be looked
// at again: those that say so, and those that failed, which is warned of.
func (o *Orders) eachOf(list []int64, failed string,
	fn func(id int64) (wait bool, err error),
) int {
	waiting := 0
	for _, id := range list {
		wait, err := fn(id)
		if err != nil {
			o.Log.Warn(failed, "order", id, "error", err)
		}
		if wait || err != nil {
			waiting++
		}
	}
	return waiting
}

// giveBackSlice reads the next orders that have something of the session, and ends changes
// that were to come to it.
func (o *Orders) giveBackSlice(ctx context.Context, session int64) (g *GiveBack, list []int64,
	err error,
) {
	var changes []int64
	err = o.DB.InTxLow(ctx, func(tx *sqldb.Tx) error {
		if g, err = o.Store.GiveBackIn(tx, session); err != nil || g.State == GiveBackDone {
			return err
		}
		if list, err = o.Book.Owners(tx, session, seating.OwnerOrder, g.After,
			giveBackSlice); err != nil {
			return err
		}
		changes, err = o.Book.Owners(tx, session, seating.OwnerChange, 0, giveBackSlice)
		return err
	})
	for _, id := range changes {
		if err != nil {
			break
		}
		err = o.inChange(ctx, id, func(tx *sqldb.Tx, ord *Order, c *Change) error {
			if c.State != ChangePending {
				return nil
			}
			return o.stopChange(tx, actor.SystemActor, ord, c, ChangeCancelled)
		})
	}
	return g, list, err
}

// nextSlice notes how far the job came and when it goes on: at the rate, or after a pause
// when a round is over and something of it must wait.
func (o *Orders) nextSlice(ctx context.Context, session int64, list []int64, waiting int) (
	again time.Duration, err error,
) {
	err = o.DB.InTxLow(ctx, func(tx *sqldb.Tx) error {
		g, err := o.Store.GiveBackIn(tx, session)
		if err != nil {
			return err
		}
		again = max(time.Second*time.Duration(len(list))/time.Duration(o.cfg.RefundsPerSecond),
			time.Millisecond)
		g.Waiting += waiting
		if len(list) == giveBackSlice {
			g.After = list[len(list)-1]
			return o.Store.SaveGiveBack(tx, g)
		}
		left, err := o.Book.Owners(tx, session, seating.OwnerChange, 0, 1)
		if err != nil {
			return err
		}
		if again = giveBackPause; g.Waiting == 0 && len(left) == 0 {
			again, g.State, g.EndedAt = 0, GiveBackDone, tx.Now
		}
		g.After, g.Waiting = 0, 0
		return o.Store.SaveGiveBack(tx, g)
	})
	return again, err
}

// giveOrderBack gives what an order has of the session back, without a fee: an unpaid one
// ends; of a paid one every unit that nobody used goes back. wait says that it must be
// looked at again: its provider is being asked, or has too many refunds waiting, which
// backlog counts.
func (o *Orders) giveOrderBack(ctx context.Context, g *GiveBack, id int64,
	backlog map[string]int,
) (wait bool, err error) {
	used, err := o.Tickets.Used(ctx, g.Organization, id)
	if err != nil {
		return false, err
	}
	var asked []string
	err = o.DB.InTxLow(ctx, func(tx *sqldb.Tx) error {
		wait, asked = false, nil
		ord, err := o.Store.Get(tx, id)
		if err != nil || ord.Organization != g.Organization {
			return err
		}
		switch ord.State {
		case Pending:
			wait = ord.OpenPayments > 0
			return o.end(tx, actor.SystemActor, ord, EndedByHouse)
		case Closing:
			wait = true
			return nil
		case Paid:
		default:
			return nil
		}
		q := wholeOf(ord, g.Session, used)
		if len(q.Units) == 0 {
			return nil
		}
		if asked, wait, err = o.crowded(tx, ord, q.Refund, backlog); err != nil || wait {
			return err
		}
		return o.giveWhole(tx, ord, g, q)
	})
	if err == nil {
		countInto(backlog, asked)
	}
	return wait, err
}

// crowded are the providers that an amount of an order goes back by, one for each payment,
// or wait: one of them has too many refunds waiting. Nothing is counted yet, since a
// transaction may run twice.
func (o *Orders) crowded(tx *sqldb.Tx, ord *Order, amount money.Minor,
	backlog map[string]int,
) (asked []string, wait bool, err error) {
	if amount == 0 {
		return nil, false, nil
	}
	from, err := o.payments.Captured(tx, ord.Organization, ord.ID)
	for _, p := range from {
		if backlog[p.Provider] >= o.cfg.RefundsWaiting {
			return nil, true, err
		}
		asked = append(asked, p.Provider)
	}
	return asked, false, err
}

// countInto counts one more refund of each provider.
func countInto(backlog map[string]int, asked []string) {
	for _, p := range asked {
		backlog[p]++
	}
}

// wholeOf is a quote of all that an order has of a session and nobody used, without a fee.
func wholeOf(ord *Order, session int64, used []ticket.UnitRef) Quote {
	q := Quote{Order: ord.ID, Currency: ord.Currency}
	for _, l := range ord.Lines {
		for i, u := range l.Units {
			ref := ticket.UnitRef{Line: l.Number, Unit: i + 1}
			if l.Session != session || u.Returned || slices.Contains(used, ref) {
				continue
			}
			q.Units = append(q.Units, QuotedUnit{ref, u.Label, u.Amount, u.Amount, 0})
			q.Refund += u.Amount
		}
	}
	return q
}

func (o *Orders) giveWhole(tx *sqldb.Tx, ord *Order, g *GiveBack, q Quote) error {
	r := Returned{Order: ord, Quote: q}
	_, err := o.giveUp(tx, actor.SystemActor, &r, RefundAsk{Reason: "session cancelled",
		cause: payment.CauseSessionCancelled})
	if err != nil {
		return err
	}
	return o.noteGiven(tx, g.Session, &r, ord.ID)
}

// noteGiven writes down what went back of a cancelled session; free is the number of what
// cost nothing, and has no refund.
func (o *Orders) noteGiven(tx *sqldb.Tx, session int64, r *Returned, free int64) error {
	ord, q := r.Order, r.Quote
	if len(r.Refunds) == 0 {
		return o.Store.NoteGivenBack(tx, GivenBack{Refund: free, Session: session,
			Order: ord.ID, Units: len(q.Units), Arrived: true})
	}
	for i, id := range r.Refunds {
		one := GivenBack{Refund: id, Session: session, Order: ord.ID}
		if i == 0 {
			one.Units, one.Amount = len(q.Units), q.Refund
		}
		if err := o.Store.NoteGivenBack(tx, one); err != nil {
			return err
		}
	}
	return nil
}

// GiveBackTold is how far it is, for the staff of the house.
type GiveBackTold struct {
	GiveBack
	GivenSums
	Stuck []*payment.Refund // refunds that need a person's hand
	Used  []int64           // orders with tickets that somebody used, which are not given back
}

// mostTold bounds the lists of what is told.
const mostTold = 100

// GiveBackOf tells staff who may refund how far a cancelled session's money is. Refused
// with fault.Missing and fault.NotAllowed.
func (o *Orders) GiveBackOf(ctx context.Context, who actor.Actor, organization, session int64) (
	*GiveBackTold, error,
) {
	if err := o.mayGiveBack(ctx, who, organization, session); err != nil {
		return nil, err
	}
	g, err := o.Store.GiveBackOf(ctx, actor.Scope{Organization: organization}, session)
	if errors.Is(err, fault.Missing) {
		err = ErrNotCalledOff
	}
	if err != nil {
		return nil, err
	}
	out := &GiveBackTold{GiveBack: *g}
	if out.GivenSums, err = o.Store.GivenSums(ctx, session); err != nil {
		return nil, err
	}
	if out.Stuck, err = o.payments.Stuck(ctx, organization,
		payment.CauseSessionCancelled); err != nil {
		return nil, err
	}
	out.Stuck = out.Stuck[:min(len(out.Stuck), mostTold)]
	if g.State == GiveBackDone {
		err = o.DB.InTxLow(ctx, func(tx *sqldb.Tx) error {
			out.Used, err = o.Book.Owners(tx, session, seating.OwnerOrder, 0, mostTold)
			return err
		})
	}
	return out, err
}

func (o *Orders) mayGiveBack(ctx context.Context, who actor.Actor, organization,
	session int64,
) error {
	s, err := o.Sessions.Sellable(ctx, session)
	if err != nil {
		return err
	}
	if s.Session.Organization != organization || catalog.Sees(who, organization) != nil {
		return fault.Missing
	}
	return catalog.Allow(who, PermRefund, organization, s.Session.VenueID)
}

// CallOffPreview is what cancelling a session would do now.
type CallOffPreview struct {
	Paid, Unpaid, Units, Used int
	Refund                    money.Minor
	Currency                  money.Currency
	More                      bool // there are more orders than were counted
}

// mostPreviewed bounds the orders that a preview counts.
const mostPreviewed = 5000

// PreviewCallOff counts what cancelling a session would give back. Nothing is changed.
// Refused as GiveBackOf.
func (o *Orders) PreviewCallOff(ctx context.Context, who actor.Actor, organization,
	session int64,
) (CallOffPreview, error) {
	var out CallOffPreview
	if err := o.mayGiveBack(ctx, who, organization, session); err != nil {
		return out, err
	}
	for after := int64(0); ; {
		var list []int64
		err := o.DB.InTxLow(ctx, func(tx *sqldb.Tx) (err error) {
			list, err = o.Book.Owners(tx, session, seating.OwnerOrder, after, 200)
			return err
		})
		if err != nil {
			return out, err
		}
		for _, id := range list {
			after = id
			if err := o.preview(ctx, &out, session, id); err != nil {
				return out, err
			}
		}
		if out.More = out.Paid+out.Unpaid >= mostPreviewed; len(list) < 200 || out.More {
			return out, nil
		}
	}
}

func (o *Orders) preview(ctx context.Context, out *CallOffPreview, session, id int64) error {
	ord, err := o.Store.Find(ctx, id)
	if err != nil {
		return err
	}
	if ord.State != Paid {
		out.Unpaid++
		return nil
	}
	used, err := o.Tickets.Used(ctx, ord.Organization, id)
	if err != nil {
		return err
	}
	q := wholeOf(ord, session, used)
	for _, u := range used {
		if l := ord.line(u.Line); l != nil && l.Session == session {
			out.Used++
		}
	}
	out.Paid, out.Units = out.Paid+1, out.Units+len(q.Units)
	out.Refund, out.Currency = out.Refund+q.Refund, ord.Currency
	return nil
}
