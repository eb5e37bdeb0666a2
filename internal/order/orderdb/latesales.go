package orderdb

import (
	"context"
	"database/sql"
	"math"
	"strings"

	"foyer/internal/actor"
	"foyer/internal/clock"
	"foyer/internal/money"
	"foyer/internal/order"
	"foyer/internal/payment"
	"foyer/internal/sqldb"
)

const saleColumns = `order_id, organization_id, venue_id, session_id, sheet_id, entry, sold_at,
	business_day, posted_at, entered_at, asked_by, decided_by, means, currency, amount_minor,
	list_minor, reason`

const (
	insertSale = `INSERT INTO late_sale (` + saleColumns + `)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	inFilter = ` FROM late_sale WHERE organization_id = ? AND order_id < ?
		AND business_day >= ? AND business_day <= ? AND posted_at >= ? AND posted_at < ?`
	selectSales = `SELECT ` + saleColumns + inFilter + ` ORDER BY order_id DESC LIMIT ?`
	sumSales    = `SELECT means, currency, COUNT(*), CAST(SUM(amount_minor) AS SIGNED)` +
		inFilter + ` GROUP BY means, currency ORDER BY means, currency`
)

// InsertLateSale lists a booked entry for bookkeepers.
func (s *Store) InsertLateSale(tx *sqldb.Tx, l *order.LateSale) error {
	_, err := tx.Exec(insertSale, l.Order, l.Organization, l.Venue, l.Session, l.Sheet, l.Entry,
		clock.Millis(l.SoldAt), l.BusinessDay, clock.Millis(l.PostedAt), millis(l.EnteredAt),
		l.AskedBy, l.DecidedBy, string(l.Means), string(l.Currency), int64(l.Amount),
		int64(l.List), l.Reason)
	return err
}

func filterArgs(scope actor.Scope, f order.LateFilter, before int64) []any {
	if f.Until == 0 {
		f.Until = math.MaxInt32
	}
	until := int64(math.MaxInt64)
	if !f.PostedTil.IsZero() {
		until = clock.Millis(f.PostedTil)
	}
	if before == 0 {
		before = math.MaxInt64
	}
	return []any{scope.Organization, before, f.From, f.Until, millis(f.PostedFrom), until}
}

// LateSales is a page of booked entries, the newest order first.
func (s *Store) LateSales(ctx context.Context, scope actor.Scope, f order.LateFilter) (
	[]order.LateSale, error,
) {
	rows, err := s.db.Query(ctx, selectSales, append(filterArgs(scope, f, f.Before),
		f.Limit)...)
	list, err := sqldb.Collect(rows, err, func(r *sql.Rows) (l order.LateSale, err error) {
		var sold, posted, entered int64
		err = r.Scan(&l.Order, &l.Organization, &l.Venue, &l.Session, &l.Sheet, &l.Entry, &sold,
			&l.BusinessDay, &posted, &entered, &l.AskedBy, &l.DecidedBy, &l.Means, &l.Currency,
			&l.Amount, &l.List, &l.Reason)
		l.SoldAt, l.PostedAt = clock.FromMillis(sold), clock.FromMillis(posted)
		l.EnteredAt = clock.FromMillis(entered)
		return l, err
	})
	if err != nil || len(list) == 0 {
		return list, err
	}
	return list, s.papers(ctx, scope, list)
}

// papers fills in the numbers of all sales at once.
func (s *Store) papers(ctx context.Context, scope actor.Scope, list []order.LateSale) error {
	args := []any{scope.Organization}
	at := map[int64]int{}
	for i, l := range list {
		args = append(args, l.Order)
		at[l.Order] = i
	}
	rows, err := s.db.Query(ctx, papersOf+strings.Repeat(", ?", len(list)-1)+
		`) ORDER BY paper`, args...)
	_, err = sqldb.Collect(rows, err, func(r *sql.Rows) (struct{}, error) {
		var id int64
		var paper string
		err := r.Scan(&id, &paper)
		list[at[id]].Papers = append(list[at[id]].Papers, paper)
		return struct{}{}, err
	})
	return err
}

// LateSums are the sums of all that a filter names.
func (s *Store) LateSums(ctx context.Context, scope actor.Scope, f order.LateFilter) (
	[]order.LateSum, error,
) {
	rows, err := s.db.Query(ctx, sumSales, filterArgs(scope, f, 0)...)
	return sqldb.Collect(rows, err, func(r *sql.Rows) (order.LateSum, error) {
		var sum order.LateSum
		var means string
		var amount int64
		err := r.Scan(&means, &sum.Currency, &sum.Sales, &amount)
		sum.Means, sum.Amount = payment.Means(means), money.Minor(amount)
		return sum, err
	})
}
