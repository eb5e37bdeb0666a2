package journal

import (
	"bytes"
	"context"
	"fmt"
	"time"
)

const (
	verifyPage  = 500
	maxProblems = 100
)

// Problem is one place where the journal is not what was written.
type Problem struct {
	Position
	What string
}

// Report is what Verify found.
type Report struct {
	Lanes       int
	Rows        int64
	Checkpoints int
	Problems    []Problem // at most 100
}

func (r *Report) add(pos Position, format string, args ...any) {
	if len(r.Problems) < maxProblems {
		r.Problems = append(r.Problems, Problem{pos, fmt.Sprintf(format, args...)})
	}
}

// Verify walks all lanes and checkpoints in pages by key, beside a running process: every
// lane has no gap, its chain is unbroken and ends at its head, personal parts are unchanged
// or deleted, and every checkpoint is signed by us and names rows that are still so.
func Verify(ctx context.Context, store Store, signer Signer) (Report, error) {
	var report Report
	signed, err := readCheckpoints(ctx, store, signer, &report)
	if err != nil {
		return report, err
	}
	// Lanes are read after the checkpoints: then every checkpoint is within its lane.
	lanes, err := store.Lanes(ctx)
	if err != nil {
		return report, err
	}
	report.Lanes = len(lanes)
	for _, l := range lanes {
		if err := verifyLane(ctx, store, l, signed[l.ID], &report); err != nil {
			return report, err
		}
		delete(signed, l.ID)
	}
	for lane := range signed {
		report.add(Position{Lane: lane}, "a checkpoint knows a lane that is gone")
	}
	return report, nil
}

// readCheckpoints gives the signed heads by lane, in order of time and so of number.
func readCheckpoints(
	ctx context.Context, store Store, signer Signer, report *Report,
) (map[int][]head, error) {
	signed := map[int][]head{}
	var at time.Time
	for {
		page, err := store.CheckpointsAfter(ctx, at, verifyPage)
		if err != nil {
			return nil, err
		}
		for _, c := range page {
			at = c.At
			report.Checkpoints++
			heads, err := decodeHeads(c.Heads)
			if err != nil || !signer.CheckCheckpoint(c.KeyID, c.message(), c.Signature) {
				report.add(Position{}, "the checkpoint of %s is not signed by this installation",
					c.At.Format(time.RFC3339Nano))
				continue
			}
			for _, h := range heads {
				if list := signed[h.Lane]; h.N > 0 &&
					(len(list) == 0 || list[len(list)-1].N != h.N) {
					signed[h.Lane] = append(list, h)
				}
			}
		}
		if len(page) < verifyPage {
			return signed, nil
		}
	}
}

// verifyLane walks one lane up to the head that it had when it was listed.
func verifyLane(
	ctx context.Context, store Store, l Lane, signed []head, report *Report,
) error {
	w := laneWalk{lane: l, signed: signed, report: report}
	for w.n < l.N {
		page, err := store.Page(ctx, l.ID, w.n, verifyPage)
		if err != nil {
			return err
		}
		if len(page) == 0 {
			break
		}
		for i := range page {
			if page[i].N > l.N {
				break
			}
			w.step(&page[i])
		}
		if page[len(page)-1].N > l.N {
			break
		}
	}
	switch {
	case w.n != l.N:
		report.add(Position{l.ID, w.n}, "the lane's head says %d", l.N)
	case l.N > 0 && !bytes.Equal(w.prev[:], l.Head):
		report.add(Position{l.ID, w.n}, "the lane's head has another hash")
	}
	for _, h := range w.signed {
		report.add(h.Position, "a checkpoint knows a row that is gone")
	}
	return nil
}

// laneWalk is the state of a walk along one lane.
type laneWalk struct {
	lane    Lane
	signed  []head // still to be met
	report  *Report
	n       int64
	prev    [hashSize]byte
	scratch []byte
}

func (w *laneWalk) step(r *Row) {
	w.report.Rows++
	if r.N != w.n+1 {
		w.report.add(r.Position, "row %d is missing before it", w.n+1)
	} else {
		var problem string
		problem, w.scratch = checkRow(w.scratch, r, w.prev)
		if problem != "" {
			w.report.add(r.Position, "%s", problem)
		}
	}
	for len(w.signed) > 0 && w.signed[0].N <= r.N {
		h := w.signed[0]
		w.signed = w.signed[1:]
		if h.N != r.N {
			w.report.add(h.Position, "a checkpoint knows a row that is gone")
		} else if !bytes.Equal(h.Hash, r.Hash) {
			w.report.add(h.Position, "a signed checkpoint says another hash")
		}
	}
	w.n = r.N
	// Going on from the stored hash names each changed row once, not all that follow it.
	copy(w.prev[:], r.Hash)
}
