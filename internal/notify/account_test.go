package notify_test

import (
	"strings"
	"testing"
	"time"

	"foyer/internal/notify"
)

func TestAccountTexts(t *testing.T) {
	t.Parallel()
	for _, l := range []notify.Language{notify.Chinese, notify.English} {
		const link, at = "https://x/#t", "2026-11-20 10:00 UTC"
		for name, c := range map[string]struct {
			text notify.Text
			must []string
		}{
			"confirm":  {notify.ConfirmCode(l, "012345", 5*time.Minute), []string{"012345", "5"}},
			"verify":   {notify.VerifyEmail(l, link, 24*time.Hour), []string{link, "24"}},
			"recovery": {notify.Recovery(l, link, 15*time.Minute), []string{link, "15"}},
			"device": {notify.NewDevice(l, "iPhone", "203.0.113.*", at, link),
				[]string{"iPhone", "203.0.113.*", at, link}},
			"nameless": {notify.NewDevice(l, "", "203.0.113.*", at, link), []string{at, link}},
			"password": {notify.PasswordChanged(l, at), []string{at}},
			"e-mail":   {notify.EmailChanged(l, at), []string{at}},
			"closed":   {notify.AccountClosed(l, at), []string{at}},
		} {
			if c.text.Subject == "" || len(c.text.Subject)+len(c.text.Body) > notify.MaxText {
				t.Errorf("%s %s: %+v", l, name, c.text)
			}
			for _, want := range c.must {
				if !strings.Contains(c.text.Body, want) {
					t.Errorf("%s %s lacks %q: %s", l, name, want, c.text.Body)
				}
			}
			if han := strings.ContainsAny(c.text.Body, "您请"); han == (l == notify.English) {
				t.Errorf("%s %s is in the other language: %s", l, name, c.text.Body)
			}
		}
	}
}
