package app

import (
	"context"
	"time"

	"foyer/internal/alert/alertdb"
	"foyer/internal/invoice"
	"foyer/internal/member"
	"foyer/internal/order"
	"foyer/internal/sqldb"
)

// keptVisitors are the people whom the member named for his orders.
type keptVisitors struct{ a *App }

type visitorExport struct {
	OrderID        string    `json:"order_id"`
	Line           int       `json:"line"`
	Unit           int       `json:"unit"`
	Person         int       `json:"person"` // 0: the buyer
	Name           string    `json:"name"`
	DocumentKind   string    `json:"document_kind"`
	DocumentNumber string    `json:"document_number"`
	ErasedAfter    time.Time `json:"erased_after"`
}

// Kept are the people that are still kept of the member's orders, the newest order first.
func (k keptVisitors) Kept(ctx context.Context, id int64, limit int) (member.Kept, error) {
	out := member.Kept{Name: "visitors"}
	for before := int64(0); ; {
		list, err := k.a.Orders.OfMember(ctx, id, before, pageRows)
		if err != nil || len(list) == 0 {
			return out, err
		}
		var ruled []int64
		for _, ord := range list {
			if before = ord.ID; ord.Ruled() {
				ruled = append(ruled, ord.ID)
			}
		}
		people, err := k.a.Visitors.KeptOf(ctx, ruled)
		if err != nil {
			return out, err
		}
		for _, p := range people {
			if len(out.Rows) >= limit {
				out.More = true
				return out, nil
			}
			out.Rows = append(out.Rows, visitorExport{k.a.Codec.Encode(kindOrder, p.Order), p.Line,
				p.Unit, p.Person, p.Name, string(p.Kind), p.Number, p.Until})
		}
	}
}

// Unfinished is nothing: a ticket that is still good stands in the way by itself.
func (keptVisitors) Unfinished(context.Context, int64) ([]member.Obstacle, error) {
	return nil, nil
}

// UnfinishedIn is never true.
func (keptVisitors) UnfinishedIn(*sqldb.Tx, int64) (bool, error) { return false, nil }

// Forget erases the people whom no rule keeps.
func (k keptVisitors) Forget(tx *sqldb.Tx, id int64) error {
	for after := int64(0); ; {
		list, err := k.a.orderStore.PlacedBy(tx, id, after, pageRows)
		if err != nil || len(list) == 0 {
			return err
		}
		var ended, others []int64
		for _, o := range list {
			if after = o.ID; o.State == order.Paid {
				others = append(others, o.ID)
			} else {
				ended = append(ended, o.ID)
			}
		}
		if err := k.a.Visitors.Forget(tx, ended, others); err != nil {
			return err
		}
	}
}

// keptInvoices are the member's invoice requests.
type keptInvoices struct{ a *App }

type invoiceExport struct {
	ID        string    `json:"id"`
	OrderID   string    `json:"order_id"`
	State     string    `json:"state"`
	TitleKind string    `json:"title_kind"`
	Title     string    `json:"title"`
	TaxNumber string    `json:"tax_number,omitempty"`
	Email     string    `json:"email"`
	Number    string    `json:"number,omitempty"`
	PaidMinor int64     `json:"paid_minor"`
	Currency  string    `json:"currency"`
	AskedAt   time.Time `json:"asked_at"`
}

// each calls fn with the member's requests while it says so.
func (k keptInvoices) each(ctx context.Context, id int64, fn func(*invoice.Request) bool) error {
	for after := int64(0); ; {
		list, err := k.a.Invoices.OfMember(ctx, id, after, pageRows)
		if err != nil || len(list) == 0 {
			return err
		}
		for _, r := range list {
			if after = r.ID; !fn(r) {
				return nil
			}
		}
	}
}

// Kept are the member's requests, the oldest first.
func (k keptInvoices) Kept(ctx context.Context, id int64, limit int) (member.Kept, error) {
	out := member.Kept{Name: "invoice_requests"}
	err := k.each(ctx, id, func(r *invoice.Request) bool {
		if len(out.Rows) >= limit {
			out.More = true
			return false
		}
		out.Rows = append(out.Rows, invoiceExport{k.a.Codec.Encode(invoice.KindRequest, r.ID),
			k.a.Codec.Encode(kindOrder, r.Order), string(r.State), string(r.TitleKind), r.Title,
			r.TaxNumber, r.Email, r.Number, int64(r.Paid), string(r.Currency), r.AskedAt})
		return true
	})
	return out, err
}

// Unfinished are the requests that wait for the house: to forget them would lose what was
// asked for.
func (k keptInvoices) Unfinished(ctx context.Context, id int64) ([]member.Obstacle, error) {
	var out []member.Obstacle
	err := k.each(ctx, id, func(r *invoice.Request) bool {
		if r.State == invoice.Requested {
			out = append(out, member.Obstacle{Reason: "invoice_asked",
				ID: k.a.Codec.Encode(kindOrder, r.Order),
				Zh: "发票申请尚未处理,可撤回或等待开具",
				En: "An invoice was asked for: withdraw it, or wait until it is made out."})
		}
		return len(out) < pageRows
	})
	return out, err
}

// UnfinishedIn asks for such requests in the transaction that closes the account.
func (k keptInvoices) UnfinishedIn(tx *sqldb.Tx, id int64) (bool, error) {
	return k.a.Invoices.WaitingOf(tx, id)
}

// Forget erases what no law keeps.
func (k keptInvoices) Forget(tx *sqldb.Tx, id int64) error { return k.a.Invoices.Forget(tx, id) }

// keptAlerts are what the member wants to be told of.
type keptAlerts struct{ a *App }

type alertExport struct {
	SessionID string    `json:"session_id"`
	Kind      string    `json:"kind"`
	CreatedAt time.Time `json:"created_at"`
}

// Kept are the member's alerts, the newest first.
func (k keptAlerts) Kept(ctx context.Context, id int64, limit int) (member.Kept, error) {
	out := member.Kept{Name: "alerts"}
	list, err := alertdb.New(k.a.DB).OfMember(ctx, id, limit+1)
	if len(list) > limit {
		list, out.More = list[:limit], true
	}
	for _, a := range list {
		out.Rows = append(out.Rows, alertExport{k.a.Codec.Encode(kindSession, a.Session),
			string(a.Kind), a.CreatedAt})
	}
	return out, err
}

// Unfinished is nothing: an alert stands in nobody's way.
func (keptAlerts) Unfinished(context.Context, int64) ([]member.Obstacle, error) {
	return nil, nil
}

// UnfinishedIn is never true.
func (keptAlerts) UnfinishedIn(*sqldb.Tx, int64) (bool, error) { return false, nil }

// Forget erases them all.
func (k keptAlerts) Forget(tx *sqldb.Tx, id int64) error {
	return alertdb.New(k.a.DB).Forget(tx, id)
}
