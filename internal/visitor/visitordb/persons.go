package visitordb

import (
	"context"

	"foyer/internal/sqldb"
	"foyer/internal/visitor"
)

// OfOrders are all people that are kept of some orders, those who do not enter any more
// as well.
func (s *Store) OfOrders(ctx context.Context, orders []int64) ([]visitor.Row, error) {
	rows, err := s.db.Query(ctx, `SELECT `+columns+` FROM visitor WHERE order_id IN (`+
		sqldb.Marks(len(orders))+`) AND state IN (?, ?)
		/* any organization: a member's own orders */ ORDER BY order_id, line, unit,
		person`, append(ids(orders), entering, givenBack)...)
	return sqldb.Collect(rows, err, scan)
}

// Erase deletes all people of ended orders, and of the others those who do not enter.
func (s *Store) Erase(tx *sqldb.Tx, ended, others []int64) error {
	if len(ended) > 0 {
		if _, err := tx.Exec(`DELETE FROM visitor WHERE order_id IN (`+sqldb.Marks(len(ended))+
			`) /* any organization: a member who is forgotten is forgotten everywhere */`,
			ids(ended)...); err != nil {
			return err
		}
	}
	if len(others) == 0 {
		return nil
	}
	_, err := tx.Exec(`DELETE FROM visitor WHERE order_id IN (`+sqldb.Marks(len(others))+
		`) AND state = ? /* any organization: a member who is forgotten is forgotten everywhere */`,
		append(ids(others), givenBack)...)
	return err
}

func ids(list []int64) []any {
	args := make([]any, len(list), len(list)+2)
	for i, id := range list {
		args[i] = id
	}
	return args
}
