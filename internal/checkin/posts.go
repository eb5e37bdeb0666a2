package checkin

import (
	"context"
	"sync"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/ticket/rule"
)

// post is where a scan takes place: a gate with its precincts. A device that moves about
// and staff without a device stand at the venue as a whole.
type post struct {
	gate       *Gate
	into, from *Precinct // nil: the venue as a whole; the street
}

// posts remembers gates with their precincts; any change of either forgets all.
type posts struct {
	mu     sync.Mutex
	byGate map[int64]keptPost
	epoch  uint64 // a read that began before a change is not kept
}

type keptPost struct {
	post   post
	readAt time.Time
}

func (p *posts) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.epoch++
	clear(p.byGate)
}

// post is where a gate stands, from memory when it is warm; the zero post for gate 0.
func (d *Devices) post(ctx context.Context, scope actor.Scope, gate int64) (post, error) {
	if gate == 0 {
		return post{}, nil
	}
	now := d.cfg.Clock.Now()
	d.posts.mu.Lock()
	k, ok := d.posts.byGate[gate]
	epoch := d.posts.epoch
	d.posts.mu.Unlock()
	if ok && (d.cfg.MaxAge == 0 || now.Sub(k.readAt) <= d.cfg.MaxAge) {
		return k.post, nil
	}
	p, err := d.readPost(ctx, scope, gate)
	if err != nil {
		return p, err
	}
	d.posts.mu.Lock()
	defer d.posts.mu.Unlock()
	if epoch == d.posts.epoch {
		if len(d.posts.byGate) >= devicesKept {
			clear(d.posts.byGate)
		}
		d.posts.byGate[gate] = keptPost{p, now}
	}
	return p, nil
}

func (d *Devices) readPost(ctx context.Context, scope actor.Scope, gate int64) (post, error) {
	g, err := d.gates.Find(ctx, scope, gate)
	if err != nil || g == nil {
		return post{}, err
	}
	p := post{gate: g}
	if g.Precinct == 0 && g.From == 0 {
		return p, nil
	}
	list, err := d.precincts.OfVenue(ctx, scope, g.Venue)
	for i := range list {
		switch list[i].ID {
		case g.Precinct:
			p.into = &list[i]
		case g.From:
			p.from = &list[i]
		}
	}
	return p, err
}

func (p *Precinct) code() string {
	if p == nil {
		return ""
	}
	return p.Code
}

func (p *Precinct) id() int64 {
	if p == nil {
		return 0
	}
	return p.ID
}

// passed are the precincts that a scan in a direction leaves and enters; 0 is the street,
// and the venue as a whole.
func (p post) passed(d Direction) (outOf, into int64) {
	if d == Exit {
		return p.into.id(), p.from.id()
	}
	return p.from.id(), p.into.id()
}

// open refuses entries outside the hours of the gate.
func (p post) open(v *catalog.Venue, now time.Time) error {
	if p.gate == nil || p.gate.Closes == 0 {
		return nil
	}
	day := v.BusinessDay(now)
	at := func(minute int) time.Time {
		return time.Date(day/10000, time.Month(day/100%100), day%100, 0, minute, 0, 0,
			v.Location())
	}
	opens, closes := at(p.gate.Opens), at(p.gate.Closes)
	if now.Before(opens) || !now.Before(closes) {
		return ErrGateClosed.With("gate", p.gate.Name).With("opens_at", opens.UTC()).
			With("closes_at", closes.UTC())
	}
	return nil
}

// allows refuses the direction that a device is not for.
func (w Ways) allows(d Direction) error {
	if w == EntryOnly && d == Exit || w == ExitOnly && d == Entry {
		return ErrWrongWay.With("direction", string(w))
	}
	return nil
}

// scanOf is what a rule is asked.
func (p post) scanOf(s *catalog.Sellable, d Direction, n int, at time.Time) rule.Scan {
	return rule.Scan{Entry: d == Entry, N: n, At: at, Day: s.Venue.BusinessDay(at),
		Precinct: p.into.code(), From: p.from.code(), Starts: s.StartsAt, Ends: s.EndsAt}
}

// definition is the refusal of a reason.
func definition(r rule.Reason) *fault.Definition {
	switch r {
	case rule.OtherPrecinct:
		return ErrOtherPrecinct
	case rule.TooEarly:
		return ErrTooEarly
	case rule.TooLate:
		return ErrTooLate
	case rule.PassNotYet:
		return ErrPassNotYet
	case rule.PassExpired:
		return ErrPassExpired
	case rule.PassWeekday:
		return ErrPassWeekday
	case rule.PassBlackout:
		return ErrPassBlackout
	case rule.SlotNeeded:
		return ErrSlotNeeded
	case rule.NotInside:
		return ErrNotInside
	case rule.StillInside:
		return ErrStillInside
	case rule.TooManyPeople:
		return ErrTooManyPeople
	case rule.NoReentry:
		return ErrNoReentry
	case rule.UsedUp:
		return ErrAlreadyUsed
	}
	return limitDefinition(r)
}

func limitDefinition(r rule.Reason) *fault.Definition {
	switch r {
	case rule.DayUsedUp:
		return ErrDayLimit
	case rule.GateUsedUp:
		return ErrGateLimit
	case rule.GateDayUsedUp:
		return ErrGateDayLimit
	case rule.PrecinctUsed:
		return ErrPrecinctLimit
	case rule.TooSoon:
		return ErrTooSoon
	case rule.NothingToExit:
		return ErrNothingToExit
	}
	return fault.Unexpected
}
