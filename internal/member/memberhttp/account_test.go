package memberhttp_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"foyer/internal/actor"
	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/member/memberhttp"
	"foyer/internal/member/membertest"
	"foyer/internal/notify"
	"foyer/internal/secret"
	"foyer/internal/signin"
	"foyer/internal/sqldb"
	"foyer/internal/sqldb/sqldbtest"
)

const me = "+8613800138000"

// code asks for a code of a purpose and gives what a proof needs of it.
func (b bundle) code(t *testing.T, purpose string) string {
	t.Helper()
	b.clk.Advance(2 * time.Minute)
	sent := b.want(t, 200, "POST", "/auth/codes", "",
		fmt.Sprintf(`{"phone":%q,"purpose":%q}`, me, purpose))
	return fmt.Sprintf(`"code":%q,"challenge":%q`, b.Outbox.Code(me), sent["challenge"])
}

// The whole of an account over its routes: address, recovery, consents, companions, export
// and the end.
func TestAnAccountOverHTTP(t *testing.T) {
	t.Parallel()
	b := setup(t)
	token := b.SignIn(t, me).Token
	b.want(t, 403, "POST", "/me/email", token, `{"email":"lin@example.com"}`)
	texts := b.want(t, 200, "GET", "/consent-texts", "", "")["items"].([]any)
	for _, text := range texts {
		text := text.(map[string]any)
		b.want(t, 200, "PUT", "/me/consents/"+text["purpose"].(string), token,
			fmt.Sprintf(`{"given":true,"version":%v}`, text["version"]))
	}
	b.want(t, 202, "POST", "/me/email", token, `{"email":"lin@example.com",`+
		b.code(t, "confirm")+`}`)
	b.want(t, 204, "POST", "/auth/email/verify", "", fmt.Sprintf(`{"token":%q}`,
		b.Outbox.Link("lin@example.com", notify.TopicVerifyEmail)))
	if got := b.want(t, 200, "GET", "/me", token, "")["email"]; got != "lin@example.com" {
		t.Fatalf("address: %v", got)
	}
	b.recover(t)
	token = b.SignIn(t, me).Token
	b.companions(t, token)
	all := b.want(t, 200, "POST", "/me/export", token, `{`+b.code(t, "confirm")+`}`)
	text, _ := json.Marshal(all)
	for _, want := range []string{"lin@example.com", me, "欧阳小满", "E12345678",
		"1990-02-03", "privacy_notice"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the export lacks %s: %s", want, text)
		}
	}
	b.want(t, 403, "POST", "/me/closure", token, `{}`)
	b.want(t, 204, "POST", "/me/closure", token, `{`+b.code(t, "confirm")+`}`)
	b.want(t, 401, "GET", "/me", token, "")
}

func (b bundle) recover(t *testing.T) {
	t.Helper()
	for _, email := range []string{"lin@example.com", "nobody@example.com"} {
		b.want(t, 202, "POST", "/auth/recovery", "", fmt.Sprintf(`{"email":%q}`, email))
	}
	b.Letters(t)
	link := b.Outbox.Link("lin@example.com", notify.TopicRecovery)
	b.want(t, 204, "POST", "/auth/recovery/password", "",
		fmt.Sprintf(`{"token":%q,"new_password":"correct horse battery"}`, link))
	b.want(t, 404, "POST", "/auth/recovery/password", "",
		fmt.Sprintf(`{"token":%q,"new_password":"correct horse battery"}`, link))
	b.want(t, 204, "POST", "/auth/recovery/password", "", fmt.Sprintf(
		`{"phone":%q,"new_password":"another horse battery",%s}`, me, b.code(t, "password")))
	b.want(t, 422, "POST", "/auth/recovery/password", "",
		`{"token":"x","code":"000000","new_password":"another horse battery"}`)
	b.clk.Advance(2 * time.Minute)
	in := b.want(t, 200, "POST", "/auth/sign-in", "", fmt.Sprintf(
		`{"phone":%q,"password":"another horse battery","device_label":"phone of a thief"}`, me))
	b.Letters(t)
	out := b.want(t, 200, "POST", "/auth/not-me", "", fmt.Sprintf(`{"token":%q}`,
		b.Outbox.Link("lin@example.com", notify.TopicNewDevice)))
	if out["sign_in_ended"] != true || out["password_ended"] != true {
		t.Fatal(out)
	}
	b.want(t, 401, "GET", "/me", in["token"].(string), "")
	b.clk.Advance(2 * time.Minute)
}

func (b bundle) companions(t *testing.T, token string) {
	t.Helper()
	const who = `"relation":"spouse","name":"欧阳小满","document_kind":"passport",` +
		`"document_number":"E12345678","birth_date":"1990-02-03"`
	made := b.want(t, 201, "POST", "/me/companions", token, `{`+who+`}`)
	if made["name"] != "欧***" || made["document_number"] != "E1*****78" ||
		made["birth_known"] != true {
		t.Fatalf("not masked: %v", made)
	}
	no := b.want(t, 409, "POST", "/me/companions", token, `{`+who+`}`)
	if no["code"] != "companion_exists" {
		t.Fatal(no)
	}
	id := made["id"].(string)
	b.want(t, 200, "PUT", "/me/companions/"+id+"?revision=1", token, `{`+who+`}`)
	b.want(t, 409, "PUT", "/me/companions/"+id+"?revision=1", token, `{`+who+`}`)
	list := b.want(t, 200, "GET", "/me/companions", token, "")["items"].([]any)
	if text, _ := json.Marshal(list); len(list) != 1 ||
		strings.Contains(string(text), "小满") || strings.Contains(string(text), "E12345678") {
		t.Fatalf("%s", text)
	}
	stranger := b.SignIn(t, "+8613900139000").Token
	b.want(t, 404, "DELETE", "/me/companions/"+id, stranger, "")
}

// desk stands for the orders: order 5 of organization 7 is the member's.
type desk struct{ member int64 }

func (d desk) BuyerOf(_ context.Context, who actor.Actor, order int64) (memberhttp.Buyer, error) {
	if order != 5 || !who.May("order.view", 7, 0) {
		return memberhttp.Buyer{}, fault.Missing
	}
	return memberhttp.Buyer{Member: d.member, Organization: 7, Venue: 3}, nil
}

// clerks are staff by number: 1 may unmask, 2 may only see orders.
type clerks struct{}

func (clerks) Actor(_ context.Context, id int64) (actor.Actor, error) {
	list := []actor.Permission{"order.view"}
	if id == 1 {
		list = append(list, "person.unmask")
	}
	return actor.Actor{Kind: actor.Staff, ID: id, Grants: []actor.Grant{
		{Organization: 7, Permissions: list}}}, nil
}

func TestStaffSeeBuyersMasked(t *testing.T) {
	t.Parallel()
	clk := clock.NewFake(sqldbtest.Start)
	m := membertest.New(t, sqldbtest.Open(t, clk), clk)
	b := bundle{m, m.API(t, clerks{}), clk}
	memberhttp.Mount(b.api, m.Members)
	memberhttp.MountBuyers(b.api, m.Members, desk{m.SignIn(t, me).Member.ID})
	path := "/staff/orders/" + b.api.Keys().Public("ord", 5) + "/buyer"
	boss, clerk := b.staffToken(t, 1), b.staffToken(t, 2)
	if got := b.want(t, 200, "GET", path, clerk, ""); got["phone"] != "138****8000" ||
		got["masked"] != true {
		t.Fatal(got)
	}
	b.want(t, 403, "POST", path+"/unmask", clerk, `{"reason":"核对来电者"}`)
	b.want(t, 422, "POST", path+"/unmask", boss, `{"reason":"x"}`)
	if got := b.want(t, 200, "POST", path+"/unmask", boss, `{"reason":"核对来电者"}`); got["phone"] !=
		me || got["masked"] != false {
		t.Fatal(got)
	}
	refused := 0
	for range 15 {
		if status, _, _ := b.ask(t, "POST", path+"/unmask", boss, `{"reason":"核对来电者"}`); status ==
			429 {
			refused++
		}
	}
	if refused == 0 {
		t.Error("anybody may be looked at without end")
	}
}

// staffToken signs a clerk in.
func (b bundle) staffToken(t *testing.T, id int64) string {
	t.Helper()
	fresh := b.Door.Fresh(secret.StaffToken)
	err := b.DB.InTx(context.Background(), func(tx *sqldb.Tx) error {
		_, err := b.Door.Issue(tx, fresh, signin.StaffAccount(id), "desk", netip.Addr{})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return fresh.Token
}
