package catalog

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"foyer/internal/fault"
)

// checker collects the problems of one input under a path.
type checker struct{ fault.Problems }

// text checks length in characters and refuses control characters other than line ends.
func (c *checker) text(field, v string, least, most int) {
	n := utf8.RuneCountInString(v)
	switch {
	case !utf8.ValidString(v):
		c.Add(field, "is not UTF-8")
	case n < least && n == 0:
		c.Add(field, "is required / 必填")
	case n < least:
		c.Add(field, "has %d characters, at least %d / 至少 %d 个字", n, least, least)
	case n > most:
		c.Add(field, "has %d characters, at most %d / 最多 %d 个字", n, most, most)
	case strings.IndexFunc(v, badRune) >= 0:
		c.Add(field, "holds control characters / 含有控制字符")
	}
}

func badRune(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' }

// words checks a list of short texts: none empty, none twice.
func (c *checker) words(field string, list []string, most, chars int) {
	if len(list) > most {
		c.Add(field, "has %d entries, at most %d / 最多 %d 项", len(list), most, most)
		return
	}
	seen := map[string]bool{}
	for i, v := range list {
		at := fmt.Sprintf("%s[%d]", field, i)
		c.text(at, v, 1, chars)
		if seen[v] {
			c.Add(at, "appears twice / 重复")
		}
		seen[v] = true
	}
}

func (c *checker) number(field string, v, least, most int64) {
	if v < least || v > most {
		c.Add(field, "is %d, not within %d..%d / 应在 %d 到 %d 之间", v, least, most, least, most)
	}
}

// date checks a calendar date; empty passes.
func (c *checker) date(field, v string) {
	if v == "" {
		return
	}
	if _, err := time.Parse(time.DateOnly, v); err != nil {
		c.Add(field, "is not a date like 2026-10-01 / 日期格式应为 2026-10-01")
	}
}

func choice[T ~string](c *checker, field string, v T, list []T) {
	if !oneOf(v, list) {
		c.Add(field, "is %q, not one of %v / 不在可选范围内", string(v), list)
	}
}

// required names a field that publishing needs and that is empty.
func (c *checker) required(field string, filled bool) {
	if !filled {
		c.Add(field, "is required / 必填")
	}
}

// tidyText trims what people leave around a text.
func tidyText(fields ...*string) {
	for _, f := range fields {
		*f = strings.TrimSpace(*f)
	}
}

// tidyWords trims each entry and drops empty ones.
func tidyWords(lists ...*[]string) {
	for _, l := range lists {
		var out []string
		for _, w := range *l {
			if w = strings.TrimSpace(w); w != "" {
				out = append(out, w)
			}
		}
		*l = out
	}
}
