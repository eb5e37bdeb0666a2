package httpx

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"foyer/internal/fault"
)

type orderBody struct {
	Session string      `json:"session" maxLength:"64"`
	Lines   []orderLine `json:"lines" minItems:"1" maxItems:"20"`
	Contact *contact    `json:"contact,omitempty"`
	Channel string      `json:"channel,omitempty" enum:"h5,mini,counter"`
	Note    string      `json:"note,omitempty" maxLength:"5"`
}

type orderLine struct {
	TicketType string   `json:"ticket_type"`
	Places     []string `json:"places,omitempty"`
	Quantity   int      `json:"quantity,omitempty" minimum:"1" maximum:"10"`
}

type contact struct {
	Name  string `json:"name"`
	Phone string `json:"phone"`
}

const orderJSON = `{"session":"ses_3k9v0000000000000000000000","lines":[` +
	`{"ticket_type":"tty_adult0000000000000000000000","places":["pl_5-12-a","pl_5-13-a"]},` +
	`{"ticket_type":"tty_child0000000000000000000000","places":["pl_5-14-a"]}],` +
	`"contact":{"name":"李小龙","phone":"13800000000"},"channel":"h5","note":"谢谢"}`

type everything struct {
	S   string            `json:"s,omitempty"`
	I   int64             `json:"i,omitempty"`
	I8  int8              `json:"i8,omitempty"`
	U   uint32            `json:"u,omitempty"`
	F   float64           `json:"f,omitempty"`
	B   bool              `json:"b,omitempty"`
	P   *int              `json:"p,omitempty"`
	L   []int             `json:"l,omitempty"`
	A   [2]string         `json:"a,omitzero"`
	M   map[string]int    `json:"m,omitempty"`
	Any any               `json:"any,omitempty"`
	Raw json.RawMessage   `json:"raw,omitempty"`
	T   time.Time         `json:"t,omitzero"`
	By  []byte            `json:"by,omitempty"`
	PS  *everything       `json:"ps,omitempty"`
	MS  map[string][]bool `json:"ms,omitempty"`
	embedded
}

type embedded struct {
	Inner string `json:"inner,omitempty"`
}

// told are the fields and problems of a refusal, or its code when it names none.
func told(err error) string {
	if err == nil {
		return "ok"
	}
	f := fault.Of(err)
	if len(f.Fields) == 0 || f.Def == Malformed {
		return f.Def.Code
	}
	var out []string
	for _, p := range f.Fields {
		out = append(out, p.Field+" "+p.Problem)
	}
	return strings.Join(out, "; ")
}

func TestDecodeOrder(t *testing.T) {
	t.Parallel()
	with := func(s string) string { return `{"session":"x","lines":[{"ticket_type":"a"}]` + s + `}` }
	for _, c := range []struct{ name, in, want string }{
		{"good", orderJSON, "ok"},
		{"spaces", " \n\t" + orderJSON + "\r\n ", "ok"},
		{"unknown key", with(`,"sesion":1`), "sesion is not known here"},
		{"unknown key deep", with(`,"contact":{"name":"a","phone":"b","x":{"y":[1]}}`),
			"contact.x is not known here"},
		{"case variant", with(`,"Note":"x"`), "Note must be written `note`"},
		{"escaped variant", with(`,"\u004eote":"x"`), "Note must be written `note`"},
		{"twice", with(`,"note":"x","note":"y"`), "note is given twice"},
		{"twice, once escaped", with(`,"note":"x","not\u0065":"y"`), "note is given twice"},
		{"missing", `{}`, "session is missing; lines is missing"},
		{"missing deep", `{"session":"x","lines":[{}]}`, "lines[0].ticket_type is missing"},
		{"all at once", `{"session":7,"lines":[{"ticket_type":"a","places":["x","y",3]}],"z":0}`,
			"session must be a string; lines[0].places[2] must be a string; z is not known here"},
		{"too few", `{"session":"x","lines":[]}`, "lines must have 1 to 20 items"},
		{"enum", with(`,"channel":"fax"`), "channel must be one of [h5 mini counter]"},
		{"long", with(`,"note":"一二三四五六"`), "note must have 0 to 5 characters"},
		{"long enough", with(`,"note":"一二三四五"`), "ok"},
		{"null", with(`,"note":null`), "note must not be null"},
		{"null pointer", with(`,"contact":null`), "ok"},
		{"low", `{"session":"x","lines":[{"ticket_type":"a","quantity":0}]}`,
			"lines[0].quantity must be at least 1"},
		{"high", `{"session":"x","lines":[{"ticket_type":"a","quantity":11}]}`,
			"lines[0].quantity must be at most 10"},
		{"not an object", `[1,2]`, "body must be an object"},
		{"empty", ``, "malformed"},
		{"trailing", orderJSON + `x`, "malformed"},
		{"two documents", `{}{}`, "malformed"},
		{"trailing comma", `{"session":"x",}`, "malformed"},
		{"comment", `{/**/}`, "malformed"},
		{"byte order mark", "\ufeff{}", "malformed"},
		{"not UTF-8", "{\"session\":\"\xff\"}", "malformed"},
		{"lone surrogate", `{"session":"\ud800"}`, "malformed"},
		{"NUL", `{"session":"\u0000"}`, "malformed"},
		{"control", "{\"session\":\"a\nb\"}", "malformed"},
		{"single quotes", `{'session':1}`, "malformed"},
		{"cut", orderJSON[:len(orderJSON)/2], "malformed"},
		{"NaN", `{"session":NaN}`, "malformed"},
		{"leading zero", `{"session":01}`, "malformed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var v orderBody
			if got := told(NewDecoder().Unmarshal([]byte(c.in), &v)); got != c.want {
				t.Errorf("%s\n got %s\nwant %s", c.in, got, c.want)
			}
		})
	}
}

func TestDecodeNumbers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, want string }{
		{`{"i":9223372036854775807}`, "ok"},
		{`{"i":-9223372036854775808}`, "ok"},
		{`{"i":9223372036854775808}`, "i is out of range"},
		{`{"i":-9223372036854775809}`, "i is out of range"},
		{`{"i":99999999999999999999999}`, "i is out of range"},
		{`{"i":1.0}`, "i must be a whole number"},
		{`{"i":1e3}`, "i must be a whole number"},
		{`{"i":-0}`, "ok"},
		{`{"i8":127}`, "ok"}, {`{"i8":128}`, "i8 is out of range"},
		{`{"i8":-128}`, "ok"}, {`{"i8":-129}`, "i8 is out of range"},
		{`{"u":-1}`, "u is out of range"}, {`{"u":4294967296}`, "u is out of range"},
		{`{"f":1e308}`, "ok"}, {`{"f":1e999}`, "f is out of range"},
		{`{"any":1e999}`, "any is out of range"},
		{`{"any":[{"a":1e999}]}`, "any[0].a is out of range"},
		{`{"raw":1e999}`, "raw is out of range"},
		{`{"f":` + strings.Repeat("1", 65) + `}`, "f is a number of more than 64 characters"},
		{`{"any":{"a":1,"a":2}}`, "any.a is given twice"},
		{`{"m":{"a":1,"a":2}}`, "m.a is given twice"},
		{`{"m":{"a":1.5}}`, "m.a must be a whole number"},
		{`{"raw":{"a":1,"a":2}}`, "raw.a is given twice"},
		{`{"t":"yesterday"}`, "t must be a time such as 2026-05-01T19:30:00Z"},
		{`{"a":["x"]}`, "a must have 2 items"},
		{`{"inner":"x"}`, "ok"},
	} {
		var v everything
		if got := told(NewDecoder().Unmarshal([]byte(c.in), &v)); got != c.want {
			t.Errorf("%s: got %s, want %s", c.in, got, c.want)
		}
	}
}

func TestDecodeDepth(t *testing.T) {
	t.Parallel()
	nest := func(n int) []byte {
		return []byte(strings.Repeat("[", n) + strings.Repeat("]", n))
	}
	var v any
	if err := NewDecoder().Unmarshal(nest(maxDepth), &v); err != nil {
		t.Errorf("32 levels: %v", err)
	}
	if err := NewDecoder().Unmarshal(nest(maxDepth+1), &v); !errors.Is(err, Malformed) {
		t.Errorf("33 levels: %v", err)
	}
	if err := NewDecoder().Unmarshal(bytes.Repeat([]byte("["), 1<<20), &v); !errors.Is(err,
		Malformed) {
		t.Errorf("a million brackets: %v", err)
	}
}

func TestDecodeManyProblemsAreBounded(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString(`{"l":[0`)
	for range 5000 {
		b.WriteString(`,"x"`)
	}
	b.WriteString(`]}`)
	var v everything
	err := NewDecoder().Unmarshal([]byte(b.String()), &v)
	if n := len(fault.Of(err).Fields); n != maxProblems {
		t.Errorf("%d problems were told", n)
	}
}

// TestDecodeAgrees: whatever encoding/json writes of a value, both readers read alike.
func TestDecodeAgrees(t *testing.T) {
	t.Parallel()
	dec := NewDecoder()
	rapid.Check(t, func(t *rapid.T) {
		in := drawEverything(t, 3)
		doc, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		var mine, theirs everything
		if err := json.Unmarshal(doc, &theirs); err != nil {
			t.Fatal(err)
		}
		if err := dec.Unmarshal(doc, &mine); err != nil {
			t.Fatalf("%s: %v", doc, err)
		}
		if !reflect.DeepEqual(mine, theirs) {
			t.Fatalf("%s\nmine   %+v\ntheirs %+v", doc, mine, theirs)
		}
	})
}

func drawEverything(t *rapid.T, depth int) *everything {
	noNUL := rapid.String().Filter(func(s string) bool { return !strings.Contains(s, "\x00") })
	e := &everything{S: noNUL.Draw(t, "s"), I: rapid.Int64().Draw(t, "i"),
		I8: rapid.Int8().Draw(t, "i8"), U: rapid.Uint32().Draw(t, "u"),
		F: rapid.Float64Range(-math.MaxFloat64, math.MaxFloat64).Draw(t, "f"),
		B: rapid.Bool().Draw(t, "b"), L: rapid.SliceOf(rapid.Int()).Draw(t, "l"),
		M:  rapid.MapOfN(noNUL, rapid.Int(), 0, 5).Draw(t, "m"),
		By: rapid.SliceOf(rapid.Byte()).Draw(t, "by")}
	e.Inner = noNUL.Draw(t, "inner")
	e.A = [2]string{noNUL.Draw(t, "a0"), noNUL.Draw(t, "a1")}
	if rapid.Bool().Draw(t, "p?") {
		n := rapid.Int().Draw(t, "p")
		e.P = &n
	}
	e.Any = map[string]any{"k": []any{noNUL.Draw(t, "any"), 1.5, nil, true}}
	e.T = time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "t"), 0).UTC()
	if depth > 0 && rapid.Bool().Draw(t, "deep?") {
		e.PS = drawEverything(t, depth-1)
	}
	return e
}

// FuzzDecode: never a panic, and nothing is accepted that encoding/json refuses or reads
// as another value.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{orderJSON, `{}`, `[]`, `null`, `{"s":"\ud83d\ude00"}`, `{"i":1e5}`,
		`{"any":{"a":[1,{"b":null}]}}`, `{"m":{"":1}}`, `{"raw":[1, 2 ,3]}`, `{"l":[1,2,`,
		`{"by":"AA=="}`,
		`{"S":"x"}`, `{"s":"a","s":"b"}`, "{\"s\":\"\xc3\x28\"}", `{"t":"2026-05-01T19:30:00Z"}`,
		`{"ps":{"ps":{"ps":{}}}}`, `{"a":["x","y"]}`, `-`, `{"f":-0.0e-0}`, `"\u12"`, `{"p":7}`} {
		f.Add([]byte(s))
	}
	dec := NewDecoder()
	f.Fuzz(func(t *testing.T, in []byte) {
		var order orderBody
		_ = dec.Unmarshal(in, &order)
		var mine, theirs everything
		if dec.Unmarshal(in, &mine) != nil {
			return
		}
		strict := json.NewDecoder(bytes.NewReader(in))
		strict.DisallowUnknownFields()
		if err := strict.Decode(&theirs); err != nil {
			t.Fatalf("accepted %q, which encoding/json refuses: %v", in, err)
		}
		if a, b := fmt.Sprintf("%+v", mine), fmt.Sprintf("%+v", theirs); mine.PS == nil &&
			mine.P == nil &&
			a != b {
			t.Fatalf("%q\nmine   %s\ntheirs %s", in, a, b)
		}
	})
}

func BenchmarkDecodeOrder(b *testing.B) {
	doc := []byte(orderJSON)
	dec := NewDecoder()
	b.Run(fmt.Sprintf("strict/%dB", len(doc)), func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var v orderBody
			if err := dec.Unmarshal(doc, &v); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encoding-json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var v orderBody
			if err := json.Unmarshal(doc, &v); err != nil {
				b.Fatal(err)
			}
		}
	})
}
