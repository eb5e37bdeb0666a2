package cataloghttp

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/httpx"
	"foyer/internal/idgen"
)

// browseQuery documents the filters of GET /events, which is read by hand.
type browseQuery struct {
	City           string `query:"city" maxLength:"60" doc:"with sessions in this city"`
	Kind           string `query:"kind" maxLength:"16" doc:"film, play, concert …"`
	Genre          string `query:"genre" maxLength:"40"`
	Language       string `query:"language" maxLength:"40"`
	Version        string `query:"version" maxLength:"40" doc:"IMAX finds IMAX 3D"`
	Day            int    `query:"day" doc:"business day, yyyymmdd"`
	VenueID        string `query:"venue_id" maxLength:"64"`
	OrganizationID string `query:"organization_id" maxLength:"64"`
	Q              string `query:"q" maxLength:"200" doc:"words, pinyin or initials"`
	Sort           string `query:"sort" enum:"time,popularity"`
	Cursor         string `query:"cursor" maxLength:"1024" doc:"next_cursor of the page before"`
	Limit          int    `query:"limit" minimum:"1" maximum:"100" default:"20"`
}

const browseText = "Published events with what a card needs, all from memory. Filters that " +
	"speak of sessions (city, day, venue, language, version) must hold for one session " +
	"together. The list is stable under paging: a cursor is a place in the order."

func (d *door) mountBrowse(api *httpx.API) {
	httpx.RegisterRaw(api, httpx.Op{Method: http.MethodGet, Path: root + "/events",
		OperationID: "browse-events", Summary: "Browse events", Description: browseText,
		Tag: "catalog", Access: httpx.Public, Params: browseQuery{},
		Response: httpx.Page[catalog.Card]{},
		Refusals: []*fault.Definition{httpx.InvalidCursor, fault.BadInput}}, d.browse)
	httpx.RegisterRaw(api, httpx.Op{Method: http.MethodGet, Path: root + "/search",
		OperationID: "search", Summary: "Search events and venues", Tag: "catalog",
		Description: "Best first: titles, then aliases, people, venues, then pinyin. Chinese " +
			"words, pinyin in full (nezha) and initials (nz) are understood.",
		Access: httpx.Public, Params: searchQuery{}, Response: searchAnswer{},
		Refusals: []*fault.Definition{fault.BadInput}}, d.search)
}

// readBrowse reads the query by hand, since this is the hottest list. It refuses unknown
// and repeated filters, as the strict reader does elsewhere.
func (d *door) readBrowse(r *http.Request) (f catalog.Filter, cursor string, limit int, err error) {
	limit = 20
	if r.URL.RawQuery == "" {
		return f, "", limit, nil
	}
	if len(r.URL.RawQuery) > 4096 {
		return f, "", 0, fault.BadInput.At("query", "is too long / 过长")
	}
	values, parseErr := url.ParseQuery(r.URL.RawQuery)
	if parseErr != nil {
		return f, "", 0, fault.BadInput.At("query", "cannot be read / 无法识别")
	}
	var p fault.Problems
	for name, list := range values {
		v := strings.TrimSpace(list[0])
		if len(list) > 1 {
			p.Add(name, "is given twice / 重复")
		}
		if len(v) > 200 && name != "cursor" {
			p.Add(name, "is too long / 过长")
			continue
		}
		switch name {
		case "city":
			f.City = v
		case "kind":
			if f.Kind = v; !isEventKind(v) {
				p.Add(name, unknownKind)
			}
		case "genre":
			f.Genre = v
		case "language":
			f.Language = v
		case "version":
			f.Version = v
		case "q":
			f.Query = v
		case "cursor":
			cursor = v
		case "day":
			if f.Day, err = strconv.Atoi(v); err != nil || !isDay(f.Day) {
				p.Add(name, "is not a day like 20261001 / 日期有误")
			}
		case "limit":
			if limit, err = strconv.Atoi(v); err != nil || limit < 1 || limit > catalog.MaxPage {
				p.Add(name, "is not within 1..%d / 应在 1 到 %[1]d 之间", catalog.MaxPage)
			}
		case "sort":
			f.ByWeight = v == "popularity"
			if v != "popularity" && v != "time" {
				p.Add(name, "is neither time nor popularity / 排序方式有误")
			}
		case "venue_id":
			f.Venue = d.filterID(catalog.KindVenue, v)
		case "organization_id":
			f.Organization = d.filterID(catalog.KindOrganization, v)
		default:
			p.Add(name, "is not a filter of this list / 不支持的筛选条件")
		}
	}
	return f, cursor, limit, p.Err()
}

func isDay(day int) bool {
	return day >= 19000101 && day <= 99991231 && day/100%100 >= 1 && day/100%100 <= 12 &&
		day%100 >= 1 && day%100 <= 31
}

// listName ties a cursor to its filters: it opens no other list.
func listName(f catalog.Filter) string {
	return strings.Join([]string{"events", f.City, f.Kind, f.Genre, f.Language, f.Version,
		f.Query, strconv.Itoa(f.Day), strconv.FormatInt(f.Venue, 36),
		strconv.FormatInt(f.Organization, 36), strconv.FormatBool(f.ByWeight)}, "\x00")
}

func (d *door) browse(w http.ResponseWriter, r *http.Request) error {
	f, cursor, limit, err := d.readBrowse(r)
	if err != nil {
		return err
	}
	var after *catalog.Mark
	if cursor != "" {
		after = new(catalog.Mark)
		if err := d.cursors.Open(listName(f), cursor, after); err != nil {
			return err
		}
	}
	page := d.c.Browse(f, after, limit)
	size := 64
	for _, b := range page.Bodies {
		size += len(b) + 1
	}
	next := ""
	if page.Next != nil {
		next = d.cursors.Seal(listName(f), page.Next)
	}
	out := append(make([]byte, 0, size+len(next)), `{"items":[`...)
	for i, b := range page.Bodies {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, b...)
	}
	out = append(out, ']')
	if next != "" {
		out = append(append(append(out, `,"next_cursor":"`...), next...), '"')
	}
	out = append(out, '}')
	w.Header()["Etag"] = []string{`"` + strconv.FormatUint(page.Stamp, 36) + "-" +
		strconv.Itoa(len(out)) + `"`}
	httpx.WriteBytes(w, r, http.StatusOK, "application/json", out)
	return nil
}

type searchQuery struct {
	Q     string `query:"q" required:"true" minLength:"1" maxLength:"200"`
	Limit int    `query:"limit" minimum:"1" maximum:"50" default:"20"`
}

// searchHit is one finding; type says which of the two others is there.
type searchHit struct {
	Type  string        `json:"type" enum:"event,venue"`
	Event *catalog.Card `json:"event,omitempty"`
	Venue *venueCard    `json:"venue,omitempty"`
}

type searchAnswer struct {
	Items []searchHit `json:"items"`
}

func (d *door) search(w http.ResponseWriter, r *http.Request) error {
	q, err := query(r, "q", 200)
	if err != nil {
		return err
	}
	limit := 20
	if v := r.URL.Query().Get("limit"); v != "" {
		if limit, err = strconv.Atoi(v); err != nil || limit < 1 || limit > 50 {
			return fault.BadInput.At("limit", "is not within 1..50")
		}
	}
	if q == "" {
		return fault.BadInput.At("q", "is required / 必填")
	}
	type rawHit struct {
		Type  string     `json:"type"`
		Event rawJSON    `json:"event,omitempty"`
		Venue *venueCard `json:"venue,omitempty"`
	}
	hits := []rawHit{}
	for _, h := range d.c.Search(q, limit) {
		if h.Venue != nil {
			card := d.venueCard(h.Venue)
			hits = append(hits, rawHit{Type: "venue", Venue: &card})
		} else {
			hits = append(hits, rawHit{Type: "event", Event: h.Body})
		}
	}
	return httpx.WriteJSON(w, r, http.StatusOK, map[string]any{"items": hits})
}

// rawJSON is JSON that is ready.
type rawJSON []byte

// MarshalJSON gives the bytes as they are.
func (j rawJSON) MarshalJSON() ([]byte, error) { return j, nil }

// filterID is the key that a filter names; an id that names nothing finds nothing.
func (d *door) filterID(kind idgen.Kind, public string) int64 {
	if public == "" {
		return 0
	}
	id, err := d.keys.Parse(kind, public)
	if err != nil {
		return -1
	}
	return id
}

const unknownKind = "is not one of the kinds / 没有这种类型"

// isEventKind passes the kinds of events, and no filter at all.
func isEventKind(kind string) bool {
	return kind == "" || slices.Contains(catalog.EventKinds(), catalog.EventKind(kind))
}
