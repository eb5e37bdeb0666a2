// Command foyer is the whole front hall of a venue in one binary. `foyer --help` lists what
// it does; each command has its own help.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	_ "time/tzdata" // venues' zones on machines without a zone database

	"github.com/alecthomas/kong"

	"foyer/internal/config"
)

// version is set when a release is built.
var version = "dev"

type program struct {
	Settings string           `placeholder:"FILE" type:"path" env:"FOYER_SETTINGS" help:"settings file (JSON; default: foyer.json if it is there)"`
	LogLevel string           `enum:"debug,info,warn,error" default:"info" env:"FOYER_LOG_LEVEL" help:"debug, info, warn or error"`
	Version  kong.VersionFlag `help:"print the version"`

	Serve       serveCmd       `cmd:"" help:"Start the server."`
	Demo        demoCmd        `cmd:"" help:"Fill an empty data folder with a demo programme, and serve it."`
	Migrate     migrateCmd     `cmd:"" help:"Bring the database's schema to this release."`
	Import      importCmd      `cmd:"" help:"Import a seat map, a programme or events from a file."`
	CheckConfig checkConfigCmd `cmd:"" help:"Check the settings without starting."`
	Doctor      doctorCmd      `cmd:"" help:"Check the whole book for contradictions."`
	Backup      backupCmd      `cmd:"" help:"Copy a running installation."`
	Restore     restoreCmd     `cmd:"" help:"Bring a copy back into an empty folder."`
	Keys        keysCmd        `cmd:"" help:"List, rotate, retire, export and import the keys."`
	Bench       benchCmd       `cmd:"" help:"Measure this machine: bench.json and bench.html."`
	OpenAPI     openAPICmd     `cmd:"" name:"openapi" help:"Print the API document."`
}

// environment is what every command gets.
type environment struct {
	ctx context.Context
	log *slog.Logger
	out io.Writer
}

// gcPercent lets the heap grow to three times what lives in it: collecting half as often
// costs a purchase a tenth less processor time. GOGC overrides it.
const gcPercent = 200

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "foyer:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	settings, must := settingsFile(args)
	file, err := config.Load(settings, must)
	if err != nil {
		return err
	}
	var p program
	parser, err := kong.New(&p, kong.Name("foyer"), kong.Resolvers(file), kong.UsageOnError(),
		kong.Description("The front hall of a venue: seats, orders, money, tickets and gates."),
		kong.DefaultEnvars("FOYER"), kong.Vars{"version": version}, kong.Writers(out, os.Stderr))
	if err != nil {
		return err
	}
	k, err := parser.Parse(args)
	if err != nil {
		return err
	}
	var level slog.Level
	if err := level.UnmarshalText([]byte(p.LogLevel)); err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	err = k.Run(&environment{ctx: ctx, log: log, out: out})
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		return nil
	}
	return err
}

// settingsFile finds the settings file before the flags are parsed, since it gives them
// their values.
func settingsFile(args []string) (path string, must bool) {
	for i, a := range args {
		if a == "--settings" && i+1 < len(args) {
			return args[i+1], true
		}
		if len(a) > 11 && a[:11] == "--settings=" {
			return a[11:], true
		}
	}
	if path := os.Getenv("FOYER_SETTINGS"); path != "" {
		return path, true
	}
	return "foyer.json", false
}
