package orderhttp

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/httpx"
	"foyer/internal/idgen"
	"foyer/internal/journal"
	"foyer/internal/journal/journalhttp"
	"foyer/internal/money"
	"foyer/internal/order"
	"foyer/internal/seating"
	"foyer/internal/ticket"
	"foyer/internal/visitor"
)

const kindChange idgen.Kind = "chg"

var changeRefusals = append(visitorRefusals(), visitor.ErrNamed, order.ErrNotPaid,
	order.ErrUnit, order.ErrUnitReturned,
	order.ErrNoChange, order.ErrChangeLate, order.ErrChangeLimit, order.ErrChangeElsewhere,
	order.ErrChangeCount, order.ErrChangeMixed, order.ErrChangeOpen, order.ErrChangeQuote,
	order.ErrGateInDoubt, order.ErrTicketType, order.ErrTypeCount, order.ErrLimit,
	ticket.ErrUsed, catalog.ErrNotOnSale, catalog.ErrSessionChanged, seating.ErrPlaceTaken,
	seating.ErrAreaFull, seating.ErrSoldOut, seating.ErrAllHeld, seating.ErrNoMatch,
	seating.ErrUnknownPlace, seating.ErrSplitsPair, seating.ErrNotForSale, seating.ErrOrphan,
	fault.Stale)

// changeBody is what is given up, and what is wanted for it.
type changeBody struct {
	Units   []ticket.UnitRef `json:"units" maxItems:"100" doc:"the tickets to give up, of one session"`
	Session string           `json:"session_id" doc:"to which session; it may be the same"`
	Lines   []lineBody       `json:"lines" doc:"as many places as are given up"`
	Best    *bestBody        `json:"best,omitempty" doc:"choose the places that lines leave open"`
	Buyer   *PersonBody      `json:"buyer,omitempty" doc:"where the new session asks and the old did not"`
	// Expect is below zero for a sum that comes back.
	Expect *int64 `json:"expect_difference_minor,omitempty" doc:"refuse at any other sum to pay; below zero: to get back"`
}

type changedUnit struct {
	Line   int         `json:"line"`
	Unit   int         `json:"unit"`
	Label  string      `json:"label"`
	Amount money.Minor `json:"amount_minor" doc:"what it had cost"`
	Fee    money.Minor `json:"fee_minor" doc:"what of it is kept"`
	Back   money.Minor `json:"back_minor" doc:"what of it comes back"`
}

// ChangeSums are exported since bodies are read by their exported embedded fields only.
type ChangeSums struct {
	Value money.Minor `json:"value_minor" doc:"what the old tickets had cost"`
	Fee   money.Minor `json:"fee_minor" doc:"what the house keeps of it"`
	New   money.Minor `json:"new_minor" doc:"what the new tickets cost"`
	Due   money.Minor `json:"due_minor" doc:"to pay"`
	Back  money.Minor `json:"back_minor" doc:"to get back"`
}

type changeQuoteBody struct {
	Order    string         `json:"order_id"`
	Session  string         `json:"session_id"`
	Currency money.Currency `json:"currency"`
	ChangeSums
	Lost  money.Minor         `json:"lost_minor" doc:"of the fee: a difference that does not come back"`
	Until *time.Time          `json:"holds_until,omitempty" doc:"when the fee rises or changes end"`
	Units []changedUnit       `json:"units"`
	Lines []orderLine         `json:"lines"`
	Rules catalog.ChangeRules `json:"rules"`
}

type oneChange struct {
	ID      string            `json:"id"`
	Order   string            `json:"order_id"`
	From    string            `json:"from_session_id"`
	Session string            `json:"session_id"`
	State   order.ChangeState `json:"state" enum:"pending,closing,done,expired,cancelled,failed"`
	ChangeSums
	Until   *time.Time    `json:"expires_at,omitempty" doc:"until when the new places wait for the difference"`
	EndedAt *time.Time    `json:"ended_at,omitempty"`
	Units   []changedUnit `json:"units"`
	Lines   []orderLine   `json:"lines" doc:"the new ones"`
}

func (h *handler) mountChanges() {
	viewer := httpx.AnyOf(httpx.MemberOnly, httpx.StaffOnly(order.PermView))
	changer := httpx.AnyOf(httpx.MemberOnly, httpx.StaffOnly(order.PermRefund))
	const path = "/api/v1/orders/{id}"
	httpx.Register(h.api, httpx.Op{Method: "POST", Path: path + "/change-quote", Tag: tag,
		OperationID: "quote-change", Summary: "What changing tickets for others costs now",
		Description: "Nothing is held. Offers and codes are for new orders only.",
		Access:      viewer, Status: 200, Refusals: changeRefusals}, h.quoteChange)
	httpx.RegisterRaw(h.api, httpx.Op{Method: "POST", Path: path + "/changes", Tag: tag,
		OperationID: "change-order", Summary: "Change tickets for another session or other places",
		Description: "The new places are held at once. With something to pay, open a payment of " +
			"the order: the old tickets stay good until it is made. Else the change is done.",
		Access: changer, Idempotent: true, Status: 201, Params: IDParam{}, Request: changeBody{},
		Response: oneChange{}, Rate: httpx.BuyRate, Refusals: changeRefusals}, h.change)
	httpx.Register(h.api, httpx.Op{Method: "GET", Path: path + "/changes", Tag: tag,
		OperationID: "list-changes", Summary: "The changes of an order, the newest first",
		Access: viewer}, h.changes)
	httpx.Register(h.api, httpx.Op{Method: "POST", Path: path + "/changes/cancel", Tag: tag,
		OperationID: "cancel-change", Summary: "Give up the change that is under way",
		Access: changer, Status: 200, Refusals: []*fault.Definition{order.ErrNoChangeOpen},
	}, h.cancelChange)
}

func (h *handler) changeAsk(b changeBody) (order.ChangeAsk, error) {
	to, err := h.ask(placeBody{Session: b.Session, LinesBody: LinesBody{Lines: b.Lines,
		Best: b.Best, Buyer: b.Buyer}})
	if err != nil {
		return order.ChangeAsk{}, err
	}
	if len(b.Units) > order.MaxPlaces {
		return order.ChangeAsk{}, fault.BadInput.At("units", "at most 100 units")
	}
	out := order.ChangeAsk{Units: b.Units, To: to}
	if b.Expect != nil {
		expect := money.Minor(*b.Expect)
		out.Expect = &expect
	}
	return out, nil
}

type changeQuoteIn struct {
	IDParam
	Device string `header:"Foyer-Device" maxLength:"64" doc:"the device's own stable name"`
	Body   changeBody
}

type changeQuoteOut struct{ Body changeQuoteBody }

func (h *handler) quoteChange(ctx context.Context, in *changeQuoteIn) (*changeQuoteOut, error) {
	id, err := h.keys.Parse(kindOrder, in.ID)
	if err != nil {
		return nil, err
	}
	ask, err := h.changeAsk(in.Body)
	if err != nil {
		return nil, err
	}
	ask.To.Device = in.Device
	q, err := h.orders.QuoteChange(ctx, httpx.ActorOf(ctx), id, ask)
	if err != nil {
		return nil, err
	}
	return &changeQuoteOut{h.changeQuote(q)}, nil
}

func (h *handler) changeQuote(q order.ChangeQuote) changeQuoteBody {
	one := h.oneChange(&q.Change)
	showNamed(one.Lines, q.Visitors())
	return changeQuoteBody{Order: one.Order, Session: one.Session, Currency: q.Currency,
		ChangeSums: one.ChangeSums, Lost: q.Kept, Until: timeOrNil(q.Ends), Units: one.Units,
		Lines: one.Lines, Rules: q.Rules}
}

func (h *handler) change(w http.ResponseWriter, r *http.Request) error {
	id, c, err := readOrderCommand[changeBody](h, r)
	if err != nil {
		return err
	}
	ask, err := h.changeAsk(c.body)
	if err != nil {
		return err
	}
	if err := h.allowed(r.Context(), id, order.PermRefund); err != nil {
		return err
	}
	ask.InputHash, ask.To.Device = c.hash, r.Header.Get(deviceHeader)
	return journalhttp.Once(w, r, h.repeat, c.raw,
		func(ctx context.Context, receipt *journal.Receipt) (journal.Answer, error) {
			return h.orders.Change(ctx, httpx.ActorOf(ctx), id, ask, receipt, h.renderChange)
		})
}

func (h *handler) renderChange(c *order.Change, _ *order.Order) (journal.Answer, error) {
	b, err := json.Marshal(h.oneChange(c))
	return journal.Answer{Status: http.StatusCreated, Body: b}, err
}

type changesOut struct {
	Body struct {
		Items []oneChange `json:"items"`
	}
}

func (h *handler) changes(ctx context.Context, in *IDParam) (*changesOut, error) {
	id, err := h.keys.Parse(kindOrder, in.ID)
	if err != nil {
		return nil, err
	}
	list, err := h.orders.Changes(ctx, httpx.ActorOf(ctx), id)
	if err != nil {
		return nil, err
	}
	var out changesOut
	out.Body.Items = make([]oneChange, len(list))
	for i, c := range list {
		out.Body.Items[i] = h.oneChange(c)
	}
	return &out, nil
}

type changeOut struct{ Body oneChange }

func (h *handler) cancelChange(ctx context.Context, in *IDParam) (*changeOut, error) {
	id, err := h.keys.Parse(kindOrder, in.ID)
	if err != nil {
		return nil, err
	}
	if err := h.allowed(ctx, id, order.PermRefund); err != nil {
		return nil, err
	}
	c, err := h.orders.CancelChange(ctx, httpx.ActorOf(ctx), id)
	if err != nil {
		return nil, err
	}
	return &changeOut{h.oneChange(c)}, nil
}

func (wr wire) oneChange(c *order.Change) oneChange {
	session := wr.keys.Public(kindSession, c.Session)
	out := oneChange{ID: wr.keys.Public(kindChange, c.ID),
		Order: wr.keys.Public(kindOrder, c.Order), Session: session,
		From: wr.keys.Public(kindSession, c.From), State: c.State, Until: timeOrNil(c.Until),
		EndedAt: timeOrNil(c.EndedAt), Units: make([]changedUnit, len(c.Old)),
		Lines:      make([]orderLine, len(c.Lines)),
		ChangeSums: ChangeSums{c.Value, c.Fee, c.New, c.Due, c.Back}}
	for i, u := range c.Old {
		out.Units[i] = changedUnit{u.Line, u.Unit, u.Label, u.Amount, u.Fee, u.Back}
	}
	for i, l := range c.Lines {
		out.Lines[i] = wr.line(l, session, c.Session)
	}
	return out
}
