package seating

import (
	"context"
	"slices"
	"strings"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/journal"
	"foyer/internal/seating/seatmap"
	"foyer/internal/sqldb"
)

// Limits of one block.
const (
	maxBlockPlaces = 2000
	maxReason      = 200 // letters
)

// BlockAsk is what the house wants to take out of sale, and until when.
type BlockAsk struct {
	Places     []int32
	Areas      []AreaQty
	Reason     string
	ReleasesAt time.Time // zero: until somebody puts it on sale again
}

// BlockPlaces takes places and area units of a session out of sale. Refused with
// fault.Missing, NotAllowed and BadInput, ErrUnknownPlace, ErrPlaceTaken, ErrAreaFull and
// ErrReleasePast.
func (s *Seating) BlockPlaces(ctx context.Context, who actor.Actor, organization, session int64,
	ask BlockAsk,
) (*Block, error) {
	sellable, err := s.mayBlock(ctx, who, organization, session)
	if err != nil {
		return nil, err
	}
	ask.Reason = strings.TrimSpace(ask.Reason)
	plan, err := s.cfg.Plans.Plan(ctx, sellable.SeatMapVersionID)
	if err != nil {
		return nil, err
	}
	if ask.Areas, err = checkBlock(plan, ask.Places, ask.Areas, ask.Reason); err != nil {
		return nil, err
	}
	if t := ask.ReleasesAt; !t.IsZero() && (!t.After(s.now()) || t.After(sellable.EndsAt)) {
		return nil, ErrReleasePast.At("releases_at", "is not between now and the session's end")
	}
	b := Block{ID: s.cfg.IDs.Next(), Organization: organization, Session: session,
		Reason: ask.Reason, By: who.ID, CreatedAt: s.now(), ReleasesAt: ask.ReleasesAt,
		Places: ask.Places, Areas: ask.Areas}
	err = s.cfg.DB.InTx(ctx, func(tx *sqldb.Tx) error { return s.blockIn(tx, who, b) })
	if err != nil {
		return nil, err
	}
	return &b, nil
}

func (s *Seating) blockIn(tx *sqldb.Tx, who actor.Actor, b Block) error {
	if err := s.cfg.Store.InsertBlock(tx, b); err != nil {
		return err
	}
	if err := s.cfg.Book.Claim(tx, Claim{Session: b.Session, Owner: b.owner(), State: Closed,
		Places: b.Places, Areas: b.Areas}); err != nil {
		return err
	}
	if !b.ReleasesAt.IsZero() {
		if err := s.cfg.Jobs.Enqueue(tx, journal.Job{Kind: JobUnblock, ObjectID: b.ID,
			Due: b.ReleasesAt}); err != nil {
			return err
		}
	}
	return s.recordBlock(tx, who, "places.blocked", b, b.Places, b.Areas)
}

func (b Block) owner() Owner { return Owner{OwnerBlock, b.ID} }

func checkBlock(plan *Plan, places []int32, areas []AreaQty, reason string) ([]AreaQty, error) {
	var bad fault.Problems
	if len(places)+len(areas) == 0 || len(places)+len(areas) > maxBlockPlaces {
		bad.Add("places", "name 1 to %d places and areas / 需选择 1 至 %d 个座位或区域",
			maxBlockPlaces, maxBlockPlaces)
	}
	if n := len([]rune(reason)); n < 1 || n > maxReason {
		bad.Add("reason", "1 to %d letters / 1 至 %d 个字", maxReason, maxReason)
	}
	if err := bad.Err(); err != nil {
		return nil, err
	}
	// Whatever a buyer may not name staff may still block: house seats, half of a pair.
	var unknown []int32
	seen := map[int32]bool{}
	for _, p := range places {
		if _, ok := plan.Index.Ordinal(seatmap.Place(p)); !ok {
			unknown = append(unknown, p)
		}
		if seen[p] {
			return nil, fault.BadInput.At("places", "a place is named twice")
		}
		seen[p] = true
	}
	if len(unknown) > 0 {
		return nil, ErrUnknownPlace.With("places", unknown)
	}
	return checkAreas(plan, areas)
}

// mayBlock is the session, if the actor may take its places out of sale.
func (s *Seating) mayBlock(ctx context.Context, who actor.Actor, organization, session int64,
) (*catalog.Sellable, error) {
	if err := catalog.Sees(who, organization); err != nil {
		return nil, err
	}
	sellable, err := s.cfg.Sessions.Sellable(ctx, session)
	if err != nil {
		return nil, err
	}
	if sellable.Session.Organization != organization {
		return nil, fault.Missing
	}
	return sellable, catalog.Allow(who, PermBlock, organization, sellable.VenueID)
}

// recordBlock writes the journal row; a long list of places is told by its number and ends.
func (s *Seating) recordBlock(tx *sqldb.Tx, who actor.Actor, action string, b Block,
	places []int32, areas []AreaQty,
) error {
	const listed = 400
	data := struct {
		Places []int32   `json:"places,omitempty"`
		Count  int       `json:"places_count"`
		Areas  []AreaQty `json:"areas,omitempty"`
	}{places, len(places), areas}
	if len(places) > listed {
		data.Places = places[:listed]
	}
	if len(areas) > 50 {
		data.Areas = areas[:50]
	}
	return s.record(tx, who, b.Organization, action, data,
		journal.Object{Kind: string(KindBlock), ID: b.ID, Revision: 1},
		journal.Object{Kind: string(catalog.KindSession), ID: b.Session})
}

// Overview is who has what of a session, a page by place number; areas come with the first.
type Overview struct {
	Claims []Entry
	Areas  []AreaStock
	Units  []AreaClaim
	Blocks []Block
	Index  *seatmap.Index
}

// maxUnits bounds the area claims of an overview; orders hold them, so the order list of
// the session has the rest.
const maxUnits = 1000

// Overview refuses with fault.Missing and fault.NotAllowed.
func (s *Seating) Overview(ctx context.Context, who actor.Actor, organization, session int64,
	after int32, limit int,
) (*Overview, error) {
	sellable, err := s.mayBlock(ctx, who, organization, session)
	if err != nil {
		return nil, err
	}
	plan, err := s.cfg.Plans.Plan(ctx, sellable.SeatMapVersionID)
	if err != nil {
		return nil, err
	}
	o := &Overview{Index: plan.Index}
	if o.Claims, err = s.cfg.Store.Claims(ctx, session, after, limit); err != nil || after > 0 {
		return o, err
	}
	shot, err := s.cfg.Board.Snapshot(ctx, Ref{session, sellable.SeatMapVersionID})
	if err != nil {
		return nil, err
	}
	o.Areas = slices.Clone(shot.Areas)
	if o.Units, err = s.cfg.Store.AreaClaims(ctx, session, AreaClaim{}, maxUnits); err != nil {
		return nil, err
	}
	o.Blocks, err = s.cfg.Store.Blocks(ctx, actor.Scope{Organization: organization}, session)
	return o, err
}
