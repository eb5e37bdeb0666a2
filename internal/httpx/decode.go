package httpx

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"unicode/utf8"

	"foyer/internal/fault"
)

const (
	maxDepth    = 32  // objects and lists within each other
	maxNumber   = 64  // characters of a number
	maxProblems = 100 // problems told of one document
	maxAnyKeys  = 256 // keys of an object whose keys the type does not name
)

// parse reads one JSON document in one pass: grammar, keys, types, bounds and values
// together. A break of the grammar stops it (broken); breaks of rules are collected.
type parse struct {
	in       []byte
	at       int
	depth    int
	path     [maxDepth + 1]step
	problems []fault.FieldProblem
	broken   *fault.Error
	scratch  []byte // unescaped key
}

// step is one level of where the reading stands: a key, or an index when key is empty.
type step struct {
	key   string
	index int
}

// Decoder reads JSON strictly. It remembers what it learned of each Go type, so one is
// made for each door and shared by all requests.
type Decoder struct{ types plans }

// NewDecoder makes a decoder.
func NewDecoder() *Decoder { return &Decoder{} }

// Unmarshal reads one JSON document strictly into target, a pointer. It refuses with
// Malformed what is not JSON in UTF-8 (or nests deeper than 32), and with
// fault.BadInput, naming every field: unknown keys, repeated keys, keys in another case,
// missing fields, values of another type, numbers out of range, and whatever breaks the
// bounds in the tags of target's type (minimum, maximum, minLength, maxLength, minItems,
// maxItems, enum). It panics when target is no pointer: that is the caller's mistake, not
// the sender's.
func (dec *Decoder) Unmarshal(data []byte, target any) error {
	v := reflect.ValueOf(target)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		panic("httpx: Unmarshal needs a pointer")
	}
	problems, err := decode(data, v.Elem(), dec.types.of(v.Type().Elem()))
	if err != nil {
		return err
	}
	if len(problems) > 0 {
		return &fault.Error{Def: fault.BadInput, Fields: problems}
	}
	return nil
}

// decode fills dst, or only checks when dst is the zero Value.
func decode(data []byte, dst reflect.Value, p *plan) ([]fault.FieldProblem, error) {
	if !utf8.Valid(data) {
		return nil, Malformed.With("problem", "the body is not UTF-8")
	}
	d := parse{in: data}
	d.space()
	d.value(dst, p)
	if d.broken == nil {
		if d.space(); d.at < len(d.in) {
			d.fail("something follows the document")
		}
	}
	if d.broken != nil {
		return nil, d.broken
	}
	return d.problems, nil
}

func (d *parse) fail(problem string) {
	if d.broken == nil {
		d.broken = Malformed.With("problem", problem).With("offset", d.at)
		if where := d.where(""); where != "body" {
			d.broken = d.broken.At(where, problem)
		}
	}
	d.at = len(d.in)
}

func (d *parse) problem(key, problem string) {
	if len(d.problems) < maxProblems {
		d.problems = append(d.problems, fault.FieldProblem{Field: d.where(key), Problem: problem})
	}
}

// where is the path to the current value, or to a key within it.
func (d *parse) where(key string) string {
	var b []byte
	for _, s := range d.path[:d.depth] {
		if s.key == "" && s.index >= 0 {
			b = append(strconv.AppendInt(append(b, '['), int64(s.index), 10), ']')
		} else if s.key != "" {
			b = appendKey(b, s.key)
		}
	}
	if key != "" {
		b = appendKey(b, key)
	}
	if len(b) == 0 {
		return "body"
	}
	return string(b)
}

func appendKey(b []byte, key string) []byte {
	if len(b) > 0 {
		b = append(b, '.')
	}
	if len(key) > 64 {
		key = key[:64]
		for !utf8.ValidString(key) {
			key = key[:len(key)-1]
		}
	}
	return append(b, key...)
}

func (d *parse) space() {
	for d.at < len(d.in) {
		switch d.in[d.at] {
		case ' ', '\t', '\n', '\r':
			d.at++
		default:
			return
		}
	}
}

func (d *parse) peek() byte {
	if d.at < len(d.in) {
		return d.in[d.at]
	}
	return 0
}

// push enters an object or a list; false when that is too deep.
func (d *parse) push() bool {
	if d.depth == maxDepth {
		d.fail("the document nests deeper than 32 levels")
		return false
	}
	d.path[d.depth] = step{index: -1}
	d.depth++
	return true
}

func (d *parse) pop() { d.depth-- }

func (d *parse) value(dst reflect.Value, p *plan) {
	switch c := d.peek(); {
	case c == '{':
		d.object(dst, p)
	case c == '[':
		d.list(dst, p)
	case c == '"':
		d.text(dst, p)
	case c == '-' || c >= '0' && c <= '9':
		d.number(dst, p)
	case c == 't':
		d.boolean(dst, p, "true", true)
	case c == 'f':
		d.boolean(dst, p, "false", false)
	case c == 'n':
		d.null(dst, p)
	case d.at >= len(d.in):
		d.fail("the document ends too early")
	default:
		d.fail("a value is expected here")
	}
}

func (d *parse) word(w string) bool {
	if len(d.in)-d.at < len(w) || string(d.in[d.at:d.at+len(w)]) != w {
		d.fail("a value is expected here")
		return false
	}
	d.at += len(w)
	return true
}

func (d *parse) null(dst reflect.Value, p *plan) {
	from := d.at
	if !d.word("null") {
		return
	}
	if !p.nullable {
		d.problem("", "must not be null")
	} else if p.kind == planJSON || p.kind == planRaw {
		d.custom(dst, p, from)
	} else if dst.IsValid() {
		dst.SetZero()
	}
}

func (d *parse) boolean(dst reflect.Value, p *plan, w string, v bool) {
	from := d.at
	if !d.word(w) {
		return
	}
	switch dst, p = through(dst, p); p.kind {
	case planBool:
		if dst.IsValid() {
			dst.SetBool(v)
		}
	case planAny:
		set(dst, v)
	case planRaw, planJSON:
		d.custom(dst, p, from)
	default:
		d.problem("", p.expected())
	}
}

// through follows pointers, making what they point to.
func through(dst reflect.Value, p *plan) (reflect.Value, *plan) {
	for p.kind == planPointer {
		outer := p.rules
		if dst.IsValid() {
			if dst.IsNil() {
				dst.Set(reflect.New(p.t.Elem()))
			}
			dst = dst.Elem()
		}
		if p = p.elem; !outer.empty() {
			bound := *p
			bound.rules = outer
			p = &bound
		}
	}
	return dst, p
}

func set(dst reflect.Value, v any) {
	if dst.IsValid() {
		dst.Set(reflect.ValueOf(v))
	}
}

// custom hands the bytes of a value that was checked to a type that reads itself.
func (d *parse) custom(dst reflect.Value, p *plan, from int) {
	if d.broken != nil || !dst.IsValid() {
		return
	}
	raw := d.in[from:d.at]
	if p.kind == planRaw {
		dst.SetBytes(slices.Clone(raw))
		return
	}
	if err := dst.Addr().Interface().(json.Unmarshaler).UnmarshalJSON(raw); err != nil {
		d.problem("", "is not what is expected here")
	}
}

// anyPlan checks values whose type says nothing about them.
//
//tidy:allow state a constant in all but name: a plan is never written once it is built
var anyPlan = &plan{kind: planAny, nullable: true}

func (d *parse) list(dst reflect.Value, p *plan) {
	from := d.at
	dst, p = through(dst, p)
	elem := p.elem
	switch p.kind {
	case planSlice, planArray:
	case planAny, planRaw, planJSON:
		elem = anyPlan
	default:
		d.problem("", p.expected())
		dst, elem, p = reflect.Value{}, anyPlan, anyPlan
	}
	n, loose := d.items(dst, p, elem)
	if d.broken != nil {
		return
	}
	switch {
	case p.kind == planRaw || p.kind == planJSON:
		d.custom(dst, p, from)
	case p.kind == planAny && dst.IsValid():
		set(dst, loose)
	case n < p.minLen || p.maxLen > 0 && n > p.maxLen:
		d.problem("", p.lengthRule("items"))
	case p.kind == planArray && n != p.t.Len():
		d.problem("", fmt.Sprintf("must have %d items", p.t.Len()))
	}
}

// items reads the items of a list and counts them.
func (d *parse) items(dst reflect.Value, p, elem *plan) (n int, loose []any) {
	if !d.push() {
		return 0, nil
	}
	defer d.pop()
	into := dst.IsValid() && (p.kind == planSlice || p.kind == planArray)
	keep := dst.IsValid() && p.kind == planAny
	if into && p.kind == planSlice {
		dst.Set(reflect.MakeSlice(p.t, 0, min(d.guess(), 16)))
	}
	if keep {
		loose = []any{}
	}
	d.at++
	if d.space(); d.peek() == ']' {
		d.at++
		return 0, loose
	}
	for ; ; n++ {
		d.path[d.depth-1] = step{index: n}
		var slot reflect.Value
		switch {
		case into && p.kind == planSlice && (p.maxLen == 0 || n < p.maxLen):
			if n == dst.Cap() {
				dst.Grow(1)
			}
			dst.SetLen(n + 1)
			slot = dst.Index(n)
			slot.SetZero()
		case into && p.kind == planArray && n < p.t.Len():
			slot = dst.Index(n)
		case keep:
			slot = reflect.New(reflect.TypeFor[any]()).Elem()
		}
		d.space()
		d.value(slot, elem)
		if keep && d.broken == nil {
			loose = append(loose, slot.Interface())
		}
		if !d.more(']') {
			return n + 1, loose
		}
	}
}

// guess is how many items the list in front has, by its commas up to the next bracket.
func (d *parse) guess() int {
	n := 1
	for _, c := range d.in[d.at+1 : min(len(d.in), d.at+512)] {
		if c == ',' {
			n++
		} else if c == ']' || c == '{' {
			break
		}
	}
	return n
}

// more reads what stands between two members: true after a comma, false at the end.
func (d *parse) more(end byte) bool {
	d.space()
	switch d.peek() {
	case ',':
		d.at++
		d.space()
		return d.broken == nil
	case end:
		if d.at < len(d.in) {
			d.at++
		}
		return false
	}
	d.fail("a comma or the end of the list or object is expected here")
	return false
}
