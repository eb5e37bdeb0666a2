package pii

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"foyer/internal/fault"
)

// Reason refuses with fault.BadInput words that do not say why somebody looks at a person
// in full: 4 to 200 printable characters do.
func Reason(text string) error {
	if n := utf8.RuneCountInString(text); n < 4 || n > 200 || !utf8.ValidString(text) ||
		strings.ContainsFunc(text, unicode.IsControl) {
		return fault.BadInput.At("reason",
			"must say why in 4 to 200 characters 请用 4 至 200 个字说明原因")
	}
	return nil
}
