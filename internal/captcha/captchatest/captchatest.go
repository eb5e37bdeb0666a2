// Package captchatest answers challenges as a person does: it looks at the picture for the
// notch, and moves as a hand moves.
package captchatest

import (
	"bytes"
	"image/png"
	"math"

	"foyer/internal/captcha"
)

// Find is where the piece belongs, found by looking: nowhere else does the picture go along
// with the piece, only darker.
func Find(picture, piece []byte, y int) (int, error) {
	back, err := light(picture)
	if err != nil {
		return 0, err
	}
	cut, err := light(piece)
	if err != nil {
		return 0, err
	}
	best, at := math.Inf(-1), 0
	for x := 0; x+captcha.Piece <= captcha.Width; x++ {
		if a := alike(back, cut, x, y); a > best {
			best, at = a, x
		}
	}
	return at, nil
}

// light reads a picture's brightness by row; -1 where there is none.
func light(data []byte) ([][]float64, error) {
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	rows := make([][]float64, img.Bounds().Dy())
	for y := range rows {
		rows[y] = make([]float64, img.Bounds().Dx())
		for x := range rows[y] {
			r, g, b, alpha := img.At(x, y).RGBA()
			if rows[y][x] = -1; alpha > 0 {
				rows[y][x] = float64(r+g+b) / (3 << 8)
			}
		}
	}
	return rows, nil
}

// alike is how the piece goes along with the picture at a place: the correlation, and how
// much darker the picture is.
func alike(back, cut [][]float64, x0, y0 int) float64 {
	var n, a, b, aa, bb, ab float64
	for y, row := range cut {
		for x, v := range row {
			if v < 0 || x == 0 || y == 0 || x+1 == len(row) || y+1 == len(cut) || row[x-1] < 0 ||
				row[x+1] < 0 || cut[y-1][x] < 0 || cut[y+1][x] < 0 {
				continue // the bright edge
			}
			w := back[y0+y][x0+x]
			n, a, b, aa, bb, ab = n+1, a+v, b+w, aa+v*v, bb+w*w, ab+v*w
		}
	}
	spread := math.Sqrt((aa - a*a/n) * (bb - b*b/n))
	if spread == 0 {
		return 0
	}
	darker := 1 - b/a
	return (ab-a*b/n)/spread + min(max(darker, 0), 0.5)
}

// Hand is a movement over a way, in pixels, within a time, in milliseconds: slow, fast, slow,
// with a tremble that seed makes its own.
func Hand(way float64, ms int64, seed int) []captcha.Point {
	const steps = 24
	list := make([]captcha.Point, 0, steps+1)
	for i := range steps + 1 {
		t := float64(i) / steps
		ease := t * t * (3 - 2*t)
		tremble := math.Sin(float64(i*(seed%7+3)+seed)) * 1.5
		if i == 0 || i == steps {
			tremble = 0
		}
		list = append(list, captcha.Point{X: way*ease + tremble, Y: math.Sin(float64(i+seed)) * 3,
			At: int64(t * float64(ms))})
	}
	return list
}
