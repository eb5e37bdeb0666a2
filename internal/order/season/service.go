package season

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/idgen"
	"foyer/internal/journal"
	"foyer/internal/order"
	"foyer/internal/seating"
	"foyer/internal/sqldb"
)

// Store keeps seasons; package orderdb implements it.
type Store interface {
	Insert(tx *sqldb.Tx, s *Season) error
	// Update writes over revision was; fault.Stale when it is another.
	Update(tx *sqldb.Tx, s *Season, was int64) error
	Find(tx *sqldb.Tx, scope actor.Scope, id int64) (*Season, error)
	Get(ctx context.Context, id int64) (*Season, error)
	List(ctx context.Context, scope actor.Scope, before int64, limit int) ([]*Season, error)
	Count(tx *sqldb.Tx, scope actor.Scope) (int, error)
	// Guard says whether a season has this revision and is on sale.
	Guard(tx *sqldb.Tx, scope actor.Scope, id, revision int64) (bool, error)
}

// Sessions is the catalogue as seasons need it.
type Sessions interface {
	Sellable(ctx context.Context, session int64) (*catalog.Sellable, error)
}

// Seats knows which seats of a session are free.
type Seats interface {
	Night(ctx context.Context, s *catalog.Sellable) (*seating.Night, error)
}

// Orders places and prices what a booking comes to.
type Orders interface {
	Place(ctx context.Context, who actor.Actor, ask order.PlaceAsk, receipt *journal.Receipt,
		render order.Render) (journal.Answer, error)
	Price(ctx context.Context, who actor.Actor, ask order.PlaceAsk) (*order.Order, error)
	// Holds says whether a member has an unpaid order in one of the sessions.
	Holds(ctx context.Context, who actor.Actor, sessions []int64) (bool, error)
}

// Journal takes one entry for each accepted command.
type Journal interface {
	Append(tx *sqldb.Tx, e journal.Entry) journal.Position
}

// Config is what Seasons is made of; everything is required.
type Config struct {
	DB       *sqldb.DB
	Store    Store
	Sessions Sessions
	Seats    Seats
	Orders   Orders
	Journal  Journal
	IDs      *idgen.Source
	Clock    clock.Clock
	// Public makes the public id of a key, for the nights that a refusal names.
	Public func(kind idgen.Kind, id int64) string
}

// Seasons is the use cases of seasons.
type Seasons struct{ cfg Config }

// New makes the module.
func New(cfg Config) *Seasons { return &Seasons{cfg} }

func itoa(n int) string { return strconv.Itoa(n) }

// maxSeasons bounds the seasons of an organization.
const maxSeasons = 2000

// Create makes a draft. Refused with fault.Missing, fault.NotAllowed, fault.BadInput and
// ErrTooMany.
func (m *Seasons) Create(ctx context.Context, who actor.Actor, s Season) (*Season, error) {
	if err := catalog.Sees(who, s.Organization); err != nil {
		return nil, err
	}
	if err := m.complete(ctx, &s); err != nil {
		return nil, err
	}
	if err := mayWrite(who, &s); err != nil {
		return nil, err
	}
	s.ID, s.State, s.Revision = m.cfg.IDs.Next(), Draft, 1
	err := m.cfg.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		n, err := m.cfg.Store.Count(tx, actor.Scope{Organization: s.Organization})
		if err == nil && n >= maxSeasons {
			err = ErrTooMany.With("limit", maxSeasons)
		}
		if err != nil {
			return err
		}
		s.CreatedAt, s.UpdatedAt = tx.Now, tx.Now
		if err := m.cfg.Store.Insert(tx, &s); err != nil {
			return err
		}
		return m.note(tx, who, &s, "season.created")
	})
	return &s, err
}

// complete holds a season to its bounds and to what its sessions are.
func (m *Seasons) complete(ctx context.Context, s *Season) error {
	s.SaleFrom, s.SaleUntil = whole(s.SaleFrom), whole(s.SaleUntil)
	s.Sessions = slices.Clone(s.Sessions)
	if err := s.check(); err != nil {
		return err
	}
	nights, err := m.nights(ctx, s)
	if err != nil {
		return err
	}
	return s.fits(nights)
}

func whole(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

func (m *Seasons) nights(ctx context.Context, s *Season) ([]*catalog.Sellable, error) {
	list := make([]*catalog.Sellable, len(s.Sessions))
	for i, id := range s.Sessions {
		var err error
		if list[i], err = m.cfg.Sessions.Sellable(ctx, id); err != nil {
			return nil, fault.Of(err).At("session_ids["+itoa(i)+"]", "unknown / 没有该场次")
		}
	}
	return list, nil
}

// mayWrite refuses who may not plan sessions of the venue; prices take their own right.
func mayWrite(who actor.Actor, s *Season) error {
	err := catalog.Allow(who, catalog.PermSession, s.Organization, s.Venue)
	if err == nil && len(s.Prices) > 0 {
		err = catalog.Allow(who, catalog.PermPrice, s.Organization, s.Venue)
	}
	return err
}

// Update replaces what people wrote of a season; orders keep what they were given. Refused
// as Create, and with fault.Stale.
func (m *Seasons) Update(ctx context.Context, who actor.Actor, s Season) (*Season, error) {
	if err := catalog.Sees(who, s.Organization); err != nil {
		return nil, err
	}
	if err := m.complete(ctx, &s); err != nil {
		return nil, err
	}
	return m.change(ctx, who, s.Organization, s.ID, s.Revision, "season.changed",
		func(was *Season) error {
			for _, v := range []*Season{was, &s} {
				if err := mayWrite(who, v); err != nil {
					return err
				}
			}
			was.Venue, was.Info = s.Venue, s.Info
			was.SaleFrom, was.SaleUntil = s.SaleFrom, s.SaleUntil
			return nil
		})
}

// SetState puts a season on sale or closes it. Refused with fault.Missing, fault.NotAllowed,
// fault.BadInput when a session does not fit any more, ErrState and fault.Stale.
func (m *Seasons) SetState(ctx context.Context, who actor.Actor, organization, id,
	revision int64, to State,
) (*Season, error) {
	if err := catalog.Sees(who, organization); err != nil {
		return nil, err
	}
	now, err := m.cfg.Store.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	if now.Organization != organization {
		return nil, fault.Missing
	}
	if to == OnSale {
		if err := m.complete(ctx, now); err != nil {
			return nil, err
		}
	}
	return m.change(ctx, who, organization, id, revision, "season."+string(to),
		func(s *Season) error {
			if err := catalog.Allow(who, catalog.PermSell, s.Organization, s.Venue); err != nil {
				return err
			}
			if !slices.Contains(edges[s.State], to) {
				return ErrState.With("state", s.State)
			}
			s.State = to
			return nil
		})
}

func (m *Seasons) change(ctx context.Context, who actor.Actor, organization, id, revision int64,
	action string, do func(s *Season) error,
) (*Season, error) {
	var out *Season
	err := m.cfg.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		s, err := m.cfg.Store.Find(tx, actor.Scope{Organization: organization}, id)
		if err != nil {
			return err
		}
		if err := do(s); err != nil {
			return err
		}
		if s.Revision != revision {
			return fault.Stale.With("revision", s.Revision)
		}
		s.Revision, s.UpdatedAt = revision+1, tx.Now
		if err := m.cfg.Store.Update(tx, s, revision); err != nil {
			return err
		}
		out = s
		return m.note(tx, who, s, action)
	})
	return out, err
}

func (m *Seasons) note(tx *sqldb.Tx, who actor.Actor, s *Season, action string) error {
	data, err := json.Marshal(struct {
		Info
		State     State     `json:"state"`
		SaleFrom  time.Time `json:"sale_from,omitzero"`
		SaleUntil time.Time `json:"sale_until,omitzero"`
	}{s.Info, s.State, s.SaleFrom, s.SaleUntil})
	if err != nil {
		return err
	}
	m.cfg.Journal.Append(tx, journal.Entry{Actor: who, Organization: s.Organization,
		Action: action, Data: data, Objects: []journal.Object{
			{Kind: string(KindSeason), ID: s.ID, Revision: s.Revision}}})
	return nil
}

// Of is a season that staff of its house may see. Refused with fault.Missing.
func (m *Seasons) Of(ctx context.Context, who actor.Actor, organization, id int64) (
	*Season, error,
) {
	if err := catalog.Sees(who, organization); err != nil {
		return nil, err
	}
	s, err := m.cfg.Store.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	if s.Organization != organization {
		return nil, fault.Missing
	}
	return s, nil
}

// List is a page of a house's seasons, the newest first, below a key; 0 for the first.
func (m *Seasons) List(ctx context.Context, who actor.Actor, organization, before int64,
	limit int,
) ([]*Season, error) {
	if err := catalog.Sees(who, organization); err != nil {
		return nil, err
	}
	if before == 0 {
		before = 1<<63 - 1
	}
	return m.cfg.Store.List(ctx, actor.Scope{Organization: organization}, before, limit)
}

// Selling says whether a night sells now by itself.
func (m *Seasons) Selling(n *catalog.Sellable) catalog.SaleState {
	return n.SaleAt(m.cfg.Clock.Now())
}
