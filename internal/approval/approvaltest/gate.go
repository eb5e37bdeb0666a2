// Package approvaltest gives tests a gate on their database and people who decide.
package approvaltest

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"foyer/internal/actor"
	"foyer/internal/approval"
	"foyer/internal/approval/approvaldb"
	"foyer/internal/journal/journaltest"
	"foyer/internal/sqldb"
)

// People is a staff list of its own: whoever was hired stands with his grants.
type People struct {
	mu   sync.Mutex
	list map[int64]actor.Actor
}

// Hire adds a person with permissions in the whole organization.
func (p *People) Hire(id, organization int64, permissions ...actor.Permission) actor.Actor {
	a := actor.Actor{Kind: actor.Staff, ID: id, Name: "员工", Grants: []actor.Grant{
		{Organization: organization, Permissions: permissions}}}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.list == nil {
		p.list = map[int64]actor.Actor{}
	}
	p.list[id] = a
	return a
}

// Fire removes a person; an actor that was read before goes on to claim his rights.
func (p *People) Fire(id int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.list, id)
}

// StandsIn says what the list says now.
func (p *People) StandsIn(_ *sqldb.Tx, staff int64, perm actor.Permission, organization,
	venue int64,
) (bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.list[staff].May(perm, organization, venue), nil
}

type reasonKey struct{}

// WithReason gives a command the reason that a request's header would.
func WithReason(ctx context.Context, reason string) context.Context {
	return context.WithValue(ctx, reasonKey{}, reason)
}

// New is a gate over the bundle's database.
func New(t testing.TB, b *journaltest.Bundle) (*approval.Gate, *People) {
	t.Helper()
	people := &People{}
	return approval.New(approval.Parts{DB: b.DB, Store: approvaldb.New(b.DB), People: people,
		Journal: b.Journal, Clock: b.Clock, IDs: b.IDs, Log: slog.New(slog.DiscardHandler),
		Reason: func(ctx context.Context) string {
			reason, _ := ctx.Value(reasonKey{}).(string)
			return reason
		},
		Show: func(r *approval.Request, _ time.Time) any { return r.ID }}), people
}

// Require switches a rule on.
func Require(t testing.TB, g *approval.Gate, organization int64, k approval.Kind) {
	t.Helper()
	owner := actor.Actor{Kind: actor.Staff, ID: 1, Grants: []actor.Grant{
		{Organization: organization, Permissions: []actor.Permission{actor.Everything}}}}
	_, err := g.SetRule(context.Background(), owner, approval.Rule{Organization: organization,
		Kind: k, Enabled: true})
	if err != nil {
		t.Fatal(err)
	}
}
