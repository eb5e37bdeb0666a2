package catalog

import (
	"context"
	"fmt"
	"slices"

	"foyer/internal/actor"
	"foyer/internal/catalog/almanac"
	"foyer/internal/idgen"
	"foyer/internal/journal"
	"foyer/internal/sqldb"
)

// KindHolidays is the kind of a list's public id.
const KindHolidays idgen.Kind = "hol"

// HolidayList is a year's holidays and adjusted workdays as an organization imported them,
// e.g. when the State Council has published the next year. It replaces the built-in list
// of its year, in prices and in calendars.
type HolidayList struct {
	Meta
	HolidayListInfo
}

// HolidayListInfo is what people import.
type HolidayListInfo struct {
	Year   int            `json:"year" minimum:"2000" maximum:"2100"`
	Source string         `json:"source" minLength:"1" maxLength:"300" doc:"the public notice"`
	Days   []almanac.Span `json:"days" maxItems:"60"`
}

func (l *HolidayList) check() error {
	tidyText(&l.Source)
	var c checker
	c.number("year", int64(l.Year), 2000, 2100)
	c.text("source", l.Source, 1, 300)
	c.number("days", int64(len(l.Days)), 1, 60)
	seen := map[int]bool{}
	for i := range l.Days {
		d, at := &l.Days[i], fmt.Sprintf("days[%d]", i)
		tidyText(&d.Name, &d.NameEn)
		choice(&c, at+".kind", d.Kind, almanac.Kinds())
		c.text(at+".name", d.Name, 1, 40)
		c.text(at+".name_en", d.NameEn, 0, 60)
		days, err := d.Dates()
		if err != nil {
			c.Add(at+".from", "is no span of 1 to 31 days / 日期有误")
		}
		for _, day := range days {
			if day/10000 != l.Year {
				c.Add(at+".from", "is not within the year / 不在该年度")
				break
			}
			if seen[day] {
				c.Add(at+".from", "names a day twice / 日期重复")
				break
			}
			seen[day] = true
		}
	}
	return c.Err()
}

// Name makes a list the only one of its year.
func (l *HolidayList) Name() string { return fmt.Sprint(l.Year) }

// CreateHolidayList imports a year. Refused with ErrCodeTaken when there is one already.
func (c *Catalog) CreateHolidayList(ctx context.Context, who actor.Actor,
	l HolidayList) (*HolidayList, error) {
	if err := Allow(who, PermPrice, l.Organization, 0); err != nil {
		return nil, err
	}
	if err := l.check(); err != nil {
		return nil, err
	}
	return add(c, ctx, c.holidays, who, &l, func(tx *sqldb.Tx, l *HolidayList) error {
		return c.raiseByDays(tx, l.Organization)
	})
}

// UpdateHolidayList replaces a year's list. Sessions whose prices follow the day get
// another revision, so that nobody buys at a price that was not shown.
func (c *Catalog) UpdateHolidayList(ctx context.Context, who actor.Actor,
	l HolidayList) (*HolidayList, error) {
	if err := l.check(); err != nil {
		return nil, err
	}
	edit := func(tx *sqldb.Tx, was, next *HolidayList) error {
		if err := Allow(who, PermPrice, was.Organization, 0); err != nil {
			return err
		}
		next.HolidayListInfo = l.HolidayListInfo
		return c.raiseByDays(tx, was.Organization)
	}
	return amend(c, ctx, c.holidays, who, refOf(l.Meta), "changed", edit)
}

// raiseByDays raises the revision of the sessions whose price follows the kind of day.
func (c *Catalog) raiseByDays(tx *sqldb.Tx, organization int64) error {
	for id, list := range c.board.view.Load().lists.all() {
		if list.Organization != organization || !slices.ContainsFunc(list.Rules,
			func(r PriceRule) bool { return len(r.DayKinds) > 0 }) {
			continue
		}
		raised, err := c.cfg.Stores.Timetable.Bump(tx, scopeOf(organization), UsingPriceList, id)
		if err != nil {
			return err
		}
		for _, s := range raised {
			tx.Forget(foundKey{KindSession, organization, s.ID})
			tx.Forget(gateKey(s.ID))
			tx.AfterCommit(func() { c.board.push(s) })
		}
	}
	return nil
}

// houseDays are the lists of an organization and what they make of the built-in ones.
type houseDays struct {
	lists []*HolidayList
	days  *almanac.Almanac
}

// builtIn is China's days as they come with the program.
func builtIn() *almanac.Almanac {
	years, _, err := almanac.China()
	if err != nil {
		panic(err) // the file is embedded and tested
	}
	a, err := almanac.New(years...)
	if err != nil {
		panic(err) // the file is embedded and tested
	}
	return a
}

// takeHolidays puts a changed list into the view that is being made.
func (m *maker) takeHolidays(l *HolidayList) {
	next := &houseDays{}
	if old := m.days.at(l.Organization); old != nil {
		next.lists = old.lists
	}
	next.lists = replaced(next.lists, l)
	years, _, err := almanac.China()
	for _, l := range next.lists {
		years = append(years, almanac.Year{Year: l.Year, Days: l.Days})
	}
	if err == nil {
		next.days, err = almanac.New(years...)
	}
	if err != nil {
		m.cfg.Log.Error("a stored holiday list is unreadable", "list", l.ID, "err", err)
		return
	}
	e := m.days.edit()
	e.set(l.Organization, next)
	m.days = e.done()
	m.touched[objectKey{"organization", l.Organization}] = true
}

// dayOf is what a day is to an organization.
func (v *view) dayOf(organization int64, day int) almanac.Day {
	if own := v.days.at(organization); own != nil {
		return own.days.Of(day)
	}
	return v.almanac.Of(day)
}

// DayOf says what a business day (yyyymmdd) is to an organization: by the lists that it
// imported, else by the built-in ones.
func (c *Catalog) DayOf(organization int64, day int) almanac.Day {
	return c.board.view.Load().dayOf(organization, day)
}

// rereadHolidays brings in a list that another process changed, with the sessions whose
// revision it raised.
func (c *Catalog) rereadHolidays(ctx context.Context, o journal.Object) error {
	fresh, err := c.cfg.Stores.Holidays.One(ctx, o.ID)
	if err != nil {
		return err
	}
	if own := c.board.view.Load().days.at(fresh.Organization); own != nil {
		for _, l := range own.lists {
			if l.ID == o.ID && l.Revision >= o.Revision {
				return nil
			}
		}
	}
	c.board.push(fresh)
	return c.pushWhere(ctx, func(s *Sellable) bool {
		return s.Meta.Organization == fresh.Organization
	})
}
