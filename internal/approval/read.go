package approval

import (
	"context"
	"slices"

	"foyer/internal/actor"
	"foyer/internal/fault"
)

// sees says whether somebody may read a request: its asker, and those who decide there.
func sees(who actor.Actor, r *Request) bool {
	return r.AskedBy == who.ID || who.May(PermDecide, r.Organization, r.Venue)
}

// belongs refuses with fault.Missing who has nothing to do with the organization.
func belongs(who actor.Actor, s actor.Scope) error {
	if who.Kind != actor.Staff || !slices.Contains(who.Organizations(), s.Organization) {
		return fault.Missing
	}
	return nil
}

// Get is a request that the actor may see. It refuses with fault.Missing whoever has nothing
// to do with the organization, and with fault.NotAllowed other colleagues.
func (g *Gate) Get(ctx context.Context, who actor.Actor, s actor.Scope, id int64) (
	*Request, error,
) {
	if err := belongs(who, s); err != nil {
		return nil, err
	}
	r, err := g.Store.Get(ctx, s, id)
	if err == nil && !sees(who, r) {
		err = fault.NotAllowed.With("permission", string(PermDecide))
	}
	return r, err
}

// List is a page of requests, newest first: all for those who decide in the whole
// organization, and for everybody else his own. Deciders of one venue see that venue's among
// what the page holds, so a page of theirs may be shorter than asked for. next is the key to
// read below, 0 after the last page.
func (g *Gate) List(ctx context.Context, who actor.Actor, s actor.Scope, f Filter) (
	list []*Request, next int64, err error,
) {
	if err := belongs(who, s); err != nil {
		return nil, 0, err
	}
	if !g.decides(who, s) {
		f.Asker = who.ID
	}
	f.Now = g.Clock.Now()
	page := f.Limit
	f.Limit++
	list, err = g.Store.List(ctx, s, f)
	if len(list) > page {
		list = list[:page]
		next = list[page-1].ID
	}
	return slices.DeleteFunc(list, func(r *Request) bool { return !sees(who, r) }), next, err
}

// decides says whether the actor decides anywhere in the organization.
func (g *Gate) decides(who actor.Actor, s actor.Scope) bool {
	return slices.ContainsFunc(who.Grants, func(gr actor.Grant) bool {
		return gr.Organization == s.Organization && who.May(PermDecide, s.Organization, gr.Venue)
	})
}

// Inbox is how many requests wait: for the actor to decide, and of his own for others.
type Inbox struct {
	Waiting int
	Mine    int
	Kinds   map[Kind]int // of Waiting
}

// Inbox counts what waits.
func (g *Gate) Inbox(ctx context.Context, who actor.Actor, s actor.Scope) (Inbox, error) {
	in := Inbox{Kinds: map[Kind]int{}}
	if err := belongs(who, s); err != nil {
		return in, err
	}
	counts, err := g.Store.Counts(ctx, s, g.Clock.Now())
	for _, c := range counts {
		if c.Asker == who.ID {
			in.Mine += c.N
			continue
		}
		spec := g.spec(c.Kind)
		if spec != nil && who.May(PermDecide, s.Organization, c.Venue) &&
			who.May(spec.Permission, s.Organization, c.Venue) {
			in.Waiting += c.N
			in.Kinds[c.Kind] += c.N
		}
	}
	return in, err
}
