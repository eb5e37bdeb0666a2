package member

import (
	"context"

	"foyer/internal/actor"
	"foyer/internal/fault"
	"foyer/internal/journal"
	"foyer/internal/notify"
	"foyer/internal/pii"
	"foyer/internal/signin"
	"foyer/internal/sqldb"
)

// Keeper is a part of the house that keeps something about members; the modules above
// implement it where the program is put together.
type Keeper interface {
	// Kept is what it keeps about a member, at most limit rows.
	Kept(ctx context.Context, member int64, limit int) (Kept, error)
	// Unfinished is what stands in the way of forgetting a member.
	Unfinished(ctx context.Context, member int64) ([]Obstacle, error)
	// UnfinishedIn asks again, in the transaction that forgets.
	UnfinishedIn(tx *sqldb.Tx, member int64) (bool, error)
	// Forget erases in that transaction what may be erased. What the law keeps gets the day
	// on which it goes.
	Forget(tx *sqldb.Tx, member int64) error
}

// Kept is one part of an export.
type Kept struct {
	Name string
	Rows []any // each marshals to JSON and shows public ids alone
	More bool  // there was more than the limit
}

// Obstacle is one reason why an account cannot be closed yet.
type Obstacle struct {
	Reason string `json:"reason"` // e.g. "order_unpaid", "ticket_valid"
	ID     string `json:"id"`     // public
	Zh     string `json:"zh"`
	En     string `json:"en"`
}

// ErrUnfinished refuses to close an account that something still depends on.
var ErrUnfinished = fault.Define(fault.Conflict, "account_in_use",
	"还有未完成的订单或有效的电子票,暂时不能注销", "Orders are unfinished or tickets still valid.",
	"details.obstacles names each: finish, refund or use them, then close the account.")

// MaxKept bounds each part of an export, in rows.
const MaxKept = 2000

// SetKeepers names the parts of the house that keep something about members. Call it before
// the module is used.
func (m *Members) SetKeepers(list ...Keeper) { m.keepers = list }

// Person is all that this module keeps about a member, in full.
type Person struct {
	Member     Member
	SignIns    []signin.SignIn
	Consents   []Consent
	Companions []Companion
	Kept       []Kept
}

// Export is everything that is kept about a member, after a fresh proof. It refuses with
// what prove refuses with.
func (m *Members) Export(ctx context.Context, id int64, p Proof) (Person, error) {
	if _, _, err := m.prove(ctx, id, p); err != nil {
		return Person{}, err
	}
	var out Person
	var err error
	if out.Member, err = m.Me(ctx, id); err != nil {
		return Person{}, err
	}
	if out.SignIns, err = m.SignIns(ctx, id); err != nil {
		return Person{}, err
	}
	if out.Consents, err = m.Consents.ConsentsOf(ctx, id, MaxKept); err != nil {
		return Person{}, err
	}
	if out.Companions, err = m.CompanionsOf(ctx, id); err != nil {
		return Person{}, err
	}
	for _, k := range m.keepers {
		part, err := k.Kept(ctx, id, MaxKept)
		if err != nil {
			return Person{}, err
		}
		out.Kept = append(out.Kept, part)
	}
	return out, m.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		r, err := m.activeIn(tx, id)
		if err == nil {
			m.note(tx, r, "member.exported", map[string]any{})
		}
		return err
	})
}

// ErasureStore erases what is personal; package memberdb implements it.
type ErasureStore interface {
	// CloseIfActive leaves of a member the number and the day it came; false when it was
	// closed already.
	CloseIfActive(tx *sqldb.Tx, id int64) (bool, error)
	// Erase deletes address, companions, tails and the codes of a phone.
	Erase(tx *sqldb.Tx, id int64, phoneIndexes [][]byte) error
}

// Close forgets a member, after a fresh proof: phone, name, address, companions, sign-ins
// and the key that sealed them, here and in the loose part of the journal, and what the
// keepers may erase. Orders, tickets, money and the decisions about consents stay under a
// number that names nobody; what the law keeps stays until its day. It refuses
// with what prove refuses with, and ErrUnfinished naming every obstacle.
func (m *Members) Close(ctx context.Context, id int64, p Proof) error {
	if err := m.mayClose(ctx, id); err != nil {
		return err
	}
	r, me, err := m.prove(ctx, id, p)
	if err != nil {
		return err
	}
	indexes := m.Vault.BlindIndexes(phoneKind, me.Phone)
	var now Record
	err = m.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		if now, err = m.activeIn(tx, id); err != nil {
			return err
		}
		for _, k := range m.keepers {
			if busy, err := k.UnfinishedIn(tx, id); err != nil {
				return err
			} else if busy {
				return ErrUnfinished
			}
			if err := k.Forget(tx, id); err != nil {
				return err
			}
		}
		return m.erase(tx, now, indexes)
	})
	if err != nil {
		return err
	}
	m.tellClosed(ctx, me)
	m.Vault.ForgetSubject(r.SubjectKey)
	m.Vault.ForgetSubject(now.SubjectKey)
	return nil
}

func (m *Members) mayClose(ctx context.Context, id int64) error {
	list := []Obstacle{}
	for _, k := range m.keepers {
		some, err := k.Unfinished(ctx, id)
		if err != nil {
			return err
		}
		list = append(list, some...)
	}
	if len(list) > 0 {
		return ErrUnfinished.With("obstacles", list[:min(len(list), 20)])
	}
	return nil
}

func (m *Members) erase(tx *sqldb.Tx, r Record, phoneIndexes [][]byte) error {
	account := signin.MemberAccount(r.ID)
	if _, err := m.Door.RevokeAll(tx, account, 0); err != nil {
		return err
	}
	if err := m.Guard.Forget(tx, account); err != nil {
		return err
	}
	if err := m.Links.Forget(tx, account); err != nil {
		return err
	}
	if err := m.Erasure.Erase(tx, r.ID, phoneIndexes); err != nil {
		return err
	}
	ok, err := m.Erasure.CloseIfActive(tx, r.ID)
	if err == nil && !ok {
		err = fault.Missing
	}
	m.unlearn(r.ID) // from here on an order of his is refused; at worst one look-up too many
	m.note(tx, r, "member.closed", map[string]any{})
	return err
}

// tellClosed is the last message. A sender that fails changes nothing: the account is gone.
func (m *Members) tellClosed(ctx context.Context, me Member) {
	at := m.Clock.Now().UTC().Format("2006-01-02 15:04 UTC")
	msg := notify.Message{Channel: notify.SMS, To: me.Phone, Topic: notify.TopicAccountClosed,
		Text: notify.AccountClosed(notify.LanguageOf(me.Language), at)}
	_ = m.Sender.Send(context.WithoutCancel(ctx), msg)
}

// Masked is a member as staff of an organization see one of their buyers.
type Masked struct {
	Phone, Name string
	Closed      bool // forgotten: both are empty
}

// Masked shows phone and name masked. The caller has checked that the reader may see the
// member at all.
func (m *Members) Masked(ctx context.Context, id int64) (Masked, error) {
	c, err := m.plain(ctx, id)
	if err != nil || c.Closed {
		return c, err
	}
	c.Phone = pii.MaskPhone(c.Phone)
	if c.Name != "" {
		c.Name = pii.MaskName(c.Name)
	}
	return c, nil
}

func (m *Members) plain(ctx context.Context, id int64) (Masked, error) {
	r, ok, err := m.Store.ByID(ctx, id)
	if err != nil {
		return Masked{}, err
	}
	if !ok {
		return Masked{}, fault.Missing
	}
	if r.State != Active {
		return Masked{Closed: true}, nil
	}
	me, err := m.open(r)
	return Masked{Phone: me.Phone, Name: me.Name}, err
}

// Unmask is why staff want to see a buyer in full.
type Unmask struct {
	Member, Order, Organization int64
	Reason                      string
}

// Unmask shows phone and name in full, and keeps who saw them and why: without the entry
// nothing is shown. The caller has checked the permission. It refuses with fault.BadInput.
func (m *Members) Unmask(ctx context.Context, who actor.Actor, u Unmask) (Masked, error) {
	if err := pii.Reason(u.Reason); err != nil {
		return Masked{}, err
	}
	c, err := m.plain(ctx, u.Member)
	if err != nil {
		return Masked{}, err
	}
	return c, m.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		r, ok, err := m.Store.ByIDIn(tx, u.Member)
		if err != nil {
			return err
		}
		if !ok {
			return fault.Missing
		}
		m.Journal.Append(tx, unmasked(who, r, u))
		return nil
	})
}

// unmasked is the entry of an unmasking, found by the buyer, the order and the reader.
func unmasked(who actor.Actor, r Record, u Unmask) journal.Entry {
	return journal.Entry{Actor: who, Organization: u.Organization, Action: "member.unmasked",
		Data: data(map[string]any{"reason": u.Reason}),
		Objects: []journal.Object{{Kind: "mem", ID: r.ID, Revision: r.Revision},
			{Kind: "ord", ID: u.Order}}}
}
