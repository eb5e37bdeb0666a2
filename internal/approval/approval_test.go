package approval_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"foyer/internal/actor"
	"foyer/internal/approval"
	"foyer/internal/approval/approvaltest"
	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/journal"
	"foyer/internal/journal/journaltest"
	"foyer/internal/money"
	"foyer/internal/sqldb"
	"foyer/internal/sqldb/sqldbtest"
)

const (
	org      = 11
	elsewher = 12

	kindPaint approval.Kind    = "wall.paint"
	mayPaint  actor.Permission = "wall.paint"
)

// wall is what the tests' command changes: it counts how often it was painted for good.
type wall struct {
	gate   *approval.Gate
	people *approvaltest.People
	b      *journaltest.Bundle
	clk    *clock.Fake

	revision atomic.Int64
	painted  atomic.Int64
	by       atomic.Int64
	careless bool // carries out without asking done: the negative control
	broken   error
}

func newWall(t *testing.T, db *sqldb.DB, clk *clock.Fake) *wall {
	t.Helper()
	w := &wall{b: journaltest.New(t, db, clk), clk: clk}
	w.revision.Store(1)
	w.gate, w.people = approvaltest.New(t, w.b)
	w.gate.Register(approval.Spec{Kind: kindPaint, Zh: "刷墙", En: "Paint", Sums: true,
		Permission: mayPaint, Carry: w.carry})
	return w
}

func (w *wall) carry(ctx context.Context, c approval.Carried,
	done approval.Once,
) error {
	return w.b.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		if !w.careless {
			if err := done(tx); err != nil {
				return err
			}
		}
		if w.broken != nil {
			return w.broken
		}
		if w.revision.Load() != c.Request.Object.Revision {
			return fault.Stale
		}
		tx.AfterCommit(func() {
			w.painted.Add(1)
			w.by.Store(c.As.ID)
		})
		return nil
	})
}

// paint is the command as one person gives it.
func (w *wall) paint(who actor.Actor, amount money.Minor) error {
	ctx := approvaltest.WithReason(context.Background(), "旧漆剥落")
	c := approval.Case{Kind: kindPaint, Organization: org, Amount: amount}
	err := w.gate.Pass(ctx, who, c, func() (approval.Ask, error) {
		return approval.Ask{Object: journal.Object{Kind: "hal", ID: 5, Revision: 1},
			Title: "一号厅", Input: []byte(`{"colour":"white"}`),
			Changes: []approval.Change{{What: "colour", Before: "grey", After: "white"}}}, nil
	})
	if err == nil {
		w.painted.Add(1)
	}
	return err
}

// asked is the request that a command became.
func (w *wall) asked(t *testing.T, who actor.Actor, amount money.Minor) *approval.Request {
	t.Helper()
	err := w.paint(who, amount)
	var a *approval.Asked
	if !errors.As(err, &a) {
		t.Fatalf("the command was not asked for: %v", err)
	}
	return a.Request
}

func each(t *testing.T, fn func(t *testing.T, w *wall, asker, other actor.Actor)) {
	t.Helper()
	sqldbtest.EachFake(t, func(t *testing.T, db *sqldb.DB, clk *clock.Fake) {
		w := newWall(t, db, clk)
		approvaltest.Require(t, w.gate, org, kindPaint)
		asker := w.people.Hire(100, org, mayPaint)
		other := w.people.Hire(200, org, mayPaint, approval.PermDecide)
		fn(t, w, asker, other)
		w.b.Verify(t)
	})
}

var scope = actor.Scope{Organization: org}

func TestAgreedIsCarriedOutOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *wall, asker, other actor.Actor) {
		ctx := context.Background()
		r := w.asked(t, asker, 0)
		if again := w.asked(t, asker, 0); again.ID != r.ID {
			t.Error("the same wish of the same person is two requests")
		}
		if r.Doc.Reason != "旧漆剥落" || w.painted.Load() != 0 {
			t.Errorf("asked: %+v, painted %d", r.Doc, w.painted.Load())
		}
		if box, err := w.gate.Inbox(ctx, other, scope); err != nil || box.Waiting != 1 ||
			box.Kinds[kindPaint] != 1 || box.Mine != 0 {
			t.Errorf("the other's inbox: %+v, %v", box, err)
		}
		if box, err := w.gate.Inbox(ctx, asker, scope); err != nil || box.Waiting != 0 ||
			box.Mine != 1 {
			t.Errorf("the asker's inbox: %+v, %v", box, err)
		}
		for range 3 { // a repeat of the same yes changes nothing
			got, err := w.gate.Agree(ctx, other, scope, r.ID, "好")
			if err != nil || got.State != approval.Done || got.DecidedBy != other.ID ||
				got.Doc.Answer != "好" {
				t.Fatalf("agreed: %+v, %v", got, err)
			}
		}
		if w.painted.Load() != 1 || w.by.Load() != asker.ID {
			t.Errorf("painted %d times, by %d", w.painted.Load(), w.by.Load())
		}
		third := w.people.Hire(300, org, mayPaint, approval.PermDecide)
		if _, err := w.gate.Agree(ctx, third, scope, r.ID, ""); !errors.Is(err,
			approval.ErrDecided) {
			t.Errorf("a second yes: %v", err)
		}
	})
}

// Who may not decide: the asker in whichever role, people without one of the two rights,
// people of another house, and whoever has just left.
func TestWhoMayAgree(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *wall, asker, other actor.Actor) {
		ctx := context.Background()
		r := w.asked(t, asker, 0)
		twice := asker // a second role of the same person
		twice.Grants = append(twice.Grants[:1:1], other.Grants...)
		w.people.Hire(asker.ID, org, mayPaint, approval.PermDecide)
		left := w.people.Hire(400, org, mayPaint, approval.PermDecide)
		w.people.Fire(400)
		for name, c := range map[string]struct {
			who  actor.Actor
			want error
		}{
			"himself":         {asker, approval.ErrOwn},
			"a second role":   {twice, approval.ErrOwn},
			"no decider":      {w.people.Hire(500, org, mayPaint), fault.NotAllowed},
			"not the command": {w.people.Hire(600, org, approval.PermDecide), fault.NotAllowed},
			"another house":   {w.people.Hire(700, elsewher, actor.Everything), fault.Missing},
			"a member":        {actor.Actor{Kind: actor.Member, ID: 9}, fault.Missing},
			"left":            {left, fault.NotAllowed},
		} {
			if _, err := w.gate.Agree(ctx, c.who, scope, r.ID, ""); !errors.Is(err, c.want) {
				t.Errorf("%s agrees: %v, want %v", name, err, c.want)
			}
			if _, err := w.gate.Refuse(ctx, c.who, scope, r.ID, "no"); !errors.Is(err, c.want) {
				t.Errorf("%s refuses: %v, want %v", name, err, c.want)
			}
		}
		w.people.Fire(asker.ID)
		if _, err := w.gate.Agree(ctx, other, scope, r.ID, ""); !errors.Is(err,
			approval.ErrAskerLeft) {
			t.Errorf("agreed for somebody who left: %v", err)
		}
		if w.painted.Load() != 0 {
			t.Error("it was carried out")
		}
		if _, err := w.gate.Refuse(ctx, other, scope, r.ID, "已离职"); err != nil {
			t.Errorf("refusing what somebody asked who left: %v", err)
		}
	})
}

func TestHowRequestsEnd(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *wall, asker, other actor.Actor) {
		ctx := context.Background()
		r := w.asked(t, asker, 0)
		if _, err := w.gate.Refuse(ctx, other, scope, r.ID, "  "); !errors.Is(err,
			approval.ErrReason) {
			t.Errorf("refused without a reason: %v", err)
		}
		if _, err := w.gate.Refuse(ctx, other, scope, r.ID, strings.Repeat("长", 301)); !errors.Is(
			err, approval.ErrReason) {
			t.Errorf("refused at length: %v", err)
		}
		if got, err := w.gate.Refuse(ctx, other, scope, r.ID, "太贵"); err != nil ||
			got.State != approval.Refused || got.Doc.Answer != "太贵" {
			t.Errorf("refused: %+v, %v", got, err)
		}
		if _, err := w.gate.Withdraw(ctx, asker, scope, r.ID); !errors.Is(err,
			approval.ErrDecided) {
			t.Errorf("withdrawn after a no: %v", err)
		}
		second := w.asked(t, asker, 0)
		if second.ID == r.ID {
			t.Error("asking anew after a no gives the old request")
		}
		if _, err := w.gate.Withdraw(ctx, other, scope, second.ID); !errors.Is(err,
			fault.NotAllowed) {
			t.Errorf("withdrawn by another: %v", err)
		}
		if _, err := w.gate.Withdraw(ctx, asker, scope, second.ID); err != nil {
			t.Error(err)
		}
		if _, err := w.gate.Agree(ctx, other, scope, second.ID, ""); !errors.Is(err,
			approval.ErrDecided) {
			t.Errorf("agreed after it was withdrawn: %v", err)
		}
		third := w.asked(t, asker, 0)
		w.clk.Advance(3*24*time.Hour + time.Millisecond)
		if _, err := w.gate.Agree(ctx, other, scope, third.ID, ""); !errors.Is(err,
			approval.ErrExpired) {
			t.Errorf("agreed too late: %v", err)
		}
		fourth := w.asked(t, asker, 0) // the lapsed one gives its place to a fresh one
		if fourth.ID == third.ID {
			t.Error("a lapsed request was given back")
		}
		listed(t, w, other, map[approval.State]int{approval.Refused: 1, approval.Withdrawn: 1,
			approval.Expired: 1, approval.Pending: 1, "": 4})
		if w.painted.Load() != 0 {
			t.Error("it was carried out")
		}
	})
}

func listed(t *testing.T, w *wall, who actor.Actor, want map[approval.State]int) {
	t.Helper()
	for state, n := range want {
		list, _, err := w.gate.List(context.Background(), who, scope,
			approval.Filter{State: state, Limit: 10})
		if err != nil || len(list) != n {
			t.Errorf("%d requests in %q, want %d (%v)", len(list), state, n, err)
		}
	}
}

// What changed since is not done on top of the change; a failure of ours leaves the request
// as it was, to be agreed to again.
func TestStaleAndBroken(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *wall, asker, other actor.Actor) {
		ctx := context.Background()
		r := w.asked(t, asker, 0)
		w.broken = fault.Unexpected.Wrap(errors.New("the ladder broke"))
		if _, err := w.gate.Agree(ctx, other, scope, r.ID, ""); fault.KindOf(err) !=
			fault.Internal {
			t.Errorf("broken: %v", err)
		}
		if now, err := w.gate.Get(ctx, other, scope, r.ID); err != nil ||
			now.State != approval.Pending {
			t.Fatalf("after a failure of ours: %+v, %v", now, err)
		}
		w.broken = nil
		w.revision.Store(2)
		_, err := w.gate.Agree(ctx, other, scope, r.ID, "")
		if !errors.Is(err, approval.ErrStale) || fault.Of(err).Details["problem"] != "stale" {
			t.Errorf("stale: %v", err)
		}
		now, err := w.gate.Get(ctx, other, scope, r.ID)
		if err != nil || now.State != approval.Stale || now.Problem != "stale" {
			t.Errorf("after it went stale: %+v, %v", now, err)
		}
		if w.painted.Load() != 0 {
			t.Error("it was carried out")
		}
	})
}

// Many agree at once: it is carried out once, and all others hear that it is decided.
func TestManyAgreeAtOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *wall, asker, _ actor.Actor) {
		won, decided := rush(t, w, asker)
		if won != 1 || decided != 7 || w.painted.Load() != 1 {
			t.Errorf("%d won, %d were late, painted %d times", won, decided, w.painted.Load())
		}
	})
}

// A command that does not ask its request within its own transaction is carried out by
// everybody who agrees at once: it is that question which makes it once.
func TestManyAgreeAtOnceWithoutTheGuard(t *testing.T) {
	t.Parallel()
	clk := clock.NewFake(sqldbtest.Start)
	w := newWall(t, sqldbtest.Open(t, clk), clk)
	approvaltest.Require(t, w.gate, org, kindPaint)
	w.careless = true
	rush(t, w, w.people.Hire(100, org, mayPaint))
	if w.painted.Load() < 2 {
		t.Errorf("painted %d times without the guard: this test proves nothing", w.painted.Load())
	}
}

func rush(t *testing.T, w *wall, asker actor.Actor) (won, decided int64) {
	t.Helper()
	r := w.asked(t, asker, 0)
	var all sync.WaitGroup
	var yes, no atomic.Int64
	start := make(chan struct{})
	for i := range 8 {
		who := w.people.Hire(int64(1000+i), org, mayPaint, approval.PermDecide)
		all.Go(func() {
			<-start
			switch _, err := w.gate.Agree(context.Background(), who, scope, r.ID, ""); {
			case err == nil:
				yes.Add(1)
			case errors.Is(err, approval.ErrDecided):
				no.Add(1)
			case !w.careless:
				t.Error(err)
			}
		})
	}
	close(start)
	all.Wait()
	return yes.Load(), no.Load()
}

// A rule with an amount leaves small ones to one person; making it looser takes two.
func TestRules(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *wall, asker, other actor.Actor) {
		ctx := context.Background()
		boss := w.people.Hire(800, org, actor.Everything)
		second := w.people.Hire(801, org, actor.Everything)
		rule := approval.Rule{Organization: org, Kind: kindPaint, Enabled: true, Over: 10000,
			Days: 5}
		_, err := w.gate.SetRule(ctx, boss, rule)
		var a *approval.Asked
		if !errors.As(err, &a) {
			t.Fatalf("one person made the rule looser: %v", err)
		}
		if _, err := w.gate.Agree(ctx, boss, scope, a.Request.ID, ""); !errors.Is(err,
			approval.ErrOwn) {
			t.Errorf("the same person agreed: %v", err)
		}
		if _, err := w.gate.Agree(ctx, second, scope, a.Request.ID, ""); err != nil {
			t.Fatal(err)
		}
		if err := w.paint(asker, 10000); err != nil {
			t.Errorf("a small one: %v", err)
		}
		if r := w.asked(t, asker, 10001); r.Amount != 10001 {
			t.Errorf("a large one: %+v", r)
		}
		if _, err := w.gate.SetRule(ctx, boss, approval.Rule{Organization: org, Kind: kindPaint,
			Enabled: true}); err != nil {
			t.Errorf("stricter by one person: %v", err)
		}
		for _, bad := range []approval.Rule{
			{Organization: org, Kind: "no.such"}, {Organization: org, Kind: approval.KindRules},
			{Organization: org, Kind: kindPaint, Enabled: true, Days: 31},
			{Organization: org, Kind: kindPaint, Enabled: true, Over: -1},
		} {
			if _, err := w.gate.SetRule(ctx, boss, bad); fault.KindOf(err) != fault.Invalid {
				t.Errorf("%+v: %v", bad, err)
			}
		}
		if _, err := w.gate.SetRule(ctx, other, rule); !errors.Is(err, fault.NotAllowed) {
			t.Errorf("without the right: %v", err)
		}
	})
}

// Buyers and Foyer itself are never asked, nor is a house without the rule.
func TestWhoIsNotAsked(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *wall, _, _ actor.Actor) {
		for _, who := range []actor.Actor{actor.SystemActor, {Kind: actor.Member, ID: 1}} {
			if err := w.paint(who, 0); err != nil {
				t.Errorf("%v: %v", who.Kind, err)
			}
		}
		c := approval.Case{Kind: kindPaint, Organization: elsewher}
		if err := w.gate.Pass(context.Background(), w.people.Hire(1, elsewher, mayPaint), c,
			nil); err != nil {
			t.Errorf("the other house has no such rule: %v", err)
		}
	})
}
