package programme

import (
	"fmt"
	"reflect"
	"sort"
	"testing"
	"time"

	"pgregory.net/rapid"

	"foyer/internal/demo/art"
)

func shanghai() *time.Location { return time.FixedZone("CST", 8*3600) }

func sample() Programme {
	return Build(time.Date(2026, 5, 14, 9, 30, 0, 0, shanghai()), shanghai())
}

// anyDay draws a moment within ten years, so that every weekday, month end and leap day
// comes up.
func anyDay(t *rapid.T) time.Time {
	return time.Unix(rapid.Int64Range(1767225600, 2082758400).Draw(t, "second"), 0)
}

func TestTheSameDayGivesTheSameProgramme(t *testing.T) {
	t.Parallel()
	morning := time.Date(2026, 5, 14, 0, 0, 0, 0, shanghai())
	a, b := Build(morning, shanghai()), Build(morning.Add(24*time.Hour-1).UTC(), shanghai())
	if !reflect.DeepEqual(a, b) {
		t.Fatal("two moments of one day gave different programmes")
	}
	if reflect.DeepEqual(a, Build(morning.Add(24*time.Hour), shanghai())) {
		t.Fatal("the next day gave the same programme")
	}
}

func TestEveryTextIsThereInBothLanguages(t *testing.T) {
	t.Parallel()
	p := sample()
	n := eachText(reflect.ValueOf(p), "programme", func(path string, x Text) {
		if x.ZH == "" || x.EN == "" {
			t.Errorf("%s: %q / %q", path, x.ZH, x.EN)
		}
	})
	if n < 500 {
		t.Fatalf("only %d texts were looked at", n)
	}
}

// eachText visits every Text within v. Who directs is empty where nobody does.
func eachText(v reflect.Value, path string, visit func(string, Text)) int {
	n := 0
	switch v.Kind() {
	case reflect.Slice:
		for i := range v.Len() {
			n += eachText(v.Index(i), fmt.Sprintf("%s[%d]", path, i), visit)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			n += eachText(v.Elem(), path, visit)
		}
	case reflect.Struct:
		if x, ok := v.Interface().(Text); ok {
			visit(path, x)
			return 1
		}
		if _, ok := v.Interface().(time.Time); ok {
			return 0
		}
		for i := range v.NumField() {
			if v.Type().Field(i).Name == "Director" && v.Field(i).IsZero() {
				continue
			}
			n += eachText(v.Field(i), path+"."+v.Type().Field(i).Name, visit)
		}
	}
	return n
}

func TestNoHallIsUsedTwiceAtATime(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		for _, o := range Build(anyDay(t), shanghai()).Organizations {
			kinds := map[string]VenueKind{}
			for _, v := range o.Venues {
				kinds[v.Key] = v.Kind
			}
			byHall := map[string][]Session{}
			for _, s := range o.Sessions {
				byHall[s.Venue+"/"+s.Hall] = append(byHall[s.Venue+"/"+s.Hall], s)
			}
			for hall, list := range byHall {
				sort.Slice(list, func(i, j int) bool { return list[i].Start.Before(list[j].Start) })
				var gap time.Duration
				if kinds[list[0].Venue] == Cinema {
					gap = cleaningMinutes * time.Minute
				}
				for i := 1; i < len(list); i++ {
					if list[i].Start.Before(list[i-1].End.Add(gap)) {
						t.Fatalf("%s: %s begins too early after %s", hall,
							list[i].Key, list[i-1].Key)
					}
				}
			}
		}
	})
}

func TestSessionsHoldTogether(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := Build(anyDay(t), shanghai())
		seen := map[string]bool{}
		for _, o := range p.Organizations {
			known := index(o)
			for _, s := range o.Sessions {
				if seen[s.Key] {
					t.Fatalf("key twice: %s", s.Key)
				}
				seen[s.Key] = true
				checkSession(t, p, known, s)
			}
		}
	})
}

// names are the things that sessions refer to.
type names struct {
	halls    map[string]Hall
	venues   map[string]Venue
	events   map[string]Event
	prices   map[string]PriceList
	policies map[string]RefundPolicy
}

func index(o Organization) names {
	n := names{map[string]Hall{}, map[string]Venue{}, map[string]Event{},
		map[string]PriceList{}, map[string]RefundPolicy{}}
	for _, v := range o.Venues {
		n.venues[v.Key] = v
		for _, h := range v.Halls {
			n.halls[v.Key+"/"+h.Key] = h
		}
	}
	for _, e := range o.Events {
		n.events[e.Key] = e
	}
	for _, l := range o.PriceLists {
		n.prices[l.Key] = l
	}
	for _, r := range o.Policies {
		n.policies[r.Key] = r
	}
	return n
}

func checkSession(t *rapid.T, p Programme, n names, s Session) {
	hall, ok := n.halls[s.Venue+"/"+s.Hall]
	event, known := n.events[s.Event]
	prices, priced := n.prices[s.PriceList]
	if _, ruled := n.policies[s.Policy]; !ok || !known || !priced || !ruled {
		t.Fatalf("%s refers to what is not there", s.Key)
	}
	if !s.End.After(s.Start) || !s.SaleFrom.Before(s.SaleUntil) || s.SaleUntil.After(s.End) {
		t.Fatalf("%s: times %v %v %v %v", s.Key, s.Start, s.End, s.SaleFrom, s.SaleUntil)
	}
	if s.HoldSeconds < 60 || s.HoldSeconds > 7200 || s.MaxPerOrder < 1 ||
		s.MaxPerMember < s.MaxPerOrder {
		t.Fatalf("%s: limits", s.Key)
	}
	shown := false
	for _, v := range event.Versions {
		shown = shown || v == s.Version
	}
	if !shown {
		t.Fatalf("%s: version %v is not one of the event's", s.Key, s.Version)
	}
	dayStarts := time.Duration(n.venues[s.Venue].DayStartsMinute) * time.Minute
	day := s.Start.In(shanghai()).Add(-dayStarts)
	if got := day.Year()*10000 + int(day.Month())*100 + day.Day(); got != s.BusinessDay {
		t.Fatalf("%s: business day %d, want %d", s.Key, s.BusinessDay, got)
	}
	if day.Before(p.Day.AddDate(0, 0, FirstDay)) || !day.Before(p.Day.AddDate(0, 0, LastDay+1)) {
		t.Fatalf("%s lies outside the programme's days", s.Key)
	}
	checkZones(t, hall, prices, s)
}

// checkZones wants a price for every zone of the hall and capacities within the hall's.
func checkZones(t *rapid.T, hall Hall, prices PriceList, s Session) {
	zones := map[string]bool{}
	for _, x := range prices.Prices {
		zones[x.Zone] = true
	}
	for _, zone := range zonesOf(hall) {
		if !zones[zone] {
			t.Fatalf("%s: %s has no price for zone %s", s.Key, prices.Key, zone)
		}
	}
	for _, a := range hall.Areas {
		if n, set := s.AreaCapacity[a.Key]; set && (n < 1 || n > a.Capacity) {
			t.Fatalf("%s: capacity %d of %d", s.Key, n, a.Capacity)
		}
	}
}

func zonesOf(h Hall) []string {
	var zones []string
	if h.Cinema != nil {
		zones = append(zones, "standard", "gold")
		if h.Cinema.Couples {
			zones = append(zones, "couple")
		}
	}
	if h.GrandStage {
		zones = append(zones, "vip", "a", "b", "c", "d", "box")
	}
	for _, r := range h.Rows {
		zones = append(zones, r.Zone)
	}
	for _, a := range h.Areas {
		zones = append(zones, a.Zone)
	}
	return zones
}

func TestPricesArePositive(t *testing.T) {
	t.Parallel()
	for _, o := range sample().Organizations {
		for _, l := range o.PriceLists {
			if len(l.Prices) == 0 {
				t.Errorf("%s is empty", l.Key)
			}
			for _, x := range l.Prices {
				if l.Free != (x.Amount == 0) || x.Amount < 0 {
					t.Errorf("%s %s %s: %d", l.Key, x.Zone, x.TicketType, x.Amount)
				}
				for _, r := range l.Rules {
					left := int64(x.Amount)*int64(r.BasisPoints)/10000 + int64(r.Add)
					if left <= 0 {
						t.Errorf("%s %s %s: %q leaves %d", l.Key, x.Zone, x.TicketType,
							r.Name.ZH, left)
					}
				}
			}
		}
	}
}

func TestPoliciesClimb(t *testing.T) {
	t.Parallel()
	for _, r := range policies() {
		if r.Allowed != (len(r.Rungs) > 0) {
			t.Errorf("%s: allowed %v with %d rungs", r.Key, r.Allowed, len(r.Rungs))
		}
		for i, x := range r.Rungs {
			if x.FeeBasisPoints < 0 || x.FeeBasisPoints > 10000 || x.MinFee < 0 {
				t.Errorf("%s: rung %d %+v", r.Key, i, x)
			}
			if i > 0 && (x.UntilMinutesBefore >= r.Rungs[i-1].UntilMinutesBefore ||
				x.FeeBasisPoints < r.Rungs[i-1].FeeBasisPoints) {
				t.Errorf("%s: rung %d does not climb", r.Key, i)
			}
		}
	}
}

func TestTheDemoHasItsParts(t *testing.T) {
	t.Parallel()
	p := sample()
	galaxy := p.Organizations[0]
	venues, events := map[VenueKind]int{}, map[EventKind]int{}
	for _, v := range galaxy.Venues {
		venues[v.Kind]++
		if v.Latitude < 29.9 || v.Latitude > 30.6 || v.Longitude < 119.7 || v.Longitude > 120.6 {
			t.Errorf("%s does not lie in Hangzhou", v.Key)
		}
	}
	for _, e := range galaxy.Events {
		events[e.Kind]++
		if e.Code == "" || e.ReleaseOn == "" || e.Minutes < 1 || e.OriginalTitle == "" {
			t.Errorf("%s lacks a field: %+v", e.Key, e)
		}
	}
	if len(venues) != 6 || events[Film] != 10 || events[Play]+events[Concert] != 4 ||
		events[Show] != 3 || events[Tour] != 1 || len(p.Organizations) != 2 {
		t.Errorf("venues %v, events %v", venues, events)
	}
	late := 0
	for _, s := range galaxy.Sessions {
		if s.Venue == xihu && s.Start.Hour() < 6 {
			late++
		}
	}
	if late == 0 {
		t.Error("no film begins after midnight")
	}
}

func TestTheMuseumClosesOnMondaysAndHasNineSlots(t *testing.T) {
	t.Parallel()
	slots := map[int]int{}
	for _, s := range sample().Organizations[0].Sessions {
		if s.Venue != liangzhu || s.Hall != "permanent" {
			continue
		}
		if s.Start.Weekday() == time.Monday {
			t.Errorf("open on Monday: %s", s.Key)
		}
		slots[s.BusinessDay]++
	}
	for day, n := range slots {
		if n != 9 {
			t.Errorf("%d has %d slots", day, n)
		}
	}
	if len(slots) != 8 {
		t.Errorf("%d open days of 9, one of them a Monday", len(slots))
	}
}

func TestPicturesAreDrawn(t *testing.T) {
	t.Parallel()
	scenes := map[art.Scene]bool{}
	for _, s := range art.Scenes() {
		scenes[s] = true
	}
	for _, o := range sample().Organizations {
		for _, v := range o.Venues {
			if !scenes[v.Picture.Scene] {
				t.Errorf("%s: scene %q", v.Key, v.Picture.Scene)
			}
		}
		for _, e := range o.Events {
			if len(e.Stills) == 0 {
				t.Errorf("%s has no stills", e.Key)
			}
			for _, x := range append(e.Stills, e.Poster) {
				if !scenes[x.Scene] {
					t.Errorf("%s: scene %q", e.Key, x.Scene)
				}
			}
		}
	}
}
