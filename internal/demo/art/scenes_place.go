package art

import "math"

// auditorium: rows of seats before a bright screen.
func auditorium(c *canvas) {
	p := c.choose(inks(0x1A1030, 0x7A1F3D, 0xF2A65A, 0xFFF3D6, 0x3C1A4A, 0x09060F, 0x4FB3BF),
		inks(0x0A1B2E, 0x1F4E79, 0x8EE3EF, 0xF6FFFE, 0x16324F, 0x040B14, 0xF4B860))
	c.all(down(0, c.h, p[5], p[0], p[4]))
	top, low, half := c.h*0.12, c.h*0.5, c.w*0.4
	c.glow(0, (top+low)/2, c.w*0.7, p[2].fade(0.4))
	screen := outline{{-half, top}, {half, top}, {half * 0.94, low}, {-half * 0.94, low}}
	c.fill(down(top, low, p[6], p[3], p[2]), screen)
	mid := (top + low) / 2
	c.fill(p[2], round(0, mid+0.03, (low-top)*0.24))
	c.fill(mix(p[6], p[4], 0.5), bend(pt{-half * 0.95, low - 0.06}, pt{-half * 0.5, mid + 0.02},
		pt{-half * 0.1, low - 0.07}, pt{half * 0.35, mid + 0.05}, pt{half * 0.95, low - 0.05},
		pt{half * 0.94, low}, pt{-half * 0.94, low}))
	c.fill(p[4], bend(pt{-half * 0.945, low - 0.02}, pt{-half * 0.3, low - 0.07},
		pt{half * 0.2, low - 0.03}, pt{half * 0.6, low - 0.08}, pt{half * 0.945, low - 0.02},
		pt{half * 0.94, low}, pt{-half * 0.94, low}))
	c.fill(down(0, c.h, p[3].fade(0.02), p[3].fade(0.16), p[3].fade(0)), outline{{-half, top},
		{half, top}, {c.w * 0.75, c.h}, {-c.w * 0.75, c.h}})
	for row := 0; row < 7; row++ {
		t := float64(row) / 6
		y := low + 0.07 + (c.h-low)*math.Pow(t, 1.25)*0.95
		size := 0.034 + 0.066*t
		k := mix(p[1], p[5], 0.1+0.55*t)
		for x := -math.Ceil(c.w/size) * size; x < c.w; x += size * 1.12 {
			dip := y + 0.05*(1-t*0.5)*x*x
			c.fill(down(dip-size*0.4, dip+size, mix(k, p[2], 0.3), k, mix(k, p[5], 0.6)),
				smooth(pt{x - size*0.48, dip + size}, pt{x - size*0.46, dip + size*0.05},
					pt{x - size*0.25, dip - size*0.22},
					pt{x + size*0.25, dip - size*0.22}, pt{x + size*0.46, dip + size*0.05},
					pt{x + size*0.48, dip + size}))
		}
	}
}

// portico: a museum with columns and steps, its water before it.
func portico(c *canvas) {
	p := c.choose(inks(0xF4E4C9, 0xE8B27D, 0xB9C8C0, 0x42605C, 0x1E3533, 0xFFF8E8),
		inks(0xDDE7F0, 0xF0C3B1, 0xA9B4CC, 0x4A5480, 0x232848, 0xFFFDF8))
	foot := c.h * 0.74
	c.all(down(0, foot, p[2], p[0], p[1]))
	c.fill(p[5], round(-c.w*0.26, c.h*0.2, 0.085))
	c.fill(mix(p[2], p[3], 0.35), c.ground(c.hills(foot, 0.22, 2)))
	half := min(0.42, c.w*0.4)
	top := foot - min(0.42, c.h*0.36)
	stone := along(-half, 0, half, 0, p[5], mix(p[0], p[5], 0.4), mix(p[1], p[2], 0.4))
	c.fill(stone, outline{{-half * 1.08, top}, {0, top - half*0.34}, {half * 1.08, top},
		{half * 1.08, top + 0.035}, {-half * 1.08, top + 0.035}})
	c.fill(p[3].fade(0.5), outline{{-half * 0.82, top - 0.005}, {0, top - half*0.27},
		{half * 0.82, top - 0.005}})
	c.fill(p[5], round(0, top-half*0.1, half*0.09))
	c.fill(p[1], round(0, top-half*0.1, half*0.06), round(0, top-half*0.1, half*0.025).reversed())
	c.fill(down(top, foot, mix(p[4], p[3], 0.2), p[3]), box(-half, top+0.035, half, foot))
	c.fill(down(top, foot, p[1], p[5]), box(-half*0.16, top+(foot-top)*0.35, half*0.16, foot))
	for i := 0; i < 6; i++ {
		x := -half*0.92 + half*1.84*float64(i)/5
		w := half * 0.075
		c.fill(along(x-w, 0, x+w, 0, p[5], p[0], mix(p[1], p[3], 0.4)),
			box(x-w, top+0.05, x+w, foot))
		c.fill(p[5], box(x-w*1.35, top+0.035, x+w*1.35, top+0.055),
			box(x-w*1.35, foot-0.02, x+w*1.35, foot))
	}
	for i := 0; i < 5; i++ {
		w := half * (1.1 + 0.07*float64(i))
		y := foot + 0.014*float64(i)
		c.fill(mix(p[5], p[2], 0.16*float64(i)), box(-w, y, w, y+0.015))
	}
	pool := foot + 0.07
	c.fill(down(pool, c.h, mix(p[2], p[0], 0.5), p[3], p[4]), box(-c.w/2, pool, c.w/2, c.h))
	for i := 0; i < 6; i++ {
		x := -half*0.92 + half*1.84*float64(i)/5
		c.fill(down(pool, c.h, p[5].fade(0.4), p[5].fade(0)),
			box(x-half*0.075, pool, x+half*0.075, c.h))
	}
	for i := 0; i < 16; i++ {
		y := pool + 0.006 + (c.h-pool)*float64(i)/16
		c.fill(p[4].fade(0.14), box(-c.w/2, y, c.w/2, y+0.003))
	}
	c.person(-half*0.35, foot+0.065, 0.06, p[4])
	c.person(half*0.5, foot+0.065, 0.055, p[4])
	c.person(half*0.58, foot+0.065, 0.04, p[1])
}

// gallery: three lit pictures, a bench and a visitor.
func gallery(c *canvas) {
	p := c.choose(inks(0xEFE8DC, 0xD3C6B1, 0x8A6F52, 0x2B2A2F, 0xE4572E, 0x2A7F7F, 0xF2B632),
		inks(0x2A2C3B, 0x3C4058, 0x8E7F6C, 0x101119, 0xF06C8B, 0x5AB1BB, 0xF7D560))
	floor := c.h * 0.78
	c.all(down(0, floor, mix(p[1], p[0], 0.4), p[0]))
	c.fill(down(floor, c.h, p[2], mix(p[2], p[3], 0.55)), box(-c.w/2, floor, c.w/2, c.h))
	c.fill(mix(p[0], p[3], 0.2), box(-c.w/2, floor-0.012, c.w/2, floor))
	n := int(c.w/0.45 + 0.5)
	for i := 0; i < n; i++ {
		x := -c.w/2 + (float64(i)+0.5)*c.w/float64(n)
		w := c.w / float64(n) * 0.36
		y := c.h * 0.4
		half := min(w*1.2, c.h*0.2)
		c.fill(down(0, floor, hex(0xFFF4D0).fade(0.5), hex(0xFFF4D0).fade(0)),
			outline{{x - 0.03, 0}, {x + 0.03, 0}, {x + w*1.5, floor}, {x - w*1.5, floor}})
		c.fill(p[3].fade(0.25), box(x-w+0.012, y-half+0.016, x+w+0.012, y+half+0.016))
		c.fill(p[3], box(x-w, y-half, x+w, y+half))
		c.fill(hex(0xFBF7EC), box(x-w+0.008, y-half+0.008, x+w-0.008, y+half-0.008))
		c.painting(x, y, w-0.03, half-0.03, i, p)
	}
	c.fill(p[3], box(-0.16, floor+0.1, 0.16, floor+0.125),
		box(-0.14, floor+0.12, -0.12, floor+0.175), box(0.12, floor+0.12, 0.14, floor+0.175))
	c.person(c.w*0.2, floor+0.1, 0.23, p[3])
	c.person(-c.w*0.27, floor+0.07, 0.2, mix(p[3], p[5], 0.4))
}

// painting is one small abstract picture in a frame.
func (c *canvas) painting(x, y, w, h float64, n int, p []ink) {
	k := []ink{p[4], p[5], p[6]}
	c.fill(mix(k[n%3], p[0], 0.7), box(x-w, y-h, x+w, y+h))
	switch n % 3 {
	case 0:
		c.fill(k[0], round(x, y-h*0.2, w*0.55))
		c.fill(k[1], box(x-w, y+h*0.3, x+w, y+h*0.6))
		c.fill(p[3], box(x-w, y+h*0.6, x+w, y+h))
	case 1:
		for i := 4; i > 0; i-- {
			c.fill(k[(i+1)%3], append(outline{{x - w, y + h}},
				arc(x-w, y+h, w*0.45*float64(i), w*0.45*float64(i), 0, -math.Pi/2, 0)...))
		}
	default:
		c.fill(k[1], outline{{x - w, y + h}, {x - w*0.1, y - h*0.5}, {x + w*0.5, y + h}})
		c.fill(k[0].fade(0.9), outline{{x - w*0.3, y + h}, {x + w*0.5, y - h*0.2}, {x + w, y + h}})
		c.fill(k[2], round(x+w*0.45, y-h*0.6, w*0.22))
	}
}

// starRiver is the mark of Galaxy Culture: three streams of light and a star.
func starRiver(c *canvas) {
	c.all(along(-0.5, 0, 0.5, 1, hex(0x1B2A6B), hex(0x4A2C86), hex(0xB9478B)))
	for i, k := range []ink{hex(0xFFD58A), hex(0xFFF2D2), hex(0x8DE4E0)} {
		d := 0.1 * float64(i)
		c.taper(0.012, 0.085-0.015*float64(i), k, bend(pt{-0.36, 0.66 + d*0.6},
			pt{-0.16, 0.5 + d}, pt{0.06, 0.56 + d}, pt{0.36, 0.3 + d*1.25})...)
	}
	c.glow(0.1, 0.3, 0.2, hex(0xFFFFFF).fade(0.5))
	c.sparkle(0.1, 0.3, 0.17, hex(0xFFFFFF))
	c.sparkle(-0.2, 0.27, 0.07, hex(0xFFE6B0))
	c.sparkle(0.32, 0.15, 0.05, hex(0xBDF3F0))
}

// sparkle is a four-pointed star.
func (c *canvas) sparkle(x, y, r float64, k ink) {
	var o outline
	for i := 0; i < 8; i++ {
		s, cs := math.Sincos(float64(i) * math.Pi / 4)
		q := r
		if i%2 == 1 {
			q = r * 0.22
		}
		o = append(o, pt{x + q*cs, y + q*s})
	}
	c.fill(k, o)
}

// seaMoon is the mark of the small theatre: a moon between a curtain and the sea.
func seaMoon(c *canvas) {
	c.all(down(0, 1, hex(0x0F3B57), hex(0x1F6F78)))
	// The crescent is one circle less another; the angles are where the two meet.
	const axis, outer, inner = -0.4398, 0.9267, 1.357
	moon := arc(0, 0.4, 0.22, 0.22, 0, axis+outer, axis+2*math.Pi-outer)
	moon = append(moon, arc(0.085, 0.36, 0.18, 0.18, 0, axis+2*math.Pi-inner, axis+inner)...)
	c.fill(hex(0xFBE6B8), moon)
	for i := 0; i < 3; i++ {
		k := []ink{hex(0x7FD1C7), hex(0x3FA7A6), hex(0xF6F1E4)}[i]
		y := 0.62 + 0.11*float64(i)
		c.stroke(0.045, k, bend(pt{-0.34, y}, pt{-0.17, y - 0.055}, pt{0, y},
			pt{0.17, y + 0.055}, pt{0.34, y})...)
	}
	c.sparkle(0.24, 0.2, 0.06, hex(0xFFFFFF))
}
