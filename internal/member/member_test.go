package member_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"foyer/internal/actor"
	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/member"
	"foyer/internal/member/memberdb"
	"foyer/internal/member/membertest"
	"foyer/internal/notify"
	"foyer/internal/secret"
	"foyer/internal/signin"
	"foyer/internal/sqldb"
	"foyer/internal/sqldb/sqldbtest"
)

const (
	phone    = "+8613800138000"
	password = "correct horse battery"
)

type bundle struct {
	*membertest.Bundle
	clk *clock.Fake
}

// each runs fn on both engines with a fake clock.
func each(t *testing.T, fn func(t *testing.T, b bundle)) {
	t.Helper()
	sqldbtest.EachFake(t, func(t *testing.T, db *sqldb.DB, clk *clock.Fake) {
		b := bundle{membertest.New(t, db, clk), clk}
		fn(t, b)
		b.Verify(t)
	})
}

func from(address string) member.Origin {
	return member.Origin{Address: netip.MustParseAddr(address), Label: "phone"}
}

func TestFirstSignInMakesTheMember(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b bundle) {
		ctx := context.Background()
		first := b.SignIn(t, phone)
		if !first.Created || first.Member.Phone != phone || first.Member.HasPassword {
			t.Fatalf("first sign-in: %+v", first)
		}
		b.clk.Advance(member.ResendAfter)
		second := b.SignIn(t, phone)
		if second.Created || second.Member.ID != first.Member.ID {
			t.Fatalf("second sign-in made %d, first %d", second.Member.ID, first.Member.ID)
		}
		if first.Token == second.Token || !strings.HasPrefix(first.Token, "fm_") {
			t.Fatalf("tokens %q and %q", first.Token, second.Token)
		}
		name, lang := "王小明", "en"
		after, err := b.Members.Change(ctx, first.Member.ID, member.Change{Name: &name,
			Language: &lang, Revision: 1})
		if err != nil || after.Name != name || after.Language != "en" || after.Revision != 2 {
			t.Fatalf("change: %+v, %v", after, err)
		}
		_, err = b.Members.Change(ctx, first.Member.ID, member.Change{Name: &name, Revision: 1})
		if !errors.Is(err, fault.Stale) {
			t.Fatalf("an old revision: %v", err)
		}
		r, _, err := memberdb.New(b.DB).ByID(ctx, first.Member.ID)
		if err != nil || bytes.Contains(r.PhoneSealed, []byte("13800138000")) ||
			bytes.Contains(r.NameSealed, []byte(name)) {
			t.Fatal("a personal value is stored in the clear")
		}
	})
}

// A code dies of five wrong tries, of age and of use; a client that sends its challenge is
// not hurt by strangers who try codes on its phone.
func TestCodes(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b bundle) {
		ctx := context.Background()
		enter := func(code, challenge string) error {
			_, err := b.Members.SignInByCode(ctx, member.CodeEntry{Phone: phone, Code: code,
				Challenge: challenge})
			return err
		}
		ask := func() (string, string) {
			t.Helper()
			sent, err := b.Members.RequestCode(ctx, member.CodeRequest{Phone: phone,
				Purpose: member.ToSignIn})
			if err != nil {
				t.Fatal(err)
			}
			return b.Outbox.Code(phone), sent.Challenge
		}
		code, challenge := ask()
		for i := range secret.CodeTries + 3 {
			if err := enter(wrong(code), ""); !errors.Is(err, member.ErrCodeWrong) {
				t.Fatalf("stranger's try %d: %v", i, err)
			}
		}
		if err := enter(code, ""); !errors.Is(err, member.ErrCodeWrong) {
			t.Fatalf("the right code after too many open tries: %v", err)
		}
		if err := enter(code, challenge); err != nil {
			t.Fatalf("the owner's own client was hurt by strangers: %v", err)
		}
		if err := enter(code, challenge); !errors.Is(err, member.ErrCodeWrong) {
			t.Fatalf("a used code: %v", err)
		}
		b.clk.Advance(member.ResendAfter)
		code, challenge = ask()
		for range secret.CodeTries {
			enter(wrong(code), challenge)
		}
		if err := enter(code, challenge); !errors.Is(err, member.ErrCodeWrong) {
			t.Fatalf("the right code after five wrong with the challenge: %v", err)
		}
		b.clk.Advance(member.ResendAfter)
		code, challenge = ask()
		b.clk.Advance(secret.CodeTTL)
		if err := enter(code, challenge); !errors.Is(err, member.ErrCodeWrong) {
			t.Fatalf("an old code: %v", err)
		}
	})
}

func wrong(code string) string {
	if code[0] == '9' {
		return "0" + code[1:]
	}
	return string(code[0]+1) + code[1:]
}

func TestCodesAreRationed(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b bundle) {
		ctx := context.Background()
		ask := func(phone, device string) error {
			_, err := b.Members.RequestCode(ctx, member.CodeRequest{Phone: phone,
				Purpose: member.ToSignIn, From: member.Origin{Device: device,
					Address: netip.MustParseAddr("203.0.113.7")}})
			return err
		}
		in := b.SignIn(t, phone) // the first of today
		if err := ask(phone, ""); !errors.Is(err, member.ErrResendLater) ||
			fault.Of(err).RetryAfter != member.ResendAfter {
			t.Fatalf("at once: %v", err)
		}
		for i := 1; i < member.PhoneDaily; i++ {
			b.clk.Advance(member.ResendAfter)
			if err := ask(phone, ""); err != nil {
				t.Fatalf("code %d of the day: %v", i+1, err)
			}
		}
		b.clk.Advance(member.ResendAfter)
		if err := ask(phone, ""); !errors.Is(err, member.ErrResendLater) {
			t.Fatalf("over the day's number: %v", err)
		}
		if err := ask(phone, in.Device); err != nil {
			t.Fatalf("the owner's known device has an allowance of its own: %v", err)
		}
		b.clk.Advance(member.SlowResend)
		if err := ask(phone, ""); err != nil {
			t.Fatalf("one an hour stays open: %v", err)
		}
		b.Outbox.Fail = notify.ErrNotSent
		if err := ask("+8613900139000", ""); !errors.Is(err, notify.ErrNotSent) {
			t.Fatalf("a failing sender: %v", err)
		}
		b.Outbox.Fail = nil
		if err := ask("+8613900139000", ""); err != nil {
			t.Fatalf("after a failure the phone may ask again at once: %v", err)
		}
	})
}

func TestAddressAllowance(t *testing.T) {
	t.Parallel()
	b := bundle{clk: clock.NewFake(sqldbtest.Start)}
	b.Bundle = membertest.New(t, sqldbtest.Open(t, b.clk), b.clk)
	for i := range member.AddressDaily + 1 {
		_, err := b.Members.RequestCode(context.Background(), member.CodeRequest{
			Phone: fmt.Sprintf("138%08d", i), Purpose: member.ToSignIn,
			From: from("2001:db8::1")})
		if over := i == member.AddressDaily; errors.Is(err, member.ErrResendLater) != over {
			t.Fatalf("code %d of an address: %v", i+1, err)
		}
	}
}

func withPassword(t *testing.T, b bundle) member.SignedIn {
	t.Helper()
	ctx := context.Background()
	in := b.SignIn(t, phone)
	_, err := b.Members.RequestCode(ctx, member.CodeRequest{Phone: phone,
		Purpose: member.ToSetPassword, From: member.Origin{Device: in.Device}})
	if err != nil {
		t.Fatal(err)
	}
	s, err := b.Door.Read(ctx, secret.MemberToken, in.Token)
	if err != nil {
		t.Fatal(err)
	}
	err = b.Members.SetPassword(ctx, in.Member.ID, member.NewPassword{Code: b.Outbox.Code(phone),
		New: password, Keep: s.ID})
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// The attack: a thousand addresses guess one account's password. Delays grow to their cap;
// the owner gets in by SMS code at once, and by password from the device that is known.
func TestBruteForceNeverLocksTheOwnerOut(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b bundle) {
		ctx := context.Background()
		withPassword(t, b)
		b.clk.Advance(time.Hour)
		in, err := b.Members.SignInByPassword(ctx, member.PasswordEntry{Phone: phone,
			Password: password, From: from("198.51.100.1")})
		if err != nil {
			t.Fatalf("the right password: %v", err)
		}
		var waits []time.Duration
		for i := range 40 {
			_, err := b.Members.SignInByPassword(ctx, member.PasswordEntry{Phone: phone,
				Password: "guess number " + fmt.Sprint(i),
				From:     from(fmt.Sprintf("203.0.%d.%d", 112+i/200, i%200+1))})
			if errors.Is(err, signin.ErrTooManyAttempts) {
				wait := fault.Of(err).RetryAfter
				waits = append(waits, wait)
				b.clk.Advance(wait)
			} else if !errors.Is(err, member.ErrPasswordWrong) {
				t.Fatalf("guess %d: %v", i, err)
			}
		}
		if len(waits) < 10 || waits[len(waits)-1] < 8*waits[0] {
			t.Fatalf("the delay does not grow: %v", waits)
		}
		_, err = b.Members.SignInByPassword(ctx, member.PasswordEntry{Phone: phone,
			Password: "one more guess", From: from("203.0.113.250")})
		if !errors.Is(err, member.ErrPasswordWrong) { // the wait had passed: counted again
			t.Fatalf("after the wait: %v", err)
		}
		stranger := member.PasswordEntry{Phone: phone, Password: password, From: from("192.0.2.1")}
		if _, err = b.Members.SignInByPassword(ctx, stranger); !errors.Is(err,
			signin.ErrTooManyAttempts) {
			t.Fatalf("a stranger's device within the delay: %v", err)
		}
		stranger.From.Device = in.Device
		if _, err = b.Members.SignInByPassword(ctx, stranger); err != nil {
			t.Fatalf("the owner's known device: %v", err)
		}
		b.SignIn(t, phone) // by SMS code, from anywhere
	})
}

// Many guesses at once pass no more than guesses one by one.
func TestConcurrentGuessesAreCountedFirst(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b bundle) {
		withPassword(t, b)
		var mu sync.Mutex
		looked := 0
		var wg sync.WaitGroup
		for range 30 {
			wg.Go(func() {
				_, err := b.Members.SignInByPassword(context.Background(),
					member.PasswordEntry{Phone: phone, Password: "wrong but long"})
				mu.Lock()
				defer mu.Unlock()
				if errors.Is(err, member.ErrPasswordWrong) {
					looked++
				}
			})
		}
		wg.Wait()
		if most := secret.AccountDelay.Free + 1; looked > most {
			t.Fatalf("%d guesses were looked at in one moment, at most %d", looked, most)
		}
	})
}

func TestPasswordAnswersTellNothing(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b bundle) {
		ctx := context.Background()
		withPassword(t, b)
		b.SignIn(t, "+8613700137000") // a member without a password
		for _, p := range []string{phone, "+8613700137000", "+8613600136000"} {
			_, err := b.Members.SignInByPassword(ctx, member.PasswordEntry{Phone: p,
				Password: "not the password"})
			if !errors.Is(err, member.ErrPasswordWrong) || len(fault.Of(err).Details) > 0 {
				t.Errorf("%s: %v", p, err)
			}
		}
	})
}

func TestPasswordNeedsProofAndEndsOtherSignIns(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b bundle) {
		ctx := context.Background()
		in := withPassword(t, b)
		b.clk.Advance(member.ResendAfter)
		other := b.SignIn(t, phone)
		set := func(n member.NewPassword) error {
			return b.Members.SetPassword(ctx, in.Member.ID, n)
		}
		if err := set(member.NewPassword{New: "another good one"}); !errors.Is(err,
			member.ErrProofNeeded) {
			t.Fatalf("without proof: %v", err)
		}
		wrong := member.NewPassword{Current: "nope nope", New: "another good one"}
		if err := set(wrong); !errors.Is(err, member.ErrPasswordWrong) {
			t.Fatalf("wrong proof: %v", err)
		}
		if err := set(member.NewPassword{Code: "000000", New: "another good one"}); !errors.Is(err,
			member.ErrCodeWrong) {
			t.Fatalf("wrong code: %v", err)
		}
		if err := set(member.NewPassword{Current: password, New: "13800138000"}); !errors.Is(err,
			secret.ErrPassword) {
			t.Fatalf("the own phone as password: %v", err)
		}
		s, err := b.Door.Read(ctx, secret.MemberToken, in.Token)
		if err != nil {
			t.Fatal(err)
		}
		if err := set(member.NewPassword{Current: password, New: "another good one",
			Keep: s.ID}); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Door.Read(ctx, secret.MemberToken, other.Token); !errors.Is(err,
			signin.ErrTokenRefused) {
			t.Fatalf("another sign-in outlived the password: %v", err)
		}
		if _, err := b.Door.Read(ctx, secret.MemberToken, in.Token); err != nil {
			t.Fatalf("the sign-in that asked: %v", err)
		}
	})
}

// An organization finds its own buyers by four digits, and nobody else's.
func TestTailsStayWithTheirOrganization(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b bundle) {
		ctx := context.Background()
		a, z := b.SignIn(t, "+8613800138000").Member, b.SignIn(t, "+8613900138000").Member
		const one, two = 11, 22
		for range 2 { // buying again changes nothing
			err := b.DB.InTx(ctx, func(tx *sqldb.Tx) error {
				if err := b.Members.RememberTail(tx, one, a.ID); err != nil {
					return err
				}
				return b.Members.RememberTail(tx, two, z.ID)
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		for organization, want := range map[int64]int64{one: a.ID, two: z.ID} {
			got, err := b.Members.FindByTail(ctx, actor.Scope{Organization: organization}, "8000")
			if err != nil || len(got) != 1 || got[0] != want {
				t.Errorf("organization %d finds %v (%v), want %d", organization, got, err, want)
			}
		}
		if got, _ := b.Members.FindByTail(ctx, actor.Scope{Organization: 33}, "8000"); got != nil {
			t.Errorf("a third organization finds %v", got)
		}
		for _, bad := range []string{"", "800", "80000", "8o00", "-800", "+800"} {
			_, err := b.Members.FindByTail(ctx, actor.Scope{Organization: one}, bad)
			if !errors.Is(err, fault.BadInput) {
				t.Errorf("tail %q: %v", bad, err)
			}
		}
	})
}

// Every accepted command is one journal entry, and none holds a phone or a name.
func TestJournalHoldsNoPersonalValues(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b bundle) {
		ctx := context.Background()
		in := withPassword(t, b)
		name := "张无忌"
		if _, err := b.Members.Change(ctx, in.Member.ID, member.Change{Name: &name}); err != nil {
			t.Fatal(err)
		}
		if err := b.Members.EndAllSignIns(ctx, in.Member.ID); err != nil {
			t.Fatal(err)
		}
		rows, err := b.Store.Page(ctx, b.Journal.Lane(), 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"member.code_requested", "member.signed_in", "member.code_requested",
			"member.password_set", "member.changed", "member.signed_out_everywhere"}
		var got []string
		for _, r := range rows {
			got = append(got, r.Action)
			for _, value := range []string{"13800138000", name, password} {
				if bytes.Contains(r.Chained, []byte(value)) {
					t.Errorf("%s holds %q", r.Action, value)
				}
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("journal: %v\nwant     %v", got, want)
		}
	})
}

func TestSweepKeepsWhatLives(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b bundle) {
		ctx := context.Background()
		b.SignIn(t, phone)
		if _, err := b.Members.RequestCode(ctx, member.CodeRequest{Phone: "+8613700137000",
			Purpose: member.ToSignIn}); err != nil {
			t.Fatal(err)
		}
		if n, err := b.Members.Sweep(ctx); err != nil || n != 0 {
			t.Fatalf("swept %d live rows, %v", n, err)
		}
		b.clk.Advance(49 * time.Hour)
		if n, err := b.Members.Sweep(ctx); err != nil || n != 3 { // a code, two quotas
			t.Fatalf("swept %d ended rows, %v", n, err)
		}
	})
}
