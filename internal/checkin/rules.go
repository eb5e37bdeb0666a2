package checkin

import (
	"context"
	"errors"
	"time"

	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/sqldb"
	"foyer/internal/ticket"
	"foyer/internal/ticket/rule"
)

// openingOf is what a ticket opens; nil for a plain one.
func (c *CheckIns) openingOf(ctx context.Context, t *ticket.Ticket) (*catalog.Admission, error) {
	id := t.Entitlements[0].Admission
	if id == 0 {
		return nil, nil
	}
	if c.cfg.Openings == nil {
		return nil, fault.Unexpected.Wrap(errors.New("checkin: nobody knows what tickets open"))
	}
	return c.cfg.Openings.Admission(ctx, id)
}

// prepare finds what of the ticket is used here, and by which rule; at is when. It refuses
// what the device, the gate's hours and the kind of ticket decide.
func (c *CheckIns) prepare(ctx context.Context, v *scan, s *catalog.Sellable, at time.Time) (
	err error,
) {
	v.event = s
	if err := v.station.ways.allows(v.ask.Direction); err != nil {
		return err
	}
	if v.opening, err = c.openingOf(ctx, v.ticket); err != nil {
		return err
	}
	if v.ask.Direction == Entry {
		if s.Session.State == catalog.SessionCancelled {
			return describe(ErrSessionCancelled, s)
		}
		if err := v.station.post.open(s.Venue, at); err != nil {
			return err
		}
		if v.opening != nil && v.opening.PhotoRequired && v.ticket.Photo == 0 {
			return ErrPhotoNeeded
		}
	}
	// Between two precincts even a plain ticket must have come in first.
	v.ruled = v.opening != nil || v.station.post.from != nil
	if v.part, err = v.choose(); err != nil {
		return err
	}
	v.rule = rule.Of(v.opening, v.ticket.Entitlements[v.part].Number)
	return nil
}

// choose is the entitlement that a scan uses: the one that the gate's precinct opens, or
// the one that was named. Refused with ErrOtherPrecinct, ErrUpgrade, ErrAmbiguous and
// fault.BadInput.
func (v *scan) choose() (int, error) {
	if v.opening == nil || len(v.opening.Parts) == 0 {
		r := rule.Of(v.opening, 1)
		if v.ask.Direction == Entry && !r.Opens(v.station.post.into.code()) {
			return 0, v.notHere()
		}
		return 0, nil
	}
	var fits, left []int
	for i := range v.ticket.Entitlements {
		e := &v.ticket.Entitlements[i]
		part, r := v.opening.Parts[e.Number-1], rule.Of(v.opening, e.Number)
		if v.ask.Part != "" && v.ask.Part != part.Code ||
			v.ask.Part == "" && !r.Opens(v.station.post.into.code()) {
			continue
		}
		fits = append(fits, i)
		if v.ask.Direction == Entry && e.Used+v.ask.N <= e.Allowed ||
			v.ask.Direction == Exit && e.Inside >= v.ask.N {
			left = append(left, i)
		}
	}
	switch {
	case len(fits) == 0 && v.ask.Part != "":
		return 0, fault.BadInput.At("part", "is no part of this ticket / 这张票没有这一项")
	case len(fits) == 0:
		return 0, v.notHere()
	case len(fits) == 1 || len(left) == 0:
		return fits[0], nil
	case len(left) > 1 && v.station.post.into == nil:
		return 0, ErrAmbiguous.With("parts", v.parts(left))
	}
	return left[0], nil
}

func (v *scan) parts(list []int) []map[string]any {
	out := make([]map[string]any, len(list))
	for i, at := range list {
		p := v.opening.Parts[v.ticket.Entitlements[at].Number-1]
		out[i] = map[string]any{"code": p.Code, "name": p.Name, "name_en": p.NameEn}
	}
	return out
}

// notHere refuses a precinct that the ticket does not open, and says which types of the
// session would.
func (v *scan) notHere() error {
	here := v.station.post.into
	var opens []string
	for i := range v.ticket.Entitlements {
		r := rule.Of(v.opening, v.ticket.Entitlements[i].Number)
		opens = append(opens, r.Precincts...)
	}
	var better []map[string]any
	for _, t := range v.event.TicketTypes {
		if !t.Retired && opensPrecinct(t.Admission, here.code()) {
			better = append(better, map[string]any{"name": t.Name, "name_en": t.NameEn})
		}
	}
	f := ErrOtherPrecinct.With("opens", opens)
	if len(better) > 0 {
		f = ErrUpgrade.With("opens", opens).With("upgrade_to", better)
	}
	return f.With("precinct", here.Name).With("precinct_en", here.NameEn)
}

func opensPrecinct(a *catalog.Admission, precinct string) bool {
	for n := 1; n <= max(len(partsOf(a)), 1); n++ {
		if r := rule.Of(a, n); r.Opens(precinct) {
			return true
		}
	}
	return false
}

func partsOf(a *catalog.Admission) []catalog.AdmissionPart {
	if a == nil {
		return nil
	}
	return a.Parts
}

// foresee refuses what can be seen before the transaction, so that a turned-away visitor
// costs no write. The guarded update asks again.
func (v *scan) foresee(now time.Time) error {
	if !v.ruled {
		if err := inTime(v.event, v.ask.Direction, now); err != nil {
			return err
		}
		return room(v.ticket, v.ask)
	}
	if v.rule.AsksPast(v.station.post.from != nil) {
		return nil // the check-ins decide, in the transaction
	}
	_, _, why := v.judge(&v.ticket.Entitlements[v.part], rule.Past{}, now)
	if why != nil {
		return v.words(why)
	}
	return nil
}

func (v *scan) judge(e *ticket.Entitlement, past rule.Past, at time.Time) (
	rule.State, rule.Effect, *rule.Refusal,
) {
	sold := v.event.Venue.BusinessDay(e.ValidFrom)
	return rule.Judge(&v.rule, e.Known(sold), past,
		v.station.post.scanOf(v.event, v.ask.Direction, v.ask.N, at))
}

// words are a refusal with what a person at the gate needs.
func (v *scan) words(why *rule.Refusal) error {
	f := describe(definition(why.Reason), v.event)
	e := &v.ticket.Entitlements[v.part]
	switch why.Reason {
	case rule.TooEarly:
		return f.With("opens_at", why.At.UTC())
	case rule.TooLate:
		return f.With("closed_at", why.At.UTC())
	case rule.TooSoon:
		return f.With("next_at", why.At.UTC())
	case rule.PassWeekday:
		return f.With("weekdays", v.rule.Pass.Weekdays)
	case rule.NotInside:
		return f.With("precinct", v.station.post.from.Name).
			With("precinct_en", v.station.post.from.NameEn)
	case rule.NothingToExit:
		return f.With("inside", e.Inside)
	case rule.UsedUp, rule.NoReentry, rule.StillInside:
		return f.With("used", e.Used).With("allowed", e.Allowed).With("inside", e.Inside)
	}
	if why.Day != 0 {
		f = f.With("day", catalog.DayText(why.Day))
	}
	return f.With("left", why.Left)
}

// attempts bounds how often a use is judged anew when another process was faster.
const attempts = 3

// takeRuled lets people through by a rule: read, judge, one guarded update that does not
// stand when anybody used the entitlement in between.
func (c *CheckIns) takeRuled(tx *sqldb.Tx, v *scan) (CheckIn, error) {
	at := tx.Now
	if !v.at.IsZero() {
		at = v.at
	}
	for range attempts {
		e, err := c.cfg.Tickets.Entitlement(tx, v.use())
		if err != nil {
			return CheckIn{}, err
		}
		past, err := c.past(tx, v, at)
		if err != nil {
			return CheckIn{}, err
		}
		st, effect, why := v.judge(&e, past, at)
		if why != nil {
			v.ticket.Entitlements[v.part] = e
			return CheckIn{}, v.words(why)
		}
		was := e.Inside
		e.Become(st)
		ok, err := c.cfg.Tickets.UseIf(tx, v.use(), &e)
		if err != nil {
			return CheckIn{}, err
		}
		if ok {
			e.Seq++
			ci := v.checkIn(tx, &e)
			ci.Counted, ci.Moved, ci.Here = effect.Counted, effect.Moved, e.Inside-was
			return ci, nil
		}
		if err := c.stillStands(tx, v); err != nil {
			return CheckIn{}, err
		}
	}
	return CheckIn{}, fault.Stale
}

func (c *CheckIns) stillStands(tx *sqldb.Tx, v *scan) error {
	t, err := c.cfg.Tickets.FindIn(tx, v.ticket.ID)
	if err != nil {
		return err
	}
	return standing(t, v.version)
}

// past reads the check-ins only where a rule or a gate asks for them.
func (c *CheckIns) past(tx *sqldb.Tx, v *scan, at time.Time) (rule.Past, error) {
	p := v.station.post
	if v.ask.Direction == Exit || !v.rule.AsksPast(p.from != nil) {
		return rule.Past{}, nil
	}
	venue := v.event.Venue
	return c.store.PastIn(tx, PastAsk{Organization: v.ticket.Organization,
		Ticket: v.ticket.ID, Entitlement: v.ticket.Entitlements[v.part].Number,
		Gate: v.station.gate, From: p.from.id(), Into: p.into.id(),
		DayFrom: venue.DayBegins(venue.BusinessDay(at))})
}
