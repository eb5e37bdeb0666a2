// Package approval is the rule of two people: a command that a house does not leave to one
// person becomes a request, and another person agrees to it or refuses. What was agreed to is
// carried out exactly as it was asked, once, or not at all.
package approval

import (
	"time"

	"foyer/internal/actor"
	"foyer/internal/idgen"
	"foyer/internal/journal"
	"foyer/internal/money"
)

// KindRequest is the kind of a request's public id.
const KindRequest idgen.Kind = "apr"

// Permissions of the rule of two people.
const (
	PermDecide actor.Permission = "approval.decide" // see requests, agree to them, refuse them
	PermRules  actor.Permission = "approval.rules"  // say which commands need two people
)

// Kind is one sort of command that may need two people, e.g. "price_list.change".
type Kind string

// KindRules is the one kind that the module has of its own: loosening its own rules.
const KindRules Kind = "approval.rules"

// State is what is stored of a request's life.
type State string

const (
	// Pending: another person's turn, until ExpiresAt. In by asking; out by each of the
	// others. After ExpiresAt it is Expired, which is derived.
	Pending State = "pending"
	// Done: agreed to and carried out, in one transaction. Final.
	Done State = "done"
	// Refused: another person said no. Final.
	Refused State = "refused"
	// Withdrawn: the asker took it back. Final.
	Withdrawn State = "withdrawn"
	// Stale: it was agreed to and could no longer be carried out as it was asked. Final.
	Stale State = "stale"
	// Expired: nobody decided in time. It is derived, and stored only where a fresh request
	// of the same wish takes its place. Final.
	Expired State = "expired"
)

// States are all that a request may be in.
func States() []State { return []State{Pending, Done, Refused, Withdrawn, Stale, Expired} }

// Request is a command that waits for a second person, or waited.
type Request struct {
	ID           int64
	Organization int64
	Venue        int64 // where the command happens; 0 is the whole organization
	Kind         Kind
	State        State
	// Object is what the command changes, at the revision that the asker saw.
	Object journal.Object
	// Made is what carrying it out made, where that is something new.
	Made      journal.Object
	Amount    money.Minor // what it is about, where the kind counts money
	AskedBy   int64
	AskedAt   time.Time
	ExpiresAt time.Time
	DecidedBy int64 // 0 while nobody has
	DecidedAt time.Time
	Problem   string // the code of why it is Stale
	Doc       Doc
	Input     []byte
	Digest    []byte // of a pending request: the same wish of the same person has it too
}

// Doc is what people read about a request.
type Doc struct {
	Title   string   `json:"title"`
	Asker   string   `json:"asker"`
	Decider string   `json:"decider,omitempty"`
	Reason  string   `json:"reason,omitempty"`
	Answer  string   `json:"answer,omitempty"`
	Changes []Change `json:"changes,omitempty"`
	// More counts the changes that are not listed.
	More int `json:"more,omitempty"`
}

// Change is one thing that is different once the command is carried out.
type Change struct {
	What   string `json:"what" doc:"what changes, e.g. gold · adult"`
	Before string `json:"before" doc:"empty: there was none"`
	After  string `json:"after" doc:"empty: there is none any more"`
}

// Limits of a request.
const (
	MaxChanges = 1000
	maxInput   = 1 << 20 // bytes
	MaxWords   = 300     // characters of a reason or an answer
	MaxDays    = 30
	usualDays  = 3
)

// StateAt is the state at a moment: a pending request is expired once its time is over.
func (r *Request) StateAt(now time.Time) State {
	if r.State == Pending && !now.Before(r.ExpiresAt) {
		return Expired
	}
	return r.State
}

// Rule says whether a kind of command needs two people in an organization.
type Rule struct {
	Organization int64
	Kind         Kind
	Enabled      bool
	// Over is the amount up to which one person may; 0 means never.
	Over money.Minor
	// Days is how long a request waits for an answer.
	Days int
}

// looser says whether the rule lets one person do what was not his before.
func (r Rule) looser(was Rule) bool {
	if !was.Enabled {
		return false
	}
	return !r.Enabled || was.Over == 0 && r.Over > 0 || was.Over > 0 && r.Over > was.Over
}
