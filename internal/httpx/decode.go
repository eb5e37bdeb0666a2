package httpx

import (
	"encoding"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
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
// maxItems, enum).
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

func (d *parse) object(dst reflect.Value, p *plan) {
	from := d.at
	dst, p = through(dst, p)
	switch p.kind {
	case planStruct:
		d.members(dst, p)
	case planMap:
		d.mapping(dst, p, p.elem)
	case planAny:
		d.mapping(dst, p, anyPlan)
	case planRaw, planJSON:
		d.mapping(reflect.Value{}, anyPlan, anyPlan)
		d.custom(dst, p, from)
	default:
		d.problem("", p.expected())
		d.mapping(reflect.Value{}, anyPlan, anyPlan)
	}
}

// members reads an object whose keys the type names.
func (d *parse) members(dst reflect.Value, p *plan) {
	if !d.push() {
		return
	}
	var seen uint64
	d.at++
	d.space()
	if d.peek() == '}' {
		d.at++
	} else {
		for {
			d.member(dst, p, &seen)
			if !d.more('}') {
				break
			}
		}
	}
	d.path[d.depth-1] = step{index: -1}
	d.pop()
	if d.broken != nil {
		return
	}
	for i := range p.fields {
		if p.fields[i].required && seen&(1<<i) == 0 {
			d.problem(p.fields[i].name, "is missing")
		}
	}
}

func (d *parse) member(dst reflect.Value, p *plan, seen *uint64) {
	key, ok := d.key()
	if !ok {
		return
	}
	i := p.field(key)
	if i < 0 {
		d.unknown(p, string(key))
		return
	}
	f := &p.fields[i]
	d.path[d.depth-1] = step{key: f.name}
	var slot reflect.Value
	if *seen&(1<<i) != 0 {
		d.problem("", "is given twice")
	} else if dst.IsValid() {
		slot = fieldAt(dst, f.index)
	}
	*seen |= 1 << i
	d.value(slot, f.plan)
}

// fieldAt is dst.FieldByIndex that makes embedded pointers on the way.
func fieldAt(dst reflect.Value, index []int) reflect.Value {
	for n, i := range index {
		if n > 0 && dst.Kind() == reflect.Pointer {
			if dst.IsNil() {
				dst.Set(reflect.New(dst.Type().Elem()))
			}
			dst = dst.Elem()
		}
		dst = dst.Field(i)
	}
	return dst
}

func (d *parse) unknown(p *plan, key string) {
	d.path[d.depth-1] = step{key: key, index: -1}
	if s := p.similar(key); s != "" {
		d.problem("", "must be written `"+s+"`")
	} else {
		d.problem("", "is not known here")
	}
	d.value(reflect.Value{}, anyPlan)
}

// mapping reads an object whose keys the type does not name.
func (d *parse) mapping(dst reflect.Value, p, elem *plan) {
	if !d.push() {
		return
	}
	defer d.pop()
	seen := map[string]struct{}{}
	var loose map[string]any
	keep := dst.IsValid()
	if keep && p.kind == planMap {
		dst.Set(reflect.MakeMap(p.t))
	} else if keep {
		loose = map[string]any{}
	}
	d.at++
	if d.space(); d.peek() == '}' {
		d.at++
	} else {
		for {
			d.entry(dst, p, elem, seen, loose)
			if !d.more('}') {
				break
			}
		}
	}
	if d.broken == nil && loose != nil {
		set(dst, loose)
	}
}

func (d *parse) entry(dst reflect.Value, p, elem *plan, seen map[string]struct{},
	loose map[string]any) {
	raw, ok := d.key()
	if !ok {
		return
	}
	key := string(raw)
	d.path[d.depth-1] = step{key: key, index: -1}
	if _, twice := seen[key]; twice {
		d.problem("", "is given twice")
	}
	if len(seen) == maxAnyKeys {
		d.fail("an object has more than 256 keys")
		return
	}
	seen[key] = struct{}{}
	var slot reflect.Value
	switch {
	case loose != nil:
		slot = reflect.New(reflect.TypeFor[any]()).Elem()
	case dst.IsValid():
		slot = reflect.New(p.t.Elem()).Elem()
	}
	d.value(slot, elem)
	switch {
	case d.broken != nil:
	case loose != nil:
		loose[key] = slot.Interface()
	case dst.IsValid():
		dst.SetMapIndex(reflect.ValueOf(key).Convert(p.t.Key()), slot)
	}
}

// key reads a key and its colon. The bytes are good until the next call.
func (d *parse) key() ([]byte, bool) {
	d.path[d.depth-1] = step{index: -1}
	if d.peek() != '"' {
		d.fail("a key in double quotes is expected here")
		return nil, false
	}
	key, plain := d.quoted()
	if d.broken != nil {
		return nil, false
	}
	if !plain {
		d.scratch = d.unescape(d.scratch[:0], key)
		key = d.scratch
	}
	if d.space(); d.broken == nil && d.peek() != ':' {
		d.fail("a colon is expected here")
	}
	if d.broken != nil {
		return nil, false
	}
	d.at++
	d.space()
	return key, true
}

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
