package order

import (
	"cmp"
	"context"
	"slices"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/money"
)

// Unlocked is what codes are good for in a session.
type Unlocked struct {
	Types  []UnlockedType
	Offers []*catalog.Offer
}

// UnlockedType is a ticket type that codes unlock.
type UnlockedType struct {
	Type   *catalog.TicketType
	Units  int // negative: any number
	Prices []ZonePrice
}

// ZonePrice is a price in a zone.
type ZonePrice struct {
	Zone   string
	Amount money.Minor
}

// ReadCodes says what codes unlock in a session, before anything is ordered. Refused with
// fault.Missing, ErrCode and ErrCodeTries.
func (o *Orders) ReadCodes(ctx context.Context, who actor.Actor, session int64,
	codes []string,
) (*Unlocked, error) {
	s, err := o.Sessions.Sellable(ctx, session)
	if err != nil {
		return nil, err
	}
	if err := mayBuy(who, s, ChannelH5); err != nil {
		return nil, err
	}
	now := o.Clock.Now()
	own, err := o.liveOf(ctx, who.ID, session)
	if err != nil {
		return nil, err
	}
	var held []int64
	if own != 0 {
		if ord, err := o.Store.Find(ctx, own); err == nil && ord.Terms != nil {
			held = ord.Terms.Codes
		}
	}
	u, err := o.unlock(ctx, who, s, codes, held, now)
	if err != nil {
		return nil, err
	}
	out := &Unlocked{}
	for _, t := range s.TicketTypes {
		units, ok := u.types[t.ID]
		if !ok || t.Retired {
			continue
		}
		shown := UnlockedType{Type: t, Units: units}
		s.Prices.Each(now, func(zone string, ticketType int64, price money.Minor) {
			if ticketType == t.ID {
				shown.Prices = append(shown.Prices, ZonePrice{zone, price})
			}
		})
		slices.SortFunc(shown.Prices, func(a, b ZonePrice) int {
			return cmp.Compare(a.Zone, b.Zone)
		})
		out.Types = append(out.Types, shown)
	}
	for _, of := range s.Offers {
		if slices.Contains(u.offers, of.ID) {
			out.Offers = append(out.Offers, of)
		}
	}
	return out, nil
}
