package staffhttp_test

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"foyer/internal/clock"
	"foyer/internal/httpx"
	"foyer/internal/sqldb/sqldbtest"
	"foyer/internal/staff/staffhttp"
	"foyer/internal/staff/stafftest"
)

type bundle struct {
	*stafftest.Bundle
	api *httpx.API
}

func setup(t *testing.T) bundle {
	t.Helper()
	clk := clock.NewFake(sqldbtest.Start)
	b := stafftest.New(t, sqldbtest.Open(t, clk), clk)
	api := b.API(t, b.House)
	staffhttp.Mount(api, b.House)
	return bundle{b, api}
}

func (b bundle) want(t *testing.T, status int, method, path, token string, body any,
) map[string]any {
	t.Helper()
	text := ""
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		text = string(raw)
	}
	r := httptest.NewRequest(method, "/api/v1/staff"+path, strings.NewReader(text))
	if text != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	b.api.ServeHTTP(w, r)
	if w.Code != status {
		t.Fatalf("%s %s: %d, want %d: %s", method, path, w.Code, status, w.Body)
	}
	var v map[string]any
	if w.Body.Len() > 0 {
		if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
			t.Fatalf("%s %s: %s", method, path, w.Body)
		}
	}
	return v
}

type m = map[string]any

// owner walks through the whole set-up over HTTP and returns token and organization.
func (b bundle) owner(t *testing.T) (token, organization string, p *stafftest.Person) {
	t.Helper()
	link, err := b.House.SetupLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	e := b.want(t, 201, "POST", "/setup", "", m{"token": stafftest.TokenOf(link),
		"organization_name": "前厅影城", "email": "owner@foyer.test", "name": "林所有",
		"password": stafftest.Password})
	r, _, err := b.House.People.ByEmail(t.Context(),
		b.Ring.BlindIndexes("e-mail", "owner@foyer.test"))
	if err != nil {
		t.Fatal(err)
	}
	p = &stafftest.Person{Email: "owner@foyer.test", Factor: b.Factor(t, r.ID)}
	if e["totp_secret"] != p.Factor.Text() {
		t.Fatalf("set-up answered %v", e)
	}
	in := b.want(t, 200, "POST", "/auth/totp", "", b.proof(t, p))
	return in["token"].(string), e["organization_id"].(string), p
}

func (b bundle) proof(t *testing.T, p *stafftest.Person) m {
	t.Helper()
	proof := b.Proof(t, p)
	return m{"email": proof.Email, "password": proof.Password, "totp": proof.TOTP}
}

func TestStaffOverHTTP(t *testing.T) {
	t.Parallel()
	b := setup(t)
	token, org, owner := b.owner(t)
	base := "/organizations/" + org

	b.want(t, 401, "POST", "/auth/totp", "", m{"email": owner.Email, "password": "x", "totp": "1"})
	b.want(t, 401, "POST", "/auth/sign-in", "", b.proof(t, owner)) // the code was used
	b.Later()
	second := b.want(t, 200, "POST", "/auth/sign-in", "", b.proof(t, owner))["token"].(string)
	me := b.want(t, 200, "GET", "/me", token, nil)
	if me["email"] != owner.Email || len(me["grants"].([]any)) != 1 {
		t.Fatalf("me: %v", me)
	}
	b.want(t, 401, "GET", "/me", "", nil)
	b.want(t, 200, "GET", "/permissions", token, nil)
	b.want(t, 204, "POST", "/auth/sign-out", second, nil)
	b.want(t, 401, "GET", "/me", second, nil)

	roles := b.want(t, 200, "GET", base+"/roles", token, nil)["items"].([]any)
	usher := ""
	for _, r := range roles {
		if r.(m)["preset"] == "usher" {
			usher = r.(m)["id"].(string)
		}
	}
	made := b.want(t, 201, "POST", base+"/invitations", token, m{"email": "u@foyer.test",
		"role_id": usher})
	open := b.want(t, 200, "GET", base+"/invitations", token, nil)["items"].([]any)
	if len(open) != 1 || open[0].(m)["email"] != "u@foyer.test" {
		t.Fatalf("open invitations: %v", open)
	}
	accept := m{"token": stafftest.TokenOf(made["link"].(string)), "name": "检票",
		"password": stafftest.Password}
	done := b.want(t, 200, "POST", "/invitations/accept", "", accept)
	if done["organization_id"] != org || done["enrolment"] == nil {
		t.Fatalf("accepted: %v", done)
	}
	b.want(t, 404, "POST", "/invitations/accept", "", accept)
	id := done["enrolment"].(m)["staff_id"].(string)

	role := b.want(t, 201, "POST", base+"/roles", token, m{"name": "看单",
		"permissions": []string{"order.view"}})
	path := base + "/roles/" + role["id"].(string)
	b.want(t, 422, "PUT", path, token, m{"name": "看单", "permissions": []string{"fly"},
		"revision": 1})
	b.want(t, 200, "PUT", path, token, m{"name": "看单", "permissions": []string{}, "revision": 1})
	b.want(t, 409, "PUT", path, token, m{"name": "看单", "permissions": []string{}, "revision": 1})
	b.want(t, 204, "DELETE", path, token, nil)
	b.want(t, 404, "DELETE", path, token, nil)

	b.want(t, 204, "PUT", base+"/staff/"+id+"/grants", token,
		m{"grants": []m{{"role_id": usher}}})
	b.want(t, 204, "DELETE", base+"/staff/"+id+"/sign-ins", token, nil)
	b.want(t, 204, "DELETE", base+"/staff/"+id, token, nil)
	people := b.want(t, 200, "GET", base+"/staff", token, nil)["items"].([]any)
	if len(people) != 1 {
		t.Fatalf("staff: %v", people)
	}
	ownerID := people[0].(m)["id"].(string)
	b.want(t, 409, "DELETE", base+"/staff/"+ownerID, token, nil)

	items := b.want(t, 200, "GET", "/me/sign-ins", token, nil)["items"].([]any)
	if len(items) != 1 || items[0].(m)["current"] != true {
		t.Fatalf("sign-ins: %v", items)
	}
	b.Later()
	proof := b.proof(t, owner)
	b.want(t, 401, "PUT", "/me/password", token, m{"current_password": "no", "totp": "000000",
		"new_password": "a new good one"})
	b.want(t, 204, "PUT", "/me/password", token, m{"current_password": stafftest.Password,
		"totp": proof["totp"], "new_password": "a new good one"})
	b.want(t, 204, "DELETE", "/me/sign-ins", token, nil)
	b.want(t, 401, "GET", "/me", token, nil)
	b.Verify(t)
}

// A stranger cannot tell addresses of staff from others.
func TestStaffAddressesAreNotTold(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.owner(t)
	answers := map[string]bool{}
	for _, email := range []string{"owner@foyer.test", "nobody@foyer.test"} {
		for _, path := range []string{"/auth/sign-in", "/auth/totp"} {
			v := b.want(t, 401, "POST", path, "", m{"email": email, "password": "wrong password",
				"totp": "123456"})
			delete(v, "request_id")
			delete(v, "instance")
			raw, _ := json.Marshal(v)
			answers[string(raw)] = true
		}
	}
	if len(answers) != 1 {
		t.Errorf("%d different answers: %v", len(answers), answers)
	}
}
