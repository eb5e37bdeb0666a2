package load

import (
	"cmp"
	"slices"
	"time"
)

// sample is one finished request: when it was planned (or sent, in a closed loop), counted
// from the start of the run, and how long it took. Both in microseconds; 71 minutes fit.
type sample struct{ at, took uint32 }

// Point is a slice of time of a run.
type Point struct {
	AtMs  float64 `json:"at_ms"`
	RPS   float64 `json:"rps"`
	P50Ms float64 `json:"p50_ms"`
	P99Ms float64 `json:"p99_ms"`
}

// Summary is what a run comes to.
type Summary struct {
	Count   int            `json:"count"`
	Total   int            `json:"total"` // with those before and after the time that counts
	Seconds float64        `json:"seconds"`
	RPS     float64        `json:"rps"`
	MeanMs  float64        `json:"mean_ms"`
	P50Ms   float64        `json:"p50_ms"`
	P90Ms   float64        `json:"p90_ms"`
	P99Ms   float64        `json:"p99_ms"`
	P999Ms  float64        `json:"p999_ms"`
	MaxMs   float64        `json:"max_ms"`
	Bytes   int64          `json:"bytes"`
	Errors  int            `json:"errors"`
	Kinds   map[string]int `json:"error_kinds,omitempty"`
	Points  []Point        `json:"points,omitempty"`
	// Drained says that the run ended early because there was nothing left to ask for.
	Drained bool `json:"drained,omitempty"`
}

// points is how many slices of time a summary has.
const points = 40

// summarize sorts samples in place and counts them. span is the time that they cover.
func summarize(all []sample, span time.Duration) Summary {
	s := Summary{Count: len(all), Seconds: span.Seconds()}
	if len(all) == 0 || span <= 0 {
		return s
	}
	s.RPS = float64(len(all)) / span.Seconds()
	s.Points = slicesOf(all, span)
	slices.SortFunc(all, func(p, q sample) int { return cmp.Compare(p.took, q.took) })
	sum := 0.0
	for _, x := range all {
		sum += float64(x.took)
	}
	s.MeanMs = sum / float64(len(all)) / 1000
	s.P50Ms, s.P90Ms = quantile(all, 0.50), quantile(all, 0.90)
	s.P99Ms, s.P999Ms = quantile(all, 0.99), quantile(all, 0.999)
	s.MaxMs = millis(all[len(all)-1])
	return s
}

// quantile is the smallest time that a share q of the samples do not exceed; the samples
// are sorted by time.
func quantile(sorted []sample, q float64) float64 {
	n := len(sorted)
	if n == 0 {
		return 0
	}
	i := int(q * float64(n))
	if float64(i) == q*float64(n) {
		i--
	}
	return millis(sorted[min(max(i, 0), n-1)])
}

func millis(s sample) float64 { return float64(s.took) / 1000 }

// slicesOf draws the run over time; it reorders all.
func slicesOf(all []sample, span time.Duration) []Point {
	width := span / points
	buckets := make([][]sample, points)
	slices.SortFunc(all, func(p, q sample) int { return cmp.Compare(p.at, q.at) })
	from := 0
	for i := range buckets {
		end := uint32((time.Duration(i+1) * width).Microseconds())
		to := from
		for to < len(all) && (all[to].at < end || i == points-1) {
			to++
		}
		buckets[i], from = all[from:to], to
	}
	list := make([]Point, points)
	for i, b := range buckets {
		slices.SortFunc(b, func(p, q sample) int { return cmp.Compare(p.took, q.took) })
		list[i] = Point{AtMs: float64((time.Duration(i) * width).Milliseconds()),
			RPS: float64(len(b)) / width.Seconds(), P50Ms: quantile(b, 0.5),
			P99Ms: quantile(b, 0.99)}
	}
	return list
}
