package secret

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/idgen"
)

var now = time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC)

func source(t testing.TB) *idgen.Source {
	t.Helper()
	ids, err := idgen.NewSource(clock.NewFake(now), 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

// quick is a cost for tests of everything but the cost.
var quick = HashConfig{MemoryKiB: 64, Passes: 1}

func TestPassword(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	h := NewHasher(HashConfig{}, source(t))
	stored, err := h.Hash(ctx, "正确的马 battery staple")
	if err != nil || !strings.HasPrefix(stored, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Fatal(stored, err)
	}
	for password, want := range map[string]bool{
		"正确的马 battery staple":  true,
		"正确的马 battery stapl":   false,
		"正确的马 battery staple ": false,
		"":                     false,
	} {
		ok, again, err := h.Check(ctx, password, stored)
		if ok != want || again || err != nil {
			t.Error(password, ok, again, err)
		}
	}
	other, err := h.Hash(ctx, "正确的马 battery staple")
	if err != nil || other == stored {
		t.Fatal("no salt", err)
	}
	if err := h.CheckNobody(ctx, "x"); err != nil {
		t.Fatal(err)
	}
}

func TestPasswordInTwoUnicodeForms(t *testing.T) {
	t.Parallel()
	h := NewHasher(quick, source(t))
	stored, err := h.Hash(context.Background(), "caf\u00e9 12345")
	if err != nil {
		t.Fatal(err)
	}
	if ok, _, err := h.Check(context.Background(), "cafe\u0301 12345", stored); !ok {
		t.Fatal("the composed and the decomposed letter differ", err)
	}
}

func TestRehashWhenParametersChange(t *testing.T) {
	t.Parallel()
	ctx, ids := context.Background(), source(t)
	stored, err := NewHasher(quick, ids).Hash(ctx, "a password")
	if err != nil {
		t.Fatal(err)
	}
	dearer := NewHasher(HashConfig{MemoryKiB: 128, Passes: 1}, ids)
	if ok, again, err := dearer.Check(ctx, "a password", stored); !ok || !again || err != nil {
		t.Fatal(ok, again, err)
	}
	if ok, again, err := dearer.Check(ctx, "another one", stored); ok || again || err != nil {
		t.Fatal("a wrong password asks for a new hash", err)
	}
}

func TestEveryAlteredHashIsRefused(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	h := NewHasher(quick, source(t))
	stored, err := h.Hash(ctx, "a password")
	if err != nil {
		t.Fatal(err)
	}
	for i := range stored {
		bad := []byte(stored)
		bad[i] ^= 1
		if ok, _, _ := h.Check(ctx, "a password", string(bad)); ok {
			t.Fatalf("byte %d: %s", i, bad)
		}
	}
	for _, bad := range []string{
		"", "$", stored[:len(stored)-1], stored + "=", stored + "$", "plain text",
		strings.Replace(stored, "argon2id", "argon2i", 1),
		strings.Replace(stored, "m=64", "m=4294967295", 1),
		strings.Replace(stored, "m=64", "m=064", 1),
		strings.Replace(stored, "t=1", "t=0", 1),
		strings.Replace(stored, "t=1", "t=4000000000", 1),
		strings.Replace(stored, "p=1", "p=0", 1),
		strings.Repeat("$", 1000),
	} {
		if _, _, err := h.Check(ctx, "a password", bad); err == nil {
			t.Error("accepted", bad)
		}
	}
}

func TestHashingIsBounded(t *testing.T) {
	t.Parallel()
	h := NewHasher(HashConfig{MemoryKiB: 64, Passes: 1, Parallel: 1, Waiting: 2}, source(t))
	h.slots <- struct{}{} // somebody hashes
	ctx, cancel := context.WithCancel(context.Background())
	results := make(chan error, 2)
	for range 2 {
		go func() { _, err := h.Hash(ctx, "a password"); results <- err }()
	}
	for h.waiting.Load() != 2 { // both wait; the test's own deadline ends a hang
		select {
		case err := <-results:
			t.Fatal("did not wait", err)
		default:
		}
	}
	_, err := h.Hash(context.Background(), "one too many")
	if !errors.Is(err, fault.Busy) || fault.Of(err).RetryAfter <= 0 {
		t.Fatal(err)
	}
	cancel()
	for range 2 {
		if err := <-results; !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
	<-h.slots
	if _, err := h.Hash(context.Background(), "free again"); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Hash(ctx, "already gone"); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if _, err := h.Hash(context.Background(), strings.Repeat("x", MaxPasswordBytes+1)); err == nil {
		t.Fatal("an endless password is hashed")
	}
}

func TestHashConfig(t *testing.T) {
	t.Parallel()
	if err := (HashConfig{}).Validate(); err != nil {
		t.Fatal(err)
	}
	bad := HashConfig{MemoryKiB: 1, Passes: 99, Parallel: -1, Waiting: -1}
	if err := bad.Validate(); len(fault.Of(err).Fields) != 4 {
		t.Fatal(err)
	}
}

func TestStrength(t *testing.T) {
	t.Parallel()
	known := []string{"+8613800138000", "liming.wang@example.com", "王黎明"}
	for _, good := range []string{
		"correct horse", "三只小猪盖房子呀", "x7#kQ2!p", "tr0ub4dor&3", "我的电影院真好看",
		"13800138000 and a lot more", strings.Repeat("ab1Z", 3) + strings.Repeat("q9", 50),
	} {
		if err := CheckStrength(good, known...); err != nil {
			t.Error(good, err)
		}
	}
	for _, bad := range []string{
		"", "short", "七个字的密码呀", "12345678", "87654321", "password", "PASSWORD", "Password123",
		"password2026!", "woaini2024", "woaini1314", "aaaaaaaa", "abcabcabcabc", "12121212",
		"qwertyui", "iuytrewq", "1qaz2wsx3edc", "abcdefgh", "hgfedcba", "147258369",
		"\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18", // full-width digits
		"13800138000", "13800138000a", "+8613800138000", "liming.wang", "Liming.Wang1",
		"liming.wang@example.com", strings.Repeat("ab3!", 33), "with\ttabulator", "bad\xffbytes",
	} {
		err := CheckStrength(bad, known...)
		if !errors.Is(err, ErrPassword) || len(fault.Of(err).Fields) == 0 {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	ids := source(t)
	text, hash := NewToken(ids, MemberToken)
	if len(text) != TokenLength || !strings.HasPrefix(text, "fm_") {
		t.Fatal(text)
	}
	if got, ok := ParseToken(MemberToken, text); !ok || got != hash {
		t.Fatal("own token refused")
	}
	for name, bad := range map[string]string{
		"other kind": "fs" + text[2:], "upper case": strings.ToUpper(text), "empty": "",
		"line end": text + "\n", "inner line end": text[:9] + "\n" + text[10:],
		"short": text[:len(text)-1], "long": text + "0", "no prefix": text[3:],
	} {
		kind := MemberToken
		if name == "other kind" {
			kind = StaffToken
		}
		if _, ok := ParseToken(kind, bad); ok {
			t.Error(name)
		}
	}
	for i := range text {
		for _, c := range []byte("0a9z_O") {
			bad := []byte(text)
			if bad[i] == c {
				continue
			}
			bad[i] = c
			if _, ok := ParseToken(MemberToken, string(bad)); ok {
				t.Fatal("typo accepted at", i)
			}
		}
	}
	other, _ := NewToken(ids, MemberToken)
	if other == text {
		t.Fatal("a token was made twice")
	}
}

func TestDelaysGrowToTheCap(t *testing.T) {
	t.Parallel()
	want := []time.Duration{0, 0, 0, 0, 0, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900}
	for n, seconds := range want {
		if got := AccountDelay.After(n); got != seconds*time.Second {
			t.Error(n, got)
		}
	}
	if AccountDelay.After(1<<62) != AccountDelay.Cap {
		t.Error("no cap")
	}
}

func TestDelaysAreForgivenAndNeverLock(t *testing.T) {
	t.Parallel()
	for _, p := range []DelayPolicy{AccountDelay, DeviceDelay, AddressDelay} {
		rapid.Check(t, func(t *rapid.T) {
			f, at := Failures{}, now
			for range rapid.IntRange(0, 300).Draw(t, "failures") {
				at = at.Add(time.Duration(rapid.Int64Range(-5, 1200).Draw(t, "s")) * time.Second)
				f = p.Fail(f, at)
				wait := p.Wait(f, at)
				if wait < 0 || wait > p.Cap {
					t.Fatal(f, wait)
				}
				if p.Wait(f, at.Add(wait)) != 0 {
					t.Fatal("waiting does not help", f, wait)
				}
				if p.Wait(f, at.Add(-time.Hour)) > p.Cap {
					t.Fatal("a clock that jumped back locks")
				}
			}
			if p.Wait(f, at.Add(24*time.Hour)) != 0 || p.Fail(f, at.Add(24*time.Hour)).Count != 1 {
				t.Fatal("not forgiven in a day", f)
			}
		})
	}
}

func TestAccountUnderAttackTakesOneGuessInFifteenMinutes(t *testing.T) {
	t.Parallel()
	f, at, guesses := Failures{}, now, 0
	for at.Before(now.Add(24 * time.Hour)) {
		if wait := AccountDelay.Wait(f, at); wait > 0 {
			at = at.Add(wait)
			continue
		}
		f = AccountDelay.Fail(f, at)
		guesses++
	}
	if guesses > 96+14 {
		t.Fatal("guesses in a day:", guesses)
	}
}

func TestConcurrentHashing(t *testing.T) {
	t.Parallel()
	h := NewHasher(quick, source(t))
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			stored, err := h.Hash(context.Background(), "a password")
			if err != nil {
				t.Error(err)
				return
			}
			if ok, _, err := h.Check(context.Background(), "a password", stored); !ok {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func FuzzParseToken(f *testing.F) {
	text, _ := NewToken(source(f), DeviceToken)
	f.Add(text)
	f.Add("fd_")
	f.Add("")
	f.Fuzz(func(t *testing.T, other string) {
		if _, ok := ParseToken(DeviceToken, other); ok && len(other) != TokenLength {
			t.Fatal(other)
		}
	})
}

func FuzzPHC(f *testing.F) {
	stored, _ := NewHasher(quick, source(f)).Hash(context.Background(), "a password")
	f.Add(stored)
	f.Add("$argon2id$v=19$m=64,t=1,p=1$$")
	f.Fuzz(func(t *testing.T, text string) {
		if p, err := parsePHC(text); err == nil && p.String() != text {
			t.Fatal("two texts for one hash")
		}
	})
}

func FuzzStrength(f *testing.F) {
	f.Add("password", "13800138000")
	f.Add("\xff\xfe", "")
	f.Fuzz(func(t *testing.T, password, own string) {
		if CheckStrength(password, own) == nil && len(password) > MaxPasswordBytes {
			t.Fatal("accepted but too long to hash")
		}
	})
}

func BenchmarkSecret(b *testing.B) {
	ids := source(b)
	h := NewHasher(HashConfig{}, ids)
	token, _ := NewToken(ids, MemberToken)
	b.Run("Hash", func(b *testing.B) {
		for b.Loop() {
			_, _ = h.Hash(context.Background(), "a password")
		}
	})
	b.Run("ParseToken", func(b *testing.B) {
		for b.Loop() {
			ParseToken(MemberToken, token)
		}
	})
	b.Run("Strength", func(b *testing.B) {
		for b.Loop() {
			_ = CheckStrength("correct horse battery", "13800138000")
		}
	})
}
