package order

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/sqldb"
)

// PermAgree lets staff agree to orders that need it, and refuse them.
const PermAgree actor.Permission = "order.agree"

// Requested: the house's turn. The session or a ticket type wants the house's word before
// the order can be paid; its places are held until ExpiresAt. In by placing; out to Pending
// when the house agrees (to Paid where nothing is to pay), to Cancelled when it refuses or
// the buyer gives up, to Expired by time.
const Requested State = "requested"

// ViewRequested is how people see a requested order.
const ViewRequested View = "requested"

// Refusals around the house's word.
var (
	ErrAwaitsHouse = fault.Define(fault.Conflict, "order_awaits_house",
		"订单等待场馆确认,确认后才能支付或修改", "The house has not agreed to the order yet.",
		"Wait for its answer, or cancel the order.")
	ErrNotRequested = fault.Define(fault.Conflict, "order_not_requested",
		"订单不在待确认状态", "The order does not wait for the house's word.",
		"Read the order; its state says what happened.")
	ErrWords = fault.Define(fault.Invalid, "order_words_required",
		"请填写答复", "Say why, in at most 300 characters.",
		"A refusal needs words that the buyer understands.")
)

// Agreement is the house's word on an order.
type Agreement struct {
	Order        int64
	Organization int64
	State        AgreementState
	PayHours     int
	DecidedBy    int64
	DecidedAt    time.Time
	Words        string
}

// AgreementState is what the house has said.
type AgreementState string

const (
	// Waiting: the house's turn, as long as the order is Requested.
	Waiting AgreementState = "waiting"
	// NotNeeded: the order is an ordinary one; it is not stored.
	NotNeeded AgreementState = "none"
	// HouseAgreed: the buyer may pay.
	HouseAgreed AgreementState = "agreed"
	// HouseRefused: the order was cancelled with words.
	HouseRefused AgreementState = "refused"
)

// Agreements are the store of the house's words, and the edges out of Requested.
type Agreements interface {
	InsertAgreement(tx *sqldb.Tx, a Agreement) error
	// AnswerIfWaiting stores the house's word; false when it was given before.
	AnswerIfWaiting(tx *sqldb.Tx, a Agreement) (bool, error)
	// Agreement is the house's word on an order; ErrNotFound without one.
	Agreement(ctx context.Context, organization, order int64) (Agreement, error)
	MarkPendingIfRequested(tx *sqldb.Tx, o *Order, until time.Time) (bool, error)
	MarkPaidIfRequested(tx *sqldb.Tx, o *Order) (bool, error)
	// Requests are the requested orders of an organization below a key, newest first.
	Requests(ctx context.Context, s actor.Scope, before int64, limit int) ([]*Order, error)
	// Requested are unpaid orders of all organizations that needed the house's word, by key:
	// they may be older than any other unpaid order.
	Requested(ctx context.Context, after int64, limit int) ([]*Order, error)
}

// waits says whether an order holds places and has an end that time may bring.
func (o *Order) waits() bool { return o.State == Pending || o.State == Requested }

// agreementOf is what the house wants to be asked for a wish: the session's, else that of
// the first ticket type that has one; nil for all ordinary orders.
func agreementOf(s *catalog.Sellable, ask PlaceAsk) *catalog.Agreement {
	if s.Session.Agreement != nil {
		return s.Session.Agreement
	}
	for _, l := range ask.Lines {
		if t := s.TicketType(l.TicketType); t != nil && t.Agreement != nil {
			return t.Agreement
		}
	}
	return nil
}

// request makes an order wait for the house. Its places are held for the time that the house
// may take, at most until the session begins. What staff sell is agreed to by selling it.
func (o *Order) request(a *catalog.Agreement, s *catalog.Sellable, now time.Time) {
	o.State, o.EndedAt, o.payHours = Requested, time.Time{}, a.PayHours
	o.ExpiresAt = earlier(now.Add(time.Duration(a.Hours)*time.Hour), s.Session.StartsAt)
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// keepRequest stores that an order waits for the house, in its own transaction.
func (o *Orders) keepRequest(tx *sqldb.Tx, ord *Order) error {
	return o.Store.InsertAgreement(tx, Agreement{Order: ord.ID, Organization: ord.Organization,
		State: Waiting, PayHours: ord.payHours})
}

func houseWords(text string, required bool) (string, error) {
	text = strings.TrimSpace(text)
	if text == "" && required || !utf8.ValidString(text) || utf8.RuneCountInString(text) > 300 ||
		strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' }) {
		return "", ErrWords.At("words", "at most 300 printable characters / 最多 300 字")
	}
	return text, nil
}

// Agree lets the buyer of a requested order pay; where nothing is to pay, the order is done.
// Refused with ErrNotFound, fault.NotAllowed, ErrNotRequested, ErrWords.
func (o *Orders) Agree(ctx context.Context, who actor.Actor, id int64, words string) (
	*Order, error,
) {
	words, err := houseWords(words, false)
	if err != nil {
		return nil, err
	}
	said := Agreement{State: HouseAgreed, Words: words}
	return o.answer(ctx, who, id, said, func(tx *sqldb.Tx, ord *Order, payHours int) error {
		if ord.Total == 0 {
			return o.agreeFree(tx, who, ord)
		}
		until := tx.Now.Add(time.Duration(payHours) * time.Hour)
		if a, err := o.agreedIn(tx, ord.Organization, ord.Snapshot); err != nil {
			return err
		} else if until = earlier(until, a.Starts); !until.After(tx.Now) {
			return ErrNotRequested.With("starts_at", a.Starts)
		}
		ok, err := o.Store.MarkPendingIfRequested(tx, ord, until)
		if err != nil || !ok {
			return orStale(err)
		}
		if err := o.Book.Extend(tx, ord.Session, ownerOf(ord), until); err != nil {
			return err
		}
		ord.State, ord.ExpiresAt = Pending, until
		tx.AfterCommit(func() { o.holds.add(ord) })
		_, err = o.note(tx, who, ord, "order.agreed", map[string]time.Time{"until": until})
		return err
	})
}

// agreeFree delivers what costs nothing.
func (o *Orders) agreeFree(tx *sqldb.Tx, who actor.Actor, ord *Order) error {
	ok, err := o.Store.MarkPaidIfRequested(tx, ord)
	if err != nil || !ok {
		return orStale(err)
	}
	if err := o.Book.Sell(tx, ord.Session, ownerOf(ord), ord.Places()); err != nil {
		return err
	}
	if err := o.endLive(tx, ord); err != nil {
		return err
	}
	ord.State = Paid
	if _, err := o.note(tx, who, ord, "order.agreed_free", map[string]int64{}); err != nil {
		return err
	}
	return o.deliver(tx, ord)
}

func orStale(err error) error {
	if err == nil {
		err = fault.Stale
	}
	return err
}

// Decline refuses a requested order with words: its places are free again. Refused with
// ErrNotFound, fault.NotAllowed, ErrNotRequested, ErrWords.
func (o *Orders) Decline(ctx context.Context, who actor.Actor, id int64, words string) (
	*Order, error,
) {
	words, err := houseWords(words, true)
	if err != nil {
		return nil, err
	}
	said := Agreement{State: HouseRefused, Words: words}
	return o.answer(ctx, who, id, said, func(tx *sqldb.Tx, ord *Order, _ int) error {
		return o.end(tx, who, ord, EndedByHouse)
	})
}

// answer stores the house's word and does what it means, in one transaction.
func (o *Orders) answer(ctx context.Context, who actor.Actor, id int64, said Agreement,
	do func(tx *sqldb.Tx, ord *Order, payHours int) error,
) (*Order, error) {
	seen, err := o.Get(ctx, id, who)
	if err != nil {
		return nil, err
	}
	if who.Kind == actor.Member || !o.May(ctx, who, PermAgree, seen) {
		return nil, fault.NotAllowed.With("permission", string(PermAgree))
	}
	if seen.State != Requested {
		return nil, ErrNotRequested.With("state", seen.State)
	}
	asked, err := o.Store.Agreement(ctx, seen.Organization, id)
	if err != nil {
		return nil, err
	}
	err = o.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		ord, err := o.Store.Get(tx, id)
		if err != nil {
			return err
		}
		if ord.State != Requested || !tx.Now.Before(ord.ExpiresAt) {
			return ErrNotRequested.With("state", ord.State)
		}
		a := said
		a.Order, a.Organization = id, ord.Organization
		a.DecidedBy, a.DecidedAt = who.ID, tx.Now
		ok, err := o.Store.AnswerIfWaiting(tx, a)
		if err != nil || !ok {
			return orStale(err)
		}
		return do(tx, ord, asked.PayHours)
	})
	if err != nil {
		return nil, err
	}
	return o.Store.Find(ctx, id)
}

// Word is the house's word on an order that the caller may see; NotNeeded for ordinary ones.
func (o *Orders) Word(ctx context.Context, who actor.Actor, id int64) (Agreement, *Order, error) {
	ord, err := o.Get(ctx, id, who)
	if err != nil {
		return Agreement{}, nil, err
	}
	a, err := o.Store.Agreement(ctx, ord.Organization, id)
	if errors.Is(err, ErrNotFound) {
		return Agreement{Order: id, State: NotNeeded}, ord, nil
	}
	return a, ord, err
}

// Requests is a page of an organization's requested orders, newest first, of the venues where
// the caller agrees to orders; next is the key to read below, 0 after the last page.
func (o *Orders) Requests(ctx context.Context, who actor.Actor, s actor.Scope, before int64,
	limit int,
) (list []*Order, next int64, err error) {
	if before == 0 {
		before = 1<<63 - 1
	}
	page, err := o.Store.Requests(ctx, s, before, limit+1)
	if len(page) > limit {
		page = page[:limit]
		next = page[limit-1].ID
	}
	for _, ord := range page {
		if o.May(ctx, who, PermAgree, ord) && who.Kind == actor.Staff {
			list = append(list, ord)
		}
	}
	return list, next, err
}

// resumeRequested takes up the orders that waited for the house, however old they are.
func (o *Orders) resumeRequested(ctx context.Context, before int64, restore bool, lastBeat,
	now time.Time,
) error {
	for after := int64(0); ; {
		page, err := o.Store.Requested(ctx, after, resumeSlice)
		if err != nil || len(page) == 0 {
			return err
		}
		after = page[len(page)-1].ID
		var old []*Order
		for _, ord := range page {
			if ord.ID < before {
				old = append(old, ord)
			}
		}
		if err := o.resumeSome(ctx, old, restore, lastBeat, now); err != nil {
			return err
		}
	}
}
