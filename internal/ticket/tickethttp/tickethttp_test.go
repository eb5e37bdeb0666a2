package tickethttp_test

import (
	"bytes"
	"image/png"
	"testing"
	"time"

	"foyer/internal/actor"
	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/sqldb"
	"foyer/internal/sqldb/sqldbtest"
	"foyer/internal/ticket"
	"foyer/internal/ticket/code"
	"foyer/internal/ticket/qr"
	"foyer/internal/ticket/tickethttp"
	"foyer/internal/ticket/tickettest"
)

func TestTicketRoutes(t *testing.T) {
	t.Parallel()
	start := func() clock.Clock { return clock.NewFake(sqldbtest.Start) }
	sqldbtest.Each(t, start, func(t *testing.T, db *sqldb.DB) {
		w := tickettest.New(t, db, clock.NewFake(sqldbtest.Start))
		d := tickettest.NewDoor(t, w.Clock, w.IDs)
		tickethttp.Mount(d.API, w.Tickets)
		d.Tokens = map[string]actor.Actor{"buyer": tickettest.Buyer(),
			"stranger": {Kind: actor.Member, ID: 999},
			"viewer":   tickettest.Staff(ticket.PermView),
			"printer":  tickettest.Staff(ticket.PermPrint),
			"device":   {Kind: actor.Device, ID: 4}}
		made := w.Issue(w.Session(tickettest.Venue, time.Hour), tickettest.Units(3))
		order := "/api/v1/orders/" + d.Keys().Public("ord", made[0].Order) + "/tickets"
		one := "/api/v1/tickets/" + d.Keys().Public(ticket.KindTicket, made[0].ID)

		items := d.Ask("buyer", "GET", order, nil).JSON(200)["items"].([]any)
		got := items[0].(map[string]any)
		session := got["session"].(map[string]any)
		if len(items) != 3 || got["label"] != "5排1座" || got["entrance"] != "东门" ||
			got["used"] != 0.0 || got["units"] != 1.0 || session["event"] != "茶馆" ||
			session["time_zone"] != "Asia/Shanghai" || session["hall"] != "1号厅" {
			t.Fatal(got)
		}
		if _, err := code.NewVerifier(w.Keys).Verify(got["code"].(string)); err != nil {
			t.Fatal(err)
		}
		d.Ask("stranger", "GET", order, nil).Refused(fault.Missing)
		d.Ask("stranger", "GET", one, nil).Refused(ticket.ErrNoTicket)
		d.Ask("stranger", "GET", one+"/qr.png", nil).Refused(ticket.ErrNoTicket)
		d.Ask("", "GET", one, nil).Refused(fault.SignInFirst)
		d.Ask("device", "GET", one, nil).Refused(fault.NotAllowed)
		if d.Ask("viewer", "GET", one, nil).JSON(200)["code"] != nil {
			t.Fatal("who may not print sees the code")
		}
		d.Ask("viewer", "GET", one+"/qr.svg", nil).Refused(fault.NotAllowed)

		page := d.Ask("buyer", "GET", "/api/v1/tickets?limit=2", nil).JSON(200)
		rest := d.Ask("buyer", "GET", "/api/v1/tickets?limit=2&cursor="+
			page["next_cursor"].(string), nil).JSON(200)
		if len(page["items"].([]any)) != 2 || len(rest["items"].([]any)) != 1 {
			t.Fatal(page, rest)
		}

		picture := d.Ask("buyer", "GET", one+"/qr.png?size=256", nil)
		img, err := png.Decode(bytes.NewReader(picture.Body.Bytes()))
		if err != nil || img.Bounds().Dx() != 256 ||
			picture.Header().Get("Cache-Control") != "private, no-cache" {
			t.Fatal(err, picture.Header())
		}
		etag := picture.Header().Get("Etag")
		same := d.Ask("buyer", "GET", one+"/qr.png?size=256", nil, "If-None-Match", etag)
		if same.Code != 304 {
			t.Fatal(same.Code)
		}
		d.Ask("buyer", "GET", one+"/qr.png?size=90", nil).Refused(qr.ErrSize)
		if svg := d.Ask("buyer", "GET", one+"/qr.svg", nil); svg.Code != 200 ||
			!bytes.HasPrefix(svg.Body.Bytes(), []byte("<svg")) {
			t.Fatal(svg.Code)
		}

		reissue := "/api/v1/staff/tickets/" + got["id"].(string) + "/reissue"
		version := map[string]any{"code_version": 1}
		d.Ask("viewer", "POST", reissue, version).Refused(fault.NotAllowed)
		fresh := d.Ask("printer", "POST", reissue, version).JSON(200)
		if fresh["code"] == got["code"] || fresh["code_version"] != 2.0 {
			t.Fatal(fresh)
		}
		d.Ask("printer", "POST", reissue, version).Refused(fault.Stale)
		changed := d.Ask("buyer", "GET", one+"/qr.png?size=256", nil, "If-None-Match", etag)
		if changed.Code != 200 {
			t.Fatal("the old picture still counts:", changed.Code)
		}
		if err := w.Void(&made[0]); err != nil {
			t.Fatal(err)
		}
		d.Ask("buyer", "GET", one+"/qr.png", nil).Refused(ticket.ErrVoid)
		d.Ask("printer", "POST", reissue, map[string]any{"code_version": 3}).
			Refused(ticket.ErrVoid)
	})
}
