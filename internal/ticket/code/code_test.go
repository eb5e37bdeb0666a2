package code

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base32"
	"encoding/json"
	"errors"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	qrcode "github.com/skip2/go-qrcode"
	"pgregory.net/rapid"

	"foyer/internal/idgen"
)

// pairs is a small ring: key n is made of 32 bytes n, and the last one signs.
type pairs []uint8

func pair(id uint8) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{id}, ed25519.SeedSize))
}

func (p pairs) TicketSigner() (uint8, ed25519.PrivateKey) {
	id := p[len(p)-1]
	return id, pair(id)
}

func (p pairs) TicketKeyIDs() []uint8 { return p }

func (p pairs) TicketKey(id uint8) (ed25519.PublicKey, bool) {
	if !slices.Contains(p, id) {
		return nil, false
	}
	return pair(id).Public().(ed25519.PublicKey), true
}

func sample() Ticket {
	return Ticket{
		ID: 7_212_345_678_901_234, Version: 3, Scope: OneSession, ScopeID: 7_200_000_000_000_001,
		Units: 4,
		From:  time.Date(2026, 5, 1, 11, 30, 0, 0, time.UTC),
		Until: time.Date(2026, 5, 1, 14, 0, 0, 0, time.UTC),
	}
}

func codeOf(t testing.TB, keys Signers, ticket Ticket) string {
	t.Helper()
	text, err := NewSigner(keys).Code(ticket)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func wantErr(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got %v, want %v", err, want)
	}
}

// The text is pinned: codes on paper must read the same in every later release.
const pinned = "040G200SJHEA4RG00401K7WQ2RR2ZWG0000062NAT85APT000HY3KTZ0M2KTT0CZSENVS1PS0G52" +
	"FXZN2MM8M393JMZQHEEDF8SK0HAAS7JCK7XHAQBX3MJMKDVZNB9GWJ3A88NZSRA5VCRH37KVV2RD"

func TestCodeIsDeterministicAndStable(t *testing.T) {
	t.Parallel()
	text := codeOf(t, pairs{1}, sample())
	if text != codeOf(t, pairs{1}, sample()) {
		t.Fatal("two texts for one ticket")
	}
	if text != pinned {
		t.Fatal("the format changed:", text)
	}
	if text == codeOf(t, pairs{1, 2}, sample()) {
		t.Fatal("the key does not show")
	}
	p, err := NewVerifier(pairs{1}).Verify(text)
	if err != nil || p.Ticket != sample() || p.KeyID != 1 {
		t.Fatal(p, err)
	}
}

func TestRoundTripAndSize(t *testing.T) {
	t.Parallel()
	keys := pairs{1, 255}
	rapid.Check(t, func(t *rapid.T) {
		from := rapid.Int64Range(0, endless-1).Draw(t, "from")
		until := rapid.Int64Range(from, endless).Draw(t, "until")
		want := Ticket{
			ID:      rapid.Int64Min(1).Draw(t, "id"),
			Version: rapid.Uint32Min(1).Draw(t, "version"),
			Scope:   rapid.SampledFrom([]Scope{OneSession, AtVenue}).Draw(t, "scope"),
			ScopeID: rapid.Int64Min(1).Draw(t, "scope_id"),
			Units:   rapid.IntRange(1, MaxUnits).Draw(t, "units"),
		}
		if from > 0 {
			want.From = idgen.Epoch.Add(time.Duration(from) * time.Minute)
		}
		if until < endless {
			want.Until = idgen.Epoch.Add(time.Duration(until) * time.Minute)
		}
		text, err := NewSigner(keys).Code(want)
		if err != nil || len(text) != Length {
			t.Fatal(text, err)
		}
		got, err := NewVerifier(keys).Verify(text)
		if err != nil || got.Ticket != want || got.KeyID != 255 {
			t.Fatal(got, err)
		}
		symbol, err := qrcode.New(text, qrcode.Medium)
		if err != nil || symbol.VersionNumber > 6 {
			t.Fatal("QR version", symbol.VersionNumber, err)
		}
	})
}

func TestWindowIsWidenedToMinutes(t *testing.T) {
	t.Parallel()
	ticket := sample()
	ticket.From = time.Date(2026, 5, 1, 11, 30, 59, 0, time.UTC)
	ticket.Until = time.Date(2026, 5, 1, 14, 0, 0, 1, time.FixedZone("CST", 8*3600))
	ticket.Until = ticket.Until.Add(8 * time.Hour)
	p, err := NewVerifier(pairs{1}).Verify(codeOf(t, pairs{1}, ticket))
	if err != nil {
		t.Fatal(err)
	}
	if !p.From.Equal(time.Date(2026, 5, 1, 11, 30, 0, 0, time.UTC)) ||
		!p.Until.Equal(time.Date(2026, 5, 1, 14, 1, 0, 0, time.UTC)) {
		t.Fatal(p.From, p.Until)
	}
	for _, c := range []struct {
		at    time.Time
		early time.Duration
		ok    bool
	}{
		{p.From, 0, true}, {p.From.Add(-1), 0, false}, {p.From.Add(-1), time.Hour, true},
		{p.Until, 0, true}, {p.Until.Add(1), 0, false}, {p.Until.Add(time.Hour), 0, false},
	} {
		if p.ValidAt(c.at, c.early, 0) != c.ok {
			t.Error(c.at, c.early)
		}
	}
	ticket.From, ticket.Until = time.Time{}, time.Time{}
	p, err = NewVerifier(pairs{1}).Verify(codeOf(t, pairs{1}, ticket))
	if err != nil || !p.From.IsZero() || !p.Until.IsZero() || !p.ValidAt(time.Time{}, 0, 0) {
		t.Fatal(p, err)
	}
	ticket.From, ticket.Until = time.Unix(0, 0), time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	p, err = NewVerifier(pairs{1}).Verify(codeOf(t, pairs{1}, ticket))
	if err != nil || !p.From.IsZero() || !p.Until.IsZero() {
		t.Fatal(p, err)
	}
}

func TestEveryFlippedBitIsRefused(t *testing.T) {
	t.Parallel()
	text := codeOf(t, pairs{1}, sample())
	raw, _ := decode(text)
	all := make(pairs, 255) // every key number is known, so that none hides a flip
	for i := range all {
		all[i] = uint8(i + 1)
	}
	v := NewVerifier(all)
	for i := range len(raw) * 8 {
		bad := bytes.Clone(raw)
		bad[i/8] ^= 1 << (i % 8)
		_, err := v.Verify(alphabet.EncodeToString(bad))
		if !errors.Is(err, ErrForged) && !errors.Is(err, ErrUnreadable) {
			t.Fatal("bit", i, err)
		}
		if i/8 >= payloadSize && !errors.Is(err, ErrForged) {
			t.Fatal("signature bit", i, err)
		}
	}
}

func TestOnlyOneTextForACode(t *testing.T) {
	t.Parallel()
	text := codeOf(t, pairs{1}, sample())
	raw, _ := decode(text)
	v := NewVerifier(pairs{1})
	for name, other := range map[string]string{
		"lower case":   strings.ToLower(text),
		"one lower":    strings.Replace(text, "A", "a", 1),
		"line end":     text + "\n",
		"inner line":   text[:20] + "\n" + text[20:],
		"line for one": text[:20] + "\n" + text[21:],
		"space":        " " + text,
		"padding":      text + "=",
		"look-alike":   strings.Replace(text, "0", "O", 1),
		"full width":   strings.Replace(text, "0", "\uff10", 1),
		"other base":   base32.StdEncoding.EncodeToString(raw),
		"empty":        "",
		"short":        text[:Length-1],
		"long":         text + "0",
		"twice":        text + text,
		"only zeros":   strings.Repeat("0", Length),
		"only Z":       strings.Repeat("Z", Length),
	} {
		if other == text {
			t.Fatal(name, "is the same text: the case proves nothing")
		}
		_, err := v.Verify(other)
		if !errors.Is(err, ErrUnreadable) {
			t.Error(name, err)
		}
	}
	for _, scanned := range []string{strings.ToLower(text), text + "\r\n", "\t" + text + " "} {
		if _, err := v.Verify(Normalize(scanned)); err != nil {
			t.Error(err)
		}
	}
	if Normalize(strings.Repeat(" ", 10_000)+text) != "" {
		t.Error("an endless scan is read")
	}
}

// A signature (R, S) also holds as (R, S + L) where a checker is careless.
func TestSecondSignatureOfTheSameCodeIsRefused(t *testing.T) {
	t.Parallel()
	order, _ := new(big.Int).SetString(
		"7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
	raw, _ := decode(codeOf(t, pairs{1}, sample()))
	s := bytes.Clone(raw[payloadSize+32:])
	slices.Reverse(s)
	sum := new(big.Int).Add(new(big.Int).SetBytes(s), order).FillBytes(make([]byte, 32))
	slices.Reverse(sum)
	copy(raw[payloadSize+32:], sum)
	_, err := NewVerifier(pairs{1}).Verify(alphabet.EncodeToString(raw))
	wantErr(t, err, ErrForged)
}

func TestSignedNonsenseIsRefused(t *testing.T) {
	t.Parallel()
	good := sample().payload(1)
	cases := map[string]func([]byte){
		"format":        func(b []byte) { b[0] = 2 },
		"key zero":      func(b []byte) { b[1] = 0 },
		"no scope":      func(b []byte) { b[2] = 0 },
		"scope 3":       func(b []byte) { b[2] = 3 },
		"negative id":   func(b []byte) { b[11] |= 0x80 },
		"zero id":       func(b []byte) { copy(b[11:19], make([]byte, 8)) },
		"zero scope id": func(b []byte) { copy(b[3:11], make([]byte, 8)) },
		"version zero":  func(b []byte) { copy(b[19:23], make([]byte, 4)) },
		"window":        func(b []byte) { copy(b[26:29], make([]byte, 3)) },
		"no units":      func(b []byte) { copy(b[29:31], make([]byte, 2)) },
	}
	for name, spoil := range cases {
		b := bytes.Clone(good)
		spoil(b)
		b = append(b, ed25519.Sign(pair(1), signed(b))...)
		_, err := NewVerifier(pairs{1}).Verify(alphabet.EncodeToString(b))
		if !errors.Is(err, ErrUnreadable) {
			t.Error(name, err)
		}
	}
	b := append(bytes.Clone(good), ed25519.Sign(pair(1), good)...)
	_, err := NewVerifier(pairs{1}).Verify(alphabet.EncodeToString(b))
	wantErr(t, err, ErrForged) // signed without the label, so for another purpose
}

func TestImpossibleTicketsHaveNoCode(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*Ticket){
		"id":       func(t *Ticket) { t.ID = 0 },
		"version":  func(t *Ticket) { t.Version = 0 },
		"scope":    func(t *Ticket) { t.Scope = 0 },
		"scope id": func(t *Ticket) { t.ScopeID = -1 },
		"no units": func(t *Ticket) { t.Units = 0 },
		"units":    func(t *Ticket) { t.Units = MaxUnits + 1 },
		"window":   func(t *Ticket) { t.Until = t.From.Add(-time.Hour) },
	} {
		ticket := sample()
		spoil(&ticket)
		if _, err := NewSigner(pairs{1}).Code(ticket); !errors.Is(err, ErrBadTicket) {
			t.Error(name, err)
		}
	}
}

func TestRotationAndExportedKeys(t *testing.T) {
	t.Parallel()
	old := codeOf(t, pairs{1}, sample())
	fresh := codeOf(t, pairs{1, 2}, sample())
	text, err := ExportKeys(pairs{1, 2})
	if err != nil {
		t.Fatal(err)
	}
	gate, err := ParseKeys(text)
	if err != nil || !slices.Equal(gate.TicketKeyIDs(), []uint8{1, 2}) {
		t.Fatal(gate, err)
	}
	for _, c := range []string{old, fresh} {
		if _, err := NewVerifier(gate).Verify(c); err != nil {
			t.Fatal(err)
		}
	}
	_, err = NewVerifier(pairs{2}).Verify(old)
	wantErr(t, err, ErrUnknownKey)
	again, err := ExportKeys(gate)
	if err != nil || !bytes.Equal(again, text) {
		t.Fatal("export of the import differs")
	}
}

func TestBadKeySetsAreRefused(t *testing.T) {
	t.Parallel()
	good, err := ExportKeys(pairs{1})
	if err != nil {
		t.Fatal(err)
	}
	edit := func(old, replaced string) string {
		if !strings.Contains(string(good), old) {
			t.Fatal("nothing to edit:", old)
		}
		return strings.Replace(string(good), old, replaced, 1)
	}
	var set jwkSet
	if err := json.Unmarshal(good, &set); err != nil {
		t.Fatal(err)
	}
	set.Keys = append(set.Keys, set.Keys[0])
	twice, _ := json.Marshal(set)
	for _, bad := range []string{
		"", "null", "{}", `{"keys":[]}`, string(good) + "{}", string(good[:len(good)-1]),
		edit(`"OKP"`, `"EC"`), edit(`"Ed25519"`, `"X25519"`), edit(`"EdDSA"`, `"none"`),
		edit(`"sig"`, `"enc"`), edit(`"kid":"1"`, `"kid":"0"`), edit(`"kid":"1"`, `"kid":"01"`),
		edit(`"kid":"1"`, `"kid":"256"`), edit(`"kty"`, `"d":"secret","kty"`),
		edit(`"x":"`, `"x":"AA`), string(twice), strings.Repeat(" ", maxKeySet+1),
	} {
		if _, err := ParseKeys([]byte(bad)); !errors.Is(err, ErrBadKeys) {
			t.Errorf("%.80s: %v", bad, err)
		}
	}
}

func FuzzVerify(f *testing.F) {
	text := codeOf(f, pairs{1}, sample())
	f.Add(text)
	f.Add(strings.ToLower(text))
	f.Add(text[:Length-1] + "\n")
	f.Add(strings.Repeat("0", Length))
	f.Add("")
	v := NewVerifier(pairs{1})
	f.Fuzz(func(t *testing.T, other string) {
		p, err := v.Verify(other)
		if err == nil && other != codeOf(t, pairs{1}, p.Ticket) {
			t.Fatal("a second text for a code, or an invention")
		}
		_, _ = v.Verify(Normalize(other))
	})
}

func FuzzParseKeys(f *testing.F) {
	good, err := ExportKeys(pairs{1, 2})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`{"keys":[{"kid":"1"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		set, err := ParseKeys(text)
		if err != nil {
			return
		}
		again, err := ExportKeys(set)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParseKeys(again); err != nil {
			t.Fatal(err)
		}
	})
}

func BenchmarkCode(b *testing.B) {
	keys := pairs{1}
	_, key := keys.TicketSigner()
	fixed := fixedKey{key, key.Public().(ed25519.PublicKey)}
	text := codeOf(b, fixed, sample())
	s, v := NewSigner(fixed), NewVerifier(fixed)
	b.Run("Sign", func(b *testing.B) {
		for b.Loop() {
			_, _ = s.Code(sample())
		}
	})
	b.Run("Verify", func(b *testing.B) {
		for b.Loop() {
			if _, err := v.Verify(text); err != nil {
				b.Fatal(err)
			}
		}
	})
}

type fixedKey struct {
	private ed25519.PrivateKey
	public  ed25519.PublicKey
}

func (k fixedKey) TicketSigner() (uint8, ed25519.PrivateKey) { return 1, k.private }
func (k fixedKey) TicketKey(uint8) (ed25519.PublicKey, bool) { return k.public, true }
func (k fixedKey) TicketKeyIDs() []uint8                     { return []uint8{1} }
