package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"foyer/internal/catalog"
	"foyer/internal/config"
	"foyer/internal/httpx"
	"foyer/internal/sandboxbank/bankhttp"
	"foyer/internal/seating"
	"foyer/internal/signin/signindb"
)

// Serve opens the ports, starts what the roles ask for, and returns when ctx ends or a
// part fails. ready hears the addresses that are listened on; it may be nil. On the way
// out no request is cut: what is being answered has up to 10 seconds.
func (a *App) Serve(ctx context.Context, ready func(Addresses)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var parts sync.WaitGroup
	run := func(name string, fn func(context.Context) error) {
		parts.Go(func() {
			if err := fn(ctx); err != nil && ctx.Err() == nil {
				cancel(fmt.Errorf("%s: %w", name, err))
			}
		})
	}
	var where Addresses
	stop, err := a.openDoors(&where, cancel)
	if err != nil {
		return err
	}
	a.start(run)
	if ready != nil {
		ready(where)
	}
	<-ctx.Done()
	err = stop()
	parts.Wait()
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		err = errors.Join(cause, err)
	}
	return err
}

// Addresses are what a process listens on; empty where it does not.
type Addresses struct{ API, Bank string }

// openDoors listens before anything else starts, so that a wrong address shows at once.
func (a *App) openDoors(where *Addresses, cancel context.CancelCauseFunc) (func() error, error) {
	var servers []*httpx.Server
	stop := func() error {
		//tidy:allow context the caller's has ended; the drain has its own
		ctx, done := context.WithTimeout(context.Background(), 10*time.Second)
		defer done()
		var errs []error
		for _, s := range servers {
			errs = append(errs, s.Shutdown(ctx))
		}
		return errors.Join(errs...)
	}
	open := func(s *httpx.Server, into *string) error {
		addr, err := s.Listen()
		if err != nil {
			return err
		}
		*into = addr.String()
		servers = append(servers, s)
		go func() {
			if err := s.Serve(); err != nil && !errors.Is(err, http.ErrServerClosed) {
				cancel(err)
			}
		}()
		return nil
	}
	if a.Config.Has(config.RoleBank) && a.Bank != nil {
		if err := open(a.bankServer(), &where.Bank); err != nil {
			return nil, err
		}
	}
	if a.Config.Has(config.RoleAPI) {
		if err := open(a.apiServer(), &where.API); err != nil {
			return nil, errors.Join(err, stop())
		}
	}
	return stop, nil
}

func (a *App) apiServer() *httpx.Server {
	c := a.Config
	s := &httpx.Server{Addr: c.Listen, Handler: a.API, Logger: a.Log, Clock: a.Clock,
		OnShutdown: a.endWaits, CertFile: c.TLSCert, KeyFile: c.TLSKey,
		RedirectAddr: c.Redirect, AllowPlain: c.AllowPlain}
	if len(c.ACMEHosts) > 0 {
		s.ACME = &httpx.ACME{Hosts: c.ACMEHosts, Email: c.ACMEEmail,
			CacheDir: filepath.Join(c.Data, "acme")}
	}
	return s
}

func (a *App) bankServer() *httpx.Server {
	return &httpx.Server{Addr: a.Config.BankListen, Handler: a.bankDoor, Logger: a.Log,
		Clock: a.Clock, AllowPlain: true}
}

// start runs the background work of the process's roles.
func (a *App) start(run func(name string, fn func(context.Context) error)) {
	run("journal", a.Journal.Run)
	run("catalogue", a.Catalog.Run)
	run("keys", a.Keys.Maintain)
	run("board", a.Board.Run)
	if a.Config.Has(config.RoleWorker) {
		run("jobs", a.Jobs.Run)
	}
	if a.Config.Has(config.RoleScheduler) {
		run("expiry", a.expire)
		run("reconciliation", a.Payments.Run)
		run("bills", a.Payments.RunBills)
	}
	if a.Config.Has(config.RoleBank) && a.Bank != nil {
		run("bank", func(ctx context.Context) error {
			return a.Bank.Run(ctx, bankhttp.NewSender())
		})
	}
	run("devices", a.CheckIn.Devices().Run)
	run("rekey", a.Rekey.Watch)
	run("sign-ins", a.recall)
	run("sweep", a.sweep)
	run("lane", a.watchLane)
}

// expire resumes the holds of the last process and then ends those whose time is over.
func (a *App) expire(ctx context.Context) error {
	last, away := a.Journal.Gap(ctx)
	if !away {
		last = time.Time{}
	}
	if err := a.Orders.Resume(ctx, last); err != nil {
		return err
	}
	return a.Orders.RunExpiry(ctx)
}

// recalled is how many sessions are made ready after a start.
const recalled = 2000

// recall makes ready what the first buyers after a start need: who was signed in lately, and
// the sessions that are on sale, the soonest first. Without it they are read as they come.
func (a *App) recall(ctx context.Context) error {
	err := a.Door.Warm(ctx, signindb.New(a.DB))
	now := a.Clock.Now()
	list, _ := a.Catalog.Sessions(catalog.SessionQuery{Open: now, Limit: recalled})
	for _, s := range list {
		if err != nil || ctx.Err() != nil {
			break
		}
		if s.SaleAt(now) != catalog.SaleOpen {
			continue
		}
		_, err = a.Board.Sum(ctx, seating.Ref{Session: s.ID, Map: s.SeatMapVersionID})
		if err == nil {
			err = a.Orders.Recall(ctx, s)
		}
	}
	if err != nil && ctx.Err() == nil {
		a.Log.Warn("what buyers need is read as they come", "error", err)
	}
	return nil
}

// sweep deletes what nobody needs any more: ended sign-ins, codes and counters.
func (a *App) sweep(ctx context.Context) error {
	for {
		tick, stop := a.Clock.After(10 * time.Minute)
		select {
		case <-ctx.Done():
			stop()
			return nil
		case <-tick:
		}
		for name, fn := range map[string]func(context.Context) (int, error){
			"sign-ins": a.Door.Sweep, "attempts": a.Guard.Sweep, "codes": a.Members.Sweep,
			"links": a.Staff.Sweep, "visitors": a.Visitors.Sweep, "account links": a.Links.Sweep,
			"invoice requests": a.Invoices.Sweep,
			"unpaid orders":    a.Orders.Purge,
		} {
			if _, err := fn(ctx); err != nil && ctx.Err() == nil {
				a.Log.Warn("sweep", "what", name, "error", err)
			}
		}
	}
}

// watchLane ends the process when another one has taken its journal lane: nothing that it
// would write could be committed.
func (a *App) watchLane(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case <-a.Journal.Lost():
		return errors.New("another process took over this database")
	}
}

// endWaits answers those who would keep a shutdown waiting: live streams, and buyers who
// wait for their tickets.
func (a *App) endWaits() {
	a.API.CloseStreams()
	a.Tickets.StopWaiting()
}
