package rig

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"

	"foyer/internal/app"
	"foyer/internal/catalog"
	"foyer/internal/clock"
)

// Open opens the folder of a server that does not run.
func Open(t testing.TB, dir string) *app.App {
	t.Helper()
	var cfg app.Settings
	cfg.Data, cfg.Listen, cfg.BankListen = dir, "127.0.0.1:8080", "127.0.0.1:8081" // unused
	cfg.Sandbox = true
	a, err := app.Open(t.Context(), cfg, clock.Real{}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// Report is what the shipped doctor says of a folder.
type Report struct {
	Findings []struct{ Rule, Object, Text string }
	Counted  map[string]int
}

// Doctor runs the shipped coherence check over a folder and fails the test for each finding;
// acknowledged is a client's own file of what it was told, or empty.
func Doctor(t testing.TB, dir, acknowledged string) Report {
	t.Helper()
	r := Examine(t, dir, acknowledged)
	for _, f := range r.Findings {
		t.Errorf("doctor: %s %s: %s", f.Rule, f.Object, f.Text)
	}
	return r
}

// Examine is Doctor for a folder that may be sick.
func Examine(t testing.TB, dir, acknowledged string) Report {
	t.Helper()
	args := []string{"doctor", "--data", dir, "--json"}
	if acknowledged != "" {
		args = append(args, "--acknowledged", acknowledged)
	}
	var said bytes.Buffer
	cmd := exec.Command(os.Getenv(envBinary), args...)
	cmd.Stderr = &said
	out, err := cmd.Output()
	var r Report
	if jsonErr := json.Unmarshal(out, &r); jsonErr != nil {
		t.Fatalf("doctor: %v %v: %s %s", err, jsonErr, out, &said)
	}
	if (err != nil) != (len(r.Findings) > 0) {
		t.Errorf("doctor: %d findings and %v: %s", len(r.Findings), err, &said)
	}
	return r
}

// Finish ends a flow: the pictures of the sessions are taken, the server is stopped, and the
// folder is checked, also that each picture was what the book says (I9).
func (s *Server) Finish(sessions ...string) Report {
	s.T.Helper()
	anybody, shown := s.Stranger(), map[string]Doc{}
	for _, id := range sessions {
		shown[id] = anybody.Get("/sessions/" + id + "/seats")
	}
	s.Stop()
	r := Doctor(s.T, s.Dir, "")
	a := Open(s.T, s.Dir)
	defer a.Close()
	for public, was := range shown {
		id, err := a.Codec.Decode(catalog.KindSession, public)
		if err != nil {
			s.T.Fatal(err)
		}
		is, err := a.Seating.Seats(s.T.Context(), id)
		if err != nil {
			s.T.Fatal(err)
		}
		if base64.StdEncoding.EncodeToString(is.States) != was.S("states") {
			s.T.Errorf("doctor: I9 the picture of %s was not the book: %s", public,
				difference(s.T, was.S("states"), is.States))
		}
		for i, area := range is.Areas {
			free, left := was.N("areas."+itoa(i)+".free"), int64(area.Capacity-area.Taken)
			if free != left {
				s.T.Errorf("doctor: I9 area %d of %s showed %d free, not %d", area.Area, public,
					free, left)
			}
		}
	}
	return r
}

// difference lists the first seats that a picture and the book show differently.
func difference(t testing.TB, picture string, book []byte) string {
	shown, err := base64.StdEncoding.DecodeString(picture)
	if err != nil || len(shown) != len(book) {
		t.Fatal(err, len(shown), len(book))
	}
	var list []string
	for i := range 4 * len(book) {
		was, is := shown[i/4]>>(2*(i%4))&3, book[i/4]>>(2*(i%4))&3
		if was != is && len(list) < 10 {
			list = append(list, fmt.Sprintf("seat %d was shown as %d, is %d", i, was, is))
		}
	}
	return strings.Join(list, "; ")
}
