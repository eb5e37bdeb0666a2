package tickethttp_test

import (
	"testing"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/sqldb"
	"foyer/internal/sqldb/sqldbtest"
	"foyer/internal/ticket"
	"foyer/internal/ticket/tickethttp"
	"foyer/internal/ticket/tickettest"
)

func TestPassAndItsPhoto(t *testing.T) {
	t.Parallel()
	start := func() clock.Clock { return clock.NewFake(sqldbtest.Start) }
	sqldbtest.Each(t, start, func(t *testing.T, db *sqldb.DB) {
		b := tickettest.New(t, db, clock.NewFake(sqldbtest.Start))
		d := tickettest.NewDoor(t, b.Clock, b.IDs)
		tickethttp.Mount(d.API, b.Tickets)
		units := tickettest.Group(2)
		units[0].Admission = &catalog.Admission{StaffText: "内部", PhotoRequired: true,
			Pass: &catalog.PassRule{Starts: catalog.PassFromSale, ValidDays: 30}}
		made := b.Issue(b.Session(tickettest.Venue, time.Hour), units)[0]
		d.Tokens = map[string]actor.Actor{"buyer": tickettest.Buyer(),
			"desk": tickettest.Staff(ticket.PermPrint)}
		id := d.Keys().Public(ticket.KindTicket, made.ID)
		path := "/api/v1/tickets/" + id
		body := d.Ask("buyer", "GET", path, nil).JSON(200)
		opens := body["opens"].(map[string]any)
		part := body["parts"].([]any)[0].(map[string]any)
		if opens["staff_text"] != nil || opens["pass"] == nil || body["units"] != 2.0 ||
			part["allowed"] != 0.0 || part["share_minor"] != 4500.0 {
			t.Fatal(body)
		}
		from, _ := time.Parse(time.RFC3339, body["valid_from"].(string))
		until, _ := time.Parse(time.RFC3339, body["valid_until"].(string))
		if until.Sub(from) != 30*24*time.Hour {
			t.Fatal(from, until)
		}
		put := "/api/v1/staff/tickets/" + id + "/photo"
		media := func(id int64) map[string]any {
			return map[string]any{"media_id": d.Keys().Public(catalog.KindMedia, id)}
		}
		d.Ask("desk", "PUT", put, media(5)).Refused(fault.Missing)
		d.Ask("buyer", "PUT", put, media(tickettest.Picture)).Refused(fault.NotAllowed)
		got := d.Ask("desk", "PUT", put, media(tickettest.Picture)).JSON(200)
		if got["photo_url"] !=
			"/api/v1/media/"+media(tickettest.Picture)["media_id"].(string) {
			t.Fatal(got)
		}
		if err := b.Void(&made); err != nil {
			t.Fatal(err)
		}
		d.Ask("desk", "PUT", put, media(tickettest.Picture)).Refused(ticket.ErrVoid)
	})
}
