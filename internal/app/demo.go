package app

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/checkin"
	"foyer/internal/demo"
	"foyer/internal/seating/layout"
	"foyer/internal/secret"
	"foyer/internal/sqldb"
	"foyer/internal/staff"
)

// The demo's organizations and the house where a stranger's first ticket is sold, by the
// programme's keys, and its people.
const (
	demoOrganization = "galaxy"
	demoHouse        = "seaside"
	demoVenue        = "harbour"
	demoPlay         = "rainlane"
	demoPrices       = "little"
	demoEmail        = "owner@demo.example"
	demoPassword     = "xinghe-2026-demo"
	demoPhone        = "13800001111"
	demoFile         = "demo.json"
)

// demoNote is what a demo installation remembers of itself, for printing and for its next
// first show.
type demoNote struct {
	TOTP, URL                                           string
	Organization, Venue, Hall, Map, Event, List, Policy int64
}

// SeedDemo fills an empty installation with the demo programme around a day.
func (a *App) SeedDemo(ctx context.Context, day time.Time,
	progress func(what string, done, total int),
) error {
	owner, factor, err := a.demoOwner(ctx)
	if err != nil {
		return fmt.Errorf("demo owner: %w", err)
	}
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		return err
	}
	seeder := &demo.Seeder{Catalog: a.Catalog, Maps: mapPublisher{a}, Progress: progress,
		Now:      a.Clock.Now(),
		Existing: map[string]int64{demoOrganization: owner.Organization}}
	made, err := seeder.Seed(ctx, day.In(zone), zone)
	if err != nil {
		return err
	}
	for key, house := range made.Houses {
		if key == demoOrganization {
			continue
		}
		if err := a.DB.InTx(ctx, func(tx *sqldb.Tx) error {
			return a.Staff.Found(tx, owner.Staff, house.ID)
		}); err != nil {
			return err
		}
	}
	a.Staff.Forget()
	note, err := a.demoRehearsals(ctx, made.Houses[demoHouse])
	if err != nil {
		return fmt.Errorf("demo rehearsals: %w", err)
	}
	note.TOTP, note.URL = factor.Text(), owner.URL
	raw, err := json.Marshal(note)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(a.Config.Data, demoFile), raw, 0o600)
}

// demoOwner goes the way of every first owner: link, set-up, second factor.
func (a *App) demoOwner(ctx context.Context) (staff.Enrolment, secret.TOTP, error) {
	link, err := a.Staff.SetupLink(ctx)
	if err != nil {
		return staff.Enrolment{}, secret.TOTP{}, err
	}
	_, token, _ := strings.Cut(link, "#")
	e, err := a.Staff.SetUp(ctx, staff.Setup{Token: token, Organization: "星河文化",
		Email: demoEmail, Name: "林晚", Password: demoPassword})
	if err != nil {
		return e, secret.TOTP{}, err
	}
	factor, err := secret.ParseTOTP(e.Secret)
	if err != nil {
		return e, factor, err
	}
	// The step before this one: the person's own sign-in of the same half minute still works.
	code, err := factor.Code(a.Clock.Now().Add(-30 * time.Second))
	if err != nil {
		return e, factor, err
	}
	_, err = a.Staff.Confirm(ctx, staff.Proof{Email: demoEmail, Password: demoPassword, TOTP: code})
	return e, factor, err
}

// rehearsalRoom is a room as a person types it; it needs no timetable, so that a first
// ticket can be sold and used at any hour.
const rehearsalRoom = `hall: 排练厅
stage: top
zone F = 前区 #c8553d key=front
zone R = 后区 #3d7ea6 key=rear
FFFFFFFF
FFFFFFFF
RRRRRRRR
RRRRRRRR
`

// demoRehearsals makes the room for first tickets, where sessions may overlap, and a policy
// that gives everything back until the start.
func (a *App) demoRehearsals(ctx context.Context, h *demo.Made) (demoNote, error) {
	who, meta := actor.SystemActor, catalog.Meta{Organization: h.ID}
	note := demoNote{Organization: h.ID, Venue: h.Venues[demoVenue],
		Event: h.Events[demoPlay], List: h.Lists[demoPrices]}
	hall, err := a.Catalog.CreateHall(ctx, who, catalog.Hall{Meta: meta, VenueID: note.Venue,
		HallInfo: catalog.HallInfo{Name: "排练厅", NameEn: "Rehearsal room", TimeSlots: true}})
	if err != nil {
		return note, err
	}
	plan, err := layout.ReadText([]byte(rehearsalRoom))
	if err != nil {
		return note, err
	}
	note.Hall = hall.ID
	if note.Map, err = (mapPublisher{a}).PublishMap(ctx, who, h.ID, hall.ID, plan); err != nil {
		return note, err
	}
	policy := catalog.RefundPolicy{Meta: meta}
	for _, p := range catalog.PolicyPresets() {
		if p.Key == "museum" { // free until it begins
			policy.RefundPolicyInfo = p.RefundPolicyInfo
		}
	}
	policy.Name, policy.NameEn = "开演前随时退", "Free until it begins"
	made, err := a.Catalog.CreateRefundPolicy(ctx, who, policy)
	if err != nil {
		return note, err
	}
	note.Policy = made.ID
	return note, nil
}

// demoShow puts a rehearsal on sale that starts in half an hour, so that its gate is open.
func (a *App) demoShow(ctx context.Context, note demoNote) error {
	start := a.Clock.Now().Add(30 * time.Minute).Truncate(time.Minute)
	made, err := a.Catalog.CreateSession(ctx, actor.SystemActor, catalog.Session{
		Meta: catalog.Meta{Organization: note.Organization}, VenueID: note.Venue,
		HallID: note.Hall, EventID: note.Event, SeatMapVersionID: note.Map,
		PriceListID: note.List, RefundPolicyID: note.Policy, SessionInfo: catalog.SessionInfo{
			StartsAt: start, EndsAt: start.Add(70 * time.Minute), MaxPerOrder: 6,
			Note: "公开排练,体验第一张票", NoteEn: "Open rehearsal, for your first ticket"}})
	if err != nil {
		return err
	}
	_, err = a.Catalog.SetSessionState(ctx, actor.SystemActor, made.Meta, catalog.SessionOnSale)
	return err
}

// DemoSignIns is what a stranger needs to try a demo installation. Every call puts another
// first show on sale and makes a new code for the gate, which works for 15 minutes.
func (a *App) DemoSignIns(ctx context.Context) (string, error) {
	raw, err := os.ReadFile(filepath.Join(a.Config.Data, demoFile))
	if err != nil {
		return "", fmt.Errorf("this folder holds no demo: %w", err)
	}
	var note demoNote
	if err := json.Unmarshal(raw, &note); err != nil {
		return "", err
	}
	if err := a.demoShow(ctx, note); err != nil {
		return "", fmt.Errorf("demo show: %w", err)
	}
	_, code, err := a.CheckIn.Devices().Create(ctx, actor.SystemActor, checkin.Device{
		Organization: note.Organization, Venue: note.Venue, Name: "演示检票机"})
	if err != nil {
		return "", err
	}
	u := a.Config.PublicURL
	text := fmt.Sprintf(`
  演示账号 / demo sign-ins
    买家 / buyer   手机 phone %s — 验证码在 / the code comes to %s/dev/inbox
    馆长 / owner   %s   密码 password %s
                  动态码 authenticator %s
    检票机 / gate  一次性登记码 enrolment code %s (15 min)

  第一张票 / first ticket: README.md, "The first ticket".
  Ctrl-C 结束 / stops.
`, demoPhone, u, demoEmail, demoPassword, note.TOTP, code)
	path := filepath.Join(a.Config.Data, "gate-code.txt")
	return text, os.WriteFile(path, []byte(code+"\n"), 0o600)
}
