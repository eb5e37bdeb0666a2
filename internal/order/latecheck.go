package order

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/money"
	"foyer/internal/seating"
)

// lateBooking is one entry ready for its transaction.
type lateBooking struct {
	entry    *LateEntry
	sellable *catalog.Sellable
	choice   *seating.Choice
	order    *Order
	day      int
}

// lateCheck collects what is wrong with the entries of a sheet.
type lateCheck struct {
	o      *Orders
	who    actor.Actor
	scope  actor.Scope
	now    time.Time
	closed int  // newest closed month
	fresh  bool // it is being written: then its age counts
	bad    fault.Problems
	papers map[string]bool
	places map[latePlace]bool
}

type latePlace struct {
	session int64
	place   int32
}

// checkLate prepares every entry of a sheet, or refuses with ErrLateEntries naming all
// problems. It fills in what the price list asked, the venue, the currency and the total.
func (o *Orders) checkLate(ctx context.Context, who actor.Actor, s *LateSheet, fresh bool) (
	[]*lateBooking, error,
) {
	c := &lateCheck{o: o, who: who, scope: actor.Scope{Organization: s.Organization},
		now: o.Clock.Now(), fresh: fresh, papers: map[string]bool{}, places: map[latePlace]bool{}}
	if n := len(s.Entries); n < 1 || n > MaxLateEntries {
		c.bad.Add("entries", "must be 1 to %d / 应为 1 到 %d 条", MaxLateEntries, MaxLateEntries)
		return nil, c.bad.As(ErrLateEntries)
	}
	var err error
	if c.closed, err = o.Late.Months.ClosedMonth(ctx); err != nil {
		return nil, err
	}
	list := make([]*lateBooking, 0, len(s.Entries))
	s.Total, s.Venue, s.Currency = 0, 0, ""
	for i := range s.Entries {
		b, err := c.entry(ctx, i, &s.Entries[i])
		if err != nil {
			return nil, err
		}
		if b != nil {
			list = append(list, b)
			c.join(s, i, b)
		}
	}
	return list, c.bad.As(ErrLateEntries)
}

// join adds an entry to what is said of the whole sheet.
func (c *lateCheck) join(s *LateSheet, i int, b *lateBooking) {
	venue := b.sellable.Session.VenueID
	switch {
	case s.Currency == "":
		s.Currency, s.Venue = b.sellable.Currency, venue
	case s.Currency != b.sellable.Currency:
		c.add(i, "session_id", "is sold in another currency than the first / 币种不一致")
	case s.Venue != venue:
		s.Venue = 0
	}
	sum, err := money.Add(s.Total, b.entry.Amount)
	if err != nil {
		c.add(i, "amount_minor", "makes the sum too large / 合计金额过大")
		return
	}
	s.Total = sum
}

func (c *lateCheck) add(i int, name, format string, args ...any) {
	c.bad.Add(field("entries", i, name), format, args...)
}

// nest tells what a rule of orders refuses of an entry.
func (c *lateCheck) nest(i int, err error) error {
	f := fault.Of(err)
	switch f.Def.Kind {
	case fault.Internal, fault.Unavailable:
		return err
	}
	if len(f.Fields) == 0 {
		c.add(i, "lines", "%s / %s%s", f.Def.En, f.Def.Zh, lateDetails(f))
	}
	for _, p := range f.Fields {
		c.add(i, p.Field, "%s", p.Problem)
	}
	return nil
}

func lateDetails(f *fault.Error) string {
	for _, key := range []string{"places", "areas", "sale_state"} {
		if v, ok := f.Details[key]; ok {
			return fmt.Sprintf(" (%s: %v)", key, v)
		}
	}
	return ""
}

// entry checks one entry and prices it; nil when it has problems that leave nothing to book.
func (c *lateCheck) entry(ctx context.Context, i int, e *LateEntry) (*lateBooking, error) {
	before := c.bad.Len()
	c.words(i, e)
	s, err := c.o.Sessions.Sellable(ctx, e.Session)
	switch {
	case err != nil && fault.KindOf(err) == fault.NotFound,
		err == nil && s.Session.Organization != c.scope.Organization:
		c.add(i, "session_id", "is no session of the organization / 没有这个场次")
		return nil, nil
	case err != nil:
		return nil, err
	}
	if !c.who.May(PermLate, s.Session.Organization, s.Session.VenueID) {
		return nil, fault.NotAllowed.With("permission", string(PermLate))
	}
	c.times(i, e, s)
	c.session(i, e, s)
	if c.lines(i, e); c.bad.Len() > before {
		return nil, nil
	}
	b, err := c.o.priceLate(ctx, c.who, s, e)
	if err != nil {
		return nil, c.nest(i, err)
	}
	if e.List != e.Amount && e.Reason == "" {
		c.add(i, "reason", "the price list asked %d: say why %d was taken / 与价目不符,请说明原因",
			e.List, e.Amount)
	}
	return b, nil
}

// words checks what people wrote: amount, means, reason and numbers.
func (c *lateCheck) words(i int, e *LateEntry) {
	e.Reason = strings.TrimSpace(e.Reason)
	if e.Amount < 0 || e.Amount > money.Max {
		c.add(i, "amount_minor", "is no amount / 金额有误")
	}
	if !e.Means.Known() {
		c.add(i, "means", "must be cash, card_terminal, qr_terminal, transfer or other / "+
			"收款方式有误")
	}
	if utf8.RuneCountInString(e.Reason) > maxLateReason || strings.ContainsFunc(e.Reason,
		unicode.IsControl) {
		c.add(i, "reason", "must be at most %d printable characters / 最多 %d 字",
			maxLateReason, maxLateReason)
	}
	if n := len(e.Papers); n < 1 || n > MaxLatePapers {
		c.add(i, "papers", "must be 1 to %d / 应有 1 到 %d 个纸票号", MaxLatePapers,
			MaxLatePapers)
		return
	}
	for k, p := range e.Papers {
		p = strings.ToUpper(strings.TrimSpace(p))
		e.Papers[k] = p
		switch {
		case len(p) < 1 || len(p) > maxPaper || strings.ContainsFunc(p, notOfPaper):
			c.add(i, fmt.Sprintf("papers[%d]", k), "must be 1 to %d letters, digits, - / . / "+
				"纸票号有误", maxPaper)
		case c.papers[p]:
			c.add(i, fmt.Sprintf("papers[%d]", k), "%s stands twice / 纸票号重复", p)
		}
		c.papers[p] = true
	}
}

func notOfPaper(r rune) bool {
	return !(r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || strings.ContainsRune("-/._", r))
}

// times checks when it was sold and entered.
func (c *lateCheck) times(i int, e *LateEntry, s *catalog.Sellable) {
	e.SoldAt = e.SoldAt.UTC().Truncate(time.Millisecond)
	month := 0
	if !e.SoldAt.IsZero() {
		local := e.SoldAt.In(s.Venue.Location())
		month = local.Year()*100 + int(local.Month())
	}
	switch days := c.o.cfg.LateDays; {
	case e.SoldAt.IsZero():
		c.add(i, "sold_at", "is missing / 缺少售票时间")
	case e.SoldAt.After(c.now):
		c.add(i, "sold_at", "lies ahead / 售票时间尚未到")
	case c.fresh && c.now.Sub(e.SoldAt) > time.Duration(days)*24*time.Hour:
		c.add(i, "sold_at", "is more than %d days ago / 超过 %d 天,不能补登", days, days)
	case month <= c.closed:
		c.add(i, "sold_at", "lies in a month that is closed / 该月已结账")
	case e.SoldAt.After(s.EndsAt):
		c.add(i, "sold_at", "is after the session's end / 售票时间晚于散场时间")
	}
	if e.EnteredAt.IsZero() {
		return
	}
	e.EnteredAt = e.EnteredAt.UTC().Truncate(time.Millisecond)
	from, until := s.GateWindow()
	switch {
	case e.EnteredAt.Before(e.SoldAt) || e.EnteredAt.After(c.now):
		c.add(i, "entered_at", "is not between sale and now / 入场时间应在售票之后、现在之前")
	case e.EnteredAt.Before(from) || e.EnteredAt.After(until):
		c.add(i, "entered_at", "is outside the hours of entry / 不在入场时段内")
	}
}

// session refuses what cannot have been sold on paper: sessions that never sold or are
// cancelled, those that ask for names, and types that count something or open by rules.
func (c *lateCheck) session(i int, e *LateEntry, s *catalog.Sellable) {
	switch s.State {
	case catalog.SessionDraft:
		c.add(i, "session_id", "was never announced / 场次尚未发布")
	case catalog.SessionCancelled:
		c.add(i, "session_id", "was cancelled / 场次已取消")
	}
	if s.Buyers != nil {
		c.add(i, "session_id", "asks who buys: sell it at the counter / 实名或限购场次不能补登")
	}
	for k, l := range e.Lines {
		at := fmt.Sprintf("lines[%d].ticket_type_id", k)
		t := s.TicketType(l.TicketType)
		switch {
		case t == nil:
			c.add(i, at, "has no price in this session / 该场次不售此票种")
		case t.AddOn || t.Pay != nil:
			c.add(i, at, "is not entered late: it takes no place or has no price of its own / "+
				"该票种不能补登")
		case t.Admission != nil && !e.EnteredAt.IsZero():
			c.add(i, at, "has rules of entry: leave entered_at out and scan it / "+
				"该票种须在闸机验票")
		}
	}
}

// lines checks the form of the lines, and that no place stands twice in the sheet.
func (c *lateCheck) lines(i int, e *LateEntry) {
	if len(e.Lines) < 1 || len(e.Lines) > MaxLines {
		c.add(i, "lines", "must be 1 to %d / 应为 1 到 %d 行", MaxLines, MaxLines)
		return
	}
	var bad fault.Problems
	seen, n := map[int32]bool{}, 0
	for k, l := range e.asks() {
		checkLine(&bad, k, l, false, seen)
		n += max(len(l.Places), l.Quantity)
		for _, p := range l.Places {
			at := latePlace{e.Session, p}
			if c.places[at] {
				bad.Add(field("lines", k, "places"), "place %d stands in another entry / 座位重复", p)
			}
		}
	}
	for _, p := range placesOf(e.Lines) {
		c.places[latePlace{e.Session, p}] = true
	}
	if n > MaxPlaces {
		bad.Add("lines", "at most %d places / 最多 %d 个位置", MaxPlaces, MaxPlaces)
	}
	if err := bad.Err(); err != nil {
		_ = c.nest(i, err) // only problems of the input
	}
}

func placesOf(lines []LateLine) []int32 {
	var all []int32
	for _, l := range lines {
		all = append(all, l.Places...)
	}
	return all
}

// priceLate makes the order of an entry: the lines as the price list asked at the time of
// the sale, with the amount that was taken shared among the units in proportion.
func (o *Orders) priceLate(ctx context.Context, who actor.Actor, s *catalog.Sellable,
	e *LateEntry,
) (*lateBooking, error) {
	ask := PlaceAsk{Session: e.Session, Channel: ChannelCounter, Lines: e.asks()}
	choice, err := o.Late.Namer.Named(ctx, seatingAsk(who, s, ask, 0, o.Clock.Now()))
	if err != nil {
		return nil, err
	}
	then, err := o.Late.Sessions.AtPricesOf(ctx, s, e.SoldAt)
	if err != nil {
		return nil, err
	}
	lines, list, err := price(pricedAt{then, choice.Index, e.SoldAt}, ask.Lines, nil)
	if err != nil {
		return nil, err
	}
	e.List = list
	shareTaken(lines, e.Amount)
	ord := &Order{ID: o.IDs.Next(), Organization: s.Session.Organization,
		Session: s.Session.ID, Channel: ChannelCounter, State: Pending, Currency: s.Currency,
		Total: e.Amount, HoldSeconds: s.Session.HoldSeconds, Revision: 1, Lines: lines}
	if ord.Snapshot, err = o.snapshotOf(ctx, s); err != nil {
		return nil, err
	}
	return &lateBooking{e, s, choice, ord, s.Venue.BusinessDay(e.SoldAt)}, nil
}

// shareTaken shares what was taken among the units by their prices, to the fen. Less than
// the price is a discount; more is the price that was asked by hand.
func shareTaken(lines []Line, taken money.Minor) {
	var units []*Unit
	var weights []money.Minor
	for i := range lines {
		for k := range lines[i].Units {
			units = append(units, &lines[i].Units[k])
			weights = append(weights, lines[i].Units[k].Price)
		}
	}
	if !slices.ContainsFunc(weights, func(w money.Minor) bool { return w > 0 }) {
		for i := range weights {
			weights[i] = 1
		}
	}
	for i, part := range money.Allocate(taken, weights) {
		u := units[i]
		u.Price = max(u.Price, part)
		u.Amount, u.Discount = part, u.Price-part
	}
	for i := range lines {
		lines[i].Amount = 0
		for _, u := range lines[i].Units {
			lines[i].Amount += u.Amount
		}
	}
}
