package art

import "math"

// choose picks one palette by the seed.
func (c *canvas) choose(palettes ...[]ink) []ink { return palettes[c.seed%uint64(len(palettes))] }

// inks reads a palette.
func inks(values ...uint32) []ink {
	out := make([]ink, len(values))
	for i, v := range values {
		out[i] = hex(v)
	}
	return out
}

// desert: a great sun, dunes with a lit and a shaded side, three camels on the crest.
func desert(c *canvas) {
	p := c.choose(inks(0xF6D9A8, 0xEE9B5E, 0xC8513A, 0xFFF1CF, 0xE07B47, 0x8E2F35, 0x3B1730),
		inks(0xF9E3C8, 0xE8A8A0, 0x9C5C86, 0xFFF6E6, 0xC7737F, 0x6B3A6B, 0x2A1740))
	c.all(down(0, c.h, p[2], p[1], p[0]))
	sunY := c.h * 0.36
	c.glow(0.06, sunY, 0.62, p[3].fade(0.6))
	c.fill(down(sunY-0.25, sunY+0.25, p[3], mix(p[3], p[1], 0.45)), round(0.06, sunY, 0.25))
	crest := func(x float64) float64 {
		return c.h*0.62 - 0.075*math.Sin(x*3.4+1.1) - 0.02*math.Sin(x*8)
	}
	c.fill(down(c.h*0.5, c.h*0.8, p[4], mix(p[4], p[5], 0.6)), c.ground(crest))
	for i := 0; i < 3; i++ {
		x := -0.2 + float64(i)*0.135
		c.camel(x, crest(x)+0.004, 0.085, p[6])
	}
	for i := 0; i < 3; i++ {
		c.dune(c.h*(0.7+0.11*float64(i)), 0.9+0.5*float64(i), i, p)
	}
}

// dune is one ridge of sand whose far side lies in shadow.
func (c *canvas) dune(base, freq float64, n int, p []ink) {
	phase := float64(n)*2.1 + 0.6
	top := func(x float64) float64 { return base + 0.075*math.Sin(x*freq*2.4+phase) }
	lit := mix(p[1], p[5], 0.2+0.2*float64(n))
	c.fill(down(base-0.1, base+0.35, lit, mix(lit, p[6], 0.45)), c.ground(top))
	side := outline{}
	for x := -c.w/2 - 0.01; x < c.w/2+0.01; x += 0.006 {
		side = append(side, pt{x, top(x)})
	}
	for x := c.w/2 + 0.01; x > -c.w/2-0.01; x -= 0.006 {
		deep := 0.16 * (0.5 + 0.5*math.Sin(x*freq*2.4+phase+1.9))
		side = append(side, pt{x + deep*0.5, top(x) + deep})
	}
	c.fill(down(base-0.1, base+0.25, mix(p[5], p[6], 0.25*float64(n)).fade(0.85),
		mix(p[5], p[6], 0.5).fade(0.2)), side)
}

// camel walks with its feet at x, y.
func (c *canvas) camel(x, y, size float64, k ink) {
	at := func(px, py float64) pt { return pt{x + px*size, y + py*size} }
	c.fill(k, smooth(at(-0.42, -0.62), at(-0.25, -0.72), at(-0.14, -0.98), at(0, -0.76),
		at(0.14, -1), at(0.27, -0.72), at(0.42, -0.66), at(0.38, -0.42), at(0, -0.36),
		at(-0.4, -0.42)))
	c.taper(size*0.17, size*0.1, k, bend(at(0.36, -0.58), at(0.56, -0.55), at(0.66, -0.98))...)
	c.fill(k, oval(x+0.74*size, y-1.0*size, 0.13*size, 0.07*size, 0.15))
	for _, leg := range []float64{-0.36, -0.24, 0.24, 0.36} {
		c.taper(size*0.09, size*0.05, k, at(leg, -0.5), at(leg+0.04, -0.22), at(leg, 0))
	}
}

// mountains: ranges behind each other in the mist, a snow peak before the sun.
func mountains(c *canvas) {
	p := c.choose(inks(0x1F3B57, 0xF2B58A, 0xF8E3C4, 0xFFF3DD, 0x7FA0B0, 0x16283B),
		inks(0x2B2350, 0xE58C9C, 0xFBD9B9, 0xFFF2E0, 0x9A86B5, 0x1B1536))
	c.all(down(0, c.h*0.75, mix(p[0], p[4], 0.6), p[2], p[1]))
	sunY := c.h * 0.25
	c.glow(-0.17, sunY, 0.5, p[3].fade(0.55))
	c.fill(p[3], round(-0.17, sunY, 0.105))
	c.fill(mix(p[4], p[2], 0.45), c.ground(c.peaks(c.h*0.56, 0.2, 2.6)))
	c.snowPeak(0.1, c.h*0.27, p)
	for i := 0; i < 5; i++ {
		t := float64(i) / 4
		base := c.h * (0.66 + 0.085*float64(i))
		k := mix(mix(p[4], p[2], 0.25), p[5], math.Pow(t, 0.8))
		c.fill(down(base-0.14, base+0.16, k, mix(k, p[2], 0.42*(1-t))),
			c.ground(c.peaks(base, 0.13+0.03*t, 3+t)))
	}
	c.bird(-0.3, c.h*0.16, 0.035, p[5].fade(0.7))
	c.bird(-0.23, c.h*0.135, 0.024, p[5].fade(0.6))
}

// snowPeak is a mountain of facets: light on the left, shade on the right.
func (c *canvas) snowPeak(x, top float64, p []ink) {
	foot := c.h * 0.78
	edge := func(q float64) pt {
		return pt{x + 0.02*math.Sin(q*21) + 0.05*q, top + (foot-top)*q}
	}
	var left, right outline
	for i := 0; i <= 12; i++ {
		q := float64(i) / 12
		jag := 0.016 * math.Sin(q*37)
		left = append(left, pt{x - 0.58*math.Pow(q, 0.9) + jag, top + (foot-top)*q})
		right = append(right, pt{x + 0.55*math.Pow(q, 0.85) - jag, top + (foot-top)*q})
	}
	var ridge outline
	for i := 12; i >= 0; i-- {
		ridge = append(ridge, edge(float64(i)/12))
	}
	rock := mix(p[4], p[0], 0.35)
	c.fill(down(top, foot, p[3], p[3], mix(p[4], p[2], 0.4), p[4]), append(left, ridge...))
	c.fill(down(top, foot, mix(p[4], p[3], 0.35), rock, mix(p[4], p[2], 0.3)),
		append(right, ridge...))
	for i := 0; i < 4; i++ {
		q := 0.16 + 0.11*float64(i)
		e := edge(q)
		w := 0.05 + 0.055*float64(i)
		c.fill(p[3].fade(0.75), outline{e, {e.x + w, e.y + 0.11}, {e.x + w*0.45, e.y + 0.075},
			{e.x + w*0.2, e.y + 0.12}})
		c.fill(rock.fade(0.5), outline{{e.x - w*0.2, e.y + 0.02}, {e.x - w*1.1, e.y + 0.16},
			{e.x - w*0.5, e.y + 0.1}, {e.x - w*0.2, e.y + 0.15}})
	}
}

// kite: a paper kite with a long tail over green hills.
func kite(c *canvas) {
	p := c.choose(inks(0x8FD0D8, 0xFDF3D8, 0xE4573D, 0xF4B942, 0x2F7F6F, 0x1D4F52),
		inks(0xF7C9B2, 0xFFF4DF, 0xD6405B, 0x3E7CB1, 0x6FA35B, 0x2D5A4C))
	c.all(down(0, c.h*0.8, p[0], p[1]))
	c.cloud(-0.27, c.h*0.19, 0.15, p[1].fade(0.9))
	c.cloud(0.33, c.h*0.42, 0.12, p[1].fade(0.75))
	c.cloud(-0.36, c.h*0.55, 0.09, p[1].fade(0.6))
	for i := 0; i < 4; i++ {
		base := c.h * (0.75 + 0.075*float64(i))
		k := mix(mix(p[4], p[1], 0.4), p[5], float64(i)/3)
		c.fill(down(base-0.12, base+0.2, k, mix(k, p[5], 0.35)), c.ground(c.hills(base, 0.13, 2)))
	}
	ky := c.h * 0.29
	child := pt{-0.25, c.h * 0.865}
	c.stroke(0.0022, p[5].fade(0.8), bend(pt{0.08, ky}, pt{-0.02, c.h * 0.55},
		pt{child.x + 0.03, child.y - 0.07})...)
	tail := bend(pt{0.16, ky + 0.2}, pt{0.24, ky + 0.3}, pt{0.13, ky + 0.41},
		pt{0.25, ky + 0.53}, pt{0.17, ky + 0.63})
	c.taper(0.006, 0.002, p[2], tail...)
	for i := 1; i < 6; i++ {
		q := tail[i*len(tail)/6]
		bow := p[2+i%2]
		c.fill(bow, outline{q, {q.x - 0.03, q.y - 0.016}, {q.x - 0.027, q.y + 0.018}})
		c.fill(bow, outline{q, {q.x + 0.03, q.y - 0.018}, {q.x + 0.027, q.y + 0.016}})
	}
	at := func(x, y float64) pt {
		o := (outline{{x, y}}).turned(-0.22)
		return pt{0.1 + o[0].x,
			ky + o[0].y}
	}
	top, left, right, low, mid := at(0, -0.23), at(-0.17, -0.04), at(0.17, -0.04), at(0, 0.21),
		at(0, -0.04)
	c.fill(p[2], outline{top, mid, left})
	c.fill(p[3], outline{top, right, mid})
	c.fill(mix(p[3], p[1], 0.35), outline{left, mid, low})
	c.fill(mix(p[2], p[5], 0.25), outline{mid, right, low})
	c.stroke(0.004, p[1], top, low)
	c.stroke(0.004, p[1], left, right)
	c.person(child.x, child.y, 0.075, p[5])
}

// cloud is a row of discs on a flat base.
func (c *canvas) cloud(x, y, size float64, k ink) {
	c.fill(k, round(x, y-size*0.3, size*0.45), round(x-size*0.5, y-size*0.1, size*0.3),
		round(x+size*0.52, y-size*0.13, size*0.33),
		box(x-size*0.55, y-size*0.35, x+size*0.55, y+size*0.2),
		round(x-size*0.85, y+size*0.05, size*0.15), round(x+size*0.9, y+size*0.04, size*0.16),
		box(x-size*0.85, y, x+size*0.9, y+size*0.2))
}

// inkHills: washed hills on rice paper, a red sun, a pagoda and a seal.
func inkHills(c *canvas) {
	p := c.choose(inks(0xF3EBDC, 0x26323A, 0xC23B2C, 0x5F7A7C),
		inks(0xF1EAD6, 0x2B2A33, 0xB8322F, 0x7A7F63))
	c.all(down(0, c.h, mix(p[0], p[3], 0.12), p[0], mix(p[0], p[3], 0.22)))
	c.fill(around(0.17, c.h*0.23, 0.13, p[2].fade(0.95), p[2].fade(0.85), p[2].fade(0.9)),
		round(0.17, c.h*0.23, 0.118))
	for i := 0; i < 5; i++ {
		t := float64(i) / 4
		base := c.h * (0.44 + 0.135*float64(i))
		k := mix(p[3], p[1], t)
		line := c.hills(base+0.1, 0.34-0.03*float64(i), 2.1+0.5*t)
		dark := 0.22 + 0.55*t
		c.fill(down(base-0.2, base+0.2, k.fade(dark), k.fade(dark*0.45), k.fade(0.02)),
			c.ground(line))
		c.fill(k.fade(dark*0.3), c.ground(func(x float64) float64 {
			return line(x) + 0.02 + 0.05*noise(x*9+float64(i)*31)
		}))
		if i == 2 {
			c.pagoda(-0.2, line(-0.2)+0.02, 0.2, p[1].fade(0.9))
		}
	}
	c.fill(p[0].fade(0.75), smooth(pt{-0.6, c.h * 0.7}, pt{-0.1, c.h * 0.685}, pt{0.35, c.h * 0.7},
		pt{0.1, c.h * 0.715}, pt{-0.3, c.h * 0.71}))
	for i := 0; i < 4; i++ {
		c.bird(-0.1+0.07*float64(i), c.h*0.15+0.03*math.Abs(float64(i)-1.2), 0.028, p[1].fade(0.8))
	}
	c.boat(0.2, c.h*0.9, 0.13, p[1])
	c.seal(c.w/2-0.105, c.h-0.115, 0.05, p[2], p[0])
}

// seal is a red stamp whose relief is a pattern, not writing.
func (c *canvas) seal(x, y, size float64, k, relief ink) {
	c.fill(k, box(x, y, x+size, y+size))
	u := size / 10
	for _, inset := range []float64{1, 3} {
		outer := box(x+inset*u, y+inset*u, x+size-inset*u, y+size-inset*u)
		in := inset + 0.9
		c.fill(relief, outer, box(x+in*u, y+in*u, x+size-in*u, y+size-in*u).reversed())
	}
	c.fill(relief, round(x+size/2, y+size/2, u*0.8))
}

// pagoda stands with its foot at x, y.
func (c *canvas) pagoda(x, y, height float64, k ink) {
	tier := height / 6.2
	for i := 0; i < 5; i++ {
		half := height * (0.17 - 0.02*float64(i))
		top := y - tier*float64(i+1)
		c.fill(k, box(x-half*0.62, top, x+half*0.62, top+tier))
		c.fill(k, smooth(pt{x - half*1.25, top - tier*0.02}, pt{x - half*0.7, top + tier*0.14},
			pt{x, top + tier*0.18}, pt{x + half*0.7, top + tier*0.14},
			pt{x + half*1.25, top - tier*0.02},
			pt{x + half*0.5, top - tier*0.2}, pt{x - half*0.5, top - tier*0.2}))
	}
	c.taper(height*0.02, height*0.004, k, pt{x, y - tier*5}, pt{x, y - height})
}

// boat is a sampan with a man and his oar; y is the water.
func (c *canvas) boat(x, y, size float64, k ink) {
	c.fill(k, smooth(pt{x - size, y - size*0.2}, pt{x - size*0.5, y - size*0.04},
		pt{x + size*0.5, y - size*0.04},
		pt{x + size, y - size*0.22}, pt{x + size*0.6, y + size*0.08},
		pt{x - size*0.6, y + size*0.08}))
	c.fill(k, smooth(pt{x - size*0.3, y - size*0.05}, pt{x - size*0.2, y - size*0.3},
		pt{x + size*0.1, y - size*0.34},
		pt{x + size*0.32, y - size*0.28}, pt{x + size*0.4, y - size*0.05}))
	c.person(x-size*0.55, y-size*0.05, size*0.52, k)
	c.fill(k, outline{{x - size*0.7, y - size*0.5}, {x - size*0.55, y - size*0.62},
		{x - size*0.4, y - size*0.5}})
	c.stroke(size*0.03, k, pt{x - size*0.42, y - size*0.35}, pt{x - size*0.95, y + size*0.22})
}

// terraces: tea rows following the slope, morning mist.
func terraces(c *canvas) {
	p := c.choose(inks(0xFBE9C6, 0xBFD8B8, 0x6FA667, 0x2F6B4A, 0x163F36, 0xF3A65A),
		inks(0xF8E6EA, 0xC8D6DF, 0x7DA98A, 0x3D7563, 0x1B413F, 0xEE8C78))
	c.all(down(0, c.h*0.6, mix(p[1], p[0], 0.3), p[0]))
	c.glow(-0.12, c.h*0.24, 0.4, p[5].fade(0.5))
	c.fill(p[5], round(-0.12, c.h*0.24, 0.085))
	for i := 0; i < 3; i++ {
		base := c.h * (0.4 + 0.05*float64(i))
		k := mix(p[1], p[2], 0.2+0.25*float64(i))
		c.fill(down(base-0.1, base+0.12, k, mix(k, p[0], 0.5)), c.ground(c.hills(base, 0.16, 2.4)))
	}
	for i := 0; i < 3; i++ {
		base := c.h * (0.53 + 0.13*float64(i))
		line := c.hills(base, 0.12, 1.5)
		slope := float64(i)*0.9 + 0.4
		for row := 0; row < 14; row++ {
			drop := 0.0035*float64(row*row) + 0.022*float64(row)
			k := mix(p[3], p[2], float64(row%2)*0.9)
			k = mix(k, p[4], min(1, 0.28*float64(i)+0.02*float64(row)))
			c.fill(k, c.ground(func(x float64) float64 {
				sway := 1 + 0.35*math.Sin(x*3+slope)
				return line(x) + drop*sway + 0.004*math.Sin(x*70+float64(row))
			}))
		}
	}
	x := c.w*0.5 - 0.22
	c.pagoda(x, c.h*0.47, 0.15, p[4])
	c.person(-0.16, c.h*0.7, 0.06, p[0])
	c.fill(p[5], outline{{-0.195, c.h*0.7 - 0.047}, {-0.16, c.h*0.7 - 0.068},
		{-0.125, c.h*0.7 - 0.047}})
}
