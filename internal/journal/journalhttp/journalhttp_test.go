package journalhttp_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"foyer/internal/actor"
	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/httpx"
	"foyer/internal/idgen"
	"foyer/internal/journal"
	"foyer/internal/journal/journalhttp"
	"foyer/internal/journal/journaltest"
	"foyer/internal/sqldb"
	"foyer/internal/sqldb/sqldbtest"
)

// gate answers tokens as a fixed list of staff.
type gate map[string]actor.Actor

func (g gate) Authenticate(
	_ context.Context, token string, _ httpx.RequestInfo,
) (actor.Actor, error) {
	if who, ok := g[token]; ok {
		return who, nil
	}
	return actor.Actor{}, fault.SignInFirst
}

type bundle struct {
	*journaltest.Bundle
	api *httpx.API
}

const ours, theirs, member, order = 3, 4, 77, 1 << 50

func setup(t *testing.T) bundle {
	t.Helper()
	b := journaltest.New(t, sqldbtest.Open(t, clock.Real{}), clock.Real{})
	codec, err := idgen.NewCodec(make([]byte, 16))
	if err != nil {
		t.Fatal(err)
	}
	grant := func(org int64, p ...actor.Permission) actor.Actor {
		return actor.Actor{Kind: actor.Staff, ID: 9, Grants: []actor.Grant{{Organization: org,
			Permissions: p}}}
	}
	api, err := httpx.New(httpx.Config{Logger: slog.New(slog.DiscardHandler),
		Clock: clock.Real{}, IDs: b.IDs, Codec: codec, CursorSecret: make([]byte, 32),
		Auth: gate{"owner": grant(ours, actor.Everything), "clerk": grant(ours, "order.view"),
			"both": {Kind: actor.Staff, ID: 8, Grants: []actor.Grant{
				{Organization: ours, Permissions: []actor.Permission{"order.view"}},
				{Organization: theirs, Permissions: []actor.Permission{journalhttp.View}}}},
			"stranger": grant(theirs, actor.Everything),
			"member":   {Kind: actor.Member, ID: member}}})
	if err != nil {
		t.Fatal(err)
	}
	journalhttp.Mount(api, b.Journal)
	b.Run(t)
	return bundle{b, api}
}

func (b bundle) id(kind idgen.Kind, id int64) string { return b.api.Keys().Public(kind, id) }

func (b bundle) get(t *testing.T, token string, org int64, query string) (int, map[string]any) {
	t.Helper()
	r := httptest.NewRequest("GET", "/api/v1/staff/organizations/"+b.id("org", org)+
		"/journal"+query, nil)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	b.api.ServeHTTP(w, r)
	var v map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatalf("%s: %s", query, w.Body)
	}
	return w.Code, v
}

func (b bundle) write(t *testing.T, n int) {
	t.Helper()
	if err := b.DB.InTx(context.Background(), func(tx *sqldb.Tx) error {
		for i := range int64(n) {
			b.Journal.Append(tx, journal.Entry{Organization: ours + i%2, Action: "order.placed",
				Actor:   actor.Actor{Kind: actor.Member, ID: member},
				Objects: []journal.Object{{Kind: "ord", ID: order + i/2, Revision: 1}},
				Data: fmt.Appendf(nil, `{"total_minor":9600,"at":%d,"order":%d,"list":[%d]}`,
					time.Now().UnixMilli(), order+i, order+i),
				Personal: []byte("13800138000"), SubjectKey: make([]byte, 32)})
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

func (b bundle) all(t *testing.T, token, query string) (positions []string) {
	t.Helper()
	cursor := ""
	for {
		code, v := b.get(t, token, ours, query+cursor)
		if code != 200 {
			t.Fatalf("%s: %d %v", query, code, v)
		}
		for _, item := range v["items"].([]any) {
			positions = append(positions, item.(map[string]any)["position"].(string))
		}
		next, ok := v["next_cursor"].(string)
		if !ok {
			return positions
		}
		cursor = "&cursor=" + next
	}
}

func TestStaffSearchTheirJournal(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.write(t, 40)
	deadline := time.Now().Add(20 * time.Second)
	for len(b.all(t, "owner", "?limit=100")) < 20 {
		if time.Now().After(deadline) {
			t.Fatal("the index never came")
		}
		time.Sleep(5 * time.Millisecond)
	}
	whole := b.all(t, "owner", "?limit=100")
	paged := b.all(t, "owner", "?limit=7")
	if len(whole) != 20 || !slices.Equal(whole, paged) || whole[0] != "1/39" {
		t.Fatalf("%v\n%v", whole, paged)
	}
	one := b.all(t, "owner", "?object="+b.id("ord", order+3))
	if !slices.Equal(one, []string{"1/7"}) {
		t.Fatalf("by object: %v", one)
	}
	if got := b.all(t, "owner", "?limit=100&actor="+b.id("mem", member)); len(got) != 20 {
		t.Fatalf("by actor: %v", got)
	}
	if got := b.all(t, "owner", "?actor="+b.id("stf", member)); len(got) != 0 {
		t.Fatalf("by another kind of actor: %v", got)
	}
	later := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	if got := b.all(t, "owner", "?from="+later); len(got) != 0 {
		t.Fatalf("from later: %v", got)
	}
	_, v := b.get(t, "owner", ours, "?limit=1")
	text, _ := json.Marshal(v)
	for _, secret := range []string{"13800138000", fmt.Sprint(order), "1125899906842"} {
		if strings.Contains(string(text), secret) {
			t.Errorf("%s leaks: %s", secret, text)
		}
	}
	if !strings.Contains(string(text), `"total_minor":9600`) {
		t.Errorf("the amount is gone: %s", text)
	}
}

func TestTheJournalOfOthersIsMissing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.write(t, 2)
	for _, c := range []struct {
		token, query string
		org          int64
		want         int
	}{
		{"", "", ours, 401},
		{"member", "", ours, 403},
		{"clerk", "", ours, 403},
		{"both", "", ours, 403},
		{"stranger", "", ours, 404},
		{"owner", "", theirs, 404},
		{"owner", "", 12345, 404},
		{"owner", "?object=ord_nonsense", ours, 404},
		{"owner", "?actor=" + b.id("ord", 1), ours, 422},
		{"owner", "?cursor=nonsense", ours, 0},
		{"owner", "?limit=101", ours, 422},
	} {
		code, v := b.get(t, c.token, c.org, c.query)
		if c.want == 0 && code >= 400 && code < 500 {
			continue
		}
		if code != c.want {
			t.Errorf("%q %s of %d: %d, want %d (%v)", c.token, c.query, c.org, code, c.want, v)
		}
	}
}
