package sheet

import (
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"
)

// reader reads the cells of one row and notes what is wrong with them.
type reader struct {
	*findings
	line
}

func (r *reader) text(field string) string { return r.grid.cell(r.line, field) }

func (r *reader) bad(field, format string, args ...any) {
	r.add(r.number, field, format, args...)
}

// words splits a cell that lists things: 动作、科幻 or action, sci-fi.
func (r *reader) words(field string) []string {
	var out []string
	for _, w := range strings.FieldsFunc(r.text(field), func(c rune) bool {
		return strings.ContainsRune("、，,；;/|\n", c)
	}) {
		if w = strings.TrimSpace(w); w != "" {
			out = append(out, w)
		}
	}
	return out
}

// number reads a whole number; spreadsheets write 120 as 120.0 at times.
func (r *reader) whole(field string, least, most int) int {
	v := r.text(field)
	if v == "" {
		return 0
	}
	v = strings.TrimSuffix(strings.TrimSuffix(v, "分钟"), ".0")
	n, err := strconv.Atoi(strings.TrimSpace(v))
	if err != nil || n < least || n > most {
		r.bad(field, "%q is not a whole number within %d..%d / 应为 %d 到 %d 的整数",
			r.text(field), least, most, least, most)
		return 0
	}
	return n
}

// serial reads a spreadsheet's count of days.
func (r *reader) serial(v string) (time.Time, bool) {
	n, err := strconv.ParseFloat(v, 64)
	if err != nil || n < 0 || n > 200_000 {
		return time.Time{}, false
	}
	t, err := excelize.ExcelDateToTime(n, r.grid.date04)
	return t.Round(time.Second), err == nil
}

func dateForms() []string {
	return []string{"2006-1-2", "2006/1/2", "2006.1.2", "2006年1月2日", "20060102"}
}

func timeForms() []string { return []string{"15:04:05", "15:04"} }

// parse tries the forms in which people write.
func parse(v string, forms []string) (time.Time, bool) {
	v = strings.ReplaceAll(v, "：", ":")
	for _, f := range forms {
		if t, err := time.Parse(f, v); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// date reads a calendar date as 2006-01-02; empty when the cell is.
func (r *reader) date(field string) string {
	v := r.text(field)
	if v == "" {
		return ""
	}
	t, ok := parse(v, dateForms())
	if !ok {
		t, ok = r.serial(v)
	}
	if !ok || t.Year() < 1900 {
		r.bad(field, "%q is not a date like 2026-10-01 / 日期格式有误", v)
		return ""
	}
	return t.Format(time.DateOnly)
}

// moment reads a date and time of day in one cell, in a venue's time zone; a time of day
// over 24:00 is that of the next morning. ok is false when the cell is empty or wrong.
func (r *reader) moment(field string, zone *time.Location) (time.Time, bool) {
	v := r.text(field)
	if v == "" {
		return time.Time{}, false
	}
	if t, err := time.Parse(time.RFC3339, v); err == nil {
		return t, true
	}
	if t, ok := r.serial(v); ok && t.Year() >= 1950 {
		return inZone(t, zone), true
	}
	day, clock, found := strings.Cut(strings.Replace(v, "T", " ", 1), " ")
	d, okDay := parse(day, dateForms())
	minutes, okTime := minutesOf(strings.TrimSpace(clock))
	if !found || !okDay || !okTime {
		r.bad(field, "%q is not a moment like 2026-10-01 19:30 / 时间格式有误", v)
		return time.Time{}, false
	}
	return inZone(d.Add(time.Duration(minutes)*time.Minute), zone), true
}

// dayAndTime reads a moment from two cells.
func (r *reader) dayAndTime(day, clock string, zone *time.Location) (time.Time, bool) {
	date := r.date(day)
	v := r.text(clock)
	minutes, ok := minutesOf(v)
	if !ok {
		var t time.Time
		if t, ok = r.serial(v); ok {
			minutes = t.Hour()*60 + t.Minute()
		}
	}
	if v == "" || !ok {
		r.bad(clock, "%q is not a time like 19:30 / 时间格式有误", v)
	}
	if date == "" && r.text(day) == "" {
		r.bad(day, "is required / 必填")
	}
	if date == "" || v == "" || !ok {
		return time.Time{}, false
	}
	d, _ := time.Parse(time.DateOnly, date)
	return inZone(d.Add(time.Duration(minutes)*time.Minute), zone), true
}

// minutesOf reads 19:30, 19:30:00 and 25:30.
func minutesOf(v string) (int, bool) {
	if t, ok := parse(v, timeForms()); ok {
		return t.Hour()*60 + t.Minute(), true
	}
	h, m, found := strings.Cut(strings.ReplaceAll(v, "：", ":"), ":")
	hours, errH := strconv.Atoi(h)
	minutes, errM := strconv.Atoi(m)
	if !found || errH != nil || errM != nil || hours < 24 || hours > 35 || minutes < 0 ||
		minutes > 59 {
		return 0, false
	}
	return hours*60 + minutes, true
}

// inZone takes a wall time for that of a zone.
func inZone(t time.Time, zone *time.Location) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, zone)
}
