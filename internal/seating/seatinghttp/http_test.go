package seatinghttp_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/catalog/catalogtest"
	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/httpx"
	"foyer/internal/journal/journaltest"
	"foyer/internal/seating"
	"foyer/internal/seating/seatingdb"
	"foyer/internal/seating/seatinghttp"
	"foyer/internal/seating/seatmap"
	"foyer/internal/sqldb"
	"foyer/internal/sqldb/sqldbtest"
)

type people map[string]actor.Actor

func (p people) Authenticate(_ context.Context, token string, _ httpx.RequestInfo) (actor.Actor,
	error) {
	if who, ok := p[token]; ok {
		return who, nil
	}
	return actor.Actor{}, fault.SignInFirst
}

// site is the product's own catalogue and seating behind a door.
type site struct {
	t       testing.TB
	w       *catalogtest.World
	h       *catalogtest.House
	s       *seating.Seating
	book    *seatingdb.Book
	board   *seating.MemBoard
	b       *journaltest.Bundle
	clk     clock.Clock
	url     string
	org     string
	hall    string
	mapPath string
}

func setup(t testing.TB) *site {
	t.Helper()
	clk := clock.NewFake(sqldbtest.Start)
	return setupOn(t, clk, clk)
}

// setupOn takes a clock of its own for the board, whose streams wait for time to pass.
func setupOn(t testing.TB, clk, boardClock clock.Clock) *site {
	t.Helper()
	b := journaltest.New(t, sqldbtest.Open(t, clk), clk)
	store := seatingdb.New(b.DB)
	plans := seating.NewPlanCache(store)
	board := seating.NewMemBoard(seating.BoardConfig{Truth: store, Plans: plans, Clock: boardClock,
		IDs: b.IDs, Log: slog.New(slog.DiscardHandler), Frame: seatinghttp.Frame,
		Coalesce: 5 * time.Millisecond})
	book := seatingdb.NewBook(board)
	stock := seating.NewStock(store, plans, board)
	w := catalogtest.NewWithStock(t, b, stock, stock)
	s := &site{t: t, w: w, h: w.House(), book: book, board: board}
	stores := w.Catalog.Stores()
	s.s = seating.New(seating.Config{DB: b.DB, Store: store, Book: book, Board: board, Plans: plans,
		Sessions: w.Catalog, Halls: stores.Halls, Timetable: stores.Timetable, Journal: b.Journal,
		Jobs: b.Jobs, Revisions: w.Catalog, Clock: clk, IDs: b.IDs})
	s.b, s.clk = b, clk
	other := w.House()
	api, err := httpx.New(httpx.Config{Title: "t", Version: "1",
		Logger: slog.New(slog.DiscardHandler), Clock: boardClock, IDs: w.IDs, Codec: w.Codec,
		CursorSecret: bytes.Repeat([]byte("c"), 16),
		Auth: people{"owner": catalogtest.Staff(s.h.Org.ID, actor.Everything),
			"usher": catalogtest.Staff(s.h.Org.ID, "checkin.view"),
			"other": catalogtest.Staff(other.Org.ID, actor.Everything)},
		Rates: map[string]httpx.Rate{"write": {Count: 1 << 20, Per: time.Second, Burst: 1 << 20},
			"read": {Count: 1 << 20, Per: time.Second, Burst: 1 << 20}}})
	if err != nil {
		t.Fatal(err)
	}
	seatinghttp.Mount(api, s.s)
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	t.Cleanup(api.CloseStreams)
	s.url = server.URL
	s.org = "/api/v1/staff/organizations/" + w.Codec.Encode("org", s.h.Org.ID)
	s.hall = w.Codec.Encode("hal", s.h.Hall.ID)
	s.mapPath = s.org + "/halls/" + s.hall + "/seat-map"
	return s
}

type reply struct {
	status int
	header http.Header
	body   map[string]any
	raw    []byte
}

func (s *site) do(method, path, token string, body any, headers ...string) reply {
	s.t.Helper()
	var in io.Reader
	kind := "application/json"
	switch b := body.(type) {
	case nil:
	case string:
		in, kind = strings.NewReader(b), "application/octet-stream"
	default:
		raw, err := json.Marshal(b)
		if err != nil {
			s.t.Fatal(err)
		}
		in = bytes.NewReader(raw)
	}
	req, err := http.NewRequest(method, s.url+path, in)
	if err != nil {
		s.t.Fatal(err)
	}
	if in != nil {
		req.Header.Set("Content-Type", kind)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	r := reply{status: resp.StatusCode, header: resp.Header}
	if r.raw, err = io.ReadAll(resp.Body); err != nil {
		s.t.Fatal(err)
	}
	json.Unmarshal(r.raw, &r.body)
	return r
}

func (s *site) want(status int, r reply) reply {
	s.t.Helper()
	if r.status != status {
		s.t.Fatalf("status %d, want %d: %s", r.status, status, r.raw)
	}
	return r
}

const grid = `hall: 1号厅
screen: top 银幕
zone A = 普通区
number left-to-right from 1

AAAAA
AAAAA
area: 站席 standing 30 zone=A
`

// published imports and publishes the grid and puts a session on sale.
func (s *site) published() (session int64, path string) {
	s.t.Helper()
	r := s.want(200, s.do("POST", s.mapPath+"/import?revision=0", "owner", grid))
	if r.body["format"] != "text" || r.body["seats"] != 10.0 ||
		len(r.body["problems"].([]any)) > 0 {
		s.t.Fatalf("imported: %s", r.raw)
	}
	s.want(201, s.do("POST", s.mapPath+"/publish", "owner", map[string]any{"revision": 1}))
	ses := s.h.OnSale(sqldbtest.Start.Add(24 * time.Hour))
	return ses.ID, "/api/v1/sessions/" + s.w.Codec.Encode("ses", ses.ID)
}

func (s *site) hold(session, order int64, places []int32, areas ...seating.AreaQty) {
	s.t.Helper()
	err := s.w.DB.InTx(context.Background(), func(tx *sqldb.Tx) error {
		return s.book.Claim(tx, seating.Claim{Session: session, State: seating.Held,
			Owner: seating.Owner{Kind: seating.OwnerOrder, ID: order}, Places: places, Areas: areas,
			Until: tx.Now.Add(time.Minute)})
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

func states(t testing.TB, r reply) []int {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(r.body["states"].(string))
	if err != nil {
		t.Fatal(err)
	}
	out := make([]int, int(r.body["seats"].(float64)))
	for i := range out {
		out[i] = int(b[i/4] >> (i % 4 * 2) & 3)
	}
	return out
}

func TestSeatsSayWhatIsFree(t *testing.T) {
	t.Parallel()
	s := setup(t)
	session, path := s.published()
	first := s.want(200, s.do("GET", path+"/seats", "", nil))
	if first.body["free"] != 40.0 || !slices.Equal(states(t, first), make([]int, 10)) {
		t.Fatalf("a fresh session: %s", first.raw)
	}
	tag := first.header.Get("ETag")
	s.want(304, s.do("GET", path+"/seats", "", nil, "If-None-Match", tag))
	s.hold(session, 5, []int32{2, 10}, seating.AreaQty{Area: 11, N: 4})
	next := s.want(200, s.do("GET", path+"/seats", "", nil, "If-None-Match", tag))
	if !slices.Equal(states(t, next), []int{0, 1, 0, 0, 0, 0, 0, 0, 0, 1}) {
		t.Errorf("after a hold: %v", states(t, next))
	}
	area := next.body["areas"].([]any)[0].(map[string]any)
	if area["free"] != 26.0 || area["capacity"] != 30.0 || next.body["free"] != 34.0 {
		t.Errorf("the area: %s", next.raw)
	}
	id := next.body["seat_map_id"].(string)
	plan := s.want(200, s.do("GET", "/api/v1/seat-maps/"+id, "", nil))
	if !strings.Contains(plan.header.Get("Cache-Control"), "immutable") ||
		len(plan.body["seats"].(map[string]any)["label"].([]any)) != 10 {
		t.Errorf("the map: %v %s", plan.header, plan.raw)
	}
	s.want(404, s.do("GET", "/api/v1/sessions/ses_aaaaaaaaaaaaaaaaaaaaaaaaaa/seats", "", nil))
	s.want(404, s.do("GET", "/api/v1/seat-maps/"+s.hall, "", nil))
}

func TestDraftSessionsAreNotShown(t *testing.T) {
	t.Parallel()
	s := setup(t)
	s.published()
	plan := s.h.Plan(sqldbtest.Start.Add(72 * time.Hour))
	ses := catalogtest.Must[*catalog.Session](t)(s.w.Catalog.CreateSession(context.Background(),
		actor.SystemActor, plan))
	path := "/api/v1/sessions/" + s.w.Codec.Encode("ses", ses.ID)
	s.want(404, s.do("GET", path+"/seats", "", nil))
	s.want(404, s.do("GET", path+"/seats/stream", "", nil))
}

func TestAMapThatDropsAClaimedSeatIsRefused(t *testing.T) {
	t.Parallel()
	s := setup(t)
	session, _ := s.published()
	s.hold(session, 5, []int32{10})
	smaller := strings.Replace(grid, "AAAAA\narea", "AAAA.\narea", 1)
	s.want(200, s.do("POST", s.mapPath+"/import?revision=2", "owner", smaller))
	r := s.want(409, s.do("POST", s.mapPath+"/publish", "owner", map[string]any{"revision": 3}))
	list := fmt.Sprint(r.body["details"])
	if r.body["code"] != "seat_map_drops_claimed" || !strings.Contains(list, "[10]") {
		t.Fatalf("refused with %s", r.raw)
	}
	r = s.want(201, s.do("POST", s.mapPath+"/publish", "owner",
		map[string]any{"revision": 3, "keep_sessions": true}))
	if len(r.body["kept_session_ids"].([]any)) != 1 || len(r.body["dropped"].([]any)) != 1 ||
		r.body["changed"] == nil {
		t.Errorf("published with %s", r.raw)
	}
	s.want(409, s.do("POST", s.mapPath+"/publish", "owner", map[string]any{"revision": 4}))
	if r := s.want(200, s.do("GET", s.mapPath+"/versions", "owner", nil)); len(
		r.body["items"].([]any)) != 2 {
		t.Errorf("versions: %s", r.raw)
	}
}

func TestDraftsAreKeptRightOrWrong(t *testing.T) {
	t.Parallel()
	s := setup(t)
	empty := s.want(200, s.do("GET", s.mapPath, "owner", nil))
	if empty.body["revision"] != 0.0 || empty.body["has_draft"] != false {
		t.Fatalf("a hall without a map: %s", empty.raw)
	}
	s.want(409, s.do("POST", s.mapPath+"/publish", "owner", map[string]any{"revision": 1}))
	bad := seatmap.Map{Name: "x"}
	r := s.want(200, s.do("PUT", s.mapPath, "owner", map[string]any{"revision": 0, "map": bad}))
	if len(r.body["problems"].([]any)) == 0 {
		t.Errorf("an empty map has no problems: %s", r.raw)
	}
	r = s.do("POST", s.mapPath+"/publish", "owner", map[string]any{"revision": 1})
	if r.status < 400 {
		t.Errorf("an empty map was published: %s", r.raw)
	}
	s.want(409, s.do("PUT", s.mapPath, "owner", map[string]any{"revision": 0, "map": bad}))
	s.want(204, s.do("DELETE", s.mapPath+"?revision=1", "owner", nil))
	for token, status := range map[string]int{"usher": 403, "other": 404, "": 401} {
		s.want(status, s.do("PUT", s.mapPath, token, map[string]any{"revision": 2, "map": bad}))
	}
}

func TestBlocksTakePlacesOutOfSale(t *testing.T) {
	t.Parallel()
	s := setup(t)
	session, path := s.published()
	s.hold(session, 5, []int32{1})
	house := s.org + strings.TrimPrefix(path, "/api/v1")
	block := func(places ...int32) map[string]any {
		return map[string]any{"places": places, "reason": "工作票"}
	}
	s.want(409, s.do("POST", house+"/blocks", "owner", block(1, 2)))
	s.want(422, s.do("POST", house+"/blocks", "owner", block(2, 99)))
	r := s.want(201, s.do("POST", house+"/blocks", "owner", block(2, 3)))
	got := states(t, s.do("GET", path+"/seats", "", nil))
	if !slices.Equal(got[:4], []int{1, 3, 3, 0}) {
		t.Errorf("states %v", got)
	}
	over := s.want(200, s.do("GET", house+"/seats", "owner", nil))
	if n := len(over.body["claims"].([]any)); n != 3 || len(over.body["blocks"].([]any)) != 1 {
		t.Errorf("who has what: %s", over.raw)
	}
	release := house + "/blocks/" + r.body["id"].(string) + "/release"
	s.want(422, s.do("POST", release, "owner", map[string]any{"places": []int32{1}}))
	s.want(204, s.do("POST", release, "owner", map[string]any{"places": []int32{2}}))
	s.want(204, s.do("POST", release, "owner", nil))
	s.want(404, s.do("POST", release, "owner", nil))
	got = states(t, s.do("GET", path+"/seats", "", nil))
	if !slices.Equal(got[:4], []int{1, 0, 0, 0}) {
		t.Errorf("after the release: %v", got)
	}
	for token, status := range map[string]int{"usher": 403, "other": 404, "": 401} {
		s.want(status, s.do("POST", house+"/blocks", token, block(4)))
	}
}

func TestTheStreamTellsChanges(t *testing.T) {
	t.Parallel()
	s := setupOn(t, clock.NewFake(sqldbtest.Start), clock.Real{})
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	go s.board.Run(ctx)
	session, path := s.published()
	stamp := s.want(200, s.do("GET", path+"/seats", "", nil)).body["stamp"].(string)
	req, err := http.NewRequestWithContext(ctx, "GET", s.url+path+"/seats/stream", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Last-Event-ID", stamp)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	s.hold(session, 5, []int32{3})
	for lines.Scan() {
		if strings.Contains(lines.Text(), `"seats":[2,1]`) {
			return
		}
	}
	t.Fatalf("the stream ended without the change: %v", lines.Err())
}

func TestCapacitiesOfASession(t *testing.T) {
	t.Parallel()
	s := setup(t)
	s.published()
	plan := s.h.Plan(sqldbtest.Start.Add(48 * time.Hour))
	plan.AreaCapacity = map[int32]int{11: 5, 77: 1}
	_, err := s.w.Catalog.CreateSession(context.Background(), actor.SystemActor, plan)
	if fault.KindOf(err) != fault.Invalid {
		t.Fatalf("an area that is not there: %v", err)
	}
	plan.AreaCapacity = map[int32]int{11: 5}
	ses := s.h.Sell(plan)
	s.hold(ses.ID, 5, nil, seating.AreaQty{Area: 11, N: 4})
	next := *ses
	next.AreaCapacity = map[int32]int{11: 3}
	if _, err := s.w.Catalog.UpdateSession(context.Background(), actor.SystemActor,
		next); fault.Of(err).Def != seating.ErrCapacity {
		t.Fatalf("less than is taken: %v", err)
	}
	next.AreaCapacity = map[int32]int{11: 6}
	if _, err := s.w.Catalog.UpdateSession(context.Background(), actor.SystemActor,
		next); err != nil {
		t.Fatal(err)
	}
	r := s.do("GET", "/api/v1/sessions/"+s.w.Codec.Encode("ses", ses.ID)+"/seats", "", nil)
	if area := r.body["areas"].([]any)[0].(map[string]any); area["free"] != 2.0 {
		t.Errorf("after the change: %s", r.raw)
	}
}
