// Package bench measures an installation of this machine: it builds a world, serves it, lets
// a load generator in a process of its own play buyers and gates against it, compares what
// it finds with a floor measured in the same run, and checks afterwards that nothing was
// sold twice and nothing acknowledged was lost.
package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"foyer/internal/app"
	"foyer/internal/bench/load"
	"foyer/internal/clock"
	"foyer/internal/config"
	"foyer/internal/httpx"
)

// Options of a run.
type Options struct {
	// Short is CI's share: fewer sessions and rows, each for less time.
	Short bool
	// Rows picks rows by name; none: all.
	Rows []string
	// Out is the folder of bench.json and bench.html, and of the data while it runs;
	// empty: where the program was started.
	Out string
	// SyncDelay makes each commit wait as a slow disk would.
	SyncDelay time.Duration
	// Generator is the command line of the load generator, a program that calls Generate;
	// empty: this program with `bench --generator`.
	Generator []string
	// Profile writes a CPU profile of each row into Out.
	Profile bool
	// Version of the program, for the page.
	Version string
	// Log hears of the server's warnings; nil drops them.
	Log *slog.Logger
	// Clock times everything; nil is the machine's.
	Clock clock.Clock

	size *sizes // of the world; tests build a small one
}

// Generate is the other process: it plays the load that Run asks for on in.
func Generate(ctx context.Context, in io.Reader, out io.Writer) error {
	return load.Serve(ctx, clock.Real{}, in, out)
}

// Run measures the rows, writes bench.json and bench.html and prints a table. It fails when
// a request failed, when the coherence check finds anything, or when a row reaches less
// than half of what it must.
func Run(ctx context.Context, o Options, out io.Writer) error {
	b, err := newRun(o, out)
	if err != nil {
		return err
	}
	err = b.all(ctx)
	err = errors.Join(err, b.close())
	if err != nil && len(b.done) == 0 {
		return err
	}
	return errors.Join(err, b.report())
}

// bench is one run.
type bench struct {
	Options
	out  io.Writer
	bar  *bar
	dir  string
	plan []spec

	machine machine
	start   usage
	world   *world
	serving *serving
	noop    *noop
	gen     *generator
	pairs   int64   // of seats, handed out by an earlier generator
	floor   float64 // the latest rate of noop
	done    []Row
	verdict []string // what fails the run
	checked string   // what the coherence check looked at
}

func newRun(o Options, out io.Writer) (*bench, error) {
	if o.Clock == nil {
		o.Clock = clock.Real{}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Out == "" {
		o.Out = "."
	}
	if o.SyncDelay < 0 || o.SyncDelay > time.Second {
		return nil, fmt.Errorf("bench: a sync delay of %v is not within 0..1s", o.SyncDelay)
	}
	plan, err := choose(specs(o.Short), o.Rows)
	if err != nil {
		return nil, err
	}
	return &bench{Options: o, out: out, bar: newBar(o.Clock, out), plan: plan}, nil
}

func choose(all []spec, names []string) ([]spec, error) {
	if len(names) == 0 {
		return all, nil
	}
	var list []spec
	for _, name := range names {
		i := slices.IndexFunc(all, func(s spec) bool { return s.name == name })
		if i < 0 {
			var known []string
			for _, s := range all {
				known = append(known, s.name)
			}
			return nil, fmt.Errorf("bench: there is no row %q, only %s", name,
				strings.Join(known, ", "))
		}
	}
	for _, s := range all {
		if slices.Contains(names, s.name) {
			list = append(list, s)
		}
	}
	return list, nil
}

// all runs the whole plan; what was measured before an error is kept.
func (b *bench) all(ctx context.Context) error {
	if err := b.prepare(ctx); err != nil {
		return err
	}
	for _, s := range b.plan {
		if err := b.measure(ctx, s); err != nil {
			return fmt.Errorf("bench: row %s: %w", s.name, err)
		}
	}
	return b.check(ctx)
}

func (b *bench) prepare(ctx context.Context) error {
	if err := os.MkdirAll(b.Out, 0o755); err != nil {
		return err
	}
	var err error
	if b.dir, err = os.MkdirTemp(b.Out, ".foyer-bench-"); err != nil {
		return err
	}
	if b.machine, err = look(b.Clock, b.dir); err != nil {
		return err
	}
	b.start = readUsage()
	b.machine.SyncDelayMs = ms(b.SyncDelay)
	if b.serving, err = b.open(ctx, false); err != nil {
		return err
	}
	if b.machine.Store, err = b.serving.app.DB.Version(ctx); err != nil {
		return err
	}
	b.machine.print(b.out)
	size := fullSize()
	if b.Short {
		size = shortSize()
	}
	if b.size != nil {
		size = *b.size
	}
	b.world = &world{App: b.serving.app, sizes: size, show: b.bar.show}
	began := b.Clock.Now()
	stop, err := b.profile("world")
	if err != nil {
		return err
	}
	err = errors.Join(b.world.build(ctx), stop())
	b.bar.done()
	if err != nil {
		return err
	}
	b.say("world: %d halls, %d sessions, %d events, %d members, built in %.1f s (%s)",
		size.halls, len(b.world.out.Sessions)+len(b.world.events)+1, size.events, size.members,
		b.Clock.Now().Sub(began).Seconds(), strings.Join(b.world.took, ", "))
	return b.loadFrom(ctx)
}

// loadFrom starts the installation anew, so that the process that is measured has not built
// the world itself, opens the floor and starts the generator.
func (b *bench) loadFrom(ctx context.Context) error {
	err := b.serving.stop()
	b.serving = nil
	if err != nil {
		return err
	}
	if b.serving, err = b.open(ctx, false); err != nil {
		return err
	}
	b.world.App = b.serving.app
	w := &b.world.out
	w.API, w.Bank = b.serving.where.API, b.serving.where.Bank
	w.TicketType = b.world.Codec.Encode("tty", b.world.adult)
	w.Halls = b.world.halls
	w.Channel, w.Acked = "sandbox", filepath.Join(b.dir, "acked")
	if w.Browse, err = b.browsePaths(); err != nil {
		return err
	}
	size, err := b.answerSize()
	if err != nil {
		return err
	}
	if b.noop, err = openNoop(size); err != nil {
		return err
	}
	w.Noop = b.noop.addr()
	b.gen, err = startGenerator(ctx, b.Generator, *w)
	return err
}

// filterCount is how many different filters `browse` uses.
const filterCount = 500

func (b *bench) browsePaths() ([]string, error) {
	n := filterCount
	if b.size != nil {
		n = 10
	}
	conn := load.NewConn(b.serving.where.API, b.Clock.Now().Add(time.Minute))
	defer conn.Close()
	return b.world.filters(n, func(path string) (bool, error) {
		a, err := conn.Do(load.Request(nil, "GET", path, b.serving.where.API, "", nil, nil))
		if err != nil {
			return false, err
		}
		if a.Status != 200 {
			return false, fmt.Errorf("%s answers %d: %.200s", path, a.Status, a.Body)
		}
		return strings.Count(string(a.Body), `"id":"evt_`) == pageCards &&
			strings.Count(string(a.Body), `"price_from_minor"`) == pageCards, nil
	})
}

// answerSize places one order and says how long its answer is. It takes the last two free
// seats of the last session, which then has one pair less to offer.
func (b *bench) answerSize() (int, error) {
	w := &b.world.out
	s := &w.Sessions[len(w.Sessions)-1]
	n := len(s.Free)
	body := fmt.Appendf(nil, `{"session_id":%q,"lines":[{"ticket_type_id":%q,"places":[%d,%d]}]}`,
		s.ID, w.TicketType, s.Free[n-2], s.Free[n-1])
	s.Free = s.Free[:n-2]
	conn := load.NewConn(w.API, b.Clock.Now().Add(time.Minute))
	defer conn.Close()
	a, err := conn.Do(load.Request(nil, "POST", "/api/v1/orders", w.API,
		w.Members[len(w.Members)-1], []string{"Idempotency-Key: size-of-an-answer"}, body))
	if err != nil || a.Status != 201 {
		return 0, fmt.Errorf("placing one order: status %d, %.300s %v", a.Status, a.Body, err)
	}
	return len(a.Body), nil
}

func (b *bench) say(format string, args ...any) { fmt.Fprintf(b.out, format+"\n", args...) }

func (b *bench) close() error {
	var errs []error
	if b.gen != nil {
		errs = append(errs, b.gen.stop())
	}
	if b.noop != nil {
		errs = append(errs, b.noop.close())
	}
	if b.serving != nil {
		errs = append(errs, b.serving.stop())
	}
	if b.dir != "" {
		errs = append(errs, os.RemoveAll(b.dir))
	}
	return errors.Join(errs...)
}

// serving is an installation that serves.
type serving struct {
	app    *app.App
	where  app.Addresses
	cancel context.CancelFunc
	ended  chan error
}

// open opens the installation of the run's folder and serves it on loopback. rsa makes the
// sandbox bank sign its notices with RSA.
func (b *bench) open(ctx context.Context, rsa bool) (*serving, error) {
	api, err := freePort()
	if err != nil {
		return nil, err
	}
	bank, err := freePort()
	if err != nil {
		return nil, err
	}
	var cfg app.Settings
	cfg.Mode, cfg.Data = config.Development, filepath.Join(b.dir, "data")
	cfg.Listen, cfg.BankListen = api, bank
	cfg.Roles = []string{config.RoleAPI, config.RoleWorker, config.RoleScheduler, config.RoleBank}
	cfg.Sandbox, cfg.BankRSA = true, rsa
	cfg.DB.SyncDelay = b.SyncDelay
	a, err := app.Open(ctx, cfg, b.Clock, b.Log, func(a *app.App) { a.Rates = rates() })
	if err != nil {
		return nil, err
	}
	s := &serving{app: a, ended: make(chan error, 1)}
	ctx, s.cancel = context.WithCancel(ctx)
	ready := make(chan struct{})
	go func() {
		s.ended <- a.Serve(ctx, func(where app.Addresses) {
			s.where = where
			close(ready)
		})
	}()
	select {
	case <-ready:
		return s, nil
	case err := <-s.ended:
		s.cancel()
		return nil, errors.Join(err, a.Close())
	}
}

func (s *serving) stop() error {
	s.cancel()
	return errors.Join(<-s.ended, s.app.Close())
}

// rates are the limits of the run: counted for every request, and high enough that 10,000
// members and 8 gates reach what a whole city would.
func rates() map[string]httpx.Rate {
	list := map[string]httpx.Rate{}
	for _, r := range []httpx.Rate{httpx.ReadRate, httpx.WriteRate, httpx.BuyRate, httpx.ScanRate} {
		r.Count, r.Burst = 100*r.Count, 100*r.Burst
		list[r.Name] = r
	}
	return list
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// quiet gives the garbage of the row before back, so that the next does not pay for it.
func quiet() { runtime.GC() }
