package order

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"time"

	"foyer/internal/catalog"
	"foyer/internal/sqldb"
)

// Agreed is what a buyer agreed to besides lines and prices, as it stood when the order
// was made. It is stored once for all orders that agreed to the same, and never changes.
type Agreed struct {
	Event      string                   `json:"event"`
	EventEn    string                   `json:"event_en,omitempty"`
	Venue      int64                    `json:"venue"`
	VenueName  string                   `json:"venue_name"`
	VenueEn    string                   `json:"venue_en,omitempty"`
	Hall       string                   `json:"hall,omitempty"`
	HallEn     string                   `json:"hall_en,omitempty"`
	TimeZone   string                   `json:"time_zone"`
	Starts     time.Time                `json:"starts_at"`
	Ends       time.Time                `json:"ends_at"`
	GatesFrom  time.Time                `json:"gates_from"`
	GatesUntil time.Time                `json:"gates_until"`
	Policy     catalog.RefundPolicyInfo `json:"policy"`
	// Admissions are what the session's ticket types open, of those that say so.
	Admissions map[int64]*catalog.Admission `json:"admissions,omitempty"`
	// Moved is the last move of the session that this knows of; 0: it never moved.
	Moved int64 `json:"moved,omitempty"`
	// LadderFrom is the start that refunds and changes are counted from when the session was
	// moved: the latest that it ever had for this buyer, so that no window gets shorter.
	LadderFrom time.Time `json:"ladder_from,omitzero"`
}

// ladderStart is the start that refunds and changes are counted from.
func (a *Agreed) ladderStart() time.Time {
	if a.LadderFrom.After(a.Starts) {
		return a.LadderFrom
	}
	return a.Starts
}

// rungAt is the rung that holds at a time and the last moment of it; false when no refund
// is allowed any more.
func (a *Agreed) rungAt(now time.Time) (catalog.Rung, time.Time, bool) {
	starts := a.ladderStart()
	r, ok := a.Policy.RungAt(starts, now)
	return r, starts.Add(-time.Duration(r.UntilBefore) * time.Minute), ok
}

// noRefund refuses, and says since when; refunds that were never allowed have no such time.
func (a *Agreed) noRefund() error {
	if !a.Policy.Allowed || len(a.Policy.Ladder) == 0 {
		return ErrNoRefund
	}
	last := a.Policy.Ladder[len(a.Policy.Ladder)-1]
	return ErrNoRefund.With("closed_at",
		a.ladderStart().Add(-time.Duration(last.UntilBefore)*time.Minute))
}

// agreedOf is what a buyer of the session agrees to now.
func agreedOf(s *catalog.Sellable) Agreed {
	from, until := s.GateWindow()
	a := Agreed{Event: s.Event.Title, EventEn: s.Event.TitleEn, Venue: s.Venue.ID,
		VenueName: s.Venue.Name, VenueEn: s.Venue.NameEn, Hall: s.Hall.Name,
		HallEn: s.Hall.NameEn, TimeZone: s.Venue.TimeZone, Starts: s.StartsAt, Ends: s.EndsAt,
		GatesFrom: from, GatesUntil: until, Policy: s.Policy.RefundPolicyInfo,
		Moved: s.Session.Moved}
	for _, t := range s.TicketTypes {
		if t.Admission != nil {
			if a.Admissions == nil {
				a.Admissions = map[int64]*catalog.Admission{}
			}
			a.Admissions[t.ID] = t.Admission
		}
	}
	return a
}

// snapshotOf is the id of what a buyer of the session agrees to now.
func (o *Orders) snapshotOf(ctx context.Context, s *catalog.Sellable) (int64, error) {
	key := snapshotKey{s.Session.ID, s.Session.Revision, s.Event.Revision, s.Venue.Revision,
		s.Hall.Revision, s.Policy.Revision}
	if id, ok := o.snapshots.Get(key); ok {
		return id, nil
	}
	doc, err := json.Marshal(agreedOf(s))
	if err != nil {
		return 0, err
	}
	org, digest := s.Session.Organization, sha256.Sum256(doc)
	id, err := o.Store.SnapshotOf(ctx, org, digest)
	if err == nil && id == 0 {
		fresh := o.IDs.Next()
		err = o.DB.InTx(ctx, func(tx *sqldb.Tx) (err error) {
			id, err = o.Store.SaveSnapshot(tx, org, fresh, digest, doc)
			return err
		})
	}
	if err != nil {
		return 0, err
	}
	o.snapshots.Put(key, id)
	_, err = o.keepAgreed(id, doc, nil)
	return id, err
}

// Recall makes ready what the first order in a session needs, after a start.
func (o *Orders) Recall(ctx context.Context, s *catalog.Sellable) error {
	_, err := o.snapshotOf(ctx, s)
	return err
}

// snapshotKey finds a snapshot without looking at its bytes: by the session and the
// revisions of all that its words are taken from.
type snapshotKey struct{ session, revision, event, venue, hall, policy int64 }

// agreed reads what was agreed to.
func (o *Orders) agreed(ctx context.Context, organization, id int64) (*Agreed, error) {
	if a, ok := o.agreements.Get(id); ok {
		return a, nil
	}
	doc, err := o.Store.Snapshot(ctx, organization, id)
	return o.keepAgreed(id, doc, err)
}

// agreedIn is agreed inside a transaction.
func (o *Orders) agreedIn(tx *sqldb.Tx, organization, id int64) (*Agreed, error) {
	if a, ok := o.agreements.Get(id); ok {
		return a, nil
	}
	doc, err := o.Store.SnapshotIn(tx, organization, id)
	return o.keepAgreed(id, doc, err)
}

func (o *Orders) keepAgreed(id int64, doc []byte, err error) (*Agreed, error) {
	if err != nil {
		return nil, fmt.Errorf("what order snapshot %d says: %w", id, err)
	}
	var a Agreed
	if err := json.NewDecoder(bytes.NewReader(doc)).Decode(&a); err != nil {
		return nil, fmt.Errorf("order snapshot %d: %w", id, err)
	}
	o.agreements.Put(id, &a)
	return &a, nil
}
