package ticket

import (
	"context"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/journal"
	"foyer/internal/sqldb"
)

// Pictures finds the media of an organization; the catalogue's store does. It refuses with
// fault.Missing.
type Pictures interface {
	Get(ctx context.Context, scope actor.Scope, id int64) (*catalog.Media, error)
}

// KeepPhoto keeps the photo of a ticket's holder with the ticket, to be compared at the
// gate. A photo is a media of the ticket's organization; media 0 takes it away. Refused
// with ErrNoTicket, ErrVoid, fault.NotAllowed, and fault.Missing for somebody else's media.
func (t *Tickets) KeepPhoto(ctx context.Context, who actor.Actor, id, media int64) (*View, error) {
	tck, err := t.see(ctx, who, id)
	if err != nil {
		return nil, err
	}
	if who.Kind != actor.Staff || !who.May(PermPrint, tck.Organization, tck.Venue) {
		return nil, fault.NotAllowed.With("permission", string(PermPrint))
	}
	scope := actor.Scope{Organization: tck.Organization}
	if media != 0 {
		if t.cfg.Pictures == nil {
			return nil, fault.Missing
		}
		if _, err := t.cfg.Pictures.Get(ctx, scope, media); err != nil {
			return nil, err
		}
	}
	err = t.cfg.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		ok, err := t.cfg.Store.KeepPhoto(tx, scope, id, media)
		if err != nil {
			return err
		}
		if !ok {
			return ErrVoid
		}
		t.cfg.Journal.Append(tx, journal.Entry{Actor: who, Organization: tck.Organization,
			Action: "ticket.photo_kept", Objects: []journal.Object{
				{Kind: string(KindTicket), ID: id}}})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return t.Get(ctx, who, id)
}
