package catalog_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/catalog/catalogtest"
	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/sqldb"
	"foyer/internal/sqldb/sqldbtest"
)

var start = sqldbtest.Start

// each runs fn on every engine with a fresh catalogue whose clock stands at start.
func each(t *testing.T, fn func(t *testing.T, w *catalogtest.World, clk *clock.Fake)) {
	t.Helper()
	sqldbtest.Each(t, func() clock.Clock { return clock.NewFake(start) },
		func(t *testing.T, db *sqldb.DB) {
			clk := clock.NewFake(start)
			fn(t, catalogtest.New(t, db, clk), clk)
		})
}

func fieldsOf(err error) []string {
	var names []string
	if f := fault.Of(err); f != nil {
		for _, p := range f.Fields {
			names = append(names, p.Field)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func guard(t *testing.T, w *catalogtest.World, session, revision int64) error {
	t.Helper()
	return w.DB.InTx(context.Background(), func(tx *sqldb.Tx) error {
		tx.Now = w.Clock.Now()
		return w.Catalog.GuardSession(tx, session, revision)
	})
}

func TestPublishNamesEveryMissingField(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *catalogtest.World, _ *clock.Fake) {
		h, ctx, sys := w.House(), context.Background(), actor.SystemActor
		cases := map[catalog.EventKind][]string{
			catalog.Film: {"cast", "countries", "directors", "distributor", "film_code", "genres",
				"languages", "minutes", "poster_id", "printed_title", "release_date", "synopsis",
				"versions"},
			catalog.Play: {"age_note", "cast", "distributor", "minutes", "permit_number",
				"poster_id", "printed_title", "synopsis"},
			catalog.ExhibitionShow: {"distributor", "poster_id", "printed_title",
				"release_date", "synopsis"},
			catalog.Attraction: {"age_note", "notice", "poster_id", "printed_title", "synopsis"},
		}
		for kind, want := range cases {
			e, err := w.Catalog.CreateEvent(ctx, sys, catalog.Event{
				Meta:      catalog.Meta{Organization: h.Org.ID},
				EventInfo: catalog.EventInfo{Kind: kind, Title: "无"}})
			if err != nil {
				t.Fatal(err)
			}
			_, err = w.Catalog.SetEventState(ctx, sys, e.Meta, catalog.Published)
			if !errors.Is(err, catalog.ErrIncomplete) || !slices.Equal(fieldsOf(err), want) {
				t.Errorf("%s: %v names %v, want %v", kind, err, fieldsOf(err), want)
			}
		}
		info := catalogtest.CinemaInfo("空")
		info.Licences[0].ExpiresOn, info.Phone, info.Codes.CinemaCode = "2026-11-21", "", ""
		v, err := w.Catalog.CreateVenue(ctx, sys, catalog.Venue{VenueInfo: info,
			Meta: catalog.Meta{Organization: h.Org.ID}})
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.Catalog.SetVenueState(ctx, sys, v.Meta, catalog.Published)
		want := []string{"codes.cinema_code", "licences", "phone"}
		if !slices.Equal(fieldsOf(err), want) {
			t.Errorf("venue: %v names %v, want %v", err, fieldsOf(err), want)
		}
	})
}

func TestChangesCarryRevisions(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *catalogtest.World, _ *clock.Fake) {
		h, ctx, sys := w.House(), context.Background(), actor.SystemActor
		e := *h.Event
		e.Title = "哪吒之魔童闹海"
		next, err := w.Catalog.UpdateEvent(ctx, sys, e)
		if err != nil || next.Revision != h.Event.Revision+1 {
			t.Fatalf("%v %+v", err, next)
		}
		e.Title = "晚到的修改"
		if _, err := w.Catalog.UpdateEvent(ctx, sys, e); !errors.Is(err, fault.Stale) {
			t.Errorf("a change of an old revision: %v", err)
		}
		shown, _, err := w.Catalog.PublicEvent(e.ID)
		if err != nil || shown.Title != "哪吒之魔童闹海" {
			t.Errorf("shown: %+v %v", shown, err)
		}
		head := w.Journal.Head()
		_, err = w.Catalog.UpdateEvent(ctx, sys, *next)
		if err != nil || w.Journal.Head() != head {
			t.Errorf("a change of nothing left a trace: %v", err)
		}
		e = *next
		e.PrintedTitle = ""
		if _, err := w.Catalog.UpdateEvent(ctx, sys, e); !errors.Is(err, catalog.ErrIncomplete) {
			t.Errorf("a published event became incomplete: %v", err)
		}
		w.Verify(t)
	})
}

func TestCodesAreUniqueWithinAnOrganization(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *catalogtest.World, _ *clock.Fake) {
		a, b := w.House(), w.House()
		make := func(org int64) error {
			_, err := w.Catalog.CreateEvent(context.Background(), actor.SystemActor,
				catalog.Event{Meta: catalog.Meta{Organization: org},
					EventInfo: catalogtest.FilmInfo("同码", "001199999")})
			return err
		}
		if err := errors.Join(make(a.Org.ID), make(b.Org.ID)); err != nil {
			t.Fatal(err)
		}
		if err := make(a.Org.ID); !errors.Is(err, catalog.ErrCodeTaken) {
			t.Errorf("a code twice: %v", err)
		}
	})
}

func TestSessionsStateMachine(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *catalogtest.World, _ *clock.Fake) {
		h, ctx, sys := w.House(), context.Background(), actor.SystemActor
		states := []catalog.SessionState{catalog.SessionDraft, catalog.SessionOnSale,
			catalog.SessionPaused, catalog.SessionCancelled}
		edges := map[[2]catalog.SessionState]bool{
			{"draft", "on_sale"}: true, {"draft", "cancelled"}: true,
			{"on_sale", "paused"}: true, {"on_sale", "cancelled"}: true,
			{"paused", "on_sale"}: true, {"paused", "cancelled"}: true}
		way := map[catalog.SessionState][]catalog.SessionState{"draft": nil,
			"on_sale": {"on_sale"}, "paused": {"on_sale", "paused"}, "cancelled": {"cancelled"}}
		at := start.Add(24 * time.Hour)
		for _, from := range states {
			for _, to := range states {
				at = at.Add(3 * time.Hour)
				s, err := w.Catalog.CreateSession(ctx, sys, h.Plan(at))
				for _, step := range way[from] {
					if err == nil {
						s, err = w.Catalog.SetSessionState(ctx, sys, s.Meta, step)
					}
				}
				if err != nil {
					t.Fatal(from, err)
				}
				_, err = w.Catalog.SetSessionState(ctx, sys, s.Meta, to)
				if edges[[2]catalog.SessionState{from, to}] != (err == nil) {
					t.Errorf("%s → %s: %v", from, to, err)
				}
				if err != nil && !errors.Is(err, catalog.ErrWrongState) {
					t.Errorf("%s → %s refused with %v", from, to, err)
				}
			}
		}
	})
}

func TestGuardSession(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *catalogtest.World, clk *clock.Fake) {
		h, ctx, sys := w.House(), context.Background(), actor.SystemActor
		plan := h.Plan(start.Add(48 * time.Hour))
		plan.SaleFrom = start.Add(time.Hour)
		s := h.Sell(plan)
		err := guard(t, w, s.ID, s.Revision)
		if f := fault.Of(err); !errors.Is(err, catalog.ErrNotOnSale) ||
			f.Details["sale_state"] != "not_yet" || f.Details["sale_from"] != plan.SaleFrom ||
			f.RetryAfter != time.Hour {
			t.Fatalf("before the sale: %+v", f)
		}
		clk.Advance(time.Hour)
		if err := guard(t, w, s.ID, s.Revision); err != nil {
			t.Fatal(err)
		}
		if err := guard(t, w, s.ID, s.Revision-1); !errors.Is(err, catalog.ErrSessionChanged) {
			t.Errorf("an old revision: %v", err)
		}
		prices := *h.Prices
		prices.Cells = slices.Clone(prices.Cells)
		prices.Cells[0].Amount = 6000
		if _, err := w.Catalog.UpdatePriceList(ctx, sys, prices); err != nil {
			t.Fatal(err)
		}
		if err := guard(t, w, s.ID, s.Revision); !errors.Is(err, catalog.ErrSessionChanged) {
			t.Errorf("after a change of prices: %v", err)
		}
		shown, err := w.Catalog.Sellable(ctx, s.ID)
		if err != nil || shown.Revision != s.Revision+1 {
			t.Fatalf("shown %+v %v", shown, err)
		}
		if p, ok := shown.Prices.Price("A", h.Adult.ID, clk.Now()); !ok || p != 6000 {
			t.Errorf("price %d %v", p, ok)
		}
		policy := *h.Policy
		policy.Name = "新规则"
		if _, err := w.Catalog.UpdateRefundPolicy(ctx, sys, policy); err != nil {
			t.Fatal(err)
		}
		if err := guard(t, w, s.ID, shown.Revision); !errors.Is(err, catalog.ErrSessionChanged) {
			t.Errorf("after a change of policy: %v", err)
		}
		clk.Set(plan.StartsAt)
		err = guard(t, w, s.ID, shown.Revision+1)
		if f := fault.Of(err); f == nil || f.Details["sale_state"] != "closed" {
			t.Errorf("after the start: %v", err)
		}
		if err := guard(t, w, 12345, 1); !errors.Is(err, fault.Missing) {
			t.Errorf("no session: %v", err)
		}
	})
}

func TestHallsAreNotDoubleBooked(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *catalogtest.World, _ *clock.Fake) {
		h, ctx, sys := w.House(), context.Background(), actor.SystemActor
		at := start.Add(24 * time.Hour)
		first := h.OnSale(at)
		for minutes, free := range map[int]bool{-135: true, -134: false, 0: false, 60: false,
			134: false, 135: true} {
			plan := h.Plan(at.Add(time.Duration(minutes) * time.Minute))
			s, err := w.Catalog.CreateSession(ctx, sys, plan)
			if free != (err == nil) {
				t.Errorf("%d minutes away: %v", minutes, err)
			}
			if err != nil && (!errors.Is(err, catalog.ErrHallBusy) ||
				fault.Of(err).Details["session"] != w.Codec.Encode("ses", first.ID)) {
				t.Errorf("refused with %v", err)
			}
			if s != nil {
				w.Catalog.SetSessionState(ctx, sys, s.Meta, catalog.SessionCancelled)
			}
		}
		slots, err := w.Catalog.CreateHall(ctx, sys, catalog.Hall{VenueID: h.Venue.ID,
			Meta:     catalog.Meta{Organization: h.Org.ID},
			HallInfo: catalog.HallInfo{Name: "摩天轮", TimeSlots: true}})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			plan := h.Plan(at)
			plan.HallID = slots.ID
			if _, err := w.Catalog.CreateSession(ctx, sys, plan); err != nil {
				t.Errorf("time slots overlap: %v", err)
			}
		}
	})
}

// Two planners at the same moment: one wins. On MySQL the lock on the hall decides.
func TestConcurrentPlansOfOneHall(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *catalogtest.World, _ *clock.Fake) {
		h := w.House()
		var wg sync.WaitGroup
		var mu sync.Mutex
		won := 0
		for range 12 {
			wg.Go(func() {
				_, err := w.Catalog.CreateSession(context.Background(), actor.SystemActor,
					h.Plan(start.Add(30*time.Hour)))
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					won++
				} else if !errors.Is(err, catalog.ErrHallBusy) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if won != 1 {
			t.Errorf("%d sessions stand in the hall", won)
		}
	})
}

func TestSoldSessionsStayWhereTheyAre(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *catalogtest.World, _ *clock.Fake) {
		h, ctx, sys := w.House(), context.Background(), actor.SystemActor
		s := h.OnSale(start.Add(24 * time.Hour))
		w.Stock.SetClaims(s.ID)
		moved := *s
		moved.StartsAt, moved.EndsAt = s.StartsAt.Add(time.Hour), s.EndsAt.Add(time.Hour)
		_, err := w.Catalog.UpdateSession(ctx, sys, moved)
		if !errors.Is(err, catalog.ErrSessionSold) {
			t.Errorf("moved a sold session: %v", err)
		}
		limits := *s
		limits.MaxPerOrder, limits.HoldSeconds = 4, 900
		next, err := w.Catalog.UpdateSession(ctx, sys, limits)
		if err != nil || next.Revision != s.Revision+1 || next.MaxPerOrder != 4 {
			t.Errorf("limits: %+v %v", next, err)
		}
		_, err = w.Catalog.SetEventState(ctx, sys, h.Event.Meta, catalog.Draft)
		if !errors.Is(err, catalog.ErrInUse) {
			t.Errorf("unpublished an event on sale: %v", err)
		}
		_, err = w.Catalog.SetVenueState(ctx, sys, h.Venue.Meta, catalog.Archived)
		if !errors.Is(err, catalog.ErrInUse) {
			t.Errorf("archived a venue on sale: %v", err)
		}
	})
}

func TestOrganizationsDoNotMeet(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *catalogtest.World, _ *clock.Fake) {
		mine, theirs, ctx := w.House(), w.House(), context.Background()
		who := catalogtest.Staff(mine.Org.ID, actor.Everything)
		s := theirs.OnSale(start.Add(24 * time.Hour))
		steal := func(m catalog.Meta) catalog.Meta { m.Organization = mine.Org.ID; return m }
		e, v, l := *theirs.Event, *theirs.Venue, *theirs.Prices
		cases := map[string]func() error{
			"event, own scope": func() error {
				e.Meta = steal(e.Meta)
				_, err := w.Catalog.UpdateEvent(ctx, who, e)
				return err
			},
			"event, their scope": func() error {
				_, err := w.Catalog.UpdateEvent(ctx, who, *theirs.Event)
				return err
			},
			"venue": func() error {
				v.Meta = steal(v.Meta)
				_, err := w.Catalog.SetVenueState(ctx, who, v.Meta, catalog.Archived)
				return err
			},
			"price list": func() error {
				l.Meta = steal(l.Meta)
				_, err := w.Catalog.UpdatePriceList(ctx, who, l)
				return err
			},
			"session": func() error {
				_, err := w.Catalog.SetSessionState(ctx, who, steal(s.Meta),
					catalog.SessionCancelled)
				return err
			},
			"hall of theirs": func() error {
				plan := mine.Plan(start.Add(50 * time.Hour))
				plan.HallID = theirs.Hall.ID
				_, err := w.Catalog.CreateSession(ctx, who, plan)
				return err
			},
			"new event there": func() error {
				_, err := w.Catalog.CreateEvent(ctx, who, catalog.Event{EventInfo: e.EventInfo,
					Meta: catalog.Meta{Organization: theirs.Org.ID}})
				return err
			},
		}
		for name, try := range cases {
			if err := try(); !errors.Is(err, fault.Missing) {
				t.Errorf("%s: %v", name, err)
			}
		}
		plan := mine.Plan(start.Add(50 * time.Hour))
		plan.EventID, plan.PriceListID = theirs.Event.ID, theirs.Prices.ID
		_, err := w.Catalog.CreateSession(ctx, who, plan)
		if got := fieldsOf(err); !slices.Equal(got, []string{"event_id", "price_list_id"}) {
			t.Errorf("pins of others: %v", err)
		}
		own := *mine.Event
		own.Poster = theirs.Poster.ID
		_, err = w.Catalog.UpdateEvent(ctx, who, own)
		if !slices.Equal(fieldsOf(err), []string{"poster_id"}) {
			t.Errorf("poster of others: %v", err)
		}
		weak := catalogtest.Staff(mine.Org.ID, catalog.PermSession)
		_, err = w.Catalog.UpdateEvent(ctx, weak, *mine.Event)
		if !errors.Is(err, fault.NotAllowed) {
			t.Errorf("without the permission: %v", err)
		}
	})
}

func TestRestartShowsTheSame(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *catalogtest.World, _ *clock.Fake) {
		h := w.House()
		s := h.OnSale(start.Add(24 * time.Hour))
		before := w.Catalog.Browse(catalog.Filter{}, nil, 10)
		again := catalogtest.NewWithStock(t, w.Bundle, w.Stock, w.Stock)
		after := again.Catalog.Browse(catalog.Filter{}, nil, 10)
		if len(before.Bodies) != 1 || before.Stamp != after.Stamp {
			t.Errorf("before %s\nafter %s", before.Bodies, after.Bodies)
		}
		got, err := again.Catalog.Sellable(context.Background(), s.ID)
		if err != nil || got.Revision != s.Revision || !got.StartsAt.Equal(s.StartsAt) ||
			got.Version != "IMAX 3D" || got.SeatMapVersionID != 1 {
			t.Errorf("%+v %v", got, err)
		}
	})
}

func TestLongestTextsFit(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *catalogtest.World, _ *clock.Fake) {
		h := w.House()
		info := catalogtest.FilmInfo(strings.Repeat("长", 200), "longest")
		info.PrintedTitle = strings.Repeat("票", 60)
		info.Synopsis, info.Notice = strings.Repeat("简", 5000), strings.Repeat("知", 3000)
		info.SynopsisEn, info.NoticeEn = strings.Repeat("e", 5000), strings.Repeat("n", 3000)
		e := h.Film(info)
		got, err := w.Catalog.Stores().Events.Get(context.Background(),
			actor.Scope{Organization: h.Org.ID}, e.ID)
		if err != nil || got.Title != info.Title || got.Synopsis != info.Synopsis {
			t.Errorf("%v", err)
		}
	})
}
