package cataloghttp

import (
	"cmp"
	"slices"
	"time"

	"foyer/internal/catalog"
	"foyer/internal/offer"
)

// OfferedBody is what is taken off a session's prices, for everybody to see.
type OfferedBody struct {
	Offers   []offeredRule    `json:"offers,omitempty" doc:"discounts by rule; a price says which apply"`
	Releases []offeredRelease `json:"releases,omitempty" doc:"tiers; a price says which one is open"`
}

type offeredRule struct {
	ID            string     `json:"offer_id"`
	Name          string     `json:"name"`
	NameEn        string     `json:"name_en,omitempty"`
	Words         string     `json:"words"`
	WordsEn       string     `json:"words_en"`
	TicketTypeIDs []string   `json:"ticket_type_ids,omitempty" doc:"empty: all"`
	Until         *time.Time `json:"until,omitempty"`
}

type offeredRelease struct {
	TicketTypeID string `json:"ticket_type_id"`
	offer.Ladder
}

// offered leaves out what is for those with a code, what is over and what is hidden.
func (d *door) offered(s *catalog.Sellable, now time.Time) (out OfferedBody) {
	for _, o := range s.Offers {
		r := &o.Rule
		if r.NeedsCode || !r.Until.IsZero() && !now.Before(r.Until) {
			continue
		}
		zh, en := r.Describe()
		shown := offeredRule{ID: d.public(catalog.KindOffer, o.ID), Name: r.Name,
			NameEn: r.NameEn, Words: zh, WordsEn: en}
		for _, id := range r.Types {
			if t := s.TicketType(id); t != nil && !t.Hidden {
				shown.TicketTypeIDs = append(shown.TicketTypeIDs,
					d.public(catalog.KindTicketType, id))
			}
		}
		if len(r.Types) > 0 && len(shown.TicketTypeIDs) == 0 {
			continue
		}
		if !r.Until.IsZero() {
			shown.Until = &r.Until
		}
		out.Offers = append(out.Offers, shown)
	}
	for id, rel := range s.Releases {
		if t := s.TicketType(id); t != nil && !t.Hidden && !t.Retired {
			out.Releases = append(out.Releases, offeredRelease{
				d.public(catalog.KindTicketType, id), rel.Ladder})
		}
	}
	slices.SortFunc(out.Releases, func(a, b offeredRelease) int {
		return cmp.Compare(a.TicketTypeID, b.TicketTypeID)
	})
	return out
}
