package staffhttp

import (
	"context"
	"net/http"
	"time"

	"foyer/internal/fault"
	"foyer/internal/httpx"
	"foyer/internal/pii"
	"foyer/internal/secret"
	"foyer/internal/signin"
	"foyer/internal/staff"
)

func (h handlers) mountRecovery(api *httpx.API) {
	httpx.Register(api, httpx.Op{Method: http.MethodPost, Path: "/api/v1/staff/auth/recovery",
		OperationID: "request-staff-recovery", Tag: "staff",
		Summary: "Send a link for a new password by e-mail",
		Description: "The answer and its time are the same whether the address belongs to " +
			"somebody or not. The link works once, within 15 minutes; the second factor is " +
			"needed all the same.",
		Access: httpx.Public, Rate: httpx.SMSRate, Status: http.StatusAccepted,
		Refusals: []*fault.Definition{pii.ErrEmail, signin.ErrMailLater,
			signin.ErrCaptchaRequired}}, h.requestRecovery)
	httpx.Register(api, httpx.Op{Method: http.MethodPost,
		Path:        "/api/v1/staff/auth/recovery/password",
		OperationID: "recover-staff-password", Tag: "staff",
		Summary:     "Set a new password with a link's token and a fresh code",
		Description: "Every sign-in ends, and the owner is told.",
		Access:      httpx.Public, Rate: httpx.SignInRate,
		Refusals: []*fault.Definition{signin.ErrLinkUsed, staff.ErrSignIn, secret.ErrPassword,
			signin.ErrTooManyAttempts, signin.ErrCaptchaRequired}}, h.recoverPassword)
	httpx.Register(api, httpx.Op{Method: http.MethodPost, Path: "/api/v1/staff/auth/not-me",
		OperationID: "disown-staff-sign-in", Tag: "staff",
		Summary: "End a sign-in that a message told of: it was not me",
		Description: "Also makes every device a stranger and ends the password; a link for a " +
			"new one follows by e-mail.",
		Access: httpx.Public, Rate: httpx.SignInRate,
		Refusals: []*fault.Definition{signin.ErrLinkUsed}}, h.disown)
	httpx.Register(api, httpx.Op{Method: http.MethodPost,
		Path:        "/api/v1/staff/me/sign-ins/end-others",
		OperationID: "end-other-staff-sign-ins", Tag: "staff",
		Summary: "End every sign-in but this one", Access: httpx.SignedInStaff}, h.endOthers)
}

type recoveryInput struct {
	Body struct {
		Email        string `json:"email" maxLength:"254"`
		CaptchaProof string `json:"captcha_proof,omitempty" maxLength:"64"`
	}
}

type recoveryOutput struct {
	Body struct {
		LinkLivesSeconds int `json:"link_lives_seconds"`
	}
}

func (h handlers) requestRecovery(ctx context.Context, in *recoveryInput) (*recoveryOutput, error) {
	from := staff.Origin{Address: httpx.ClientOf(ctx).Address, Captcha: in.Body.CaptchaProof}
	err := h.h.RequestRecovery(ctx, in.Body.Email, string(httpx.LangOf(ctx)), from)
	if err != nil {
		return nil, err
	}
	out := &recoveryOutput{}
	out.Body.LinkLivesSeconds = int(signin.RecoverLife / time.Second)
	return out, nil
}

type recoverInput struct {
	Body struct {
		Token        string `json:"token" maxLength:"100" doc:"from the link, after #"`
		TOTP         string `json:"totp" maxLength:"6" doc:"six digits of the authenticator"`
		NewPassword  string `json:"new_password" maxLength:"512"`
		CaptchaProof string `json:"captcha_proof,omitempty" maxLength:"64"`
	}
}

func (h handlers) recoverPassword(ctx context.Context, in *recoverInput) (*struct{}, error) {
	return nil, h.h.Recover(ctx, staff.Recovery{Token: in.Body.Token, TOTP: in.Body.TOTP,
		Password: in.Body.NewPassword, From: staff.Origin{
			Address: httpx.ClientOf(ctx).Address, Captcha: in.Body.CaptchaProof}})
}

type disownInput struct {
	Body struct {
		Token string `json:"token" maxLength:"100" doc:"from the link, after #"`
	}
}

type disownOutput struct {
	Body struct {
		SignInEnded   bool `json:"sign_in_ended" doc:"it was still open"`
		PasswordEnded bool `json:"password_ended" doc:"set a new one"`
	}
}

func (h handlers) disown(ctx context.Context, in *disownInput) (*disownOutput, error) {
	open, err := h.h.Disown(ctx, in.Body.Token)
	if err != nil {
		return nil, err
	}
	out := &disownOutput{}
	out.Body.SignInEnded, out.Body.PasswordEnded = open, true
	return out, nil
}

type endedOutput struct {
	Body struct {
		Ended int `json:"ended" doc:"sign-ins that ended"`
	}
}

func (h handlers) endOthers(ctx context.Context, in *signin.Credentials) (*endedOutput, error) {
	s, err := in.Current(ctx, h.h.Door, secret.StaffToken)
	if err != nil {
		return nil, err
	}
	out := &endedOutput{}
	out.Body.Ended, err = h.h.EndOtherSignIns(ctx, httpx.ActorOf(ctx), s.ID)
	return out, err
}
