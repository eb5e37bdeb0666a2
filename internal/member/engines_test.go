package member_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"foyer/internal/actor"
	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/member"
	"foyer/internal/member/membertest"
	"foyer/internal/notify"
	"foyer/internal/signin"
	"foyer/internal/sqldb"
	"foyer/internal/sqldb/sqldbtest"
)

// What an account keeps beside itself, and its end, on both engines.
func TestAnAccountOnBothEngines(t *testing.T) {
	t.Parallel()
	clks := make(chan *clock.Fake, 2)
	sqldbtest.Each(t, func() clock.Clock {
		clk := clock.NewFake(sqldbtest.Start)
		clks <- clk
		return clk
	}, func(t *testing.T, db *sqldb.DB) {
		clk := <-clks
		b := membertest.New(t, db, clk)
		a := &account{Bundle: b, t: t, clk: clk, ctx: context.Background()}
		a.me = b.SignIn(t, ownPhone)
		b.Agree(t, a.id())
		a.verify(ownEmail)
		a.verify("second@example.com")
		a.setPassword()
		for range signin.MaxLinks { // one more than is kept, with the next
			a.clk.Advance(5 * time.Hour)
			a.must(a.Members.RequestRecovery(a.ctx, "second@example.com", member.Origin{}))
			a.Letters(t)
		}
		a.clk.Advance(5 * time.Hour)
		n, err := a.Links.Sweep(a.ctx)
		if err != nil || n == 0 {
			t.Fatalf("swept %d links, %v", n, err)
		}
		a.keepCompanions()
		a.consentTexts()
		a.must(a.Members.Close(a.ctx, a.id(), a.prove()))
		a.mustBeGone()
	})
}

func (a *account) keepCompanions() {
	a.t.Helper()
	c, err := a.Members.AddCompanion(a.ctx, a.id(), childCard())
	a.must(err)
	_, err = a.Members.AddCompanion(a.ctx, a.id(), childCard())
	a.refused(err, member.ErrCompanionKnown)
	p := member.CompanionInput{Relation: "other", Name: "J Smith", Kind: "passport",
		Number: "E12345678"}
	_, err = a.Members.ChangeCompanion(a.ctx, a.id(), c.ID, 1, p)
	a.must(err)
	_, err = a.Members.ChangeCompanion(a.ctx, a.id(), c.ID, 1, p)
	a.refused(err, fault.Stale)
}

func (a *account) consentTexts() {
	a.t.Helper()
	for _, organization := range []int64{0, 7} {
		for range 2 {
			_, err := a.Members.PublishText(a.ctx, actor.SystemActor, organization,
				member.ConsentInput{Purpose: member.Marketing, TitleZh: "推荐", TitleEn: "News",
					BodyZh: "偶尔推荐", BodyEn: "Now and then"})
			a.must(err)
		}
		list, err := a.Members.Texts(a.ctx, organization)
		a.must(err)
		last := list[len(list)-1]
		if last.Purpose != member.Marketing || last.BodyZh != "偶尔推荐" ||
			last.Organization != organization {
			a.t.Fatalf("%+v", list)
		}
		_, err = a.Members.Decide(a.ctx, a.id(), member.Decision{Organization: organization,
			Purpose: member.Marketing, Version: last.Version, Given: true})
		a.must(err)
	}
}

// Many at once with one link: it works once.
func TestALinkWorksOnceHoweverManyAsk(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	a.verify(ownEmail)
	a.must(a.Members.RequestRecovery(a.ctx, ownEmail, member.Origin{}))
	a.Letters(t)
	token := a.Outbox.Link(ownEmail, notify.TopicRecovery)
	const many = 8
	errs := make(chan error, many)
	for range many {
		go func() { errs <- a.Members.RecoverByLink(a.ctx, token, password) }()
	}
	won := 0
	for range many {
		switch err := <-errs; {
		case err == nil:
			won++
		case !errors.Is(err, signin.ErrLinkUsed):
			t.Error(err)
		}
	}
	if won != 1 {
		t.Errorf("%d of %d set a password with one link", won, many)
	}
}
