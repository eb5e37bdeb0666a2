package httpx

import (
	"reflect"
)

// Objects of the strict reading: keys known by the type, and keys that are not.

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
