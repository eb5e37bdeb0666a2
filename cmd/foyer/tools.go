package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"foyer/internal/app"
	"foyer/internal/bench"
	"foyer/internal/clock"
	"foyer/internal/doctor"
)

type benchCmd struct {
	Short     bool          `help:"CI's share: the same rows, each for less time"`
	Rows      []string      `help:"only these rows"`
	Out       string        `type:"path" default:"." help:"folder of bench.json and bench.html"`
	SyncDelay time.Duration `help:"make each commit wait as a slow disk would, e.g. 3ms"`
	Profile   bool          `help:"write a CPU profile of each row"`
	Generator bool          `hidden:"" help:"be the load generator of another process"`
}

// Run measures this machine.
func (c *benchCmd) Run(env *environment) error {
	if c.Generator {
		return bench.Generate(env.ctx, os.Stdin, os.Stdout)
	}
	return bench.Run(env.ctx, bench.Options{Short: c.Short, Rows: c.Rows, Out: c.Out,
		SyncDelay: c.SyncDelay, Profile: c.Profile, Version: version, Clock: clock.Real{}}, env.out)
}

type doctorCmd struct {
	settings
	Acknowledged string `type:"existingfile" help:"a client's file of acknowledged orders (JSON lines)"`
	JSON         bool   `help:"print the report as JSON"`
}

// errSick makes the exit code tell that something was found.
var errSick = errors.New("the book contradicts itself")

// Run checks the book, also of an installation that another process serves.
func (c *doctorCmd) Run(env *environment) error {
	d, err := app.Inspect(env.ctx, c.Settings, clock.Real{}, env.log)
	if err != nil {
		return err
	}
	bar := newBar(os.Stderr)
	d.Progress = func(n int) { bar.count("orders", n) }
	report, err := d.Check(env.ctx)
	if err == nil && c.Acknowledged != "" {
		err = checkFile(env, d, c.Acknowledged, report)
	}
	bar.done()
	if err = errors.Join(err, d.Close()); err != nil {
		return err
	}
	if c.JSON {
		enc := json.NewEncoder(env.out)
		enc.SetIndent("", "  ")
		err = enc.Encode(report)
	} else {
		for _, f := range report.Findings {
			fmt.Fprintln(env.out, f)
		}
		for _, n := range report.Counts() {
			fmt.Fprintln(env.out, "  ", n)
		}
	}
	if !report.Healthy() {
		return errors.Join(err, errSick)
	}
	if !c.JSON {
		fmt.Fprintln(env.out, "the book is coherent")
	}
	return err
}

func checkFile(env *environment, d *app.Inspection, path string, report *doctor.Report) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return d.CheckAcknowledged(env.ctx, f, report)
}
