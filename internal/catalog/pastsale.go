package catalog

import (
	"context"
	"time"

	"foyer/internal/fault"
	"foyer/internal/sqldb"
)

// GuardPast is asked in the transaction that enters a sale of the past: when the session
// sold and whether it is over does not matter. It must have been announced, not be
// cancelled, and still be what the sale was priced with. It refuses with fault.Missing,
// ErrSessionChanged and ErrNotOnSale.
func (c *Catalog) GuardPast(tx *sqldb.Tx, session, revision int64) error {
	g, err := c.gateOf(tx, session)
	if err != nil {
		return err
	}
	if state := g.State; state == SessionDraft || state == SessionCancelled {
		return ErrNotOnSale.With("sale_state", string(state))
	}
	if g.Revision != revision {
		return ErrSessionChanged.With("revision", g.Revision)
	}
	return nil
}

// gateOf is what decides whether a session sells, read once a batch; fault.Missing.
func (c *Catalog) gateOf(tx *sqldb.Tx, session int64) (Gate, error) {
	return sqldb.Memo(tx, gateKey(session), func() (Gate, error) {
		found, err := c.cfg.Stores.Timetable.Gates(tx, []int64{session})
		g, ok := found[session]
		if err == nil && !ok {
			err = fault.Missing
		}
		return g, err
	})
}

// AtPricesOf is the session with the amounts that its price list asked at a moment, under
// the list's rules of now. A cell that was added since keeps its amount: what was not sold
// then cannot have had another.
func (c *Catalog) AtPricesOf(ctx context.Context, s *Sellable, at time.Time) (*Sellable, error) {
	v := c.board.view.Load()
	list := v.lists.at(s.PriceListID)
	if list == nil {
		return s, nil // of long ago: bound from the store with what it has now
	}
	var past []PastPrice
	err := c.cfg.DB.InTxLow(ctx, func(tx *sqldb.Tx) error {
		var err error
		past, err = c.cfg.Stores.PastPrices.Since(tx, scopeOf(list.Organization), list.ID, at)
		return err
	})
	if err != nil || len(past) == 0 {
		return s, err
	}
	then := *s
	then.Prices = newPriceTable(list.before(past, at), s.Venue, &s.Session,
		v.dayOf(s.Session.Organization, s.BusinessDay).Kind)
	return &then, nil
}

// before is the list with the amounts that it asked at a moment. Of each zone and ticket
// type the past amount that ended first after it is the one that held.
func (l *PriceList) before(past []PastPrice, at time.Time) *PriceList {
	held := map[priceKey]PastPrice{}
	for _, p := range past {
		k := priceKey{p.Zone, p.TicketType}
		if first, ok := held[k]; p.Until.After(at) && (!ok || p.Until.Before(first.Until)) {
			held[k] = p
		}
	}
	then := *l
	then.Cells = make([]PriceCell, 0, len(l.Cells)+len(held))
	for _, c := range l.Cells {
		k := priceKey{c.Zone, c.TicketType}
		if p, changed := held[k]; changed {
			c.Amount = p.Amount
			delete(held, k)
		}
		then.Cells = append(then.Cells, c)
	}
	for k, p := range held {
		then.Cells = append(then.Cells, PriceCell{Zone: k.zone, TicketType: k.ticketType,
			Amount: p.Amount})
	}
	return &then
}
