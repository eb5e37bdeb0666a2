package cataloghttp

import (
	"context"
	"net/http"
	"strings"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/httpx"
	"foyer/internal/idgen"
)

// resource is one kind of object that staff edit: B is its body, V what they are shown, T
// the object.
type resource[B, V, T any] struct {
	path, one, many string // "venues", "venue", "venues"
	kind            idgen.Kind
	permission      actor.Permission
	text            string
	store           catalog.Store[T]
	meta            func(*T) catalog.Meta
	parse           func(catalog.Meta, *B) (T, error)
	revision        func(*B) int64
	show            func(*T) V
	create, update  func(context.Context, actor.Actor, T) (*T, error)
	noList          bool
}

type (
	listIn struct {
		Org string `path:"org" maxLength:"64"`
		httpx.PageQuery
	}
	objectIn struct {
		Org string `path:"org" maxLength:"64"`
		ID  string `path:"id" maxLength:"64"`
	}
	createIn[B any] struct {
		Org  string `path:"org" maxLength:"64"`
		Body B
	}
	updateIn[B any] struct {
		Org     string `path:"org" maxLength:"64"`
		ID      string `path:"id" maxLength:"64"`
		IfMatch string `header:"If-Match" maxLength:"64" doc:"the ETag that you read"`
		Body    B
	}
)

// edit adds the routes list, get, create and replace of a resource.
func edit[B, V, T any](api *httpx.API, d *door, r resource[B, V, T]) {
	base := root + "/staff/organizations/{org}/" + r.path
	op := func(method, path, id, summary string, refusals ...*fault.Definition) httpx.Op {
		o := httpx.Op{Method: method, Path: path, OperationID: id, Summary: summary,
			Description: r.text, Tag: "staff: catalog", Access: httpx.SignedInStaff,
			MaxBody: 256 << 10, Refusals: append(refusals, fault.Missing)}
		if method != http.MethodGet {
			o.Access = httpx.StaffOnly(r.permission)
			o.Refusals = append(o.Refusals, fault.BadInput, fault.NotAllowed)
		}
		return o
	}
	if !r.noList {
		httpx.Register(api, op(http.MethodGet, base, "staff-list-"+r.many, "List "+r.many),
			func(ctx context.Context, in *listIn) (*answer[httpx.Page[V]], error) {
				return r.list(ctx, d, in)
			})
	}
	httpx.Register(api, op(http.MethodGet, base+"/{id}", "staff-get-"+r.one, "Read "+aThing(r.one)),
		func(ctx context.Context, in *objectIn) (*answer[V], error) { return r.get(ctx, d, in) })
	create := op(http.MethodPost, base, "create-"+r.one, "Make "+aThing(r.one),
		catalog.ErrCodeTaken, catalog.ErrTooManyOffers)
	create.Status = http.StatusCreated
	httpx.Register(api, create,
		func(ctx context.Context, in *createIn[B]) (*answer[V], error) {
			who, org, err := d.sees(ctx, in.Org)
			if err != nil {
				return nil, err
			}
			v, err := r.parse(catalog.Meta{Organization: org}, &in.Body)
			if err != nil {
				return nil, err
			}
			return r.answer(r.create(ctx, who, v))
		})
	httpx.Register(api, op(http.MethodPut, base+"/{id}", "replace-"+r.one, "Replace "+aThing(r.one),
		fault.Stale, catalog.ErrCodeTaken),
		func(ctx context.Context, in *updateIn[B]) (*answer[V], error) {
			return r.replace(ctx, d, in)
		})
}

func (r *resource[B, V, T]) answer(v *T, err error) (*answer[V], error) {
	if err != nil {
		return nil, err
	}
	return &answer[V]{ETag: revisionTag(r.meta(v).Revision), Body: r.show(v)}, nil
}

func (r *resource[B, V, T]) list(ctx context.Context, d *door,
	in *listIn) (*answer[httpx.Page[V]], error) {
	_, org, err := d.sees(ctx, in.Org)
	if err != nil {
		return nil, err
	}
	name := "staff\x00" + r.path + "\x00" + in.Org
	var at listPosition
	if in.Cursor != "" {
		if err := d.cursors.Open(name, in.Cursor, &at); err != nil {
			return nil, err
		}
	}
	list, err := r.store.List(ctx, actor.Scope{Organization: org}, at.ID, in.Limit+1)
	if err != nil {
		return nil, err
	}
	page := httpx.Page[V]{Items: []V{}}
	for i, v := range list {
		if i == in.Limit {
			page.NextCursor = d.cursors.Seal(name, listPosition{r.meta(list[i-1]).ID})
			break
		}
		page.Items = append(page.Items, r.show(v))
	}
	return &answer[httpx.Page[V]]{Body: page}, nil
}

func (r *resource[B, V, T]) get(ctx context.Context, d *door, in *objectIn) (*answer[V], error) {
	_, org, err := d.sees(ctx, in.Org)
	if err != nil {
		return nil, err
	}
	id, err := d.keys.Parse(r.kind, in.ID)
	if err != nil {
		return nil, err
	}
	return r.answer(r.store.Get(ctx, actor.Scope{Organization: org}, id))
}

func (r *resource[B, V, T]) replace(ctx context.Context, d *door,
	in *updateIn[B]) (*answer[V], error) {
	who, org, err := d.sees(ctx, in.Org)
	if err != nil {
		return nil, err
	}
	id, err := d.keys.Parse(r.kind, in.ID)
	if err != nil {
		return nil, err
	}
	revision, err := revisionOf(r.revision(&in.Body), in.IfMatch)
	if err != nil {
		return nil, err
	}
	v, err := r.parse(catalog.Meta{ID: id, Organization: org, Revision: revision}, &in.Body)
	if err != nil {
		return nil, err
	}
	return r.answer(r.update(ctx, who, v))
}

type stateBody struct {
	State    string `json:"state" maxLength:"16"`
	Revision int64  `json:"revision,omitempty" minimum:"0"`
}

// change adds the route that moves an object to another state.
func change[B, V, T any, S ~string](api *httpx.API, d *door, r resource[B, V, T],
	p actor.Permission, states []S, text string,
	set func(context.Context, actor.Actor, catalog.Meta, S) (*T, error)) {
	httpx.Register(api, httpx.Op{Method: http.MethodPost,
		Path:        root + "/staff/organizations/{org}/" + r.path + "/{id}/state",
		OperationID: "set-" + r.one + "-state",
		Summary:     "Move " + aThing(r.one) + " to another state",
		Description: text, Tag: "staff: catalog", Access: httpx.StaffOnly(p),
		Refusals: []*fault.Definition{fault.Missing, fault.Stale, fault.NotAllowed,
			catalog.ErrIncomplete, catalog.ErrWrongState, catalog.ErrInUse}},
		func(ctx context.Context, in *updateIn[stateBody]) (*answer[V], error) {
			who, org, err := d.sees(ctx, in.Org)
			if err != nil {
				return nil, err
			}
			id, err := d.keys.Parse(r.kind, in.ID)
			if err != nil {
				return nil, err
			}
			revision, err := revisionOf(in.Body.Revision, in.IfMatch)
			if err != nil {
				return nil, err
			}
			for _, s := range states {
				if string(s) == in.Body.State {
					return r.answer(set(ctx, who, catalog.Meta{ID: id, Organization: org,
						Revision: revision}, s))
				}
			}
			return nil, fault.BadInput.At("state", "is not a state of it / 状态有误")
		})
}

// aThing names a resource in a sentence: an event, a price list.
func aThing(one string) string {
	article := "a "
	if strings.ContainsRune("aeiou", rune(one[0])) {
		article = "an "
	}
	return article + strings.ReplaceAll(one, "-", " ")
}
