package art

import "math"

// whale: a small whale of circles in a bright sea, with fish and bubbles.
func whale(c *canvas) {
	p := c.choose(inks(0x7FE0D6, 0x1F9AB5, 0x0D4F8B, 0xFFF6DC, 0xFF8A5C, 0xFFD166, 0x12365E),
		inks(0xC8B6FF, 0x6A7FDB, 0x32408F, 0xFFF4F0, 0xFF7BA5, 0xFFE066, 0x1E2359))
	c.all(down(0, c.h, p[0], p[1], p[2]))
	for i := 0; i < 5; i++ {
		x := -0.5*c.w + 0.24*c.w*float64(i)
		c.fill(down(0, c.h*0.75, p[3].fade(0.28), p[3].fade(0)), outline{{x, -0.02},
			{x + 0.09, -0.02}, {x + 0.26, c.h * 0.8}, {x - 0.04, c.h * 0.8}})
	}
	y := c.h * 0.44
	c.fill(p[6], smooth(pt{0.3, y - 0.02}, pt{0.37, y - 0.13}, pt{0.33, y - 0.24},
		pt{0.405, y - 0.2},
		pt{0.445, y - 0.26}, pt{0.47, y - 0.14}, pt{0.42, y - 0.06}, pt{0.33, y + 0.06}))
	body := smooth(pt{-0.36, y}, pt{-0.31, y - 0.16}, pt{-0.14, y - 0.225}, pt{0.06, y - 0.19},
		pt{0.24, y - 0.07},
		pt{0.37, y - 0.1}, pt{0.34, y + 0.06}, pt{0.17, y + 0.165}, pt{-0.08, y + 0.205},
		pt{-0.29, y + 0.14})
	c.fill(down(y-0.22, y+0.2, mix(p[6], p[1], 0.55), p[6]), body)
	c.fill(p[3], smooth(pt{-0.355, y + 0.02}, pt{-0.2, y + 0.06}, pt{0.02, y + 0.075},
		pt{0.22, y + 0.04}, pt{0.17, y + 0.15},
		pt{-0.08, y + 0.203}, pt{-0.29, y + 0.137}))
	for i := 0; i < 4; i++ {
		d := 0.026 * float64(i)
		c.taper(0.005, 0.002, p[1].fade(0.6), bend(pt{-0.3 + d, y + 0.075 + d},
			pt{-0.1, y + 0.1 + d}, pt{0.14 - d, y + 0.085 + d*0.7})...)
	}
	c.fill(p[3], round(-0.225, y-0.025, 0.034))
	c.fill(hex(0x10182F), round(-0.23, y-0.023, 0.023))
	c.fill(p[3], round(-0.238, y-0.032, 0.008))
	c.fill(p[4].fade(0.6), oval(-0.18, y+0.035, 0.028, 0.016, 0))
	c.fill(mix(p[6], p[2], 0.3), smooth(pt{-0.06, y + 0.09}, pt{0.03, y + 0.13},
		pt{0.07, y + 0.27}, pt{-0.03, y + 0.22}))
	for i := 0; i < 16; i++ {
		q := pt{-0.19 + c.rnd.span(-0.1, 0.1), c.h * c.rnd.span(0.03, 0.24)}
		c.ring(q.x, q.y, c.rnd.span(0.006, 0.024), 0.003, p[3].fade(0.75))
	}
	for i := 0; i < 9; i++ {
		c.fish(c.rnd.span(-c.w/2+0.08, c.w/2-0.08), c.h*c.rnd.span(0.66, 0.84),
			c.rnd.span(0.02, 0.045), p[3+i%3])
	}
	c.corals(p)
}

func (c *canvas) fish(x, y, s float64, k ink) {
	c.fill(k, oval(x, y, s, s*0.62, 0))
	c.fill(k, outline{{x + s*0.7, y}, {x + s*1.6, y - s*0.55}, {x + s*1.35, y},
		{x + s*1.6, y + s*0.55}})
	c.fill(hex(0x14203A), round(x-s*0.45, y-s*0.12, s*0.13))
}

func (c *canvas) corals(p []ink) {
	c.fill(mix(p[2], p[6], 0.6), c.ground(c.hills(c.h*0.98, 0.09, 3)))
	for i := 0; i < 9; i++ {
		x := -c.w/2 + c.w*(float64(i)+0.5)/9 + c.rnd.span(-0.03, 0.03)
		k := []ink{p[4], p[5], mix(p[4], p[2], 0.4)}[i%3]
		for b := 0; b < 4; b++ {
			lean := (float64(b) - 1.5) * 0.035
			tip := c.h * (0.93 - c.rnd.span(0.0, 0.045))
			c.taper(0.022, 0.011, k, bend(pt{x, c.h + 0.02}, pt{x + lean*0.4, c.h * 0.975},
				pt{x + lean, tip})...)
		}
	}
}

// waves: rows of scales rolling under a red sun, a strip of piano keys turning into foam.
func waves(c *canvas) {
	p := c.choose(inks(0xF5EAD4, 0x1B3A5C, 0x3E7CA6, 0xA9D0D8, 0xD9452F, 0x0F2238),
		inks(0xFCEDE3, 0x234B4A, 0x4F9188, 0xBFE0D2, 0xEE6C4D, 0x10302F))
	c.all(down(0, c.h*0.6, mix(p[0], p[3], 0.3), p[0]))
	sy := c.h * 0.33
	c.fill(down(sy-0.26, sy+0.26, p[4], mix(p[4], p[0], 0.35)), round(-0.03, sy, 0.25))
	for i := 0; i < 5; i++ {
		c.bird(0.13+0.065*float64(i%3), c.h*0.14+0.045*float64(i), 0.04-0.004*float64(i), p[1])
	}
	for i := 0; i < 4; i++ {
		c.swellCrest(c.h*(0.45+0.045*float64(i)), 0.035+0.012*float64(i), i, p)
	}
	r := 0.092
	for row := 0; ; row++ {
		y := c.h*0.64 + float64(row)*r*0.52
		if y > c.h+r {
			break
		}
		for x := -c.w/2 - r + float64(row%2)*r; x < c.w/2+r*1.1; x += 2 * r {
			for n, k := range []ink{p[5], p[0], p[1], p[0], p[2], p[0], p[3]} {
				c.fill(k, round(x, y+r*0.9, r*(1-0.135*float64(n))))
			}
		}
	}
	keys := c.h * 0.885
	n := int(c.w / 0.072)
	for i := 0; i <= n; i++ {
		x := -c.w/2 + float64(i)*c.w/float64(n)
		rise := 0.035 * math.Sin(float64(i)*0.75+0.4)
		c.fill(p[5], box(x, keys+rise-0.006, x+c.w/float64(n), c.h+0.1))
		c.fill(down(keys, c.h, p[0], mix(p[0], p[3], 0.35)),
			box(x+0.002, keys+rise, x+c.w/float64(n)-0.002, c.h+0.1))
	}
	for i := 0; i < n; i++ {
		if k := i % 7; k == 2 || k == 6 {
			continue
		}
		x := -c.w/2 + float64(i+1)*c.w/float64(n)
		rise := 0.035 * math.Sin((float64(i)+0.5)*0.75+0.4)
		c.fill(p[5], box(x-0.019, keys+rise-0.004, x+0.019, keys+rise+(c.h-keys)*0.58))
	}
}

// swellCrest is a wave with a row of foam.
func (c *canvas) swellCrest(y, amp float64, n int, p []ink) {
	phase := float64(n)*1.7 + 0.5
	line := func(x float64) float64 {
		s := math.Sin(x*(8-float64(n)) + phase)
		return y - amp*math.Pow(0.5+0.5*s, 1.7)*2
	}
	k := mix(p[3], p[1], 0.2+0.25*float64(n))
	c.fill(k, c.ground(line))
	c.fill(mix(k, p[0], 0.75), c.ground(line),
		c.ground(func(x float64) float64 { return line(x) + 0.009 }).reversed())
	c.fill(mix(k, p[5], 0.18),
		c.ground(func(x float64) float64 { return line(x) + 0.045 + 0.02*math.Sin(x*13+phase) }))
}

// umbrellas from above in the rain; one is red.
func umbrellas(c *canvas) {
	p := c.choose(inks(0x2C3E50, 0x45647A, 0x8FA9B5, 0xE7ECEB, 0xE5383B, 0x1B2733),
		inks(0x403A4F, 0x6B6382, 0xB6AEC4, 0xF2EEF5, 0xF2A900, 0x241F33))
	c.all(along(-c.w/2, 0, c.w/2, c.h, p[1], p[0]))
	for i := 0; i < 26; i++ {
		y := c.h * float64(i) / 26
		c.fill(p[5].fade(0.14), box(-c.w/2, y, c.w/2, y+0.003))
	}
	cols := int(c.w/0.24 + 0.5)
	rows := int(c.h/0.24 + 0.5)
	red := 1 + int(c.seed)%(cols-2) + cols*(rows*2/5)
	for i := 0; i < cols*rows; i++ {
		x := -c.w/2 + (float64(i%cols)+0.5)*c.w/float64(cols) + c.rnd.span(-0.035, 0.035)
		y := (float64(i/cols)+0.5)*c.h/float64(rows) + c.rnd.span(-0.035, 0.035)
		k := []ink{p[5], p[2], p[3], mix(p[0], p[5], 0.5)}[c.rnd.pick(4)]
		r := c.rnd.span(0.095, 0.125)
		if i == red {
			k, r = p[4], 0.15
		}
		c.umbrella(x, y, r, c.rnd.span(0, 1), k)
	}
	for i := 0; i < 120; i++ {
		x, y := c.rnd.span(-c.w/2, c.w/2), c.rnd.span(0, c.h)
		c.taper(0.0008, 0.0026, p[3].fade(0.4), pt{x, y}, pt{x - 0.012, y + 0.05})
	}
}

// umbrella is an octagon with shaded panels.
func (c *canvas) umbrella(x, y, r, turn float64, k ink) {
	c.fill(around(x+r*0.2, y+r*0.3, r*1.3, hex(0x0A0F18).fade(0.5), hex(0x0A0F18).fade(0.4),
		hex(0x0A0F18).fade(0)), round(x+r*0.2, y+r*0.3, r*1.3))
	for i := 0; i < 8; i++ {
		a0 := turn + float64(i)*math.Pi/4
		a1 := a0 + math.Pi/4
		light := 0.5 + 0.5*math.Cos(a0+math.Pi/8+2.2)
		m := (a0 + a1) / 2
		panel := append(outline{{x, y}}, bend(pt{x + r*math.Cos(a0), y + r*math.Sin(a0)},
			pt{x + r*0.87*math.Cos(m), y + r*0.87*math.Sin(m)},
			pt{x + r*math.Cos(a1), y + r*math.Sin(a1)})...)
		c.fill(mix(mix(k, hex(0), 0.28), mix(k, hex(0xFFFFFF), 0.22), light), panel)
	}
	c.fill(mix(k, hex(0), 0.5), round(x, y, r*0.05))
}
