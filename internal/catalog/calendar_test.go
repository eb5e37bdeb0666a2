package catalog_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/catalog/almanac"
	"foyer/internal/catalog/catalogtest"
	"foyer/internal/clock"
)

// museum closes on Mondays that are no holiday, lets nobody in in its last hour, is open
// late on holidays and shut on a day of its own.
func museum() catalog.Hours {
	return catalog.Hours{
		Weekly: []catalog.WeeklyHours{{Weekdays: []int{2, 3, 4, 5, 6, 7}, Open: "09:00",
			Close: "17:00", LastEntry: "16:00"}},
		Kinds: []catalog.KindHours{{Kind: almanac.Holiday, Open: "08:00", Close: "20:00",
			LastEntry: "19:00"}},
		Exceptions: []catalog.DayHours{{Date: "2026-10-20", Closed: true, Reason: "设备检修"}}}
}

func TestWhenAVenueIsOpen(t *testing.T) {
	t.Parallel()
	h := museum()
	for day, want := range map[int][]catalog.Opening{
		20261012: nil,                 // a Monday
		20261005: {{480, 1200, 1140}}, // a Monday of National Day
		20261010: {{540, 1020, 960}},  // 调休: open as on any Saturday
		20261020: nil,                 // shut for repairs
		20261021: {{540, 1020, 960}},  // a Wednesday
	} {
		p := h.Plan(day, catalog.BuiltIn(day))
		if !slices.Equal(p.Openings, want) {
			t.Errorf("%d: %v, want %v", day, p.Openings, want)
		}
		if day == 20261020 && p.Reason != "设备检修" || day == 20261005 && p.Reason != "国庆节" {
			t.Errorf("%d: because of %q", day, p.Reason)
		}
	}
}

// TestSlotsAgainstEveryMinute: a template makes exactly the slots that looking at every
// minute of every day finds.
func TestSlotsAgainstEveryMinute(t *testing.T) {
	t.Parallel()
	v := catalogtest.Must[*catalog.Venue](t)(catalog.Located(&catalog.Venue{
		VenueInfo: catalog.VenueInfo{Hours: museum()}}))
	rapid.Check(t, func(t *rapid.T) {
		from := time.Date(2026, 9, 28, 0, 0, 0, 0, time.UTC).AddDate(0, 0,
			rapid.IntRange(0, 20).Draw(t, "from"))
		r := catalog.SlotRule{From: from.Format(time.DateOnly),
			Until: from.AddDate(0, 0, rapid.IntRange(0, 5).Draw(t, "days")).
				Format(time.DateOnly),
			EveryMinutes:  rapid.IntRange(20, 200).Draw(t, "every"),
			LengthMinutes: rapid.IntRange(5, 300).Draw(t, "length"),
			First:         rapid.SampledFrom([]string{"", "08:30", "12:15"}).Draw(t, "first"),
			Last:          rapid.SampledFrom([]string{"", "11:00", "23:00"}).Draw(t, "last"),
			Exclude:       rapid.SampledFrom([][]string{nil, {"2026-10-07"}}).Draw(t, "exclude"),
			Weekdays:      rapid.SampledFrom([][]int{nil, {1, 3, 6}}).Draw(t, "weekdays"),
			DayKinds: rapid.SampledFrom([][]almanac.Kind{nil, {almanac.Holiday},
				{almanac.Workday, almanac.Adjusted}}).Draw(t, "kinds")}
		now := from.Add(time.Duration(rapid.IntRange(-10, 40).Draw(t, "now")) * time.Hour)
		got, err := r.Slots(v, catalog.BuiltIn, now)
		if err != nil {
			t.Fatal(err)
		}
		var starts []time.Time
		for _, s := range got.Slots {
			starts = append(starts, s.StartsAt)
			if s.EndsAt.Sub(s.StartsAt) != time.Duration(r.LengthMinutes)*time.Minute {
				t.Fatalf("a slot of %v", s.EndsAt.Sub(s.StartsAt))
			}
		}
		if want := everyMinute(v, r, now); !slices.EqualFunc(starts, want, time.Time.Equal) {
			t.Fatalf("%+v:\n got %v\nwant %v", r, starts, want)
		}
	})
}

// everyMinute looks at each minute of each day of a rule, as a person with a calendar does.
func everyMinute(v *catalog.Venue, r catalog.SlotRule, now time.Time) (list []time.Time) {
	clockOf := func(s string, empty int) int {
		if s == "" {
			return empty
		}
		at, _ := time.Parse("15:04", s)
		return at.Hour()*60 + at.Minute()
	}
	from, _ := time.Parse(time.DateOnly, r.From)
	until, _ := time.Parse(time.DateOnly, r.Until)
	for d := from; !d.After(until); d = d.AddDate(0, 0, 1) {
		day := d.Year()*10000 + int(d.Month())*100 + d.Day()
		is := catalog.BuiltIn(day)
		weekday := (int(d.Weekday())+6)%7 + 1
		if slices.Contains(r.Exclude, d.Format(time.DateOnly)) ||
			len(r.Weekdays) > 0 && !slices.Contains(r.Weekdays, weekday) ||
			len(r.DayKinds) > 0 && !slices.Contains(r.DayKinds, is.Kind) {
			continue
		}
		for _, o := range v.Hours.Plan(day, is).Openings {
			due := max(o.Open, clockOf(r.First, 0))
			for m := range 24 * 60 {
				if m != due || m > o.LastEntry || m+r.LengthMinutes > o.Close ||
					m > clockOf(r.Last, 24*60) {
					continue
				}
				due += r.EveryMinutes
				if at := time.Date(d.Year(), d.Month(), d.Day(), 0, m, 0, 0,
					v.Location()); at.After(now) {
					list = append(list, at)
				}
			}
		}
	}
	return list
}

// slotsOf is a template for the house's hall.
func slotsOf(h *catalogtest.House, r catalog.SlotRule) catalog.SlotTemplate {
	return catalog.SlotTemplate{HallID: h.Hall.ID, EventID: h.Event.ID, PriceListID: h.Prices.ID,
		RefundPolicyID: h.Policy.ID, SlotRule: r}
}

// TestMakingSlots: a dry run makes nothing and says the same; what is there already is in
// the way, all or nothing unless skipped; sale begins by the event's rule, else the
// venue's; a week is copied with its wall times.
func TestMakingSlots(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *catalogtest.World, clk *clock.Fake) {
		h, ctx, sys := w.House(), context.Background(), actor.SystemActor
		venue := *h.Venue
		venue.SaleOpens = &catalog.SaleOpening{DaysAhead: 7, At: "17:00"}
		h.Venue = catalogtest.Must[*catalog.Venue](t)(w.Catalog.UpdateVenue(ctx, sys, venue))
		monday := clk.Now().AddDate(0, 0, 28)
		for monday.Weekday() != time.Monday {
			monday = monday.AddDate(0, 0, 1)
		}
		r := catalog.SlotRule{From: monday.Format(time.DateOnly),
			Until: monday.AddDate(0, 0, 1).Format(time.DateOnly), EveryMinutes: 180,
			LengthMinutes: 120, Last: "18:00"}
		dry, err := w.Catalog.MakeSlots(ctx, sys, h.Org.ID, slotsOf(h, r),
			catalog.MakeOptions{Dry: true})
		// What is undone may be done twice: a batch in which something fails is done again.
		if tried := len(w.Stock.Opened); err != nil || len(dry.Slots) != 8 || tried == 0 ||
			tried%8 != 0 {
			t.Fatal(dry, tried, err)
		}
		if list := sessionsOf(t, w, h); len(list) != 0 {
			t.Fatalf("a dry run made %d sessions", len(list))
		}
		made, err := w.Catalog.MakeSlots(ctx, sys, h.Org.ID, slotsOf(h, r), catalog.MakeOptions{})
		if err != nil || len(sessionsOf(t, w, h)) != 8 {
			t.Fatal(err)
		}
		first := made.Slots[0].Session
		if !first.SaleFrom.Equal((catalog.SaleOpening{
			DaysAhead: 7, At: "17:00"}).From(h.Venue, first.BusinessDay)) {
			t.Errorf("sold from %v", first.SaleFrom)
		}
		r.Until = monday.AddDate(0, 0, 2).Format(time.DateOnly)
		_, err = w.Catalog.MakeSlots(ctx, sys, h.Org.ID, slotsOf(h, r), catalog.MakeOptions{})
		if !errors.Is(err, catalog.ErrSlotConflict) || len(sessionsOf(t, w, h)) != 8 {
			t.Errorf("over what is there: %v", err)
		}
		more, err := w.Catalog.MakeSlots(ctx, sys, h.Org.ID, slotsOf(h, r),
			catalog.MakeOptions{SkipConflicts: true})
		if err != nil || len(more.Slots) != 12 || len(sessionsOf(t, w, h)) != 12 {
			t.Errorf("conflicts skipped: %v", err)
		}
		to := monday.AddDate(0, 0, 7).Format(time.DateOnly)
		copied, err := w.Catalog.CopyWeek(ctx, sys, h.Org.ID, h.Venue.ID,
			monday.Format(time.DateOnly), to, catalog.MakeOptions{})
		if err != nil || len(copied.Slots) != 12 || len(sessionsOf(t, w, h)) != 24 {
			t.Fatalf("copied: %v %v", copied, err)
		}
		if d := copied.Slots[0].StartsAt.Sub(first.StartsAt); d != 7*24*time.Hour {
			t.Errorf("copied %v later", d)
		}
		_, err = w.Catalog.MakeSlots(ctx, sys, h.Org.ID, slotsOf(h, catalog.SlotRule{
			From: "2020-01-01", Until: "2020-01-02", EveryMinutes: 60, LengthMinutes: 60}),
			catalog.MakeOptions{})
		if !errors.Is(err, catalog.ErrNoSlots) {
			t.Errorf("days that are over: %v", err)
		}
		_, err = w.Catalog.MakeSlots(ctx, sys, h.Org.ID, slotsOf(h, catalog.SlotRule{
			From: "2027-02-30", Until: "2027-01-01", EveryMinutes: 1, LengthMinutes: 1,
			First: "9"}), catalog.MakeOptions{})
		if got := fieldsOf(err); !slices.Equal(got, []string{"every_minutes", "first", "from",
			"length_minutes"}) {
			t.Errorf("named %v", got)
		}
	})
}

func sessionsOf(t *testing.T, w *catalogtest.World, h *catalogtest.House) []*catalog.Session {
	t.Helper()
	list, err := w.Catalog.Stores().Timetable.Between(context.Background(),
		actor.Scope{Organization: h.Org.ID}, catalog.SessionRange{
			To: w.Clock.Now().AddDate(1, 0, 0), Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestPricesFollowImportedHolidays: a rule for holidays sees the built-in list, and the
// imported one once it replaces the year; the sessions then have another revision.
func TestPricesFollowImportedHolidays(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *catalogtest.World, clk *clock.Fake) {
		h, ctx, sys := w.House(), context.Background(), actor.SystemActor
		list := *h.Prices
		list.Rules = []catalog.PriceRule{{Name: "节日", DayKinds: []almanac.Kind{almanac.Holiday},
			Change: catalog.ChangeAdd, Value: 1000}}
		h.Prices = catalogtest.Must[*catalog.PriceList](t)(w.Catalog.UpdatePriceList(ctx, sys,
			list))
		day := clk.Now().AddDate(0, 0, 43)
		s := h.OnSale(day)
		price := func() int64 {
			is, err := w.Catalog.Sellable(ctx, s.ID)
			if err != nil {
				t.Fatal(err)
			}
			p, _ := is.Prices.Price("A", h.Adult.ID, clk.Now())
			return int64(p)
		}
		if got := price(); got != 5000 {
			t.Fatalf("before the import: %d", got)
		}
		local := day.In(h.Venue.Location())
		info := catalog.HolidayListInfo{Year: local.Year(), Source: "通知",
			Days: []almanac.Span{{From: local.Format(time.DateOnly), Kind: almanac.Holiday,
				Name: "节"}}}
		made, err := w.Catalog.CreateHolidayList(ctx, sys, catalog.HolidayList{
			Meta: catalog.Meta{Organization: h.Org.ID}, HolidayListInfo: info})
		if err != nil {
			t.Fatal(err)
		}
		if got := price(); got != 6000 {
			t.Errorf("after the import: %d", got)
		}
		if err := guard(t, w, s.ID, s.Revision); !errors.Is(err, catalog.ErrSessionChanged) {
			t.Errorf("an order at the old price: %v", err)
		}
		_, err = w.Catalog.CreateHolidayList(ctx, sys, catalog.HolidayList{
			Meta: catalog.Meta{Organization: h.Org.ID}, HolidayListInfo: info})
		if !errors.Is(err, catalog.ErrCodeTaken) {
			t.Errorf("a second list of the year: %v", err)
		}
		next := *made
		next.Days = []almanac.Span{{From: "2031-02-29", Kind: "feast"}}
		_, err = w.Catalog.UpdateHolidayList(ctx, sys, next)
		if got := fieldsOf(err); !slices.Equal(got, []string{"days[0].from", "days[0].kind",
			"days[0].name"}) {
			t.Errorf("named %v", got)
		}
		fresh := catalogtest.NewWithStock(t, w.Bundle, w.Stock, w.Stock).Catalog
		if fresh.DayOf(h.Org.ID, s.BusinessDay).Name != "节" ||
			fresh.DayOf(h.Org.ID+1, s.BusinessDay).Name == "节" {
			t.Error("after a start the list is not the organization's alone")
		}
	})
}

// TestAMonthOfAVenue says of each day whether it is open, why not, and what plays.
func TestAMonthOfAVenue(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *catalogtest.World, clk *clock.Fake) {
		h, ctx := w.House(), context.Background()
		s := h.OnSale(clk.Now().AddDate(0, 0, 3))
		days, err := w.Catalog.Month(ctx, h.Venue.ID, 0, s.BusinessDay/100)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(days, func(d catalog.CalendarDay) bool {
			return d.BusinessDay == s.BusinessDay
		})
		if i < 0 || days[i].Sessions != 1 || len(days[i].Openings) != 1 || len(days) < 28 {
			t.Errorf("%d days, %+v", len(days), days[max(i, 0)])
		}
		other, err := w.Catalog.Month(ctx, h.Venue.ID, h.Event.ID+1, s.BusinessDay/100)
		if err != nil || other[i].Sessions != 0 {
			t.Errorf("of another event: %+v %v", other[i], err)
		}
		if _, err := w.Catalog.Month(ctx, h.Venue.ID, 0, 202613); err == nil {
			t.Error("a thirteenth month")
		}
	})
}
