// Package memberhttp is the routes of buyers: sign in, profile, sign-ins.
package memberhttp

import (
	"context"
	"net/http"
	"time"

	"foyer/internal/fault"
	"foyer/internal/httpx"
	"foyer/internal/idgen"
	"foyer/internal/member"
	"foyer/internal/notify"
	"foyer/internal/pii"
	"foyer/internal/secret"
	"foyer/internal/signin"
)

// KindMember is the kind of a member's public id.
const KindMember idgen.Kind = "mem"

type handlers struct {
	m    *member.Members
	keys httpx.Keys
}

// Mount adds the routes.
func Mount(api *httpx.API, m *member.Members) {
	h := handlers{m, api.Keys()}
	h.mountEntry(api)
	h.mountProfile(api)
	h.mountSignIns(api)
	h.mountEmail(api)
	h.mountRecovery(api)
	h.mountConsents(api)
	h.mountCompanions(api)
	h.mountLeaving(api)
}

func (h handlers) mountEntry(api *httpx.API) {
	httpx.Register(api, httpx.Op{Method: http.MethodPost, Path: "/api/v1/auth/codes",
		OperationID: "request-code", Tag: "member",
		Summary: "Send a code by SMS",
		Description: "Sends six digits that hold for five minutes; a mainland number needs no " +
			"country, others begin with +. Purpose `password` is for a new password, `confirm` " +
			"for what needs a fresh proof. The " +
			"answer is the same whether the phone belongs to a member or not. Keep " +
			"`challenge` and send it with the code: then the wrong tries of others do not " +
			"count against you.",
		Access: httpx.Public, Rate: httpx.SMSRate,
		Refusals: []*fault.Definition{pii.ErrPhone, member.ErrResendLater,
			notify.ErrNotSent, signin.ErrCaptchaRequired}}, h.requestCode)
	httpx.Register(api, httpx.Op{Method: http.MethodPost, Path: "/api/v1/auth/sign-in",
		OperationID: "sign-in", Tag: "member",
		Summary: "Sign in by code or password",
		Description: "Send `phone` with `code` (the first sign-in makes the member) or with " +
			"`password`. Keep `device_token` and send it with the next sign-in: a device that " +
			"is known is not delayed by the failures of strangers.",
		Access: httpx.Public, Rate: httpx.SignInRate,
		Refusals: []*fault.Definition{pii.ErrPhone, member.ErrCodeWrong, member.ErrPasswordWrong,
			signin.ErrTooManyAttempts, signin.ErrCaptchaRequired}}, h.signIn)
	httpx.Register(api, httpx.Op{Method: http.MethodPost, Path: "/api/v1/auth/sign-out",
		OperationID: "sign-out", Tag: "member", Summary: "End this sign-in",
		Access: httpx.MemberOnly}, h.signOut)
}

type codeInput struct {
	Body struct {
		Phone        string `json:"phone" minLength:"5" maxLength:"32" doc:"mainland, or +…"`
		Purpose      string `json:"purpose,omitempty" enum:"sign_in,password,confirm" default:"sign_in"`
		DeviceToken  string `json:"device_token,omitempty" maxLength:"100"`
		CaptchaProof string `json:"captcha_proof,omitempty" maxLength:"64"`
	}
}

type codeOutput struct {
	Body struct {
		Challenge          string    `json:"challenge" doc:"send it with the code"`
		ExpiresAt          time.Time `json:"expires_at"`
		ResendAfterSeconds int       `json:"resend_after_seconds"`
	}
}

func (h handlers) requestCode(ctx context.Context, in *codeInput) (*codeOutput, error) {
	purpose := member.ToSignIn
	if in.Body.Purpose != "" {
		purpose = member.Purpose(in.Body.Purpose)
	}
	from := origin(ctx, in.Body.DeviceToken, "")
	from.Captcha = in.Body.CaptchaProof
	sent, err := h.m.RequestCode(ctx, member.CodeRequest{Phone: in.Body.Phone, Purpose: purpose,
		Language: string(httpx.LangOf(ctx)), From: from})
	if err != nil {
		return nil, err
	}
	out := &codeOutput{}
	out.Body.Challenge, out.Body.ExpiresAt = sent.Challenge, sent.ExpiresAt
	out.Body.ResendAfterSeconds = int(sent.ResendAfter / time.Second)
	return out, nil
}

func origin(ctx context.Context, device, label string) member.Origin {
	return member.Origin{Address: httpx.ClientOf(ctx).Address, Device: device, Label: label}
}

type signInInput struct {
	Body struct {
		Phone        string `json:"phone" minLength:"5" maxLength:"32"`
		Code         string `json:"code,omitempty" maxLength:"6" doc:"six digits"`
		Challenge    string `json:"challenge,omitempty" maxLength:"64"`
		Password     string `json:"password,omitempty" maxLength:"512"`
		DeviceToken  string `json:"device_token,omitempty" maxLength:"100"`
		DeviceLabel  string `json:"device_label,omitempty" maxLength:"80"`
		CaptchaProof string `json:"captcha_proof,omitempty" maxLength:"64"`
	}
}

type signInOutput struct {
	Body struct {
		Token       string    `json:"token" doc:"send as Authorization: Bearer …"`
		ExpiresAt   time.Time `json:"expires_at" doc:"moves on with use"`
		DeviceToken string    `json:"device_token" doc:"keep it for the next sign-in"`
		Created     bool      `json:"created" doc:"the first sign-in of this phone"`
		Member      profile   `json:"member"`
	}
}

func (h handlers) signIn(ctx context.Context, in *signInInput) (*signInOutput, error) {
	b := in.Body
	from := origin(ctx, b.DeviceToken, b.DeviceLabel)
	from.Captcha = b.CaptchaProof
	var s member.SignedIn
	var err error
	switch {
	case (b.Code == "") == (b.Password == ""):
		return nil, fault.BadInput.At("code", "send either code or password 验证码与密码二选一")
	case b.Code != "":
		s, err = h.m.SignInByCode(ctx, member.CodeEntry{Phone: b.Phone, Code: b.Code,
			Challenge: b.Challenge, Language: string(httpx.LangOf(ctx)), From: from})
	default:
		s, err = h.m.SignInByPassword(ctx, member.PasswordEntry{Phone: b.Phone,
			Password: b.Password, From: from})
	}
	if err != nil {
		return nil, err
	}
	out := &signInOutput{}
	out.Body.Token, out.Body.ExpiresAt, out.Body.DeviceToken = s.Token, s.ExpiresAt, s.Device
	out.Body.Created, out.Body.Member = s.Created, h.profile(s.Member)
	return out, nil
}

func (h handlers) signOut(ctx context.Context, in *signin.Credentials) (*struct{}, error) {
	s, err := in.Current(ctx, h.m.Door, secret.MemberToken)
	if err != nil {
		return nil, err
	}
	return nil, h.m.EndSignIn(ctx, s.Account.ID, s.ID)
}
