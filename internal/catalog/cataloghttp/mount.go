// Package cataloghttp is the routes of the catalogue: what everybody browses, and what
// staff edit.
package cataloghttp

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/catalog/picture"
	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/httpx"
	"foyer/internal/idgen"
)

// door holds what the handlers need.
type door struct {
	c        *catalog.Catalog
	clk      clock.Clock
	keys     httpx.Keys
	cursors  *httpx.Cursors
	pictures *picture.Reader
}

// Mount adds the routes of the catalogue.
func Mount(api *httpx.API, c *catalog.Catalog, pictures *picture.Reader, clk clock.Clock) {
	d := &door{c: c, clk: clk, keys: api.Keys(), cursors: api.Cursors(), pictures: pictures}
	d.mountPublic(api)
	d.mountMedia(api)
	d.mountStaff(api)
}

const root = "/api/v1"

func (d *door) public(kind idgen.Kind, id int64) string { return d.keys.Public(kind, id) }

func (d *door) publics(kind idgen.Kind, ids []int64) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = d.public(kind, id)
	}
	return out
}

// optional parses an id that may be left out.
func (d *door) optional(kind idgen.Kind, public string) (int64, error) {
	if public == "" {
		return 0, nil
	}
	return d.keys.Parse(kind, public)
}

// ids parses the ids of a body; each that names nothing is a problem of its field.
type ids struct {
	keys     httpx.Keys
	problems fault.Problems
}

func (d *door) ids() *ids { return &ids{keys: d.keys} }

func (p *ids) one(field string, kind idgen.Kind, public string) int64 {
	if public == "" {
		return 0
	}
	id, err := p.keys.Parse(kind, public)
	if err != nil {
		p.problems.Add(field, "names nothing of yours / 不存在")
	}
	return id
}

func (p *ids) many(field string, kind idgen.Kind, public []string) []int64 {
	var out []int64
	for i, s := range public {
		out = append(out, p.one(field+"["+strconv.Itoa(i)+"]", kind, s))
	}
	return out
}

// Head is what every object shows to staff.
type Head struct {
	ID             string    `json:"id"`
	OrganizationID string    `json:"organization_id"`
	Revision       int64     `json:"revision" doc:"name it when you change the object"`
	CreatedAt      time.Time `json:"created_at"`
	UpdatedAt      time.Time `json:"updated_at"`
}

func (d *door) head(kind idgen.Kind, m catalog.Meta) Head {
	return Head{d.public(kind, m.ID), d.public(catalog.KindOrganization, m.Organization),
		m.Revision, m.CreatedAt, m.UpdatedAt}
}

// sees is the organization of a path, for staff who have anything to do with it; all
// others get fault.Missing, as if it did not exist.
func (d *door) sees(ctx context.Context, org string) (actor.Actor, int64, error) {
	who := httpx.ActorOf(ctx)
	id, err := d.keys.Parse(catalog.KindOrganization, org)
	if err == nil {
		err = catalog.Sees(who, id)
	}
	return who, id, err
}

// revisionOf is the revision that a change was made from: of the body, or of If-Match.
func revisionOf(body int64, ifMatch string) (int64, error) {
	if body > 0 {
		return body, nil
	}
	tag := strings.TrimPrefix(strings.Trim(strings.TrimPrefix(ifMatch, "W/"), `"`), "r")
	if n, err := strconv.ParseInt(tag, 10, 64); err == nil && n > 0 {
		return n, nil
	}
	return 0, fault.BadInput.At("revision", "is required, here or as If-Match / 必填")
}

func revisionTag(revision int64) string { return `"r` + strconv.FormatInt(revision, 10) + `"` }

type answer[B any] struct {
	ETag string `header:"ETag"`
	Body B
}

type listPosition struct {
	ID int64 `json:"i"`
}

func query(r *http.Request, name string, most int) (string, error) {
	v := strings.TrimSpace(r.URL.Query().Get(name))
	if len(v) > most {
		return "", fault.BadInput.At(name, "is too long / 过长")
	}
	return v, nil
}
