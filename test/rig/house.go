package rig

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"time"

	"foyer/internal/secret"
)

// The demo's owner signs in with these; the second factor is in the demo's note.
const (
	ownerEmail    = "owner@demo.example"
	ownerPassword = "xinghe-2026-demo"
)

// House is the demo's first organization, seen by its owner.
type House struct {
	Owner *Person
	Org   string // public id
	Path  string // /staff/organizations/<id>
	Adult string // public id of its ticket type
	made  int
}

// House signs the owner in once, with the second factor.
func (s *Server) House() *House {
	s.T.Helper()
	if s.house != nil {
		return s.house
	}
	raw, err := os.ReadFile(filepath.Join(s.Dir, "demo.json"))
	if err != nil {
		s.T.Fatal(err)
	}
	var note struct{ TOTP string }
	if err := json.Unmarshal(raw, &note); err != nil {
		s.T.Fatal(err)
	}
	owner := s.Stranger()
	owner.SignInStaff(ownerEmail, ownerPassword, note.TOTP)
	cinema := s.Stranger().Get("/sessions?kind=film&limit=1")
	h := &House{Owner: owner, Org: cinema.S("items.0.organization_id")}
	h.Path = "/staff/organizations/" + h.Org
	h.Adult = h.TicketType("adult")
	s.house = h
	return h
}

// SignInStaff signs a person in with password and the code of the authenticator, the next
// one when this half minute's was used.
func (p *Person) SignInStaff(email, password, factor string) {
	p.S.T.Helper()
	p.prove("/staff/auth/sign-in", email, password, factor)
}

// ConfirmStaff confirms the second factor of a newcomer, who is signed in then.
func (p *Person) ConfirmStaff(email, password, factor string) {
	p.S.T.Helper()
	p.prove("/staff/auth/totp", email, password, factor)
}

func (p *Person) prove(path, email, password, factor string) {
	p.S.T.Helper()
	totp, err := secret.ParseTOTP(factor)
	if err != nil {
		p.S.T.Fatal(err)
	}
	var got Answer
	p.S.Until("staff sign-in", 70*time.Second, func() bool {
		code, err := totp.Code(time.Now())
		if err != nil {
			p.S.T.Fatal(err)
		}
		body := map[string]string{"email": email, "password": password, "totp": code}
		got = p.Ask("POST", path, body)
		if subject, asked := got.CaptchaSubject(); asked {
			body["captcha_proof"] = p.Human(subject)
			got = p.Ask("POST", path, body)
		}
		return got.Status != 401 && got.Status != 429
	})
	p.Token = got.Want(200).S("token")
}

// TicketType is the public id of the organization's ticket type with a code.
func (h *House) TicketType(code string) string {
	return h.Owner.Get(h.Path+"/ticket-types").One("items", func(d Doc) bool {
		return d.S("code") == code
	}).S("id")
}

// Cinema is the demo's cinema, as a public id.
func (h *House) Cinema() string {
	return h.Owner.Get(h.Path+"/venues").One("items", func(d Doc) bool {
		return d.S("kind") == "cinema"
	}).S("id")
}

// Film is one of the demo's published films, as a public id.
func (h *House) Film() string {
	return h.Owner.Get(h.Path+"/events?limit=100").One("items", func(d Doc) bool {
		return d.S("kind") == "film" && d.S("state") == "published"
	}).S("id")
}

// Policy is a refund policy whose Chinese name has a word in it.
func (h *House) Policy(english string) string {
	return h.Owner.Get(h.Path+"/refund-policies").One("items", func(d Doc) bool {
		return d.S("name_en") == english
	}).S("id")
}

// Grid is a small hall as a person types it: two zones, a couple row, an aisle.
const Grid = `hall: 测试厅
screen: top 银幕
zone A = 黄金区 #f6bd16 key=gold
zone B = 普通区 #5b8ff9 key=standard
row from 1
BBBB.BBBB
BAAA.AAAB
BAAA.AAAB
BBBB.BBBB
`

// Room is a hall with a published map.
type Room struct{ Venue, Hall, Map string }

// Room makes a hall in a venue and publishes a text grid as its seat map.
func (h *House) Room(venue, grid string) Room {
	h.Owner.S.T.Helper()
	h.made++
	hall := h.Owner.Post(201, h.Path+"/halls", map[string]any{"venue_id": venue,
		"name": fmt.Sprintf("测试厅%d", h.made), "cleaning_minutes": 0})
	path := h.Path + "/halls/" + hall.S("id") + "/seat-map"
	draft := h.Owner.Ask("POST", path+"/import?revision=0", []byte(grid),
		"Content-Type", "application/octet-stream").Want(200)
	if n := len(draft.L("problems")); n > 0 {
		h.Owner.S.T.Fatalf("the grid has problems: %s", draft)
	}
	made := h.Owner.Post(201, path+"/publish", map[string]any{"revision": draft.N("revision")})
	return Room{venue, hall.S("id"), made.S("id")}
}

// Prices makes a price list: gold and standard seats for adults.
func (h *House) Prices(gold, standard int64) string {
	h.Owner.S.T.Helper()
	h.made++
	return h.Owner.Post(201, h.Path+"/price-lists", map[string]any{
		"name": fmt.Sprintf("价目%d", h.made), "cells": []map[string]any{
			{"zone": "gold", "ticket_type_id": h.Adult, "amount_minor": gold},
			{"zone": "standard", "ticket_type_id": h.Adult, "amount_minor": standard},
		}}).S("id")
}

// Showing is what a session of one's own is made of.
type Showing struct {
	Room                  Room
	Event, Prices, Policy string
	In, Length            time.Duration // from now to the start; 0 means two hours
	More                  map[string]any
}

// Session makes a session and puts it on sale, and gives its public id.
func (h *House) Session(w Showing) string {
	h.Owner.S.T.Helper()
	if w.Length == 0 {
		w.Length = 2 * time.Hour
	}
	start := time.Now().Add(w.In).Truncate(time.Minute)
	body := map[string]any{"event_id": w.Event, "hall_id": w.Room.Hall,
		"price_list_id": w.Prices, "refund_policy_id": w.Policy, "language": "国语",
		"version": "2D", "starts_at": start, "ends_at": start.Add(w.Length),
		"sale_from": time.Now().Add(-time.Hour), "sale_until": start.Add(w.Length / 2),
		"hold_seconds": 600, "max_per_order": 10, "max_per_member": 40, "orphan_rule": "off"}
	for k, v := range w.More {
		body[k] = v
	}
	made := h.Owner.Post(201, h.Path+"/sessions", body)
	h.Owner.Post(200, h.Path+"/sessions/"+made.S("id")+"/state", map[string]any{
		"state": "on_sale", "revision": made.N("revision")})
	return made.S("id")
}

// Evening is a session of the demo's film in a room of its own, some time from now.
func (h *House) Evening(in time.Duration, more map[string]any) string {
	h.Owner.S.T.Helper()
	return h.Session(Showing{Room: h.Room(h.Cinema(), Grid), Event: h.Film(), In: in,
		Prices: h.Prices(5200, 4500), Policy: h.Policy("Cinema ladder"), More: more})
}

// Picture is a PNG of a size, as a poster needs one.
func Picture(w, h int) []byte {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.Set(x, y, color.RGBA{uint8(x), uint8(y), uint8(x ^ y), 255})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		panic(err) // it is drawn into memory
	}
	return b.Bytes()
}
