package visitor

import (
	"context"
	"slices"

	"foyer/internal/catalog"
)

// Later is people who are named after the order was placed.
type Later struct {
	Session *catalog.Sellable
	Member  int64
	// Units are those of the order that name somebody; Persons of each stand at the place
	// of their number, blank where nobody is named now.
	Units []Unit
}

// PlanLater checks people who are named after the order was placed, and says what is kept
// and counted for them. Refused with ErrNotAsked, ErrNameLate, and as Plan.
func (v *Visitors) PlanLater(ctx context.Context, l Later) (*Plan, error) {
	rules := l.Session.Buyers
	if rules == nil || rules.RealName.Mode != catalog.NamesEvery || rules.RealName.NameUntil == 0 {
		return nil, ErrNotAsked
	}
	until := rules.RealName.Deadline(l.Session.StartsAt)
	if !v.Clock.Now().Before(until) {
		return nil, ErrNameLate.With("until", until)
	}
	pl := planning{v: v, rules: rules, out: &Plan{NameUntil: until},
		p:     Party{Session: l.Session, Member: l.Member, Units: l.Units},
		today: dateOf(l.Session.StartsAt.In(l.Session.Venue.Location()))}
	var err error
	if pl.key, err = v.secretOf(ctx, l.Session.Session.Organization,
		l.Session.EventID); err != nil {
		return nil, err
	}
	var bad collected
	for _, u := range l.Units {
		for i, person := range u.Persons {
			k := v.know(ctx, l.Member, person, &bad)
			if k == nil || bad.err != nil {
				continue
			}
			if !k.named() {
				bad.add(person.Field, ErrNames.With("people", 1))
				continue
			}
			pl.person(u, i+1, k, &bad)
		}
	}
	if err := bad.result(); err != nil {
		return nil, err
	}
	slices.SortFunc(pl.out.Takes, byCounter)
	return pl.out, nil
}
