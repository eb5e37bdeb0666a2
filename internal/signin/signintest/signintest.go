// Package signintest gives tests all that signing in needs: the real journal, key ring,
// hasher, door and guard on the test's database, and a sender that keeps what it is given.
package signintest

import (
	"context"
	"log/slog"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"foyer/internal/clock"
	"foyer/internal/httpx"
	"foyer/internal/idgen"
	"foyer/internal/journal"
	"foyer/internal/journal/journaltest"
	"foyer/internal/keyring"
	"foyer/internal/notify"
	"foyer/internal/secret"
	"foyer/internal/signin"
	"foyer/internal/signin/signindb"
	"foyer/internal/signin/signinhttp"
	"foyer/internal/sqldb"
)

// Bundle is what member and staff are built on.
type Bundle struct {
	*journaltest.Bundle
	Ring   *keyring.Ring
	Hasher *secret.Hasher
	Rows   *signindb.Store
	Door   *signin.Door
	Guard  *signin.Guard
	Links  *signin.Links
	Outbox *Outbox
	Log    *slog.Logger
}

// New makes a bundle on a fresh database.
func New(t testing.TB, db *sqldb.DB, clk clock.Clock) *Bundle {
	t.Helper()
	b := &Bundle{Bundle: journaltest.New(t, db, clk), Outbox: &Outbox{},
		Log: slog.New(slog.DiscardHandler)}
	var err error
	b.Ring, err = keyring.Create(filepath.Join(t.TempDir(), "keys"), b.IDs, clk)
	if err != nil {
		t.Fatal(err)
	}
	// The least that the hasher takes: tests check what is hashed, not how slowly.
	b.Hasher = secret.NewHasher(secret.HashConfig{MemoryKiB: 8 << 10, Passes: 1}, b.IDs)
	b.Rows = signindb.New(db)
	b.Door = signin.New(signin.Config{}, db, b.Rows, b.IDs, clk, b.Log)
	b.Guard = signin.NewGuard(db, b.Rows, b.Ring, b.IDs)
	b.Links = signin.NewLinks(db, b.Rows, b.IDs)
	return b
}

// API is a door whose tokens are those of the bundle. Address limits are off: tests come
// from one address.
func (b *Bundle) API(t testing.TB, staff signin.StaffActors) *httpx.API {
	t.Helper()
	codec, err := idgen.NewCodec(make([]byte, 16))
	if err != nil {
		t.Fatal(err)
	}
	api, err := httpx.New(httpx.Config{Title: "test", Version: "1", Logger: b.Log,
		Clock: b.Clock, IDs: b.IDs, Codec: codec, CursorSecret: make([]byte, 16),
		Auth:  signinhttp.Auth{Authenticator: signin.Authenticator{Door: b.Door, Staff: staff}},
		Rates: map[string]httpx.Rate{"sign_in": {}, "sms": {}}})
	if err != nil {
		t.Fatal(err)
	}
	return api
}

// Post keeps the jobs that tell people something, for a test to do them when it wants to.
type Post struct {
	Jobs *journal.Jobs

	mu   sync.Mutex
	list []journal.Job
}

// Enqueue stores a job as the product does, and keeps it once it is durable.
func (p *Post) Enqueue(tx *sqldb.Tx, j journal.Job) error {
	tx.AfterCommit(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.list = append(p.list, j)
	})
	return p.Jobs.Enqueue(tx, j)
}

// Do does every job that is kept, and tells how many there were.
func (p *Post) Do(t testing.TB, do journal.JobHandler) int {
	t.Helper()
	p.mu.Lock()
	list := p.list
	p.list = nil
	p.mu.Unlock()
	for _, j := range list {
		if _, err := do(context.Background(), j); err != nil {
			t.Fatal(err)
		}
	}
	return len(list)
}

// Outbox keeps what would have been sent.
type Outbox struct {
	mu   sync.Mutex
	list []notify.Message
	// Fail is returned instead of sending, when it is set.
	Fail error
}

// Send implements the senders' port.
func (o *Outbox) Send(_ context.Context, m notify.Message) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.Fail != nil {
		return o.Fail
	}
	o.list = append(o.list, m)
	return nil
}

// Sent is everything so far.
func (o *Outbox) Sent() []notify.Message {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]notify.Message(nil), o.list...)
}

// Link is the token in the newest message of a topic to a recipient; empty without one.
func (o *Outbox) Link(to string, topic notify.Topic) string {
	list := o.Sent()
	for i := len(list) - 1; i >= 0; i-- {
		if list[i].To == to && list[i].Topic == topic {
			_, token, _ := strings.Cut(list[i].Text.Body, "#")
			return tokens.FindString(token)
		}
	}
	return ""
}

var tokens = regexp.MustCompile(`^[0-9a-z_]+`)

var digits = regexp.MustCompile(`\b\d{6}\b`)

// Code is the code in the newest message to a recipient; empty when there is none.
func (o *Outbox) Code(to string) string {
	list := o.Sent()
	for i := len(list) - 1; i >= 0; i-- {
		if list[i].To == to {
			return digits.FindString(list[i].Text.Body)
		}
	}
	return ""
}
