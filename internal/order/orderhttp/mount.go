package orderhttp

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"foyer/internal/actor"
	"foyer/internal/fault"
	"foyer/internal/httpx"
	"foyer/internal/journal"
	"foyer/internal/journal/journalhttp"
	"foyer/internal/money"
	"foyer/internal/order"
	"foyer/internal/seating"
	"foyer/internal/ticket"
	"foyer/internal/visitor"
)

// deviceHeader carries the stable name that a front end gives the device it runs on.
const deviceHeader = "Foyer-Device"

type handler struct {
	wire
	api    *httpx.API
	orders *order.Orders
	repeat *journal.Keys
}

// Mount adds the routes of orders to the door.
func Mount(api *httpx.API, orders *order.Orders, keys *journal.Keys) {
	h := &handler{wire{api.Keys()}, api, orders, keys}
	h.mountBuyer()
	h.mountVisitors(httpx.AnyOf(httpx.MemberOnly, httpx.StaffOnly(order.PermSell)))
	h.mountStaff()
	h.mountUnmask()
	h.mountChanges()
	h.mountGiveBacks()
	h.mountMoves()
	h.mountGateWaits()
	h.mountUpgrades()
	h.mountSearch()
	h.mountCodes()
	h.mountAgreement()
	h.mountLate()
}

const tag = "orders"

var placeRefusals = append([]*fault.Definition{order.ErrEmpty, order.ErrTooManyPerOrder,
	order.ErrLimit, order.ErrCoolDown, order.ErrTicketType, order.ErrTypeCount, order.ErrChannel,
	order.ErrPriceChanged, order.ErrClosing, order.ErrSeveral, order.ErrOrderElsewhere,
	order.ErrPaymentOpen, seating.ErrPlaceTaken, seating.ErrAreaFull, seating.ErrSoldOut,
	seating.ErrAllHeld, seating.ErrNoMatch, seating.ErrOrphan, seating.ErrSplitsPair,
	seating.ErrUnknownPlace, seating.ErrNotForSale},
	append(visitorRefusals(), offerRefusals()...)...)

// buyers may be members, or staff who sell at a counter.
func (h *handler) mountBuyer() {
	seller := httpx.AnyOf(httpx.MemberOnly, httpx.StaffOnly(order.PermSell))
	viewer := httpx.AnyOf(httpx.MemberOnly, httpx.StaffOnly(order.PermView))
	refunder := httpx.AnyOf(httpx.MemberOnly, httpx.StaffOnly(order.PermRefund))
	canceller := httpx.AnyOf(httpx.MemberOnly, httpx.StaffOnly(order.PermCancel))
	httpx.RegisterRaw(h.api, httpx.Op{Method: "POST", Path: "/api/v1/orders", Tag: tag,
		OperationID: "place-order", Summary: "Place an order",
		Description: "The order is the hold: its places wait until `expires_at`. A member with " +
			"an unpaid order in the session gets it back (200), or its lines replaced. Lines may " +
			"name sessions of their own: all places or none, one payment, each by the rules of " +
			"its session. With " +
			"`best` the answer says what lies `beside` the places and suggests pairs and blocks.",
		Access: seller, Idempotent: true, Status: 201, Request: placeBody{}, Response: orderBody{},
		Rate: httpx.BuyRate, Refusals: placeRefusals}, h.place)
	httpx.Register(h.api, httpx.Op{Method: "POST", Path: "/api/v1/quotes", Tag: tag,
		Timed: true, OperationID: "quote-order", Summary: "Price places without ordering them",
		Access: httpx.MemberOrAnonymous, Status: 200, Refusals: placeRefusals}, h.price)
	httpx.Register(h.api, httpx.Op{Method: "GET", Path: "/api/v1/orders", Tag: tag,
		OperationID: "list-orders", Summary: "My orders, newest first",
		Access: httpx.MemberOnly}, h.list)
	httpx.Register(h.api, httpx.Op{Method: "GET", Path: "/api/v1/orders/{id}", Tag: tag,
		OperationID: "get-order", Summary: "One order", Access: viewer}, h.get)
	httpx.RegisterRaw(h.api, httpx.Op{Method: "PUT", Path: "/api/v1/orders/{id}/lines", Tag: tag,
		OperationID: "replace-order-lines", Summary: "Choose other places; the clock goes on",
		Access: seller, Params: IDParam{}, Request: LinesBody{}, Response: orderBody{},
		Refusals: append(placeRefusals[:len(placeRefusals):len(placeRefusals)],
			order.ErrNotPending)}, h.replace)
	httpx.Register(h.api, httpx.Op{Method: "POST", Path: "/api/v1/orders/{id}/cancel", Tag: tag,
		OperationID: "cancel-order", Summary: "Give up an unpaid order", Access: canceller,
		Status:      200,
		Description: "With a payment open the order is `closing` until the provider has answered.",
		Refusals:    []*fault.Definition{order.ErrNotPending, order.ErrClosing}}, h.cancel)
	refunds := []*fault.Definition{order.ErrNotPaid, order.ErrUnit, order.ErrUnitReturned,
		order.ErrNoRefund, order.ErrQuoteChanged, order.ErrRefundWaits, ticket.ErrUsed,
		visitor.ErrRefundRight}
	httpx.Register(h.api, httpx.Op{Method: "POST", Path: "/api/v1/orders/{id}/refund-quote",
		Tag: tag, Timed: true, OperationID: "quote-refund",
		Summary: "What giving tickets back brings now",
		Access:  viewer, Status: 200, Refusals: refunds}, h.quoteRefund)
	httpx.RegisterRaw(h.api, httpx.Op{Method: "POST", Path: "/api/v1/orders/{id}/refunds", Tag: tag,
		OperationID: "refund-order", Summary: "Give tickets back",
		Description: "While a gate without a network may have let people in with them, the " +
			"refund waits (202): read the order's gate-waits.",
		Access: refunder, Idempotent: true, Status: 201, Params: IDParam{}, Request: refundBody{},
		Response: returnedBody{}, Rate: httpx.BuyRate, Refusals: refunds}, h.refund)
}

// IDParam is the path of an order. It is exported since the document reads only exported
// embedded fields.
type IDParam struct {
	ID string `path:"id" doc:"the order's id"`
}

func (h *handler) place(w http.ResponseWriter, r *http.Request) error {
	c, err := readCommand[placeBody](h.api, r)
	if err != nil {
		return err
	}
	ask, err := h.ask(c.body)
	if err != nil {
		return err
	}
	ask.InputHash, ask.Device = c.hash, r.Header.Get(deviceHeader)
	who := httpx.ActorOf(r.Context())
	return journalhttp.Once(w, r, h.repeat, c.raw,
		func(ctx context.Context, receipt *journal.Receipt) (journal.Answer, error) {
			return h.orders.Place(ctx, who, ask, receipt, h.render)
		})
}

// render makes the answer of a placed order, before it is committed.
func (h *handler) render(o *order.Order) (journal.Answer, error) {
	b, err := json.Marshal(h.order(o))
	return journal.Answer{Status: http.StatusCreated, Body: b}, err
}

func (h *handler) replace(w http.ResponseWriter, r *http.Request) error {
	id, err := h.keys.Parse(kindOrder, r.PathValue("id"))
	if err != nil {
		return err
	}
	var body LinesBody
	if err := httpx.DecodeJSON(r, &body, 0); err != nil {
		return err
	}
	ask, err := h.lines(body)
	if err != nil {
		return err
	}
	ctx := r.Context()
	ask.Device = r.Header.Get(deviceHeader)
	answer, err := h.orders.Replace(ctx, httpx.ActorOf(ctx), id, ask, h.render)
	if err != nil {
		return err
	}
	httpx.WriteBytes(w, r, answer.Status, "application/json", answer.Body)
	return nil
}

type priceIn struct {
	Device string `header:"Foyer-Device" maxLength:"64" doc:"the device's own stable name"`
	Body   placeBody
}

type priceOut struct {
	Body struct {
		Currency money.Currency `json:"currency"`
		Total    money.Minor    `json:"total_minor"`
		Lines    []orderLine    `json:"lines"`
		Alone    []int32        `json:"leaves_alone,omitempty" doc:"places left single by this choice"`
		HintsBody
		OffersBody
		BuyersBody
	}
}

func (h *handler) price(ctx context.Context, in *priceIn) (*priceOut, error) {
	ask, err := h.ask(in.Body)
	if err != nil {
		return nil, err
	}
	ask.Hints, ask.Device = true, in.Device
	o, err := h.orders.Price(ctx, httpx.ActorOf(ctx), ask)
	if err != nil {
		return nil, err
	}
	var out priceOut
	out.Body.Currency, out.Body.Total = o.Currency, o.Total
	out.Body.Lines, out.Body.Alone = h.order(o).Lines, o.Alone
	out.Body.OffersBody = h.offers(o)
	out.Body.HintsBody, out.Body.BuyersBody = hintsOf(o.Hints), buyersOf(o.Buyers)
	return &out, nil
}

type orderOut struct{ Body orderBody }

func (h *handler) answer(ctx context.Context, o *order.Order) (*orderOut, error) {
	a, err := h.orders.Agreed(ctx, o)
	if err != nil {
		return nil, err
	}
	if o.Visitors == nil {
		if err := h.orders.WhoEnters(ctx, o); err != nil {
			return nil, err
		}
	}
	out := &orderOut{h.order(o)}
	out.Body.Agreed = h.agreed(a)
	if err := h.agreedIn(ctx, o, &out.Body); err != nil {
		return nil, err
	}
	return out, h.moves(ctx, &out.Body, o)
}

func (h *handler) get(ctx context.Context, in *IDParam) (*orderOut, error) {
	id, err := h.keys.Parse(kindOrder, in.ID)
	if err != nil {
		return nil, err
	}
	o, err := h.orders.Get(ctx, id, httpx.ActorOf(ctx))
	if err != nil {
		return nil, err
	}
	return h.answer(ctx, o)
}

type listOut struct{ Body httpx.Page[orderBody] }

func (h *handler) list(ctx context.Context, in *httpx.PageQuery) (*listOut, error) {
	who := httpx.ActorOf(ctx)
	name := "orders of " + strconv.FormatInt(who.ID, 10)
	var before int64
	if in.Cursor != "" {
		if err := h.api.Cursors().Open(name, in.Cursor, &before); err != nil {
			return nil, err
		}
	}
	list, err := h.orders.OfMember(ctx, who.ID, before, in.Limit+1)
	if err != nil {
		return nil, err
	}
	out := &listOut{httpx.Page[orderBody]{Items: []orderBody{}}}
	for i, o := range list {
		if i == in.Limit {
			out.Body.NextCursor = h.api.Cursors().Seal(name, list[i-1].ID)
			break
		}
		one, err := h.answer(ctx, o)
		if err != nil {
			return nil, err
		}
		out.Body.Items = append(out.Body.Items, one.Body)
	}
	return out, nil
}

func (h *handler) cancel(ctx context.Context, in *IDParam) (*orderOut, error) {
	id, err := h.keys.Parse(kindOrder, in.ID)
	if err != nil {
		return nil, err
	}
	if err := h.allowed(ctx, id, order.PermCancel); err != nil {
		return nil, err
	}
	o, err := h.orders.Cancel(ctx, httpx.ActorOf(ctx), id)
	if err != nil {
		return nil, err
	}
	return h.answer(ctx, o)
}

// allowed refuses staff without a permission at the order's venue.
func (h *handler) allowed(ctx context.Context, id int64, p actor.Permission) error {
	who := httpx.ActorOf(ctx)
	o, err := h.orders.Get(ctx, id, who)
	if err != nil {
		return err
	}
	if !h.orders.May(ctx, who, p, o) {
		return fault.NotAllowed
	}
	return nil
}

type quoteIn struct {
	IDParam
	Body struct {
		Units []ticket.UnitRef `json:"units,omitempty" maxItems:"100" doc:"none: all that is left"`
	}
}

type quoteOut struct{ Body quoteBody }

func (h *handler) quoteRefund(ctx context.Context, in *quoteIn) (*quoteOut, error) {
	id, err := h.keys.Parse(kindOrder, in.ID)
	if err != nil {
		return nil, err
	}
	q, err := h.orders.Quote(ctx, httpx.ActorOf(ctx), id, in.Body.Units)
	if err != nil {
		return nil, err
	}
	return &quoteOut{h.quote(q)}, nil
}

func (h *handler) refund(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	id, c, err := readOrderCommand[refundBody](h, r)
	if err != nil {
		return err
	}
	body := c.body
	if len(body.Units) > order.MaxPlaces || len(body.Reason) > 200 {
		return fault.BadInput.At("units", "at most 100 units and a reason of 200 bytes")
	}
	if err := h.allowed(ctx, id, order.PermRefund); err != nil {
		return err
	}
	ask := order.RefundAsk{Units: body.Units, Expect: -1, Reason: body.Reason, InputHash: c.hash}
	if body.Expect != nil {
		ask.Expect = money.Minor(*body.Expect)
	}
	return journalhttp.Once(w, r, h.repeat, c.raw,
		func(ctx context.Context, receipt *journal.Receipt) (journal.Answer, error) {
			return h.orders.Refund(ctx, httpx.ActorOf(ctx), id, ask, receipt, h.renderReturned)
		})
}

func (h *handler) renderReturned(r order.Returned) (journal.Answer, error) {
	b := returnedBody{Order: h.order(r.Order), Quote: h.quote(r.Quote), Refunds: []string{},
		Waiting: h.gateWait(r.Wait)}
	status := http.StatusCreated
	if r.Wait != nil {
		status = http.StatusAccepted
	}
	b.Quote.Policy = nil // its texts would make the answer too long to be kept for a repeat
	for _, id := range r.Refunds {
		b.Refunds = append(b.Refunds, h.keys.Public(kindRefund, id))
	}
	raw, err := json.Marshal(b)
	return journal.Answer{Status: status, Body: raw}, err
}

func (h *handler) mountStaff() {
	httpx.Register(h.api, httpx.Op{Method: "POST", Path: "/api/v1/staff/orders/{id}/extend",
		Tag: "staff: orders", OperationID: "extend-order",
		Summary: "Let an unpaid order wait longer", Access: httpx.StaffOnly(order.PermExtend),
		Status:   200,
		Refusals: []*fault.Definition{order.ErrExtend, order.ErrNotPending}}, h.extend)
}

type extendIn struct {
	IDParam
	Body struct {
		Minutes int `json:"minutes" minimum:"1" maximum:"1440" doc:"how much longer"`
	}
}

func (h *handler) extend(ctx context.Context, in *extendIn) (*orderOut, error) {
	id, err := h.keys.Parse(kindOrder, in.ID)
	if err != nil {
		return nil, err
	}
	if err := h.allowed(ctx, id, order.PermExtend); err != nil {
		return nil, err
	}
	o, err := h.orders.Extend(ctx, httpx.ActorOf(ctx), id,
		time.Duration(in.Body.Minutes)*time.Minute)
	if err != nil {
		return nil, err
	}
	return h.answer(ctx, o)
}
