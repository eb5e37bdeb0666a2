package approval

import (
	"context"
	"encoding/json"
	"strconv"

	"foyer/internal/actor"
	"foyer/internal/fault"
	"foyer/internal/journal"
	"foyer/internal/money"
	"foyer/internal/sqldb"
)

// Rules are the organization's rules, one for each kind that a house may switch.
func (g *Gate) Rules(ctx context.Context, who actor.Actor, s actor.Scope) ([]Rule, error) {
	if err := belongs(who, s); err != nil {
		return nil, err
	}
	if !who.May(PermRules, s.Organization, 0) && !g.decides(who, s) {
		return nil, fault.NotAllowed.With("permission", string(PermRules))
	}
	have, err := g.Store.Rules(ctx, s)
	var list []Rule
	for _, spec := range g.specs {
		if spec.Kind != KindRules {
			list = append(list, ruleOf(have, s.Organization, spec.Kind))
		}
	}
	return list, err
}

// SetRule says whether a kind of command needs two people. Making a rule stricter takes one
// person; loosening it takes two, or the rule would protect nothing. Refused with
// fault.Missing, fault.NotAllowed, ErrKind, fault.BadInput, and with what Pass refuses with.
func (g *Gate) SetRule(ctx context.Context, who actor.Actor, r Rule) (Rule, error) {
	scope := actor.Scope{Organization: r.Organization}
	if err := belongs(who, scope); err != nil {
		return r, err
	}
	if !who.May(PermRules, r.Organization, 0) {
		return r, fault.NotAllowed.With("permission", string(PermRules))
	}
	if err := g.checkRule(&r); err != nil {
		return r, err
	}
	have, err := g.Store.Rules(ctx, scope)
	if err != nil {
		return r, err
	}
	was := ruleOf(have, r.Organization, r.Kind)
	if r.looser(was) {
		c := Case{Kind: KindRules, Organization: r.Organization, Always: true}
		err := g.Pass(ctx, who, c, func() (Ask, error) { return g.askRule(was, r) })
		if err != nil {
			return r, err
		}
	}
	alone := func(*sqldb.Tx, ...journal.Object) error { return nil }
	return r, g.putRule(ctx, who, ruleChange{was, r}, alone)
}

func (g *Gate) checkRule(r *Rule) error {
	spec := g.spec(r.Kind)
	if spec == nil || r.Kind == KindRules {
		return ErrKind.At("kind", "unknown kind / 未知事项")
	}
	if r.Days == 0 {
		r.Days = usualDays
	}
	var p fault.Problems
	if r.Days < 1 || r.Days > MaxDays {
		p.Add("days", "must be within 1..%d / 应为 1 至 %d 天", MaxDays, MaxDays)
	}
	if r.Over < 0 || r.Over > money.Max || r.Over > 0 && !spec.Sums {
		p.Add("over_minor", "is not an amount that this kind counts / 该事项不按金额区分")
	}
	return p.Err()
}

// ruleChange is the input of a change of rules: what there was, and what is to be.
type ruleChange struct{ Was, Next Rule }

func (g *Gate) askRule(was, next Rule) (Ask, error) {
	in, err := json.Marshal(ruleChange{was, next})
	say := func(r Rule) string {
		if !r.Enabled {
			return "off"
		}
		return "on, over " + strconv.FormatInt(int64(r.Over), 10)
	}
	return Ask{Object: journal.Object{Kind: "org", ID: next.Organization}, Input: in,
		Title:   g.spec(next.Kind).Zh + " / " + g.spec(next.Kind).En,
		Changes: []Change{{string(next.Kind), say(was), say(next)}}}, err
}

func (g *Gate) carryRules(ctx context.Context, c Carried, done Once) error {
	var in ruleChange
	if err := json.Unmarshal(c.Request.Input, &in); err != nil {
		return err
	}
	return g.putRule(ctx, c.As, in, done)
}

// putRule stores a rule over the one that it was made from; fault.Stale over another.
func (g *Gate) putRule(ctx context.Context, who actor.Actor, in ruleChange,
	also Once,
) error {
	next := in.Next
	raw, err := json.Marshal(map[string]any{"kind": next.Kind, "enabled": next.Enabled,
		"over_minor": next.Over, "days": next.Days})
	if err != nil {
		return err
	}
	return g.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		if err := also(tx); err != nil {
			return err
		}
		have, err := g.Store.RulesIn(tx, actor.Scope{Organization: next.Organization})
		if err != nil {
			return err
		}
		if ruleOf(have, next.Organization, next.Kind) != in.Was {
			return fault.Stale
		}
		if err := g.Store.PutRule(tx, next); err != nil {
			return err
		}
		g.Journal.Append(tx, journal.Entry{Actor: who, Organization: next.Organization,
			Action:  "approval.rule_set",
			Objects: []journal.Object{{Kind: "org", ID: next.Organization}}, Data: raw})
		return nil
	})
}
