package member

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"sync"

	"foyer/internal/actor"
	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/idgen"
	"foyer/internal/journal"
	"foyer/internal/notify"
	"foyer/internal/pii"
	"foyer/internal/secret"
	"foyer/internal/signin"
	"foyer/internal/sqldb"
)

// Deps are what Members is made of; all are required.
type Deps struct {
	DB        *sqldb.DB
	Store     Store
	Codes     CodeStore
	Tails     TailStore
	Vault     Vault
	Passwords Passwords
	Door      *signin.Door
	Guard     *signin.Guard
	Journal   Journal
	Sender    Sender
	IDs       *idgen.Source
	Clock     clock.Clock

	Emails     EmailStore
	Consents   ConsentStore
	Companions CompanionStore
	Erasure    ErasureStore
	Links      *signin.Links
	Jobs       Jobs
	// Site is the address that links begin with, e.g. "https://tickets.example".
	Site string
}

// Members is the module. Make one with New; its methods are safe for concurrent use.
type Members struct {
	Deps
	codes *secret.Codes

	mu    sync.Mutex
	known map[tailKey]struct{} // tails that are stored for sure

	keepers []Keeper
}

// New makes the module.
func New(d Deps) *Members {
	return &Members{Deps: d, codes: secret.NewCodes(d.IDs, d.Vault),
		known: map[tailKey]struct{}{}}
}

// Origin is where a request comes from.
type Origin struct {
	Address netip.Addr
	Device  string // token of a known device, or empty
	Label   string // what the device calls itself, e.g. "iPhone"
	Captcha string // a proof that a person is at work, or empty
}

const phoneKind = "phone" // of blind indexes

// The places that values sealed under a member's key belong to.
const (
	phonePlace = "member.phone"
	namePlace  = "member.name"
)

// phoneOf is a phone in its one form, with the indexes that it may be stored under.
func (m *Members) phoneOf(text string) (phone string, indexes [][]byte, err error) {
	phone, err = pii.Phone(text)
	if err != nil {
		return "", nil, pii.ErrPhone.At("phone", "is no mobile number 不是手机号码")
	}
	return phone, m.Vault.BlindIndexes(phoneKind, phone), nil
}

func (m *Members) attempt(phone string, r Record, from Origin) signin.Attempt {
	return signin.Attempt{Name: phone, Address: from.Address, Device: from.Device,
		Captcha: from.Captcha, Account: signin.MemberAccount(r.ID)}
}

// open is a record as its owner sees it.
func (m *Members) open(r Record) (Member, error) {
	out := Member{ID: r.ID, State: r.State, Language: r.Language, Revision: r.Revision,
		HasPassword: r.Password != "", CreatedAt: r.CreatedAt}
	phone, err := m.Vault.OpenWith(r.SubjectKey, []byte(phonePlace), r.PhoneSealed)
	if err != nil {
		return Member{}, err
	}
	out.Phone = string(phone)
	if len(r.NameSealed) > 0 {
		name, err := m.Vault.OpenWith(r.SubjectKey, []byte(namePlace), r.NameSealed)
		if err != nil {
			return Member{}, err
		}
		out.Name = string(name)
	}
	return out, nil
}

// newborn prepares the record of a phone that signs in for the first time.
func (m *Members) newborn(phone, language string) (Record, error) {
	key := m.Vault.NewSubjectKey()
	sealed, err := m.Vault.SealWith(key, []byte(phonePlace), []byte(phone))
	if err != nil {
		return Record{}, err
	}
	return Record{ID: m.IDs.Next(), State: Active, SubjectKey: key, PhoneSealed: sealed,
		PhoneIndex: m.Vault.BlindIndex(phoneKind, phone), Revision: 1,
		Language: string(notify.LanguageOf(language))}, nil
}

// note appends the command's one journal entry.
func (m *Members) note(tx *sqldb.Tx, r Record, action string, values map[string]any) {
	by := actor.Actor{Kind: actor.Member, ID: r.ID}
	m.noteBy(tx, by, r, action, values)
}

func (m *Members) noteBy(tx *sqldb.Tx, by actor.Actor, r Record, action string,
	values map[string]any,
) {
	m.Journal.Append(tx, journal.Entry{Actor: by, Action: action, Data: data(values),
		Objects: []journal.Object{{Kind: "mem", ID: r.ID, Revision: r.Revision}}})
}

// data is the chained part of an entry. Its values are ours: one that is no JSON is a
// mistake that undoes the command.
func data(values map[string]any) []byte {
	text, err := json.Marshal(values)
	if err != nil {
		panic(fmt.Sprintf("member: journal data: %v", err)) // values are ours; undoes the command
	}
	return text
}

// Me is the member who asks. It refuses with fault.Missing after an account was closed.
func (m *Members) Me(ctx context.Context, id int64) (Member, error) {
	r, ok, err := m.Store.ByID(ctx, id)
	if err != nil {
		return Member{}, err
	}
	if !ok || r.State != Active {
		return Member{}, fault.Missing
	}
	me, err := m.open(r)
	if err != nil {
		return Member{}, err
	}
	return m.withEmail(ctx, r, me)
}

// Contact is where messages for a member go.
type Contact struct {
	Phone, Name string
	Language    notify.Language
	SubjectKey  []byte // sealed; for the personal part of journal entries
}

// Contact gives phone, name and language, for a module that has something to tell a
// member. It never goes into an answer: see Masked for that.
func (m *Members) Contact(ctx context.Context, id int64) (Contact, error) {
	r, ok, err := m.Store.ByID(ctx, id)
	if err != nil {
		return Contact{}, err
	}
	if !ok || r.State != Active {
		return Contact{}, fault.Missing
	}
	me, err := m.open(r)
	return Contact{me.Phone, me.Name, notify.LanguageOf(me.Language), r.SubjectKey}, err
}

// Change is what a member changes of the profile; nil leaves a field as it is.
type Change struct {
	Name     *string
	Language *string
	Revision int64 // 0: whatever it is now
}

// Change stores a new name or language. It refuses with fault.BadInput and fault.Stale.
func (m *Members) Change(ctx context.Context, id int64, c Change) (Member, error) {
	if err := c.check(); err != nil {
		return Member{}, err
	}
	err := m.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		r, err := m.activeIn(tx, id)
		if err != nil {
			return err
		}
		if c.Revision != 0 && c.Revision != r.Revision {
			return fault.Stale
		}
		fields := []string{}
		if c.Name != nil {
			fields = append(fields, "name")
			r.NameSealed = nil
			if *c.Name != "" {
				name := []byte(*c.Name)
				r.NameSealed, err = m.Vault.SealWith(r.SubjectKey, []byte(namePlace), name)
				if err != nil {
					return err
				}
			}
		}
		if c.Language != nil {
			fields = append(fields, "language")
			r.Language = *c.Language
		}
		if err := m.Store.UpdateIfRevision(tx, r); err != nil {
			return err
		}
		r.Revision++
		m.note(tx, r, "member.changed", map[string]any{"fields": fields})
		return nil
	})
	if err != nil {
		return Member{}, err
	}
	return m.Me(ctx, id)
}

func (c *Change) check() error {
	var p fault.Problems
	if c.Name != nil {
		name := strings.TrimSpace(*c.Name)
		if !printable(name) || len([]rune(name)) > maxName {
			p.Add("name", "must be at most %d printable characters 最多 %d 个字符", maxName, maxName)
		}
		c.Name = &name
	}
	if c.Language != nil && *c.Language != string(notify.Chinese) &&
		*c.Language != string(notify.English) {
		p.Add("language", "must be %s or %s", notify.Chinese, notify.English)
	}
	return p.Err()
}

func (m *Members) activeIn(tx *sqldb.Tx, id int64) (Record, error) {
	r, ok, err := m.Store.ByIDIn(tx, id)
	if err != nil {
		return Record{}, err
	}
	if !ok || r.State != Active {
		return Record{}, fault.Missing
	}
	return r, nil
}
