package app

import (
	"context"
	"slices"
	"time"

	"foyer/internal/actor"
	"foyer/internal/idgen"
	"foyer/internal/journal"
	"foyer/internal/member"
	"foyer/internal/member/memberhttp"
	"foyer/internal/order"
	"foyer/internal/sqldb"
	"foyer/internal/ticket"
)

// The kinds of public ids in an export.
const (
	kindOrder   idgen.Kind = "ord"
	kindTicket  idgen.Kind = "tck"
	kindSession idgen.Kind = "ses"
)

// keepers are the parts of the house that keep something about members.
func (a *App) keepers() []member.Keeper {
	return []member.Keeper{keptOrders{a}, keptTickets{a}, keptVisitors{a}, keptInvoices{a},
		keptAlerts{a}, keptEntries{a}}
}

// pageRows is how many rows of a member are read at once.
const pageRows = 100

type keptOrders struct{ a *App }

type orderExport struct {
	ID            string       `json:"id"`
	PlacedAt      time.Time    `json:"placed_at"`
	State         string       `json:"state"`
	Channel       string       `json:"channel"`
	Currency      string       `json:"currency"`
	TotalMinor    int64        `json:"total_minor"`
	RefundedMinor int64        `json:"refunded_minor"`
	SessionID     string       `json:"session_id"`
	Event         string       `json:"event"`
	Venue         string       `json:"venue"`
	StartsAt      time.Time    `json:"starts_at"`
	Lines         []lineExport `json:"lines"`
}

type lineExport struct {
	TicketType  string   `json:"ticket_type"`
	Zone        string   `json:"zone"`
	AmountMinor int64    `json:"amount_minor"`
	Seats       []string `json:"seats"`
}

// Kept are the member's orders, the newest first.
func (k keptOrders) Kept(ctx context.Context, id int64, limit int) (member.Kept, error) {
	out := member.Kept{Name: "orders"}
	for before := int64(0); ; {
		list, err := k.a.Orders.OfMember(ctx, id, before, pageRows)
		if err != nil || len(list) == 0 {
			return out, err
		}
		for _, ord := range list {
			if len(out.Rows) >= limit {
				out.More = true
				return out, nil
			}
			row, err := k.row(ctx, ord)
			if err != nil {
				return out, err
			}
			out.Rows = append(out.Rows, row)
			before = ord.ID
		}
	}
}

func (k keptOrders) row(ctx context.Context, ord *order.Order) (orderExport, error) {
	agreed, err := k.a.Orders.Agreed(ctx, ord)
	if err != nil {
		return orderExport{}, err
	}
	e := orderExport{ID: k.a.Codec.Encode(kindOrder, ord.ID), PlacedAt: ord.PlacedAt(),
		State: string(ord.State), Channel: string(ord.Channel), Currency: string(ord.Currency),
		TotalMinor: int64(ord.Total), RefundedMinor: int64(ord.Refunded), Event: agreed.Event,
		SessionID: k.a.Codec.Encode(kindSession, ord.Session), Venue: agreed.VenueName,
		StartsAt: agreed.Starts, Lines: []lineExport{}}
	for _, l := range ord.Lines {
		line := lineExport{TicketType: l.Name, Zone: l.Zone, AmountMinor: int64(l.Amount),
			Seats: []string{}}
		for _, u := range l.Units {
			line.Seats = append(line.Seats, u.Label)
		}
		e.Lines = append(e.Lines, line)
	}
	return e, nil
}

// Unfinished are the orders that are neither paid nor over.
func (k keptOrders) Unfinished(ctx context.Context, id int64) ([]member.Obstacle, error) {
	var out []member.Obstacle
	for before := int64(0); ; {
		list, err := k.a.Orders.OfMember(ctx, id, before, pageRows)
		if err != nil || len(list) == 0 {
			return out, err
		}
		for _, ord := range list {
			if slices.Contains(unfinished, ord.State) {
				out = append(out, member.Obstacle{Reason: "order_unpaid",
					ID: k.a.Codec.Encode(kindOrder, ord.ID),
					Zh: "订单尚未支付或正在关闭", En: "The order is not paid yet, or being closed."})
			}
			before = ord.ID
		}
	}
}

// unfinished are the states of an order that is neither paid nor over.
var unfinished = []order.State{order.Pending, order.Closing, order.Requested}

// Forget erases nothing: an order names nobody, and the books need it.
func (keptOrders) Forget(*sqldb.Tx, int64) error { return nil }

// UnfinishedIn asks for such orders in the transaction that closes the account.
func (k keptOrders) UnfinishedIn(tx *sqldb.Tx, id int64) (bool, error) {
	return k.a.orderStore.UnpaidOf(tx, id)
}

type keptTickets struct{ a *App }

type ticketExport struct {
	ID        string    `json:"id"`
	OrderID   string    `json:"order_id"`
	SessionID string    `json:"session_id"`
	State     string    `json:"state"`
	Label     string    `json:"label"`
	Type      string    `json:"ticket_type"`
	IssuedAt  time.Time `json:"issued_at"`
	Allowed   int       `json:"allowed"`
	Used      int       `json:"used"`
}

// each calls fn with the member's tickets, the newest session first, while it says so.
func (k keptTickets) each(ctx context.Context, id int64, fn func(ticket.Ticket) bool) error {
	for mark := (ticket.Mark{}); ; {
		list, err := k.a.Tickets.Store().OfMember(ctx, id, mark, pageRows)
		if err != nil || len(list) == 0 {
			return err
		}
		for _, t := range list {
			if !fn(t) {
				return nil
			}
		}
		last := list[len(list)-1]
		mark = ticket.Mark{ValidFrom: last.Entitlements[0].ValidFrom, ID: last.ID}
	}
}

// Kept are the member's tickets; their codes are not kept anywhere.
func (k keptTickets) Kept(ctx context.Context, id int64, limit int) (member.Kept, error) {
	out := member.Kept{Name: "tickets"}
	err := k.each(ctx, id, func(t ticket.Ticket) bool {
		if len(out.Rows) >= limit {
			out.More = true
			return false
		}
		e := ticketExport{ID: k.a.Codec.Encode(kindTicket, t.ID), State: string(t.State),
			OrderID:   k.a.Codec.Encode(kindOrder, t.Order),
			SessionID: k.a.Codec.Encode(kindSession, t.Session), Label: t.Label, Type: t.Type,
			IssuedAt: t.IssuedAt}
		for _, ent := range t.Entitlements {
			e.Allowed, e.Used = e.Allowed+ent.Allowed, e.Used+ent.Used
		}
		out.Rows = append(out.Rows, e)
		return true
	})
	return out, err
}

// Unfinished are the tickets that still open something.
func (k keptTickets) Unfinished(ctx context.Context, id int64) ([]member.Obstacle, error) {
	var out []member.Obstacle
	now := k.a.Clock.Now()
	err := k.each(ctx, id, func(t ticket.Ticket) bool {
		for _, e := range t.Entitlements {
			if t.State == ticket.Live && now.Before(e.ValidUntil) && e.Used < e.Allowed {
				out = append(out, member.Obstacle{Reason: "ticket_valid",
					ID: k.a.Codec.Encode(kindTicket, t.ID),
					Zh: "电子票仍然有效,请使用或退票", En: "The ticket is still valid: use or refund it."})
				break
			}
		}
		return len(out) < pageRows
	})
	return out, err
}

// UnfinishedIn is never true: a ticket comes from an order, which is asked for.
func (keptTickets) UnfinishedIn(*sqldb.Tx, int64) (bool, error) { return false, nil }

// Forget erases nothing: a ticket names nobody.
func (keptTickets) Forget(*sqldb.Tx, int64) error { return nil }

// keptEntries are what the journal says of the member's own doing.
type keptEntries struct{ a *App }

type entryExport struct {
	At     time.Time `json:"at"`
	Action string    `json:"action"`
}

// Kept are the entries of the member's own account, the newest first.
func (k keptEntries) Kept(ctx context.Context, id int64, limit int) (member.Kept, error) {
	out := member.Kept{Name: "journal"}
	search := &journal.Search{ActorKind: actor.Member, ActorID: id, Limit: pageRows}
	for search != nil {
		rows, next, err := k.a.Journal.Find(ctx, *search)
		if err != nil {
			return out, err
		}
		for _, r := range rows {
			if len(out.Rows) >= limit {
				out.More = true
				return out, nil
			}
			out.Rows = append(out.Rows, entryExport{r.At, r.Action})
		}
		search = next
	}
	return out, nil
}

// Unfinished is nothing: an entry stands in nobody's way.
func (keptEntries) Unfinished(context.Context, int64) ([]member.Obstacle, error) {
	return nil, nil
}

// UnfinishedIn is never true.
func (keptEntries) UnfinishedIn(*sqldb.Tx, int64) (bool, error) { return false, nil }

// Forget erases nothing: what is personal in the journal goes with the member's key.
func (keptEntries) Forget(*sqldb.Tx, int64) error { return nil }

// buyers tells members whose an order is.
type buyers struct{ a *App }

// BuyerOf refuses who may not see the order as if there were none.
func (b buyers) BuyerOf(ctx context.Context, who actor.Actor, id int64) (memberhttp.Buyer, error) {
	ord, err := b.a.Orders.Get(ctx, id, who)
	if err != nil {
		return memberhttp.Buyer{}, err
	}
	agreed, err := b.a.Orders.Agreed(ctx, ord)
	if err != nil {
		return memberhttp.Buyer{}, err
	}
	return memberhttp.Buyer{Member: ord.Member, Organization: ord.Organization,
		Venue: agreed.Venue}, nil
}
