package clock

import (
	"sync"
	"testing"
	"time"
)

var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func fired(c <-chan time.Time) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func TestFakeFiresWhatIsDueOnce(t *testing.T) {
	t.Parallel()
	f := NewFake(noon)
	if !f.Now().Equal(noon) {
		t.Fatal(f.Now())
	}
	minute, _ := f.After(time.Minute)
	hour, _ := f.After(time.Hour)
	stopped, stop := f.After(time.Minute)
	stop()
	stop() // twice does no harm
	f.Advance(time.Minute - 1)
	if fired(minute) {
		t.Fatal("too early")
	}
	f.Advance(1)
	if !fired(minute) || fired(hour) || fired(stopped) {
		t.Fatal("a minute has passed")
	}
	f.Advance(2 * time.Hour)
	if fired(minute) || !fired(hour) || fired(stopped) {
		t.Fatal("two hours have passed")
	}
	for _, d := range []time.Duration{0, -time.Second} {
		if c, _ := f.After(d); !fired(c) {
			t.Fatalf("waiting %v takes time", d)
		}
	}
}

func TestFakeGoesBack(t *testing.T) {
	t.Parallel()
	f := NewFake(noon)
	c, _ := f.After(time.Minute)
	f.Set(noon.Add(-time.Hour))
	if fired(c) || !f.Now().Equal(noon.Add(-time.Hour)) {
		t.Fatal("a step back fired a timer")
	}
	f.Set(noon.Add(time.Minute))
	if !fired(c) {
		t.Fatal("its time has come")
	}
}

// Many wait and one moves: nobody is forgotten, whatever the order.
func TestFakeWakesEverybody(t *testing.T) {
	t.Parallel()
	f := NewFake(noon)
	const n = 200
	waiting, done := make(chan struct{}, n), make(chan struct{}, n)
	for i := range n {
		go func() {
			c, stop := f.After(time.Duration(i%7+1) * time.Second)
			defer stop()
			waiting <- struct{}{}
			<-c
			done <- struct{}{}
		}()
	}
	for range n {
		<-waiting
	}
	for range 7 {
		f.Advance(time.Second)
	}
	for range n {
		select {
		case <-done:
		case <-time.After(10 * time.Second):
			t.Fatal("somebody still waits")
		}
	}
}

func TestRealTimers(t *testing.T) {
	t.Parallel()
	before := time.Now()
	c, stop := Real{}.After(time.Millisecond)
	defer stop()
	if at := <-c; at.Sub(before) < time.Millisecond {
		t.Fatalf("fired after %v", at.Sub(before))
	}
	never, end := Real{}.After(time.Hour)
	end()
	if fired(never) || (Real{}).Now().Before(before) {
		t.Fatal("the machine's clock is odd")
	}
}

func TestMillis(t *testing.T) {
	t.Parallel()
	shanghai := time.FixedZone("CST", 8*3600)
	at := time.Date(2026, 5, 1, 20, 0, 0, 123_999_999, shanghai)
	back := FromMillis(Millis(at))
	if back.Location() != time.UTC || !back.Equal(at.Truncate(time.Millisecond)) {
		t.Fatalf("%v became %v", at, back)
	}
	if !FromMillis(0).IsZero() {
		t.Fatal("no time became a time")
	}
	if got := FromMillis(-1); !got.Equal(time.UnixMilli(-1)) || Millis(got) != -1 {
		t.Fatal(got)
	}
}

// Two that move the clock at once move it by the sum.
func TestFakeLosesNoTime(t *testing.T) {
	t.Parallel()
	f := NewFake(noon)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 1000 {
				f.Advance(time.Second)
			}
		})
	}
	all.Wait()
	if got := f.Now().Sub(noon); got != 8000*time.Second {
		t.Fatalf("%v have passed", got)
	}
}

// A jump is a step of the wall clock alone; a stopwatch and who waits do not notice it.
func TestJump(t *testing.T) {
	t.Parallel()
	f := NewFake(noon)
	passed := Stopwatch(f)
	c, _ := f.After(time.Minute)
	f.Jump(time.Hour)
	if fired(c) || passed() != 0 || !f.Now().Equal(noon.Add(time.Hour)) {
		t.Fatal("a jump forward took time", passed())
	}
	f.Advance(30 * time.Second)
	f.Jump(-2 * time.Hour)
	if fired(c) || passed() != 30*time.Second {
		t.Fatal("a jump back took time", passed())
	}
	f.Advance(30 * time.Second)
	if !fired(c) || passed() != time.Minute {
		t.Fatal("a minute has passed", passed())
	}
	if real := Stopwatch(Real{}); real() < 0 {
		t.Fatal("time runs backwards")
	}
}
