package captcha

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/png"
	"math"
)

const (
	drawingSeed = 16 // bytes
	margin      = 8  // pixels between the notch and the picture's edge
	minX        = Piece + 40
)

// drawing is one picture: a sky of two colours, a crowd of shapes over it, noise over all,
// a notch, and now and then a false one of another shape.
type drawing struct {
	dice dice
	x, y int // of the piece
	back *image.NRGBA
	mask outline
}

// dice is a small generator, seeded by random bytes: a picture needs many numbers and none
// of them is a secret but the first.
type dice struct{ state uint64 }

func (d *dice) next() uint64 { // SplitMix64
	d.state += 0x9e3779b97f4a7c15
	z := d.state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

func (d *dice) below(n int) int        { return int(d.next() % uint64(n)) }
func (d *dice) between(a, b int) int   { return a + d.below(b-a+1) }
func (d *dice) unit() float64          { return float64(d.next()>>11) / (1 << 53) }
func (d *dice) angle() float64         { return d.unit() * 2 * math.Pi }
func (d *dice) colour(lo, hi int) rgb  { return rgb{d.f(lo, hi), d.f(lo, hi), d.f(lo, hi)} }
func (d *dice) f(lo, hi int) float64   { return float64(d.between(lo, hi)) }
func clamp(v float64) uint8            { return uint8(max(0, min(255, v))) }
func (c rgb) mix(o rgb, t float64) rgb { return c.times(1 - t).plus(o.times(t)) }
func (c rgb) times(t float64) rgb      { return rgb{c.r * t, c.g * t, c.b * t} }
func (c rgb) plus(o rgb) rgb           { return rgb{c.r + o.r, c.g + o.g, c.b + o.b} }

type rgb struct{ r, g, b float64 }

func (c rgb) plain() color.NRGBA {
	return color.NRGBA{clamp(c.r), clamp(c.g), clamp(c.b), 255}
}

// newDrawing draws everything but the notch. seed must be random: where the notch is comes
// from it.
func newDrawing(seed []byte) *drawing {
	d := &drawing{dice: dice{binary.BigEndian.Uint64(seed) ^ binary.BigEndian.Uint64(seed[8:])},
		back: image.NewNRGBA(image.Rect(0, 0, Width, Height))}
	d.x = d.dice.between(minX, Width-Piece-margin)
	d.y = d.dice.between(margin, Height-Piece-margin)
	d.mask = newOutline(&d.dice)
	d.sky()
	for range d.dice.between(14, 20) {
		d.shape()
	}
	d.noise()
	return d
}

func (d *drawing) sky() {
	from, to := d.dice.colour(60, 230), d.dice.colour(60, 230)
	turn := d.dice.angle()
	dx, dy := math.Cos(turn), math.Sin(turn)
	for y := range Height {
		for x := range Width {
			t := 0.5 + (float64(x-Width/2)*dx+float64(y-Height/2)*dy)/float64(Width)
			d.back.SetNRGBA(x, y, from.mix(to, max(0, min(1, t))).plain())
		}
	}
}

// shape lays one soft ellipse or bar over the picture.
func (d *drawing) shape() {
	ink, strength := d.dice.colour(20, 250), 0.25+0.5*d.dice.unit()
	cx, cy := d.dice.f(0, Width), d.dice.f(0, Height)
	a, b := d.dice.f(10, 70), d.dice.f(6, 40)
	turn, bar := d.dice.angle(), d.dice.below(3) == 0
	sin, cos := math.Sincos(turn)
	reach := max(a, b)
	for y := int(max(0, cy-reach)); y < int(min(Height, cy+reach+1)); y++ {
		for x := int(max(0, cx-reach)); x < int(min(Width, cx+reach+1)); x++ {
			px, py := float64(x)-cx, float64(y)-cy
			u, v := (px*cos+py*sin)/a, (py*cos-px*sin)/b
			within := u*u+v*v <= 1
			if bar {
				within = math.Abs(u) <= 1 && math.Abs(v) <= 0.5
			}
			if within {
				d.blend(x, y, ink, strength)
			}
		}
	}
}

func (d *drawing) blend(x, y int, ink rgb, t float64) {
	was := d.at(x, y)
	d.back.SetNRGBA(x, y, was.mix(ink, t).plain())
}

func (d *drawing) at(x, y int) rgb {
	c := d.back.NRGBAAt(x, y)
	return rgb{float64(c.R), float64(c.G), float64(c.B)}
}

func (d *drawing) noise() {
	for y := range Height {
		for x := range Width {
			n := d.dice.f(-14, 14)
			d.back.SetNRGBA(x, y, d.at(x, y).plus(rgb{n, n, n}).plain())
		}
	}
}

// encode cuts the piece out, shades the notch and gives both as PNG.
func (d *drawing) encode() (picture, piece []byte, err error) {
	cut := image.NewNRGBA(image.Rect(0, 0, Piece, Piece))
	for y := range Piece {
		for x := range Piece {
			if in, edge := d.mask.at(x, y); in {
				n := d.dice.f(-10, 10) // so that its noise is not the picture's
				ink := d.at(d.x+x, d.y+y).plus(rgb{n, n, n})
				if edge {
					ink = ink.mix(rgb{255, 255, 255}, 0.6)
				}
				cut.SetNRGBA(x, y, ink.plain())
			}
		}
	}
	if d.dice.below(2) == 0 { // a false notch, of another shape and elsewhere
		d.shade(d.falseX(), d.dice.between(margin, Height-Piece-margin), newOutline(&d.dice), 0.18)
	}
	d.shade(d.x, d.y, d.mask, 0.35+0.15*d.dice.unit())
	if picture, err = pack(d.back); err != nil {
		return nil, nil, err
	}
	piece, err = pack(cut)
	return picture, piece, err
}

// falseX keeps clear of the true notch, so that a person is not misled.
func (d *drawing) falseX() int {
	if left := d.x - Piece - margin; left > margin && d.dice.below(2) == 0 {
		return d.dice.between(margin, left)
	}
	if right := d.x + Piece + margin; right < Width-Piece-margin {
		return d.dice.between(right, Width-Piece-margin)
	}
	return margin
}

func (d *drawing) shade(x0, y0 int, m outline, dark float64) {
	for y := range Piece {
		for x := range Piece {
			in, edge := m.at(x, y)
			switch {
			case edge:
				d.blend(x0+x, y0+y, rgb{255, 255, 255}, 0.3)
			case in:
				n := d.dice.f(-10, 10)
				d.blend(x0+x, y0+y, rgb{n, n, n}, dark)
			}
		}
	}
}

func pack(img image.Image) ([]byte, error) {
	var b bytes.Buffer
	enc := png.Encoder{CompressionLevel: png.BestSpeed}
	err := enc.Encode(&b, img)
	return b.Bytes(), err
}

// outline is the shape of a piece: a rounded body with knobs and dents on its sides, turned.
type outline struct {
	sin, cos float64
	half     float64 // of the body's side
	round    float64 // exponent: 2 is a circle, more is squarer
	knobs    [4]float64
}

func newOutline(d *dice) outline {
	var o outline
	o.sin, o.cos = math.Sincos((d.unit() - 0.5) * math.Pi / 3)
	o.half = d.f(16, 19)
	o.round = 3 + 5*d.unit()
	for i := range o.knobs {
		o.knobs[i] = [...]float64{-1, 0, 1}[d.below(3)]
	}
	return o
}

// at says whether a pixel of the piece's square is inside, and whether at the edge.
func (o outline) at(x, y int) (in, edge bool) {
	depth := o.depth(float64(x)-Piece/2+0.5, float64(y)-Piece/2+0.5)
	return depth < 0, depth < 0 && depth > -1.6
}

// depth is below 0 inside, in pixels, roughly.
func (o outline) depth(px, py float64) float64 {
	u, v := px*o.cos+py*o.sin, py*o.cos-px*o.sin
	norm := math.Pow(math.Pow(math.Abs(u)/o.half, o.round)+
		math.Pow(math.Abs(v)/o.half, o.round), 1/o.round)
	depth := (norm - 1) * o.half
	knob := o.half * 0.4
	for i, sign := range o.knobs {
		cx, cy := [...]float64{1, 0, -1, 0}[i]*o.half, [...]float64{0, 1, 0, -1}[i]*o.half
		round := math.Hypot(u-cx, v-cy) - knob
		switch {
		case sign > 0:
			depth = min(depth, round)
		case sign < 0:
			depth = max(depth, -round)
		}
	}
	return depth
}
