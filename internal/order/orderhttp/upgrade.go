package orderhttp

import (
	"context"
	"net/http"

	"foyer/internal/fault"
	"foyer/internal/httpx"
	"foyer/internal/journal"
	"foyer/internal/journal/journalhttp"
	"foyer/internal/money"
	"foyer/internal/order"
	"foyer/internal/ticket"
)

// upgradeBody is another type in the same place, or another slot for a missed one.
type upgradeBody struct {
	Units      []ticket.UnitRef `json:"units" maxItems:"100" doc:"the tickets, of one session"`
	TicketType string           `json:"ticket_type_id,omitempty" maxLength:"64" doc:"another type in the same places; empty: session_id and lines say where to"`
	Session    string           `json:"session_id,omitempty" maxLength:"64" doc:"another slot, for a missed one"`
	Lines      []lineBody       `json:"lines,omitempty" maxItems:"20"`
	Best       *bestBody        `json:"best,omitempty" doc:"choose the places that lines leave open"`
	Expect     *int64           `json:"expect_due_minor,omitempty" doc:"refuse at any other sum to pay"`
}

func (h *handler) mountUpgrades() {
	const path = "/api/v1/staff/orders/{id}"
	refusals := append(changeRefusals[:len(changeRefusals):len(changeRefusals)],
		order.ErrNoUpgrade, order.ErrMissedLate)
	httpx.Register(h.api, httpx.Op{Method: "POST", Path: path + "/upgrade-quote",
		Tag: "staff: orders", OperationID: "quote-upgrade",
		Summary:     "What a visitor at the gate has to pay on top",
		Description: "Nothing is held.",
		Access:      httpx.StaffOnly(order.PermSell), Status: 200, Refusals: refusals},
		h.quoteUpgrade)
	httpx.RegisterRaw(h.api, httpx.Op{Method: "POST", Path: path + "/upgrades",
		Tag: "staff: orders", OperationID: "sell-upgrade",
		Summary: "Sell another type or another slot at the gate",
		Description: "With something to pay, open a payment of the order: the old ticket stays " +
			"good until it is made. Then the order has a new ticket, with which entry goes on.",
		Access: httpx.StaffOnly(order.PermSell), Idempotent: true, Status: 201,
		Params: IDParam{}, Request: upgradeBody{}, Response: oneChange{}, Rate: httpx.BuyRate,
		Refusals: refusals}, h.upgrade)
}

func (h *handler) upgradeAsk(b upgradeBody) (order.UpgradeAsk, error) {
	out := order.UpgradeAsk{Units: b.Units}
	if b.Expect != nil {
		expect := money.Minor(*b.Expect)
		out.Expect = &expect
	}
	if len(b.Units) > order.MaxPlaces {
		return out, fault.BadInput.At("units", "at most 100 units")
	}
	if (b.TicketType == "") == (b.Session == "") {
		return out, fault.BadInput.At("ticket_type_id",
			"or session_id is required, not both / 请填写票种或新场次之一")
	}
	var err error
	if b.TicketType != "" {
		out.TicketType, err = h.keys.Parse(kindTicketType, b.TicketType)
		return out, err
	}
	out.To, err = h.ask(placeBody{Session: b.Session, LinesBody: LinesBody{Lines: b.Lines,
		Best: b.Best}})
	return out, err
}

type upgradeQuoteIn struct {
	IDParam
	Body upgradeBody
}

func (h *handler) quoteUpgrade(ctx context.Context, in *upgradeQuoteIn) (*changeQuoteOut, error) {
	id, err := h.keys.Parse(kindOrder, in.ID)
	if err != nil {
		return nil, err
	}
	ask, err := h.upgradeAsk(in.Body)
	if err != nil {
		return nil, err
	}
	q, err := h.orders.QuoteUpgrade(ctx, httpx.ActorOf(ctx), id, ask)
	if err != nil {
		return nil, err
	}
	return &changeQuoteOut{h.changeQuote(q)}, nil
}

func (h *handler) upgrade(w http.ResponseWriter, r *http.Request) error {
	id, c, err := readOrderCommand[upgradeBody](h, r)
	if err != nil {
		return err
	}
	ask, err := h.upgradeAsk(c.body)
	if err != nil {
		return err
	}
	ask.InputHash = c.hash
	return journalhttp.Once(w, r, h.repeat, c.raw,
		func(ctx context.Context, receipt *journal.Receipt) (journal.Answer, error) {
			return h.orders.Upgrade(ctx, httpx.ActorOf(ctx), id, ask, receipt, h.renderChange)
		})
}
