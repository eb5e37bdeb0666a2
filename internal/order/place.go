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
	"foyer/internal/fault"
	"foyer/internal/journal"
	"foyer/internal/money"
	"foyer/internal/seating"
	"foyer/internal/visitor"
)

// PlaceAsk is a buyer's wish.
type PlaceAsk struct {
	Session int64
	Channel Channel
	Lines   []LineAsk
	// Best chooses the places of all lines that name none.
	Best *seating.Best
	// Hints asks what lies beside the places; with Best it always is.
	Hints bool
	// Buyer answers for the order where the session asks for a name; Device is the stable
	// name that a front end gives its device.
	Buyer  *visitor.Person
	Device string
	// Codes unlock what is sold or reduced for those who have them.
	Codes []string
	// ExpectTotal refuses with ErrPriceChanged when the total differs; negative: any.
	ExpectTotal money.Minor
	// InputHash of the request, for the journal.
	InputHash []byte
	// Run is the season that lines of several sessions are bought as; nil: none.
	Run *Run `json:",omitempty"`

	parts  []*portion     // of a wish over several sessions; nil for one
	spent  map[Used]int64 // what portions before this one use of rules
	priced bool           // a run has the price: no rule reduces it further
}

// Render makes the answer of an order before it is committed, so that a repeat of the same
// idempotency key is answered with the same bytes.
type Render func(o *Order) (journal.Answer, error)

// placing is one order on its way through the writer's door.
type placing struct {
	order    *Order
	sellable *catalog.Sellable
	claim    seating.Claim
	revision int64
	max      int
	plan     *visitor.Plan // nil where the session has no rules of who may buy
	parts    []*placing    // of an order over several sessions, one each; nil for one
	portion  *portion      // of a part
	run      *Run
	entry    journal.Entry
	receipt  *journal.Receipt
	answer   journal.Answer
}

// Place makes an order: the board says no at once, the writer says yes durably. A member
// with a live order in the session gets that one back when he asks for the same places,
// and its lines are replaced otherwise; its clock never starts anew. The answer rendered
// for the order is what was stored under the receipt's key.
//
// Refused with catalog's refusals of a session, seating's of places, ErrEmpty, ErrChannel,
// ErrTooManyPerOrder, ErrLimit, ErrCoolDown, ErrTicketType, ErrTypeCount, ErrPriceChanged,
// ErrClosing, ErrPaymentOpen, and with fault.NotAllowed for staff who do not sell there.
func (o *Orders) Place(ctx context.Context, who actor.Actor, ask PlaceAsk,
	receipt *journal.Receipt, render Render,
) (journal.Answer, error) {
	ask, s, err := o.wanted(ctx, who, ask)
	if err != nil {
		return journal.Answer{}, err
	}
	for range placeRounds {
		answer, err := o.placeOnce(ctx, who, s, ask, receipt, render)
		if !errors.Is(err, errMoved) && !errors.Is(err, ErrOfferGone) {
			return answer, err
		}
	}
	return journal.Answer{}, fault.Stale
}

// placeRounds is how often one call looks again when the member's other device is quicker.
const placeRounds = 4

// errMoved says that the live order ended or changed between the look and the command.
var errMoved = errors.New("order: the live order has moved on")

// placeOnce makes a new order, or takes up the live one that memory or the book names.
func (o *Orders) placeOnce(ctx context.Context, who actor.Actor, s *catalog.Sellable,
	ask PlaceAsk, receipt *journal.Receipt, render Render,
) (journal.Answer, error) {
	if who.Kind == actor.Member {
		live, err := o.oneLive(ctx, who.ID, ask)
		if err != nil {
			return journal.Answer{}, err
		}
		if live != 0 {
			return o.again(ctx, who, s, ask, live, receipt, render)
		}
	}
	p, choice, err := o.prepare(ctx, who, s, ask, 0)
	if err != nil {
		return journal.Answer{}, o.orMoved(ctx, who, ask, err)
	}
	defer o.Chooser.Drop(choice)
	if p.order.State == Paid && who.Kind == actor.Staff {
		if err := o.askFree(ctx, who, s, p, ask); err != nil {
			return journal.Answer{}, err
		}
	}
	p.receipt = receipt
	if p.answer, err = render(p.order); err != nil {
		return journal.Answer{}, err
	}
	err = o.door.Do(ctx, p)
	var live *LiveOrder
	if errors.As(err, &live) {
		return o.again(ctx, who, s, ask, live.Order, receipt, render)
	}
	return p.answer, o.orMoved(ctx, who, ask, err)
}

// orMoved is errMoved instead of a conflict when the member's other device was quicker: the
// places that are taken may be his own.
func (o *Orders) orMoved(ctx context.Context, who actor.Actor, ask PlaceAsk, err error) error {
	if err == nil || who.Kind != actor.Member || fault.KindOf(err) != fault.Conflict {
		return err
	}
	if live, lookErr := o.oneLive(ctx, who.ID, ask); lookErr == nil && live != 0 {
		return errMoved
	}
	return err
}

// liveOf is the member's unpaid order in the session, else 0. Memory knows it, except
// between the start of the process and the end of Resume: then the book is asked.
func (o *Orders) liveOf(ctx context.Context, member, session int64) (int64, error) {
	if live := o.holds.live(member, session); live != 0 || o.resumed.Load() {
		return live, nil
	}
	return o.Store.Live(ctx, session, member)
}

// sellable is the session of a wish that the caller may buy, as far as memory can tell.
func (o *Orders) sellable(ctx context.Context, who actor.Actor, ask PlaceAsk) (
	*catalog.Sellable, error,
) {
	s, err := o.Sessions.Sellable(ctx, ask.Session)
	if err != nil {
		return nil, err
	}
	if err := mayBuy(who, s, ask.Channel); err != nil {
		return nil, err
	}
	if err := catalog.MayView(ctx, who, s.Session.Organization, s.VenueID); err != nil {
		return nil, err
	}
	return s, o.check(s, ask, clock.Seen(ctx, o.Clock))
}

// mayBuy refuses sessions that the caller may not see, staff where they do not sell, and
// channels that are not the caller's: what only the counter sells, no member may ask for.
func mayBuy(who actor.Actor, s *catalog.Sellable, channel Channel) error {
	if who.Kind == actor.System {
		return nil
	}
	sells := who.May(PermSell, s.Session.Organization, s.Session.VenueID)
	if !s.Public() && !sells {
		return fault.Missing
	}
	switch who.Kind {
	case actor.Staff:
		if !sells {
			return fault.NotAllowed.With("permission", string(PermSell))
		}
	case actor.Member, actor.Anonymous:
		if channel != ChannelH5 && channel != ChannelMini {
			return ErrChannel.At("channel", "is not open to members")
		}
	}
	return nil
}

// check refuses what needs neither board nor book to be refused.
func (o *Orders) check(s *catalog.Sellable, ask PlaceAsk, now time.Time) error {
	var bad fault.Problems
	if len(ask.Lines) == 0 {
		return ErrEmpty.At("lines", "must not be empty")
	}
	if len(ask.Lines) > MaxLines {
		bad.Add("lines", "at most %d lines", MaxLines)
		return bad.Err()
	}
	if !slices.Contains(Channels[:], ask.Channel) {
		return ErrChannel.At("channel", "unknown channel")
	}
	n := 0
	seen := map[int32]bool{}
	for i, l := range ask.Lines {
		if takesNoPlace(s, l) {
			checkAddOn(&bad, i, l)
			continue
		}
		checkLine(&bad, i, l, ask.Best != nil, seen)
		n += len(l.Places)
		if len(l.Places) == 0 {
			n += min(max(l.Quantity, 0), MaxPlaces+1)
		}
	}
	if err := bad.Err(); err != nil {
		return err
	}
	if n == 0 {
		return ErrEmpty.At("lines", "must name a place")
	}
	if err := checkTypes(s, ask); err != nil {
		return err
	}
	if limit := min(s.Session.MaxPerOrder, MaxPlaces); n > limit {
		return ErrTooManyPerOrder.With("max", limit).At("lines", "too many places")
	}
	if st := s.SaleAt(now); st != catalog.SaleOpen {
		no := catalog.ErrNotOnSale.With("sale_state", st).With("sale_until", s.SaleUntil)
		if !s.SaleFrom.IsZero() {
			no = no.With("sale_from", s.SaleFrom)
		}
		return no
	}
	return nil
}

// checkTypes holds each ticket type to its own rules: where it is sold, and how many of it
// one order may have.
func checkTypes(s *catalog.Sellable, ask PlaceAsk) error {
	count := map[int64]int{}
	for _, l := range ask.Lines {
		count[l.TicketType] += max(len(l.Places), l.Quantity)
	}
	for i, l := range ask.Lines {
		t := s.TicketType(l.TicketType)
		if t == nil || t.Retired {
			return ErrTicketType.At(field("lines", i, "ticket_type_id"), "not sold in this session")
		}
		if len(t.Channels) > 0 && !slices.Contains(t.Channels, string(ask.Channel)) {
			return ErrTicketType.At(field("lines", i, "ticket_type_id"),
				"not sold through this channel")
		}
		n := count[l.TicketType] / max(t.PlacesPerUnit, 1)
		if n < t.MinPerOrder || t.MaxPerOrder > 0 && n > t.MaxPerOrder {
			return ErrTypeCount.With("min", t.MinPerOrder).With("max", t.MaxPerOrder).
				At(field("lines", i, "quantity"), "outside what one order may have of this type")
		}
	}
	return nil
}

func checkLine(bad *fault.Problems, i int, l LineAsk, best bool, seen map[int32]bool) {
	switch {
	case len(l.Places) > 0 && (l.Area != 0 || l.Quantity != 0 && l.Quantity != len(l.Places)):
		bad.Add(field("lines", i, "places"), "name places or an area with a quantity, not both")
	case len(l.Places) == 0 && l.Area == 0 && !best:
		bad.Add(field("lines", i, "places"), "must name places, or an area with a quantity")
	case len(l.Places) == 0 && (l.Quantity < 1 || l.Quantity > MaxPlaces):
		bad.Add(field("lines", i, "quantity"), "must be within 1..%d", MaxPlaces)
	}
	for _, p := range l.Places {
		if seen[p] {
			bad.Add(field("lines", i, "places"), "place %d is named twice", p)
		}
		seen[p] = true
	}
}

// wish chooses and prices what is asked for, without touching the book. own is the live
// order whose places count as free. Whoever gets a choice drops it.
func (o *Orders) wish(ctx context.Context, who actor.Actor, s *catalog.Sellable,
	ask PlaceAsk, own int64,
) (*Order, *seating.Choice, error) {
	if ask.parts != nil {
		return o.wishSeveral(ctx, who, ask, own)
	}
	now := clock.Seen(ctx, o.Clock).UTC().Truncate(time.Millisecond)
	f, err := o.find(ctx, who, s, ask, own, now)
	if err != nil {
		return nil, nil, err
	}
	lines, total, terms, choice := f.lines, f.total, f.terms, f.choice
	ord := &Order{ID: o.IDs.Next(), Organization: s.Session.Organization,
		Session: s.Session.ID, Channel: ask.Channel, State: Pending, Currency: s.Currency,
		Total: total, HoldSeconds: s.Session.HoldSeconds, Revision: 1, Lines: lines,
		Alone: choice.Warnings, Hints: choice.Hints, Terms: terms,
		ExpiresAt: now.Add(time.Duration(s.Session.HoldSeconds) * time.Second)}
	if who.Kind == actor.Member {
		ord.Member = who.ID
	}
	if total == 0 {
		ord.State, ord.ExpiresAt, ord.EndedAt = Paid, time.Time{}, now
	}
	if a := agreementOf(s, ask); a != nil && who.Kind == actor.Member {
		ord.request(a, s, now)
	}
	return ord, choice, nil
}

// found is what a wish comes to in one session.
type found struct {
	lines  []Line
	total  money.Minor
	terms  *Terms
	choice *seating.Choice
}

// find chooses and prices what is asked for in one session, without touching the book.
func (o *Orders) find(ctx context.Context, who actor.Actor, s *catalog.Sellable, ask PlaceAsk,
	own int64, now time.Time,
) (f found, err error) {
	d, err := o.deal(ctx, who, s, ask, own, now)
	if err != nil {
		return f, err
	}
	if f.choice, err = o.Chooser.Choose(ctx, seatingAsk(who, s, ask, own, now)); err != nil {
		return f, err
	}
	f.lines, f.total, err = price(pricedAt{s, f.choice.Index, now}, ask.Lines,
		bestPlaces(ask, f.choice))
	if err == nil && d != nil {
		f.lines, f.total, f.terms, err = d.apply(f.lines)
	}
	if err == nil && ask.ExpectTotal >= 0 && ask.ExpectTotal != f.total {
		err = ErrPriceChanged.With("total_minor", f.total)
	}
	if err != nil {
		o.Chooser.Drop(f.choice)
	}
	return f, err
}

// prepare is a wish written down, ready for the writer.
func (o *Orders) prepare(ctx context.Context, who actor.Actor, s *catalog.Sellable,
	ask PlaceAsk, own int64,
) (*placing, *seating.Choice, error) {
	if ask.parts != nil {
		return o.prepareSeveral(ctx, who, ask, own)
	}
	ord, choice, err := o.wish(ctx, who, s, ask, own)
	if err != nil {
		return nil, nil, err
	}
	p := &placing{order: ord, sellable: s, revision: s.Session.Revision,
		max: s.Session.MaxPerMember, claim: claimOf(ord, choice)}
	if s.Buyers != nil {
		p.plan, err = o.planBuyers(ctx, s, ask, ord)
	}
	if err == nil {
		ord.Snapshot, err = o.snapshotOf(ctx, s)
	}
	if err == nil {
		p.entry, err = placedEntry(who, p, ask.InputHash)
	}
	if err != nil {
		o.Chooser.Drop(choice)
		return nil, nil, err
	}
	return p, choice, nil
}

func seatingAsk(who actor.Actor, s *catalog.Sellable, ask PlaceAsk, own int64,
	now time.Time,
) seating.Ask {
	a := seating.Ask{Session: s.Session.ID, MapID: s.Session.SeatMapVersionID, By: who.ID,
		Order: own, Orphans: string(s.Session.OrphanRule), StaffSale: who.Kind == actor.Staff,
		Channel: ask.Channel.allotted(), Revision: s.Session.Revision,
		Hints: ask.Hints || ask.Best != nil}
	want := 0
	for _, l := range ask.Lines {
		a.Places = append(a.Places, l.Places...)
		if takesNoPlace(s, l) {
			continue
		}
		if l.Area != 0 {
			a.Areas = append(a.Areas, seating.AreaQty{Area: l.Area, N: l.Quantity})
		} else if len(l.Places) == 0 {
			want += l.Quantity
		}
	}
	if ask.Best != nil && want > 0 {
		b := *ask.Best
		b.N = want
		b.Price = func(zone string) (money.Minor, bool) { return cheapest(s, ask, zone, now) }
		a.Best = &b
	}
	return a
}

// cheapest is the lowest price in a zone among the asked types that have no places yet; a
// zone where one of them is not sold is no zone for this request.
func cheapest(s *catalog.Sellable, ask PlaceAsk, zone string, now time.Time) (money.Minor, bool) {
	low, found := money.Max, false
	for _, l := range ask.Lines {
		if len(l.Places) > 0 || l.Area != 0 || takesNoPlace(s, l) {
			continue
		}
		m, ok := s.Prices.Price(zone, l.TicketType, now)
		if !ok {
			return 0, false
		}
		low, found = min(low, m), true
	}
	return low, found
}

// bestPlaces are the chosen places that no line had named.
func bestPlaces(ask PlaceAsk, c *seating.Choice) []int32 {
	if ask.Best == nil {
		return nil
	}
	var named []int32
	for _, l := range ask.Lines {
		named = append(named, l.Places...)
	}
	var rest []int32
	for _, p := range c.Places {
		if !slices.Contains(named, p) {
			rest = append(rest, p)
		}
	}
	return rest
}

func claimOf(ord *Order, c *seating.Choice) seating.Claim {
	state := seating.Held
	if ord.State == Paid {
		state = seating.Sold
	}
	return seating.Claim{Session: ord.Session, State: state, Places: c.Places, Areas: c.Areas,
		From: c.From, Until: ord.ExpiresAt,
		Owner: seating.Owner{Kind: seating.OwnerOrder, ID: ord.ID}}
}

// placedEntry is the command's journal row: what was agreed, in ids and amounts only.
func placedEntry(who actor.Actor, p *placing, input []byte) (journal.Entry, error) {
	ord := p.order
	data, err := json.Marshal(struct {
		Total    money.Minor       `json:"total_minor"`
		Currency money.Currency    `json:"currency"`
		Places   []int32           `json:"places,omitempty"`
		Areas    []seating.AreaQty `json:"areas,omitempty"`
		Channel  Channel           `json:"channel"`
		Session  int64             `json:"session_revision"`
	}{ord.Total, ord.Currency, p.claim.Places, p.claim.Areas, ord.Channel, p.revision})
	if err != nil {
		return journal.Entry{}, err
	}
	action := "order.placed"
	if ord.State == Paid {
		action = "order.placed_free"
	}
	return journal.Entry{Actor: who, Organization: ord.Organization, Action: action,
		Objects: []journal.Object{{Kind: "ord", ID: ord.ID, Revision: 1},
			{Kind: "ses", ID: ord.Session, Revision: p.revision}},
		Data: data, InputHash: input}, nil
}

// Price prices a wish without touching the book. Refused as Place.
func (o *Orders) Price(ctx context.Context, who actor.Actor, ask PlaceAsk) (*Order, error) {
	ask, s, err := o.wanted(ctx, who, ask)
	if err != nil {
		return nil, err
	}
	own := int64(0)
	if who.Kind == actor.Member {
		if own, err = o.oneLive(ctx, who.ID, ask); err != nil {
			return nil, err
		}
	}
	ord, choice, err := o.wish(ctx, who, s, ask, own)
	if err != nil {
		return nil, err
	}
	o.Chooser.Drop(choice)
	if ask.parts != nil {
		return ord, nil
	}
	ord.Buyers, err = o.tellBuyers(ctx, s, ask, ord)
	return ord, err
}
