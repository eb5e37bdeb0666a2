// Package staffhttp is the routes of staff: set up, sign in, roles, grants, invitations.
package staffhttp

import (
	"context"
	"net/http"
	"time"

	"foyer/internal/actor"
	"foyer/internal/fault"
	"foyer/internal/httpx"
	"foyer/internal/idgen"
	"foyer/internal/pii"
	"foyer/internal/secret"
	"foyer/internal/signin"
	"foyer/internal/staff"
)

// The kinds of public ids that these routes show.
const (
	KindStaff        idgen.Kind = "stf"
	KindRole         idgen.Kind = "rol"
	KindOrganization idgen.Kind = "org"
	KindVenue        idgen.Kind = "ven"
	KindInvitation   idgen.Kind = "inv"
)

type handlers struct {
	h    *staff.House
	keys httpx.Keys
}

// Mount adds the routes.
func Mount(api *httpx.API, house *staff.House) {
	h := handlers{house, api.Keys()}
	h.mountEntry(api)
	h.mountSelf(api)
	h.mountRecovery(api)
	h.mountPeople(api)
	h.mountRoles(api)
	h.mountInvitations(api)
}

func (h handlers) mountEntry(api *httpx.API) {
	proof := []*fault.Definition{pii.ErrEmail, staff.ErrSignIn, signin.ErrTooManyAttempts,
		signin.ErrCaptchaRequired}
	httpx.Register(api, httpx.Op{Method: http.MethodPost, Path: "/api/v1/staff/setup",
		OperationID: "set-up", Tag: "staff", Summary: "Make the first organization and its owner",
		Description: "Needs the one-time token that an empty start prints in its link, after #. " +
			"Scan the answered URL with an authenticator and confirm at POST /staff/auth/totp.",
		Access: httpx.Public, Rate: httpx.SignInRate, Status: http.StatusCreated,
		Refusals: []*fault.Definition{staff.ErrLink, staff.ErrSetUp, staff.ErrNotConfirmed,
			pii.ErrEmail, secret.ErrPassword}}, h.setUp)
	httpx.Register(api, httpx.Op{Method: http.MethodPost, Path: "/api/v1/staff/auth/sign-in",
		OperationID: "staff-sign-in", Tag: "staff", Summary: "Sign in by password and TOTP",
		Description: "Keep `device_token` and send it with the next sign-in: a device that is " +
			"known is not delayed by the failures of strangers.",
		Access: httpx.Public, Rate: httpx.SignInRate,
		Refusals: append(proof, staff.ErrNotConfirmed)}, h.signIn)
	httpx.Register(api, httpx.Op{Method: http.MethodPost, Path: "/api/v1/staff/auth/totp",
		OperationID: "confirm-totp", Tag: "staff",
		Summary: "Confirm the second factor with a first code, and sign in",
		Access:  httpx.Public, Rate: httpx.SignInRate,
		Refusals: append(proof, staff.ErrConfirmed)}, h.confirm)
	httpx.Register(api, httpx.Op{Method: http.MethodPost, Path: "/api/v1/staff/auth/enrolment",
		OperationID: "read-enrolment", Tag: "staff",
		Summary: "Show the second factor again, until it is confirmed",
		Access:  httpx.Public, Rate: httpx.SignInRate,
		Refusals: append(proof, staff.ErrConfirmed)}, h.enrolment)
	httpx.Register(api, httpx.Op{Method: http.MethodPost, Path: "/api/v1/staff/auth/sign-out",
		OperationID: "staff-sign-out", Tag: "staff", Summary: "End this sign-in",
		Access: httpx.SignedInStaff}, h.signOut)
}

type setUpInput struct {
	Body struct {
		Token            string `json:"token" maxLength:"100" doc:"from the printed link, after #"`
		OrganizationName string `json:"organization_name" minLength:"1" maxLength:"120"`
		Email            string `json:"email" maxLength:"254"`
		Name             string `json:"name" minLength:"1" maxLength:"60"`
		Password         string `json:"password" maxLength:"512"`
	}
}

type enrolmentBody struct {
	StaffID        string `json:"staff_id"`
	OrganizationID string `json:"organization_id,omitempty"`
	TOTPSecret     string `json:"totp_secret" doc:"to type into an authenticator"`
	TOTPURL        string `json:"totp_url" doc:"to show as a QR code"`
}

type enrolmentOutput struct{ Body enrolmentBody }

func (h handlers) enrolmentBody(e staff.Enrolment) enrolmentBody {
	return enrolmentBody{h.keys.Public(KindStaff, e.Staff),
		h.keys.Public(KindOrganization, e.Organization), e.Secret, e.URL}
}

func (h handlers) setUp(ctx context.Context, in *setUpInput) (*enrolmentOutput, error) {
	b := in.Body
	e, err := h.h.SetUp(ctx, staff.Setup{Token: b.Token, Organization: b.OrganizationName,
		Email: b.Email, Name: b.Name, Password: b.Password})
	if err != nil {
		return nil, err
	}
	return &enrolmentOutput{h.enrolmentBody(e)}, nil
}

type proofInput struct {
	Body struct {
		Email        string `json:"email" maxLength:"254"`
		Password     string `json:"password" maxLength:"512"`
		TOTP         string `json:"totp" maxLength:"6" doc:"six digits of the authenticator"`
		DeviceToken  string `json:"device_token,omitempty" maxLength:"100"`
		DeviceLabel  string `json:"device_label,omitempty" maxLength:"80"`
		CaptchaProof string `json:"captcha_proof,omitempty" maxLength:"64"`
	}
}

func (in *proofInput) proof(ctx context.Context) staff.Proof {
	b := in.Body
	return staff.Proof{Email: b.Email, Password: b.Password, TOTP: b.TOTP,
		From: staff.Origin{Address: httpx.ClientOf(ctx).Address, Device: b.DeviceToken,
			Label: b.DeviceLabel, Captcha: b.CaptchaProof}}
}

type signInOutput struct {
	Body struct {
		Token       string    `json:"token" doc:"send as Authorization: Bearer …"`
		ExpiresAt   time.Time `json:"expires_at" doc:"moves on with use"`
		DeviceToken string    `json:"device_token" doc:"keep it for the next sign-in"`
		StaffID     string    `json:"staff_id"`
		Name        string    `json:"name"`
		Grants      []rights  `json:"grants" nullable:"false"`
	}
}

// rights is what a person may do somewhere.
type rights struct {
	OrganizationID string             `json:"organization_id"`
	VenueID        string             `json:"venue_id,omitempty" doc:"missing: every venue"`
	Permissions    []actor.Permission `json:"permissions" nullable:"false" doc:"* is all of them"`
}

func (h handlers) rights(grants []actor.Grant) []rights {
	out := make([]rights, len(grants))
	for i, g := range grants {
		out[i] = rights{h.keys.Public(KindOrganization, g.Organization),
			h.keys.Public(KindVenue, g.Venue), g.Permissions}
	}
	return out
}

func (h handlers) signedIn(s staff.SignedIn, err error) (*signInOutput, error) {
	if err != nil {
		return nil, err
	}
	out := &signInOutput{}
	out.Body.Token, out.Body.ExpiresAt, out.Body.DeviceToken = s.Token, s.ExpiresAt, s.Device
	out.Body.StaffID, out.Body.Name = h.keys.Public(KindStaff, s.Who.ID), s.Who.Name
	out.Body.Grants = h.rights(s.Who.Grants)
	return out, nil
}

func (h handlers) signIn(ctx context.Context, in *proofInput) (*signInOutput, error) {
	return h.signedIn(h.h.SignIn(ctx, in.proof(ctx)))
}

func (h handlers) confirm(ctx context.Context, in *proofInput) (*signInOutput, error) {
	return h.signedIn(h.h.Confirm(ctx, in.proof(ctx)))
}

type enrolmentInput struct {
	Body struct {
		Email        string `json:"email" maxLength:"254"`
		Password     string `json:"password" maxLength:"512"`
		CaptchaProof string `json:"captcha_proof,omitempty" maxLength:"64"`
	}
}

func (h handlers) enrolment(ctx context.Context, in *enrolmentInput) (*enrolmentOutput, error) {
	e, err := h.h.Enrolment(ctx, staff.Proof{Email: in.Body.Email, Password: in.Body.Password,
		From: staff.Origin{Address: httpx.ClientOf(ctx).Address,
			Captcha: in.Body.CaptchaProof}})
	if err != nil {
		return nil, err
	}
	return &enrolmentOutput{h.enrolmentBody(e)}, nil
}

func (h handlers) signOut(ctx context.Context, in *signin.Credentials) (*struct{}, error) {
	s, err := in.Current(ctx, h.h.Door, secret.StaffToken)
	if err != nil {
		return nil, err
	}
	return nil, h.h.EndSignIn(ctx, httpx.ActorOf(ctx), s.ID)
}
