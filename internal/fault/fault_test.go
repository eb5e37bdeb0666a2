package fault

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// The words of these refusals are for this test alone; the page of refusals is written
// from Define, which is not called here.
func refusals() (taken, full *Definition) {
	return &Definition{Conflict, "seat_taken", "座位已被选走", "The seat is taken.", "Choose."},
		&Definition{Unavailable, "hall_full", "满座", "The hall is full.", "Wait."}
}

func TestDetailsAreAddedToCopies(t *testing.T) {
	t.Parallel()
	taken, _ := refusals()
	first := taken.With("places", []string{"5-12"}).At("lines[0]", "is taken")
	cause := errors.New("row 7")
	all := first.With("session", 3).At("lines[1]", "too").Wrap(cause).Retry(time.Second)
	if len(first.Details) != 1 || len(first.Fields) != 1 || first.Cause != nil ||
		first.RetryAfter != 0 {
		t.Fatalf("adding changed what was there: %+v", first)
	}
	if len(all.Details) != 2 || len(all.Fields) != 2 || all.RetryAfter != time.Second {
		t.Fatalf("%+v", all)
	}
	want := "seat_taken: The seat is taken. [lines[0]: is taken] [lines[1]: too]: row 7"
	if all.Error() != want {
		t.Fatalf("got %q, want %q", all.Error(), want)
	}
	// Two that grew from one do not write into each other's fields.
	a, b := all.At("a", "x"), all.At("b", "x")
	if a.Fields[2].Field != "a" || b.Fields[2].Field != "b" {
		t.Fatal("copies share their fields")
	}
}

func TestEveryOccurrenceIsItsDefinition(t *testing.T) {
	t.Parallel()
	taken, full := refusals()
	for _, err := range []error{
		taken, taken.With("a", 1), taken.At("a", "b"), taken.Wrap(context.Canceled),
		taken.Retry(time.Second), fmt.Errorf("placing: %w", taken),
		fmt.Errorf("placing: %w", taken.With("a", 1)),
	} {
		if !errors.Is(err, taken) || errors.Is(err, full) {
			t.Errorf("%v is not itself", err)
		}
		if f := Of(err); f.Def != taken || KindOf(err) != Conflict {
			t.Errorf("%v became %v", err, f)
		}
	}
	if !errors.Is(full.Wrap(context.Canceled), context.Canceled) {
		t.Error("the cause cannot be reached")
	}
}

func TestWhatIsUnknownIsOurMistake(t *testing.T) {
	t.Parallel()
	cause := errors.New("disk on fire")
	f := Of(cause)
	if f.Def != Unexpected || KindOf(cause) != Internal || !errors.Is(f, cause) {
		t.Fatalf("%+v", f)
	}
	for _, text := range []string{f.Def.En, f.Def.Zh, f.Def.Do} {
		if strings.Contains(text, "fire") {
			t.Error("the text for strangers names the cause")
		}
	}
}

func TestNilIsNoRefusal(t *testing.T) {
	t.Parallel()
	if f := Of(nil); f != nil {
		t.Fatalf("nil became %v", f)
	}
	for k := Internal; k <= Unsupported; k++ {
		if KindOf(nil) == k {
			t.Fatalf("nil is of kind %d", k)
		}
	}
}

func TestProblemsAreToldAtOnce(t *testing.T) {
	t.Parallel()
	var p Problems
	if p.Err() != nil || p.Len() != 0 {
		t.Fatal("no problem is an error")
	}
	p.Add("lines[0].places", "has %d places, at most %d", 9, 6)
	p.Add("phone", "is missing")
	f := Of(p.Err())
	if f.Def != BadInput || len(f.Fields) != 2 ||
		f.Fields[0] != (FieldProblem{"lines[0].places", "has 9 places, at most 6"}) {
		t.Fatalf("%+v", f)
	}
	_, full := refusals()
	if !errors.Is(p.As(full), full) {
		t.Fatal("another definition was asked for")
	}
	for range 5000 {
		p.Add("x", "y")
	}
	if n := len(Of(p.Err()).Fields); n != 1000 || p.Len() != 5002 {
		t.Fatalf("told %d of %d", n, p.Len())
	}
}

// A file in which everything is wrong must not be held in memory once more in words.
func TestProblemsBeyondTheMostAreOnlyCounted(t *testing.T) {
	t.Parallel()
	var p Problems
	for i := range MaxProblems + 500 {
		p.Add("field", "%d", i)
	}
	if p.Len() != MaxProblems+500 || len(p.list) != MaxProblems || !p.Full() {
		t.Errorf("%d counted, %d kept", p.Len(), len(p.list))
	}
	if got := Of(p.Err()).Fields; len(got) != MaxProblems || got[999].Problem != "999" {
		t.Errorf("%d told", len(got))
	}
}
