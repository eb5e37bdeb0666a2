package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/pprof"
	"slices"
	"strings"
	"time"

	"foyer/internal/bench/load"
)

// bounds are what a row must reach, and what it should stretch to; zero bounds nothing.
type bounds struct {
	Ratio float64 // of the floor, at least
	RPS   float64 // at least
	P99Ms float64 // at most
}

// spec is one row of the plan.
type spec struct {
	name, what    string
	scene         string // of the generator; empty: name
	shape         load.Shape
	changes       float64 // of seats, per second, meanwhile
	ratio         bool    // measured beside the floor
	rsa           bool    // the bank signs with RSA: the installation is opened anew
	halved        bool    // at half of what it must: there is nothing below it
	must, stretch bounds
}

// Row is what a row came to, as bench.json has it.
type Row struct {
	Name    string   `json:"name"`
	RPS     float64  `json:"rps"`
	P50Ms   float64  `json:"p50_ms"`
	P99Ms   float64  `json:"p99_ms"`
	Ratio   *float64 `json:"ratio_to_noop"` // null where it is not measured
	Errors  int      `json:"errors"`
	Loop    string   `json:"loop"` // closed (at saturation) or open (fixed arrival rate)
	Offered float64  `json:"offered_rps,omitempty"`
	Conns   int      `json:"connections"`
	Seconds float64  `json:"seconds"`
	P90Ms   float64  `json:"p90_ms"`
	P999Ms  float64  `json:"p999_ms"`
	MaxMs   float64  `json:"max_ms"`
	Floor   float64  `json:"noop_rps,omitempty"` // just before and after the row

	MustRatio    float64 `json:"must_ratio,omitempty"`
	MustRPS      float64 `json:"must_rps,omitempty"`
	MustP99Ms    float64 `json:"must_p99_ms,omitempty"`
	StretchRatio float64 `json:"stretch_ratio,omitempty"`
	Verdict      Verdict `json:"verdict"`
	// Others is the share of the cores that neither server nor generator used meanwhile.
	Others float64 `json:"others_share"`
	// ServerUs and ClientUs are processor time for each request, of the server (store, bank
	// and background work included) and of the generator: what noise on the cores changes
	// least.
	ServerUs float64 `json:"server_cpu_us"`
	ClientUs float64 `json:"generator_cpu_us"`
	// CatchUp is how long after the row the facts were all delivered.
	CatchUp float64        `json:"catch_up_seconds,omitempty"`
	Kinds   map[string]int `json:"error_kinds,omitempty"`

	what   string
	points []load.Point
}

// Verdict is a row's outcome.
type Verdict string

// The verdicts, from best to worst.
const (
	Stretch Verdict = "stretch" // reaches what it should stretch to
	Must    Verdict = "must"    // reaches what it must
	Free    Verdict = "free"    // nothing is asked of it
	Below   Verdict = "below"   // does not reach what it must, but half of it
	Failed  Verdict = "failed"  // errors, or less than half of what it must
)

// The connections of closed loops. All rows and the floor have the same: enough that a
// commit finds many orders to group, as on the day of an on-sale.
const closedConns = 128

// specs is the plan in the order in which it is run: what needs free seats by number comes
// before the row that may use them all up.
func specs(short bool) []spec {
	closed := load.Shape{Conns: closedConns, Warm: time.Second, For: 8 * time.Second}
	open := func(rate float64, conns int) load.Shape {
		s := load.Shape{Rate: rate, Conns: conns, Warm: time.Second, For: 10 * time.Second}
		if short {
			s.For = 5 * time.Second
		}
		return s
	}
	if short {
		closed.For = 4 * time.Second
	}
	list := []spec{
		{name: "noop", shape: closed, what: "a JSON POST through the bare net/http mux: the floor"},
		{name: "refuse", shape: closed, ratio: true, what: "an order on taken seats is refused",
			must: bounds{Ratio: 0.5}, stretch: bounds{Ratio: 0.8}},
		{name: "seatmap", shape: closed, ratio: true, changes: 100,
			what: "the states of all 2,000 seats, decoded, while 100 a second change",
			must: bounds{Ratio: 0.6}, stretch: bounds{Ratio: 0.85}},
		{name: "seatmap_304", shape: closed, ratio: true, what: "the same, not changed since"},
		{name: "browse", shape: closed, ratio: true,
			what: "20 full cards of 10,000 events through 500 random filters",
			must: bounds{Ratio: 0.25}, stretch: bounds{Ratio: 0.5}},
		{name: "purchase", shape: open(500, 512),
			what: "place, pay at the sandbox bank, signed notice, ticket in hand",
			must: bounds{RPS: 500, P99Ms: 300}},
		{name: "checkin", shape: open(1000, 64), what: "scans at 8 gates",
			must: bounds{RPS: 1000, P99Ms: 50}},
		{name: "place_open", scene: "place", shape: open(3000, 512),
			what: "durable orders of two seats at 3,000 a second", must: bounds{P99Ms: 100}},
		{name: "place", shape: closed, ratio: true,
			what: "durable orders of two seats, as many as go",
			must: bounds{Ratio: 0.15}, stretch: bounds{Ratio: 0.25}},
	}
	// Last: the installation is opened anew for it.
	rsa := spec{name: "purchase_rsa", scene: "purchase", shape: open(200, 256), rsa: true,
		what: "purchase with notices signed by RSA"}
	if short {
		return append(list, rsa)
	}
	for _, s := range []spec{
		{name: "checkin_3000", scene: "checkin", shape: open(3000, 128),
			what: "scans at three times the rate"},
		{name: "purchase_1500", scene: "purchase", shape: open(1500, 1024),
			what: "purchases at three times the rate"},
	} {
		s.shape.For = 6 * time.Second
		i := slices.IndexFunc(list, func(l spec) bool { return l.name == s.scene })
		list = slices.Insert(list, i+1, s)
	}
	return append(list, rsa)
}

// reference is the floor that the rates and tails of the open loops are meant for: what two
// quiet cores reach. On a machine whose floor is lower just then, fewer requests are planned
// in proportion, and tails may be longer in proportion; a higher floor changes nothing.
const reference = 20_000

// paced is a row as the machine can be asked for it, whose floor is floor just then.
func (s spec) paced(floor float64) spec {
	if s.shape.Rate == 0 || floor <= 0 || floor >= reference {
		return s
	}
	pace := floor / reference
	s.shape.Rate *= pace
	s.must.RPS *= pace
	s.must.P99Ms /= pace
	return s
}

// measure plays one row and judges it. An open loop that does not reach what it must is
// played again at half of its rate, where its tail may be twice as long: less than that is
// less than half of the must and fails. At a rate that it cannot carry, the tail only tells
// how long the row was.
func (b *bench) measure(ctx context.Context, s spec) error {
	if err := b.reopen(ctx, s.rsa); err != nil {
		return err
	}
	r, err := b.once(ctx, s)
	if err != nil {
		return err
	}
	rows := []Row{r}
	if s.shape.Rate > 0 && r.Errors == 0 && (r.Verdict == Below || r.Verdict == Failed) {
		half, err := b.once(ctx, s.half())
		if err != nil {
			return err
		}
		rows[0].Verdict = Below
		rows = append(rows, half)
	}
	for i := range rows {
		b.told(&rows[i])
	}
	return nil
}

// half is half of what the row must: half of its rate, with a tail of twice the length.
func (s spec) half() spec {
	s.scene = s.sceneName()
	s.name += "_half"
	s.shape.Rate /= 2
	s.must.RPS /= 2
	s.must.P99Ms *= 2
	s.halved = true
	return s
}

// told keeps a row and prints it.
func (b *bench) told(r *Row) {
	b.done = append(b.done, *r)
	b.say("%s", r.line())
	for kind, n := range r.Kinds {
		b.say("    %d × %s", n, kind)
	}
	if r.Verdict == Failed {
		b.verdict = append(b.verdict, r.Name+" "+r.why())
	}
}

func (b *bench) once(ctx context.Context, s spec) (Row, error) {
	quiet()
	before, err := b.besideFloor(s.ratio || s.shape.Rate > 0)
	if err != nil {
		return Row{}, err
	}
	s = s.paced(before)
	stopProfile, err := b.profile(s.name)
	if err != nil {
		return Row{}, err
	}
	from := readUsage()
	sum, err := b.play(s)
	used := readUsage()
	if err = errors.Join(err, stopProfile()); err != nil {
		return Row{}, err
	}
	r := rowOf(s, sum)
	r.Others, _ = others(from, used, os.Getpid(), b.gen.pid())
	r.ServerUs = cpuEach(from, used, os.Getpid(), sum.Total)
	r.ClientUs = cpuEach(from, used, b.gen.pid(), sum.Total)
	if r.CatchUp, err = b.catchUp(ctx); err != nil {
		return Row{}, err
	}
	after, err := b.besideFloor(s.ratio)
	if err != nil {
		return Row{}, err
	}
	r.Floor = before
	if s.ratio {
		r.Floor = (before + after) / 2
		ratio := r.RPS / r.Floor
		r.Ratio = &ratio
	} else if s.name == "noop" {
		one := 1.0
		r.Ratio, b.floor = &one, r.RPS
	}
	r.Verdict = judge(s, &r)
	return r, nil
}

// besideFloor measures the floor for a moment, so that a row is compared with what the
// machine could do just then.
func (b *bench) besideFloor(wanted bool) (float64, error) {
	if !wanted {
		return 0, nil
	}
	sum, err := b.gen.play(load.Job{Name: "noop", Shape: load.Shape{Conns: closedConns,
		Warm: 300 * time.Millisecond, For: 1500 * time.Millisecond}})
	if err == nil && (sum.Errors > 0 || sum.Count == 0) {
		err = fmt.Errorf("the floor failed: %v", sum.Kinds)
	}
	b.floor = sum.RPS
	return sum.RPS, err
}

func (b *bench) play(s spec) (load.Summary, error) {
	stop := b.bar.during(s.name, s.shape.Warm+s.shape.For)
	defer stop()
	return b.gen.play(load.Job{Name: s.sceneName(), Shape: s.shape, Changes: s.changes})
}

func (s spec) sceneName() string {
	if s.scene == "" {
		return s.name
	}
	return s.scene
}

// reopen starts the installation anew where a row wants other settings of its bank.
func (b *bench) reopen(ctx context.Context, rsa bool) error {
	if b.serving.app.Config.BankRSA == rsa {
		return nil
	}
	b.pairs = b.gen.pairs
	if err := errors.Join(b.gen.stop(), b.serving.stop()); err != nil {
		return err
	}
	b.gen, b.serving = nil, nil
	var err error
	if b.serving, err = b.open(ctx, rsa); err != nil {
		return err
	}
	b.world.App = b.serving.app
	w := &b.world.out
	w.API, w.Bank, w.Skip = b.serving.where.API, b.serving.where.Bank, b.pairs
	b.gen, err = startGenerator(ctx, b.Generator, *w)
	return err
}

// profile writes a CPU profile of the server while a row is measured, if wanted.
func (b *bench) profile(name string) (stop func() error, err error) {
	if !b.Profile {
		return func() error { return nil }, nil
	}
	f, err := os.Create(filepath.Join(b.Out, "bench-"+name+".pprof"))
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() error {
		pprof.StopCPUProfile()
		return f.Close()
	}, nil
}

func rowOf(s spec, sum load.Summary) Row {
	r := Row{Name: s.name, RPS: sum.RPS, P50Ms: sum.P50Ms, P99Ms: sum.P99Ms, Errors: sum.Errors,
		Loop: "closed", Offered: s.shape.Rate, Conns: s.shape.Conns, Seconds: sum.Seconds,
		P90Ms: sum.P90Ms, P999Ms: sum.P999Ms, MaxMs: sum.MaxMs, Kinds: sum.Kinds,
		MustRatio: s.must.Ratio, MustRPS: s.must.RPS, MustP99Ms: s.must.P99Ms,
		StretchRatio: s.stretch.Ratio, what: s.what, points: sum.Points}
	if s.shape.Rate > 0 {
		r.Loop = "open"
	}
	return r
}

// reached is the share of a rate that counts as reached: arrivals at the edges of the
// measured time fall outside of it.
const reached = 0.99

// judge compares a row with its bounds.
func judge(s spec, r *Row) Verdict {
	if r.Errors > 0 || r.RPS == 0 {
		return Failed
	}
	if s.must == (bounds{}) {
		return Free
	}
	switch {
	case !within(s.must, r, 2):
		return Failed
	case !within(s.must, r, 1):
		if s.halved {
			return Failed
		}
		return Below
	case s.stretch != (bounds{}) && within(s.stretch, r, 1):
		return Stretch
	}
	return Must
}

// within says whether a row reaches the bounds when each is eased by a factor.
func within(b bounds, r *Row, ease float64) bool {
	return (b.Ratio == 0 || r.Ratio != nil && *r.Ratio >= b.Ratio/ease) &&
		(b.RPS == 0 || r.RPS >= reached*b.RPS/ease) &&
		(b.P99Ms == 0 || r.P99Ms <= b.P99Ms*ease)
}

func (r *Row) why() string {
	if r.Errors > 0 {
		var kinds []string
		for kind, n := range r.Kinds {
			kinds = append(kinds, fmt.Sprintf("%d × %s", n, kind))
		}
		slices.Sort(kinds)
		return fmt.Sprintf("has %d errors: %s", r.Errors, strings.Join(kinds, ", "))
	}
	return "reaches less than half of what it must: " + r.bound()
}

func (r *Row) bound() string {
	var list []string
	if r.MustRatio > 0 {
		list = append(list, fmt.Sprintf("ratio ≥ %.2f", r.MustRatio))
	}
	if r.MustRPS > 0 {
		list = append(list, fmt.Sprintf("%.0f/s", r.MustRPS))
	}
	if r.MustP99Ms > 0 {
		list = append(list, fmt.Sprintf("p99 ≤ %.0f ms", r.MustP99Ms))
	}
	return strings.Join(list, ", ")
}

// line is the row as it is printed.
func (r *Row) line() string {
	ratio := "      "
	if r.Ratio != nil {
		ratio = fmt.Sprintf("%6.3f", *r.Ratio)
	}
	return fmt.Sprintf("%-14s %-6s %9.0f/s  ratio %s  p50 %8.2f  p99 %8.2f ms  %d errors  "+
		"cpu %5.0f+%3.0f µs  others %2.0f %%  %-7s %s", r.Name, r.Loop, r.RPS, ratio, r.P50Ms,
		r.P99Ms, r.Errors,
		r.ServerUs, r.ClientUs, 100*r.Others, r.Verdict, r.bound())
}
