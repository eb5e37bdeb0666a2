package catalog

// TicketType is adult, child, senior, group, combo …, with who may buy it.
type TicketType struct {
	Meta
	TicketTypeInfo
}

// TicketTypeInfo is what people write about a ticket type.
type TicketTypeInfo struct {
	Kind   TicketKind `json:"kind" doc:"adult, child, senior, student, companion, group, family …"`
	Code   string     `json:"code" minLength:"1" maxLength:"40" doc:"key within the organization"`
	Name   string     `json:"name" minLength:"1" maxLength:"60"`
	NameEn string     `json:"name_en,omitempty" maxLength:"60"`
	// Who is told to the buyer: who may buy it and what to show at the door.
	Who   string `json:"who,omitempty" maxLength:"300" doc:"who may buy it, what to show"`
	WhoEn string `json:"who_en,omitempty" maxLength:"300"`
	// PlacesPerUnit is how many places one unit takes: 1, or more for a family ticket.
	PlacesPerUnit int `json:"places_per_unit,omitempty" maximum:"20" doc:"empty: 1"`
	// MinPerOrder and MaxPerOrder bound the units in an order; 0 means no bound of its own.
	MinPerOrder int      `json:"min_per_order,omitempty" minimum:"0" maximum:"500"`
	MaxPerOrder int      `json:"max_per_order,omitempty" minimum:"0" maximum:"500"`
	Channels    []string `json:"channels,omitempty" maxItems:"7" doc:"empty: everywhere"`
	// Admission says what the tickets open; nil: one entry for each person.
	Admission *Admission `json:"admission,omitempty" doc:"empty: one entry for each person"`
	// Eligibility says who may use the type; nil: everybody.
	Eligibility *Eligibility `json:"eligibility,omitempty" doc:"empty: for everybody"`
	// Agreement says that orders with the type need the house's word before they can be paid.
	Agreement *Agreement `json:"agreement,omitempty" doc:"orders need the house's word first"`
	SaleRules
	// Retired types stay on old orders and are sold no more.
	Retired bool `json:"retired,omitempty" doc:"sold no more"`
}

func channels() []string {
	return []string{"mini_program", "h5", "counter", "kiosk", "agency", "house", "loyalty"}
}

func (t *TicketTypeInfo) check() error {
	tidyText(&t.Code, &t.Name, &t.NameEn, &t.Who, &t.WhoEn)
	if t.PlacesPerUnit == 0 {
		t.PlacesPerUnit = 1
	}
	var c checker
	choice(&c, "kind", t.Kind, TicketKinds())
	c.text("code", t.Code, 1, 40)
	c.text("name", t.Name, 1, 60)
	c.text("name_en", t.NameEn, 0, 60)
	c.text("who", t.Who, 0, 300)
	c.text("who_en", t.WhoEn, 0, 300)
	c.number("places_per_unit", int64(t.PlacesPerUnit), 1, 20)
	c.number("min_per_order", int64(t.MinPerOrder), 0, 500)
	c.number("max_per_order", int64(t.MaxPerOrder), 0, 500)
	if t.MaxPerOrder > 0 && t.MinPerOrder > t.MaxPerOrder {
		c.Add("min_per_order", "is more than max_per_order / 下限大于上限")
	}
	t.Admission.check(&c)
	t.Agreement.check(&c)
	t.Eligibility.check(&c)
	t.SaleRules.check(&c, t)
	c.words("channels", t.Channels, 7, 20)
	for _, ch := range t.Channels {
		choice(&c, "channels", ch, channels())
	}
	return c.Err()
}

// SoldOn says whether a channel sells the type; an empty channel asks for any.
func (t *TicketTypeInfo) SoldOn(channel string) bool {
	return !t.Retired && (channel == "" || len(t.Channels) == 0 || oneOf(channel, t.Channels))
}
