package memberhttp

import (
	"context"
	"net/http"
	"time"

	"foyer/internal/actor"
	"foyer/internal/fault"
	"foyer/internal/httpx"
	"foyer/internal/idgen"
	"foyer/internal/member"
	"foyer/internal/signin"
)

func (h handlers) mountLeaving(api *httpx.API) {
	httpx.Register(api, httpx.Op{Method: http.MethodPost, Path: "/api/v1/me/export",
		OperationID: "export-me", Tag: "member",
		Summary: "Everything that is kept about the member",
		Description: "One JSON document, in full. Needs the password, or a code asked for with " +
			"purpose `confirm`. Each part has at most 2,000 rows and says when there are more.",
		Access: httpx.MemberOnly, Rate: httpx.SignInRate, Refusals: proofRefusals()}, h.export)
	httpx.Register(api, httpx.Op{Method: http.MethodPost, Path: "/api/v1/me/closure",
		OperationID: "close-account", Tag: "member", Summary: "Close the account for good",
		Description: "Erases phone, name, e-mail address and companions, and destroys the key " +
			"that sealed them. Orders and records of money stay and name nobody. Refused while " +
			"an order is unfinished or a ticket is valid; `details.obstacles` names them. Needs " +
			"the password, or a code asked for with purpose `confirm`.",
		Access: httpx.MemberOnly, Rate: httpx.SignInRate,
		Refusals: proofRefusals(member.ErrUnfinished)}, h.closeAccount)
}

type exportOutput struct {
	Disposition string `header:"Content-Disposition"`
	Body        exportBody
}

type exportBody struct {
	Format     string            `json:"format"`
	Profile    profile           `json:"profile"`
	SignIns    []signin.Entry    `json:"sign_ins" nullable:"false"`
	Consents   []consentBody     `json:"consents" nullable:"false"`
	Companions []exportCompanion `json:"companions" nullable:"false"`
	Parts      []exportPart      `json:"parts" nullable:"false"`
}

type exportCompanion struct {
	ID             string    `json:"id"`
	Relation       string    `json:"relation"`
	Name           string    `json:"name"`
	DocumentKind   string    `json:"document_kind"`
	DocumentNumber string    `json:"document_number"`
	BirthDate      string    `json:"birth_date,omitempty"`
	CreatedAt      time.Time `json:"created_at"`
}

type exportPart struct {
	Name      string `json:"name" doc:"orders, tickets, journal …"`
	Rows      []any  `json:"rows" nullable:"false"`
	Truncated bool   `json:"truncated" doc:"there were more rows"`
}

func (h handlers) export(ctx context.Context, in *proofInput) (*exportOutput, error) {
	p, err := h.m.Export(ctx, httpx.ActorOf(ctx).ID, in.Body.proof(ctx))
	if err != nil {
		return nil, err
	}
	out := &exportOutput{Disposition: `attachment; filename="foyer-export.json"`}
	out.Body = exportBody{Format: "foyer-person/1", Profile: h.profile(p.Member),
		SignIns: signin.Entries(h.keys, p.SignIns, 0), Consents: h.consentBodies(p.Consents),
		Companions: []exportCompanion{}, Parts: []exportPart{}}
	for _, c := range p.Companions {
		e := exportCompanion{h.keys.Public(KindCompanion, c.ID), string(c.Relation), c.Name,
			string(c.Document.Kind), c.Document.Number, "", c.At}
		if !c.Document.Birth.IsZero() {
			e.BirthDate = c.Document.Birth.Format(time.DateOnly)
		}
		out.Body.Companions = append(out.Body.Companions, e)
	}
	for _, k := range p.Kept {
		rows := k.Rows
		if rows == nil {
			rows = []any{}
		}
		out.Body.Parts = append(out.Body.Parts, exportPart{k.Name, rows, k.More})
	}
	return out, nil
}

func (h handlers) closeAccount(ctx context.Context, in *proofInput) (*struct{}, error) {
	return nil, h.m.Close(ctx, httpx.ActorOf(ctx).ID, in.Body.proof(ctx))
}

// Buyer is whom an order belongs to, and where it was made.
type Buyer struct{ Member, Organization, Venue int64 }

// Orders knows whose an order is. It refuses as if there were none who may not see it.
type Orders interface {
	BuyerOf(ctx context.Context, who actor.Actor, order int64) (Buyer, error)
}

const (
	kindOrder  idgen.Kind       = "ord"
	permView   actor.Permission = "order.view"
	permUnmask actor.Permission = "person.unmask"
)

// unmaskRate is how often one person may look at buyers in full.
var unmaskRate = httpx.Rate{Name: "unmask", Count: 30, Per: time.Hour, Burst: 10}

// MountBuyers adds the routes by which staff see whose an order is.
func MountBuyers(api *httpx.API, m *member.Members, orders Orders) {
	h := buyers{m, orders, api.Keys()}
	httpx.Register(api, httpx.Op{Method: http.MethodGet, Path: "/api/v1/staff/orders/{id}/buyer",
		OperationID: "read-buyer", Tag: "member", Summary: "Who bought an order, masked",
		Access: httpx.StaffOnly(permView)}, h.read)
	httpx.Register(api, httpx.Op{Method: http.MethodPost,
		Path:        "/api/v1/staff/orders/{id}/buyer/unmask",
		OperationID: "unmask-buyer", Tag: "member", Summary: "Who bought an order, in full",
		Description: "Each look is in the journal with its reason; 30 an hour.",
		Access:      httpx.StaffOnly(permUnmask), Rate: unmaskRate}, h.unmask)
}

type buyers struct {
	m      *member.Members
	orders Orders
	keys   httpx.Keys
}

type buyerOutput struct {
	Body struct {
		MemberID string `json:"member_id,omitempty" doc:"missing: nobody's, sold at the counter"`
		Phone    string `json:"phone"`
		Name     string `json:"name"`
		Masked   bool   `json:"masked"`
		Closed   bool   `json:"closed" doc:"the account was closed; nothing is left to show"`
	}
}

type buyerPath struct {
	ID string `path:"id" maxLength:"40" doc:"public id of the order"`
}

func (b buyers) read(ctx context.Context, in *buyerPath) (*buyerOutput, error) {
	_, buyer, err := b.find(ctx, in.ID)
	if err != nil || buyer.Member == 0 {
		return b.answer(buyer, member.Masked{}, true), err
	}
	c, err := b.m.Masked(ctx, buyer.Member)
	if err != nil {
		return nil, err
	}
	return b.answer(buyer, c, true), nil
}

func (b buyers) find(ctx context.Context, public string) (int64, Buyer, error) {
	id, err := b.keys.Parse(kindOrder, public)
	if err != nil {
		return 0, Buyer{}, err
	}
	buyer, err := b.orders.BuyerOf(ctx, httpx.ActorOf(ctx), id)
	return id, buyer, err
}

func (b buyers) answer(buyer Buyer, c member.Masked, masked bool) *buyerOutput {
	out := &buyerOutput{}
	if buyer.Member != 0 {
		out.Body.MemberID = b.keys.Public(KindMember, buyer.Member)
	}
	out.Body.Phone, out.Body.Name, out.Body.Masked = c.Phone, c.Name, masked
	out.Body.Closed = c.Closed
	return out
}

type unmaskInput struct {
	ID   string `path:"id" maxLength:"40" doc:"public id of the order"`
	Body struct {
		Reason string `json:"reason" minLength:"4" maxLength:"200" doc:"kept in the journal"`
	}
}

func (b buyers) unmask(ctx context.Context, in *unmaskInput) (*buyerOutput, error) {
	id, buyer, err := b.find(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	who := httpx.ActorOf(ctx)
	if !who.May(permUnmask, buyer.Organization, buyer.Venue) {
		return nil, fault.NotAllowed
	}
	if buyer.Member == 0 {
		return b.answer(buyer, member.Masked{}, false), nil
	}
	c, err := b.m.Unmask(ctx, who, member.Unmask{Member: buyer.Member, Order: id,
		Organization: buyer.Organization, Reason: in.Body.Reason})
	if err != nil {
		return nil, err
	}
	return b.answer(buyer, c, false), nil
}
