package seatingtest

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"foyer/internal/seating"
)

// ErrBoardDown is what a Lossy board fails with.
var ErrBoardDown = errors.New("seatingtest: the board does not answer")

// Lossy is a board that is slow and wrong: it drops, doubles, delays and reorders changes,
// says of taken places that they are free, and fails now and then. It is the second
// implementation of the port, and what the book must stand.
type Lossy struct {
	seating.Board
	// Lie, Fail, Drop and Twice are chances of 0 to 1; Slow is the longest delay of a pick.
	Lie, Fail, Lose, Twice float64
	Slow                   time.Duration

	mu   sync.Mutex
	rnd  *rand.Rand
	late []seating.Delta
}

// NewLossy makes a bad board over a good one.
func NewLossy(good seating.Board, seed uint64) *Lossy {
	return &Lossy{Board: good, Lie: 0.2, Fail: 0.05, Lose: 0.2, Twice: 0.2,
		Slow: 200 * time.Microsecond, rnd: rand.New(rand.NewPCG(seed, 1))}
}

func (l *Lossy) chance(p float64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.rnd.Float64() < p
}

// Pick answers late, fails, or hands out what it never looked at.
func (l *Lossy) Pick(ctx context.Context, ask seating.PickAsk) (seating.PickResult, error) {
	if l.chance(l.Fail) {
		return seating.PickResult{}, ErrBoardDown
	}
	for end := time.Now().Add(l.Slow); time.Now().Before(end); {
		time.Sleep(l.Slow / 4)
	}
	r, err := l.Board.Pick(ctx, ask)
	if err == nil && r.Refusal == seating.Taken && l.chance(l.Lie) {
		r.Refusal, r.Taken, r.Places = seating.Chosen, nil, ask.Places
	}
	return r, err
}

// Apply loses, doubles and reorders.
func (l *Lossy) Apply(d seating.Delta) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.rnd.Float64() < l.Lose {
		return
	}
	l.late = append(l.late, d)
	if l.rnd.Float64() < l.Twice {
		l.late = append(l.late, d)
	}
	for len(l.late) > 0 && l.rnd.Float64() < 0.7 {
		i := l.rnd.IntN(len(l.late))
		l.Board.Apply(l.late[i])
		l.late = append(l.late[:i], l.late[i+1:]...)
	}
}
