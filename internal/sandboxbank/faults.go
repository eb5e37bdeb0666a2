package sandboxbank

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
)

// Fault is one way in which a bank can behave badly.
type Fault string

// The faults. What a number suffers is drawn from the seed, the number and the fault
// alone, so a run can be repeated.
const (
	FaultTimeout     Fault = "timeout"           // done, but the first answer never comes
	FaultSilent      Fault = "silent"            // queries of the number get no answer
	FaultNever       Fault = "never"             // no notice is sent
	FaultLate        Fault = "late"              // the notice comes late_ms later
	FaultDoubled     Fault = "doubled"           // the notice comes twice
	FaultHundredfold Fault = "hundredfold"       // the notice comes a hundred times
	FaultDisorder    Fault = "out_of_order"      // an older notice comes after it
	FaultForged      Fault = "forged"            // a false notice comes first
	FaultWrongNotice Fault = "wrong_notice"      // the notice names another sum
	FaultWrongAmount Fault = "wrong_amount"      // the bank takes another sum
	FaultLateMoney   Fault = "late_money"        // neither close nor time stop the payer
	FaultAbnormal    Fault = "refund_abnormal"   // the refund cannot be returned
	FaultNoBalance   Fault = "refund_no_balance" // the refund is refused for lack of money
	FaultRefundLate  Fault = "refund_late"       // the refund takes late_ms longer
)

// Faults says who suffers what.
type Faults struct {
	Seed int64 `json:"seed,omitempty"`
	// Rates is the share of numbers, 0 to 1, that suffer a fault.
	Rates map[string]float64 `json:"rates,omitempty"`
	// Scripts names the faults of single numbers; such a number suffers no others.
	Scripts map[string][]string `json:"scripts,omitempty"`
	// LateMS is how late a late notice or refund comes; 0 means 5,000.
	LateMS int64 `json:"late_ms,omitempty" minimum:"0" maximum:"86400000"`
	// TimeoutMS is how long a lost answer keeps the line open before it is cut.
	TimeoutMS int64 `json:"timeout_ms,omitempty" minimum:"0" maximum:"60000"`
}

// AllFaults lists every fault.
func AllFaults() []Fault {
	return []Fault{FaultTimeout, FaultSilent, FaultNever, FaultLate, FaultDoubled,
		FaultHundredfold, FaultDisorder, FaultForged, FaultWrongNotice, FaultWrongAmount,
		FaultLateMoney, FaultAbnormal, FaultNoBalance, FaultRefundLate}
}

func (f Faults) check() error {
	known := func(name string) bool { return slices.Contains(AllFaults(), Fault(name)) }
	for name, rate := range f.Rates {
		if !known(name) || rate < 0 || rate > 1 {
			return fmt.Errorf("%w: rate of %q", ErrParam, name)
		}
	}
	if len(f.Scripts) > 10_000 {
		return fmt.Errorf("%w: more than 10,000 scripts", ErrParam)
	}
	for number, list := range f.Scripts {
		for _, name := range list {
			if !known(name) {
				return fmt.Errorf("%w: fault %q of %s", ErrParam, name, number)
			}
		}
	}
	return nil
}

// faultBook is what is set now, and which one-time faults have struck.
type faultBook struct {
	mu     sync.Mutex
	set    Faults
	struck map[string]struct{}
}

func newFaultBook() *faultBook { return &faultBook{struck: map[string]struct{}{}} }

// SetFaults replaces what is set. Refused with ErrNoFaults unless the bank allows faults,
// and with ErrParam.
func (b *Bank) SetFaults(f Faults) error {
	if !b.cfg.AllowFaults {
		return ErrNoFaults
	}
	if err := f.check(); err != nil {
		return err
	}
	b.faults.mu.Lock()
	defer b.faults.mu.Unlock()
	b.faults.set = f
	clear(b.faults.struck)
	return nil
}

// FaultsNow is what is set. Refused with ErrNoFaults.
func (b *Bank) FaultsNow() (Faults, error) {
	if !b.cfg.AllowFaults {
		return Faults{}, ErrNoFaults
	}
	b.faults.mu.Lock()
	defer b.faults.mu.Unlock()
	f := b.faults.set
	f.Rates, f.Scripts = maps.Clone(f.Rates), maps.Clone(f.Scripts)
	return f, nil
}

// suffers says whether a number suffers a fault.
func (b *Bank) suffers(number string, fault Fault) bool {
	if !b.cfg.AllowFaults {
		return false
	}
	b.faults.mu.Lock()
	defer b.faults.mu.Unlock()
	f := b.faults.set
	if list, ok := f.Scripts[number]; ok {
		return slices.Contains(list, string(fault))
	}
	rate := f.Rates[string(fault)]
	if rate <= 0 {
		return false
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%d\n%s\n%s", f.Seed, number, fault))
	return float64(binary.BigEndian.Uint32(sum[:4])) < rate*(1<<32)
}

// cut is errCut the first time that an operation on a number meets the timeout fault.
func (b *Bank) cut(operation, number string) error {
	if !b.suffers(number, FaultTimeout) {
		return nil
	}
	b.faults.mu.Lock()
	defer b.faults.mu.Unlock()
	key := operation + " " + number
	if _, before := b.faults.struck[key]; before {
		return nil
	}
	if len(b.faults.struck) > 1<<20 {
		clear(b.faults.struck)
	}
	b.faults.struck[key] = struct{}{}
	return errCut
}

// CutAfter is how long a lost answer keeps the line open.
func (b *Bank) CutAfter() time.Duration {
	b.faults.mu.Lock()
	defer b.faults.mu.Unlock()
	return time.Duration(b.faults.set.TimeoutMS) * time.Millisecond
}

func (b *Bank) lateBy() time.Duration {
	b.faults.mu.Lock()
	defer b.faults.mu.Unlock()
	if b.faults.set.LateMS == 0 {
		return 5 * time.Second
	}
	return time.Duration(b.faults.set.LateMS) * time.Millisecond
}
