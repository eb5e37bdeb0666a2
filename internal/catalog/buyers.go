package catalog

import (
	"fmt"
	"slices"
	"time"

	"foyer/internal/document"
)

// RealName says whose names and documents a session asks for. It stands on the event; a
// session may have one of its own, which then counts alone.
type RealName struct {
	Mode RealNameMode `json:"mode" enum:"off,buyer,every"`
	// Documents that are taken; none: every kind.
	Documents []document.Kind `json:"documents,omitempty" maxItems:"7" doc:"kinds taken; empty: all"`
	// BuyerEnters asks for a buyer who is one of the visitors.
	BuyerEnters bool `json:"buyer_must_enter,omitempty" doc:"with every: the buyer is a visitor"`
	// PerDocument and PerDocumentEvent bound the tickets of one document; 0: no bound.
	PerDocument      int `json:"max_per_document,omitempty" minimum:"0" maximum:"100" doc:"a session"`
	PerDocumentEvent int `json:"max_per_document_event,omitempty" minimum:"0" maximum:"1000"`
	// NameUntil is until how many minutes before the start missing names may follow; 0:
	// they are given with the order.
	NameUntil int `json:"name_until_minutes_before,omitempty" minimum:"0" maximum:"525600"`
	// KeepDays is how long after the session documents are kept; empty: 30.
	KeepDays int    `json:"keep_days,omitempty" minimum:"0" maximum:"365" doc:"empty: 30"`
	Text     string `json:"text,omitempty" maxLength:"500" doc:"what the buyer is told"`
	TextEn   string `json:"text_en,omitempty" maxLength:"500"`
}

// RealNameMode is whose names are asked for.
type RealNameMode string

// The three modes.
const (
	NamesOff   RealNameMode = "off"
	NamesBuyer RealNameMode = "buyer" // one person answers for the order
	NamesEvery RealNameMode = "every" // each person who enters
)

const defaultKeepDays = 30

// Takes says whether a kind of document is taken.
func (r *RealName) Takes(k document.Kind) bool {
	return len(r.Documents) == 0 || slices.Contains(r.Documents, k)
}

// Deadline is until when missing names may follow.
func (r *RealName) Deadline(start time.Time) time.Time {
	return start.Add(-time.Duration(r.NameUntil) * time.Minute)
}

func (r *RealName) check(c *checker) {
	if r == nil {
		return
	}
	tidyText(&r.Text, &r.TextEn)
	if r.KeepDays == 0 {
		r.KeepDays = defaultKeepDays
	}
	choice(c, "real_name.mode", r.Mode, []RealNameMode{NamesOff, NamesBuyer, NamesEvery})
	checkKinds(c, "real_name.documents", r.Documents)
	c.number("real_name.max_per_document", int64(r.PerDocument), 0, 100)
	c.number("real_name.max_per_document_event", int64(r.PerDocumentEvent), 0, 1000)
	c.number("real_name.name_until_minutes_before", int64(r.NameUntil), 0, 525_600)
	c.number("real_name.keep_days", int64(r.KeepDays), 1, 365)
	c.text("real_name.text", r.Text, 0, 500)
	c.text("real_name.text_en", r.TextEn, 0, 500)
	if r.BuyerEnters && r.Mode != NamesEvery {
		c.Add("real_name.buyer_must_enter", "needs mode every / 仅在每人实名时可用")
	}
}

func checkKinds(c *checker, field string, kinds []document.Kind) {
	for i, k := range kinds {
		at := fmt.Sprintf("%s[%d]", field, i)
		if !k.Known() {
			c.Add(at, "is %q, not one of %v / 不在可选范围内", string(k), document.Kinds())
		}
		if slices.Contains(kinds[:i], k) {
			c.Add(at, "appears twice / 重复")
		}
	}
}

// Limits bound what one buyer takes of a session, besides its max_per_order and
// max_per_member. They count places; 0 is no bound.
type Limits struct {
	PerPhone       int `json:"max_per_phone,omitempty" minimum:"0" maximum:"5000"`
	PerDevice      int `json:"max_per_device,omitempty" minimum:"0" maximum:"5000" doc:"by the Foyer-Device header"`
	PerMemberEvent int `json:"max_per_member_event,omitempty" minimum:"0" maximum:"5000" doc:"over all sessions of the event"`
	// NoRebooking: who gives tickets of the event back buys none of it on the same day.
	NoRebooking bool `json:"no_rebooking_same_day,omitempty" doc:"after giving tickets back"`
	// OneRefund: a buyer gives tickets of the session back once; the house always may.
	OneRefund bool `json:"one_refund,omitempty" doc:"a buyer gives back once per session"`
}

func (l *Limits) check(c *checker) {
	if l == nil {
		return
	}
	c.number("limits.max_per_phone", int64(l.PerPhone), 0, 5000)
	c.number("limits.max_per_device", int64(l.PerDevice), 0, 5000)
	c.number("limits.max_per_member_event", int64(l.PerMemberEvent), 0, 5000)
}

// Eligibility says who may use a ticket type. Age is that of the day of the visit by the
// venue's clock, from the document where it tells a birth date, else as declared.
type Eligibility struct {
	AgeFrom  int    `json:"age_from,omitempty" minimum:"0" maximum:"150" doc:"from this birthday on"`
	AgeUnder int    `json:"age_under,omitempty" minimum:"0" maximum:"150" doc:"until this birthday; 0: no end"`
	Height   string `json:"height,omitempty" maxLength:"100" doc:"measured at the gate, e.g. 1.2 米以下"`
	HeightEn string `json:"height_en,omitempty" maxLength:"100"`
	Show     string `json:"show,omitempty" maxLength:"200" doc:"shown at the gate, e.g. 学生证"`
	ShowEn   string `json:"show_en,omitempty" maxLength:"200"`
	// Documents that the type is sold to; none: all that the session takes.
	Documents []document.Kind `json:"documents,omitempty" maxItems:"7"`
	// PerAdult is how many people with this type one adult may bring; 0: they come alone.
	PerAdult int `json:"per_adult,omitempty" minimum:"0" maximum:"100" doc:"an adult needed for each so many"`
}

// Aged says whether an age is asked for.
func (e *Eligibility) Aged() bool { return e.AgeFrom > 0 || e.AgeUnder > 0 }

// Fits says whether somebody of that age may use the type.
func (e *Eligibility) Fits(age int) bool {
	return age >= e.AgeFrom && (e.AgeUnder == 0 || age < e.AgeUnder)
}

// decides says whether an order can be refused by it; texts alone refuse nobody.
func (e *Eligibility) decides() bool {
	return e != nil && (e.Aged() || len(e.Documents) > 0 || e.PerAdult > 0)
}

func (e *Eligibility) check(c *checker) {
	if e == nil {
		return
	}
	tidyText(&e.Height, &e.HeightEn, &e.Show, &e.ShowEn)
	c.number("eligibility.age_from", int64(e.AgeFrom), 0, 150)
	c.number("eligibility.age_under", int64(e.AgeUnder), 0, 150)
	if e.AgeUnder > 0 && e.AgeUnder <= e.AgeFrom {
		c.Add("eligibility.age_under", "is not above age_from / 年龄上限应大于下限")
	}
	c.text("eligibility.height", e.Height, 0, 100)
	c.text("eligibility.height_en", e.HeightEn, 0, 100)
	c.text("eligibility.show", e.Show, 0, 200)
	c.text("eligibility.show_en", e.ShowEn, 0, 200)
	checkKinds(c, "eligibility.documents", e.Documents)
	c.number("eligibility.per_adult", int64(e.PerAdult), 0, 100)
}

// Adult says whether the holder of a ticket of the kind may look after children.
func (k TicketKind) Adult() bool {
	return k == "adult" || k == "senior" || k == "companion" || k == "group" ||
		k == "family" || k == "other"
}

// BuyerRules is what a session asks of who buys, joined from session, event and ticket
// types. A Sellable that asks nothing has none.
type BuyerRules struct {
	RealName RealName
	Limits   Limits
	Eligible bool // some ticket type may refuse somebody
}

// buyerRules joins the rules of a session; nil when there are none.
func (s *Sellable) buyerRules() *BuyerRules {
	b := BuyerRules{RealName: RealName{Mode: NamesOff}}
	switch {
	case s.Session.RealName != nil:
		b.RealName = *s.Session.RealName
	case s.Event.RealName != nil:
		b.RealName = *s.Event.RealName
	}
	if s.Session.Limits != nil {
		b.Limits = *s.Session.Limits
	}
	for _, t := range s.TicketTypes {
		b.Eligible = b.Eligible || t.Eligibility.decides()
	}
	if b.RealName.Mode == NamesOff && b.Limits == (Limits{}) && !b.Eligible {
		return nil
	}
	return &b
}
