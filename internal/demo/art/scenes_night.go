package art

import "math"

// planet: a ringed giant rising over a ridge, one traveller looking up.
func planet(c *canvas) {
	p := c.choose(inks(0x0B1030, 0x3A2A6B, 0xC65D7B, 0xF6B38E, 0xFFE9C9, 0x120B22),
		inks(0x04181F, 0x0F4C5C, 0x3FA7A0, 0xF2D38B, 0xFFF4D6, 0x02100F))
	c.all(down(0, c.h, p[0], p[1], p[2], p[3]))
	c.stars(170, c.h*0.7, p[4])
	x, y, r := 0.05, c.h*0.4, 0.27
	c.glow(x, y, 0.62, p[2].fade(0.55))
	c.halfRing(x, y, r, math.Pi, p)
	c.fill(along(x-r, y-r, x+r, y+r, p[4], p[3], p[2], p[1]), round(x, y, r))
	for i := 0; i < 6; i++ {
		t := -0.7 + 0.27*float64(i)
		half := r * math.Sqrt(1-t*t)
		c.fill(p[1].fade(0.10+0.03*float64(i)), oval(x, y+t*r, half, r*0.045, -0.1))
	}
	c.fill(around(x-r*0.6, y-r*0.6, r*2, p[0].fade(0), p[0].fade(0), p[0].fade(0.75)),
		round(x, y, r))
	c.halfRing(x, y, r, 0, p)
	c.fill(p[4], round(-0.32, c.h*0.17, 0.03))
	c.fill(mix(p[0], p[1], 0.35), round(-0.309, c.h*0.167, 0.027))
	for i := 0; i < 4; i++ {
		base := c.h * (0.76 + 0.07*float64(i))
		k := mix(p[2], p[5], 0.35+0.2*float64(i))
		c.fill(down(base-0.15, base+0.15, k, mix(k, p[5], 0.5)), c.ground(c.peaks(base, 0.13, 2.2)))
	}
	c.fill(p[5], c.ground(func(q float64) float64 {
		return c.h*0.93 + 0.05*q*q - 0.05*math.Exp(-30*(q+0.2)*(q+0.2))
	}))
	c.person(-0.2, c.h*0.93-0.045, 0.07, p[5])
}

// halfRing is the half of the rings that begins at the angle.
func (c *canvas) halfRing(x, y, r, from float64, p []ink) {
	for i, band := range [][2]float64{{1.32, 1.45}, {1.48, 1.72}, {1.76, 1.84}} {
		k := mix(p[4], p[3], float64(i)/2).fade(0.9 - 0.2*float64(i))
		outer := arc(x, y, r*band[1], r*band[1]*0.24, -0.32, from, from+math.Pi)
		inner := arc(x, y, r*band[0], r*band[0]*0.24, -0.32, from, from+math.Pi).reversed()
		c.fill(k, append(outer, inner...))
	}
}

// noir: light through a blind, a man in a hat, a lamp in the rain.
func noir(c *canvas) {
	p := c.choose(inks(0x14110F, 0xE9B44C, 0x8C2F1B, 0xF7E3B0, 0x2A2320),
		inks(0x0E1418, 0xB7D3D0, 0xB23A48, 0xEDF6F1, 0x1E2A30))
	c.all(along(-c.w/2, 0, c.w/2, c.h, p[4], p[0]))
	c.fill(p[2], round(0.1, c.h*0.38, 0.31))
	for i := 0; i < 15; i++ {
		y := c.h*0.05 + float64(i)*c.h*0.062
		w := 0.021 + 0.0012*float64(i)
		c.fill(along(-c.w/2, 0, c.w/2, 0, p[1].fade(0.95), p[1].fade(0.7), p[1].fade(0.08)),
			outline{{-c.w / 2, y + 0.1}, {c.w / 2, y - 0.06}, {c.w / 2, y - 0.06 + w},
				{-c.w / 2, y + 0.1 + w}})
	}
	c.detective(0.1, c.h, p)
	for i := 0; i < 60; i++ {
		x, y, l := c.rnd.span(-c.w/2, c.w/2), c.rnd.span(0, c.h), c.rnd.span(0.03, 0.08)
		c.stroke(0.0016, p[3].fade(c.rnd.span(0.06, 0.22)), pt{x, y}, pt{x - l*0.25, y + l})
	}
}

// detective is seen from the chest up, his face lit from the left.
func (c *canvas) detective(x, foot float64, p []ink) {
	y := c.h * 0.44
	black := mix(p[0], hex(0), 0.35)
	c.fill(black, smooth(pt{x - 0.40, foot + 0.1}, pt{x - 0.37, y + 0.42}, pt{x - 0.25, y + 0.27},
		pt{x - 0.1, y + 0.2}, pt{x + 0.1, y + 0.2}, pt{x + 0.25, y + 0.27}, pt{x + 0.37, y + 0.42},
		pt{x + 0.4, foot + 0.1}))
	c.fill(black, smooth(pt{x - 0.1, y - 0.08}, pt{x - 0.115, y + 0.05},
		pt{x - 0.135, y + 0.075}, pt{x - 0.11, y + 0.1},
		pt{x - 0.1, y + 0.15}, pt{x - 0.04, y + 0.2}, pt{x, y + 0.25}, pt{x + 0.09, y + 0.22},
		pt{x + 0.12, y + 0.05}, pt{x + 0.1, y - 0.08}))
	c.fill(black, smooth(pt{x - 0.29, y - 0.02}, pt{x - 0.15, y - 0.075}, pt{x, y - 0.09},
		pt{x + 0.16, y - 0.075},
		pt{x + 0.27, y - 0.045}, pt{x + 0.13, y - 0.015}, pt{x - 0.1, y - 0.005}))
	c.fill(black, smooth(pt{x - 0.15, y - 0.06}, pt{x - 0.135, y - 0.19},
		pt{x - 0.06, y - 0.225}, pt{x + 0.01, y - 0.2},
		pt{x + 0.09, y - 0.22}, pt{x + 0.135, y - 0.17}, pt{x + 0.15, y - 0.06}))
	c.fill(p[2], smooth(pt{x - 0.148, y - 0.085}, pt{x, y - 0.115}, pt{x + 0.148, y - 0.085},
		pt{x + 0.149, y - 0.06}, pt{x, y - 0.088}, pt{x - 0.15, y - 0.058}))
	c.fill(mix(black, p[4], 0.8), outline{{x - 0.1, y + 0.2}, {x - 0.2, y + 0.36},
		{x - 0.12, y + 0.39}, {x - 0.13, y + 0.43}, {x, y + 0.62}, {x, y + 0.3}})
	c.fill(mix(black, p[4], 0.5), outline{{x + 0.1, y + 0.2}, {x + 0.2, y + 0.36},
		{x + 0.12, y + 0.39}, {x + 0.13, y + 0.43}, {x, y + 0.62}, {x, y + 0.3}})
}

// moonRiver: the moon over still water, a boat in its path, willow leaves from above.
func moonRiver(c *canvas) {
	p := c.choose(inks(0x0E2148, 0x2F5D8C, 0x9CC5C9, 0xFBF1D3, 0x0A1630),
		inks(0x1D1A4B, 0x5A4A9C, 0xD8A7B8, 0xFFF1DA, 0x120F33))
	sea := c.h * 0.6
	c.all(down(0, sea, p[0], p[1], p[2]))
	c.stars(80, sea*0.7, p[3])
	mx, my := 0.08, c.h*0.29
	c.glow(mx, my, 0.55, p[3].fade(0.5))
	c.fill(down(my-0.2, my+0.2, p[3], mix(p[3], p[2], 0.3)), round(mx, my, 0.185))
	for _, m := range [][3]float64{{-0.06, -0.05, 0.035}, {0.05, 0.03, 0.05},
		{-0.03, 0.09, 0.024}, {0.08, -0.08, 0.02}} {
		c.fill(p[2].fade(0.22), round(mx+m[0], my+m[1], m[2]))
	}
	for i := 0; i < 3; i++ {
		k := mix(p[1], p[0], 0.1+0.4*float64(i))
		base := sea - 0.02 + 0.015*float64(i)
		c.fill(down(base-0.15, base, k, mix(k, p[2], 0.4-0.1*float64(i))),
			c.ground(c.hills(base+0.03, 0.19-0.05*float64(i), 2.5)))
	}
	c.fill(down(sea, c.h, p[2], p[1], p[0], p[4]), box(-c.w/2, sea, c.w/2, c.h))
	for i := 0; i < 46; i++ {
		t := math.Pow(float64(i)/46, 1.5)
		y := sea + 0.008 + t*(c.h-sea)
		w := 0.05 + 0.16*t + c.rnd.span(-0.04, 0.05)
		x := mx + c.rnd.span(-0.05, 0.05)*(0.4+t)
		c.fill(p[3].fade(0.8-0.65*t), smooth(pt{x - w, y}, pt{x, y - 0.0025 - 0.004*t},
			pt{x + w, y}, pt{x, y + 0.0025 + 0.004*t}))
	}
	c.boat(-0.1, sea+(c.h-sea)*0.42, 0.15, p[4])
	c.willow(p[4])
}

// willow hangs branches from the upper left corner.
func (c *canvas) willow(k ink) {
	for i := 0; i < 6; i++ {
		x := -c.w/2 - 0.02 + 0.05*float64(i)
		length := (0.62 - 0.075*float64(i)) * (0.85 + 0.2*noise(float64(i)*3.7))
		branch := bend(pt{x - 0.05, -0.02}, pt{x + 0.02, length * 0.35},
			pt{x + 0.03, length * 0.7}, pt{x + 0.015, length})
		c.taper(0.005, 0.0015, k, branch...)
		for n := 4; n < len(branch); n += 3 {
			q, side := branch[n], float64(n%2*2-1)
			leaf := smooth(pt{0, 0}, pt{0.007, 0.016}, pt{0, 0.042},
				pt{-0.007, 0.016}).turned(side * 0.45)
			c.fill(k, leaf.moved(q.x, q.y))
		}
	}
}

// skyline: towers with lit windows before a striped sun, mirrored in a wet street.
func skyline(c *canvas) {
	p := c.choose(inks(0x16083A, 0x5B1A7A, 0xF0477C, 0xFFC857, 0x37E0E6, 0x0A0422),
		inks(0x071A33, 0x12507B, 0xFF7A59, 0xFFE28A, 0x7CF2C9, 0x030B1A))
	street := c.h * 0.72
	c.all(down(0, street, p[0], p[1], p[2]))
	c.stars(60, street*0.5, hex(0xFFFFFF))
	sy, r := c.h*0.42, 0.29
	c.glow(0, sy, 0.6, p[2].fade(0.6))
	c.fill(down(sy-r, sy+r, p[3], p[2]), round(0, sy, r))
	for i := 0; i < 7; i++ {
		y := sy - 0.02 + 0.045*float64(i)
		c.fill(down(0, street, p[0], p[1], p[2]), box(-r, y, r, y+0.006+0.0028*float64(i)))
	}
	for layer := 0; layer < 3; layer++ {
		c.towers(street, layer, p)
	}
	c.fill(down(street, c.h, mix(p[2], p[1], 0.5), p[0], p[5]), box(-c.w/2, street, c.w/2, c.h))
	for i := 0; i < 70; i++ {
		t := c.rnd.span(0, 1)
		x, y := c.rnd.span(-c.w/2, c.w/2), street+t*t*(c.h-street)
		k := []ink{p[2], p[3], p[4]}[c.rnd.pick(3)]
		w := 0.015 + 0.07*t
		c.fill(k.fade(0.55*(1-t*0.6)), smooth(pt{x - w, y}, pt{x, y - 0.003}, pt{x + w, y},
			pt{x, y + 0.003}))
	}
	for i := -7; i <= 7; i++ {
		f := float64(i)
		c.taper(0.001, 0.006, p[4].fade(0.35), pt{f * 0.05, street}, pt{f * 0.32, c.h + 0.02})
	}
	c.stroke(0.004, p[4], pt{-c.w / 2, street}, pt{c.w / 2, street})
}

// towers is one row of houses; nearer rows are darker and lit.
func (c *canvas) towers(foot float64, layer int, p []ink) {
	k := mix(mix(p[1], p[2], 0.35), p[5], 0.2+0.4*float64(layer))
	for x := -c.w/2 - 0.05; x < c.w/2; {
		w := c.rnd.span(0.055, 0.12)
		edge := math.Abs(x+w/2) / (c.w / 2)
		height := (0.12 + 0.34*edge + c.rnd.span(0, 0.16)) * (1.15 - 0.25*float64(layer))
		top := foot - height
		c.fill(down(top, foot, k, mix(k, p[2], 0.25)), box(x, top, x+w, foot+0.01))
		if c.rnd.pick(3) == 0 {
			c.taper(0.006, 0.001, k, pt{x + w/2, top}, pt{x + w/2, top - 0.07})
			c.fill(p[2], round(x+w/2, top-0.07, 0.004))
		}
		if layer > 0 {
			c.windows(x, top, w, foot, p)
		}
		x += w + c.rnd.span(0, 0.02)
	}
}

func (c *canvas) windows(x, top, w, foot float64, p []ink) {
	for y := top + 0.018; y < foot-0.015; y += 0.021 {
		for wx := x + 0.01; wx < x+w-0.014; wx += 0.016 {
			if c.rnd.pick(5) < 2 {
				k := []ink{p[3], p[3], p[4], p[2]}[c.rnd.pick(4)]
				c.fill(k.fade(c.rnd.span(0.5, 1)), box(wx, y, wx+0.008, y+0.009))
			}
		}
	}
}

// lighthouse: one beam over a dark sea.
func lighthouse(c *canvas) {
	p := c.choose(inks(0x0C2340, 0x1F5673, 0xF4D58D, 0xFFF8E1, 0xC8443A, 0x071526),
		inks(0x231942, 0x5E548E, 0xF7B267, 0xFFF1E6, 0xE0607E, 0x120C26))
	sea := c.h * 0.74
	c.all(down(0, sea, p[0], p[1], mix(p[1], p[2], 0.35)))
	c.stars(120, sea*0.85, p[3])
	x, lamp := -0.17, c.h*0.33
	for i, spread := range []float64{0.24, 0.15, 0.07} {
		k := p[2].fade(0.2 + 0.1*float64(i))
		c.fill(along(x, 0, c.w/2+0.1, 0, k, k.fade(0.1)), outline{{x, lamp},
			{c.w/2 + 0.1, lamp - 0.1 - spread}, {c.w/2 + 0.1, lamp - 0.1 + spread}})
		c.fill(along(x, 0, -c.w/2-0.1, 0, k, k.fade(0.3)), outline{{x, lamp},
			{-c.w/2 - 0.1, lamp + 0.03 - spread*0.5}, {-c.w/2 - 0.1, lamp + 0.03 + spread*0.5}})
	}
	c.fill(down(sea, c.h, p[1], p[5]), box(-c.w/2, sea, c.w/2, c.h))
	c.fill(p[5], smooth(pt{-0.9, c.h * 0.9}, pt{-0.46, sea - 0.03}, pt{-0.28, sea - 0.075},
		pt{-0.06, sea - 0.07}, pt{0.08, sea + 0.02}, pt{0.16, c.h * 0.84}, pt{-0.2, c.h * 0.92}))
	foot := sea - 0.06
	at := func(t float64) float64 { return 0.045 + 0.035*t }
	for i := 0; i < 6; i++ {
		t0, t1 := float64(i)/6, float64(i+1)/6
		y0, y1 := lamp+0.05+(foot-lamp-0.05)*t0, lamp+0.05+(foot-lamp-0.05)*t1
		k := []ink{p[4], p[3]}[i%2]
		c.fill(along(x-0.08, 0, x+0.08, 0, k, k, mix(k, p[5], 0.55)), outline{{x - at(t0), y0},
			{x + at(t0), y0}, {x + at(t1), y1}, {x - at(t1), y1}})
	}
	c.fill(p[5], box(x-0.062, lamp+0.036, x+0.062, lamp+0.052))
	c.fill(p[2], box(x-0.03, lamp-0.035, x+0.03, lamp+0.037))
	c.fill(p[4], smooth(pt{x - 0.046, lamp - 0.034}, pt{x - 0.03, lamp - 0.07},
		pt{x, lamp - 0.092}, pt{x + 0.03, lamp - 0.07}, pt{x + 0.046, lamp - 0.034}))
	c.glow(x, lamp, 0.15, p[3].fade(0.9))
	for i := 0; i < 6; i++ {
		y := sea + 0.06 + 0.055*float64(i)
		c.swell(y, 0.012, 9-float64(i)*0.8, mix(p[1], p[5], 0.25+0.14*float64(i)))
	}
}

// swell is one line of water that fills everything below it.
func (c *canvas) swell(y, amp, freq float64, k ink) {
	phase := c.rnd.span(0, 6)
	c.fill(down(y, y+0.2, k, mix(k, hex(0), 0.2)), c.ground(func(x float64) float64 {
		return y + amp*math.Sin(x*freq+phase) + amp*0.4*math.Sin(x*freq*2.3+phase*2)
	}))
}

// lanterns float up into the night above a river.
func lanterns(c *canvas) {
	p := c.choose(inks(0x101B3B, 0x3B2A63, 0xE7683C, 0xFFC36B, 0xFFF0C8, 0x0A0E22),
		inks(0x0F2A2E, 0x1F5B57, 0xE2543E, 0xFFBE5C, 0xFFF3CF, 0x061516))
	c.all(down(0, c.h, p[0], p[1], mix(p[2], p[1], 0.45)))
	c.stars(70, c.h*0.6, p[4])
	for i := 0; i < 3; i++ {
		base := c.h * (0.82 + 0.05*float64(i))
		c.fill(mix(p[1], p[5], 0.4+0.3*float64(i)), c.ground(c.hills(base, 0.14, 2.3)))
	}
	for i := 0; i < 34; i++ {
		t := math.Pow(float64(i)/33, 1.6)
		x := (noise(float64(i)*7.13+3)-0.5)*1.5*c.w*0.85 + 0.03*math.Sin(float64(i))
		y := c.h * (0.78 - 0.68*math.Mod(float64(i)*0.618+0.1, 1))
		c.lantern(x, y, 0.012+0.062*t, p)
	}
	c.person(-0.06, c.h*0.965, 0.1, p[5])
	c.person(0.02, c.h*0.965, 0.09, p[5])
}

func (c *canvas) lantern(x, y, size float64, p []ink) {
	c.glow(x, y, size*2.6, p[3].fade(0.5))
	c.fill(down(y-size*1.2, y+size*1.1, p[2], p[3], p[4]),
		smooth(pt{x - size*0.72, y - size*0.8}, pt{x, y - size*1.2},
			pt{x + size*0.72, y - size*0.8}, pt{x + size*0.7, y}, pt{x + size*0.5, y + size},
			pt{x, y + size*1.06},
			pt{x - size*0.5, y + size}, pt{x - size*0.7, y}))
	c.fill(p[2].fade(0.6), oval(x, y+size, size*0.46, size*0.1, 0))
}
