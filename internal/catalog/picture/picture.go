// Package picture reads uploaded pictures: bounded in bytes and pixels, decoded in full and
// encoded anew, so that nothing but the picture is kept.
package picture

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"image"
	"image/jpeg"
	"image/png"
	"time"

	"golang.org/x/image/draw"
	"golang.org/x/image/webp"

	"foyer/internal/catalog"
)

// Limits of an upload, and the longest side of what is kept.
const (
	MaxBytes  = 8 << 20
	maxPixels = 40_000_000
	maxSide   = 12_000
	keptSide  = 2_560
	quality   = 88
)

// Reader reads a bounded number of pictures at a time: a picture of 40 million pixels
// takes 160 MB while it is read.
type Reader struct {
	places chan struct{}
	after  func(time.Duration) (<-chan time.Time, func())
}

// NewReader reads at most n pictures at a time; after is a clock's.
func NewReader(n int, after func(time.Duration) (<-chan time.Time, func())) *Reader {
	return &Reader{make(chan struct{}, n), after}
}

// patience is how long an upload waits for its turn.
const patience = 10 * time.Second

// Read reads a picture. It refuses with ErrImage what is none, ErrImageSize what is too
// large, and ErrImagesBusy when its turn does not come.
func (r *Reader) Read(ctx context.Context, data []byte) (catalog.Picture, error) {
	timeout, stop := r.after(patience)
	defer stop()
	select {
	case r.places <- struct{}{}:
		defer func() { <-r.places }()
		return read(data)
	case <-timeout:
		return catalog.Picture{}, catalog.ErrImagesBusy.Retry(patience)
	case <-ctx.Done():
		return catalog.Picture{}, ctx.Err()
	}
}

// format is one kind of picture that is read; what begins otherwise is refused unread.
type format struct {
	magic  string
	at     int
	config func(*bytes.Reader) (image.Config, error)
	decode func(*bytes.Reader) (image.Image, error)
}

func formats() []format {
	return []format{
		{"\xff\xd8\xff", 0,
			func(r *bytes.Reader) (image.Config, error) { return jpeg.DecodeConfig(r) },
			func(r *bytes.Reader) (image.Image, error) { return jpeg.Decode(r) }},
		{"\x89PNG\r\n\x1a\n", 0,
			func(r *bytes.Reader) (image.Config, error) { return png.DecodeConfig(r) },
			func(r *bytes.Reader) (image.Image, error) { return png.Decode(r) }},
		{"WEBP", 8,
			func(r *bytes.Reader) (image.Config, error) { return webp.DecodeConfig(r) },
			func(r *bytes.Reader) (image.Image, error) { return webp.Decode(r) }},
	}
}

func read(data []byte) (catalog.Picture, error) {
	if len(data) > MaxBytes {
		return catalog.Picture{}, catalog.ErrImageSize.With("max_bytes", MaxBytes)
	}
	for _, f := range formats() {
		if len(data) < f.at+len(f.magic) || string(data[f.at:f.at+len(f.magic)]) != f.magic {
			continue
		}
		c, err := f.config(bytes.NewReader(data))
		switch {
		case err != nil || c.Width < 1 || c.Height < 1:
			return catalog.Picture{}, catalog.ErrImage.Wrap(err)
		case c.Width > maxSide || c.Height > maxSide || c.Width*c.Height > maxPixels:
			return catalog.Picture{}, catalog.ErrImageSize.With("max_pixels", maxPixels)
		}
		img, err := f.decode(bytes.NewReader(data))
		if err != nil {
			return catalog.Picture{}, catalog.ErrImage.Wrap(err)
		}
		return write(shrink(upright(img, orientation(data))))
	}
	return catalog.Picture{}, catalog.ErrImage
}

// shrink bounds the longest side.
func shrink(img image.Image) image.Image {
	b := img.Bounds()
	side := max(b.Dx(), b.Dy())
	if side <= keptSide {
		return img
	}
	to := image.Rect(0, 0, max(b.Dx()*keptSide/side, 1), max(b.Dy()*keptSide/side, 1))
	small := image.NewNRGBA(to)
	draw.ApproxBiLinear.Scale(small, to, img, b, draw.Src, nil)
	return small
}

// write encodes as JPEG, or as PNG where something shines through.
func write(img image.Image) (catalog.Picture, error) {
	var out bytes.Buffer
	b := img.Bounds()
	p := catalog.Picture{ContentType: "image/jpeg", Width: b.Dx(), Height: b.Dy()}
	var err error
	if o, ok := img.(interface{ Opaque() bool }); ok && !o.Opaque() || paletted(img) {
		p.ContentType = "image/png"
		err = (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&out, img)
	} else {
		err = jpeg.Encode(&out, img, &jpeg.Options{Quality: quality})
	}
	if err != nil {
		return catalog.Picture{}, err
	}
	sum := sha256.Sum256(out.Bytes())
	p.Digest, p.Data = hex.EncodeToString(sum[:]), out.Bytes()
	return p, nil
}

// paletted pictures are drawings, which JPEG would smear.
func paletted(img image.Image) bool {
	_, ok := img.(*image.Paletted)
	return ok
}
