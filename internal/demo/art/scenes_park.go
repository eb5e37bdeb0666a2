package art

import "math"

// ferris: a wheel at dusk with lights in its water.
func ferris(c *canvas) {
	p := c.choose(inks(0x1E1B4B, 0x7B3F92, 0xF77F6E, 0xFFD08A, 0xFFF5DA, 0x120F2E, 0x3EC7C2),
		inks(0x0B3954, 0x3A7CA5, 0xF9B5AC, 0xFFE5B4, 0xFFFDF2, 0x07202F, 0xEE7674))
	water := c.h * 0.85
	c.all(down(0, water, p[0], p[1], p[2], p[3]))
	c.stars(60, c.h*0.4, p[4])
	r := min(0.36, c.h*0.33)
	x, y := 0.0, water-r-0.13
	c.burst(-0.32, c.h*0.13, 0.11, p[3])
	c.burst(0.33, c.h*0.1, 0.08, p[6])
	c.fill(mix(p[1], p[5], 0.5), c.ground(c.hills(water, 0.09, 3)))
	c.stroke(0.018, p[5], pt{x, y}, pt{x - r*0.55, water})
	c.stroke(0.018, p[5], pt{x, y}, pt{x + r*0.55, water})
	for i := 0; i < 16; i++ {
		s, k := math.Sincos(float64(i)*math.Pi/8 + 0.1)
		c.stroke(0.003, p[4].fade(0.8), pt{x, y}, pt{x + r*k, y + r*s})
	}
	c.ring(x, y, r, 0.011, p[4])
	c.ring(x, y, r*0.9, 0.004, p[4])
	c.ring(x, y, r*0.45, 0.004, p[4].fade(0.8))
	for i := 0; i < 16; i++ {
		s, k := math.Sincos(float64(i)*math.Pi/8 + 0.1)
		c.gondola(x+r*k, y+r*s, r*0.085, []ink{p[2], p[6], p[3]}[i%3], p)
	}
	c.fill(p[3], round(x, y, 0.03))
	c.fill(p[5], round(x, y, 0.014))
	c.tents(water, p)
	c.fill(down(water, c.h, mix(p[1], p[5], 0.3), p[5]), box(-c.w/2, water, c.w/2, c.h))
	for i := 0; i < 60; i++ {
		q := pt{c.rnd.span(-c.w/2, c.w/2), water + c.rnd.span(0.004, c.h-water)}
		w := c.rnd.span(0.01, 0.05)
		c.fill([]ink{p[3], p[2], p[6]}[i%3].fade(0.6), smooth(pt{q.x - w, q.y},
			pt{q.x, q.y - 0.0025}, pt{q.x + w, q.y}, pt{q.x, q.y + 0.0025}))
	}
}

func (c *canvas) gondola(x, y, s float64, k ink, p []ink) {
	c.stroke(s*0.14, p[4], pt{x, y}, pt{x, y + s*0.5})
	c.fill(k, smooth(pt{x - s*0.85, y + s*0.5}, pt{x + s*0.85, y + s*0.5},
		pt{x + s*0.75, y + s*1.5}, pt{x, y + s*1.8}, pt{x - s*0.75, y + s*1.5}))
	c.fill(p[4], box(x-s*0.55, y+s*0.7, x+s*0.55, y+s*1.12))
}

// burst is a firework.
func (c *canvas) burst(x, y, r float64, k ink) {
	c.glow(x, y, r, k.fade(0.5))
	for i := 0; i < 18; i++ {
		s, cs := math.Sincos(float64(i) * math.Pi / 9)
		l := r * (0.75 + 0.25*float64(i%2))
		c.taper(0.001, 0.005, k, pt{x + cs*l*0.3, y + s*l*0.3}, pt{x + cs*l, y + s*l})
	}
}

// tents is a row of striped roofs.
func (c *canvas) tents(foot float64, p []ink) {
	n := int(c.w * 6)
	for i := 0; i < n; i++ {
		w := c.w / float64(n)
		x := -c.w/2 + (float64(i)+0.5)*w
		top := foot - 0.05 - 0.03*noise(float64(i)*5.3)
		c.fill(mix(p[5], p[1], 0.25), box(x-w*0.36, top+0.012, x+w*0.36, foot))
		for s := 0; s < 6; s++ {
			a, b := -0.46+0.92*float64(s)/6, -0.46+0.92*float64(s+1)/6
			c.fill([]ink{p[2], p[4]}[s%2], outline{{x, top - 0.045}, {x + a*w, top + 0.016},
				{x + b*w, top + 0.016}})
		}
		c.fill(p[3], round(x, top-0.047, 0.006))
	}
}

// coaster: a loop of rails against a bright sky, a train upside down.
func coaster(c *canvas) {
	p := c.choose(inks(0x2BB3C0, 0xF9F3DF, 0xF25F4C, 0xFFB238, 0x16324F, 0xFFFFFF),
		inks(0xF6A6B2, 0xFFF3E0, 0x5B5EA6, 0xF4D35E, 0x2B2D5B, 0xFFFFFF))
	c.all(down(0, c.h, p[0], p[1]))
	c.fill(p[3], round(0.24, c.h*0.17, 0.1))
	for i := 0; i < 24; i++ {
		a := float64(i) * math.Pi / 12
		s, k := math.Sincos(a)
		c.taper(0.012, 0.001, p[3].fade(0.7), pt{0.24 + 0.125*k, c.h*0.17 + 0.125*s},
			pt{0.24 + 0.18*k, c.h*0.17 + 0.18*s})
	}
	c.cloud(-0.3, c.h*0.2, 0.12, p[5].fade(0.9))
	c.cloud(0.37, c.h*0.36, 0.09, p[5].fade(0.8))
	for i := 0; i < 3; i++ {
		base := c.h * (0.86 + 0.04*float64(i))
		c.fill(mix(p[0], p[4], 0.2+0.25*float64(i)), c.ground(c.hills(base, 0.12, 2.4)))
	}
	foot := c.h * 0.92
	ly, r := foot-0.42, 0.27
	rail := append(bend(pt{-c.w/2 - 0.1, c.h * 0.3}, pt{-0.42, foot - 0.45},
		pt{-0.27, foot - 0.13}, pt{-0.05, ly + r}),
		arc(0, ly, r, r, 0, math.Pi/2+0.1, math.Pi/2-2*math.Pi-0.1)...)
	rail = append(rail, bend(pt{0.06, ly + r}, pt{0.26, foot - 0.12}, pt{0.42, foot - 0.3},
		pt{c.w/2 + 0.1, foot - 0.37})...)
	for i := 3; i < len(rail); i += 5 {
		q := rail[i]
		if math.Abs(q.x) < r+0.02 && q.y < ly {
			continue
		}
		c.stroke(0.005, p[4].fade(0.7), q, pt{q.x, foot + 0.1})
	}
	for i := 2; i+1 < len(rail); i += 2 {
		c.tie(rail[i], rail[i+1], p[4])
	}
	c.stroke(0.014, p[2], rail...)
	for i := 0; i < 5; i++ {
		c.car(0, ly, r-0.028, -math.Pi/2-0.42+0.21*float64(i), []ink{p[3], p[2]}[i%2], p)
	}
}

// tie is a sleeper across the rail.
func (c *canvas) tie(a, b pt, k ink) {
	dx, dy := b.x-a.x, b.y-a.y
	l := math.Hypot(dx, dy)
	if l < 1e-6 {
		return
	}
	nx, ny := -dy/l*0.016, dx/l*0.016
	c.stroke(0.005, k, pt{a.x - nx, a.y - ny}, pt{a.x + nx, a.y + ny})
}

// car hangs inside the loop at an angle, with two riders.
func (c *canvas) car(x, y, r, a float64, k ink, p []ink) {
	place := func(o outline) outline {
		s, cs := math.Sincos(a)
		return o.turned(a-math.Pi/2).moved(x+r*cs, y+r*s)
	}
	c.fill(hex(0xF4C9A4), place(round(-0.012, -0.035, 0.011)), place(round(0.012, -0.035, 0.011)))
	c.fill(k, place(smooth(pt{-0.027, 0.012}, pt{-0.027, -0.022}, pt{0, -0.026},
		pt{0.027, -0.022}, pt{0.027, 0.012})))
	c.fill(p[4], place(box(-0.027, 0.006, 0.027, 0.016)))
}

// balloons over a lake of reflections.
func balloons(c *canvas) {
	p := c.choose(inks(0xFDE2C0, 0xF7A98B, 0x6FA8B8, 0xE4572E, 0xF3C04B, 0x1F4E5F, 0xFFF8EA),
		inks(0xE8E4F8, 0xB8A9DD, 0x7C9CC9, 0xD64592, 0xFFD166, 0x33376B, 0xFFFFFF))
	lake := c.h * 0.78
	c.all(down(0, lake, mix(p[2], p[0], 0.35), p[0], p[1]))
	c.cloud(-0.33, c.h*0.42, 0.1, p[6].fade(0.7))
	c.cloud(0.36, c.h*0.15, 0.1, p[6].fade(0.8))
	for i := 0; i < 3; i++ {
		base := lake + 0.01
		k := mix(mix(p[2], p[1], 0.4), p[5], 0.15+0.3*float64(i))
		c.fill(down(base-0.2, base, k, mix(k, p[0], 0.35)),
			c.ground(c.peaks(base, 0.2-0.055*float64(i), 2.6)))
	}
	c.fill(down(lake, c.h, mix(p[2], p[0], 0.3), p[2], p[5]), box(-c.w/2, lake, c.w/2, c.h))
	for i := 0; i < 34; i++ {
		x, t := c.rnd.span(-c.w/2, c.w/2), c.rnd.span(0, 1)
		w := 0.03 + 0.08*t
		y := lake + 0.01 + t*(c.h-lake)
		c.fill(p[6].fade(0.35), smooth(pt{x - w, y}, pt{x, y - 0.002}, pt{x + w, y},
			pt{x, y + 0.002}))
	}
	c.balloon(0.29, c.h*0.34, 0.085, p[5], p[4], p)
	c.balloon(-0.33, c.h*0.24, 0.07, p[4], p[3], p)
	c.balloon(0.2, c.h*0.58, 0.045, p[3], p[6], p)
	c.balloon(-0.05, c.h*0.35, 0.2, p[3], p[6], p)
}

// balloon has gores in two colours, shaded to the right.
func (c *canvas) balloon(x, y, r float64, a, b ink, p []ink) {
	shape := func(k float64) outline {
		return smooth(pt{x, y - r}, pt{x + k*r*0.7, y - r*0.72}, pt{x + k*r, y - r*0.02},
			pt{x + k*r*0.72, y + r*0.62},
			pt{x + k*r*0.2, y + r*1.16}, pt{x - k*r*0.2, y + r*1.16},
			pt{x - k*r*0.72, y + r*0.62}, pt{x - k*r, y - r*0.02}, pt{x - k*r*0.7, y - r*0.72})
	}
	for i, k := range []float64{1, 0.78, 0.54, 0.27} {
		c.fill([]ink{a, b}[i%2], shape(k))
	}
	c.fill(along(x-r, y, x+r, y, p[6].fade(0.22), p[5].fade(0), p[5].fade(0.42)), shape(1))
	c.stroke(r*0.014, p[5], pt{x - r*0.2, y + r*1.14}, pt{x - r*0.12, y + r*1.45})
	c.stroke(r*0.014, p[5], pt{x + r*0.2, y + r*1.14}, pt{x + r*0.12, y + r*1.45})
	c.fill(mix(p[5], hex(0x6B3E1E), 0.6), smooth(pt{x - r*0.15, y + r*1.42},
		pt{x + r*0.15, y + r*1.42}, pt{x + r*0.12, y + r*1.66}, pt{x - r*0.12, y + r*1.66}))
}
