package seating

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/journal"
	"foyer/internal/seating/layout"
	"foyer/internal/seating/seatmap"
	"foyer/internal/sqldb"
)

// Draft is what staff work on: the draft of a hall's map or, without one, a copy of the
// newest version. Refused with fault.Missing and fault.NotAllowed.
func (s *Seating) Draft(ctx context.Context, who actor.Actor, organization, hall int64,
) (*Draft, error) {
	if err := s.mayMap(ctx, who, PermEdit, organization, hall); err != nil {
		return nil, err
	}
	return s.draft(ctx, organization, hall)
}

func (s *Seating) draft(ctx context.Context, organization, hall int64) (*Draft, error) {
	d := &Draft{Sheet: Sheet{Hall: hall}}
	var err error
	d.Sheet, err = s.cfg.Store.Sheet(ctx, actor.Scope{Organization: organization}, hall)
	if isMissing(err) {
		d.Sheet.Hall = hall
		return d, nil
	}
	if err != nil {
		return nil, err
	}
	switch {
	case d.Sheet.Draft != nil:
		if d.Map, err = seatmap.Decode(d.Sheet.Draft); err != nil {
			return nil, err
		}
		d.Problems = problemsOf(d.Map.Validate())
	case d.Latest != 0:
		// A copy of its own: the cached one is shared and must not be changed.
		_, blob, err := s.cfg.Store.Version(ctx, d.Latest)
		if err != nil {
			return nil, err
		}
		if d.Map, err = seatmap.Decode(blob); err != nil {
			return nil, err
		}
		d.FromVersion = true
	}
	return d, nil
}

func problemsOf(err error) []fault.FieldProblem {
	var f *fault.Error
	if errors.As(err, &f) {
		return f.Fields
	}
	return nil
}

// SaveDraft keeps a map as the draft of a hall, right or wrong: what is wrong with it comes
// back in the draft's Problems and keeps it from being published. revision is the one that
// it was made from, 0 for a hall without one. Refused with fault.Missing, NotAllowed, Stale
// and seatmap.OverLimit.
func (s *Seating) SaveDraft(ctx context.Context, who actor.Actor,
	organization, hall, revision int64, m *seatmap.Map,
) (*Draft, error) {
	if err := s.mayMap(ctx, who, PermEdit, organization, hall); err != nil {
		return nil, err
	}
	return s.saveDraft(ctx, who, "seat_map.draft_saved", organization, hall, revision, m)
}

// ImportDraft reads a layout of another system, or one that a person typed, into the draft.
// Seats that the newest version has under the same labels keep their identity, so that
// sold ones stay what they are. Refused as SaveDraft and with layout's refusals.
func (s *Seating) ImportDraft(ctx context.Context, who actor.Actor,
	organization, hall, revision int64, data []byte,
) (*Draft, layout.Format, error) {
	if err := s.mayMap(ctx, who, PermEdit, organization, hall); err != nil {
		return nil, "", err
	}
	m, format, err := layout.Read(data)
	if err != nil {
		return nil, format, err
	}
	if format != layout.Pretix { // whose seats bring GUIDs
		prev, err := s.newest(ctx, organization, hall)
		if err != nil {
			return nil, format, err
		}
		if prev != nil {
			seatmap.AdoptGUIDs(prev, m)
		}
	}
	d, err := s.saveDraft(ctx, who, "seat_map.draft_imported", organization, hall, revision, m)
	return d, format, err
}

// newest is the newest published map of a hall; nil without one.
func (s *Seating) newest(ctx context.Context, organization, hall int64) (*seatmap.Map, error) {
	sheet, err := s.cfg.Store.Sheet(ctx, actor.Scope{Organization: organization}, hall)
	if isMissing(err) || err == nil && sheet.Latest == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	plan, err := s.cfg.Plans.Plan(ctx, sheet.Latest)
	if err != nil {
		return nil, err
	}
	return plan.Index.Map(), nil
}

func (s *Seating) saveDraft(ctx context.Context, who actor.Actor, action string,
	organization, hall, revision int64, m *seatmap.Map,
) (*Draft, error) {
	blob, err := seatmap.Encode(m)
	if err != nil {
		return nil, err
	}
	d := &Draft{Map: m, Problems: problemsOf(m.Validate())}
	scope := actor.Scope{Organization: organization}
	err = s.cfg.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		sheet, err := s.sheetAt(tx, scope, hall, revision)
		if err != nil {
			return err
		}
		sheet.Draft, sheet.Revision, sheet.UpdatedAt = blob, revision+1, tx.Now
		if err := s.cfg.Store.SaveSheet(tx, scope, sheet, revision); err != nil {
			return err
		}
		d.Sheet = sheet
		return s.record(tx, who, organization, action,
			map[string]any{"seats": m.SeatCount(), "digest": digestOf(m)}, hallObject(sheet))
	})
	if err != nil {
		return nil, err
	}
	return d, nil
}

// sheetAt is the sheet of a hall, which must stand at the revision; 0 means not yet there.
func (s *Seating) sheetAt(tx *sqldb.Tx, scope actor.Scope, hall, revision int64) (Sheet, error) {
	sheet, err := s.cfg.Store.SheetIn(tx, scope, hall)
	if isMissing(err) {
		sheet, err = Sheet{Hall: hall, NextPlace: 1}, nil
	}
	if err == nil && sheet.Revision != revision {
		err = fault.Stale.With("revision", sheet.Revision)
	}
	return sheet, err
}

func hallObject(sh Sheet) journal.Object {
	return journal.Object{Kind: string(catalog.KindHall), ID: sh.Hall, Revision: sh.Revision}
}

func digestOf(m *seatmap.Map) string {
	sum := sha256.Sum256(seatmap.Canonical(m))
	return hex.EncodeToString(sum[:])
}

// DiscardDraft drops the draft of a hall. Refused with fault.Missing, NotAllowed, Stale and
// ErrNoDraft.
func (s *Seating) DiscardDraft(ctx context.Context, who actor.Actor,
	organization, hall, revision int64,
) error {
	if err := s.mayMap(ctx, who, PermEdit, organization, hall); err != nil {
		return err
	}
	scope := actor.Scope{Organization: organization}
	return s.cfg.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		sheet, err := s.sheetAt(tx, scope, hall, revision)
		if err != nil {
			return err
		}
		if sheet.Draft == nil {
			return ErrNoDraft
		}
		sheet.Draft, sheet.Revision = nil, revision+1
		if err := s.cfg.Store.SaveSheet(tx, scope, sheet, revision); err != nil {
			return err
		}
		return s.record(tx, who, organization, "seat_map.draft_discarded", struct{}{},
			hallObject(sheet))
	})
}

// Versions are the published maps of a hall, newest first, before a number (0: all). Refused
// with fault.Missing and fault.NotAllowed.
func (s *Seating) Versions(ctx context.Context, who actor.Actor, organization, hall, before int64,
	limit int,
) ([]Version, error) {
	if err := s.mayMap(ctx, who, PermEdit, organization, hall); err != nil {
		return nil, err
	}
	return s.cfg.Store.Versions(ctx, actor.Scope{Organization: organization}, hall, before, limit)
}

// Published is a new version with what it changes.
type Published struct {
	Version
	seatmap.Diff
	// Kept are the sessions to come that hold places which this version drops; they stay on
	// the version they have.
	Kept []int64
}

// Publish makes the draft a version, which never changes. Without keep it is refused with
// ErrDropsClaimed when a session to come of the hall has a claim on a place that the new
// version drops. Sessions stay on the version that they pin until somebody moves them.
// Refused also with fault.Missing, NotAllowed and Stale, ErrNoDraft, ErrUnchanged and
// seatmap.Invalid naming everything that is wrong.
func (s *Seating) Publish(ctx context.Context, who actor.Actor,
	organization, hall, revision int64, keep bool,
) (*Published, error) {
	if err := s.mayMap(ctx, who, PermPublish, organization, hall); err != nil {
		return nil, err
	}
	d, err := s.draft(ctx, organization, hall)
	if err != nil {
		return nil, err
	}
	if d.Revision != revision {
		return nil, fault.Stale.With("revision", d.Revision)
	}
	if d.Map == nil || d.FromVersion {
		return nil, ErrNoDraft
	}
	prev, err := s.newest(ctx, organization, hall)
	if err != nil {
		return nil, err
	}
	p, err := s.prepare(ctx, organization, d, prev, keep)
	if err != nil {
		return nil, err
	}
	return p, s.publish(ctx, who, d, p)
}

// prepare numbers and checks a draft and finds what it changes.
func (s *Seating) prepare(ctx context.Context, organization int64, d *Draft, prev *seatmap.Map,
	keep bool,
) (*Published, error) {
	if err := seatmap.Assign(prev, d.Map); err != nil {
		return nil, err
	}
	if err := d.Map.Validate(); err != nil {
		return nil, err
	}
	p := &Published{Version: Version{Organization: organization, Hall: d.Hall, Number: d.Number + 1,
		Seats: d.Map.SeatCount(), Digest: digestOf(d.Map), PublishedAt: s.now()}}
	if prev == nil {
		return p, nil
	}
	if digestOf(prev) == p.Digest {
		return nil, ErrUnchanged
	}
	p.Diff = seatmap.Compare(prev, d.Map)
	claimed, err := s.droppedClaims(ctx, organization, d)
	if err != nil {
		return nil, err
	}
	if len(claimed) > 0 && !keep {
		return nil, ErrDropsClaimed.With("places", claimed)
	}
	for _, c := range claimed {
		p.Kept = append(p.Kept, c.session)
	}
	return p, nil
}

func (s *Seating) publish(ctx context.Context, who actor.Actor, d *Draft, p *Published) error {
	blob, err := seatmap.Encode(d.Map)
	if err != nil {
		return err
	}
	p.ID = s.cfg.IDs.Next()
	scope := actor.Scope{Organization: p.Organization}
	return s.cfg.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		sheet, err := s.sheetAt(tx, scope, p.Hall, d.Revision)
		if err != nil {
			return err
		}
		sheet.Latest, sheet.Number, sheet.Draft = p.ID, p.Number, nil
		sheet.NextPlace, sheet.Revision = int64(d.Map.NextPlace), d.Revision+1
		if err := s.cfg.Store.SaveSheet(tx, scope, sheet, d.Revision); err != nil {
			return err
		}
		if err := s.cfg.Store.InsertVersion(tx, p.Version, blob); err != nil {
			return err
		}
		return s.record(tx, who, p.Organization, "seat_map.published", map[string]any{
			"number": p.Number, "seats": p.Seats, "digest": p.Digest, "added": len(p.Added),
			"dropped": len(p.Dropped), "changed": len(p.Changed), "kept_sessions": len(p.Kept)},
			journal.Object{Kind: string(KindVersion), ID: p.ID, Revision: 1}, hallObject(sheet))
	})
}

// ClaimedPlaces are the places of one session that a new map would drop.
type ClaimedPlaces struct {
	session int64
	Starts  time.Time `json:"session_starts_at"`
	Labels  []string  `json:"labels"`
	Places  []int32   `json:"place_numbers"`
}

// How far publishing looks ahead, and how much it lists.
const (
	lookAhead      = 2 * 365 * 24 * time.Hour
	sessionsPage   = 200
	maxListed      = 100 // sessions in a refusal
	maxListedSeats = 200 // places of a session in a refusal
)

// droppedClaims looks through the sessions to come of the hall for claims on places that
// the draft does not have. They are compared by number, which outlives versions.
func (s *Seating) droppedClaims(ctx context.Context, organization int64, d *Draft,
) ([]ClaimedPlaces, error) {
	has := seatmap.NewIndex(d.Map)
	now := s.now()
	q := catalog.SessionRange{From: now.Add(-48 * time.Hour), To: now.Add(lookAhead),
		Limit: sessionsPage}
	var list []ClaimedPlaces
	for {
		page, err := s.cfg.Timetable.Between(ctx, actor.Scope{Organization: organization}, q)
		if err != nil {
			return nil, err
		}
		for _, ses := range page {
			q.AfterStart, q.AfterID = ses.StartsAt, ses.ID
			if ses.HallID != d.Hall || !ses.EndsAt.After(now) ||
				ses.State == catalog.SessionCancelled {
				continue
			}
			c, err := s.claimedWithout(ctx, ses, has)
			if err != nil {
				return nil, err
			}
			if len(c.Places) > 0 && len(list) < maxListed {
				list = append(list, c)
			}
		}
		if len(page) < q.Limit {
			return list, nil
		}
	}
}

// claimedWithout are the claims of a session on places that a map does not have.
func (s *Seating) claimedWithout(ctx context.Context, ses *catalog.Session, has *seatmap.Index,
) (ClaimedPlaces, error) {
	c := ClaimedPlaces{session: ses.ID, Starts: ses.StartsAt}
	plan, err := s.cfg.Plans.Plan(ctx, ses.SeatMapVersionID)
	if err != nil {
		return c, err
	}
	picture, err := s.cfg.Store.Picture(ctx, ses.ID)
	if err != nil {
		return c, err
	}
	note := func(place int32, label string) {
		if len(c.Places) < maxListedSeats {
			c.Places, c.Labels = append(c.Places, place), append(c.Labels, label)
		}
	}
	for _, e := range picture.Claims {
		if _, ok := has.Ordinal(seatmap.Place(e.Place)); !ok {
			label := ""
			if i, ok := plan.Index.Ordinal(seatmap.Place(e.Place)); ok {
				label = plan.Index.Label(i)
			}
			note(e.Place, label)
		}
	}
	for _, a := range picture.Areas {
		if _, ok := has.Area(seatmap.Place(a.Area)); !ok && a.Taken > 0 {
			area, _ := plan.Index.Area(seatmap.Place(a.Area))
			note(a.Area, area.Name)
		}
	}
	return c, nil
}
