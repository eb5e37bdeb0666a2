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
)

// KindOrganization is the kind of an organization's public id.
const KindOrganization idgen.Kind = "org"

// permOrganization is held by whoever publishes an organization's own texts.
const permOrganization actor.Permission = "organization.manage"

func (h handlers) mountConsents(api *httpx.API) {
	httpx.Register(api, httpx.Op{Method: http.MethodGet, Path: "/api/v1/consent-texts",
		OperationID: "list-consent-texts", Tag: "member",
		Summary: "What people are asked to agree to, in its present version",
		Description: "Of the installation, or with `organization_id` of an organization that " +
			"has texts of its own. `needed_for` names what cannot be done without.",
		Access: httpx.Public}, h.texts)
	httpx.Register(api, httpx.Op{Method: http.MethodGet, Path: "/api/v1/me/consents",
		OperationID: "list-consents", Tag: "member",
		Summary: "The member's decisions, the newest first; the first of a purpose holds",
		Access:  httpx.MemberOnly}, h.consents)
	httpx.Register(api, httpx.Op{Method: http.MethodPut, Path: "/api/v1/me/consents/{purpose}",
		OperationID: "decide-consent", Tag: "member", Summary: "Give a consent or take it back",
		Description: "`version` is the one that was read. Taking back `companions` erases the " +
			"companions.",
		Access: httpx.MemberOnly, Refusals: []*fault.Definition{member.ErrConsentVersion,
			member.ErrConsentKept, member.ErrResendLater}}, h.decide)
	httpx.Register(api, httpx.Op{Method: http.MethodPost,
		Path:        "/api/v1/staff/organizations/{org}/consent-texts",
		OperationID: "publish-consent-text", Tag: "member", Status: http.StatusCreated,
		Summary: "Publish the next version of an organization's own text",
		Access:  httpx.StaffOnly(permOrganization)}, h.publish)
	httpx.Register(api, httpx.Op{Method: http.MethodPost, Path: "/api/v1/operator/consent-texts",
		OperationID: "publish-installation-consent-text", Tag: "member",
		Status:  http.StatusCreated,
		Summary: "Publish the next version of the installation's text",
		Access:  httpx.Operator}, h.publishOurs)
}

type textBody struct {
	OrganizationID string     `json:"organization_id,omitempty" doc:"missing: the installation"`
	Purpose        string     `json:"purpose"`
	Version        int        `json:"version"`
	TitleZh        string     `json:"title_zh"`
	TitleEn        string     `json:"title_en"`
	BodyZh         string     `json:"body_zh"`
	BodyEn         string     `json:"body_en"`
	NeededFor      []string   `json:"needed_for,omitempty" doc:"actions that need it"`
	PublishedAt    *time.Time `json:"published_at,omitempty"`
}

func (h handlers) textBody(t member.ConsentText) textBody {
	b := textBody{Purpose: string(t.Purpose), Version: t.Version, TitleZh: t.TitleZh,
		TitleEn: t.TitleEn, BodyZh: t.BodyZh, BodyEn: t.BodyEn}
	if t.Organization != 0 {
		b.OrganizationID = h.keys.Public(KindOrganization, t.Organization)
	}
	if !t.PublishedAt.IsZero() {
		b.PublishedAt = &t.PublishedAt
	}
	for _, a := range []member.ConsentAction{member.ToKeepEmail, member.ToKeepCompanion} {
		for _, p := range member.NeededFor(a) {
			if p == t.Purpose && t.Organization == 0 {
				b.NeededFor = append(b.NeededFor, string(a))
			}
		}
	}
	return b
}

type textsInput struct {
	Organization string `query:"organization_id" maxLength:"40"`
}

type textsOutput struct {
	Body struct {
		Items []textBody `json:"items" nullable:"false"`
	}
}

// organization reads a public id; 0 for none.
func (h handlers) organization(public string) (int64, error) {
	if public == "" {
		return 0, nil
	}
	return h.keys.Parse(KindOrganization, public)
}

func (h handlers) texts(ctx context.Context, in *textsInput) (*textsOutput, error) {
	organization, err := h.organization(in.Organization)
	if err != nil {
		return nil, err
	}
	list, err := h.m.Texts(ctx, organization)
	if err != nil {
		return nil, err
	}
	out := &textsOutput{}
	out.Body.Items = []textBody{}
	for _, t := range list {
		out.Body.Items = append(out.Body.Items, h.textBody(t))
	}
	return out, nil
}

type consentBody struct {
	OrganizationID string    `json:"organization_id,omitempty"`
	Purpose        string    `json:"purpose"`
	Version        int       `json:"version"`
	Given          bool      `json:"given"`
	DecidedAt      time.Time `json:"decided_at"`
}

type consentsOutput struct {
	Body struct {
		Items []consentBody `json:"items" nullable:"false"`
	}
}

func (h handlers) consentBodies(list []member.Consent) []consentBody {
	out := make([]consentBody, len(list))
	for i, c := range list {
		out[i] = consentBody{Purpose: string(c.Purpose), Version: c.Version, Given: c.Given,
			DecidedAt: c.At}
		if c.Organization != 0 {
			out[i].OrganizationID = h.keys.Public(KindOrganization, c.Organization)
		}
	}
	return out
}

func (h handlers) consents(ctx context.Context, _ *struct{}) (*consentsOutput, error) {
	return h.decided(h.m.Decisions(ctx, httpx.ActorOf(ctx).ID))
}

func (h handlers) decided(list []member.Consent, err error) (*consentsOutput, error) {
	if err != nil {
		return nil, err
	}
	out := &consentsOutput{}
	out.Body.Items = h.consentBodies(list)
	return out, nil
}

type decideInput struct {
	Purpose string `path:"purpose" maxLength:"24"`
	Body    struct {
		Given          bool   `json:"given"`
		Version        int    `json:"version,omitempty" minimum:"0" doc:"as read"`
		OrganizationID string `json:"organization_id,omitempty" maxLength:"40"`
	}
}

func (h handlers) decide(ctx context.Context, in *decideInput) (*consentsOutput, error) {
	organization, err := h.organization(in.Body.OrganizationID)
	if err != nil {
		return nil, err
	}
	return h.decided(h.m.Decide(ctx, httpx.ActorOf(ctx).ID, member.Decision{
		Organization: organization, Purpose: member.ConsentPurpose(in.Purpose),
		Version: in.Body.Version, Given: in.Body.Given}))
}

type publishBody struct {
	Purpose string `json:"purpose" enum:"privacy_notice,companions,marketing"`
	TitleZh string `json:"title_zh" minLength:"1" maxLength:"40"`
	TitleEn string `json:"title_en" minLength:"1" maxLength:"120"`
	BodyZh  string `json:"body_zh" minLength:"1" maxLength:"4000"`
	BodyEn  string `json:"body_en" minLength:"1" maxLength:"8000"`
}

func (b publishBody) input() member.ConsentInput {
	return member.ConsentInput{Purpose: member.ConsentPurpose(b.Purpose), TitleZh: b.TitleZh,
		TitleEn: b.TitleEn, BodyZh: b.BodyZh, BodyEn: b.BodyEn}
}

type publishInput struct {
	Organization string `path:"org" maxLength:"40"`
	Body         publishBody
}

type textOutput struct{ Body textBody }

func (h handlers) publish(ctx context.Context, in *publishInput) (*textOutput, error) {
	organization, err := h.keys.Parse(KindOrganization, in.Organization)
	if err != nil {
		return nil, err
	}
	who := httpx.ActorOf(ctx)
	if err := mayIn(who, permOrganization, organization, 0); err != nil {
		return nil, err
	}
	return h.published(h.m.PublishText(ctx, who, organization, in.Body.input()))
}

type publishOursInput struct{ Body publishBody }

func (h handlers) publishOurs(ctx context.Context, in *publishOursInput) (*textOutput, error) {
	return h.published(h.m.PublishText(ctx, actor.SystemActor, 0, in.Body.input()))
}

func (h handlers) published(t member.ConsentText, err error) (*textOutput, error) {
	if err != nil {
		return nil, err
	}
	return &textOutput{h.textBody(t)}, nil
}

// mayIn asks for a permission; to somebody who has nothing to do with the organization it
// is missing, not forbidden.
func mayIn(who actor.Actor, p actor.Permission, organization, venue int64) error {
	if who.May(p, organization, venue) {
		return nil
	}
	for _, o := range who.Organizations() {
		if o == organization {
			return fault.NotAllowed
		}
	}
	return fault.Missing
}
