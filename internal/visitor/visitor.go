// Package visitor is who may buy and who enters: it holds an order to the rules of its
// session (real names, eligibility by age, document and company, limits by phone, device
// and document), and keeps the names and documents of those who enter, sealed, for as long
// as the rule says. It counts nothing itself: a Plan says what the order counts in the book.
package visitor

import (
	"time"

	"foyer/internal/catalog"
	"foyer/internal/document"
)

// Person is somebody as a buyer names him: by hand, or as one of his companions.
type Person struct {
	Name   string
	Kind   document.Kind
	Number string
	// Birth is as declared; it counts where the document tells none.
	Birth     time.Time
	Companion int64
	// Field is where the request names the person, e.g. lines[0].visitors[1].
	Field string
}

// blank says that nothing was told of the person.
func (p Person) blank() bool {
	return p.Name == "" && p.Number == "" && p.Birth.IsZero() && p.Companion == 0
}

// Unit is one unit of an order and who enters with it, as far as they were named.
type Unit struct {
	Line, Unit int
	Type       *catalog.TicketType
	People     int // who enter with it
	Persons    []Person
}

// Party is an order as the rules look at it.
type Party struct {
	Session *catalog.Sellable // with Buyers
	Member  int64             // 0: sold over the counter
	Device  string            // the device's own stable name; empty where there is none
	Buyer   *Person
	Units   []Unit
	Places  int
	// Asking is a price that is asked for: names may be missing, and nothing is kept.
	Asking bool
}

// CounterKind is what is counted. Its number is stored (limit_counter.kind) and never
// changes; 1 is a member's places in a session.
type CounterKind int

// The kinds. A session or an event is the scope.
const (
	Phone         CounterKind = 2 // places of a phone in a session
	Device        CounterKind = 3 // places of a device in a session
	Document      CounterKind = 4 // people of a document in a session
	DocumentEvent CounterKind = 5 // people of a document in an event
	MemberEvent   CounterKind = 6 // places of a member in an event
	RefundRight   CounterKind = 7 // times that a member gave back in a session; stays
	Rebooking     CounterKind = 8 // until when a member does not buy of an event (cool_until)
)

// String names the kind as the API does.
func (k CounterKind) String() string {
	names := [...]string{Phone: "phone", Device: "device", Document: "document",
		DocumentEvent: "document_event", MemberEvent: "member_event",
		RefundRight: "refund_right", Rebooking: "rebooking"}
	if k < Phone || int(k) >= len(names) {
		return "member"
	}
	return names[k]
}

// OfDocuments says that the kind counts documents.
func (k CounterKind) OfDocuments() bool { return k == Document || k == DocumentEvent }

// Take is one count of an order: n more of a subject, up to Most.
type Take struct {
	Kind    CounterKind `json:"k"`
	Scope   int64       `json:"s"`
	Subject int64       `json:"u"`
	N       int         `json:"n"`
	Most    int         `json:"m"`
	// ByPlace: a unit that goes back lowers the count by its places. Without it, the count
	// is of named people, and goes down by those who were named for the unit.
	ByPlace bool   `json:"p,omitempty"`
	Field   string `json:"-"` // of the request
	Masked  string `json:"-"` // the document, to say whose
}

// Same says that both count the same thing.
func (t Take) Same(other Take) bool { return byCounter(t, other) == 0 }

// Refused is why n more do not fit; have is what the subject has already.
func (t Take) Refused(have int) error {
	refusal := t.Kind.refusal().With("max", t.Most).With("have", have).
		With("left", max(t.Most-have, 0))
	if t.Masked != "" {
		refusal = refusal.With("document", t.Masked)
	}
	if t.Field != "" {
		refusal = refusal.At(t.Field, "is beyond the limit / 已超过限购数量")
	}
	return refusal
}

// Row is a person as stored.
type Row struct {
	ID, Organization, Order, Session int64
	Line, Unit, Person               int // person from 1; all 0: the buyer
	Subject                          int64
	Kind                             document.Kind
	Sealed                           []byte
	DeleteAfter                      time.Time
	State                            RowState // 0 is Entering
}

// RowState is where a person stands. Its number is stored.
type RowState int

// The states of a person. Two are those of a change that waits for its payment: who is
// Moving is counted by the row of the old unit, which is of the same session.
const (
	Entering  RowState = 1
	GivenBack RowState = 2
	Coming    RowState = 3
	Moving    RowState = 4
)

// Plan is what an order does under the rules of its session, decided before the
// transaction that does it.
type Plan struct {
	Takes []Take
	Rows  []Row
	// Rebooking is the counter that must not be cooling down; nil: nobody asks.
	Rebooking *Take
	Named     []Named // for the answer
	Missing   int     // people who are still to be named
	NameUntil time.Time
}

// Named is a person as shown: masked.
type Named struct {
	Line, Unit, Person int
	Name               string
	Kind               document.Kind
	Number             string
}
