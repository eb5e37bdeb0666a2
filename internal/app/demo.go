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
	"foyer/internal/checkin"
	"foyer/internal/demo"
	"foyer/internal/secret"
	"foyer/internal/sqldb"
	"foyer/internal/staff"
)

// The demo's first organization and cinema, by the programme's keys, and its people.
const (
	demoOrganization = "galaxy"
	demoCinema       = "xihu"
	demoEmail        = "owner@demo.example"
	demoPassword     = "xinghe-2026-demo"
	demoPhone        = "13800001111"
	demoFile         = "demo.json"
)

// demoNote is what a demo installation remembers of itself, for printing.
type demoNote struct {
	TOTP, URL           string
	Organization, Venue int64
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
	for key, id := range made.Organizations {
		if key == demoOrganization {
			continue
		}
		if err := a.DB.InTx(ctx, func(tx *sqldb.Tx) error {
			return a.Staff.Found(tx, owner.Staff, id)
		}); err != nil {
			return err
		}
	}
	a.Staff.Forget()
	note := demoNote{TOTP: factor.Text(), URL: owner.URL, Organization: owner.Organization,
		Venue: made.Venues[demoCinema]}
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

// DemoSignIns is what a stranger needs to try a demo installation; the gate's code is made
// anew with every call and works for 15 minutes.
func (a *App) DemoSignIns(ctx context.Context) (string, error) {
	raw, err := os.ReadFile(filepath.Join(a.Config.Data, demoFile))
	if err != nil {
		return "", fmt.Errorf("this folder holds no demo: %w", err)
	}
	var note demoNote
	if err := json.Unmarshal(raw, &note); err != nil {
		return "", err
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
