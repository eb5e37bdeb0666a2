package captcha

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"time"
)

const (
	maxDrift   = 120.0 // pixels that a hand strays up or down
	maxJump    = 0.6   // of the whole way in one step
	minVariety = 0.18  // of the speeds, as spread over mean
	maxOff     = 8.0   // pixels between the track's end and the answer
)

// plausible refuses a movement that no hand makes: none or too short a one, time that runs
// backward or longer than the challenge was shown, one jump, or the same speed all along.
func plausible(a Answer, took time.Duration) error {
	t := a.Track
	if len(t) < minTrack || len(t) > MaxTrack {
		return ErrUnnatural
	}
	lasted := time.Duration(t[len(t)-1].At-t[0].At) * time.Millisecond
	if took < minSlide || lasted < minSlide {
		return ErrTooQuick
	}
	way := t[len(t)-1].X - t[0].X
	if lasted > took || t[0].At < 0 || way <= 0 ||
		math.Abs(t[len(t)-1].X-a.X) > maxOff || math.Abs(t[0].X) > maxOff {
		return ErrUnnatural
	}
	var speeds []float64
	for i := 1; i < len(t); i++ {
		dx, dt := t[i].X-t[i-1].X, t[i].At-t[i-1].At
		if dt < 0 || math.Abs(t[i].Y-t[0].Y) > maxDrift || math.Abs(dx) > maxJump*way ||
			math.IsNaN(dx) {
			return ErrUnnatural
		}
		if dt > 0 {
			speeds = append(speeds, dx/float64(dt))
		}
	}
	if len(speeds) < minTrack-2 || variety(speeds) < minVariety {
		return ErrUnnatural
	}
	return nil
}

// variety is the spread of values over their mean.
func variety(list []float64) float64 {
	var sum, squares float64
	for _, v := range list {
		sum += v
	}
	mean := sum / float64(len(list))
	if mean <= 0 {
		return 0
	}
	for _, v := range list {
		squares += (v - mean) * (v - mean)
	}
	return math.Sqrt(squares/float64(len(list))) / mean
}

// shapeOf names a movement by its steps, wherever it ends.
func shapeOf(t []Point) string {
	var b []byte
	for i := 1; i+1 < len(t); i++ { // the last step is what a program would bend
		b = binary.BigEndian.AppendUint64(b, uint64(t[i].At-t[i-1].At))
		b = binary.BigEndian.AppendUint64(b, math.Float64bits(t[i].X-t[i-1].X))
	}
	sum := sha256.Sum256(b)
	return string(sum[:16])
}
