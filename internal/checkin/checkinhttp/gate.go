// Package checkinhttp is the routes of gates: those that devices call, and those with which
// staff look after them.
package checkinhttp

import (
	"context"
	"net/http"
	"time"

	"foyer/internal/catalog"
	"foyer/internal/checkin"
	"foyer/internal/fault"
	"foyer/internal/httpx"
	"foyer/internal/ticket"
	"foyer/internal/ticket/code"
	"foyer/internal/ticket/rule"
)

const tag = "gates"

type handler struct {
	api    *httpx.API
	keys   httpx.Keys
	module *checkin.CheckIns
}

// Mount adds the routes of gates to the door.
func Mount(api *httpx.API, module *checkin.CheckIns) {
	h := &handler{api, api.Keys(), module}
	h.mountGate()
	h.mountOffline()
	h.mountMedia()
	h.mountStaff()
}

var scanRefusals = []*fault.Definition{code.ErrUnreadable, code.ErrForged,
	checkin.ErrTicketUnknown, checkin.ErrOtherVenue, checkin.ErrOtherSession,
	checkin.ErrTooEarly, checkin.ErrTooLate, checkin.ErrAlreadyUsed, checkin.ErrRefunded,
	checkin.ErrCodeReplaced, checkin.ErrSessionCancelled, checkin.ErrTooManyPeople,
	checkin.ErrNothingToExit, checkin.ErrNonceReused, checkin.ErrDeviceRevoked,
	checkin.ErrWrongWay, checkin.ErrGateClosed, checkin.ErrOtherPrecinct, checkin.ErrUpgrade,
	checkin.ErrAmbiguous, checkin.ErrNotInside, checkin.ErrStillInside, checkin.ErrNoReentry,
	checkin.ErrDayLimit, checkin.ErrGateLimit, checkin.ErrGateDayLimit,
	checkin.ErrPrecinctLimit, checkin.ErrTooSoon, checkin.ErrPassNotYet,
	checkin.ErrPassExpired, checkin.ErrPassWeekday, checkin.ErrPassBlackout,
	checkin.ErrSlotNeeded, checkin.ErrPhotoNeeded, checkin.ErrExchanged,
	checkin.ErrMediumUnknown}

func (h *handler) mountGate() {
	scanner := httpx.AnyOf(httpx.DeviceOnly, httpx.StaffOnly(checkin.PermScan))
	viewer := httpx.AnyOf(httpx.DeviceOnly, httpx.StaffOnly(checkin.PermScan),
		httpx.StaffOnly(checkin.PermView))
	httpx.Register(h.api, httpx.Op{Method: "POST", Path: "/api/v1/gate/enrol", Tag: tag,
		OperationID: "enrol-device", Summary: "Enrol a device with its one-time code",
		Description: "The token is shown once. Send it as a bearer token from then on.",
		Access:      httpx.Public, Rate: httpx.SignInRate, Status: 201,
		Refusals: []*fault.Definition{checkin.ErrEnrolCode}}, h.enrol)
	httpx.Register(h.api, httpx.Op{Method: "GET", Path: "/api/v1/gate/device", Tag: tag,
		OperationID: "get-own-device", Summary: "The device that asks",
		Access: httpx.DeviceOnly}, h.self)
	httpx.RegisterRaw(h.api, httpx.Op{Method: "POST", Path: "/api/v1/gate/check-ins", Tag: tag,
		OperationID: "check-in", Summary: "Let people in or out",
		Description: "200 is the only answer that opens a gate. Every refusal is a problem " +
			"document whose `code` is the reason. A repeat with the same nonce gets the first " +
			"answer, so a lost answer is asked for again and lets nobody in twice.",
		Access: scanner, Rate: httpx.ScanRate, MaxBody: 4 << 10, Status: 200,
		Request: scanBody{}, Response: admissionBody{}, Refusals: scanRefusals}, h.checkIn)
	httpx.Register(h.api, httpx.Op{Method: "POST", Path: "/api/v1/gate/check-ins/{id}/undo",
		Tag: tag, OperationID: "undo-check-in", Summary: "Take a check-in back within a minute",
		Access: scanner, Rate: httpx.ScanRate, Status: 200, Refusals: []*fault.Definition{
			checkin.ErrNoCheckIn, checkin.ErrUndoTooLate, checkin.ErrUndoBlocked,
			checkin.ErrDeviceRevoked}}, h.undo)
	httpx.Register(h.api, httpx.Op{Method: "GET", Path: "/api/v1/gate/sessions", Tag: tag,
		OperationID: "list-gate-sessions", Summary: "The venue's sessions around now",
		Access: viewer}, h.sessions)
	httpx.Register(h.api, httpx.Op{Method: "GET", Path: "/api/v1/gate/counts", Tag: tag,
		OperationID: "list-gate-counts", Summary: "Who entered, who is inside, who may come",
		Access: viewer}, h.counts)
	httpx.Register(h.api, httpx.Op{Method: "GET", Path: "/api/v1/gate/precincts", Tag: tag,
		OperationID: "list-gate-precincts",
		Summary:     "Who came, who went and who is inside, of the venue and its precincts",
		Access:      viewer}, h.flows)
	httpx.RegisterRaw(h.api, httpx.Op{Method: "GET", Path: "/api/v1/gate/keys", Tag: tag,
		OperationID: "list-gate-keys", Summary: "Public keys to check codes without a network",
		Access: scanner, Produces: "application/jwk-set+json"}, h.publicKeys)
}

type enrolIn struct {
	Body struct {
		Code string `json:"code" minLength:"8" maxLength:"20" doc:"the one-time code"`
		Name string `json:"name,omitempty" maxLength:"60" doc:"empty: as staff named it"`
	}
}

type enrolOut struct {
	Body struct {
		Device deviceBody `json:"device"`
		Token  string     `json:"token" doc:"shown once"`
	}
}

func (h *handler) enrol(ctx context.Context, in *enrolIn) (*enrolOut, error) {
	d, token, err := h.module.Devices().Enrol(ctx, in.Body.Code, in.Body.Name)
	if err != nil {
		return nil, err
	}
	var out enrolOut
	out.Body.Device, out.Body.Token = h.device(d), token
	return &out, nil
}

type selfOut struct {
	Body struct {
		Device deviceBody `json:"device"`
		Gate   *gateBody  `json:"gate,omitempty"`
	}
}

func (h *handler) self(ctx context.Context, _ *struct{}) (*selfOut, error) {
	d, g, err := h.module.Devices().Self(ctx, httpx.ActorOf(ctx))
	if err != nil {
		return nil, err
	}
	var out selfOut
	out.Body.Device = h.device(d)
	if g != nil {
		b := h.gate(g)
		out.Body.Gate = &b
	}
	return &out, nil
}

type scanBody struct {
	Code      string `json:"code,omitempty" maxLength:"304" doc:"the text of the QR symbol"`
	TicketID  string `json:"ticket_id,omitempty" maxLength:"64" doc:"staff: found by hand"`
	Medium    string `json:"medium,omitempty" maxLength:"64" doc:"instead of a code: nfc:… or bar:…"`
	SessionID string `json:"session_id,omitempty" maxLength:"64" doc:"empty: any of the venue"`
	Direction string `json:"direction" enum:"entry,exit"`
	N         int    `json:"n,omitempty" minimum:"0" maximum:"500" doc:"people; empty: 1"`
	Part      string `json:"part,omitempty" maxLength:"40" doc:"of a combined ticket"`
	Nonce     string `json:"nonce" minLength:"1" maxLength:"32" doc:"fresh for each scan"`
}

type admissionBody struct {
	CheckInID string     `json:"check_in_id"`
	TicketID  string     `json:"ticket_id"`
	Label     string     `json:"label" doc:"seat or area"`
	Type      string     `json:"ticket_type"`
	TypeEn    string     `json:"ticket_type_en,omitempty"`
	Event     string     `json:"event"`
	EventEn   string     `json:"event_en,omitempty"`
	SessionID string     `json:"session_id"`
	StartsAt  time.Time  `json:"starts_at"`
	Hall      string     `json:"hall"`
	Direction string     `json:"direction" enum:"entry,exit"`
	Admitted  int        `json:"admitted" doc:"people of this check-in"`
	Used      int        `json:"used" doc:"people of the ticket who have entered"`
	Allowed   int        `json:"allowed" doc:"entries in all; 0: any number"`
	Part      string     `json:"part,omitempty" doc:"which of a combined ticket"`
	PartName  string     `json:"part_name,omitempty"`
	Returned  int        `json:"returned,omitempty" doc:"people who came in again: not counted"`
	Moved     bool       `json:"moved,omitempty" doc:"from one precinct into another"`
	Attention string     `json:"attention,omitempty" doc:"the light to show"`
	StaffText string     `json:"staff_text,omitempty" doc:"for whoever stands at the gate"`
	StaffEn   string     `json:"staff_text_en,omitempty"`
	PhotoURL  string     `json:"photo_url,omitempty" doc:"the holder; compare the face"`
	Inside    int        `json:"inside" doc:"people of the ticket inside now"`
	At        time.Time  `json:"at"`
	UndoneAt  *time.Time `json:"undone_at,omitempty" doc:"the check-in was taken back"`

	Visitors []ticket.Visitor `json:"visitors,omitempty" doc:"compare with the document; where names are asked for"`
}

func (h *handler) admission(a *checkin.Admission) admissionBody {
	b := admissionBody{CheckInID: h.keys.Public(checkin.KindCheckIn, a.CheckIn.ID),
		TicketID: h.keys.Public(ticket.KindTicket, a.CheckIn.Ticket), Label: a.Holder.Label,
		Type: a.Holder.Type, TypeEn: a.Holder.TypeEn, Event: a.Event.Event.Title,
		EventEn:   a.Event.Event.TitleEn,
		SessionID: h.keys.Public(catalog.KindSession, a.CheckIn.Session),
		StartsAt:  a.Event.StartsAt.UTC(), Hall: a.Event.Hall.Name,
		Direction: a.Direction.String(), Admitted: a.N, Used: a.Used, Allowed: a.Allowed,
		Inside: a.Inside, At: a.At.UTC()}
	b.Allowed = entriesOf(a.Allowed)
	if a.Direction == checkin.Entry && !a.CheckIn.Moved {
		b.Returned = a.N - a.Counted
	}
	b.SessionID = h.keys.Public(catalog.KindSession, a.Event.Session.ID)
	b.Moved = a.CheckIn.Moved
	if a.Holder.Photo != 0 {
		b.PhotoURL = "/api/v1/media/" + h.keys.Public(catalog.KindMedia, a.Holder.Photo)
	}
	if o := a.Opening; o != nil {
		b.Attention, b.StaffText, b.StaffEn = string(o.Attention), o.StaffText, o.StaffTextEn
		if i := a.Entitlement - 1; i < len(o.Parts) {
			b.Part, b.PartName = o.Parts[i].Code, o.Parts[i].Name
		}
	}
	if !a.UndoneAt.IsZero() {
		at := a.UndoneAt.UTC()
		b.UndoneAt = &at
	}
	return b
}

// entriesOf is an allowance as it is shown: 0 for any number.
func entriesOf(allowed int) int {
	if allowed >= rule.Unlimited {
		return 0
	}
	return allowed
}

func (h *handler) checkIn(w http.ResponseWriter, r *http.Request) error {
	var body scanBody
	if err := httpx.DecodeJSON(r, &body, 0); err != nil {
		return err
	}
	ask := checkin.Ask{Code: body.Code, Direction: checkin.Entry, N: max(body.N, 1),
		Part: body.Part, Medium: body.Medium, Nonce: body.Nonce}
	if body.Direction == checkin.Exit.String() {
		ask.Direction = checkin.Exit
	}
	if body.SessionID != "" {
		var err error
		if ask.Session, err = h.keys.Parse(catalog.KindSession, body.SessionID); err != nil {
			return err
		}
	}
	if body.TicketID != "" {
		var err error
		if ask.Ticket, err = h.keys.Parse(ticket.KindTicket, body.TicketID); err != nil {
			return checkin.ErrTicketUnknown
		}
	}
	a, err := h.module.Admit(r.Context(), httpx.ActorOf(r.Context()), ask)
	if err != nil {
		return err
	}
	b := h.admission(a)
	b.Visitors = h.module.WhoEnters(r.Context(), a)
	return httpx.WriteJSON(w, r, http.StatusOK, b)
}

type checkInParam struct {
	ID string `path:"id" doc:"the check-in's id"`
}

type admissionOut struct{ Body admissionBody }

func (h *handler) undo(ctx context.Context, in *checkInParam) (*admissionOut, error) {
	id, err := h.keys.Parse(checkin.KindCheckIn, in.ID)
	if err != nil {
		return nil, checkin.ErrNoCheckIn
	}
	a, err := h.module.Undo(ctx, httpx.ActorOf(ctx), id)
	if err != nil {
		return nil, err
	}
	return &admissionOut{h.admission(a)}, nil
}

type venueQuery struct {
	VenueID string `query:"venue_id" maxLength:"64" doc:"for staff; a device has its own"`
}

func (h *handler) venue(q *venueQuery) (int64, error) {
	if q.VenueID == "" {
		return 0, nil
	}
	return h.keys.Parse(catalog.KindVenue, q.VenueID)
}

type sessionBody struct {
	ID         string    `json:"id"`
	Event      string    `json:"event"`
	EventEn    string    `json:"event_en,omitempty"`
	Hall       string    `json:"hall"`
	HallEn     string    `json:"hall_en,omitempty"`
	State      string    `json:"state" doc:"on_sale, paused or cancelled"`
	StartsAt   time.Time `json:"starts_at"`
	EndsAt     time.Time `json:"ends_at"`
	GatesFrom  time.Time `json:"gates_from"`
	GatesUntil time.Time `json:"gates_until"`
	TimeZone   string    `json:"time_zone"`
}

func (h *handler) session(s *catalog.Sellable) sessionBody {
	from, until := s.GateWindow()
	return sessionBody{ID: h.keys.Public(catalog.KindSession, s.Session.ID),
		Event: s.Event.Title, EventEn: s.Event.TitleEn, Hall: s.Hall.Name, HallEn: s.Hall.NameEn,
		State: string(s.Session.State), StartsAt: s.StartsAt.UTC(), EndsAt: s.EndsAt.UTC(),
		GatesFrom: from.UTC(), GatesUntil: until.UTC(), TimeZone: s.Venue.TimeZone}
}

type sessionsOut struct {
	Body struct {
		Items []sessionBody `json:"items" nullable:"false"`
	}
}

func (h *handler) sessions(ctx context.Context, in *venueQuery) (*sessionsOut, error) {
	venue, err := h.venue(in)
	if err != nil {
		return nil, err
	}
	list, err := h.module.Around(ctx, httpx.ActorOf(ctx), venue)
	if err != nil {
		return nil, err
	}
	var out sessionsOut
	out.Body.Items = make([]sessionBody, len(list))
	for i, s := range list {
		out.Body.Items[i] = h.session(s)
	}
	return &out, nil
}

type countBody struct {
	Session  sessionBody `json:"session"`
	Entered  int         `json:"entered" doc:"people who came in"`
	Inside   int         `json:"inside" doc:"people inside now"`
	Sold     int         `json:"sold" doc:"people with live tickets"`
	Capacity int         `json:"capacity,omitempty" doc:"places of the session"`
}

func (h *handler) count(c *checkin.Count) countBody {
	return countBody{h.session(c.Session), c.Entered, c.Inside, c.Sold, c.Capacity}
}

type countsOut struct {
	Body struct {
		Items []countBody `json:"items" nullable:"false"`
	}
}

func (h *handler) counts(ctx context.Context, in *venueQuery) (*countsOut, error) {
	venue, err := h.venue(in)
	if err != nil {
		return nil, err
	}
	list, err := h.module.CountsAround(ctx, httpx.ActorOf(ctx), venue)
	if err != nil {
		return nil, err
	}
	var out countsOut
	out.Body.Items = make([]countBody, len(list))
	for i := range list {
		out.Body.Items[i] = h.count(&list[i])
	}
	return &out, nil
}

func (h *handler) publicKeys(w http.ResponseWriter, r *http.Request) error {
	set, err := h.module.PublicKeys()
	if err != nil {
		return err
	}
	httpx.WriteBytes(w, r, http.StatusOK, "application/jwk-set+json", set)
	return nil
}
