package order

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/clock"
	"foyer/internal/journal"
	"foyer/internal/money"
	"foyer/internal/seating"
	"foyer/internal/sqldb"
	"foyer/internal/ticket"
)

// wishSeveral is wish for a wish with portions. The sessions are looked at in order of their
// keys, so that two buyers cannot each hold what the other waits for. The choice it returns
// has those of all sessions.
func (o *Orders) wishSeveral(ctx context.Context, who actor.Actor, ask PlaceAsk, own int64) (
	*Order, *seating.Choice, error,
) {
	now := clock.Seen(ctx, o.Clock).UTC().Truncate(time.Millisecond)
	var all *seating.Choice
	list := make([]found, len(ask.parts))
	spent := map[Used]int64{}
	for i, p := range ask.parts {
		p.ask.spent = spent
		got, err := o.find(ctx, who, p.s, p.ask, own, now)
		if err != nil {
			o.Chooser.Drop(all)
			return nil, nil, o.inPortion(p, err)
		}
		list[i], p.choice = got, got.choice
		all = joinChoices(all, got.choice)
		for use, n := range (&Order{Lines: got.lines}).Uses() {
			if use.ofRule() {
				spent[use] += n
			}
		}
	}
	ord, err := o.together(who, ask, list, now)
	if err != nil {
		o.Chooser.Drop(all)
		return nil, nil, err
	}
	return ord, all, nil
}

// joinChoices gives one choice all others to be dropped with it.
func joinChoices(all, more *seating.Choice) *seating.Choice {
	if all == nil {
		all = &seating.Choice{}
	}
	all.Also = append(all.Also, more)
	return all
}

// together makes one order of what was found in each session. Its lines come in the order in
// which the wish first named their sessions, and it waits as long as the most hasty of them.
func (o *Orders) together(who actor.Actor, ask PlaceAsk, list []found, now time.Time) (
	*Order, error,
) {
	head := ask.parts[0].s
	ord := &Order{ID: o.IDs.Next(), Organization: head.Session.Organization, Session: ask.Session,
		Channel: ask.Channel, State: Pending, Currency: head.Currency, Revision: 1,
		Sessions: len(ask.parts), HoldSeconds: head.Session.HoldSeconds}
	if who.Kind == actor.Member {
		ord.Member = who.ID
	}
	turn := make([]int, len(ask.parts))
	for i, p := range ask.parts {
		turn[i] = i
		ord.HoldSeconds = min(ord.HoldSeconds, p.s.Session.HoldSeconds)
	}
	slices.SortFunc(turn, func(a, b int) int { return ask.parts[a].at[0] - ask.parts[b].at[0] })
	applications := map[int64]int{}
	for _, i := range turn {
		f := list[i]
		ownApplications(f.lines, applications)
		ord.Lines = append(ord.Lines, f.lines...)
		ord.Alone = append(ord.Alone, f.choice.Warnings...)
		ord.Terms = joinTerms(ord.Terms, f.terms)
	}
	if ask.Run != nil {
		if err := ask.Run.apply(ord); err != nil {
			return nil, err
		}
	}
	if err := ord.number(); err != nil {
		return nil, err
	}
	if ask.ExpectTotal >= 0 && ask.ExpectTotal != ord.Total {
		return nil, ErrPriceChanged.With("total_minor", ord.Total)
	}
	ord.ExpiresAt = now.Add(time.Duration(ord.HoldSeconds) * time.Second)
	if ord.Total == 0 {
		ord.State, ord.ExpiresAt, ord.EndedAt = Paid, time.Time{}, now
	}
	return ord, nil
}

// number numbers the lines and sums them up.
func (o *Order) number() error {
	var err error
	o.Total = 0
	for i := range o.Lines {
		l := &o.Lines[i]
		l.Number, l.Amount = i+1, 0
		for _, u := range l.Units {
			l.Amount += u.Amount // at most a million yuan each
		}
		if o.Total, err = money.Add(o.Total, l.Amount); err != nil {
			return errTooMuch()
		}
	}
	return nil
}

// ownApplications keeps the applications of a rule in one session apart from those in
// another: each session's baskets count from one.
func ownApplications(lines []Line, upTo map[int64]int) {
	most := map[int64]int{}
	for i := range lines {
		for k := range lines[i].Units {
			parts := lines[i].Units[k].Parts
			for n := range parts {
				most[parts[n].Rule] = max(most[parts[n].Rule], parts[n].Application+1)
				parts[n].Application += upTo[parts[n].Rule]
			}
		}
	}
	for rule, n := range most {
		upTo[rule] += n
	}
}

func joinTerms(all, more *Terms) *Terms {
	if more == nil {
		return all
	}
	if all == nil {
		all = &Terms{}
	}
	all.Said = append(all.Said, more.Said...)
	all.Said = all.Said[:min(len(all.Said), maxSaid)]
	return all
}

// prepareSeveral is prepare for a wish with portions: the placing has a part for each session.
func (o *Orders) prepareSeveral(ctx context.Context, who actor.Actor, ask PlaceAsk, own int64) (
	*placing, *seating.Choice, error,
) {
	ord, choice, err := o.wishSeveral(ctx, who, ask, own)
	if err != nil {
		return nil, nil, err
	}
	p := &placing{order: ord, run: ask.Run}
	for _, one := range ask.parts {
		var id int64
		if id, err = o.snapshotOf(ctx, one.s); err != nil {
			break
		}
		ord.agreeIn(one.s.Session.ID, id)
	}
	if err == nil {
		for i, part := range ord.parts() {
			one := ask.parts[i]
			p.parts = append(p.parts, &placing{order: part, sellable: one.s, portion: one,
				revision: one.s.Session.Revision, max: one.s.Session.MaxPerMember,
				claim: claimOf(part, one.choice)})
		}
		p.sellable, p.revision = p.parts[0].sellable, p.parts[0].revision
		p.entry, err = placedSeveral(who, p, ask.InputHash)
	}
	if err != nil {
		o.Chooser.Drop(choice)
		return nil, nil, err
	}
	return p, choice, nil
}

// agreeIn notes what was agreed to for the lines of a session.
func (o *Order) agreeIn(session, snapshot int64) {
	if o.Session == session {
		o.Snapshot = snapshot
	}
	for i := range o.Lines {
		if o.Lines[i].Session == session {
			o.Lines[i].Snapshot = snapshot
		}
	}
}

// placedSeveral is placedEntry over several sessions, each an object of the command; the data
// lists what was taken in the same order.
func placedSeveral(who actor.Actor, p *placing, input []byte) (journal.Entry, error) {
	type inSession struct {
		Revision int64             `json:"session_revision"`
		Places   []int32           `json:"places,omitempty"`
		Areas    []seating.AreaQty `json:"areas,omitempty"`
	}
	ord := p.order
	e := journal.Entry{Actor: who, Organization: ord.Organization, Action: "order.placed",
		InputHash: input, Objects: []journal.Object{{Kind: "ord", ID: ord.ID, Revision: 1}}}
	if ord.State == Paid {
		e.Action = "order.placed_free"
	}
	list := make([]inSession, len(p.parts))
	for i, part := range p.parts {
		list[i] = inSession{part.revision, part.claim.Places, part.claim.Areas}
		e.Objects = append(e.Objects, journal.Object{Kind: "ses", ID: part.order.Session,
			Revision: part.revision})
	}
	data := struct {
		Total    money.Minor    `json:"total_minor"`
		Currency money.Currency `json:"currency"`
		Channel  Channel        `json:"channel"`
		Sessions []inSession    `json:"sessions"`
	}{ord.Total, ord.Currency, ord.Channel, list}
	if p.run != nil && p.run.Season != 0 {
		e.Objects = append(e.Objects, journal.Object{Kind: "sea", ID: p.run.Season,
			Revision: p.run.Revision})
	}
	var err error
	e.Data, err = json.Marshal(data)
	return e, err
}

// placeSeveral places an order over several sessions: all of it or nothing. Whatever is taken
// is taken in order of the sessions' keys, so that two orders cannot wait for each other.
func (o *Orders) placeSeveral(tx *sqldb.Tx, p *placing) error {
	ord := p.order
	if err := o.guardSeveral(tx, p); err != nil {
		return err
	}
	// Before the claims' own hooks: whoever finds the places taken finds the order too.
	if ord.waits() {
		tx.AfterCommit(func() { o.holds.add(ord) })
	}
	err := tx.Try(func() error { return o.takeAtOnce(tx, p) })
	if err != nil && !sqldb.IsBroken(err) {
		err = o.takeEach(tx, p)
	}
	if err != nil {
		return err
	}
	if err := o.takeUsesOf(tx, ord, p.bound); err != nil {
		return err
	}
	if err := o.Store.InsertSeveral(tx, ord); err != nil {
		return err
	}
	pos := o.Journal.Append(tx, p.entry)
	if err := p.receipt.Keep(tx, pos, ord.ID, p.answer); err != nil {
		return err
	}
	if ord.State == Paid {
		return o.deliver(tx, ord)
	}
	return nil
}

// guardSeveral refuses when one of the sessions, or the run that they are sold as, is no
// longer what was priced.
func (o *Orders) guardSeveral(tx *sqldb.Tx, p *placing) error {
	ids := make([]int64, len(p.parts))
	for i, part := range p.parts {
		ids[i] = part.order.Session
	}
	if err := o.Sessions.ReadGates(tx, ids); err != nil {
		return err
	}
	for _, part := range p.parts {
		err := o.Sessions.GuardSession(tx, part.order.Session, part.revision)
		if err != nil {
			return o.inPortion(part.portion, err)
		}
	}
	if p.run != nil && p.run.Guard != nil {
		return p.run.Guard(tx)
	}
	return nil
}

// takeAtOnce counts and claims in all sessions with few statements. Its error does not say
// whose it is.
func (o *Orders) takeAtOnce(tx *sqldb.Tx, p *placing) error {
	claims := make([]seating.Claim, len(p.parts))
	takes := make([]MemberTake, len(p.parts))
	for i, part := range p.parts {
		claims[i], takes[i] = part.claim, part.take()
	}
	if p.order.Member != 0 {
		if err := o.Store.TakeNewMembers(tx, takes); err != nil {
			return err
		}
	}
	return o.Book.ClaimAll(tx, claims)
}

// takeEach counts and claims in one session after the other, and names the one that refuses.
func (o *Orders) takeEach(tx *sqldb.Tx, p *placing) error {
	for _, part := range p.parts {
		if p.order.Member == 0 {
			break
		}
		if err := o.Store.TakeMember(tx, part.take()); err != nil {
			return o.orLive(part.portion, err)
		}
	}
	for _, part := range p.parts {
		if err := o.Book.Claim(tx, part.claim); err != nil {
			return o.inPortion(part.portion, err)
		}
	}
	return nil
}

// orLive leaves the word of a live order as it is, for whoever asked to take it up.
func (o *Orders) orLive(p *portion, err error) error {
	var live *LiveOrder
	if errors.As(err, &live) {
		return err
	}
	return o.inPortion(p, err)
}

// bound is how many there may be of a thing that the order uses in a session; for rules, in
// any of them.
func (p *placing) bound(c UseCount) int64 {
	for _, part := range p.each() {
		if c.Session != 0 && c.Session != part.order.Session {
			continue
		}
		if most := bound(part.sellable, c.Used); most != 0 {
			return most
		}
	}
	return 0
}

// each are the parts of a placing: itself for one session.
func (p *placing) each() []*placing {
	if p.parts != nil {
		return p.parts
	}
	return []*placing{p}
}

// anyOff says whether the house cancelled one of the order's sessions.
func (o *Orders) anyOff(ctx context.Context, ord *Order) (bool, error) {
	for _, session := range ord.sessionIDs() {
		if off, err := o.calledOff(ctx, session); err != nil || off {
			return off, err
		}
	}
	return false, nil
}

// mayEverywhere says whether the caller holds a permission at every venue of an order's
// sessions.
func (o *Orders) mayEverywhere(ctx context.Context, who actor.Actor, p actor.Permission,
	ord *Order,
) bool {
	if ord.several() && len(ord.Lines) == 0 {
		full, err := o.Store.Find(ctx, ord.ID)
		if err != nil {
			return false
		}
		ord = full
	}
	for _, part := range ord.parts() {
		a, err := o.agreed(ctx, ord.Organization, part.Snapshot)
		if err != nil || !who.May(p, ord.Organization, a.Venue) {
			return false
		}
	}
	return true
}

// AgreedIn is what the order's buyer agreed to in each of its sessions, by session; nil for
// an order of one.
func (o *Orders) AgreedIn(ctx context.Context, ord *Order) (ids []int64, list []*Agreed,
	err error,
) {
	if !ord.several() {
		return nil, nil, nil
	}
	for _, part := range ord.parts() {
		if len(ids) > 0 && ids[len(ids)-1] == part.Session {
			continue // changed within the session: what came first is told
		}
		a, err := o.agreed(ctx, ord.Organization, part.Snapshot)
		if err != nil {
			return nil, nil, err
		}
		ids, list = append(ids, part.Session), append(list, a)
	}
	return ids, list, nil
}

// stillBackable are the units of an order over several sessions whose time to go back is not
// over; all of them when it is for all, so that the quote says since when.
func (o *Orders) stillBackable(ctx context.Context, ord *Order, units []ticket.UnitRef) (
	[]ticket.UnitRef, error,
) {
	if !ord.several() {
		return units, nil
	}
	lines, err := o.linesNow(ord, o.agreedFrom(ctx, ord))
	if err != nil {
		return nil, err
	}
	now := clock.Seen(ctx, o.Clock)
	open := slices.DeleteFunc(slices.Clone(units), func(u ticket.UnitRef) bool {
		var q Quote
		l := lines[u.Line]
		_, err := q.rung(l.agreed, l.off, now)
		return err != nil
	})
	if len(open) == 0 {
		open = units
	}
	return open, nil
}

// wholeOff says whether the house cancelled the order's session, or all of several.
func (o *Orders) wholeOff(ctx context.Context, ord *Order) (off bool, err error) {
	for _, session := range ord.sessionIDs() {
		if off, err = o.calledOff(ctx, session); err != nil || !off {
			return false, err
		}
	}
	return off, nil
}

// touched are the sessions of the quoted units, as objects of a command on an order over
// several; the order's own for all others.
func (r *Returned) touched() []journal.Object {
	if !r.Order.several() {
		return r.Order.sessionObjects()
	}
	refs := make([]ticket.UnitRef, len(r.Quote.Units))
	for i, u := range r.Quote.Units {
		refs[i] = u.UnitRef
	}
	var list []journal.Object
	for _, t := range pick(r.Order, refs) {
		list = append(list, journal.Object{Kind: "ses", ID: t.session})
	}
	return list
}

// sessionObjects are the order's sessions as objects of a command.
func (o *Order) sessionObjects() []journal.Object {
	ids := o.sessionIDs()
	list := make([]journal.Object, len(ids))
	for i, id := range ids {
		list[i] = journal.Object{Kind: "ses", ID: id}
	}
	return list
}

// heldRevisions are the revisions of a wish's sessions, in order of their keys.
func heldRevisions(ask PlaceAsk, s *catalog.Sellable) []int64 {
	if ask.parts == nil {
		return []int64{s.Session.Revision}
	}
	list := make([]int64, len(ask.parts))
	for i, p := range ask.parts {
		list[i] = p.s.Session.Revision
	}
	return list
}

// takeUsesAgain counts once more what an expired order uses, by the bounds of now.
func (o *Orders) takeUsesAgain(tx *sqldb.Tx, ord *Order) error {
	if !ord.hasTerms() {
		return nil
	}
	p := &placing{}
	for _, id := range ord.sessionIDs() {
		//tidy:allow context in memory; the writer has no caller
		s, err := o.Sessions.Sellable(context.Background(), id)
		if err != nil {
			return err
		}
		p.parts = append(p.parts, &placing{order: &Order{Session: id}, sellable: s})
	}
	return o.takeUsesOf(tx, ord, p.bound)
}
