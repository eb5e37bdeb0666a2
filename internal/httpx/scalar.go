package httpx

import (
	"encoding"
	"encoding/base64"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"unicode/utf8"
)

// Strings and numbers of the strict reading; decode.go reads what they stand in.

// quoted reads a string up to its closing quote; plain says that nothing is escaped.
func (d *parse) quoted() (raw []byte, plain bool) {
	start, plain := d.at+1, true
	for i := start; i < len(d.in); i++ {
		switch c := d.in[i]; {
		case c == '"':
			d.at = i + 1
			return d.in[start:i], plain
		case c == '\\':
			plain = false
			i++
		case c < 0x20:
			d.at = i
			d.fail("a control character stands in a string")
			return nil, true
		}
	}
	d.at = len(d.in)
	d.fail("a string does not end")
	return nil, true
}

func (d *parse) unescape(out, raw []byte) []byte {
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			out = append(out, raw[i])
			continue
		}
		if i++; i == len(raw) {
			d.fail("a string does not end")
			return out
		}
		switch c := raw[i]; c {
		case '"', '\\', '/':
			out = append(out, c)
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			r, n := unicodeEscape(raw[i-1:])
			if n == 0 {
				d.fail("a string holds an escape that is no character")
				return out
			}
			out = utf8.AppendRune(out, r)
			i += n - 2
		default:
			d.fail("a string holds an unknown escape")
			return out
		}
	}
	return out
}

// unicodeEscape reads \uXXXX or a pair of surrogates; n is 0 for a lone surrogate, for
// U+0000 (no name or text contains it, and storage may cut there) and for bad digits.
func unicodeEscape(s []byte) (r rune, n int) {
	hex := func(s []byte) rune {
		if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
			return -1
		}
		v, err := strconv.ParseUint(string(s[2:6]), 16, 16)
		if err != nil {
			return -1
		}
		return rune(v)
	}
	r = hex(s)
	switch {
	case r <= 0 || r >= 0xdc00 && r < 0xe000:
		return 0, 0
	case r < 0xd800 || r >= 0xe000:
		return r, 6
	}
	low := hex(s[6:])
	if low < 0xdc00 || low >= 0xe000 {
		return 0, 0
	}
	return (r-0xd800)<<10 + (low - 0xdc00) + 0x10000, 12
}

func (d *parse) text(dst reflect.Value, p *plan) {
	from := d.at
	raw, plain := d.quoted()
	if d.broken != nil {
		return
	}
	if !plain {
		if raw = d.unescape(nil, raw); d.broken != nil {
			return
		}
	}
	switch dst, p = through(dst, p); p.kind {
	case planString:
		d.checkText(raw, p)
		if dst.IsValid() {
			dst.SetString(string(raw))
		}
	case planAny:
		set(dst, string(raw))
	case planText:
		d.unmarshalText(dst, p, raw)
	case planBytes:
		b, err := base64.StdEncoding.AppendDecode(nil, raw)
		if err != nil {
			d.problem("", "must be base64")
		} else if dst.IsValid() {
			dst.SetBytes(b)
		}
	case planRaw, planJSON:
		d.custom(dst, p, from)
	default:
		d.problem("", p.expected())
	}
}

func (d *parse) unmarshalText(dst reflect.Value, p *plan, raw []byte) {
	if !dst.IsValid() {
		dst = reflect.New(p.t).Elem()
	}
	if err := dst.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText(raw); err != nil {
		if p.t == timeType {
			d.problem("", "must be a time such as 2026-05-01T19:30:00Z")
		} else {
			d.problem("", "is not what is expected here")
		}
	}
}

func (d *parse) checkText(raw []byte, p *plan) {
	if p.enum != nil && !slices.Contains(p.enum, string(raw)) {
		d.problem("", fmt.Sprintf("must be one of %v", p.enum))
	}
	if p.minLen == 0 && (p.maxLen == 0 || len(raw) <= p.maxLen) {
		return
	}
	if n := utf8.RuneCount(raw); n < p.minLen || p.maxLen > 0 && n > p.maxLen {
		d.problem("", p.lengthRule("characters"))
	}
}

func (p *plan) lengthRule(what string) string {
	if p.maxLen == 0 {
		return fmt.Sprintf("must have at least %d %s", p.minLen, what)
	}
	return fmt.Sprintf("must have %d to %d %s", p.minLen, p.maxLen, what)
}

// span reads a number by JSON's grammar; whole says that it has no fraction or exponent.
func (d *parse) span() (raw []byte, whole bool) {
	start, whole := d.at, true
	digits := func() bool {
		from := d.at
		for d.at < len(d.in) && d.in[d.at] >= '0' && d.in[d.at] <= '9' {
			d.at++
		}
		return d.at > from
	}
	if d.peek() == '-' {
		d.at++
	}
	zero, first := d.peek() == '0', d.at
	ok := digits() && !(zero && d.at > first+1)
	if ok && d.peek() == '.' {
		d.at++
		whole, ok = false, digits()
	}
	if c := d.peek(); ok && (c == 'e' || c == 'E') {
		if d.at++; d.peek() == '+' || d.peek() == '-' {
			d.at++
		}
		whole, ok = false, digits()
	}
	if !ok {
		d.fail("a number is not written as JSON writes numbers")
		return nil, false
	}
	return d.in[start:d.at], whole
}

func (d *parse) number(dst reflect.Value, p *plan) {
	from := d.at
	raw, whole := d.span()
	if d.broken != nil {
		return
	}
	if len(raw) > maxNumber {
		d.problem("", "is a number of more than 64 characters")
		return
	}
	switch dst, p = through(dst, p); p.kind {
	case planInt:
		d.integer(dst, p, raw, whole)
	case planUint:
		d.unsigned(dst, p, raw, whole)
	case planFloat, planAny, planRaw, planJSON:
		d.float(dst, p, raw, from)
	default:
		d.problem("", p.expected())
	}
}

func (d *parse) integer(dst reflect.Value, p *plan, raw []byte, whole bool) {
	n, ok := parseInt(raw)
	switch {
	case !whole:
		d.problem("", "must be a whole number")
	case !ok || overflows(n, p.t.Bits()):
		d.problem("", "is out of range")
	case p.min != nil && n < *p.min:
		d.problem("", fmt.Sprintf("must be at least %d", *p.min))
	case p.max != nil && n > *p.max:
		d.problem("", fmt.Sprintf("must be at most %d", *p.max))
	case dst.IsValid():
		dst.SetInt(n)
	}
}

func overflows(n int64, bits int) bool {
	return n != n<<(64-bits)>>(64-bits)
}

// parseInt reads a whole number within int64.
func parseInt(raw []byte) (int64, bool) {
	negative := raw[0] == '-'
	if negative {
		raw = raw[1:]
	}
	if len(raw) > 19 {
		return 0, false
	}
	var n uint64
	for _, c := range raw {
		n = n*10 + uint64(c-'0') // 19 digits fit into uint64
	}
	if negative {
		return -int64(n), n <= 1<<63
	}
	return int64(n), n <= math.MaxInt64
}

func (d *parse) unsigned(dst reflect.Value, p *plan, raw []byte, whole bool) {
	n, err := strconv.ParseUint(string(raw), 10, p.t.Bits())
	switch {
	case !whole:
		d.problem("", "must be a whole number")
	case err != nil:
		d.problem("", "is out of range")
	case p.min != nil && *p.min > 0 && n < uint64(*p.min):
		d.problem("", fmt.Sprintf("must be at least %d", *p.min))
	case p.max != nil && *p.max >= 0 && n > uint64(*p.max):
		d.problem("", fmt.Sprintf("must be at most %d", *p.max))
	case dst.IsValid():
		dst.SetUint(n)
	}
}

func (d *parse) float(dst reflect.Value, p *plan, raw []byte, from int) {
	bits := 64
	if p.kind == planFloat {
		bits = p.t.Bits()
	}
	n, err := strconv.ParseFloat(string(raw), bits)
	switch {
	case err != nil:
		d.problem("", "is out of range")
	case p.kind == planFloat && p.min != nil && n < float64(*p.min):
		d.problem("", fmt.Sprintf("must be at least %d", *p.min))
	case p.kind == planFloat && p.max != nil && n > float64(*p.max):
		d.problem("", fmt.Sprintf("must be at most %d", *p.max))
	case p.kind == planFloat && dst.IsValid():
		dst.SetFloat(n)
	case p.kind == planAny:
		set(dst, n)
	case p.kind == planRaw || p.kind == planJSON:
		d.custom(dst, p, from)
	}
}

// expected says in words what a value of the type looks like.
func (p *plan) expected() string {
	switch p.kind {
	case planString, planText, planBytes:
		return "must be a string"
	case planInt, planUint:
		return "must be a whole number"
	case planFloat:
		return "must be a number"
	case planBool:
		return "must be true or false"
	case planSlice, planArray:
		return "must be a list"
	}
	return "must be an object"
}
