package order

import (
	"context"
	"encoding/json"
	"errors"

	"foyer/internal/actor"
	"foyer/internal/approval"
	"foyer/internal/fault"
	"foyer/internal/idgen"
	"foyer/internal/journal"
	"foyer/internal/ledger"
	"foyer/internal/money"
	"foyer/internal/payment"
	"foyer/internal/seating"
	"foyer/internal/sqldb"
)

// heldLate is the input of a request: the very revision of a sheet.
type heldLate struct {
	Sheet, Revision int64
}

// errTried undoes a booking that was only tried.
var errTried = errors.New("order: it would be booked")

// tryLate goes the way of the booking and is undone, so that a sheet that could not be
// booked is refused while its writer can still ask the cashier.
func (o *Orders) tryLate(ctx context.Context, s *LateSheet, list []*lateBooking) error {
	err := o.DB.InTxLow(ctx, func(tx *sqldb.Tx) error {
		if err := o.checkPapers(tx, s); err != nil {
			return err
		}
		if err := o.bookAll(tx, lateBy{s: s, try: true}, list); err != nil {
			return err
		}
		return errTried
	})
	if errors.Is(err, errTried) {
		return nil
	}
	return err
}

// checkPapers refuses with ErrLatePapers what other sheets have entered.
func (o *Orders) checkPapers(tx *sqldb.Tx, s *LateSheet) error {
	var all []string
	for i := range s.Entries {
		all = append(all, s.Entries[i].Papers...)
	}
	used, err := o.Store.UsedPapers(tx, actor.Scope{Organization: s.Organization}, s.ID, all)
	if err != nil || len(used) == 0 {
		return err
	}
	type told struct {
		Paper string `json:"paper"`
		Sheet string `json:"sheet_number"`
		Order string `json:"order_number,omitempty"`
	}
	list := make([]told, len(used))
	for i, u := range used {
		list[i] = told{Paper: u.Paper, Sheet: idgen.Number(u.Sheet)}
		if u.Order != 0 {
			list[i].Order = idgen.Number(u.Order)
		}
	}
	return ErrLatePapers.With("papers", list)
}

// lateBy is on whose word a sheet is booked.
type lateBy struct {
	s       *LateSheet
	asker   actor.Actor
	decider int64
	try     bool // it will be undone: nothing of it goes to the journal
}

// bookAll books every entry or none. Refused with ErrLateTaken naming every place that is
// somebody else's, and with ErrLateEntries naming what else stands in the way.
func (o *Orders) bookAll(tx *sqldb.Tx, by lateBy, list []*lateBooking) error {
	taken, err := o.takenBy(tx, list)
	if err != nil {
		return err
	}
	if len(taken) > 0 {
		return ErrLateTaken.With("taken", taken)
	}
	c := &lateCheck{}
	for i, b := range list {
		err := tx.Try(func() error { return o.bookLate(tx, by, i, b) })
		if err == nil {
			continue
		}
		if err := c.nest(i, err); err != nil {
			return err
		}
	}
	return c.bad.As(ErrLateEntries)
}

// takenBy finds the places of all entries that somebody has, by one question a session.
func (o *Orders) takenBy(tx *sqldb.Tx, list []*lateBooking) ([]LateTaken, error) {
	var sessions []int64
	places, entry := map[int64][]int32{}, map[latePlace]int{}
	for i, b := range list {
		id := b.order.Session
		if places[id] == nil {
			sessions = append(sessions, id)
		}
		places[id] = append(places[id], b.choice.Places...)
		for _, p := range b.choice.Places {
			entry[latePlace{id, p}] = i
		}
	}
	var taken []LateTaken
	for _, id := range sessions {
		holders, err := o.Late.Holders.Holders(tx, id, places[id])
		if err != nil {
			return nil, err
		}
		for _, h := range holders {
			i := entry[latePlace{id, h.Place}]
			if list[i].mayTake(h.Owner) {
				continue
			}
			taken = append(taken, takenOf(i, list[i], h))
		}
	}
	return taken, nil
}

// mayTake says whether the counter sells from the allotment that has a place.
func (b *lateBooking) mayTake(owner seating.Owner) bool {
	for _, id := range b.choice.From {
		if owner == (seating.Owner{Kind: seating.OwnerAllotment, ID: id}) {
			return true
		}
	}
	return false
}

func takenOf(i int, b *lateBooking, h seating.Holder) LateTaken {
	t := LateTaken{Entry: i, Place: h.Place, By: holderWord(h.Owner.Kind), State: "held"}
	for _, l := range b.order.Lines {
		for _, u := range l.Units {
			for _, p := range u.Places {
				if p == h.Place {
					t.Label = u.Label
				}
			}
		}
	}
	switch h.State {
	case seating.Sold:
		t.State = "sold"
	case seating.Closed, seating.Kept:
		t.State = "closed"
	}
	if h.Owner.Kind == seating.OwnerOrder {
		t.Order = idgen.Number(h.Owner.ID)
	}
	return t
}

// bookLate makes the order of one entry: claimed as sold, paid by hand, with tickets, and
// with its people inside if they went in.
func (o *Orders) bookLate(tx *sqldb.Tx, by lateBy, i int, b *lateBooking) error {
	fresh := *b.order // the function may run more than once
	ord := &fresh
	if err := o.Late.Sessions.GuardPast(tx, ord.Session, b.sellable.Session.Revision); err != nil {
		return err
	}
	if err := o.Book.Claim(tx, seating.Claim{Session: ord.Session, Owner: ownerOf(ord),
		State: seating.Sold, Places: b.choice.Places, Areas: b.choice.Areas,
		From: b.choice.From}); err != nil {
		return err
	}
	if by.try {
		return nil
	}
	if err := o.Store.Insert(tx, ord); err != nil {
		return err
	}
	if ok, err := o.Store.MarkPaidIfUnpaid(tx, ord, false); err != nil || !ok {
		return staleUnless(ok, err)
	}
	ord.State = Paid
	if err := o.payLate(tx, by, b, ord); err != nil {
		return err
	}
	if err := o.deliver(tx, ord); err != nil {
		return err
	}
	if at := b.entry.EnteredAt; !at.IsZero() {
		if err := o.Late.Gates.EnterLate(tx, by.asker, ord.Organization, ord.ID, at); err != nil {
			return err
		}
	}
	return o.listLate(tx, by, i, b, ord)
}

// payLate stores the money that was taken and writes the journal row and the postings.
func (o *Orders) payLate(tx *sqldb.Tx, by lateBy, b *lateBooking, ord *Order) error {
	objects := []journal.Object{{Kind: string(KindLateSheet), ID: by.s.ID},
		{Kind: "stf", ID: by.decider}}
	if ord.Total > 0 {
		id, err := o.payments.TakeByHand(tx, payment.HandTaken{Organization: ord.Organization,
			Order: ord.ID, Means: b.entry.Means, Amount: ord.Total, Currency: ord.Currency,
			Title: b.sellable.Event.Title})
		if err != nil {
			return err
		}
		objects = append(objects, journal.Object{Kind: "pay", ID: id})
	}
	pos, err := o.note(tx, by.asker, ord, "order.entered_late", struct {
		Amount money.Minor   `json:"amount_minor"`
		List   money.Minor   `json:"list_minor"`
		Means  payment.Means `json:"means"`
		SoldAt string        `json:"sold_at"`
		Day    int           `json:"business_day"`
		Papers int           `json:"papers"`
		Reason string        `json:"reason,omitempty"`
	}{ord.Total, b.entry.List, b.entry.Means, b.entry.SoldAt.Format("2006-01-02T15:04:05.000Z"),
		b.day, len(b.entry.Papers), b.entry.Reason}, objects...)
	if err != nil {
		return err
	}
	if err := o.Ledger.Post(tx, pos, ord.ID, ord.Currency,
		ledger.Move{Account: ledger.Clearing(b.entry.Means.Provider()), Amount: ord.Total},
		ledger.Move{Account: ledger.Sales, Amount: -ord.Total}); err != nil {
		return err
	}
	return o.shareOut(tx, pos, ord, nil, sold)
}

// listLate writes the entry for bookkeepers.
func (o *Orders) listLate(tx *sqldb.Tx, by lateBy, i int, b *lateBooking, ord *Order) error {
	e := b.entry
	scope := actor.Scope{Organization: ord.Organization}
	if err := o.Store.SellPaper(tx, scope, by.s.ID, i, ord.ID); err != nil {
		return err
	}
	by.s.Entries[i].Order = ord.ID
	return o.Store.InsertLateSale(tx, &LateSale{Order: ord.ID, Organization: ord.Organization,
		Venue: b.sellable.Session.VenueID, Session: ord.Session, Sheet: by.s.ID, Entry: i,
		SoldAt: e.SoldAt, BusinessDay: b.day, PostedAt: tx.Now, EnteredAt: e.EnteredAt,
		AskedBy: by.asker.ID, DecidedBy: by.decider, Means: e.Means, Currency: ord.Currency,
		Amount: ord.Total, List: e.List, Reason: e.Reason})
}

// CarryLate books a sheet as it was agreed to. What stands in the way is kept with the
// sheet, which stays and can be corrected.
func (o *Orders) CarryLate(ctx context.Context, in approval.Carried, done approval.Once) error {
	var held heldLate
	if err := json.Unmarshal(in.Request.Input, &held); err != nil {
		return err
	}
	scope := actor.Scope{Organization: in.Request.Organization}
	s, err := o.Store.Late(ctx, scope, held.Sheet)
	if err != nil {
		return err
	}
	if s.Revision != held.Revision || s.State != LateWaiting {
		return fault.Stale.With("revision", s.Revision)
	}
	asked := s.Total
	list, err := o.checkLate(ctx, in.As, s, false)
	if err == nil && s.Total != asked {
		err = fault.Stale
	}
	if err == nil {
		err = o.DB.InTxLow(ctx, func(tx *sqldb.Tx) error {
			return o.carryLate(tx, in, done, s, list)
		})
	}
	if err != nil {
		return errors.Join(err, o.keepProblem(ctx, scope, held, err))
	}
	return nil
}

func (o *Orders) carryLate(tx *sqldb.Tx, in approval.Carried, done approval.Once, s *LateSheet,
	list []*lateBooking,
) error {
	if err := done(tx, journal.Object{Kind: string(KindLateSheet), ID: s.ID}); err != nil {
		return err
	}
	if err := o.bookAll(tx, lateBy{s: s, asker: in.As, decider: in.By.ID}, list); err != nil {
		return err
	}
	next := *s
	next.State, next.DecidedBy, next.BookedAt = LateBooked, in.By.ID, tx.Now
	next.Problem, next.Problems, next.Taken = "", nil, nil
	next.Revision++
	return staleUnless(o.Store.ReviseLate(tx, &next))
}

// staleUnless is the outcome of a guarded change.
func staleUnless(ok bool, err error) error {
	if err == nil && !ok {
		return fault.Stale
	}
	return err
}

// keepProblem writes on the sheet why it could not be booked, where its writer can do
// something about it.
func (o *Orders) keepProblem(ctx context.Context, scope actor.Scope, held heldLate,
	cause error,
) error {
	f := fault.Of(cause)
	for _, ours := range []error{approval.ErrDecided, approval.ErrExpired, approval.ErrAskerLeft} {
		if errors.Is(cause, ours) {
			return nil // of the request, not of the sheet
		}
	}
	if f.Def.Kind != fault.Conflict && f.Def.Kind != fault.Invalid {
		return nil
	}
	return o.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		s, err := o.Store.LateIn(tx, scope, held.Sheet)
		if err != nil || s.State != LateWaiting || s.Revision != held.Revision {
			return err
		}
		s.Problem, s.Problems = f.Def.Code, f.Fields
		s.Taken, _ = f.Details["taken"].([]LateTaken)
		s.Revision++
		_, err = o.Store.ReviseLate(tx, s)
		return err
	})
}
