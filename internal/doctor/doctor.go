// Package doctor is the coherence check: one program that reads the whole book and says
// where it contradicts itself. It runs after every load, crash and end-to-end test, and by
// the operator as `foyer doctor`, also while the installation sells.
//
//	I1 each place has at most one live ticket; sold claim ↔ live entitlement ↔ paid unit
//	I2 the postings of each command sum to zero
//	I3 per order: captured = live tickets + fees kept + refunded + refund pending + to return
//	I4 every acknowledged write is found (against a client's own file)
//	I5 every effect has exactly one cause (ticket ↔ paid unit, refund ↔ request)
//	I6 admissions that stand ≤ the entitlement's allowance
//	I7 every lane of the journal is gapless and its chain unbroken
//	I8 counters (areas, limits, people inside) = count of rows
//	I9 the board equals the book once quiet
//	I10 of a closed account nothing personal is left, but what the law keeps until its day
package doctor

import (
	"context"
	"fmt"
	"sort"

	"foyer/internal/ledger"
	"foyer/internal/money"
)

// Rule is one of I1 to I10.
type Rule string

// The rules.
const (
	I1 Rule = "I1"
	I2 Rule = "I2"
	I3 Rule = "I3"
	I4 Rule = "I4"
	I5 Rule = "I5"
	I6 Rule = "I6"
	I7 Rule = "I7"
	I8 Rule = "I8"
	I9 Rule = "I9"

	I10 Rule = "I10"
)

// Finding is one contradiction.
type Finding struct {
	Rule   Rule   `json:"rule"`
	Object string `json:"object"`
	Text   string `json:"text"`
}

func (f Finding) String() string { return fmt.Sprintf("%s %s: %s", f.Rule, f.Object, f.Text) }

// Report is the outcome of a check.
type Report struct {
	Findings []Finding      `json:"findings"`
	Counted  map[string]int `json:"counted"`
	More     int            `json:"more,omitempty"` // findings beyond MaxFindings
}

// MaxFindings bounds a report; what comes after is counted.
const MaxFindings = 200

// Healthy says whether nothing was found.
func (r *Report) Healthy() bool { return len(r.Findings) == 0 }

// Counts are the things looked at, sorted by name, for people.
func (r *Report) Counts() []string {
	var list []string
	for k, n := range r.Counted {
		list = append(list, fmt.Sprintf("%d %s", n, k))
	}
	sort.Strings(list)
	return list
}

// Add notes a finding; beyond MaxFindings they are only counted.
func (r *Report) Add(rule Rule, object, format string, args ...any) {
	if len(r.Findings) >= MaxFindings {
		r.More++
		return
	}
	r.Findings = append(r.Findings, Finding{rule, object, fmt.Sprintf(format, args...)})
}

// Case is everything of one order, as it stood at one moment.
type Case struct {
	Order    OrderRow
	Units    []UnitRow
	Claims   []ClaimRow
	Areas    []AreaRow
	Tickets  []TicketRow
	Payments []PaymentRow
	Refunds  []RefundRow
	Postings []ledger.Posting
}

// OrderRow is an order as stored.
type OrderRow struct {
	ID, Organization, Member, Session int64
	State                             string
	Total, Captured, Refunded         money.Minor
	Open                              int // payments counted as open
}

// UnitRow is a unit of a line, and whether it went back.
type UnitRow struct {
	Line, Unit int
	Session    int64
	Amount     money.Minor
	Places     []int32
	Area       int32
	Taken      int // places or area units
	Returned   bool
	Back, Fee  money.Minor
	Moved      money.Minor // the part of its price that pays others, after a change
	Unknown    bool        // it went back, but no line has it
}

// ClaimRow is a claimed place.
type ClaimRow struct {
	Session int64
	Place   int32
	State   int
}

// AreaRow is claimed units of an area.
type AreaRow struct {
	Session int64
	Area    int32
	N       int
	State   int
}

// TicketRow is a ticket with its entitlements and what the gates wrote.
type TicketRow struct {
	ID           int64
	Line, Unit   int
	State        string
	Entitlements []EntitlementRow
}

// EntitlementRow is an entitlement beside the sums of its check-ins.
type EntitlementRow struct {
	Number, Allowed, Used, Inside int
	State                         string
	Counted, Here                 int // by its check-ins that stand
}

// PaymentRow is an attempt to take money.
type PaymentRow struct {
	ID       int64
	State    string
	Captured money.Minor
}

// RefundRow is money on its way back.
type RefundRow struct {
	ID, Payment int64
	State       string
	Cause       string
	Amount      money.Minor
}

// Say takes a contradiction.
type Say func(rule Rule, object, text string)

// Book reads the cases; doctordb implements it.
type Book interface {
	// Cases is a page of orders after a key, all of one moment.
	Cases(ctx context.Context, after int64, limit int) ([]Case, error)
	// Strays are claims, tickets and movements whose order or ticket does not exist; checked
	// in pages of their own so that nothing can hide from Cases.
	Strays(ctx context.Context, report Say) (int, error)
	// Counters compares stock, limits and figures with what they count.
	Counters(ctx context.Context, report func(object, text string)) (int, error)
}

// Lanes verifies the journal.
type Lanes interface {
	Verify(ctx context.Context) (rows int64, problems []string, err error)
}

// Boards compares the pictures in memory with the book; nil where no server runs.
type Boards interface {
	Compare(ctx context.Context) (sessions int, problems []string, err error)
}

// Doctor checks an installation.
type Doctor struct {
	Book   Book
	Lanes  Lanes
	Boards Boards
	// Progress hears of the orders checked so far; may be nil.
	Progress func(orders int)
}

const pageSize = 200

// Check reads everything once.
func (d *Doctor) Check(ctx context.Context) (*Report, error) {
	r := &Report{Counted: map[string]int{}}
	if err := d.orders(ctx, r); err != nil {
		return nil, err
	}
	n, err := d.Book.Strays(ctx, func(rule Rule, object, text string) {
		r.Add(rule, object, "%s", text)
	})
	if err != nil {
		return nil, err
	}
	r.Counted["claims, tickets and movements"] = n
	n, err = d.Book.Counters(ctx, func(object, text string) { r.Add(I8, object, "%s", text) })
	if err != nil {
		return nil, err
	}
	r.Counted["counters"] = n
	rows, problems, err := d.Lanes.Verify(ctx)
	if err != nil {
		return nil, err
	}
	r.Counted["journal rows"] = int(rows)
	for _, p := range problems {
		r.Add(I7, "journal", "%s", p)
	}
	return r, d.boards(ctx, r)
}

func (d *Doctor) boards(ctx context.Context, r *Report) error {
	if d.Boards == nil {
		return nil
	}
	n, problems, err := d.Boards.Compare(ctx)
	r.Counted["boards"] = n
	for _, p := range problems {
		r.Add(I9, "board", "%s", p)
	}
	return err
}

func (d *Doctor) orders(ctx context.Context, r *Report) error {
	for after := int64(0); ; {
		page, err := d.Book.Cases(ctx, after, pageSize)
		if err != nil || len(page) == 0 {
			return err
		}
		for i := range page {
			after = page[i].Order.ID
			page[i].check(r)
		}
		r.Counted["orders"] += len(page)
		if d.Progress != nil {
			d.Progress(r.Counted["orders"])
		}
	}
}
