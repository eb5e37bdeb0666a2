package staffhttp

import (
	"context"
	"net/http"
	"time"

	"foyer/internal/actor"
	"foyer/internal/fault"
	"foyer/internal/httpx"
	"foyer/internal/pii"
	"foyer/internal/secret"
	"foyer/internal/signin"
	"foyer/internal/staff"
)

const organizationPath = "/api/v1/staff/organizations/{org}"

type orgPath struct {
	Org string `path:"org" maxLength:"40" doc:"public id of the organization"`
}

func (h handlers) scope(org string) (actor.Scope, error) {
	id, err := h.keys.Parse(KindOrganization, org)
	return actor.Scope{Organization: id}, err
}

func (h handlers) mountPeople(api *httpx.API) {
	manage := httpx.StaffOnly(staff.StaffManage)
	httpx.Register(api, httpx.Op{Method: http.MethodGet, Path: organizationPath + "/staff",
		OperationID: "list-staff", Tag: "staff", Summary: "The staff of an organization",
		Description: "E-mail addresses are masked without the permission person.unmask.",
		Access:      manage}, h.list)
	httpx.Register(api, httpx.Op{Method: http.MethodPut,
		Path: organizationPath + "/staff/{id}/grants", OperationID: "set-grants", Tag: "staff",
		Summary: "Give somebody exactly these roles",
		Description: "An empty list removes the person from the organization. What changes " +
			"counts from the next request on.",
		Access: manage, Refusals: []*fault.Definition{staff.ErrBeyondYou, staff.ErrLastOwner,
			staff.ErrTooMany}}, h.setGrants)
	httpx.Register(api, httpx.Op{Method: http.MethodDelete,
		Path: organizationPath + "/staff/{id}", OperationID: "remove-staff", Tag: "staff",
		Summary: "Remove somebody from the organization",
		Access:  manage, Refusals: []*fault.Definition{staff.ErrBeyondYou, staff.ErrLastOwner},
	}, h.remove)
	httpx.Register(api, httpx.Op{Method: http.MethodDelete,
		Path: organizationPath + "/staff/{id}/sign-ins", OperationID: "sign-staff-out",
		Tag: "staff", Summary: "End all sign-ins of somebody",
		Access: manage, Refusals: []*fault.Definition{staff.ErrBeyondYou}}, h.signStaffOut)
}

type grantBody struct {
	VenueID string `json:"venue_id,omitempty" maxLength:"40" doc:"missing: the whole organization"`
	RoleID  string `json:"role_id" maxLength:"40"`
}

type personBody struct {
	ID     string      `json:"id"`
	State  staff.State `json:"state" doc:"enrolling: the second factor is not confirmed yet"`
	Name   string      `json:"name"`
	Email  string      `json:"email"`
	Grants []grantBody `json:"grants" nullable:"false"`
}

type listOutput struct {
	Body struct {
		Items []personBody `json:"items" nullable:"false"`
	}
}

func (h handlers) list(ctx context.Context, in *orgPath) (*listOutput, error) {
	s, err := h.scope(in.Org)
	if err != nil {
		return nil, err
	}
	people, err := h.h.List(ctx, httpx.ActorOf(ctx), s)
	if err != nil {
		return nil, err
	}
	out := &listOutput{}
	out.Body.Items = make([]personBody, len(people))
	for i, p := range people {
		b := personBody{h.keys.Public(KindStaff, p.ID), p.State, p.Name, p.Email, []grantBody{}}
		for _, g := range p.Grants {
			b.Grants = append(b.Grants, grantBody{h.keys.Public(KindVenue, g.Venue),
				h.keys.Public(KindRole, g.Role)})
		}
		out.Body.Items[i] = b
	}
	return out, nil
}

func (h handlers) person(org, id string) (actor.Scope, int64, error) {
	s, err := h.scope(org)
	if err != nil {
		return s, 0, err
	}
	n, err := h.keys.Parse(KindStaff, id)
	return s, n, err
}

type grantsInput struct {
	Org  string `path:"org" maxLength:"40" doc:"public id of the organization"`
	ID   string `path:"id" maxLength:"40" doc:"public id of the person"`
	Body struct {
		Grants []grantBody `json:"grants" maxItems:"50" nullable:"false"`
	}
}

func (h handlers) setGrants(ctx context.Context, in *grantsInput) (*struct{}, error) {
	s, id, err := h.person(in.Org, in.ID)
	if err != nil {
		return nil, err
	}
	grants := make([]staff.Grant, len(in.Body.Grants))
	for i, g := range in.Body.Grants {
		if grants[i].Venue, grants[i].Role, err = h.place(g.VenueID, g.RoleID); err != nil {
			return nil, err
		}
	}
	return nil, h.h.SetGrants(ctx, httpx.ActorOf(ctx), s, id, grants)
}

// place reads where a role is given.
func (h handlers) place(venue, role string) (venueID, roleID int64, err error) {
	if venue != "" {
		if venueID, err = h.keys.Parse(KindVenue, venue); err != nil {
			return 0, 0, err
		}
	}
	roleID, err = h.keys.Parse(KindRole, role)
	return venueID, roleID, err
}

type personInput struct {
	Org string `path:"org" maxLength:"40" doc:"public id of the organization"`
	ID  string `path:"id" maxLength:"40" doc:"public id of the person"`
}

func (h handlers) remove(ctx context.Context, in *personInput) (*struct{}, error) {
	s, id, err := h.person(in.Org, in.ID)
	if err != nil {
		return nil, err
	}
	return nil, h.h.SetGrants(ctx, httpx.ActorOf(ctx), s, id, nil)
}

func (h handlers) signStaffOut(ctx context.Context, in *personInput) (*struct{}, error) {
	s, id, err := h.person(in.Org, in.ID)
	if err != nil {
		return nil, err
	}
	return nil, h.h.SignOut(ctx, httpx.ActorOf(ctx), s, id)
}

func (h handlers) mountInvitations(api *httpx.API) {
	manage := httpx.StaffOnly(staff.StaffManage)
	httpx.Register(api, httpx.Op{Method: http.MethodPost, Path: organizationPath + "/invitations",
		OperationID: "invite-staff", Tag: "staff", Summary: "Invite somebody to the staff",
		Description: "Makes a link that works once within three days, and sends it by e-mail.",
		Access:      manage, Status: http.StatusCreated,
		Refusals: []*fault.Definition{pii.ErrEmail, staff.ErrBeyondYou, staff.ErrTooMany},
	}, h.invite)
	httpx.Register(api, httpx.Op{Method: http.MethodGet, Path: organizationPath + "/invitations",
		OperationID: "list-invitations", Tag: "staff", Summary: "Open invitations",
		Access: manage}, h.invitations)
	httpx.Register(api, httpx.Op{Method: http.MethodDelete,
		Path: organizationPath + "/invitations/{id}", OperationID: "withdraw-invitation",
		Tag: "staff", Summary: "Withdraw an invitation", Access: manage}, h.withdraw)
	httpx.Register(api, httpx.Op{Method: http.MethodPost,
		Path: "/api/v1/staff/invitations/accept", OperationID: "accept-invitation", Tag: "staff",
		Summary: "Join the staff from an invitation",
		Description: "A newcomer sends name and password and then confirms the second factor; " +
			"somebody who has an account sends its password and a fresh code.",
		Access: httpx.Public, Rate: httpx.SignInRate,
		Refusals: []*fault.Definition{staff.ErrLink, secret.ErrPassword, staff.ErrSignIn,
			staff.ErrNotConfirmed, signin.ErrTooManyAttempts, staff.ErrTooMany, fault.Stale},
	}, h.accept)
}

type inviteInput struct {
	Org  string `path:"org" maxLength:"40" doc:"public id of the organization"`
	Body struct {
		Email   string `json:"email" maxLength:"254"`
		VenueID string `json:"venue_id,omitempty" maxLength:"40" doc:"missing: all"`
		RoleID  string `json:"role_id" maxLength:"40"`
	}
}

type inviteOutput struct {
	Body struct {
		ID        string    `json:"id"`
		Link      string    `json:"link" doc:"shown once; works once"`
		ExpiresAt time.Time `json:"expires_at"`
		Sent      bool      `json:"sent" doc:"false: hand the link over yourself"`
	}
}

func (h handlers) invite(ctx context.Context, in *inviteInput) (*inviteOutput, error) {
	s, err := h.scope(in.Org)
	if err != nil {
		return nil, err
	}
	v := staff.Invite{Email: in.Body.Email, Language: string(httpx.LangOf(ctx))}
	if v.Venue, v.Role, err = h.place(in.Body.VenueID, in.Body.RoleID); err != nil {
		return nil, err
	}
	made, err := h.h.Invite(ctx, httpx.ActorOf(ctx), s, v)
	if err != nil {
		return nil, err
	}
	out := &inviteOutput{}
	out.Body.ID, out.Body.Link = h.keys.Public(KindInvitation, made.ID), made.Link
	out.Body.ExpiresAt, out.Body.Sent = made.ExpiresAt, made.Sent
	return out, nil
}

type invitationBody struct {
	ID        string    `json:"id"`
	Email     string    `json:"email"`
	VenueID   string    `json:"venue_id,omitempty"`
	RoleID    string    `json:"role_id"`
	InvitedBy string    `json:"invited_by"`
	CreatedAt time.Time `json:"created_at"`
	ExpiresAt time.Time `json:"expires_at"`
}

type invitationsOutput struct {
	Body struct {
		Items []invitationBody `json:"items" nullable:"false"`
	}
}

func (h handlers) invitations(ctx context.Context, in *orgPath) (*invitationsOutput, error) {
	s, err := h.scope(in.Org)
	if err != nil {
		return nil, err
	}
	list, err := h.h.Invitations(ctx, httpx.ActorOf(ctx), s)
	if err != nil {
		return nil, err
	}
	out := &invitationsOutput{}
	out.Body.Items = make([]invitationBody, len(list))
	for i, v := range list {
		out.Body.Items[i] = invitationBody{h.keys.Public(KindInvitation, v.ID), v.Email,
			h.keys.Public(KindVenue, v.Venue), h.keys.Public(KindRole, v.Role),
			h.keys.Public(KindStaff, v.InvitedBy), v.CreatedAt, v.ExpiresAt}
	}
	return out, nil
}

type invitationPath struct {
	Org string `path:"org" maxLength:"40" doc:"public id of the organization"`
	ID  string `path:"id" maxLength:"40" doc:"public id of the invitation"`
}

func (h handlers) withdraw(ctx context.Context, in *invitationPath) (*struct{}, error) {
	s, err := h.scope(in.Org)
	if err != nil {
		return nil, err
	}
	id, err := h.keys.Parse(KindInvitation, in.ID)
	if err != nil {
		return nil, err
	}
	return nil, h.h.Withdraw(ctx, httpx.ActorOf(ctx), s, id)
}

type acceptInput struct {
	Body struct {
		Token        string `json:"token" maxLength:"100" doc:"from the link, after #"`
		Name         string `json:"name,omitempty" maxLength:"60" doc:"of a newcomer"`
		Password     string `json:"password" maxLength:"512"`
		TOTP         string `json:"totp,omitempty" maxLength:"6" doc:"with an account"`
		DeviceToken  string `json:"device_token,omitempty" maxLength:"100"`
		CaptchaProof string `json:"captcha_proof,omitempty" maxLength:"64"`
	}
}

type acceptOutput struct {
	Body struct {
		OrganizationID string         `json:"organization_id"`
		Enrolment      *enrolmentBody `json:"enrolment,omitempty" doc:"confirm it next"`
	}
}

func (h handlers) accept(ctx context.Context, in *acceptInput) (*acceptOutput, error) {
	b := in.Body
	done, err := h.h.Accept(ctx, staff.Accept{Token: b.Token, Name: b.Name, Password: b.Password,
		TOTP: b.TOTP, From: staff.Origin{Address: httpx.ClientOf(ctx).Address,
			Device: b.DeviceToken, Captcha: b.CaptchaProof}})
	if err != nil {
		return nil, err
	}
	out := &acceptOutput{}
	out.Body.OrganizationID = h.keys.Public(KindOrganization, done.Organization)
	if done.Enrolment != nil {
		e := h.enrolmentBody(*done.Enrolment)
		out.Body.Enrolment = &e
	}
	return out, nil
}
