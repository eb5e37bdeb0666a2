package signin_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"foyer/internal/actor"
	"foyer/internal/clock"
	"foyer/internal/secret"
	"foyer/internal/signin"
	"foyer/internal/signin/signindb"
	"foyer/internal/signin/signintest"
	"foyer/internal/sqldb"
	"foyer/internal/sqldb/sqldbtest"
)

var alice = signin.MemberAccount(7)

func issue(t testing.TB, b *signintest.Bundle, d *signin.Door, a signin.Account) signin.Fresh {
	t.Helper()
	kind := secret.MemberToken
	if a.Kind == actor.Staff {
		kind = secret.StaffToken
	}
	f := d.Fresh(kind)
	err := b.DB.InTx(context.Background(), func(tx *sqldb.Tx) error {
		_, err := d.Issue(tx, f, a, "phone\nwith\tcontrols",
			netip.MustParseAddr("203.0.113.77"))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestTokens(t *testing.T) {
	t.Parallel()
	sqldbtest.EachFake(t, func(t *testing.T, db *sqldb.DB, clk *clock.Fake) {
		ctx := context.Background()
		b := signintest.New(t, db, clk)
		f := issue(t, b, b.Door, alice)
		s, err := b.Door.Read(ctx, secret.MemberToken, f.Token)
		if err != nil || s.Account != alice || s.Label != "phonewithcontrols" {
			t.Fatalf("read %+v, %v", s, err)
		}
		for name, token := range map[string]string{
			"empty": "", "noise": "fm_x", "other kind": "fs" + f.Token[2:],
			"never issued": b.Door.Fresh(secret.MemberToken).Token,
		} {
			if _, err := b.Door.Read(ctx, secret.MemberToken, token); !errors.Is(err,
				signin.ErrTokenRefused) {
				t.Errorf("%s: %v", name, err)
			}
		}
		for range signin.MaxSignIns {
			issue(t, b, b.Door, alice)
		}
		if list, err := b.Door.List(ctx, alice); err != nil || len(list) != signin.MaxSignIns {
			t.Fatalf("%d sign-ins, %v", len(list), err)
		}
		if _, err := b.Door.Read(ctx, secret.MemberToken, f.Token); !errors.Is(err,
			signin.ErrTokenRefused) {
			t.Fatalf("the longest unseen one stays: %v", err)
		}
	})
}

func oneEngine(t testing.TB) (*signintest.Bundle, *clock.Fake) {
	clk := clock.NewFake(sqldbtest.Start)
	return signintest.New(t, sqldbtest.Open(t, clk), clk), clk
}

// A warm token needs no SQL; a revocation is seen by the next request, on a door that has
// the token in memory and on another one that asks again after a second.
func TestRevocation(t *testing.T) {
	t.Parallel()
	b, clk := oneEngine(t)
	ctx := context.Background()
	counting := &countingStore{Store: signindb.New(b.DB)}
	near := signin.New(signin.Config{}, b.DB, counting, b.IDs, clk, b.Log)
	far := signin.New(signin.Config{CacheAge: time.Second}, b.DB, signindb.New(b.DB), b.IDs, clk,
		b.Log)
	f := issue(t, b, near, alice)
	for _, d := range []*signin.Door{near, far, near, near} {
		if _, err := d.Read(ctx, secret.MemberToken, f.Token); err != nil {
			t.Fatal(err)
		}
	}
	if n := counting.reads.Load(); n != 1 {
		t.Errorf("three reads of a token asked SQL %d times", n)
	}
	err := b.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		ok, err := near.Revoke(tx, signin.MemberAccount(8), f.ID)
		if ok || err != nil {
			return fmt.Errorf("somebody else's sign-in was revoked: %v, %w", ok, err)
		}
		if ok, err = near.Revoke(tx, alice, f.ID); !ok {
			return fmt.Errorf("not revoked: %w", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := near.Read(ctx, secret.MemberToken, f.Token); !errors.Is(err,
		signin.ErrTokenRefused) {
		t.Errorf("revoked here, and still good: %v", err)
	}
	clk.Advance(time.Second + time.Millisecond)
	if _, err := far.Read(ctx, secret.MemberToken, f.Token); !errors.Is(err,
		signin.ErrTokenRefused) {
		t.Errorf("revoked elsewhere, and still good after a second: %v", err)
	}
}

type countingStore struct {
	*signindb.Store
	reads, touches atomic.Int64
	during         func() // runs between the read and its return
}

func (s *countingStore) ByHash(ctx context.Context, h []byte) (signin.SignIn, bool, error) {
	s.reads.Add(1)
	in, ok, err := s.Store.ByHash(ctx, h)
	if s.during != nil {
		s.during()
	}
	return in, ok, err
}

func (s *countingStore) Touch(tx *sqldb.Tx, h []byte, seen, ends time.Time) error {
	s.touches.Add(1)
	return s.Store.Touch(tx, h, seen, ends)
}

// A read that began before a revocation must not put the token back into memory.
func TestReadThatRacesARevocation(t *testing.T) {
	t.Parallel()
	b, clk := oneEngine(t)
	ctx := context.Background()
	store := &countingStore{Store: signindb.New(b.DB)}
	d := signin.New(signin.Config{}, b.DB, store, b.IDs, clk, b.Log)
	f := issue(t, b, d, alice)
	store.during = func() {
		store.during = nil
		err := b.DB.InTx(ctx, func(tx *sqldb.Tx) error {
			_, err := d.RevokeAll(tx, alice, 0)
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
	d.Read(ctx, secret.MemberToken, f.Token) // read before, answered after: either is right
	if _, err := d.Read(ctx, secret.MemberToken, f.Token); !errors.Is(err,
		signin.ErrTokenRefused) {
		t.Fatalf("a revoked token came back from memory: %v", err)
	}
}

func TestExpirySlidesAndIsWrittenRarely(t *testing.T) {
	t.Parallel()
	b, clk := oneEngine(t)
	ctx := context.Background()
	store := &countingStore{Store: signindb.New(b.DB)}
	d := signin.New(signin.Config{}, b.DB, store, b.IDs, clk, b.Log)
	terms := signin.TermsOf(actor.Staff)
	f := issue(t, b, d, signin.StaffAccount(9))
	read := func() error {
		_, err := d.Read(ctx, secret.StaffToken, f.Token)
		return err
	}
	began := clk.Now()
	for clk.Now().Sub(began) < terms.Most-terms.Idle {
		clk.Advance(terms.Idle - time.Minute)
		for range 5 {
			if err := read(); err != nil {
				t.Fatalf("used within its idle time, after %v: %v", clk.Now().Sub(began), err)
			}
		}
	}
	if n := store.touches.Load(); n > 70 {
		t.Errorf("written %d times for some 60 periods of 5 reads", n)
	}
	clk.Set(began.Add(terms.Most))
	if err := read(); !errors.Is(err, signin.ErrTokenRefused) {
		t.Errorf("outlived its longest time: %v", err)
	}
	idle := issue(t, b, d, signin.StaffAccount(9))
	clk.Advance(terms.Idle)
	if _, err := d.Read(ctx, secret.StaffToken, idle.Token); !errors.Is(err,
		signin.ErrTokenRefused) {
		t.Errorf("outlived its idle time: %v", err)
	}
	if n, err := d.Sweep(ctx); err != nil || n == 0 {
		t.Errorf("swept %d ended sign-ins, %v", n, err)
	}
}

// Addresses are forgiven much, since a carrier's is shared; one that tries many accounts is
// slowed, and those accounts are not.
func TestAddressIsSlowedNotItsVictims(t *testing.T) {
	t.Parallel()
	b, _ := oneEngine(t)
	ctx := context.Background()
	attacker := netip.MustParseAddr("203.0.113.9")
	refused := 0
	for i := range 200 {
		err := b.Guard.Admit(ctx, signin.Attempt{Name: fmt.Sprint("victim", i), Address: attacker,
			Account: signin.MemberAccount(int64(i + 1))})
		if errors.Is(err, signin.ErrTooManyAttempts) {
			refused++
		}
	}
	if want := 200 - secret.AddressDelay.Free - 1; refused != want {
		t.Errorf("%d of 200 refused, want %d", refused, want)
	}
	for i := range 50 {
		err := b.Guard.Admit(ctx, signin.Attempt{Name: fmt.Sprint("victim", i),
			Account: signin.MemberAccount(int64(i + 1)),
			Address: netip.MustParseAddr(fmt.Sprintf("2001:db8:%x::1", i))})
		if err != nil {
			t.Fatalf("victim %d waits for the attacker's failures: %v", i, err)
		}
	}
}

func TestCacheIsBounded(t *testing.T) {
	t.Parallel()
	b, clk := oneEngine(t)
	d := signin.New(signin.Config{CacheSize: 256}, b.DB, signindb.New(b.DB), b.IDs, clk, b.Log)
	for i := range 1500 {
		f := issue(t, b, d, signin.MemberAccount(int64(i+1)))
		if _, err := d.Read(context.Background(), secret.MemberToken, f.Token); err != nil {
			t.Fatal(err)
		}
	}
	if n := d.Remembered(); n > 256 || n < 100 {
		t.Fatalf("%d sign-ins in a memory of 256", n)
	}
}

func BenchmarkAuthenticateWarm(b *testing.B) {
	s, _ := oneEngine(b)
	f := issue(b, s, s.Door, alice)
	auth := signin.Authenticator{Door: s.Door}
	ctx := context.Background()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := auth.Authenticate(ctx, f.Token); err != nil {
			b.Fatal(err)
		}
	}
}

func TestWhoWasHereLatelyIsKnownAfterAStart(t *testing.T) {
	t.Parallel()
	sqldbtest.EachFake(t, func(t *testing.T, db *sqldb.DB, clk *clock.Fake) {
		ctx := context.Background()
		b := signintest.New(t, db, clk)
		gone := issue(t, b, b.Door, alice)
		clk.Advance(25 * time.Hour)
		here := make([]signin.Fresh, 40)
		for i := range here {
			here[i] = issue(t, b, b.Door, signin.MemberAccount(int64(100+i)))
		}
		cold := &counting{Store: b.Rows}
		door := signin.New(signin.Config{}, db, cold, b.IDs, clk, b.Log)
		if err := door.Warm(ctx, b.Rows); err != nil {
			t.Fatal(err)
		}
		for i, f := range here {
			s, err := door.Read(ctx, secret.MemberToken, f.Token)
			if err != nil || s.Account != signin.MemberAccount(int64(100+i)) {
				t.Fatalf("sign-in %d: %+v, %v", i, s, err)
			}
		}
		if n := cold.reads.Load(); n != 0 {
			t.Errorf("%d of %d sign-ins were read one by one", n, len(here))
		}
		if _, err := door.Read(ctx, secret.MemberToken, gone.Token); err != nil ||
			cold.reads.Load() != 1 {
			t.Errorf("who was here two days ago: %v, %d reads", err, cold.reads.Load())
		}
		// What was revoked between the page and the memory is not remembered.
		racing := signin.New(signin.Config{}, db, cold, b.IDs, clk, b.Log)
		err := racing.Warm(ctx, revoking{b.Rows, func() {
			err := db.InTx(ctx, func(tx *sqldb.Tx) error {
				_, err := racing.RevokeAll(tx, signin.MemberAccount(100), 0)
				return err
			})
			if err != nil {
				t.Error(err)
			}
		}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := racing.Read(ctx, secret.MemberToken, here[0].Token); !errors.Is(err,
			signin.ErrTokenRefused) {
			t.Errorf("a revoked sign-in is remembered: %v", err)
		}
	})
}

// counting counts the sign-ins that are read one by one.
type counting struct {
	*signindb.Store
	reads atomic.Int64
}

func (c *counting) ByHash(ctx context.Context, hash []byte) (signin.SignIn, bool, error) {
	c.reads.Add(1)
	return c.Store.ByHash(ctx, hash)
}

// revoking does something after each page was read.
type revoking struct {
	*signindb.Store
	then func()
}

func (r revoking) SeenSince(ctx context.Context, since, now time.Time, after []byte, limit int) (
	[]signin.StoredSignIn, []byte, error,
) {
	page, last, err := r.Store.SeenSince(ctx, since, now, after, limit)
	r.then()
	return page, last, err
}
