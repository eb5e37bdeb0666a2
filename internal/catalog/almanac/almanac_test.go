package almanac_test

import (
	"testing"
	"time"

	"foyer/internal/catalog/almanac"
)

func TestChinasDays(t *testing.T) {
	t.Parallel()
	years, version, err := almanac.China()
	if err != nil || version == "" || len(years) != 3 {
		t.Fatal(years, version, err)
	}
	a, err := almanac.New(years...)
	if err != nil {
		t.Fatal(err)
	}
	for day, kind := range map[int]almanac.Kind{
		20260101: almanac.Holiday, 20260104: almanac.Adjusted, 20260105: almanac.Workday,
		20260214: almanac.Adjusted, 20260215: almanac.Holiday, 20260223: almanac.Holiday,
		20260224: almanac.Workday, 20260228: almanac.Adjusted, 20260301: almanac.Weekend,
		20250928: almanac.Adjusted, 20251008: almanac.Holiday, 20251009: almanac.Workday,
		20261010: almanac.Adjusted, 20270206: almanac.Holiday, 20280101: almanac.Weekend,
	} {
		if got := a.Of(day); got.Kind != kind {
			t.Errorf("%d is %s, want %s", day, got.Kind, kind)
		}
	}
}

// TestListsAreWhole: every adjusted workday is a weekend day, lies in its year, and no day
// is named twice; a settled year names its notice.
func TestListsAreWhole(t *testing.T) {
	t.Parallel()
	years, _, err := almanac.China()
	if err != nil {
		t.Fatal(err)
	}
	for _, y := range years {
		seen := map[int]bool{}
		for _, s := range y.Days {
			days, err := s.Dates()
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range days {
				date := time.Date(d/10000, time.Month(d/100%100), d%100, 0, 0, 0, 0, time.UTC)
				weekend := date.Weekday() == time.Saturday || date.Weekday() == time.Sunday
				if s.Kind == almanac.Adjusted && !weekend || seen[d] || date.Year() != y.Year {
					t.Errorf("%d: %d as %s", y.Year, d, s.Kind)
				}
				seen[d] = true
			}
		}
		if y.Source == "" || y.Published == "" || len(seen) < 11 {
			t.Errorf("%d: %d days from %q", y.Year, len(seen), y.Source)
		}
	}
}

func TestALaterListReplacesItsYear(t *testing.T) {
	t.Parallel()
	a, err := almanac.New(almanac.Year{Year: 2027, Days: []almanac.Span{
		{From: "2027-06-09", Kind: almanac.Holiday, Name: "x"}}},
		almanac.Year{Year: 2027, Days: []almanac.Span{
			{From: "2027-06-12", Kind: almanac.Adjusted, Name: "y"}}})
	if err != nil || a.Of(20270609).Kind != almanac.Workday ||
		a.Of(20270612).Kind != almanac.Adjusted {
		t.Error(a, err)
	}
	for _, bad := range []almanac.Span{{From: "2027-02-30"}, {From: "2027-01-02",
		Until: "2027-01-01"}, {From: "2027-01-01", Until: "2027-03-01"}} {
		if _, err := almanac.New(almanac.Year{Year: 2027, Days: []almanac.Span{bad}}); err == nil {
			t.Errorf("%+v was taken", bad)
		}
	}
}
