package payment

import "time"

// verdict is what an answer means for an attempt.
type verdict uint8

const (
	keep    verdict = iota // nothing changes
	capture                // the money is here
	finish                 // it ended without money
	end                    // its time is over: close it at the provider
)

// openGrace is how long an attempt may be unknown at the provider although we called: a
// call of ours may still be on its way.
const openGrace = time.Minute

// decide is the state machine of an attempt: what an answer of the provider means, and
// which state and result follow. It is pure; the caller guards the change by the state that
// it decided on.
//
//	opening open unknown ──taken──▶ captured
//	opening open unknown ──declined──▶ failed        failed closed ──taken──▶ captured
//	opening open unknown ──gone, absent──▶ closed    captured: nothing moves it
func decide(p *Payment, a Answer, now time.Time) (verdict, State, Result) {
	switch {
	case p.State == Captured:
		return keep, p.State, p.Result
	case a.Phase == Taken:
		return capture, Captured, Paid
	case !p.State.IsOpen():
		return keep, p.State, p.Result
	case a.Phase == Declined:
		return finish, Failed, Refused
	case a.Phase == Gone:
		return finish, Closed, Left
	case a.Phase == Absent:
		if now.Before(p.OpenedAt().Add(openGrace)) {
			return keep, p.State, p.Result
		}
		return finish, Closed, Silent
	case a.Phase == Waiting && !now.Before(p.ExpiresAt):
		return end, p.State, p.Result
	}
	return keep, p.State, p.Result
}

// The rhythm of asking about an open payment: soon at first, then at half of its age.
const (
	firstAsk = 10 * time.Second
	mostAsk  = 5 * time.Minute
)

// nextAsk is when an open payment is asked again: after half its age, but right after its
// end when that comes first.
func nextAsk(p *Payment, now time.Time) time.Time {
	next := now.Add(min(max(now.Sub(p.OpenedAt())/2, firstAsk), mostAsk))
	if after := p.ExpiresAt.Add(time.Second); now.Before(p.ExpiresAt) && after.Before(next) {
		return after
	}
	return next
}

// looks are how long after its end a closed payment is looked at again: the buyer may have
// paid in the very moment in which it was closed, and a provider that closes twice tells
// nobody. What is missed by then, the daily bill finds.
var looks = [...]time.Duration{2 * time.Minute, 15 * time.Minute, 2 * time.Hour}

// lookAgain is when a payment that ended without money is looked at next; zero: no more.
// One that the provider refused itself is not looked at.
func lookAgain(p *Payment, now time.Time) time.Time {
	if p.State == Closed {
		for _, after := range looks {
			if at := p.SettledAt.Add(after); at.After(now) {
				return at
			}
		}
	}
	return time.Time{}
}

// nextRefund is when a refund is asked for, or asked about, again.
func nextRefund(r *Refund, now time.Time) time.Time {
	if r.State == Requested {
		return now.Add(min(time.Second<<min(r.Tries, 8), mostAsk))
	}
	return now.Add(min(max(now.Sub(r.AcceptedAt)/2, 5*time.Second), time.Hour))
}
