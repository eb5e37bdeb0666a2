package approval

import (
	"context"
	"errors"

	"foyer/internal/actor"
	"foyer/internal/fault"
	"foyer/internal/journal"
	"foyer/internal/sqldb"
)

// Agree carries a request out in the name of its asker. Agreeing anew to what one agreed to
// before changes nothing. Refused with fault.Missing, fault.NotAllowed, ErrOwn, ErrDecided,
// ErrExpired, ErrAskerLeft, and with ErrStale when it cannot be carried out as it was asked.
func (g *Gate) Agree(ctx context.Context, who actor.Actor, s actor.Scope, id int64,
	answer string,
) (*Request, error) {
	answer, err := words("answer", answer, false)
	if err != nil {
		return nil, err
	}
	r, spec, err := g.mayDecide(ctx, who, s, id)
	if err != nil {
		return nil, err
	}
	if r.State == Done && r.DecidedBy == who.ID {
		return r, nil
	}
	if err := undecided(r, r.StateAt(g.Clock.Now())); err != nil {
		return nil, err
	}
	as := actor.Actor{Kind: actor.Staff, ID: r.AskedBy, Name: r.Doc.Asker, Grants: who.Grants}
	ended := *r
	ended.State, ended.DecidedBy = Done, who.ID
	ended.Doc.Answer, ended.Doc.Decider = answer, who.Name
	err = spec.Carry(ctx, Carried{Request: r, As: as, By: who}, func(tx *sqldb.Tx,
		made ...journal.Object,
	) error {
		return g.done(tx, who, spec, ended, made)
	})
	if err != nil {
		return nil, g.notCarried(ctx, who, &ended, err)
	}
	now, err := g.Store.Get(ctx, s, id)
	if err == nil && now.State != Done {
		err = fault.Unexpected.Wrap(errors.New("approval: " + string(r.Kind) +
			" was carried out without its request"))
	}
	return now, err
}

// mayDecide is a request that the actor may agree to or refuse: he sees it, holds what the
// command itself needs, and is not its asker, whatever his roles are.
func (g *Gate) mayDecide(ctx context.Context, who actor.Actor, s actor.Scope, id int64) (
	*Request, *Spec, error,
) {
	r, err := g.Get(ctx, who, s, id)
	if err != nil {
		return nil, nil, err
	}
	spec := g.spec(r.Kind)
	switch {
	case spec == nil:
		return nil, nil, ErrKind.With("kind", r.Kind)
	case r.AskedBy == who.ID:
		return nil, nil, ErrOwn
	case !who.May(PermDecide, s.Organization, r.Venue),
		!who.May(spec.Permission, s.Organization, r.Venue):
		return nil, nil, fault.NotAllowed.With("permission", string(spec.Permission))
	}
	return r, spec, nil
}

func undecided(r *Request, now State) error {
	switch now {
	case Pending:
		return nil
	case Expired:
		return ErrExpired.With("expired_at", r.ExpiresAt)
	}
	return ErrDecided.With("state", now)
}

// done is the guard within the transaction of the command itself: only one of those who
// agree at once passes it, both people still stand, and the time is not over.
func (g *Gate) done(tx *sqldb.Tx, who actor.Actor, spec *Spec, r Request,
	made []journal.Object,
) error {
	if !tx.Now.Before(r.ExpiresAt) {
		return ErrExpired.With("expired_at", r.ExpiresAt)
	}
	for _, one := range []struct {
		staff int64
		p     actor.Permission
		no    error
	}{{who.ID, PermDecide, fault.NotAllowed}, {who.ID, spec.Permission, fault.NotAllowed},
		{r.AskedBy, spec.Permission, ErrAskerLeft}} {
		ok, err := g.People.StandsIn(tx, one.staff, one.p, r.Organization, r.Venue)
		if err != nil || !ok {
			return orElse(err, one.no)
		}
	}
	r.DecidedAt = tx.Now
	if len(made) > 0 {
		r.Made = made[0]
	}
	ok, err := g.Store.EndIfPending(tx, &r)
	if err != nil || !ok {
		return orElse(err, ErrDecided)
	}
	if err := g.passed(tx, &r); err != nil {
		return err
	}
	return g.note(tx, who, "approval.carried_out", &r, nil)
}

// notCarried says why, and ends the request when it will never do: what it was about has
// changed. A failure of ours leaves it as it was.
func (g *Gate) notCarried(ctx context.Context, who actor.Actor, r *Request, cause error) error {
	now, err := g.Store.Get(ctx, actor.Scope{Organization: r.Organization}, r.ID)
	if err != nil {
		return err
	}
	if now.State != Pending { // somebody else was quicker
		return undecided(now, now.State)
	}
	for _, def := range []error{ErrExpired, ErrAskerLeft, ErrDecided} {
		if errors.Is(cause, def) {
			return cause
		}
	}
	switch fault.KindOf(cause) {
	case fault.Conflict, fault.Invalid, fault.NotFound, fault.TooLarge:
	default:
		return cause
	}
	code := fault.Of(cause).Def.Code
	r.State, r.Problem = Stale, code
	err = g.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		ended := *r
		ended.DecidedAt = tx.Now
		ok, err := g.Store.EndIfPending(tx, &ended)
		if err != nil || !ok {
			return orElse(err, ErrDecided)
		}
		return g.note(tx, who, "approval.stale", &ended, map[string]any{"problem": code})
	})
	if err != nil {
		return err
	}
	return ErrStale.With("problem", code).Wrap(cause)
}

// Refuse says no, with a reason. Refused with fault.Missing, fault.NotAllowed, ErrOwn,
// ErrReason, ErrDecided, ErrExpired.
func (g *Gate) Refuse(ctx context.Context, who actor.Actor, s actor.Scope, id int64,
	reason string,
) (*Request, error) {
	reason, err := words("reason", reason, true)
	if err != nil {
		return nil, err
	}
	r, spec, err := g.mayDecide(ctx, who, s, id)
	if err != nil {
		return nil, err
	}
	if r.State == Refused && r.DecidedBy == who.ID {
		return r, nil
	}
	r.Doc.Answer, r.Doc.Decider = reason, who.Name
	return g.end(ctx, who, r, Refused, func(tx *sqldb.Tx) error {
		ok, err := g.People.StandsIn(tx, who.ID, spec.Permission, r.Organization, r.Venue)
		if err != nil || !ok {
			return orElse(err, fault.NotAllowed)
		}
		return nil
	})
}

// Withdraw takes the asker's own request back. Refused with fault.Missing, fault.NotAllowed,
// ErrDecided, ErrExpired.
func (g *Gate) Withdraw(ctx context.Context, who actor.Actor, s actor.Scope, id int64) (
	*Request, error,
) {
	r, err := g.Get(ctx, who, s, id)
	switch {
	case err != nil:
		return nil, err
	case r.AskedBy != who.ID:
		return nil, fault.NotAllowed
	case r.State == Withdrawn:
		return r, nil
	}
	return g.end(ctx, who, r, Withdrawn, func(*sqldb.Tx) error { return nil })
}

// end takes a pending request to a state that carries nothing out.
func (g *Gate) end(ctx context.Context, who actor.Actor, r *Request, to State,
	check func(tx *sqldb.Tx) error,
) (*Request, error) {
	if err := undecided(r, r.StateAt(g.Clock.Now())); err != nil {
		return nil, err
	}
	ended := *r
	err := g.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		ended = *r
		ended.State, ended.DecidedBy, ended.DecidedAt = to, who.ID, tx.Now
		if err := check(tx); err != nil {
			return err
		}
		ok, err := g.Store.EndIfPending(tx, &ended)
		if err != nil || !ok {
			return orElse(err, ErrDecided)
		}
		if spec := g.spec(r.Kind); spec != nil && spec.Ended != nil {
			if err := spec.Ended(tx, &ended); err != nil {
				return err
			}
		}
		return g.note(tx, who, "approval."+string(to), &ended, nil)
	})
	if err != nil {
		return nil, err
	}
	return &ended, nil
}
