package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"foyer/internal/bench"
)

func main() {
	if len(os.Args) > 2 && os.Args[2] == "--generator" {
		if err := bench.Generate(context.Background(), os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	short := flag.Bool("short", false, "")
	rows := flag.String("rows", "", "")
	out := flag.String("out", "/tmp/benchout", "")
	prof := flag.Bool("profile", false, "")
	delay := flag.Duration("sync-delay", 0, "")
	flag.Parse()
	o := bench.Options{Short: *short, Out: *out, Profile: *prof, SyncDelay: time.Duration(*delay),
		Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))}
	if *rows != "" {
		o.Rows = strings.Split(*rows, ",")
	}
	if err := bench.Run(context.Background(), o, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
