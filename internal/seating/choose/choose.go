// Package choose finds the best free places for a party, and the seats that a choice would
// leave alone. It is pure computation over a seat map: who holds what is the caller's set
// of free seats, and what comes out is a proposal that the book may still refuse.
//
// # Best available
//
// Steps are tried in this order and the first that finds places wins:
//
//  1. together: neighbours in one row, leaving no single seat behind (the orphan rule);
//  2. adjacent: neighbours in one row, whatever is left behind;
//  3. two rows: neighbours in two rows, one behind the other, as evenly split as possible,
//     overlapping in column;
//  4. groups: as few groups of neighbours as possible: the largest that exists nearest the
//     focal point, each next one the largest that still fits, nearest the first;
//  5. scattered: any free seats, nearest the focal point.
//
// A party with wheelchairs is tried together and adjacent, then nearby: its wheelchair
// places nearest the focal point, everybody else nearest to them.
//
// Within a step the choice with the fewest drawbacks wins: seats of a kind that was not
// asked for (a couple pair, a restricted view), a family block of another size than the
// party, prices that differ within a group. Then the one nearest the focal point, then the
// one nearest the middle, then the first in the map.
//
// # What is never offered
//
// House seats, halves of couple pairs and parts of family blocks: pairs and blocks are
// taken whole or not at all. Wheelchair and companion places go to those who ask for them,
// and to others only when nothing else is left and the request releases them.
package choose

import (
	"foyer/internal/fault"
	"foyer/internal/seating/seatmap"
)

// MaxParty bounds how many places one request may ask for.
const MaxParty = 50

// Unsuitable is the refusal of a request that can have no answer.
var Unsuitable = fault.Define(fault.Invalid, "seat_request_invalid",
	"选座要求有误", "The seat request breaks rules; the fields say where.",
	"Correct the named fields.")

// Rule says what happens to a choice that leaves a single seat behind.
type Rule uint8

const (
	Off    Rule = iota // single seats are nobody's concern
	Warn               // they are avoided where possible and reported
	Refuse             // they are refused while another choice of that size exists
)

// Request is what a party wants.
type Request struct {
	Party       int      // number of people, 1 to MaxParty
	Zones       []string // zone keys; empty means any
	Floor       string   // empty means any
	Section     string   // empty means any; of Floor, when that is given
	Wheelchairs int      // how many of the party come in a wheelchair
	Companions  int      // how many of the others want a companion place
	Couple      bool     // prefers couple pairs
	// Affordable says whether a place is within the price ceiling; nil means all are.
	Affordable func(seatmap.Place) bool
	Orphans    Rule
	// Release lets wheelchair and companion places go to this party when nothing else is
	// left, as a house does shortly before the start.
	Release bool
}

// Validate is nil or Unsuitable, naming every field that is out of range.
func (r Request) Validate() error {
	var p fault.Problems
	if r.Party < 1 || r.Party > MaxParty {
		p.Add("party", "人数须为1至%d / from 1 to %d", MaxParty, MaxParty)
	}
	if r.Wheelchairs < 0 || r.Companions < 0 || r.Wheelchairs+r.Companions > r.Party {
		p.Add("best.wheelchair", "轮椅与陪同人数之和不能超过总人数 / "+
			"wheelchairs and companions together are at most the party")
	}
	if len(r.Zones) > seatmap.MaxZones {
		p.Add("zones", "至多%d个票区 / at most %d zones", seatmap.MaxZones, seatmap.MaxZones)
	}
	if r.Orphans > Refuse {
		p.Add("orphans", "未知规则 / unknown rule")
	}
	return p.As(Unsuitable)
}

// Step says which of the steps found the places.
type Step uint8

const (
	None Step = iota
	Together
	Adjacent
	TwoRows
	Groups
	Scattered
	Nearby
)

// Why explains the step to a person.
func (s Step) Why() (zh, en string) {
	switch s {
	case Together:
		return "同排相连,不留单座", "side by side in one row, leaving no single seat"
	case Adjacent:
		return "同排相连", "side by side in one row"
	case TwoRows:
		return "没有足够的同排连座,分在前后两排", "no row has enough; two rows, one behind the other"
	case Groups:
		return "没有足够的连座,分成最少的几组", "not enough side by side; as few groups as possible"
	case Scattered:
		return "只剩零散座位", "only scattered seats are left"
	case Nearby:
		return "轮椅位附近没有足够的连座", "not enough beside the wheelchair places; the nearest seats"
	}
	return "没有符合要求的座位", "no seats match the request"
}

func (s Step) String() string {
	names := [...]string{"none", "together", "adjacent", "two_rows", "groups", "scattered",
		"nearby"}
	if int(s) < len(names) {
		return names[s]
	}
	return "unknown"
}

// Choice is the answer to a Request.
type Choice struct {
	Step   Step
	Groups [][]seatmap.Place // neighbours together, the best group first
	// Orphans are the single seats that this choice leaves behind; none under the rule Off.
	Orphans []seatmap.Place
	// Released is true when wheelchair or companion places go to people who did not ask.
	Released bool
	// Suggestions are free pairs or blocks that fit the party just as well.
	Suggestions []Suggestion
	// Matching is how many free seats met the request one by one; 0 with None tells
	// "nothing like that is free" from "free, but not together with so many".
	Matching int
}

// Suggestion is a couple pair for two, or a family block for exactly as many as it seats.
type Suggestion struct {
	Kind   seatmap.Kind
	Places []seatmap.Place
}

// Places are all chosen places, group by group.
func (c Choice) Places() []seatmap.Place {
	var all []seatmap.Place
	for _, g := range c.Groups {
		all = append(all, g...)
	}
	return all
}

// Best chooses among the free seats. Its step is None when nothing fits or the request is
// not valid. It allocates a few words per seat and keeps nothing.
func (p *Plan) Best(free seatmap.Set, r Request) Choice {
	if r.Validate() != nil || p.n == 0 {
		return Choice{}
	}
	s := p.search(free, r, r.Wheelchairs > 0)
	c := s.best()
	if c.Step == None && r.Release && r.Wheelchairs == 0 {
		s = p.search(free, r, true)
		c = s.best()
		c.Released = c.Step != None
	}
	c.Matching = s.open.Count()
	if c.Step != None {
		c.Suggestions = s.suggest(c)
		if r.Orphans != Off {
			c.Orphans = p.Orphans(free, c.Places())
		}
	}
	return c
}

func (s *search) best() Choice {
	if s.r.Orphans != Off {
		if w, ok := s.together(s.r.Party, true); ok {
			return s.choice(Together, w)
		}
	}
	if w, ok := s.together(s.r.Party, false); ok {
		if s.r.Orphans == Off {
			return s.choice(Together, w)
		}
		return s.choice(Adjacent, w)
	}
	if s.r.Wheelchairs > 0 {
		return s.choice(Nearby, s.nearby()...)
	}
	s.longest = s.largest(s.r.Party - 1)
	if list := s.twoRows(); list != nil {
		return s.choice(TwoRows, list...)
	}
	if list := s.groups(); list != nil {
		return s.choice(Groups, list...)
	}
	return s.choice(Scattered, s.scattered(s.r.Party, s.rankFocal)...)
}

func (s *search) choice(step Step, list ...window) Choice {
	if len(list) == 0 {
		return Choice{}
	}
	c := Choice{Step: step}
	for _, w := range list {
		c.Groups = append(c.Groups, s.places(w))
	}
	return c
}
