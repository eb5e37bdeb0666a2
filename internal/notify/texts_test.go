package notify_test

import (
	"strings"
	"testing"
	"time"

	"foyer/internal/notify"
)

// Every text exists in both languages, says what it was given, and fits a message.
func TestTexts(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("长", 120)
	for _, l := range []notify.Language{notify.Chinese, notify.English} {
		for name, c := range map[string]struct {
			text notify.Text
			must []string
		}{
			"sign-in":  {notify.SignInCode(l, "012345", 5*time.Minute), []string{"012345", "5"}},
			"password": {notify.PasswordCode(l, "012345", 5*time.Minute), []string{"012345", "5"}},
			"invite": {notify.Invitation(l, long, "https://x/#t", 72*time.Hour),
				[]string{long, "https://x/#t", "72"}},
			"paid": {notify.OrderPaid(l, long, "11-22 19:30", "https://x/o"),
				[]string{long, "11-22 19:30", "https://x/o"}},
			"accepted": {notify.RefundAccepted(l, long, "¥39.90"), []string{long, "¥39.90"}},
			"arrived":  {notify.RefundArrived(l, long, "¥39.90"), []string{long, "¥39.90"}},
		} {
			if c.text.Subject == "" || len(c.text.Subject)+len(c.text.Body) > notify.MaxText {
				t.Errorf("%s %s: %+v", l, name, c.text)
			}
			for _, want := range c.must {
				if !strings.Contains(c.text.Body, want) {
					t.Errorf("%s %s lacks %q: %s", l, name, want, c.text.Body)
				}
			}
			if han := strings.ContainsAny(c.text.Body, "您请退出"); han == (l == notify.English) {
				t.Errorf("%s %s is in the other language: %s", l, name, c.text.Body)
			}
		}
	}
	for tag, want := range map[string]notify.Language{"en": notify.English, "EN-gb": notify.English,
		"zh": notify.Chinese, "": notify.Chinese, "fr": notify.Chinese, "enx": notify.Chinese} {
		if got := notify.LanguageOf(tag); got != want {
			t.Errorf("language of %q is %s", tag, got)
		}
	}
}
