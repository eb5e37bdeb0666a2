package catalogdb

import (
	"database/sql"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/clock"
	"foyer/internal/money"
	"foyer/internal/sqldb"
)

type pastPrices struct{}

// Add keeps prices that a list asked until now.
func (pastPrices) Add(tx *sqldb.Tx, scope actor.Scope, list, revision int64,
	past []catalog.PastPrice) error {
	for _, p := range past {
		if _, err := tx.Exec(`INSERT INTO past_price (organization_id, price_list_id, revision,
			zone, ticket_type_id, amount_minor, until) VALUES (?, ?, ?, ?, ?, ?, ?)`,
			scope.Organization, list, revision, p.Zone, p.TicketType, int64(p.Amount),
			clock.Millis(p.Until)); err != nil {
			return err
		}
	}
	return nil
}

// maxPast bounds what is read of one list: a month of changes.
const maxPast = 20_000

// Since are the prices that a list still asked at a moment.
func (pastPrices) Since(tx *sqldb.Tx, scope actor.Scope, list int64,
	at time.Time) ([]catalog.PastPrice, error) {
	rows, err := tx.Query(`SELECT zone, ticket_type_id, amount_minor, until FROM past_price
		WHERE organization_id = ? AND price_list_id = ? AND until >= ? LIMIT ?`,
		scope.Organization, list, clock.Millis(at), maxPast)
	return sqldb.Collect(rows, err, func(r *sql.Rows) (catalog.PastPrice, error) {
		var p catalog.PastPrice
		var amount, until int64
		err := r.Scan(&p.Zone, &p.TicketType, &amount, &until)
		p.Amount, p.Until = money.Minor(amount), clock.FromMillis(until)
		return p, err
	})
}
