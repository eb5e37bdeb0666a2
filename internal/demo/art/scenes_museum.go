package art

import "math"

// bronze: a three-legged ding with bands of relief.
func bronze(c *canvas) {
	p := c.choose(inks(0x12302C, 0x2E6B5C, 0x7FB59A, 0xE6C37A, 0x081816, 0xD8513B),
		inks(0x33231A, 0x7A4E2C, 0xC99A5B, 0xF2DDAA, 0x1A100A, 0x3E8E7E))
	c.all(around(0, c.h*0.45, c.h*0.75, p[1], p[0], p[4]))
	y := c.h * 0.5
	c.ring(0, y-0.03, 0.43, 0.006, p[3].fade(0.7))
	c.ring(0, y-0.03, 0.45, 0.002, p[3].fade(0.6))
	c.fill(down(y-0.45, y+0.4, p[5].fade(0.9), p[5].fade(0.55)), round(0, y-0.03, 0.36))
	c.fill(p[4].fade(0.6), oval(0, y+0.375, 0.36, 0.03, 0))
	metal := along(-0.3, 0, 0.3, 0, mix(p[1], p[4], 0.35), p[2], p[1], p[0], p[4])
	for _, x := range []float64{-0.17, 0.17} {
		c.fill(metal, outline{{x - 0.075, y - 0.2}, {x - 0.07, y - 0.36}, {x + 0.07, y - 0.36},
			{x + 0.075, y - 0.2}},
			outline{{x - 0.035, y - 0.2}, {x - 0.035, y - 0.315}, {x + 0.035, y - 0.315},
				{x + 0.035, y - 0.2}}.reversed())
	}
	for _, x := range []float64{-0.19, 0, 0.19} {
		c.fill(metal, smooth(pt{x - 0.04, y + 0.08}, pt{x - 0.042, y + 0.2},
			pt{x - 0.024, y + 0.3}, pt{x - 0.034, y + 0.375},
			pt{x + 0.034, y + 0.375}, pt{x + 0.024, y + 0.3}, pt{x + 0.042, y + 0.2},
			pt{x + 0.04, y + 0.08}))
	}
	c.fill(metal, smooth(pt{-0.29, y - 0.2}, pt{-0.3, y - 0.05}, pt{-0.27, y + 0.1},
		pt{-0.16, y + 0.185}, pt{0, y + 0.205},
		pt{0.16, y + 0.185}, pt{0.27, y + 0.1}, pt{0.3, y - 0.05}, pt{0.29, y - 0.2}))
	c.fill(metal, box(-0.315, y-0.235, 0.315, y-0.185))
	c.fill(p[3].fade(0.75), box(-0.315, y-0.235, 0.315, y-0.229))
	c.relief(y-0.155, p)
}

// relief is a band of square spirals with a pair of eyes in the middle.
func (c *canvas) relief(y float64, p []ink) {
	dark := p[4].fade(0.75)
	c.fill(dark, box(-0.293, y-0.008, 0.293, y-0.001), box(-0.297, y+0.142, 0.297, y+0.149))
	for i := -3; i <= 3; i++ {
		if i > -2 && i < 2 {
			continue
		}
		x, s := float64(i)*0.083, 0.1
		if i < 0 {
			s = -s
		}
		c.stroke(0.011, dark, pt{x - s*0.32, y + 0.12}, pt{x - s*0.32, y + 0.025},
			pt{x - s*0.32, y + 0.025})
		c.stroke(0.011, dark, pt{x - s*0.32, y + 0.025}, pt{x + s*0.32, y + 0.025})
		c.stroke(0.011, dark, pt{x + s*0.32, y + 0.025}, pt{x + s*0.32, y + 0.115})
		c.stroke(0.011, dark, pt{x + s*0.32, y + 0.115}, pt{x - s*0.06, y + 0.115})
		c.stroke(0.011, dark, pt{x - s*0.06, y + 0.115}, pt{x - s*0.06, y + 0.065})
	}
	for _, side := range []float64{-1, 1} {
		x := side * 0.075
		c.fill(p[3], oval(x, y+0.068, 0.04, 0.02, side*0.22))
		c.fill(p[4], round(x, y+0.068, 0.014))
		c.stroke(0.012, dark, bend(pt{x - side*0.03, y + 0.02}, pt{x + side*0.02, y + 0.012},
			pt{x + side*0.06, y + 0.045})...)
	}
	c.fill(dark, outline{{0, y + 0.02}, {0.018, y + 0.07}, {0.03, y + 0.128}, {-0.03, y + 0.128},
		{-0.018, y + 0.07}})
}

// porcelain: a blue-and-white vase with a plum branch.
func porcelain(c *canvas) {
	p := c.choose(inks(0xE9DCC5, 0xC9B48F, 0xFBFAF5, 0x1D4E9E, 0x0D2C66, 0xC8473F, 0x4A3526),
		inks(0xDCE5E4, 0x9FB7B9, 0xFDFCF8, 0x23408E, 0x121F57, 0xE08B8B, 0x3A3436))
	c.all(down(0, c.h, p[0], mix(p[0], p[1], 0.5), p[1]))
	c.fill(down(0, c.h*0.85, mix(p[1], p[6], 0.12), mix(p[1], p[0], 0.45)), round(0, c.h*0.42, 0.4))
	table := c.h * 0.83
	c.fill(down(table, c.h, p[6], mix(p[6], hex(0), 0.4)), box(-c.w/2, table, c.w/2, c.h))
	c.branch(c.h*0.43, p)
	foot, s := table+0.01, min(0.62, c.h*0.52)
	c.fill(p[6].fade(0.5), oval(0.04, foot+0.005, s*0.3, 0.022, 0))
	profile := []pt{{0.1, -1}, {0.085, -0.94}, {0.08, -0.82}, {0.15, -0.74}, {0.29, -0.62},
		{0.325, -0.46}, {0.26, -0.27}, {0.18, -0.12}, {0.165, -0.03}, {0.19, 0}}
	vase := mirrored(profile, foot, s)
	c.fill(along(-s*0.33, 0, s*0.33, 0, mix(p[2], p[1], 0.35), p[2], p[2], mix(p[2], p[1], 0.3),
		mix(p[1], p[3], 0.25)), vase)
	c.vaseBands(profile, foot, s, p)
	c.taper(0.008, 0.02, p[2].fade(0.4), bend(pt{-s * 0.16, foot - s*0.68},
		pt{-s * 0.24, foot - s*0.5}, pt{-s * 0.2, foot - s*0.3})...)
}

// mirrored makes a turned body from the right half of its profile.
func mirrored(profile []pt, foot, s float64) outline {
	half := bend(profile...)
	var o outline
	for _, q := range half {
		o = append(o, pt{q.x * s, foot + q.y*s})
	}
	for i := len(half) - 1; i >= 0; i-- {
		o = append(o, pt{-half[i].x * s, foot + half[i].y*s})
	}
	return o
}

// widthAt is the half width of the profile at a height between -1 and 0.
func widthAt(profile []pt, y float64) float64 {
	half := bend(profile...)
	for i := 1; i < len(half); i++ {
		if half[i].y >= y {
			return half[i].x
		}
	}
	return half[len(half)-1].x
}

// vaseBands paints what goes around the vase, narrower towards its edges.
func (c *canvas) vaseBands(profile []pt, foot, s float64, p []ink) {
	for _, b := range []float64{-0.975, -0.86, -0.745, -0.655, -0.3, -0.1, -0.03} {
		w := widthAt(profile, b) * s
		y := foot + b*s
		c.taper(s*0.012, s*0.012, p[3], bend(pt{-w, y - s*0.008}, pt{0, y + s*0.008},
			pt{w, y - s*0.008})...)
	}
	for i := -4; i <= 4; i++ {
		a := float64(i) * 0.32
		w := widthAt(profile, -0.2)
		x, wide := w*s*math.Sin(a), s*0.032*math.Cos(a)
		y := foot - s*0.11
		c.fill(p[3], smooth(pt{x - wide, y}, pt{x - wide, y - s*0.07}, pt{x * 1.12, y - s*0.15},
			pt{x + wide, y - s*0.07}, pt{x + wide, y}))
		x2 := 0.21 * s * math.Sin(a)
		c.fill(p[3], round(x2, foot-s*0.7, s*0.017*math.Max(0.4, math.Cos(a))))
	}
	for i := -1; i <= 1; i++ {
		x, y := float64(i)*s*0.2, foot-s*0.475
		r := s * 0.09 * (1 - 0.22*math.Abs(float64(i)))
		for n := 0; n < 8; n++ {
			sn, cs := math.Sincos(float64(n) * math.Pi / 4)
			c.fill(p[3], oval(x+cs*r*0.62, y+sn*r*0.62, r*0.36, r*0.2, float64(n)*math.Pi/4))
		}
		c.fill(p[4], round(x, y, r*0.25))
		c.fill(p[2], round(x, y, r*0.12))
	}
	for _, x := range []float64{-0.1, 0.1} {
		y := foot - s*0.475
		c.stroke(s*0.008, p[3], bend(pt{x * s, y + s*0.11}, pt{x*s - s*0.02, y},
			pt{x*s + s*0.01, y - s*0.12})...)
	}
}

// branch is a plum twig that rises out of the vase.
func (c *canvas) branch(mouth float64, p []ink) {
	main := bend(pt{0, mouth + 0.12}, pt{0.02, mouth - 0.02}, pt{-0.06, mouth - 0.13},
		pt{0.02, mouth - 0.24}, pt{0.15, mouth - 0.33})
	side := bend(pt{-0.04, mouth - 0.1}, pt{-0.15, mouth - 0.16}, pt{-0.24, mouth - 0.27})
	low := bend(pt{0.0, mouth - 0.22}, pt{0.12, mouth - 0.19}, pt{0.25, mouth - 0.22})
	c.taper(0.016, 0.005, p[6], main...)
	c.taper(0.009, 0.003, p[6], side...)
	c.taper(0.009, 0.003, p[6], low...)
	for i, q := range []pt{main[len(main)-1], main[40], side[len(side)-1], side[14],
		low[len(low)-1], low[16], main[52], side[22]} {
		c.blossom(q.x+0.008, q.y-0.008, 0.034-0.003*float64(i%4), p[5], p[2])
	}
}

// jade: a bi disc and a cong, lit from within.
func jade(c *canvas) {
	p := c.choose(inks(0x0C2B2A, 0x2F7D6B, 0xA9D8B8, 0xF3EFD2, 0x051413, 0xD7A94B),
		inks(0x26232F, 0x6F7F6A, 0xD6DDBB, 0xFBF7E6, 0x131118, 0xC56B4A))
	c.all(along(-c.w/2, 0, c.w/2, c.h, p[0], mix(p[0], p[1], 0.35), p[4]))
	y := c.h * 0.36
	c.glow(0, y, 0.7, p[2].fade(0.45))
	c.fill(along(-0.35, y-0.35, 0.35, y+0.35, p[3], p[2], p[1], mix(p[1], p[0], 0.5)),
		round(0, y, 0.34), round(0, y, 0.1).reversed())
	c.ring(0, y, 0.325, 0.004, p[3].fade(0.7))
	c.ring(0, y, 0.118, 0.004, p[3].fade(0.7))
	for ring := 0; ring < 4; ring++ {
		r := 0.155 + 0.043*float64(ring)
		n := 16 + 6*ring
		for i := 0; i < n; i++ {
			s, k := math.Sincos(float64(i)*2*math.Pi/float64(n) + 0.1*float64(ring))
			c.fill(p[0].fade(0.28), round(k*r+0.003, y+s*r+0.003, 0.0105))
			c.fill(p[3].fade(0.6), round(k*r, y+s*r, 0.0085))
		}
	}
	floor := c.h * 0.93
	c.fill(p[4].fade(0.7), oval(0, floor, 0.4, 0.03, 0))
	c.cong(c.h*0.62, floor, p)
}

// cong is a square tube of jade with three tiers and faces at its corners.
func (c *canvas) cong(top, foot float64, p []ink) {
	c.fill(along(-0.12, 0, 0.12, 0, p[2], p[1], p[0]), box(-0.105, top-0.035, 0.105, foot))
	c.fill(p[3], oval(0, top-0.035, 0.105, 0.022, 0))
	c.fill(p[4], oval(0, top-0.035, 0.068, 0.014, 0))
	tier := (foot - top) / 3
	for i := 0; i < 3; i++ {
		y := top + tier*float64(i)
		c.fill(along(-0.19, 0, 0, 0, p[3], p[2]), outline{{-0.185, y + 0.006}, {0, y + 0.016},
			{0, y + tier - 0.004}, {-0.185, y + tier - 0.016}})
		c.fill(along(0, 0, 0.19, 0, p[1], mix(p[1], p[0], 0.7)), outline{{0.185, y + 0.006},
			{0, y + 0.016}, {0, y + tier - 0.004}, {0.185, y + tier - 0.016}})
		for n := 0; n < 3; n++ {
			d := 0.024 + 0.012*float64(n)
			c.stroke(0.003, p[0].fade(0.55), pt{-0.18, y + d - 0.01}, pt{0, y + d},
				pt{0.18, y + d - 0.01})
		}
		for _, x := range []float64{-0.085, 0.085} {
			e := y + tier*0.56
			c.ring(x, e, 0.017, 0.005, p[5])
			c.fill(p[5], round(x, e, 0.006))
		}
		c.fill(p[5], outline{{-0.03, y + tier*0.75}, {0, y + tier*0.78}, {0.03, y + tier*0.75},
			{0.03, y + tier*0.82}, {0, y + tier*0.85}, {-0.03, y + tier*0.82}})
	}
}

// prism: overlapping discs and beams, as light is taken apart.
func prism(c *canvas) {
	p := c.choose(inks(0xF6F1E7, 0xE63946, 0xF4A261, 0x2A9D8F, 0x264653, 0xE9C46A),
		inks(0x161427, 0xFF5D8F, 0x6C63FF, 0x2EC4B6, 0xF7F7FF, 0xFFBE0B))
	c.all(p[0])
	y := c.h * 0.46
	for i, k := range []ink{p[1], p[2], p[5], p[3], p[4]} {
		y0 := y - 0.045 + 0.022*float64(i)
		spread := (float64(i) - 2) * 0.16
		c.fill(along(0, 0, c.w/2, 0, k.fade(0.95), k.fade(0.8)), outline{{0.02, y0},
			{c.w/2 + 0.02, y + spread - 0.08}, {c.w/2 + 0.02, y + spread + 0.08},
			{0.02, y0 + 0.022}})
	}
	c.fill(along(-c.w/2, 0, 0, 0, p[4].fade(0.25), p[4]), outline{{-c.w / 2, y + 0.21},
		{-0.08, y - 0.005}, {-0.08, y + 0.02}, {-c.w / 2, y + 0.235}})
	c.fill(p[5].fade(0.85), round(-0.2, y-0.3, 0.15))
	c.fill(p[1].fade(0.8), round(-0.09, y-0.2, 0.12))
	c.fill(p[3].fade(0.75), append(outline{{-0.1, y + 0.36}},
		arc(-0.1, y+0.36, 0.24, 0.24, 0, math.Pi, math.Pi*1.5)...))
	c.fill(p[2].fade(0.8), append(outline{{-0.1, y + 0.36}},
		arc(-0.1, y+0.36, 0.24, 0.24, 0, 0, math.Pi/2)...))
	tri := outline{{0, y - 0.24}, {0.23, y + 0.17}, {-0.23, y + 0.17}}
	c.fill(along(-0.2, y-0.2, 0.2, y+0.2, p[4], mix(p[4], p[3], 0.5)), tri)
	c.fill(p[0].fade(0.25), outline{{0, y - 0.24}, {0.03, y + 0.17}, {-0.23, y + 0.17}})
	for i := 0; i < 6; i++ {
		for j := 0; j < 4; j++ {
			c.fill(p[4], round(c.w/2-0.08-0.035*float64(i), c.h-0.08-0.035*float64(j), 0.007))
		}
	}
	for i := 0; i < 5; i++ {
		c.ring(c.w/2-0.13, 0.13, 0.02+0.017*float64(i), 0.005, p[1+i%3])
	}
	c.fill(p[4], box(-c.w/2, c.h*0.9, -c.w/2+0.3, c.h*0.9+0.012))
	c.fill(p[1], box(-c.w/2, c.h*0.9+0.024, -c.w/2+0.2, c.h*0.9+0.036))
}
