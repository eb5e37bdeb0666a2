package catalog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"foyer/internal/actor"
	"foyer/internal/approval"
	"foyer/internal/journal"
	"foyer/internal/money"
	"foyer/internal/sqldb"
)

// What makes a price less, or sells what is hidden, may be left to no one person, as a change
// of prices: else a discount would be the way around it.
const (
	// ApproveOffer is a discount by rule that is made, changed or taken up again.
	ApproveOffer approval.Kind = "offer.change"
	// ApproveRelease is the tiers of a ticket type.
	ApproveRelease approval.Kind = "release.change"
	// ApproveBatch is what the codes of a batch are good for.
	ApproveBatch approval.Kind = "code_batch.change"
)

// terms is how one of these three is made and changed.
type terms[T any] struct {
	kit   kit[T]
	kind  approval.Kind
	check func(v *T) error
	// take puts what a person wrote into the object as it is stored; it refuses what must
	// stay as it was.
	take func(was, next *T, wrote *T) error
	// finish refuses what is named and is not the organization's, and raises the sessions
	// whose prices change; was is nil of a new one.
	finish func(tx *sqldb.Tx, was, next *T) error
	name   func(v *T) string
	// facts is what the object does, in words; none for a retired one, which does nothing.
	facts func(v *T) []fact
	// atMost is what it may cost the house; false when nothing bounds it.
	atMost func(v *T) (money.Minor, bool)
	// ends says that retiring only takes something away from buyers: one person may.
	ends bool
}

// fact is one thing that an object does; both are words for people.
type fact struct{ what, text string }

// heldTerms is the input of a request: what a person wrote. A new object has no id.
type heldTerms[T any] struct{ Wrote T }

// makeTerms stores a new object, or asks a second person for it.
func makeTerms[T any](c *Catalog, ctx context.Context, t terms[T], who actor.Actor,
	wrote T) (*T, error) {
	if err := t.mayMake(c, ctx, who, &wrote); err != nil {
		return nil, err
	}
	if err := t.ask(c, ctx, who, nil, &wrote); err != nil {
		return nil, err
	}
	return add(c, ctx, t.kit, who, &wrote, t.made(func(tx *sqldb.Tx, v *T) error {
		return t.alone(c, tx, who, nil, v)
	}))
}

// mayMake refuses who may not make one, what cannot be meant, and one too many.
func (t terms[T]) mayMake(c *Catalog, ctx context.Context, who actor.Actor, v *T) error {
	if err := Allow(who, PermPrice, metaOf(v).Organization, 0); err != nil {
		return err
	}
	if err := t.check(v); err != nil {
		return err
	}
	return room(ctx, t.kit, metaOf(v).Organization)
}

// made is what belongs to a new object; pass notes who carried it out.
func (t terms[T]) made(pass func(tx *sqldb.Tx, v *T) error) func(tx *sqldb.Tx, v *T) error {
	return func(tx *sqldb.Tx, v *T) error {
		if err := pass(tx, v); err != nil {
			return err
		}
		return t.finish(tx, nil, v)
	}
}

// changeTerms replaces an object, or asks a second person for it.
func changeTerms[T any](c *Catalog, ctx context.Context, t terms[T], who actor.Actor,
	wrote T) (*T, error) {
	m := metaOf(&wrote)
	if c.cfg.Approvals != nil && who.Kind == actor.Staff {
		was, err := t.kit.store.Get(ctx, scopeOf(m.Organization), m.ID)
		if err != nil {
			return nil, err
		}
		if err := t.ask(c, ctx, who, was, &wrote); err != nil {
			return nil, err
		}
	}
	return amend(c, ctx, t.kit, who, refOf(*m), "changed", t.edited(who, &wrote,
		func(tx *sqldb.Tx, was, next *T) error { return t.alone(c, tx, who, was, next) }))
}

// edited puts what a person wrote into the object; pass notes who carried it out.
func (t terms[T]) edited(who actor.Actor, wrote *T,
	pass func(tx *sqldb.Tx, was, next *T) error) func(tx *sqldb.Tx, was, next *T) error {
	return func(tx *sqldb.Tx, was, next *T) error {
		if err := Allow(who, PermPrice, metaOf(was).Organization, 0); err != nil {
			return err
		}
		if err := t.take(was, next, wrote); err != nil {
			return err
		}
		if err := t.check(next); err != nil {
			return err
		}
		if err := t.finish(tx, was, next); err != nil {
			return err
		}
		return pass(tx, was, next)
	}
}

// caseOf is what decides whether two people are needed to go from one to the other. Names
// alone, and what is retired before and after, need nobody.
func (t terms[T]) caseOf(was, next *T) approval.Case {
	cs := approval.Case{Kind: t.kind, Organization: metaOf(next).Organization, AddsUp: true}
	after := t.facts(next)
	cs.Free = len(changesOf(t.before(was), after)) == 0 || t.ends && len(after) == 0
	if cs.Free {
		return cs
	}
	if len(after) > 0 {
		most, bounded := t.atMost(next)
		cs.Amount, cs.NoBound = most, !bounded
	} else { // what there is instead is told by others
		cs.NoBound = true
	}
	return cs
}

func (t terms[T]) before(was *T) []fact {
	if was == nil {
		return nil
	}
	return t.facts(was)
}

// ask makes a request where the house wants two people. What would refuse the command
// refuses it now, not when somebody agrees.
func (t terms[T]) ask(c *Catalog, ctx context.Context, who actor.Actor, was, wrote *T) error {
	if c.cfg.Approvals == nil || who.Kind != actor.Staff {
		return nil
	}
	next, err := t.planned(was, wrote)
	if err != nil {
		return err
	}
	cs := t.caseOf(was, next)
	if cs.Free {
		return nil
	}
	return c.cfg.Approvals.Pass(ctx, who, cs, func() (approval.Ask, error) {
		if err := t.try(c, ctx, who, was, wrote); err != nil {
			return approval.Ask{}, err
		}
		in, err := json.Marshal(heldTerms[T]{*wrote})
		out := approval.Ask{Title: t.name(next), Input: in,
			Changes: changesOf(t.before(was), t.facts(next))}
		if was != nil {
			out.Object = objectOf(t.kit.kind, *metaOf(wrote))
		}
		if after := t.facts(next); len(after) > 0 {
			most := approval.Change{What: "costs_at_most", After: "no bound / 无上限"}
			if !cs.NoBound {
				most.After = amountText(cs.Amount)
			}
			out.Changes = append(out.Changes, most)
		}
		return out, err
	})
}

// planned is what there would be.
func (t terms[T]) planned(was, wrote *T) (*T, error) {
	next := *wrote
	if was != nil {
		next = *was
		if err := t.take(was, &next, wrote); err != nil {
			return nil, err
		}
	}
	return &next, t.check(&next)
}

// try carries the command out and undoes it.
func (t terms[T]) try(c *Catalog, ctx context.Context, who actor.Actor, was, wrote *T) error {
	if was != nil {
		_, _, err := tryOut(c, ctx, t.kit, who, refOf(*metaOf(wrote)), "changed",
			t.edited(who, wrote, func(*sqldb.Tx, *T, *T) error { return nil }))
		return err
	}
	err := c.inTx(ctx, func(tx *sqldb.Tx) error {
		v := *wrote
		metaOf(&v).ID = c.cfg.IDs.Next()
		err := insert(c, tx, t.kit, &v, t.made(func(*sqldb.Tx, *T) error { return nil }))
		return firstError(err, errTried)
	})
	if errors.Is(err, errTried) {
		err = nil
	}
	return err
}

// alone notes that one person carried it out.
func (t terms[T]) alone(c *Catalog, tx *sqldb.Tx, who actor.Actor, was, next *T) error {
	if c.cfg.Approvals == nil {
		return nil
	}
	object := journal.Object{Kind: string(t.kit.kind), ID: metaOf(next).ID, Revision: 1}
	if was != nil {
		if len(changedFields(was, next)) == 0 {
			return nil // nothing is written
		}
		object.Revision = metaOf(was).Revision + 1
	}
	return c.cfg.Approvals.Alone(tx, who, t.caseOf(was, next), object)
}

// carryTerms does what two people agreed to.
func carryTerms[T any](c *Catalog, ctx context.Context, t terms[T], in approval.Carried,
	done approval.Once) error {
	var held heldTerms[T]
	if err := json.Unmarshal(in.Request.Input, &held); err != nil {
		return err
	}
	m := metaOf(&held.Wrote)
	if m.ID != 0 {
		return carry(c, ctx, t.kit, in.As, refOf(*m), "changed", done, t.edited(in.As, &held.Wrote,
			func(*sqldb.Tx, *T, *T) error { return nil }))
	}
	if err := t.mayMake(c, ctx, in.As, &held.Wrote); err != nil {
		return err
	}
	_, err := add(c, ctx, t.kit, in.As, &held.Wrote, t.made(func(tx *sqldb.Tx, v *T) error {
		return done(tx, journal.Object{Kind: string(t.kit.kind), ID: metaOf(v).ID, Revision: 1})
	}))
	return err
}

// changesOf lists what is different, in the order of the facts: those that stay or come
// first, then those that go.
func changesOf(before, after []fact) []approval.Change {
	had := map[string]string{}
	for _, f := range before {
		had[f.what] = f.text
	}
	var out []approval.Change
	for _, f := range after {
		if had[f.what] != f.text {
			out = append(out, approval.Change{What: f.what, Before: had[f.what], After: f.text})
		}
		delete(had, f.what)
	}
	for _, f := range before {
		if text := had[f.what]; text != "" {
			out = append(out, approval.Change{What: f.what, Before: text})
		}
	}
	return out
}

func amountText(m money.Minor) string { return fmt.Sprintf("%d.%02d", m/100, m%100) }
