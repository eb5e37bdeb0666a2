package memberhttp_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"foyer/internal/clock"
	"foyer/internal/httpx"
	"foyer/internal/member"
	"foyer/internal/member/memberhttp"
	"foyer/internal/member/membertest"
	"foyer/internal/sqldb/sqldbtest"
)

type bundle struct {
	*membertest.Bundle
	api *httpx.API
	clk *clock.Fake
}

func setup(t *testing.T) bundle {
	t.Helper()
	clk := clock.NewFake(sqldbtest.Start)
	b := membertest.New(t, sqldbtest.Open(t, clk), clk)
	api := b.API(t, nil)
	memberhttp.Mount(api, b.Members)
	return bundle{b, api, clk}
}

// ask sends a request and returns status, body and the body read as JSON.
func (b bundle) ask(t *testing.T, method, path, token, body string) (int, string, map[string]any) {
	t.Helper()
	r := httptest.NewRequest(method, "/api/v1"+path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	b.api.ServeHTTP(w, r)
	var v map[string]any
	if w.Body.Len() > 0 {
		if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
			t.Fatalf("%s %s: %s", method, path, w.Body)
		}
	}
	return w.Code, w.Body.String(), v
}

func (b bundle) want(t *testing.T, status int, method, path, token, body string) map[string]any {
	t.Helper()
	got, text, v := b.ask(t, method, path, token, body)
	if got != status {
		t.Fatalf("%s %s: %d, want %d: %s", method, path, got, status, text)
	}
	return v
}

func (b bundle) signIn(t *testing.T, phone string) map[string]any {
	t.Helper()
	sent := b.want(t, 200, "POST", "/auth/codes", "", `{"phone":"`+phone+`"}`)
	return b.want(t, 200, "POST", "/auth/sign-in", "", `{"phone":"`+phone+`","code":"`+
		b.Outbox.Code("+86"+phone)+`","challenge":"`+sent["challenge"].(string)+
		`","device_label":"browser"}`)
}

func TestAMembersLife(t *testing.T) {
	t.Parallel()
	b := setup(t)
	in := b.signIn(t, "13800138000")
	token := in["token"].(string)
	if in["created"] != true || in["device_token"] == "" {
		t.Fatalf("signed in: %v", in)
	}
	b.want(t, 401, "GET", "/me", "", "")
	b.want(t, 401, "GET", "/me", "fm_nonsense", "")
	me := b.want(t, 200, "GET", "/me", token, "")
	if me["phone"] != "+8613800138000" || !strings.HasPrefix(me["id"].(string), "mem_") {
		t.Fatalf("me: %v", me)
	}
	me = b.want(t, 200, "PATCH", "/me", token, `{"name":"王小明","revision":1}`)
	if me["name"] != "王小明" || me["language"] != "zh-Hans" {
		t.Fatalf("changed: %v", me)
	}
	b.want(t, 409, "PATCH", "/me", token, `{"name":"别人","revision":1}`)
	b.want(t, 422, "PATCH", "/me", token, `{"phone":"13900139000"}`)
	b.want(t, 422, "PATCH", "/me", token, `{"language":"fr"}`)

	b.clk.Advance(member.ResendAfter)
	second := b.signIn(t, "13800138000")["token"].(string)
	list := b.want(t, 200, "GET", "/me/sign-ins", second, "")["items"].([]any)
	if len(list) != 2 {
		t.Fatalf("sign-ins: %v", list)
	}
	for _, item := range list {
		e := item.(map[string]any)
		if e["current"] == false {
			b.want(t, 204, "DELETE", "/me/sign-ins/"+e["id"].(string), second, "")
			b.want(t, 404, "DELETE", "/me/sign-ins/"+e["id"].(string), second, "")
		}
	}
	b.want(t, 401, "GET", "/me", token, "") // revoked: at once
	b.want(t, 204, "POST", "/auth/sign-out", second, "")
	b.want(t, 401, "GET", "/me", second, "")

	b.clk.Advance(member.ResendAfter)
	third := b.signIn(t, "13800138000")["token"].(string)
	b.want(t, 204, "DELETE", "/me/sign-ins", third, "")
	b.want(t, 401, "GET", "/me", third, "")
	b.Verify(t)
}

func TestPasswordRoute(t *testing.T) {
	t.Parallel()
	b := setup(t)
	token := b.signIn(t, "13800138000")["token"].(string)
	b.want(t, 403, "PUT", "/me/password", token, `{"new_password":"a long good one"}`)
	b.clk.Advance(member.ResendAfter)
	sent := b.want(t, 200, "POST", "/auth/codes", "", `{"phone":"13800138000","purpose":"password"}`)
	code := b.Outbox.Code("+8613800138000")
	b.want(t, 401, "POST", "/auth/sign-in", "", `{"phone":"13800138000","code":"`+code+`"}`)
	b.want(t, 204, "PUT", "/me/password", token, `{"new_password":"a long good one","code":"`+
		code+`","challenge":"`+sent["challenge"].(string)+`"}`)
	b.want(t, 200, "POST", "/auth/sign-in", "",
		`{"phone":"13800138000","password":"a long good one"}`)
	b.want(t, 422, "POST", "/auth/sign-in", "", `{"phone":"13800138000"}`)
	b.want(t, 422, "POST", "/auth/sign-in", "", `{"phone":"138","password":"a long good one"}`)
}

// Known and unknown phones get the same status and the same body, wherever a stranger asks.
func TestNobodyCanTellWhoIsAMember(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.signIn(t, "13800138000")
	b.clk.Advance(member.ResendAfter)
	const known, unknown = "13800138000", "13700137000"
	for _, body := range []string{
		`{"phone":"%","password":"not the password"}`,
		`{"phone":"%","code":"123456"}`,
		`{"phone":"%","code":"123456","challenge":"made-up"}`,
	} {
		s1, t1, v1 := b.ask(t, "POST", "/auth/sign-in", "", strings.Replace(body, "%", known, 1))
		s2, t2, v2 := b.ask(t, "POST", "/auth/sign-in", "", strings.Replace(body, "%", unknown, 1))
		for _, v := range []map[string]any{v1, v2} {
			delete(v, "request_id")
			delete(v, "instance")
		}
		p, _ := json.Marshal(v1)
		q, _ := json.Marshal(v2)
		if s1 != http.StatusUnauthorized || s1 != s2 || string(p) != string(q) {
			t.Errorf("%s\nknown   %d %s\nunknown %d %s", body, s1, t1, s2, t2)
		}
	}
	c1 := b.want(t, 200, "POST", "/auth/codes", "", `{"phone":"`+known+`"}`)
	c2 := b.want(t, 200, "POST", "/auth/codes", "", `{"phone":"`+unknown+`"}`)
	if len(c1) != len(c2) || c1["expires_at"] != c2["expires_at"] ||
		len(c1["challenge"].(string)) != len(c2["challenge"].(string)) {
		t.Errorf("codes: %v and %v", c1, c2)
	}
}

func TestSomebodyElsesSignInIsMissing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	one := b.signIn(t, "13800138000")["token"].(string)
	two := b.signIn(t, "13900139000")["token"].(string)
	items := b.want(t, 200, "GET", "/me/sign-ins", one, "")["items"].([]any)
	id := items[0].(map[string]any)["id"].(string)
	b.want(t, 404, "DELETE", "/me/sign-ins/"+id, two, "")
	b.want(t, 200, "GET", "/me", one, "")
}
