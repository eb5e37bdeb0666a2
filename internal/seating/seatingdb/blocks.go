package seatingdb

import (
	"context"
	"database/sql"

	"foyer/internal/actor"
	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/seating"
	"foyer/internal/sqldb"
)

const blockColumns = `SELECT id, organization_id, session_id, reason, created_by, created_at,
	releases_at, released_at FROM block `

// InsertBlock notes why places are out of sale.
func (s *Store) InsertBlock(tx *sqldb.Tx, b seating.Block) error {
	_, err := tx.Exec(`INSERT INTO block (id, organization_id, session_id, reason, created_by,
		created_at, releases_at, released_at) VALUES (?, ?, ?, ?, ?, ?, ?, 0)`, b.ID,
		b.Organization, b.Session, bounded(b.Reason, 200), b.By, clock.Millis(b.CreatedAt),
		millis(b.ReleasesAt))
	return err
}

// EndBlockIfEmpty notes that a block has nothing left; false while it has.
func (s *Store) EndBlockIfEmpty(tx *sqldb.Tx, scope actor.Scope, b seating.Block) (bool, error) {
	n, err := tx.Exec(`UPDATE block SET released_at = ?
		WHERE organization_id = ? AND id = ? AND released_at = 0
		AND NOT EXISTS (SELECT 1 FROM claim
			WHERE session_id = ? AND owner_kind = 2 AND owner_id = ?)
		AND NOT EXISTS (SELECT 1 FROM area_claim
			WHERE session_id = ? AND owner_kind = 2 AND owner_id = ?)`, clock.Millis(tx.Now),
		scope.Organization, b.ID, b.Session, b.ID, b.Session, b.ID)
	return n == 1, err
}

// BlockIn is a block without its places; fault.Missing.
func (s *Store) BlockIn(tx *sqldb.Tx, scope actor.Scope, id int64) (seating.Block, error) {
	rows, err := tx.Query(blockColumns+`WHERE organization_id = ? AND id = ?`,
		scope.Organization, id)
	return oneBlock(rows, err)
}

// BlockDue is BlockIn of any organization.
func (s *Store) BlockDue(tx *sqldb.Tx, id int64) (seating.Block, error) {
	rows, err := tx.Query(blockColumns+`WHERE id = ?
		/* any organization: its job knows the id alone */`, id)
	return oneBlock(rows, err)
}

func oneBlock(rows *sql.Rows, err error) (seating.Block, error) {
	list, err := sqldb.Collect(rows, err, scanBlock)
	if err == nil && len(list) == 0 {
		err = fault.Missing
	}
	if err != nil {
		return seating.Block{}, err
	}
	return list[0], nil
}

// BlocksWith are Blocks with the places that they still have.
func (s *Store) BlocksWith(ctx context.Context, scope actor.Scope, session int64) (
	[]seating.Block, error,
) {
	list, err := s.Blocks(ctx, scope, session)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	byID := map[int64]*seating.Block{}
	for i := range list {
		byID[list[i].ID] = &list[i]
	}
	err = s.eachOf(ctx, session, seating.OwnerBlock, func(id int64, place int32) {
		if b := byID[id]; b != nil {
			b.Places = append(b.Places, place)
		}
	}, func(id int64, q seating.AreaQty) {
		if b := byID[id]; b != nil {
			b.Areas = append(b.Areas, q)
		}
	})
	return list, err
}

// maxBlocks bounds the list of a session's blocks.
const maxBlocks = 1000

// Blocks of a session, newest first, the released ones too, without their places.
func (s *Store) Blocks(ctx context.Context, scope actor.Scope, session int64) ([]seating.Block,
	error,
) {
	rows, err := s.db.Query(ctx, blockColumns+`WHERE organization_id = ? AND session_id = ?
		ORDER BY id DESC LIMIT ?`, scope.Organization, session, maxBlocks)
	return sqldb.Collect(rows, err, scanBlock)
}

func scanBlock(rows *sql.Rows) (b seating.Block, err error) {
	var created, releases, released int64
	err = rows.Scan(&b.ID, &b.Organization, &b.Session, &b.Reason, &b.By, &created, &releases,
		&released)
	b.ReleasesAt = clock.FromMillis(releases)
	b.CreatedAt, b.ReleasedAt = clock.FromMillis(created), clock.FromMillis(released)
	return b, err
}

// Claims of a session after a place, in order.
func (s *Store) Claims(ctx context.Context, session int64, after int32, limit int,
) ([]seating.Entry, error) {
	rows, err := s.db.Query(ctx, `SELECT place, owner_kind, owner_id, state, held_until
		FROM claim WHERE session_id = ? AND place > ? ORDER BY place LIMIT ?`,
		session, after, limit)
	return sqldb.Collect(rows, err, scanEntry)
}

// AreaClaims of a session after another, in order of area and owner.
func (s *Store) AreaClaims(ctx context.Context, session int64, after seating.AreaClaim, limit int,
) ([]seating.AreaClaim, error) {
	kind, id := int(after.Owner.Kind), after.Owner.ID
	rows, err := s.db.Query(ctx, `SELECT area, owner_kind, owner_id, n, state, held_until
		FROM area_claim WHERE session_id = ? AND (area > ? OR area = ? AND (owner_kind > ?
		OR owner_kind = ? AND owner_id > ?)) ORDER BY area, owner_kind, owner_id LIMIT ?`,
		session, after.Area, after.Area, kind, kind, id, limit)
	return sqldb.Collect(rows, err, func(rows *sql.Rows) (c seating.AreaClaim, err error) {
		var until int64
		err = rows.Scan(&c.Area, &c.Owner.Kind, &c.Owner.ID, &c.N, &c.State, &until)
		c.Until = clock.FromMillis(until)
		return c, err
	})
}
