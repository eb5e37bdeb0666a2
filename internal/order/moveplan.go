package order

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/money"
	"foyer/internal/seating"
)

// MoveAsk is what the house wants of a session.
type MoveAsk struct {
	Organization, Session int64
	StartsAt, EndsAt      time.Time       // EndsAt zero: as long as it was to last
	Hall, Map             int64           // 0: as it was
	Mapping               map[int32]int32 // places that the house chooses itself
	// Of the command, beside the preview.
	Digest           string
	Notice, NoticeEn string
	Deadline         time.Time
	Default          Choice
}

// MoveWindow is how the refunds of one agreement change: never to the worse.
type MoveWindow struct {
	Was, Now   time.Time // the start that the ladder was and will be counted from
	ClosesWas  time.Time // when refunds ended, and will end; zero: there are none
	ClosesNow  time.Time
	Lines      int  // of orders that agreed to it
	NoneByWish bool // the policy gives nothing back; the choice does until the deadline
}

// MovePreview is what a move would do now.
type MovePreview struct {
	Digest            string
	Revision          int64
	Was, Now          MovePlace
	Paid, Unpaid      int // orders; the unpaid ones are ended
	Tickets, Used     int
	Buyers            int
	Seats             *seating.Relocation // nil: everybody keeps his place
	Windows           []MoveWindow
	More              bool // there are more orders than were counted
	EventEn, TimeZone string
}

// Bounds of a move to another seat map: what one transaction rewrites.
const (
	mostReseated      = 10_000 // places and claims of areas
	mostReseatedOwner = 5_000  // orders
)

// planned is a move that was looked at: what it is decided from.
type planned struct {
	ask       MoveAsk
	who       actor.Actor
	move      catalog.Move
	was, next *catalog.Session
	sell      *catalog.Sellable
	preview   MovePreview
	orders    map[int64]*Order // that have a place, where they are seated anew
	changes   map[int64]*Change
	choices   []*OrderMove // of the paid ones
}

// PreviewMove says what a move would do. Nothing is changed. Refused with fault.Missing,
// fault.NotAllowed, catalog.ErrMoveOver, ErrMoveNowhere, ErrHallBusy, ErrMoveRunning,
// ErrMoveLarge, seating.ErrGiven and fault.BadInput.
func (o *Orders) PreviewMove(ctx context.Context, who actor.Actor, ask MoveAsk) (
	*MovePreview, error,
) {
	p, err := o.planMove(ctx, who, ask)
	if err != nil {
		return nil, err
	}
	if err := o.countMove(ctx, p); err != nil {
		return nil, err
	}
	return &p.preview, nil
}

func (o *Orders) planMove(ctx context.Context, who actor.Actor, ask MoveAsk) (*planned, error) {
	s, err := o.houseSession(ctx, who, ask.Organization, ask.Session)
	if err != nil {
		return nil, err
	}
	p := &planned{ask: ask, who: who, sell: s, move: catalog.Move{ID: o.IDs.Next(),
		Organization: ask.Organization, Session: ask.Session, Revision: s.Session.Revision,
		StartsAt: ask.StartsAt, EndsAt: ask.EndsAt, Hall: ask.Hall, SeatMapVersion: ask.Map}}
	if err := o.moveSettled(ctx, s.Session.Moved); err != nil {
		return nil, err
	}
	if p.was, p.next, err = o.moves.Catalog.TryMove(ctx, who, p.move); err != nil {
		return nil, err
	}
	v := &p.preview
	v.Revision, v.EventEn, v.TimeZone = p.was.Revision, s.Event.TitleEn, s.Venue.TimeZone
	v.Was = placeOf(p.was, s.Hall)
	hall, err := o.moves.Halls.Get(ctx, actor.Scope{Organization: ask.Organization}, p.next.HallID)
	if err != nil {
		return nil, err
	}
	v.Now = placeOf(p.next, hall)
	if p.was.SeatMapVersionID != p.next.SeatMapVersionID {
		if err := o.seatAnew(ctx, p); err != nil {
			return nil, err
		}
	}
	v.Digest, err = p.digest()
	return p, err
}

// houseSession is a session of an organization that the caller has to do with.
func (o *Orders) houseSession(ctx context.Context, who actor.Actor, organization,
	session int64,
) (*catalog.Sellable, error) {
	s, err := o.Sessions.Sellable(ctx, session)
	if err != nil {
		return nil, err
	}
	if s.Session.Organization != organization {
		return nil, fault.Missing
	}
	return s, catalog.Allow(who, catalog.PermSell, organization, s.Session.VenueID)
}

// moveSettled refuses a move while the last one is still being carried out.
func (o *Orders) moveSettled(ctx context.Context, last int64) error {
	if last == 0 {
		return nil
	}
	m, err := o.Store.FindMove(ctx, last)
	if err == nil && m.State == MoveRunning {
		err = ErrMoveRunning
	}
	return err
}

func placeOf(s *catalog.Session, h *catalog.Hall) MovePlace {
	return MovePlace{StartsAt: s.StartsAt, EndsAt: s.EndsAt, Hall: h.ID, HallName: h.Name,
		HallEn: h.NameEn, Venue: s.VenueID, Map: s.SeatMapVersionID}
}

// seatAnew finds everybody a place on the new map.
func (o *Orders) seatAnew(ctx context.Context, p *planned) error {
	now := o.Clock.Now()
	r, err := o.moves.Seats.Relocate(ctx, seating.RelocateAsk{Session: p.was.ID,
		From: p.was.SeatMapVersionID, To: p.next.SeatMapVersionID, Given: p.ask.Mapping,
		Worth: func(zone string) (money.Minor, bool) { return worth(p.sell, zone, now) }})
	if err != nil {
		return err
	}
	p.preview.Seats = r
	if len(r.Seats) > mostReseated || len(r.Orders()) > mostReseatedOwner {
		return ErrMoveLarge.With("max", mostReseated).With("max_orders", mostReseatedOwner)
	}
	return nil
}

// worth is what a zone costs: the dearest of its ticket types.
func worth(s *catalog.Sellable, zone string, now time.Time) (most money.Minor, sold bool) {
	for _, t := range s.TicketTypes {
		if price, ok := s.Prices.Price(zone, t.ID, now); ok {
			most, sold = max(most, price), true
		}
	}
	return most, sold
}

// digest is of all that the house decides on: where to, and which paid place goes where. What
// is unpaid may change without another look at it.
func (p *planned) digest() (string, error) {
	type pair struct{ Owner, Place, To int64 }
	var sold []pair
	if r := p.preview.Seats; r != nil {
		for _, s := range r.Seats {
			if s.State == seating.Sold {
				sold = append(sold, pair{s.Owner.ID, int64(s.Place), int64(s.To)})
			}
		}
	}
	raw, err := json.Marshal([]any{p.was.ID, p.was.Revision, p.next.StartsAt, p.next.EndsAt,
		p.next.HallID, p.next.SeatMapVersionID, sold})
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:16]), err
}

// countMove counts whom a move concerns.
func (o *Orders) countMove(ctx context.Context, p *planned) error {
	v := &p.preview
	members, windows := map[int64]bool{}, map[int64]*MoveWindow{}
	ids, more, err := o.ownersOf(ctx, p.was.ID, mostPreviewed)
	if err != nil {
		return err
	}
	v.More = more
	for _, id := range ids {
		ord, err := o.Store.Find(ctx, id)
		if err != nil {
			return err
		}
		if ord.State != Paid {
			v.Unpaid++
			continue
		}
		used, err := o.moves.Tickets.Used(ctx, ord.Organization, id)
		if err != nil {
			return err
		}
		v.Paid, v.Used = v.Paid+1, v.Used+len(used)
		members[ord.Member] = true
		for _, l := range ord.Lines {
			n := unitsLeft(&l)
			if l.Session != p.was.ID || n == 0 {
				continue
			}
			v.Tickets += n
			if err := o.window(ctx, windows, p, ord, l.snapshot(ord)); err != nil {
				return err
			}
		}
	}
	delete(members, 0)
	v.Buyers = len(members)
	for _, key := range slices.Sorted(maps.Keys(windows)) {
		v.Windows = append(v.Windows, *windows[key])
	}
	return nil
}

func unitsLeft(l *Line) (n int) {
	for _, u := range l.Units {
		if !u.Returned {
			n++
		}
	}
	return n
}

// window notes how refunds by one agreement change.
func (o *Orders) window(ctx context.Context, all map[int64]*MoveWindow, p *planned, ord *Order,
	snapshot int64,
) error {
	w := all[snapshot]
	if w == nil {
		a, err := o.agreed(ctx, ord.Organization, snapshot)
		if err != nil {
			return err
		}
		next := a.movedTo(p.next, p.preview.Now, nil)
		w = &MoveWindow{Was: a.ladderStart(), Now: next.ladderStart(),
			NoneByWish: !a.Policy.Allowed}
		if n := len(a.Policy.Ladder); a.Policy.Allowed && n > 0 {
			last := time.Duration(a.Policy.Ladder[n-1].UntilBefore) * time.Minute
			w.ClosesWas, w.ClosesNow = w.Was.Add(-last), w.Now.Add(-last)
		}
		all[snapshot] = w
	}
	w.Lines++
	return nil
}

// ownersOf are the orders that have anything of a session, at most so many.
func (o *Orders) ownersOf(ctx context.Context, session int64, most int) (
	ids []int64, more bool, err error,
) {
	const page = 200
	for after := int64(0); ; {
		list, err := o.ownersPage(ctx, session, seating.OwnerOrder, after, page)
		if err != nil {
			return nil, false, err
		}
		ids = append(ids, list...)
		if len(ids) > most {
			return ids[:most], true, nil
		}
		if len(list) < page {
			return ids, false, nil
		}
		after = list[len(list)-1]
	}
}

// movedTo is what an agreement says once its session has moved: the same terms, and a ladder
// that is counted from the later start. names are those of another venue; nil: the same.
func (a *Agreed) movedTo(s *catalog.Session, at MovePlace, names *catalog.Venue) *Agreed {
	next := *a
	next.LadderFrom = a.ladderStart()
	if !s.StartsAt.Before(next.LadderFrom) {
		next.LadderFrom = time.Time{}
	}
	next.Starts, next.Ends, next.Moved = s.StartsAt, s.EndsAt, s.Moved
	next.GatesFrom, next.GatesUntil = s.GateWindow()
	next.Hall, next.HallEn = at.HallName, at.HallEn
	if names != nil {
		next.Venue, next.VenueName, next.VenueEn = names.ID, names.Name, names.NameEn
		next.TimeZone = cmp.Or(names.TimeZone, a.TimeZone)
	}
	return &next
}
