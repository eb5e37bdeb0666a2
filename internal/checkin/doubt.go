package checkin

import (
	"context"
	"slices"
	"time"

	"foyer/internal/actor"
	"foyer/internal/sqldb"
	"foyer/internal/ticket"
)

// What a device that is not heard of may still have to tell.
const (
	// ContactWithin is how long after its last word a device counts as in contact.
	ContactWithin = time.Minute
	// LogGrace is how long after it could last admit by its list a device's scans are
	// waited for.
	LogGrace = 2 * time.Hour
)

// Waits are the refunds that wait for gates; package order has them.
type Waits interface {
	// GateReported looks again at those of a venue of which a gate has just told all.
	GateReported(ctx context.Context, organization, venue int64)
}

// span is when a ticket may be used.
type span struct{ from, until time.Time }

func spanOf(t *ticket.Ticket) span {
	s := span{t.Entitlements[0].ValidFrom, t.Entitlements[0].ValidUntil}
	for _, e := range t.Entitlements[1:] {
		s.from, s.until = earlier(s.from, e.ValidFrom), later(s.until, e.ValidUntil)
	}
	return s
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// InDoubt says until when a gate that is not in contact may still tell that somebody entered
// with one of an order's units (none: any), and at which venue; the zero time when none may.
// A device that has told all since asked is waited for no longer; the zero asked is now.
func (c *CheckIns) InDoubt(ctx context.Context, organization, order int64,
	units []ticket.UnitRef, asked time.Time,
) (venue int64, until time.Time, err error) {
	list, err := c.cfg.Tickets.OfOrder(ctx, order)
	if err != nil {
		return 0, until, err
	}
	now, holders := c.cfg.Clock.Now(), map[int64][]Device{}
	for i := range list {
		t := &list[i]
		ref := ticket.UnitRef{Line: t.Line, Unit: t.Unit}
		if t.State != ticket.Live || t.Organization != organization ||
			len(units) > 0 && !slices.Contains(units, ref) {
			continue
		}
		at, known := holders[t.Venue]
		if !known {
			if at, err = c.devices.holders(ctx, organization, t.Venue,
				now.Add(-LogGrace)); err != nil {
				return 0, until, err
			}
			holders[t.Venue] = at
		}
		for d := range at {
			if end := at[d].inDoubt(spanOf(t), asked, now); end.After(until) {
				venue, until = t.Venue, end
			}
		}
	}
	return venue, until, nil
}

// holders are the devices of a venue whose lists ran out after a time, with when each was
// last seen.
func (d *Devices) holders(ctx context.Context, organization, venue int64, after time.Time) (
	[]Device, error,
) {
	list, err := d.store.Holders(ctx, actor.Scope{Organization: organization}, venue, after)
	d.mu.RLock()
	defer d.mu.RUnlock()
	for i := range list {
		if r := d.byID[list[i].ID]; r != nil && r.seen.After(list[i].SeenAt) {
			list[i].SeenAt = r.seen
		}
	}
	return list, err
}

// inDoubt says until when the device may still tell of a use of a ticket. What it has not
// told of took place after its last full report and while it held its list.
func (d *Device) inDoubt(s span, asked, now time.Time) (until time.Time) {
	if d.Ways == ExitOnly || !asked.IsZero() && !d.ReportedAt.Before(asked) {
		return until
	}
	seen := later(d.SeenAt, d.ReportedAt)
	if d.State == Active && d.Unsent == 0 && now.Sub(seen) <= ContactWithin {
		return until
	}
	last := earlier(d.ListUntil, s.until)
	if !later(d.ReportedAt, s.from).Before(last) {
		return until
	}
	if d.State == Active {
		last = last.Add(LogGrace) // a revoked one cannot send anything
	}
	if last.After(now) {
		until = last
	}
	return until
}

// saysNothing is the unsent of a device that only goes on with what it began.
const saysNothing = -1

// report notes what a device says of the scans that it holds, and lets refunds go on that
// waited for it. holds is until when it may admit by its list; zero: as before.
func (c *CheckIns) report(ctx context.Context, st station, unsent int, holds time.Time) error {
	scope := actor.Scope{Organization: st.organization}
	err := c.cfg.DB.InTxLow(ctx, func(tx *sqldb.Tx) error {
		return c.devices.store.Report(tx, scope, Report{Device: st.device, Unsent: unsent,
			At: tx.Now, Holds: holds})
	})
	if err == nil && unsent == 0 && c.cfg.Waits != nil {
		c.cfg.Waits.GateReported(ctx, st.organization, st.venue)
	}
	return err
}
