package document

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"foyer/internal/fault"
)

// sealed adds the check digit to the 17 characters before it.
func sealed(first string) string { return first + string(check11643(first)) }

// sealed15 does it for a card of a foreigner of before 2023.
func sealed15(first string) string { return first + string(check731(first)) }

func TestParse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind        Kind
		raw, number string
		birth       string
		sex         Sex
		refusal     *fault.Definition
	}{
		// GB 11643-1999 prints these two as its examples; the second is older than anybody.
		{IDCard, "11010519491231002X", "11010519491231002X", "1949-12-31", Female, nil},
		{IDCard, "440524188001010014", "", "", "", ErrDate},
		{IDCard, " 110105 1949 1231 002x ", "11010519491231002X", "1949-12-31", Female, nil},
		{IDCard, "１１０１０５１９４９１２３１００２ｘ", "11010519491231002X", "1949-12-31", Female, nil},
		{IDCard, "110105\u300019491231\u00a0002X", "11010519491231002X", "1949-12-31", Female, nil},
		{IDCard, sealed("71000020000229003"), sealed("71000020000229003"), "2000-02-29", Male, nil},
		{IDCard, sealed("11010519000229001"), "", "", "", ErrDate},
		{IDCard, sealed("11010520261301001"), "", "", "", ErrDate},
		{IDCard, "110105194912310021", "", "", "", ErrCheckDigit},
		{IDCard, "110105491231002", "", "", "", ErrOldForm},
		{IDCard, "1101054912310O2", "", "", "", ErrLength},
		{IDCard, "", "", "", "", ErrLength},
		{IDCard, "11010519491231002", "", "", "", ErrLength},
		{IDCard, "1101051949123100２X1", "", "", "", ErrLength},
		{IDCard, "11010519491231O02X", "", "", "", ErrCharacters},
		{IDCard, "1101051949123100XX", "", "", "", ErrCharacters},
		{IDCard, "11010519491231002Y", "", "", "", ErrCharacters},
		{IDCard, sealed("99010519900101001"), "", "", "", ErrOtherKind},
		{IDCard, sealed("77010519900101001"), "", "", "", ErrRegion},
		{IDCard, sealed("81010519900101001"), "", "", "", ErrRegion},
		{IDCard, sealed("83000019900101001"), "", "", "", ErrOtherKind},
		{HouseholdRegister, sealed("44030020200615012"), sealed("44030020200615012"),
			"2020-06-15", Female, nil},
		{HouseholdRegister, "440300200615012", "", "", "", ErrOldForm},
		{Passport, "e12345678", "E12345678", "", "", nil},
		{Passport, "EA1234567", "EA1234567", "", "", nil},
		{Passport, "G12345678", "G12345678", "", "", nil},
		{Passport, "141234567", "141234567", "", "", nil},
		{Passport, "P1234567", "P1234567", "", "", nil},
		{Passport, "DE1234567", "DE1234567", "", "", nil},
		{Passport, "KJ1234567", "KJ1234567", "", "", nil},
		{Passport, "MA1234567", "MA1234567", "", "", nil},
		{Passport, "C01X00T47", "C01X00T47", "", "", nil}, // Germany's specimen
		{Passport, "L898902C3", "L898902C3", "", "", nil}, // ICAO's own example
		{Passport, "A1234", "A1234", "", "", nil},
		{Passport, "A123", "", "", "", ErrLength},
		{Passport, "E123456789", "", "", "", ErrLength},
		{Passport, "ABCDEFG", "", "", "", ErrCharacters},
		{Passport, "E1234-567", "", "", "", ErrCharacters},
		{Passport, "11010519491231002X", "", "", "", ErrOtherKind},
		{HKMacauPermit, "h12345678", "H12345678", "", "", nil},
		{HKMacauPermit, "M1234567801", "M1234567801", "", "", nil},
		{HKMacauPermit, "A12345678", "", "", "", ErrCharacters},
		{HKMacauPermit, "H1234567A", "", "", "", ErrCharacters},
		{HKMacauPermit, "H1234567", "", "", "", ErrLength},
		{HKMacauPermit, "", "", "", "", ErrLength},
		{TaiwanPermit, "12345678", "12345678", "", "", nil},
		{TaiwanPermit, "1234567A", "", "", "", ErrCharacters},
		{TaiwanPermit, "1234567890", "", "", "", ErrLength},
		{ResidencePermitHMT, sealed("81000019920229001"), sealed("81000019920229001"),
			"1992-02-29", Male, nil},
		{ResidencePermitHMT, sealed("82000019920229002"), sealed("82000019920229002"),
			"1992-02-29", Female, nil},
		{ResidencePermitHMT, sealed("83000019910229001"), "", "", "", ErrDate},
		{ResidencePermitHMT, "11010519491231002X", "", "", "", ErrOtherKind},
		{ResidencePermitHMT, sealed("84000019920229001"), "", "", "", ErrRegion},
		{ResidencePermitHMT, "83000019920229001", "", "", "", ErrLength},
		{ForeignPermanentResident, "911124198108030024", "911124198108030024",
			"1981-08-03", Female, nil}, // a published specimen
		{ForeignPermanentResident, "911124198108030025", "", "", "", ErrCheckDigit},
		{ForeignPermanentResident, "11010519491231002X", "", "", "", ErrOtherKind},
		{ForeignPermanentResident, sealed("99912419810803002"), "", "", "", ErrRegion},
		{ForeignPermanentResident, sealed("91100019810803002"), "", "", "", ErrRegion},
		{ForeignPermanentResident, "kaz110090123105", "KAZ110090123105", "", Female, nil},
		{ForeignPermanentResident, "KAZ110090123106", "", "", "", ErrCheckDigit},
		{ForeignPermanentResident, sealed15("KAZ11009013310"), "", "", "", ErrDate},
		{ForeignPermanentResident, sealed15("KAZ99009012310"), "", "", "", ErrRegion},
		{ForeignPermanentResident, "KA1110090123105", "", "", "", ErrCharacters},
		{ForeignPermanentResident, "KAZ11009012310", "", "", "", ErrLength},
		{"driving_licence", "12345678", "", "", "", ErrKind},
		{"", "11010519491231002X", "", "", "", ErrKind},
		{IDCard, strings.Repeat("1", 5000), "", "", "", ErrLength},
		{IDCard, "\xff\xfe", "", "", "", ErrLength},
		{IDCard, strings.Repeat("\u4e00", 6), "", "", "", ErrCharacters},
	} {
		d, err := Parse(c.kind, c.raw)
		if c.refusal != nil {
			if !errors.Is(err, c.refusal) || d != (Document{}) {
				t.Errorf("%s %.30q: %v %v, want %s", c.kind, c.raw, d, err, c.refusal.Code)
			}
			continue
		}
		birth := ""
		if !d.Birth.IsZero() {
			birth = d.Birth.Format(time.DateOnly)
		}
		if err != nil || d.Number != c.number || birth != c.birth || d.Sex != c.sex {
			t.Errorf("%s %q: %+v %v", c.kind, c.raw, d, err)
		}
	}
}

// anyCard draws a valid number of the kind in the form of GB 11643.
func anyCard(t *rapid.T, kind Kind) string {
	region := rapid.SampledFrom([]string{"110105", "440300", "540102", "710000"})
	switch kind {
	case ResidencePermitHMT:
		region = rapid.SampledFrom([]string{"810000", "820000", "830000"})
	case ForeignPermanentResident:
		region = rapid.SampledFrom([]string{"911840", "931124", "965392"})
	}
	birth := time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC).
		AddDate(0, 0, rapid.IntRange(0, 46000).Draw(t, "days"))
	return sealed(fmt.Sprintf("%s%s%03d", region.Draw(t, "region"),
		birth.Format("20060102"), rapid.IntRange(0, 999).Draw(t, "sequence")))
}

// MOD 11-2 promises that each wrong character and each swap of neighbours is found; here
// they are all tried, the check digit and its X among them.
func TestEverySlipIsFound(t *testing.T) {
	t.Parallel()
	kinds := []Kind{IDCard, HouseholdRegister, ResidencePermitHMT, ForeignPermanentResident}
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom(kinds).Draw(t, "kind")
		good := anyCard(t, kind)
		if d, err := Parse(kind, good); err != nil || d.Number != good {
			t.Fatal(good, err)
		}
		for i := range good {
			for _, c := range "0123456789X" {
				bad := good[:i] + string(c) + good[i+1:]
				if _, err := Parse(kind, bad); bad != good && err == nil {
					t.Fatal("taken with a wrong character", good, bad)
				}
			}
			if i == 0 || good[i] == good[i-1] {
				continue
			}
			bad := good[:i-1] + good[i:i+1] + good[i-1:i] + good[i+1:]
			if _, err := Parse(kind, bad); err == nil {
				t.Fatal("taken with two characters swapped", good, bad)
			}
		}
	})
}

func TestWhoIsBornLater(t *testing.T) {
	t.Parallel()
	d, err := Parse(IDCard, sealed("11010520260501001"))
	if err != nil {
		t.Fatal(err)
	}
	shanghai := time.FixedZone("CST", 8*3600)
	if err := d.NotBornAfter(time.Date(2026, 5, 1, 0, 30, 0, 0, shanghai)); err != nil {
		t.Error("born today", err)
	}
	yesterday := time.Date(2026, 4, 30, 23, 59, 0, 0, shanghai)
	if err := d.NotBornAfter(yesterday); !errors.Is(err, ErrDate) {
		t.Error("born tomorrow", err)
	}
	if err := (Document{Kind: Passport, Number: "E12345678"}).NotBornAfter(yesterday); err != nil {
		t.Error("no birth date", err)
	}
}

// The same person is counted once by what the numbers tell, and by no more than that.
func TestKey(t *testing.T) {
	t.Parallel()
	key := func(kind Kind, number string) string {
		d, err := Parse(kind, number)
		if err != nil {
			t.Fatal(kind, number, err)
		}
		return d.Key()
	}
	if key(IDCard, "11010519491231002X") != key(HouseholdRegister, "11010519491231002x") {
		t.Error("the card and the register of one citizen")
	}
	if key(HKMacauPermit, "H1234567801") != key(HKMacauPermit, "H1234567802") ||
		key(HKMacauPermit, "H1234567801") != key(HKMacauPermit, "H12345678") {
		t.Error("renewals of one permit")
	}
	if key(Passport, "12345678") == key(TaiwanPermit, "12345678") {
		t.Error("two kinds with the same digits")
	}
}

func TestAge(t *testing.T) {
	t.Parallel()
	day := func(s string) time.Time {
		d, err := time.Parse(time.DateOnly, s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for _, c := range []struct {
		birth, on string
		age       int
	}{
		{"2012-05-01", "2026-05-01", 14}, {"2012-05-02", "2026-05-01", 13},
		{"2012-02-29", "2026-02-28", 13}, {"2012-02-29", "2026-03-01", 14},
		{"2012-02-29", "2028-02-29", 16}, {"2026-05-01", "2026-05-01", 0},
		{"1966-12-31", "2026-12-30", 59},
	} {
		if got := AgeOn(day(c.birth), day(c.on)); got != c.age {
			t.Error(c, got)
		}
	}
}

func TestMask(t *testing.T) {
	t.Parallel()
	for number, want := range map[string]string{
		"11010519491231002X": "110***********002X", "KAZ110090123105": "KAZ********3105",
		"E12345678": "E1*****78", "12345678": "12****78", "E1234": "E****", "AB": "**", "": "*",
	} {
		if got := Mask(number); got != want || (Document{Number: number}).Masked() != want {
			t.Error(number, got)
		}
	}
}

func TestKindsHaveNames(t *testing.T) {
	t.Parallel()
	seen := []string{}
	for _, k := range Kinds() {
		if !k.Known() || k.Zh() == "" || k.En() == "" || slices.Contains(seen, k.Zh()) {
			t.Error(k, k.Zh(), k.En())
		}
		seen = append(seen, k.Zh())
	}
	if Kind("").Known() || Kind("ID_CARD").Known() {
		t.Error("a kind that is none")
	}
}

func FuzzParse(f *testing.F) {
	for _, k := range Kinds() {
		for _, s := range []string{"11010519491231002X", "KAZ110090123105", "H12345678",
			"E12345678", "12345678", "\xff", "", "１１０", strings.Repeat("9", 18)} {
			f.Add(string(k), s)
		}
	}
	f.Fuzz(func(t *testing.T, kind, raw string) {
		d, err := Parse(Kind(kind), raw)
		if err != nil {
			if len(raw) >= 8 && strings.Contains(err.Error(), raw) {
				t.Fatalf("the refusal repeats the number: %v", err)
			}
			for _, v := range fault.Of(err).Details {
				if s, ok := v.(string); ok && raw != "" && s == raw {
					t.Fatalf("the refusal repeats the number: %v", err)
				}
			}
			return
		}
		again, err := Parse(Kind(kind), d.Number)
		if err != nil || again != d {
			t.Fatalf("%q is not normal: %+v %v", raw, again, err)
		}
		if d.Masked() == d.Number || d.Key() == "" {
			t.Fatalf("%q is shown", raw)
		}
	})
}
