package catalog

import (
	"foyer/internal/money"
)

// SaleRules is how a ticket type is sold beside its price; the zero value is an ordinary
// type that everybody sees and takes a place.
type SaleRules struct {
	// Hidden types are shown to nobody who gives no code for them.
	Hidden bool `json:"hidden,omitempty" doc:"not shown without a code"`
	// NeedsCode types are seen, and sold to those with a code.
	NeedsCode bool `json:"needs_code,omitempty" doc:"sold with a code only"`
	// Requires bounds the units of this type by the units of others in the order.
	Requires *Requires `json:"requires,omitempty" doc:"needs others in the same order"`
	// OneTicket makes one unit of all places of a line: a group enters with one code.
	OneTicket bool `json:"one_ticket,omitempty" doc:"one code for all places of a line"`
	// TicketEach gives each place of a bundle a ticket of its own, with its share of the
	// price.
	TicketEach bool `json:"ticket_each,omitempty" doc:"a ticket for each place of a bundle"`
	// AddOn types take no place: glasses, an audio guide, parking, a donation.
	AddOn bool `json:"add_on,omitempty" doc:"takes no place"`
	// Stock bounds the units of an add-on in a session; 0: no bound.
	Stock int `json:"stock,omitempty" minimum:"0" maximum:"1000000" doc:"of a session; 0: any"`
	// Pay lets the buyer say what he pays.
	Pay *PayRange `json:"pay_what_you_want,omitempty" doc:"the buyer says what he pays"`
}

// Requires allows Count units of a type for every Per units of others: a companion needs
// one wheelchair ticket, a guide goes free with every ten of a group.
type Requires struct {
	// Codes are those of ticket types of the organization; any of them will do.
	Codes []string `json:"codes" minItems:"1" maxItems:"20" doc:"codes of ticket types"`
	Count int      `json:"count,omitempty" minimum:"0" maximum:"100" doc:"empty: 1"`
	Per   int      `json:"per,omitempty" minimum:"0" maximum:"500" doc:"empty: 1"`
}

// PayRange bounds what the buyer pays for a unit.
type PayRange struct {
	Least     money.Minor `json:"least_minor,omitempty" minimum:"0"`
	Most      money.Minor `json:"most_minor" minimum:"1" maximum:"100000000"`
	Suggested money.Minor `json:"suggested_minor,omitempty" minimum:"0"`
}

// Allowed is how many units there may be beside n of the others. People of one ticket
// count one by one.
func (r *Requires) Allowed(n int) int { return n / r.Per * r.Count }

// check fills the defaults and names what cannot be meant.
func (r *SaleRules) check(c *checker, t *TicketTypeInfo) {
	c.number("stock", int64(r.Stock), 0, 1_000_000)
	if q := r.Requires; q != nil {
		q.Count, q.Per = max(q.Count, 1), max(q.Per, 1)
		c.words("requires.codes", q.Codes, 20, 40)
		c.number("requires.codes", int64(len(q.Codes)), 1, 20)
		c.number("requires.count", int64(q.Count), 1, 100)
		c.number("requires.per", int64(q.Per), 1, 500)
		if oneOf(t.Code, q.Codes) {
			c.Add("requires.codes", "a type cannot require itself / 不能要求自身")
		}
	}
	if p := r.Pay; p != nil {
		c.number("pay_what_you_want.least_minor", int64(p.Least), 0, int64(MaxPrice))
		c.number("pay_what_you_want.most_minor", int64(p.Most), 1, int64(MaxPrice))
		if p.Least > p.Most {
			c.Add("pay_what_you_want.least_minor", "is more than most_minor / 下限大于上限")
		}
		if p.Suggested < p.Least || p.Suggested > p.Most {
			c.Add("pay_what_you_want.suggested_minor",
				"is not within %d..%d / 建议金额超出范围", p.Least, p.Most)
		}
	}
	r.checkShape(c, t)
}

// checkShape refuses what contradicts itself.
func (r *SaleRules) checkShape(c *checker, t *TicketTypeInfo) {
	if r.OneTicket && (r.TicketEach || t.PlacesPerUnit > 1) {
		c.Add("one_ticket", "is not for bundles / 组合票不能合为一码")
	}
	if r.TicketEach && t.PlacesPerUnit == 1 {
		c.Add("ticket_each", "is for bundles of several places / 仅用于多座位组合票")
	}
	if r.AddOn && (t.PlacesPerUnit > 1 || r.OneTicket) {
		c.Add("add_on", "takes no places / 附加项不占座位")
	}
	if r.AddOn && (t.Admission == nil || len(t.Admission.Precincts) == 0) {
		c.Add("admission.precincts",
			"an add-on opens the counter that hands it out and no gate: name its precinct / "+
				"附加项须指定兑换区域")
	}
	if r.Stock > 0 && !r.AddOn {
		c.Add("stock", "is an add-on's; places have their own / 库存仅用于附加项")
	}
	if r.Pay != nil && (t.PlacesPerUnit > 1 || r.OneTicket) {
		c.Add("pay_what_you_want", "is for single units / 仅用于单张")
	}
}
