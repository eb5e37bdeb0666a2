package qr

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"image/png"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"foyer/tools/need"
)

// ticketCode has the shape of a ticket code: 152 letters of its alphabet.
var ticketCode = strings.Repeat("04ZH8S7KQ2M", 14)[:152]

func TestTicketCodeIsVersionSix(t *testing.T) {
	t.Parallel()
	s, err := New(ticketCode)
	if err != nil || s.Version() != 6 || s.Side() != 41+2*QuietZone {
		t.Fatal(s.Version(), s.Side(), err)
	}
	for _, row := range [][]bool{s.modules[0], s.modules[QuietZone-1], s.modules[s.Side()-1]} {
		for _, black := range row {
			if black {
				t.Fatal("the quiet zone is not quiet")
			}
		}
	}
}

func TestPNGShowsTheModules(t *testing.T) {
	t.Parallel()
	s, err := New(ticketCode)
	if err != nil {
		t.Fatal(err)
	}
	for _, pixels := range []int{128, 147, 256, 333, 1024} {
		text, err := s.PNG(pixels)
		if err != nil {
			t.Fatal(err)
		}
		img, err := png.Decode(bytes.NewReader(text))
		if err != nil || img.Bounds().Dx() != pixels || img.Bounds().Dy() != pixels {
			t.Fatal(img.Bounds(), err)
		}
		scale := pixels / s.Side()
		border := (pixels - scale*s.Side()) / 2
		for y, row := range s.modules {
			for x, black := range row {
				r, _, _, _ := img.At(border+x*scale+scale/2, border+y*scale+scale/2).RGBA()
				if (r == 0) != black {
					t.Fatalf("%d pixels: module %d,%d", pixels, x, y)
				}
			}
		}
	}
}

func TestSVGShowsTheModules(t *testing.T) {
	t.Parallel()
	s, err := New(ticketCode)
	if err != nil {
		t.Fatal(err)
	}
	text := s.SVG()
	if err := xml.Unmarshal(text, &struct{ XMLName xml.Name }{}); err != nil {
		t.Fatal(err)
	}
	drawn := make([][]bool, s.Side())
	for i := range drawn {
		drawn[i] = make([]bool, s.Side())
	}
	run := regexp.MustCompile(`M(\d+) (\d+)h(\d+)v1h-(\d+)z`)
	for _, m := range run.FindAllStringSubmatch(string(text), -1) {
		x, _ := strconv.Atoi(m[1])
		y, _ := strconv.Atoi(m[2])
		n, _ := strconv.Atoi(m[3])
		for i := range n {
			drawn[y][x+i] = true
		}
	}
	if fmt.Sprint(drawn) != fmt.Sprint(s.modules) {
		t.Fatal("the drawing differs from the symbol")
	}
}

func TestBounds(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", strings.Repeat("x", MaxText+1)} {
		if _, err := New(text); !errors.Is(err, ErrText) {
			t.Error(len(text), err)
		}
	}
	s, err := New(strings.Repeat("x", MaxText))
	if err != nil {
		t.Fatal(err)
	}
	for _, pixels := range []int{-1, 0, MinPixels - 1, MinPixels, MaxPixels + 1, 1 << 40} {
		if _, err := s.PNG(pixels); !errors.Is(err, ErrSize) {
			t.Error(pixels, err)
		}
	}
	if _, err := s.PNG(MaxPixels); err != nil {
		t.Error(err)
	}
}

// A reader that is not ours reads the symbol.
func TestAnotherReaderReadsIt(t *testing.T) {
	t.Parallel()
	reader := need.Program(t, "zbarimg")
	s, err := New(ticketCode)
	if err != nil {
		t.Fatal(err)
	}
	image, err := s.PNG(256)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(reader, "--quiet", "--raw", "-")
	cmd.Stdin = bytes.NewReader(image)
	out, err := cmd.Output()
	if err != nil || strings.TrimSpace(string(out)) != ticketCode {
		t.Fatal(string(out), err)
	}
}

func BenchmarkDraw(b *testing.B) {
	b.Run("PNG", func(b *testing.B) {
		for b.Loop() {
			s, _ := New(ticketCode)
			_, _ = s.PNG(256)
		}
	})
	b.Run("SVG", func(b *testing.B) {
		for b.Loop() {
			s, _ := New(ticketCode)
			s.SVG()
		}
	})
}
