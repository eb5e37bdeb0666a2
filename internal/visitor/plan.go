package visitor

import (
	"cmp"
	"context"
	"math/big"
	"regexp"
	"slices"
	"time"

	"foyer/internal/catalog"
	"foyer/internal/document"
	"foyer/internal/pii"
)

// Plan holds an order to the rules of its session and says what it keeps and counts.
// Refused with the definitions of this package and document's, each naming its fields.
func (v *Visitors) Plan(ctx context.Context, p Party) (*Plan, error) {
	pl := planning{v: v, p: p, rules: p.Session.Buyers,
		today: dateOf(p.Session.StartsAt.In(p.Session.Venue.Location())), out: &Plan{}}
	if err := pl.adults(); err != nil {
		return nil, err
	}
	var err error
	if pl.key, err = v.secretOf(ctx, p.Session.Session.Organization,
		p.Session.EventID); err != nil {
		return nil, err
	}
	if err := pl.people(ctx); err != nil {
		return nil, err
	}
	if err := pl.limits(ctx); err != nil {
		return nil, err
	}
	slices.SortFunc(pl.out.Takes, byCounter)
	return pl.out, nil
}

// byCounter is the one order in which counters are taken, so that two orders never wait
// for each other.
func byCounter(a, b Take) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Scope, b.Scope),
		cmp.Compare(a.Subject, b.Subject))
}

// planning is a plan in the making.
type planning struct {
	v     *Visitors
	p     Party
	rules *catalog.BuyerRules
	key   secret
	today time.Time // the day of the visit, where the venue is
	out   *Plan
}

func dateOf(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// adults refuses children without enough adults: each type's people need their part of an
// adult, and the parts are rounded up together.
func (pl *planning) adults() error {
	need, children, adults := new(big.Rat), 0, 0
	for _, u := range pl.p.Units {
		who := u.Type.Eligibility
		switch {
		case who != nil && who.PerAdult > 0:
			children += u.People
			need.Add(need, big.NewRat(int64(u.People), int64(who.PerAdult)))
		case u.Type.Kind == "family":
			adults++ // whoever else it lets in may be a child
		case u.Type.Kind.Adult():
			adults += u.People
		}
	}
	needed := int(new(big.Int).Div(new(big.Int).Add(need.Num(),
		new(big.Int).Sub(need.Denom(), big.NewInt(1))), need.Denom()).Int64())
	if adults >= needed {
		return nil
	}
	return ErrAdult.With("children", children).With("adults", adults).With("needed", needed)
}

// people checks everybody who is named or must be, and seals who is to be kept.
func (pl *planning) people(ctx context.Context) error {
	var bad collected
	buyer := pl.buyer(ctx, &bad)
	var all []*known
	for _, u := range pl.p.Units {
		if len(u.Persons) > u.People {
			bad.add(u.Persons[u.People].Field, ErrTooMany)
			continue
		}
		for i := range u.People {
			var k *known
			if i < len(u.Persons) {
				k = pl.v.know(ctx, pl.p.Member, u.Persons[i], &bad)
			}
			if bad.err == nil {
				pl.person(u, i+1, k, &bad)
			}
			all = append(all, k)
		}
	}
	if bad.err == nil {
		pl.complete(buyer, all, &bad)
	}
	if err := bad.result(); err != nil {
		return err
	}
	if buyer.named() && pl.rules.RealName.Mode != catalog.NamesOff {
		return pl.keep(buyer, 0, 0, 0)
	}
	return nil
}

func (pl *planning) buyer(ctx context.Context, bad *collected) *known {
	if pl.p.Buyer == nil || pl.rules.RealName.Mode == catalog.NamesOff {
		return nil
	}
	k := pl.v.know(ctx, pl.p.Member, *pl.p.Buyer, bad)
	if bad.err == nil && k.named() {
		bad.add(k.field+".document_kind", taken(k, &pl.rules.RealName, nil))
	}
	return k
}

// person holds one who enters to what his ticket asks.
func (pl *planning) person(u Unit, number int, k *known, bad *collected) {
	who := u.Type.Eligibility
	if who != nil && (k != nil || !pl.p.Asking) {
		pl.eligible(u, number, k, who, bad)
	}
	if !k.named() || bad.err != nil {
		return
	}
	rule := &pl.rules.RealName
	if err := taken(k, rule, who); err != nil {
		bad.add(k.field+".document_kind", err)
		return
	}
	if rule.Mode != catalog.NamesEvery {
		return
	}
	if err := pl.keep(k, u.Line, u.Unit, number); err != nil {
		bad.add(k.field, err)
	}
}

// eligible asks for the age where the type does, unless the name may still follow.
func (pl *planning) eligible(u Unit, number int, k *known, who *catalog.Eligibility,
	bad *collected,
) {
	if k == nil && pl.later() {
		return
	}
	field := personField(u, number, k)
	if who.Aged() {
		switch {
		case k == nil || k.birth.IsZero():
			bad.add(field+".birth_date", ErrBirth)
		case k.birth.After(pl.today) || !who.Fits(document.AgeOn(k.birth, pl.today)):
			bad.add(field, ErrAge.With("age_from", who.AgeFrom).With("age_under", who.AgeUnder).
				With("ticket_type", u.Type.Name).With("on", pl.today.Format(time.DateOnly)))
		}
	}
	if len(who.Documents) > 0 && !k.named() && !pl.p.Asking {
		bad.add(field, ErrNames.With("documents", who.Documents))
	}
}

func personField(u Unit, number int, k *known) string {
	switch {
	case k != nil:
		return k.field
	case number <= len(u.Persons):
		return u.Persons[number-1].Field
	}
	return "lines"
}

// later says that a name that is missing may follow.
func (pl *planning) later() bool {
	rule := pl.rules.RealName
	return rule.Mode == catalog.NamesEvery && rule.NameUntil > 0 &&
		pl.v.Clock.Now().Before(rule.Deadline(pl.p.Session.StartsAt))
}

// complete asks for the names that the rule wants and nobody gave.
func (pl *planning) complete(buyer *known, all []*known, bad *collected) {
	rule := pl.rules.RealName
	if rule.Mode == catalog.NamesOff || pl.p.Asking {
		return
	}
	if (rule.Mode == catalog.NamesBuyer || rule.BuyerEnters) && !buyer.named() {
		bad.add("buyer", ErrBuyer.With("real_name", rule))
		return
	}
	if rule.Mode != catalog.NamesEvery {
		return
	}
	for _, k := range all {
		if !k.named() {
			pl.out.Missing++
		}
	}
	if pl.out.Missing > 0 && !pl.later() {
		bad.add("lines", ErrNames.With("people", len(all)).With("missing", pl.out.Missing).
			With("real_name", rule))
	}
	pl.out.NameUntil = rule.Deadline(pl.p.Session.StartsAt)
	enters := func(k *known) bool { return k.named() && k.doc.Key() == buyer.doc.Key() }
	if rule.BuyerEnters && !slices.ContainsFunc(all, enters) {
		bad.add("buyer", ErrBuyerStays)
	}
}

// keep seals a person and counts the document.
func (pl *planning) keep(k *known, line, unit, number int) error {
	rule := pl.rules.RealName
	subject := documentSubject(pl.key, k.doc)
	r, err := pl.v.row(pl.p.Session, k, subject)
	if err != nil {
		return err
	}
	r.Line, r.Unit, r.Person = line, unit, number
	pl.out.Rows = append(pl.out.Rows, r)
	pl.out.Named = append(pl.out.Named, Named{line, unit, number, pii.MaskName(k.name),
		k.doc.Kind, k.doc.Masked()})
	if number == 0 && rule.Mode != catalog.NamesBuyer {
		return nil // the buyer enters, if at all, as one of the visitors
	}
	n := 1
	if number == 0 {
		n = pl.p.Places
	}
	field := k.field + ".document_number"
	t := Take{Kind: Document, Scope: pl.p.Session.Session.ID, Subject: subject, N: n,
		Most: rule.PerDocument, ByPlace: number == 0, Field: field, Masked: k.doc.Masked()}
	pl.count(t)
	t.Kind, t.Scope, t.Most = DocumentEvent, pl.p.Session.EventID, rule.PerDocumentEvent
	pl.count(t)
	return nil
}

// count adds a take, or to the one of the same subject; one without a bound is none.
func (pl *planning) count(t Take) {
	if t.Most == 0 {
		return
	}
	for i := range pl.out.Takes {
		if have := &pl.out.Takes[i]; byCounter(*have, t) == 0 {
			have.N += t.N
			have.Field = t.Field
			return
		}
	}
	pl.out.Takes = append(pl.out.Takes, t)
}

// deviceName is what a front end may call its device.
var deviceName = regexp.MustCompile(`^[A-Za-z0-9_-]{16,64}$`)

// limits counts the places by phone, device and member. What is sold over the counter
// has none of them.
func (pl *planning) limits(ctx context.Context) error {
	lim, s := pl.rules.Limits, pl.p.Session
	if pl.p.Member == 0 {
		return nil
	}
	session, event, n := s.Session.ID, s.EventID, pl.p.Places
	if lim.PerPhone > 0 {
		phone, err := pl.v.Contacts.PhoneOf(ctx, pl.p.Member)
		if err != nil {
			return err
		}
		pl.count(Take{Kind: Phone, Scope: session, Subject: pl.key.subject("phone", phone), N: n,
			Most: lim.PerPhone, ByPlace: true})
	}
	if lim.PerDevice > 0 {
		if !deviceName.MatchString(pl.p.Device) {
			return ErrDevice.At("Foyer-Device", "is missing or not 16 to 64 letters and digits")
		}
		pl.count(Take{Kind: Device, Scope: session, N: n, Most: lim.PerDevice,
			Subject: pl.key.subject("device", pl.p.Device), ByPlace: true})
	}
	pl.count(Take{Kind: MemberEvent, Scope: event, Subject: pl.p.Member, N: n,
		Most: lim.PerMemberEvent, ByPlace: true})
	if lim.NoRebooking {
		pl.out.Rebooking = &Take{Kind: Rebooking, Scope: event, Subject: pl.p.Member}
	}
	return nil
}
