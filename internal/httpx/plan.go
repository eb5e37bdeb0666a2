package httpx

import (
	"encoding"
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// plan is what the decoder knows of a Go type: made once for each type, read for ever.
type plan struct {
	kind     planKind
	t        reflect.Type
	elem     *plan // of pointer, slice, array, map
	fields   []fieldPlan
	byName   map[string]int // only when there are more fields than a scan is good for
	nullable bool
	rules
}

type planKind uint8

const (
	planAny planKind = iota
	planString
	planInt
	planUint
	planFloat
	planBool
	planStruct
	planSlice
	planArray
	planMap
	planPointer
	planBytes
	planRaw  // json.RawMessage
	planText // encoding.TextUnmarshaler, time.Time too
	planJSON // json.Unmarshaler
)

type fieldPlan struct {
	name     string
	index    []int
	required bool
	plan     *plan
}

// rules are the bounds that a field's tags state, the very tags that the API document is
// made from: what is documented is enforced on hot routes as well.
type rules struct {
	min, max       *int64   // of whole numbers
	minLen, maxLen int      // characters of a string, items of a list; maxLen 0: none
	enum           []string // of a string
}

const fieldScan = 10 // up to here a linear search beats the map

// plans keeps a plan for each type that was asked for; types of a program are finite.
type plans struct {
	m  sync.Map // reflect.Type → *plan, complete ones only
	mu sync.Mutex
}

var (
	textType = reflect.TypeFor[encoding.TextUnmarshaler]()
	jsonType = reflect.TypeFor[json.Unmarshaler]()
	rawType  = reflect.TypeFor[json.RawMessage]()
	timeType = reflect.TypeFor[time.Time]()
)

func (p *plans) of(t reflect.Type) *plan {
	if v, ok := p.m.Load(t); ok {
		return v.(*plan)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	building := map[reflect.Type]*plan{}
	made := build(t, building)
	for t, b := range building {
		p.m.LoadOrStore(t, b)
	}
	return made
}

// build panics on a type that no JSON can be read into: that is the programmer's mistake,
// met when a typed route is registered and, for raw routes, at the first body.
func build(t reflect.Type, seen map[reflect.Type]*plan) *plan {
	if p, ok := seen[t]; ok {
		return p
	}
	p := &plan{t: t}
	seen[t] = p
	switch {
	case t == rawType:
		p.kind, p.nullable = planRaw, true
	case t != timeType && t.Kind() != reflect.Pointer && reflect.PointerTo(t).Implements(jsonType):
		p.kind, p.nullable = planJSON, true
	case t.Kind() != reflect.Pointer && reflect.PointerTo(t).Implements(textType):
		p.kind = planText
	default:
		p.buildKind(seen)
	}
	return p
}

// buildKind panics as build does.
func (p *plan) buildKind(seen map[reflect.Type]*plan) {
	t := p.t
	switch t.Kind() {
	case reflect.String:
		p.kind = planString
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		p.kind = planInt
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		p.kind = planUint
	case reflect.Float32, reflect.Float64:
		p.kind = planFloat
	case reflect.Bool:
		p.kind = planBool
	case reflect.Struct:
		p.kind = planStruct
		p.buildFields(seen)
	case reflect.Slice:
		p.kind, p.nullable = planSlice, true
		if t.Elem().Kind() == reflect.Uint8 {
			p.kind = planBytes
		}
		p.elem = build(t.Elem(), seen)
	case reflect.Array:
		p.kind, p.elem = planArray, build(t.Elem(), seen)
	case reflect.Map:
		if t.Key().Kind() != reflect.String {
			panic("httpx: a JSON map has string keys: " + t.String())
		}
		p.kind, p.elem, p.nullable = planMap, build(t.Elem(), seen), true
	case reflect.Pointer:
		p.kind, p.elem, p.nullable = planPointer, build(t.Elem(), seen), true
	case reflect.Interface:
		if t.NumMethod() > 0 {
			panic("httpx: cannot read JSON into " + t.String())
		}
		p.kind, p.nullable = planAny, true
	default:
		panic("httpx: cannot read JSON into " + t.String())
	}
}

func (p *plan) buildFields(seen map[reflect.Type]*plan) {
	for _, f := range reflect.VisibleFields(p.t) {
		tag := f.Tag.Get("json")
		if !f.IsExported() || tag == "-" || f.Anonymous && tag == "" ||
			throughTagged(p.t, f.Index) {
			continue
		}
		name, options, _ := strings.Cut(tag, ",")
		if name == "" {
			name = f.Name
		}
		fp := fieldPlan{name: name, index: f.Index, plan: build(f.Type, seen)}
		fp.required = !strings.Contains(options, "omitempty") &&
			!strings.Contains(options, "omitzero") && f.Tag.Get("default") == ""
		if r := f.Tag.Get("required"); r != "" {
			fp.required = r == "true"
		}
		if r := rulesOf(f); !r.empty() {
			own := *fp.plan // the bounds belong to the field, not to its type
			own.rules = r
			fp.plan = &own
		}
		p.fields = append(p.fields, fp)
	}
	if len(p.fields) > fieldScan {
		p.byName = map[string]int{}
		for i, f := range p.fields {
			p.byName[f.name] = i
		}
	}
	if len(p.fields) > 64 {
		// One word of 64 bits notes which fields came: a wider type is refused before
		// any body is read into it.
		panic("httpx: more than 64 JSON fields in " + p.t.String())
	}
}

// throughTagged says that a promoted field lies within an embedded struct that has a JSON
// name of its own, so that its fields are not the outer struct's.
func throughTagged(t reflect.Type, index []int) bool {
	for _, i := range index[:len(index)-1] {
		if t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		f := t.Field(i)
		if f.Tag.Get("json") != "" {
			return true
		}
		t = f.Type
	}
	return false
}

func (r rules) empty() bool {
	return r.min == nil && r.max == nil && r.minLen == 0 && r.maxLen == 0 && r.enum == nil
}

func rulesOf(f reflect.StructField) rules {
	number := func(tag string) *int64 {
		v, err := strconv.ParseInt(f.Tag.Get(tag), 10, 64)
		if err != nil {
			return nil
		}
		return &v
	}
	size := func(tags ...string) int {
		for _, tag := range tags {
			if v := number(tag); v != nil {
				return int(*v)
			}
		}
		return 0
	}
	r := rules{min: number("minimum"), max: number("maximum"),
		minLen: size("minLength", "minItems"), maxLen: size("maxLength", "maxItems")}
	if e := f.Tag.Get("enum"); e != "" && f.Type.Kind() == reflect.String {
		r.enum = strings.Split(e, ",")
	}
	return r
}

// field finds a key; -1 when there is none of exactly that spelling.
func (p *plan) field(key []byte) int {
	if p.byName != nil {
		if i, ok := p.byName[string(key)]; ok {
			return i
		}
		return -1
	}
	for i := range p.fields {
		if p.fields[i].name == string(key) {
			return i
		}
	}
	return -1
}

// similar is the field that a key means in another case; empty when none.
func (p *plan) similar(key string) string {
	i := slices.IndexFunc(p.fields, func(f fieldPlan) bool {
		return strings.EqualFold(f.name, key)
	})
	if i < 0 {
		return ""
	}
	return p.fields[i].name
}
