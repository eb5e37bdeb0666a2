// Package document knows identity documents: which numbers a kind can have, what a number
// tells of its holder, and how it is shown to those who may only recognise it. It looks at
// the number alone; whether it was ever given out, only its office knows.
package document

import (
	"strings"
	"time"

	"golang.org/x/text/width"
)

// Kind is a kind of identity document. Its value is stored and never changes.
type Kind string

// The kinds, each with the public rule its numbers follow.
const (
	// IDCard is 居民身份证: 18 characters by GB 11643-1999 (region by GB/T 2260, birth date,
	// sequence whose last digit is odd for men, check digit by ISO 7064 MOD 11-2).
	IDCard Kind = "id_card"
	// HouseholdRegister is 户口簿, which a child without a card shows: its page carries the
	// same 18 characters (GB 11643-1999) that the card will.
	HouseholdRegister Kind = "household_register"
	// Passport is any country's passport. ICAO Doc 9303 part 4 leaves nine characters for
	// its number, letters and digits; those of China (E, EA, G, D, DE, S, SE, P, PE, 14, 15
	// and the H, K, M ones of Hong Kong and Macau) have eight or nine.
	Passport Kind = "passport"
	// HKMacauPermit is 港澳居民来往内地通行证 (回乡证): H or M and eight digits for life; the
	// paper form of before 2013 adds two digits that count its renewals.
	HKMacauPermit Kind = "hk_macau_permit"
	// TaiwanPermit is 台湾居民来往大陆通行证 (台胞证): eight digits for life since the card
	// of 2015; the older ones with ten digits have all run out.
	TaiwanPermit Kind = "taiwan_permit"
	// ResidencePermitHMT is 港澳台居民居住证 (State Council rule 国办发〔2018〕81号): by GB
	// 11643-1999, with the regions 810000 Hong Kong, 820000 Macau, 830000 Taiwan.
	ResidencePermitHMT Kind = "residence_permit_hmt"
	// ForeignPermanentResident is 外国人永久居留身份证. Since December 2023: 18 characters, 9,
	// region (2), nationality (3, ISO 3166-1 numeric), birth date, sequence, check digit as
	// in GB 11643. Before: nationality (3 letters, ISO 3166-1), region (4), birth date
	// without its century (6), sequence (1) and a check digit by ICAO Doc 9303 (7-3-1).
	ForeignPermanentResident Kind = "foreign_permanent_resident"
)

// Kinds lists the kinds in the order in which a form offers them.
func Kinds() []Kind {
	return []Kind{IDCard, HouseholdRegister, Passport, HKMacauPermit, TaiwanPermit,
		ResidencePermitHMT, ForeignPermanentResident}
}

// Known says whether there is such a kind.
func (k Kind) Known() bool { return k.Zh() != "" }

// Zh is the kind's name in Chinese, as it is printed on the document.
func (k Kind) Zh() string { zh, _ := k.names(); return zh }

// En is the kind's name in English.
func (k Kind) En() string { _, en := k.names(); return en }

func (k Kind) names() (zh, en string) {
	switch k {
	case IDCard:
		return "居民身份证", "identity card"
	case HouseholdRegister:
		return "户口簿", "household register"
	case Passport:
		return "护照", "passport"
	case HKMacauPermit:
		return "港澳居民来往内地通行证", "mainland travel permit for Hong Kong and Macau residents"
	case TaiwanPermit:
		return "台湾居民来往大陆通行证", "mainland travel permit for Taiwan residents"
	case ResidencePermitHMT:
		return "港澳台居民居住证", "residence permit for Hong Kong, Macau and Taiwan residents"
	case ForeignPermanentResident:
		return "外国人永久居留身份证", "foreign permanent resident card"
	}
	return "", ""
}

// Sex is what a number tells of its holder's sex; empty where it tells nothing.
type Sex string

// The two that numbers distinguish.
const (
	Male   Sex = "male"
	Female Sex = "female"
)

// Document is a checked number. Birth is the zero time and Sex empty where the number does
// not tell them; Birth is a date at midnight UTC.
type Document struct {
	Kind   Kind
	Number string // normalised: half width, upper case, no spaces
	Birth  time.Time
	Sex    Sex
}

// maxRaw bounds what is looked at, in bytes; no number is a quarter as long.
const maxRaw = 128

// Parse checks a number and reads what it tells. Full-width characters, lower case and
// spaces are taken as people type them. It refuses ErrKind, ErrLength, ErrOldForm,
// ErrCharacters, ErrRegion, ErrDate, ErrCheckDigit and ErrOtherKind, the first that holds.
// It knows no clock: whether the holder is born by today, NotBornAfter says.
func Parse(kind Kind, number string) (Document, error) {
	if !kind.Known() {
		return Document{}, ErrKind.With("kinds", Kinds())
	}
	if len(number) > maxRaw {
		return Document{}, wrongLength(kind)
	}
	d := Document{Kind: kind, Number: normal(number)}
	var err error
	switch kind {
	case IDCard, HouseholdRegister:
		err = d.citizen()
	case ResidencePermitHMT:
		err = d.residence()
	case ForeignPermanentResident:
		err = d.foreigner()
	case Passport:
		err = d.passport()
	case HKMacauPermit:
		err = d.homePermit()
	case TaiwanPermit:
		err = d.taiwanPermit()
	}
	if err != nil {
		return Document{}, err
	}
	return d, nil
}

// NotBornAfter refuses (ErrDate) a document whose holder would be born after the day, a
// date of the venue; the clock time and zone of day are not looked at.
func (d Document) NotBornAfter(day time.Time) error {
	y, m, dd := day.Date()
	if d.Birth.After(time.Date(y, m, dd, 0, 0, 0, 0, time.UTC)) {
		return ErrDate.With("kind", d.Kind)
	}
	return nil
}

// Key is what a person is counted by: one key for the card and the household register of
// the same citizen, and one for all renewals of a travel permit. Two documents of different
// systems (a passport and a card) have two keys: their numbers do not tell the same holder.
func (d Document) Key() string {
	switch d.Kind {
	case IDCard, HouseholdRegister:
		return "citizen:" + d.Number
	case HKMacauPermit:
		return string(d.Kind) + ":" + d.Number[:min(9, len(d.Number))]
	}
	return string(d.Kind) + ":" + d.Number
}

// Masked shows the number to people who may only recognise it: 110***********002X for the
// long ones, E1*****78 for the short ones.
func (d Document) Masked() string { return Mask(d.Number) }

// Mask is Masked for a number that was checked before.
func Mask(number string) string {
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

func normal(raw string) string {
	text := strings.ToUpper(width.Narrow.String(raw))
	return strings.Join(strings.Fields(text), "")
}
