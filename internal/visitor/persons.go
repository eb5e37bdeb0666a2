package visitor

import (
	"context"
	"time"

	"foyer/internal/document"
	"foyer/internal/sqldb"
)

// PersonStore is the SQL for whoever closes an account or asks what is kept; package
// visitordb implements it.
type PersonStore interface {
	// OfOrders are all people that are kept of some orders.
	OfOrders(ctx context.Context, orders []int64) ([]Row, error)
	// Erase deletes all people of ended orders, and of the others those who do not enter.
	Erase(tx *sqldb.Tx, ended, others []int64) error
}

// Kept is a person of an order in full, as the export of an account shows him to the buyer
// who named him.
type Kept struct {
	Order              int64
	Line, Unit, Person int
	Name               string
	Kind               document.Kind
	Number             string
	Until              time.Time // when it is erased
}

// KeptOf are the people of some orders in full. The caller has made sure that they are the
// reader's own.
func (v *Visitors) KeptOf(ctx context.Context, orders []int64) ([]Kept, error) {
	if len(orders) == 0 {
		return nil, nil
	}
	rows, err := v.Store.OfOrders(ctx, orders)
	if err != nil {
		return nil, err
	}
	list := make([]Kept, len(rows))
	for i, r := range rows {
		p, err := v.open(r)
		if err != nil {
			return nil, err
		}
		list[i] = Kept{r.Order, r.Line, r.Unit, r.Person, p.Name, r.Kind, p.Number, r.DeleteAfter}
	}
	return list, nil
}

// Forget erases of a closed account's orders whom nothing keeps: the people of orders that
// ended unpaid, and those whose tickets were given back. Who enters, and the buyer of a
// paid order, stay as long as the session's rule says.
func (v *Visitors) Forget(tx *sqldb.Tx, ended, others []int64) error {
	return v.Store.Erase(tx, ended, others)
}
