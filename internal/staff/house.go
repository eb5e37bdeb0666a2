package staff

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"foyer/internal/actor"
	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/idgen"
	"foyer/internal/journal"
	"foyer/internal/pii"
	"foyer/internal/signin"
	"foyer/internal/sqldb"
)

// Deps are what House is made of; all are required.
type Deps struct {
	DB            *sqldb.DB
	People        People
	Roles         Roles
	Grants        Grants
	Links         Links
	Invites       InvitationStore
	Organizations Organizations
	Venues        Venues
	Vault         Vault
	Passwords     Passwords
	Door          *signin.Door
	Guard         *signin.Guard
	Mail          *signin.Links // one-time links by e-mail
	Jobs          Jobs
	Journal       Journal
	Sender        Sender
	IDs           *idgen.Source
	Clock         clock.Clock
	Log           *slog.Logger
	// Site is the address that links begin with, e.g. "https://tickets.example".
	Site string
	// Issuer is what an authenticator shows beside the account; it holds no colon.
	Issuer string
}

// House is the module: the staff of all organizations. Make one with New.
type House struct {
	Deps

	mu     sync.RWMutex
	actors map[int64]actor.Actor // what each person may do now
	epoch  uint64                // counts changes, so that a read begun before one is not kept
}

// maxActors bounds the actors in memory; an installation has fewer staff.
const maxActors = 20_000

// New makes the module.
func New(d Deps) *House { return &House{Deps: d, actors: map[int64]actor.Actor{}} }

// Origin is where a request comes from.
type Origin struct {
	Address netip.Addr
	Device  string // token of a known device, or empty
	Label   string
	Captcha string // a proof that a person is at work, or empty
}

// Actor is what a person may do now, from memory where it is warm. Any change of a grant
// or role in this process is seen by the next request. It refuses with
// signin.ErrTokenRefused who may not sign in.
func (h *House) Actor(ctx context.Context, id int64) (actor.Actor, error) {
	h.mu.RLock()
	a, ok := h.actors[id]
	epoch := h.epoch
	h.mu.RUnlock()
	if ok {
		return a, nil
	}
	r, ok, err := h.People.ByID(ctx, id)
	if err != nil {
		return actor.Actor{}, err
	}
	if !ok || r.State != Active {
		return actor.Actor{}, signin.ErrTokenRefused
	}
	grants, err := h.Grants.AllOf(ctx, id)
	if err != nil {
		return actor.Actor{}, err
	}
	a = actorOf(r, grants)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.epoch == epoch {
		if len(h.actors) >= maxActors {
			clear(h.actors)
		}
		h.actors[id] = a
	}
	return a, nil
}

// Forget drops what is remembered of everybody's rights, for a process that learns of a
// change in another one.
func (h *House) Forget() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.epoch++
	clear(h.actors)
}

// changed makes a change of rights visible once it is durable.
func (h *House) changed(tx *sqldb.Tx) { tx.AfterCommit(h.Forget) }

// allowed reads the actor's rights in the transaction that uses them: a right that was
// taken away a moment ago decides nothing any more.
func (h *House) allowed(tx *sqldb.Tx, who actor.Actor, p actor.Permission, organization int64,
) (actor.Actor, error) {
	r, ok, err := h.People.ByIDIn(tx, who.ID)
	if err != nil {
		return actor.Actor{}, err
	}
	if !ok || r.State != Active || who.Kind != actor.Staff {
		return actor.Actor{}, fault.NotAllowed
	}
	grants, err := h.Grants.AllOfIn(tx, who.ID)
	if err != nil {
		return actor.Actor{}, err
	}
	now := actorOf(r, grants)
	return now, may(now, p, organization)
}

// may asks for a permission in the whole organization. To somebody who has nothing to do
// with the organization it is missing, not forbidden.
func may(who actor.Actor, p actor.Permission, organization int64) error {
	if who.May(p, organization, 0) {
		return nil
	}
	for _, o := range who.Organizations() {
		if o == organization {
			return fault.NotAllowed
		}
	}
	return fault.Missing
}

const emailKind = "e-mail" // of blind indexes

func emailOf(text string) (string, error) {
	email, err := pii.Email(text)
	if err != nil {
		return "", pii.ErrEmail.At("email", "is no e-mail address 邮箱格式不正确")
	}
	return email, nil
}

func (h *House) openEmail(r Record) (string, error) {
	plain, err := h.Vault.Open("staff", "email_sealed", r.ID, r.EmailSealed)
	return string(plain), err
}

func personName(p *fault.Problems, name string) string {
	name = strings.TrimSpace(name)
	n := utf8.RuneCountInString(name)
	if n < 1 || n > maxName || !utf8.ValidString(name) ||
		strings.ContainsFunc(name, unicode.IsControl) {
		p.Add("name", "must have 1 to %d printable characters 应为 1 至 %d 个字符", maxName, maxName)
	}
	return name
}

// note appends the command's one journal entry.
func (h *House) note(tx *sqldb.Tx, by actor.Actor, organization int64, action string,
	data map[string]any, objects ...journal.Object,
) {
	text, err := json.Marshal(data)
	if err != nil {
		panic(fmt.Sprintf("staff: journal data: %v", err)) // values are ours; undoes the command
	}
	h.Journal.Append(tx, journal.Entry{Actor: by, Organization: organization, Action: action,
		Objects: objects, Data: text})
}

func person(r Record) journal.Object {
	return journal.Object{Kind: "stf", ID: r.ID, Revision: r.Revision}
}
