// Package journalhttp is the journal's route for staff: who did what, by object and actor.
package journalhttp

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"foyer/internal/actor"
	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/httpx"
	"foyer/internal/idgen"
	"foyer/internal/journal"
)

// View lets staff read the journal of their organization.
const View actor.Permission = "journal.view"

const kindOrganization idgen.Kind = "org"

// actorKinds are the kinds of ids that an actor can have.
var actorKinds = map[idgen.Kind]actor.Kind{
	"mem": actor.Member, "stf": actor.Staff, "dev": actor.Device,
}

// Finder searches the journal; journal.Journal implements it.
type Finder interface {
	Find(ctx context.Context, s journal.Search) ([]journal.Row, *journal.Search, error)
}

type door struct {
	finder  Finder
	keys    httpx.Keys
	cursors *httpx.Cursors
}

// Mount adds the route of the journal.
func Mount(api *httpx.API, f Finder) {
	d := &door{f, api.Keys(), api.Cursors()}
	httpx.Register(api, httpx.Op{Method: http.MethodGet,
		Path:        "/api/v1/staff/organizations/{org}/journal",
		OperationID: "search-journal", Tag: "journal",
		Summary: "Search the journal of an organization",
		Description: "Entries, newest first, by object (`ord_…`), actor (`stf_…`, `mem_…`, " +
			"`dev_…`) and time. An entry appears within seconds. Personal values are never " +
			"shown here.",
		Access: httpx.StaffOnly(View), Refusals: []*fault.Definition{fault.Missing,
			fault.NotAllowed, fault.BadInput}}, d.search)
}

type searchIn struct {
	Org    string    `path:"org" maxLength:"40" doc:"the organization"`
	Object string    `query:"object" maxLength:"40" doc:"public id of what the entry is about"`
	Actor  string    `query:"actor" maxLength:"40" doc:"public id of who did it"`
	From   time.Time `query:"from" doc:"not before, RFC 3339"`
	Until  time.Time `query:"to" doc:"not after, RFC 3339"`
	httpx.PageQuery
}

type searchOut struct{ Body httpx.Page[entryView] }

type entryView struct {
	Position string          `json:"position" doc:"lane and number in it" example:"1/4711"`
	At       time.Time       `json:"at"`
	Action   string          `json:"action" example:"order.placed"`
	Actor    actorView       `json:"actor"`
	Objects  []objectView    `json:"objects" nullable:"false"`
	Details  json.RawMessage `json:"details,omitempty" doc:"what was recorded; by action"`
	Hash     []byte          `json:"hash" doc:"the entry's link of the chain, SHA-256"`
}

type actorView struct {
	Kind string `json:"kind" enum:"anonymous,member,staff,device,system"`
	ID   string `json:"id,omitempty"`
}

type objectView struct {
	ID       string `json:"id"`
	Revision int64  `json:"revision,omitempty"`
}

// position is what a cursor holds.
type position struct {
	Lane int   `json:"l"`
	N    int64 `json:"n"`
	At   int64 `json:"a"`
}

// search refuses an organization that is not the caller's with fault.Missing, staff of it
// without the permission with fault.NotAllowed, and ids that name nothing with Missing.
func (d *door) search(ctx context.Context, in *searchIn) (*searchOut, error) {
	s, err := d.ask(ctx, in)
	if err != nil {
		return nil, err
	}
	list := "journal\x00" + strings.Join([]string{in.Org, in.Object, in.Actor,
		in.From.UTC().Format(time.RFC3339Nano), in.Until.UTC().Format(time.RFC3339Nano)}, "\x00")
	if in.Cursor != "" {
		var at position
		if err := d.cursors.Open(list, in.Cursor, &at); err != nil {
			return nil, err
		}
		s.Before = journal.Position{Lane: at.Lane, N: at.N}
		s.BeforeAt = clock.FromMillis(at.At)
	}
	rows, next, err := d.finder.Find(ctx, s)
	if err != nil {
		return nil, err
	}
	out := &searchOut{httpx.Page[entryView]{Items: make([]entryView, len(rows))}}
	for i, r := range rows {
		if out.Body.Items[i], err = d.show(r); err != nil {
			return nil, err
		}
	}
	if next != nil {
		out.Body.NextCursor = d.cursors.Seal(list, position{next.Before.Lane, next.Before.N,
			clock.Millis(next.BeforeAt)})
	}
	return out, nil
}

func (d *door) ask(ctx context.Context, in *searchIn) (s journal.Search, err error) {
	who := httpx.ActorOf(ctx)
	org, err := d.keys.Parse(kindOrganization, in.Org)
	switch {
	case err != nil:
		return s, err
	case !slices.Contains(who.Organizations(), org):
		return s, fault.Missing
	case !who.May(View, org, 0):
		return s, fault.NotAllowed
	}
	s = journal.Search{Organization: org, From: in.From, Until: in.Until, Limit: in.Limit}
	if in.Object != "" {
		kind := kindOf(in.Object)
		if s.Object.ID, err = d.keys.Parse(kind, in.Object); err != nil {
			return s, err
		}
		s.Object.Kind = string(kind)
	}
	if in.Actor != "" {
		kind := kindOf(in.Actor)
		s.ActorKind = actorKinds[kind]
		if s.ActorKind == actor.Anonymous {
			return s, fault.BadInput.At("actor", "is no member, staff or device / 不是操作者")
		}
		s.ActorID, err = d.keys.Parse(kind, in.Actor)
	}
	return s, err
}

func kindOf(public string) idgen.Kind {
	kind, _, _ := strings.Cut(public, "_")
	return idgen.Kind(kind)
}

func (d *door) show(r journal.Row) (entryView, error) {
	body, err := r.Body()
	if err != nil {
		return entryView{}, err
	}
	v := entryView{Position: r.Position.String(), At: r.At.UTC(), Action: r.Action,
		Actor:   actorView{Kind: r.ActorKind.String()},
		Objects: make([]objectView, len(body.Objects)), Details: details(body.Data), Hash: r.Hash}
	for kind, k := range actorKinds {
		if k == r.ActorKind {
			v.Actor.ID = d.keys.Public(kind, r.ActorID)
		}
	}
	for i, o := range body.Objects {
		v.Objects[i] = objectView{d.keys.Public(idgen.Kind(o.Kind), o.ID), o.Revision}
	}
	return v, nil
}
