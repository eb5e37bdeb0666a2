package catalog

import (
	"context"
	"time"

	"foyer/internal/actor"
	"foyer/internal/journal"
	"foyer/internal/sqldb"
)

// importKind names an import in the journal: many objects changed in one command.
const importKind = "imp"

// Bulk is many changes in one transaction under one journal entry: all of them happen or
// none. Make one with InBulk.
type Bulk struct {
	c   *Catalog
	tx  *sqldb.Tx
	who actor.Actor
	org int64

	Created, Updated, Unchanged int
}

// bulkData is what the journal keeps of an import.
type bulkData struct {
	What      string `json:"what"`
	Source    string `json:"source"` // digest of what was read
	Created   int    `json:"created"`
	Updated   int    `json:"updated"`
	Unchanged int    `json:"unchanged"`
}

// InBulk runs fn in one transaction at low priority. dry does everything and then undoes
// it, by the same path. Rights are those of each change.
func (c *Catalog) InBulk(ctx context.Context, who actor.Actor, organization int64, what,
	source string, dry bool, fn func(b *Bulk) error) (*Bulk, error) {
	var out *Bulk
	id := c.cfg.IDs.Next()
	err := c.cfg.DB.InTxLow(ctx, func(tx *sqldb.Tx) error {
		b := &Bulk{c: c, tx: tx, who: who, org: organization}
		if err := fn(b); err != nil {
			return err
		}
		out = b
		if dry {
			return errDry
		}
		if b.Created+b.Updated > 0 {
			c.entry(tx, who, organization, what+".imported",
				bulkData{what, source, b.Created, b.Updated, b.Unchanged},
				journal.Object{Kind: importKind, ID: id, Revision: 1})
		}
		return nil
	})
	c.board.catchUp()
	if err == errDry {
		err = nil
	}
	if err != nil {
		return nil, err
	}
	return out, nil
}

type dryRun struct{}

func (dryRun) Error() string { return "catalog: a dry run is undone" }

// errDry undoes a dry run; it never leaves InBulk.
var errDry = dryRun{}

func (b *Bulk) scope() actor.Scope { return scopeOf(b.org) }

// PutEvent makes or changes the event of e.Code. A change keeps what e leaves empty only
// as far as keep copies it. A published event must stay complete.
func (b *Bulk) PutEvent(e Event, keep func(was, next *Event)) (*Event, error) {
	if err := Allow(b.who, PermEvent, b.org, 0); err != nil {
		return nil, err
	}
	e.Organization = b.org
	was, err := b.c.cfg.Stores.Codes.EventByCode(b.tx, b.scope(), e.Code)
	if err != nil {
		return nil, err
	}
	if was == nil {
		e.ID, e.State = b.c.cfg.IDs.Next(), Draft
		if err := e.check(); err != nil {
			return nil, err
		}
		b.Created++
		return &e, insert(b.c, b.tx, b.c.events, &e, b.c.finishEvent)
	}
	next := *was
	next.EventInfo, next.Poster, next.Stills = e.EventInfo, e.Poster, e.Stills
	keep(was, &next)
	if err := b.c.checkEvent(b.tx, was, &next); err != nil {
		return nil, err
	}
	if len(changedFields(was, &next)) == 0 {
		b.Unchanged++
		return was, nil
	}
	b.Updated++
	return &next, overwrite(b.c, b.tx, b.c.events, was, &next)
}

// PutSession plans the session of a hall and a start, or changes the one that is there.
func (b *Bulk) PutSession(s Session) (*Session, error) {
	s.Organization = b.org
	if err := s.check(); err != nil {
		return nil, err
	}
	t := b.c.cfg.Stores.Timetable
	was, err := t.At(b.tx, b.scope(), s.HallID, s.StartsAt)
	if err != nil {
		return nil, err
	}
	if was == nil {
		s.ID, s.State = b.c.cfg.IDs.Next(), SessionDraft
		b.Created++
		return &s, insert(b.c, b.tx, b.c.sessions, &s, func(tx *sqldb.Tx, s *Session) error {
			return b.c.planSession(tx, b.who, s)
		})
	}
	next := *was
	next.EventID, next.PriceListID, next.RefundPolicyID = s.EventID, s.PriceListID, s.RefundPolicyID
	next.SessionInfo = s.SessionInfo
	next.AreaCapacity = was.AreaCapacity
	if err := Allow(b.who, PermSession, was.Organization, was.VenueID); err != nil {
		return nil, err
	}
	if len(changedFields(was, &next)) == 0 {
		b.Unchanged++
		return was, nil
	}
	if err := b.c.replan(b.tx, b.who, was, &next); err != nil {
		return nil, err
	}
	b.Updated++
	return &next, overwrite(b.c, b.tx, b.c.sessions, was, &next)
}

// Sell puts a planned session on sale, as part of the import.
func (b *Bulk) Sell(s *Session) error {
	if s.State != SessionDraft {
		return nil
	}
	if err := Allow(b.who, PermSell, b.org, s.VenueID); err != nil {
		return err
	}
	if err := b.c.sellable(b.tx, s); err != nil {
		return err
	}
	was, next := *s, *s
	next.State = SessionOnSale
	if err := overwrite(b.c, b.tx, b.c.sessions, &was, &next); err != nil {
		return err
	}
	*s = next
	return nil
}

// Picture stores the row of a picture whose bytes are kept already.
func (b *Bulk) Picture(p Picture) (*Media, error) {
	m := &Media{Meta: Meta{ID: b.c.cfg.IDs.Next(), Organization: b.org}, Digest: p.Digest,
		ContentType: p.ContentType, Bytes: int64(len(p.Data)), Width: p.Width, Height: p.Height}
	return m, insert(b.c, b.tx, b.c.media, m, nil)
}

// SamePicture says whether a picture of the organization has these bytes.
func (b *Bulk) SamePicture(id int64, digest string) (bool, error) {
	if id == 0 {
		return false, nil
	}
	m, err := b.c.cfg.Stores.Media.Find(b.tx, b.scope(), id)
	if err != nil {
		return false, err
	}
	return m.Digest == digest, nil
}

// KeepFile stores bytes under their digest, before the transaction that names them.
func (c *Catalog) KeepFile(ctx context.Context, p Picture) error {
	return c.cfg.Files.Put(ctx, p.Digest, p.Data)
}

// EventFor finds the event that a programme names, by code or by exact title. found is the
// number of events that it may mean: one is needed.
func (b *Bulk) EventFor(name string) (event *Event, found int, err error) {
	event, err = b.c.cfg.Stores.Codes.EventByCode(b.tx, b.scope(), name)
	if err != nil || event != nil {
		return event, 1, err
	}
	list, err := b.c.cfg.Stores.Codes.EventsByTitle(b.tx, b.scope(), name)
	if err != nil || len(list) != 1 {
		return nil, len(list), err
	}
	return list[0], 1, nil
}

// Now is the time of the transaction.
func (b *Bulk) Now() time.Time { return b.tx.Now }

// Try runs one row in a savepoint, so that its failure is told and the rest is still read.
func (b *Bulk) Try(fn func() error) error { return b.tx.Try(fn) }
