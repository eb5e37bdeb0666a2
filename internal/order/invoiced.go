package order

import (
	"foyer/internal/money"
	"foyer/internal/sqldb"
)

// Invoices is told in the transaction of a refund what an order has left: an invoice that
// was asked for may be wrong by then.
type Invoices interface {
	Left(tx *sqldb.Tx, organization, order int64, left money.Minor) error
}

// tellInvoice says what an order has left. Whoever changes captured or refunded money of a
// paid order calls it in the same transaction.
func (o *Orders) tellInvoice(tx *sqldb.Tx, ord *Order) error {
	if o.Invoices == nil {
		return nil
	}
	return o.Invoices.Left(tx, ord.Organization, ord.ID, ord.Captured-ord.Refunded)
}
