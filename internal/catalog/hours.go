package catalog

import (
	"fmt"
	"slices"
)

// Hours are when a venue is open: a weekly rhythm, and days that differ from it.
type Hours struct {
	Weekly     []WeeklyHours `json:"weekly,omitempty" maxItems:"14"`
	Exceptions []DayHours    `json:"exceptions,omitempty" maxItems:"200"`
	Kinds      []KindHours   `json:"kinds,omitempty" maxItems:"4" doc:"of holidays and the like"`
}

// WeeklyHours is one opening on some weekdays. A close past midnight is written over 24:00,
// e.g. 25:30.
type WeeklyHours struct {
	Weekdays  []int  `json:"weekdays" minItems:"1" maxItems:"7" doc:"1 Monday to 7 Sunday"`
	Open      string `json:"open" maxLength:"5" doc:"e.g. 09:00"`
	Close     string `json:"close" maxLength:"5" doc:"e.g. 17:00, or 25:30 at night"`
	LastEntry string `json:"last_entry,omitempty" maxLength:"5"`
}

// DayHours is one date that differs: closed, or open at other hours.
type DayHours struct {
	Date   string `json:"date" maxLength:"10"`
	Closed bool   `json:"closed,omitempty"`
	Open   string `json:"open,omitempty" maxLength:"5"`
	Close  string `json:"close,omitempty" maxLength:"5"`
	Reason string `json:"reason,omitempty" maxLength:"100"`
	// LastEntry is when the last visitor is let in; empty: at the close.
	LastEntry string `json:"last_entry,omitempty" maxLength:"5"`
}

// Span is an opening in minutes after midnight of the business day.
type Span struct{ Open, Close int }

func (h Hours) check(c *checker, at string) {
	if len(h.Weekly) > 14 || len(h.Exceptions) > 200 {
		c.Add(at, "has more than 14 weekly entries or 200 exceptions / 条目过多")
		return
	}
	h.checkKinds(c, at)
	for i, w := range h.Weekly {
		field := fmt.Sprintf("%s.weekly[%d]", at, i)
		checkWeekdays(c, field+".weekdays", w.Weekdays)
		if len(w.Weekdays) == 0 {
			c.Add(field+".weekdays", "is required / 必填")
		}
		checkSpan(c, field, w.Open, w.Close)
		if w.LastEntry != "" && minuteOf(w.LastEntry) < 0 {
			c.Add(field+".last_entry", "is not a time like 16:30 / 时间格式有误")
		}
	}
	for i, e := range h.Exceptions {
		field := fmt.Sprintf("%s.exceptions[%d]", at, i)
		c.required(field+".date", e.Date != "")
		c.date(field+".date", e.Date)
		c.text(field+".reason", e.Reason, 0, 100)
		if e.LastEntry != "" && minuteOf(e.LastEntry) < 0 {
			c.Add(field+".last_entry", "is not a time like 16:30 / 时间格式有误")
		}
		if !e.Closed {
			checkSpan(c, field, e.Open, e.Close)
		}
	}
}

func checkSpan(c *checker, at, open, end string) {
	from, to := minuteOf(open), minuteOf(end)
	switch {
	case from < 0:
		c.Add(at+".open", "is not a time like 09:00 / 时间格式有误")
	case to < 0:
		c.Add(at+".close", "is not a time like 17:00 / 时间格式有误")
	case from >= to:
		c.Add(at+".close", "is not after open / 结束应晚于开始")
	}
}

func checkWeekdays(c *checker, at string, days []int) {
	for i, d := range days {
		if d < 1 || d > 7 || slices.Contains(days[:i], d) {
			c.Add(at, "holds weekdays 1 (Monday) to 7 (Sunday), each once / 星期有误")
			return
		}
	}
}

// lastMinute is 36:00, noon of the next day: where a business day ends at the latest.
const lastMinute = 36 * 60

// minuteOf reads 09:30 as 570 and 25:30 as 1530; -1 when it is not a time.
func minuteOf(s string) int {
	if len(s) != 5 || s[2] != ':' {
		return -1
	}
	for _, i := range []int{0, 1, 3, 4} {
		if s[i] < '0' || s[i] > '9' {
			return -1
		}
	}
	h, m := int(s[0]-'0')*10+int(s[1]-'0'), int(s[3]-'0')*10+int(s[4]-'0')
	if m > 59 || h*60+m > lastMinute {
		return -1
	}
	return h*60 + m
}
