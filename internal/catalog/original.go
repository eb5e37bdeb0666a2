package catalog

import (
	"fmt"
	"time"

	"foyer/internal/actor"
	"foyer/internal/money"
	"foyer/internal/sqldb"
)

// OriginalHolds is how long a price that was asked may be shown as the original one, struck
// through, beside a lower one.
const OriginalHolds = 30 * 24 * time.Hour

// PastPrice is what a list asked for a ticket type in a zone until a moment.
type PastPrice struct {
	Zone       string
	TicketType int64
	Amount     money.Minor
	Until      time.Time
}

// PastPrices keeps what lists asked before.
type PastPrices interface {
	// Add keeps the prices that a revision of a list replaced.
	Add(tx *sqldb.Tx, scope actor.Scope, list, revision int64, past []PastPrice) error
	// Since are those of a list that still were asked at a moment.
	Since(tx *sqldb.Tx, scope actor.Scope, list int64, at time.Time) ([]PastPrice, error)
}

// settleOriginals keeps the prices that change, and refuses an original price that this
// list did not ask in the last 30 days for the same zone and ticket type: the law wants a
// struck-through price to have been real. was is nil for a new list.
func (c *Catalog) settleOriginals(tx *sqldb.Tx, was, next *PriceList) error {
	asked, err := c.askedBefore(tx, was)
	if err != nil {
		return err
	}
	var p checker
	for i := range next.Cells {
		cell := &next.Cells[i]
		cell.OriginalUntil = time.Time{}
		if cell.Original == 0 {
			continue
		}
		until, real := asked[PastPrice{Zone: cell.Zone, TicketType: cell.TicketType,
			Amount: cell.Original}]
		at := fmt.Sprintf("cells[%d].original_minor", i)
		switch {
		case cell.Original <= cell.Amount:
			p.Add(at, "is not more than the price / 原价应高于现价")
		case !real:
			p.Add(at, "was no price of this list in the last 30 days / 近 30 日内未以此价标售")
		default:
			cell.OriginalUntil = until.Add(OriginalHolds)
		}
	}
	if err := p.Err(); err != nil || was == nil {
		return err
	}
	return c.keepPast(tx, was, next)
}

// askedBefore is until when each price was asked that may still be shown.
func (c *Catalog) askedBefore(tx *sqldb.Tx, was *PriceList) (map[PastPrice]time.Time, error) {
	asked := map[PastPrice]time.Time{}
	if was == nil {
		return asked, nil
	}
	past, err := c.cfg.Stores.PastPrices.Since(tx, scopeOf(was.Organization), was.ID,
		tx.Now.Add(-OriginalHolds))
	for _, p := range past {
		k := PastPrice{Zone: p.Zone, TicketType: p.TicketType, Amount: p.Amount}
		if p.Until.After(asked[k]) {
			asked[k] = p.Until
		}
	}
	for _, cell := range was.Cells {
		asked[PastPrice{Zone: cell.Zone, TicketType: cell.TicketType,
			Amount: cell.Amount}] = tx.Now
	}
	return asked, err
}

// keepPast keeps the prices that the change ends.
func (c *Catalog) keepPast(tx *sqldb.Tx, was, next *PriceList) error {
	now := map[priceKey]money.Minor{}
	for _, cell := range next.Cells {
		now[priceKey{cell.Zone, cell.TicketType}] = cell.Amount
	}
	var past []PastPrice
	for _, cell := range was.Cells {
		if amount, stays := now[priceKey{cell.Zone, cell.TicketType}]; !stays ||
			amount != cell.Amount {
			past = append(past, PastPrice{cell.Zone, cell.TicketType, cell.Amount, tx.Now})
		}
	}
	if len(past) == 0 {
		return nil
	}
	return c.cfg.Stores.PastPrices.Add(tx, scopeOf(was.Organization), was.ID, was.Revision, past)
}

// Original is the price to strike through beside what a unit costs now; false when there
// is none, or it is too long ago.
func (s *Sellable) Original(zone string, ticketType int64, now time.Time) (money.Minor, bool) {
	original, ok := s.originals[priceKey{zone, ticketType}]
	price, sold := s.Prices.Price(zone, ticketType, now)
	if !ok || !sold || !now.Before(original.OriginalUntil) || original.Original <= price {
		return 0, false
	}
	return original.Original, true
}

// originalsOf are the cells with an original price; nil without any.
func originalsOf(l *PriceList) map[priceKey]PriceCell {
	var found map[priceKey]PriceCell
	for _, cell := range l.Cells {
		if cell.Original > 0 {
			if found == nil {
				found = map[priceKey]PriceCell{}
			}
			found[priceKey{cell.Zone, cell.TicketType}] = cell
		}
	}
	return found
}

// PriceRange is the lowest and the highest price that everybody sees when bought now.
func (s *Sellable) PriceRange(now time.Time) (lowest, most money.Minor, ok bool) {
	special := false
	for _, t := range s.TicketTypes {
		special = special || t.Hidden || t.AddOn
	}
	if !special {
		return s.Prices.Range(now)
	}
	s.Prices.Each(now, func(_ string, id int64, price money.Minor) {
		if t := s.TicketType(id); t == nil || t.Hidden || t.AddOn {
			return
		}
		if !ok || price < lowest {
			lowest = price
		}
		most, ok = max(most, price), true
	})
	return lowest, most, ok
}
