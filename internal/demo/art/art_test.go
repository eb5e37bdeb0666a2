package art

import (
	"bytes"
	"errors"
	"image"
	"image/jpeg"
	"image/png"
	"testing"
	"time"
)

func TestEverySceneIsAPictureOfItsSize(t *testing.T) {
	t.Parallel()
	if n := len(Scenes()); n < 14 {
		t.Fatalf("%d scenes, want at least 14", n)
	}
	for _, scene := range Scenes() {
		t.Run(string(scene), func(t *testing.T) {
			t.Parallel()
			checkJPEG(t, Poster, scene, PosterWidth, PosterHeight)
			checkJPEG(t, Still, scene, StillWidth, StillHeight)
		})
	}
}

func checkJPEG(
	t *testing.T, draw func(Scene, uint64) ([]byte, error), scene Scene, width, height int,
) {
	t.Helper()
	raw, err := draw(scene, 2)
	if err != nil {
		t.Fatal(err)
	}
	if len(raw) > MaxBytes {
		t.Errorf("%d bytes, at most %d allowed", len(raw), MaxBytes)
	}
	img, err := jpeg.Decode(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	if img.Bounds().Dx() != width || img.Bounds().Dy() != height {
		t.Errorf("size %v, want %dx%d", img.Bounds(), width, height)
	}
	if n := tones(img); n < 40 {
		t.Errorf("%d tones: the picture is nearly empty", n)
	}
}

// tones counts distinct colours, coarsened, on a grid over the picture.
func tones(img image.Image) int {
	seen := map[[3]uint32]bool{}
	b := img.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y += 7 {
		for x := b.Min.X; x < b.Max.X; x += 7 {
			r, g, b, _ := img.At(x, y).RGBA()
			seen[[3]uint32{r >> 12, g >> 12, b >> 12}] = true
		}
	}
	return len(seen)
}

func TestSameSeedSameBytesOtherSeedOtherPicture(t *testing.T) {
	t.Parallel()
	a, err := Poster(Skyline, 7)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Poster(Skyline, 7)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a, b) {
		t.Error("the same scene and seed gave different bytes")
	}
	other, err := Poster(Skyline, 8)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(a, other) {
		t.Error("another seed gave the same bytes")
	}
}

func TestLogoIsASquare(t *testing.T) {
	t.Parallel()
	for _, mark := range []Mark{StarRiver, SeaMoon} {
		raw, err := Logo(mark)
		if err != nil {
			t.Fatal(err)
		}
		img, err := png.Decode(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		if img.Bounds().Dx() != LogoSide || img.Bounds().Dy() != LogoSide {
			t.Errorf("%s: size %v", mark, img.Bounds())
		}
		if len(raw) > MaxBytes {
			t.Errorf("%s: %d bytes", mark, len(raw))
		}
	}
}

func TestUnknownNamesAreRefused(t *testing.T) {
	t.Parallel()
	if _, err := Poster("nothing", 1); !errors.Is(err, ErrUnknownScene) {
		t.Errorf("poster: %v", err)
	}
	if _, err := Still("", 1); !errors.Is(err, ErrUnknownScene) {
		t.Errorf("still: %v", err)
	}
	if _, err := Logo("nothing"); !errors.Is(err, ErrUnknownScene) {
		t.Errorf("logo: %v", err)
	}
}

// BenchmarkPoster draws every scene once a round; one picture should stay below 150 ms.
func BenchmarkPoster(b *testing.B) {
	scenes := Scenes()
	var drawn time.Duration
	for b.Loop() {
		for _, s := range scenes {
			if _, err := Poster(s, 1); err != nil {
				b.Fatal(err)
			}
		}
		drawn = b.Elapsed()
	}
	b.ReportMetric(float64(drawn.Milliseconds())/float64(b.N*len(scenes)), "ms/picture")
}
