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
}

// New makes a bundle on a fresh database.
func New(t testing.TB, db *sqldb.DB, clk clock.Clock) *Bundle {
	t.Helper()
	return On(signintest.New(t, db, clk))
}

// On makes the module on what is there already.
func On(b *signintest.Bundle) *Bundle {
	store := memberdb.New(b.DB)
	return &Bundle{b, member.New(member.Deps{DB: b.DB, Store: store, Codes: store, Tails: store,
		Vault: b.Ring, Passwords: b.Hasher, Door: b.Door, Guard: b.Guard, Journal: b.Journal,
		Sender: b.Outbox, IDs: b.IDs, Clock: b.Clock, Emails: store, Consents: store,
		Companions: store, Erasure: store, Links: b.Links, Jobs: b.Jobs,
		Site: "https://foyer.test"})}
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
