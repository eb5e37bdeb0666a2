package art

import "math"

// all covers the whole picture.
func (c *canvas) all(p paint) { c.fill(p, box(-c.w/2, 0, c.w/2, c.h)) }

// box is a rectangle between two corners.
func box(x0, y0, x1, y1 float64) outline {
	return outline{{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}}
}

// oval is an ellipse turned by an angle in radians.
func oval(x, y, rx, ry, turn float64) outline { return arc(x, y, rx, ry, turn, 0, 2*math.Pi) }

func round(x, y, r float64) outline { return oval(x, y, r, r, 0) }

// arc is the part of an ellipse between two angles, as an open run of points.
func arc(x, y, rx, ry, turn, a0, a1 float64) outline {
	n := max(8, int(math.Abs(a1-a0)*(8+60*math.Sqrt(max(rx, ry)))/2))
	sin, cos := math.Sincos(turn)
	out := make(outline, 0, n+1)
	for i := 0; i <= n; i++ {
		s, k := math.Sincos(a0 + (a1-a0)*float64(i)/float64(n))
		out = append(out, pt{x + rx*k*cos - ry*s*sin, y + rx*k*sin + ry*s*cos})
	}
	return out
}

func (o outline) reversed() outline {
	out := make(outline, len(o))
	for i, q := range o {
		out[len(o)-1-i] = q
	}
	return out
}

// moved shifts an outline.
func (o outline) moved(dx, dy float64) outline {
	out := make(outline, len(o))
	for i, q := range o {
		out[i] = pt{q.x + dx, q.y + dy}
	}
	return out
}

// scaled enlarges an outline about the origin.
func (o outline) scaled(sx, sy float64) outline {
	out := make(outline, len(o))
	for i, q := range o {
		out[i] = pt{q.x * sx, q.y * sy}
	}
	return out
}

// turned rotates an outline about the origin.
func (o outline) turned(a float64) outline {
	s, k := math.Sincos(a)
	out := make(outline, len(o))
	for i, q := range o {
		out[i] = pt{q.x*k - q.y*s, q.x*s + q.y*k}
	}
	return out
}

// smooth runs a closed Catmull-Rom curve through the points.
func smooth(points ...pt) outline { return spline(points, true) }

// bend runs an open Catmull-Rom curve through the points.
func bend(points ...pt) outline { return spline(points, false) }

func spline(p []pt, closed bool) outline {
	const steps = 14
	n := len(p)
	get := func(i int) pt {
		if closed {
			return p[(i+n)%n]
		}
		return p[max(0, min(i, n-1))]
	}
	last := n - 1
	if closed {
		last = n
	}
	var out outline
	for i := 0; i < last; i++ {
		a, b, c, d := get(i-1), get(i), get(i+1), get(i+2)
		for s := 0; s < steps; s++ {
			t := float64(s) / steps
			out = append(out, pt{cubic(a.x, b.x, c.x, d.x, t), cubic(a.y, b.y, c.y, d.y, t)})
		}
	}
	if !closed {
		out = append(out, p[n-1])
	}
	return out
}

func cubic(a, b, c, d, t float64) float64 {
	return b + 0.5*t*(c-a+t*(2*a-5*b+4*c-d+t*(3*(b-c)+d-a)))
}

// ring is a circle line of the given width.
func (c *canvas) ring(x, y, r, width float64, p paint) {
	c.fill(p, round(x, y, r+width/2), round(x, y, r-width/2).reversed())
}

// stroke draws a line of even width along the points, with round ends.
func (c *canvas) stroke(width float64, p paint, points ...pt) {
	c.taper(width, width, p,
		points...)
}

// taper draws a line whose width runs from one value to another, as a brush does.
func (c *canvas) taper(from, to float64, p paint, points ...pt) {
	n := len(points)
	if n < 2 {
		return
	}
	left, right := make(outline, 0, n), make(outline, 0, n)
	for i, q := range points {
		a, b := points[max(0, i-1)], points[min(n-1, i+1)]
		dx, dy := b.x-a.x, b.y-a.y
		l := max(1e-9, math.Hypot(dx, dy))
		half := (from + (to-from)*float64(i)/float64(n-1)) / 2
		left = append(left, pt{q.x - dy/l*half, q.y + dx/l*half})
		right = append(right, pt{q.x + dy/l*half, q.y - dx/l*half})
	}
	body := append(left, right.reversed()...)
	if area(body) < 0 {
		body = body.reversed()
	}
	// The caps turn as the body does, or they would cut holes into it.
	c.fill(p, body, round(points[0].x, points[0].y, from/2),
		round(points[n-1].x, points[n-1].y, to/2))
}

// area is twice the signed area; positive as round and box turn.
func area(o outline) float64 {
	var sum float64
	for i, a := range o {
		b := o[(i+1)%len(o)]
		sum += a.x*b.y - b.x*a.y
	}
	return sum
}

// glow is a soft light.
func (c *canvas) glow(x, y, r float64, k ink) {
	c.fill(around(x, y, r, k, k.fade(0.45), k.fade(0.15), k.fade(0)), round(x, y, r))
}

// stars strews n small lights above the line y = floor.
func (c *canvas) stars(n int, floor float64, k ink) {
	for i := 0; i < n; i++ {
		x, y := c.rnd.span(-c.w/2, c.w/2), c.rnd.span(0, floor)
		r := 0.0012 + 0.0032*math.Pow(c.rnd.span(0, 1), 4)
		c.fill(k.fade(c.rnd.span(0.35, 1)*(1-0.6*y/floor)), round(x, y, r))
	}
}

// ground is the shape below a line y(x), down to the bottom.
func (c *canvas) ground(y func(x float64) float64) outline {
	const step = 1.0 / 220
	out := outline{{-c.w/2 - step, c.h + step}}
	for x := -c.w/2 - step; x <= c.w/2+2*step; x += step {
		out = append(out, pt{x, y(x)})
	}
	return append(out, pt{c.w/2 + 2*step, c.h + step})
}

// hills is a soft line of hills; peaks a jagged one. Both rise up to about amp above base.
func (c *canvas) hills(base, amp, freq float64) func(float64) float64 {
	off := c.rnd.span(10, 1000)
	return func(x float64) float64 {
		t := x*freq + off
		return base - amp*(0.72*noise(t)+0.2*noise(t*2.3)+0.08*noise(t*5.1))
	}
}

func (c *canvas) peaks(base, amp, freq float64) func(float64) float64 {
	off := c.rnd.span(10, 1000)
	return func(x float64) float64 {
		var sum, weight = 0.0, 0.55
		t := x*freq + off
		for i := 0; i < 5; i++ {
			sum += weight * (1 - math.Abs(2*noise(t)-1))
			t = t*2.17 + 19.7
			weight *= 0.47
		}
		return base - amp*sum
	}
}

// noise is smooth value noise in [0, 1] over the whole numbers.
func noise(t float64) float64 {
	n := math.Floor(t)
	f := t - n
	f = f * f * (3 - 2*f)
	return lattice(int64(n))*(1-f) + lattice(int64(n)+1)*f
}

func lattice(n int64) float64 {
	d := dice{state: uint64(n) * 0xD1342543DE82EF95}
	return float64(d.next()>>11) / (1 << 53)
}

// bird is a gull far away: two strokes.
func (c *canvas) bird(x, y, size float64, k ink) {
	c.taper(size*0.02, size*0.13, k,
		bend(pt{x - size, y - size*0.1}, pt{x - size*0.5, y - size*0.34}, pt{x, y})...)
	c.taper(size*0.13, size*0.02, k,
		bend(pt{x, y}, pt{x + size*0.5, y - size*0.34}, pt{x + size, y - size*0.1})...)
}

// person is a small standing figure whose feet are at x, y.
func (c *canvas) person(x, y, height float64, k ink) {
	h := height
	c.fill(k, round(x, y-h*0.88, h*0.115))
	c.fill(k, smooth(pt{x - h*0.15, y - h*0.66}, pt{x, y - h*0.78}, pt{x + h*0.15, y - h*0.66},
		pt{x + h*0.13, y - h*0.3}, pt{x + h*0.1, y}, pt{x + h*0.03, y},
		pt{x, y - h*0.3}, pt{x - h*0.03, y}, pt{x - h*0.1, y}, pt{x - h*0.13, y - h*0.3}))
}
