package seatinghttp_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"foyer/internal/clock"
	"foyer/internal/seating"
)

// TestAllotmentsOverHTTP: the house keeps places for a channel; the public sees them as not
// available without whose they are, buyers online see their own as free; they go back in
// part, by hand, and by themselves at their time.
func TestAllotmentsOverHTTP(t *testing.T) {
	t.Parallel()
	s := setup(t)
	_, path := s.published()
	house := s.org + strings.TrimPrefix(path, "/api/v1")
	allot := func(channel string, falls any, places ...int32) map[string]any {
		m := map[string]any{"channel": channel, "places": places, "reason": "团"}
		if falls != nil {
			m["falls_back_at"] = falls
		}
		return m
	}
	at := s.clk.Now().Add(30 * time.Minute)
	agency := s.want(201, s.do("POST", house+"/allotments", "owner",
		allot("agency", at.Format(time.RFC3339), 1, 2)))
	online := s.want(201, s.do("POST", house+"/allotments", "owner", allot("online", nil, 3, 4)))
	public := s.do("GET", path+"/seats", "", nil)
	if got := states(t, public); !slices.Equal(got[:5], []int{3, 3, 0, 0, 0}) {
		t.Errorf("the public sees %v", got)
	}
	if strings.Contains(string(public.raw), "agency") {
		t.Errorf("the public is told whose they are: %s", public.raw)
	}
	for _, bad := range []struct {
		status int
		body   map[string]any
	}{{409, allot("counter", nil, 1)}, {422, allot("counter", nil, 99)},
		{422, allot("friends", nil, 6)}, {422, allot("counter", "2001-01-01T00:00:00Z", 6)}} {
		s.want(bad.status, s.do("POST", house+"/allotments", "owner", bad.body))
	}
	over := s.want(200, s.do("GET", house+"/seats", "owner", nil))
	if whose := fmt.Sprint(over.body["claims"]); !strings.Contains(whose, "allotment") ||
		!strings.Contains(whose, agency.body["id"].(string)) {
		t.Errorf("staff see %s", over.raw)
	}
	release := house + "/allotments/" + online.body["id"].(string) + "/release"
	s.want(409, s.do("POST", release, "owner", map[string]any{"places": []int32{1}}))
	s.want(204, s.do("POST", release, "owner", map[string]any{"places": []int32{3}}))
	s.want(204, s.do("POST", release, "owner", nil))
	s.want(404, s.do("POST", release, "owner", nil))
	s.clk.(*clock.Fake).Set(at)
	if n := s.fallBack(seating.JobFallBack); n != 1 {
		t.Errorf("%d allotments fell back", n)
	}
	if got := states(t, s.do("GET", path+"/seats", "", nil)); !slices.Equal(got[:4],
		[]int{0, 0, 0, 0}) {
		t.Errorf("after falling back: %v", got)
	}
	list := s.want(200, s.do("GET", house+"/allotments", "owner", nil)).body["items"].([]any)
	for _, a := range list {
		if m := a.(map[string]any); m["released_at"] == nil || m["places"] != nil {
			t.Errorf("an ended allotment: %v", m)
		}
	}
	if len(list) != 2 {
		t.Errorf("%d allotments", len(list))
	}
	for token, status := range map[string]int{"usher": 403, "other": 404, "": 401} {
		s.want(status, s.do("POST", house+"/allotments", token, allot("house", nil, 5)))
	}
}

// fallBack does the jobs of a kind that are due, each twice, and says how many there were.
func (s *site) fallBack(kind string) int {
	s.t.Helper()
	due, err := s.b.Store.DueJobs(s.t.Context(), kind, s.clk.Now(), 100)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, j := range slices.Concat(due, due) {
		if again, err := s.s.FallBack(s.t.Context(), j); err != nil || again != 0 {
			s.t.Errorf("%s: again in %v, %v", kind, again, err)
		}
	}
	return len(due)
}

// TestSeasonSeats: the seats that are free in every session of a run, house seats and
// whatever anybody has of one of them left out.
func TestSeasonSeats(t *testing.T) {
	t.Parallel()
	s := setup(t)
	one, _ := s.published()
	two := s.h.OnSale(s.clk.Now().Add(48 * time.Hour)).ID
	s.hold(one, 5, []int32{1})
	s.hold(two, 6, []int32{2, 3})
	ids := []string{s.w.Codec.Encode("ses", one), s.w.Codec.Encode("ses", two)}
	r := s.want(200, s.do("POST", s.org+"/season-seats", "owner",
		map[string]any{"session_ids": ids}))
	seats := r.body["seats"].([]any)
	if len(seats) != 7 || seats[0].(map[string]any)["place"] != 4.0 {
		t.Errorf("free in both: %s", r.raw)
	}
	s.want(422, s.do("POST", s.org+"/season-seats", "owner",
		map[string]any{"session_ids": ids[:1]}))
	s.want(403, s.do("POST", s.org+"/season-seats", "usher", map[string]any{"session_ids": ids}))
}
