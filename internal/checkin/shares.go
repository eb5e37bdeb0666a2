package checkin

import (
	"foyer/internal/catalog"
	"foyer/internal/journal"
	"foyer/internal/ledger"
	"foyer/internal/money"
	"foyer/internal/sqldb"
)

// bookShare makes the share of an attraction its revenue when a part of a combined ticket
// is used for the first time, where its type books on use.
func (c *CheckIns) bookShare(tx *sqldb.Tx, pos journal.Position, v *scan, ci *CheckIn) error {
	if !v.booksOnUse() || ci.Direction == Exit || ci.Counted == 0 ||
		ci.Used != ci.Counted {
		return nil
	}
	return c.postShare(tx, pos, v, 1)
}

func (c *CheckIns) postShare(tx *sqldb.Tx, pos journal.Position, v *scan, sign money.Minor,
) error {
	e := &v.ticket.Entitlements[v.part]
	if c.cfg.Ledger == nil || e.Number > len(v.opening.Parts) || e.Share == 0 {
		return nil
	}
	return c.cfg.Ledger.Post(tx, pos, v.ticket.Order, v.event.Currency,
		ledger.Move{Account: ledger.SalesShared, Amount: sign * e.Share},
		ledger.Move{Account: ledger.Part(v.opening.Parts[e.Number-1].Code),
			Amount: -sign * e.Share})
}

func (v *scan) booksOnUse() bool {
	return v.opening != nil && v.opening.RevenueOn == catalog.RevenueOnUse
}
