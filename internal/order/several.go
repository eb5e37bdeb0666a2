package order

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/seating"
)

// An order may go over several sessions of one organization: all its places or none, in one
// transaction, with one clock and one payment. Each session keeps what is its own: whether it
// sells, at which prices and discounts, how many an order and a member may have, what is left
// alone between others, and what was agreed to about giving back. That is kept with each line.
//
// A member has one unpaid order in a session. A wish for sessions where he has one replaces
// its lines, but never gives up what it does not name: it is refused with ErrOrderElsewhere
// where the order also holds places of a session that the wish leaves out, and where two
// orders of his would become one.

// Limits of an order over several sessions; the places of all count together.
const (
	MaxSessions     = 16
	maxSeveralLines = 64
)

// Refusals of orders over several sessions.
var (
	ErrSeveral = fault.Define(fault.Invalid, "sessions_not_together",
		"这些场次不能放在同一笔订单中", "These sessions cannot be in one order.",
		"Order the named session by itself; details.reason is too_many, organization, currency, "+
			"names, house_word or codes.")
	ErrOrderElsewhere = fault.Define(fault.Conflict, "order_in_other_sessions",
		"您有一笔未付款订单还包含其他场次,请先付款、修改或取消",
		"Your unpaid order also holds places of sessions that are not named here.",
		"Pay, change or cancel that order (details.order_number), or name all of its sessions.")
)

// portion is what a wish over several sessions wants of one of them.
type portion struct {
	s      *catalog.Sellable
	ask    PlaceAsk
	at     []int // which lines of the wish
	choice *seating.Choice
}

// session is where a line of the wish wants its places.
func (ask *PlaceAsk) session(l LineAsk) int64 { return cmp.Or(l.Session, ask.Session) }

// oneSession says whether all lines are of one session, and of which.
func (ask *PlaceAsk) oneSession() (int64, bool) {
	only := ask.Session
	for i, l := range ask.Lines {
		if i == 0 {
			only = ask.session(l)
		}
		if ask.session(l) != only {
			return 0, false
		}
	}
	return only, true
}

// wanted is the session of a wish that the caller may buy, as far as memory can tell. A wish
// over several sessions has a portion for each, in order of their keys, and the session is
// that of its first line.
//
// Refused as sellable, and with ErrSeveral; what is refused in one of several sessions names
// its lines and the session.
func (o *Orders) wanted(ctx context.Context, who actor.Actor, ask PlaceAsk) (
	PlaceAsk, *catalog.Sellable, error,
) {
	only, one := ask.oneSession()
	if one {
		ask.Session = only
		s, err := o.sellable(ctx, who, ask)
		return ask, s, err
	}
	var err error
	if ask.parts, err = portionsOf(ask); err != nil {
		return ask, nil, err
	}
	head := slices.MinFunc(ask.parts, func(a, b *portion) int { return a.at[0] - b.at[0] })
	for _, p := range ask.parts {
		if p.s, err = o.sellable(ctx, who, p.ask); err != nil {
			return ask, nil, o.inPortion(p, err)
		}
	}
	for _, p := range ask.parts {
		if why := apart(head, p, who); why != "" {
			return ask, nil, o.inPortion(p, ErrSeveral.With("reason", why))
		}
	}
	ask.Session = head.s.Session.ID
	return ask, head.s, nil
}

// portionsOf sorts the lines of a wish by session.
func portionsOf(ask PlaceAsk) ([]*portion, error) {
	if len(ask.Lines) > maxSeveralLines {
		return nil, fault.BadInput.At("lines", "at most 64 lines / 最多 64 行")
	}
	if len(ask.Codes) > 0 {
		return nil, ErrSeveral.With("reason", "codes").At("codes", "only with one session")
	}
	var parts []*portion
	places := 0
	for i, l := range ask.Lines {
		session := ask.session(l)
		k := slices.IndexFunc(parts, func(p *portion) bool { return p.ask.Session == session })
		if k < 0 {
			k = len(parts)
			sub := ask
			sub.Session, sub.Lines, sub.Best, sub.ExpectTotal, sub.Run = session, nil, nil, -1, nil
			sub.priced = ask.Run != nil && ask.Run.priced()
			parts = append(parts, &portion{ask: sub})
		}
		p := parts[k]
		p.at, p.ask.Lines = append(p.at, i), append(p.ask.Lines, l)
		if len(l.Places) == 0 && l.Area == 0 {
			p.ask.Best = ask.Best
		}
		places += max(len(l.Places), min(l.Quantity, MaxPlaces))
	}
	if len(parts) > MaxSessions {
		last := parts[MaxSessions]
		return nil, ErrSeveral.With("reason", "too_many").With("max", MaxSessions).
			At(field("lines", last.at[0], "session_id"), "one session too many / 场次过多")
	}
	if places > MaxPlaces {
		return nil, ErrTooManyPerOrder.With("max", MaxPlaces).At("lines", "too many places")
	}
	slices.SortFunc(parts, func(a, b *portion) int {
		return cmp.Compare(a.ask.Session, b.ask.Session)
	})
	return parts, nil
}

// apart is why a session cannot be in one order with another; empty when it can.
func apart(head, p *portion, who actor.Actor) string {
	switch {
	case p.s.Session.Organization != head.s.Session.Organization:
		return "organization"
	case p.s.Currency != head.s.Currency:
		return "currency"
	case p.s.Buyers != nil:
		return "names"
	case who.Kind == actor.Member && agreementOf(p.s, p.ask) != nil:
		return "house_word"
	}
	return ""
}

// inPortion is a refusal of one of several sessions, naming it and its lines as the whole
// wish numbers them.
func (o *Orders) inPortion(p *portion, err error) error {
	if err == nil || fault.KindOf(err) == fault.Internal {
		return err
	}
	f := *fault.Of(err)
	was := f.Fields
	f.Fields = nil
	for _, named := range was {
		named.Field = p.whole(named.Field)
		f.Fields = append(f.Fields, named)
	}
	if len(was) == 0 {
		f.Fields = []fault.FieldProblem{{Field: field("lines", p.at[0], "session_id"),
			Problem: "refused in this session / 该场次无法满足"}}
	}
	out := &f
	if p.s != nil {
		out = out.With("starts_at", p.s.Session.StartsAt)
	}
	if o.Public != nil {
		out = out.With("session_id", o.Public(catalog.KindSession, p.ask.Session))
	}
	return out
}

// whole is a field of a portion's lines as the whole wish numbers them.
func (p *portion) whole(name string) string {
	rest, ok := strings.CutPrefix(name, "lines[")
	if !ok {
		return name
	}
	number, tail, _ := strings.Cut(rest, "]")
	i, err := strconv.Atoi(number)
	if err != nil || i < 0 || i >= len(p.at) {
		return name
	}
	return "lines[" + strconv.Itoa(p.at[i]) + "]" + tail
}

// several says that the order was placed over more than one session.
func (o *Order) several() bool { return o.Sessions > 1 }

// parts are the order by session and by what was agreed to there, in order of their keys: each
// is a view of the order with its own lines alone, over the same units. An order of one session
// is its only part, whatever sessions its lines were changed to.
func (o *Order) parts() []*Order {
	if !o.several() {
		return []*Order{o}
	}
	var list []*Order
	for _, l := range o.Lines {
		snapshot := l.snapshot(o)
		k := slices.IndexFunc(list, func(p *Order) bool {
			return p.Session == l.Session && p.Snapshot == snapshot
		})
		if k < 0 {
			k = len(list)
			p := *o
			p.Session, p.Snapshot, p.Sessions, p.Lines, p.Terms = l.Session, snapshot, 1, nil, nil
			list = append(list, &p)
		}
		list[k].Lines = append(list[k].Lines, l)
	}
	slices.SortFunc(list, func(a, b *Order) int {
		return cmp.Or(cmp.Compare(a.Session, b.Session), cmp.Compare(a.Snapshot, b.Snapshot))
	})
	return list
}

// sessionIDs are the sessions of the order's lines, sorted; its own without lines.
func (o *Order) sessionIDs() []int64 {
	if !o.several() {
		return []int64{o.Session}
	}
	ids := make([]int64, 0, o.Sessions)
	for _, l := range o.Lines {
		ids = append(ids, l.Session)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// within says whether the wish names every session that the order holds places of.
func (o *Order) within(ask PlaceAsk) bool {
	for _, id := range o.sessionIDs() {
		if !slices.Contains(ask.sessionIDs(), id) {
			return false
		}
	}
	return true
}

func (ask *PlaceAsk) sessionIDs() []int64 {
	if ask.parts == nil {
		return []int64{ask.Session}
	}
	ids := make([]int64, len(ask.parts))
	for i, p := range ask.parts {
		ids[i] = p.ask.Session
	}
	return ids
}
