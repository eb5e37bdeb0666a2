package art

import (
	"image"
	"image/draw"
	"math"

	"golang.org/x/image/vector"
)

// canvas is a picture under work. Its unit is the shorter side: x runs from -w/2 to w/2 with
// 0 in the middle, y from 0 at the top to h at the bottom, so that one scene serves both an
// upright (w 1, h 1.5) and a lying (w 1.5, h 1) picture.
type canvas struct {
	img   *image.RGBA
	ras   *vector.Rasterizer
	mask  *image.Alpha
	scale float64 // pixels per unit
	w, h  float64
	seed  uint64
	rnd   dice
}

// pt is a point in units.
type pt struct{ x, y float64 }

// outline is a closed polygon; curves are flattened before they get here.
type outline []pt

func newCanvas(width, height int, seed uint64) *canvas {
	side := float64(min(width, height))
	return &canvas{
		img:   image.NewRGBA(image.Rect(0, 0, width, height)),
		ras:   vector.NewRasterizer(width, height),
		mask:  image.NewAlpha(image.Rect(0, 0, width, height)),
		scale: side,
		w:     float64(width) / side,
		h:     float64(height) / side,
		seed:  seed,
		rnd:   dice{state: seed*0x9E3779B97F4A7C15 + 1},
	}
}

// fill paints the outlines with anti-aliased edges. Outlines that turn the other way cut
// holes into those around them.
func (c *canvas) fill(p paint, outlines ...outline) {
	box := c.bounds(outlines)
	if box.Empty() {
		return
	}
	c.ras.Reset(box.Dx(), box.Dy())
	c.ras.DrawOp = draw.Src
	for _, o := range outlines {
		for i, q := range o {
			x := float32((q.x+c.w/2)*c.scale - float64(box.Min.X))
			y := float32(q.y*c.scale - float64(box.Min.Y))
			if i == 0 {
				c.ras.MoveTo(x, y)
			} else {
				c.ras.LineTo(x, y)
			}
		}
		c.ras.ClosePath()
	}
	c.mask.Stride = box.Dx()
	c.mask.Rect = image.Rect(0, 0, box.Dx(), box.Dy())
	c.ras.Draw(c.mask, c.mask.Rect, image.Opaque, image.Point{})
	c.blend(p, box)
}

// blend lays the paint over the picture wherever the mask covers it.
func (c *canvas) blend(p paint, box image.Rectangle) {
	for y := box.Min.Y; y < box.Max.Y; y++ {
		row := c.img.Pix[c.img.PixOffset(box.Min.X, y):]
		cover := c.mask.Pix[(y-box.Min.Y)*c.mask.Stride:]
		uy := (float64(y) + 0.5) / c.scale
		for i := 0; i < box.Dx(); i++ {
			if cover[i] == 0 {
				continue
			}
			k := p.at((float64(box.Min.X+i)+0.5)/c.scale-c.w/2, uy)
			a := (int(cover[i])*int(k.a) + 127) / 255
			d := row[i*4 : i*4+4 : i*4+4]
			d[0] = over(d[0], k.r, a)
			d[1] = over(d[1], k.g, a)
			d[2] = over(d[2], k.b, a)
			d[3] = 255
		}
	}
}

func over(dst, src uint8, a int) uint8 {
	return uint8((int(dst)*(255-a) + int(src)*a + 127) / 255)
}

// bounds is the smallest pixel box around the outlines, within the picture.
func (c *canvas) bounds(outlines []outline) image.Rectangle {
	minX, minY := math.Inf(1), math.Inf(1)
	maxX, maxY := math.Inf(-1), math.Inf(-1)
	for _, o := range outlines {
		for _, q := range o {
			minX, maxX = min(minX, q.x), max(maxX, q.x)
			minY, maxY = min(minY, q.y), max(maxY, q.y)
		}
	}
	if minX > maxX {
		return image.Rectangle{}
	}
	px := func(v float64) int { return int(math.Floor(max(-4, min(v, 8)) * c.scale)) }
	box := image.Rect(px(minX+c.w/2)-1, px(minY)-1, px(maxX+c.w/2)+2, px(maxY)+2)
	return box.Intersect(c.img.Bounds())
}

// finish darkens the corners a little and lays paper grain over everything, which also
// keeps gradients from banding after compression.
func (c *canvas) finish() {
	b := c.img.Bounds()
	grain := dice{state: c.seed ^ 0xA5A5A5A5}
	cx, cy := float64(b.Dx())/2, float64(b.Dy())/2
	for y := 0; y < b.Dy(); y++ {
		row := c.img.Pix[y*c.img.Stride : y*c.img.Stride+b.Dx()*4]
		dy := (float64(y) - cy) / cy
		var bits uint64
		for x := 0; x < b.Dx(); x++ {
			if x%16 == 0 {
				bits = grain.next()
			}
			dx := (float64(x) - cx) / cx
			shade := 256 - int(22*max(0, dx*dx+dy*dy-0.7))
			noise := int(bits&7) - int(bits>>3&1)*7
			bits >>= 4
			d := row[x*4 : x*4+4 : x*4+4]
			for k := 0; k < 3; k++ {
				d[k] = clamp8(int(d[k])*shade/256 + noise*5/8)
			}
		}
	}
}

func clamp8(v int) uint8 { return uint8(max(0, min(v, 255))) }

// dice is a splitmix64 sequence: the pictures must not change between runs or releases of Go.
type dice struct{ state uint64 }

func (d *dice) next() uint64 {
	d.state += 0x9E3779B97F4A7C15
	z := d.state
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

// span is a number in [from, to).
func (d *dice) span(from, to float64) float64 {
	return from + (to-from)*float64(d.next()>>11)/(1<<53)
}

// pick is a number in [0, n).
func (d *dice) pick(n int) int { return int(d.next() % uint64(n)) }
