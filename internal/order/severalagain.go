package order

import (
	"context"
	"errors"

	"foyer/internal/actor"
	"foyer/internal/journal"
	"foyer/internal/sqldb"
)

// replaceSeveral puts the lines of p in the place of an order's, where either goes over
// several sessions. What it keeps in a session stays claimed; the rest is given up, and all
// of the new is taken, or nothing changes.
func (o *Orders) replaceSeveral(tx *sqldb.Tx, p *placing, cur, next *Order,
	receipt *journal.Receipt, answer journal.Answer,
) error {
	if err := o.guardReplacing(tx, p); err != nil {
		return err
	}
	if err := o.Store.ReplaceLines(tx, next); err != nil {
		return err
	}
	if err := o.moveClaims(tx, p, cur); err != nil {
		return err
	}
	if err := o.giveUses(tx, cur); err != nil {
		return err
	}
	if err := o.takeUsesOf(tx, next, p.bound); err != nil {
		return err
	}
	if cur.Ruled() || p.plan != nil {
		if err := o.replaceBuyers(tx, cur, p.plan); err != nil {
			return err
		}
	}
	tx.AfterCommit(func() { o.holds.move(next) })
	pos := o.Journal.Append(tx, p.entry)
	return receipt.Keep(tx, pos, cur.ID, answer)
}

func (o *Orders) guardReplacing(tx *sqldb.Tx, p *placing) error {
	if p.parts != nil {
		return o.guardSeveral(tx, p)
	}
	return o.Sessions.GuardSession(tx, p.order.Session, p.revision)
}

// moveClaims gives up what the order had and the new lines have not, and counts and claims
// what they have besides.
func (o *Orders) moveClaims(tx *sqldb.Tx, p *placing, cur *Order) error {
	want := map[int64]*placing{}
	for _, part := range p.each() {
		want[part.order.Session] = part
	}
	had := map[int64][]int32{}
	for _, old := range cur.parts() {
		places, areas := old.claims()
		had[old.Session] = places
		var keep []int32
		if next := want[old.Session]; next != nil {
			keep = next.claim.Places
		}
		_, drop, _ := split(places, keep)
		if len(drop) > 0 || len(areas) > 0 {
			if err := o.Book.Release(tx, old.Session, ownerOf(cur), nonNil(drop),
				areas); err != nil {
				return err
			}
		}
		if cur.Member == 0 {
			continue
		}
		if err := o.Store.GiveMember(tx, MemberGive{Session: old.Session, Member: cur.Member,
			Order: cur.ID, N: old.Places(), EndLive: true}); err != nil {
			return err
		}
	}
	for _, part := range p.each() {
		if err := o.claimMore(tx, part, cur, had[part.order.Session]); err != nil {
			return err
		}
	}
	return nil
}

func (o *Orders) claimMore(tx *sqldb.Tx, part *placing, cur *Order, had []int32) error {
	claim := part.claim
	if cur.Member != 0 {
		if err := o.Store.TakeMember(tx, MemberTake{Session: part.order.Session,
			Member: cur.Member, Order: cur.ID, N: claim.Count(), Max: part.max}); err != nil {
			return o.named(part, err)
		}
	}
	claim.Owner, claim.Until = ownerOf(cur), cur.ExpiresAt
	if _, _, claim.Places = split(had, claim.Places); len(claim.Places)+len(claim.Areas) == 0 {
		return nil
	}
	return o.named(part, o.Book.Claim(tx, claim))
}

// named is a refusal of a part, which names it where there are several.
func (o *Orders) named(part *placing, err error) error {
	var live *LiveOrder
	switch {
	case errors.As(err, &live):
		return ErrOrderElsewhere // another order of the member has the session by now
	case part.portion == nil:
		return err
	}
	return o.inPortion(part.portion, err)
}

// oneLive is the member's unpaid order in the sessions of a wish, else 0. Refused with
// ErrOrderElsewhere when he has more than one.
func (o *Orders) oneLive(ctx context.Context, member int64, ask PlaceAsk) (int64, error) {
	var only int64
	for _, session := range ask.sessionIDs() {
		live, err := o.liveOf(ctx, member, session)
		if err != nil {
			return 0, err
		}
		if live != 0 && only != 0 && live != only {
			return 0, o.elsewhere(ctx, live)
		}
		if live != 0 {
			only = live
		}
	}
	return only, nil
}

// Holds says whether a member has an unpaid order in one of the sessions.
func (o *Orders) Holds(ctx context.Context, who actor.Actor, sessions []int64) (bool, error) {
	if who.Kind != actor.Member {
		return false, nil
	}
	for _, session := range sessions {
		if live, err := o.liveOf(ctx, who.ID, session); err != nil || live != 0 {
			return live != 0, err
		}
	}
	return false, nil
}

// elsewhere refuses a wish and names the order that stands in its way.
func (o *Orders) elsewhere(ctx context.Context, id int64) error {
	ord, err := o.Store.Head(ctx, id)
	if err != nil {
		return err
	}
	return ErrOrderElsewhere.With("order_number", ord.Number())
}
