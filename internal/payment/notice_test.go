package payment

import (
	"testing"
	"time"
)

// TestWhatANoticeProves: a notice settles a payment only when every field is the attempt's;
// whatever else it says is a hint, after which the provider is asked.
func TestWhatANoticeProves(t *testing.T) {
	t.Parallel()
	pay := &Payment{Amount: 9900, Currency: "CNY", ProviderRef: "tx1"}
	good := Notice{Phase: Taken, Amount: 9900, Currency: "CNY", Ref: "tx1",
		At: time.Date(2026, 11, 22, 4, 0, 0, 0, time.UTC)}
	for name, test := range map[string]struct {
		spoil  func(*Notice, *Payment)
		proves bool
	}{
		"all of it matches":        {func(*Notice, *Payment) {}, true},
		"another sum":              {func(n *Notice, _ *Payment) { n.Amount++ }, false},
		"another currency":         {func(n *Notice, _ *Payment) { n.Currency = "HKD" }, false},
		"another transaction":      {func(n *Notice, _ *Payment) { n.Ref = "tx2" }, false},
		"no transaction":           {func(n *Notice, _ *Payment) { n.Ref = "" }, false},
		"none that we know of yet": {func(_ *Notice, p *Payment) { p.ProviderRef = "" }, false},
		"neither names one": {func(n *Notice, p *Payment) {
			n.Ref, p.ProviderRef = "", ""
		}, false},
		"no time":                      {func(n *Notice, _ *Payment) { n.At = time.Time{} }, false},
		"the buyer is still paying":    {func(n *Notice, _ *Payment) { n.Phase = Paying }, false},
		"declined, which may be stale": {func(n *Notice, _ *Payment) { n.Phase = Declined }, false},
		"closed, which may be stale":   {func(n *Notice, _ *Payment) { n.Phase = Gone }, false},
	} {
		n, p := good, *pay
		test.spoil(&n, &p)
		a, proves := answerIn(n, &p)
		if proves != test.proves {
			t.Errorf("%s: proves %v", name, proves)
		}
		if proves && (a.Phase != Taken || a.Amount != 9900 || a.Ref != "tx1" || a.At != good.At) {
			t.Errorf("%s: %+v", name, a)
		}
	}
}
