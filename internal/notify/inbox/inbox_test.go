package inbox_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	"foyer/internal/clock"
	"foyer/internal/httpx"
	"foyer/internal/notify"
	"foyer/internal/notify/inbox"
	"foyer/internal/notify/notifydb"
	"foyer/internal/signin/signintest"
	"foyer/internal/sqldb"
	"foyer/internal/sqldb/sqldbtest"
)

func realClock() clock.Clock { return clock.Real{} }

func message(n int) notify.Message {
	return notify.Message{Channel: notify.SMS, To: "+8613800138000", Topic: notify.TopicSignInCode,
		Text: notify.Text{Subject: "登录验证码", Body: fmt.Sprintf("码 %06d <b>", n)}}
}

func TestInboxKeepsTheLast(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, realClock, func(t *testing.T, db *sqldb.DB) {
		ctx := context.Background()
		b := signintest.New(t, db, clock.Real{})
		store := notifydb.New(db)
		box := inbox.New(db, store, b.Ring, b.IDs)
		for i := range inbox.Keep + 7 {
			if err := box.Send(ctx, message(i)); err != nil {
				t.Fatal(err)
			}
		}
		letters, err := box.Newest(ctx, 10*inbox.Keep)
		if err != nil || len(letters) != inbox.Keep {
			t.Fatalf("%d letters, %v", len(letters), err)
		}
		if l := letters[0]; l.Text != message(inbox.Keep+6).Text.Body || l.To != "+8613800138000" {
			t.Fatalf("newest: %+v", l)
		}
		rows, err := store.Newest(ctx, inbox.Keep)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			if bytes.Contains(r.Body, []byte("登录验证码")) ||
				bytes.Contains(r.Recipient, []byte("13800138000")) {
				t.Fatal("a message is stored in the clear")
			}
		}
		long := message(1)
		long.Text.Body = strings.Repeat("<", notify.MaxText-20)
		if err := box.Send(ctx, long); !errors.Is(err, notify.ErrTextTooLong) {
			t.Fatalf("a text over the column: %v", err)
		}
		long.Text.Body = strings.Repeat("长", notify.MaxText/3-10)
		if err := box.Send(ctx, long); err != nil {
			t.Fatalf("the longest text: %v", err)
		}
	})
}

func TestPage(t *testing.T) {
	t.Parallel()
	b := signintest.New(t, sqldbtest.Open(t, clock.Real{}), clock.Real{})
	box := inbox.New(b.DB, notifydb.New(b.DB), b.Ring, b.IDs)
	api := b.API(t, nil)
	inbox.Mount(api, box, httpx.Public)
	get := func(path, lang string) string {
		t.Helper()
		r := httptest.NewRequest("GET", path, nil)
		r.Header.Set("Accept-Language", lang)
		w := httptest.NewRecorder()
		api.ServeHTTP(w, r)
		if w.Code != 200 {
			t.Fatalf("%s: %d %s", path, w.Code, w.Body)
		}
		return w.Body.String()
	}
	if page := get("/dev/inbox", "en"); !strings.Contains(page, "Nothing has been sent") {
		t.Errorf("empty page: %s", page)
	}
	if err := box.Send(context.Background(), message(123)); err != nil {
		t.Fatal(err)
	}
	page := get("/dev/inbox", "zh")
	for _, want := range []string{"开发收件箱", "8613800138000", "000123", "&lt;b&gt;",
		`<p class="code">000123</p>`,
		`http-equiv="refresh"`, "width=device-width", "/dev/inbox.css"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(page, "style=") || strings.Contains(page, "<script") ||
		strings.Contains(page, "<style") {
		t.Error("the page holds what its content policy forbids")
	}
	get("/dev/inbox.css", "")
	var list struct{ Items []inbox.Letter }
	if err := json.Unmarshal([]byte(get("/dev/inbox.json", "")), &list); err != nil ||
		len(list.Items) != 1 || list.Items[0].Topic != notify.TopicSignInCode {
		t.Errorf("list: %+v, %v", list, err)
	}
}

func TestProductionRefusesTheInbox(t *testing.T) {
	t.Parallel()
	if inbox.Check("production") == nil || inbox.Check("development") != nil ||
		inbox.Check("demo") != nil {
		t.Error("the inbox is for every mode but production")
	}
}

// Whatever prints a message shows neither whom it is for nor what it says.
func TestMessagesHideFromLogs(t *testing.T) {
	t.Parallel()
	m := message(123456)
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		fmt.Fprintf(&out, verb+"\n", m)
		fmt.Fprintf(&out, verb+"\n", &m)
		fmt.Fprintf(&out, verb+"\n", struct{ M notify.Message }{m})
	}
	slog.New(slog.NewTextHandler(&out, nil)).Info("sent", "message", m, "list", []notify.Message{m})
	slog.New(slog.NewJSONHandler(&out, nil)).Info("sent", "message", m, "list", []any{m, &m})
	for _, secret := range []string{"123456", "13800138000", "验证码"} {
		if strings.Contains(out.String(), secret) {
			t.Errorf("%q shows in:\n%s", secret, out.String())
		}
	}
}
