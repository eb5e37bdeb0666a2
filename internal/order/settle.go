package order

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/journal"
	"foyer/internal/ledger"
	"foyer/internal/money"
	"foyer/internal/payment"
	"foyer/internal/seating"
	"foyer/internal/sqldb"
	"foyer/internal/ticket"
)

var _ payment.Settler = (*Orders)(nil)

// Payable says what the caller's order has still to be paid. Refused with ErrNotFound,
// ErrNothingToPay, ErrClosing, ErrNotPending, ErrTooLateToPay, ErrTooManyPayments, and with
// catalog.ErrNotOnSale when the session was cancelled.
func (o *Orders) Payable(ctx context.Context, id int64, by actor.Actor) (payment.Payable, error) {
	ord, err := o.headToPay(ctx, id, by)
	if err != nil {
		return payment.Payable{}, err
	}
	if ord.State == Paid && ord.Change != 0 {
		return o.changePayable(ctx, ord)
	}
	if err := o.payable(ord, o.Clock.Now()); err != nil {
		return payment.Payable{}, err
	}
	if ord.several() {
		if ord, err = o.Store.Find(ctx, id); err != nil {
			return payment.Payable{}, err
		}
	}
	switch off, err := o.anyOff(ctx, ord); {
	case err != nil:
		return payment.Payable{}, err
	case off:
		return payment.Payable{}, catalog.ErrNotOnSale.With("sale_state", catalog.SaleCancelled)
	}
	if moved, err := o.anyMoved(ctx, ord); err != nil || moved {
		return payment.Payable{}, orElse(err, ErrSessionMoved)
	}
	a, err := o.agreed(ctx, ord.Organization, ord.Snapshot)
	if err != nil {
		return payment.Payable{}, err
	}
	return payment.Payable{Order: ord.ID, Organization: ord.Organization, Total: ord.Total,
		Currency: ord.Currency, ExpiresAt: ord.ExpiresAt, Title: a.Event, Revision: ord.Revision,
		HoldSeconds: ord.HoldSeconds,
	}, nil
}

// headToPay is the order that a buyer pays. What he has just placed is not read again: its
// revision guards what follows.
func (o *Orders) headToPay(ctx context.Context, id int64, by actor.Actor) (*Order, error) {
	ord := o.asPlaced(id)
	if ord != nil && by.Kind == actor.Member && by.ID == ord.Member && ord.State == Pending {
		return ord, nil
	}
	return o.headFor(ctx, id, by)
}

// payable is why an order cannot be paid now, else nil.
func (o *Orders) payable(ord *Order, now time.Time) error {
	switch {
	case ord.State == Closing:
		return ErrClosing
	case ord.State == Paid && ord.Total == 0:
		return ErrNothingToPay
	case ord.State == Requested:
		return ErrAwaitsHouse
	case ord.State != Pending:
		return ErrNotPending.With("state", ord.State)
	case ord.ExpiresAt.Sub(now) < o.cfg.minLeft(ord.HoldSeconds):
		return ErrTooLateToPay
	case ord.PaymentsOpened >= o.cfg.MaxPayments:
		return ErrTooManyPayments
	}
	return nil
}

// OpenPayment counts one more payment of a pending order, guarded by revision, time and
// number; the refusals are Payable's.
func (o *Orders) OpenPayment(tx *sqldb.Tx, p payment.Payable) error {
	ord := &Order{ID: p.Order, Organization: p.Organization, Revision: p.Revision}
	ok, err := o.Store.CountPaymentIfPending(tx, ord, o.cfg.minLeft(p.HoldSeconds),
		o.cfg.MaxPayments)
	if err != nil || ok {
		return err
	}
	now, err := o.Store.Get(tx, p.Order)
	if err != nil {
		return err
	}
	if now.State == Paid && now.Change != 0 {
		return o.openChangePayment(tx, now, p)
	}
	if err := o.payable(now, tx.Now); err != nil {
		return err
	}
	o.placed.Drop(p.Order) // another process has changed it
	return fault.Stale
}

// Settle takes captured money and decides what it buys, in the caller's transaction: the
// agreed sum pays a waiting order unless its session was cancelled; money that came late
// pays an expired one only if its very places are still free, the session is on sale and
// limits hold; all else goes back.
func (o *Orders) Settle(tx *sqldb.Tx, c payment.Capture) (payment.Outcome, error) {
	if ord := o.asPlaced(c.Order); ord != nil && ord.Organization == c.Organization {
		out, done, err := o.takeIf(tx, ord, c)
		if done || err != nil && !errors.Is(err, fault.Stale) {
			return out, err
		}
	}
	ord, err := o.Store.Get(tx, c.Order)
	if err != nil {
		return payment.Outcome{}, err
	}
	if ord.Organization != c.Organization {
		return payment.Outcome{}, fault.Missing
	}
	out, done, err := o.takeIf(tx, ord, c)
	if err != nil || done {
		return out, err
	}
	if c.WasOpen {
		if err := o.Store.CountPaymentEnded(tx, ord.Organization, ord.ID); err != nil {
			return payment.Outcome{}, err
		}
		ord.OpenPayments = max(ord.OpenPayments-1, 0)
	}
	switch {
	case ord.buysBy(c):
		return o.refuse(tx, ord, c)
	case ord.State == Paid:
		return o.settlePaid(tx, ord, c)
	case c.Amount != ord.Total || c.Currency != ord.Currency:
		out, err := o.giveBack(tx, ord, c, payment.CauseWrongAmount)
		if err != nil {
			return out, err
		}
		_, err = o.endIfIdle(tx, ord)
		return out, err
	case ord.State == Cancelled:
		return o.giveBack(tx, ord, c, payment.CauseCancelled)
	}
	return o.reclaim(tx, ord, c)
}

// buysBy says that the order waits for this very sum.
func (o *Order) buysBy(c payment.Capture) bool {
	return (o.State == Pending || o.State == Closing) && c.Amount == o.Total &&
		c.Currency == o.Currency
}

// takeIf pays an order that waits for this very sum, unless its session was cancelled. When
// the order is no longer the revision that it was thought to be, it is not done, has changed
// nothing, and says fault.Stale.
func (o *Orders) takeIf(tx *sqldb.Tx, ord *Order, c payment.Capture) (
	out payment.Outcome, done bool, err error,
) {
	if !ord.buysBy(c) {
		return out, false, nil
	}
	//tidy:allow context in memory; the writer has no caller
	off, err := o.anyOff(context.Background(), ord)
	if err == nil && !off {
		//tidy:allow context in memory; the writer has no caller
		off, err = o.anyMoved(context.Background(), ord)
	}
	if err != nil || off {
		return out, false, err
	}
	if done, err = o.Store.MarkPaidIfUnpaid(tx, ord, c.WasOpen); err != nil || !done {
		return out, false, orStale(err)
	}
	return payment.Outcome{Paid: true}, true, o.take(tx, ord, c)
}

// take gives a buyer what he has paid for.
func (o *Orders) take(tx *sqldb.Tx, ord *Order, c payment.Capture) error {
	for _, part := range ord.parts() {
		if err := o.Book.Sell(tx, part.Session, ownerOf(part), part.Places()); err != nil {
			return err
		}
		if err := o.endLive(tx, part); err != nil {
			return err
		}
	}
	return o.paid(tx, ord, c, "order.paid")
}

// reclaim pays an expired order by claiming its very places again, or gives back.
func (o *Orders) reclaim(tx *sqldb.Tx, ord *Order, c payment.Capture) (payment.Outcome, error) {
	err := tx.Try(func() error {
		for _, part := range ord.parts() {
			if err := o.claimAgain(tx, part); err != nil {
				return err
			}
		}
		return o.markPaidLate(tx, ord)
	})
	if err != nil {
		if k := fault.KindOf(err); k == fault.Internal || k == fault.Unavailable {
			return payment.Outcome{}, err
		}
		return o.giveBack(tx, ord, c, payment.CauseLate)
	}
	return payment.Outcome{Paid: true}, o.paid(tx, ord, c, "order.paid_late")
}

func (o *Orders) claimAgain(tx *sqldb.Tx, ord *Order) error {
	//tidy:allow context in memory; the writer has no caller
	s, err := o.Sessions.Sellable(context.Background(), ord.Session)
	if err != nil {
		return err
	}
	// What it costs was agreed long ago: a newer revision does not matter, a pause does.
	err = o.Sessions.GuardSession(tx, ord.Session, s.Session.Revision)
	if err != nil && !errors.Is(err, catalog.ErrSessionChanged) {
		return err
	}
	// The places that it had may be other ones by now.
	//tidy:allow context in memory; the writer has no caller
	if moved, err := o.movedOn(context.Background(), ord.Organization, ord.Session,
		ord.Snapshot); err != nil || moved {
		return orElse(err, ErrSessionMoved)
	}
	if ord.Member != 0 {
		take := MemberTake{Session: ord.Session, Member: ord.Member, N: ord.Places(),
			Max: s.Session.MaxPerMember, Late: true}
		if err := o.Store.TakeMember(tx, take); err != nil {
			return err
		}
	}
	if ord.Ruled() {
		if err := o.reviveBuyers(tx, s, ord); err != nil {
			return err
		}
	}
	claim := seating.Claim{Session: ord.Session, Owner: ownerOf(ord), State: seating.Sold}
	claim.Places, claim.Areas = ord.claims()
	if claim.From, err = o.freeAgain(tx, ord, claim); err != nil {
		return err
	}
	return o.Book.Claim(tx, claim)
}

// markPaidLate is the edge of an expired order whose places were claimed again, with what it
// uses besides.
func (o *Orders) markPaidLate(tx *sqldb.Tx, ord *Order) error {
	if err := o.takeUsesAgain(tx, ord); err != nil {
		return err
	}
	ok, err := o.Store.MarkPaidIfExpired(tx, ord)
	if err == nil && !ok {
		err = fault.Stale
	}
	return err
}

// claims are the places and area units of the order's units that were not given back.
func (o *Order) claims() (places []int32, areas []seating.AreaQty) {
	for _, l := range o.Lines {
		for _, u := range l.Units {
			if u.Returned {
				continue
			}
			places = append(places, u.Places...)
			if u.Area != 0 {
				areas = addArea(areas, u.Area, u.Count())
			}
		}
	}
	return places, areas
}

func addArea(list []seating.AreaQty, area int32, n int) []seating.AreaQty {
	for i := range list {
		if list[i].Area == area {
			list[i].N += n
			return list
		}
	}
	return append(list, seating.AreaQty{Area: area, N: n})
}

func ownerOf(o *Order) seating.Owner {
	return seating.Owner{Kind: seating.OwnerOrder, ID: o.ID}
}

// paid writes the journal row and the postings of money that bought the order, and
// delivers it.
func (o *Orders) paid(tx *sqldb.Tx, ord *Order, c payment.Capture, action string) error {
	ord.State = Paid
	pos, err := o.note(tx, actor.SystemActor, ord, action, captureData(c, ""),
		journal.Object{Kind: "pay", ID: c.Payment})
	if err != nil {
		return err
	}
	if err := o.Ledger.Post(tx, pos, ord.ID, c.Currency,
		ledger.Move{Account: ledger.Clearing(c.Provider), Amount: c.Amount},
		ledger.Move{Account: ledger.Sales, Amount: -c.Amount}); err != nil {
		return err
	}
	if err := o.shareOut(tx, pos, ord, nil, sold); err != nil {
		return err
	}
	return o.deliver(tx, ord)
}

// deliver issues the tickets of a paid order.
func (o *Orders) deliver(tx *sqldb.Tx, ord *Order) error {
	// Before the tickets' own hook: whoever finds the order unpaid is told of its tickets.
	tx.AfterCommit(func() { o.drop(ord.ID) })
	parts := ord.parts()
	for _, part := range parts {
		if err := o.issue(tx, part, len(parts) > 1); err != nil {
			return err
		}
	}
	if ord.Member == 0 {
		return nil
	}
	return o.Buyers.RememberTail(tx, ord.Organization, ord.Member)
}

// issue issues the tickets of an order, or of its part of one session.
func (o *Orders) issue(tx *sqldb.Tx, ord *Order, isPart bool) error {
	a, err := o.agreedIn(tx, ord.Organization, ord.Snapshot)
	if err != nil {
		return err
	}
	in := ticket.Issue{Organization: ord.Organization, Order: ord.ID, Member: ord.Member,
		Session: ord.Session, Venue: a.Venue, ValidFrom: a.GatesFrom, ValidUntil: a.GatesUntil,
		IsPart: isPart}
	for _, l := range ord.Lines {
		for i, u := range l.Units {
			if !u.Returned {
				in.Units = append(in.Units, ticket.IssueUnit{Line: l.Number, Unit: i + 1,
					At: SpotOf(u), Label: u.Label, Allowed: u.People, Share: u.Amount,
					Type: l.Name, TypeEn: l.NameEn, Admission: a.Admissions[l.TicketType]})
			}
		}
	}
	_, err = o.Tickets.Issue(tx, in)
	return err
}

// SpotOf is where a unit is: its area, or the first of its places.
func SpotOf(u Unit) ticket.Spot {
	if len(u.Places) > 0 {
		return ticket.Spot{Place: u.Places[0]}
	}
	return ticket.Spot{Area: u.Area}
}

// giveBack books money that buys nothing and asks for its return.
func (o *Orders) giveBack(tx *sqldb.Tx, ord *Order, c payment.Capture, cause payment.Cause) (
	payment.Outcome, error,
) {
	pos, err := o.note(tx, actor.SystemActor, ord, "order.money_returned", captureData(c, cause),
		journal.Object{Kind: "pay", ID: c.Payment})
	if err != nil || c.Amount == 0 {
		return payment.Outcome{Return: cause}, err
	}
	err = o.Ledger.Post(tx, pos, ord.ID, c.Currency,
		ledger.Move{Account: ledger.Clearing(c.Provider), Amount: c.Amount},
		ledger.Move{Account: ledger.ToReturn, Amount: -c.Amount},
		ledger.Move{Account: ledger.ToReturn, Amount: c.Amount},
		ledger.Move{Account: ledger.RefundPayable, Amount: -c.Amount})
	if err != nil {
		return payment.Outcome{}, err
	}
	_, err = o.payments.RequestRefund(tx, payment.RefundRequest{Organization: ord.Organization,
		Order: ord.ID, Payment: c.Payment, Amount: c.Amount, Currency: c.Currency, Cause: cause,
		Reason: string(cause)})
	return payment.Outcome{Return: cause}, err
}

// PaymentEnded counts an open payment down; the last one lets a closing order end.
func (o *Orders) PaymentEnded(tx *sqldb.Tx, organization, id, paymentID int64) error {
	ord, err := o.Store.Get(tx, id)
	if err != nil {
		return err
	}
	if ord.Organization != organization {
		return fault.Missing
	}
	if err := o.Store.CountPaymentEnded(tx, organization, id); err != nil {
		return err
	}
	ord.OpenPayments = max(ord.OpenPayments-1, 0)
	if ord.State == Paid {
		return o.changePaymentEnded(tx, ord, paymentID)
	}
	_, err = o.endIfIdle(tx, ord)
	return err
}

// RefundArrived books money that has arrived back at the buyer.
func (o *Orders) RefundArrived(tx *sqldb.Tx, r payment.RefundArrival) error {
	data, err := json.Marshal(map[string]any{"amount_minor": r.Amount, "cause": r.Cause})
	if err != nil {
		return err
	}
	if r.Cause == payment.CauseSessionCancelled {
		if err := o.Store.NoteArrived(tx, r.Refund, r.Amount); err != nil {
			return err
		}
	}
	pos := o.Journal.Append(tx, journal.Entry{Actor: actor.SystemActor,
		Organization: r.Organization, Action: "refund.arrived", Data: data,
		Objects: []journal.Object{{Kind: "ord", ID: r.Order}, {Kind: "ref", ID: r.Refund}}})
	return o.Ledger.Post(tx, pos, r.Order, r.Currency,
		ledger.Move{Account: ledger.RefundPayable, Amount: r.Amount},
		ledger.Move{Account: ledger.Clearing(r.Provider), Amount: -r.Amount})
}

func captureData(c payment.Capture, cause payment.Cause) any {
	return struct {
		Amount   money.Minor    `json:"amount_minor"`
		Currency money.Currency `json:"currency"`
		Provider string         `json:"provider"`
		Returned payment.Cause  `json:"returned,omitempty"`
	}{c.Amount, c.Currency, c.Provider, cause}
}

// note appends the one journal row of a command on an order.
func (o *Orders) note(tx *sqldb.Tx, who actor.Actor, ord *Order, action string, data any,
	more ...journal.Object,
) (journal.Position, error) {
	return o.noteWith(tx, who, ord, action, data, nil, more...)
}

// noteWith is note for a request whose input is remembered.
func (o *Orders) noteWith(tx *sqldb.Tx, who actor.Actor, ord *Order, action string, data any,
	input []byte, more ...journal.Object,
) (journal.Position, error) {
	raw, err := json.Marshal(data)
	if err != nil {
		return journal.Position{}, err
	}
	return o.Journal.Append(tx, journal.Entry{Actor: who, Organization: ord.Organization,
		Action: action, Data: raw, InputHash: input, Objects: slices.Concat([]journal.Object{
			{Kind: "ord", ID: ord.ID, Revision: ord.Revision}}, ord.sessionObjects(), more)}), nil
}
