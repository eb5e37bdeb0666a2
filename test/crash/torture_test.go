package crash_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"foyer/test/rig"
)

func TestMain(m *testing.M) { os.Exit(rig.Main(m)) }

// notebooks is where hours of torture are remembered from one run to the next.
const notebooks = "../../.foyer/torture"

// row is one line of the table of faults: how much of it is asked for and done.
type row struct {
	t     *testing.T
	name  string
	asked int // of a whole release
	most  int // rounds of this run; 0: until the time is over
	done  int
	until time.Time
	round int
}

// torture reads how much is wanted: one round in a plain test run, short rounds with
// FOYER_TORTURE_SHORT, else this row's share (percent) of FOYER_TORTURE_HOURS on every core,
// since as many rows run beside each other.
func torture(t *testing.T, name string, asked, short, share int) *row {
	t.Helper()
	r := &row{t: t, name: name, asked: asked, most: 1}
	hours, _ := strconv.ParseFloat(os.Getenv("FOYER_TORTURE_HOURS"), 64)
	switch {
	case os.Getenv("FOYER_TORTURE_SHORT") != "":
		r.most = short
	case hours > 0:
		r.most = 0
		r.done = r.before()
		part := min(float64(share*runtime.GOMAXPROCS(0))/100, 1)
		r.until = time.Now().Add(time.Duration(hours * part * float64(time.Hour)))
	}
	return r
}

// next says whether there is another round.
func (r *row) next() bool {
	r.round++
	if r.t.Failed() {
		return false
	}
	if r.most > 0 {
		return r.round <= r.most
	}
	return r.done < r.asked && time.Now().Before(r.until)
}

// did counts what a round has done, and remembers it in hours of torture.
func (r *row) did(n int) {
	r.done += n
	if r.most > 0 {
		return
	}
	r.t.Logf("%s: %d/%d", r.name, r.done, r.asked)
	err := os.MkdirAll(notebooks, 0o755)
	if err == nil {
		err = os.WriteFile(r.page(), fmt.Appendln(nil, r.done), 0o644)
	}
	if err != nil {
		r.t.Error(err)
	}
}

// page is the row's own file, since rows run beside each other.
func (r *row) page() string {
	return filepath.Join(notebooks, strings.ReplaceAll(r.name, " ", "_"))
}

func (r *row) before() int {
	raw, err := os.ReadFile(r.page())
	if errors.Is(err, fs.ErrNotExist) {
		return 0
	}
	n, convErr := strconv.Atoi(strings.TrimSpace(string(raw)))
	if err := errors.Join(err, convErr); err != nil {
		r.t.Fatal(err)
	}
	return n
}
