package catalog

import (
	"strings"
	"testing"

	"foyer/internal/fault"
)

func TestAdmissionNamesEveryProblem(t *testing.T) {
	t.Parallel()
	far, early := 1500, -1
	t1 := TicketTypeInfo{Kind: "pass", Code: "p", Name: "年票", Admission: &Admission{
		EntryRule: EntryRule{Entries: -1, NoExits: true, Reentry: true, EarlyMinutes: &early,
			LateMinutes: &far, Precincts: []string{"a", "a", "Upper"}},
		Attention: "pink", RevenueOn: "never", StaffText: strings.Repeat("长", 201),
		Pass: &PassRule{Starts: PassFromDate, Weekdays: []int{8},
			Blackout: []DateSpan{{From: "2026-10-07", Until: "2026-10-01"}}},
		Parts: []AdmissionPart{{Code: "x", Name: "甲"}, {Code: "x", Name: ""}}}}
	var fields []string
	for _, p := range fault.Of(t1.check()).Fields {
		fields = append(fields, p.Field)
	}
	got := strings.Join(fields, " ")
	for _, want := range []string{"entries", "no_exits", "early_minutes", "late_minutes",
		"precincts[1]", "precincts[2]", "attention", "revenue_on", "staff_text",
		"pass.valid_days", "pass.starts_on", "pass.weekdays", "pass.blackout[0]", "parts",
		"parts[1].code", "parts[1].name", "parts[0].precincts"} {
		if !strings.Contains(got+" ", "admission."+want+" ") {
			t.Errorf("%s is not named among %s", want, got)
		}
	}
}

func TestAdmissionsThatStand(t *testing.T) {
	t.Parallel()
	late := -30
	zoo := EntryRule{Precincts: []string{"zoo"}}
	for name, a := range map[string]*Admission{"none": nil, "plain": {},
		"day":    {EntryRule: EntryRule{Reentry: true, LateMinutes: &late}, Attention: "blue"},
		"annual": {Pass: &PassRule{Starts: PassFromFirstUse, ValidDays: 365}, PhotoRequired: true},
		"combined": {RevenueOn: RevenueOnUse, Parts: []AdmissionPart{
			{Code: "zoo", Name: "动物园", Weight: 1, EntryRule: zoo},
			{Code: "show", Name: "表演", EntryRule: zoo}}}} {
		info := TicketTypeInfo{Kind: "pass", Code: "p", Name: "票", Admission: a}
		if err := info.check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if p := a.Public(); p != nil && (p.Attention != "" || p.StaffText != "") {
			t.Errorf("%s: a buyer sees %+v", name, p)
		}
	}
}

// A session's own rules of entry replace those of its ticket types, but of passes and
// combined tickets, and leave the types themselves as they were.
func TestSessionRulesOfEntry(t *testing.T) {
	t.Parallel()
	early := 30
	plain := &TicketType{TicketTypeInfo: TicketTypeInfo{Code: "plain"}}
	day := &TicketType{TicketTypeInfo: TicketTypeInfo{Code: "day", Admission: &Admission{
		EntryRule: EntryRule{Reentry: true}, Attention: "red"}}}
	pass := &TicketType{TicketTypeInfo: TicketTypeInfo{Code: "pass", Admission: &Admission{
		Pass: &PassRule{ValidDays: 3}}}}
	combo := &TicketType{TicketTypeInfo: TicketTypeInfo{Code: "combo", Admission: &Admission{
		Parts: []AdmissionPart{{Code: "a"}, {Code: "b"}}}}}
	list := []*TicketType{plain, day, pass, combo}
	if got := enteredBy(list, nil); got[0] != plain {
		t.Error("no rule of the session, and the types are others")
	}
	got := enteredBy(list, &EntryRule{Entries: 2, EarlyMinutes: &early})
	if a := got[0].Admission; a == nil || a.Entries != 2 || *a.EarlyMinutes != 30 {
		t.Errorf("%+v", a)
	}
	if a := got[1].Admission; a.Entries != 2 || a.Reentry || a.Attention != "red" {
		t.Errorf("%+v", a)
	}
	if got[2].Admission.Entries != 0 || got[3].Admission.Entries != 0 {
		t.Error("a pass or a combined ticket lost its rules")
	}
	if plain.Admission != nil || !day.Admission.Reentry {
		t.Error("the types themselves were changed")
	}
}
