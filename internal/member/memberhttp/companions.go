package memberhttp

import (
	"context"
	"net/http"
	"time"

	"foyer/internal/document"
	"foyer/internal/fault"
	"foyer/internal/httpx"
	"foyer/internal/idgen"
	"foyer/internal/member"
	"foyer/internal/pii"
)

// KindCompanion is the kind of a companion's public id.
const KindCompanion idgen.Kind = "cmp"

func (h handlers) mountCompanions(api *httpx.API) {
	refusals := []*fault.Definition{member.ErrConsentNeeded, member.ErrCompanionKnown,
		document.ErrKind, document.ErrLength, document.ErrOldForm, document.ErrCharacters,
		document.ErrRegion, document.ErrDate, document.ErrCheckDigit, document.ErrOtherKind}
	httpx.Register(api, httpx.Op{Method: http.MethodGet, Path: "/api/v1/me/companions",
		OperationID: "list-companions", Tag: "member",
		Summary: "People the member buys for, masked", Access: httpx.MemberOnly}, h.companions)
	httpx.Register(api, httpx.Op{Method: http.MethodPost, Path: "/api/v1/me/companions",
		OperationID: "add-companion", Tag: "member", Status: http.StatusCreated,
		Summary: "Keep somebody the member buys for",
		Description: "Name and number are kept encrypted and shown masked from now on. Needs " +
			"consent to `privacy_notice` and `companions`; at most 20.",
		Access:   httpx.MemberOnly,
		Refusals: append(refusals, member.ErrCompanionsFull)}, h.addCompanion)
	httpx.Register(api, httpx.Op{Method: http.MethodPut, Path: "/api/v1/me/companions/{id}",
		OperationID: "change-companion", Tag: "member",
		Summary: "Replace what is kept of somebody", Access: httpx.MemberOnly,
		Refusals: append(refusals, fault.Stale)}, h.changeCompanion)
	httpx.Register(api, httpx.Op{Method: http.MethodDelete, Path: "/api/v1/me/companions/{id}",
		OperationID: "delete-companion", Tag: "member", Summary: "Forget somebody",
		Access: httpx.MemberOnly}, h.deleteCompanion)
}

type companionBody struct {
	ID             string    `json:"id"`
	Relation       string    `json:"relation" doc:"self, child, parent, spouse, other"`
	Name           string    `json:"name" doc:"masked"`
	DocumentKind   string    `json:"document_kind"`
	DocumentNumber string    `json:"document_number" doc:"masked"`
	BirthKnown     bool      `json:"birth_known" doc:"from the number, or given"`
	Revision       int64     `json:"revision"`
	CreatedAt      time.Time `json:"created_at"`
}

// shown is a companion as answers show it: masked, to its owner too, since a stolen sign-in
// must not read documents.
func (h handlers) shown(c member.Companion) companionBody {
	return companionBody{h.keys.Public(KindCompanion, c.ID), string(c.Relation),
		pii.MaskName(c.Name), string(c.Document.Kind), c.Document.Masked(),
		!c.Document.Birth.IsZero(), c.Revision, c.At}
}

type companionsOutput struct {
	Body struct {
		Items []companionBody `json:"items" nullable:"false"`
	}
}

func (h handlers) companions(ctx context.Context, _ *struct{}) (*companionsOutput, error) {
	list, err := h.m.CompanionsOf(ctx, httpx.ActorOf(ctx).ID)
	if err != nil {
		return nil, err
	}
	out := &companionsOutput{}
	out.Body.Items = []companionBody{}
	for _, c := range list {
		out.Body.Items = append(out.Body.Items, h.shown(c))
	}
	return out, nil
}

type companionFields struct {
	Relation       string `json:"relation" enum:"self,child,parent,spouse,other"`
	Name           string `json:"name" minLength:"1" maxLength:"64"`
	DocumentKind   string `json:"document_kind" maxLength:"32"`
	DocumentNumber string `json:"document_number" minLength:"1" maxLength:"64"`
	BirthDate      string `json:"birth_date,omitempty" maxLength:"10" doc:"where the number has none"`
}

func (b companionFields) input() member.CompanionInput {
	return member.CompanionInput{Relation: member.Relation(b.Relation), Name: b.Name,
		Kind: document.Kind(b.DocumentKind), Number: b.DocumentNumber, Birth: b.BirthDate}
}

type addCompanionInput struct{ Body companionFields }

type companionOutput struct{ Body companionBody }

func (h handlers) kept(c member.Companion, err error) (*companionOutput, error) {
	if err != nil {
		return nil, err
	}
	return &companionOutput{h.shown(c)}, nil
}

func (h handlers) addCompanion(ctx context.Context, in *addCompanionInput,
) (*companionOutput, error) {
	return h.kept(h.m.AddCompanion(ctx, httpx.ActorOf(ctx).ID, in.Body.input()))
}

type changeCompanionInput struct {
	ID       string `path:"id" maxLength:"40"`
	Revision int64  `query:"revision" minimum:"1" doc:"as read"`
	Body     companionFields
}

func (h handlers) changeCompanion(ctx context.Context, in *changeCompanionInput,
) (*companionOutput, error) {
	id, err := h.keys.Parse(KindCompanion, in.ID)
	if err != nil {
		return nil, err
	}
	return h.kept(h.m.ChangeCompanion(ctx, httpx.ActorOf(ctx).ID, id, in.Revision,
		in.Body.input()))
}

type companionPath struct {
	ID string `path:"id" maxLength:"40"`
}

func (h handlers) deleteCompanion(ctx context.Context, in *companionPath) (*struct{}, error) {
	id, err := h.keys.Parse(KindCompanion, in.ID)
	if err != nil {
		return nil, err
	}
	return nil, h.m.DeleteCompanion(ctx, httpx.ActorOf(ctx).ID, id)
}
