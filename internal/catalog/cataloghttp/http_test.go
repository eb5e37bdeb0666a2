package cataloghttp_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog/cataloghttp"
	"foyer/internal/catalog/catalogtest"
	"foyer/internal/catalog/picture"
	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/httpx"
	"foyer/internal/idgen"
	"foyer/internal/sqldb/sqldbtest"
)

// people are the tokens of a test.
type people map[string]actor.Actor

func (p people) Authenticate(_ context.Context, token string,
	_ httpx.RequestInfo) (actor.Actor, error) {
	if who, ok := p[token]; ok {
		return who, nil
	}
	return actor.Actor{}, fault.SignInFirst
}

type site struct {
	t      testing.TB
	w      *catalogtest.World
	h, o   *catalogtest.House
	clk    *clock.Fake
	url    string
	org    string
	client *http.Client
}

func setup(t testing.TB) *site {
	t.Helper()
	clk := clock.NewFake(sqldbtest.Start)
	w := catalogtest.New(t, sqldbtest.Open(t, clk), clk)
	s := &site{t: t, w: w, h: w.House(), o: w.House(), clk: clk}
	api, err := httpx.New(httpx.Config{Title: "t", Version: "1",
		Logger: slog.New(slog.DiscardHandler),
		Clock:  clk, IDs: w.IDs, Codec: w.Codec, CursorSecret: bytes.Repeat([]byte("c"), 16),
		Auth: people{"owner": catalogtest.Staff(s.h.Org.ID, actor.Everything),
			"other":  catalogtest.Staff(s.o.Org.ID, actor.Everything),
			"usher":  catalogtest.Staff(s.h.Org.ID, "checkin.view"),
			"member": {Kind: actor.Member, ID: 5}},
		Rates: map[string]httpx.Rate{"write": {Count: 1 << 20, Per: time.Second, Burst: 1 << 20}}})
	if err != nil {
		t.Fatal(err)
	}
	cataloghttp.Mount(api, w.Catalog, picture.NewReader(2, clock.Real{}.After), clk)
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	s.url, s.client = server.URL, server.Client()
	s.org = w.Codec.Encode("org", s.h.Org.ID)
	return s
}

type reply struct {
	status int
	header http.Header
	body   map[string]any
	raw    []byte
}

func (s *site) do(method, path, token string, body any, headers ...string) reply {
	s.t.Helper()
	var r io.Reader
	contentType := "application/json"
	switch b := body.(type) {
	case nil:
	case []byte:
		r, contentType = bytes.NewReader(b), "image/png"
	default:
		raw, err := json.Marshal(b)
		if err != nil {
			s.t.Fatal(err)
		}
		r = bytes.NewReader(raw)
	}
	req, err := http.NewRequest(method, s.url+path, r)
	if err != nil {
		s.t.Fatal(err)
	}
	if r != nil {
		req.Header.Set("Content-Type", contentType)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := s.client.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	out := reply{status: res.StatusCode, header: res.Header, raw: raw}
	json.Unmarshal(raw, &out.body)
	return out
}

func (s *site) want(status int, r reply) reply {
	s.t.Helper()
	if r.status != status {
		s.t.Fatalf("answered %d, want %d: %.600s", r.status, status, r.raw)
	}
	return r
}

func (s *site) staff(path string) string { return "/api/v1/staff/organizations/" + s.org + path }

func fieldNames(r reply) []string {
	var out []string
	list, _ := r.body["errors"].([]any)
	for _, f := range list {
		out = append(out, f.(map[string]any)["field"].(string))
	}
	slices.Sort(out)
	return out
}

func film() map[string]any {
	return map[string]any{"kind": "film", "title": "长津湖", "film_code": "001102021",
		"printed_title": "长津湖", "synopsis": "抗美援朝。", "directors": []string{"陈凯歌"},
		"cast": []map[string]any{{"name": "吴京"}}, "genres": []string{"战争"},
		"countries": []string{"中国"}, "languages": []string{"国语"}, "versions": []string{"2D"},
		"minutes": 176, "release_date": "2026-11-20", "distributor": "博纳"}
}

// A programme made over HTTP alone, from the film to the session on sale and its price.
func TestAProgrammeIsMade(t *testing.T) {
	t.Parallel()
	s := setup(t)
	e := s.want(201, s.do("POST", s.staff("/events"), "owner", film()))
	id := e.body["id"].(string)
	r := s.want(422, s.do("POST", s.staff("/events/"+id+"/state"), "owner",
		map[string]any{"state": "published"}, "If-Match", e.header.Get("ETag")))
	got := fieldNames(r)
	if r.body["code"] != "incomplete" || !slices.Equal(got, []string{"poster_id"}) {
		t.Fatalf("%s", r.raw)
	}
	var pic bytes.Buffer
	png.Encode(&pic, image.NewGray(image.Rect(0, 0, 30, 40)))
	m := s.want(201, s.do("POST", s.staff("/media"), "owner", pic.Bytes()))
	body := film()
	body["poster_id"], body["revision"] = m.body["id"], 1
	e = s.want(200, s.do("PUT", s.staff("/events/"+id), "owner", body))
	s.want(409, s.do("PUT", s.staff("/events/"+id), "owner", func() map[string]any {
		body["title"] = "晚了"
		return body
	}()))
	s.want(200, s.do("POST", s.staff("/events/"+id+"/state"), "owner",
		map[string]any{"state": "published", "revision": 2}))
	file := s.want(200, s.do("GET", m.body["url"].(string), "", nil))
	if file.header.Get("Cache-Control") != "public, max-age=31536000, immutable" ||
		file.header.Get("Content-Type") != "image/jpeg" {
		t.Errorf("%v", file.header)
	}
	enc := s.w.Codec.Encode
	start := sqldbtest.Start.Add(26 * time.Hour)
	plan := map[string]any{"event_id": id, "hall_id": enc("hal", s.h.Hall.ID),
		"price_list_id": enc("prl", s.h.Prices.ID), "refund_policy_id": enc("rfp", s.h.Policy.ID),
		"starts_at": start, "ends_at": start.Add(3 * time.Hour),
		"area_capacity": []map[string]any{{"area": 1, "capacity": 30}}}
	ses := s.want(201, s.do("POST", s.staff("/sessions"), "owner", plan))
	sid := ses.body["id"].(string)
	s.want(404, s.do("GET", "/api/v1/sessions/"+sid, "", nil))
	s.want(200, s.do("POST", s.staff("/sessions/"+sid+"/state"), "owner",
		map[string]any{"state": "on_sale", "revision": 1}))
	shown := s.want(200, s.do("GET", "/api/v1/sessions/"+sid, "", nil))
	if shown.body["sale_state"] != "open" || shown.body["price_from_minor"] != 2500.0 ||
		len(shown.body["prices"].([]any)) != 2 || shown.body["event_title"] != "长津湖" {
		t.Errorf("%s", shown.raw)
	}
	r = s.want(409, s.do("POST", s.staff("/sessions"), "owner", plan))
	if r.body["code"] != "hall_busy" {
		t.Errorf("%s", r.raw)
	}
	list := s.want(200, s.do("GET", s.staff("/sessions"), "owner", nil))
	if items := list.body["items"].([]any); len(items) != 1 {
		t.Errorf("%s", list.raw)
	}
	event := s.want(200, s.do("GET", "/api/v1/events/"+id, "", nil))
	if days := event.body["business_days"].([]any); len(days) != 1 || days[0] != 20261123.0 {
		t.Errorf("%s", event.raw)
	}
	s.want(409, s.do("POST", s.staff("/events/"+id+"/state"), "owner",
		map[string]any{"state": "draft", "revision": 3}))
}

func TestPricesArePreviewed(t *testing.T) {
	t.Parallel()
	s := setup(t)
	enc := s.w.Codec.Encode
	adult := enc("tty", s.h.Adult.ID)
	body := map[string]any{"name": "周末价", "cells": []map[string]any{
		{"zone": "A", "ticket_type_id": adult, "amount_minor": 5000}},
		"rules": []map[string]any{{"name": "周末", "weekdays": []int{6, 7}, "change": "add",
			"value": 1000}}}
	l := s.want(201, s.do("POST", s.staff("/price-lists"), "owner", body))
	ask := map[string]any{"venue_id": enc("ven", s.h.Venue.ID), "starts_at": []string{
		"2026-11-27T12:00:00Z", "2026-11-28T12:00:00Z", "2026-11-29T18:00:00Z"}}
	p := s.want(200, s.do("POST", s.staff("/price-lists/"+l.body["id"].(string)+"/preview"),
		"owner", ask))
	var amounts []any
	for _, line := range p.body["lines"].([]any) {
		amounts = append(amounts, line.(map[string]any)["amount_minor"])
	}
	if !slices.Equal(amounts, []any{5000.0, 6000.0, 6000.0}) {
		t.Errorf("%s", p.raw)
	}
	body["cells"].([]map[string]any)[0]["ticket_type_id"] = enc("tty", s.o.Adult.ID)
	r := s.want(422, s.do("POST", s.staff("/price-lists"), "owner", body))
	if !slices.Equal(fieldNames(r), []string{"cells[0].ticket_type_id"}) {
		t.Errorf("%s", r.raw)
	}
}

// Every staff route answers a stranger's object exactly like one that does not exist.
func TestStrangersSeeNothing(t *testing.T) {
	t.Parallel()
	s := setup(t)
	enc := s.w.Codec.Encode
	ses := s.h.OnSale(sqldbtest.Start.Add(26 * time.Hour))
	paths := map[string]int64{"venues/" + enc("ven", s.h.Venue.ID): 1,
		"halls/" + enc("hal", s.h.Hall.ID): 1, "events/" + enc("evt", s.h.Event.ID): 1,
		"ticket-types/" + enc("tty", s.h.Adult.ID):     1,
		"price-lists/" + enc("prl", s.h.Prices.ID):     1,
		"refund-policies/" + enc("rfp", s.h.Policy.ID): 1, "sessions/" + enc("ses", ses.ID): 1}
	same := func(a, b reply) bool {
		delete(a.body, "request_id")
		delete(b.body, "request_id")
		delete(a.body, "instance")
		delete(b.body, "instance")
		return a.status == b.status && fmt.Sprint(a.body) == fmt.Sprint(b.body)
	}
	theirs := "/api/v1/staff/organizations/" + enc("org", s.o.Org.ID) + "/"
	nothing := map[string]string{"venues": "ven", "halls": "hal", "events": "evt",
		"ticket-types": "tty", "price-lists": "prl", "refund-policies": "rfp", "sessions": "ses"}
	for p := range paths {
		noun, _, _ := strings.Cut(p, "/")
		none := s.do("GET", theirs+noun+"/"+enc("x", 1), "other", nil)
		for _, r := range []reply{s.do("GET", theirs+p, "other", nil),
			s.do("GET", s.staff("/"+p), "other", nil),
			s.do("GET", theirs+noun+"/"+enc(idgen.Kind(nothing[noun]), 999), "other", nil)} {
			if r.status != 404 || !same(r, none) {
				t.Errorf("%s: %d %s\nnone: %s", p, r.status, r.raw, none.raw)
			}
		}
		s.want(200, s.do("GET", s.staff("/"+p), "owner", nil))
		s.want(200, s.do("GET", s.staff("/"+p), "usher", nil))
		s.want(403, s.do("PUT", s.staff("/"+p), "usher", map[string]any{}))
		s.want(401, s.do("GET", s.staff("/"+p), "", nil))
		s.want(403, s.do("GET", s.staff("/"+p), "member", nil))
	}
	s.want(404, s.do("POST", s.staff("/events"), "other", film()))
	s.want(404, s.do("POST", s.staff("/media"), "other", []byte("x")))
	s.want(404, s.do("PUT", s.staff(""), "other", map[string]any{"name": "盗", "revision": 1}))
}

func TestListsPageAndFilter(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for i := range 25 {
		info := catalogtest.FilmInfo(fmt.Sprintf("影片%02d", i), fmt.Sprint("p", i))
		info.Weight = i
		s.h.Event = s.h.Film(info)
		s.h.OnSale(sqldbtest.Start.Add(time.Duration(1+i*3) * time.Hour))
	}
	var titles []string
	next := ""
	for {
		r := s.want(200, s.do("GET", "/api/v1/events?sort=popularity&limit=10&q=yingpian"+next,
			"", nil))
		for _, item := range r.body["items"].([]any) {
			titles = append(titles, item.(map[string]any)["title"].(string))
		}
		c, ok := r.body["next_cursor"].(string)
		if !ok {
			break
		}
		next = "&cursor=" + c
		s.want(422, s.do("GET", "/api/v1/events?sort=time&limit=10"+next, "", nil))
	}
	if len(titles) != 25 || titles[0] != "影片24" || titles[24] != "影片00" {
		t.Errorf("%v", titles)
	}
	first := s.want(200, s.do("GET", "/api/v1/events", "", nil))
	if n := len(first.raw); n < 8<<10 {
		t.Errorf("20 cards have %d bytes", n)
	}
	s.want(304, s.do("GET", "/api/v1/events", "", nil, "If-None-Match", first.header.Get("ETag")))
	sessions := s.want(200, s.do("GET", "/api/v1/sessions?day=20261123&limit=3", "", nil))
	if len(sessions.body["items"].([]any)) != 3 || sessions.body["next_cursor"] == nil {
		t.Errorf("%s", sessions.raw)
	}
	hits := s.want(200, s.do("GET", "/api/v1/search?q=xingguang", "", nil))
	if items := hits.body["items"].([]any); len(items) < 2 {
		t.Errorf("%s", hits.raw)
	}
	venues := s.want(200, s.do("GET", "/api/v1/venues?city=上海&limit=1", "", nil))
	if venues.body["next_cursor"] == nil {
		t.Errorf("%s", venues.raw)
	}
	for _, bad := range []string{"?day=20261399", "?limit=0", "?limit=101", "?sort=x", "?nope=1",
		"?city=a&city=b", "?cursor=xyz", "?q=" + strings.Repeat("a", 201)} {
		s.want(422, s.do("GET", "/api/v1/events"+bad, "", nil))
	}
	for _, id := range []string{"evt_x", s.w.Codec.Encode("ven", 1), s.w.Codec.Encode("evt", 1)} {
		s.want(404, s.do("GET", "/api/v1/events/"+id, "", nil))
	}
}

func TestUploadsAreBounded(t *testing.T) {
	t.Parallel()
	s := setup(t)
	var pic, form bytes.Buffer
	png.Encode(&pic, image.NewGray(image.Rect(0, 0, 3, 4)))
	mw := multipart.NewWriter(&form)
	part, err := mw.CreateFormFile("file", "poster.png")
	if err != nil {
		t.Fatal(err)
	}
	part.Write(pic.Bytes())
	mw.Close()
	req, err := http.NewRequest("POST", s.url+s.staff("/media"), &form)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", mw.FormDataContentType())
	req.Header.Set("Authorization", "Bearer owner")
	res, err := s.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 201 {
		t.Errorf("form: %d", res.StatusCode)
	}
	s.want(422, s.do("POST", s.staff("/media"), "owner", []byte("<svg/>")))
	s.want(413, s.do("POST", s.staff("/media"), "owner", make([]byte, picture.MaxBytes+1)))
	s.want(415, s.do("POST", s.staff("/media"), "owner", map[string]any{}))
}

func TestTheDocumentIsMade(t *testing.T) {
	t.Parallel()
	s := setup(t)
	r := s.want(200, s.do("GET", "/openapi.json", "", nil))
	for _, path := range []string{"/api/v1/events", "/api/v1/media/{id}",
		"/api/v1/staff/organizations/{org}/sessions/{id}/state"} {
		if _, ok := r.body["paths"].(map[string]any)[path]; !ok {
			t.Errorf("%s is not documented", path)
		}
	}
}
