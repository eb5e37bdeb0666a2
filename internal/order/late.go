package order

import (
	"context"
	"time"

	"foyer/internal/actor"
	"foyer/internal/approval"
	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/idgen"
	"foyer/internal/money"
	"foyer/internal/payment"
	"foyer/internal/seating"
	"foyer/internal/sqldb"
)

// PermLate lets staff enter sales of the past, and agree to what colleagues enter.
const PermLate actor.Permission = "order.late"

// ApproveLate is the booking of a late sheet: always for two people, whatever the rules say.
const ApproveLate approval.Kind = "order.late"

// KindLateSheet is the kind of a late sheet's public id.
const KindLateSheet idgen.Kind = "lat"

// LateState is what is stored of a late sheet's life.
type LateState string

const (
	// LateWaiting: another person's turn; the writer's, where Problem says why it could not
	// be booked or its request is over. In by writing; out by each of the others.
	LateWaiting LateState = "waiting"
	// LateBooked: another person agreed, and every entry is an order. Final.
	LateBooked LateState = "booked"
	// LateRefused: another person said no. Final.
	LateRefused LateState = "refused"
	// LateWithdrawn: taken back by whoever may write it. Final.
	LateWithdrawn LateState = "withdrawn"
)

// Limits of a late sheet.
const (
	MaxLateEntries = 200
	MaxLatePapers  = 100 // of one entry
	maxPaper       = 40
	maxLateReason  = 300 // characters
)

// LateSheet is past sales that somebody wrote down, e.g. from the stubs of paper tickets
// that were sold while the power was cut. It is agreed to, and booked, as a whole.
type LateSheet struct {
	ID           int64
	Organization int64
	Venue        int64 // of all its entries; 0: of several
	State        LateState
	AskedBy      int64
	DecidedBy    int64 // who agreed
	Approval     int64 // the request that waits, or was decided; 0: not asked for yet
	Currency     money.Currency
	Total        money.Minor
	WrittenAt    time.Time
	BookedAt     time.Time
	Revision     int64
	LateDoc
}

// LateDoc is what was written, and why it could not be booked the last time.
type LateDoc struct {
	Asker   string      `json:"asker"`
	Entries []LateEntry `json:"entries"`
	// Problem is the code of the refusal, and Taken the places that somebody else has.
	Problem  string               `json:"problem,omitempty"`
	Problems []fault.FieldProblem `json:"problems,omitempty"`
	Taken    []LateTaken          `json:"taken,omitempty"`
}

// LateEntry is one sale of the past; it becomes one order.
type LateEntry struct {
	Session int64         `json:"session"`
	Lines   []LateLine    `json:"lines"`
	Amount  money.Minor   `json:"amount"` // what was taken
	List    money.Minor   `json:"list"`   // what the price list asked then
	Reason  string        `json:"reason,omitempty"`
	Means   payment.Means `json:"means"`
	SoldAt  time.Time     `json:"sold_at"`
	// EnteredAt is when its people went in; zero: they have not.
	EnteredAt time.Time `json:"entered_at,omitzero"`
	Papers    []string  `json:"papers"`
	Order     int64     `json:"order,omitempty"` // once it is booked
}

// LateLine is places or area units of one ticket type.
type LateLine struct {
	TicketType int64   `json:"ticket_type"`
	Places     []int32 `json:"places,omitempty"`
	Area       int32   `json:"area,omitempty"`
	Quantity   int     `json:"quantity,omitempty"`
}

// LateTaken is a place of an entry that somebody else has.
type LateTaken struct {
	Entry int    `json:"entry"`
	Place int32  `json:"place"`
	Label string `json:"label"`
	By    string `json:"by"` // order, block, allotment, offer, change
	State string `json:"state"`
	// Order is the number of the order that has it, as staff look it up.
	Order string `json:"order_number,omitempty"`
}

// LateSale is a booked entry as bookkeepers read it.
type LateSale struct {
	Order, Organization, Venue, Session int64
	Sheet                               int64
	Entry                               int
	SoldAt                              time.Time
	BusinessDay                         int // yyyymmdd of SoldAt by the venue's clock
	PostedAt                            time.Time
	EnteredAt                           time.Time
	AskedBy, DecidedBy                  int64
	Means                               payment.Means
	Currency                            money.Currency
	Amount, List                        money.Minor
	Reason                              string
	Papers                              []string
}

// LateSum is what was entered late by one means, of a day of sale and a day of posting.
type LateSum struct {
	Means    payment.Means
	Currency money.Currency
	Sales    int
	Amount   money.Minor
}

// LateFilter is a page of late sales by the day of sale or of posting, newest first.
type LateFilter struct {
	From, Until           int // business days, both included; 0: no bound
	PostedFrom, PostedTil time.Time
	Before                int64 // the order to read below; 0: the first page
	Limit                 int
}

// LateBook keeps late sheets and sales; package orderdb implements it.
type LateBook interface {
	InsertLate(tx *sqldb.Tx, s *LateSheet) error
	// ReviseLate stores another revision of a waiting sheet; false when it is not the one
	// before any more.
	ReviseLate(tx *sqldb.Tx, s *LateSheet) (bool, error)
	LateIn(tx *sqldb.Tx, scope actor.Scope, id int64) (*LateSheet, error)
	// NoteApproval says which request waits for a waiting sheet.
	NoteApproval(tx *sqldb.Tx, s *LateSheet) error
	InsertLateSale(tx *sqldb.Tx, l *LateSale) error
	LatePapers
	LateReads
}

// LatePapers keeps the numbers of paper tickets.
type LatePapers interface {
	// TakePapers stores the numbers of a sheet in place of those that it had.
	TakePapers(tx *sqldb.Tx, s *LateSheet) error
	DropPapers(tx *sqldb.Tx, scope actor.Scope, sheet int64) error
	// UsedPapers are those of the numbers that other sheets have.
	UsedPapers(tx *sqldb.Tx, scope actor.Scope, sheet int64, papers []string) ([]UsedPaper, error)
	// SellPaper says which order the numbers of an entry belong to.
	SellPaper(tx *sqldb.Tx, scope actor.Scope, sheet int64, entry int, order int64) error
}

// UsedPaper is a number that another sheet has; Order is 0 while that one waits.
type UsedPaper struct {
	Paper        string
	Sheet, Order int64
}

// LateReads answer people.
type LateReads interface {
	Late(ctx context.Context, scope actor.Scope, id int64) (*LateSheet, error)
	// Lates is a page of sheets below a key, the newest first; an empty state is any.
	Lates(ctx context.Context, scope actor.Scope, state LateState, before int64, limit int) (
		[]*LateSheet, error)
	LateSales(ctx context.Context, scope actor.Scope, f LateFilter) ([]LateSale, error)
	LateSums(ctx context.Context, scope actor.Scope, f LateFilter) ([]LateSum, error)
}

// Turnstiles notes entries that took place before anybody could scan; package checkin
// implements it.
type Turnstiles interface {
	// EnterLate lets everybody in whom an order's tickets let in, at a moment of the past.
	EnterLate(tx *sqldb.Tx, who actor.Actor, organization, order int64, at time.Time) error
}

// Months knows which months of the journal are closed.
type Months interface {
	// ClosedMonth is the newest closed month (202611); 0 without one.
	ClosedMonth(ctx context.Context) (int, error)
}

// PastSessions is the catalogue as sales of the past need it.
type PastSessions interface {
	// GuardPast is GuardSession for a sale that took place before it is entered.
	GuardPast(tx *sqldb.Tx, session, revision int64) error
	// AtPricesOf is the session with the prices that its list asked at a moment.
	AtPricesOf(ctx context.Context, s *catalog.Sellable, at time.Time) (*catalog.Sellable, error)
}

// Namer takes places as they were written down, without a look at the board.
type Namer interface {
	Named(ctx context.Context, ask seating.Ask) (*seating.Choice, error)
}

// Holders knows who has the places of a session.
type Holders interface {
	Holders(tx *sqldb.Tx, session int64, places []int32) ([]seating.Holder, error)
}

// Late are the neighbours that only late entries need.
type Late struct {
	Gates    Turnstiles
	Months   Months
	Sessions PastSessions
	Namer    Namer
	Holders  Holders
}

// Refusals of late entries.
var (
	ErrLateEntries = fault.Define(fault.Invalid, "late_entries",
		"补登内容有误,请按提示逐条改正", "Some entries break a rule; the fields say which and how.",
		"Correct the named entries and send all of them again.")
	ErrLateTaken = fault.Define(fault.Conflict, "late_place_taken",
		"补登的座位已被占用", "Places of this sheet belong to somebody else.",
		"details.taken names each place and who has it; correct the sheet.")
	ErrLatePapers = fault.Define(fault.Conflict, "late_paper_used",
		"纸票号已经登记过", "Numbers of paper tickets were entered before.",
		"details.papers names them with the sheet or order that has them.")
	ErrLateState = fault.Define(fault.Conflict, "late_sheet_ended",
		"该补登单已结束,不能再改", "This sheet was booked, refused or withdrawn.",
		"Read it: its state says how it ended. Write another one if it is still wanted.")
)

// holderWord is how the owner of a place is named.
func holderWord(k seating.OwnerKind) string {
	words := [...]string{"", "order", "block", "allotment", "offer", "change"}
	if k < 1 || int(k) >= len(words) {
		return "other"
	}
	return words[k]
}

// asks turns lines into what pricing reads.
func (e *LateEntry) asks() []LineAsk {
	list := make([]LineAsk, len(e.Lines))
	for i, l := range e.Lines {
		list[i] = LineAsk{TicketType: l.TicketType, Places: l.Places, Area: l.Area,
			Quantity: l.Quantity}
	}
	return list
}

// Number is the sheet as people read it aloud.
func (s *LateSheet) Number() string { return idgen.Number(s.ID) }

// Number is the order as people read it aloud.
func (l *LateSale) Number() string { return idgen.Number(l.Order) }
