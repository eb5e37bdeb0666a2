package secret

import (
	"time"
)

// Growing delays instead of locks. A lock lets anybody shut a known account; a delay that
// only grows to some minutes makes guessing hopeless and costs its owner little.
//
// One attempt is counted against up to three subjects, and waits for the longest of them:
//
//   - the account as seen by strangers: AccountDelay. All devices that never signed in to
//     it share this counter, so a thousand addresses guess no faster than one.
//   - the device that has signed in to this account before (it shows a device token that
//     the house gave it then): DeviceDelay, a counter of its own. While it is used, the
//     account's counter is neither asked nor raised: an attacker who keeps the account's
//     delay at its cap does not touch the owner's phone.
//   - the address: AddressDelay, which forgives much, since thousands share a carrier's
//     address, and only slows one machine that tries many accounts.
//
// Whoever is signed in stays so whatever the counters say, and a sign-in by SMS code or
// second device is another subject than the password: no number of failures elsewhere
// locks the owner out.
//
// An attempt is charged before it is judged, by one guarded update, so that a hundred at
// once do not pass on one reading; a success clears the counters of its account or device.

// DelayPolicy is how a delay grows.
type DelayPolicy struct {
	Free    int           // failures without any delay
	First   time.Duration // the delay after the next one; each further doubles it
	Cap     time.Duration // the longest delay
	Forgive time.Duration // this long without a failure takes one failure off the count
}

// The policies of the three subjects. At its cap an account takes 96 guesses a day.
var (
	AccountDelay = DelayPolicy{Free: 4, First: 2 * time.Second, Cap: 15 * time.Minute,
		Forgive: 15 * time.Minute}
	DeviceDelay = DelayPolicy{Free: 4, First: 2 * time.Second, Cap: 5 * time.Minute,
		Forgive: 5 * time.Minute}
	AddressDelay = DelayPolicy{Free: 50, First: time.Second, Cap: time.Minute,
		Forgive: 10 * time.Second}
)

// Failures is what is stored for one subject. The zero value has never failed.
type Failures struct {
	Count int
	Last  time.Time
}

// maxFailures bounds the count, so that a long attack is forgiven within a day too.
const maxFailures = 64

// After is the delay that follows the given number of failures.
func (p DelayPolicy) After(failures int) time.Duration {
	over := failures - p.Free
	if over <= 0 {
		return 0
	}
	d := p.First
	for range over - 1 {
		if d >= p.Cap {
			break
		}
		d *= 2
	}
	return min(d, p.Cap)
}

// Wait is how long from now the next attempt is refused; zero lets it pass. A clock that
// jumped back never makes it longer than the delay itself.
func (p DelayPolicy) Wait(f Failures, now time.Time) time.Duration {
	f = p.settled(f, now)
	delay := p.After(f.Count)
	return max(0, min(delay, f.Last.Add(delay).Sub(now)))
}

// Left is how many failures count still, after what time has forgiven.
func (p DelayPolicy) Left(f Failures, now time.Time) int { return p.settled(f, now).Count }

// Fail counts one more failed attempt.
func (p DelayPolicy) Fail(f Failures, now time.Time) Failures {
	f = p.settled(f, now)
	return Failures{Count: min(f.Count+1, maxFailures), Last: now}
}

// settled takes off what time has forgiven.
func (p DelayPolicy) settled(f Failures, now time.Time) Failures {
	if f.Count <= 0 {
		return Failures{}
	}
	if p.Forgive <= 0 || !now.After(f.Last) {
		return f
	}
	forgiven := int64(now.Sub(f.Last) / p.Forgive)
	f.Count -= int(min(forgiven, int64(f.Count)))
	return f
}
