package e2e_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"foyer/test/rig"
)

var (
	sixDigits = regexp.MustCompile(`\d{6}`)
	linked    = regexp.MustCompile(`#([0-9a-z_]+)`)
)

// letter waits for the newest message of a topic to somebody in the development inbox.
func letter(s *rig.Server, to, topic string) (text string) {
	s.T.Helper()
	s.Until("a letter about "+topic, 20*time.Second, func() bool {
		for _, l := range s.Stranger().Ask("GET", s.URL+"/dev/inbox.json?limit=100", nil).Want(200).
			L("items") {
			if l.S("to") == to && l.S("topic") == topic {
				text = l.S("text")
				return true
			}
		}
		return false
	})
	return text
}

func token(text string) string { return linked.FindStringSubmatch(text)[1] }

const secretWord = "battery staple horse"

// withPassword is a new member with a password, set by a second code that the known device
// may ask for at once.
func withPassword(s *rig.Server) *rig.Person {
	s.T.Helper()
	p := s.Stranger()
	code := func(purpose, topic string, more map[string]any) map[string]any {
		more["phone"], more["purpose"] = p.Phone, purpose
		sent := p.Post(200, "/auth/codes", more)
		return map[string]any{"challenge": sent.S("challenge"),
			"code": sixDigits.FindString(letter(s, "+86"+p.Phone, topic))}
	}
	body := code("sign_in", "sign_in_code", map[string]any{})
	body["phone"] = p.Phone
	in := p.Post(200, "/auth/sign-in", body)
	p.Token = in.S("token")
	body = code("password", "password_code", map[string]any{"device_token": in.S("device_token")})
	body["new_password"] = secretWord
	p.Ask("PUT", "/me/password", body).Want(204)
	return p
}

// A member's account from the first day to the last, through the front door: address,
// recovery, a captcha past the threshold, devices, companions, export, closing.
func TestAnAccountsLife(t *testing.T) {
	t.Parallel()
	s := rig.Demo(t)
	me := withPassword(s)
	for _, text := range me.Get("/consent-texts").L("items") {
		me.Ask("PUT", "/me/consents/"+text.S("purpose"), map[string]any{"given": true,
			"version": text.N("version")}).Want(200)
	}
	const email = "lin@buyer.example"
	me.Ask("POST", "/me/email", map[string]any{"email": email}).Refused("proof_required")
	me.Post(202, "/me/email", map[string]any{"email": email, "current_password": secretWord})
	if page := me.Ask("GET", s.URL+"/dev/inbox", nil); page.Status != 200 ||
		!strings.Contains(string(page.Raw), "/account/verify#") {
		t.Fatalf("the inbox page shows no link: %d", page.Status)
	}
	verify := map[string]any{"token": token(letter(s, email, "verify_email"))}
	me.Ask("POST", "/auth/email/verify", verify).Want(204)
	me.Ask("POST", "/auth/email/verify", verify).Refused("account_link_invalid")
	if me.Get("/me").S("email") != email {
		t.Fatal("the address is not kept")
	}
	recovered(t, me, email)
	strangerGuesses(t, me)
	devices(t, me, email)
	keepAndLeave(t, me)
}

// recovered sets a password by the link in the mail; the answer for a stranger's address is
// the same, and everybody is signed out.
func recovered(t *testing.T, me *rig.Person, email string) {
	t.Helper()
	s := me.S
	mine := me.Post(202, "/auth/recovery", map[string]any{"email": email})
	other := me.Post(202, "/auth/recovery", map[string]any{"email": "nobody@buyer.example"})
	if mine.String() != other.String() {
		t.Fatalf("known: %s, unknown: %s", mine, other)
	}
	set := map[string]any{"token": token(letter(s, email, "recovery")),
		"new_password": "correct horse battery"}
	me.Ask("POST", "/auth/recovery/password", set).Want(204)
	me.Ask("POST", "/auth/recovery/password", set).Refused("account_link_invalid")
	me.Ask("GET", "/me", nil).Refused("token_refused")
	letter(s, email, "password_changed")
	in := me.Post(200, "/auth/sign-in", map[string]any{"phone": me.Phone,
		"password": "correct horse battery", "device_label": "my phone"})
	me.Token = in.S("token")
}

// strangerGuesses fails until a proof of a person is wanted, and gives one.
func strangerGuesses(t *testing.T, me *rig.Person) {
	t.Helper()
	thief := me.S.Stranger()
	try := map[string]any{"phone": me.Phone, "password": "wrong horse battery"}
	var asked string
	for i := range 4 {
		a := thief.Ask("POST", "/auth/sign-in", try)
		subject, wanted := a.CaptchaSubject()
		if wanted != (i == 3) {
			t.Fatalf("try %d: %d %s", i+1, a.Status, a.Raw)
		}
		asked = subject
	}
	try["captcha_proof"] = "made up"
	thief.Ask("POST", "/auth/sign-in", try).Refused("captcha_required")
	made := thief.Post(201, "/captchas", map[string]any{"subject": asked})
	thief.Ask("POST", "/captchas/"+made.S("id")+"/answer", map[string]any{"x": -1,
		"track": []any{}}).Refused("captcha_wrong")
	thief.Ask("POST", "/captchas/"+made.S("id")+"/answer", map[string]any{"x": -1}).
		Refused("captcha_gone")
	try["captcha_proof"] = thief.Human(asked)
	thief.Ask("POST", "/auth/sign-in", try).Refused("phone_or_password_wrong")
	thief.Ask("POST", "/auth/sign-in", try).Refused("captcha_required") // once means once
}

// devices are listed; one that was not me is ended from the message that told of it.
func devices(t *testing.T, me *rig.Person, email string) {
	t.Helper()
	list := me.Get("/me/sign-ins").L("items")
	if len(list) != 1 || !list[0].B("current") || list[0].S("device_label") != "my phone" ||
		!strings.HasSuffix(list[0].S("network"), ".*") {
		t.Fatalf("%v", list)
	}
	out := me.Post(200, "/auth/not-me", map[string]any{
		"token": token(letter(me.S, email, "new_device"))})
	if !out.B("sign_in_ended") || !out.B("password_ended") {
		t.Fatal(out)
	}
	me.Ask("GET", "/me", nil).Refused("token_refused")
	page := me.Ask("GET", me.S.URL+"/account/not-me", nil)
	if page.Status != 200 || !strings.Contains(string(page.Raw), "It was not me") {
		t.Fatalf("the page of the link: %d", page.Status)
	}
}

// keepAndLeave keeps a companion, buys, exports all of it and closes the account once
// nothing is open.
func keepAndLeave(t *testing.T, was *rig.Person) {
	t.Helper()
	s := was.S
	house := s.House()
	me := withPassword(s)
	for _, purpose := range []string{"privacy_notice", "companions"} {
		me.Ask("PUT", "/me/consents/"+purpose, map[string]any{"given": true,
			"version": 1}).Want(200)
	}
	kept := me.Post(201, "/me/companions", map[string]any{"relation": "spouse", "name": "欧阳小满",
		"document_kind": "passport", "document_number": "E12345678", "birth_date": "1990-02-03"})
	if kept.S("name") != "欧***" || kept.S("document_number") != "E1*****78" {
		t.Fatal(kept)
	}
	session := house.Evening(26*time.Hour, nil)
	seats := me.Seats(session)
	order := me.Order("leave", rig.Wish(session, house.Adult, seats.Pick(1, "standard")...))
	buyer := house.Owner.Get("/staff/orders/" + order.S("id") + "/buyer")
	if buyer.S("phone") != "139****"+me.Phone[7:] || !buyer.B("masked") {
		t.Fatal(buyer)
	}
	full := house.Owner.Post(200, "/staff/orders/"+order.S("id")+"/buyer/unmask",
		map[string]any{"reason": "核对来电者身份"})
	if full.S("phone") != "+86"+me.Phone {
		t.Fatal(full)
	}
	body := map[string]any{"current_password": secretWord}
	no := me.Ask("POST", "/me/closure", body).Refused("account_in_use")
	if no.S("details.obstacles.0.id") != order.S("id") {
		t.Fatal(no)
	}
	me.Ask("POST", "/orders/"+order.S("id")+"/cancel", nil).Want(200)
	left := leftBehind(t, me)
	all := me.Post(200, "/me/export", body)
	for _, want := range []string{me.Phone, "欧阳小满", "E12345678", order.S("id"), left.S("id"),
		"李四", "L898902C3", "林小满", "lin@example.com", "erased_after"} {
		if !strings.Contains(all.String(), want) {
			t.Errorf("the export lacks %s", want)
		}
	}
	no = me.Ask("POST", "/me/closure", body).Refused("account_in_use")
	if no.S("details.obstacles.0.reason") != "invoice_asked" {
		t.Fatal(no)
	}
	me.Ask("DELETE", "/orders/"+left.S("id")+"/invoice", nil).Want(204)
	me.Ask("POST", "/me/closure", map[string]any{}).Refused("proof_required")
	me.Ask("POST", "/me/closure", body).Want(204)
	me.Ask("GET", "/me", nil).Refused("token_refused")
	if gone := house.Owner.Get("/staff/orders/" + order.S("id") + "/buyer"); !gone.B("closed") ||
		gone.S("phone") != "" {
		t.Fatal(gone)
	}
	letter(s, "+86"+me.Phone, "account_closed")
	s.Finish(session)
}

// leftBehind is an order whose one visitor has gone in and whose invoice was asked for.
func leftBehind(t *testing.T, me *rig.Person) rig.Doc {
	t.Helper()
	house := me.S.House()
	session := house.Evening(20*time.Minute, map[string]any{"real_name": map[string]any{
		"mode": "every"}})
	wish := rig.Wish(session, house.Adult, me.Seats(session).Pick(1, "standard")...)
	wish["lines"].([]map[string]any)[0]["visitors"] = people{{"name": "李四",
		"document_kind": "passport", "document_number": "L898902C3"}}
	order := me.Buy(wish)
	ticket := me.Tickets(order.S("id"))[0]
	house.Gate(ticket.S("session.venue_id")).Scan(ticket.S("code"), "leave").Want(200)
	me.Ask("PUT", "/orders/"+order.S("id")+"/invoice", map[string]any{
		"title_kind": "person", "title": "林小满", "email": "lin@example.com"}).Want(200)
	return order
}
