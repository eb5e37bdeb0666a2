package member_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/member"
	"foyer/internal/member/membertest"
	"foyer/internal/notify"
	"foyer/internal/secret"
	"foyer/internal/signin"
	"foyer/internal/sqldb"
	"foyer/internal/sqldb/sqldbtest"
)

type account struct {
	*membertest.Bundle
	t   *testing.T
	clk *clock.Fake
	ctx context.Context
	me  member.SignedIn
}

const (
	ownPhone = "+8613800138000"
	ownEmail = "lin@example.com"
)

func newAccount(t *testing.T) *account {
	t.Helper()
	clk := clock.NewFake(sqldbtest.Start)
	b := membertest.New(t, sqldbtest.Open(t, clk), clk)
	a := &account{Bundle: b, t: t, clk: clk, ctx: context.Background()}
	a.me = b.SignIn(t, ownPhone)
	b.Agree(t, a.id())
	return a
}

func (a *account) id() int64 { return a.me.Member.ID }

func (a *account) must(err error) {
	a.t.Helper()
	if err != nil {
		a.t.Fatal(err)
	}
}

func (a *account) refused(err, want error) {
	a.t.Helper()
	if !errors.Is(err, want) {
		a.t.Fatalf("%v, want %v", err, want)
	}
}

// prove waits until another code may be sent.
func (a *account) prove() member.Proof {
	a.t.Helper()
	a.clk.Advance(2 * time.Minute)
	return a.Prove(a.t, ownPhone)
}

func (a *account) offer(email string) {
	a.t.Helper()
	_, err := a.Members.OfferEmail(a.ctx, a.id(), email, a.prove())
	a.must(err)
}

func (a *account) verify(email string) {
	a.t.Helper()
	a.offer(email)
	a.must(a.Members.VerifyEmail(a.ctx, a.Outbox.Link(email, notify.TopicVerifyEmail)))
}

func (a *account) email() string {
	a.t.Helper()
	me, err := a.Members.Me(a.ctx, a.id())
	a.must(err)
	return me.Email
}

func TestAnAddressIsKeptOnceItIsProven(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	_, err := a.Members.OfferEmail(a.ctx, a.id(), ownEmail, member.Proof{})
	a.refused(err, member.ErrProofNeeded)
	_, err = a.Members.OfferEmail(a.ctx, a.id(), "nonsense", a.prove())
	if fault.Of(err).Def.Code != "email_invalid" {
		t.Fatal(err)
	}
	a.offer(" Lin@EXAMPLE.com ")
	token := a.Outbox.Link(ownEmail, notify.TopicVerifyEmail)
	if token == "" || a.email() != "" {
		t.Fatalf("token %q, address %q before it is proven", token, a.email())
	}
	forged, _ := a.Links.Fresh(signin.ToVerifyEmail, signin.MemberAccount(a.id()))
	a.refused(a.Members.VerifyEmail(a.ctx, forged), signin.ErrLinkUsed)
	a.must(a.Members.VerifyEmail(a.ctx, token))
	a.refused(a.Members.VerifyEmail(a.ctx, token), signin.ErrLinkUsed)
	if a.email() != ownEmail {
		t.Fatalf("kept: %q", a.email())
	}
	a.offer("old@example.com")
	a.clk.Advance(signin.VerifyLife)
	a.refused(a.Members.VerifyEmail(a.ctx, a.Outbox.Link("old@example.com",
		notify.TopicVerifyEmail)), signin.ErrLinkUsed)
	// A change is told to the address that goes and to the phone; removing too.
	a.verify("new@example.com")
	if n := a.Letters(t); n != 2 || a.email() != "new@example.com" ||
		!told(a, ownEmail, notify.TopicEmailChanged) ||
		!told(a, ownPhone, notify.TopicEmailChanged) {
		t.Fatalf("%d letters, address %q", n, a.email())
	}
	a.must(a.Members.RemoveEmail(a.ctx, a.id(), a.prove()))
	if a.email() != "" {
		t.Fatal("a removed address is there")
	}
	a.refused(a.Members.RemoveEmail(a.ctx, a.id(), a.prove()), fault.Missing)
}

func told(a *account, to string, topic notify.Topic) bool {
	for _, m := range a.Outbox.Sent() {
		if m.To == to && m.Topic == topic {
			return true
		}
	}
	return false
}

// Somebody else's address may be asked for, and nothing is learned; only who reads it hears
// that it is taken.
func TestAnAddressBelongsToOneMember(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	a.verify(ownEmail)
	other := a.SignIn(t, "+8613900139000").Member.ID
	a.Agree(t, other)
	a.clk.Advance(2 * time.Minute)
	sent, err := a.Members.OfferEmail(a.ctx, other, ownEmail, a.Prove(t, "+8613900139000"))
	a.must(err)
	if sent.To != "l***@example.com" {
		t.Errorf("sent to %q", sent.To)
	}
	a.refused(a.Members.VerifyEmail(a.ctx, a.Outbox.Link(ownEmail, notify.TopicVerifyEmail)),
		member.ErrEmailTaken)
	if a.email() != ownEmail {
		t.Error("the address changed hands")
	}
}

// A stored address can be read by nobody who has the table alone.
func TestNothingIsStoredInTheClear(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	a.verify(ownEmail)
	_, err := a.Members.AddCompanion(a.ctx, a.id(), childCard())
	a.must(err)
	for _, q := range []string{
		`SELECT email_index, email_sealed, email_sealed FROM member_email`,
		`SELECT name_sealed, number_sealed, number_index FROM companion`,
		`SELECT token_hash, token_hash, COALESCE(sealed, '') FROM account_link`,
	} {
		rows, err := a.DB.Query(a.ctx, q)
		list, err := sqldb.Collect(rows, err, scanThree)
		a.must(err)
		for _, cell := range list {
			for _, plain := range []string{"lin", "example", "张", "2015", "fv_", "fr_"} {
				if bytes.Contains(cell, []byte(plain)) {
					t.Errorf("%s shows %q", q, plain)
				}
			}
		}
	}
}

func scanThree(r *sql.Rows) ([]byte, error) {
	var a, b, c []byte
	err := r.Scan(&a, &b, &c)
	return bytes.Join([][]byte{a, b, c}, nil), err
}

func (a *account) setPassword() {
	a.t.Helper()
	a.clk.Advance(2 * time.Minute)
	sent, err := a.Members.RequestCode(a.ctx, member.CodeRequest{Phone: ownPhone,
		Purpose: member.ToSetPassword})
	a.must(err)
	a.must(a.Members.RecoverByCode(a.ctx, member.CodeEntry{Phone: ownPhone,
		Code: a.Outbox.Code(ownPhone), Challenge: sent.Challenge}, password))
}

func (a *account) byPassword(word string) (member.SignedIn, error) {
	return a.Members.SignInByPassword(a.ctx, member.PasswordEntry{Phone: ownPhone, Password: word,
		From: member.Origin{Label: "laptop", Address: netip.MustParseAddr("203.0.113.9")}})
}

func TestRecoveryByLinkAndByCode(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	a.verify(ownEmail)
	a.setPassword()
	if list, err := a.Members.SignIns(a.ctx, a.id()); err != nil || len(list) != 0 {
		t.Fatalf("%d sign-ins outlive a recovery by code (%v)", len(list), err)
	}
	in, err := a.byPassword(password)
	a.must(err)
	a.must(a.Members.RequestRecovery(a.ctx, "LIN@example.com", member.Origin{}))
	a.Letters(t)
	token := a.Outbox.Link(ownEmail, notify.TopicRecovery)
	a.refused(a.Members.RecoverByLink(a.ctx, token, "12345678"), secret.ErrPassword)
	a.must(a.Members.RecoverByLink(a.ctx, token, "another horse battery"))
	a.refused(a.Members.RecoverByLink(a.ctx, token, "a third horse battery"), signin.ErrLinkUsed)
	_, err = a.Door.Read(a.ctx, secret.MemberToken, in.Token)
	a.refused(err, signin.ErrTokenRefused)
	_, err = a.byPassword(password)
	a.refused(err, member.ErrPasswordWrong)
	_, err = a.byPassword("another horse battery")
	a.must(err)
	a.Letters(t)
	if !told(a, ownEmail, notify.TopicPasswordChanged) {
		t.Error("the owner was not told")
	}
	// Of several links each dies with the first that was used, and of old age.
	a.clk.Advance(time.Hour)
	a.must(a.Members.RequestRecovery(a.ctx, ownEmail, member.Origin{}))
	a.Letters(t)
	a.clk.Advance(signin.RecoverLife)
	a.refused(a.Members.RecoverByLink(a.ctx, a.Outbox.Link(ownEmail, notify.TopicRecovery),
		"a third horse battery"), signin.ErrLinkUsed)
}

// Who asks for a recovery learns nothing: answers, refusals and what is stored are the same
// for an address that is somebody's and one that is nobody's.
func TestRecoveryTellsNothing(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	a.verify(ownEmail)
	a.Letters(t)
	sent := len(a.Outbox.Sent())
	type trace struct {
		errs string
		rows [3]int
	}
	ask := func(email string) (tr trace) {
		for range member.MailDaily + 2 {
			before := a.rows()
			err := a.Members.RequestRecovery(a.ctx, email, member.Origin{
				Address: netip.MustParseAddr("203.0.113.7")})
			tr.errs += fmt.Sprintln(err, fault.Of(err) != nil && fault.Of(err).RetryAfter > 0)
			after := a.rows()
			for i := range after {
				tr.rows[i] += after[i] - before[i]
			}
			a.clk.Advance(10 * time.Second)
			if err == nil {
				a.clk.Advance(time.Minute)
			}
		}
		return tr
	}
	nobody := ask("nobody@example.com")
	if n := a.Letters(t); n == 0 || len(a.Outbox.Sent()) != sent {
		t.Fatalf("%d letters to nobody, %d sent", n, len(a.Outbox.Sent())-sent)
	}
	somebody := ask(ownEmail)
	// The address counter is there from the first round on.
	nobody.rows[2], somebody.rows[2] = nobody.rows[2]-2, somebody.rows[2]-1
	if nobody != somebody {
		t.Fatalf("nobody:\n%+v\nsomebody:\n%+v", nobody, somebody)
	}
	if a.Letters(t) == 0 || len(a.Outbox.Sent()) == sent {
		t.Fatal("the member's own letters did not go out: the test compares nothing")
	}
	// By phone: a code that is right makes the phone's member, known or not.
	for _, phone := range []string{ownPhone, "+8613700137000"} {
		a.clk.Advance(2 * time.Minute)
		_, err := a.Members.RequestCode(a.ctx, member.CodeRequest{Phone: phone,
			Purpose: member.ToSetPassword})
		a.must(err)
		e := member.CodeEntry{Phone: phone, Code: "000000"}
		if a.Outbox.Code(phone) != "000000" {
			a.refused(a.Members.RecoverByCode(a.ctx, e, password), member.ErrCodeWrong)
		}
		e.Code = a.Outbox.Code(phone)
		a.must(a.Members.RecoverByCode(a.ctx, e, password))
	}
}

// rows counts what a stranger's request leaves behind.
func (a *account) rows() (n [3]int) {
	a.t.Helper()
	for i, table := range []string{"job", "journal", "sms_quota"} {
		a.must(a.DB.QueryRow(a.ctx, "SELECT COUNT(*) FROM "+table).Scan(&n[i]))
	}
	return n
}

func TestANewDeviceIsToldAndDisowned(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	a.verify(ownEmail)
	a.setPassword()
	a.Letters(t)
	known, err := a.byPassword(password)
	a.must(err)
	if a.Letters(t) != 1 || !told(a, ownEmail, notify.TopicNewDevice) {
		t.Fatal("a new device was not told")
	}
	again, err := a.Members.SignInByPassword(a.ctx, member.PasswordEntry{Phone: ownPhone,
		Password: password, From: member.Origin{Device: known.Device}})
	a.must(err)
	if n := a.Letters(t); n != 0 {
		t.Fatalf("a device that is known made %d letters", n)
	}
	list, err := a.Members.SignIns(a.ctx, a.id())
	a.must(err)
	if len(list) != 2 || list[1].Network+list[0].Network != "203.0.113.*" {
		t.Fatalf("%+v", list)
	}
	token := a.Outbox.Link(ownEmail, notify.TopicNewDevice)
	out, err := a.Members.Disown(a.ctx, token)
	a.must(err)
	if !out.SignIn || !out.Password {
		t.Fatalf("%+v", out)
	}
	_, err = a.Members.Disown(a.ctx, token)
	a.refused(err, signin.ErrLinkUsed)
	_, err = a.Door.Read(a.ctx, secret.MemberToken, known.Token)
	a.refused(err, signin.ErrTokenRefused)
	if _, err := a.Door.Read(a.ctx, secret.MemberToken, again.Token); err != nil {
		t.Fatalf("another sign-in ended too: %v", err)
	}
	_, err = a.byPassword(password)
	a.refused(err, member.ErrPasswordWrong)
	if a.Letters(t) != 1 || !told(a, ownEmail, notify.TopicRecovery) {
		t.Error("no new password was asked for")
	}
}

// A code by SMS is its own notice: it costs no second message.
func TestACodeOnANewDeviceIsToldByMailAlone(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	a.clk.Advance(2 * time.Minute)
	a.SignIn(t, ownPhone)
	if n := a.Letters(t); n != 0 {
		t.Fatalf("%d letters without an address", n)
	}
	a.verify(ownEmail)
	a.clk.Advance(2 * time.Minute)
	last := a.SignIn(t, ownPhone)
	if n := a.Letters(t); n != 1 || !told(a, ownEmail, notify.TopicNewDevice) {
		t.Fatalf("%d letters with an address", n)
	}
	s, err := a.Door.Read(a.ctx, secret.MemberToken, last.Token)
	a.must(err)
	ended, err := a.Members.EndOtherSignIns(a.ctx, a.id(), s.ID)
	if err != nil || ended != 2 {
		t.Fatalf("%d others ended, %v", ended, err)
	}
}
