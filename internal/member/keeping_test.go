package member_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"foyer/internal/actor"
	"foyer/internal/fault"
	"foyer/internal/member"
	"foyer/internal/notify"
	"foyer/internal/secret"
	"foyer/internal/signin"
	"foyer/internal/sqldb"
)

func TestConsents(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	other := a.SignIn(t, "+8613900139000").Member.ID
	_, err := a.Members.AddCompanion(a.ctx, other, childCard())
	a.refused(err, member.ErrConsentNeeded)
	if needed := fault.Of(err).Details["needed"].([]map[string]any); len(needed) != 2 {
		t.Errorf("needed: %v", needed)
	}
	_, err = a.Members.Decide(a.ctx, other, member.Decision{Purpose: member.PrivacyNotice,
		Version: 2, Given: true})
	a.refused(err, member.ErrConsentVersion)
	_, err = a.Members.Decide(a.ctx, other, member.Decision{Purpose: "theft", Given: true})
	a.refused(err, fault.BadInput)
	a.Agree(t, other)
	_, err = a.Members.AddCompanion(a.ctx, other, childCard())
	a.must(err)
	_, err = a.Members.Decide(a.ctx, other, member.Decision{Purpose: member.PrivacyNotice})
	a.refused(err, member.ErrConsentKept)
	// A new version has to be agreed to anew.
	_, err = a.Members.PublishText(a.ctx, actor.SystemActor, 0, member.ConsentInput{
		Purpose: member.KeepCompanions, TitleZh: "新", TitleEn: "New", BodyZh: "新", BodyEn: "New"})
	a.must(err)
	second := childCard()
	second.Kind, second.Number = "passport", "E12345678"
	_, err = a.Members.AddCompanion(a.ctx, other, second)
	a.refused(err, member.ErrConsentNeeded)
	// Taking it back erases them.
	list, err := a.Members.Decide(a.ctx, other, member.Decision{Purpose: member.KeepCompanions})
	a.must(err)
	if len(list) != 3 || list[0].Given || !list[1].Given {
		t.Errorf("history: %+v", list)
	}
	if left, err := a.Members.CompanionsOf(a.ctx, other); err != nil || len(left) != 0 {
		t.Errorf("%d companions outlive the consent, %v", len(left), err)
	}
	if ok, err := a.Members.Agreed(a.ctx, other, 0, member.Marketing); ok || err != nil {
		t.Errorf("marketing was never agreed to: %v, %v", ok, err)
	}
	// An organization's own text is its own.
	_, err = a.Members.PublishText(a.ctx, actor.SystemActor, 7, member.ConsentInput{
		Purpose: member.Marketing, TitleZh: "推荐", TitleEn: "News", BodyZh: "推荐", BodyEn: "News"})
	a.must(err)
	_, err = a.Members.Decide(a.ctx, other, member.Decision{Organization: 7,
		Purpose: member.Marketing, Version: 1, Given: true})
	a.must(err)
	if ok, _ := a.Members.Agreed(a.ctx, other, 7, member.Marketing); !ok {
		t.Error("agreed, and not kept")
	}
	if ok, _ := a.Members.Agreed(a.ctx, other, 8, member.Marketing); ok {
		t.Error("one organization's consent is another's")
	}
}

func childCard() member.CompanionInput {
	return member.CompanionInput{Relation: "child", Name: "张小满", Kind: "id_card",
		Number: "11010120150601004" + cardDigit("11010120150601004")}
}

// cardDigit is the check digit of GB 11643.
func cardDigit(first string) string {
	weights := [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}
	sum := 0
	for i, w := range weights {
		sum += int(first[i]-'0') * w
	}
	return "10X98765432"[sum%11 : sum%11+1]
}

func TestCompanions(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	in := childCard()
	c, err := a.Members.AddCompanion(a.ctx, a.id(), in)
	a.must(err)
	list, err := a.Members.CompanionsOf(a.ctx, a.id(), c.ID)
	a.must(err)
	if got := list[0]; got.Name != in.Name || got.Document.Number != in.Number ||
		got.Document.Birth.Format(time.DateOnly) != "2015-06-01" || got.Relation != "child" {
		t.Fatalf("%+v", got)
	}
	in.Kind = "household_register" // of the same citizen
	_, err = a.Members.AddCompanion(a.ctx, a.id(), in)
	a.refused(err, member.ErrCompanionKnown)
	bad := member.CompanionInput{Relation: "friend", Name: "<b>", Kind: "id_card", Number: "1",
		Birth: "2999-01-01"}
	_, err = a.Members.AddCompanion(a.ctx, a.id(), bad)
	if f := fault.Of(err); f == nil || len(f.Fields) != 4 {
		t.Fatalf("all problems at once: %v", err)
	}
	p := member.CompanionInput{Relation: "spouse", Name: "John Smith", Kind: "passport",
		Number: "e00000000", Birth: "1990-02-03"}
	for i := range member.MaxCompanions - 1 {
		p.Number = fmt.Sprintf("E%08d", i)
		_, err = a.Members.AddCompanion(a.ctx, a.id(), p)
		a.must(err)
	}
	p.Number = "E99999999"
	_, err = a.Members.AddCompanion(a.ctx, a.id(), p)
	a.refused(err, member.ErrCompanionsFull)
	p.Number = "E00000001"
	_, err = a.Members.ChangeCompanion(a.ctx, a.id(), c.ID, 1, p)
	a.refused(err, member.ErrCompanionKnown)
	p.Number = "E88888888"
	changed, err := a.Members.ChangeCompanion(a.ctx, a.id(), c.ID, 1, p)
	if err != nil || changed.Revision != 2 {
		t.Fatalf("%+v, %v", changed, err)
	}
	_, err = a.Members.ChangeCompanion(a.ctx, a.id(), c.ID, 1, p)
	a.refused(err, fault.Stale)
	other := a.SignIn(t, "+8613900139000").Member.ID
	a.refused(a.Members.DeleteCompanion(a.ctx, other, c.ID), fault.Missing)
	_, err = a.Members.CompanionsOf(a.ctx, other, c.ID)
	a.refused(err, fault.Missing)
	a.must(a.Members.DeleteCompanion(a.ctx, a.id(), c.ID))
	a.refused(a.Members.DeleteCompanion(a.ctx, a.id(), c.ID), fault.Missing)
}

// keeper stands for the modules above.
type keeper struct {
	obstacles []member.Obstacle
	busy      bool
	forgot    int
	fails     error
}

func (k *keeper) Kept(context.Context, int64, int) (member.Kept, error) {
	return member.Kept{Name: "orders", Rows: []any{"row"}}, nil
}

func (k *keeper) Unfinished(context.Context, int64) ([]member.Obstacle, error) {
	return k.obstacles, nil
}

func (k *keeper) UnfinishedIn(*sqldb.Tx, int64) (bool, error) { return k.busy, nil }

func (k *keeper) Forget(*sqldb.Tx, int64) error {
	k.forgot++
	return k.fails
}

func TestExportAndClosing(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	k := &keeper{}
	a.Members.SetKeepers(k)
	a.verify(ownEmail)
	_, err := a.Members.AddCompanion(a.ctx, a.id(), childCard())
	a.must(err)
	a.must(a.DB.InTx(a.ctx, func(tx *sqldb.Tx) error {
		return a.Members.RememberTail(tx, 7, a.id())
	}))
	_, err = a.Members.Export(a.ctx, a.id(), member.Proof{Code: "123456"})
	a.refused(err, member.ErrCodeWrong)
	all, err := a.Members.Export(a.ctx, a.id(), a.prove())
	a.must(err)
	if all.Member.Email != ownEmail || all.Member.Phone != ownPhone || len(all.Companions) != 1 ||
		len(all.Consents) != 2 || len(all.SignIns) != 1 || len(all.Kept) != 1 {
		t.Fatalf("%+v", all)
	}
	k.obstacles = []member.Obstacle{{Reason: "ticket_valid"}}
	err = a.Members.Close(a.ctx, a.id(), a.prove())
	a.refused(err, member.ErrUnfinished)
	k.obstacles, k.busy = nil, true
	a.refused(a.Members.Close(a.ctx, a.id(), a.prove()), member.ErrUnfinished)
	k.busy, k.fails = false, fault.Stale
	a.refused(a.Members.Close(a.ctx, a.id(), a.prove()), fault.Stale)
	k.fails = nil
	if a.email() != ownEmail {
		t.Fatal("a refused closing erased something")
	}
	if k.forgot == 0 { // what is undone may be done twice
		t.Error("the keeper that refuses was not asked")
	}
	k.forgot = 0
	a.must(a.Members.Close(a.ctx, a.id(), a.prove()))
	if k.forgot != 1 {
		t.Errorf("the keeper was asked to forget %d times", k.forgot)
	}
	a.mustBeGone()
}

// mustBeGone looks for anything that is left of the person.
func (a *account) mustBeGone() {
	a.t.Helper()
	_, err := a.Members.Me(a.ctx, a.id())
	a.refused(err, fault.Missing)
	_, err = a.Door.Read(a.ctx, secret.MemberToken, a.me.Token)
	a.refused(err, signin.ErrTokenRefused)
	for _, table := range []string{"member_email", "companion", "member_tail", "access_token",
		"known_device", "account_link", "sms_code"} {
		var n int
		a.must(a.DB.QueryRow(a.ctx, "SELECT COUNT(*) FROM "+table).Scan(&n))
		if n != 0 {
			a.t.Errorf("%d rows are left in %s", n, table)
		}
	}
	var left []byte
	a.must(a.DB.QueryRow(a.ctx, "SELECT subject_key FROM member WHERE id = ? AND state = 'closed' "+
		"AND phone_index IS NULL AND phone_sealed IS NULL AND name_sealed IS NULL",
		a.id()).Scan(&left))
	if len(left) != 0 {
		a.t.Error("the key is stored")
	}
	a.Verify(a.t) // the chain holds without it
	if !told(a, ownPhone, notify.TopicAccountClosed) {
		a.t.Error("the owner was not told")
	}
	// An order of a sign-in that was still open is refused, as the tail is not known any more.
	err = a.DB.InTx(a.ctx, func(tx *sqldb.Tx) error {
		return a.Members.RememberTail(tx, 7, a.id())
	})
	a.refused(err, fault.Missing)
	// The phone comes back as somebody new.
	a.clk.Advance(2 * time.Minute)
	again := a.SignIn(a.t, ownPhone)
	if !again.Created || again.Member.ID == a.id() {
		a.t.Errorf("the phone is still known: %+v", again.Member)
	}
}

// humans believes one proof for any subject, once.
type humans struct{ proof string }

func (h *humans) Spend(proof, _ string) bool {
	ok := h.proof != "" && proof == h.proof
	if ok {
		h.proof = ""
	}
	return ok
}

func (h *humans) Restore(proof, _ string) { h.proof = proof }

func TestACaptchaComesAfterTheThreshold(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	a.setPassword()
	h := &humans{}
	a.Guard.AskHumans(h)
	for i := range 3 {
		if _, err := a.byPassword("wrong"); !errors.Is(err, member.ErrPasswordWrong) {
			t.Fatalf("try %d: %v", i, err)
		}
	}
	_, err := a.byPassword(password)
	a.refused(err, signin.ErrCaptchaRequired)
	if fault.Of(err).Details["captcha_subject"] == "" {
		t.Fatal("no subject to ask a challenge for")
	}
	h.proof = "proof"
	right := member.PasswordEntry{Phone: ownPhone, Password: password,
		From: member.Origin{Captcha: "forged"}}
	_, err = a.Members.SignInByPassword(a.ctx, right)
	a.refused(err, signin.ErrCaptchaRequired)
	right.From.Captcha = "proof"
	_, err = a.Members.SignInByPassword(a.ctx, right)
	a.must(err)
	if _, err := a.byPassword("wrong"); !errors.Is(err, member.ErrPasswordWrong) {
		t.Fatalf("a success does not clear the count: %v", err)
	}
}

func TestACaptchaComesAfterSomeCodes(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	h := &humans{}
	a.Guard.AskHumans(h)
	ask := func(proof string) error {
		a.clk.Advance(2 * time.Minute)
		_, err := a.Members.RequestCode(a.ctx, member.CodeRequest{Phone: "13600136000",
			Purpose: member.ToSignIn, From: member.Origin{Captcha: proof}})
		return err
	}
	for range 3 {
		a.must(ask(""))
	}
	a.refused(ask(""), signin.ErrCaptchaRequired)
	h.proof = "proof"
	a.must(ask("proof"))
	a.refused(ask("proof"), signin.ErrCaptchaRequired)
}

func TestUnmaskingIsKept(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	name := "欧阳小满"
	_, err := a.Members.Change(a.ctx, a.id(), member.Change{Name: &name})
	a.must(err)
	c, err := a.Members.Masked(a.ctx, a.id())
	if err != nil || c.Phone != "138****8000" || c.Name != "欧***" {
		t.Fatalf("%+v, %v", c, err)
	}
	who := actor.Actor{Kind: actor.Staff, ID: 3}
	_, err = a.Members.Unmask(a.ctx, who, member.Unmask{Member: a.id(), Reason: "x"})
	a.refused(err, fault.BadInput)
	c, err = a.Members.Unmask(a.ctx, who, member.Unmask{Member: a.id(), Order: 5, Organization: 7,
		Reason: "核对来电者身份"})
	if err != nil || c.Phone != ownPhone || c.Name != name {
		t.Fatalf("%+v, %v", c, err)
	}
	var n int
	a.must(a.DB.QueryRow(a.ctx, "SELECT COUNT(*) FROM journal WHERE action = ? AND "+
		"organization_id = 7 AND actor_id = 3", "member.unmasked").Scan(&n))
	if n != 1 {
		t.Errorf("%d entries say who looked", n)
	}
	a.must(a.Members.Close(a.ctx, a.id(), a.prove()))
	if c, err = a.Members.Masked(a.ctx, a.id()); err != nil || !c.Closed || c.Phone != "" {
		t.Errorf("after closing: %+v, %v", c, err)
	}
}
