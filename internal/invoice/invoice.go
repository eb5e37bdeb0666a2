// Package invoice is what buyers ask an invoice (发票) for: title, tax number and address on
// a paid order, exported in batches to whoever issues invoices. It issues none itself. A
// refund that follows an export is flagged: the invoice then needs a red letter (红字发票).
package invoice

import (
	"time"

	"foyer/internal/actor"
	"foyer/internal/idgen"
	"foyer/internal/money"
)

// Kinds of public ids.
const (
	KindRequest idgen.Kind = "ivr"
	KindBatch   idgen.Kind = "ivb"
)

// PermManage lets staff see, export and number invoice requests.
const PermManage actor.Permission = "invoice.manage"

// State is what is stored of a request's life.
type State string

const (
	// Requested: the house's turn; the buyer may change it. In by asking; out by an export or
	// by withdrawing.
	Requested State = "requested"
	// Exported: with whoever issues invoices; it cannot be changed any more. Out to Issued.
	Exported State = "exported"
	// Issued: its number was typed back.
	Issued State = "issued"
	// Withdrawn: nobody's turn; asking anew makes it Requested again.
	Withdrawn State = "withdrawn"
)

// TitleKind is whose name stands on the invoice.
type TitleKind string

const (
	Person  TitleKind = "person"
	Company TitleKind = "company"
)

// Details are what the buyer writes; they are stored sealed.
type Details struct {
	Title     string `json:"title"`
	TaxNumber string `json:"tax_number,omitempty"`
	Email     string `json:"email"`
}

// Request is one order's invoice request.
type Request struct {
	ID           int64
	Organization int64
	Order        int64
	Member       int64
	State        State
	TitleKind    TitleKind
	Details
	Currency money.Currency
	// Paid is what the order has left: paid less what went back.
	Paid money.Minor
	// Amount is what was exported, and Red what red letters have taken back of it.
	Amount, Red money.Minor
	Batch       int64
	Number      string // of the invoice
	RedNumber   string // of the last red letter
	AskedAt     time.Time
	ExportedAt  time.Time
	IssuedAt    time.Time
	Revision    int64
	Sealed      []byte
	// EraseAfter is when a closed account's request goes; zero while the account is open.
	EraseAfter time.Time
}

// out says whether the request has left the house.
func (r *Request) out() bool { return r.State == Exported || r.State == Issued }

// RedNeeded is what a red letter must take back: money went back after the export.
func (r *Request) RedNeeded() money.Minor {
	if !r.out() {
		return 0
	}
	return max(r.Amount-r.Red-r.Paid, 0)
}

// Bill is what an invoice may be about.
type Bill struct {
	Order, Organization, Member int64
	Currency                    money.Currency
	Left                        money.Minor // paid less what went back
	Paid                        bool
}

// Batch is one export.
type Batch struct {
	ID           int64
	Organization int64
	MadeBy       int64
	MadeAt       time.Time
}

// Filter is a page of requests, newest first.
type Filter struct {
	State  State // empty: all
	Red    bool  // only those that need a red letter
	From   time.Time
	To     time.Time
	Before int64
	Limit  int
}
