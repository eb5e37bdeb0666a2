// Package membertest gives tests the module of members, and members who signed in.
package membertest

import (
	"context"
	"testing"

	"foyer/internal/clock"
	"foyer/internal/member"
	"foyer/internal/member/memberdb"
	"foyer/internal/signin/signintest"
	"foyer/internal/sqldb"
)

// Bundle is the module on a database of its own.
type Bundle struct {
	*signintest.Bundle
	Members *member.Members
	Post    *signintest.Post
}

// New makes a bundle on a fresh database.
func New(t testing.TB, db *sqldb.DB, clk clock.Clock) *Bundle {
	t.Helper()
	return On(signintest.New(t, db, clk))
}

// On makes the module on what is there already.
func On(b *signintest.Bundle) *Bundle {
	store := memberdb.New(b.DB)
	post := &signintest.Post{Jobs: b.Jobs}
	return &Bundle{b, member.New(member.Deps{DB: b.DB, Store: store, Codes: store, Tails: store,
		Vault: b.Ring, Passwords: b.Hasher, Door: b.Door, Guard: b.Guard, Journal: b.Journal,
		Sender: b.Outbox, IDs: b.IDs, Clock: b.Clock, Emails: store, Consents: store,
		Companions: store, Erasure: store, Links: b.Links, Jobs: post,
		Site: "https://foyer.test"}), post}
}

// SignIn signs a phone in by code.
func (b *Bundle) SignIn(t testing.TB, phone string) member.SignedIn {
	t.Helper()
	ctx := context.Background()
	sent, err := b.Members.RequestCode(ctx, member.CodeRequest{Phone: phone,
		Purpose: member.ToSignIn})
	if err != nil {
		t.Fatal(err)
	}
	in, err := b.Members.SignInByCode(ctx, member.CodeEntry{Phone: phone,
		Code: b.Outbox.Code(phone), Challenge: sent.Challenge})
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// Letters sends what members are told.
func (b *Bundle) Letters(t testing.TB) int {
	t.Helper()
	return b.Post.Do(t, b.Members.SendLetter)
}

// Prove asks for a code and gives it as a fresh proof.
func (b *Bundle) Prove(t testing.TB, phone string) member.Proof {
	t.Helper()
	sent, err := b.Members.RequestCode(context.Background(), member.CodeRequest{Phone: phone,
		Purpose: member.ToConfirm})
	if err != nil {
		t.Fatal(err)
	}
	return member.Proof{Code: b.Outbox.Code(phone), Challenge: sent.Challenge}
}

// Agree gives the consents that keeping somebody's values needs.
func (b *Bundle) Agree(t testing.TB, id int64) {
	t.Helper()
	for _, p := range []member.ConsentPurpose{member.PrivacyNotice, member.KeepCompanions} {
		_, err := b.Members.Decide(context.Background(), id, member.Decision{Purpose: p, Version: 1,
			Given: true})
		if err != nil {
			t.Fatal(err)
		}
	}
}
