package checkin

import (
	"context"
	"errors"
	"slices"
	"time"

	"foyer/internal/actor"
	"foyer/internal/fault"
	"foyer/internal/journal"
	"foyer/internal/sqldb"
	"foyer/internal/ticket"
	"foyer/internal/ticket/code"
)

// Recorded is a scan that a gate without a network answered by itself.
type Recorded struct {
	Ask
	At time.Time // by the device's own clock
}

// Outcome says what became of a recorded scan.
type Outcome string

// The outcomes.
const (
	Accepted   Outcome = "accepted"   // it counts as if it had been answered at once
	Conflicted Outcome = "conflict"   // it took place and counts nowhere; staff look at it
	Unknown    Outcome = "unreadable" // it names no ticket of the organization
)

// Result answers one recorded scan.
type Result struct {
	Nonce   string
	Outcome Outcome
	CheckIn int64  // 0 for one that is unreadable
	Code    string // of the refusal that it would have met; "" when it counts
}

// Limits of an upload.
const (
	MaxUpload    = 100 // scans
	uploadPerTx  = 10
	maxScanAge   = 7 * 24 * time.Hour
	maxConflicts = 200 // characters of a note
)

// Upload takes the scans that a device answered without a network. They took place, so they
// are forced in; what the book contradicts is marked and listed for staff. sent is the
// device's clock when it sent them: what it is off is taken from each scan. left is how many
// it still holds. A scan that came before is answered as it was then. Refused with
// fault.BadInput, and for a device that may not scan.
func (c *CheckIns) Upload(ctx context.Context, who actor.Actor, sent time.Time, left int,
	scans []Recorded,
) ([]Result, error) {
	if who.Kind != actor.Device {
		return nil, fault.NotAllowed
	}
	st, err := c.station(ctx, who)
	if err != nil {
		return nil, err
	}
	if err := checkUpload(scans); err != nil {
		return nil, err
	}
	now := c.cfg.Clock.Now()
	off := now.Sub(sent)
	list := make([]*forced, len(scans))
	for i, s := range scans {
		at := s.At.Add(off).Truncate(time.Millisecond)
		if at.After(now) {
			at = now
		}
		if list[i], err = c.force(ctx, who, st, s.Ask, at); err != nil {
			return nil, err
		}
		if now.Sub(at) > maxScanAge && list[i].why == nil {
			list[i].why = ErrTooLate
		}
	}
	order := slices.Clone(list) // a batch is stored in the order in which it took place
	slices.SortStableFunc(order, func(a, b *forced) int { return a.at.Compare(b.at) })
	for part := range slices.Chunk(order, uploadPerTx) {
		if err := c.storeForced(ctx, part); err != nil {
			return nil, err
		}
	}
	out := make([]Result, len(list))
	for i, f := range list {
		if out[i], err = c.resultOf(ctx, f); err != nil {
			return nil, err
		}
	}
	return out, c.report(ctx, st, max(left, 0), time.Time{})
}

func checkUpload(scans []Recorded) error {
	var p fault.Problems
	if len(scans) < 1 || len(scans) > MaxUpload {
		p.Add("scans", "must be 1 to %d / 应为 1 到 %d 条", MaxUpload, MaxUpload)
		return p.Err()
	}
	seen := map[string]bool{}
	for i := range scans {
		if err := scans[i].check(); err != nil {
			return err
		}
		if seen[scans[i].Nonce] {
			p.Add("scans", "hold the nonce %q twice / 扫码编号重复", scans[i].Nonce)
		}
		seen[scans[i].Nonce] = true
	}
	return p.Err()
}

// forced is a recorded scan on its way into the book.
type forced struct {
	scan
	why      error // what the book says against it; nil: nothing so far
	unread   bool  // it names no ticket of the organization
	repeated bool
}

// force reads what a recorded scan names, and what can be said against it beforehand.
func (c *CheckIns) force(ctx context.Context, who actor.Actor, st station, ask Ask,
	at time.Time,
) (*forced, error) {
	ask.Code = code.Normalize(ask.Code)
	f := &forced{scan: scan{who: who, station: st, ask: ask, at: at, id: c.cfg.IDs.Next(),
		nonce: Nonce{Scanner: st.scanner(), Text: ask.Nonce, Digest: ask.digest()}}}
	err := c.identify(ctx, &f.scan)
	exchanged := errors.Is(err, ErrExchanged)
	if exchanged {
		err = nil // it names a ticket, and took place: staff look at it
	}
	if err == nil && f.ticket.Organization != st.organization {
		err = ErrOtherVenue
	}
	if err != nil {
		f.why, f.unread = err, true
		return f, refusalOnly(err)
	}
	f.event, err = c.cfg.Sessions.Sellable(ctx, f.ticket.Session)
	if err != nil {
		return nil, err
	}
	for _, ask := range []func() error{
		func() error { return c.place(ctx, who, &f.scan) },
		func() error { return standing(f.ticket, f.version) },
		func() error {
			if exchanged {
				return ErrExchanged
			}
			return nil
		},
		func() error { return c.prepare(ctx, &f.scan, f.event, at) },
		func() error {
			if f.ruled {
				return nil // the rule says so in the transaction
			}
			return inTime(f.event, f.ask.Direction, at)
		},
	} {
		if f.why = ask(); f.why != nil {
			return f, refusalOnly(f.why)
		}
	}
	return f, nil
}

// refusalOnly is nil for what is said against a scan, and the error itself for trouble of
// ours: then the device sends the batch again.
func refusalOnly(err error) error {
	switch fault.KindOf(err) {
	case fault.Internal, fault.Unavailable:
		return err
	}
	return nil
}

// storeForced writes some recorded scans in one transaction.
func (c *CheckIns) storeForced(ctx context.Context, part []*forced) error {
	return c.cfg.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		for _, f := range part {
			if f.unread {
				continue
			}
			f.repeated, f.done = false, CheckIn{}
			err := tx.Try(func() error { return c.passForced(tx, f) })
			if errors.Is(err, errRepeated) {
				f.repeated = true
			} else if err != nil {
				return err
			}
		}
		return nil
	})
}

// passForced counts a recorded scan, or marks it as a conflict.
func (c *CheckIns) passForced(tx *sqldb.Tx, f *forced) error {
	why := f.why // of this try: the function may run more than once
	if why == nil {
		why = tx.Try(func() error {
			if err := c.pass(tx, &f.scan); err != nil {
				return err
			}
			return c.countOne(tx, &f.done, f.event.Venue.BusinessDay(f.done.At))
		})
	}
	if why == nil || errors.Is(why, errRepeated) {
		return why
	}
	if err := refusalOnly(why); err != nil {
		return err
	}
	fresh, err := c.store.TakeNonce(tx, f.nonce, f.id)
	if err != nil {
		return err
	}
	if !fresh {
		return errRepeated
	}
	return c.insertConflict(tx, f, fault.Of(why).Def.Code)
}

func (c *CheckIns) countOne(tx *sqldb.Tx, ci *CheckIn, day int) error {
	sums, flows := map[int64]Figures{}, map[PrecinctDay]Flow{}
	if entered, inside := ci.moves(); ci.Session != 0 {
		sums[ci.Session] = Figures{entered, inside}
	}
	if err := c.count(tx, sums); err != nil {
		return err
	}
	ci.flow(day, flows, 1)
	return c.countFlows(tx, flows)
}

func (c *CheckIns) insertConflict(tx *sqldb.Tx, f *forced, reason string) error {
	e := f.ticket.Entitlements[f.part]
	ci := f.checkIn(tx, &e)
	ci.Conflict = true
	other, err := c.store.LastStanding(tx, actor.Scope{Organization: ci.Organization}, ci.Ticket)
	if err != nil {
		return err
	}
	if err := c.store.Insert(tx, &ci); err != nil {
		return err
	}
	f.done = ci
	c.cfg.Journal.Append(tx, journal.Entry{Actor: f.who, Organization: ci.Organization,
		Action: "checkin.conflict", Objects: []journal.Object{
			{Kind: string(KindCheckIn), ID: ci.ID},
			{Kind: string(ticket.KindTicket), ID: ci.Ticket}},
		Data: []byte(`{"code":"` + reason + `"}`)})
	return c.store.InsertConflict(tx, &Conflict{CheckIn: ci.ID, Organization: ci.Organization,
		Venue: f.station.venue, Other: other, Code: reason})
}

// resultOf is what the device hears. A scan that came before is read from the book.
func (c *CheckIns) resultOf(ctx context.Context, f *forced) (Result, error) {
	r := Result{Nonce: f.ask.Nonce, Outcome: Accepted, CheckIn: f.done.ID}
	if f.unread {
		return Result{Nonce: f.ask.Nonce, Outcome: Unknown, Code: fault.Of(f.why).Def.Code}, nil
	}
	if f.repeated {
		a, err := c.replay(ctx, f.nonce)
		if errors.Is(err, ErrNonceReused) {
			return Result{Nonce: f.ask.Nonce, Outcome: Unknown, Code: ErrNonceReused.Code}, nil
		}
		if err != nil {
			return r, err
		}
		if a == nil {
			return r, fault.Busy.Retry(time.Second)
		}
		r.CheckIn, f.done.Conflict = a.CheckIn.ID, a.Conflict
	}
	if f.done.Conflict {
		found, err := c.store.ConflictOf(ctx,
			actor.Scope{Organization: f.ticket.Organization}, r.CheckIn)
		if err != nil || found == nil {
			return r, err
		}
		r.Outcome, r.Code = Conflicted, found.Code
	}
	return r, nil
}
