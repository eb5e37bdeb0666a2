package orderhttp

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
	"foyer/internal/journal"
	"foyer/internal/journal/journalhttp"
	"foyer/internal/order"
	"foyer/internal/seating"
	"foyer/internal/ticket"
)

const (
	kindMove idgen.Kind = order.KindMove
	kindHall idgen.Kind = "hal"
	kindMap  idgen.Kind = "smv"
)

// mostSeatsTold bounds the seats that a preview lists; all are counted.
const mostSeatsTold = 2000

func (h *handler) mountMoves() {
	const path = "/api/v1/staff/organizations/{org}/sessions/{id}/move"
	refusals := []*fault.Definition{fault.Missing, fault.NotAllowed, fault.Stale,
		catalog.ErrMoveOver, catalog.ErrMoveNowhere, catalog.ErrHallBusy, catalog.ErrNoSeatMap,
		seating.ErrGiven, seating.ErrOtherHall, order.ErrMoveRunning, order.ErrMoveLarge}
	httpx.Register(h.api, httpx.Op{Method: "POST", Path: path + "/preview", Tag: "staff: orders",
		OperationID: "preview-session-move",
		Summary:     "What moving a session with buyers to another time or hall would do",
		Description: "Nothing is changed. `seats` lists at most 2,000 places; the rest is " +
			"counted. Send `digest` with the move.",
		Access: httpx.StaffOnly(catalog.PermSell), Status: 200, Refusals: refusals},
		h.previewMove)
	httpx.Register(h.api, httpx.Op{Method: "POST", Path: path, Tag: "staff: orders",
		OperationID: "move-session", Summary: "Move a session that has buyers",
		Description: "It takes place then and there from now on. A job gives every ticket a new " +
			"code, tells its buyer and asks him to accept, to choose another or to take his " +
			"money back; unpaid orders end. Where the house wants two people for it, the " +
			"answer is 202.",
		Access: httpx.StaffOnly(catalog.PermSell), Status: 200,
		Refusals: append(refusals, order.ErrMoveStale, order.ErrMoveUnfit)}, h.move)
	httpx.Register(h.api, httpx.Op{Method: "GET", Path: path, Tag: "staff: orders",
		OperationID: "get-session-move", Summary: "How far the last move of a session is",
		Access:   httpx.StaffOnly(catalog.PermSell),
		Refusals: []*fault.Definition{fault.Missing, fault.NotAllowed, order.ErrNotMoved}},
		h.moveOf)
	chooser := httpx.AnyOf(httpx.MemberOnly, httpx.StaffOnly(order.PermRefund))
	choices := []*fault.Definition{order.ErrNotMoved, order.ErrMoveDecided, order.ErrMoveWhich}
	const mine = "/api/v1/orders/{id}/move"
	httpx.Register(h.api, httpx.Op{Method: "POST", Path: mine + "/accept", Tag: tag,
		OperationID: "accept-move",
		Summary:     "Come to the session where and when it takes place now",
		Access:      chooser, Status: 200, Refusals: choices}, h.acceptMove)
	httpx.RegisterRaw(h.api, httpx.Op{Method: "POST", Path: mine + "/refund", Tag: tag,
		OperationID: "refund-move", Summary: "Give tickets of a moved session back in full",
		Description: "No fee, whatever the policy says. The choice about other tickets stays open.",
		Access:      chooser, Idempotent: true, Status: 201, Params: IDParam{},
		Request: moveRefundBody{}, Response: returnedBody{}, Rate: httpx.BuyRate,
		Refusals: append(choices, order.ErrUnit, order.ErrUnitReturned, ticket.ErrUsed)},
		h.refundMove)
}

// MoveTo is exported since bodies are read by their exported embedded fields only.
type MoveTo struct {
	StartsAt time.Time `json:"starts_at"`
	EndsAt   time.Time `json:"ends_at,omitzero" doc:"empty: it lasts as long as before"`
	Hall     string    `json:"hall_id,omitempty" doc:"empty: the same hall"`
	Map      string    `json:"seat_map_version_id,omitempty" doc:"empty: the same, or the newest of another hall"`
	Mapping  []moveOne `json:"mapping,omitempty" maxItems:"2000" doc:"seats that the house chooses itself"`
}

type moveOne struct {
	Place int32 `json:"place" doc:"on the seat map as it is"`
	To    int32 `json:"to" doc:"on the new one"`
}

type movePreviewIn struct {
	HouseSession
	Body MoveTo
}

type movePlace struct {
	StartsAt time.Time `json:"starts_at"`
	EndsAt   time.Time `json:"ends_at"`
	Hall     string    `json:"hall_id"`
	Name     string    `json:"hall"`
	NameEn   string    `json:"hall_en"`
	Venue    string    `json:"venue_id"`
	Map      string    `json:"seat_map_version_id"`
}

type moveSeat struct {
	Owner    string       `json:"order_id,omitempty" doc:"empty: the house's own"`
	Place    int32        `json:"place"`
	To       int32        `json:"to,omitempty"`
	Area     bool         `json:"area,omitempty"`
	Quantity int          `json:"quantity,omitempty" doc:"of an area"`
	Label    string       `json:"label"`
	NewLabel string       `json:"new_label,omitempty"`
	Fate     seating.Fate `json:"fate" enum:"kept,given,proposed,none,dropped"`
}

type moveWindow struct {
	Was       time.Time  `json:"counted_from"`
	Now       time.Time  `json:"will_be_counted_from" doc:"never earlier"`
	ClosesWas *time.Time `json:"refunds_end,omitempty"`
	ClosesNow *time.Time `json:"refunds_will_end,omitempty"`
	Lines     int        `json:"lines" doc:"order lines that agreed to it"`
}

type movePreviewOut struct {
	Body struct {
		Digest  string       `json:"digest"`
		Was     movePlace    `json:"was"`
		Now     movePlace    `json:"now"`
		Paid    int          `json:"paid_orders"`
		Unpaid  int          `json:"unpaid_orders" doc:"they are ended"`
		Tickets int          `json:"tickets"`
		Used    int          `json:"used_tickets"`
		Buyers  int          `json:"buyers" doc:"members; orders without one can be told to nobody"`
		Fates   moveFates    `json:"places" doc:"zero in all: everybody keeps his place"`
		Seats   []moveSeat   `json:"seats"`
		Windows []moveWindow `json:"refund_windows"`
		More    bool         `json:"more" doc:"there are more orders than were counted"`
	}
}

type moveFates struct {
	Kept     int `json:"kept" doc:"the same row and number"`
	Given    int `json:"given" doc:"as mapping says"`
	Proposed int `json:"proposed" doc:"of an equal or better zone, an order's together where possible"`
	None     int `json:"none" doc:"no such place is left: the move is refused"`
	Dropped  int `json:"dropped" doc:"the house's own, put on sale again"`
}

func (h *handler) moveAsk(in *HouseSession, to MoveTo) (ask order.MoveAsk, err error) {
	if ask.Organization, ask.Session, err = h.house(in); err != nil {
		return ask, err
	}
	ask.StartsAt, ask.EndsAt = to.StartsAt, to.EndsAt
	if to.Hall != "" {
		if ask.Hall, err = h.keys.Parse(kindHall, to.Hall); err != nil {
			return ask, err
		}
	}
	if to.Map != "" {
		if ask.Map, err = h.keys.Parse(kindMap, to.Map); err != nil {
			return ask, err
		}
	}
	ask.Mapping = make(map[int32]int32, len(to.Mapping))
	for i, m := range to.Mapping {
		if _, twice := ask.Mapping[m.Place]; twice {
			return ask, seating.ErrGiven.At("mapping["+strconv.Itoa(i)+"].place", "named twice")
		}
		ask.Mapping[m.Place] = m.To
	}
	return ask, nil
}

func (h *handler) previewMove(ctx context.Context, in *movePreviewIn) (*movePreviewOut, error) {
	ask, err := h.moveAsk(&in.HouseSession, in.Body)
	if err != nil {
		return nil, err
	}
	p, err := h.orders.PreviewMove(ctx, httpx.ActorOf(ctx), ask)
	if err != nil {
		return nil, err
	}
	var out movePreviewOut
	b := &out.Body
	b.Digest, b.Was, b.Now = p.Digest, h.movePlace(p.Was), h.movePlace(p.Now)
	b.Paid, b.Unpaid, b.Tickets, b.Used = p.Paid, p.Unpaid, p.Tickets, p.Used
	b.Buyers, b.More, b.Seats, b.Windows = p.Buyers, p.More, []moveSeat{}, []moveWindow{}
	for _, w := range p.Windows {
		b.Windows = append(b.Windows, moveWindow{w.Was, w.Now, timeOrNil(w.ClosesWas),
			timeOrNil(w.ClosesNow), w.Lines})
	}
	if r := p.Seats; r != nil {
		b.Fates = moveFates{r.Count(seating.FateKept), r.Count(seating.FateGiven),
			r.Count(seating.FateProposed), r.Count(seating.FateNone), r.Count(seating.FateDropped)}
		for _, s := range r.Seats[:min(len(r.Seats), mostSeatsTold)] {
			b.Seats = append(b.Seats, h.moveSeat(s))
		}
	}
	return &out, nil
}

func (wr wire) movePlace(p order.MovePlace) movePlace {
	return movePlace{p.StartsAt, p.EndsAt, wr.keys.Public(kindHall, p.Hall), p.HallName, p.HallEn,
		wr.keys.Public(kindVenue, p.Venue), wr.keys.Public(kindMap, p.Map)}
}

func (wr wire) moveSeat(s seating.Reseated) moveSeat {
	out := moveSeat{Place: s.Place, To: s.To, Area: s.Area, Quantity: s.N, Label: s.Label,
		NewLabel: s.NewLabel, Fate: s.Fate}
	if s.Owner.Kind == seating.OwnerOrder {
		out.Owner = wr.keys.Public(kindOrder, s.Owner.ID)
	}
	return out
}

type moveIn struct {
	HouseSession
	Body struct {
		MoveTo
		Digest   string    `json:"digest" maxLength:"64" doc:"of the preview"`
		Notice   string    `json:"notice" maxLength:"1200" doc:"what buyers are told, at most 300 characters"`
		NoticeEn string    `json:"notice_en,omitempty" maxLength:"1200"`
		Deadline time.Time `json:"deadline" doc:"until when buyers choose; at most the new start"`
		Default  string    `json:"default" enum:"accept,refund" doc:"what holds for whoever says nothing"`
	}
}

type moveOut struct{ Body moveBody }

type moveBody struct {
	ID        string          `json:"id"`
	State     order.MoveState `json:"state" enum:"running,open,done,replaced" doc:"running: tickets are changed; open: buyers choose"`
	Was       movePlace       `json:"was"`
	Now       movePlace       `json:"now"`
	Notice    string          `json:"notice"`
	NoticeEn  string          `json:"notice_en"`
	Deadline  time.Time       `json:"deadline"`
	Default   string          `json:"default" enum:"accept,refund"`
	StartedAt time.Time       `json:"started_at"`
	ToldAt    *time.Time      `json:"told_at,omitempty" doc:"when the last buyer was told"`
	EndedAt   *time.Time      `json:"ended_at,omitempty"`
	Open      int             `json:"open" doc:"orders whose buyers have not chosen"`
	Accepted  int             `json:"accepted"`
	Refunded  int             `json:"refunded"`
	Left      int             `json:"left" doc:"orders that went otherwise"`
}

func defaultOf(c order.Choice) string {
	if c == order.ChoiceRefunded {
		return "refund"
	}
	return "accept"
}

func (h *handler) move(ctx context.Context, in *moveIn) (*moveOut, error) {
	ask, err := h.moveAsk(&in.HouseSession, in.Body.MoveTo)
	if err != nil {
		return nil, err
	}
	ask.Digest, ask.Notice, ask.NoticeEn = in.Body.Digest, in.Body.Notice, in.Body.NoticeEn
	ask.Deadline, ask.Default = in.Body.Deadline, order.ChoiceAccepted
	if in.Body.Default == "refund" {
		ask.Default = order.ChoiceRefunded
	}
	who := httpx.ActorOf(ctx)
	if _, err := h.orders.MoveSession(ctx, who, ask); err != nil {
		return nil, err
	}
	return h.moveTold(ctx, ask.Organization, ask.Session)
}

func (h *handler) moveOf(ctx context.Context, in *HouseSession) (*moveOut, error) {
	organization, session, err := h.house(in)
	if err != nil {
		return nil, err
	}
	return h.moveTold(ctx, organization, session)
}

func (h *handler) moveTold(ctx context.Context, organization, session int64) (*moveOut, error) {
	m, err := h.orders.MoveOf(ctx, httpx.ActorOf(ctx), organization, session)
	if err != nil {
		return nil, err
	}
	return &moveOut{moveBody{ID: h.keys.Public(kindMove, m.ID), State: m.State,
		Was: h.movePlace(m.Doc.Was), Now: h.movePlace(m.Doc.Now), Notice: m.Doc.Notice,
		NoticeEn: m.Doc.NoticeEn, Deadline: m.Deadline, Default: defaultOf(m.Default),
		StartedAt: m.StartedAt, ToldAt: timeOrNil(m.ToldAt), EndedAt: timeOrNil(m.EndedAt),
		Open: m.Open, Accepted: m.Accepted, Refunded: m.Refunded, Left: m.Left}}, nil
}

// buyersMove is a move as a buyer reads it on his order.
type buyersMove struct {
	ID        string       `json:"id"`
	Session   string       `json:"session_id"`
	State     order.Choice `json:"state" enum:"open,accepted,refunded,left,replaced"`
	Was       movePlace    `json:"was"`
	Now       movePlace    `json:"now"`
	Notice    string       `json:"notice"`
	NoticeEn  string       `json:"notice_en"`
	Deadline  time.Time    `json:"deadline"`
	Default   string       `json:"default" enum:"accept,refund" doc:"what holds if you say nothing"`
	Choices   []string     `json:"choices" doc:"accept, refund (in full), change (free of a fee); none: it is over"`
	DecidedAt *time.Time   `json:"decided_at,omitempty"`
	ByDefault bool         `json:"by_default"`
	Units     []movedUnit  `json:"units"`
}

type movedUnit struct {
	Line int    `json:"line"`
	Unit int    `json:"unit"`
	Was  string `json:"was_label"`
	Now  string `json:"label"`
}

// MovesBody is what an order says about sessions that were moved.
type MovesBody struct {
	Moves []buyersMove `json:"moves,omitempty" doc:"of each session that was moved, the last move"`
}

// moves tells a buyer of moved sessions, in the body of his order.
func (h *handler) moves(ctx context.Context, b *orderBody, o *order.Order) error {
	list, err := h.orders.MovesOf(ctx, o)
	for _, m := range list {
		one := buyersMove{ID: h.keys.Public(kindMove, m.Move),
			Session: h.keys.Public(kindSession, m.Session), State: m.State,
			Was: h.movePlace(m.Told.Doc.Was), Now: h.movePlace(m.Told.Doc.Now),
			Notice: m.Told.Doc.Notice, NoticeEn: m.Told.Doc.NoticeEn, Deadline: m.Told.Deadline,
			Default: defaultOf(m.Told.Default), Choices: []string{},
			DecidedAt: timeOrNil(m.DecidedAt), Units: []movedUnit{},
			ByDefault: !m.DecidedAt.IsZero() && m.DecidedBy.Kind == actor.System}
		if m.Open {
			one.Choices = []string{"accept", "refund", "change"}
		}
		for _, u := range m.Units {
			one.Units = append(one.Units, movedUnit{u.Line, u.Unit, u.Was, u.Now})
		}
		b.Moves = append(b.Moves, one)
	}
	return err
}

type moveAnswerIn struct {
	IDParam
	Body struct {
		Session string `json:"session_id,omitempty" doc:"where several sessions of the order were moved"`
	}
}

func (h *handler) acceptMove(ctx context.Context, in *moveAnswerIn) (*orderOut, error) {
	id, err := h.keys.Parse(kindOrder, in.ID)
	if err != nil {
		return nil, err
	}
	say, err := h.sayOf(in.Body.Session)
	if err != nil {
		return nil, err
	}
	if err := h.allowed(ctx, id, order.PermRefund); err != nil {
		return nil, err
	}
	o, err := h.orders.AcceptMove(ctx, httpx.ActorOf(ctx), id, say)
	if err != nil {
		return nil, err
	}
	return h.answer(ctx, o)
}

func (h *handler) sayOf(session string) (say order.MoveAnswer, err error) {
	if session != "" {
		say.Session, err = h.keys.Parse(kindSession, session)
	}
	return say, err
}

type moveRefundBody struct {
	Session string           `json:"session_id,omitempty" doc:"where several sessions of the order were moved"`
	Units   []ticket.UnitRef `json:"units,omitempty" maxItems:"100" doc:"none: all that were not used"`
}

func (h *handler) refundMove(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	id, c, err := readOrderCommand[moveRefundBody](h, r)
	if err != nil {
		return err
	}
	if len(c.body.Units) > order.MaxPlaces {
		return fault.BadInput.At("units", "at most 100 units")
	}
	say, err := h.sayOf(c.body.Session)
	if err != nil {
		return err
	}
	if err := h.allowed(ctx, id, order.PermRefund); err != nil {
		return err
	}
	say.Units, say.InputHash = c.body.Units, c.hash
	return journalhttp.Once(w, r, h.repeat, c.raw,
		func(ctx context.Context, receipt *journal.Receipt) (journal.Answer, error) {
			return h.orders.RefundMove(ctx, httpx.ActorOf(ctx), id, say, receipt, h.renderReturned)
		})
}
