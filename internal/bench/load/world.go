// Package load is the load generator of `foyer bench`: a process of its own that plays what
// buyers and gates do over HTTP/1.1 keep-alive connections on loopback. It is told the
// addresses, tokens and free seats of a world that was built before, then one job after
// another, and answers each with what it measured.
package load

import "sync/atomic"

// World is what the generator knows of the installation that it loads.
type World struct {
	API  string `json:"api"` // host:port
	Noop string `json:"noop"`
	Bank string `json:"bank"`
	// Members are bearer tokens.
	Members []string `json:"members"`
	Gates   []Gate   `json:"gates"`
	// TicketType is what every order asks for.
	TicketType string    `json:"ticket_type"`
	Sessions   []Session `json:"sessions"`
	Halls      int       `json:"halls"`   // the first session of each comes first
	Big        Session   `json:"big"`     // the seat map of `seatmap`
	Browse     []string  `json:"browse"`  // paths with their query
	Channel    string    `json:"channel"` // of payments
	// Skip is how many pairs of seats an earlier generator has handed out.
	Skip int64 `json:"skip,omitempty"`
	// Acked is the file that the id of every acknowledged order is written to.
	Acked string `json:"acked"`
}

// Gate is a device with the tickets that come to it.
type Gate struct {
	Token string   `json:"token"`
	Codes []string `json:"codes"`

	next atomic.Int64
}

// Session is one session on sale. The members' free seats are taken from Free in order.
type Session struct {
	ID    string  `json:"id"`
	Seats int     `json:"seats"`
	Free  []int32 `json:"free"`
	Taken []int32 `json:"taken"`
}

// Job is one row's worth of load.
type Job struct {
	Name  string `json:"name"`
	Shape Shape  `json:"shape"`
	// Changes is the rate of seats claimed and given back beside `seatmap`.
	Changes float64 `json:"changes,omitempty"`
}

// Result is the answer to a job.
type Result struct {
	Summary Summary `json:"summary"`
	// Pairs is how many pairs of seats were handed out so far.
	Pairs int64  `json:"pairs"`
	Error string `json:"error,omitempty"` // the job could not be played at all
}

// pairsOf is how many orders of two seats a session has room for.
func (s *Session) pairsOf() int { return len(s.Free) / 2 }
