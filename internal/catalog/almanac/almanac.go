// Package almanac knows what kind of day a date is: a holiday, a weekend day that the state
// made a workday (调休), a weekend or a workday. The days of China come as a dated file
// with their public source; lists of later years are imported as they are published.
package almanac

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"time"
)

// Kind is what sort of day a date is.
type Kind string

// The kinds of day.
const (
	Workday  Kind = "workday"
	Weekend  Kind = "weekend"
	Holiday  Kind = "holiday"
	Adjusted Kind = "adjusted_workday" // 调休: a weekend day that is worked
)

// Kinds are all kinds of day.
func Kinds() []Kind { return []Kind{Workday, Weekend, Holiday, Adjusted} }

// Span is dates that are not what their weekday says; without until it is one day.
type Span struct {
	From   string `json:"from" maxLength:"10" doc:"e.g. 2027-10-01"`
	Until  string `json:"until,omitempty" maxLength:"10" doc:"included; empty: one day"`
	Kind   Kind   `json:"kind" enum:"holiday,adjusted_workday,workday,weekend"`
	Name   string `json:"name" minLength:"1" maxLength:"40"`
	NameEn string `json:"name_en,omitempty" maxLength:"60"`
}

// longestSpan bounds a span, in days.
const longestSpan = 31

// Dates are the days (yyyymmdd) of a span; an error names what is wrong with it.
func (s Span) Dates() ([]int, error) {
	from, err := time.Parse(time.DateOnly, s.From)
	if err != nil {
		return nil, fmt.Errorf("%q is no date", s.From)
	}
	until := from
	if s.Until != "" {
		if until, err = time.Parse(time.DateOnly, s.Until); err != nil {
			return nil, fmt.Errorf("%q is no date", s.Until)
		}
	}
	if until.Before(from) || until.Sub(from) >= longestSpan*24*time.Hour {
		return nil, fmt.Errorf("%s to %s is not 1 to %d days", s.From, s.Until, longestSpan)
	}
	var days []int
	for d := from; !d.After(until); d = d.AddDate(0, 0, 1) {
		days = append(days, d.Year()*10000+int(d.Month())*100+d.Day())
	}
	return days, nil
}

// Year is the days of one year that are not what their weekday says.
type Year struct {
	Year      int    `json:"year"`
	Settled   bool   `json:"settled"` // false: the arrangement is not published yet
	Published string `json:"published"`
	Source    string `json:"source"`
	Days      []Span `json:"days"`
}

//go:embed china.json
var china []byte

// China is the file of China's days, with its version, the date when it was made.
func China() (years []Year, version string, err error) {
	var doc struct {
		Version string `json:"version"`
		Years   []Year `json:"years"`
	}
	err = json.Unmarshal(china, &doc)
	return doc.Years, doc.Version, err
}

// Day is what is known of a date.
type Day struct {
	Kind         Kind
	Name, NameEn string // of the holiday or adjusted workday
}

// Almanac answers for dates. It never changes; With makes another.
type Almanac struct{ days map[int]Day }

// New is an almanac of years, later lists over earlier ones.
func New(years ...Year) (*Almanac, error) {
	a := &Almanac{map[int]Day{}}
	for _, y := range years {
		if err := a.add(y); err != nil {
			return nil, err
		}
	}
	return a, nil
}

func (a *Almanac) add(y Year) error {
	for day := range a.days {
		if day/10000 == y.Year {
			delete(a.days, day) // a list replaces its whole year
		}
	}
	for _, s := range y.Days {
		days, err := s.Dates()
		if err != nil {
			return fmt.Errorf("almanac: %d: %w", y.Year, err)
		}
		for _, d := range days {
			a.days[d] = Day{s.Kind, s.Name, s.NameEn}
		}
	}
	return nil
}

// Of says what a day (yyyymmdd) is; a day that no list names is what its weekday says.
func (a *Almanac) Of(day int) Day {
	if a != nil {
		if d, ok := a.days[day]; ok {
			return d
		}
	}
	date := time.Date(day/10000, time.Month(day/100%100), day%100, 0, 0, 0, 0, time.UTC)
	if w := date.Weekday(); w == time.Saturday || w == time.Sunday {
		return Day{Kind: Weekend}
	}
	return Day{Kind: Workday}
}
