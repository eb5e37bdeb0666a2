package staffhttp

import (
	"context"
	"net/http"

	"foyer/internal/actor"
	"foyer/internal/fault"
	"foyer/internal/httpx"
	"foyer/internal/secret"
	"foyer/internal/signin"
	"foyer/internal/staff"
)

func (h handlers) mountSelf(api *httpx.API) {
	httpx.Register(api, httpx.Op{Method: http.MethodGet, Path: "/api/v1/staff/me",
		OperationID: "read-staff-me", Tag: "staff", Summary: "The person who is signed in",
		Access: httpx.SignedInStaff}, h.readMe)
	httpx.Register(api, httpx.Op{Method: http.MethodPut, Path: "/api/v1/staff/me/password",
		OperationID: "set-staff-password", Tag: "staff", Summary: "Change the password",
		Description: "Needs the present password and a fresh code. All other sign-ins end.",
		Access:      httpx.SignedInStaff, Rate: httpx.SignInRate,
		Refusals: []*fault.Definition{secret.ErrPassword, staff.ErrSignIn,
			signin.ErrTooManyAttempts, signin.ErrCaptchaRequired}}, h.setPassword)
	httpx.Register(api, httpx.Op{Method: http.MethodGet, Path: "/api/v1/staff/me/sign-ins",
		OperationID: "list-staff-sign-ins", Tag: "staff",
		Summary: "Where the person is signed in, the last seen first",
		Access:  httpx.SignedInStaff}, h.listSignIns)
	httpx.Register(api, httpx.Op{Method: http.MethodDelete,
		Path: "/api/v1/staff/me/sign-ins/{id}", OperationID: "end-staff-sign-in", Tag: "staff",
		Summary: "End one sign-in", Access: httpx.SignedInStaff}, h.endSignIn)
	httpx.Register(api, httpx.Op{Method: http.MethodDelete, Path: "/api/v1/staff/me/sign-ins",
		OperationID: "end-all-staff-sign-ins", Tag: "staff",
		Summary: "Sign out everywhere, here too", Access: httpx.SignedInStaff}, h.endAllSignIns)
	httpx.Register(api, httpx.Op{Method: http.MethodGet, Path: "/api/v1/staff/permissions",
		OperationID: "list-permissions", Tag: "staff",
		Summary: "All permissions that a role may hold, with words",
		Access:  httpx.SignedInStaff}, h.permissions)
}

type meOutput struct {
	Body struct {
		ID     string   `json:"id"`
		Email  string   `json:"email" doc:"the person's own, in full"`
		Name   string   `json:"name"`
		Grants []rights `json:"grants" nullable:"false"`
	}
}

func (h handlers) readMe(ctx context.Context, _ *struct{}) (*meOutput, error) {
	me, err := h.h.Me(ctx, httpx.ActorOf(ctx).ID)
	if err != nil {
		return nil, err
	}
	out := &meOutput{}
	out.Body.ID, out.Body.Email = h.keys.Public(KindStaff, me.Record.ID), me.Email
	out.Body.Name, out.Body.Grants = me.Record.Name, []rights{}
	for _, g := range me.Grants {
		out.Body.Grants = append(out.Body.Grants, rights{
			h.keys.Public(KindOrganization, g.Organization), h.keys.Public(KindVenue, g.Venue),
			g.Permissions})
	}
	return out, nil
}

type passwordInput struct {
	signin.Credentials
	Body struct {
		CurrentPassword string `json:"current_password" maxLength:"512"`
		TOTP            string `json:"totp" maxLength:"6"`
		NewPassword     string `json:"new_password" maxLength:"512"`
		DeviceToken     string `json:"device_token,omitempty" maxLength:"100"`
		CaptchaProof    string `json:"captcha_proof,omitempty" maxLength:"64"`
	}
}

func (h handlers) setPassword(ctx context.Context, in *passwordInput) (*struct{}, error) {
	s, err := in.Current(ctx, h.h.Door, secret.StaffToken)
	if err != nil {
		return nil, err
	}
	p := staff.Proof{Password: in.Body.CurrentPassword, TOTP: in.Body.TOTP,
		From: staff.Origin{Address: httpx.ClientOf(ctx).Address, Device: in.Body.DeviceToken,
			Captcha: in.Body.CaptchaProof}}
	return nil, h.h.SetPassword(ctx, s.Account.ID, s.ID, p, in.Body.NewPassword)
}

type signInsOutput struct {
	Body struct {
		Items []signin.Entry `json:"items" nullable:"false"`
	}
}

func (h handlers) listSignIns(ctx context.Context, in *signin.Credentials,
) (*signInsOutput, error) {
	now, err := in.Current(ctx, h.h.Door, secret.StaffToken)
	if err != nil {
		return nil, err
	}
	list, err := h.h.SignIns(ctx, now.Account.ID)
	if err != nil {
		return nil, err
	}
	out := &signInsOutput{}
	out.Body.Items = signin.Entries(h.keys, list, now.ID)
	return out, nil
}

type signInPath struct {
	ID string `path:"id" maxLength:"40" doc:"public id of the sign-in"`
}

func (h handlers) endSignIn(ctx context.Context, in *signInPath) (*struct{}, error) {
	id, err := h.keys.Parse(signin.KindSignIn, in.ID)
	if err != nil {
		return nil, err
	}
	return nil, h.h.EndSignIn(ctx, httpx.ActorOf(ctx), id)
}

func (h handlers) endAllSignIns(ctx context.Context, _ *struct{}) (*struct{}, error) {
	return nil, h.h.EndAllSignIns(ctx, httpx.ActorOf(ctx))
}

type permissionBody struct {
	Name actor.Permission `json:"name"`
	Zh   string           `json:"zh"`
	En   string           `json:"en"`
}

type permissionsOutput struct {
	Body struct {
		Items []permissionBody `json:"items" nullable:"false"`
	}
}

func (h handlers) permissions(context.Context, *struct{}) (*permissionsOutput, error) {
	out := &permissionsOutput{}
	for _, p := range staff.Permissions() {
		out.Body.Items = append(out.Body.Items, permissionBody{p.Name, p.Zh, p.En})
	}
	return out, nil
}
