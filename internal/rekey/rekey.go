// Package rekey changes the keys of an installation while it sells. A rotation makes a new
// key, which seals from then on; this package brings the rows that older keys sealed or
// indexed under it, in small slices behind everything else, and lets an old key be retired
// once nothing needs it any more.
//
// Where the work stands is in the rows themselves: each says which key made it. So a run
// that was cut off is simply run again, and finds what is left.
package rekey

import (
	"context"
	"log/slog"
	"time"

	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/invoice"
	"foyer/internal/keyring"
	"foyer/internal/member"
	"foyer/internal/notify/inbox"
	"foyer/internal/sqldb"
	"foyer/internal/staff"
	"foyer/internal/visitor"
)

// The refusals of keys.
var (
	ErrInUse = fault.Define(fault.Conflict, "key_in_use",
		"仍有数据使用这个密钥", "Something can still be read by this key alone.",
		"Let the re-sealing end first; `foyer keys list` shows what is left.")
	ErrTooYoung = fault.Define(fault.Conflict, "key_rotated_recently",
		"密钥刚刚更换,请稍后再试", "The key was replaced too recently to be retired.",
		"Wait until every process has its successor and what it made has ended; "+
			"Retry-After says when.")
	ErrLeft = fault.Define(fault.Internal, "rekey_incomplete",
		"部分数据无法用现有密钥打开", "Some rows do not open with any key of the ring.",
		"Do not retire a key, and look for an older copy of the keys.")
)

// Members is the store of members; memberdb implements it.
type Members interface {
	ByID(ctx context.Context, id int64) (member.Record, bool, error)
	MembersAfter(ctx context.Context, id int64, limit int) ([]member.Record, error)
	RekeyMemberIfSame(tx *sqldb.Tx, old, now member.Record) error
	TailsAfter(ctx context.Context, t member.Tail, limit int) ([]member.Tail, error)
	RekeyTailIfSame(tx *sqldb.Tx, old, now member.Tail) error
}

// Persons is the store of what members keep beside their account; memberdb implements it.
type Persons interface {
	EmailsAfter(ctx context.Context, id int64, limit int) ([]member.Email, error)
	RekeyEmailIfSame(tx *sqldb.Tx, old, now member.Email) error
	CompanionsAfter(ctx context.Context, id int64, limit int) ([]member.SealedCompanion, error)
	RekeyCompanionIfSame(tx *sqldb.Tx, old, now member.SealedCompanion) error
}

// Staff is the store of staff; staffdb implements it.
type Staff interface {
	PeopleAfter(ctx context.Context, id int64, limit int) ([]staff.Record, error)
	RekeyPersonIfSame(tx *sqldb.Tx, old, now staff.Record) error
	InvitationsAfter(ctx context.Context, id int64, limit int) ([]staff.Invitation, error)
	RekeyInvitationIfSame(tx *sqldb.Tx, old, now staff.Invitation) error
}

// Inbox is the store of the development inbox; notifydb implements it.
type Inbox interface {
	MessagesAfter(ctx context.Context, id int64, limit int) ([]inbox.Sealed, error)
	RekeyMessageIfSame(tx *sqldb.Tx, old, now inbox.Sealed) error
}

// Visitors is the store of who enters; visitordb implements it.
type Visitors interface {
	RowsAfter(ctx context.Context, id int64, limit int) ([]visitor.Row, error)
	RekeyRowIfSame(tx *sqldb.Tx, old, now visitor.Row) error
	KeysAfter(ctx context.Context, event int64, limit int) ([]visitor.EventKey, error)
	RekeyEventIfSame(tx *sqldb.Tx, old, now visitor.EventKey) error
}

// Invoices is the store of invoice requests; invoicedb implements it.
type Invoices interface {
	RequestsAfter(ctx context.Context, id int64, limit int) ([]invoice.Request, error)
	RekeyRequestIfSame(tx *sqldb.Tx, old, now invoice.Request) error
}

// Tickets is the store of tickets; ticketdb implements it.
type Tickets interface {
	LiveIssuedBefore(ctx context.Context, before, now time.Time, limit int) (int, error)
}

// Deps are what Keys is made of; all are required.
type Deps struct {
	DB       *sqldb.DB
	Ring     *keyring.Ring
	Members  Members
	Persons  Persons
	Staff    Staff
	Inbox    Inbox
	Visitors Visitors
	Invoices Invoices
	Tickets  Tickets
	Clock    clock.Clock
	Log      *slog.Logger
}

// Keys is the module. Make one with New.
type Keys struct {
	Deps
	tables []table
}

// New makes the module.
func New(d Deps) *Keys {
	k := &Keys{Deps: d}
	k.tables = []table{k.members(), k.tails(), k.emails(), k.companions(), k.persons(),
		k.invitations(), k.messages(),
		k.visitors(), k.visitorKeys(), k.invoices()}
	return k
}

// Use is a key and the rows that need it.
type Use struct {
	keyring.Key
	// Rows counts by table what was sealed or indexed by the key; for ticket keys, the live
	// tickets whose codes may have been printed under it (at most maxTickets).
	Rows map[string]int64
}

// Total is the sum over all tables.
func (u Use) Total() (n int64) {
	for _, rows := range u.Rows {
		n += rows
	}
	return n
}

// List tells which keys there are and which rows need them. It reads every sealed row.
func (k *Keys) List(ctx context.Context) ([]Use, error) {
	if err := k.Ring.Reload(); err != nil {
		return nil, err
	}
	var list []Use
	at := map[keyName]int{}
	for _, key := range k.Ring.Keys() {
		at[keyName{key.Kind, key.ID}] = len(list)
		list = append(list, Use{Key: key, Rows: map[string]int64{}})
	}
	for _, t := range k.tables {
		used, err := t.uses(ctx)
		if err != nil {
			return nil, err
		}
		for name, n := range used {
			if i, ok := at[name]; ok {
				list[i].Rows[t.name()] = n
			}
		}
	}
	for i, u := range list {
		if u.Kind != keyring.Ticket || u.State != keyring.Old {
			continue
		}
		n, err := k.liveTickets(ctx, list, u.ID)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			list[i].Rows["ticket"] = n
		}
	}
	return list, nil
}

// maxTickets bounds the count of live tickets: more than that is in use just as well.
const maxTickets = 1000

// liveTickets counts the tickets that were issued while a key or an older one was active,
// and settle longer: a gate or another process may have lagged behind.
func (k *Keys) liveTickets(ctx context.Context, list []Use, id uint8) (int64, error) {
	for _, next := range list { // in order of number
		if next.Kind == keyring.Ticket && next.ID > id {
			n, err := k.Tickets.LiveIssuedBefore(ctx, next.CreatedAt.Add(settle), k.Clock.Now(),
				maxTickets)
			return int64(n), err
		}
	}
	return 0, nil
}

const (
	// settle is how long every process surely has a new key after a rotation, and ten times
	// what Watch needs: nothing new comes from the old one then.
	settle = time.Hour
	// macLife is longer than anything lives that a MAC key made: quotas are by day.
	macLife = 48 * time.Hour
)

// Retire ends an old key for good. It refuses an active key and the kinds that never
// retire (keyring.ErrFixed), a key that was active until just now (ErrTooYoung), and one
// that rows or live tickets still need (ErrInUse). Backups that were taken while the key
// was in use can from then on only be restored with a copy of the keys from before.
func (k *Keys) Retire(ctx context.Context, kind keyring.Kind, id uint8) error {
	list, err := k.List(ctx)
	if err != nil {
		return err
	}
	var own, newest *Use
	for i, u := range list {
		if u.Kind != kind {
			continue
		}
		newest = &list[i]
		if u.ID == id {
			own = &list[i]
		}
	}
	if own == nil || own.State == keyring.Active || kind == keyring.Journal {
		return keyring.ErrFixed.With("kind", string(kind)).With("id", id)
	}
	wait := settle
	if kind == keyring.MAC {
		wait = macLife
	}
	if left := newest.CreatedAt.Add(wait).Sub(k.Clock.Now()); left > 0 {
		return ErrTooYoung.Retry(left)
	}
	if own.Total() > 0 {
		return ErrInUse.With("rows", own.Rows)
	}
	return k.Ring.Retire(kind, id)
}
