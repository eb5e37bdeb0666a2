package seating

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
)

// Audit compares the pictures of a board with the book, also while it sells.
type Audit struct {
	Board Board
	Truth Truth
	// Loaded lists the sessions that the board has a picture of.
	Loaded func() []Ref
	// Settle returns once everything that was committed before the call has been told to
	// the board; a command of no effect does that.
	Settle func(ctx context.Context) error
}

const (
	auditRounds = 12 // looks at a session that keeps changing; then it is not quiet
	auditWrong  = 3  // looks that must find the same picture wrong
)

// Compare looks at every loaded session and says which picture is wrong. A session that
// never stood still is left out.
func (a Audit) Compare(ctx context.Context) (sessions int, problems []string, err error) {
	for _, ref := range a.Loaded() {
		compared, problem, err := a.compare(ctx, ref)
		if err != nil {
			return sessions, problems, err
		}
		if compared {
			sessions++
		}
		if problem != "" {
			problems = append(problems, problem)
		}
	}
	return sessions, problems, nil
}

// compare believes a look only when the book said the same before and after it, and calls
// a picture wrong only after several such looks: two changes may undo each other.
func (a Audit) compare(ctx context.Context, ref Ref) (compared bool, problem string, err error) {
	wrong := 0
	for range auditRounds {
		before, err := a.Truth.Verdict(ctx, ref.Session)
		if err != nil {
			return false, "", err
		}
		if err := a.Settle(ctx); err != nil {
			return false, "", err
		}
		sum, err := a.Board.Sum(ctx, Ref{Session: ref.Session})
		if errors.Is(err, errNotLoaded) {
			return false, "", nil
		}
		if err != nil {
			return false, "", err
		}
		after, err := a.Truth.Verdict(ctx, ref.Session)
		if err != nil {
			return false, "", err
		}
		switch {
		case before.Sum != after.Sum:
		case sum == after.Sum:
			return true, "", nil
		default:
			if wrong++; wrong == auditWrong {
				return true, fmt.Sprintf("session %d: the board has %+v, the book %+v",
					ref.Session, sum, after.Sum), nil
			}
		}
	}
	return false, "", nil
}

// Refs lists the sessions that the board has a picture of, in order.
func (b *MemBoard) Refs() []Ref {
	b.mu.RLock()
	defer b.mu.RUnlock()
	list := make([]Ref, 0, len(b.sessions))
	for _, s := range b.sessions {
		list = append(list, s.ref)
	}
	slices.SortFunc(list, func(p, q Ref) int { return cmp.Compare(p.Session, q.Session) })
	return list
}
