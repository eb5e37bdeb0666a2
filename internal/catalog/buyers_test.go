package catalog

import (
	"strings"
	"testing"
	"time"

	"foyer/internal/document"
)

func TestRulesOfBuyersAreChecked(t *testing.T) {
	t.Parallel()
	no := func(r RealName) func(*checker) {
		if r.Mode == "" {
			r.Mode = NamesOff
		}
		return r.check
	}
	long := strings.Repeat("字", 501)
	for field, check := range map[string]func(c *checker){
		"real_name.mode":         (&RealName{Mode: "all"}).check,
		"real_name.documents[0]": no(RealName{Documents: []document.Kind{"x"}}),
		"real_name.documents[1]": no(RealName{Documents: []document.Kind{document.Passport,
			document.Passport}}),
		"real_name.max_per_document":          no(RealName{PerDocument: -1}),
		"real_name.max_per_document_event":    no(RealName{PerDocumentEvent: 2000}),
		"real_name.name_until_minutes_before": no(RealName{NameUntil: -5}),
		"real_name.keep_days":                 no(RealName{KeepDays: 4000}),
		"real_name.text":                      no(RealName{Text: long}),
		"real_name.buyer_must_enter":          no(RealName{Mode: NamesBuyer, BuyerEnters: true}),
		"limits.max_per_phone":                (&Limits{PerPhone: -1}).check,
		"limits.max_per_device":               (&Limits{PerDevice: 9999}).check,
		"limits.max_per_member_event":         (&Limits{PerMemberEvent: -1}).check,
		"eligibility.age_from":                (&Eligibility{AgeFrom: -1}).check,
		"eligibility.age_under":               (&Eligibility{AgeFrom: 6, AgeUnder: 6}).check,
		"eligibility.per_adult":               (&Eligibility{PerAdult: 101}).check,
		"eligibility.documents[0]":            (&Eligibility{Documents: []document.Kind{""}}).check,
		"eligibility.show":                    (&Eligibility{Show: long}).check,
	} {
		var c checker
		check(&c)
		if err := c.Err(); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: %v", field, err)
		}
	}
	var c checker
	(*RealName)(nil).check(&c)
	(*Limits)(nil).check(&c)
	(*Eligibility)(nil).check(&c)
	fine := RealName{Mode: NamesEvery, BuyerEnters: true, Documents: document.Kinds()}
	fine.check(&c)
	if err := c.Err(); err != nil || fine.KeepDays != defaultKeepDays {
		t.Error(err, fine)
	}
}

func TestAgeOfATicketType(t *testing.T) {
	t.Parallel()
	child := Eligibility{AgeFrom: 6, AgeUnder: 14}
	senior := Eligibility{AgeFrom: 65}
	for _, c := range []struct {
		who  Eligibility
		age  int
		fits bool
	}{{child, 5, false}, {child, 6, true}, {child, 13, true}, {child, 14, false},
		{senior, 64, false}, {senior, 65, true}, {senior, 120, true}, {Eligibility{}, 0, true}} {
		if c.who.Fits(c.age) != c.fits {
			t.Error(c)
		}
	}
}

// A session's own rule counts alone; without any rule a session has none at all, so that
// selling it asks nothing.
func TestBuyerRulesAreJoined(t *testing.T) {
	t.Parallel()
	every := &RealName{Mode: NamesEvery, PerDocument: 1}
	s := Sellable{Event: &Event{}}
	if s.buyerRules() != nil {
		t.Error("rules out of nothing")
	}
	s.TicketTypes = []*TicketType{{TicketTypeInfo: TicketTypeInfo{
		Eligibility: &Eligibility{Show: "学生证"}}}}
	if s.buyerRules() != nil {
		t.Error("a text refuses nobody")
	}
	s.Event.RealName = every
	if b := s.buyerRules(); b == nil || b.RealName.PerDocument != 1 || b.Eligible {
		t.Error(b)
	}
	s.Session.RealName = &RealName{Mode: NamesOff}
	if s.buyerRules() != nil {
		t.Error("the session says off")
	}
	s.Session.Limits = &Limits{PerPhone: 4}
	s.TicketTypes[0].Eligibility = &Eligibility{PerAdult: 2}
	if b := s.buyerRules(); b == nil || b.Limits.PerPhone != 4 || !b.Eligible ||
		b.RealName.Mode != NamesOff {
		t.Error(b)
	}
	start := time.Date(2026, 10, 1, 11, 0, 0, 0, time.UTC)
	late := RealName{NameUntil: 24 * 60}
	if got := late.Deadline(start); !got.Equal(start.AddDate(0, 0, -1)) {
		t.Error(got)
	}
	if !every.Takes(document.Passport) ||
		(&RealName{Documents: []document.Kind{document.IDCard}}).Takes(document.Passport) {
		t.Error("kinds of documents")
	}
}
