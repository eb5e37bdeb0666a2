package visitor_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"foyer/internal/catalog"
	"foyer/internal/clock"
	"foyer/internal/document"
	"foyer/internal/fault"
	"foyer/internal/idgen"
	"foyer/internal/keyring"
	"foyer/internal/sqldb"
	"foyer/internal/sqldb/sqldbtest"
	"foyer/internal/visitor"
	"foyer/internal/visitor/visitordb"
)

type bundle struct {
	*visitor.Visitors
	ring *keyring.Ring
	db   *sqldb.DB
}

type contacts struct{}

func (contacts) PhoneOf(context.Context, int64) (string, error) { return "+8613800138000", nil }

func setup(t *testing.T) *bundle {
	t.Helper()
	clk := clock.NewFake(sqldbtest.Start)
	db := sqldbtest.Open(t, clk)
	ids, err := idgen.NewSource(clk, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	ring, err := keyring.Create(filepath.Join(t.TempDir(), "keys"), ids, clk)
	if err != nil {
		t.Fatal(err)
	}
	return &bundle{visitor.New(visitor.Deps{DB: db, Store: visitordb.New(db), Keys: ring,
		Contacts: contacts{}, Clock: clk, IDs: ids, Log: slog.New(slog.DiscardHandler)}), ring, db}
}

// fresh is the module as another process has it: it remembers no key.
func (b *bundle) fresh() *visitor.Visitors { return visitor.New(b.Deps) }

// show is a session of an event with rules.
func show(t *testing.T, event int64, rules catalog.BuyerRules) *catalog.Sellable {
	t.Helper()
	venue, err := catalog.Located(&catalog.Venue{VenueInfo: catalog.VenueInfo{
		TimeZone: "Asia/Shanghai"}})
	if err != nil {
		t.Fatal(err)
	}
	start := sqldbtest.Start.Add(72 * time.Hour)
	return &catalog.Sellable{Session: catalog.Session{Meta: catalog.Meta{ID: event * 10,
		Organization: 7}, EventID: event, SessionInfo: catalog.SessionInfo{StartsAt: start,
		EndsAt: start.Add(2 * time.Hour)}}, Venue: venue, Event: &catalog.Event{},
		Buyers: &rules}
}

func typeOf(kind catalog.TicketKind, e *catalog.Eligibility) *catalog.TicketType {
	return &catalog.TicketType{TicketTypeInfo: catalog.TicketTypeInfo{Kind: kind, Eligibility: e}}
}

func passport(number string) visitor.Person {
	return visitor.Person{Name: "John Smith", Kind: document.Passport, Number: number, Field: "v"}
}

func party(s *catalog.Sellable, who ...visitor.Person) visitor.Party {
	adult := typeOf("adult", nil)
	p := visitor.Party{Session: s, Member: 5, Places: len(who)}
	for i, person := range who {
		p.Units = append(p.Units, visitor.Unit{Line: 1, Unit: i + 1, Type: adult, People: 1,
			Persons: []visitor.Person{person}})
	}
	return p
}

var everyName = catalog.BuyerRules{RealName: catalog.RealName{Mode: catalog.NamesEvery,
	PerDocument: 1, PerDocumentEvent: 3}}

// A document is counted by a hash that is the same in every process and for each renewal
// and register of the same person, and says nothing beyond its event.
func TestSubjectsOfDocuments(t *testing.T) {
	t.Parallel()
	b := setup(t)
	subject := func(v *visitor.Visitors, event int64, p visitor.Person) int64 {
		plan, err := v.Plan(context.Background(), party(show(t, event, everyName), p))
		if err != nil || len(plan.Takes) != 2 || plan.Takes[0].Subject != plan.Takes[1].Subject {
			t.Fatal(plan, err)
		}
		return plan.Takes[0].Subject
	}
	one := subject(b.Visitors, 1, passport("L898902C3"))
	if one <= 0 || one != subject(b.fresh(), 1, passport("l898902c3 ")) {
		t.Error("the same document has another subject")
	}
	if one == subject(b.Visitors, 2, passport("L898902C3")) {
		t.Error("two events have one subject")
	}
	if one == subject(b.Visitors, 1, passport("L898902C4")) {
		t.Error("two documents have one subject")
	}
	card := visitor.Person{Name: "王", Kind: document.IDCard, Number: "11010519491231002X"}
	register := card
	register.Kind = document.HouseholdRegister
	if subject(b.Visitors, 1, card) != subject(b.Visitors, 1, register) {
		t.Error("card and register of one person have two subjects")
	}
}

func TestGatesKnowDocumentsByHash(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := context.Background()
	s := show(t, 1, everyName)
	plan, err := b.Plan(ctx, party(s, passport("L898902C3"), passport("E12345678")))
	if err != nil {
		t.Fatal(err)
	}
	if err := b.db.InTx(ctx, func(tx *sqldb.Tx) error { return b.Keep(tx, 42, plan) }); err != nil {
		t.Fatal(err)
	}
	key, err := b.GateKey(ctx, 7, 1, s.Session.ID)
	if err != nil {
		t.Fatal(err)
	}
	shown, err := document.Parse(document.Passport, "E12345678")
	if err != nil {
		t.Fatal(err)
	}
	var found []visitor.Hashed
	if err := b.fresh().Hashes(ctx, 7, 1, s.Session.ID, func(page []visitor.Hashed) error {
		for _, h := range page {
			if bytes.Equal(h.Hash, visitor.DocumentHash(key, shown)) {
				found = append(found, h)
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if len(found) != 1 || found[0].Order != 42 || found[0].Unit != 2 || len(found[0].Hash) != 16 {
		t.Error(found)
	}
	other, err := b.GateKey(ctx, 7, 1, s.Session.ID+1)
	if err != nil || bytes.Equal(key, other) {
		t.Error("two sessions share a key", err)
	}
}

func TestRowsAreSealed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	plan, err := b.Plan(context.Background(), party(show(t, 1, everyName), passport("L898902C3")))
	if err != nil {
		t.Fatal(err)
	}
	r := plan.Rows[0]
	if bytes.Contains(r.Sealed, []byte("L898902C3")) || bytes.Contains(r.Sealed, []byte("Smith")) {
		t.Error("a row shows its person")
	}
	if _, err := b.ring.Open("visitor", "sealed", r.ID+1, r.Sealed); err == nil {
		t.Error("a row opens in another's place")
	}
	if n := plan.Named[0]; n.Name != "J*** S***" || n.Number != "L8*****C3" {
		t.Error(n)
	}
}

// TestAdultsAreEnough compares the rule with a count by hand: each adult has room for one
// child of every kind's part.
func TestAdultsAreEnough(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := show(t, 1, catalog.BuyerRules{RealName: catalog.RealName{Mode: catalog.NamesOff},
		Eligible: true})
	rapid.Check(t, func(t *rapid.T) {
		per := rapid.SliceOfN(rapid.IntRange(1, 6), 1, 3).Draw(t, "per")
		p := visitor.Party{Session: s}
		parts := 0 // sixtieths of an adult
		for i, n := range per {
			children := rapid.IntRange(0, 7).Draw(t, "children")
			parts += children * (60 / n)
			for range children {
				p.Units = append(p.Units, visitor.Unit{Line: i + 1, Unit: 1, People: 1,
					Type: typeOf("child", &catalog.Eligibility{PerAdult: n})})
			}
		}
		adults := rapid.IntRange(0, 12).Draw(t, "adults")
		for range adults {
			p.Units = append(p.Units, visitor.Unit{Line: 9, Unit: 1, People: 1,
				Type: typeOf("senior", nil)})
		}
		_, err := b.Plan(context.Background(), p)
		if enough := adults*60 >= parts; enough != (err == nil) {
			t.Fatalf("%d adults for %d/60: %v", adults, parts, err)
		}
		if err != nil && !errors.Is(err, visitor.ErrAdult) {
			t.Fatal(err)
		}
	})
}

// Every problem of an input is named at once.
func TestAllProblemsAreNamed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	first, second := passport("bad-number"), passport("L898902C3")
	first.Field, second.Field, second.Name = "lines[0].visitors[0]", "lines[0].visitors[1]", "007"
	_, err := b.Plan(context.Background(), party(show(t, 1, everyName), first, second))
	var fields []string
	for _, f := range fault.Of(err).Fields {
		fields = append(fields, f.Field)
	}
	if !slices.Equal(fields, []string{"lines[0].visitors[0].document_number",
		"lines[0].visitors[1].name"}) {
		t.Error(fields)
	}
}
