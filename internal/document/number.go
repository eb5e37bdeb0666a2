package document

import (
	"slices"
	"strings"
	"time"
)

// citizen checks GB 11643-1999. A residence permit or a foreigner's card typed as a
// citizen's has the right form and is named, because choosing the kind is what went wrong.
func (d *Document) citizen() error {
	if len(d.Number) == 15 && digits(d.Number) {
		return ErrOldForm.With("kind", d.Kind)
	}
	if err := d.form18(); err != nil {
		return err
	}
	switch {
	case hmtRegion(d.Number[:6]):
		return d.belongsTo(ResidencePermitHMT)
	case d.Number[0] == '9':
		return d.belongsTo(ForeignPermanentResident)
	case !province(d.Number[:2]):
		return ErrRegion.With("kind", d.Kind)
	}
	return d.birthAndCheck()
}

func (d *Document) residence() error {
	if err := d.form18(); err != nil {
		return err
	}
	if !hmtRegion(d.Number[:6]) {
		if province(d.Number[:2]) {
			return d.belongsTo(IDCard)
		}
		return ErrRegion.With("kind", d.Kind)
	}
	return d.birthAndCheck()
}

func (d *Document) foreigner() error {
	if len(d.Number) == 15 {
		return d.foreignerBefore2023()
	}
	if err := d.form18(); err != nil {
		return err
	}
	if d.Number[0] != '9' {
		if province(d.Number[:2]) {
			return d.belongsTo(IDCard)
		}
		return ErrRegion.With("kind", d.Kind)
	}
	if !province(d.Number[1:3]) || d.Number[3:6] == "000" {
		return ErrRegion.With("kind", d.Kind)
	}
	return d.birthAndCheck()
}

// foreignerBefore2023 leaves Birth empty: the number has no century.
func (d *Document) foreignerBefore2023() error {
	n := d.Number
	switch {
	case !letters(n[:3]) || !digits(n[3:]):
		return ErrCharacters.With("kind", d.Kind)
	case !province(n[3:5]):
		return ErrRegion.With("kind", d.Kind)
	}
	_, err19 := time.Parse("20060102", "19"+n[7:13])
	_, err20 := time.Parse("20060102", "20"+n[7:13])
	if err19 != nil && err20 != nil {
		return ErrDate.With("kind", d.Kind)
	}
	if n[14] != check731(n[:14]) {
		return ErrCheckDigit.With("kind", d.Kind)
	}
	d.Sex = sexOf(n[13])
	return nil
}

// passport takes what ICAO Doc 9303 takes; five characters is the shortest that any country
// uses. Letters alone are a name, not a number.
func (d *Document) passport() error {
	switch n := len(d.Number); {
	case n == 18 && digits(d.Number[:17]) && d.Number[17] == check11643(d.Number[:17]):
		return d.belongsTo(IDCard)
	case n < 5 || n > 9:
		return wrongLength(Passport)
	}
	if !alphanumeric(d.Number) || letters(d.Number) {
		return ErrCharacters.With("kind", d.Kind)
	}
	return nil
}

func (d *Document) homePermit() error {
	if n := len(d.Number); n != 9 && n != 11 {
		return wrongLength(HKMacauPermit)
	}
	if d.Number[0] != 'H' && d.Number[0] != 'M' || !digits(d.Number[1:]) {
		return ErrCharacters.With("kind", d.Kind)
	}
	return nil
}

func (d *Document) taiwanPermit() error {
	if len(d.Number) != 8 {
		return wrongLength(TaiwanPermit)
	}
	if !digits(d.Number) {
		return ErrCharacters.With("kind", d.Kind)
	}
	return nil
}

func (d *Document) form18() error {
	if len(d.Number) != 18 {
		return wrongLength(d.Kind)
	}
	last := d.Number[17]
	if !digits(d.Number[:17]) || (last != 'X' && (last < '0' || last > '9')) {
		return ErrCharacters.With("kind", d.Kind)
	}
	return nil
}

// birthAndCheck reads the date and the sequence of a number in the form of GB 11643.
func (d *Document) birthAndCheck() error {
	birth, err := time.Parse("20060102", d.Number[6:14])
	if err != nil || birth.Year() < 1900 {
		return ErrDate.With("kind", d.Kind)
	}
	if d.Number[17] != check11643(d.Number[:17]) {
		return ErrCheckDigit.With("kind", d.Kind)
	}
	d.Birth, d.Sex = birth, sexOf(d.Number[16])
	return nil
}

func (d *Document) belongsTo(other Kind) error {
	return ErrOtherKind.With("kind", d.Kind).With("belongs_to", other)
}

func wrongLength(kind Kind) error {
	lengths := []int{18}
	switch kind {
	case Passport:
		lengths = []int{5, 6, 7, 8, 9}
	case HKMacauPermit:
		lengths = []int{9, 11}
	case TaiwanPermit:
		lengths = []int{8}
	case ForeignPermanentResident:
		lengths = []int{18, 15}
	}
	return ErrLength.With("kind", kind).With("lengths", lengths)
}

// check11643 is ISO 7064 MOD 11-2, which finds each wrong character and each swap.
func check11643(first string) byte {
	sum := 0
	for i := range len(first) {
		sum = (sum + int(first[i]-'0')) * 2 % 11
	}
	return "10X98765432"[sum]
}

// check731 is the check digit of machine-readable documents: weights 7, 3, 1; A is 10.
func check731(first string) byte {
	sum := 0
	for i := range len(first) {
		value := int(first[i] - '0')
		if first[i] >= 'A' {
			value = int(first[i]-'A') + 10
		}
		sum += value * [3]int{7, 3, 1}[i%3]
	}
	return byte('0' + sum%10)
}

func sexOf(sequence byte) Sex {
	if (sequence-'0')%2 == 1 {
		return Male
	}
	return Female
}

// province knows the first two digits of GB/T 2260. Districts below come and go, and a
// number keeps the district of its first registration, so they are not checked.
func province(two string) bool {
	const codes = " 11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46" +
		" 50 51 52 53 54 61 62 63 64 65 71 "
	return strings.Contains(codes, " "+two+" ")
}

func hmtRegion(six string) bool {
	return slices.Contains([]string{"810000", "820000", "830000"}, six)
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

func alphanumeric(s string) bool {
	for i := range len(s) {
		if !letters(s[i:i+1]) && !digits(s[i:i+1]) {
			return false
		}
	}
	return true
}
