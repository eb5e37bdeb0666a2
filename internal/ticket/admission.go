package ticket

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"sync"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/money"
	"foyer/internal/sqldb"
	"foyer/internal/ticket/rule"
)

// entitlements are what one unit opens: the session for a plain ticket, else what its
// ticket type says. The shares of a combined ticket are those of the unit's price, to the
// minor unit.
func (t *Tickets) entitlements(tx *sqldb.Tx, in Issue, u IssueUnit) ([]Entitlement, error) {
	plain := Entitlement{Number: 1, Session: in.Session, State: Live, Allowed: u.Allowed,
		Share: u.Share, ValidFrom: in.ValidFrom, ValidUntil: in.ValidUntil}
	a := u.Admission
	if a == nil {
		return []Entitlement{plain}, nil
	}
	id, err := t.admissions.save(tx, t.cfg.IDs.Next, in.Organization, a)
	if err != nil {
		return nil, err
	}
	//tidy:allow context in memory; the writer has no caller
	s, err := t.cfg.Sessions.Sellable(context.Background(), in.Session)
	if err != nil {
		return nil, err
	}
	shares := []money.Minor{u.Share}
	if len(a.Parts) > 0 {
		shares = Shares(a, u.Share)
	}
	list := make([]Entitlement, len(shares))
	for i, share := range shares {
		e := plain
		e.Number, e.Share, e.People, e.Progress.Admission = i+1, share, u.Allowed, id
		r := rule.Of(a, e.Number)
		e.Allowed = r.Allowance(e.People)
		if a.Pass != nil || len(a.Parts) > 0 {
			e.Session = 0 // it opens something of the venue, and counts with no session
		}
		if a.Pass == nil {
			starts := in.ValidFrom.Add(catalog.GatesOpenBefore)
			e.ValidFrom, e.ValidUntil = r.Window(starts, in.ValidUntil)
		} else {
			today := s.Venue.BusinessDay(tx.Now)
			e.ValidFrom = s.Venue.DayBegins(today)
			e.ValidUntil = s.Venue.DayBegins(catalog.AddDays(r.LastDay(today), 1))
		}
		list[i] = e
	}
	return list, nil
}

// Shares split a price over the parts of a combined ticket by their weights; they sum to
// the price exactly.
func Shares(a *catalog.Admission, price money.Minor) []money.Minor {
	weights := make([]money.Minor, len(a.Parts))
	for i, p := range a.Parts {
		weights[i] = money.Minor(p.Weight)
	}
	return money.Allocate(price, weights)
}

// Admission is what an entitlement opens; nil for a plain ticket.
func (t *Tickets) Admission(ctx context.Context, id int64) (*catalog.Admission, error) {
	return t.admissions.find(ctx, id)
}

// admissionsKept bounds those remembered: an organization has a few, and they never change.
const admissionsKept = 4096

// admissions remembers what is stored under which id.
type admissions struct {
	store Store

	mu     sync.Mutex
	byID   map[int64]*catalog.Admission
	stored map[storedKey]int64
}

type storedKey struct {
	organization int64
	digest       [32]byte
}

func newAdmissions(store Store) *admissions {
	return &admissions{store: store, byID: map[int64]*catalog.Admission{},
		stored: map[storedKey]int64{}}
}

func (m *admissions) save(tx *sqldb.Tx, next func() int64, organization int64,
	a *catalog.Admission,
) (int64, error) {
	doc, err := json.Marshal(a)
	if err != nil {
		return 0, err
	}
	key := storedKey{organization, sha256.Sum256(doc)}
	m.mu.Lock()
	id, ok := m.stored[key]
	m.mu.Unlock()
	if ok {
		return id, nil
	}
	id, err = m.store.SaveAdmission(tx, actor.Scope{Organization: organization}, next(),
		key.digest, doc)
	if err != nil {
		return 0, err
	}
	tx.AfterCommit(func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		if len(m.stored) >= admissionsKept {
			clear(m.stored)
		}
		m.stored[key] = id
	})
	return id, nil
}

func (m *admissions) find(ctx context.Context, id int64) (*catalog.Admission, error) {
	if id == 0 {
		return nil, nil
	}
	m.mu.Lock()
	known := m.byID[id]
	m.mu.Unlock()
	if known != nil {
		return known, nil
	}
	doc, err := m.store.AdmissionDoc(ctx, id)
	if err != nil {
		return nil, err
	}
	var a catalog.Admission
	if err := json.Unmarshal(doc, &a); err != nil {
		return nil, fmt.Errorf("ticket: admission %d: %w", id, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.byID) >= admissionsKept {
		clear(m.byID)
	}
	m.byID[id] = &a
	return &a, nil
}
