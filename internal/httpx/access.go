package httpx

import (
	"strings"

	"foyer/internal/actor"
	"foyer/internal/fault"
)

// Access says who may call a route. The set is closed: values come from this file only,
// and the zero value lets nobody in, so that a route without one cannot be registered.
type Access struct{ rules []rule }

type rule struct {
	kind       accessKind
	permission actor.Permission
}

type accessKind uint8

const (
	public accessKind = iota + 1
	anonymous
	member
	staff
	staffWith
	device
	operator
	provider
)

// The kinds of access.
var (
	// Public is for everybody and never looks at credentials, so that an expired token
	// cannot shut a visitor out and the answer is the same for all.
	Public = Access{[]rule{{kind: public}}}
	// MemberOnly is for a signed-in buyer.
	MemberOnly = Access{[]rule{{kind: member}}}
	// MemberOrAnonymous is for buyers signed in or not; a wrong token is still refused.
	MemberOrAnonymous = Access{[]rule{{kind: anonymous}, {kind: member}}}
	// SignedInStaff is for staff whatever their permissions, e.g. to read their own profile.
	SignedInStaff = Access{[]rule{{kind: staff}}}
	// DeviceOnly is for an enrolled gate or handheld.
	DeviceOnly = Access{[]rule{{kind: device}}}
	// Operator is for whoever runs the machine: over loopback, or with the operator's token.
	Operator = Access{[]rule{{kind: operator}}}
	// Provider is for messages that a payment provider signs; the handler checks the
	// signature before it believes a word.
	Provider = Access{[]rule{{kind: provider}}}
)

// StaffOnly is for staff who hold the permission in some organization. Which organization
// and venue is the module's decision, made with actor.May once the object is known. It
// panics without a permission: a route that is declared wrongly must not reach a start.
func StaffOnly(p actor.Permission) Access {
	if p == "" {
		panic("httpx: StaffOnly needs a permission")
	}
	return Access{[]rule{{staffWith, p}}}
}

// AnyOf lets in whom one of the given accesses lets in, e.g. a member and staff with a
// permission. Public, Operator and Provider stand alone; it panics when given one, as a
// route that is declared wrongly must not reach a start.
func AnyOf(list ...Access) Access {
	var all Access
	for _, a := range list {
		for _, r := range a.rules {
			if r.kind == public || r.kind == operator || r.kind == provider {
				panic("httpx: AnyOf takes only accesses of signed-in actors")
			}
			all.rules = append(all.rules, r)
		}
	}
	return all
}

func (a Access) is(k accessKind) bool { return len(a.rules) == 1 && a.rules[0].kind == k }

// Empty says that nobody was named.
func (a Access) Empty() bool { return len(a.rules) == 0 }

// String is the access as the API document and the route matrix show it.
func (a Access) String() string {
	names := [...]string{"", "public", "anonymous", "member", "staff", "staff", "device",
		"operator", "provider"}
	var out []string
	for _, r := range a.rules {
		s := names[r.kind]
		if r.permission != "" {
			s += ":" + string(r.permission)
		}
		out = append(out, s)
	}
	return strings.Join(out, "|")
}

// Permissions are those that the access asks of staff.
func (a Access) Permissions() []actor.Permission {
	var out []actor.Permission
	for _, r := range a.rules {
		if r.permission != "" {
			out = append(out, r.permission)
		}
	}
	return out
}

// Decide is the one place where a route opens to an actor. It refuses with SignInFirst
// whoever is not signed in and with NotAllowed whoever is the wrong kind of actor.
// Operator and Provider are not actors: Decide refuses them all, the door checks those.
func (a Access) Decide(who actor.Actor) error {
	for _, r := range a.rules {
		if r.admits(who) {
			return nil
		}
	}
	if who.Kind == actor.Anonymous {
		return fault.SignInFirst
	}
	return fault.NotAllowed
}

func (r rule) admits(who actor.Actor) bool {
	switch r.kind {
	case public:
		return true
	case anonymous:
		return who.Kind == actor.Anonymous
	case member:
		return who.Kind == actor.Member
	case staff:
		return who.Kind == actor.Staff
	case staffWith:
		return who.Kind == actor.Staff && holds(who, r.permission)
	case device:
		return who.Kind == actor.Device
	}
	return false
}

func holds(who actor.Actor, p actor.Permission) bool {
	for _, g := range who.Grants {
		if who.May(p, g.Organization, g.Venue) {
			return true
		}
	}
	return false
}
