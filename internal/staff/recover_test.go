package staff_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"foyer/internal/actor"
	"foyer/internal/clock"
	"foyer/internal/notify"
	"foyer/internal/secret"
	"foyer/internal/signin"
	"foyer/internal/sqldb/sqldbtest"
	"foyer/internal/staff"
	"foyer/internal/staff/stafftest"
)

type recovery struct {
	*stafftest.Bundle
	t     *testing.T
	ctx   context.Context
	owner *stafftest.Person
}

func newRecovery(t *testing.T) *recovery {
	t.Helper()
	clk := clock.NewFake(sqldbtest.Start)
	b := stafftest.New(t, sqldbtest.Open(t, clk), clk)
	return &recovery{b, t, context.Background(), b.Owner(t)}
}

func (r *recovery) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *recovery) refused(err, want error) {
	r.t.Helper()
	if !errors.Is(err, want) {
		r.t.Fatalf("%v, want %v", err, want)
	}
}

// link asks for one and reads it in the mail.
func (r *recovery) link() string {
	r.t.Helper()
	r.Clock.Advance(6 * time.Hour)
	r.must(r.House.RequestRecovery(r.ctx, r.owner.Email, "en", staff.Origin{}))
	r.Post.Do(r.t, r.House.SendLetter)
	return r.Outbox.Link(r.owner.Email, notify.TopicRecovery)
}

func (r *recovery) code() string {
	r.t.Helper()
	r.Clock.Advance(time.Minute)
	code, err := r.owner.Factor.Code(r.Clock.Now())
	r.must(err)
	return code
}

const newPassword = "another horse battery"

func TestStaffRecoverWithLinkAndSecondFactor(t *testing.T) {
	t.Parallel()
	r := newRecovery(t)
	token := r.link()
	in := staff.Recovery{Token: token, TOTP: "000000", Password: newPassword}
	r.refused(r.House.Recover(r.ctx, in), staff.ErrSignIn)
	in.TOTP = r.code()
	in.Password = "12345678"
	r.refused(r.House.Recover(r.ctx, in), secret.ErrPassword)
	in.Password = newPassword
	r.must(r.House.Recover(r.ctx, in)) // a wrong code did not use the link up
	in.TOTP = r.code()
	r.refused(r.House.Recover(r.ctx, in), signin.ErrLinkUsed)
	_, err := r.Door.Read(r.ctx, secret.StaffToken, r.owner.In.Token)
	r.refused(err, signin.ErrTokenRefused)
	proof := staff.Proof{Email: r.owner.Email, Password: stafftest.Password, TOTP: r.code()}
	_, err = r.House.SignIn(r.ctx, proof)
	r.refused(err, staff.ErrSignIn)
	proof.Password, proof.TOTP = newPassword, r.code()
	_, err = r.House.SignIn(r.ctx, proof)
	r.must(err)
	r.Post.Do(t, r.House.SendLetter)
	if r.Outbox.Code(r.owner.Email) != "" {
		t.Error("a letter of staff holds a code")
	}
	old := r.link()
	r.Clock.Advance(signin.RecoverLife)
	r.refused(r.House.Recover(r.ctx, staff.Recovery{Token: old, TOTP: r.code(),
		Password: stafftest.Password}), signin.ErrLinkUsed)
}

// A link of a member opens nothing of the staff, and the other way round.
func TestLinksAreOfOneKindOfAccount(t *testing.T) {
	t.Parallel()
	r := newRecovery(t)
	_, err := r.Links.Find(r.ctx, signin.ToRecover, actor.Member, r.link(), r.Clock.Now())
	r.refused(err, signin.ErrLinkUsed)
}

// Whoever asks cannot tell who is on the staff: neither by the answers nor by what is
// stored.
func TestStaffRecoveryTellsNothing(t *testing.T) {
	t.Parallel()
	r := newRecovery(t)
	r.Post.Do(t, r.House.SendLetter)
	sent := len(r.Outbox.Sent())
	ask := func(email string) (trace string) {
		for range 7 {
			before := r.stored()
			err := r.House.RequestRecovery(r.ctx, email, "zh", staff.Origin{})
			after := r.stored()
			trace += fmt.Sprintln(err, after[0]-before[0], after[1]-before[1], after[2]-before[2])
			r.Clock.Advance(2 * time.Minute)
		}
		return trace
	}
	nobody := ask("nobody@foyer.test")
	if r.Post.Do(t, r.House.SendLetter); len(r.Outbox.Sent()) != sent {
		t.Fatal("a letter went to nobody")
	}
	if somebody := ask(r.owner.Email); somebody != nobody {
		t.Fatalf("nobody:\n%s\nsomebody:\n%s", nobody, somebody)
	}
	if r.Post.Do(t, r.House.SendLetter); len(r.Outbox.Sent()) == sent {
		t.Fatal("nothing went to the owner: the test compares nothing")
	}
}

func (r *recovery) stored() (n [3]int) {
	r.t.Helper()
	for i, table := range []string{"job", "journal", "sign_in_attempt"} {
		r.must(r.DB.QueryRow(r.ctx, "SELECT COUNT(*) FROM "+table).Scan(&n[i]))
	}
	return n
}

func TestStaffDisownASignIn(t *testing.T) {
	t.Parallel()
	r := newRecovery(t)
	in, err := r.House.SignIn(r.ctx, staff.Proof{Email: r.owner.Email,
		Password: stafftest.Password, TOTP: r.code(), From: staff.Origin{Label: "other laptop"}})
	r.must(err)
	r.Post.Do(t, r.House.SendLetter)
	token := r.Outbox.Link(r.owner.Email, notify.TopicNewDevice)
	open, err := r.House.Disown(r.ctx, token)
	if err != nil || !open {
		t.Fatalf("%v, %v", open, err)
	}
	_, err = r.House.Disown(r.ctx, token)
	r.refused(err, signin.ErrLinkUsed)
	_, err = r.Door.Read(r.ctx, secret.StaffToken, in.Token)
	r.refused(err, signin.ErrTokenRefused)
	_, err = r.House.SignIn(r.ctx, staff.Proof{Email: r.owner.Email,
		Password: stafftest.Password, TOTP: r.code()})
	r.refused(err, staff.ErrSignIn)
	if _, err := r.House.SignIn(r.ctx, staff.Proof{Email: r.owner.Email, Password: "",
		TOTP: r.code()}); !errors.Is(err, staff.ErrSignIn) {
		t.Fatalf("an ended password is an empty one: %v", err)
	}
	r.Post.Do(t, r.House.SendLetter)
	r.must(r.House.Recover(r.ctx, staff.Recovery{TOTP: r.code(), Password: newPassword,
		Token: r.Outbox.Link(r.owner.Email, notify.TopicRecovery)}))
}

// Who leaves one of two organizations stays signed in for the other; who leaves the last is
// signed out.
func TestLeavingOneHouseIsNotLeavingAll(t *testing.T) {
	t.Parallel()
	r := newRecovery(t)
	usher := r.Role(t, r.owner, staff.Usher)
	p := r.Join(t, r.owner, "both@foyer.test", usher, 0)
	other := r.OtherOwner(t, r.owner)
	r.Later()
	there := actor.Scope{Organization: other.Organization}
	made, err := r.House.Invite(r.ctx, other.In.Who, there,
		staff.Invite{Email: p.Email, Role: r.Role(t, other, staff.Usher)})
	r.must(err)
	_, err = r.House.Accept(r.ctx, staff.Accept{Token: stafftest.TokenOf(made.Link),
		Password: stafftest.Password, TOTP: r.Proof(t, p).TOTP})
	r.must(err)
	here := actor.Scope{Organization: r.owner.Organization}
	r.must(r.House.SetGrants(r.ctx, r.owner.In.Who, here, p.In.Who.ID, nil))
	_, err = r.Door.Read(r.ctx, secret.StaffToken, p.In.Token)
	r.must(err)
	who, err := r.House.Actor(r.ctx, p.In.Who.ID)
	if err != nil || who.May(staff.CheckInScan, here.Organization, 0) ||
		!who.May(staff.CheckInScan, there.Organization, 0) {
		t.Fatalf("%+v, %v", who, err)
	}
	r.must(r.House.SetGrants(r.ctx, other.In.Who, there, p.In.Who.ID, nil))
	_, err = r.Door.Read(r.ctx, secret.StaffToken, p.In.Token)
	r.refused(err, signin.ErrTokenRefused)
}
