package order

import (
	"context"
	"slices"
	"time"

	"foyer/internal/actor"
	"foyer/internal/fault"
	"foyer/internal/journal"
	"foyer/internal/money"
	"foyer/internal/sqldb"
	"foyer/internal/ticket"
)

// GateWaitState says where a refund stands that had to wait for a gate.
type GateWaitState string

const (
	// WaitsForGate: the gate's turn, until Until. A gate without a network may have let
	// people in with the ticket. In by asking; out to all others.
	WaitsForGate GateWaitState = "waiting_for_gate"
	// WaitBooked: the units went back. Final, as are the others.
	WaitBooked GateWaitState = "booked"
	// WaitRefused: the ticket turned out to have been used, or the unit to be gone.
	WaitRefused GateWaitState = "refused"
	// WaitWithdrawn: the buyer keeps the ticket.
	WaitWithdrawn GateWaitState = "withdrawn"
)

// GateWait is a refund that waits for a gate. The sums are those of the moment in which it
// was asked for, whatever the policy says when it is booked.
type GateWait struct {
	ID, Organization, Order int64
	Venue                   int64 // where the gate is
	State                   GateWaitState
	By                      actor.Actor // kind and id
	Units                   []ticket.UnitRef
	Refund, Fee             money.Minor
	Reason                  string
	AskedAt, Until          time.Time
	EndedBy                 actor.Actor // kind and id
	EndedAt                 time.Time
	Code                    string  // of the refusal
	Words                   string  // why staff did not wait
	Refunds                 []int64 // once it is booked
}

// Gates knows whether a gate may have let people in that nobody knows of yet.
type Gates interface {
	// InDoubt says until when a gate at a venue may still tell of entries with the units; the
	// zero time when none may. Gates that have told all since asked are not waited for.
	InDoubt(ctx context.Context, organization, order int64, units []ticket.UnitRef,
		asked time.Time) (venue int64, until time.Time, err error)
}

// GateWaitBook keeps them; package orderdb implements it.
type GateWaitBook interface {
	// InsertGateWait refuses with ErrRefundWaits when the order has one that waits.
	InsertGateWait(tx *sqldb.Tx, w *GateWait) error
	// EndGateWait guards that it waits; fault.Stale otherwise.
	EndGateWait(tx *sqldb.Tx, w *GateWait) error
	// GateWait is one by its id; ErrNoWait without one.
	GateWait(ctx context.Context, id int64) (*GateWait, error)
	GateWaitsOf(ctx context.Context, organization, order int64) ([]*GateWait, error)
	// GateWaitsAt are the ids of those that wait for gates of a venue.
	GateWaitsAt(ctx context.Context, scope actor.Scope, venue int64, limit int) ([]int64, error)
}

// Refusals around refunds that wait.
var (
	ErrRefundWaits = fault.Define(fault.Conflict, "refund_waits_for_gate",
		"这个订单已有一笔退票在等待闸机核对", "A refund of this order waits for a gate already.",
		"Read the order's waiting refunds; it ends by itself, or can be withdrawn.")
	ErrNoWait = fault.Define(fault.Conflict, "no_refund_waits",
		"没有在等待闸机核对的退票", "No refund of this order waits for a gate.",
		"Read the order's waiting refunds; they say how they ended.")
	ErrGateInDoubt = fault.Define(fault.Conflict, "waiting_for_gate",
		"检票设备暂时离线,正在等待核对入场记录,请稍后再试",
		"A gate is offline; whether the ticket was used is not known yet.",
		"Try again after `details.until`, or when the gate is back.")
)

// JobGateWait looks again at a refund that waits.
const JobGateWait = "order.gate_wait"

const (
	gateWaitEvery = 15 * time.Second
	gateWaitsOnce = 20 // refunds that one report of a gate lets go on at once
)

// mustWait is the wait of a refund, not stored yet; nil when no gate is in doubt.
func (o *Orders) mustWait(ctx context.Context, who actor.Actor, ord *Order,
	units []ticket.UnitRef,
) (*GateWait, error) {
	if o.Gates == nil || ord.State != Paid || len(units) == 0 {
		return nil, nil
	}
	venue, until, err := o.Gates.InDoubt(ctx, ord.Organization, ord.ID, units, time.Time{})
	if err != nil || until.IsZero() {
		return nil, err
	}
	return &GateWait{Organization: ord.Organization, Order: ord.ID, Venue: venue,
		State: WaitsForGate, By: actor.Actor{Kind: who.Kind, ID: who.ID}, Units: units,
		Until: until}, nil
}

// gateKnows refuses a change while a gate may have let people in with the units.
func (o *Orders) gateKnows(ctx context.Context, c *Change) error {
	if o.Gates == nil {
		return nil
	}
	_, until, err := o.Gates.InDoubt(ctx, c.Organization, c.Order, c.Refs(), time.Time{})
	if err != nil || until.IsZero() {
		return err
	}
	return ErrGateInDoubt.With("until", until.UTC())
}

// awaitGate stores a refund that waits, with what it will bring.
func (o *Orders) awaitGate(ctx context.Context, who actor.Actor, ask refunding, w *GateWait,
	receipt *journal.Receipt, render RenderReturn,
) (journal.Answer, error) {
	w.ID, w.Reason = o.IDs.Next(), ask.Reason
	var answer journal.Answer
	err := o.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		cur, err := o.Store.Get(tx, w.Order)
		if err != nil {
			return err
		}
		mine := *w
		mine.AskedAt = tx.Now
		q, err := o.quoteIn(tx, cur, ask, tx.Now)
		if err != nil {
			return err
		}
		mine.Refund, mine.Fee = q.Refund, q.Fee
		if err := o.passedBack(tx, who, cur, cur.Refunded, q.Refund); err != nil {
			return err
		}
		if err := o.Store.InsertGateWait(tx, &mine); err != nil {
			return err
		}
		pos, err := o.noteWait(tx, who, cur, &mine, "order.refund_waits", ask.InputHash)
		if err != nil {
			return err
		}
		if err := o.Jobs.Enqueue(tx, journal.Job{Kind: JobGateWait, ObjectID: mine.ID,
			Due: tx.Now.Add(gateWaitEvery)}); err != nil {
			return err
		}
		if answer, err = render(Returned{Order: cur, Quote: q, Wait: &mine}); err != nil {
			return err
		}
		return receipt.Keep(tx, pos, cur.ID, answer)
	})
	return answer, err
}

// quoteIn is a refund's quote inside a transaction, held to what the caller expects.
func (o *Orders) quoteIn(tx *sqldb.Tx, cur *Order, ask refunding, at time.Time) (Quote, error) {
	lines, err := o.linesNow(cur, o.agreedFromTx(tx, cur))
	if err != nil {
		return Quote{}, err
	}
	q, err := quote(cur, ask.agreed, ask.Units, rungNow{at, ask.off, lines})
	if err == nil && ask.Expect >= 0 && ask.Expect != q.Refund {
		err = ErrQuoteChanged.With("refund_minor", q.Refund)
	}
	return q, err
}

func (o *Orders) noteWait(tx *sqldb.Tx, who actor.Actor, ord *Order, w *GateWait,
	action string, input []byte,
) (journal.Position, error) {
	data := struct {
		Wait   int64       `json:"wait"`
		Units  [][2]int    `json:"units"`
		Refund money.Minor `json:"refund_minor"`
		Code   string      `json:"code,omitempty"`
	}{w.ID, nil, w.Refund, w.Code}
	for _, u := range w.Units {
		data.Units = append(data.Units, [2]int{u.Line, u.Unit})
	}
	return o.noteWith(tx, who, ord, action, data, input)
}

// RunGateWait is the handler of JobGateWait.
func (o *Orders) RunGateWait(ctx context.Context, j journal.Job) (time.Duration, error) {
	w, err := o.Store.GateWait(ctx, j.ObjectID)
	if err != nil || w.State != WaitsForGate {
		return 0, err
	}
	waits, err := o.lookAtGate(ctx, w)
	if err != nil || !waits {
		return 0, err
	}
	return gateWaitEvery, nil
}

// lookAtGate books a refund that waits for no gate any more, and refuses one whose ticket
// is known to have been used; it says whether the refund waits on.
func (o *Orders) lookAtGate(ctx context.Context, w *GateWait) (waits bool, err error) {
	used, err := o.Tickets.Used(ctx, w.Organization, w.Order)
	if err != nil {
		return false, err
	}
	known := slices.ContainsFunc(w.Units, func(u ticket.UnitRef) bool {
		return slices.Contains(used, u)
	})
	if !known {
		_, until, err := o.Gates.InDoubt(ctx, w.Organization, w.Order, w.Units, w.AskedAt)
		if err != nil || until.After(o.Clock.Now()) {
			return true, err
		}
	}
	return false, o.bookWaiting(ctx, w.By, w)
}

// GateReported looks again at refunds that wait at a venue of which a gate has just told
// all. What fails is looked at again by the job.
func (o *Orders) GateReported(ctx context.Context, organization, venue int64) {
	list, err := o.Store.GateWaitsAt(ctx, actor.Scope{Organization: organization}, venue,
		gateWaitsOnce)
	for i := 0; err == nil && i < len(list); i++ {
		var w *GateWait
		if w, err = o.Store.GateWait(ctx, list[i]); err == nil {
			_, err = o.lookAtGate(ctx, w)
		}
	}
	if err != nil && ctx.Err() == nil {
		o.Log.Warn("a refund that waits for a gate waits on", "venue", venue, "error", err)
	}
}

// bookWaiting books a refund that waits, once, or refuses it with what is in its way.
func (o *Orders) bookWaiting(ctx context.Context, who actor.Actor, w *GateWait) error {
	return o.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		cur, err := o.Store.Get(tx, w.Order)
		if err != nil {
			return err
		}
		mine := *w
		mine.EndedBy, mine.EndedAt = actor.Actor{Kind: who.Kind, ID: who.ID}, tx.Now
		err = tx.Try(func() error {
			again := *cur
			again.Lines = copyLines(cur.Lines)
			mine.Refunds, err = o.bookWait(tx, who, &again, w)
			return err
		})
		switch k := fault.KindOf(err); {
		case err == nil:
			mine.State = WaitBooked
			return o.Store.EndGateWait(tx, &mine)
		case k == fault.Internal || k == fault.Unavailable:
			return err
		}
		mine.State, mine.Refunds, mine.Code = WaitRefused, nil, fault.Of(err).Def.Code
		if err := o.Store.EndGateWait(tx, &mine); err != nil {
			return err
		}
		_, err = o.noteWait(tx, who, cur, &mine, "order.refund_refused", nil)
		return err
	})
}

// bookWait gives the units up for what was quoted when it was asked for, or for all when
// the house has cancelled the session since.
func (o *Orders) bookWait(tx *sqldb.Tx, who actor.Actor, ord *Order, w *GateWait) ([]int64, error) {
	a, err := o.agreedIn(tx, ord.Organization, ord.Snapshot)
	if err != nil {
		return nil, err
	}
	//tidy:allow context in memory; the writer has no caller
	off, err := o.calledOff(context.Background(), ord.Session)
	if err != nil {
		return nil, err
	}
	ask := RefundAsk{Units: w.Units, Expect: -1, Reason: w.Reason}
	q, err := o.quoteIn(tx, ord, refunding{ask, a, off, nil}, w.AskedAt)
	if err != nil {
		return nil, err
	}
	r := Returned{Order: ord, Quote: q}
	_, err = o.giveUp(tx, who, &r, ask)
	return r.Refunds, err
}

// GateWaits are the refunds of an order that had to wait, the newest first.
func (o *Orders) GateWaits(ctx context.Context, who actor.Actor, id int64) ([]*GateWait, error) {
	ord, err := o.Get(ctx, id, who)
	if err != nil {
		return nil, err
	}
	return o.Store.GateWaitsOf(ctx, ord.Organization, id)
}

// openWait is the order's refund that waits. Refused with ErrNotFound and ErrNoWait.
func (o *Orders) openWait(ctx context.Context, who actor.Actor, id int64) (*GateWait, error) {
	list, err := o.GateWaits(ctx, who, id)
	if err != nil {
		return nil, err
	}
	for _, w := range list {
		if w.State == WaitsForGate {
			return w, nil
		}
	}
	return nil, ErrNoWait
}

// WithdrawRefund keeps the tickets whose refund waits. Refused with ErrNotFound, ErrNoWait.
func (o *Orders) WithdrawRefund(ctx context.Context, who actor.Actor, id int64) (*GateWait, error) {
	w, err := o.openWait(ctx, who, id)
	if err != nil {
		return nil, err
	}
	err = o.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		cur, err := o.Store.Get(tx, id)
		if err != nil {
			return err
		}
		w.State, w.EndedAt = WaitWithdrawn, tx.Now
		w.EndedBy = actor.Actor{Kind: who.Kind, ID: who.ID}
		if err := o.Store.EndGateWait(tx, w); err != nil {
			return err
		}
		_, err = o.noteWait(tx, who, cur, w, "order.refund_withdrawn", nil)
		return err
	})
	return w, err
}

// BookWithoutGate books a refund that waits at once: staff know that nobody entered, or
// answer for it. What a gate tells later is listed as a conflict. Refused with ErrNotFound,
// fault.NotAllowed, ErrNoWait and ErrWords.
func (o *Orders) BookWithoutGate(ctx context.Context, who actor.Actor, id int64, words string) (
	*GateWait, error,
) {
	ord, err := o.Get(ctx, id, who)
	if err != nil {
		return nil, err
	}
	if who.Kind != actor.Staff || !o.May(ctx, who, PermRefund, ord) {
		return nil, fault.NotAllowed.With("permission", string(PermRefund))
	}
	if words, err = houseWords(words, true); err != nil || len(words) > maxWaitWords {
		return nil, orElse(err, ErrWords.At("reason", "at most 200 bytes / 最多 200 字节"))
	}
	w, err := o.openWait(ctx, who, id)
	if err != nil {
		return nil, err
	}
	w.Words = words
	if err := o.bookWaiting(ctx, who, w); err != nil {
		return nil, err
	}
	return o.Store.GateWait(ctx, w.ID)
}

const maxWaitWords = 200 // bytes
