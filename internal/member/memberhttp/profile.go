package memberhttp

import (
	"context"
	"net/http"
	"time"

	"foyer/internal/fault"
	"foyer/internal/httpx"
	"foyer/internal/member"
	"foyer/internal/secret"
	"foyer/internal/signin"
)

type profile struct {
	ID          string    `json:"id"`
	Phone       string    `json:"phone" doc:"the member's own, in full"`
	Name        string    `json:"name"`
	Email       string    `json:"email" doc:"verified, in full; empty without one"`
	Language    string    `json:"language" doc:"what messages are written in"`
	HasPassword bool      `json:"has_password"`
	Revision    int64     `json:"revision"`
	CreatedAt   time.Time `json:"created_at"`
}

func (h handlers) profile(m member.Member) profile {
	return profile{h.keys.Public(KindMember, m.ID), m.Phone, m.Name, m.Email, m.Language,
		m.HasPassword,
		m.Revision, m.CreatedAt}
}

type profileOutput struct{ Body profile }

func (h handlers) mountProfile(api *httpx.API) {
	httpx.Register(api, httpx.Op{Method: http.MethodGet, Path: "/api/v1/me",
		OperationID: "read-me", Tag: "member", Summary: "The member who is signed in",
		Access: httpx.MemberOnly}, h.readMe)
	httpx.Register(api, httpx.Op{Method: http.MethodPatch, Path: "/api/v1/me",
		OperationID: "change-me", Tag: "member", Summary: "Change name or language",
		Description: "Fields that are left out stay. With `revision`, a change that somebody " +
			"made in between is refused instead of overwritten.",
		Access: httpx.MemberOnly, Refusals: []*fault.Definition{fault.Stale}}, h.changeMe)
	httpx.Register(api, httpx.Op{Method: http.MethodPut, Path: "/api/v1/me/password",
		OperationID: "set-password", Tag: "member", Summary: "Set or change the password",
		Description: "Needs the present password, or a code asked for with purpose " +
			"`password`. All other sign-ins end.",
		Access: httpx.MemberOnly, Refusals: []*fault.Definition{secret.ErrPassword,
			member.ErrProofNeeded, member.ErrPasswordWrong, member.ErrCodeWrong,
			signin.ErrTooManyAttempts, signin.ErrCaptchaRequired}}, h.setPassword)
}

func (h handlers) readMe(ctx context.Context, _ *struct{}) (*profileOutput, error) {
	me, err := h.m.Me(ctx, httpx.ActorOf(ctx).ID)
	if err != nil {
		return nil, err
	}
	return &profileOutput{h.profile(me)}, nil
}

type changeInput struct {
	Body struct {
		Name     *string `json:"name,omitempty" maxLength:"60"`
		Language *string `json:"language,omitempty" enum:"zh-Hans,en"`
		Revision int64   `json:"revision,omitempty" minimum:"0" doc:"as read; 0 overwrites"`
	}
}

func (h handlers) changeMe(ctx context.Context, in *changeInput) (*profileOutput, error) {
	me, err := h.m.Change(ctx, httpx.ActorOf(ctx).ID, member.Change{Name: in.Body.Name,
		Language: in.Body.Language, Revision: in.Body.Revision})
	if err != nil {
		return nil, err
	}
	return &profileOutput{h.profile(me)}, nil
}

type passwordInput struct {
	signin.Credentials
	Body struct {
		CurrentPassword string `json:"current_password,omitempty" maxLength:"512"`
		Code            string `json:"code,omitempty" maxLength:"6" doc:"of purpose password"`
		Challenge       string `json:"challenge,omitempty" maxLength:"64"`
		NewPassword     string `json:"new_password" maxLength:"512"`
		CaptchaProof    string `json:"captcha_proof,omitempty" maxLength:"64"`
	}
}

func (h handlers) setPassword(ctx context.Context, in *passwordInput) (*struct{}, error) {
	s, err := in.Current(ctx, h.m.Door, secret.MemberToken)
	if err != nil {
		return nil, err
	}
	from := origin(ctx, "", "")
	from.Captcha = in.Body.CaptchaProof
	return nil, h.m.SetPassword(ctx, s.Account.ID, member.NewPassword{
		Current: in.Body.CurrentPassword, Code: in.Body.Code, Challenge: in.Body.Challenge,
		New: in.Body.NewPassword, Keep: s.ID, From: from})
}

func (h handlers) mountSignIns(api *httpx.API) {
	httpx.Register(api, httpx.Op{Method: http.MethodGet, Path: "/api/v1/me/sign-ins",
		OperationID: "list-sign-ins", Tag: "member",
		Summary: "Where the member is signed in, the last seen first",
		Access:  httpx.MemberOnly}, h.listSignIns)
	httpx.Register(api, httpx.Op{Method: http.MethodDelete, Path: "/api/v1/me/sign-ins/{id}",
		OperationID: "end-sign-in", Tag: "member", Summary: "End one sign-in",
		Access: httpx.MemberOnly}, h.endSignIn)
	httpx.Register(api, httpx.Op{Method: http.MethodPost, Path: "/api/v1/me/sign-ins/end-others",
		OperationID: "end-other-sign-ins", Tag: "member",
		Summary:     "End every sign-in but this one",
		Description: "Every other device becomes a stranger again as well.",
		Access:      httpx.MemberOnly}, h.endOtherSignIns)
	httpx.Register(api, httpx.Op{Method: http.MethodDelete, Path: "/api/v1/me/sign-ins",
		OperationID: "end-all-sign-ins", Tag: "member",
		Summary:     "Sign out everywhere, here too",
		Description: "Every device becomes a stranger again as well.",
		Access:      httpx.MemberOnly}, h.endAllSignIns)
}

type signInsOutput struct {
	Body struct {
		Items []signin.Entry `json:"items" nullable:"false"`
	}
}

func (h handlers) listSignIns(ctx context.Context, in *signin.Credentials,
) (*signInsOutput, error) {
	now, err := in.Current(ctx, h.m.Door, secret.MemberToken)
	if err != nil {
		return nil, err
	}
	list, err := h.m.SignIns(ctx, now.Account.ID)
	if err != nil {
		return nil, err
	}
	out := &signInsOutput{}
	out.Body.Items = signin.Entries(h.keys, list, now.ID)
	return out, nil
}

type signInInputID struct {
	ID string `path:"id" maxLength:"40" doc:"public id of the sign-in"`
}

func (h handlers) endSignIn(ctx context.Context, in *signInInputID) (*struct{}, error) {
	id, err := h.keys.Parse(signin.KindSignIn, in.ID)
	if err != nil {
		return nil, err
	}
	return nil, h.m.EndSignIn(ctx, httpx.ActorOf(ctx).ID, id)
}

func (h handlers) endAllSignIns(ctx context.Context, _ *struct{}) (*struct{}, error) {
	return nil, h.m.EndAllSignIns(ctx, httpx.ActorOf(ctx).ID)
}
