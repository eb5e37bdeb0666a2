// Package stafftest gives tests the module of staff, and owners and others who signed in.
package stafftest

import (
	"context"
	"strings"
	"testing"
	"time"

	"foyer/internal/actor"
	"foyer/internal/clock"
	"foyer/internal/secret"
	"foyer/internal/signin/signintest"
	"foyer/internal/sqldb"
	"foyer/internal/staff"
	"foyer/internal/staff/staffdb"
)

// Bundle is the module on a database of its own.
type Bundle struct {
	*signintest.Bundle
	House  *staff.House
	Venues map[int64]int64 // venue → organization
	Clock  *clock.Fake
	Post   *signintest.Post
}

// Password is everybody's.
const Password = "correct horse battery"

// New makes a bundle on a fresh database; the clock must be the database's.
func New(t testing.TB, db *sqldb.DB, clk *clock.Fake) *Bundle {
	t.Helper()
	b := &Bundle{Bundle: signintest.New(t, db, clk), Venues: map[int64]int64{}, Clock: clk}
	b.Post = &signintest.Post{Jobs: b.Jobs}
	store := staffdb.New(db)
	b.House = staff.New(staff.Deps{DB: db, People: store, Roles: store, Grants: store,
		Links: store, Invites: store,
		Organizations: b, Venues: b, Vault: b.Ring, Passwords: b.Hasher,
		Door: b.Door, Guard: b.Guard, Mail: b.Links, Jobs: b.Post,
		Journal: b.Journal, Sender: b.Outbox, IDs: b.IDs,
		Clock: clk, Log: b.Log, Site: "https://foyer.test", Issuer: "Foyer"})
	return b
}

// AddOrganization stands for the catalogue, which staff only needs a number from.
func (b *Bundle) AddOrganization(*sqldb.Tx, int64, string) error { return nil }

// HasVenue answers from the bundle's map.
func (b *Bundle) HasVenue(_ context.Context, s actor.Scope, venue int64) (bool, error) {
	return b.Venues[venue] == s.Organization, nil
}

// OrganizationName is the same for all.
func (b *Bundle) OrganizationName(context.Context, int64) (string, error) { return "前厅影城", nil }

// Person is somebody who can sign in.
type Person struct {
	Email        string
	Factor       secret.TOTP
	Organization int64
	In           staff.SignedIn
}

// Owner sets up the first organization of an empty installation and signs its owner in.
func (b *Bundle) Owner(t testing.TB) *Person {
	t.Helper()
	ctx := context.Background()
	link, err := b.House.SetupLink(ctx)
	if err != nil {
		t.Fatal(err)
	}
	p := &Person{Email: "owner@foyer.test"}
	e, err := b.House.SetUp(ctx, staff.Setup{Token: TokenOf(link), Organization: "前厅影城",
		Email: p.Email, Name: "林所有", Password: Password})
	if err != nil {
		t.Fatal(err)
	}
	b.confirm(t, p, e)
	return p
}

// TokenOf is the token in a link.
func TokenOf(link string) string { return link[strings.Index(link, "#")+1:] }

func (b *Bundle) confirm(t testing.TB, p *Person, e staff.Enrolment) {
	t.Helper()
	p.Organization = e.Organization
	p.Factor = b.Factor(t, e.Staff)
	in, err := b.House.Confirm(context.Background(), b.Proof(t, p))
	if err != nil {
		t.Fatal(err)
	}
	p.In = in
}

// Factor is the second factor of a person, as the authenticator has it.
func (b *Bundle) Factor(t testing.TB, id int64) secret.TOTP {
	t.Helper()
	me, err := b.House.Me(context.Background(), id)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := b.Ring.Open("staff", "totp_sealed", id, me.Record.TOTPSealed)
	if err != nil {
		t.Fatal(err)
	}
	factor, err := secret.TOTPFrom(plain)
	if err != nil {
		t.Fatal(err)
	}
	return factor
}

// Proof is what a person signs in with now. A code works once: Later makes the next one.
func (b *Bundle) Proof(t testing.TB, p *Person) staff.Proof {
	t.Helper()
	code, err := p.Factor.Code(b.Clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	return staff.Proof{Email: p.Email, Password: Password, TOTP: code}
}

// Later moves the clock to the next TOTP step.
func (b *Bundle) Later() { b.Clock.Advance(31 * time.Second) }

// Join invites somebody to a role and signs him in.
func (b *Bundle) Join(t testing.TB, by *Person, email string, role, venue int64) *Person {
	t.Helper()
	ctx := context.Background()
	s := actor.Scope{Organization: by.Organization}
	made, err := b.House.Invite(ctx, by.In.Who, s,
		staff.Invite{Email: email, Role: role, Venue: venue})
	if err != nil {
		t.Fatal(err)
	}
	done, err := b.House.Accept(ctx, staff.Accept{Token: TokenOf(made.Link), Name: "同事",
		Password: Password})
	if err != nil {
		t.Fatal(err)
	}
	p := &Person{Email: email, Organization: by.Organization}
	b.confirm(t, p, *done.Enrolment)
	p.Organization = by.Organization
	return p
}

// Role is the number of an organization's preset role.
func (b *Bundle) Role(t testing.TB, by *Person, preset staff.Preset) int64 {
	t.Helper()
	roles, err := b.House.ListRoles(context.Background(), by.In.Who,
		actor.Scope{Organization: by.Organization})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range roles {
		if r.Preset == preset {
			return r.ID
		}
	}
	t.Fatalf("no role %s", preset)
	return 0
}

// OtherOwner makes a second organization with an owner of its own, for twin data.
func (b *Bundle) OtherOwner(t testing.TB, first *Person) *Person {
	t.Helper()
	p := b.Join(t, first, "other@foyer.test", b.Role(t, first, staff.Usher), 0)
	id := b.IDs.Next()
	err := b.DB.InTx(context.Background(), func(tx *sqldb.Tx) error {
		store := staffdb.New(b.DB)
		s := actor.Scope{Organization: first.Organization}
		grants, err := store.GrantsIn(tx, s, p.In.Who.ID)
		if err != nil {
			return err
		}
		for _, g := range grants {
			if err := store.DeleteGrant(tx, g.Grant); err != nil {
				return err
			}
		}
		return b.House.Found(tx, p.In.Who.ID, id)
	})
	if err != nil {
		t.Fatal(err)
	}
	p.Organization = id
	if p.In.Who, err = b.House.Actor(context.Background(), p.In.Who.ID); err != nil {
		t.Fatal(err)
	}
	return p
}
