package checkinhttp

import (
	"context"
	"encoding/hex"
	"net/http"
	"strconv"
	"time"

	"foyer/internal/catalog"
	"foyer/internal/checkin"
	"foyer/internal/fault"
	"foyer/internal/httpx"
	"foyer/internal/idgen"
	"foyer/internal/ticket"
)

func (h *handler) mountOffline() {
	httpx.RegisterRaw(h.api, httpx.Op{Method: "GET", Path: "/api/v1/gate/list", Tag: tag,
		OperationID: "take-gate-list", Summary: "What a gate needs to admit without a network",
		Description: "Ids, code versions, entitlements and rules of the business day; no names " +
			"and no phone numbers, and of documents only hashes under a key of this " +
			"list. Ask again with `since` for what changed; an answer with " +
			"`full` begins anew. Send scans first, or say with `unsent` how many wait: " +
			"refunds wait for them. Of a ticket that was only used, a delta holds the " +
			"entitlements that were. A device may admit by the list until `until`.",
		Access: httpx.DeviceOnly, Params: listParams{}, Response: listBody{},
		Refusals: []*fault.Definition{checkin.ErrListMark, checkin.ErrDeviceRevoked}}, h.list)
	httpx.Register(h.api, httpx.Op{Method: "POST", Path: "/api/v1/gate/scans", Tag: tag,
		OperationID: "upload-scans", Summary: "Upload what was scanned without a network",
		Description: "It took place, so it is forced in: what the book contradicts is marked, " +
			"counts nowhere, and is listed for staff. A scan is known by its nonce: sent again, " +
			"it is answered as it was.",
		Access: httpx.DeviceOnly, Rate: httpx.ScanRate, MaxBody: 128 << 10, Status: 200,
		Refusals: []*fault.Definition{checkin.ErrDeviceRevoked}}, h.upload)
	httpx.Register(h.api, httpx.Op{Method: "GET", Path: "/api/v1/gate/tickets", Tag: tag,
		OperationID: "search-gate-tickets", Summary: "Find tickets by a number or the phone",
		Description: "For staff, when the visitor's phone is dead: admit with `ticket_id`.",
		Access:      httpx.StaffOnly(checkin.PermScan)}, h.search)
	httpx.Register(h.api, httpx.Op{Method: "GET", Path: atVenue + "/conflicts", Tag: tag,
		OperationID: "list-conflicts", Summary: "Scans without a network that do not fit",
		Access:   httpx.StaffOnly(checkin.PermView),
		Refusals: []*fault.Definition{httpx.InvalidCursor}}, h.conflicts)
	httpx.Register(h.api, httpx.Op{Method: "POST", Path: organization + "/conflicts/{id}/settle",
		Tag: tag, OperationID: "settle-conflict", Summary: "Note what a conflict was",
		Access: httpx.StaffOnly(checkin.PermScan), Status: 200,
		Refusals: []*fault.Definition{fault.Missing}}, h.settle)
}

type listParams struct {
	Since  string `query:"since" maxLength:"300" doc:"position or next of the answer before"`
	Unsent int    `query:"unsent" minimum:"0" maximum:"100000" doc:"scans not sent yet"`
}

type listGate struct {
	ID        string `json:"id,omitempty" doc:"empty: the device moves about"`
	Precinct  string `json:"precinct,omitempty" doc:"the code of where it leads"`
	From      string `json:"from,omitempty" doc:"the code of where it leads from"`
	Opens     string `json:"opens,omitempty"`
	Closes    string `json:"closes,omitempty"`
	Direction string `json:"direction" enum:"both,entry,exit"`
}

type listSession struct {
	ID        string    `json:"id"`
	StartsAt  time.Time `json:"starts_at"`
	EndsAt    time.Time `json:"ends_at"`
	Cancelled bool      `json:"cancelled,omitempty"`
	// DocumentKey hashes a document as the list has it.
	DocumentKey string `json:"document_key,omitempty" doc:"where names are asked for; hex; of this list alone"`
}

type listEntitlement struct {
	Number    int        `json:"number"`
	People    int        `json:"people"`
	Allowed   int        `json:"allowed" doc:"entries in all; 0: any number"`
	Used      int        `json:"used"`
	Inside    int        `json:"inside"`
	Day       string     `json:"day,omitempty" doc:"the business day of day_used"`
	DayUsed   int        `json:"day_used,omitempty"`
	Activated string     `json:"activated,omitempty"`
	SoldDay   string     `json:"sold_day"`
	EnteredAt *time.Time `json:"entered_at,omitempty"`
	LeftAt    *time.Time `json:"left_at,omitempty"`
}

type listTicket struct {
	ID           string            `json:"id"`
	CodeVersion  int               `json:"code_version" doc:"codes of others are refused"`
	SessionID    string            `json:"session_id"`
	Void         bool              `json:"void,omitempty" doc:"remove it"`
	Photo        bool              `json:"photo,omitempty" doc:"a photo is kept with it"`
	Rule         string            `json:"rule,omitempty" doc:"empty: a plain ticket"`
	Medium       string            `json:"medium,omitempty" doc:"it enters in place of any code: hex of the first 16 bytes of HMAC-SHA256(media_key, 'medium' 0x00 'nfc:' or 'bar:' number)"`
	Documents    []string          `json:"documents,omitempty" doc:"whose document opens it: hex of the first 16 bytes of HMAC-SHA256(document_key, 'document' 0x00 key)"`
	Entitlements []listEntitlement `json:"entitlements" nullable:"false"`
}

type listBody struct {
	Day      string                        `json:"business_day"`
	DayEnds  time.Time                     `json:"day_ends_at"`
	TimeZone string                        `json:"time_zone"`
	Until    time.Time                     `json:"until" doc:"admit by it no longer"`
	Full     bool                          `json:"full" doc:"drop what was held before"`
	Gate     listGate                      `json:"gate"`
	Sessions []listSession                 `json:"sessions" nullable:"false"`
	Rules    map[string]*catalog.Admission `json:"rules"`
	MediaKey string                        `json:"media_key" doc:"hashes media; hex; of this device and day"`
	Tickets  []listTicket                  `json:"tickets" nullable:"false"`
	Next     string                        `json:"next,omitempty" doc:"ask for it as since, now"`
	Position string                        `json:"position,omitempty" doc:"ask for it later"`
}

const listName = "gate list"

func (h *handler) list(w http.ResponseWriter, r *http.Request) error {
	var mark checkin.ListMark
	if since := r.URL.Query().Get("since"); since != "" {
		if err := h.api.Cursors().Open(listName, since, &mark); err != nil {
			return checkin.ErrListMark.Wrap(err)
		}
	}
	unsent, err := unsentOf(r.URL.Query().Get("unsent"))
	if err != nil {
		return err
	}
	l, err := h.module.TakeList(r.Context(), httpx.ActorOf(r.Context()), mark, unsent)
	if err != nil {
		return err
	}
	body := h.listOf(l)
	w.Header()["Cache-Control"] = []string{"private, no-cache"}
	w.Header().Set("ETag", httpx.ETag(l.Digest()))
	if l.Full && httpx.NotModified(w, r, httpx.ETag(l.Digest())) {
		return nil
	}
	return httpx.WriteJSON(w, r, http.StatusOK, body)
}

func unsentOf(text string) (int, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > 100_000 {
		return 0, fault.BadInput.At("unsent", "is a number of scans / 应为未上传的扫码数量")
	}
	return n, nil
}

func (h *handler) listOf(l *checkin.List) listBody {
	b := listBody{Day: catalog.DayText(l.Day), DayEnds: l.Ends.UTC(), TimeZone: l.Venue.TimeZone,
		Until: l.Until.UTC(), Full: l.Full, Gate: listGate{Direction: string(l.Ways)},
		Sessions: make([]listSession, len(l.Sessions)), Rules: map[string]*catalog.Admission{},
		Tickets: make([]listTicket, len(l.Tickets)), MediaKey: hex.EncodeToString(l.MediaKey)}
	if l.Gate != nil {
		b.Gate.ID = h.keys.Public(checkin.KindGate, l.Gate.ID)
		if l.Gate.Closes != 0 {
			b.Gate.Opens, b.Gate.Closes = clockText(l.Gate.Opens), clockText(l.Gate.Closes)
		}
	}
	if l.Into != nil {
		b.Gate.Precinct = l.Into.Code
	}
	if l.From != nil {
		b.Gate.From = l.From.Code
	}
	for i, s := range l.Sessions {
		b.Sessions[i] = listSession{h.keys.Public(catalog.KindSession, s.Session.ID),
			s.StartsAt.UTC(), s.EndsAt.UTC(), s.Session.State == catalog.SessionCancelled,
			hex.EncodeToString(l.Keys[s.Session.ID])}
	}
	for id, a := range l.Rules {
		b.Rules[strconv.FormatInt(id, 36)] = a
	}
	for i := range l.Tickets {
		b.Tickets[i] = h.listTicket(l, &l.Tickets[i])
	}
	if l.Next != nil {
		b.Next = h.api.Cursors().Seal(listName, l.Next)
	} else {
		b.Position = h.api.Cursors().Seal(listName, l.Position)
	}
	return b
}

func (h *handler) listTicket(l *checkin.List, t *ticket.Ticket) listTicket {
	b := listTicket{ID: h.keys.Public(ticket.KindTicket, t.ID), CodeVersion: t.CodeVersion,
		SessionID: h.keys.Public(catalog.KindSession, t.Session), Void: t.State != ticket.Live,
		Photo: t.Photo != 0, Entitlements: make([]listEntitlement, len(t.Entitlements))}
	if id := t.Entitlements[0].Admission; id != 0 {
		b.Rule = strconv.FormatInt(id, 36)
	}
	b.Medium = hex.EncodeToString(l.Media[t.ID])
	for _, hash := range l.Documents[t.ID] {
		b.Documents = append(b.Documents, hex.EncodeToString(hash))
	}
	for i := range t.Entitlements {
		e := &t.Entitlements[i]
		b.Entitlements[i] = listEntitlement{Number: e.Number, People: e.Heads(),
			Allowed: entriesOf(e.Allowed), Used: e.Used, Inside: e.Inside, DayUsed: e.DayUsed,
			SoldDay:   catalog.DayText(l.Venue.BusinessDay(e.ValidFrom)),
			EnteredAt: timeOrNil(e.EnteredAt), LeftAt: timeOrNil(e.LeftAt)}
		if e.Day != 0 {
			b.Entitlements[i].Day = catalog.DayText(e.Day)
		}
		if e.Activated != 0 {
			b.Entitlements[i].Activated = catalog.DayText(e.Activated)
		}
	}
	return b
}

func timeOrNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

type uploadIn struct {
	Body struct {
		DeviceTime time.Time `json:"device_time" doc:"the device's clock as it sends this"`
		Unsent     int       `json:"unsent,omitempty" minimum:"0" maximum:"100000" doc:"scans that it holds still"`
		Scans      []struct {
			Code      string    `json:"code,omitempty" maxLength:"304"`
			Medium    string    `json:"medium,omitempty" maxLength:"64" doc:"instead of a code: nfc:… or bar:…"`
			Ticket    string    `json:"ticket_id,omitempty" maxLength:"64" doc:"instead of a code: found by a document"`
			Proof     string    `json:"document_hash,omitempty" maxLength:"64" doc:"as the list has it"`
			Direction string    `json:"direction" enum:"entry,exit"`
			N         int       `json:"n,omitempty" minimum:"0" maximum:"500" doc:"empty: 1"`
			Part      string    `json:"part,omitempty" maxLength:"40"`
			Nonce     string    `json:"nonce" minLength:"1" maxLength:"32"`
			At        time.Time `json:"at" doc:"by the device's clock"`
		} `json:"scans" minItems:"1" maxItems:"100"`
	}
}

type uploadResult struct {
	Nonce     string `json:"nonce"`
	Result    string `json:"result" enum:"accepted,conflict,unreadable"`
	CheckInID string `json:"check_in_id,omitempty"`
	Code      string `json:"code,omitempty" doc:"the refusal that it would have met"`
}

type uploadOut struct {
	Body struct {
		Items []uploadResult `json:"items" nullable:"false"`
	}
}

func (h *handler) upload(ctx context.Context, in *uploadIn) (*uploadOut, error) {
	scans := make([]checkin.Recorded, len(in.Body.Scans))
	for i, s := range in.Body.Scans {
		scans[i] = checkin.Recorded{At: s.At, Ask: checkin.Ask{Code: s.Code, Part: s.Part,
			Medium:    s.Medium,
			Direction: checkin.Entry, N: max(s.N, 1), Nonce: s.Nonce}}
		if s.Direction == checkin.Exit.String() {
			scans[i].Direction = checkin.Exit
		}
		h.found(&scans[i].Ask, s.Ticket, s.Proof)
	}
	results, err := h.module.Upload(ctx, httpx.ActorOf(ctx), in.Body.DeviceTime, in.Body.Unsent,
		scans)
	if err != nil {
		return nil, err
	}
	var out uploadOut
	out.Body.Items = make([]uploadResult, len(results))
	for i, r := range results {
		out.Body.Items[i] = uploadResult{r.Nonce, string(r.Outcome),
			h.keys.Public(checkin.KindCheckIn, r.CheckIn), r.Code}
	}
	return &out, nil
}

// found is a ticket that a device found by a document; one that is no ticket's id, or no
// hash, is unreadable like any other code that nobody knows.
func (h *handler) found(ask *checkin.Ask, id, proof string) {
	if id == "" {
		return
	}
	var err error
	if ask.Ticket, err = h.keys.Parse(ticket.KindTicket, id); err != nil {
		ask.Ticket = -1
	}
	if ask.Proof, err = hex.DecodeString(proof); err != nil {
		ask.Proof = nil
	}
}

type sideBody struct {
	CheckInID string    `json:"check_in_id"`
	Direction string    `json:"direction" enum:"entry,exit"`
	N         int       `json:"n"`
	At        time.Time `json:"at"`
	Gate      string    `json:"gate,omitempty"`
	GateEn    string    `json:"gate_en,omitempty"`
	Device    string    `json:"device,omitempty" doc:"empty: staff without one"`
}

func (h *handler) side(s *checkin.Side) *sideBody {
	if s == nil {
		return nil
	}
	return &sideBody{h.keys.Public(checkin.KindCheckIn, s.CheckIn.ID), s.Direction.String(),
		s.CheckIn.N, s.CheckIn.At.UTC(), s.Trace.Gate, s.GateEn, s.Trace.Device}
}

type conflictBody struct {
	ID        string     `json:"id" doc:"the check-in's id"`
	TicketID  string     `json:"ticket_id,omitempty"`
	State     string     `json:"state" enum:"open,settled"`
	Code      string     `json:"code" doc:"the refusal that it would have met"`
	Scan      *sideBody  `json:"scan,omitempty" doc:"what took place"`
	Against   *sideBody  `json:"against,omitempty" doc:"what stands against it"`
	Note      string     `json:"note,omitempty"`
	SettledAt *time.Time `json:"settled_at,omitempty"`
}

func (h *handler) conflict(c *checkin.Conflict) conflictBody {
	b := conflictBody{ID: h.keys.Public(checkin.KindCheckIn, c.CheckIn), State: string(c.State),
		Code: c.Code, Scan: h.side(c.Scan), Against: h.side(c.Against), Note: c.Note,
		SettledAt: timeOrNil(c.SettledAt)}
	if c.Scan != nil {
		b.TicketID = h.keys.Public(ticket.KindTicket, c.Scan.Ticket)
	}
	return b
}

type conflictsIn struct {
	VenueParams
	httpx.PageQuery
	State string `query:"state" enum:"open,settled" default:"open"`
}

type conflictsOut struct{ Body httpx.Page[conflictBody] }

func (h *handler) conflicts(ctx context.Context, in *conflictsIn) (*conflictsOut, error) {
	scope, venue, err := h.at(in.VenueParams)
	if err != nil {
		return nil, err
	}
	name := "conflicts of " + in.Ven + " " + in.State
	var before int64
	if in.Cursor != "" {
		if err := h.api.Cursors().Open(name, in.Cursor, &before); err != nil {
			return nil, err
		}
	}
	list, err := h.module.Conflicts(ctx, httpx.ActorOf(ctx), scope, venue,
		checkin.ConflictState(in.State), before, in.Limit+1)
	if err != nil {
		return nil, err
	}
	var out conflictsOut
	if len(list) > in.Limit {
		list = list[:in.Limit]
		out.Body.NextCursor = h.api.Cursors().Seal(name, list[in.Limit-1].CheckIn)
	}
	out.Body.Items = make([]conflictBody, len(list))
	for i := range list {
		out.Body.Items[i] = h.conflict(&list[i])
	}
	return &out, nil
}

type settleIn struct {
	ObjectParams
	Body struct {
		Note string `json:"note" maxLength:"200" doc:"what it was, and what was done"`
	}
}

type settleOut struct{ Body conflictBody }

func (h *handler) settle(ctx context.Context, in *settleIn) (*settleOut, error) {
	scope, err := h.scope(in.Org)
	if err != nil {
		return nil, err
	}
	id, err := h.keys.Parse(checkin.KindCheckIn, in.ID)
	if err != nil {
		return nil, err
	}
	c, err := h.module.Settle(ctx, httpx.ActorOf(ctx), scope, id, in.Body.Note)
	if err != nil {
		return nil, err
	}
	return &settleOut{h.conflict(c)}, nil
}

type searchIn struct {
	VenueID   string `query:"venue_id" maxLength:"64"`
	Number    string `query:"number" maxLength:"30" doc:"of an order or a ticket"`
	PhoneTail string `query:"phone_tail" maxLength:"4" doc:"the last four digits"`
}

type foundBody struct {
	TicketID string      `json:"ticket_id"`
	Number   string      `json:"number"`
	OrderID  string      `json:"order_id" doc:"to sell an upgrade, with line and unit"`
	Line     int         `json:"line"`
	Unit     int         `json:"unit"`
	State    string      `json:"state" enum:"live,void"`
	Label    string      `json:"label"`
	Type     string      `json:"ticket_type"`
	TypeEn   string      `json:"ticket_type_en,omitempty"`
	People   int         `json:"people"`
	Used     int         `json:"used"`
	Inside   int         `json:"inside"`
	Session  sessionBody `json:"session"`
	PhotoURL string      `json:"photo_url,omitempty"`
}

type searchOut struct {
	Body struct {
		Items []foundBody `json:"items" nullable:"false"`
	}
}

func (h *handler) search(ctx context.Context, in *searchIn) (*searchOut, error) {
	venue, err := h.venue(&venueQuery{in.VenueID})
	if err != nil {
		return nil, err
	}
	list, err := h.module.Search(ctx, httpx.ActorOf(ctx), venue, in.Number, in.PhoneTail)
	if err != nil {
		return nil, err
	}
	var out searchOut
	out.Body.Items = make([]foundBody, len(list))
	for i := range list {
		t := &list[i].Ticket
		out.Body.Items[i] = foundBody{TicketID: h.keys.Public(ticket.KindTicket, t.ID),
			Number: idgen.Number(t.ID), OrderID: h.keys.Public("ord", t.Order), Line: t.Line,
			Unit: t.Unit, State: string(t.State), Label: t.Label, Type: t.Type,
			TypeEn: t.TypeEn, People: t.People(), Used: t.Used(), Inside: t.Inside(),
			Session: h.session(list[i].Event)}
		if t.Photo != 0 {
			out.Body.Items[i].PhotoURL = "/api/v1/media/" +
				h.keys.Public(catalog.KindMedia, t.Photo)
		}
	}
	return &out, nil
}
