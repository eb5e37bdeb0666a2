package seating

import (
	"context"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/idgen"
	"foyer/internal/journal"
	"foyer/internal/sqldb"
)

// Return is places that were given back and wait to go on sale again.
type Return struct {
	ID           int64
	Organization int64
	Session      int64
	Due          time.Time // when they do; nobody is told
	Until        time.Time // the latest that it may be, which everybody is told
	Since        time.Time
	Places       []int32
	Areas        []AreaQty
}

// KindReturn is the kind of a return's public id.
const KindReturn idgen.Kind = "rtn"

// Owner is whose the claims of a return are.
func (r Return) Owner() Owner { return Owner{OwnerReturn, r.ID} }

// JobComeBack puts places that were given back on sale again; its object is the return.
const JobComeBack = "places.come_back"

// ReturnStore keeps what waits to go on sale again.
type ReturnStore interface {
	// ReturnIn is a return without its places, of any organization since its job knows the
	// id alone; fault.Missing.
	ReturnIn(tx *sqldb.Tx, id int64) (Return, error)
	// DropReturn forgets a return; false when it was gone before.
	DropReturn(tx *sqldb.Tx, scope actor.Scope, id int64) (bool, error)
	// ReturnsOf are those of a session, oldest first, with their places.
	ReturnsOf(ctx context.Context, scope actor.Scope, session int64) ([]Return, error)
}

// ComeBack is the job of a return whose time has come. It bears any number of repeats.
func (s *Seating) ComeBack(ctx context.Context, j journal.Job) (again time.Duration, err error) {
	err = s.cfg.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		r, err := s.cfg.Store.ReturnIn(tx, j.ObjectID)
		switch {
		case isMissing(err):
			return nil // somebody put it on sale before
		case err != nil:
			return err
		case tx.Now.Before(r.Due): // the clock was set back since
			again = max(r.Due.Sub(tx.Now), time.Second)
			return nil
		}
		return s.comeBackIn(tx, actor.SystemActor, r)
	})
	return again, err
}

func (s *Seating) comeBackIn(tx *sqldb.Tx, who actor.Actor, r Return) error {
	if err := s.cfg.Book.Release(tx, r.Session, r.Owner(), nil, nil); err != nil {
		return err
	}
	was, err := s.cfg.Store.DropReturn(tx, actor.Scope{Organization: r.Organization}, r.ID)
	if err != nil || !was {
		return err
	}
	return s.record(tx, who, r.Organization, "places.came_back", struct{}{},
		journal.Object{Kind: string(KindReturn), ID: r.ID, Revision: 1},
		journal.Object{Kind: string(catalog.KindSession), ID: r.Session})
}

// Returns are what waits in a session to go on sale again, oldest first. Refused with
// fault.Missing and fault.NotAllowed.
func (s *Seating) Returns(ctx context.Context, who actor.Actor, organization, session int64) (
	[]Return, error,
) {
	if _, err := s.mayBlock(ctx, who, organization, session); err != nil {
		return nil, err
	}
	return s.cfg.Store.ReturnsOf(ctx, actor.Scope{Organization: organization}, session)
}

// ReturnNow puts all that waits in a session on sale at once, and says how many returns it
// was. Refused as Returns.
func (s *Seating) ReturnNow(ctx context.Context, who actor.Actor, organization, session int64) (
	n int, err error,
) {
	list, err := s.Returns(ctx, who, organization, session)
	for _, r := range list {
		if err != nil {
			return n, err
		}
		err = s.cfg.DB.InTx(ctx, func(tx *sqldb.Tx) error {
			now, err := s.cfg.Store.ReturnIn(tx, r.ID)
			if err != nil {
				return err
			}
			return s.comeBackIn(tx, who, now)
		})
		if isMissing(err) {
			err = nil // its time came meanwhile
			continue
		}
		n++
	}
	return n, err
}
