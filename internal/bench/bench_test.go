package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"foyer/internal/bench/load"
)

// The test program is its own load generator.
const asGenerator = "FOYER_TEST_GENERATOR"

func TestMain(m *testing.M) {
	if os.Getenv(asGenerator) != "" {
		if err := Generate(context.Background(), os.Stdin, os.Stdout); err != nil {
			os.Stderr.WriteString(err.Error())
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// TestRunOnASmallWorld measures every row for a moment on a small world: no errors, nothing
// sold twice, and both files say what was measured.
func TestRunOnASmallWorld(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var out bytes.Buffer
	o := Options{Short: true, Out: dir,
		Generator: []string{"env", asGenerator + "=1", os.Args[0]}, Version: "test",
		Log: slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelWarn})),
		size: &sizes{venues: 8, halls: 16, sessions: 5, rows: 8, columns: 14, events: 600,
			members: 2000, taken: 6, codes: 4000}}
	b, err := newRun(o, &out)
	if err != nil {
		t.Fatal(err)
	}
	for i := range b.plan {
		b.plan[i].shape.Warm, b.plan[i].shape.For = 50*time.Millisecond, 300*time.Millisecond
		b.plan[i].shape.Conns = min(b.plan[i].shape.Conns, 16)
		b.plan[i].shape.Rate /= 10
		b.plan[i].must, b.plan[i].stretch = bounds{}, bounds{} // a test machine is no bench
	}
	err = b.all(t.Context())
	if closeErr := b.close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = b.report()
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	checkFiles(t, dir, b)
	if !strings.Contains(out.String(), "0 lost") {
		t.Errorf("acknowledged orders were not looked for:\n%s", &out)
	}
	left, err := filepath.Glob(filepath.Join(dir, ".foyer-bench-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("data is left behind: %v %v", left, err)
	}
}

func checkFiles(t *testing.T, dir string, b *bench) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, "bench.json"))
	if err != nil {
		t.Fatal(err)
	}
	var rows []map[string]any
	if err := json.Unmarshal(raw, &rows); err != nil || len(rows) != len(b.plan) {
		t.Fatalf("%d rows of %d, %v", len(rows), len(b.plan), err)
	}
	for _, r := range rows {
		for _, key := range []string{"name", "rps", "p50_ms", "p99_ms", "ratio_to_noop", "errors"} {
			if _, ok := r[key]; !ok {
				t.Errorf("row %v has no %s", r["name"], key)
			}
		}
		if r["rps"].(float64) <= 0 || r["errors"].(float64) != 0 {
			t.Errorf("row %v: %v", r["name"], r)
		}
	}
	html, err := os.ReadFile(filepath.Join(dir, "bench.html"))
	if err != nil {
		t.Fatal(err)
	}
	for _, foreign := range []string{"http://", "https://", "<script", "@import", "url("} {
		if bytes.Contains(html, []byte(foreign)) {
			t.Errorf("the page asks for something else: %s", foreign)
		}
	}
	if n := bytes.Count(html, []byte("<svg")); n < 2+len(rows) {
		t.Errorf("%d plots for %d rows", n, len(rows))
	}
}

func TestJudge(t *testing.T) {
	t.Parallel()
	ratio := func(v float64) *float64 { return &v }
	s := spec{must: bounds{Ratio: 0.5}, stretch: bounds{Ratio: 0.8}}
	late := spec{must: bounds{RPS: 500, P99Ms: 300}}
	for _, c := range []struct {
		spec spec
		row  Row
		want Verdict
	}{
		{s, Row{RPS: 1, Ratio: ratio(0.8)}, Stretch},
		{s, Row{RPS: 1, Ratio: ratio(0.79)}, Must},
		{s, Row{RPS: 1, Ratio: ratio(0.49)}, Below},
		{s, Row{RPS: 1, Ratio: ratio(0.24)}, Failed},
		{s, Row{RPS: 1, Ratio: ratio(0.9), Errors: 1}, Failed},
		{s, Row{RPS: 1}, Failed},
		{spec{}, Row{RPS: 1}, Free},
		{spec{}, Row{}, Failed},
		{late, Row{RPS: 499, P99Ms: 300}, Must},
		{late, Row{RPS: 499, P99Ms: 301}, Below},
		{late, Row{RPS: 300, P99Ms: 10}, Below},
		{late, Row{RPS: 200, P99Ms: 10}, Failed},
		{late, Row{RPS: 500, P99Ms: 600}, Below},
		{late, Row{RPS: 500, P99Ms: 601}, Failed},
		{late.half(), Row{RPS: 250, P99Ms: 600}, Must},
		{late.half(), Row{RPS: 250, P99Ms: 601}, Failed},
		{late.half(), Row{RPS: 240, P99Ms: 10}, Failed},
	} {
		if got := judge(c.spec, &c.row); got != c.want {
			t.Errorf("%+v against %+v is %s, not %s", c.row, c.spec.must, got, c.want)
		}
	}
}

// A machine that is slower just then is asked for less; a faster one never for more.
func TestPaced(t *testing.T) {
	t.Parallel()
	open := spec{shape: load.Shape{Rate: 500}, must: bounds{RPS: 500, P99Ms: 300}}
	closed := spec{must: bounds{Ratio: 0.5, RPS: 7}}
	for _, c := range []struct {
		floor float64
		rate  float64
		must  bounds
	}{
		{reference / 2, 250, bounds{RPS: 250, P99Ms: 600}},
		{reference, 500, open.must}, {3 * reference, 500, open.must}, {0, 500, open.must},
	} {
		if got := open.paced(c.floor); got.shape.Rate != c.rate || got.must != c.must {
			t.Errorf("at a floor of %v: %v/s, %+v", c.floor, got.shape.Rate, got.must)
		}
		if got := closed.paced(c.floor); got.must != closed.must || got.shape.Rate != 0 {
			t.Errorf("a closed loop at a floor of %v: %+v", c.floor, got.must)
		}
	}
}

func TestRunRefusesUnknownRows(t *testing.T) {
	t.Parallel()
	err := Run(t.Context(), Options{Rows: []string{"place", "plaice"}}, &bytes.Buffer{})
	if err == nil || !strings.Contains(err.Error(), "plaice") {
		t.Fatalf("%v", err)
	}
	if err := Run(t.Context(), Options{SyncDelay: time.Hour}, &bytes.Buffer{}); err == nil {
		t.Fatal("a sync delay of an hour is accepted")
	}
}

func TestNumbersAndScales(t *testing.T) {
	t.Parallel()
	for v, want := range map[float64]string{0: "0", 0.123: "0.12", 12.34: "12.3", 123.4: "123",
		1234567: "1,234,567"} {
		if got := number(v); got != want {
			t.Errorf("%v is written %s", v, got)
		}
	}
	for _, v := range []float64{0.003, 0.9, 1, 7.3, 99, 2501, 123456} {
		top := niceTop(v)
		if top < v || top > 2.5*v*1.0001 {
			t.Errorf("a scale to %v for %v", top, v)
		}
	}
	if niceTop(0) != 1 || math.IsNaN(niceTop(-1)) {
		t.Error("an empty scale")
	}
}

// TestPageOfBadRows: rows without samples or ratios are drawn all the same.
func TestPageOfBadRows(t *testing.T) {
	t.Parallel()
	p := page{Rows: []Row{{Name: "a<b", Loop: "open", Verdict: Failed},
		{Name: "c", Loop: "closed", points: []load.Point{{}, {}}}}, Failures: []string{"<script>"}}
	var b bytes.Buffer
	if err := p.render(&b); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), "<script>") || strings.Contains(b.String(), "NaN") {
		t.Error("not escaped, or not a number")
	}
}
