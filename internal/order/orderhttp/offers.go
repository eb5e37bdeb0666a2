package orderhttp

import (
	"context"
	"encoding/csv"
	"net/http"
	"strconv"
	"strings"
	"time"

	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/httpx"
	"foyer/internal/idgen"
	"foyer/internal/money"
	"foyer/internal/offer"
	"foyer/internal/order"
)

const (
	kindOffer idgen.Kind = catalog.KindOffer
	kindBatch idgen.Kind = catalog.KindBatch
	kindCode  idgen.Kind = "cod"
)

func offerRefusals() []*fault.Definition {
	return []*fault.Definition{order.ErrCode, order.ErrCodeTries, order.ErrCodeNeeded,
		order.ErrCodeUnits, order.ErrRequires, order.ErrStock, order.ErrPay, order.ErrTierOver,
		order.ErrOfferGone}
}

// StatementBody says why a discount applied, or what is missing.
type StatementBody struct {
	Offer   string      `json:"offer_id"`
	Name    string      `json:"name"`
	NameEn  string      `json:"name_en,omitempty"`
	Said    offer.Said  `json:"code" enum:"applied,more_needed,better_offer,offer_used_up,no_improvement"`
	Words   string      `json:"words" doc:"为什么适用,或还差什么"`
	WordsEn string      `json:"words_en" doc:"why it applied, or what is missing"`
	Saved   money.Minor `json:"saved_minor,omitempty"`
	Missing int         `json:"missing,omitempty" doc:"so many more, and it applies"`
}

// OffersBody is what rules made of an order or of a price. It is exported since answers
// show their exported embedded fields only.
type OffersBody struct {
	Offers []StatementBody `json:"offers,omitempty" doc:"why each discount applied or did not"`
}

func (wr wire) offers(o *order.Order) OffersBody {
	if o.Terms == nil {
		return OffersBody{}
	}
	list := make([]StatementBody, len(o.Terms.Said))
	for i, s := range o.Terms.Said {
		list[i] = StatementBody{wr.keys.Public(kindOffer, s.Rule), s.Name, s.NameEn, s.Said,
			s.Words, s.WordsEn, s.Saved, s.Missing}
	}
	return OffersBody{list}
}

func (h *handler) mountCodes() {
	httpx.Register(h.api, httpx.Op{Method: "POST", Path: "/api/v1/sessions/{id}/codes", Tag: tag,
		OperationID: "read-codes", Summary: "What codes unlock in a session",
		Description: "Ticket types that are hidden or need a code, with what they cost now. " +
			"A code that does not hold is refused in the same words whatever the reason, and " +
			"whoever guesses has to wait.",
		Access: httpx.MemberOnly, Status: 200, Rate: httpx.BuyRate,
		Refusals: []*fault.Definition{fault.Missing, order.ErrCode, order.ErrCodeTries},
	}, h.readCodes)
	base := "/api/v1/staff/organizations/{org}/code-batches/{id}/codes"
	staff := httpx.StaffOnly(catalog.PermPrice)
	httpx.RegisterRaw(h.api, httpx.Op{Method: "POST", Path: base, Tag: "staff: catalog",
		OperationID: "make-codes", Summary: "Make codes of a batch",
		Description: "Codes that are used once are shown in this answer and never again: only " +
			"their digest is kept. With `Accept: text/csv` the answer is a file.",
		Access: staff, Status: 201, Request: makeCodesBody{}, Response: madeCodes{},
		Params: codesPath{},
		Refusals: []*fault.Definition{fault.Missing, fault.BadInput, order.ErrCodeTaken,
			order.ErrCodesFull},
	}, h.makeCodes)
	httpx.Register(h.api, httpx.Op{Method: "GET", Path: base, Tag: "staff: catalog",
		OperationID: "list-codes", Summary: "Codes of a batch and how often they were used",
		Access: staff, Refusals: []*fault.Definition{fault.Missing}}, h.listCodes)
	httpx.Register(h.api, httpx.Op{Method: "POST",
		Path: "/api/v1/staff/organizations/{org}/codes/{id}/revoke", Tag: "staff: catalog",
		OperationID: "revoke-code", Summary: "End a code; orders that used it keep what they have",
		Access: staff, Status: 204, Refusals: []*fault.Definition{fault.Missing}}, h.revokeCode)
}

type readCodesIn struct {
	IDParam
	Body struct {
		Codes []string `json:"codes" minItems:"1" maxItems:"5"`
	}
}

type unlockedType struct {
	ID string `json:"ticket_type_id"`
	catalog.TicketTypeInfo
	Most   int           `json:"units,omitempty" doc:"that the codes buy; 0: any number"`
	Prices []unlockPrice `json:"prices"`
}

type unlockPrice struct {
	Zone   string      `json:"zone"`
	Amount money.Minor `json:"amount_minor"`
}

type readCodesOut struct {
	Body struct {
		TicketTypes []unlockedType `json:"ticket_types"`
		Offers      []offerBrief   `json:"offers"`
	}
}

type offerBrief struct {
	ID      string `json:"offer_id"`
	Name    string `json:"name"`
	NameEn  string `json:"name_en,omitempty"`
	Words   string `json:"words"`
	WordsEn string `json:"words_en"`
}

func (h *handler) readCodes(ctx context.Context, in *readCodesIn) (*readCodesOut, error) {
	id, err := h.keys.Parse(kindSession, in.ID)
	if err != nil {
		return nil, err
	}
	u, err := h.orders.ReadCodes(ctx, httpx.ActorOf(ctx), id, in.Body.Codes)
	if err != nil {
		return nil, err
	}
	var out readCodesOut
	out.Body.TicketTypes, out.Body.Offers = []unlockedType{}, []offerBrief{}
	for _, t := range u.Types {
		shown := unlockedType{h.keys.Public(kindTicketType, t.Type.ID), t.Type.TicketTypeInfo,
			max(t.Units, 0), []unlockPrice{}}
		for _, p := range t.Prices {
			shown.Prices = append(shown.Prices, unlockPrice{p.Zone, p.Amount})
		}
		out.Body.TicketTypes = append(out.Body.TicketTypes, shown)
	}
	for _, of := range u.Offers {
		zh, en := of.Rule.Describe()
		out.Body.Offers = append(out.Body.Offers, offerBrief{h.keys.Public(kindOffer, of.ID),
			of.Rule.Name, of.Rule.NameEn, zh, en})
	}
	return &out, nil
}

type codesPath struct {
	Org string `path:"org" maxLength:"64"`
	ID  string `path:"id" maxLength:"64"`
}

type makeCodesBody struct {
	Count int    `json:"count,omitempty" minimum:"0" maximum:"1000" doc:"how many random ones"`
	Code  string `json:"code,omitempty" maxLength:"40" doc:"or one of your own, to be used often"`
}

type madeCodes struct {
	Codes []string `json:"codes"`
}

// batchOf is the organization and the batch of a path.
func (h *handler) batchOf(org, id string) (int64, int64, error) {
	organization, err := h.keys.Parse(catalog.KindOrganization, org)
	if err != nil {
		return 0, 0, err
	}
	batch, err := h.keys.Parse(kindBatch, id)
	return organization, batch, err
}

func (h *handler) makeCodes(w http.ResponseWriter, r *http.Request) error {
	var body makeCodesBody
	if err := httpx.DecodeJSON(r, &body, 0); err != nil {
		return err
	}
	org, batch, err := h.batchOf(r.PathValue("org"), r.PathValue("id"))
	if err != nil {
		return err
	}
	ctx := r.Context()
	codes, err := h.orders.MakeCodes(ctx, httpx.ActorOf(ctx), org, batch, body.Count, body.Code)
	if err != nil {
		return err
	}
	if !strings.Contains(r.Header.Get("Accept"), "text/csv") {
		return httpx.WriteJSON(w, r, http.StatusCreated, madeCodes{codes})
	}
	var file strings.Builder
	sheet := csv.NewWriter(&file)
	rows := [][]string{{"code"}}
	for _, c := range codes {
		rows = append(rows, []string{c})
	}
	if err := sheet.WriteAll(rows); err != nil {
		return err
	}
	w.Header().Set("Content-Disposition", `attachment; filename="codes.csv"`)
	httpx.WriteBytes(w, r, http.StatusCreated, "text/csv; charset=utf-8", []byte(file.String()))
	return nil
}

type listCodesIn struct {
	Org string `path:"org" maxLength:"64"`
	ID  string `path:"id" maxLength:"64"`
	httpx.PageQuery
}

type codeBody struct {
	ID        string    `json:"id"`
	Code      string    `json:"code,omitempty" doc:"empty: it is used once, and only its digest is kept"`
	Uses      int64     `json:"uses"`
	Used      int64     `json:"used"`
	Revoked   bool      `json:"revoked"`
	CreatedAt time.Time `json:"created_at"`
}

type listCodesOut struct{ Body httpx.Page[codeBody] }

func (h *handler) listCodes(ctx context.Context, in *listCodesIn) (*listCodesOut, error) {
	org, batch, err := h.batchOf(in.Org, in.ID)
	if err != nil {
		return nil, err
	}
	name := "codes of " + strconv.FormatInt(batch, 10)
	var after int64
	if in.Cursor != "" {
		if err := h.api.Cursors().Open(name, in.Cursor, &after); err != nil {
			return nil, err
		}
	}
	list, err := h.orders.Codes(ctx, httpx.ActorOf(ctx), org, batch, after, in.Limit+1)
	if err != nil {
		return nil, err
	}
	out := &listCodesOut{httpx.Page[codeBody]{Items: []codeBody{}}}
	for i, c := range list {
		if i == in.Limit {
			out.Body.NextCursor = h.api.Cursors().Seal(name, list[i-1].ID)
			break
		}
		out.Body.Items = append(out.Body.Items, codeBody{h.keys.Public(kindCode, c.ID), c.Text,
			c.Most, c.Used, c.Revoked, idgen.TimeOf(c.ID)})
	}
	return out, nil
}

func (h *handler) revokeCode(ctx context.Context, in *codesPath) (*struct{}, error) {
	org, err := h.keys.Parse(catalog.KindOrganization, in.Org)
	if err != nil {
		return nil, err
	}
	id, err := h.keys.Parse(kindCode, in.ID)
	if err != nil {
		return nil, err
	}
	return nil, h.orders.RevokeCode(ctx, httpx.ActorOf(ctx), org, id)
}
