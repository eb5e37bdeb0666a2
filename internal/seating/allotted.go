package seating

import (
	"context"
	"sync"
	"time"
)

// Standing reads the allotments of a session that are not over, oldest first, of any
// organization since buyers buy of all; and the area units that they have left.
type Standing interface {
	Standing(ctx context.Context, session int64) ([]Allotment, error)
	KeptUnits(ctx context.Context, session int64, allotments []int64) ([]AreaQty, error)
}

// allotted remembers the allotments of each session that is sold. A session's revision is
// raised by every change of its allotments, so an answer holds as long as the revision;
// sessions without any cost a look into a map.
type allotted struct {
	store Standing

	mu       sync.RWMutex
	sessions map[int64]standing
}

type standing struct {
	revision int64
	list     []Allotment
}

func (a *allotted) of(ctx context.Context, session, revision int64) ([]Allotment, error) {
	a.mu.RLock()
	s, ok := a.sessions[session]
	a.mu.RUnlock()
	if ok && s.revision >= revision {
		return s.list, nil
	}
	list, err := a.store.Standing(ctx, session)
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.sessions) >= maxCells {
		clear(a.sessions) // read anew within one question each
	}
	a.sessions[session] = standing{revision, list}
	return list, nil
}

// from are the allotments that an ask may take from now: its channel's, and those whose
// time is over although their job has not run yet.
func (a *allotted) from(ctx context.Context, ask Ask, now time.Time) ([]int64, error) {
	list, err := a.of(ctx, ask.Session, ask.Revision)
	if err != nil {
		return nil, err
	}
	var ids []int64
	for _, al := range list {
		if al.SellsTo(ask.Channel, now) {
			ids = append(ids, al.ID)
		}
	}
	return ids, nil
}

// UseAllotments lets a chooser sell from allotments; call it before the first ask.
func (c *Chooser) UseAllotments(store Standing) *Chooser {
	c.kept = &allotted{store: store, sessions: map[int64]standing{}}
	return c
}

// allow adds to a look what the asker may take of allotments.
func (c *Chooser) allow(ctx context.Context, ask Ask, p *PickAsk) error {
	if c.kept == nil {
		return nil
	}
	var err error
	if p.From, err = c.kept.from(ctx, ask, c.clk.Now()); err != nil || p.From == nil {
		return err
	}
	if len(p.Areas) > 0 {
		p.Extra, err = c.kept.store.KeptUnits(ctx, ask.Session, p.From)
	}
	return err
}
