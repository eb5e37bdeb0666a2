package orderhttp

import (
	"context"
	"strconv"
	"time"

	"foyer/internal/fault"
	"foyer/internal/httpx"
	"foyer/internal/order"
)

func (h *handler) mountSearch() {
	httpx.Register(h.api, httpx.Op{Method: "GET",
		Path: "/api/v1/staff/organizations/{org}/orders", Tag: "staff: orders",
		OperationID: "search-orders", Summary: "Orders of the house, the newest first",
		Description: "By number, session, state and day; without `from` those of the last 31 " +
			"days. A page may be short and still have a next one. By `phone_tail` the 20 newest " +
			"of buyers whose phone ends so: it is noted in the journal, and one person may do it " +
			"30 times in ten minutes.",
		Access: httpx.StaffOnly(order.PermView),
		Refusals: []*fault.Definition{fault.Missing, fault.BadInput, order.ErrNumber,
			order.ErrTailTries}}, h.search)
}

type searchIn struct {
	Org     string    `path:"org" maxLength:"64"`
	Number  string    `query:"number" maxLength:"40" doc:"of the order or of a ticket, as people read it aloud"`
	Tail    string    `query:"phone_tail" maxLength:"4" doc:"the last four digits of the buyer's phone"`
	Session string    `query:"session_id" maxLength:"64"`
	State   string    `query:"state" enum:"pending,closing,paid,expired,cancelled"`
	From    time.Time `query:"from" doc:"placed at or after"`
	httpx.PageQuery
}

func (h *handler) search(ctx context.Context, in *searchIn) (*listOut, error) {
	s := order.Search{Number: in.Number, State: order.State(in.State), From: in.From,
		PhoneTail: in.Tail, Limit: in.Limit}
	var err error
	if s.Organization, err = h.keys.Parse(kindOrganization, in.Org); err != nil {
		return nil, err
	}
	if in.Session != "" {
		if s.Session, err = h.keys.Parse(kindSession, in.Session); err != nil {
			return nil, err
		}
	}
	name := "orders of the house " + strconv.FormatInt(s.Organization, 10)
	if in.Cursor != "" {
		if err := h.api.Cursors().Open(name, in.Cursor, &s.Before); err != nil {
			return nil, err
		}
	}
	list, next, err := h.orders.Search(ctx, httpx.ActorOf(ctx), s)
	if err != nil {
		return nil, err
	}
	out := &listOut{httpx.Page[orderBody]{Items: []orderBody{}}}
	for _, o := range list {
		one, err := h.answer(ctx, o)
		if err != nil {
			return nil, err
		}
		out.Body.Items = append(out.Body.Items, one.Body)
	}
	if next != 0 {
		out.Body.NextCursor = h.api.Cursors().Seal(name, next)
	}
	return out, nil
}
