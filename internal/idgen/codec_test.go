package idgen

import (
	"errors"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

const (
	publicLetters = "0123456789abcdefghjkmnpqrstvwxyz"
	numberLetters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
)

func newCodec(t testing.TB, key string) *Codec {
	t.Helper()
	c, err := NewCodec([]byte(key))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func kinds() *rapid.Generator[Kind] {
	return rapid.SampledFrom([]Kind{"org", "ven", "ses", "ord", "pay", "tck", "dev", "mem", "st"})
}

func TestPublicIDs(t *testing.T) {
	t.Parallel()
	c, other := newCodec(t, "0123456789abcdef"), newCodec(t, "another key, 16!")
	rapid.Check(t, func(t *rapid.T) {
		id := rapid.Int64Range(1, math.MaxInt64).Draw(t, "id")
		kind, foreign := kinds().Draw(t, "kind"), kinds().Draw(t, "foreign")
		public := c.Encode(kind, id)
		if got, err := c.Decode(kind, public); err != nil || got != id {
			t.Fatalf("%d became %s became %d, %v", id, public, got, err)
		}
		refused := func(why string, kind Kind, public string) {
			t.Helper()
			if got, err := c.Decode(kind, public); !errors.Is(err, ErrBadID) || got != 0 {
				t.Fatalf("%s: %s as %s gives %d, %v", why, public, kind, got, err)
			}
		}
		_, letters, _ := strings.Cut(public, "_")
		if foreign != kind {
			refused("a foreign kind", foreign, public)
			refused("a kind that was rewritten", foreign, string(foreign)+"_"+letters)
		}
		at := rapid.IntRange(0, len(letters)-1).Draw(t, "at")
		to := publicLetters[rapid.IntRange(0, 31).Draw(t, "to")]
		if letters[at] != to {
			refused("a changed letter", kind,
				string(kind)+"_"+letters[:at]+string(to)+letters[at+1:])
		}
		refused("a letter less", kind, public[:len(public)-1])
		refused("a letter more", kind, public+"0")
		refused("a line feed inside", kind, public[:9]+"\n"+public[9:])
		refused("a line feed for a letter", kind, public[:9]+"\n"+public[10:])
		refused("no kind", kind, letters)
		refused("another installation's", kind, other.Encode(kind, id))
		if upper := strings.ToUpper(letters); upper != letters {
			refused("capitals", kind, string(kind)+"_"+upper)
		}
	})
	for _, id := range []ID{0, -1, math.MinInt64} {
		if _, err := c.Decode("ord", c.Encode("ord", id)); !errors.Is(err, ErrBadID) {
			t.Errorf("%d is taken for a key", id)
		}
	}
}

func TestCodecTakesOneSizeOfKey(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 15, 17, 24, 32} {
		if _, err := NewCodec(make([]byte, n)); err == nil {
			t.Errorf("a key of %d bytes was taken", n)
		}
	}
}

func FuzzDecode(f *testing.F) {
	c := newCodec(f, "0123456789abcdef")
	for _, s := range []string{"", "ord_", "ses_00000000000000000000000000", "ord_\n",
		c.Encode("ord", 1), c.Encode("ord", math.MaxInt64), c.Encode("ord", -1),
		c.Encode("ses", 1), c.Encode("ord", 1) + "\r\n", "ord_" + strings.Repeat("z", 26)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		id, err := c.Decode("ord", s)
		if err != nil {
			if id != 0 || !errors.Is(err, ErrBadID) {
				t.Fatalf("%q: %d, %v", s, id, err)
			}
			return
		}
		if back := c.Encode("ord", id); back != s || id <= 0 {
			t.Fatalf("two spellings of one id: %q and %q", s, back)
		}
	})
}

// A number is read back however a person types it.
func TestNumbersAsTyped(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		id := rapid.OneOf(rapid.Int64Range(1, math.MaxInt64), rapid.Int64Range(1, 2000),
			rapid.SampledFrom([]ID{1, math.MaxInt64})).Draw(t, "id")
		number := Number(id)
		if len(number) != 16 || strings.Trim(number, numberLetters+"-") != "" {
			t.Fatalf("%d is written %q", id, number)
		}
		var typed strings.Builder
		for _, r := range number {
			switch {
			case r == '-':
				r = rapid.SampledFrom([]rune{'-', ' '}).Draw(t, "gap")
				if rapid.Bool().Draw(t, "no gap") {
					continue
				}
			case r == '0':
				r = rapid.SampledFrom([]rune("0Oo")).Draw(t, "zero")
			case r == '1':
				r = rapid.SampledFrom([]rune("1IiLl")).Draw(t, "one")
			case rapid.Bool().Draw(t, "small"):
				r = []rune(strings.ToLower(string(r)))[0]
			}
			typed.WriteRune(r)
		}
		if got, err := ParseNumber(typed.String()); err != nil || got != id {
			t.Fatalf("%s typed as %q gives %d, %v", number, typed.String(), got, err)
		}
	})
}

func TestWhatIsNoNumber(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "-", "0000-0000-0000-0", "0000-0000-0000", "000000000000U",
		"8000-0000-0000-0", "G000-0000-0000-1", "ZZZZ-ZZZZ-ZZZZ-Z", "0000-0000-0000-01",
		"0S7K_2M9Q_41XD_8", "0S7K-2M9Q-41XD-é", "\x00", strings.Repeat("1", 1<<16)} {
		if got, err := ParseNumber(s); !errors.Is(err, ErrBadID) || got != 0 {
			t.Errorf("%.20q gives %d, %v", s, got, err)
		}
	}
}

func FuzzParseNumber(f *testing.F) {
	for _, s := range []string{"", "0S7K-2M9Q-41XD-8", "0s7k2m9q41xd8", "oooo oooo oooo i",
		"7ZZZ-ZZZZ-ZZZZ-Z", "G000-0000-0000-1", "8000-0000-0000-0", Number(1)} {
		f.Add(s)
	}
	plain := strings.NewReplacer("-", "", " ", "", "O", "0", "I", "1", "L", "1")
	f.Fuzz(func(t *testing.T, s string) {
		id, err := ParseNumber(s)
		if err != nil {
			return
		}
		said := plain.Replace(strings.ToUpper(s))
		if id <= 0 || strings.ReplaceAll(Number(id), "-", "") != said {
			t.Fatalf("%q was read as %s", s, Number(id))
		}
	})
}
