package seating

import (
	"context"
	"time"

	"foyer/internal/seating/seatmap"
)

// picks are the seats of a session that somebody is about to claim. They guard the writer
// from a crowd that wants the same seat; they promise nothing.
type picks struct {
	bySeat  map[int]*pick
	byToken map[uint64]*pick
	ended   chan struct{} // closed and replaced when a pick ends
}

type pick struct {
	token uint64
	by    int64
	until time.Time
	seats []int
}

// Pick looks for what is asked for and marks its seats, all under the session's lock.
func (b *MemBoard) Pick(ctx context.Context, ask PickAsk) (PickResult, error) {
	s, err := b.session(ctx, ask.Ref)
	if err != nil {
		return PickResult{}, err
	}
	now := b.cfg.Clock.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	var busy func(int) bool
	if len(s.picks.bySeat) > 0 {
		busy = func(i int) bool { return s.picks.taken(i, ask.By, now) }
	}
	r := s.scene.look(ask, busy)
	if r.Refusal == InPick {
		r.Wait = s.picks.wait()
	}
	if r.Refusal == Chosen && len(r.Places) > 0 {
		r.Token = b.tokens.Add(1)
		s.picks.add(s.scene.plan.Index, r.Token, ask.By, now.Add(PickFor), r.Places)
	}
	return r, nil
}

// Drop ends a pick that was not claimed.
func (b *MemBoard) Drop(session int64, token uint64) {
	if token == 0 {
		return
	}
	b.mu.RLock()
	s := b.sessions[session]
	b.mu.RUnlock()
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.picks.byToken[token]; p != nil {
		s.picks.remove(p)
	}
}

// taken says whether the seat is picked by somebody else. A pick that is over goes away.
func (p *picks) taken(seat int, by int64, now time.Time) bool {
	e := p.bySeat[seat]
	if e == nil || e.by == by && by != 0 {
		return false
	}
	if now.Before(e.until) {
		return true
	}
	p.remove(e)
	return false
}

func (p *picks) add(ix *seatmap.Index, token uint64, by int64, until time.Time, places []int32) {
	if p.bySeat == nil {
		p.bySeat, p.byToken = map[int]*pick{}, map[uint64]*pick{}
	}
	e := &pick{token: token, by: by, until: until, seats: make([]int, 0, len(places))}
	for _, place := range places {
		if i, ok := ix.Ordinal(seatmap.Place(place)); ok {
			e.seats = append(e.seats, i)
			p.bySeat[i] = e
		}
	}
	p.byToken[token] = e
}

func (p *picks) remove(e *pick) {
	for _, i := range e.seats {
		if p.bySeat[i] == e {
			delete(p.bySeat, i)
		}
	}
	delete(p.byToken, e.token)
	p.tell()
}

// settle ends the pick of a seat whose claim has begun or ended.
func (p *picks) settle(seat int) {
	if e := p.bySeat[seat]; e != nil {
		p.remove(e)
	}
}

func (p *picks) settleAll() {
	clear(p.bySeat)
	clear(p.byToken)
	p.tell()
}

func (p *picks) tell() {
	if p.ended != nil {
		close(p.ended)
		p.ended = nil
	}
}

func (p *picks) wait() <-chan struct{} {
	if p.ended == nil {
		p.ended = make(chan struct{})
	}
	return p.ended
}

// any says whether a pick still stands.
func (p *picks) any(now time.Time) bool {
	for _, e := range p.byToken {
		if now.Before(e.until) {
			return true
		}
	}
	return false
}
