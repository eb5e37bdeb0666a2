package captcha

import (
	"context"
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/idgen"
)

// Config bounds the memory. The zero value is usable.
type Config struct {
	// Most is how many challenges, and how many proofs, are open at once; 0 means 20,000
	// (some 5 MB). The oldest go first.
	Most int
	// Draws is how many pictures are drawn at once; 0 means 1.
	Draws int
}

// Captchas is the module. Make one with New; its methods are safe for concurrent use.
type Captchas struct {
	clk    clock.Clock
	ids    *idgen.Source
	open   *shelf[secretOf]
	proofs *shelf[proof]
	tracks *shelf[struct{}]
	words  *ration
	draws  chan struct{}
	queue  chan struct{}
}

type secretOf struct {
	kind    Kind
	subject string
	x       int
	sum     int
	at      time.Time
}

type proof struct {
	subject string
	at      time.Time
}

// maxWaiting is how many wait for a picture; the next is told that we are busy.
const maxWaiting = 32

// New makes the module.
func New(cfg Config, clk clock.Clock, ids *idgen.Source) *Captchas {
	if cfg.Most <= 0 {
		cfg.Most = 20_000
	}
	draws := max(cfg.Draws, 1)
	return &Captchas{clk: clk, ids: ids, open: newShelf[secretOf](cfg.Most),
		proofs: newShelf[proof](cfg.Most), tracks: newShelf[struct{}](cfg.Most),
		words: newRation(clk), draws: make(chan struct{}, draws),
		queue: make(chan struct{}, maxWaiting+draws)}
}

// Slider draws a challenge for a subject. It refuses with fault.BadInput and fault.Busy.
func (c *Captchas) Slider(ctx context.Context, subject string) (Challenge, error) {
	if err := checkSubject(subject); err != nil {
		return Challenge{}, err
	}
	select {
	case c.queue <- struct{}{}:
		defer func() { <-c.queue }()
	default:
		return Challenge{}, fault.Busy.Retry(time.Second)
	}
	select {
	case c.draws <- struct{}{}:
		defer func() { <-c.draws }()
	case <-ctx.Done():
		return Challenge{}, fault.Busy.Retry(time.Second).Wrap(ctx.Err())
	}
	d := newDrawing(c.ids.Bytes(drawingSeed))
	picture, piece, err := d.encode()
	if err != nil {
		return Challenge{}, err
	}
	out := c.keep(secretOf{kind: Slider, subject: subject, x: d.x})
	out.Picture, out.Piece, out.PieceY = picture, piece, d.y
	return out, nil
}

// Words asks a subject for a small sum, in English or else Chinese. It refuses with
// fault.BadInput and ErrRationed.
func (c *Captchas) Words(subject string, english bool) (Challenge, error) {
	if err := checkSubject(subject); err != nil {
		return Challenge{}, err
	}
	if wait := c.words.take(subject); wait > 0 {
		return Challenge{}, ErrRationed.Retry(wait)
	}
	question, sum := reckoning(c.ids.Bytes(4), english)
	out := c.keep(secretOf{kind: Words, subject: subject, sum: sum})
	out.Question = question
	return out, nil
}

func checkSubject(subject string) error {
	if subject == "" || len(subject) > maxSubject {
		return fault.BadInput.At("subject", "must be the captcha_subject of a refusal "+
			"应为拒绝答复中的 captcha_subject")
	}
	return nil
}

func (c *Captchas) keep(s secretOf) Challenge {
	s.at = c.clk.Now()
	id := c.token()
	c.open.put(id, s)
	return Challenge{ID: id, Kind: s.kind, ExpiresAt: s.at.Add(Life)}
}

func (c *Captchas) token() string {
	return base64.RawURLEncoding.EncodeToString(c.ids.Bytes(18))
}

// Answer takes the one answer of a challenge and gives a proof for its subject. It refuses
// with ErrGone, ErrTooQuick, ErrUnnatural and ErrWrong, and the challenge is used up.
func (c *Captchas) Answer(id string, a Answer) (string, time.Time, error) {
	s, ok := c.open.take(id)
	now := c.clk.Now()
	took := now.Sub(s.at)
	if !ok || took >= Life || took < 0 {
		return "", time.Time{}, ErrGone
	}
	if err := c.judge(s, a, took); err != nil {
		return "", time.Time{}, err
	}
	token := c.token()
	c.proofs.put(token, proof{s.subject, now})
	return token, now.Add(ProofLife), nil
}

func (c *Captchas) judge(s secretOf, a Answer, took time.Duration) error {
	if s.kind == Words {
		n, err := strconv.Atoi(strings.TrimSpace(a.Text))
		switch {
		case took < minWords:
			return ErrTooQuick
		case err != nil || n != s.sum:
			return ErrWrong
		}
		return nil
	}
	if off := a.X - float64(s.x); off < -tolerance || off > tolerance || off != off {
		return ErrWrong
	}
	if err := plausible(a, took); err != nil {
		return err
	}
	if key := shapeOf(a.Track); !c.tracks.add(key) {
		return ErrUnnatural // a hand never makes the same movement twice
	}
	return nil
}

// Spend uses a proof up; false when it is none for this subject, or over.
func (c *Captchas) Spend(token, subject string) bool {
	p, ok := c.proofs.take(token)
	return ok && p.subject == subject && c.clk.Now().Sub(p.at) < ProofLife
}

// Restore makes a proof good again that was spent for nothing; it lives anew.
func (c *Captchas) Restore(token, subject string) {
	c.proofs.put(token, proof{subject, c.clk.Now()})
}

// Open is how many challenges wait for an answer, for figures.
func (c *Captchas) Open() int { return c.open.len() }
