// Package tickethttp is the tickets' routes.
package tickethttp

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/httpx"
	"foyer/internal/idgen"
	"foyer/internal/ticket"
	"foyer/internal/ticket/qr"
)

const (
	tag       = "tickets"
	kindOrder = "ord"
)

type handler struct {
	api     *httpx.API
	keys    httpx.Keys
	tickets *ticket.Tickets
}

// Mount adds the routes of tickets to the door.
func Mount(api *httpx.API, tickets *ticket.Tickets) {
	h := &handler{api, api.Keys(), tickets}
	viewer := httpx.AnyOf(httpx.MemberOnly, httpx.StaffOnly(ticket.PermView),
		httpx.StaffOnly(ticket.PermPrint))
	printer := httpx.AnyOf(httpx.MemberOnly, httpx.StaffOnly(ticket.PermPrint))
	h.mountPhoto()
	none := []*fault.Definition{ticket.ErrNoTicket}
	httpx.Register(api, httpx.Op{Method: "GET", Path: "/api/v1/orders/{id}/tickets", Tag: tag,
		OperationID: "list-order-tickets", Summary: "The tickets of an order",
		Description: "Empty while the order is not paid. With `wait` the answer comes as soon " +
			"as there are tickets, or when that many seconds are over.",
		Access: viewer, Refusals: none},
		h.ofOrder)
	httpx.Register(api, httpx.Op{Method: "GET", Path: "/api/v1/tickets", Tag: tag,
		OperationID: "list-tickets", Summary: "My tickets, the newest session first",
		Access: httpx.MemberOnly, Refusals: []*fault.Definition{httpx.InvalidCursor}}, h.list)
	httpx.Register(api, httpx.Op{Method: "GET", Path: "/api/v1/tickets/{id}", Tag: tag,
		OperationID: "get-ticket", Summary: "One ticket", Access: viewer, Refusals: none}, h.get)
	for _, p := range []struct{ ending, media string }{{"png", "image/png"},
		{"svg", "image/svg+xml"}} {
		httpx.RegisterRaw(api, httpx.Op{Method: "GET", Path: "/api/v1/tickets/{id}/qr." + p.ending,
			Tag: tag, OperationID: "get-ticket-qr-" + p.ending,
			Summary:     "The ticket's code as a QR symbol (" + p.ending + ")",
			Description: "The picture changes when the code does; ask with If-None-Match.",
			Access:      printer, Params: qrParams{}, Produces: p.media,
			Refusals: []*fault.Definition{ticket.ErrNoTicket, ticket.ErrVoid, qr.ErrSize}},
			func(w http.ResponseWriter, r *http.Request) error {
				return h.symbol(w, r, p.media)
			})
	}
	httpx.Register(api, httpx.Op{Method: "POST", Path: "/api/v1/staff/tickets/{id}/reissue",
		Tag: tag, OperationID: "reissue-ticket", Summary: "Replace a ticket's code",
		Description: "For a reprint or a lost phone: codes printed or shown before are refused " +
			"at the gate from now on.",
		Access: httpx.StaffOnly(ticket.PermPrint), Status: 200, Refusals: []*fault.Definition{
			ticket.ErrNoTicket, ticket.ErrVoid, fault.Stale}}, h.reissue)
}

type idParam struct {
	ID string `path:"id" doc:"the ticket's id"`
}

type qrParams struct {
	ID   string `path:"id" doc:"the ticket's id"`
	Size int    `query:"size" minimum:"128" maximum:"1024" default:"360" doc:"pixels of the PNG"`
}

type ticketBody struct {
	ID          string       `json:"id"`
	Number      string       `json:"number" doc:"to read aloud; opens nothing"`
	OrderID     string       `json:"order_id"`
	Line        int          `json:"line"`
	Unit        int          `json:"unit"`
	State       ticket.State `json:"state" enum:"live,void"`
	CodeVersion int          `json:"code_version" doc:"change, refund and reprint raise it"`
	Code        string       `json:"code,omitempty" doc:"for its owner and for staff who print"`
	Label       string       `json:"label" doc:"seat or area"`
	Type        string       `json:"ticket_type"`
	TypeEn      string       `json:"ticket_type_en,omitempty"`
	Entrance    string       `json:"entrance,omitempty" doc:"the nearest door"`
	Units       int          `json:"units" doc:"people who may enter with it"`
	Used        int          `json:"used" doc:"people who have entered"`
	Inside      int          `json:"inside" doc:"people inside now"`
	ValidFrom   time.Time    `json:"valid_from" doc:"when the gates open to it"`
	ValidUntil  time.Time    `json:"valid_until"`
	IssuedAt    time.Time    `json:"issued_at"`
	VoidedAt    *time.Time   `json:"voided_at,omitempty"`
	Session     sessionBody  `json:"session"`
	PhotoURL    string       `json:"photo_url,omitempty" doc:"the holder, for passes that ask"`

	// Opens and Parts are of tickets that are more than plain.
	Opens *catalog.Admission `json:"opens,omitempty" doc:"what it opens, as it was sold"`
	Parts []partBody         `json:"parts,omitempty" doc:"how far each of it was used"`

	Visitors []ticket.Visitor `json:"visitors,omitempty" doc:"who enters with it, where names are asked for"`
}

type sessionBody struct {
	ID       string    `json:"id"`
	EventID  string    `json:"event_id"`
	Event    string    `json:"event"`
	EventEn  string    `json:"event_en,omitempty"`
	Version  string    `json:"version,omitempty" doc:"e.g. IMAX 3D"`
	Language string    `json:"language,omitempty"`
	VenueID  string    `json:"venue_id"`
	Venue    string    `json:"venue"`
	VenueEn  string    `json:"venue_en,omitempty"`
	Address  string    `json:"address,omitempty"`
	Hall     string    `json:"hall"`
	HallEn   string    `json:"hall_en,omitempty"`
	StartsAt time.Time `json:"starts_at"`
	EndsAt   time.Time `json:"ends_at"`
	TimeZone string    `json:"time_zone" doc:"of the venue"`
	State    string    `json:"state" doc:"cancelled when it does not take place"`
}

func (h *handler) body(v *ticket.View) ticketBody {
	b := ticketBody{ID: h.keys.Public(ticket.KindTicket, v.ID), Number: idgen.Number(v.ID),
		OrderID: h.keys.Public(kindOrder, v.Order), Line: v.Line, Unit: v.Unit, State: v.State,
		CodeVersion: v.CodeVersion, Code: v.Code, Label: v.Label, Type: v.Type, TypeEn: v.TypeEn,
		Entrance: v.Entrance, Units: v.People(), Used: v.Used(), Inside: v.Inside(),
		IssuedAt: v.IssuedAt.UTC(), Session: h.session(v.Session), Visitors: v.Visitors}
	b.ValidFrom, b.ValidUntil = v.Session.GateWindow()
	b.ValidFrom, b.ValidUntil = b.ValidFrom.UTC(), b.ValidUntil.UTC()
	h.opened(&b, v)
	if !v.VoidedAt.IsZero() {
		at := v.VoidedAt.UTC()
		b.VoidedAt = &at
	}
	return b
}

func (h *handler) session(s *catalog.Sellable) sessionBody {
	return sessionBody{ID: h.keys.Public(catalog.KindSession, s.Session.ID),
		EventID: h.keys.Public(catalog.KindEvent, s.Event.ID), Event: s.Event.Title,
		EventEn: s.Event.TitleEn, Version: s.Version, Language: s.Language,
		VenueID: h.keys.Public(catalog.KindVenue, s.Venue.ID), Venue: s.Venue.Name,
		VenueEn: s.Venue.NameEn, Address: s.Venue.Address, Hall: s.Hall.Name,
		HallEn: s.Hall.NameEn, StartsAt: s.StartsAt.UTC(), EndsAt: s.EndsAt.UTC(),
		TimeZone: s.Venue.TimeZone, State: string(s.Session.State)}
}

type orderIn struct {
	ID   string `path:"id" doc:"the order's id"`
	Wait int    `query:"wait" minimum:"0" maximum:"20" doc:"seconds to wait for the first ticket"`
}

type orderOut struct {
	Body struct {
		Items []ticketBody `json:"items" nullable:"false"`
	}
}

func (h *handler) ofOrder(ctx context.Context, in *orderIn) (*orderOut, error) {
	id, err := h.keys.Parse(kindOrder, in.ID)
	if err != nil {
		return nil, err
	}
	wait := time.Duration(in.Wait) * time.Second
	list, err := h.tickets.Await(ctx, httpx.ActorOf(ctx), id, wait)
	if err != nil {
		return nil, err
	}
	var out orderOut
	out.Body.Items = h.bodies(list)
	return &out, nil
}

func (h *handler) bodies(list []*ticket.View) []ticketBody {
	items := make([]ticketBody, len(list))
	for i, v := range list {
		items[i] = h.body(v)
	}
	return items
}

type listOut struct{ Body httpx.Page[ticketBody] }

// mark is a position in a member's list, as the cursor holds it.
type mark struct {
	From int64 `json:"f"`
	ID   int64 `json:"i"`
}

func (h *handler) list(ctx context.Context, in *httpx.PageQuery) (*listOut, error) {
	who := httpx.ActorOf(ctx)
	name := "tickets of " + strconv.FormatInt(who.ID, 10)
	var after ticket.Mark
	if in.Cursor != "" {
		var m mark
		if err := h.api.Cursors().Open(name, in.Cursor, &m); err != nil {
			return nil, err
		}
		after = ticket.Mark{ValidFrom: time.UnixMilli(m.From), ID: m.ID}
	}
	list, err := h.tickets.OfMember(ctx, who, after, in.Limit+1)
	if err != nil {
		return nil, err
	}
	var out listOut
	if len(list) > in.Limit {
		list = list[:in.Limit]
		last := list[in.Limit-1]
		from := last.Entitlements[0].ValidFrom
		out.Body.NextCursor = h.api.Cursors().Seal(name, mark{from.UnixMilli(), last.ID})
	}
	out.Body.Items = h.bodies(list)
	return &out, nil
}

type ticketOut struct{ Body ticketBody }

func (h *handler) get(ctx context.Context, in *idParam) (*ticketOut, error) {
	id, err := h.keys.Parse(ticket.KindTicket, in.ID)
	if err != nil {
		return nil, err
	}
	v, err := h.tickets.Get(ctx, httpx.ActorOf(ctx), id)
	if err != nil {
		return nil, err
	}
	return &ticketOut{h.body(v)}, nil
}

type reissueIn struct {
	ID   string `path:"id" doc:"the ticket's id"`
	Body struct {
		CodeVersion int `json:"code_version" minimum:"1" doc:"the version to replace, as read"`
	}
}

func (h *handler) reissue(ctx context.Context, in *reissueIn) (*ticketOut, error) {
	id, err := h.keys.Parse(ticket.KindTicket, in.ID)
	if err != nil {
		return nil, err
	}
	v, err := h.tickets.Reprint(ctx, httpx.ActorOf(ctx), id, in.Body.CodeVersion)
	if err != nil {
		return nil, err
	}
	return &ticketOut{h.body(v)}, nil
}

// symbol draws the code. The tag is that of the code and the size, so that a reader who has
// the picture costs no drawing.
func (h *handler) symbol(w http.ResponseWriter, r *http.Request, media string) error {
	id, err := h.keys.Parse(ticket.KindTicket, r.PathValue("id"))
	if err != nil {
		return err
	}
	who := httpx.ActorOf(r.Context())
	v, err := h.tickets.Get(r.Context(), who, id)
	if err != nil {
		return err
	}
	if v.Code == "" {
		return refuseCode(who, v)
	}
	size, err := sizeOf(r, media)
	if err != nil {
		return err
	}
	w.Header()["Cache-Control"] = []string{"private, no-cache"}
	etag := httpx.ETag([]byte(media + strconv.Itoa(size) + v.Code))
	if httpx.NotModified(w, r, etag) {
		return nil
	}
	sym, err := qr.New(v.Code)
	if err != nil {
		return err
	}
	picture := sym.SVG()
	if media == "image/png" {
		if picture, err = sym.PNG(size); err != nil {
			return err
		}
	}
	httpx.WriteBytes(w, r, http.StatusOK, media, picture)
	return nil
}

// refuseCode says why there is no code: the ticket is void, or it is not theirs to see.
func refuseCode(who actor.Actor, v *ticket.View) error {
	if v.State == ticket.Void {
		return ticket.ErrVoid
	}
	if who.Kind == actor.Staff {
		return fault.NotAllowed.With("permission", string(ticket.PermPrint))
	}
	return ticket.ErrNoTicket
}

const defaultSize = 360 // pixels

func sizeOf(r *http.Request, media string) (int, error) {
	text := r.URL.Query().Get("size")
	if text == "" || media != "image/png" {
		return defaultSize, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < qr.MinPixels || n > qr.MaxPixels {
		return 0, qr.ErrSize.At("size", "must be a whole number from 128 to 1024")
	}
	return n, nil
}
