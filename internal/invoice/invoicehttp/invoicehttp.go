// Package invoicehttp is the routes of invoice requests.
package invoicehttp

import (
	"context"
	"net/http"
	"strings"
	"time"

	"foyer/internal/actor"
	"foyer/internal/fault"
	"foyer/internal/httpx"
	"foyer/internal/idgen"
	"foyer/internal/invoice"
	"foyer/internal/money"
	"foyer/internal/pii"
)

const (
	kindOrder        idgen.Kind = "ord"
	kindOrganization idgen.Kind = "org"
	kindStaff        idgen.Kind = "stf"

	house = "/api/v1/staff/organizations/{org}"
)

type door struct {
	invoices *invoice.Invoices
	keys     httpx.Keys
	cursors  *httpx.Cursors
}

// Mount adds the routes.
func Mount(api *httpx.API, v *invoice.Invoices) {
	d := &door{v, api.Keys(), api.Cursors()}
	d.mountBuyer(api)
	d.mountStaff(api)
}

func (d *door) mountBuyer(api *httpx.API) {
	asker := httpx.AnyOf(httpx.MemberOnly, httpx.StaffOnly(invoice.PermManage))
	op := func(method, id, summary, text string, refusals ...*fault.Definition) httpx.Op {
		return httpx.Op{Method: method, Path: "/api/v1/orders/{id}/invoice", OperationID: id,
			Summary: summary, Description: text, Tag: "orders", Access: asker,
			Refusals: append(refusals, fault.Missing)}
	}
	httpx.Register(api, op("PUT", "ask-invoice", "Ask for an invoice, or change what was asked",
		"For what was paid less what went back; months later is not too late.",
		invoice.ErrNotPaid, invoice.ErrNothingLeft, invoice.ErrTaxNumber, invoice.ErrExported,
		fault.Stale), d.ask)
	httpx.Register(api, op("GET", "get-invoice", "What was asked, and how far it is", ""), d.get)
	httpx.Register(api, op("DELETE", "withdraw-invoice", "Ask for no invoice after all", "",
		invoice.ErrExported), d.withdraw)
}

// body is a request as the API shows it.
type body struct {
	ID        string            `json:"id"`
	Order     string            `json:"order_id"`
	Number    string            `json:"order_number"`
	State     invoice.State     `json:"state" enum:"requested,exported,issued,withdrawn"`
	TitleKind invoice.TitleKind `json:"title_kind" enum:"person,company"`
	Title     string            `json:"title"`
	TaxNumber string            `json:"tax_number,omitempty"`
	Email     string            `json:"email" doc:"masked in the staff's list"`
	Currency  money.Currency    `json:"currency"`
	Paid      money.Minor       `json:"paid_minor" doc:"paid less what went back"`
	Amount    money.Minor       `json:"amount_minor" doc:"what was exported; 0 before"`
	Red       money.Minor       `json:"red_needed_minor" doc:"what a red letter must take back"`
	RedDone   money.Minor       `json:"red_minor"`
	Batch     string            `json:"batch_id,omitempty"`
	Invoice   string            `json:"number,omitempty" doc:"of the invoice"`
	RedNumber string            `json:"red_number,omitempty"`
	AskedAt   time.Time         `json:"asked_at"`
	Exported  *time.Time        `json:"exported_at,omitempty"`
	Issued    *time.Time        `json:"issued_at,omitempty"`
	Revision  int64             `json:"revision"`
}

func (d *door) show(r *invoice.Request) body {
	b := body{ID: d.keys.Public(invoice.KindRequest, r.ID),
		Order: d.keys.Public(kindOrder, r.Order), Number: idgen.Number(r.Order), State: r.State,
		TitleKind: r.TitleKind, Title: r.Title, TaxNumber: r.TaxNumber, Email: r.Email,
		Currency: r.Currency, Paid: r.Paid, Amount: r.Amount, Red: r.RedNeeded(), RedDone: r.Red,
		Invoice: r.Number, RedNumber: r.RedNumber, AskedAt: r.AskedAt,
		Exported: timeOrNil(r.ExportedAt), Issued: timeOrNil(r.IssuedAt), Revision: r.Revision}
	if r.Batch != 0 {
		b.Batch = d.keys.Public(invoice.KindBatch, r.Batch)
	}
	return b
}

func timeOrNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// OrderParam is the path of an order. It is exported since the document reads only exported
// embedded fields.
type OrderParam struct {
	ID string `path:"id" maxLength:"64" doc:"the order's id"`
}

type askIn struct {
	OrderParam
	Body struct {
		TitleKind invoice.TitleKind `json:"title_kind" enum:"person,company"`
		Title     string            `json:"title" minLength:"1" maxLength:"100"`
		TaxNumber string            `json:"tax_number,omitempty" maxLength:"40" doc:"companies: 15, 18 or 20 characters"`
		Email     string            `json:"email" maxLength:"254"`
	}
}

type requestOut struct{ Body body }

func (d *door) ask(ctx context.Context, in *askIn) (*requestOut, error) {
	id, err := d.keys.Parse(kindOrder, in.ID)
	if err != nil {
		return nil, err
	}
	r, err := d.invoices.Ask(ctx, httpx.ActorOf(ctx), id, invoice.Wish{
		TitleKind: in.Body.TitleKind, Details: invoice.Details{Title: in.Body.Title,
			TaxNumber: in.Body.TaxNumber, Email: in.Body.Email}})
	if err != nil {
		return nil, err
	}
	return &requestOut{d.show(r)}, nil
}

func (d *door) get(ctx context.Context, in *OrderParam) (*requestOut, error) {
	id, err := d.keys.Parse(kindOrder, in.ID)
	if err != nil {
		return nil, err
	}
	r, err := d.invoices.OfOrder(ctx, httpx.ActorOf(ctx), id)
	if err != nil {
		return nil, err
	}
	return &requestOut{d.show(r)}, nil
}

func (d *door) withdraw(ctx context.Context, in *OrderParam) (*struct{}, error) {
	id, err := d.keys.Parse(kindOrder, in.ID)
	if err != nil {
		return nil, err
	}
	return nil, d.invoices.Withdraw(ctx, httpx.ActorOf(ctx), id)
}

func (d *door) mountStaff(api *httpx.API) {
	op := func(method, path, id, summary, text string, refusals ...*fault.Definition) httpx.Op {
		return httpx.Op{Method: method, Path: house + path, OperationID: id, Summary: summary,
			Description: text, Tag: "staff: invoices", Access: httpx.StaffOnly(invoice.PermManage),
			Refusals: append(refusals, fault.Missing, fault.NotAllowed)}
	}
	httpx.Register(api, op("GET", "/invoices", "list-invoices", "Invoice requests, newest first",
		"`red=true` lists those that a refund after the export has made wrong."), d.list)
	number := []*fault.Definition{invoice.ErrNumber, invoice.ErrNotExported, fault.Stale}
	set := op("POST", "/invoices/{id}/number", "number-invoice",
		"Type back the number of the invoice", "", number...)
	set.Status = http.StatusOK
	httpx.Register(api, set, d.setNumber)
	red := op("POST", "/invoices/{id}/red-letter", "red-letter-invoice",
		"Type back the number of the red letter", "", append(number, invoice.ErrNoRed)...)
	red.Status = http.StatusOK
	httpx.Register(api, red, d.setRed)
	export := op("POST", "/invoice-batches", "export-invoices",
		"Export what waits: it cannot be changed any more",
		"At most 2000 requests; read the file at the batch.", invoice.ErrNoneWaiting)
	export.Status = http.StatusCreated
	httpx.Register(api, export, d.export)
	file := op("POST", "/invoice-batches/{id}/file", "read-invoice-batch",
		"The file of a batch, as csv or xlsx",
		"It holds what buyers wrote in full, so reading it is a command in the journal.")
	file.Request, file.Produces, file.Status = fileBody{}, csvMedia, http.StatusOK
	httpx.RegisterRaw(api, file, d.file)
}

func (d *door) scope(org string) (actor.Scope, error) {
	id, err := d.keys.Parse(kindOrganization, org)
	return actor.Scope{Organization: id}, err
}

type listIn struct {
	Org   string        `path:"org" maxLength:"64"`
	State invoice.State `query:"state" enum:"requested,exported,issued,withdrawn"`
	Red   bool          `query:"red" doc:"only those that need a red letter"`
	From  time.Time     `query:"from" doc:"asked not before, RFC 3339"`
	To    time.Time     `query:"to" doc:"asked before, RFC 3339"`
	httpx.PageQuery
}

type listOut struct{ Body httpx.Page[body] }

func (d *door) list(ctx context.Context, in *listIn) (*listOut, error) {
	scope, err := d.scope(in.Org)
	if err != nil {
		return nil, err
	}
	red := ""
	if in.Red {
		red = "red"
	}
	name := strings.Join([]string{"invoices", in.Org, string(in.State), red,
		in.From.UTC().Format(time.RFC3339Nano), in.To.UTC().Format(time.RFC3339Nano)}, "\x00")
	f := invoice.Filter{State: in.State, Red: in.Red, From: in.From, To: in.To, Limit: in.Limit}
	if in.Cursor != "" {
		if err := d.cursors.Open(name, in.Cursor, &f.Before); err != nil {
			return nil, err
		}
	}
	list, next, err := d.invoices.List(ctx, httpx.ActorOf(ctx), scope, f)
	if err != nil {
		return nil, err
	}
	out := &listOut{httpx.Page[body]{Items: make([]body, len(list))}}
	for i, r := range list {
		out.Body.Items[i] = d.show(r)
		out.Body.Items[i].Email = pii.MaskEmail(r.Email)
	}
	if next != 0 {
		out.Body.NextCursor = d.cursors.Seal(name, next)
	}
	return out, nil
}

type numberIn struct {
	Org  string `path:"org" maxLength:"64"`
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Number   string `json:"number" minLength:"1" maxLength:"60"`
		Revision int64  `json:"revision" minimum:"1"`
	}
}

type setter func(ctx context.Context, who actor.Actor, s actor.Scope, id int64, number string,
	revision int64) (*invoice.Request, error)

func (d *door) typed(ctx context.Context, in *numberIn, set setter) (*requestOut, error) {
	scope, err := d.scope(in.Org)
	if err != nil {
		return nil, err
	}
	id, err := d.keys.Parse(invoice.KindRequest, in.ID)
	if err != nil {
		return nil, err
	}
	r, err := set(ctx, httpx.ActorOf(ctx), scope, id, in.Body.Number, in.Body.Revision)
	if err != nil {
		return nil, err
	}
	out := &requestOut{d.show(r)}
	out.Body.Email = pii.MaskEmail(r.Email)
	return out, nil
}

func (d *door) setNumber(ctx context.Context, in *numberIn) (*requestOut, error) {
	return d.typed(ctx, in, d.invoices.SetNumber)
}

func (d *door) setRed(ctx context.Context, in *numberIn) (*requestOut, error) {
	return d.typed(ctx, in, d.invoices.SetRed)
}

type exportIn struct {
	Org string `path:"org" maxLength:"64"`
}

type exportOut struct {
	Body struct {
		ID       string    `json:"id"`
		Requests int       `json:"requests"`
		MadeBy   string    `json:"made_by"`
		MadeAt   time.Time `json:"made_at"`
	}
}

func (d *door) export(ctx context.Context, in *exportIn) (*exportOut, error) {
	scope, err := d.scope(in.Org)
	if err != nil {
		return nil, err
	}
	b, n, err := d.invoices.Export(ctx, httpx.ActorOf(ctx), scope)
	if err != nil {
		return nil, err
	}
	out := &exportOut{}
	out.Body.ID, out.Body.Requests = d.keys.Public(invoice.KindBatch, b.ID), n
	out.Body.MadeBy, out.Body.MadeAt = d.keys.Public(kindStaff, b.MadeBy), b.MadeAt
	return out, nil
}
