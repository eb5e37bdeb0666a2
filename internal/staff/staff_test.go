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

// Nobody gives, edits or takes away more than he holds.
func TestNobodyClimbs(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *stafftest.Bundle) {
		ctx := context.Background()
		owner := b.Owner(t)
		s := scope(owner)
		ownerRole, usherRole := b.Role(t, owner, staff.Owner), b.Role(t, owner, staff.Usher)
		managerRole := b.Role(t, owner, staff.Manager)
		manager := b.Join(t, owner, "m@foyer.test", managerRole, 0)
		usher := b.Join(t, owner, "u@foyer.test", usherRole, 0)
		me, boss := manager.In.Who, owner.In.Who
		roles, err := b.House.ListRoles(ctx, me, s)
		if err != nil {
			t.Fatal(err)
		}
		of := func(id int64) staff.Role {
			return roles[slices.IndexFunc(roles, func(r staff.Role) bool { return r.ID == id })]
		}
		give := func(who actor.Actor, to int64, role int64) error {
			return b.House.SetGrants(ctx, who, s, to, []staff.Grant{{Role: role}})
		}
		wide := []actor.Permission{staff.OrganizationManage}
		for name, c := range map[string]struct {
			err  error
			want *fault.Definition
		}{
			"make himself owner":      {give(me, me.ID, ownerRole), staff.ErrBeyondYou},
			"make the usher an owner": {give(me, usher.In.Who.ID, ownerRole), staff.ErrBeyondYou},
			"remove the owner":        {give(me, owner.In.Who.ID, usherRole), staff.ErrBeyondYou},
			"sign the owner out": {b.House.SignOut(ctx, me, s, owner.In.Who.ID),
				staff.ErrBeyondYou},
			"invite an owner": {second(b.House.Invite(ctx, me, s, staff.Invite{
				Email: "x@foyer.test", Role: ownerRole})), staff.ErrBeyondYou},
			"make a wider role": {second(b.House.CreateRole(ctx, me, s, staff.RoleInput{
				Name: "宽", Permissions: wide})), staff.ErrBeyondYou},
			"widen his own role": {second(b.House.ChangeRole(ctx, me, s, managerRole,
				of(managerRole).Revision, staff.RoleInput{Name: "经理", Permissions: wide})),
				staff.ErrBeyondYou},
			"a role with the star": {second(b.House.CreateRole(ctx, owner.In.Who, s,
				staff.RoleInput{Name: "星", Permissions: []actor.Permission{"*"}})),
				fault.BadInput},
			"change the owner's role": {second(b.House.ChangeRole(ctx, boss, s, ownerRole, 1,
				staff.RoleInput{Name: "主", Permissions: wide})), staff.ErrOwnerRole},
			"an usher manages": {give(usher.In.Who, usher.In.Who.ID, usherRole),
				fault.NotAllowed},
			"the last owner leaves": {give(boss, boss.ID, usherRole), staff.ErrLastOwner},
			"the last owner is nobody": {b.House.SetGrants(ctx, boss, s, boss.ID, nil),
				staff.ErrLastOwner},
			"delete a used role": {b.House.DeleteRole(ctx, boss, s, usherRole), staff.ErrRoleUsed},
		} {
			if !errors.Is(c.err, c.want) {
				t.Errorf("%s: %v, want %s", name, c.err, c.want.Code)
			}
		}
		if err := give(owner.In.Who, usher.In.Who.ID, ownerRole); err != nil {
			t.Errorf("the owner makes another one: %v", err)
		}
	})
}

func second[T any](_ T, err error) error { return err }

// A venue manager rules one venue and gives nothing in the whole organization.
func TestVenueScope(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *stafftest.Bundle) {
		ctx := context.Background()
		owner := b.Owner(t)
		const here, elsewhere = 501, 502
		b.Venues[here], b.Venues[elsewhere] = owner.Organization, owner.Organization+1
		box := b.Role(t, owner, staff.BoxOffice)
		clerk := b.Join(t, owner, "c@foyer.test", box, here)
		who := clerk.In.Who
		if !who.May(staff.OrderRefund, owner.Organization, here) ||
			who.May(staff.OrderRefund, owner.Organization, 0) ||
			who.May(staff.OrderRefund, owner.Organization, elsewhere) {
			t.Errorf("grants: %+v", who.Grants)
		}
		_, err := b.House.Invite(ctx, owner.In.Who, scope(owner), staff.Invite{
			Email: "x@foyer.test", Role: box, Venue: elsewhere})
		if !errors.Is(err, fault.Missing) {
			t.Errorf("another organization's venue: %v", err)
		}
	})
}

// What is given or taken counts from the next request on, without any wait.
func TestGrantsCountAtOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *stafftest.Bundle) {
		ctx := context.Background()
		owner := b.Owner(t)
		s := scope(owner)
		usher, box := b.Role(t, owner, staff.Usher), b.Role(t, owner, staff.BoxOffice)
		p := b.Join(t, owner, "u@foyer.test", usher, 0)
		auth := signin.Authenticator{Door: b.Door, Staff: b.House}
		may := func(perm actor.Permission) bool {
			t.Helper()
			who, err := auth.Authenticate(ctx, p.In.Token)
			if err != nil {
				t.Fatal(err)
			}
			return who.May(perm, owner.Organization, 0)
		}
		if !may(staff.DeviceManage) || may(staff.OrderRefund) {
			t.Fatal("an usher has other rights than an usher's")
		}
		err := b.House.SetGrants(ctx, owner.In.Who, s, p.In.Who.ID, []staff.Grant{{Role: box}})
		if err != nil {
			t.Fatal(err)
		}
		if may(staff.DeviceManage) || !may(staff.OrderRefund) {
			t.Fatal("a changed grant does not count yet")
		}
		_, err = b.House.ChangeRole(ctx, owner.In.Who, s, box, 1, staff.RoleInput{Name: "窄",
			Permissions: []actor.Permission{staff.OrderView}})
		if err != nil {
			t.Fatal(err)
		}
		if may(staff.OrderRefund) || !may(staff.OrderView) {
			t.Fatal("a changed role does not count yet")
		}
		if err := b.House.SetGrants(ctx, owner.In.Who, s, p.In.Who.ID, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := auth.Authenticate(ctx, p.In.Token); !errors.Is(err, signin.ErrTokenRefused) {
			t.Fatalf("somebody who was removed: %v", err)
		}
	})
}

// Twin organizations: every call on the other one answers as if it were not there.
func TestOtherOrganizationIsMissing(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *stafftest.Bundle) {
		ctx := context.Background()
		one := b.Owner(t)
		two := b.OtherOwner(t, one)
		s, mine, me := scope(one), scope(two), two.In.Who
		role, own := b.Role(t, one, staff.Usher), b.Role(t, two, staff.Usher)
		theirs := staff.Invite{Email: "x@foyer.test", Role: role}
		v, err := b.House.Invite(ctx, one.In.Who, s, theirs)
		if err != nil {
			t.Fatal(err)
		}
		in := staff.RoleInput{Name: "新", Permissions: []actor.Permission{staff.OrderView}}
		for name, err := range map[string]error{
			"staff":       second(b.House.List(ctx, me, s)),
			"roles":       second(b.House.ListRoles(ctx, me, s)),
			"create role": second(b.House.CreateRole(ctx, me, s, in)),
			"change role": second(b.House.ChangeRole(ctx, me, s, role, 1, in)),
			"delete role": b.House.DeleteRole(ctx, me, s, role),
			"grants":      b.House.SetGrants(ctx, me, s, one.In.Who.ID, nil),
			"sign out":    b.House.SignOut(ctx, me, s, one.In.Who.ID),
			"invite":      second(b.House.Invite(ctx, me, s, theirs)),
			"invitations": second(b.House.Invitations(ctx, me, s)),
			"withdraw":    b.House.Withdraw(ctx, me, s, v.ID),
			// the own organization with the other's objects
			"their role in mine": second(b.House.ChangeRole(ctx, me, mine, role, 1, in)),
			"their person in mine": b.House.SetGrants(ctx, me, mine, one.In.Who.ID,
				[]staff.Grant{{Role: own}}),
			"their role for mine": b.House.SetGrants(ctx, me, mine, me.ID,
				[]staff.Grant{{Role: role}}),
			"their invitation in mine": b.House.Withdraw(ctx, me, mine, v.ID),
		} {
			if !errors.Is(err, fault.Missing) {
				t.Errorf("%s: %v", name, err)
			}
		}
		people, err := b.House.List(ctx, me, scope(two))
		if err != nil || len(people) != 1 || people[0].Email != two.Email {
			t.Errorf("own staff: %+v, %v", people, err)
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
