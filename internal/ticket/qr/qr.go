// Package qr draws QR symbols: PNG for mails and printers, SVG for pages. Level M (15 % of
// the symbol may be damaged) and the quiet zone of four modules that the standard asks for.
package qr

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"strconv"
	"strings"

	"github.com/skip2/go-qrcode"

	"foyer/internal/fault"
)

const (
	// QuietZone is the empty border on each side, in modules.
	QuietZone = 4
	// MaxText bounds the text: a longer one makes a symbol that phones read badly.
	MaxText = 512
	// MinPixels and MaxPixels bound the side of a PNG.
	MinPixels = 128
	MaxPixels = 1024
	// minModule is the fewest pixels of one module: cameras lose single-pixel modules.
	minModule = 2
)

// The refusals of a symbol.
var (
	ErrText = fault.Define(fault.Invalid, "qr_text_size",
		"二维码内容为空或过长", "A QR symbol holds 1 to 512 bytes of text here.",
		"Send a shorter text, for example a short link.")
	ErrSize = fault.Define(fault.Invalid, "qr_size",
		"二维码图片尺寸不合适", "The side of a QR image is 128 to 1024 pixels.",
		"Ask for a size in range, with at least two pixels for each module.")
)

// Symbol is one QR symbol, ready to be drawn, also by several at once.
type Symbol struct {
	version int
	modules [][]bool // rows of black (true) and white, with the quiet zone
}

// New makes the symbol of a text. It refuses (ErrText) an empty or long one.
func New(text string) (*Symbol, error) {
	if text == "" || len(text) > MaxText {
		return nil, ErrText.With("bytes", len(text))
	}
	code, err := qrcode.New(text, qrcode.Medium)
	if err != nil {
		return nil, ErrText.Wrap(err)
	}
	return &Symbol{code.VersionNumber, code.Bitmap()}, nil
}

// Version is the size class of the symbol, 1 to 40; a ticket code is at most 6.
func (s *Symbol) Version() int { return s.version }

// Side is the number of modules of a side, with the quiet zone.
func (s *Symbol) Side() int { return len(s.modules) }

// PNG is the symbol as an image of pixels × pixels. Each module is a whole number of pixels
// wide, since uneven modules cost reading distance; the rest is border. It refuses (ErrSize)
// a side out of range or too small for this symbol.
func (s *Symbol) PNG(pixels int) ([]byte, error) {
	if pixels < MinPixels || pixels > MaxPixels || pixels < minModule*s.Side() {
		return nil, ErrSize.With("pixels", pixels).With("least", max(MinPixels, minModule*s.Side()))
	}
	scale := pixels / s.Side()
	border := (pixels - scale*s.Side()) / 2
	palette := color.Palette{color.White, color.Black}
	img := image.NewPaletted(image.Rect(0, 0, pixels, pixels), palette)
	for y, row := range s.modules {
		line := make([]uint8, pixels)
		for x, black := range row {
			for i := range scale {
				if black {
					line[border+x*scale+i] = 1
				}
			}
		}
		for i := range scale {
			copy(img.Pix[(border+y*scale+i)*img.Stride:], line)
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		return nil, fmt.Errorf("qr: png: %w", err)
	}
	return b.Bytes(), nil
}

// SVG is the symbol as a drawing without a size of its own: the page gives it one. Black
// on white whatever the page's theme, because readers fail on inverted symbols.
func (s *Symbol) SVG() []byte {
	side := strconv.Itoa(s.Side())
	var b strings.Builder
	b.WriteString(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ` + side + ` ` + side +
		`" shape-rendering="crispEdges" role="img"><path fill="#fff" d="M0 0h` + side +
		`v` + side + `H0z"/><path fill="#000" d="`)
	for y, row := range s.modules {
		for x := 0; x < len(row); x++ {
			from := x
			for x < len(row) && row[x] {
				x++
			}
			if x > from {
				run := strconv.Itoa(x - from)
				b.WriteString("M" + strconv.Itoa(from) + " " + strconv.Itoa(y) +
					"h" + run + "v1h-" + run + "z")
			}
		}
	}
	b.WriteString(`"/></svg>`)
	return []byte(b.String())
}
