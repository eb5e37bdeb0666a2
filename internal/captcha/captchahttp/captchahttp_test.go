package captchahttp_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"foyer/internal/captcha"
	"foyer/internal/captcha/captchahttp"
	"foyer/internal/captcha/captchatest"
	"foyer/internal/clock"
	"foyer/internal/httpx"
	"foyer/internal/signin/signintest"
	"foyer/internal/sqldb/sqldbtest"
)

type door struct {
	t   *testing.T
	api *httpx.API
	c   *captcha.Captchas
	clk *clock.Fake
}

func open(t *testing.T) door {
	t.Helper()
	clk := clock.NewFake(sqldbtest.Start)
	b := signintest.New(t, sqldbtest.Open(t, clk), clk)
	c := captcha.New(captcha.Config{}, clk, b.IDs)
	api := b.API(t, nil)
	captchahttp.Mount(api, c)
	return door{t, api, c, clk}
}

func (d door) post(status int, path, language string, body any) map[string]any {
	d.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		d.t.Fatal(err)
	}
	r := httptest.NewRequest("POST", "/api/v1"+path, strings.NewReader(string(text)))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept-Language", language)
	w := httptest.NewRecorder()
	d.api.ServeHTTP(w, r)
	if w.Code != status {
		d.t.Fatalf("%s: %d, want %d: %s", path, w.Code, status, w.Body)
	}
	var v map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		d.t.Fatal(err)
	}
	return v
}

func picture(t *testing.T, url any) []byte {
	t.Helper()
	data, ok := strings.CutPrefix(url.(string), "data:image/png;base64,")
	raw, err := base64.StdEncoding.DecodeString(data)
	if !ok || err != nil {
		t.Fatalf("no picture: %.40v, %v", url, err)
	}
	return raw
}

func TestASliderOverHTTP(t *testing.T) {
	t.Parallel()
	d := open(t)
	made := d.post(201, "/captchas", "zh", map[string]any{"subject": "abc"})
	x, err := captchatest.Find(picture(t, made["picture"]), picture(t, made["piece"]),
		int(made["piece_y"].(float64)))
	if err != nil {
		t.Fatal(err)
	}
	d.clk.Advance(2 * time.Second)
	var track []map[string]any
	for _, p := range captchatest.Hand(float64(x), 1200, 4) {
		track = append(track, map[string]any{"x": p.X, "y": p.Y, "ms": p.At})
	}
	path := "/captchas/" + made["id"].(string) + "/answer"
	proof := d.post(200, path, "zh", map[string]any{"x": x, "track": track})
	if !d.c.Spend(proof["captcha_proof"].(string), "abc") {
		t.Fatal("the proof is none")
	}
	again := d.post(404, path, "zh", map[string]any{"x": x, "track": track})
	if again["code"] != "captcha_gone" {
		t.Fatal(again)
	}
}

func TestWordsOverHTTP(t *testing.T) {
	t.Parallel()
	d := open(t)
	for language, want := range map[string]string{"zh": "等于多少", "en": "How much is"} {
		made := d.post(201, "/captchas", language, map[string]any{"subject": language,
			"kind": "words"})
		if !strings.Contains(made["question"].(string), want) || made["picture"] != nil {
			t.Errorf("%s: %v", language, made)
		}
		no := d.post(409, "/captchas/"+made["id"].(string)+"/answer", language,
			map[string]any{"answer": "1"})
		if no["code"] != "captcha_too_quick" {
			t.Errorf("answered at once: %v", no)
		}
	}
	d.post(422, "/captchas", "en", map[string]any{"subject": ""})
}
