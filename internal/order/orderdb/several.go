package orderdb

import (
	"foyer/internal/order"
	"foyer/internal/sqldb"
)

const (
	insertSeveral = `INSERT INTO order_line (order_id, line, session_id, ticket_type_id, zone,
		units, amount_minor, detail, snapshot_id) VALUES `
	severalRow     = `(?, ?, ?, ?, ?, ?, ?, ?, ?)`
	severalRowArgs = 9
)

// InsertSeveral stores a new order over several sessions: each line says what was agreed to
// for its own.
func (s *Store) InsertSeveral(tx *sqldb.Tx, o *order.Order) error {
	if err := insertHeads(tx, o); err != nil {
		return err
	}
	if _, err := tx.Exec(`UPDATE orders SET sessions = ? WHERE id = ? AND organization_id = ?`,
		o.Sessions, o.ID, o.Organization); err != nil {
		return err
	}
	return insertSeveralLines(tx, o)
}

func insertSeveralLines(tx *sqldb.Tx, o *order.Order) error {
	args := make([]any, 0, len(o.Lines)*severalRowArgs)
	terms := o.Terms // of the whole order, kept with its first line
	for _, l := range o.Lines {
		detail, err := encodeDetail(l, terms)
		if err != nil {
			return err
		}
		args = append(args, o.ID, l.Number, l.Session, l.TicketType, l.Zone, len(l.Units),
			int64(l.Amount), detail, l.Snapshot)
		terms = nil
	}
	return tx.InsertRows(insertSeveral, severalRow, severalRowArgs, args)
}
