package art

import "math"

// ink is a colour with straight (not premultiplied) alpha.
type ink struct{ r, g, b, a uint8 }

// hex reads 0xRRGGBB.
func hex(v uint32) ink { return ink{uint8(v >> 16), uint8(v >> 8), uint8(v), 255} }

// fade is the ink with this share of its alpha.
func (k ink) fade(share float64) ink {
	k.a = clamp8(int(float64(k.a)*share + 0.5))
	return k
}

func mix(a, b ink, t float64) ink {
	f := func(x, y uint8) uint8 { return clamp8(int(float64(x)*(1-t) + float64(y)*t + 0.5)) }
	return ink{f(a.r, b.r), f(a.g, b.g), f(a.b, b.b), f(a.a, b.a)}
}

// paint gives the colour of a point. Flat inks and gradients are the two kinds there are.
type paint interface{ at(x, y float64) ink }

func (k ink) at(_, _ float64) ink { return k }

// ramp is a table of colours along a gradient.
type ramp [256]ink

func newRamp(stops []ink) *ramp {
	var r ramp
	for i := range r {
		t := float64(i) / 255 * float64(len(stops)-1)
		n := min(int(t), len(stops)-2)
		r[i] = mix(stops[n], stops[n+1], t-float64(n))
	}
	return &r
}

func (r *ramp) step(t float64) ink { return r[int(max(0, min(t, 1))*255+0.5)] }

// linear is a gradient from one point to another.
type linear struct {
	from   pt
	dx, dy float64 // direction divided by its squared length
	ramp   *ramp
}

// along makes a gradient of two or more stops from one point to another.
func along(x0, y0, x1, y1 float64, stops ...ink) paint {
	dx, dy := x1-x0, y1-y0
	n := dx*dx + dy*dy
	return linear{pt{x0, y0}, dx / n, dy / n, newRamp(stops)}
}

// down is a vertical gradient.
func down(y0, y1 float64, stops ...ink) paint { return along(0, y0, 0, y1, stops...) }

func (l linear) at(x, y float64) ink {
	return l.ramp.step((x-l.from.x)*l.dx + (y-l.from.y)*l.dy)
}

// radial is a gradient from a centre outwards.
type radial struct {
	centre pt
	r      float64
	ramp   *ramp
}

// around makes a gradient of two or more stops from the centre to radius r.
func around(x, y, r float64, stops ...ink) paint {
	return radial{pt{x, y}, r, newRamp(stops)}
}

func (g radial) at(x, y float64) ink {
	dx, dy := x-g.centre.x, y-g.centre.y
	return g.ramp.step(math.Sqrt(dx*dx+dy*dy) / g.r)
}
