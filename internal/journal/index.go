package journal

import (
	"context"
	"time"

	"foyer/internal/fault"
	"foyer/internal/sqldb"
)

const (
	indexName  = "journal.index"
	indexSlice = 64 // facts in one low-priority transaction: well under 5 ms
)

// index keeps the references, behind the writer. Its cursor is stored with what it writes,
// so no reference is written twice.
func (j *Journal) index(ctx context.Context, facts []Fact) (int, error) {
	done := 0
	for done < len(facts) {
		slice := facts[done:min(done+indexSlice, len(facts))]
		refs := refsOf(slice)
		err := j.cfg.DB.InTxLow(ctx, func(tx *sqldb.Tx) error {
			if err := j.cfg.Store.InsertRefs(tx, refs); err != nil {
				return err
			}
			return j.cfg.Store.SaveCursor(tx, Cursor{indexName, slice[len(slice)-1].Position})
		})
		if err != nil {
			return done, err
		}
		done += len(slice)
	}
	return done, nil
}

// refsOf names everything that the facts speak of, each once a fact. The system as an
// actor is no way in to anything.
func refsOf(facts []Fact) []Ref {
	refs := make([]Ref, 0, 4*len(facts))
	for _, f := range facts {
		first := len(refs)
		add := func(kind string, id int64) {
			for _, r := range refs[first:] {
				if r.Kind == kind && r.ID == id {
					return
				}
			}
			refs = append(refs, Ref{f.Position, kind, id, f.At, f.Organization})
		}
		for _, o := range f.Objects {
			add(o.Kind, o.ID)
		}
		if f.ActorID != 0 {
			add(refActor+f.ActorKind.String(), f.ActorID)
		}
		if f.Organization != 0 {
			add(refOrganization, f.Organization)
		}
	}
	return refs
}

// searchPages bounds how much one search reads when it must filter.
const searchPages = 10

// Find is a page of the entries that s asks for, newest first, and where the next page
// begins; the next is nil on the last page. What was appended within the last moments may
// be missing: references are written behind the journal.
func (j *Journal) Find(ctx context.Context, s Search) (rows []Row, next *Search, err error) {
	if s.Limit < 1 || s.Limit > 100 {
		return nil, nil, fault.BadInput.At("limit", "is not 1 to 100")
	}
	if s.BeforeAt.IsZero() {
		s.BeforeAt = s.Until
		if s.BeforeAt.IsZero() {
			s.BeforeAt = j.cfg.Clock.Now().Add(24 * time.Hour) // whatever the clocks say
		}
		s.Before = Position{Lane: maxLanes + 1}
	}
	kind, id := s.door()
	for range searchPages {
		page, err := j.cfg.Store.RowsByRef(ctx, kind, id, s)
		if err != nil {
			return nil, nil, err
		}
		for _, r := range page {
			s.Before, s.BeforeAt = r.Position, r.At
			if s.wants(r) {
				rows = append(rows, r)
			}
			if len(rows) == s.Limit {
				return rows, &s, nil
			}
		}
		if len(page) < s.Limit {
			return rows, nil, nil
		}
	}
	return rows, &s, nil
}

// door is the reference by which the search goes in.
func (s Search) door() (kind string, id int64) {
	switch {
	case s.Object.ID != 0:
		return s.Object.Kind, s.Object.ID
	case s.ActorID != 0:
		return refActor + s.ActorKind.String(), s.ActorID
	}
	return refOrganization, s.Organization
}

func (s Search) wants(r Row) bool {
	byActor := s.ActorID == 0 || (r.ActorID == s.ActorID && r.ActorKind == s.ActorKind)
	return byActor && r.Organization == s.Organization
}
