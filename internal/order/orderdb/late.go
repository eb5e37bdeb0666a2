package orderdb

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"foyer/internal/actor"
	"foyer/internal/clock"
	"foyer/internal/money"
	"foyer/internal/order"
	"foyer/internal/sqldb"

	"context"
)

const lateColumns = `id, organization_id, venue_id, state, asked_by, decided_by, approval_id,
	currency, total_minor, written_at, booked_at, doc, revision`

const (
	insertLate = `INSERT INTO late_sheet (` + lateColumns + `)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	reviseLate = `UPDATE late_sheet SET venue_id = ?, state = ?, asked_by = ?, decided_by = ?,
		approval_id = ?, currency = ?, total_minor = ?, written_at = ?, booked_at = ?, doc = ?,
		revision = ? WHERE id = ? AND organization_id = ? AND state = 'waiting' AND revision = ?`
	noteApproval = `UPDATE late_sheet SET approval_id = ? WHERE id = ? AND organization_id = ?
		AND state = 'waiting' AND revision = ?`
	selectLate = `SELECT ` + lateColumns + ` FROM late_sheet
		WHERE id = ? AND organization_id = ?`
	selectLates = `SELECT ` + lateColumns + ` FROM late_sheet
		WHERE organization_id = ? AND id < ? AND (? = '' OR state = ?) ORDER BY id DESC LIMIT ?`
)

// InsertLate stores a new sheet.
func (s *Store) InsertLate(tx *sqldb.Tx, l *order.LateSheet) error {
	doc, err := json.Marshal(l.LateDoc)
	if err != nil {
		return err
	}
	_, err = tx.Exec(insertLate, l.ID, l.Organization, l.Venue, string(l.State), l.AskedBy,
		l.DecidedBy, l.Approval, string(l.Currency), int64(l.Total), millis(l.WrittenAt),
		millis(l.BookedAt), doc, l.Revision)
	return err
}

// ReviseLate stores the next revision of a waiting sheet.
func (s *Store) ReviseLate(tx *sqldb.Tx, l *order.LateSheet) (bool, error) {
	doc, err := json.Marshal(l.LateDoc)
	if err != nil {
		return false, err
	}
	n, err := tx.Exec(reviseLate, l.Venue, string(l.State), l.AskedBy, l.DecidedBy, l.Approval,
		string(l.Currency), int64(l.Total), millis(l.WrittenAt), millis(l.BookedAt), doc,
		l.Revision, l.ID, l.Organization, l.Revision-1)
	return n == 1, err
}

// NoteApproval says which request waits for a sheet.
func (s *Store) NoteApproval(tx *sqldb.Tx, l *order.LateSheet) error {
	_, err := tx.Exec(noteApproval, l.Approval, l.ID, l.Organization, l.Revision)
	return err
}

func scanLate(r row) (*order.LateSheet, error) {
	var l order.LateSheet
	var total, written, booked int64
	var doc []byte
	err := r.Scan(&l.ID, &l.Organization, &l.Venue, &l.State, &l.AskedBy, &l.DecidedBy,
		&l.Approval, &l.Currency, &total, &written, &booked, &doc, &l.Revision)
	if err != nil {
		return nil, err
	}
	l.Total = money.Minor(total)
	l.WrittenAt, l.BookedAt = clock.FromMillis(written), clock.FromMillis(booked)
	if err := json.Unmarshal(doc, &l.LateDoc); err != nil {
		return nil, fmt.Errorf("orderdb: late sheet %d: %w", l.ID, err)
	}
	return &l, nil
}

func late(q querier, scope actor.Scope, id int64) (*order.LateSheet, error) {
	l, err := scanLate(q.row(selectLate, id, scope.Organization))
	if found, err := sqldb.Found(err); err != nil {
		return nil, err
	} else if !found {
		return nil, order.ErrNotFound
	}
	return l, nil
}

// LateIn is a sheet as the transaction sees it; order.ErrNotFound without one.
func (s *Store) LateIn(tx *sqldb.Tx, scope actor.Scope, id int64) (*order.LateSheet, error) {
	return late(inTx(tx), scope, id)
}

// Late is a sheet; order.ErrNotFound without one.
func (s *Store) Late(ctx context.Context, scope actor.Scope, id int64) (*order.LateSheet, error) {
	return late(s.reader(ctx), scope, id)
}

// Lates is a page of sheets below a key, the newest first.
func (s *Store) Lates(ctx context.Context, scope actor.Scope, state order.LateState,
	before int64, limit int,
) ([]*order.LateSheet, error) {
	rows, err := s.db.Query(ctx, selectLates, scope.Organization, before, string(state),
		string(state), limit)
	return sqldb.Collect(rows, err, func(r *sql.Rows) (*order.LateSheet, error) {
		return scanLate(r)
	})
}

const (
	deletePapers = `DELETE FROM late_paper WHERE organization_id = ? AND sheet_id = ?`
	insertPapers = `INSERT INTO late_paper (organization_id, paper, sheet_id, entry, order_id)
		VALUES `
	paperRow     = `(?, ?, ?, ?, 0)`
	paperRowArgs = 4
	usedPapers   = `SELECT paper, sheet_id, order_id FROM late_paper
		WHERE organization_id = ? AND sheet_id <> ? AND paper IN (?`
	sellPaper = `UPDATE late_paper SET order_id = ? WHERE organization_id = ? AND sheet_id = ?
		AND entry = ?`
	papersOf = `SELECT order_id, paper FROM late_paper
		WHERE organization_id = ? AND order_id IN (?`
	// papersAtOnce is how many numbers one statement looks for; toldPapers how many are told.
	papersAtOnce = 200
	toldPapers   = 100
)

// TakePapers stores the numbers of a sheet in place of those that it had. It refuses with
// order.ErrLatePapers when another sheet took one of them just now.
func (s *Store) TakePapers(tx *sqldb.Tx, l *order.LateSheet) error {
	if err := s.DropPapers(tx, actor.Scope{Organization: l.Organization}, l.ID); err != nil {
		return err
	}
	var args []any
	for i := range l.Entries {
		for _, p := range l.Entries[i].Papers {
			args = append(args, l.Organization, p, l.ID, i)
		}
	}
	err := tx.InsertRows(insertPapers, paperRow, paperRowArgs, args)
	if sqldb.IsDuplicate(err) {
		return order.ErrLatePapers
	}
	return err
}

// DropPapers forgets the numbers of a sheet that is not booked.
func (s *Store) DropPapers(tx *sqldb.Tx, scope actor.Scope, sheet int64) error {
	_, err := tx.Exec(deletePapers, scope.Organization, sheet)
	return err
}

// UsedPapers are those of the numbers that other sheets have, the first hundred of them.
func (s *Store) UsedPapers(tx *sqldb.Tx, scope actor.Scope, sheet int64, papers []string) (
	[]order.UsedPaper, error,
) {
	var all []order.UsedPaper
	for chunk := range slices.Chunk(papers, papersAtOnce) {
		args := []any{scope.Organization, sheet}
		for _, p := range chunk {
			args = append(args, p)
		}
		rows, err := tx.Query(usedPapers+strings.Repeat(", ?", len(chunk)-1)+`)`, args...)
		list, err := sqldb.Collect(rows, err, func(r *sql.Rows) (u order.UsedPaper, err error) {
			err = r.Scan(&u.Paper, &u.Sheet, &u.Order)
			return u, err
		})
		if all = append(all, list...); err != nil || len(all) >= toldPapers {
			return all[:min(len(all), toldPapers)], err
		}
	}
	return all, nil
}

// SellPaper says which order the numbers of an entry belong to.
func (s *Store) SellPaper(tx *sqldb.Tx, scope actor.Scope, sheet int64, entry int, id int64,
) error {
	_, err := tx.Exec(sellPaper, id, scope.Organization, sheet, entry)
	return err
}
