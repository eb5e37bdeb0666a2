package staff_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"foyer/internal/actor"
	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/secret"
	"foyer/internal/signin"
	"foyer/internal/sqldb"
	"foyer/internal/sqldb/sqldbtest"
	"foyer/internal/staff"
	"foyer/internal/staff/stafftest"
)

// each runs fn on both engines; a verified journal is part of every test.
func each(t *testing.T, fn func(t *testing.T, b *stafftest.Bundle)) {
	t.Helper()
	sqldbtest.EachFake(t, func(t *testing.T, db *sqldb.DB, clk *clock.Fake) {
		b := stafftest.New(t, db, clk)
		fn(t, b)
		b.Verify(t)
	})
}

func scope(p *stafftest.Person) actor.Scope { return actor.Scope{Organization: p.Organization} }

func TestTheFirstOwnersLinkWorksOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *stafftest.Bundle) {
		ctx := context.Background()
		setUp := func(link, email string) (staff.Enrolment, error) {
			return b.House.SetUp(ctx, staff.Setup{Token: stafftest.TokenOf(link),
				Organization: "前厅", Email: email, Name: "林所有", Password: stafftest.Password})
		}
		old, err := b.House.SetupLink(ctx)
		if err != nil {
			t.Fatal(err)
		}
		link, err := b.House.SetupLink(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := setUp(old, "a@foyer.test"); !errors.Is(err, staff.ErrLink) {
			t.Fatalf("a replaced link: %v", err)
		}
		e, err := setUp(link, "a@foyer.test")
		if err != nil || e.Secret == "" || !strings.HasPrefix(e.URL, "otpauth://totp/") {
			t.Fatalf("set-up: %+v, %v", e, err)
		}
		if _, err := setUp(link, "b@foyer.test"); !errors.Is(err, staff.ErrLink) {
			t.Fatalf("a used link: %v", err)
		}
		p := &stafftest.Person{Email: "a@foyer.test", Factor: b.Factor(t, e.Staff)}
		if _, err := b.House.SignIn(ctx, b.Proof(t, p)); !errors.Is(err, staff.ErrNotConfirmed) {
			t.Fatalf("sign-in before the second factor is confirmed: %v", err)
		}
		again, err := b.House.Enrolment(ctx, b.Proof(t, p))
		if err != nil || again.Secret != e.Secret {
			t.Fatalf("the secret is not shown again: %v", err)
		}
		if _, err := b.House.Confirm(ctx, b.Proof(t, p)); err != nil {
			t.Fatal(err)
		}
		if _, err := b.House.Enrolment(ctx, b.Proof(t, p)); !errors.Is(err, staff.ErrConfirmed) {
			t.Fatalf("the secret after it was confirmed: %v", err)
		}
		if _, err := b.House.SetupLink(ctx); !errors.Is(err, staff.ErrSetUp) {
			t.Fatalf("a link for an installation with an owner: %v", err)
		}
	})
}

func TestALinkEnds(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *stafftest.Bundle) {
		link, err := b.House.SetupLink(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		b.Clock.Advance(staff.SetupLife)
		_, err = b.House.SetUp(context.Background(), staff.Setup{Token: stafftest.TokenOf(link),
			Organization: "前厅", Email: "a@foyer.test", Name: "林", Password: stafftest.Password})
		if !errors.Is(err, staff.ErrLink) {
			t.Fatalf("an old link: %v", err)
		}
	})
}

// A code works once, in any order of two steps, also for two who send it at one moment.
func TestTOTPCodesAreNotReplayed(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *stafftest.Bundle) {
		ctx := context.Background()
		owner := b.Owner(t)
		if _, err := b.House.SignIn(ctx, b.Proof(t, owner)); !errors.Is(err, staff.ErrSignIn) {
			t.Fatalf("the code that confirmed was taken again: %v", err)
		}
		b.Later()
		proof := b.Proof(t, owner)
		proof.From.Device = owner.In.Device
		var mu sync.Mutex
		in, refused := 0, 0
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				_, err := b.House.SignIn(ctx, proof)
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					in++
				} else if errors.Is(err, staff.ErrSignIn) {
					refused++
				}
			})
		}
		wg.Wait()
		if in != 1 || refused != 3 {
			t.Fatalf("one code: %d signed in, %d refused", in, refused)
		}
	})
}

func TestSignInTellsNothing(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *stafftest.Bundle) {
		owner := b.Owner(t)
		b.Later()
		good := b.Proof(t, owner)
		for name, change := range map[string]func(*staff.Proof){
			"unknown address": func(p *staff.Proof) { p.Email = "nobody@foyer.test" },
			"wrong password":  func(p *staff.Proof) { p.Password = "wrong wrong wrong" },
			"endless password": func(p *staff.Proof) {
				p.Password = strings.Repeat("x", secret.MaxPasswordBytes+1)
			},
			"wrong code": func(p *staff.Proof) { p.TOTP = "000000" },
			"no code":    func(p *staff.Proof) { p.TOTP = "" },
		} {
			p := good
			change(&p)
			_, err := b.House.SignIn(context.Background(), p)
			if !errors.Is(err, staff.ErrSignIn) || len(fault.Of(err).Details) > 0 {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := b.House.SignIn(context.Background(), good); err != nil {
			t.Errorf("the right proof: %v", err)
		}
	})
}

func TestGuessingIsSlowedAndTheKnownDeviceIsNot(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *stafftest.Bundle) {
		ctx := context.Background()
		owner := b.Owner(t)
		var last time.Duration
		for i := range 30 {
			_, err := b.House.SignIn(ctx, staff.Proof{Email: owner.Email, Password: fmt.Sprint(
				"guess number ", i), TOTP: "123456", From: staff.Origin{
				Address: netip.AddrFrom4([4]byte{203, 0, 113, byte(i + 1)})}})
			if errors.Is(err, signin.ErrTooManyAttempts) {
				last = max(last, fault.Of(err).RetryAfter)
				b.Clock.Advance(fault.Of(err).RetryAfter)
			}
		}
		if last < time.Minute {
			t.Fatalf("the longest delay was %v", last)
		}
		b.House.SignIn(ctx, staff.Proof{Email: owner.Email, Password: "one more guess"})
		proof := b.Proof(t, owner)
		if _, err := b.House.SignIn(ctx, proof); !errors.Is(err, signin.ErrTooManyAttempts) {
			t.Fatalf("a stranger's device within the delay: %v", err)
		}
		proof.From.Device = owner.In.Device
		if _, err := b.House.SignIn(ctx, proof); err != nil {
			t.Fatalf("the owner's known device: %v", err)
		}
	})
}

func TestInvitationsWorkOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *stafftest.Bundle) {
		ctx := context.Background()
		owner := b.Owner(t)
		s := scope(owner)
		usher := b.Role(t, owner, staff.Usher)
		invite := func(email string) staff.Invited {
			t.Helper()
			v, err := b.House.Invite(ctx, owner.In.Who, s, staff.Invite{Email: email, Role: usher})
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
		accept := func(v staff.Invited) error {
			_, err := b.House.Accept(ctx, staff.Accept{Token: stafftest.TokenOf(v.Link),
				Name: "新人", Password: stafftest.Password})
			return err
		}
		v := invite("New@Foyer.Test ")
		if sent := b.Outbox.Sent(); len(sent) != 1 || sent[0].To != "new@foyer.test" ||
			!strings.Contains(sent[0].Text.Body, v.Link) || !v.Sent {
			t.Fatalf("sent: %v", sent)
		}
		if err := accept(v); err != nil {
			t.Fatal(err)
		}
		if err := accept(v); !errors.Is(err, staff.ErrLink) {
			t.Fatalf("a used invitation: %v", err)
		}
		old := invite("late@foyer.test")
		b.Clock.Advance(staff.InvitationLife)
		if err := accept(old); !errors.Is(err, staff.ErrLink) {
			t.Fatalf("an old invitation: %v", err)
		}
		if list, err := b.House.Invitations(ctx, owner.In.Who, s); err != nil || len(list) != 0 {
			t.Fatalf("open ones: %v, %v", list, err)
		}
		if n, err := b.House.Sweep(ctx); err != nil || n != 1 {
			t.Fatalf("swept %d ended invitations, %v", n, err)
		}
		drawn := invite("no@foyer.test")
		if err := b.House.Withdraw(ctx, owner.In.Who, s, drawn.ID); err != nil {
			t.Fatal(err)
		}
		if err := accept(drawn); !errors.Is(err, staff.ErrLink) {
			t.Fatalf("a withdrawn invitation: %v", err)
		}
	})
}

// An invitation is worth what its maker may still give when it is accepted.
func TestInvitationOfSomebodyWhoLostTheRight(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *stafftest.Bundle) {
		ctx := context.Background()
		owner := b.Owner(t)
		manager := b.Join(t, owner, "m@foyer.test", b.Role(t, owner, staff.Manager), 0)
		v, err := b.House.Invite(ctx, manager.In.Who, scope(owner), staff.Invite{
			Email: "friend@foyer.test", Role: b.Role(t, owner, staff.Manager)})
		if err != nil {
			t.Fatal(err)
		}
		err = b.House.SetGrants(ctx, owner.In.Who, scope(owner), manager.In.Who.ID, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, err = b.House.Accept(ctx, staff.Accept{Token: stafftest.TokenOf(v.Link), Name: "友",
			Password: stafftest.Password})
		if !errors.Is(err, staff.ErrLink) {
			t.Fatalf("the invitation of somebody who was removed: %v", err)
		}
	})
}

func TestResetFactorAndPassword(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *stafftest.Bundle) {
		ctx := context.Background()
		owner := b.Owner(t)
		b.Later()
		s, err := b.Door.Read(ctx, secret.StaffToken, owner.In.Token)
		if err != nil {
			t.Fatal(err)
		}
		proof := b.Proof(t, owner)
		bad := proof
		bad.TOTP = "000000"
		id := owner.In.Who.ID
		if err := b.House.SetPassword(ctx, id, s.ID, bad, "a new good one"); !errors.Is(err,
			staff.ErrSignIn) {
			t.Fatalf("a new password without the second factor: %v", err)
		}
		if err := b.House.SetPassword(ctx, id, s.ID, proof, "a new good one"); err != nil {
			t.Fatal(err)
		}
		proof.Password = "a new good one"
		if _, err := b.House.SignIn(ctx, proof); !errors.Is(err, staff.ErrSignIn) {
			t.Fatalf("the code that changed the password was taken again: %v", err)
		}
		if err := b.House.ResetFactor(ctx, owner.Email); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Door.Read(ctx, secret.StaffToken, owner.In.Token); !errors.Is(err,
			signin.ErrTokenRefused) {
			t.Fatalf("a sign-in outlived the reset: %v", err)
		}
		owner.Factor = b.Factor(t, id)
		proof.TOTP = b.Proof(t, owner).TOTP
		if _, err := b.House.Confirm(ctx, proof); err != nil {
			t.Fatalf("the new second factor: %v", err)
		}
	})
}

func TestJournalHoldsNoAddresses(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *stafftest.Bundle) {
		owner := b.Owner(t)
		b.Join(t, owner, "secret-name@foyer.test", b.Role(t, owner, staff.Usher), 0)
		rows, err := b.Store.Page(context.Background(), b.Journal.Lane(), 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range rows {
			got = append(got, r.Action)
			for _, value := range []string{"@foyer", "secret-name", "owner@", stafftest.Password} {
				if bytes.Contains(r.Chained, []byte(value)) {
					t.Errorf("%s holds %q", r.Action, value)
				}
			}
		}
		want := []string{"staff.setup_link_made", "staff.owner_set_up", "staff.factor_confirmed",
			"invitation.made", "invitation.accepted", "staff.factor_confirmed"}
		if !slices.Equal(got, want) {
			t.Errorf("journal: %v\nwant     %v", got, want)
		}
	})
}

func TestEveryPermissionHasWords(t *testing.T) {
	t.Parallel()
	seen := map[actor.Permission]bool{}
	for _, p := range staff.Permissions() {
		if p.Name == "" || p.Zh == "" || p.En == "" || seen[p.Name] {
			t.Errorf("permission %+v", p)
		}
		seen[p.Name] = true
	}
	for _, r := range staff.Presets() {
		for _, p := range r.Permissions {
			if !seen[p] && p != actor.Everything {
				t.Errorf("%s holds %q, which is no permission", r.Preset, p)
			}
		}
	}
}
