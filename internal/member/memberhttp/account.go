package memberhttp

import (
	"context"
	"net/http"
	"time"

	"foyer/internal/fault"
	"foyer/internal/httpx"
	"foyer/internal/member"
	"foyer/internal/notify"
	"foyer/internal/pii"
	"foyer/internal/secret"
	"foyer/internal/signin"
)

// proofBody shows anew that the member asks, for what a stolen sign-in must not do.
type proofBody struct {
	CurrentPassword string `json:"current_password,omitempty" maxLength:"512"`
	Code            string `json:"code,omitempty" maxLength:"6" doc:"of purpose confirm"`
	Challenge       string `json:"challenge,omitempty" maxLength:"64"`
	CaptchaProof    string `json:"captcha_proof,omitempty" maxLength:"64"`
}

func (b proofBody) proof(ctx context.Context) member.Proof {
	from := origin(ctx, "", "")
	from.Captcha = b.CaptchaProof
	return member.Proof{Password: b.CurrentPassword, Code: b.Code, Challenge: b.Challenge,
		From: from}
}

// proofRefusals are those of a proof, with more.
func proofRefusals(more ...*fault.Definition) []*fault.Definition {
	return append([]*fault.Definition{member.ErrProofNeeded, member.ErrPasswordWrong,
		member.ErrCodeWrong, signin.ErrTooManyAttempts, signin.ErrCaptchaRequired}, more...)
}

func (h handlers) mountEmail(api *httpx.API) {
	httpx.Register(api, httpx.Op{Method: http.MethodPost, Path: "/api/v1/me/email",
		OperationID: "offer-email", Tag: "member", Summary: "Add or change the e-mail address",
		Description: "Sends a link to the address; only when it is opened, the address is kept " +
			"and takes the place of an earlier one. Needs the password, or a code asked for with " +
			"purpose `confirm`, and consent to the privacy notice.",
		Access: httpx.MemberOnly, Rate: httpx.SMSRate, Status: http.StatusAccepted,
		Refusals: proofRefusals(pii.ErrEmail, member.ErrConsentNeeded, signin.ErrMailLater,
			notify.ErrNotSent)}, h.offerEmail)
	httpx.Register(api, httpx.Op{Method: http.MethodPost, Path: "/api/v1/me/email/remove",
		OperationID: "remove-email", Tag: "member", Summary: "Forget the e-mail address",
		Access: httpx.MemberOnly, Refusals: proofRefusals()}, h.removeEmail)
	httpx.Register(api, httpx.Op{Method: http.MethodPost, Path: "/api/v1/auth/email/verify",
		OperationID: "verify-email", Tag: "member",
		Summary: "Prove an e-mail address with the token of its link",
		Access:  httpx.Public, Rate: httpx.SignInRate,
		Refusals: []*fault.Definition{signin.ErrLinkUsed, member.ErrEmailTaken}}, h.verifyEmail)
}

type emailInput struct {
	Body struct {
		Email           string `json:"email" maxLength:"254"`
		CurrentPassword string `json:"current_password,omitempty" maxLength:"512"`
		Code            string `json:"code,omitempty" maxLength:"6" doc:"of purpose confirm"`
		Challenge       string `json:"challenge,omitempty" maxLength:"64"`
		CaptchaProof    string `json:"captcha_proof,omitempty" maxLength:"64"`
	}
}

type emailOutput struct {
	Body struct {
		SentTo    string    `json:"sent_to" doc:"masked"`
		ExpiresAt time.Time `json:"expires_at"`
	}
}

func (h handlers) offerEmail(ctx context.Context, in *emailInput) (*emailOutput, error) {
	b := in.Body
	p := proofBody{b.CurrentPassword, b.Code, b.Challenge, b.CaptchaProof}
	sent, err := h.m.OfferEmail(ctx, httpx.ActorOf(ctx).ID, b.Email, p.proof(ctx))
	if err != nil {
		return nil, err
	}
	out := &emailOutput{}
	out.Body.SentTo, out.Body.ExpiresAt = sent.To, sent.ExpiresAt
	return out, nil
}

type proofInput struct{ Body proofBody }

func (h handlers) removeEmail(ctx context.Context, in *proofInput) (*struct{}, error) {
	return nil, h.m.RemoveEmail(ctx, httpx.ActorOf(ctx).ID, in.Body.proof(ctx))
}

type tokenInput struct {
	Body struct {
		Token string `json:"token" maxLength:"100" doc:"from the link, after #"`
	}
}

func (h handlers) verifyEmail(ctx context.Context, in *tokenInput) (*struct{}, error) {
	return nil, h.m.VerifyEmail(ctx, in.Body.Token)
}

func (h handlers) mountRecovery(api *httpx.API) {
	httpx.Register(api, httpx.Op{Method: http.MethodPost, Path: "/api/v1/auth/recovery",
		OperationID: "request-recovery", Tag: "member",
		Summary: "Send a link for a new password by e-mail",
		Description: "The answer and its time are the same whether the address belongs to " +
			"somebody or not. The link works once, within 15 minutes. By phone, ask for a code " +
			"with purpose `password` instead.",
		Access: httpx.Public, Rate: httpx.SMSRate, Status: http.StatusAccepted,
		Refusals: []*fault.Definition{pii.ErrEmail, signin.ErrMailLater,
			signin.ErrCaptchaRequired}}, h.requestRecovery)
	httpx.Register(api, httpx.Op{Method: http.MethodPost, Path: "/api/v1/auth/recovery/password",
		OperationID: "recover-password", Tag: "member",
		Summary: "Set a new password with a link's token or a code",
		Description: "Send `token`, or `phone` and `code` (of purpose `password`). Every sign-in " +
			"ends, and the owner is told.",
		Access: httpx.Public, Rate: httpx.SignInRate,
		Refusals: []*fault.Definition{signin.ErrLinkUsed, member.ErrCodeWrong, pii.ErrPhone,
			secret.ErrPassword}}, h.recoverPassword)
	httpx.Register(api, httpx.Op{Method: http.MethodPost, Path: "/api/v1/auth/not-me",
		OperationID: "disown-sign-in", Tag: "member",
		Summary: "End a sign-in that a message told of: it was not me",
		Description: "Also makes every device a stranger and ends the password, for which a new " +
			"one has to be set; with an e-mail address, a link for it follows.",
		Access: httpx.Public, Rate: httpx.SignInRate,
		Refusals: []*fault.Definition{signin.ErrLinkUsed}}, h.disown)
}

type recoveryInput struct {
	Body struct {
		Email        string `json:"email" maxLength:"254"`
		CaptchaProof string `json:"captcha_proof,omitempty" maxLength:"64"`
	}
}

type recoveryOutput struct {
	Body struct {
		LinkLivesSeconds   int `json:"link_lives_seconds"`
		ResendAfterSeconds int `json:"resend_after_seconds"`
	}
}

func (h handlers) requestRecovery(ctx context.Context, in *recoveryInput) (*recoveryOutput, error) {
	from := origin(ctx, "", "")
	from.Captcha = in.Body.CaptchaProof
	if err := h.m.RequestRecovery(ctx, in.Body.Email, from); err != nil {
		return nil, err
	}
	out := &recoveryOutput{}
	out.Body.LinkLivesSeconds = int(signin.RecoverLife / time.Second)
	out.Body.ResendAfterSeconds = int(member.ResendAfter / time.Second)
	return out, nil
}

type recoverInput struct {
	Body struct {
		Token       string `json:"token,omitempty" maxLength:"100" doc:"from the link, after #"`
		Phone       string `json:"phone,omitempty" maxLength:"32"`
		Code        string `json:"code,omitempty" maxLength:"6" doc:"of purpose password"`
		Challenge   string `json:"challenge,omitempty" maxLength:"64"`
		NewPassword string `json:"new_password" maxLength:"512"`
	}
}

func (h handlers) recoverPassword(ctx context.Context, in *recoverInput) (*struct{}, error) {
	b := in.Body
	if (b.Token == "") == (b.Code == "") {
		return nil, fault.BadInput.At("token", "send either token or phone and code 链接与验证码二选一")
	}
	if b.Token != "" {
		return nil, h.m.RecoverByLink(ctx, b.Token, b.NewPassword)
	}
	return nil, h.m.RecoverByCode(ctx, member.CodeEntry{Phone: b.Phone, Code: b.Code,
		Challenge: b.Challenge, Language: string(httpx.LangOf(ctx)), From: origin(ctx, "", "")},
		b.NewPassword)
}

type disownOutput struct {
	Body struct {
		SignInEnded   bool `json:"sign_in_ended" doc:"it was still open"`
		PasswordEnded bool `json:"password_ended" doc:"set a new one"`
	}
}

func (h handlers) disown(ctx context.Context, in *tokenInput) (*disownOutput, error) {
	d, err := h.m.Disown(ctx, in.Body.Token)
	if err != nil {
		return nil, err
	}
	out := &disownOutput{}
	out.Body.SignInEnded, out.Body.PasswordEnded = d.SignIn, d.Password
	return out, nil
}

type endedOutput struct {
	Body struct {
		Ended int `json:"ended" doc:"sign-ins that ended"`
	}
}

func (h handlers) endOtherSignIns(ctx context.Context, in *signin.Credentials,
) (*endedOutput, error) {
	s, err := in.Current(ctx, h.m.Door, secret.MemberToken)
	if err != nil {
		return nil, err
	}
	out := &endedOutput{}
	out.Body.Ended, err = h.m.EndOtherSignIns(ctx, s.Account.ID, s.ID)
	return out, err
}
