// Package captchahttp is the routes of the challenges that show whether a person is at work.
package captchahttp

import (
	"context"
	"encoding/base64"
	"net/http"
	"time"

	"foyer/internal/captcha"
	"foyer/internal/fault"
	"foyer/internal/httpx"
)

type handlers struct{ c *captcha.Captchas }

// Mount adds the routes.
func Mount(api *httpx.API, c *captcha.Captchas) {
	h := handlers{c}
	httpx.Register(api, httpx.Op{Method: http.MethodPost, Path: "/api/v1/captchas",
		OperationID: "make-captcha", Tag: "captcha", Status: http.StatusCreated,
		Summary: "A challenge that shows a person is at work",
		Description: "`subject` is `details.captcha_subject` of a `captcha_required` refusal. " +
			"Show `picture` with `piece` over it at (0, `piece_y`), let it be dragged to its " +
			"notch, and send where it was let go with the movement. Who cannot see or drag asks " +
			"for kind `words`: a small sum, answered no sooner than after four seconds.",
		Access: httpx.Public, Rate: httpx.SignInRate,
		Refusals: []*fault.Definition{captcha.ErrRationed}}, h.make)
	httpx.Register(api, httpx.Op{Method: http.MethodPost, Path: "/api/v1/captchas/{id}/answer",
		OperationID: "answer-captcha", Tag: "captcha", Summary: "Answer a challenge, once",
		Description: "The proof is good once, for the subject, for three minutes: send it as " +
			"`captcha_proof` with the request that was refused.",
		Access: httpx.Public, Rate: httpx.SignInRate,
		Refusals: []*fault.Definition{captcha.ErrGone, captcha.ErrWrong, captcha.ErrTooQuick,
			captcha.ErrUnnatural}}, h.answer)
}

type makeInput struct {
	Body struct {
		Subject string `json:"subject" minLength:"1" maxLength:"64"`
		Kind    string `json:"kind,omitempty" enum:"slider,words" default:"slider"`
	}
}

type makeOutput struct {
	Body struct {
		ID        string    `json:"id"`
		Kind      string    `json:"kind"`
		ExpiresAt time.Time `json:"expires_at"`
		Picture   string    `json:"picture,omitempty" doc:"data URL, PNG"`
		Piece     string    `json:"piece,omitempty" doc:"data URL, PNG"`
		Width     int       `json:"width,omitempty" doc:"pixels of the picture"`
		Height    int       `json:"height,omitempty"`
		PieceSize int       `json:"piece_size,omitempty" doc:"pixels of the piece's square"`
		PieceY    int       `json:"piece_y,omitempty" doc:"pixels from the top"`
		Question  string    `json:"question,omitempty" doc:"of kind words"`
	}
}

func (h handlers) make(ctx context.Context, in *makeInput) (*makeOutput, error) {
	var c captcha.Challenge
	var err error
	if in.Body.Kind == string(captcha.Words) {
		c, err = h.c.Words(in.Body.Subject, httpx.LangOf(ctx) == httpx.En)
	} else {
		c, err = h.c.Slider(ctx, in.Body.Subject)
	}
	if err != nil {
		return nil, err
	}
	out := &makeOutput{}
	b := &out.Body
	b.ID, b.Kind, b.ExpiresAt, b.Question = c.ID, string(c.Kind), c.ExpiresAt, c.Question
	if c.Kind == captcha.Slider {
		b.Picture, b.Piece = dataURL(c.Picture), dataURL(c.Piece)
		b.Width, b.Height, b.PieceSize = captcha.Width, captcha.Height, captcha.Piece
		b.PieceY = c.PieceY
	}
	return out, nil
}

func dataURL(png []byte) string {
	return "data:image/png;base64," + base64.StdEncoding.EncodeToString(png)
}

type point struct {
	X  float64 `json:"x" minimum:"-1000" maximum:"1000" doc:"pixels from where it began"`
	Y  float64 `json:"y" minimum:"-1000" maximum:"1000"`
	MS int64   `json:"ms" minimum:"0" maximum:"120000" doc:"since it began"`
}

type answerInput struct {
	ID   string `path:"id" maxLength:"40"`
	Body struct {
		X      float64 `json:"x,omitempty" minimum:"-1000" maximum:"1000" doc:"the piece's left edge"`
		Track  []point `json:"track,omitempty" maxItems:"200" doc:"the movement"`
		Answer string  `json:"answer,omitempty" maxLength:"10" doc:"of kind words"`
	}
}

type answerOutput struct {
	Body struct {
		Proof     string    `json:"captcha_proof"`
		ExpiresAt time.Time `json:"expires_at"`
	}
}

func (h handlers) answer(_ context.Context, in *answerInput) (*answerOutput, error) {
	a := captcha.Answer{X: in.Body.X, Text: in.Body.Answer}
	for _, p := range in.Body.Track {
		a.Track = append(a.Track, captcha.Point{X: p.X, Y: p.Y, At: p.MS})
	}
	proof, until, err := h.c.Answer(in.ID, a)
	if err != nil {
		return nil, err
	}
	out := &answerOutput{}
	out.Body.Proof, out.Body.ExpiresAt = proof, until
	return out, nil
}
