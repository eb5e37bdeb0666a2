package checkin

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/ticket"
	"foyer/internal/ticket/code"
)

// Ask is one scan.
type Ask struct {
	Code      string
	Ticket    int64  // instead of a code: staff found it by the order or the phone
	Medium    string // instead of a code: a wristband or card
	Proof     []byte // why a device names a ticket: the hash of its list that matched
	Session   int64  // 0: whichever session of the venue the ticket is for
	Part      string // of a combined ticket; "": the one that the gate opens
	Direction Direction
	N         int    // people
	Nonce     string // 1 to MaxNonce bytes, unique for ever for the scanner
}

// digest tells a repeat of a scan from another one.
func (a Ask) digest() [16]byte {
	b := []byte(a.Code)
	b = binary.BigEndian.AppendUint64(b, uint64(a.Session))
	b = binary.BigEndian.AppendUint32(b, uint32(a.Direction))
	b = binary.BigEndian.AppendUint32(b, uint32(a.N))
	b = append(b, a.Part...)
	b = append(b, a.Medium...)
	if a.Ticket != 0 {
		b = binary.BigEndian.AppendUint64(b, uint64(a.Ticket))
	}
	sum := sha256.Sum256(b)
	return [16]byte(sum[:16])
}

func (a Ask) check() error {
	var p fault.Problems
	if a.Direction != Entry && a.Direction != Exit {
		p.Add("direction", "must be entry or exit / 应为 entry 或 exit")
	}
	if a.N < 1 || a.N > MaxPeople {
		p.Add("n", "must be 1 to %d / 应为 1 到 %d", MaxPeople, MaxPeople)
	}
	if len(a.Part) > maxPart {
		p.Add("part", "is too long / 过长")
	}
	if len(a.Nonce) < 1 || len(a.Nonce) > MaxNonce {
		p.Add("nonce", "must have 1 to %d bytes / 应为 1 到 %d 字节", MaxNonce, MaxNonce)
	}
	return p.Err()
}

// station is who scans, and where it stands. Staff without a device stand wherever they may
// scan: then venue is 0 and the ticket's own venue is asked.
type station struct {
	organization, venue int64
	device, gate, staff int64
	ways                Ways
	post                post
}

func (s station) scanner() int64 { return s.device + s.staff } // one of the two is 0

// Admit lets people in or out. Refused with the reasons in faults.go and those of package
// code; a nonce that was accepted before answers what it answered then.
func (c *CheckIns) Admit(ctx context.Context, who actor.Actor, ask Ask) (*Admission, error) {
	a, err := c.admit(ctx, who, ask)
	if err != nil {
		c.cfg.Observe(fault.Of(err).Def.Code)
		return nil, err
	}
	if !a.Replayed {
		c.cfg.Observe(a.Direction.String())
	}
	return a, nil
}

func (c *CheckIns) admit(ctx context.Context, who actor.Actor, ask Ask) (*Admission, error) {
	ask.Code = code.Normalize(ask.Code)
	if err := ask.check(); err != nil {
		return nil, err
	}
	st, err := c.station(ctx, who)
	if err != nil {
		return nil, err
	}
	nonce := Nonce{Scanner: st.scanner(), Text: ask.Nonce, Digest: ask.digest()}
	v := &scan{who: who, station: st, ask: ask, nonce: nonce, id: c.cfg.IDs.Next()}
	event, err := c.examine(ctx, who, v)
	if err == nil {
		err = c.door.Do(ctx, v)
	}
	if err == nil {
		return &Admission{CheckIn: v.done, Holder: v.ticket, Event: event,
			Opening: v.opening}, nil
	}
	if k := fault.KindOf(err); k == fault.Unavailable {
		return nil, err
	}
	// What is refused now may have been accepted before, when its answer was lost.
	if a, seen := c.replay(ctx, nonce); a != nil || seen != nil {
		return a, seen
	}
	if errors.Is(err, errRepeated) {
		return nil, fault.Busy.Retry(time.Second).Wrap(err)
	}
	if errors.Is(err, ErrAlreadyUsed) || errors.Is(err, ErrStillInside) ||
		errors.Is(err, ErrNoReentry) {
		return nil, c.whenUsed(ctx, v.ticket, fault.Of(err))
	}
	return nil, err
}

// station is where the actor scans. Refused with ErrDeviceRevoked, ErrDeviceUnknown and
// fault.NotAllowed.
func (c *CheckIns) station(ctx context.Context, who actor.Actor) (station, error) {
	switch who.Kind {
	case actor.Device:
		d, err := c.devices.active(ctx, who.ID)
		if err != nil {
			return station{}, err
		}
		at, err := c.devices.post(ctx, actor.Scope{Organization: d.Organization}, d.Gate)
		return station{organization: d.Organization, venue: d.Venue, device: d.ID,
			gate: d.Gate, ways: d.Ways, post: at}, err
	case actor.Staff:
		return station{staff: who.ID}, nil
	}
	return station{}, fault.NotAllowed
}

// examine asks everything that needs no transaction: code, ticket, place and time. What it
// finds may change until the guarded update, which asks again for all that may.
func (c *CheckIns) examine(ctx context.Context, who actor.Actor, v *scan) (
	*catalog.Sellable, error,
) {
	if err := c.identify(ctx, v); err != nil {
		return nil, err
	}
	if err := c.place(ctx, who, v); err != nil {
		return nil, err
	}
	if err := standing(v.ticket, v.version); err != nil {
		return nil, err
	}
	s, err := c.cfg.Sessions.Sellable(ctx, v.ticket.Session)
	if err != nil {
		return nil, err
	}
	if v.ask.Session != 0 && v.ask.Session != v.ticket.Session {
		return nil, describe(ErrOtherSession, s)
	}
	if err := c.prepare(ctx, v, s, c.cfg.Clock.Now()); err != nil {
		return nil, err
	}
	return s, v.foresee(c.cfg.Clock.Now())
}

// identify reads the code and finds its ticket, of whatever organization.
func (c *CheckIns) identify(ctx context.Context, v *scan) error {
	if v.ask.Ticket != 0 {
		return c.byHand(ctx, v)
	}
	if v.ask.Medium != "" {
		return c.byMedium(ctx, v)
	}
	p, err := c.verify.Verify(v.ask.Code)
	if errors.Is(err, code.ErrUnknownKey) {
		return code.ErrForged.With("key", "unknown")
	}
	if err != nil {
		return err
	}
	v.version = int(p.Version)
	v.ticket, err = c.cfg.Tickets.Find(ctx, p.ID)
	if errors.Is(err, ticket.ErrNoTicket) {
		return ErrTicketUnknown
	}
	if err != nil {
		return err
	}
	return c.codeEnters(ctx, v.ticket)
}

// place says whether the scanner may check this ticket in. For staff a ticket outside their
// venues is unknown; a device says "other venue", and which only within its organization.
func (c *CheckIns) place(ctx context.Context, who actor.Actor, v *scan) error {
	t := v.ticket
	if v.station.staff != 0 {
		if !who.May(PermScan, t.Organization, t.Venue) {
			return ErrTicketUnknown
		}
		return nil
	}
	if t.Organization != v.station.organization {
		return ErrOtherVenue
	}
	if t.Venue == v.station.venue {
		return nil
	}
	s, err := c.cfg.Sessions.Sellable(ctx, t.Session)
	if err != nil {
		return err
	}
	return describe(ErrOtherVenue, s).With("venue", s.Venue.Name)
}

// standing refuses a ticket that is void or whose code was replaced.
func standing(t *ticket.Ticket, version int) error {
	switch {
	case t.State != ticket.Live:
		return ErrRefunded.With("at", t.VoidedAt.UTC())
	case t.CodeVersion != version:
		return ErrCodeReplaced
	}
	return nil
}

// inTime refuses entries outside the gate window. People may leave at any time.
func inTime(s *catalog.Sellable, d Direction, now time.Time) error {
	if d == Exit {
		return nil
	}
	from, until := s.GateWindow()
	switch {
	case s.Session.State == catalog.SessionCancelled:
		return describe(ErrSessionCancelled, s)
	case now.Before(from):
		return describe(ErrTooEarly, s).With("opens_at", from.UTC())
	case now.After(until):
		return describe(ErrTooLate, s).With("closed_at", until.UTC())
	}
	return nil
}

// room refuses more people than the ticket lets through now.
func room(t *ticket.Ticket, ask Ask) error {
	e := &t.Entitlements[0]
	left := e.Allowed - e.Used
	switch {
	case ask.Direction == Exit && e.Inside < ask.N:
		return ErrNothingToExit.With("inside", e.Inside)
	case ask.Direction == Exit || ask.N <= left:
		return nil
	case left <= 0:
		return ErrAlreadyUsed.With("used", e.Used).With("allowed", e.Allowed)
	}
	return ErrTooManyPeople.With("left", left).With("allowed", e.Allowed).With("used", e.Used)
}

// describe names the session of a ticket in a refusal.
func describe(d *fault.Definition, s *catalog.Sellable) *fault.Error {
	return d.With("event", s.Event.Title).With("event_en", s.Event.TitleEn).
		With("starts_at", s.StartsAt.UTC()).With("time_zone", s.Venue.TimeZone).
		With("hall", s.Hall.Name)
}

// whenUsed adds when and where the ticket was used, first and last.
func (c *CheckIns) whenUsed(ctx context.Context, t *ticket.Ticket, f *fault.Error) error {
	first, last, err := c.store.Spans(ctx, actor.Scope{Organization: t.Organization}, t.ID)
	if err != nil {
		return err
	}
	if first != nil {
		f = f.With("first", first.words()).With("last", last.words())
	}
	return f
}

func (t *Trace) words() map[string]any {
	m := map[string]any{"at": t.At.UTC(), "n": t.N}
	for k, v := range map[string]string{"gate": t.Gate, "gate_en": t.GateEn,
		"device": t.Device} {
		if v != "" {
			m[k] = v
		}
	}
	return m
}

// replay is what a nonce was answered before; nil and nil when it is new.
func (c *CheckIns) replay(ctx context.Context, n Nonce) (*Admission, error) {
	id, digest, found, err := c.store.CheckInOf(ctx, n)
	if err != nil || !found {
		return nil, err
	}
	if string(digest) != string(n.Digest[:]) {
		return nil, ErrNonceReused
	}
	ci, err := c.store.Find(ctx, id)
	if err != nil {
		return nil, err
	}
	return c.show(ctx, ci, true)
}

// show joins a check-in with its ticket and session.
func (c *CheckIns) show(ctx context.Context, ci *CheckIn, replayed bool) (*Admission, error) {
	t, err := c.cfg.Tickets.Find(ctx, ci.Ticket)
	if err != nil {
		return nil, err
	}
	s, err := c.cfg.Sessions.Sellable(ctx, t.Session)
	if err != nil {
		return nil, err
	}
	a := &Admission{CheckIn: *ci, Holder: t, Event: s, Replayed: replayed}
	a.Opening, err = c.openingOf(ctx, t)
	return a, err
}
