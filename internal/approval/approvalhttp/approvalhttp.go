// Package approvalhttp is the routes of commands that wait for a second person.
package approvalhttp

import (
	"context"
	"net/http"
	"strings"
	"time"

	"foyer/internal/actor"
	"foyer/internal/approval"
	"foyer/internal/fault"
	"foyer/internal/httpx"
	"foyer/internal/idgen"
	"foyer/internal/money"
)

const (
	kindOrganization idgen.Kind = "org"
	kindVenue        idgen.Kind = "ven"
	kindStaff        idgen.Kind = "stf"

	root = "/api/v1/staff/organizations/{org}"
	tag  = "staff: approvals"
)

// Body is a request as people read it.
type Body struct {
	ID        string            `json:"id"`
	Kind      approval.Kind     `json:"kind" example:"price_list.change"`
	State     approval.State    `json:"state" enum:"pending,done,refused,withdrawn,stale,expired"`
	Venue     string            `json:"venue_id,omitempty"`
	Object    string            `json:"object_id,omitempty" doc:"what the command changes"`
	Revision  int64             `json:"object_revision,omitempty"`
	Made      string            `json:"made_id,omitempty" doc:"what carrying it out made"`
	Amount    money.Minor       `json:"amount_minor,omitempty"`
	Title     string            `json:"title"`
	Reason    string            `json:"reason,omitempty"`
	AskedBy   personBody        `json:"asked_by"`
	AskedAt   time.Time         `json:"asked_at"`
	ExpiresAt time.Time         `json:"expires_at"`
	DecidedBy *personBody       `json:"decided_by,omitempty"`
	DecidedAt *time.Time        `json:"decided_at,omitempty"`
	Answer    string            `json:"answer,omitempty"`
	Problem   string            `json:"problem,omitempty" doc:"code of why it is stale"`
	Changes   []approval.Change `json:"changes" nullable:"false"`
	More      int               `json:"more_changes,omitempty"`
}

type personBody struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Shown makes what the API says of a request; public makes ids. The gate answers a command
// that waits with the same body.
func Shown(public func(idgen.Kind, int64) string) func(*approval.Request, time.Time) any {
	return func(r *approval.Request, now time.Time) any { return show(public, r, now) }
}

func show(public func(idgen.Kind, int64) string, r *approval.Request, now time.Time) Body {
	b := Body{ID: public(approval.KindRequest, r.ID), Kind: r.Kind, State: r.StateAt(now),
		Amount: r.Amount, Title: r.Doc.Title, Reason: r.Doc.Reason,
		AskedBy: personBody{public(kindStaff, r.AskedBy), r.Doc.Asker}, AskedAt: r.AskedAt,
		ExpiresAt: r.ExpiresAt, Answer: r.Doc.Answer, Problem: r.Problem, Changes: r.Doc.Changes,
		More: r.Doc.More}
	if b.Changes == nil {
		b.Changes = []approval.Change{}
	}
	if r.Venue != 0 {
		b.Venue = public(kindVenue, r.Venue)
	}
	if r.Object.ID != 0 {
		b.Object, b.Revision = public(idgen.Kind(r.Object.Kind), r.Object.ID), r.Object.Revision
	}
	if r.Made.ID != 0 {
		b.Made = public(idgen.Kind(r.Made.Kind), r.Made.ID)
	}
	if r.DecidedBy != 0 {
		b.DecidedBy = &personBody{public(kindStaff, r.DecidedBy), r.Doc.Decider}
		at := r.DecidedAt
		b.DecidedAt = &at
	}
	return b
}

type door struct {
	gate    *approval.Gate
	keys    httpx.Keys
	cursors *httpx.Cursors
}

// Mount adds the routes.
func Mount(api *httpx.API, g *approval.Gate) {
	d := &door{g, api.Keys(), api.Cursors()}
	op := func(method, path, id, summary, text string, refusals ...*fault.Definition) httpx.Op {
		return httpx.Op{Method: method, Path: root + path, OperationID: id, Summary: summary,
			Description: text, Tag: tag, Access: httpx.SignedInStaff, Status: http.StatusOK,
			Refusals: append(refusals, fault.Missing)}
	}
	httpx.Register(api, op("GET", "/approvals", "list-approvals", "Commands that wait, or waited",
		"Newest first. Those who decide see all, others their own."), d.list)
	httpx.Register(api, op("GET", "/approvals/counts", "count-approvals", "How many wait",
		"What waits for the caller to decide, and of his own for others."), d.counts)
	httpx.Register(api, op("GET", "/approvals/{id}", "get-approval", "One request", "",
		fault.NotAllowed), d.get)
	decided := []*fault.Definition{approval.ErrOwn, approval.ErrDecided, approval.ErrExpired,
		fault.NotAllowed}
	httpx.Register(api, op("POST", "/approvals/{id}/agree", "agree-approval",
		"Agree: carry it out as it was asked",
		"It happens in the name of its asker, once. A repeat changes nothing.",
		append(decided, approval.ErrStale, approval.ErrAskerLeft)...), d.agree)
	httpx.Register(api, op("POST", "/approvals/{id}/refuse", "refuse-approval",
		"Refuse, with a reason", "", append(decided, approval.ErrReason)...), d.refuse)
	httpx.Register(api, op("POST", "/approvals/{id}/withdraw", "withdraw-approval",
		"Take one's own request back", "", approval.ErrDecided, approval.ErrExpired,
		fault.NotAllowed), d.withdraw)
	httpx.Register(api, op("GET", "/approval-rules", "list-approval-rules",
		"Which commands need two people", "", fault.NotAllowed), d.rules)
	put := op("PUT", "/approval-rules/{kind}", "set-approval-rule",
		"Say whether a command needs two people",
		"Loosening a rule needs two people itself: 202 with the request.",
		approval.ErrKind, fault.NotAllowed, fault.Stale)
	put.Access = httpx.StaffOnly(approval.PermRules)
	httpx.Register(api, put, d.setRule)
}

func (d *door) scope(org string) (actor.Scope, error) {
	id, err := d.keys.Parse(kindOrganization, org)
	return actor.Scope{Organization: id}, err
}

// IDParam is the path of a request. It is exported since the document reads only exported
// embedded fields.
type IDParam struct {
	Org string `path:"org" maxLength:"64"`
	ID  string `path:"id" maxLength:"64"`
}

func (d *door) parse(in IDParam) (actor.Scope, int64, error) {
	scope, err := d.scope(in.Org)
	if err != nil {
		return scope, 0, err
	}
	id, err := d.keys.Parse(approval.KindRequest, in.ID)
	return scope, id, err
}

type requestOut struct{ Body Body }

func (d *door) answer(r *approval.Request, err error) (*requestOut, error) {
	if err != nil {
		return nil, err
	}
	return &requestOut{show(d.keys.Public, r, d.gate.Clock.Now())}, nil
}

type listIn struct {
	Org   string         `path:"org" maxLength:"64"`
	State approval.State `query:"state" enum:"pending,done,refused,withdrawn,stale,expired"`
	Kind  approval.Kind  `query:"kind" maxLength:"40"`
	Mine  bool           `query:"mine" doc:"only what the caller asked for"`
	httpx.PageQuery
}

type listOut struct{ Body httpx.Page[Body] }

func (d *door) list(ctx context.Context, in *listIn) (*listOut, error) {
	scope, err := d.scope(in.Org)
	if err != nil {
		return nil, err
	}
	who := httpx.ActorOf(ctx)
	f := approval.Filter{State: in.State, Kind: in.Kind, Limit: in.Limit}
	name := strings.Join([]string{"approvals", in.Org, string(in.State), string(in.Kind)}, "\x00")
	if in.Mine {
		f.Asker = who.ID
		name += "\x00mine"
	}
	if in.Cursor != "" {
		if err := d.cursors.Open(name, in.Cursor, &f.Before); err != nil {
			return nil, err
		}
	}
	list, next, err := d.gate.List(ctx, who, scope, f)
	if err != nil {
		return nil, err
	}
	out := &listOut{httpx.Page[Body]{Items: make([]Body, len(list))}}
	now := d.gate.Clock.Now()
	for i, r := range list {
		out.Body.Items[i] = show(d.keys.Public, r, now)
	}
	if next != 0 {
		out.Body.NextCursor = d.cursors.Seal(name, next)
	}
	return out, nil
}

type countsIn struct {
	Org string `path:"org" maxLength:"64"`
}

type countsOut struct {
	Body struct {
		Waiting int                   `json:"waiting" doc:"for the caller to decide"`
		Mine    int                   `json:"mine" doc:"of the caller's own, for others"`
		Kinds   map[approval.Kind]int `json:"kinds" doc:"of waiting"`
	}
}

func (d *door) counts(ctx context.Context, in *countsIn) (*countsOut, error) {
	scope, err := d.scope(in.Org)
	if err != nil {
		return nil, err
	}
	box, err := d.gate.Inbox(ctx, httpx.ActorOf(ctx), scope)
	if err != nil {
		return nil, err
	}
	out := &countsOut{}
	out.Body.Waiting, out.Body.Mine, out.Body.Kinds = box.Waiting, box.Mine, box.Kinds
	return out, nil
}

func (d *door) get(ctx context.Context, in *IDParam) (*requestOut, error) {
	scope, id, err := d.parse(*in)
	if err != nil {
		return nil, err
	}
	return d.answer(d.gate.Get(ctx, httpx.ActorOf(ctx), scope, id))
}

type agreeIn struct {
	IDParam
	Body struct {
		Answer string `json:"answer,omitempty" maxLength:"300" doc:"words to the asker"`
	}
}

func (d *door) agree(ctx context.Context, in *agreeIn) (*requestOut, error) {
	scope, id, err := d.parse(in.IDParam)
	if err != nil {
		return nil, err
	}
	return d.answer(d.gate.Agree(ctx, httpx.ActorOf(ctx), scope, id, in.Body.Answer))
}

type refuseIn struct {
	IDParam
	Body struct {
		Reason string `json:"reason" maxLength:"300"`
	}
}

func (d *door) refuse(ctx context.Context, in *refuseIn) (*requestOut, error) {
	scope, id, err := d.parse(in.IDParam)
	if err != nil {
		return nil, err
	}
	return d.answer(d.gate.Refuse(ctx, httpx.ActorOf(ctx), scope, id, in.Body.Reason))
}

func (d *door) withdraw(ctx context.Context, in *IDParam) (*requestOut, error) {
	scope, id, err := d.parse(*in)
	if err != nil {
		return nil, err
	}
	return d.answer(d.gate.Withdraw(ctx, httpx.ActorOf(ctx), scope, id))
}

type ruleBody struct {
	Kind    approval.Kind `json:"kind"`
	Zh      string        `json:"name"`
	En      string        `json:"name_en"`
	Enabled bool          `json:"enabled"`
	Over    money.Minor   `json:"over_minor" doc:"up to this amount one person may; 0: never"`
	Days    int           `json:"days" doc:"how long a request waits"`
	Sums    bool          `json:"has_amount" doc:"whether over_minor means anything"`
}

func (d *door) rule(r approval.Rule) ruleBody {
	b := ruleBody{Kind: r.Kind, Enabled: r.Enabled, Over: r.Over, Days: r.Days}
	for _, s := range d.gate.Specs() {
		if s.Kind == r.Kind {
			b.Zh, b.En, b.Sums = s.Zh, s.En, s.Sums
		}
	}
	return b
}

type rulesOut struct {
	Body struct {
		Items []ruleBody `json:"items" nullable:"false"`
	}
}

func (d *door) rules(ctx context.Context, in *countsIn) (*rulesOut, error) {
	scope, err := d.scope(in.Org)
	if err != nil {
		return nil, err
	}
	list, err := d.gate.Rules(ctx, httpx.ActorOf(ctx), scope)
	if err != nil {
		return nil, err
	}
	out := &rulesOut{}
	out.Body.Items = make([]ruleBody, len(list))
	for i, r := range list {
		out.Body.Items[i] = d.rule(r)
	}
	return out, nil
}

type setRuleIn struct {
	Org  string        `path:"org" maxLength:"64"`
	Kind approval.Kind `path:"kind" maxLength:"40"`
	Body struct {
		Enabled bool        `json:"enabled"`
		Over    money.Minor `json:"over_minor,omitempty" minimum:"0"`
		Days    int         `json:"days,omitempty" minimum:"0" maximum:"30" doc:"empty: 3"`
	}
}

type ruleOut struct{ Body ruleBody }

func (d *door) setRule(ctx context.Context, in *setRuleIn) (*ruleOut, error) {
	scope, err := d.scope(in.Org)
	if err != nil {
		return nil, err
	}
	r, err := d.gate.SetRule(ctx, httpx.ActorOf(ctx), approval.Rule{
		Organization: scope.Organization, Kind: in.Kind, Enabled: in.Body.Enabled,
		Over: in.Body.Over, Days: in.Body.Days})
	if err != nil {
		return nil, err
	}
	return &ruleOut{d.rule(r)}, nil
}
