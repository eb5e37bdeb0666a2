package secret

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
)

// macs is a key ring of one key.
type macs struct{ key string }

func (m macs) MAC(purpose string, msg []byte) []byte {
	h := hmac.New(sha256.New, []byte(m.key+purpose))
	h.Write(msg)
	return h.Sum(nil)
}

func (m macs) CheckMAC(purpose string, msg, mac []byte) bool {
	return hmac.Equal(m.MAC(purpose, msg), mac)
}

func TestOneTimeCodes(t *testing.T) {
	t.Parallel()
	c := NewCodes(source(t), macs{"k"})
	code, stored := c.New("sign_in", "+8613800138000")
	if len(code) != CodeDigits || strings.Trim(code, "0123456789") != "" {
		t.Fatal(code)
	}
	if !c.Check("sign_in", "+8613800138000", code, stored) {
		t.Fatal("own code refused")
	}
	wrong := "000000"
	if code == wrong {
		wrong = "000001"
	}
	if c.Check("recover", "+8613800138000", code, stored) ||
		c.Check("sign_in", "+8613800138001", code, stored) ||
		c.Check("sign_in", "+8613800138000", wrong, stored) ||
		c.Check("sign_in", "+8613800138000", code+"0", stored) ||
		c.Check("sign_in", "+8613800138000", "", nil) ||
		NewCodes(source(t), macs{"other"}).Check("sign_in", "+8613800138000", code, stored) {
		t.Fatal("a wrong code was accepted")
	}
	if bytes.Contains(stored, []byte(code)) {
		t.Fatal("the code is stored")
	}
}

func TestCodesAreSpreadEvenly(t *testing.T) {
	t.Parallel()
	c := NewCodes(source(t), macs{"k"})
	const draws, tenths = 50_000, 10
	var seen [tenths]int
	for range draws {
		seen[c.below(1_000_000)/100_000]++
	}
	for i, n := range seen { // 5,000 each; seven standard deviations are 470
		if n < 4530 || n > 5470 {
			t.Error(i, n)
		}
	}
}

func TestTOTP(t *testing.T) {
	t.Parallel()
	second := NewTOTP(source(t))
	code, err := totp.GenerateCode(second.Text(), now) // the library as the phone
	if err != nil {
		t.Fatal(err)
	}
	step, ok := second.Check(code, now, 0)
	if !ok || step != now.Unix()/30 {
		t.Fatal(step, ok)
	}
	if _, ok := second.Check(code, now, step); ok {
		t.Fatal("the same code worked twice")
	}
	if _, ok := second.Check(code, now.Add(29*time.Second), step); ok {
		t.Fatal("the same code worked again within its step")
	}
	for _, c := range []struct {
		off time.Duration
		ok  bool
	}{{-30, true}, {30, true}, {59, true}, {60, false}, {-31, false}, {3600, false}} {
		if _, ok := second.Check(code, now.Add(c.off*time.Second), 0); ok != c.ok {
			t.Error(int(c.off), ok)
		}
	}
	next, err := second.Code(now.Add(30 * time.Second))
	if err != nil {
		t.Fatal(err)
	}
	if s, ok := second.Check(next, now, step); !ok || s != step+1 {
		t.Fatal("a fast phone is refused")
	}
	if _, ok := second.Check(code, now, step+1); ok {
		t.Fatal("an earlier step worked after a later one")
	}
	for _, bad := range []string{"", "000", "abcdef", code + "0", " " + code} {
		if _, ok := second.Check(bad, now, 0); ok {
			t.Error(bad)
		}
	}
	same, err := TOTPFrom(second.Secret())
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := same.Check(code, now, 0); !ok {
		t.Fatal("the stored secret differs")
	}
	if _, err := TOTPFrom(nil); err == nil {
		t.Fatal("an empty secret was taken")
	}
}

func TestTOTPAgainstTheRFC(t *testing.T) {
	t.Parallel()
	second, err := TOTPFrom([]byte("12345678901234567890")) // RFC 6238, appendix B
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[int64]string{59: "287082", 1111111109: "081804",
		2000000000: "279037"} {
		if got, err := second.Code(time.Unix(at, 0)); err != nil || got != want {
			t.Error(at, got, err)
		}
	}
}

func TestTOTPURL(t *testing.T) {
	t.Parallel()
	second := NewTOTP(source(t))
	text, err := second.URL("前厅 Foyer", "wang@example.com")
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "otpauth" || u.Host != "totp" ||
		u.Path != "/前厅 Foyer:wang@example.com" ||
		u.Query().Get("secret") != second.Text() || u.Query().Get("issuer") != "前厅 Foyer" {
		t.Fatal(text, err)
	}
	for _, c := range [][2]string{{"a:b", "c"}, {"a", "b:c"}, {"", "c"}, {"a", ""}} {
		if _, err := second.URL(c[0], c[1]); err == nil {
			t.Error(c)
		}
	}
}
