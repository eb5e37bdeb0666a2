// Package seatinghttp is the routes of seating: what is free and how it changes, seat maps,
// and the house's own work on both.
package seatinghttp

import (
	"encoding/base64"
	"net/http"
	"strconv"
	"sync"
	"time"

	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/httpx"
	"foyer/internal/seating"
	"foyer/internal/seating/seatmap"
)

const (
	tag   = "seating"
	root  = "/api/v1"
	house = root + "/staff/organizations/{org}"
)

type handler struct {
	s    *seating.Seating
	keys httpx.Keys

	mu   sync.Mutex
	docs map[int64]*httpx.Document // geometries by version
}

// maxDocs bounds the encoded seat maps kept; the largest take some 500 KB.
const maxDocs = 128

// Frame encodes an event of a seat stream; the board is made with it.
func Frame(id, name string, data []byte) []byte {
	return httpx.Event{ID: id, Name: name, Data: data}.Frame()
}

// Mount adds the routes of seating to the door.
func Mount(api *httpx.API, s *seating.Seating) {
	h := &handler{s: s, keys: api.Keys(), docs: map[int64]*httpx.Document{}}
	h.mountPublic(api)
	h.mountMaps(api)
	h.mountBlocks(api)
	h.mountComeBack(api)
	h.mountAllotments(api)
	h.mountSeason(api)
}

type sessionParam struct {
	ID string `path:"id" doc:"the session's id"`
}

// seatsBody documents what render writes.
type seatsBody struct {
	Session string      `json:"session_id"`
	SeatMap string      `json:"seat_map_id" doc:"whose seats, in whose order"`
	Stamp   string      `json:"stamp" doc:"this moment; send it as last_event_id to the stream"`
	Seats   int         `json:"seats" doc:"how many seats"`
	States  string      `json:"states" doc:"base64, 2 bits a seat: free, held, sold, closed"`
	Free    int         `json:"free" doc:"seats and area places that are free for sale"`
	Areas   []areaState `json:"areas"`
}

type areaState struct {
	Area     int32 `json:"area"`
	Capacity int   `json:"capacity"`
	Free     int   `json:"free"`
}

func (h *handler) mountPublic(api *httpx.API) {
	httpx.RegisterRaw(api, httpx.Op{Method: http.MethodGet, Path: root + "/sessions/{id}/seats",
		OperationID: "get-seats", Tag: tag, Summary: "What is free in a session",
		Description: "`states` is base64 of two bits a seat, in the order of the map's seats, " +
			"four seats a byte, the first in the lowest bits: 0 free, 1 held, 2 sold, 3 closed. " +
			"Prices are the session's, by zone. Open the stream with `stamp` to follow changes.",
		Access: httpx.Public, Params: sessionParam{}, Response: seatsBody{},
		Refusals: []*fault.Definition{fault.Missing}}, h.seats)
	httpx.RegisterRaw(api, httpx.Op{Method: http.MethodGet,
		Path: root + "/sessions/{id}/seats/stream", OperationID: "watch-seats", Tag: tag,
		Summary: "Follow what is free in a session",
		Description: "Server-sent events. Send the stamp that you have as `Last-Event-ID` (or " +
			"the query `last_event_id`). `seats`: `{stamp, seats: [index, state, …], " +
			"areas: [area, free, …]}`, how they stand now. `reset`: something was " +
			"missed, read the seats again. `at`: where the stream begins.",
		Access: httpx.Public, Params: streamParams{}, Stream: true, Produces: "text/event-stream",
		Refusals: []*fault.Definition{fault.Missing, httpx.TooManyStreams}}, h.stream)
	httpx.RegisterRaw(api, httpx.Op{Method: http.MethodGet, Path: root + "/seat-maps/{id}",
		OperationID: "get-seat-map", Tag: tag, Summary: "A published seat map",
		Description: "Columns of numbers: `place`, `x` and `y` hold the difference to the seat " +
			"before; `zone`, `kind` and `rotation` hold pairs of a value and how many seats in a " +
			"row have it. A version never changes: keep it.",
		Access: httpx.Public, Params: mapParam{}, Response: seatmap.Geometry{},
		Refusals: []*fault.Definition{fault.Missing}}, h.seatMap)
}

type streamParams struct {
	ID   string `path:"id" doc:"the session's id"`
	Last string `query:"last_event_id" doc:"a stamp, for clients that cannot set the header"`
}

type mapParam struct {
	ID string `path:"id" doc:"the version's id"`
}

// Header values are shared by all answers, which never write into them.
var (
	jsonType = []string{"application/json"}
	askEach  = []string{"no-cache"}
)

// seats answers with bytes that are made once for each change of the session. They are
// dense already and so are not compressed.
func (h *handler) seats(w http.ResponseWriter, r *http.Request) error {
	id, err := h.keys.Parse(catalog.KindSession, r.PathValue("id"))
	if err != nil {
		return err
	}
	shot, err := h.s.Seats(r.Context(), id)
	if err != nil {
		return err
	}
	body := shot.Body(h.render)
	head := w.Header()
	head["Cache-Control"] = askEach
	if httpx.NotModified(w, r, `"`+shot.Stamp.String()+`"`) {
		return nil
	}
	head["Content-Type"] = jsonType
	head["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.Write(body)
	return nil
}

func (h *handler) render(s *seating.Snapshot) []byte {
	b := make([]byte, 0, 256+base64.StdEncoding.EncodedLen(len(s.States))+64*len(s.Areas))
	b = append(append(b, `{"session_id":"`...), h.keys.Public(catalog.KindSession, s.Session)...)
	b = append(append(b, `","seat_map_id":"`...), h.keys.Public(seating.KindVersion, s.Map)...)
	b = append(append(b, `","stamp":"`...), s.Stamp.String()...)
	b = strconv.AppendInt(append(b, `","seats":`...), int64(s.Seats), 10)
	b = base64.StdEncoding.AppendEncode(append(b, `,"states":"`...), s.States)
	b = strconv.AppendInt(append(b, `","free":`...), int64(s.Open), 10)
	b = append(b, `,"areas":[`...)
	for i, a := range s.Areas {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(append(b, `{"area":`...), int64(a.Area), 10)
		b = strconv.AppendInt(append(b, `,"capacity":`...), int64(a.Capacity), 10)
		b = strconv.AppendInt(append(b, `,"free":`...), int64(a.Free()), 10)
		b = append(b, '}')
	}
	return append(b, "]}\n"...)
}

func (h *handler) stream(w http.ResponseWriter, r *http.Request) error {
	id, err := h.keys.Parse(catalog.KindSession, r.PathValue("id"))
	if err != nil {
		return err
	}
	if _, err := h.s.Seats(r.Context(), id); err != nil { // before the answer begins
		return err
	}
	out, err := httpx.OpenStream(w, r, httpx.StreamOptions{Retry: 2 * time.Second})
	if err != nil {
		return err
	}
	defer out.Close()
	sub, err := h.s.Watch(r.Context(), id, out.LastEventID())
	if err != nil {
		return nil // the answer has begun: the reader comes back
	}
	defer sub.Close()
	_ = out.Run(sub.C) // its end is the reader's: there is nobody left to tell
	return nil
}

// seatMap serves the geometry of a version, encoded and compressed once.
func (h *handler) seatMap(w http.ResponseWriter, r *http.Request) error {
	id, err := h.keys.Parse(seating.KindVersion, r.PathValue("id"))
	if err != nil {
		return err
	}
	h.mu.Lock()
	doc := h.docs[id]
	h.mu.Unlock()
	if doc == nil {
		plan, err := h.s.Plan(r.Context(), id)
		if err != nil {
			return err
		}
		if doc, err = encodeMap(plan); err != nil {
			return err
		}
		h.mu.Lock()
		if len(h.docs) >= maxDocs {
			clear(h.docs)
		}
		h.docs[id] = doc
		h.mu.Unlock()
	}
	doc.Serve(w, r)
	return nil
}
