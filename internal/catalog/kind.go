// Package catalog is what is sold: organizations, venues, halls, events, sessions, ticket
// types, prices and refund policies, and the picture of them in memory that browsing and
// placing read. It knows no technology; SQL is in catalogdb, routes are in cataloghttp.
package catalog

import (
	"slices"
	"time"

	"foyer/internal/actor"
	"foyer/internal/idgen"
)

// Kinds of public ids that the catalogue hands out.
const (
	KindOrganization idgen.Kind = "org"
	KindVenue        idgen.Kind = "ven"
	KindHall         idgen.Kind = "hal"
	KindEvent        idgen.Kind = "evt"
	KindSession      idgen.Kind = "ses"
	KindTicketType   idgen.Kind = "tty"
	KindPriceList    idgen.Kind = "prl"
	KindRefundPolicy idgen.Kind = "rfp"
	KindSeatMap      idgen.Kind = "smv"
	KindMedia        idgen.Kind = "med"
)

// Permissions that catalogue commands ask for.
const (
	PermOrganization actor.Permission = "organization.manage"
	PermVenue        actor.Permission = "venue.edit"
	PermHall         actor.Permission = "hall.edit"
	PermEvent        actor.Permission = "event.edit"
	PermPublish      actor.Permission = "event.publish"
	PermPrice        actor.Permission = "price.edit"
	PermPolicy       actor.Permission = "policy.edit"
	PermSession      actor.Permission = "session.edit"
	PermSell         actor.Permission = "session.sell"
)

// VenueKind is what sort of place a venue is.
type VenueKind string

// The six kinds of venue.
const (
	Cinema     VenueKind = "cinema"
	Theatre    VenueKind = "theatre"
	Museum     VenueKind = "museum"
	Exhibition VenueKind = "exhibition"
	ScenicSpot VenueKind = "scenic_spot"
	Park       VenueKind = "park"
)

// VenueKinds are all of them, in the order in which people are shown them.
func VenueKinds() []VenueKind {
	return []VenueKind{Cinema, Theatre, Museum, Exhibition, ScenicSpot, Park}
}

// EventKind is what sort of thing is shown.
type EventKind string

// The kinds of event.
const (
	Film           EventKind = "film"
	Play           EventKind = "play"
	Opera          EventKind = "opera"
	Dance          EventKind = "dance"
	Concert        EventKind = "concert"
	Talk           EventKind = "talk"
	ExhibitionShow EventKind = "exhibition"
	Attraction     EventKind = "attraction"
	Tour           EventKind = "tour"
)

// EventKinds are all of them.
func EventKinds() []EventKind {
	return []EventKind{Film, Play, Opera, Dance, Concert, Talk, ExhibitionShow, Attraction, Tour}
}

// Performance says that the law asks for a performance permit.
func (k EventKind) Performance() bool {
	return k == Play || k == Opera || k == Dance || k == Concert
}

// State says whether the public sees a venue or an event.
type State string

const (
	Draft     State = "draft"     // the operator's turn; from creation or unpublishing
	Published State = "published" // everybody sees it; from draft by publishing
	Archived  State = "archived"  // kept for old orders; from draft or published
)

// SessionState says whether a session sells. That it has ended is derived from its time.
type SessionState string

const (
	SessionDraft     SessionState = "draft"     // being prepared; the public does not see it
	SessionOnSale    SessionState = "on_sale"   // sells within its window; from draft or paused
	SessionPaused    SessionState = "paused"    // seen, not sold; from on_sale
	SessionCancelled SessionState = "cancelled" // never takes place; from any other; final
)

// mayBecome is the state machine of a session, edge by edge.
func (s SessionState) mayBecome(next SessionState) bool {
	switch s {
	case SessionDraft:
		return next == SessionOnSale || next == SessionCancelled
	case SessionOnSale:
		return next == SessionPaused || next == SessionCancelled
	case SessionPaused:
		return next == SessionOnSale || next == SessionCancelled
	}
	return false
}

// mayBecome is the state machine of venues and events.
func (s State) mayBecome(next State) bool {
	switch s {
	case Draft:
		return next == Published || next == Archived
	case Published:
		return next == Draft || next == Archived
	case Archived:
		return next == Draft
	}
	return false
}

// OrphanRule says what happens to an order that would leave a single free seat.
type OrphanRule string

// The three orphan rules.
const (
	OrphanOff    OrphanRule = "off"
	OrphanWarn   OrphanRule = "warn"
	OrphanRefuse OrphanRule = "refuse"
)

// TicketKind is who a ticket type is for.
type TicketKind string

// TicketKinds are the kinds of ticket type.
func TicketKinds() []TicketKind {
	return []TicketKind{"adult", "child", "senior", "student", "companion", "group", "family",
		"combo", "pass", "free", "other"}
}

// Meta is what every object of the catalogue has.
type Meta struct {
	ID           int64
	Organization int64
	// Revision grows by one with every change; a change names the one it was made from.
	Revision  int64
	CreatedAt time.Time
	UpdatedAt time.Time
}

func (m *Meta) meta() *Meta { return m }

func oneOf[T comparable](v T, list []T) bool { return slices.Contains(list, v) }
