package pages_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"foyer/internal/captcha"
	"foyer/internal/captcha/captchahttp"
	"foyer/internal/notify"
	"foyer/internal/staff"
	"foyer/internal/staff/stafftest"
)

// provingDriver mistypes the code until a person is asked for, takes the words, and answers
// once the house's clock says that a person had the time to read them.
const provingDriver = `
const at = (id) => document.getElementById(id);
const until = async (fn) => { while (!fn()) await new Promise((r) => setTimeout(r, 20)); };
const numbers = { two: 2, three: 3, four: 4, five: 5, six: 6, seven: 7, eight: 8, nine: 9,
  二: 2, 三: 3, 四: 4, 五: 5, 六: 6, 七: 7, 八: 8, 九: 9 };
try {
  const form = at('recover-form');
  form.elements.new_password.value = 'another horse battery';
  for (let i = 0; i < 3; i++) {
    form.querySelector('.refused').textContent = '';
    form.elements.totp.value = '000000';
    form.requestSubmit();
    await until(() => form.querySelector('.refused').textContent);
  }
  form.elements.totp.value = await (await fetch('/test/ready', { method: 'POST' })).text();
  form.requestSubmit();
  await until(() => form.querySelector('.captcha-piece')?.complete);
  document.body.dataset.slider = form.querySelector('.captcha-picture').naturalWidth;
  form.querySelector('.captcha .link').click();
  await until(() => form.querySelector('.captcha-words input'));
  const words = form.querySelector('.captcha-words label').textContent;
  const found = [...words.matchAll(/two|three|four|five|six|seven|eight|nine|[二三四五六七八九]/g)];
  const [a, b] = found.map((m) => numbers[m[0]]);
  form.querySelector('.captcha-words input').value = /less|减/.test(words) ? a - b : a + b;
  await fetch('/test/later', { method: 'POST' });
  form.querySelector('.captcha-words button').click();
  await until(() => !at('done').hidden);
  document.title = 'driven';
} catch (e) { document.title = 'failed: ' + e; }
`

// Somebody who mistyped the code of the second factor proves to be a person and goes on; the
// picture is drawn, and words do instead of it.
func TestABrowserProvesAPerson(t *testing.T) {
	t.Parallel()
	b, api := setup(t)
	c := captcha.New(captcha.Config{}, b.Clock, b.IDs)
	captchahttp.Mount(api, c)
	b.Guard.AskHumans(c)
	owner := b.Owner(t)
	b.Later()
	if err := b.House.RequestRecovery(t.Context(), owner.Email, "en", staff.Origin{}); err != nil {
		t.Fatal(err)
	}
	b.Post.Do(t, b.House.SendLetter)
	token := b.Outbox.Link(owner.Email, notify.TopicRecovery)
	page := driveBy(t, api, b.Clock, provingDriver, map[string]http.HandlerFunc{
		"POST /test/ready": func(w http.ResponseWriter, _ *http.Request) {
			code, err := owner.Factor.Code(b.Clock.Now())
			if err != nil {
				t.Error(err)
			}
			io.WriteString(w, code)
		},
		"POST /test/later": func(http.ResponseWriter, *http.Request) {
			b.Clock.Advance(5 * time.Second)
		},
	}, "/staff/recover#"+token)
	for _, want := range []string{"<title>driven</title>",
		fmt.Sprintf(`data-slider="%d"`, captcha.Width)} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s:\n%s", want, page)
		}
	}
	_, err := b.House.SignIn(t.Context(), staff.Proof{Email: owner.Email,
		Password: stafftest.Password, TOTP: "000000"})
	if err == nil {
		t.Error("the old password still holds")
	}
}
