package seating

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/seating/choose"
	"foyer/internal/seating/seatmap"
)

// Limits of one ask.
const (
	maxAskPlaces = 500 // seats and areas named in one ask
	maxAskUnits  = 100_000
	maxRounds    = 8                      // looks at the board for one ask
	askAgain     = 250 * time.Millisecond // the book is asked once in this time, for all
	maxCells     = 8192                   // sessions whose last answer is remembered
	waitForPick  = 250 * time.Millisecond // for somebody's pick to end, each round
)

// Chooser proposes places: the board is asked first, and the book before a final no.
type Chooser struct {
	board Board
	truth Truth
	plans Plans
	clk   clock.Clock
	kept  *allotted // nil: nothing is sold from allotments

	mu    sync.RWMutex
	cells map[int64]*cell
}

// NewChooser makes a chooser.
func NewChooser(board Board, truth Truth, plans Plans, clk clock.Clock) *Chooser {
	return &Chooser{board: board, truth: truth, plans: plans, clk: clk, cells: map[int64]*cell{}}
}

// cell remembers what the book last said of a session.
type cell struct {
	last    atomic.Pointer[answer]
	repairs atomic.Int64 // how often the board was found wrong

	mu     sync.Mutex
	asking chan struct{} // closed when the question under way is answered
}

type answer struct {
	at  time.Time
	err error // the book could not be asked
	// doubt: the board could not be compared with the book, or not be repaired.
	doubt error
	Verdict
}

// Choose finds the places that are asked for. Nobody had them a moment ago; the book
// decides when they are claimed. Refused with ErrUnknownPlace, ErrSplitsPair, ErrNotForSale,
// ErrOrphan; and, once the book has confirmed it, ErrPlaceTaken, ErrAreaFull, ErrSoldOut,
// ErrAllHeld, ErrNoMatch.
func (c *Chooser) Choose(ctx context.Context, ask Ask) (*Choice, error) {
	plan, err := c.plans.Plan(ctx, ask.MapID)
	if err != nil {
		return nil, err
	}
	p, err := lookFor(plan, ask)
	if err != nil {
		return nil, err
	}
	if err := c.allow(ctx, ask, &p); err != nil {
		return nil, err
	}
	cl := c.cell(ask.Session)
	var r PickResult
	for range maxRounds {
		repairs := cl.repairs.Load()
		var fromBook bool
		if r, fromBook, err = c.look(ctx, plan, p); err != nil {
			return nil, err
		}
		switch r.Refusal {
		case Chosen:
			return choiceOf(ask, p, r), nil
		case Orphaned:
			return nil, ErrOrphan.With("places", r.Orphans)
		case InPick:
			if err := c.wait(ctx, r.Wait); err != nil {
				return nil, err
			}
			continue
		}
		a, err := c.confirm(ctx, cl, p.Ref)
		if err != nil {
			return nil, err
		}
		if a.doubt != nil && !fromBook {
			return nil, a.doubt
		}
		if cl.repairs.Load() == repairs || fromBook {
			return nil, refusal(r, a)
		}
	}
	// Others keep picking what is asked for: it may come free, but not for us just now.
	return nil, inTheWay(r)
}

// inTheWay refuses what others are just claiming.
func inTheWay(r PickResult) error {
	if len(r.Taken) > 0 {
		return ErrPlaceTaken.With("places", r.Taken)
	}
	return fault.Busy.Retry(time.Second)
}

// Drop gives up a choice that will not be placed; one that was placed loses nothing.
func (c *Chooser) Drop(ch *Choice) {
	if ch == nil {
		return
	}
	if ch.Token != 0 {
		c.board.Drop(ch.Session, ch.Token)
	}
	for _, other := range ch.Also {
		c.Drop(other)
	}
}

// look asks the board and, when it cannot answer, reads the book itself.
func (c *Chooser) look(ctx context.Context, plan *Plan, p PickAsk) (r PickResult, fromBook bool,
	err error,
) {
	r, err = c.board.Pick(ctx, p)
	if err == nil || ctx.Err() != nil {
		return r, false, err
	}
	picture, err := c.truth.Picture(ctx, p.Session)
	if err != nil {
		return PickResult{}, true, fault.Busy.Retry(time.Second).Wrap(err)
	}
	return newScene(plan, picture).look(p, nil), true, nil
}

func (c *Chooser) wait(ctx context.Context, ended <-chan struct{}) error {
	late, stop := c.clk.After(waitForPick)
	defer stop()
	select {
	case <-ended: // never, when the board cannot tell
	case <-late:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// confirm asks the book whether the board is right, at most once in askAgain for all who
// ask; a board that is wrong is repaired, which cell.repairs counts.
func (c *Chooser) confirm(ctx context.Context, cl *cell, ref Ref) (*answer, error) {
	for {
		if a := cl.last.Load(); a != nil && c.clk.Now().Sub(a.at) < askAgain {
			return a, a.err
		}
		cl.mu.Lock()
		if wait := cl.asking; wait != nil {
			cl.mu.Unlock()
			select {
			case <-wait:
				if a := cl.last.Load(); a != nil {
					return a, a.err
				}
				continue
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
		if a := cl.last.Load(); a != nil && c.clk.Now().Sub(a.at) < askAgain {
			cl.mu.Unlock()
			return a, a.err
		}
		done := make(chan struct{})
		cl.asking = done
		cl.mu.Unlock()
		a := c.ask(context.WithoutCancel(ctx), cl, ref)
		cl.last.Store(a)
		cl.mu.Lock()
		cl.asking = nil
		cl.mu.Unlock()
		close(done)
		return a, a.err
	}
}

func (c *Chooser) ask(ctx context.Context, cl *cell, ref Ref) *answer {
	v, err := c.truth.Verdict(ctx, ref.Session)
	if err != nil {
		return &answer{at: c.clk.Now(), err: fault.Busy.Retry(time.Second).Wrap(err)}
	}
	a := &answer{at: c.clk.Now(), Verdict: v}
	sum, err := c.board.Sum(ctx, ref)
	if err == nil && sum != v.Sum {
		var changed bool
		if changed, err = c.board.Reload(ctx, ref); changed {
			cl.repairs.Add(1)
		}
	}
	if err != nil {
		a.doubt = fault.Busy.Retry(time.Second).Wrap(err)
	}
	return a
}

func (c *Chooser) cell(session int64) *cell {
	c.mu.RLock()
	cl := c.cells[session]
	c.mu.RUnlock()
	if cl != nil {
		return cl
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if cl = c.cells[session]; cl == nil {
		if len(c.cells) >= maxCells {
			clear(c.cells) // they are remembered anew within one question each
		}
		cl = &cell{}
		c.cells[session] = cl
	}
	return cl
}

// refusal is the final no, now that the book has confirmed it. Sold out is said only when
// neither seats nor area units are held; of areas that have changed since the book was
// asked it is not known, and so not said.
func refusal(r PickResult, a *answer) error {
	switch {
	case r.Open == 0 && r.Held == 0 && a.HeldUnits == 0 && r.Areas == a.Taken:
		return detail(&fault.Error{Def: ErrSoldOut}, r)
	case r.Open == 0:
		return allHeld(r, a)
	case r.Refusal == Taken:
		return ErrPlaceTaken.With("places", r.Taken)
	case r.Refusal == AreaShort:
		return ErrAreaFull.With("area", r.Area.Area).With("free", r.Area.N)
	}
	return ErrNoMatch.With("free", r.Open)
}

func allHeld(r PickResult, a *answer) error {
	e := ErrAllHeld.With("held", int64(r.Held)+a.HeldUnits)
	next := r.Next
	if !a.NextRelease.IsZero() && (next.IsZero() || a.NextRelease.Before(next)) {
		next = a.NextRelease
	}
	if !next.IsZero() {
		e = e.With("next_release", next)
		if left := next.Sub(a.at); left > 0 {
			e = e.Retry(left)
		}
	}
	return detail(e, r)
}

func detail(e *fault.Error, r PickResult) error {
	if len(r.Taken) > 0 {
		return e.With("places", r.Taken)
	}
	return e
}

func choiceOf(ask Ask, p PickAsk, r PickResult) *Choice {
	ch := &Choice{Session: ask.Session, Index: r.Index, Places: r.Places, Areas: p.Areas,
		Token: r.Token, Warnings: r.Orphans, Hints: r.Hints,
		From: p.From}
	if r.Step != choose.None {
		ch.Step = r.Step.String()
	}
	return ch
}

// lookFor turns a wish into what a board looks for, and refuses what no board could find.
func lookFor(plan *Plan, ask Ask) (PickAsk, error) {
	p := PickAsk{Ref: Ref{ask.Session, ask.MapID}, By: ask.By, Own: ask.Order,
		Places: ask.Places, Orphans: orphanRule(ask.Orphans), Hints: ask.Hints}
	if len(ask.Places)+len(ask.Areas) > maxAskPlaces {
		return p, fault.BadInput.At("places", "at most 500 places and areas in one request")
	}
	if len(ask.Places) == 0 && len(ask.Areas) == 0 && ask.Best == nil {
		return p, fault.BadInput.At("places", "name places, an area, or ask for the best")
	}
	if err := checkSeats(plan, ask); err != nil {
		return p, err
	}
	var err error
	if p.Areas, err = checkAreas(plan, ask.Areas); err != nil {
		return p, err
	}
	if ask.Best != nil {
		p.Best, err = bestOf(plan, *ask.Best, p.Orphans)
	}
	return p, err
}

func orphanRule(word string) choose.Rule {
	switch word {
	case "warn":
		return choose.Warn
	case "refuse":
		return choose.Refuse
	}
	return choose.Off
}

// checkSeats refuses numbers that are no seat, seats that only staff may give, and halves
// of couple pairs. A wheelchair place may be named by whoever wants it.
func checkSeats(plan *Plan, ask Ask) error {
	var unknown, house []int32
	couple := false
	for k, place := range ask.Places {
		i, ok := plan.Index.Ordinal(seatmap.Place(place))
		if !ok {
			unknown = append(unknown, place)
			continue
		}
		if slices.Contains(ask.Places[:k], place) {
			return fault.BadInput.At("places", "a place is named twice")
		}
		switch plan.Index.Seat(i).Kind {
		case seatmap.House:
			house = append(house, place)
		case seatmap.Couple:
			couple = true
		}
	}
	if len(unknown) > 0 {
		return ErrUnknownPlace.With("places", unknown)
	}
	if len(house) > 0 && !ask.StaffSale {
		return ErrNotForSale.With("places", house)
	}
	if couple {
		if missing := plan.Chooser.Incomplete(placesOf(ask.Places)); len(missing) > 0 {
			return ErrSplitsPair.With("places", numbersOf(missing))
		}
	}
	return nil
}

// checkAreas refuses numbers that are no area and part of a table or box, and adds up what
// is asked for of one area.
func checkAreas(plan *Plan, list []AreaQty) ([]AreaQty, error) {
	var sum []AreaQty
	for _, want := range list {
		area, ok := plan.Index.Area(seatmap.Place(want.Area))
		switch {
		case !ok:
			return nil, ErrUnknownPlace.With("areas", []int32{want.Area})
		case want.N < 1 || want.N > maxAskUnits:
			return nil, fault.BadInput.At("areas", "the quantity must be at least 1")
		case area.Kind.Whole() && want.N != 1:
			return nil, ErrAreaFull.With("area", want.Area).With("free", 1)
		}
		sum = addUnits(sum, want)
	}
	for _, want := range sum {
		if area, _ := plan.Index.Area(seatmap.Place(want.Area)); area.Kind.Whole() && want.N > 1 {
			return nil, ErrAreaFull.With("area", want.Area).With("free", 1)
		}
	}
	return sum, nil
}

func addUnits(list []AreaQty, more AreaQty) []AreaQty {
	for i := range list {
		if list[i].Area == more.Area {
			list[i].N += more.N
			return list
		}
	}
	return append(list, more)
}

// bestOf makes the request for the best seats. Zones in which the asked types are not sold,
// or cost too much, are left out; without any left there is no match.
func bestOf(plan *Plan, b Best, rule choose.Rule) (*choose.Request, error) {
	r := &choose.Request{Party: b.N, Floor: b.Floor, Section: b.Section,
		Wheelchairs: b.Wheelchair, Companions: b.Companion, Couple: b.Couple, Orphans: rule}
	left := 0
	for _, z := range plan.Index.Map().Zones {
		if len(b.Zones) > 0 && !slices.Contains(b.Zones, z.Key) {
			left++
			continue
		}
		if b.Price != nil {
			price, sold := b.Price(z.Key)
			if !sold || b.MaxPrice > 0 && price > b.MaxPrice {
				left++
				continue
			}
		}
		r.Zones = append(r.Zones, z.Key)
	}
	if len(r.Zones) == 0 {
		return nil, ErrNoMatch.With("zones", b.Zones)
	}
	if left == 0 {
		r.Zones = nil
	}
	return r, r.Validate()
}
