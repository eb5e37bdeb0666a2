package order

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"

	"foyer/internal/actor"
	"foyer/internal/approval"
	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/journal"
	"foyer/internal/sqldb"
)

// RenderLate makes the answer of a sheet before it is committed.
type RenderLate func(*LateSheet) (journal.Answer, error)

// WriteLate writes a sheet of past sales and asks for a second person. It is tried first as
// it would be booked, and nothing of it counts until somebody else agrees. Refused with
// fault.Missing, fault.NotAllowed, ErrLateEntries, ErrLateTaken, ErrLatePapers, and with
// approval.ErrTooMany.
func (o *Orders) WriteLate(ctx context.Context, who actor.Actor, organization int64,
	entries []LateEntry, receipt *journal.Receipt, render RenderLate,
) (journal.Answer, error) {
	if err := mayEnter(who, organization); err != nil {
		return journal.Answer{}, err
	}
	var s *LateSheet
	var err error
	if receipt != nil && receipt.Resume != 0 {
		s, err = o.Store.Late(ctx, actor.Scope{Organization: organization}, receipt.Resume)
	} else {
		s, err = o.writeLate(ctx, who, organization, entries, receipt)
	}
	if err != nil {
		return journal.Answer{}, err
	}
	var answer journal.Answer
	err = o.askLate(ctx, who, s, func(tx *sqldb.Tx, pos journal.Position) error {
		var err error
		if answer, err = render(s); err != nil {
			return err
		}
		return receipt.Keep(tx, pos, s.ID, answer)
	})
	return answer, err
}

// mayEnter refuses who may enter nothing late anywhere in the organization; where, is
// decided by the sessions.
func mayEnter(who actor.Actor, organization int64) error {
	if who.Kind != actor.Staff || catalog.Sees(who, organization) != nil {
		return fault.Missing
	}
	if !slices.ContainsFunc(who.Grants, func(g actor.Grant) bool {
		return g.Organization == organization && who.May(PermLate, organization, g.Venue)
	}) {
		return fault.NotAllowed.With("permission", string(PermLate))
	}
	return nil
}

func (o *Orders) writeLate(ctx context.Context, who actor.Actor, organization int64,
	entries []LateEntry, receipt *journal.Receipt,
) (*LateSheet, error) {
	s := &LateSheet{ID: o.IDs.Next(), Organization: organization, State: LateWaiting,
		AskedBy: who.ID, Revision: 1, LateDoc: LateDoc{Asker: who.Name, Entries: entries}}
	list, err := o.checkLate(ctx, who, s, true)
	if err != nil {
		return nil, err
	}
	if err := o.tryLate(ctx, s, list); err != nil {
		return nil, err
	}
	return s, o.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		if err := o.checkPapers(tx, s); err != nil {
			return err
		}
		s.WrittenAt = tx.Now
		if err := o.Store.InsertLate(tx, s); err != nil {
			return err
		}
		if err := o.Store.TakePapers(tx, s); err != nil {
			return err
		}
		pos, err := o.noteLate(tx, who, s, "late_sheet.written")
		if err != nil {
			return err
		}
		return receipt.Begin(tx, pos, s.ID)
	})
}

// noteLate appends the journal row of a command on a sheet.
func (o *Orders) noteLate(tx *sqldb.Tx, who actor.Actor, s *LateSheet, action string) (
	journal.Position, error,
) {
	data, err := json.Marshal(map[string]any{"entries": len(s.Entries), "total_minor": s.Total,
		"currency": s.Currency})
	return o.Journal.Append(tx, journal.Entry{Actor: who, Organization: s.Organization,
		Action: action, Data: data, Objects: []journal.Object{{Kind: string(KindLateSheet),
			ID: s.ID, Revision: s.Revision}}}), err
}

// askLate asks for a second person and notes on the sheet which request waits.
func (o *Orders) askLate(ctx context.Context, who actor.Actor, s *LateSheet,
	also func(tx *sqldb.Tx, pos journal.Position) error,
) error {
	err := o.Approvals.Pass(ctx, who, approval.Case{Kind: ApproveLate,
		Organization: s.Organization, Amount: s.Total, Always: true},
		func() (approval.Ask, error) { return o.lateAsk(ctx, s) })
	var asked *approval.Asked
	if !errors.As(err, &asked) {
		if err == nil {
			err = fault.NotAllowed
		}
		return err
	}
	return o.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		cur, err := o.Store.LateIn(tx, actor.Scope{Organization: s.Organization}, s.ID)
		if err != nil {
			return err
		}
		if cur.Revision == s.Revision && cur.State == LateWaiting {
			cur.Approval = asked.Request.ID
			if err := o.Store.NoteApproval(tx, cur); err != nil {
				return err
			}
		}
		*s = *cur
		pos, err := o.noteLate(tx, who, s, "late_sheet.asked")
		if err != nil {
			return err
		}
		return also(tx, pos)
	})
}

// lateAsk is a sheet as the second person reads it.
func (o *Orders) lateAsk(ctx context.Context, s *LateSheet) (approval.Ask, error) {
	in, err := json.Marshal(heldLate{s.ID, s.Revision})
	ask := approval.Ask{Venue: s.Venue, Input: in,
		Title:  "补登 / Late entry · " + strconv.Itoa(len(s.Entries)),
		Object: journal.Object{Kind: string(KindLateSheet), ID: s.ID, Revision: s.Revision}}
	for i := range s.Entries {
		e := &s.Entries[i]
		session, findErr := o.Sessions.Sellable(ctx, e.Session)
		if findErr != nil {
			return ask, findErr
		}
		n := 0
		for _, l := range e.Lines {
			n += max(len(l.Places), l.Quantity)
		}
		what := sessionTitle(session) + " · " + e.Papers[0] + " · × " + strconv.Itoa(n) + " · " +
			string(e.Means)
		if e.Reason != "" {
			what += " · " + e.Reason
		}
		ask.Changes = append(ask.Changes, approval.Change{What: what,
			Before: strconv.FormatInt(int64(e.List), 10),
			After:  strconv.FormatInt(int64(e.Amount), 10)})
	}
	return ask, err
}

// CorrectLate writes a waiting sheet anew and asks again; whoever corrects it has asked, and
// another person agrees. What was asked for before can no longer be carried out. Refused as
// WriteLate, and with fault.Stale and ErrLateState.
func (o *Orders) CorrectLate(ctx context.Context, who actor.Actor, scope actor.Scope,
	id, revision int64, entries []LateEntry,
) (*LateSheet, error) {
	s, err := o.GetLate(ctx, who, scope, id)
	switch {
	case err != nil:
		return nil, err
	case s.State != LateWaiting:
		return nil, ErrLateState.With("state", s.State)
	case s.Revision != revision:
		return nil, fault.Stale.With("revision", s.Revision)
	}
	next := &LateSheet{ID: s.ID, Organization: s.Organization, State: LateWaiting,
		AskedBy: who.ID, Revision: s.Revision + 1,
		LateDoc: LateDoc{Asker: who.Name, Entries: entries}}
	list, err := o.checkLate(ctx, who, next, true)
	if err != nil {
		return nil, err
	}
	if err := o.tryLate(ctx, next, list); err != nil {
		return nil, err
	}
	err = o.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		if err := o.checkPapers(tx, next); err != nil {
			return err
		}
		next.WrittenAt = tx.Now
		if err := staleUnless(o.Store.ReviseLate(tx, next)); err != nil {
			return err
		}
		if err := o.Store.TakePapers(tx, next); err != nil {
			return err
		}
		_, err = o.noteLate(tx, who, next, "late_sheet.corrected")
		return err
	})
	if err != nil {
		return nil, err
	}
	none := func(*sqldb.Tx, journal.Position) error { return nil }
	return next, o.askLate(ctx, who, next, none)
}

// WithdrawLate takes a waiting sheet back; its numbers are free again. A repeat changes
// nothing. Refused with fault.Missing, fault.NotAllowed, ErrLateState.
func (o *Orders) WithdrawLate(ctx context.Context, who actor.Actor, scope actor.Scope,
	id int64,
) (*LateSheet, error) {
	s, err := o.GetLate(ctx, who, scope, id)
	if err != nil || s.State == LateWithdrawn {
		return s, err
	}
	err = o.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		var err error
		if s, err = o.endLate(tx, scope, id, 0, LateWithdrawn); err != nil {
			return err
		}
		_, err = o.noteLate(tx, who, s, "late_sheet.withdrawn")
		return err
	})
	return s, err
}

// endLate takes a waiting sheet to a state in which nothing of it counts. A revision other
// than 0 must be the sheet's: else it was written anew since, and stays.
func (o *Orders) endLate(tx *sqldb.Tx, scope actor.Scope, id, revision int64, to LateState) (
	*LateSheet, error,
) {
	s, err := o.Store.LateIn(tx, scope, id)
	switch {
	case err != nil || revision != 0 && s.Revision != revision:
		return s, err
	case s.State != LateWaiting:
		return nil, ErrLateState.With("state", s.State)
	}
	s.State = to
	s.Revision++
	if err := staleUnless(o.Store.ReviseLate(tx, s)); err != nil {
		return nil, err
	}
	return s, o.Store.DropPapers(tx, scope, id)
}

// EndLate ends the sheet of a request that was refused or taken back, in its transaction.
func (o *Orders) EndLate(tx *sqldb.Tx, r *approval.Request) error {
	to := LateRefused
	if r.State == approval.Withdrawn {
		to = LateWithdrawn
	}
	_, err := o.endLate(tx, actor.Scope{Organization: r.Organization}, r.Object.ID,
		r.Object.Revision, to)
	if errors.Is(err, ErrLateState) {
		return nil // it ended before; the request was all that was left
	}
	return err
}

// GetLate is a sheet that the caller may enter or agree to. Refused with fault.Missing and
// fault.NotAllowed.
func (o *Orders) GetLate(ctx context.Context, who actor.Actor, scope actor.Scope, id int64) (
	*LateSheet, error,
) {
	if err := mayEnter(who, scope.Organization); err != nil {
		return nil, err
	}
	s, err := o.Store.Late(ctx, scope, id)
	if err == nil && !who.May(PermLate, scope.Organization, s.Venue) {
		return nil, fault.NotAllowed.With("permission", string(PermLate))
	}
	return s, err
}

// Lates is a page of sheets, the newest first; those of venues where the caller may not
// enter are left out. next is the key to go on below, 0 at the end.
func (o *Orders) Lates(ctx context.Context, who actor.Actor, scope actor.Scope,
	state LateState, before int64, limit int,
) (list []*LateSheet, next int64, err error) {
	if err := mayEnter(who, scope.Organization); err != nil {
		return nil, 0, err
	}
	found, err := o.Store.Lates(ctx, scope, state, before, limit)
	if err != nil {
		return nil, 0, err
	}
	if len(found) == limit {
		next = found[limit-1].ID
	}
	for _, s := range found {
		if who.May(PermLate, scope.Organization, s.Venue) {
			list = append(list, s)
		}
	}
	return list, next, nil
}

// PermReport lets staff read figures.
const PermReport actor.Permission = "report.view"

// LateSales is a page of what was entered late, with the sums of all that the filter names
// by means. Revenue is of the day of sale; posted is when the books heard of it. Refused
// with fault.Missing and fault.NotAllowed.
func (o *Orders) LateSales(ctx context.Context, who actor.Actor, scope actor.Scope,
	f LateFilter,
) (list []LateSale, sums []LateSum, next int64, err error) {
	if who.Kind != actor.Staff || catalog.Sees(who, scope.Organization) != nil {
		return nil, nil, 0, fault.Missing
	}
	if !who.May(PermReport, scope.Organization, 0) {
		return nil, nil, 0, fault.NotAllowed.With("permission", string(PermReport))
	}
	if list, err = o.Store.LateSales(ctx, scope, f); err != nil {
		return nil, nil, 0, err
	}
	if len(list) == f.Limit {
		next = list[f.Limit-1].Order
	}
	sums, err = o.Store.LateSums(ctx, scope, f)
	return list, sums, next, err
}
