package payment

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var noon = time.Date(2026, 11, 22, 4, 0, 0, 0, time.UTC)

func attemptAt(s State, age, left time.Duration) *Payment {
	ms := noon.Add(-age).Sub(time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)).Milliseconds()
	return &Payment{ID: ms << 22, State: s, ExpiresAt: noon.Add(left)}
}

// TestEdges is the state machine of an attempt: each edge is one row.
func TestEdges(t *testing.T) {
	t.Parallel()
	const young, old = 5 * time.Second, 5 * time.Minute
	for _, c := range []struct {
		from   State
		said   Phase
		age    time.Duration
		left   time.Duration
		act    verdict
		to     State
		result Result
	}{
		{Opening, Taken, young, old, capture, Captured, Paid},
		{Opening, Declined, young, old, finish, Failed, Refused},
		{Opening, Gone, young, old, finish, Closed, Left},
		{Opening, Absent, young, old, keep, Opening, Pending}, // our call may be on its way
		{Opening, Absent, old, old, finish, Closed, Silent},
		{Opening, Waiting, young, old, keep, Opening, Pending},
		{Opening, Waiting, old, -1, end, Opening, Pending},
		{Open, Taken, young, old, capture, Captured, Paid},
		{Open, Taken, old, -1, capture, Captured, Paid}, // too late for us, and still money
		{Open, Declined, young, old, finish, Failed, Refused},
		{Open, Gone, young, old, finish, Closed, Left},
		{Open, Absent, old, old, finish, Closed, Silent},
		{Open, Waiting, old, old, keep, Open, Pending},
		{Open, Waiting, old, 0, end, Open, Pending},
		{Open, Paying, old, -1, keep, Open, Pending},
		{Unknown, Taken, old, -1, capture, Captured, Paid},
		{Unknown, Declined, old, -1, finish, Failed, Refused},
		{Unknown, Gone, old, -1, finish, Closed, Left},
		{Unknown, Absent, old, -1, finish, Closed, Silent},
		{Unknown, Waiting, old, -1, end, Unknown, Pending},
		{Failed, Taken, old, -1, capture, Captured, Paid},
		{Failed, Gone, old, -1, keep, Failed, Pending},
		{Failed, Waiting, old, -1, keep, Failed, Pending},
		{Closed, Taken, old, -1, capture, Captured, Paid},
		{Closed, Declined, old, -1, keep, Closed, Pending},
		{Closed, Absent, old, -1, keep, Closed, Pending},
		{Captured, Taken, old, -1, keep, Captured, Pending},
		{Captured, Gone, old, -1, keep, Captured, Pending},
		{Captured, Declined, old, -1, keep, Captured, Pending},
	} {
		act, to, result := decide(attemptAt(c.from, c.age, c.left), Answer{Phase: c.said}, noon)
		if act != c.act || to != c.to || result != c.result {
			t.Errorf("%s, told %s (age %s, left %s): %d %s %q, not %d %s %q", c.from, c.said,
				c.age, c.left, act, to, result, c.act, c.to, c.result)
		}
	}
}

func TestRefundEdges(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from RefundState
		said Phase
		to   RefundState
	}{
		{Requested, Processing, Accepted}, {Requested, Landed, Arrived},
		{Requested, Stuck, Abnormal}, {Requested, Absent, Requested},
		{Accepted, Processing, Accepted}, {Accepted, Landed, Arrived},
		{Accepted, Stuck, Abnormal}, {Accepted, Absent, Requested},
		{Abnormal, Landed, Arrived}, {Abnormal, Processing, Accepted},
		{Abnormal, Stuck, Abnormal}, {Abnormal, Absent, Abnormal},
		{Arrived, Stuck, Arrived}, {Arrived, Absent, Arrived}, {Arrived, Processing, Arrived},
	} {
		if got := refundEdge(c.from, c.said); got != c.to {
			t.Errorf("%s, told %s: %s, not %s", c.from, c.said, got, c.to)
		}
	}
}

// Money that was taken is never forgotten, and what has ended without money never opens.
func TestDecideKeepsItsPromises(t *testing.T) {
	t.Parallel()
	states := []State{Opening, Open, Unknown, Captured, Failed, Closed}
	rapid.Check(t, func(t *rapid.T) {
		p := attemptAt(rapid.SampledFrom(states).Draw(t, "state"),
			time.Duration(rapid.IntRange(0, 7200).Draw(t, "age"))*time.Second,
			time.Duration(rapid.IntRange(-7200, 7200).Draw(t, "left"))*time.Second)
		for range 20 {
			a := Answer{Phase: Phase(rapid.IntRange(0, int(Gone)).Draw(t, "said"))}
			before := p.State
			act, to, _ := decide(p, a, noon)
			if before == Captured && to != Captured {
				t.Fatalf("captured money became %s", to)
			}
			if !before.IsOpen() && to.IsOpen() {
				t.Fatalf("%s opened again as %s", before, to)
			}
			if a.Phase == Taken && before != Captured && act != capture {
				t.Fatalf("money for %s was not captured", before)
			}
			if act == keep && to != before {
				t.Fatalf("kept %s became %s", before, to)
			}
			p.State = to
		}
	})
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		id := rapid.Int64Range(1, 1<<62).Draw(t, "id")
		number := numberOf(prefixPayment, id)
		if len(number) != 15 || strings.Trim(number, "0123456789ABCDEFGHJKMNPQRSTVWXYZ") != "" {
			t.Fatalf("%q is not what providers take", number)
		}
		if got, ok := idOf(prefixPayment, number); !ok || got != id {
			t.Fatalf("%q is read as %d", number, got)
		}
		for _, other := range []string{numberOf(prefixRefund, id), strings.ToLower(number),
			number + "0", number[:14], "FY", ""} {
			if _, ok := idOf(prefixPayment, other); ok {
				t.Fatalf("%q is taken for a payment's number", other)
			}
		}
	})
}

func TestRhythmGrowsAndStops(t *testing.T) {
	t.Parallel()
	p := attemptAt(Open, 0, 10*time.Minute)
	now, asked := noon, 0
	for last := time.Duration(0); now.Before(noon.Add(2 * time.Hour)); asked++ {
		next := nextAsk(p, now)
		gap := next.Sub(now)
		if gap < time.Second || gap > mostAsk {
			t.Fatalf("asked again after %s", gap)
		}
		if gap < last && next != p.ExpiresAt.Add(time.Second) && now.Before(p.ExpiresAt) {
			t.Fatalf("the rhythm shrank from %s to %s", last, gap)
		}
		last, now = gap, next
	}
	if asked > 45 {
		t.Errorf("an open payment is asked about %d times in two hours", asked)
	}
}
