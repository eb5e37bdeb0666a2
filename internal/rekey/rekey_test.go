package rekey_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"foyer/internal/actor"
	"foyer/internal/clock"
	"foyer/internal/invoice/invoicedb"
	"foyer/internal/keyring"
	"foyer/internal/member"
	"foyer/internal/member/memberdb"
	"foyer/internal/member/membertest"
	"foyer/internal/notify"
	"foyer/internal/notify/inbox"
	"foyer/internal/notify/notifydb"
	"foyer/internal/rekey"
	"foyer/internal/sqldb"
	"foyer/internal/sqldb/sqldbtest"
	"foyer/internal/staff"
	"foyer/internal/staff/staffdb"
	"foyer/internal/staff/stafftest"
	"foyer/internal/ticket"
	"foyer/internal/ticket/ticketdb"
	"foyer/internal/visitor/visitordb"
)

const organization = 7

// house has members, an owner, an invitation, a message and everything that is sealed.
type house struct {
	*stafftest.Bundle
	t       *testing.T
	clk     *clock.Fake
	members *membertest.Bundle
	people  []member.SignedIn
	owner   *stafftest.Person
	inbox   *inbox.Inbox
	keys    *rekey.Keys
}

func newHouse(t *testing.T, db *sqldb.DB, clk *clock.Fake) *house {
	t.Helper()
	h := &house{Bundle: stafftest.New(t, db, clk), t: t, clk: clk}
	h.members = membertest.On(h.Bundle.Bundle)
	h.inbox = inbox.New(db, notifydb.New(db), h.Ring, h.IDs)
	h.keys = rekey.New(rekey.Deps{DB: db, Ring: h.Ring, Members: memberdb.New(db),
		Persons: memberdb.New(db), Staff: staffdb.New(db), Inbox: notifydb.New(db),
		Visitors: visitordb.New(db),
		Invoices: invoicedb.New(db), Tickets: ticketdb.New(db), Clock: clk,
		Log: h.Log})
	h.names(20)
	for i := range 40 {
		h.join(phone(i))
	}
	h.keepMore(h.people[0])
	h.owner = h.Owner(t)
	roles, err := h.House.ListRoles(ctx(), h.owner.In.Who, h.scope())
	h.must(err)
	_, err = h.House.Invite(ctx(), h.owner.In.Who, h.scope(),
		staff.Invite{Email: "new@foyer.test", Role: roles[len(roles)-1].ID})
	h.must(err)
	h.must(h.inbox.Send(ctx(), notify.Message{Channel: notify.SMS, To: phone(0),
		Topic: notify.TopicSignInCode, Text: notify.Text{Body: "hello"}}))
	return h
}

func ctx() context.Context { return context.Background() }

func phone(i int) string { return fmt.Sprintf("+86138001380%02d", i) }

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) scope() actor.Scope { return actor.Scope{Organization: h.owner.Organization} }

func (h *house) join(phone string) member.SignedIn {
	h.t.Helper()
	in := h.members.SignIn(h.t, phone)
	h.must(h.DB.InTx(ctx(), func(tx *sqldb.Tx) error {
		return h.members.Members.RememberTail(tx, organization, in.Member.ID)
	}))
	h.people = append(h.people, in)
	return in
}

const ownEmail = "lin@example.com"

// keepMore gives a member an address and a companion.
func (h *house) keepMore(in member.SignedIn) {
	h.t.Helper()
	id, m := in.Member.ID, h.members
	m.Agree(h.t, id)
	h.clk.Advance(2 * time.Minute)
	_, err := m.Members.OfferEmail(ctx(), id, ownEmail, m.Prove(h.t, in.Member.Phone))
	h.must(err)
	h.must(m.Members.VerifyEmail(ctx(), m.Outbox.Link(ownEmail, notify.TopicVerifyEmail)))
	_, err = m.Members.AddCompanion(ctx(), id, h.companion())
	h.must(err)
}

func (h *house) companion() member.CompanionInput {
	return member.CompanionInput{Relation: "spouse", Name: "张三", Kind: "passport",
		Number: "E12345678"}
}

// moreIsWhole finds the address and the companion under whatever keys there are.
func (h *house) moreIsWhole() {
	h.t.Helper()
	id, m := h.people[0].Member.ID, h.members
	h.must(h.DB.InTx(ctx(), func(tx *sqldb.Tx) error {
		e, ok, err := m.Members.Emails.ByEmailIn(tx, h.Ring.BlindIndexes("member e-mail", ownEmail))
		if err == nil && (!ok || e.Member != id) {
			err = errors.New("a member is not found by the address")
		}
		return err
	}))
	if _, err := m.Members.AddCompanion(ctx(), id, h.companion()); !errors.Is(err,
		member.ErrCompanionKnown) {
		h.t.Fatalf("a companion is not found by the document: %v", err)
	}
	list, err := m.Members.CompanionsOf(ctx(), id)
	if err != nil || len(list) != 1 || list[0].Document.Number != "E12345678" {
		h.t.Fatalf("%+v, %v", list, err)
	}
}

// mustBeWhole reads and finds everything as a person would.
func (h *house) mustBeWhole() {
	h.t.Helper()
	h.mustOpenNames(20)
	fresh := member.New(h.members.Members.Deps) // without what the module remembers
	for i, in := range h.people {
		me, err := fresh.Me(ctx(), in.Member.ID)
		if err != nil || me.Phone != in.Member.Phone {
			h.t.Fatalf("member %d: %q, %v", i, me.Phone, err)
		}
		digits := me.Phone[len(me.Phone)-4:]
		found, err := fresh.FindByTail(ctx(), actor.Scope{Organization: organization}, digits)
		if err != nil || len(found) != 1 || found[0] != me.ID {
			h.t.Fatalf("by %s: %v, %v", digits, found, err)
		}
	}
	h.clk.Advance(2 * time.Minute) // codes and TOTP steps are a minute apart
	h.moreIsWhole()
	if again := h.members.SignIn(h.t, h.people[0].Member.Phone); again.Member.ID !=
		h.people[0].Member.ID {
		h.t.Fatal("a known phone became a new member")
	}
	if _, err := h.House.SignIn(ctx(), h.Proof(h.t, h.owner)); err != nil {
		h.t.Fatalf("the owner: %v", err)
	}
	list, err := h.inbox.Newest(ctx(), 10)
	if err != nil || len(list) != 1 || list[0].To != phone(0) {
		h.t.Fatalf("the inbox: %v, %v", list, err)
	}
}

// uses is how many rows need a key.
func (h *house) uses(kind keyring.Kind, id uint8) int64 {
	h.t.Helper()
	list, err := h.keys.List(ctx())
	h.must(err)
	for _, u := range list {
		if u.Kind == kind && u.ID == id {
			return u.Total()
		}
	}
	h.t.Fatalf("there is no key %s %d", kind, id)
	return 0
}

func each(t *testing.T, fn func(t *testing.T, h *house)) {
	clks := make(chan *clock.Fake, 2)
	sqldbtest.Each(t, func() clock.Clock {
		clk := clock.NewFake(sqldbtest.Start)
		clks <- clk
		return clk
	}, func(t *testing.T, db *sqldb.DB) { fn(t, newHouse(t, db, <-clks)) })
}

func TestRotationMovesEveryRowAndThenTheOldKeyRetires(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		for _, kind := range []keyring.Kind{keyring.Data, keyring.Index} {
			before := h.uses(kind, 1)
			if before < 40 {
				t.Fatalf("%d rows use %s 1", before, kind)
			}
			id, err := h.Ring.Rotate(kind)
			h.must(err)
			h.mustBeWhole() // both keys read
			if err := h.keys.Retire(ctx(), kind, 1); !errors.Is(err, rekey.ErrTooYoung) {
				t.Fatalf("%s retired at once: %v", kind, err)
			}
			h.clk.Advance(2 * time.Hour)
			if err := h.keys.Retire(ctx(), kind, 1); !errors.Is(err, rekey.ErrInUse) {
				t.Fatalf("%s retired in use: %v", kind, err)
			}
			told := int64(0)
			r, err := h.keys.Run(ctx(), func(_ string, _, changed int64) { told += changed })
			if err != nil || r.Changed < before || r.Unreadable > 0 || told == 0 {
				t.Fatalf("%s: %+v, %v", kind, r, err)
			}
			if old, now := h.uses(kind, 1), h.uses(kind, id); old != 0 || now < before {
				t.Fatalf("%s: %d rows left, %d moved of %d", kind, old, now, before)
			}
			if r, err := h.keys.Run(ctx(), nil); err != nil || r.Changed != 0 {
				t.Fatalf("a second run changed %d rows (%v)", r.Changed, err)
			}
			h.must(h.keys.Retire(ctx(), kind, 1))
			h.mustBeWhole()
		}
	})
}

// Members who come while the rows move must not be lost between two keys.
func TestRekeyingWhileMembersComeAndChange(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		_, err := h.Ring.Rotate(keyring.Data)
		h.must(err)
		_, err = h.Ring.Rotate(keyring.Index)
		h.must(err)
		var wg sync.WaitGroup
		wg.Go(func() {
			for i := range 40 {
				name := fmt.Sprintf("名字 %d", i)
				_, err := h.members.Members.Change(ctx(), h.people[i].Member.ID,
					member.Change{Name: &name})
				if err != nil {
					t.Errorf("member %d: %v", i, err)
				}
			}
		})
		wg.Go(func() {
			if r, err := h.keys.Run(ctx(), nil); err != nil {
				t.Errorf("%+v, %v", r, err)
			}
		})
		wg.Wait()
		_, err = h.keys.Run(ctx(), nil)
		h.must(err)
		h.mustBeWhole()
		for i, in := range h.people {
			me, err := h.members.Members.Me(ctx(), in.Member.ID)
			if err != nil || me.Name != fmt.Sprintf("名字 %d", i) {
				t.Fatalf("member %d is called %q (%v)", i, me.Name, err)
			}
		}
		if left := h.uses(keyring.Data, 1) + h.uses(keyring.Index, 1); left != 0 {
			t.Fatalf("%d rows are left", left)
		}
	})
}

// What is cut off goes on: a run that ended after its first page is only run again.
func TestRunGoesOnAfterItWasCutOff(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		_, err := h.Ring.Rotate(keyring.Data)
		h.must(err)
		cut, cancel := context.WithCancel(ctx())
		_, err = h.keys.Run(cut, func(string, int64, int64) { cancel() })
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("a run that was cut off: %v", err)
		}
		if left := h.uses(keyring.Data, 1); left == 0 {
			t.Fatal("nothing was left: the test proves nothing")
		}
		h.mustBeWhole()
		_, err = h.keys.Run(ctx(), nil)
		h.must(err)
		if left := h.uses(keyring.Data, 1); left != 0 {
			t.Fatalf("%d rows are left", left)
		}
		h.mustBeWhole()
	})
}

// A row that opens with no key must not keep the others from moving, nor be lost sight of.
func TestUnreadableRowIsCountedAndKeepsItsKeyInUse(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		h.must(h.DB.InTx(ctx(), func(tx *sqldb.Tx) error {
			broken := append([]byte{1, 0, 0, 0, 1}, make([]byte, 60)...)
			_, err := tx.Exec(`UPDATE member SET subject_key = ? WHERE id = ?`, broken,
				h.people[3].Member.ID)
			return err
		}))
		_, err := h.Ring.Rotate(keyring.Data)
		h.must(err)
		r, err := h.keys.Run(ctx(), nil)
		if !errors.Is(err, rekey.ErrLeft) || r.Unreadable != 1 || r.Changed < 40 {
			t.Fatalf("%+v, %v", r, err)
		}
		h.clk.Advance(2 * time.Hour)
		if err := h.keys.Retire(ctx(), keyring.Data, 1); !errors.Is(err, rekey.ErrInUse) {
			t.Fatalf("retired: %v", err)
		}
	})
}

func TestTicketKeyRetiresOnceNoTicketNeedsIt(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		issued := h.clk.Now()
		h.must(h.DB.InTx(ctx(), func(tx *sqldb.Tx) error {
			return ticketdb.New(h.DB).Insert(tx, []ticket.Ticket{{ID: h.IDs.Next(),
				Organization: organization, Order: 1, Units: 1, CodeVersion: 1, State: ticket.Live,
				IssuedAt: issued, Entitlements: []ticket.Entitlement{{Number: 1, State: ticket.Live,
					Allowed: 1, ValidFrom: issued, ValidUntil: issued.Add(72 * time.Hour)}}}})
		}))
		_, err := h.Ring.Rotate(keyring.Ticket)
		h.must(err)
		h.clk.Advance(48 * time.Hour)
		if err := h.keys.Retire(ctx(), keyring.Ticket, 1); !errors.Is(err, rekey.ErrInUse) {
			t.Fatalf("retired with a live ticket: %v", err)
		}
		h.clk.Advance(48 * time.Hour)
		h.must(h.keys.Retire(ctx(), keyring.Ticket, 1))
	})
}

func TestKeysThatNeverRetire(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		_, err := h.Ring.Rotate(keyring.Journal)
		h.must(err)
		h.clk.Advance(1000 * time.Hour)
		for _, c := range []struct {
			kind keyring.Kind
			id   uint8
		}{{keyring.Journal, 1}, {keyring.IDCodec, 1}, {keyring.Data, 1}, {keyring.Data, 9}} {
			if err := h.keys.Retire(ctx(), c.kind, c.id); !errors.Is(err, keyring.ErrFixed) {
				t.Errorf("%s %d: %v", c.kind, c.id, err)
			}
		}
		_, err = h.Ring.Rotate(keyring.MAC)
		h.must(err)
		h.clk.Advance(47 * time.Hour)
		if err := h.keys.Retire(ctx(), keyring.MAC, 1); !errors.Is(err, rekey.ErrTooYoung) {
			t.Errorf("a MAC key retired too early: %v", err)
		}
		h.clk.Advance(2 * time.Hour)
		h.must(h.keys.Retire(ctx(), keyring.MAC, 1))
	})
}

// Another process rotates; the serving one sees it and does the work by itself.
func TestWatchTakesOverARotation(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		running, stop := context.WithCancel(ctx())
		ended := make(chan error, 1)
		go func() { ended <- h.keys.Watch(running) }()
		other, err := keyring.Open(h.Ring.Path(), h.IDs, h.clk)
		h.must(err)
		_, err = other.Rotate(keyring.Data)
		h.must(err)
		deadline := time.Now().Add(20 * time.Second)
		for h.uses(keyring.Data, 1) > 0 {
			if time.Now().After(deadline) {
				t.Fatal("the rotation was not taken over")
			}
			h.clk.Advance(5 * time.Second)
		}
		stop()
		h.must(<-ended)
		h.mustBeWhole()
	})
}
