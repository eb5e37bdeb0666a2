// Package actor is who does a thing, and within which organization.
package actor

import "slices"

// Kind is the kind of an actor. The set is closed.
type Kind uint8

const (
	Anonymous Kind = iota // nobody signed in
	Member                // a buyer
	Staff                 // an operator
	Device                // a gate or a handheld
	System                // Foyer itself: expiry, reconciliation, jobs
)

// String is the kind's word in the journal and the API; "unknown" for a number that a
// damaged row or archive may hold.
func (k Kind) String() string {
	words := [...]string{"anonymous", "member", "staff", "device", "system"}
	if int(k) >= len(words) {
		return "unknown"
	}
	return words[k]
}

// Permission is one thing that a staff role may allow, e.g. "order.refund".
type Permission string

// Actor is who does a thing. The zero value is anonymous.
type Actor struct {
	Kind Kind
	ID   int64
	// Name is what staff see in a timeline; never a member's.
	Name string
	// Grants are what a staff member may do, or where a device stands.
	Grants []Grant
}

// Grant is a set of permissions within one organization, for one venue or for all of them.
type Grant struct {
	Organization int64
	Venue        int64 // 0: every venue of the organization
	Permissions  []Permission
}

// May says whether the actor holds a permission at a venue of an organization; venue 0
// asks for the whole organization. It is the only place where rights are decided.
func (a Actor) May(p Permission, organization, venue int64) bool {
	for _, g := range a.Grants {
		if g.Organization == organization && (g.Venue == 0 || g.Venue == venue) &&
			(slices.Contains(g.Permissions, p) || slices.Contains(g.Permissions, Everything)) {
			return true
		}
	}
	return false
}

// Everything is the owner's permission: it stands for all others.
const Everything Permission = "*"

// Organizations are those in which the actor holds any grant.
func (a Actor) Organizations() []int64 {
	var ids []int64
	for _, g := range a.Grants {
		if !slices.Contains(ids, g.Organization) {
			ids = append(ids, g.Organization)
		}
	}
	return ids
}

// Scope is the organization whose rows a store method may touch. Store methods take it as
// an argument of its own, so that a forgotten tenant does not compile.
type Scope struct{ Organization int64 }

// SystemActor is Foyer itself.
var SystemActor = Actor{Kind: System}
