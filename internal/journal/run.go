package journal

import (
	"context"
	"sync"
	"time"

	"foyer/internal/sqldb"
)

// Run delivers facts, keeps the references, the heartbeat and the checkpoints, until ctx
// ends. Then it stores the cursors and returns nil. It returns ErrLaneLost when another
// process took the lane: this one must start anew. Call it once.
func (j *Journal) Run(ctx context.Context) error {
	if !j.running.CompareAndSwap(false, true) {
		panic("journal: Run is called twice") // a mistake of the composition
	}
	doors := make([]chan struct{}, 0, len(j.subscribers)+len(j.watchers))
	for _, s := range j.subscribers {
		doors = append(doors, s.woken)
	}
	for _, w := range j.watchers {
		doors = append(doors, w.woken)
	}
	j.doors.Store(&doors)
	working, stop := context.WithCancel(ctx)
	var all sync.WaitGroup
	for _, s := range j.subscribers {
		all.Go(func() { j.serve(working, s) })
	}
	for _, w := range j.watchers {
		all.Go(func() { j.serveWatcher(working, w) })
	}
	all.Go(func() { j.keepCheckpoints(working) })
	err := j.keepBeating(working)
	stop()
	all.Wait()
	if err == nil {
		j.beat(context.WithoutCancel(ctx))
	}
	return err
}

// wake tells everybody that there is something to read. It runs on the writer's goroutine
// after every commit, so it never blocks.
func (j *Journal) wake() {
	if doors := j.doors.Load(); doors != nil {
		for _, c := range *doors {
			poke(c)
		}
	}
}

// keepBeating renews the lane each second. A beat that cannot be stored is only logged:
// the lane is ours until somebody else takes it, and then the next batch says so.
func (j *Journal) keepBeating(ctx context.Context) error {
	for {
		j.beat(ctx)
		tick, stop := j.cfg.Clock.After(beatEvery)
		select {
		case <-ctx.Done():
			stop()
			return nil
		case <-j.lost:
			stop()
			return ErrLaneLost
		case <-tick:
		}
	}
}

// beat is one transaction a second: the lease, the heartbeat and the cursors that moved.
// So cursors cost no transaction of their own, and a crash repeats a second of facts.
func (j *Journal) beat(ctx context.Context) {
	moved := j.movedCursors()
	ours := true
	err := j.cfg.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		var err error
		ours, err = j.cfg.Store.Beat(tx, j.lane, j.epoch, tx.Now.Add(j.cfg.Lease))
		if err != nil || !ours {
			return err
		}
		for _, c := range moved {
			if err := j.cfg.Store.SaveCursor(tx, c); err != nil {
				return err
			}
		}
		return nil
	})
	switch {
	case err != nil && ctx.Err() == nil:
		j.cfg.Log.Warn("the heartbeat cannot be stored", "error", err)
	case err == nil && !ours:
		j.cfg.Log.Error("another process took the lane", "lane", j.lane)
		j.lose()
	case err == nil:
		for _, c := range moved {
			j.subscriber(c.Subscriber).markSaved(c)
		}
	}
}

func (j *Journal) movedCursors() []Cursor {
	var moved []Cursor
	for _, s := range j.subscribers {
		if s.ownCursor {
			continue
		}
		s.mu.Lock()
		for lane, n := range s.at {
			if n > s.saved[lane] && (s.held || j.alone) {
				moved = append(moved, Cursor{s.name, Position{lane, n}})
			}
		}
		s.mu.Unlock()
	}
	return moved
}

func (s *subscriber) markSaved(c Cursor) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.saved[c.Lane] = max(s.saved[c.Lane], c.N)
}

// pause sleeps, or ends early with ctx or a poke.
func (j *Journal) pause(ctx context.Context, d time.Duration, woken <-chan struct{}) {
	tick, stop := j.cfg.Clock.After(d)
	defer stop()
	select {
	case <-ctx.Done():
	case <-tick:
	case <-woken:
	}
}
