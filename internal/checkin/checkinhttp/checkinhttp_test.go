package checkinhttp_test

import (
	"context"
	"crypto/ed25519"
	"encoding/base32"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/checkin"
	"foyer/internal/checkin/checkinhttp"
	"foyer/internal/checkin/checkintest"
	"foyer/internal/fault"
	"foyer/internal/sqldb"
	"foyer/internal/ticket"
	"foyer/internal/ticket/code"
	"foyer/internal/ticket/tickettest"
)

// bundle is gates behind their routes.
type bundle struct {
	*checkintest.World
	door   *tickettest.Door
	token  string // of a device at Venue
	device actor.Actor
	nonce  int
}

func setup(t *testing.T, fn func(t *testing.T, b *bundle)) {
	t.Helper()
	checkintest.Each(t, nil, func(t *testing.T, w *checkintest.World) {
		b := &bundle{World: w, door: tickettest.NewDoor(t, w.Clock, w.IDs)}
		checkinhttp.Mount(b.door.API, w.Module)
		b.door.Other = w.Module.Devices().Authenticate
		b.door.Tokens = map[string]actor.Actor{"manager": checkintest.Manager(),
			"scanner": tickettest.Staff(checkin.PermScan),
			"viewer":  tickettest.Staff(checkin.PermView),
			"trainee": tickettest.Staff("report.view"), "member": tickettest.Buyer(),
			"foreigner": {Kind: actor.Staff, ID: 9, Grants: []actor.Grant{{
				Organization: tickettest.OtherOrganization,
				Permissions:  []actor.Permission{actor.Everything}}}}}
		b.device, b.token = w.Enrol(tickettest.Venue, "东")
		fn(t, b)
	})
}

type fields = map[string]any

func (b *bundle) scan(token, text string, more fields) tickettest.Answer {
	b.nonce++
	body := fields{"code": text, "direction": "entry", "nonce": "h" + strconv.Itoa(b.nonce)}
	for k, v := range more {
		body[k] = v
	}
	return b.door.Ask(token, "POST", "/api/v1/gate/check-ins", body)
}

func (b *bundle) one(s *catalog.Sellable) (*ticket.Ticket, string) {
	made := b.Issue(s, tickettest.Units(1))
	return &made[0], b.Code(&made[0])
}

func (b *bundle) sessionID(s *catalog.Sellable) string {
	return b.door.Keys().Public(catalog.KindSession, s.Session.ID)
}

func TestAdmissionAnswer(t *testing.T) {
	t.Parallel()
	setup(t, func(t *testing.T, b *bundle) {
		s := b.Session(tickettest.Venue, 30*time.Minute)
		_, text := b.one(s)
		got := b.scan(b.token, " "+strings.ToLower(text)+"\r\n", fields{
			"session_id": b.sessionID(s)}).JSON(200)
		for k, want := range map[string]any{"admitted": 1.0, "used": 1.0, "allowed": 1.0,
			"inside": 1.0, "event": "茶馆", "ticket_type": "成人", "label": "5排1座",
			"direction": "entry"} {
			if got[k] != want {
				t.Errorf("%s is %v, not %v", k, got[k], want)
			}
		}
		undone := b.door.Ask(b.token, "POST",
			"/api/v1/gate/check-ins/"+got["check_in_id"].(string)+"/undo", nil).JSON(200)
		if undone["used"] != 0.0 || undone["undone_at"] == nil {
			t.Fatal(undone)
		}
		b.scan("scanner", text, nil).JSON(200) // staff without a device
		keys := b.door.Ask(b.token, "GET", "/api/v1/gate/keys", nil)
		set, err := code.ParseKeys(keys.Body.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := code.NewVerifier(set).Verify(text); err != nil {
			t.Fatal(err)
		}
	})
}

// forge signs the payload of a code with another key, under the same number.
func forge(text string) string {
	letters := base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").
		WithPadding(base32.NoPadding)
	raw, _ := letters.DecodeString(text)
	_, key := tickettest.Pair(9).TicketSigner()
	sig := ed25519.Sign(key, append([]byte("foyer ticket code 1\n"), raw[:31]...))
	return letters.EncodeToString(append(raw[:31:31], sig...))
}

// Each reason of refusal over HTTP, with what its details must hold, and no trace left.
func TestReasons(t *testing.T) {
	t.Parallel()
	now := 30 * time.Minute
	for name, c := range map[string]struct {
		run  func(t *testing.T, b *bundle) tickettest.Answer
		want *fault.Definition
		tell []string // details
	}{
		"unreadable": {func(_ *testing.T, b *bundle) tickettest.Answer {
			return b.scan(b.token, "https://example.com/", nil)
		}, code.ErrUnreadable, nil},
		"forged": {func(_ *testing.T, b *bundle) tickettest.Answer {
			_, text := b.one(b.Session(tickettest.Venue, now))
			return b.scan(b.token, forge(text), nil)
		}, code.ErrForged, nil},
		"unknown key": {func(t *testing.T, b *bundle) tickettest.Answer {
			text, err := code.NewSigner(tickettest.Pair(2)).Code(code.Ticket{ID: 5, Version: 1,
				Scope: code.OneSession, ScopeID: 6, Units: 1})
			if err != nil {
				t.Fatal(err)
			}
			return b.scan(b.token, text, nil)
		}, code.ErrForged, []string{"key"}},
		"unknown ticket": {func(t *testing.T, b *bundle) tickettest.Answer {
			text, err := code.NewSigner(b.Keys).Code(code.Ticket{ID: 5, Version: 1,
				Scope: code.OneSession, ScopeID: 6, Units: 1})
			if err != nil {
				t.Fatal(err)
			}
			return b.scan(b.token, text, nil)
		}, checkin.ErrTicketUnknown, nil},
		"other venue": {func(_ *testing.T, b *bundle) tickettest.Answer {
			_, text := b.one(b.Session(tickettest.OtherVenue, now))
			return b.scan(b.token, text, nil)
		}, checkin.ErrOtherVenue, []string{"event", "venue", "starts_at"}},
		"other organization": {func(t *testing.T, b *bundle) tickettest.Answer {
			_, text := b.one(b.Session(tickettest.StrangersVenue, now))
			a := b.scan(b.token, text, nil)
			if strings.Contains(a.Body.String(), "茶馆") {
				t.Error("tells what another organization sells")
			}
			return a
		}, checkin.ErrOtherVenue, nil},
		"other organization, staff": {func(_ *testing.T, b *bundle) tickettest.Answer {
			_, text := b.one(b.Session(tickettest.StrangersVenue, now))
			return b.scan("scanner", text, nil)
		}, checkin.ErrTicketUnknown, nil},
		"other session": {func(_ *testing.T, b *bundle) tickettest.Answer {
			_, text := b.one(b.Session(tickettest.Venue, now))
			return b.scan(b.token, text, fields{
				"session_id": b.sessionID(b.Session(tickettest.Venue, now))})
		}, checkin.ErrOtherSession, []string{"event", "starts_at", "hall"}},
		"too early": {func(_ *testing.T, b *bundle) tickettest.Answer {
			_, text := b.one(b.Session(tickettest.Venue, time.Hour+time.Minute))
			return b.scan(b.token, text, nil)
		}, checkin.ErrTooEarly, []string{"opens_at"}},
		"too late": {func(_ *testing.T, b *bundle) tickettest.Answer {
			_, text := b.one(b.Session(tickettest.Venue, -2*time.Hour-time.Minute))
			return b.scan(b.token, text, nil)
		}, checkin.ErrTooLate, []string{"closed_at"}},
		"used": {func(_ *testing.T, b *bundle) tickettest.Answer {
			_, text := b.one(b.Session(tickettest.Venue, now))
			b.scan(b.token, text, nil).JSON(200)
			return b.scan(b.token, text, nil)
		}, checkin.ErrAlreadyUsed, []string{"first", "last", "used", "allowed"}},
		"refunded": {func(t *testing.T, b *bundle) tickettest.Answer {
			tck, text := b.one(b.Session(tickettest.Venue, now))
			if err := b.Void(tck); err != nil {
				t.Fatal(err)
			}
			return b.scan(b.token, text, nil)
		}, checkin.ErrRefunded, []string{"at"}},
		"replaced": {func(t *testing.T, b *bundle) tickettest.Answer {
			tck, text := b.one(b.Session(tickettest.Venue, now))
			if err := b.DB.InTx(context.Background(), func(tx *sqldb.Tx) error {
				return b.Tickets.Reissue(tx, tck.Organization, tck.ID, 1)
			}); err != nil {
				t.Fatal(err)
			}
			a := b.scan(b.token, text, nil)
			b.scan(b.token, b.Code(b.Find(tck.ID)), nil).JSON(200) // the new one opens
			return a
		}, checkin.ErrCodeReplaced, nil},
		"cancelled": {func(_ *testing.T, b *bundle) tickettest.Answer {
			s := b.Session(tickettest.Venue, now)
			_, text := b.one(s)
			b.Programme.Cancel(s.Session.ID)
			return b.scan(b.token, text, nil)
		}, checkin.ErrSessionCancelled, []string{"event"}},
		"too many people": {func(_ *testing.T, b *bundle) tickettest.Answer {
			made := b.Issue(b.Session(tickettest.Venue, now), tickettest.Group(4))
			return b.scan(b.token, b.Code(&made[0]), fields{"n": 5})
		}, checkin.ErrTooManyPeople, []string{"left", "allowed"}},
		"nobody to exit": {func(_ *testing.T, b *bundle) tickettest.Answer {
			_, text := b.one(b.Session(tickettest.Venue, now))
			return b.scan(b.token, text, fields{"direction": "exit"})
		}, checkin.ErrNothingToExit, []string{"inside"}},
		"nonce reused": {func(_ *testing.T, b *bundle) tickettest.Answer {
			s := b.Session(tickettest.Venue, now)
			_, first := b.one(s)
			_, second := b.one(s)
			b.scan(b.token, first, fields{"nonce": "same"}).JSON(200)
			return b.scan(b.token, second, fields{"nonce": "same"})
		}, checkin.ErrNonceReused, nil},
		"undo too late": {func(_ *testing.T, b *bundle) tickettest.Answer {
			_, text := b.one(b.Session(tickettest.Venue, now))
			got := b.scan(b.token, text, nil).JSON(200)
			b.Fake.Advance(checkin.UndoWithin + time.Second)
			return b.door.Ask(b.token, "POST",
				"/api/v1/gate/check-ins/"+got["check_in_id"].(string)+"/undo", nil)
		}, checkin.ErrUndoTooLate, nil},
		"device revoked": {func(_ *testing.T, b *bundle) tickettest.Answer {
			keys := b.door.Keys()
			a := b.door.Ask("manager", "POST", "/api/v1/staff/organizations/"+
				keys.Public(catalog.KindOrganization, tickettest.Organization)+"/devices/"+
				keys.Public(checkin.KindDevice, b.device.ID)+"/revoke", nil)
			if a.Code != 204 {
				b.T.Error(a.Code, a.Body)
			}
			_, text := b.one(b.Session(tickettest.Venue, now))
			return b.scan(b.token, text, nil)
		}, checkin.ErrDeviceRevoked, nil},
		"member": {func(_ *testing.T, b *bundle) tickettest.Answer {
			_, text := b.one(b.Session(tickettest.Venue, now))
			return b.scan("member", text, nil)
		}, fault.NotAllowed, nil},
		"viewer": {func(_ *testing.T, b *bundle) tickettest.Answer {
			_, text := b.one(b.Session(tickettest.Venue, now))
			return b.scan("viewer", text, nil)
		}, fault.NotAllowed, nil},
		"anonymous": {func(_ *testing.T, b *bundle) tickettest.Answer {
			_, text := b.one(b.Session(tickettest.Venue, now))
			return b.scan("", text, nil)
		}, fault.SignInFirst, nil},
		"input": {func(_ *testing.T, b *bundle) tickettest.Answer {
			return b.scan(b.token, "x", fields{"direction": "up", "n": 501,
				"nonce": strings.Repeat("x", 33)})
		}, fault.BadInput, nil},
		"nonce bytes": {func(_ *testing.T, b *bundle) tickettest.Answer {
			return b.scan(b.token, "x", fields{"nonce": strings.Repeat("票", 11)})
		}, fault.BadInput, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			setup(t, func(t *testing.T, b *bundle) {
				details := c.run(t, b).Refused(c.want)
				for _, k := range c.tell {
					if details[k] == nil {
						t.Errorf("details lack %s: %v", k, details)
					}
				}
				found, err := checkintest.Audit(b.DB)
				if err != nil || len(found) > 0 {
					t.Error(found, err)
				}
				b.Verify(t)
			})
		})
	}
}

func TestStaffRoutes(t *testing.T) {
	t.Parallel()
	setup(t, func(t *testing.T, b *bundle) {
		keys := b.door.Keys()
		org := "/api/v1/staff/organizations/" +
			keys.Public(catalog.KindOrganization, tickettest.Organization)
		venue := org + "/venues/" + keys.Public(catalog.KindVenue, tickettest.Venue)
		gate := b.door.Ask("manager", "POST", venue+"/gates", fields{"name": "北门"}).JSON(201)
		b.door.Ask("manager", "PUT", org+"/gates/"+gate["id"].(string),
			fields{"name": "北二门", "name_en": "North 2"}).JSON(200)
		list := b.door.Ask("manager", "GET", venue+"/gates", nil).JSON(200)["items"].([]any)
		if !slices.ContainsFunc(list, func(g any) bool { return g.(fields)["name"] == "北二门" }) {
			t.Fatal(list)
		}
		made := b.door.Ask("manager", "POST", venue+"/devices",
			fields{"name": "手持", "gate_id": gate["id"]}).JSON(201)
		enrolled := b.door.Ask("", "POST", "/api/v1/gate/enrol",
			fields{"code": made["code"], "name": "北二手持"}).JSON(201)
		token := enrolled["token"].(string)
		self := b.door.Ask(token, "GET", "/api/v1/gate/device", nil).JSON(200)
		if self["gate"].(fields)["name"] != "北二门" ||
			self["device"].(fields)["name"] != "北二手持" {
			t.Fatal(self)
		}
		b.door.Ask("", "POST", "/api/v1/gate/enrol",
			fields{"code": made["code"]}).Refused(checkin.ErrEnrolCode)
		page := b.door.Ask("manager", "GET", venue+"/devices?limit=1", nil).JSON(200)
		next := b.door.Ask("manager", "GET", venue+"/devices?limit=1&cursor="+
			page["next_cursor"].(string), nil).JSON(200)
		if len(next["items"].([]any)) != 1 || next["next_cursor"] != nil {
			t.Fatal(next)
		}
		for _, path := range []string{venue + "/devices", venue + "/gates"} {
			b.door.Ask("foreigner", "GET", path, nil).Refused(fault.Missing)
			b.door.Ask("viewer", "GET", path, nil).Refused(fault.NotAllowed)
			b.door.Ask(token, "GET", path, nil).Refused(fault.NotAllowed)
		}
		s := b.Session(tickettest.Venue, 0)
		_, text := b.one(s)
		b.scan(token, text, nil).JSON(200)
		counts := b.door.Ask("viewer", "GET", org+"/sessions/"+b.sessionID(s)+"/counts", nil).
			JSON(200)
		if counts["entered"] != 1.0 || counts["inside"] != 1.0 || counts["sold"] != 1.0 {
			t.Fatal(counts)
		}
		b.door.Ask("foreigner", "GET", org+"/sessions/"+b.sessionID(s)+"/counts", nil).
			Refused(fault.Missing)
		for _, path := range []string{"/api/v1/gate/counts", "/api/v1/gate/sessions"} {
			if n := len(b.door.Ask(token, "GET", path, nil).JSON(200)["items"].([]any)); n != 1 {
				t.Error(path, n)
			}
			ven := "?venue_id=" + keys.Public(catalog.KindVenue, tickettest.Venue)
			b.door.Ask("viewer", "GET", path+ven, nil).JSON(200)
			b.door.Ask("viewer", "GET", path, nil).Refused(fault.BadInput)
			b.door.Ask("foreigner", "GET", path+ven, nil).Refused(fault.Missing)
			other := "?venue_id=" + keys.Public(catalog.KindVenue, tickettest.OtherVenue)
			b.door.Ask(token, "GET", path+other, nil).Refused(fault.Missing)
		}
	})
}
