package checkin

import (
	"context"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/journal"
	"foyer/internal/sqldb"
)

// CreatePrecinct adds a precinct to a venue. Refused with fault.Missing, fault.NotAllowed,
// fault.BadInput, ErrPrecinctCode and ErrTooManyPrecincts.
func (d *Devices) CreatePrecinct(ctx context.Context, who actor.Actor, p Precinct) (
	*Precinct, error,
) {
	scope := actor.Scope{Organization: p.Organization}
	if err := d.at(ctx, who, scope, p.Venue); err != nil {
		return nil, err
	}
	if err := p.clean(); err != nil {
		return nil, err
	}
	p.ID = d.cfg.IDs.Next()
	err := d.cfg.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		n, err := d.precincts.Count(tx, scope, p.Venue)
		if err != nil {
			return err
		}
		if n >= MaxPrecincts {
			return ErrTooManyPrecincts.With("most", MaxPrecincts)
		}
		if err := d.precincts.Insert(tx, &p); err != nil {
			return taken(err)
		}
		d.notePrecinct(tx, who, &p, "precinct.created")
		return nil
	})
	return &p, err
}

// ReplacePrecinct changes a precinct; the refusals are CreatePrecinct's. Its code may change
// too: ticket types name it by the code.
func (d *Devices) ReplacePrecinct(ctx context.Context, who actor.Actor, p Precinct) (
	*Precinct, error,
) {
	scope := actor.Scope{Organization: p.Organization}
	if err := d.at(ctx, who, scope, p.Venue); err != nil {
		return nil, err
	}
	if err := p.clean(); err != nil {
		return nil, err
	}
	err := d.cfg.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		ok, err := d.precincts.Update(tx, &p)
		if err != nil {
			return taken(err)
		}
		if !ok {
			return fault.Missing
		}
		d.notePrecinct(tx, who, &p, "precinct.changed")
		tx.AfterCommit(d.posts.forget)
		return nil
	})
	return &p, err
}

// Precincts are those of a venue.
func (d *Devices) Precincts(ctx context.Context, who actor.Actor, scope actor.Scope,
	venue int64,
) ([]Precinct, error) {
	if err := d.at(ctx, who, scope, venue); err != nil {
		return nil, err
	}
	return d.precincts.OfVenue(ctx, scope, venue)
}

func (d *Devices) notePrecinct(tx *sqldb.Tx, who actor.Actor, p *Precinct, action string) {
	d.note(tx, who, p.Organization, action,
		journal.Object{Kind: string(KindPrecinct), ID: p.ID},
		journal.Object{Kind: string(catalog.KindVenue), ID: p.Venue})
}

func taken(err error) error {
	if sqldb.IsDuplicate(err) {
		return ErrPrecinctCode
	}
	return err
}

func (p *Precinct) clean() error {
	var list fault.Problems
	p.Name = cleanName(&list, "name", p.Name, 1)
	p.NameEn = cleanName(&list, "name_en", p.NameEn, 0)
	if !catalog.ValidCode(p.Code) {
		list.Add("code", "is a to z, 0 to 9, - and _, at most 40 / 编码只能用小写字母、数字、- 和 _")
	}
	if p.Capacity < 0 || p.Capacity > maxCapacity {
		list.Add("capacity", "must be 0 to %d / 应为 0 到 %d", maxCapacity, maxCapacity)
	}
	return list.Err()
}
