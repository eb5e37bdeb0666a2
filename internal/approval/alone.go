package approval

import (
	"context"
	"time"

	"foyer/internal/actor"
	"foyer/internal/journal"
	"foyer/internal/money"
	"foyer/internal/sqldb"
)

// aDay is the time within which amounts of one person's commands add up: the last 24 hours,
// not a date, so that midnight is no way around.
const aDay = 24 * time.Hour

// Pass is how a command was carried out while a rule stood for its kind.
type Pass struct {
	ID           int64
	Organization int64
	Kind         Kind
	Staff        int64 // who gave the command; of a request its asker
	At           time.Time
	Request      int64 // 0: one person carried it out alone
	// Object is what the command made or changed, at the revision that it has since; 0 where
	// the command does not say.
	Object journal.Object
	Amount money.Minor
	Over   money.Minor // what one person might then, of the rule
}

// Passes is the part of a Store that keeps them.
type Passes interface {
	InsertPass(tx *sqldb.Tx, p Pass) error
	// Alone sums what a person carried out alone since a moment.
	Alone(ctx context.Context, s actor.Scope, k Kind, staff int64, since time.Time) (
		money.Minor, error)
	// AloneIn is Alone as the transaction sees it.
	AloneIn(tx *sqldb.Tx, s actor.Scope, k Kind, staff int64, since time.Time) (
		money.Minor, error)
}

// asks says whether the rule asks for a second person; before is what the first carried out
// alone within a day, where the kind's amounts add up.
func (r Rule) asks(c Case, before money.Minor) bool {
	return c.Always || r.Enabled && (r.Over == 0 || c.NoBound ||
		max(before, c.Already)+c.Amount > r.Over)
}

// adds says whether what was done before matters.
func (r Rule) adds(c Case) bool { return c.AddsUp && r.Enabled && r.Over > 0 }

// Alone writes down in the command's own transaction that one person carries it out. It
// refuses with ErrAgain when two are needed after all, since the rule or what the person did
// alone has changed in the moment since Pass. Without a rule it does nothing.
func (g *Gate) Alone(tx *sqldb.Tx, who actor.Actor, c Case, object journal.Object) error {
	if who.Kind != actor.Staff { // Foyer itself is never asked, and may be looked for
		c.Free, c.Amount = true, 0
	}
	scope := actor.Scope{Organization: c.Organization}
	list, err := g.Store.RulesIn(tx, scope)
	rule := ruleOf(list, c.Organization, c.Kind)
	if err != nil || !rule.Enabled {
		return err
	}
	var before money.Minor
	if rule.adds(c) {
		if before, err = g.Store.AloneIn(tx, scope, c.Kind, who.ID, tx.Now.Add(-aDay)); err != nil {
			return err
		}
	}
	if !c.Free && rule.asks(c, before) {
		return ErrAgain
	}
	return g.Store.InsertPass(tx, Pass{ID: g.IDs.Next(), Organization: c.Organization,
		Kind: c.Kind, Staff: who.ID, At: tx.Now, Object: object, Amount: c.Amount,
		Over: rule.Over})
}

// passed writes down that a request was carried out.
func (g *Gate) passed(tx *sqldb.Tx, r *Request) error {
	object := r.Made
	if object.ID == 0 {
		object = r.Object
		object.Revision++
	}
	return g.Store.InsertPass(tx, Pass{ID: g.IDs.Next(), Organization: r.Organization,
		Kind: r.Kind, Staff: r.AskedBy, At: tx.Now, Request: r.ID, Object: object,
		Amount: r.Amount})
}
