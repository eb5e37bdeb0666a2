package rig

import (
	"encoding/base64"
	"strings"
	"time"

	"foyer/internal/captcha/captchatest"
)

// CaptchaSubject is what a refusal wants a proof for; false for any other answer.
func (a Answer) CaptchaSubject() (string, bool) {
	doc := a.Try()
	if a.Status != 403 || doc.S("code") != "captcha_required" {
		return "", false
	}
	return doc.S("details.captcha_subject"), true
}

// Human earns a proof that a person is at work: it looks at the picture, and drags.
func (p *Person) Human(subject string) string {
	p.S.T.Helper()
	began := time.Now()
	made := p.Post(201, "/captchas", map[string]string{"subject": subject})
	x, err := captchatest.Find(p.picture(made.S("picture")), p.picture(made.S("piece")),
		int(made.N("piece_y")))
	if err != nil {
		p.S.T.Fatal(err)
	}
	const slide = 600 * time.Millisecond
	track := []map[string]any{}
	seed := int(began.UnixNano() % 997)
	for _, at := range captchatest.Hand(float64(x), slide.Milliseconds(), seed) {
		track = append(track, map[string]any{"x": at.X, "y": at.Y, "ms": at.At})
	}
	shown := time.Now()
	p.S.Until("a slide", 5*time.Second, func() bool { return time.Since(shown) > slide })
	return p.Post(200, "/captchas/"+made.S("id")+"/answer", map[string]any{"x": x,
		"track": track}).S("captcha_proof")
}

func (p *Person) picture(url string) []byte {
	p.S.T.Helper()
	raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(url, "data:image/png;base64,"))
	if err != nil {
		p.S.T.Fatal(err)
	}
	return raw
}
