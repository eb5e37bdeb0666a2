// Package art draws the posters and pictures of the demo installation: screen-print scenes
// made of a few flat shapes, gradients and paper grain. Nothing is loaded from anywhere and
// no text is drawn; the same scene, seed and size give the same bytes.
package art

import (
	"bytes"
	"errors"
	"fmt"
	"image/jpeg"
	"image/png"
	"sort"
)

// Sizes of what this package returns, in pixels and bytes.
const (
	PosterWidth, PosterHeight = 600, 900
	StillWidth, StillHeight   = 900, 600
	LogoSide                  = 512
	// MaxBytes bounds each picture; the JPEG quality steps down until it fits.
	MaxBytes = 120_000
)

// ErrUnknownScene is returned for a scene that Scenes does not list.
var ErrUnknownScene = errors.New("art: unknown scene")

// ErrTooLarge is returned when a picture does not fit MaxBytes at the lowest quality.
var ErrTooLarge = errors.New("art: picture does not fit its size limit")

// Scene names one composition.
type Scene string

// The scenes, by what one sees in them.
const (
	Planet     Scene = "planet"
	Noir       Scene = "noir"
	Whale      Scene = "whale"
	Desert     Scene = "desert"
	MoonRiver  Scene = "moon_river"
	Skyline    Scene = "skyline"
	Mountains  Scene = "mountains"
	Waves      Scene = "waves"
	Kite       Scene = "kite"
	Clock      Scene = "clock"
	InkHills   Scene = "ink_hills"
	Curtain    Scene = "curtain"
	Strings    Scene = "strings"
	Deer       Scene = "deer"
	Lighthouse Scene = "lighthouse"
	Umbrellas  Scene = "umbrellas"
	Bronze     Scene = "bronze"
	Porcelain  Scene = "porcelain"
	Jade       Scene = "jade"
	Prism      Scene = "prism"
	Ferris     Scene = "ferris"
	Coaster    Scene = "coaster"
	Balloons   Scene = "balloons"
	Lanterns   Scene = "lanterns"
	Auditorium Scene = "auditorium"
	Portico    Scene = "portico"
	Gallery    Scene = "gallery"
	Terraces   Scene = "terraces"
	PaperCut   Scene = "paper_cut"
)

// painters pairs each scene with the function that draws it.
func painters() map[Scene]func(*canvas) {
	return map[Scene]func(*canvas){
		Planet: planet, Noir: noir, Whale: whale, Desert: desert, MoonRiver: moonRiver,
		Skyline: skyline, Mountains: mountains, Waves: waves, Kite: kite, Clock: clockFace,
		InkHills: inkHills, Curtain: curtain, Strings: stringsScene, Deer: deer,
		Lighthouse: lighthouse, Umbrellas: umbrellas, Bronze: bronze, Porcelain: porcelain,
		Jade: jade, Prism: prism, Ferris: ferris, Coaster: coaster, Balloons: balloons,
		Lanterns: lanterns, Auditorium: auditorium, Portico: portico, Gallery: gallery,
		Terraces: terraces, PaperCut: paperCut,
	}
}

// Scenes lists every scene in alphabetical order.
func Scenes() []Scene {
	var out []Scene
	for s := range painters() {
		out = append(out, s)
	}
	sort.Slice(out, func(i, j int) bool { return out[i] < out[j] })
	return out
}

// Poster is an upright 2:3 JPEG. The seed varies palette and detail.
// It refuses scenes that Scenes does not list.
func Poster(scene Scene, seed uint64) ([]byte, error) {
	return photo(scene, seed, PosterWidth, PosterHeight)
}

// Still is a lying 3:2 JPEG of the same scenes, for stills and pictures of venues.
func Still(scene Scene, seed uint64) ([]byte, error) {
	return photo(scene, seed, StillWidth, StillHeight)
}

func photo(scene Scene, seed uint64, width, height int) ([]byte, error) {
	paint, ok := painters()[scene]
	if !ok {
		return nil, fmt.Errorf("%w: %q", ErrUnknownScene, scene)
	}
	c := newCanvas(width, height, seed)
	paint(c)
	c.finish()
	for quality := 88; quality >= 40; quality -= 8 {
		var buf bytes.Buffer
		if err := jpeg.Encode(&buf, c.img, &jpeg.Options{Quality: quality}); err != nil {
			return nil, fmt.Errorf("art: encode %s: %w", scene, err)
		}
		if buf.Len() <= MaxBytes {
			return buf.Bytes(), nil
		}
	}
	return nil, fmt.Errorf("%w: %q", ErrTooLarge, scene)
}

// Mark names the sign of an organization.
type Mark string

// The marks: a river of stars for Galaxy Culture, a moon over the sea for the small theatre.
const (
	StarRiver Mark = "star_river"
	SeaMoon   Mark = "sea_moon"
)

// Logo is a square PNG of the mark; unknown marks are refused with ErrUnknownScene.
func Logo(mark Mark) ([]byte, error) {
	c := newCanvas(LogoSide, LogoSide, 1)
	switch mark {
	case StarRiver:
		starRiver(c)
	case SeaMoon:
		seaMoon(c)
	default:
		return nil, fmt.Errorf("%w: mark %q", ErrUnknownScene, mark)
	}
	var buf bytes.Buffer
	enc := png.Encoder{CompressionLevel: png.BestCompression}
	if err := enc.Encode(&buf, c.img); err != nil {
		return nil, fmt.Errorf("art: encode %s: %w", mark, err)
	}
	return buf.Bytes(), nil
}
