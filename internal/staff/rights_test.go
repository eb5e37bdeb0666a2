package staff_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"foyer/internal/actor"
	"foyer/internal/fault"
	"foyer/internal/signin"
	"foyer/internal/staff"
	"foyer/internal/staff/stafftest"
)

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
