package journal

import (
	"context"
	"fmt"
	"time"

	"foyer/internal/fault"
	"foyer/internal/sqldb"
)

const (
	factPage  = 200 // facts read at once
	factTries = 5
	// factPoll finds facts of other processes; our own commits wake.
	factPoll = time.Second
	lanePoll = 200 * time.Millisecond
)

// serve delivers to one subscriber for as long as this process holds it.
func (j *Journal) serve(ctx context.Context, s *subscriber) {
	for ctx.Err() == nil {
		held, err := j.hold(ctx, s)
		if err == nil && !held {
			j.pause(ctx, j.cfg.Lease/3, nil)
			continue
		}
		var more bool
		if err == nil {
			more, err = j.deliver(ctx, s)
		}
		switch {
		case err != nil && ctx.Err() == nil:
			j.cfg.Log.Warn("facts wait", "subscriber", s.name, "error", err)
			j.pause(ctx, factPoll, nil)
		case !more:
			j.pause(ctx, j.pollEvery(), s.woken)
		}
	}
}

// pollEvery is how long to sleep without a sign: other processes give none.
func (j *Journal) pollEvery() time.Duration {
	if j.alone {
		return factPoll
	}
	return lanePoll
}

// hold takes or keeps the delivery to a subscriber. Where no other process can be, it is
// always ours; the cursors are read once.
func (j *Journal) hold(ctx context.Context, s *subscriber) (bool, error) {
	now := j.cfg.Clock.Now()
	s.mu.Lock()
	fresh := !s.held
	enough := s.held && (j.alone || s.heldUntil.Sub(now) > j.cfg.Lease/2)
	s.mu.Unlock()
	if enough {
		return true, nil
	}
	held := j.alone
	if !j.alone {
		until := now.Add(j.cfg.Lease)
		err := j.cfg.DB.InTx(ctx, func(tx *sqldb.Tx) (err error) {
			held, err = j.cfg.Store.Hold(tx, s.name, j.cfg.Holder, until)
			return err
		})
		if err != nil {
			return false, err
		}
	}
	if held && fresh {
		if err := j.readCursors(ctx, s); err != nil {
			return false, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held, s.heldUntil = held, now.Add(j.cfg.Lease)
	return held, nil
}

func (j *Journal) readCursors(ctx context.Context, s *subscriber) error {
	list, err := j.cfg.Store.Cursors(ctx, s.name)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.at)
	clear(s.saved)
	for _, c := range list {
		s.at[c.Lane], s.saved[c.Lane] = c.N, c.N
	}
	return nil
}

// deliver gives the subscriber up to a page of each lane; more is true when it moved.
func (j *Journal) deliver(ctx context.Context, s *subscriber) (more bool, err error) {
	heads, err := j.heads(ctx)
	if err != nil {
		return false, err
	}
	for lane, head := range heads {
		at := s.position(lane)
		if at.N >= head {
			continue
		}
		facts, err := j.facts(ctx, at, factPage)
		if err != nil {
			return false, err
		}
		if err := j.applyAll(ctx, s, facts); err != nil {
			return false, err
		}
		more = more || len(facts) > 0
	}
	return more, nil
}

func (s *subscriber) position(lane int) Position {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Position{lane, s.at[lane]}
}

func (s *subscriber) move(pos Position) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at[pos.Lane] = pos.N
}

// heads are the committed heads of all lanes: our own from memory, the others from the
// book, which is asked only where other processes can be.
func (j *Journal) heads(ctx context.Context) (map[int]int64, error) {
	heads := map[int]int64{}
	if !j.alone {
		lanes, err := j.cfg.Store.Lanes(ctx)
		if err != nil {
			return nil, err
		}
		for _, l := range lanes {
			heads[l.ID] = l.N
		}
	}
	heads[j.lane] = j.committed.Load()
	return heads, nil
}

// facts are up to limit facts of a lane after a position, from memory if they are there.
func (j *Journal) facts(ctx context.Context, after Position, limit int) ([]Fact, error) {
	if after.Lane == j.lane {
		if facts, ok := j.tail.after(after.N, limit); ok {
			return facts, nil
		}
	}
	rows, err := j.cfg.Store.Page(ctx, after.Lane, after.N, limit)
	if err != nil {
		return nil, err
	}
	facts := make([]Fact, len(rows))
	for i, r := range rows {
		if facts[i], err = r.fact(); err != nil {
			return nil, err
		}
	}
	return facts, nil
}

// applyAll hands facts over in order. The fact that fails is tried five times and then
// parked; one that fails because something outside is away (fault.Unavailable) waits for
// it however long that takes: a broker's outage parks nothing.
func (j *Journal) applyAll(ctx context.Context, s *subscriber, facts []Fact) error {
	tries := 0
	for len(facts) > 0 {
		done, err := s.apply(ctx, facts)
		if done > 0 {
			s.move(facts[done-1].Position)
			facts, tries = facts[done:], 0
		}
		if err == nil {
			continue
		}
		if ctx.Err() != nil || fault.KindOf(err) == fault.Unavailable {
			return err
		}
		if tries++; tries < factTries {
			j.pause(ctx, factDelay(tries), nil)
			continue
		}
		if err := j.park(ctx, s, facts[0], tries, err); err != nil {
			return err
		}
		s.move(facts[0].Position)
		facts, tries = facts[1:], 0
	}
	return nil
}

// factDelay is 100 ms, 400 ms, 1.6 s, 6.4 s.
func factDelay(tries int) time.Duration {
	return 100 * time.Millisecond << (2 * (tries - 1))
}

func (j *Journal) park(
	ctx context.Context, s *subscriber, f Fact, tries int, cause error,
) error {
	j.cfg.Log.Error("fact parked", "subscriber", s.name, "position", f.Position,
		"action", f.Action, "error", cause)
	return j.cfg.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		err := j.cfg.Store.Park(tx, Parked{Subscriber: s.name, Position: f.Position,
			Tries: tries, Problem: clip(fmt.Sprint(cause), maxProblem), ParkedAt: tx.Now})
		if err != nil {
			return err
		}
		return j.cfg.Store.SaveCursor(tx, Cursor{s.name, f.Position})
	})
}

// serveWatcher tells one watcher what happens from the opening of the journal on.
func (j *Journal) serveWatcher(ctx context.Context, w *watcher) {
	for lane, n := range j.opened {
		w.at[lane] = n
	}
	for ctx.Err() == nil {
		more, err := j.watch(ctx, w)
		switch {
		case err != nil && ctx.Err() == nil:
			j.cfg.Log.Warn("facts wait", "watcher", w.name, "error", err)
			j.pause(ctx, factPoll, nil)
		case !more:
			j.pause(ctx, j.pollEvery(), w.woken)
		}
	}
}

func (j *Journal) watch(ctx context.Context, w *watcher) (more bool, err error) {
	heads, err := j.heads(ctx)
	if err != nil {
		return false, err
	}
	for lane, head := range heads {
		if w.at[lane] >= head {
			continue
		}
		facts, err := j.facts(ctx, Position{lane, w.at[lane]}, factPage)
		if err != nil {
			return false, err
		}
		for _, f := range facts {
			if err := safely(func() error { return w.fn(ctx, f) }); err != nil {
				j.cfg.Log.Warn("a watcher failed", "watcher", w.name, "position", f.Position,
					"error", err)
			}
			w.at[lane] = f.N
		}
		more = more || len(facts) > 0
	}
	return more, nil
}
