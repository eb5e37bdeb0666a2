package orderhttp

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"foyer/internal/actor"
	"foyer/internal/approval"
	"foyer/internal/fault"
	"foyer/internal/httpx"
	"foyer/internal/idgen"
	"foyer/internal/journal"
	"foyer/internal/journal/journalhttp"
	"foyer/internal/money"
	"foyer/internal/order"
	"foyer/internal/payment"
)

const (
	lateTag    = "staff: late entry"
	lateRoot   = "/api/v1/staff/organizations/{org}"
	lateLines  = "application/x-ndjson"
	maxLate    = 1 << 20 // bytes of a sheet
	maxAtOnce  = order.MaxLateEntries
	lateFormat = "2006-01-02"

	kindStaff idgen.Kind = "stf"
)

type lateBody struct {
	Entries []lateEntry `json:"entries" doc:"1 to 200 sales; one order each"`
}

type lateLine struct {
	TicketType string  `json:"ticket_type_id" example:"tty_…"`
	Places     []int32 `json:"places,omitempty" doc:"place numbers of the seat map"`
	Area       int32   `json:"area,omitempty" doc:"number of an area without numbered seats"`
	Quantity   int     `json:"quantity,omitempty" doc:"how many of the area"`
}

type lateEntry struct {
	Session   string      `json:"session_id" example:"ses_…"`
	Lines     []lateLine  `json:"lines"`
	Amount    money.Minor `json:"amount_minor" doc:"what was taken"`
	Reason    string      `json:"reason,omitempty" doc:"why it is not what the price list asked"`
	Means     string      `json:"means" doc:"cash, card_terminal, qr_terminal, transfer or other"`
	SoldAt    time.Time   `json:"sold_at"`
	EnteredAt *time.Time  `json:"entered_at,omitempty" doc:"when its people went in; empty: they have not"`
	Papers    []string    `json:"papers" doc:"numbers of the paper tickets, unique in the organization"`
	// What the answer says besides.
	List  *money.Minor `json:"list_minor,omitempty" doc:"what the price list asked then"`
	Order string       `json:"order_id,omitempty" doc:"once it is booked"`
}

type lateTaken struct {
	Entry int    `json:"entry" doc:"counted from 0"`
	Place int32  `json:"place"`
	Label string `json:"label"`
	By    string `json:"by" enum:"order,block,allotment,offer,change,other"`
	State string `json:"state" enum:"held,sold,closed"`
	Order string `json:"order_number,omitempty"`
}

// LateSummary is a sheet without its entries. It is exported since the document reads only
// exported embedded fields.
type LateSummary struct {
	ID        string         `json:"id"`
	Number    string         `json:"number"`
	State     string         `json:"state" enum:"waiting,booked,refused,withdrawn"`
	Venue     string         `json:"venue_id,omitempty" doc:"empty: of several"`
	Asker     string         `json:"asked_by"`
	Approval  string         `json:"approval_id,omitempty" doc:"the request for the second person"`
	Count     int            `json:"entry_count"`
	Currency  money.Currency `json:"currency"`
	Total     money.Minor    `json:"total_minor"`
	WrittenAt time.Time      `json:"written_at"`
	BookedAt  *time.Time     `json:"booked_at,omitempty"`
	Problem   string         `json:"problem,omitempty" doc:"code of why it could not be booked"`
	Revision  int64          `json:"revision"`
}

type lateSheet struct {
	LateSummary
	Entries  []lateEntry          `json:"entries" nullable:"false"`
	Taken    []lateTaken          `json:"taken,omitempty" doc:"places that somebody else has"`
	Problems []fault.FieldProblem `json:"problems,omitempty"`
}

func (h *handler) mountLate() {
	enter := httpx.StaffOnly(order.PermLate)
	no := []*fault.Definition{fault.Missing, fault.NotAllowed, order.ErrLateEntries,
		order.ErrLateTaken, order.ErrLatePapers, approval.ErrTooMany}
	httpx.RegisterRaw(h.api, httpx.Op{Method: "POST", Path: lateRoot + "/late-sheets",
		Tag:         lateTag,
		OperationID: "write-late-sheet",
		Summary:     "Enter sales of the past, for another to agree to",
		Description: "What was sold by hand while the counter was offline. As JSON, or as JSON " +
			"lines (`application/x-ndjson`) of one entry each, at most 200; all problems are " +
			"named at once. It is tried as it would be booked; nothing counts until another " +
			"person agrees to the request `approval_id`.",
		Access: enter, Idempotent: true, Status: 201, MaxBody: maxLate, Params: orgParam{},
		Request: lateBody{}, Response: LateSummary{}, Refusals: no}, h.writeLate)
	httpx.RegisterRaw(h.api, httpx.Op{Method: "PUT", Path: lateRoot + "/late-sheets/{id}",
		Tag: lateTag, OperationID: "correct-late-sheet", Summary: "Write a waiting sheet anew",
		Description: "With the `revision` as a query. Whoever corrects it asks anew.",
		Access:      enter, Status: 200, MaxBody: maxLate, Params: lateRevision{},
		Request: lateBody{}, Response: LateSummary{},
		Refusals: append(no[:len(no):len(no)], fault.Stale, order.ErrLateState)}, h.correctLate)
	httpx.Register(h.api, httpx.Op{Method: "GET", Path: lateRoot + "/late-sheets", Tag: lateTag,
		OperationID: "list-late-sheets", Summary: "Late sheets, the newest first", Access: enter,
		Refusals: no[:2]}, h.lates)
	httpx.Register(h.api, httpx.Op{Method: "GET", Path: lateRoot + "/late-sheets/{id}",
		Tag: lateTag, OperationID: "get-late-sheet", Summary: "One late sheet with its entries",
		Access: enter, Refusals: no[:2]}, h.late)
	httpx.Register(h.api, httpx.Op{Method: "POST",
		Path: lateRoot + "/late-sheets/{id}/withdraw", Tag: lateTag,
		OperationID: "withdraw-late-sheet", Summary: "Take a waiting sheet back",
		Access: enter, Status: 200, Refusals: append(no[:2:2], order.ErrLateState)},
		h.withdrawLate)
	httpx.Register(h.api, httpx.Op{Method: "GET", Path: lateRoot + "/late-sales", Tag: lateTag,
		OperationID: "list-late-sales", Summary: "What was entered late, for the books",
		Description: "Revenue is of `business_day`, the day of the sale; the books heard of it " +
			"at `posted_at`. The sums are of all that the filter names.",
		Access: httpx.StaffOnly(order.PermReport), Refusals: no[:2]}, h.lateSales)
}

type orgParam struct {
	Org string `path:"org" maxLength:"64"`
}

// LateParam is the path of a sheet. It is exported since the document reads only exported
// embedded fields.
type LateParam struct {
	Org string `path:"org" maxLength:"64"`
	ID  string `path:"id" maxLength:"64"`
}

type lateRevision struct {
	LateParam
	Revision int64 `query:"revision" required:"true" minimum:"1"`
}

func (h *handler) lateScope(org string) (actor.Scope, error) {
	id, err := h.keys.Parse(kindOrganization, org)
	return actor.Scope{Organization: id}, err
}

func (h *handler) lateParam(in LateParam) (actor.Scope, int64, error) {
	scope, err := h.lateScope(in.Org)
	if err != nil {
		return scope, 0, err
	}
	id, err := h.keys.Parse(order.KindLateSheet, in.ID)
	return scope, id, err
}

func (h *handler) writeLate(w http.ResponseWriter, r *http.Request) error {
	scope, err := h.lateScope(r.PathValue("org"))
	if err != nil {
		return err
	}
	raw, entries, err := h.readLate(r)
	if err != nil {
		return err
	}
	who := httpx.ActorOf(r.Context())
	return journalhttp.Once(w, r, h.repeat, raw,
		func(ctx context.Context, receipt *journal.Receipt) (journal.Answer, error) {
			return h.orders.WriteLate(ctx, who, scope.Organization, entries, receipt,
				func(s *order.LateSheet) (journal.Answer, error) {
					b, err := json.Marshal(h.lateSummary(s))
					return journal.Answer{Status: http.StatusCreated, Body: b}, err
				})
		})
}

func (h *handler) correctLate(w http.ResponseWriter, r *http.Request) error {
	scope, id, err := h.lateParam(LateParam{r.PathValue("org"), r.PathValue("id")})
	if err != nil {
		return err
	}
	revision, err := strconv.ParseInt(r.URL.Query().Get("revision"), 10, 64)
	if err != nil || revision < 1 {
		return fault.BadInput.At("revision", "must be the revision that was read / 缺少版本号")
	}
	_, entries, err := h.readLate(r)
	if err != nil {
		return err
	}
	s, err := h.orders.CorrectLate(r.Context(), httpx.ActorOf(r.Context()), scope, id, revision,
		entries)
	if err != nil {
		return err
	}
	return httpx.WriteJSON(w, r, http.StatusOK, h.lateSummary(s))
}

// readLate reads a sheet as JSON or as JSON lines. What cannot be read as an entry is named
// by its line, all at once.
func (h *handler) readLate(r *http.Request) ([]byte, []order.LateEntry, error) {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != lateLines {
		raw, err := httpx.ReadJSON(r)
		if err != nil {
			return nil, nil, err
		}
		var body lateBody
		if err := h.api.Decoder().Unmarshal(raw, &body); err != nil {
			return nil, nil, err
		}
		entries, err := h.lateEntries(body.Entries)
		return raw, entries, err
	}
	raw, err := httpx.ReadBody(r, 0)
	if err != nil {
		return nil, nil, err
	}
	lines := bytes.Split(bytes.TrimSpace(raw), []byte("\n"))
	if len(lines) > maxAtOnce {
		return nil, nil, order.ErrLateEntries.At("entries",
			fmt.Sprintf("must be 1 to %d / 应为 1 到 %d 条", maxAtOnce, maxAtOnce))
	}
	list := make([]lateEntry, len(lines))
	var bad fault.Problems
	for i, line := range lines {
		if err := h.api.Decoder().Unmarshal(line, &list[i]); err != nil {
			unreadable(&bad, i, err)
		}
	}
	if err := bad.As(order.ErrLateEntries); err != nil {
		return nil, nil, err
	}
	entries, err := h.lateEntries(list)
	return raw, entries, err
}

func unreadable(bad *fault.Problems, i int, err error) {
	f := fault.Of(err)
	at := "entries[" + strconv.Itoa(i) + "]"
	for _, p := range f.Fields {
		bad.Add(at+"."+p.Field, "%s", p.Problem)
	}
	if len(f.Fields) == 0 {
		bad.Add(at, "%s / %s", f.Def.En, f.Def.Zh)
	}
}

// lateEntries turns public ids into ours; those that are none are left 0, which no object
// is, so that the module names them with everything else.
func (h *handler) lateEntries(list []lateEntry) ([]order.LateEntry, error) {
	out := make([]order.LateEntry, len(list))
	for i, e := range list {
		to := order.LateEntry{Amount: e.Amount, Reason: e.Reason, Means: payment.Means(e.Means),
			SoldAt: e.SoldAt, Papers: e.Papers}
		if e.List != nil || e.Order != "" {
			return nil, order.ErrLateEntries.At("entries["+strconv.Itoa(i)+"].list_minor",
				"is told, not asked for / 由系统给出,请勿填写")
		}
		if e.EnteredAt != nil {
			to.EnteredAt = *e.EnteredAt
		}
		to.Session, _ = h.keys.Parse(kindSession, e.Session)
		for _, l := range e.Lines {
			line := order.LateLine{Places: l.Places, Area: l.Area, Quantity: l.Quantity}
			line.TicketType, _ = h.keys.Parse(kindTicketType, l.TicketType)
			to.Lines = append(to.Lines, line)
		}
		out[i] = to
	}
	return out, nil
}

func (h *handler) lateSummary(s *order.LateSheet) LateSummary {
	b := LateSummary{ID: h.keys.Public(order.KindLateSheet, s.ID), Number: s.Number(),
		State: string(s.State), Asker: s.Asker, Count: len(s.Entries), Currency: s.Currency,
		Total: s.Total, WrittenAt: s.WrittenAt, BookedAt: timeOrNil(s.BookedAt),
		Problem: s.Problem, Revision: s.Revision}
	if s.Venue != 0 {
		b.Venue = h.keys.Public(kindVenue, s.Venue)
	}
	if s.Approval != 0 {
		b.Approval = h.keys.Public(approval.KindRequest, s.Approval)
	}
	return b
}

type lateOut struct{ Body lateSheet }

func (h *handler) showLate(s *order.LateSheet) *lateOut {
	b := lateSheet{LateSummary: h.lateSummary(s), Entries: make([]lateEntry, len(s.Entries)),
		Problems: s.Problems}
	for i, e := range s.Entries {
		to := lateEntry{Session: h.keys.Public(kindSession, e.Session), Amount: e.Amount,
			List: &e.List, Reason: e.Reason, Means: string(e.Means), SoldAt: e.SoldAt,
			EnteredAt: timeOrNil(e.EnteredAt), Papers: e.Papers}
		for _, l := range e.Lines {
			to.Lines = append(to.Lines, lateLine{h.keys.Public(kindTicketType, l.TicketType),
				l.Places, l.Area, l.Quantity})
		}
		if e.Order != 0 {
			to.Order = h.keys.Public(kindOrder, e.Order)
		}
		b.Entries[i] = to
	}
	for _, t := range s.Taken {
		b.Taken = append(b.Taken, lateTaken(t))
	}
	return &lateOut{b}
}

func (h *handler) late(ctx context.Context, in *LateParam) (*lateOut, error) {
	scope, id, err := h.lateParam(*in)
	if err != nil {
		return nil, err
	}
	s, err := h.orders.GetLate(ctx, httpx.ActorOf(ctx), scope, id)
	if err != nil {
		return nil, err
	}
	return h.showLate(s), nil
}

func (h *handler) withdrawLate(ctx context.Context, in *LateParam) (*lateOut, error) {
	scope, id, err := h.lateParam(*in)
	if err != nil {
		return nil, err
	}
	s, err := h.orders.WithdrawLate(ctx, httpx.ActorOf(ctx), scope, id)
	if err != nil {
		return nil, err
	}
	return h.showLate(s), nil
}

type latesIn struct {
	Org   string `path:"org" maxLength:"64"`
	State string `query:"state" enum:"waiting,booked,refused,withdrawn"`
	httpx.PageQuery
}

type latesOut struct{ Body httpx.Page[LateSummary] }

func (h *handler) lates(ctx context.Context, in *latesIn) (*latesOut, error) {
	scope, err := h.lateScope(in.Org)
	if err != nil {
		return nil, err
	}
	name, before := "late sheets "+in.Org+in.State, int64(1<<63-1)
	if in.Cursor != "" {
		if err := h.api.Cursors().Open(name, in.Cursor, &before); err != nil {
			return nil, err
		}
	}
	list, next, err := h.orders.Lates(ctx, httpx.ActorOf(ctx), scope, order.LateState(in.State),
		before, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &latesOut{httpx.Page[LateSummary]{Items: make([]LateSummary, len(list))}}
	for i, s := range list {
		out.Body.Items[i] = h.lateSummary(s)
	}
	if next != 0 {
		out.Body.NextCursor = h.api.Cursors().Seal(name, next)
	}
	return out, nil
}

type lateSalesIn struct {
	Org        string    `path:"org" maxLength:"64"`
	From       string    `query:"from" format:"date" doc:"first business day of the sale"`
	Until      string    `query:"until" format:"date" doc:"last business day of the sale"`
	PostedFrom time.Time `query:"posted_from" doc:"posted at or after"`
	PostedTil  time.Time `query:"posted_until" doc:"posted before"`
	httpx.PageQuery
}

type lateSale struct {
	Order       string         `json:"order_id"`
	Number      string         `json:"order_number"`
	Sheet       string         `json:"late_sheet_id"`
	Session     string         `json:"session_id"`
	Venue       string         `json:"venue_id"`
	BusinessDay string         `json:"business_day" doc:"whose revenue it is"`
	SoldAt      time.Time      `json:"sold_at"`
	PostedAt    time.Time      `json:"posted_at"`
	EnteredAt   *time.Time     `json:"entered_at,omitempty"`
	AskedBy     string         `json:"asked_by_id"`
	AgreedBy    string         `json:"agreed_by_id"`
	Means       string         `json:"means"`
	Currency    money.Currency `json:"currency"`
	Amount      money.Minor    `json:"amount_minor"`
	List        money.Minor    `json:"list_minor"`
	Reason      string         `json:"reason,omitempty"`
	Papers      []string       `json:"papers" nullable:"false"`
}

type lateSum struct {
	Means    string         `json:"means"`
	Currency money.Currency `json:"currency"`
	Sales    int            `json:"sales"`
	Amount   money.Minor    `json:"amount_minor"`
}

type lateSalesOut struct {
	Body struct {
		Items      []lateSale `json:"items" nullable:"false"`
		NextCursor string     `json:"next_cursor,omitempty" doc:"give it as cursor to read on"`
		Sums       []lateSum  `json:"sums" nullable:"false" doc:"by means, of all that the filter names"`
	}
}

// dayNumber is a date as a business day; 0 without one. The form was checked before.
func dayNumber(date string) int {
	n, _ := strconv.Atoi(strings.ReplaceAll(date, "-", ""))
	return n
}

func dayWord(day int) string {
	t, err := time.Parse("20060102", strconv.Itoa(day))
	if err != nil {
		return ""
	}
	return t.Format(lateFormat)
}

func (h *handler) lateSales(ctx context.Context, in *lateSalesIn) (*lateSalesOut, error) {
	scope, err := h.lateScope(in.Org)
	if err != nil {
		return nil, err
	}
	f := order.LateFilter{From: dayNumber(in.From), Until: dayNumber(in.Until),
		PostedFrom: in.PostedFrom, PostedTil: in.PostedTil, Limit: in.Limit}
	name := "late sales " + in.Org
	if in.Cursor != "" {
		if err := h.api.Cursors().Open(name, in.Cursor, &f.Before); err != nil {
			return nil, err
		}
	}
	list, sums, next, err := h.orders.LateSales(ctx, httpx.ActorOf(ctx), scope, f)
	if err != nil {
		return nil, err
	}
	out := &lateSalesOut{}
	out.Body.Items, out.Body.Sums = make([]lateSale, len(list)), make([]lateSum, len(sums))
	for i, s := range list {
		out.Body.Items[i] = h.lateSale(s)
	}
	for i, s := range sums {
		out.Body.Sums[i] = lateSum{string(s.Means), s.Currency, s.Sales, s.Amount}
	}
	if next != 0 {
		out.Body.NextCursor = h.api.Cursors().Seal(name, next)
	}
	return out, nil
}

func (h *handler) lateSale(s order.LateSale) lateSale {
	return lateSale{Order: h.keys.Public(kindOrder, s.Order), Number: s.Number(),
		Sheet:   h.keys.Public(order.KindLateSheet, s.Sheet),
		Session: h.keys.Public(kindSession, s.Session), Venue: h.keys.Public(kindVenue, s.Venue),
		BusinessDay: dayWord(s.BusinessDay), SoldAt: s.SoldAt, PostedAt: s.PostedAt,
		EnteredAt: timeOrNil(s.EnteredAt), AskedBy: h.keys.Public(kindStaff, s.AskedBy),
		AgreedBy: h.keys.Public(kindStaff, s.DecidedBy), Means: string(s.Means),
		Currency: s.Currency, Amount: s.Amount, List: s.List, Reason: s.Reason,
		Papers: append([]string{}, s.Papers...)}
}
