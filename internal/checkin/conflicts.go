package checkin

import (
	"context"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/journal"
	"foyer/internal/sqldb"
)

// ConflictState says whose turn a conflict is.
type ConflictState string

// The states of a conflict.
const (
	ConflictOpen    ConflictState = "open"    // staff's: somebody went in that should not have
	ConflictSettled ConflictState = "settled" // somebody looked at it and wrote what it was
)

// Conflict is a scan that took place without a network and that the book contradicts.
type Conflict struct {
	CheckIn      int64
	Organization int64
	Venue        int64  // of the gate
	Other        int64  // the check-in that stands against it; 0: none does
	Code         string // of the refusal that it would have met
	State        ConflictState
	Note         string
	SettledBy    int64
	SettledAt    time.Time
	// Both sides, when it is listed; Against is nil without another check-in.
	Scan, Against *Side
}

// Side is one of the two check-ins of a conflict.
type Side struct {
	CheckIn
	Trace
}

// Conflicts is a page of a venue's conflicts, the newest first, before an id (0: from the
// newest). Refused with fault.Missing and fault.NotAllowed.
func (c *CheckIns) Conflicts(ctx context.Context, who actor.Actor, scope actor.Scope,
	venue int64, state ConflictState, before int64, limit int,
) ([]Conflict, error) {
	if err := catalog.Allow(who, PermView, scope.Organization, venue); err != nil {
		return nil, err
	}
	if _, err := c.cfg.Venues.Get(ctx, scope, venue); err != nil {
		return nil, err
	}
	list, err := c.store.Conflicts(ctx, scope, ConflictPage{venue, state, before, limit})
	if err != nil {
		return nil, err
	}
	for i := range list {
		if list[i].Scan, err = c.side(ctx, scope, list[i].CheckIn); err != nil {
			return nil, err
		}
		if list[i].Other != 0 {
			if list[i].Against, err = c.side(ctx, scope, list[i].Other); err != nil {
				return nil, err
			}
		}
	}
	return list, nil
}

func (c *CheckIns) side(ctx context.Context, scope actor.Scope, id int64) (*Side, error) {
	ci, err := c.store.Find(ctx, id)
	if err != nil {
		return nil, err
	}
	trace, err := c.store.TraceOf(ctx, scope, id)
	if err != nil || trace == nil {
		return nil, err
	}
	return &Side{*ci, *trace}, nil
}

// Settle notes what a conflict was. One that is settled stays as it is. Refused with
// fault.Missing, fault.BadInput and fault.NotAllowed.
func (c *CheckIns) Settle(ctx context.Context, who actor.Actor, scope actor.Scope, id int64,
	note string,
) (*Conflict, error) {
	var p fault.Problems
	note = cleanText(&p, "note", note, maxConflicts)
	if err := p.Err(); err != nil {
		return nil, err
	}
	found, err := c.store.ConflictOf(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	if found == nil {
		return nil, fault.Missing
	}
	if err := catalog.Allow(who, PermScan, scope.Organization, found.Venue); err != nil {
		return nil, err
	}
	err = c.cfg.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		found.Note, found.SettledBy, found.SettledAt = note, who.ID, tx.Now
		ok, err := c.store.SettleIfOpen(tx, found)
		if err != nil || !ok {
			return err
		}
		c.cfg.Journal.Append(tx, journal.Entry{Actor: who, Organization: scope.Organization,
			Action:  "checkin.conflict_settled",
			Objects: []journal.Object{{Kind: string(KindCheckIn), ID: id}}})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return c.store.ConflictOf(ctx, scope, id)
}
