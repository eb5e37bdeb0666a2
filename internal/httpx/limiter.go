package httpx

import (
	"context"
	"time"
)

// Rate is a class of requests and how many of them one subject may send: Count in every
// Per, evenly, and Burst at once. ByAddress counts by the client's network address and
// not by who is signed in; thousands of phones share one carrier address, so only classes
// that guard secrets or cost money for strangers say so.
type Rate struct {
	Name      string
	Count     int
	Per       time.Duration
	Burst     int
	ByAddress bool
}

// The classes that most routes are in. A route without one gets ReadRate or WriteRate.
var (
	ReadRate   = Rate{Name: "read", Count: 50, Per: time.Second, Burst: 200}
	WriteRate  = Rate{Name: "write", Count: 10, Per: time.Second, Burst: 40}
	BuyRate    = Rate{Name: "buy", Count: 5, Per: time.Second, Burst: 20}
	ScanRate   = Rate{Name: "scan", Count: 50, Per: time.Second, Burst: 200}
	SignInRate = Rate{Name: "sign_in", Count: 30, Per: time.Minute, Burst: 30, ByAddress: true}
	SMSRate    = Rate{Name: "sms", Count: 10, Per: time.Minute, Burst: 10, ByAddress: true}
	// Unlimited is for routes that have another guard, e.g. a provider's signature.
	Unlimited = Rate{Name: "unlimited"}
)

// Verdict is the answer of a Limiter.
type Verdict struct {
	Allowed    bool
	RetryAfter time.Duration // when refused: the earliest time at which one is allowed
	Remaining  int           // how many more are allowed right now
}

// Limiter counts requests. Take asks for one request of a class for a subject; it may
// fail, and the caller decides what a failure means (the door lets the request through:
// a limit protects from load and is never what keeps money or seats right).
type Limiter interface {
	Take(ctx context.Context, class Rate, subject string) (Verdict, error)
}
