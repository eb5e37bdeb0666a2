package bench

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"foyer/internal/clock"
)

// machine is what was measured on; it is printed with every run.
type machine struct {
	Cores       int
	CPU         string
	OS          string
	Go          string
	Store       string
	Load        string // load average when the run began
	FsyncP50Ms  float64
	FsyncP99Ms  float64
	SyncDelayMs float64
	Began       time.Time
}

// The fsync probe: as many writes of 4 KiB, each synced.
const (
	syncProbes = 200
	syncBytes  = 4096
)

// probeSync measures what a durable write costs in a folder.
func probeSync(clk clock.Clock, dir string) (p50, p99 float64, err error) {
	path := filepath.Join(dir, "fsync-probe")
	f, err := os.Create(path)
	if err != nil {
		return 0, 0, err
	}
	defer os.Remove(path)
	took := make([]time.Duration, 0, syncProbes)
	block := make([]byte, syncBytes)
	for range syncProbes {
		start := clk.Now()
		_, err := f.Write(block)
		if err = errors.Join(err, f.Sync()); err != nil {
			return 0, 0, errors.Join(err, f.Close())
		}
		took = append(took, clk.Now().Sub(start))
	}
	slices.Sort(took)
	return ms(took[syncProbes/2-1]), ms(took[syncProbes*99/100-1]), f.Close()
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func look(clk clock.Clock, dir string) (machine, error) {
	m := machine{Cores: runtime.NumCPU(), Go: runtime.Version(), CPU: cpuName(),
		OS: runtime.GOOS + "/" + runtime.GOARCH, Load: "unknown", Began: clk.Now()}
	if raw, err := os.ReadFile("/proc/loadavg"); err == nil {
		m.Load = strings.Join(strings.Fields(string(raw))[:3], " ")
	}
	var err error
	m.FsyncP50Ms, m.FsyncP99Ms, err = probeSync(clk, dir)
	return m, err
}

func cpuName() string {
	raw, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown"
	}
	for line := range strings.Lines(string(raw)) {
		name, value, ok := strings.Cut(line, ":")
		if ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

// lines are the machine in words.
func (m *machine) lines() []string {
	list := []string{
		fmt.Sprintf("%d cores (%s), %s, %s, %s", m.Cores, m.CPU, m.OS, m.Go, m.Store),
		fmt.Sprintf("load average at the start %s; fsync of 4 KiB p50 %.2f ms, p99 %.2f ms",
			m.Load, m.FsyncP50Ms, m.FsyncP99Ms)}
	if m.SyncDelayMs > 0 {
		list = append(list, fmt.Sprintf("every commit waits %.1f ms more (--sync-delay)",
			m.SyncDelayMs))
	}
	return list
}

func (m *machine) print(out io.Writer) {
	for _, line := range m.lines() {
		fmt.Fprintln(out, line)
	}
}

// usage is how busy the cores have been since the machine started, and who kept them busy.
type usage struct {
	busy, all int64 // ticks over all cores
	by        map[int]process
}

type process struct {
	name  string
	ticks int64
}

// readUsage reads /proc; the zero usage where there is none.
func readUsage() usage {
	u := usage{by: map[int]process{}}
	raw, err := os.ReadFile("/proc/stat")
	if err != nil {
		return u
	}
	first, _, _ := strings.Cut(string(raw), "\n")
	for i, f := range strings.Fields(first) {
		if i == 0 || i > 8 { // guest time is part of user time
			continue
		}
		n, _ := strconv.ParseInt(f, 10, 64)
		u.all += n
		if i != 4 && i != 5 { // idle, waiting for a disk
			u.busy += n
		}
	}
	paths, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range paths {
		if id, p, ok := readProcess(path); ok {
			u.by[id] = p
		}
	}
	return u
}

func readProcess(path string) (id int, p process, ok bool) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return 0, p, false
	}
	open, shut := strings.IndexByte(string(raw), '('), strings.LastIndexByte(string(raw), ')')
	if open < 2 || shut < open {
		return 0, p, false
	}
	id, err = strconv.Atoi(strings.TrimSpace(string(raw[:open])))
	rest := strings.Fields(string(raw[shut+1:]))
	if err != nil || len(rest) < 13 {
		return 0, p, false
	}
	user, _ := strconv.ParseInt(rest[11], 10, 64)
	system, _ := strconv.ParseInt(rest[12], 10, 64)
	return id, process{string(raw[open+1 : shut]), user + system}, true
}

// others says what share of the cores was busy with anything but the given processes
// between two readings, and with what.
func others(from, to usage, ours ...int) (share float64, names string) {
	all := to.all - from.all
	if all <= 0 {
		return 0, "unknown"
	}
	rest := to.busy - from.busy
	type one struct {
		name  string
		ticks int64
	}
	var list []one
	for id, p := range to.by {
		ticks := p.ticks - from.by[id].ticks
		if slices.Contains(ours, id) {
			rest -= ticks
		} else if ticks*100 >= all {
			list = append(list, one{p.name, ticks})
		}
	}
	slices.SortFunc(list, func(a, b one) int { return int(b.ticks - a.ticks) })
	for _, o := range list[:min(3, len(list))] {
		names += fmt.Sprintf(", %s %.0f %%", o.name, 100*float64(o.ticks)/float64(all))
	}
	return max(0, float64(rest)/float64(all)), strings.TrimPrefix(names, ", ")
}

// tick is the unit of /proc's times; the kernel shows it as a hundredth of a second on
// every platform that the product runs on.
const tick = 10 * time.Millisecond

// cpuEach is the processor time of a process between two readings, in microseconds for each
// of n requests.
func cpuEach(from, to usage, pid, n int) float64 {
	if n == 0 {
		return 0
	}
	ticks := to.by[pid].ticks - from.by[pid].ticks
	return float64((time.Duration(ticks) * tick).Microseconds()) / float64(n)
}
