package order

import (
	"context"
	"errors"
	"slices"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/journal"
	"foyer/internal/sqldb"
)

// again answers a member who orders anew while his order in the session is unpaid: the
// same wish gets the order back; another replaces its lines. Its clock goes on. It returns
// errMoved when the order ended or changed meanwhile.
func (o *Orders) again(ctx context.Context, who actor.Actor, s *catalog.Sellable, ask PlaceAsk,
	live int64, receipt *journal.Receipt, render Render,
) (journal.Answer, error) {
	cur, err := o.Store.Find(ctx, live)
	if errors.Is(err, ErrNotFound) {
		o.drop(live)
		return journal.Answer{}, errMoved
	}
	if err != nil {
		return journal.Answer{}, err
	}
	if cur.State == Closing {
		return journal.Answer{}, ErrClosing
	}
	if !cur.within(ask) && cur.waits() {
		return journal.Answer{}, ErrOrderElsewhere.With("order_number", cur.Number())
	}
	if !cur.waits() {
		o.drop(live) // it ended a moment ago: the wish is a new order after all
		return journal.Answer{}, errMoved
	}
	if sameWish(cur, ask) && (!cur.Ruled() || o.sameVisitors(ctx, s, ask, cur)) {
		return o.same(ctx, cur, receipt, render)
	}
	if cur.State == Requested {
		return journal.Answer{}, ErrAwaitsHouse
	}
	answer, err := o.replace(ctx, who, s, ask, cur, receipt, render)
	if errors.Is(err, fault.Stale) {
		err = errMoved
	}
	return answer, err
}

// same answers with the order as it is. The key is kept all the same: it shows whether the
// request is the repeat of an earlier one, whose answer was another.
func (o *Orders) same(ctx context.Context, cur *Order, receipt *journal.Receipt,
	render Render,
) (journal.Answer, error) {
	answer, err := render(cur)
	if err != nil {
		return journal.Answer{}, err
	}
	answer.Status = 200
	if receipt == nil {
		return answer, nil
	}
	err = o.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		return receipt.Keep(tx, journal.Position{}, cur.ID, answer)
	})
	return answer, err
}

// sameWish says whether the order is what is asked for: the same named places and area
// quantities with the same ticket types.
func sameWish(cur *Order, ask PlaceAsk) bool {
	if ask.Best != nil || (ask.ExpectTotal >= 0 && ask.ExpectTotal != cur.Total) {
		return false
	}
	if ask.unusual() {
		return false
	}
	if ask.Run != nil || cur.Terms != nil && cur.Terms.Run != nil {
		return false // the same places may cost something else
	}
	type key struct {
		session    int64
		ticketType int64
		area       int32
	}
	have, want := map[key][]int32{}, map[key][]int32{}
	for _, l := range cur.Lines {
		for _, u := range l.Units {
			k := key{l.Session, l.TicketType, u.Area}
			have[k] = append(have[k], u.Places...)
			if u.Area != 0 {
				have[k] = append(have[k], 0)
			}
		}
	}
	for _, l := range ask.Lines {
		k := key{ask.session(l), l.TicketType, l.Area}
		want[k] = append(want[k], l.Places...)
		if l.Area != 0 {
			want[k] = append(want[k], make([]int32, l.Quantity)...)
		}
	}
	if len(have) != len(want) {
		return false
	}
	for k, h := range have {
		w := want[k]
		slices.Sort(h)
		slices.Sort(w)
		if !slices.Equal(h, w) {
			return false
		}
	}
	return true
}

// Replace changes the lines of the caller's pending order; the clock goes on. Refused as
// Place, with ErrNotPending, and with ErrPaymentOpen while a payment is open.
func (o *Orders) Replace(ctx context.Context, who actor.Actor, id int64, ask PlaceAsk,
	render Render,
) (journal.Answer, error) {
	cur, err := o.Get(ctx, id, who)
	if err != nil {
		return journal.Answer{}, err
	}
	if cur.State != Pending {
		return journal.Answer{}, ErrNotPending.With("state", cur.State)
	}
	ask.Session, ask.Channel = cur.Session, cur.Channel
	ask, s, err := o.wanted(ctx, who, ask)
	if err != nil {
		return journal.Answer{}, err
	}
	return o.replace(ctx, who, s, ask, cur, nil, render)
}

func (o *Orders) replace(ctx context.Context, who actor.Actor, s *catalog.Sellable, ask PlaceAsk,
	cur *Order, receipt *journal.Receipt, render Render,
) (journal.Answer, error) {
	if cur.OpenPayments > 0 {
		return journal.Answer{}, ErrPaymentOpen
	}
	p, choice, err := o.prepare(ctx, who, s, ask, cur.ID)
	if err != nil {
		return journal.Answer{}, err
	}
	defer o.Chooser.Drop(choice)
	next := p.order
	if next.Total == 0 {
		return journal.Answer{}, ErrEmpty.At("lines", "cancel the order to ask for free places")
	}
	next.ID, next.Member, next.Channel = cur.ID, cur.Member, cur.Channel
	next.ExpiresAt, next.Sessions = cur.ExpiresAt, max(next.Sessions, 1)
	next.HoldSeconds, next.Revision = cur.HoldSeconds, cur.Revision+1
	next.PaymentsOpened = cur.PaymentsOpened
	answer, err := render(next)
	if err != nil {
		return journal.Answer{}, err
	}
	answer.Status = 200
	p.claim.Owner, p.claim.Until = ownerOf(cur), cur.ExpiresAt
	p.entry.Action = "order.lines_replaced"
	p.entry.Objects[0] = journal.Object{Kind: "ord", ID: cur.ID, Revision: next.Revision}
	err = o.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		if cur.several() || next.Sessions > 1 || cur.Session != next.Session {
			return o.replaceSeveral(tx, p, cur, next, receipt, answer)
		}
		return o.replaceIn(tx, p, cur, next, receipt, answer)
	})
	return answer, err
}

func (o *Orders) replaceIn(tx *sqldb.Tx, p *placing, cur, next *Order,
	receipt *journal.Receipt, answer journal.Answer,
) error {
	if err := o.Sessions.GuardSession(tx, cur.Session, p.revision); err != nil {
		return err
	}
	if err := o.Store.ReplaceLines(tx, next); err != nil {
		return err
	}
	tx.AfterCommit(func() { o.placed.Drop(cur.ID) })
	oldPlaces, oldAreas := cur.claims()
	keep, drop, add := split(oldPlaces, p.claim.Places)
	if len(drop) > 0 || len(oldAreas) > 0 {
		if err := o.Book.Release(tx, cur.Session, ownerOf(cur), nonNil(drop),
			oldAreas); err != nil {
			return err
		}
	}
	claim := p.claim
	claim.Places = add
	if len(keep) < len(p.claim.Places) || len(claim.Areas) > 0 {
		if err := o.Book.Claim(tx, claim); err != nil {
			return err
		}
	}
	if err := o.swapUses(tx, p.sellable, cur, next); err != nil {
		return err
	}
	if err := o.recount(tx, cur, p); err != nil {
		return err
	}
	if cur.Ruled() || p.plan != nil {
		if err := o.replaceBuyers(tx, cur, p.plan); err != nil {
			return err
		}
	}
	pos := o.Journal.Append(tx, p.entry)
	return receipt.Keep(tx, pos, cur.ID, answer)
}

// recount moves the member's counter from the old number of places to the new one.
func (o *Orders) recount(tx *sqldb.Tx, cur *Order, p *placing) error {
	if cur.Member == 0 {
		return nil
	}
	if err := o.Store.GiveMember(tx, MemberGive{Session: cur.Session, Member: cur.Member,
		Order: cur.ID, N: cur.Places(), EndLive: true}); err != nil {
		return err
	}
	return o.Store.TakeMember(tx, MemberTake{Session: cur.Session, Member: cur.Member,
		Order: cur.ID, N: p.claim.Count(), Max: p.max})
}

// split sorts places into those kept, those given up and those newly wanted.
func split(old, want []int32) (keep, drop, add []int32) {
	for _, p := range old {
		if slices.Contains(want, p) {
			keep = append(keep, p)
		} else {
			drop = append(drop, p)
		}
	}
	for _, p := range want {
		if !slices.Contains(old, p) {
			add = append(add, p)
		}
	}
	return keep, drop, add
}

// nonNil keeps "none" apart from "all": Release(nil, nil) would free everything.
func nonNil(p []int32) []int32 {
	if p == nil {
		return []int32{}
	}
	return p
}
