package art

import "math"

// clockFace: a great clock with thirteen hours and its wheels behind.
func clockFace(c *canvas) {
	p := c.choose(inks(0x1D2B2A, 0xD9B26F, 0xF4E9D2, 0xA63D2F, 0x3E5B55, 0x0E1716),
		inks(0x2A1E2E, 0xD49A6A, 0xF6EADF, 0x3F7D85, 0x5A4360, 0x150E18))
	c.all(around(0, c.h*0.42, c.h, p[4], p[0], p[5]))
	y := c.h * 0.44
	c.gear(-0.36, y+0.42, 0.26, 18, p[1].fade(0.35), p[0])
	c.gear(0.4, y-0.36, 0.22, 16, p[1].fade(0.3), p[0])
	c.gear(0.33, y+0.5, 0.15, 12, p[3].fade(0.6), p[0])
	c.fill(p[5].fade(0.5), round(0.015, y+0.025, 0.385))
	c.fill(p[1], round(0, y, 0.38))
	c.fill(along(-0.3, y-0.3, 0.3, y+0.3, p[2], mix(p[2], p[1], 0.4)), round(0, y, 0.345))
	c.ring(0, y, 0.3, 0.004, p[0])
	c.ring(0, y, 0.2, 0.003, p[1])
	for i := 0; i < 13; i++ {
		a := -math.Pi/2 + float64(i)*2*math.Pi/13
		s, k := math.Sincos(a)
		tone, w := p[0], 0.014
		if i == 0 {
			tone, w = p[3], 0.026
		}
		c.stroke(w, tone, pt{0.245 * k, y + 0.245*s}, pt{0.29 * k, y + 0.29*s})
	}
	c.fill(p[3].fade(0.9), append(outline{{0, y}},
		arc(0, y, 0.2, 0.2, 0, -math.Pi/2-2*math.Pi/13, -math.Pi/2)...))
	c.taper(0.024, 0.006, p[0], pt{-0.025, y + 0.055}, pt{0.075, y - 0.165})
	c.taper(0.018, 0.004, p[0], pt{0.02, y + 0.065}, pt{-0.085, y - 0.26})
	c.fill(p[0], round(0, y, 0.024))
	c.fill(p[1], round(0, y, 0.01))
	for i := 0; i < 7; i++ {
		x := -c.w/2 + (float64(i)+0.5)*c.w/7
		c.spire(x, c.h*(0.985-0.045*noise(float64(i)*3.3)), 0.055, p[5])
	}
}

// spire is a gothic roof at the lower edge.
func (c *canvas) spire(x, top, half float64, k ink) {
	c.fill(k, outline{{x - half, c.h + 0.1}, {x - half, top}, {x, top - 0.13}, {x + half, top},
		{x + half, c.h + 0.1}})
	c.taper(0.006, 0.002, k, pt{x, top - 0.12}, pt{x, top - 0.18})
}

// gear is a wheel with teeth and four openings.
func (c *canvas) gear(x, y, r float64, teeth int, k, hole ink) {
	var o outline
	for i := 0; i < teeth; i++ {
		a := float64(i) * 2 * math.Pi / float64(teeth)
		step := 2 * math.Pi / float64(teeth)
		for j, q := range []float64{0.86, 0.86, 1, 1} {
			s, cs := math.Sincos(a + step*[]float64{0, 0.42, 0.52, 0.9}[j])
			o = append(o, pt{x + r*q*cs, y + r*q*s})
		}
	}
	shapes := []outline{o, round(x, y, r*0.13).reversed()}
	for i := 0; i < 5; i++ {
		s, cs := math.Sincos(float64(i)*2*math.Pi/5 + 0.4)
		shapes = append(shapes, round(x+r*0.48*cs, y+r*0.48*s, r*0.19).reversed())
	}
	c.fill(k, shapes...)
	c.ring(x, y, r*0.74, r*0.02, hole.fade(0.5))
}

// curtain: red folds, a spotlight, one empty chair.
func curtain(c *canvas) {
	p := c.choose(inks(0x7A1020, 0xC52B37, 0x2A0610, 0xFFE7B8, 0xD9A441, 0x4A2A1B),
		inks(0x173F5F, 0x2D7DA8, 0x061522, 0xFFF0CF, 0xE0B45A, 0x35261E))
	floor := c.h * 0.82
	c.all(down(0, c.h, p[2], mix(p[2], p[0], 0.6), p[2]))
	folds := int(c.w * 13)
	for i := 0; i < folds; i++ {
		x := -c.w/2 + float64(i)*c.w/float64(folds)
		w := c.w / float64(folds)
		sway := 0.012 * math.Sin(float64(i)*1.9)
		c.fill(along(x, 0, x+w, 0, p[2], p[0], p[1], p[0], mix(p[2], p[0], 0.3)),
			outline{{x - 0.002, -0.01}, {x + w + 0.002, -0.01}, {x + w + sway + 0.002, floor},
				{x + sway - 0.002, floor}})
	}
	c.fill(down(0, floor, p[2].fade(0.75), p[2].fade(0.1), p[2].fade(0.5)),
		box(-c.w/2, 0, c.w/2, floor))
	c.fill(down(floor, c.h, mix(p[5], p[4], 0.25), p[5], p[2]), box(-c.w/2, floor, c.w/2, c.h))
	for i := 0; i < 7; i++ {
		y := floor + math.Pow(float64(i)/7, 1.4)*(c.h-floor)
		c.fill(p[2].fade(0.35), box(-c.w/2, y, c.w/2, y+0.003))
	}
	c.fill(down(0, floor, p[3].fade(0.05), p[3].fade(0.34)), outline{{-0.035, -0.02},
		{0.035, -0.02}, {0.33, floor + 0.06}, {-0.33, floor + 0.06}})
	c.fill(around(0, floor+0.065, 0.36, p[3].fade(0.95), p[3].fade(0.75), p[3].fade(0.5)),
		oval(0, floor+0.065, 0.33, 0.055, 0))
	c.chair(0.01, floor+0.07, 0.28, p[2])
	c.valance(p)
}

// chair is a wooden chair whose feet are at x, y.
func (c *canvas) chair(x, y, s float64, k ink) {
	c.fill(k.fade(0.35), oval(x+s*0.22, y+s*0.02, s*0.5, s*0.06, 0))
	at := func(a, b float64) pt { return pt{x + a*s, y + b*s} }
	c.stroke(s*0.05, k, at(-0.24, 0), at(-0.2, -0.48), at(-0.26, -1.05))
	c.stroke(s*0.05, k, at(0.12, -0.1), at(0.1, -0.5))
	c.stroke(s*0.05, k, at(0.3, 0.02), at(0.26, -0.46))
	c.stroke(s*0.05, k, at(-0.08, -0.08), at(-0.02, -1.12))
	c.fill(k, outline{at(-0.25, -0.46), at(-0.04, -0.54), at(0.3, -0.52), at(0.3, -0.46),
		at(0.04, -0.4)})
	for i := 0; i < 3; i++ {
		d := 0.15 * float64(i)
		c.stroke(s*0.05, k, at(-0.25, -1.02+d), at(-0.03, -1.09+d))
	}
}

// valance is the gathered cloth at the top with a gold hem.
func (c *canvas) valance(p []ink) {
	n := int(c.w*4 + 0.5)
	w := c.w / float64(n)
	for i := 0; i < n; i++ {
		x := -c.w/2 + (float64(i)+0.5)*w
		c.fill(p[4], smooth(pt{x - w*0.55, -0.1}, pt{x - w*0.52, 0.1}, pt{x, 0.178},
			pt{x + w*0.52, 0.1}, pt{x + w*0.55, -0.1}))
		c.fill(along(x-w/2, 0, x+w/2, 0, p[0], p[1], p[0], p[2]), smooth(pt{x - w*0.53, -0.1},
			pt{x - w*0.5, 0.09}, pt{x, 0.162}, pt{x + w*0.5, 0.09}, pt{x + w*0.53, -0.1}))
		c.taper(0.012, 0.004, p[4], pt{x - w/2, 0.08}, pt{x - w/2, 0.19})
	}
}

// stringsScene: a violin before arcs of gold, as sound spreads.
func stringsScene(c *canvas) {
	p := c.choose(inks(0x0F2F2C, 0x1E5A4F, 0xE3B659, 0xF8EBC8, 0xA8442A, 0x071A18),
		inks(0x1B1B3A, 0x3D2F73, 0xF0A868, 0xFBE8D3, 0xC2414B, 0x0D0D22))
	c.all(around(0, c.h*0.5, c.h*0.8, p[1], p[0], p[5]))
	for i := 0; i < 22; i++ {
		r := 0.14 + 0.038*float64(i)
		shift := 0.05 * math.Sin(float64(i)*0.5)
		c.ring(shift, c.h*0.56, r, 0.003+0.004*noise(float64(i)*1.7),
			p[2].fade(0.62-0.022*float64(i)))
	}
	for i := 0; i < 40; i++ {
		a := c.rnd.span(0, 2*math.Pi)
		r := c.rnd.span(0.3, 0.9)
		c.fill([]ink{p[2], p[3], p[4]}[c.rnd.pick(3)], round(r*math.Cos(a),
			c.h*0.56+r*math.Sin(a), c.rnd.span(0.003, 0.012)))
	}
	c.violin(0, c.h*0.56, min(0.30, c.h*0.27), p)
	c.stroke(0.008, p[3], pt{-0.34, c.h * 0.22}, pt{0.34, c.h * 0.74})
	c.stroke(0.003, p[2], pt{-0.33, c.h*0.22 + 0.022}, pt{0.33, c.h*0.74 + 0.01})
}

// violin stands upright; s is half the length of its body.
func (c *canvas) violin(x, y, s float64, p []ink) {
	half := []pt{{0, -1}, {0.3, -0.95}, {0.5, -0.72}, {0.47, -0.45}, {0.31, -0.22}, {0.3, 0.02},
		{0.43, 0.2}, {0.6, 0.45}, {0.55, 0.82}, {0.3, 1}, {0, 1.03}}
	var body []pt
	for _, q := range half {
		body = append(body, pt{x + q.x*s, y + q.y*s})
	}
	for i := len(half) - 2; i > 0; i-- {
		body = append(body, pt{x - half[i].x*s, y + half[i].y*s})
	}
	c.fill(p[5].fade(0.45), smooth(body...).moved(0.015, 0.02))
	c.fill(along(x-s*0.6, y-s, x+s*0.6, y+s, mix(p[4], p[2], 0.55), p[4], mix(p[4], p[5], 0.45)),
		smooth(body...))
	for _, side := range []float64{-1, 1} {
		f := bend(pt{x + side*s*0.2, y - s*0.12}, pt{x + side*s*0.25, y + s*0.02},
			pt{x + side*s*0.3, y + s*0.2}, pt{x + side*s*0.37, y + s*0.3})
		c.stroke(s*0.035, p[5], f...)
		c.fill(p[5], round(x+side*s*0.21, y-s*0.14, s*0.035),
			round(x+side*s*0.37, y+s*0.31, s*0.04))
	}
	c.fill(p[5], outline{{x - s*0.055, y - s*1.75}, {x + s*0.055, y - s*1.75},
		{x + s*0.09, y - s*0.2}, {x - s*0.09, y - s*0.2}})
	c.fill(p[4], box(x-s*0.06, y-s*1.95, x+s*0.06, y-s*1.74), round(x, y-s*1.97, s*0.1))
	for _, peg := range []float64{-1.9, -1.82} {
		c.stroke(s*0.03, p[5], pt{x - s*0.16, y + peg*s}, pt{x + s*0.16, y + peg*s})
	}
	c.fill(p[5], outline{{x - s*0.05, y + s*0.95}, {x + s*0.05, y + s*0.95},
		{x + s*0.1, y + s*0.45}, {x - s*0.1, y + s*0.45}})
	c.fill(p[3], box(x-s*0.17, y+s*0.19, x+s*0.17, y+s*0.225))
	for i := 0; i < 4; i++ {
		d := (float64(i) - 1.5) * s * 0.035
		c.stroke(s*0.009, p[3], pt{x + d*0.7, y - s*1.75}, pt{x + d*1.6, y + s*0.46})
	}
}

// deer: a stag in a misty wood, its antlers grown into branches.
func deer(c *canvas) {
	p := c.choose(inks(0xF4DFC0, 0xD99A6C, 0x7B4B4B, 0x2C1F2D, 0xFFF6E3),
		inks(0xDCEBE4, 0x8DB9AE, 0x3D6F72, 0x12292F, 0xF8FFF8))
	c.all(down(0, c.h, p[1], p[0], mix(p[1], p[0], 0.4)))
	c.glow(0.03, c.h*0.4, 0.5, p[4].fade(0.8))
	c.fill(p[4], round(0.03, c.h*0.4, 0.24))
	for layer := 0; layer < 3; layer++ {
		t := float64(layer) / 2
		k := mix(mix(p[1], p[0], 0.3), p[2], 0.15+0.6*t)
		n := 11 - 2*layer
		for i := 0; i < n; i++ {
			x := -c.w/2 + c.w*(float64(i)+c.rnd.span(0.1, 0.9))/float64(n)
			if math.Abs(x-0.03) < 0.16+0.1*t {
				continue
			}
			w := 0.012 + 0.016*t + c.rnd.span(0, 0.012)
			c.trunk(x, w, k)
		}
		base := c.h * (0.74 + 0.06*float64(layer))
		c.fill(down(base-0.1, base+0.2, k, mix(k, p[0], 0.5*(1-t))),
			c.ground(c.hills(base, 0.08, 2.6)))
	}
	c.fill(p[3], c.ground(func(x float64) float64 {
		return c.h*0.885 + 0.09*x*x + 0.006*math.Sin(x*40)
	}))
	c.stag(0.0, c.h*0.893, min(0.36, c.h*0.3), p[3])
	for i := 0; i < 70; i++ {
		x := c.rnd.span(-c.w/2, c.w/2)
		y := c.h*0.885 + 0.09*x*x + 0.012
		c.taper(0.005, 0.001, p[3], pt{x, y},
			pt{x + c.rnd.span(-0.02, 0.02), y - c.rnd.span(0.015, 0.05)})
	}
}

func (c *canvas) trunk(x, w float64, k ink) {
	lean := c.rnd.span(-0.03, 0.03)
	c.taper(w*1.3, w*0.7, k, pt{x, c.h}, pt{x + lean, c.h * 0.4}, pt{x + lean*1.5, -0.05})
	for i := 0; i < 4; i++ {
		y := c.h * c.rnd.span(0.05, 0.5)
		side := float64(i%2*2 - 1)
		bx := x + lean*1.2
		c.taper(w*0.4, w*0.1, k, bend(pt{bx, y}, pt{bx + side*0.05, y - 0.03},
			pt{bx + side*0.1, y - 0.09})...)
	}
}

// stag stands with its hooves at y, looking to the left.
func (c *canvas) stag(x, y, s float64, k ink) {
	at := func(a, b float64) pt { return pt{x + a*s, y + b*s} }
	c.fill(k, smooth(at(-0.36, -0.72), at(-0.22, -0.8), at(0.1, -0.77), at(0.4, -0.8),
		at(0.5, -0.66),
		at(0.46, -0.5), at(0.28, -0.46), at(0.02, -0.43), at(-0.24, -0.42), at(-0.38, -0.54)))
	c.fill(k, smooth(at(-0.4, -0.56), at(-0.45, -0.8), at(-0.52, -0.98), at(-0.5, -1.08),
		at(-0.4, -1.07), at(-0.32, -0.95), at(-0.18, -0.78), at(-0.2, -0.56)))
	c.fill(k, smooth(at(-0.74, -0.97), at(-0.7, -1.03), at(-0.58, -1.1), at(-0.47, -1.15),
		at(-0.4, -1.08), at(-0.44, -0.99), at(-0.58, -0.95), at(-0.7, -0.93)))
	c.fill(k, smooth(at(-0.42, -1.1), at(-0.36, -1.16), at(-0.26, -1.17), at(-0.33, -1.09)))
	for _, leg := range [][3]float64{{-0.3, -0.31, -0.33}, {-0.19, -0.2, -0.17},
		{0.33, 0.37, 0.33}, {0.43, 0.5, 0.46}} {
		c.taper(s*0.13, s*0.035, k, bend(at(leg[0], -0.56), at(leg[1], -0.27), at(leg[2], 0))...)
	}
	c.taper(s*0.09, s*0.03, k, bend(at(0.46, -0.74), at(0.55, -0.7), at(0.55, -0.6))...)
	c.antler(at(-0.47, -1.14), -math.Pi/2-0.5, s*0.3, s*0.045, 4, k)
	c.antler(at(-0.43, -1.14), -math.Pi/2+0.42, s*0.3, s*0.045, 4, k)
}

// antler grows branches, each shorter and thinner than the one it leaves.
func (c *canvas) antler(from pt, angle, length, width float64, depth int, k ink) {
	bendBy := 0.35
	if angle < -math.Pi/2 {
		bendBy = -0.35
	}
	mid := pt{from.x + length*0.5*math.Cos(angle+bendBy),
		from.y + length*0.5*math.Sin(angle+bendBy)}
	tip := pt{mid.x + length*0.6*math.Cos(angle-bendBy*0.6),
		mid.y + length*0.6*math.Sin(angle-bendBy*0.6)}
	c.taper(width, width*0.6, k, bend(from, mid, tip)...)
	if depth == 0 {
		return
	}
	c.antler(tip, angle-bendBy*0.5, length*0.66, width*0.62, depth-1, k)
	c.antler(mid, angle+bendBy*2.2, length*0.5, width*0.55, min(depth-1, 1), k)
	c.antler(tip, angle+bendBy*1.7, length*0.55, width*0.55, min(depth-1, 2), k)
}

// paperCut: a round window flower cut from red paper, rabbits of circles, cloud corners.
func paperCut(c *canvas) {
	p := c.choose(inks(0xC4161C, 0xFBF0DC, 0x8E0E14, 0xE9A23B),
		inks(0xB3123F, 0xFFF3E4, 0x7A0A2B, 0xF0B34C))
	c.all(p[1])
	m := 0.035
	c.fill(p[0], box(-c.w/2+m, m, c.w/2-m, c.h-m))
	c.fill(p[1], box(-c.w/2+m+0.014, m+0.014, c.w/2-m-0.014, c.h-m-0.014))
	c.fill(along(-c.w/2, 0, c.w/2, c.h, p[0], p[0], p[2]),
		box(-c.w/2+m+0.024, m+0.024, c.w/2-m-0.024, c.h-m-0.024))
	y := c.h * 0.5
	if c.h > c.w {
		y = c.h * 0.44
	}
	c.fill(p[1], round(0, y, 0.36))
	c.flower(0, y, 0.335, p)
	for _, sx := range []float64{-1, 1} {
		for _, sy := range []float64{0, 1} {
			cy := m + 0.1 + sy*(c.h-2*m-0.2)
			c.fret(sx*(c.w/2-m-0.1), cy, -sx, 1-2*sy, p[1])
		}
	}
	if c.h > c.w {
		for i := -1; i <= 1; i++ {
			c.blossom(float64(i)*0.17, c.h*0.8, 0.062, p[1], p[3])
		}
		c.stroke(0.005, p[1], pt{-0.36, c.h * 0.8}, pt{-0.24, c.h * 0.8})
		c.stroke(0.005, p[1], pt{0.24, c.h * 0.8}, pt{0.36, c.h * 0.8})
	}
}

// flower repeats one petal around the middle, eight times over three rings.
func (c *canvas) flower(x, y, r float64, p []ink) {
	petal := smooth(pt{0, -0.22}, pt{0.2, -0.5}, pt{0.17, -0.82}, pt{0, -1}, pt{-0.17, -0.82},
		pt{-0.2, -0.5})
	slit := smooth(pt{0, -0.42}, pt{0.075, -0.58}, pt{0, -0.8}, pt{-0.075, -0.58})
	for i := 0; i < 8; i++ {
		a := float64(i) * math.Pi / 4
		c.fill(p[0], petal.scaled(r, r).turned(a).moved(x, y),
			slit.scaled(r, r).turned(a).moved(x, y).reversed())
		b := a + math.Pi/8
		tip := (outline{{0, -0.93 * r}}).turned(b)[0]
		c.fill(p[0], round(x+tip.x, y+tip.y, r*0.075), round(x+tip.x, y+tip.y, r*0.032).reversed())
		leaf := smooth(pt{0, -0.5}, pt{0.055, -0.68}, pt{0, -0.83},
			pt{-0.055, -0.68}).scaled(r, r).turned(b)
		c.fill(p[2], leaf.moved(x, y))
		c.fill(p[3], round(x+tip.x*0.45, y+tip.y*0.45, r*0.028))
	}
	c.fill(p[0], round(x, y, r*0.27))
	for i := 0; i < 12; i++ {
		a := float64(i) * math.Pi / 6
		drop := smooth(pt{0, -0.1}, pt{0.03, -0.17}, pt{0, -0.235},
			pt{-0.03, -0.17}).scaled(r, r).turned(a)
		c.fill(p[1], drop.moved(x, y))
	}
	c.fill(p[3], round(x, y, r*0.065))
}

// fret is a corner of square meanders.
func (c *canvas) fret(x, y, sx, sy float64, k ink) {
	q := func(a, b float64) pt { return pt{x + sx*a*0.1, y + sy*b*0.1} }
	c.stroke(0.009, k, q(1.5, -0.6), q(-0.6, -0.6))
	c.stroke(0.009, k, q(-0.6, -0.6), q(-0.6, 1.5))
	c.stroke(0.009, k, q(0.9, -0.2), q(-0.2, -0.2))
	c.stroke(0.009, k, q(-0.2, -0.2), q(-0.2, 0.9))
	c.stroke(0.009, k, q(0.9, -0.2), q(0.9, 0.25))
	c.stroke(0.009, k, q(0.9, 0.25), q(0.4, 0.25))
	c.stroke(0.009, k, q(-0.2, 0.9), q(0.25, 0.9))
	c.stroke(0.009, k, q(0.25, 0.9), q(0.25, 0.4))
}

// blossom is a plum flower of five petals.
func (c *canvas) blossom(x, y, r float64, k, heart ink) {
	for i := 0; i < 5; i++ {
		s, cs := math.Sincos(float64(i)*2*math.Pi/5 - math.Pi/2)
		c.fill(k, round(x+cs*r*0.55, y+s*r*0.55, r*0.42))
	}
	c.fill(heart, round(x, y, r*0.24))
}
