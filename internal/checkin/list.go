package checkin

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"hash/fnv"
	"slices"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/ticket"
	"foyer/internal/ticket/rule"
)

// Limits of a gate's list.
const (
	ListHolds   = 5 * time.Minute  // how long a device may admit by it without asking again
	listPage    = 500              // tickets
	listOverlap = 30 * time.Second // what a delta tells again: commits are not ordered by time
	maxToday    = 200              // sessions
)

// ListMark is a position in a gate's list. The zero mark is its beginning.
type ListMark struct {
	Since int64  `json:"s,omitempty"` // ms; a delta tells what changed from then on
	Asked int64  `json:"a,omitempty"` // ms; when the first page was asked for
	Part  int    `json:"p,omitempty"` // of the sessions; after the last one come the passes
	After int64  `json:"t,omitempty"` // ticket
	Day   int    `json:"d,omitempty"` // the business day, and the digest of its sessions:
	Of    uint64 `json:"o,omitempty"` // a list of others begins anew
}

// List is what a gate without a network needs to know of a venue's business day: ids, code
// versions, entitlements and rules. It holds no names and no phone numbers.
type List struct {
	Venue    *catalog.Venue
	Day      int
	Ends     time.Time // when the business day ends
	Until    time.Time // how long the device may admit by it; then it asks again
	Full     bool      // it begins anew: what the device holds is dropped
	Into     *Precinct // where the device's gate leads; nil: the venue as a whole
	From     *Precinct // and from; nil: the street
	Gate     *Gate     // nil: it moves about
	Ways     Ways
	Sessions []*catalog.Sellable
	Tickets  []ticket.Ticket
	Rules    map[int64]*catalog.Admission // by the admission of entitlements
	// Documents are those that open a ticket, as hashes under the Keys of its session; only
	// where names are asked for.
	Documents map[int64][][]byte
	Keys      map[int64][]byte
	// Media are those that were given for a ticket's code, as hashes under MediaKey.
	Media    map[int64][]byte
	MediaKey []byte
	Next     *ListMark // the next page; nil: this is the last
	Position ListMark  // from where the next delta begins
}

// Rule is the rule of an entitlement of the list.
func (l *List) Rule(e *ticket.Entitlement) rule.Rule {
	return rule.Of(l.Rules[e.Admission], e.Number)
}

// TakeList is a page of the list of the device's venue: all of it for the zero mark, a
// delta for the position of a list that was taken before. unsent is how many scans the
// device has not sent: with none, refunds that waited for it go on before it gets its list.
// Refused with fault.NotAllowed and for a device that may not scan.
func (c *CheckIns) TakeList(ctx context.Context, who actor.Actor, mark ListMark, unsent int) (
	*List, error,
) {
	if who.Kind != actor.Device {
		return nil, fault.NotAllowed
	}
	st, err := c.station(ctx, who)
	if err != nil {
		return nil, err
	}
	scope := actor.Scope{Organization: st.organization}
	venue, err := c.cfg.Venues.Get(ctx, scope, st.venue)
	if err != nil {
		return nil, err
	}
	now := c.cfg.Clock.Now()
	l := &List{Venue: venue, Day: venue.BusinessDay(now), Until: now.Add(ListHolds),
		Into: st.post.into, From: st.post.from, Gate: st.post.gate, Ways: st.ways,
		Rules: map[int64]*catalog.Admission{}}
	if mark.Asked != 0 {
		unsent = saysNothing // a later page: a refund that went on since is not on the first
	}
	if err := c.report(ctx, st, unsent, l.Until); err != nil {
		return nil, err
	}
	l.Ends = venue.DayBegins(catalog.AddDays(l.Day, 1))
	l.Sessions = c.today(st, l.Ends, now)
	mark = l.begin(mark, now)
	l.Full = mark.Since == 0
	if err := c.fill(ctx, scope, st.venue, l, mark, now); err != nil {
		return nil, err
	}
	if err := c.mediaOf(ctx, scope, st.device, l); err != nil {
		return nil, err
	}
	return l, c.documentsOf(ctx, st, l)
}

// begin is the mark to go on from: of a list of another day, or of other sessions, nothing
// of what the device holds can be trusted to be complete.
func (l *List) begin(mark ListMark, now time.Time) ListMark {
	h := fnv.New64a()
	for _, s := range l.Sessions {
		_ = binary.Write(h, binary.BigEndian, s.Session.ID) // never fails
	}
	of := h.Sum64()
	if mark.Day != l.Day || mark.Of != of {
		mark = ListMark{}
	}
	if mark.Asked == 0 {
		mark.Asked = now.Add(-listOverlap).UnixMilli()
	}
	mark.Day, mark.Of = l.Day, of
	l.Position = ListMark{Since: mark.Asked, Day: l.Day, Of: of}
	return mark
}

// today are the sessions that the business day still sees people of, by id.
func (c *CheckIns) today(st station, ends, now time.Time) []*catalog.Sellable {
	q := catalog.SessionQuery{Venue: st.venue, Organization: st.organization, Limit: 500,
		From: now.Add(-longestOfShow), To: ends}
	var list []*catalog.Sellable
	for range 20 { // pages
		page, next := c.cfg.Sessions.Sessions(q)
		for _, s := range page {
			if s.EndsAt.After(now.Add(-lateLook)) && len(list) < maxToday {
				list = append(list, s)
			}
		}
		if next == nil || len(list) >= maxToday {
			break
		}
		q.After = next
	}
	slices.SortFunc(list, func(a, b *catalog.Sellable) int {
		return int(max(min(a.Session.ID-b.Session.ID, 1), -1))
	})
	return list
}

// fill reads one page: the tickets of the sessions, some sessions at a time, then what
// opens something at the venue.
func (c *CheckIns) fill(ctx context.Context, scope actor.Scope, venue int64, l *List,
	mark ListMark, now time.Time,
) error {
	ids := make([]int64, len(l.Sessions))
	for i, s := range l.Sessions {
		ids[i] = s.Session.ID
	}
	parts := slices.Collect(slices.Chunk(ids, ticket.SessionsPerList))
	for ; mark.Part <= len(parts); mark.Part, mark.After = mark.Part+1, 0 {
		q := ticket.ListPage{Venue: venue, Now: now, After: mark.After,
			Limit: listPage - len(l.Tickets)}
		if mark.Since != 0 {
			q.Since = time.UnixMilli(mark.Since)
		}
		read := c.cfg.Tickets.AtVenue
		if mark.Part < len(parts) {
			q.Sessions, read = parts[mark.Part], c.cfg.Tickets.OfSessions
		}
		list, err := read(ctx, scope, q)
		if err != nil {
			return err
		}
		l.Tickets = append(l.Tickets, list...)
		if len(l.Tickets) >= listPage {
			mark.After = list[len(list)-1].ID
			l.Next = &mark
			break
		}
	}
	return c.rulesOf(ctx, l)
}

func (c *CheckIns) rulesOf(ctx context.Context, l *List) error {
	for i := range l.Tickets {
		id := l.Tickets[i].Entitlements[0].Admission
		if id == 0 || l.Rules[id] != nil {
			continue
		}
		a, err := c.openingOf(ctx, &l.Tickets[i])
		if err != nil {
			return err
		}
		l.Rules[id] = a
	}
	return nil
}

// Digest tells a list from another one: by what it says of tickets, sessions and the gate,
// not by when it was taken.
func (l *List) Digest() []byte {
	h := sha256.New()
	put := func(v ...int64) {
		for _, n := range v {
			_ = binary.Write(h, binary.BigEndian, n) // never fails
		}
	}
	put(int64(l.Day), l.Into.id(), l.From.id(), int64(len(l.Sessions)))
	_, _ = h.Write([]byte(l.Ways)) // never fails
	if l.Gate != nil {
		put(l.Gate.ID, int64(l.Gate.Opens), int64(l.Gate.Closes))
	}
	for _, s := range l.Sessions {
		put(s.Session.ID, s.Session.Revision)
	}
	for i := range l.Tickets {
		t := &l.Tickets[i]
		put(t.ID, int64(t.CodeVersion), t.Photo, int64(len(t.State)))
		for _, e := range t.Entitlements {
			put(int64(e.Number), int64(e.Seq), e.Admission)
		}
	}
	for i := range l.Tickets {
		for _, hash := range l.Documents[l.Tickets[i].ID] {
			_, _ = h.Write(hash) // never fails
		}
	}
	if l.Next != nil {
		put(int64(l.Next.Part), l.Next.After)
	}
	return h.Sum(nil)
}
