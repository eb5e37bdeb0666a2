package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"foyer/internal/bench/load"
)

// generator is the other process, as the run speaks to it.
type generator struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	enc    *json.Encoder
	dec    *json.Decoder
	stderr bytes.Buffer
	pairs  int64 // of seats, handed out so far
}

// startGenerator starts the program and tells it the world. Its garbage collector runs
// seldom: what it costs is taken from the cores that it shares with the server.
func startGenerator(ctx context.Context, argv []string, w load.World) (*generator, error) {
	if len(argv) == 0 {
		self, err := os.Executable()
		if err != nil {
			return nil, err
		}
		argv = []string{self, "bench", "--generator"}
	}
	g := &generator{cmd: exec.CommandContext(ctx, argv[0], argv[1:]...)}
	g.cmd.Env = append(os.Environ(), "GOGC=400")
	g.cmd.Stderr = &g.stderr
	in, err := g.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := g.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := g.cmd.Start(); err != nil {
		return nil, err
	}
	g.in, g.enc, g.dec = in, json.NewEncoder(in), json.NewDecoder(out)
	if err := g.enc.Encode(w); err != nil {
		return nil, errors.Join(err, g.stop())
	}
	return g, nil
}

// play has a job played and waits for what came of it.
func (g *generator) play(job load.Job) (load.Summary, error) {
	if err := g.enc.Encode(job); err != nil {
		return load.Summary{}, g.died(err)
	}
	var r load.Result
	if err := g.dec.Decode(&r); err != nil {
		return load.Summary{}, g.died(err)
	}
	g.pairs = r.Pairs
	if r.Error != "" {
		return r.Summary, errors.New(r.Error)
	}
	return r.Summary, nil
}

func (g *generator) died(err error) error {
	return fmt.Errorf("the load generator: %w: %s", err, strings.TrimSpace(g.stderr.String()))
}

func (g *generator) pid() int { return g.cmd.Process.Pid }

// stop ends the process by ending its input.
func (g *generator) stop() error {
	err := errors.Join(g.in.Close(), g.cmd.Wait())
	if err != nil {
		return g.died(err)
	}
	return nil
}
