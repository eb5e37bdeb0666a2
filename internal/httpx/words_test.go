package httpx

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"foyer/internal/clock"
)

func TestLang(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]Lang{"": Zh, "en": En, "EN-us": En, "zh-CN,en": Zh,
		"fr":          Zh,
		"fr,en;q=0.3": En, "en;q=0.2,zh;q=0.9": Zh, "*": Zh, "en;q=x": Zh, "en;q=0": Zh,
		"zh-Hant-TW": Zh, "en-GB;q=0.9, zh-Hans;q=0.9": En, strings.Repeat("en,", 200): Zh} {
		if got := parseLang(header); got != want {
			t.Errorf("%q: %s", header, got)
		}
	}
	if LangOf(context.Background()) != Zh {
		t.Error("outside a request")
	}
}

func TestOrigin(t *testing.T) {
	t.Parallel()
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	for _, c := range []struct{ peer, forwarded, want string }{
		{"203.0.113.5:9", "", "203.0.113.5"},
		{"203.0.113.5:9", "1.2.3.4", "203.0.113.5"}, // a stranger is not believed
		{"10.0.0.1:9", "", "10.0.0.1"},
		{"10.0.0.1:9", "1.2.3.4", "1.2.3.4"},
		{"10.0.0.1:9", "6.6.6.6, 1.2.3.4, 10.9.9.9", "1.2.3.4"}, // the forged left end is skipped
		{"10.0.0.1:9", "rubbish, 10.9.9.9", "10.9.9.9"},
		{"10.0.0.1:9", "1.2.3.4, rubbish", "10.0.0.1"},
		{"[::ffff:10.0.0.1]:9", "2001:db8::1", "2001:db8::1"},
		{"rubbish", "1.2.3.4", "invalid IP"},
	} {
		r := &http.Request{RemoteAddr: c.peer,
			Header: http.Header{"X-Forwarded-For": {c.forwarded}}}
		if got := originOf(r, proxies).client.String(); got != c.want {
			t.Errorf("%s for %q: %s, want %s", c.peer, c.forwarded, got, c.want)
		}
	}
	r := &http.Request{RemoteAddr: "203.0.113.5:9",
		Header: http.Header{"X-Forwarded-Proto": {"https"}}}
	if originOf(r, proxies).secure {
		t.Error("a stranger says https and is believed")
	}
	if a, b := addressKey(netip.MustParseAddr("2001:db8::1")),
		addressKey(netip.MustParseAddr("2001:db8::2")); a != b {
		t.Error("one IPv6 customer counts as two")
	}
}

type position struct {
	Key  int64  `json:"k"`
	Name string `json:"n"`
}

func TestCursor(t *testing.T) {
	t.Parallel()
	c, err := NewCursors([]byte("0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.String().Draw(t, "list")
		in := position{rapid.Int64().Draw(t, "k"), rapid.StringMatching(`[a-z座]{0,20}`).Draw(t, "n")}
		sealed := c.Seal(list, in)
		var out position
		if err := c.Open(list, sealed, &out); err != nil || out != in {
			t.Fatalf("%v %+v", err, out)
		}
		if c.Open(list+"x", sealed, &out) == nil {
			t.Fatal("a cursor of another list works")
		}
		b := []byte(sealed)
		i := rapid.IntRange(0, len(b)-1).Draw(t, "i")
		b[i] ^= 1 << rapid.IntRange(0, 6).Draw(t, "bit")
		if err := c.Open(list, string(b), &out); !errors.Is(err, InvalidCursor) {
			t.Fatalf("a changed cursor works: %v", err)
		}
	})
	var out position
	for _, bad := range []string{"", "x", "!!", strings.Repeat("A", 22),
		strings.Repeat("A", 5000)} {
		if err := c.Open("l", bad, &out); !errors.Is(err, InvalidCursor) {
			t.Errorf("%.20q: %v", bad, err)
		}
	}
	if _, err := NewCursors([]byte("short")); err == nil {
		t.Error("a short secret is taken")
	}
}

func TestGCRAMemoryIsBounded(t *testing.T) {
	t.Parallel()
	clk := clock.NewFake(time.Unix(0, 0))
	g := NewGCRA(clk, 1000)
	class := Rate{Name: "c", Count: 1, Per: time.Minute, Burst: 100}
	for range 100 {
		g.Take(context.Background(), class, "worst")
	}
	for i := range 50_000 {
		v, err := g.Take(context.Background(), class, fmt.Sprint("new", i))
		if err != nil || !v.Allowed {
			t.Fatal("a new subject was refused")
		}
	}
	if n := g.Len(); n > 1024 {
		t.Errorf("%d subjects are kept", n)
	}
	if v, _ := g.Take(context.Background(), class, "worst"); v.Allowed {
		t.Error("a flood of new subjects pardoned the worst one")
	}
}

func BenchmarkGCRA(b *testing.B) {
	g := NewGCRA(clock.Real{}, 0)
	ctx := context.Background()
	b.ReportAllocs()
	for b.Loop() {
		g.Take(ctx, ReadRate, "k1:abc")
	}
}

type item struct {
	Name string `json:"name" example:"x"`
}

func TestOpenAPI(t *testing.T) {
	t.Parallel()
	type listIn struct{ PageQuery }
	type listOut struct{ Body Page[item] }
	var calls int
	d := setup(t, nil, func(a *API) {
		placing(&calls)(a)
		Register(a, op("GET", "/api/v1/items", MemberOnly), func(_ context.Context,
			in *listIn) (*listOut, error) {
			if in.Limit != 20 {
				return nil, errors.New("no default")
			}
			return &listOut{Page[item]{Items: []item{{"a"}}}}, nil
		})
		o := op("POST", "/api/v1/hot/{id}", StaffOnly("order.sell"))
		o.Request, o.Response, o.Status, o.Idempotent = orderBody{}, item{}, 201, true
		o.Refusals = append(o.Refusals, gone)
		o.Params = struct {
			ID    string `path:"id" doc:"the id"`
			Limit int    `query:"limit" maximum:"9"`
		}{}
		RegisterRaw(a, o, ok)
		o = op("GET", "/api/v1/live", Public)
		o.Stream = true
		RegisterRaw(a, o, ok)
	})
	a := d.send("GET", "/openapi.json", "")
	var doc struct {
		OpenAPI string
		Paths   map[string]map[string]struct {
			OperationID string
			Parameters  []struct{ Name, In string }
			RequestBody struct {
				Content map[string]struct {
					Schema struct {
						Ref string `json:"$ref"`
					}
				}
			}
			Responses map[string]struct {
				Content map[string]any
			}
			Access   string `json:"x-foyer-access"`
			Refusals []struct {
				Code   string
				Status int
			} `json:"x-foyer-refusals"`
		}
		Components struct{ Schemas map[string]any }
	}
	if err := json.Unmarshal(a.body, &doc); err != nil {
		t.Fatal(err)
	}
	hot := doc.Paths["/api/v1/hot/{id}"]["post"]
	sent := hot.RequestBody.Content["application/json"].Schema.Ref
	if doc.OpenAPI != "3.1.0" || len(doc.Paths) != 5 || hot.Access != "staff:order.sell" ||
		sent != "#/components/schemas/OrderBody" ||
		hot.Responses["201"].Content["application/json"] == nil ||
		hot.Responses["409"].Content[problemType] == nil || len(hot.Parameters) != 3 {
		t.Errorf("%+v", hot)
	}
	if !slices.ContainsFunc(hot.Refusals, func(r struct {
		Code   string
		Status int
	}) bool {
		return r.Code == "test_gone" && r.Status == 409
	}) {
		t.Errorf("refusals: %+v", hot.Refusals)
	}
	if doc.Paths["/api/v1/live"]["get"].Responses["200"].Content["text/event-stream"] == nil {
		t.Error("the stream is not documented")
	}
	for _, name := range []string{"Problem", "PageItem", "OrderBody", "OrderLine"} {
		if doc.Components.Schemas[name] == nil {
			t.Errorf("no schema %s", name)
		}
	}
	one, _ := d.OpenAPI()
	two, _ := d.OpenAPI()
	if string(one) != string(two) {
		t.Error("two documents of the same routes differ")
	}
	items := d.send("GET", "/api/v1/items", "", "Authorization: Bearer member")
	if strings.TrimSpace(string(items.body)) != `{"items":[{"name":"a"}]}` {
		t.Errorf("%s", items.body)
	}
}

func TestSchemaNoun(t *testing.T) {
	t.Parallel()
	for _, c := range [][3]string{
		{"foyer/internal/catalog/cataloghttp", "event", "CatalogEvent"},
		{"foyer/internal/order/orderhttp", "orderAnswer", "OrderAnswer"},
		{"foyer/internal/money", "Money", "Money"},
		{"foyer/internal/httpx", "Problem", "Problem"},
		{"", "int", "Int"},
	} {
		if got := withNoun(c[0], c[1]); got != c[2] {
			t.Errorf("%s.%s: %s", c[0], c[1], got)
		}
	}
}
