package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"foyer/internal/app"
	"foyer/internal/clock"
	"foyer/internal/config"
	"foyer/internal/selfexec"
)

// settings are the flags that every command over an installation takes.
type settings struct {
	app.Settings `embed:""`
}

func (s *settings) open(env *environment) (*app.App, error) {
	return app.Open(env.ctx, s.Settings, clock.Real{}, env.log)
}

type serveCmd struct{ settings }

// Run starts the server; an empty installation prints the link of its first owner.
func (c *serveCmd) Run(env *environment) error {
	a, err := c.open(env)
	if err != nil {
		return err
	}
	return serve(env, a, func(where app.Addresses) error {
		link, err := a.FirstOwnerLink(env.ctx)
		if err != nil {
			return err
		}
		printAddresses(env.out, a, where)
		if link != "" {
			fmt.Fprintf(env.out, "\n  首次使用 / first owner (valid once, 24 h):\n    %s\n\n", link)
		}
		return nil
	})
}

func serve(env *environment, a *app.App, hello func(app.Addresses) error) error {
	var greeting error
	program, err := selfexec.New(clock.Real{})
	if err != nil {
		return errors.Join(err, a.Close())
	}
	ctx, cancel := context.WithCancelCause(env.ctx)
	defer cancel(nil)
	a.DB.OnFailedSync(func(err error) { cancel(errFailedSync{err}) })
	stop := onHangup(func() {
		if err := a.Ring.Reload(); err != nil {
			env.log.Error("the keys could not be read again", "error", err)
			return
		}
		env.log.Info("the keys were read again")
	})
	defer stop()
	err = a.Serve(ctx, func(where app.Addresses) { greeting = hello(where) })
	err = errors.Join(greeting, err, a.Close())
	var sync errFailedSync
	if errors.As(context.Cause(ctx), &sync) {
		env.log.Error("a sync failed: starting anew", "error", sync.cause)
		return errors.Join(err, program.Again(func() {}))
	}
	return err
}

// errFailedSync ends a process whose disk did not take a commit: what the kernel dropped
// cannot be synced again, so the book is read anew by a process that never thought it had
// written.
type errFailedSync struct{ cause error }

func (e errFailedSync) Error() string { return "fsync failed: " + e.cause.Error() }

// onHangup calls fn for every SIGHUP, until stop.
func onHangup(fn func()) (stop func()) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGHUP)
	go func() {
		for range signals {
			fn()
		}
	}()
	return func() {
		signal.Stop(signals)
		close(signals)
	}
}

func printAddresses(w io.Writer, a *app.App, where app.Addresses) {
	fmt.Fprintf(w, "\nFoyer 前厅 %s\n", version)
	if where.API != "" {
		fmt.Fprintf(w, "  API             %s/api/v1\n", a.Config.PublicURL)
		fmt.Fprintf(w, "  接口文档 / docs   %s/docs\n", a.Config.PublicURL)
		if a.Config.Mode == config.Development {
			fmt.Fprintf(w, "  短信收件箱 / inbox %s/dev/inbox\n", a.Config.PublicURL)
		}
	}
	if where.Bank != "" {
		fmt.Fprintf(w, "  沙箱银行 / bank   %s\n", a.Config.BankURL)
	}
}

type migrateCmd struct{ settings }

// Run migrates and says so.
func (c *migrateCmd) Run(env *environment) error {
	a, err := c.open(env)
	if err != nil {
		return err
	}
	fmt.Fprintln(env.out, "the schema is that of this release")
	return a.Close()
}

type checkConfigCmd struct{ settings }

// Run checks the settings and names every problem.
func (c *checkConfigCmd) Run(env *environment) error {
	c.Defaults()
	if err := app.CheckConfig(c.Settings); err != nil {
		return err
	}
	fmt.Fprintln(env.out, "the settings are right")
	return nil
}

type openAPICmd struct{}

// Run prints the document that the code's routes make, over a throw-away installation.
func (c *openAPICmd) Run(env *environment) error {
	dir, err := os.MkdirTemp("", "foyer-openapi-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	s := settings{app.Settings{Config: config.Config{Mode: config.Development, Data: dir,
		Listen: "127.0.0.1:8080", BankListen: "127.0.0.1:8081", Sandbox: true,
		Roles: []string{config.RoleAPI, config.RoleBank}}}}
	s.DB.Unsafe = true
	a, err := s.open(env)
	if err != nil {
		return err
	}
	doc, err := a.API.OpenAPI()
	if err == nil {
		_, err = env.out.Write(append(doc, '\n'))
	}
	return errors.Join(err, a.Close())
}

type demoCmd struct {
	settings
	Serve bool   `help:"serve the installation afterwards"`
	Day   string `help:"day that the programme is around (default: today)"`
}

// Run seeds an empty folder, shows how far it is, and serves.
func (c *demoCmd) Run(env *environment) error {
	if c.Mode == config.Production {
		return errors.New("production refuses demo data")
	}
	day := clock.Real{}.Now()
	if c.Day != "" {
		var err error
		if day, err = time.Parse("2006-01-02", c.Day); err != nil {
			return fmt.Errorf("--day: %q is not a date like 2026-10-01", c.Day)
		}
	}
	fresh := !exists(filepath.Join(c.Data, "demo.json"))
	if fresh && exists(filepath.Join(c.Data, "foyer.db")) {
		return fmt.Errorf("%s holds an installation that is no finished demo: "+
			"delete the folder or name another", c.Data)
	}
	a, err := c.open(env)
	if err != nil {
		return err
	}
	if fresh {
		if err := seedDemo(env, a, day); err != nil {
			return errors.Join(err, a.Close())
		}
	}
	if !c.Serve {
		return a.Close()
	}
	return serve(env, a, func(where app.Addresses) error {
		printAddresses(env.out, a, where)
		return printDemo(env, a)
	})
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func seedDemo(env *environment, a *app.App, day time.Time) error {
	bar := newBar(os.Stderr)
	err := a.SeedDemo(env.ctx, day, bar.show)
	bar.done()
	return err
}

func printDemo(env *environment, a *app.App) error {
	d, err := a.DemoSignIns(context.WithoutCancel(env.ctx))
	if err != nil {
		return err
	}
	fmt.Fprint(env.out, d)
	return nil
}
