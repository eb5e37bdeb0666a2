package app

import (
	"context"

	"foyer/internal/captcha"
	"foyer/internal/journal"
	"foyer/internal/journal/journaldb"
	"foyer/internal/ledger"
	"foyer/internal/ledger/ledgerdb"
	"foyer/internal/member"
	"foyer/internal/member/memberdb"
	"foyer/internal/notify/inbox"
	"foyer/internal/notify/notifydb"
	"foyer/internal/secret"
	"foyer/internal/signin"
	"foyer/internal/signin/signindb"
	"foyer/internal/staff"
	"foyer/internal/staff/staffdb"
)

// openRecords opens what every module writes to: journal, ledger, jobs and keys.
func (a *App) openRecords(ctx context.Context) error {
	store := journaldb.New(a.DB)
	var err error
	a.Journal, err = journal.Open(ctx, journal.Config{DB: a.DB, Store: store, Clock: a.Clock,
		Sealer: a.Ring, Signer: a.Ring, Log: a.Log, Holder: a.Holder})
	if err != nil {
		return err
	}
	a.Jobs = journal.NewJobs(journal.JobsConfig{DB: a.DB, Store: store, Clock: a.Clock,
		IDs: a.IDs, Log: a.Log, Holder: a.Holder})
	a.Keys = journal.NewKeys(a.DB, store, a.Clock)
	a.Ledger = ledger.New(ledgerdb.New(a.DB))
	return nil
}

// buildPeople joins the two kinds of account and what both need.
func (a *App) buildPeople() {
	passwords := secret.NewHasher(secret.HashConfig{}, a.IDs)
	tokens := signindb.New(a.DB)
	a.Door = signin.New(signin.Config{}, a.DB, tokens, a.IDs, a.Clock, a.Log)
	a.Guard = signin.NewGuard(a.DB, tokens, a.Ring, a.IDs)
	a.Links = signin.NewLinks(a.DB, tokens, a.IDs)
	a.Captchas = captcha.New(captcha.Config{}, a.Clock, a.IDs)
	a.Guard.AskHumans(a.Captchas)
	a.Inbox = inbox.New(a.DB, notifydb.New(a.DB), a.Ring, a.IDs)
	people := memberdb.New(a.DB)
	a.Members = member.New(member.Deps{DB: a.DB, Store: people, Codes: people, Tails: people,
		Vault: a.Ring, Passwords: passwords, Door: a.Door, Guard: a.Guard, Journal: a.Journal,
		Sender: a.Inbox, IDs: a.IDs, Clock: a.Clock, Emails: people, Consents: people,
		Companions: people, Erasure: people, Links: a.Links, Jobs: a.Jobs,
		Site: a.Config.PublicURL})
	a.Jobs.Handle(member.JobLetter, a.Members.SendLetter)
	house := staffdb.New(a.DB)
	a.Staff = staff.New(staff.Deps{DB: a.DB, People: house, Roles: house, Grants: house,
		Links: house, Invites: house, Organizations: organizations{a}, Venues: organizations{a},
		Vault:     a.Ring,
		Passwords: passwords, Door: a.Door, Guard: a.Guard, Mail: a.Links, Jobs: a.Jobs,
		Journal: a.Journal, Sender: a.Inbox, IDs: a.IDs, Clock: a.Clock, Log: a.Log,
		Site: a.Config.PublicURL, Issuer: "Foyer"})
	a.Jobs.Handle(staff.JobLetter, a.Staff.SendLetter)
}
