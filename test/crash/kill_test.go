package crash_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"foyer/test/rig"
)

// acksBeforeKill is how many answers the clients believe before each death.
const acksBeforeKill = 200

// bigGrid is a hall of 1,200 seats.
func bigGrid() string {
	return "hall: 大厅\nscreen: top 银幕\nzone B = 普通区 #5b8ff9 key=standard\nrow from 1\n" +
		strings.Repeat(strings.Repeat("B", 40)+"\n", 30)
}

// show puts another big hall on sale.
func show(s *rig.Server) string {
	h := s.House()
	return h.Session(rig.Showing{Room: h.Room(h.Cinema(), bigGrid()), Event: h.Film(),
		In: 48 * time.Hour, Prices: h.Prices(5200, 4500), Policy: h.Policy("Cinema ladder"),
		More: map[string]any{"max_per_member": 5000, "max_per_order": 10}})
}

// The process is killed under load, again and again, in one folder: whatever was answered
// is there, whatever was not is one thing and not two, and the book is coherent.
func TestKill(t *testing.T) {
	t.Parallel()
	r := torture(t, "kill -9 under load", 1000, 6, 55)
	for r.next() {
		killIn(t, r, 50)
	}
}

// killIn spends up to n cycles on one folder.
func killIn(t *testing.T, r *row, n int) {
	t.Run(fmt.Sprintf("folder-%d", r.round), func(t *testing.T) {
		s := rig.Demo(t)
		sessions := []string{show(s), show(s)}
		c := gather(t, s, 16, sessions...)
		cycles := 0
		for ; cycles < n && !t.Failed() && (cycles == 0 || r.next()); cycles++ {
			if s.Stranger().Get("/sessions/"+sessions[len(sessions)-1]+"/seats").N("free") < 500 {
				sessions = append(sessions, show(s), show(s))
				c.move(sessions[len(sessions)-2:]...)
			}
			killOnce(t, s, c)
			r.did(1)
		}
		c.leave()
		t.Logf("%d cycles; acknowledged: %s; refused: %v", cycles, c.diary, c.refused)
		s.Finish(sessions...)
		rig.Doctor(t, s.Dir, c.diary.path)
	})
}

// killOnce waits for the answers, kills at a moment that nobody chose, starts again in the
// same folder and compares.
func killOnce(t *testing.T, s *rig.Server, c *crowd) {
	t.Helper()
	before := c.diary.count()
	s.Until("answers before the kill", 60*time.Second, func() bool {
		return c.diary.count() >= before+acksBeforeKill
	})
	<-time.After(time.Duration(rand.IntN(50_000)) * time.Microsecond)
	s.Kill()
	acknowledged := c.diary.count()
	took := s.Run()
	report := rig.Doctor(t, s.Dir, c.diary.path)
	t.Logf("killed after %d answers, first answer after %s; %d orders, %d acknowledged lines",
		acknowledged-before, took.Round(time.Millisecond), report.Counted["orders"],
		report.Counted["acknowledged orders"])
	repeat(t, c.diary.takeLast())
}

// repeat sends what was answered once more: same key, same answer, byte for byte.
func repeat(t *testing.T, list []ack) {
	t.Helper()
	for _, a := range list {
		if a.status != 201 {
			continue // the same order again, as it stood then
		}
		got := insist(t.Context(), a.who, "POST", "/orders", a.body, rig.Key(a.key)...)
		if got.Status != a.status || string(got.Raw) != a.raw {
			t.Errorf("key %s: answered %d %s, and after the start %d %s", a.key, a.status, a.raw,
				got.Status, got.Raw)
		}
	}
}

// The control: a folder that lost what was acknowledged is found out.
func TestLostOrdersAreFound(t *testing.T) {
	t.Parallel()
	s := rig.Demo(t)
	session, buyer, d := s.House().Evening(5*time.Hour, nil), s.Member(), newDiary(t)
	s.Stop()
	older := filepath.Join(t.TempDir(), "older")
	if err := rig.CopyFolder(s.Dir, older); err != nil {
		t.Fatal(err)
	}
	s.Run()
	paid := buyer.Buy(rig.Wish(session, s.House().Adult, buyer.Seats(session).Pick(2, "")...))
	d.write(paid.S("id"), paid.N("total_minor"), "paid")
	s.Finish(session)
	rig.Doctor(t, s.Dir, d.path)
	got := rig.Examine(t, older, d.path).Findings
	if len(got) != 1 || got[0].Rule != "I4" {
		t.Fatalf("an older copy of the folder has the findings %v", got)
	}
}
