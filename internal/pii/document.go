package pii

import (
	"strings"
	"time"

	"golang.org/x/text/width"
)

// DocumentKind is a kind of identity document. Its value is stored and never changes.
type DocumentKind string

// The kinds of documents. What is checked of each is what its number shows; whether it was
// ever given out, only its office knows.
const (
	// IDCard is 居民身份证 and, in the same form, the residence permits of Hong Kong (81),
	// Macau (82) and Taiwan (83) residents: 18 characters with a birth date and a check digit.
	IDCard DocumentKind = "id_card"
	// ForeignerID is 外国人永久居留身份证: 18 characters from 9 since 2023, before that three
	// letters and 12 digits.
	ForeignerID DocumentKind = "foreigner_id"
	// Passport is any country's: 5 to 12 letters and digits, at least one digit.
	Passport DocumentKind = "passport"
	// HongKongMacauPermit is 港澳居民来往内地通行证: H or M and 8 digits (10 with the old count).
	HongKongMacauPermit DocumentKind = "hk_macau_permit"
	// TaiwanPermit is 台湾居民来往大陆通行证: 8 digits.
	TaiwanPermit DocumentKind = "taiwan_permit"
)

// DocumentKinds lists the kinds.
func DocumentKinds() []DocumentKind {
	return []DocumentKind{IDCard, ForeignerID, Passport, HongKongMacauPermit, TaiwanPermit}
}

// Document is a checked document. Birth is the zero time where the number does not show it.
type Document struct {
	Kind   DocumentKind
	Number string // normalised: upper case, no spaces
	Birth  time.Time
}

// NewDocument checks a document's number. today is the venue's date, after which nobody is
// born. It refuses (ErrDocument) an unknown kind and a number that its kind cannot have.
func NewDocument(kind DocumentKind, raw string, today time.Time) (Document, error) {
	if len(raw) > maxRaw {
		return Document{}, ErrDocument.With("kind", string(kind))
	}
	d := Document{Kind: kind, Number: plainNumber(raw)}
	ok := false
	switch kind {
	case IDCard:
		d.Birth, ok = cardBirth(d.Number, today)
		ok = ok && isRegion(d.Number[:2])
	case ForeignerID:
		if len(d.Number) == 18 {
			d.Birth, ok = cardBirth(d.Number, today)
			ok = ok && d.Number[0] == '9'
		} else {
			ok = len(d.Number) == 15 && letters(d.Number[:3]) && digits(d.Number[3:])
		}
	case Passport:
		ok = len(d.Number) >= 5 && len(d.Number) <= 12 && isPassport(d.Number)
	case HongKongMacauPermit:
		n := len(d.Number)
		ok = (n == 9 || n == 11) && (d.Number[0] == 'H' || d.Number[0] == 'M') &&
			digits(d.Number[1:])
	case TaiwanPermit:
		ok = len(d.Number) == 8 && digits(d.Number)
	}
	if !ok {
		return Document{}, ErrDocument.With("kind", string(kind))
	}
	return d, nil
}

// Key is what a document is found and counted by: kind and number.
func (d Document) Key() string { return string(d.Kind) + ":" + d.Number }

// AgeOn is how many birthdays somebody has had on the day; the birthday itself counts. Who
// was born on 29 February has it on 1 March in other years. Both are dates: their clock
// times and zones are not looked at.
func AgeOn(birth, day time.Time) int {
	by, bm, bd := birth.Date()
	y, m, d := day.Date()
	age := y - by
	if m < bm || m == bm && d < bd {
		age--
	}
	return age
}

// MaskDocument keeps the first and the last characters: 110***********1234 for a card,
// E1****78 for the short ones.
func MaskDocument(number string) string {
	switch n := len(number); {
	case n >= 15:
		return number[:3] + strings.Repeat("*", n-7) + number[n-4:]
	case n >= 8:
		return number[:2] + strings.Repeat("*", n-4) + number[n-2:]
	case n > 2:
		return number[:1] + strings.Repeat("*", n-1)
	default:
		return strings.Repeat("*", max(1, n))
	}
}

func plainNumber(raw string) string {
	text := strings.ToUpper(width.Narrow.String(raw))
	return strings.Join(strings.Fields(text), "")
}

// cardBirth reads the date out of an 18-character number; false when the date is none, is
// before 1900 or after today, or the check digit (GB 11643, ISO 7064 MOD 11-2) is wrong.
func cardBirth(number string, today time.Time) (time.Time, bool) {
	if len(number) != 18 || !digits(number[:17]) {
		return time.Time{}, false
	}
	birth, err := time.Parse("20060102", number[6:14])
	y, m, d := today.Date()
	last := time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	if err != nil || birth.Year() < 1900 || birth.After(last) {
		return time.Time{}, false
	}
	return birth, number[17] == checkDigit(number[:17])
}

func checkDigit(first string) byte {
	weights := [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}
	sum := 0
	for i, w := range weights {
		sum += int(first[i]-'0') * w
	}
	return "10X98765432"[sum%11]
}

// isRegion knows the first two digits (GB/T 2260) of the provinces, and 81 to 83 of the
// residence permits. Districts below come and go and are not checked.
func isRegion(two string) bool {
	const regions = " 11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46" +
		" 50 51 52 53 54 61 62 63 64 65 71 81 82 83 "
	return strings.Contains(regions, " "+two+" ")
}

func isPassport(s string) bool {
	seen := false
	for i := range len(s) {
		switch {
		case digits(s[i : i+1]):
			seen = true
		case !letters(s[i : i+1]):
			return false
		}
	}
	return seen
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

func letters(s string) bool {
	for i := range len(s) {
		if s[i] < 'A' || s[i] > 'Z' {
			return false
		}
	}
	return true
}
