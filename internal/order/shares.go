package order

import (
	"slices"

	"foyer/internal/catalog"
	"foyer/internal/journal"
	"foyer/internal/ledger"
	"foyer/internal/money"
	"foyer/internal/sqldb"
	"foyer/internal/ticket"
)

// sold and givenBack are the signs of what attractions earn.
const (
	sold      money.Minor = 1
	givenBack money.Minor = -1
)

// accountsPerPost keeps a movement below the ledger's bound.
const accountsPerPost = 50

// shareOut books what the attractions of combined tickets earn, where their type books it
// on sale: when the order is paid (units nil: all), and the other way round when units go
// back. An order without such tickets costs a look into memory.
func (o *Orders) shareOut(tx *sqldb.Tx, pos journal.Position, ord *Order,
	units []ticket.UnitRef, sign money.Minor,
) error {
	if ord.several() {
		for _, part := range ord.parts() {
			if err := o.shareOut(tx, pos, part, units, sign); err != nil {
				return err
			}
		}
		return nil
	}
	a, err := o.agreedIn(tx, ord.Organization, ord.Snapshot)
	if err != nil || len(a.Admissions) == 0 {
		return err
	}
	var earned shares
	for _, l := range ord.Lines {
		adm := a.Admissions[l.TicketType]
		if adm == nil || len(adm.Parts) == 0 || adm.RevenueOn == catalog.RevenueOnUse {
			continue
		}
		for i, u := range l.Units {
			ref := ticket.UnitRef{Line: l.Number, Unit: i + 1}
			if units == nil && u.Returned || units != nil && !slices.Contains(units, ref) {
				continue
			}
			for n, share := range ticket.Shares(adm, u.Amount) {
				earned.add(adm.Parts[n].Code, share)
			}
		}
	}
	return o.postShares(tx, pos, ord, earned, sign)
}

// shares is what attractions earn, in the order in which they were met.
type shares struct {
	earned   map[string]money.Minor
	accounts []string
}

// add counts a share; the sum is bounded by the order's total, which was checked.
func (s *shares) add(code string, share money.Minor) {
	account := ledger.Part(code)
	if _, seen := s.earned[account]; !seen {
		s.accounts = append(s.accounts, account)
	}
	if s.earned == nil {
		s.earned = map[string]money.Minor{}
	}
	s.earned[account] += share
}

// postShares books what attractions earn, or give back.
func (o *Orders) postShares(tx *sqldb.Tx, pos journal.Position, ord *Order, s shares,
	sign money.Minor,
) error {
	for part := range slices.Chunk(s.accounts, accountsPerPost) {
		var sum money.Minor
		moves := make([]ledger.Move, 0, len(part)+1)
		for _, account := range part {
			sum += s.earned[account]
			moves = append(moves, ledger.Move{Account: account, Amount: -sign * s.earned[account]})
		}
		moves = append(moves, ledger.Move{Account: ledger.SalesShared, Amount: sign * sum})
		if err := o.Ledger.Post(tx, pos, ord.ID, ord.Currency, moves...); err != nil {
			return err
		}
	}
	return nil
}
