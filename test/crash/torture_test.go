package crash_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"foyer/test/rig"
)

func TestMain(m *testing.M) { os.Exit(rig.Main(m)) }

// notebook is where hours of torture are remembered from one run to the next.
const notebook = "../../.foyer/torture.json"

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
// FOYER_TORTURE_SHORT, else this row's share (percent) of FOYER_TORTURE_HOURS.
func torture(t *testing.T, name string, asked, short, share int) *row {
	t.Helper()
	r := &row{t: t, name: name, asked: asked, most: 1}
	hours, _ := strconv.ParseFloat(os.Getenv("FOYER_TORTURE_HOURS"), 64)
	switch {
	case os.Getenv("FOYER_TORTURE_SHORT") != "":
		r.most = short
	case hours > 0:
		r.most = 0
		r.done = readNotebook(t)[name]
		r.until = time.Now().Add(time.Duration(hours * float64(share) / 100 * float64(time.Hour)))
	default:
		t.Parallel()
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
	book := readNotebook(r.t)
	book[r.name] = r.done
	raw, err := json.Marshal(book)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(notebook), 0o755)
	}
	if err == nil {
		err = os.WriteFile(notebook, append(raw, '\n'), 0o644)
	}
	if err != nil {
		r.t.Error(err)
	}
}

func readNotebook(t *testing.T) map[string]int {
	t.Helper()
	book := map[string]int{}
	raw, err := os.ReadFile(notebook)
	if errors.Is(err, fs.ErrNotExist) {
		return book
	}
	if err == nil {
		err = json.Unmarshal(raw, &book)
	}
	if err != nil {
		t.Fatalf("%s: %v", notebook, err)
	}
	return book
}
