package httpx

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

func TestRates(t *testing.T) {
	t.Parallel()
	two := Rate{Name: "two", Count: 1, Per: time.Minute, Burst: 2}
	sms := Rate{Name: "texts", Count: 1, Per: time.Minute, Burst: 2, ByAddress: true}
	d := setup(t, func(c *Config) {
		c.Rates = map[string]Rate{"replaced": {Count: 1, Per: time.Hour, Burst: 1}}
	}, func(a *API) {
		for path, rate := range map[string]Rate{"/two": two, "/texts": sms,
			"/replaced": {Name: "replaced", Count: 1000, Per: time.Second, Burst: 1000}} {
			o := op("GET", path, MemberOrAnonymous)
			o.Rate = rate
			RegisterRaw(a, o, ok)
		}
	})
	const member, other = "Authorization: Bearer member", "Authorization: Bearer other"
	for range 2 {
		d.want(d.send("GET", "/two", "", member), 200, "")
	}
	a := d.send("GET", "/two", "", member)
	d.want(a, 429, "too_many_requests")
	if a.Header.Get("Retry-After") != "60" {
		t.Errorf("Retry-After %q", a.Header.Get("Retry-After"))
	}
	d.want(d.send("GET", "/two", "", other), 200, "")
	for range 10 { // strangers share addresses, so this class does not count them
		d.want(d.send("GET", "/two", ""), 200, "")
	}
	d.clk.Advance(time.Minute)
	d.want(d.send("GET", "/two", "", member), 200, "")
	d.want(d.send("GET", "/texts", "", member), 200, "")
	d.want(d.send("GET", "/texts", ""), 200, "")
	d.want(d.send("GET", "/texts", "", other), 429, "too_many_requests")
	d.want(d.send("GET", "/replaced", "", member), 200, "")
	d.want(d.send("GET", "/replaced", "", member), 429, "too_many_requests")
}

type brokenLimiter struct{}

func (brokenLimiter) Take(context.Context, Rate, string) (Verdict, error) {
	return Verdict{}, errors.New("gone")
}

func TestBrokenLimiterLetsPass(t *testing.T) {
	t.Parallel()
	d := setup(t, func(c *Config) { c.Limiter = brokenLimiter{} }, func(a *API) {
		RegisterRaw(a, op("GET", "/x", MemberOnly), ok)
	})
	d.want(d.send("GET", "/x", "", "Authorization: Bearer member"), 200, "")
	if !strings.Contains(d.logs.String(), "rate limiter failed") {
		t.Error("nobody was told")
	}
}
