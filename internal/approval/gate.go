package approval

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"foyer/internal/actor"
	"foyer/internal/fault"
	"foyer/internal/journal"
	"foyer/internal/money"
	"foyer/internal/sqldb"
)

// Gate turns commands into requests and carries out those that were agreed to. Make one
// with New and register every kind before the first command.
type Gate struct {
	Parts
	specs []Spec
}

var _ Port = (*Gate)(nil)

// New makes a gate that knows the kind of its own rules.
func New(p Parts) *Gate {
	g := &Gate{Parts: p}
	g.Register(Spec{Kind: KindRules, Zh: "放宽双人审批规则", En: "Loosening these rules",
		Permission: PermRules, Carry: g.carryRules})
	return g
}

// Register adds a kind. It panics on a twin and on one that is not whole: modules that are
// joined wrongly must not reach a start.
func (g *Gate) Register(s Spec) {
	if s.Kind == "" || s.Permission == "" || s.Carry == nil || g.spec(s.Kind) != nil {
		panic("approval: the kind " + string(s.Kind) + " is not whole, or is there twice")
	}
	g.specs = append(g.specs, s)
}

// Specs are the kinds in the order of registration.
func (g *Gate) Specs() []Spec { return g.specs }

func (g *Gate) spec(k Kind) *Spec {
	if i := slices.IndexFunc(g.specs, func(s Spec) bool { return s.Kind == k }); i >= 0 {
		return &g.specs[i]
	}
	return nil
}

// maxOpen is how many requests of one person may wait at the same time.
const maxOpen = 200

// Pass lets a command go on or turns it into a request; see Port. Only staff are asked: what
// buyers and Foyer itself do is not for two people. Refused with what make refuses with, and
// with ErrTooMany.
func (g *Gate) Pass(ctx context.Context, who actor.Actor, c Case, make func() (Ask, error)) error {
	if who.Kind != actor.Staff {
		return nil
	}
	rule, err := g.rule(ctx, c)
	if err != nil {
		return err
	}
	var before money.Minor
	if rule.adds(c) {
		before, err = g.Store.Alone(ctx, actor.Scope{Organization: c.Organization}, c.Kind, who.ID,
			g.Clock.Now().Add(-aDay))
	}
	if err != nil || !rule.asks(c, before) {
		return err
	}
	ask, err := make()
	if err != nil || len(ask.Input) == 0 {
		return err
	}
	r, err := g.request(ctx, who, c, ask)
	if err != nil {
		return err
	}
	err = g.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		kept, err := g.keep(tx, who, r, rule)
		r = kept
		return err
	})
	if err != nil {
		return err
	}
	return &Asked{r, g.Show(r, g.Clock.Now())}
}

// rule is the organization's rule for a kind, or the usual one, which is off.
func (g *Gate) rule(ctx context.Context, c Case) (Rule, error) {
	if g.spec(c.Kind) == nil {
		return Rule{}, fault.Unexpected.Wrap(fmt.Errorf("approval: no kind %q", c.Kind))
	}
	list, err := g.Store.Rules(ctx, actor.Scope{Organization: c.Organization})
	return ruleOf(list, c.Organization, c.Kind), err
}

func ruleOf(list []Rule, organization int64, k Kind) Rule {
	for _, r := range list {
		if r.Kind == k {
			return r
		}
	}
	return Rule{Organization: organization, Kind: k, Days: usualDays}
}

// request is the wish written down; it is kept once its transaction knows the time.
func (g *Gate) request(ctx context.Context, who actor.Actor, c Case, ask Ask) (*Request, error) {
	if len(ask.Input) > maxInput {
		return nil, fault.Unexpected.Wrap(errors.New("approval: an input over the limit"))
	}
	reason, err := words("reason", g.Reason(ctx), false)
	if err != nil {
		return nil, err
	}
	r := &Request{ID: g.IDs.Next(), Organization: c.Organization, Venue: ask.Venue, Kind: c.Kind,
		State: Pending, Object: ask.Object, Amount: c.Amount, AskedBy: who.ID, Input: ask.Input,
		Doc: Doc{Title: ask.Title, Asker: who.Name, Reason: reason, Changes: ask.Changes}}
	if n := len(r.Doc.Changes); n > MaxChanges {
		r.Doc.Changes, r.Doc.More = r.Doc.Changes[:MaxChanges], n-MaxChanges
	}
	r.Digest = digestOf(r)
	return r, nil
}

// digestOf tells a repeated wish of the same person from another one.
func digestOf(r *Request) []byte {
	h := sha256.New()
	head, _ := json.Marshal([]any{r.Kind, r.Object})
	for _, part := range [][]byte{binary.BigEndian.AppendUint64(nil, uint64(r.AskedBy)), head,
		r.Input} {
		sum := sha256.Sum256(part)
		h.Write(sum[:])
	}
	return h.Sum(nil)
}

// keep stores a request, or gives the one that waits for the same already. It leaves the
// value that it was given as it was: the writer may run it twice.
func (g *Gate) keep(tx *sqldb.Tx, who actor.Actor, ask *Request, rule Rule) (*Request, error) {
	r := *ask
	scope := actor.Scope{Organization: r.Organization}
	switch old, err := g.Store.FindOpen(tx, scope, r.Digest); {
	case err != nil:
		return nil, err
	case old != nil && old.StateAt(tx.Now) == Pending:
		return old, nil
	case old != nil: // too old: what it was is told by its time, and its place is free again
		if _, err := g.Store.EndIfPending(tx, lapsed(old)); err != nil {
			return nil, err
		}
	}
	if n, err := g.Store.OpenOf(tx, scope, who.ID); err != nil || n >= maxOpen {
		return nil, orElse(err, ErrTooMany.With("limit", maxOpen))
	}
	r.AskedAt = tx.Now
	r.ExpiresAt = tx.Now.Add(time.Duration(rule.Days) * 24 * time.Hour)
	if err := g.Store.Insert(tx, &r); err != nil {
		return nil, err
	}
	return &r, g.note(tx, who, "approval.asked", &r, nil)
}

// lapsed stores that a request's time is over, in favour of a fresh one of the same wish.
func lapsed(r *Request) *Request {
	c := *r
	c.State, c.DecidedAt = Expired, r.ExpiresAt
	return &c
}

func orElse(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}

// note writes the command's journal row. Both people are in it: who did it is the actor,
// and who had asked is one of its objects.
func (g *Gate) note(tx *sqldb.Tx, who actor.Actor, action string, r *Request,
	more map[string]any,
) error {
	data := map[string]any{"kind": r.Kind, "digest": r.Digest[:16]}
	if r.Amount != 0 {
		data["amount_minor"] = r.Amount
	}
	for k, v := range more {
		data[k] = v
	}
	raw, err := json.Marshal(data)
	if err != nil {
		return err
	}
	objects := []journal.Object{{Kind: string(KindRequest), ID: r.ID},
		{Kind: "stf", ID: r.AskedBy}}
	if r.Object.ID != 0 {
		objects = append(objects, r.Object)
	}
	if r.Made.ID != 0 {
		objects = append(objects, r.Made)
	}
	g.Journal.Append(tx, journal.Entry{Actor: who, Organization: r.Organization, Action: action,
		Objects: objects, Data: raw})
	return nil
}

// words tidies what a person wrote, and refuses what is too long or cannot be shown.
func words(field, text string, required bool) (string, error) {
	text = strings.TrimSpace(text)
	switch {
	case text == "" && required:
		return "", ErrReason.At(field, "is required / 必填")
	case !utf8.ValidString(text) || utf8.RuneCountInString(text) > MaxWords ||
		strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' }):
		return "", ErrReason.At(field, "must be at most 300 printable characters / 最多 300 字")
	}
	return text, nil
}
