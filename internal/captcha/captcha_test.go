package captcha_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/png"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"foyer/internal/captcha"
	"foyer/internal/captcha/captchatest"
	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/idgen"
)

type bundle struct {
	*captcha.Captchas
	clk *clock.Fake
}

func setup(t testing.TB, cfg captcha.Config) bundle {
	t.Helper()
	clk := clock.NewFake(time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC))
	ids, err := idgen.NewSource(clk, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	return bundle{captcha.New(cfg, clk, ids), clk}
}

func (b bundle) slider(t testing.TB) (captcha.Challenge, float64) {
	t.Helper()
	c, err := b.Slider(context.Background(), "subject")
	if err != nil {
		t.Fatal(err)
	}
	x, err := captchatest.Find(c.Picture, c.Piece, c.PieceY)
	if err != nil {
		t.Fatal(err)
	}
	return c, float64(x)
}

// Whoever looks and drags is believed, once, for the subject alone.
func TestAPersonIsBelievedOnce(t *testing.T) {
	t.Parallel()
	b := setup(t, captcha.Config{})
	for i := range 20 {
		c, x := b.slider(t)
		b.clk.Advance(2 * time.Second)
		proof, until, err := b.Answer(c.ID, captcha.Answer{X: x,
			Track: captchatest.Hand(x, 1200, i)})
		if err != nil || !until.Equal(b.clk.Now().Add(captcha.ProofLife)) {
			t.Fatalf("picture %d: %v, until %v", i, err, until)
		}
		if _, _, err := b.Answer(c.ID, captcha.Answer{X: x,
			Track: captchatest.Hand(x, 1300, i+50)}); !errors.Is(err, captcha.ErrGone) {
			t.Fatalf("answered twice: %v", err)
		}
		if !b.Spend(proof, "subject") {
			t.Fatal("the proof is none")
		}
		if b.Spend(proof, "subject") {
			t.Fatal("a proof was spent twice")
		}
	}
	c, x := b.slider(t)
	b.clk.Advance(2 * time.Second)
	proof, _, err := b.Answer(c.ID, captcha.Answer{X: x, Track: captchatest.Hand(x, 1100, 77)})
	if err != nil {
		t.Fatal(err)
	}
	if b.Spend(proof, "somebody else") || b.Spend(proof, "subject") {
		t.Error("a proof was good elsewhere, or after it was tried there")
	}
	b.Restore(proof, "subject")
	b.clk.Advance(captcha.ProofLife)
	if b.Spend(proof, "subject") {
		t.Error("an old proof was good")
	}
}

func TestWhatIsRefused(t *testing.T) {
	t.Parallel()
	constant := func(x float64) (list []captcha.Point) {
		for i := range 21 {
			list = append(list, captcha.Point{X: x * float64(i) / 20, At: int64(i * 50)})
		}
		return list
	}
	replay := captchatest.Hand(150, 1000, 3)
	for name, c := range map[string]struct {
		wait   time.Duration
		answer func(x float64) captcha.Answer
		want   error
	}{
		"beside the notch": {time.Second, func(x float64) captcha.Answer {
			return captcha.Answer{X: x - 9, Track: captchatest.Hand(x-9, 900, 1)}
		}, captcha.ErrWrong},
		"no number": {time.Second, func(x float64) captcha.Answer {
			return captcha.Answer{X: math.NaN(), Track: captchatest.Hand(x, 900, 1)}
		}, captcha.ErrWrong},
		"no movement": {time.Second, func(x float64) captcha.Answer {
			return captcha.Answer{X: x}
		}, captcha.ErrUnnatural},
		"too quick by its own clock": {time.Second, func(x float64) captcha.Answer {
			return captcha.Answer{X: x, Track: captchatest.Hand(x, 120, 1)}
		}, captcha.ErrTooQuick},
		"too quick by ours": {50 * time.Millisecond, func(x float64) captcha.Answer {
			return captcha.Answer{X: x, Track: captchatest.Hand(x, 900, 1)}
		}, captcha.ErrTooQuick},
		"longer than it was shown": {time.Second, func(x float64) captcha.Answer {
			return captcha.Answer{X: x, Track: captchatest.Hand(x, 60_000, 1)}
		}, captcha.ErrUnnatural},
		"one speed all along": {2 * time.Second, func(x float64) captcha.Answer {
			return captcha.Answer{X: x, Track: constant(x)}
		}, captcha.ErrUnnatural},
		"one jump": {2 * time.Second, func(x float64) captcha.Answer {
			list := captchatest.Hand(x, 1000, 1)
			for i := range list {
				list[i].X = 0
				if i > 9 {
					list[i].X = x
				}
			}
			return captcha.Answer{X: x, Track: list}
		}, captcha.ErrUnnatural},
		"ends elsewhere": {2 * time.Second, func(x float64) captcha.Answer {
			return captcha.Answer{X: x, Track: captchatest.Hand(x-30, 1000, 1)}
		}, captcha.ErrUnnatural},
		"too late": {captcha.Life, func(x float64) captcha.Answer {
			return captcha.Answer{X: x, Track: captchatest.Hand(x, 1000, 1)}
		}, captcha.ErrGone},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, captcha.Config{})
			ch, x := b.slider(t)
			b.clk.Advance(c.wait)
			if _, _, err := b.Answer(ch.ID, c.answer(x)); !errors.Is(err, c.want) {
				t.Fatalf("%v, want %v", err, c.want)
			}
			if _, _, err := b.Answer(ch.ID, captcha.Answer{X: x, Track: replay}); !errors.Is(err,
				captcha.ErrGone) {
				t.Fatalf("a refused challenge takes another answer: %v", err)
			}
		})
	}
}

// A movement that was once believed is not believed again under another picture.
func TestAMovementIsNotReplayed(t *testing.T) {
	t.Parallel()
	b := setup(t, captcha.Config{})
	believed := false
	for range 200 {
		c, x := b.slider(t)
		b.clk.Advance(3 * time.Second)
		track := captchatest.Hand(180, 1500, 9)
		_, _, err := b.Answer(c.ID, captcha.Answer{X: x, Track: track})
		if math.Abs(x-180) > 8 {
			continue // it would end elsewhere
		}
		if !believed {
			if err != nil {
				t.Fatal(err)
			}
			believed = true
			continue
		}
		if !errors.Is(err, captcha.ErrUnnatural) {
			t.Fatalf("the same movement again: %v", err)
		}
		return
	}
	t.Fatal("no two pictures of 200 had their notch at the same place")
}

// Word challenges are for people who cannot see: slow, and few.
func TestWordsAreSlowAndRationed(t *testing.T) {
	t.Parallel()
	b := setup(t, captcha.Config{})
	numbers := map[string]int{"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
		"eight": 8, "nine": 9}
	ask := func() (captcha.Challenge, int) {
		c, err := b.Words("blind", true)
		if err != nil {
			t.Fatal(err)
		}
		var one, how, two string
		fmt.Sscanf(c.Question, "How much is %s %s %s", &one, &how, &two)
		two = two[:len(two)-1]
		if how == "less" {
			return c, numbers[one] - numbers[two]
		}
		return c, numbers[one] + numbers[two]
	}
	c, sum := ask()
	if _, _, err := b.Answer(c.ID, captcha.Answer{Text: fmt.Sprint(sum)}); !errors.Is(err,
		captcha.ErrTooQuick) {
		t.Fatalf("at once: %v", err)
	}
	c, sum = ask()
	b.clk.Advance(5 * time.Second)
	proof, _, err := b.Answer(c.ID, captcha.Answer{Text: fmt.Sprintf(" %d ", sum)})
	if err != nil || !b.Spend(proof, "blind") {
		t.Fatalf("%q is %d: %v", c.Question, sum, err)
	}
	c, sum = ask()
	b.clk.Advance(5 * time.Second)
	if _, _, err := b.Answer(c.ID, captcha.Answer{Text: fmt.Sprint(sum + 1)}); !errors.Is(err,
		captcha.ErrWrong) {
		t.Fatalf("a wrong sum: %v", err)
	}
	if _, err := b.Words("blind", true); !errors.Is(err, captcha.ErrRationed) ||
		fault.Of(err).RetryAfter <= 0 {
		t.Fatalf("a fourth: %v", err)
	}
	all := 0
	for i := range 100 {
		if _, err := b.Words(fmt.Sprint("subject", i), false); err == nil {
			all++
		}
	}
	if all > 30 {
		t.Errorf("%d word challenges within a minute", all)
	}
	b.clk.Advance(11 * time.Minute)
	if _, err := b.Words("blind", false); err != nil {
		t.Errorf("after the ration's time: %v", err)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	b := setup(t, captcha.Config{Most: 8})
	first, x := b.slider(t)
	for range 20 {
		b.slider(t)
	}
	if n := b.Open(); n != 8 {
		t.Fatalf("%d challenges are open, of 8", n)
	}
	b.clk.Advance(time.Second)
	if _, _, err := b.Answer(first.ID, captcha.Answer{X: x,
		Track: captchatest.Hand(x, 900, 1)}); !errors.Is(err, captcha.ErrGone) {
		t.Fatalf("the oldest is still there: %v", err)
	}
	for _, subject := range []string{"", string(make([]byte, 65))} {
		if _, err := b.Slider(context.Background(), subject); !errors.Is(err, fault.BadInput) {
			t.Errorf("a subject of %d characters: %v", len(subject), err)
		}
	}
}

// No two pictures are alike, and the notch is all over the picture.
func TestPicturesDiffer(t *testing.T) {
	t.Parallel()
	b := setup(t, captcha.Config{})
	seen, least, most := map[string]bool{}, 1e9, 0.0
	for range 40 {
		c, x := b.slider(t)
		if seen[string(c.Picture)] || seen[string(c.Piece)] {
			t.Fatal("a picture came twice")
		}
		seen[string(c.Picture)], seen[string(c.Piece)] = true, true
		least, most = min(least, x), max(most, x)
		img, err := png.Decode(bytes.NewReader(c.Picture))
		if err != nil || img.Bounds().Dx() != captcha.Width ||
			img.Bounds().Dy() != captcha.Height || len(c.Picture) > 160<<10 {
			t.Fatalf("%v, %d bytes, %v", err, len(c.Picture), img.Bounds())
		}
	}
	if most-least < 80 {
		t.Errorf("notches only from %v to %v", least, most)
	}
}

// Whatever is sent, nothing but an answer or one of the four refusals comes back.
func TestAnyAnswer(t *testing.T) {
	t.Parallel()
	b := setup(t, captcha.Config{})
	rapid.Check(t, func(r *rapid.T) {
		c, err := b.Words("subject", true)
		if err != nil {
			b.clk.Advance(11 * time.Minute)
			if c, err = b.Slider(context.Background(), "subject"); err != nil {
				r.Fatal(err)
			}
		}
		b.clk.Advance(time.Duration(rapid.IntRange(0, 6000).Draw(r, "ms")) * time.Millisecond)
		a := captcha.Answer{X: rapid.Float64().Draw(r, "x"), Text: rapid.String().Draw(r, "text")}
		for range rapid.IntRange(0, 30).Draw(r, "points") {
			a.Track = append(a.Track, captcha.Point{X: rapid.Float64().Draw(r, "px"),
				Y: rapid.Float64().Draw(r, "py"), At: rapid.Int64().Draw(r, "at")})
		}
		_, _, err = b.Answer(c.ID, a)
		for _, want := range []error{captcha.ErrGone, captcha.ErrWrong, captcha.ErrTooQuick,
			captcha.ErrUnnatural} {
			if errors.Is(err, want) {
				return
			}
		}
		if err != nil {
			r.Fatal(err)
		}
	})
}

func BenchmarkSlider(b *testing.B) {
	s := setup(b, captcha.Config{})
	for b.Loop() {
		if _, err := s.Slider(context.Background(), "subject"); err != nil {
			b.Fatal(err)
		}
	}
}
