// Package captcha asks whether a person is at work, with pictures of our own: a piece has
// to be dragged to the notch that it was cut from. Nobody else's script runs on the page and
// nobody else learns who signs in where.
//
// What it is worth: it makes guessing and sending messages by program dear, it does not make
// it impossible. The growing delays and the quotas stand whatever is answered here. Who
// cannot see or drag asks for words instead; a program could answer those too, so they are
// rationed and slow.
//
// Everything is in the memory of the process, and bounded: a proof is good where it was
// earned.
package captcha

import (
	"time"

	"foyer/internal/fault"
)

// The refusals.
var (
	ErrWrong = fault.Define(fault.Conflict, "captcha_wrong",
		"验证未通过,请重新验证", "That was not it; this challenge is used up.",
		"Ask for a new challenge and drag the piece to its notch.")
	ErrGone = fault.Define(fault.NotFound, "captcha_gone",
		"验证已过期,请重新验证", "The challenge is unknown, used, or has ended.",
		"Ask for a new challenge; each lives two minutes and takes one answer.")
	ErrTooQuick = fault.Define(fault.Conflict, "captcha_too_quick",
		"操作过快,请重新验证", "Nobody answers this quickly; this challenge is used up.",
		"Ask for a new challenge and take your time.")
	ErrUnnatural = fault.Define(fault.Conflict, "captcha_movement",
		"拖动轨迹异常,请重新验证", "The movement is not that of a hand; this challenge is used up.",
		"Ask for a new challenge, or ask for kind \"words\".")
	ErrRationed = fault.Define(fault.TooMany, "captcha_words_rationed",
		"文字验证次数过多,请稍后再试", "There were as many word challenges as there may be.",
		"Wait for the seconds that Retry-After names, or ask for kind \"slider\".")
)

// Kind is how a challenge is answered.
type Kind string

// The kinds.
const (
	Slider Kind = "slider"
	// Words is a small sum written out, for people who cannot see or drag.
	Words Kind = "words"
)

// The sizes and limits of a challenge.
const (
	Width  = 320 // pixels of the picture
	Height = 160
	Piece  = 56 // pixels of the piece's square

	Life       = 2 * time.Minute // of a challenge
	ProofLife  = 3 * time.Minute
	tolerance  = 4 // pixels
	minSlide   = 400 * time.Millisecond
	minWords   = 4 * time.Second
	maxSubject = 64 // characters
	// MaxTrack bounds the movement that an answer may carry, in points.
	MaxTrack = 200
	minTrack = 8
)

// Challenge is what is shown. Its answer stays here.
type Challenge struct {
	ID        string
	Kind      Kind
	Picture   []byte // PNG with a notch
	Piece     []byte // PNG, Piece × Piece, moved along the row at PieceY
	PieceY    int
	Question  string // of kind Words, in the language asked for
	ExpiresAt time.Time
}

// Point is one moment of a movement: pixels from where it began, and milliseconds.
type Point struct {
	X  float64
	Y  float64
	At int64
}

// Answer is what somebody answers.
type Answer struct {
	X     float64 // where the piece's left edge was let go
	Track []Point
	Text  string // of kind Words
}
