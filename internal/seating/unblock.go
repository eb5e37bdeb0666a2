package seating

import (
	"context"
	"slices"
	"strings"
	"time"

	"foyer/internal/actor"
	"foyer/internal/fault"
	"foyer/internal/journal"
	"foyer/internal/sqldb"
)

// ErrReleasePast refuses a time at which a block cannot end.
var ErrReleasePast = fault.Define(fault.Invalid, "release_past",
	"解除时间必须在现在之后、场次结束之前",
	"A block ends after now and before the session ends.",
	"Name a later time, or leave it out and put the places on sale by hand.")

// JobUnblock puts a block's places on sale again; its object is the block.
const JobUnblock = "block.release"

// Unblock puts places and area units of a block on sale again; nil and nil puts all of
// them. Refused with fault.Missing and NotAllowed, and with ErrUnknownPlace for what the
// block does not have.
func (s *Seating) Unblock(ctx context.Context, who actor.Actor, organization, session, block int64,
	places []int32, areas []AreaQty,
) error {
	if _, err := s.mayBlock(ctx, who, organization, session); err != nil {
		return err
	}
	return s.cfg.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		b, err := s.cfg.Store.BlockIn(tx, actor.Scope{Organization: organization}, block)
		if err != nil {
			return err
		}
		if b.Session != session || !b.ReleasedAt.IsZero() {
			return fault.Missing
		}
		return s.unblockIn(tx, who, b, places, areas)
	})
}

func (s *Seating) unblockIn(tx *sqldb.Tx, who actor.Actor, b Block, places []int32,
	areas []AreaQty,
) error {
	if err := s.cfg.Book.Release(tx, b.Session, b.owner(), places, areas); err != nil {
		if fault.KindOf(err) == fault.Internal && (places != nil || areas != nil) {
			return ErrUnknownPlace.With("places", places) // the block has not all of them
		}
		return err
	}
	if _, err := s.cfg.Store.EndBlockIfEmpty(tx, actor.Scope{Organization: b.Organization},
		b); err != nil {
		return err
	}
	return s.recordBlock(tx, who, "places.unblocked", b, places, areas)
}

// EndBlock is the job of a block whose time has come. It bears any number of repeats.
func (s *Seating) EndBlock(ctx context.Context, j journal.Job) (again time.Duration, err error) {
	err = s.cfg.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		b, err := s.cfg.Store.BlockDue(tx, j.ObjectID)
		switch {
		case isMissing(err):
			return nil
		case err != nil || !b.ReleasedAt.IsZero():
			return err
		case tx.Now.Before(b.ReleasesAt): // the clock was set back since
			again = max(b.ReleasesAt.Sub(tx.Now), time.Second)
			return nil
		}
		return s.unblockIn(tx, actor.SystemActor, b, nil, nil)
	})
	return again, err
}

// BlockFilter picks blocks of a session; what is empty picks all.
type BlockFilter struct {
	IDs      []int64
	Reason   string // a part of it, in any case
	Place    int32  // a place or area that the block has
	Standing bool   // without those that are over
}

func (f BlockFilter) picks(b Block) bool {
	has := func(a AreaQty) bool { return a.Area == f.Place }
	return (len(f.IDs) == 0 || slices.Contains(f.IDs, b.ID)) &&
		strings.Contains(strings.ToLower(b.Reason), strings.ToLower(f.Reason)) &&
		(f.Place == 0 || slices.Contains(b.Places, f.Place) || slices.ContainsFunc(b.Areas, has)) &&
		(!f.Standing || b.ReleasedAt.IsZero())
}

// Blocks are those of a session that a filter picks, newest first, with the places that
// they still have. Refused with fault.Missing and fault.NotAllowed.
func (s *Seating) Blocks(ctx context.Context, who actor.Actor, organization, session int64,
	f BlockFilter,
) ([]Block, error) {
	if _, err := s.mayBlock(ctx, who, organization, session); err != nil {
		return nil, err
	}
	list, err := s.cfg.Store.BlocksWith(ctx, actor.Scope{Organization: organization}, session)
	return slices.DeleteFunc(list, func(b Block) bool { return !f.picks(b) }), err
}

// UnblockAll ends every standing block that a filter picks, each in a transaction of its
// own, and tells those that it ended. A filter that is empty is refused with fault.BadInput:
// nobody means all of them by leaving everything out. Else refused as Blocks.
func (s *Seating) UnblockAll(ctx context.Context, who actor.Actor, organization, session int64,
	f BlockFilter,
) (ended []Block, err error) {
	if f.Reason = strings.TrimSpace(f.Reason); len(f.IDs) == 0 && f.Reason == "" && f.Place == 0 {
		return nil, fault.BadInput.At("reason", "name blocks, a reason or a place")
	}
	f.Standing = true
	list, err := s.Blocks(ctx, who, organization, session, f)
	for _, b := range list {
		if err != nil {
			break
		}
		if err = s.Unblock(ctx, who, organization, session, b.ID, nil, nil); isMissing(err) {
			err = nil // somebody was faster
			continue
		}
		if err == nil {
			ended = append(ended, b)
		}
	}
	return ended, err
}
