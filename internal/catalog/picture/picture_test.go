package picture

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"testing"

	"foyer/internal/catalog"
	"foyer/internal/clock"
)

func newReader() *Reader { return NewReader(2, clock.Real{}.After) }

func photo(t *testing.T, w, h int) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for x := range w {
		for y := range h {
			img.Set(x, y, color.RGBA{uint8(255 * x / w), 0, uint8(255 * y / h), 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// exif puts a camera's segment with an orientation and a secret into a JPEG.
func exif(data []byte, orientation uint16) []byte {
	tiff := []byte("Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01")
	tiff = append(binary.BigEndian.AppendUint16(tiff, orientation), 0, 0, 0, 0, 0, 0)
	tiff = append(tiff, "GPS-SECRET"...)
	segment := binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(len(tiff)+2))
	return append(append(append([]byte{}, data[:2]...), append(segment, tiff...)...), data[2:]...)
}

func TestCameraDataIsDroppedAndThePictureStandsUpright(t *testing.T) {
	t.Parallel()
	p, err := newReader().Read(context.Background(), exif(photo(t, 80, 40), 6))
	if err != nil {
		t.Fatal(err)
	}
	if p.Width != 40 || p.Height != 80 || bytes.Contains(p.Data, []byte("GPS-SECRET")) {
		t.Errorf("%d×%d", p.Width, p.Height)
	}
	img, err := jpeg.Decode(bytes.NewReader(p.Data))
	if err != nil {
		t.Fatal(err)
	}
	if r, _, _, _ := img.At(20, 78).RGBA(); r < 0x9000 {
		t.Errorf("the right side did not become the lower one: %x", r)
	}
}

func TestTransparencyStays(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	png.Encode(&b, image.NewNRGBA(image.Rect(0, 0, 9, 9)))
	p, err := newReader().Read(context.Background(), b.Bytes())
	if err != nil || p.ContentType != "image/png" || len(p.Digest) != 64 {
		t.Errorf("%+v %v", p, err)
	}
}

func TestLargePicturesShrink(t *testing.T) {
	t.Parallel()
	p, err := newReader().Read(context.Background(), photo(t, 4000, 1000))
	if err != nil || p.Width != 2560 || p.Height != 640 {
		t.Errorf("%d×%d %v", p.Width, p.Height, err)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	bomb := func(w, h uint32) []byte {
		head := binary.BigEndian.AppendUint32([]byte("IHDR"), w)
		head = append(binary.BigEndian.AppendUint32(head, h), 8, 2, 0, 0, 0)
		out := append([]byte("\x89PNG\r\n\x1a\n"), 0, 0, 0, 13)
		out = append(out, head...)
		return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(head))
	}
	whole := photo(t, 40, 40)
	for name, c := range map[string]struct {
		data []byte
		want error
	}{"empty": {nil, catalog.ErrImage}, "text": {[]byte("<svg onload=alert(1)>"), catalog.ErrImage},
		"gif":    {[]byte("GIF89a\x01\x00\x01\x00"), catalog.ErrImage},
		"cut":    {whole[:len(whole)/2], catalog.ErrImage},
		"pixels": {bomb(11_000, 11_000), catalog.ErrImageSize},
		"side":   {bomb(60_000, 1), catalog.ErrImageSize},
		"bytes":  {make([]byte, MaxBytes+1), catalog.ErrImageSize}} {
		if _, err := newReader().Read(context.Background(), c.data); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestReadersWaitTheirTurn(t *testing.T) {
	t.Parallel()
	fired := make(chan struct{}, 1)
	clk := clock.NewFake(clock.Real{}.Now())
	r := NewReader(1, clk.After)
	r.places <- struct{}{}
	go func() {
		_, err := r.Read(context.Background(), photo(t, 4, 4))
		if !errors.Is(err, catalog.ErrImagesBusy) {
			t.Error(err)
		}
		fired <- struct{}{}
	}()
	for done := false; !done; {
		clk.Advance(patience)
		select {
		case <-fired:
			done = true
		default:
		}
	}
}

func FuzzOrientation(f *testing.F) {
	f.Add([]byte("\xff\xd8\xff\xe1\x00\x08Exif\x00\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if o := orientation(data); o < 1 || o > 8 {
			t.Fatal(o)
		}
	})
}
