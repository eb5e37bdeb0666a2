package seating

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/idgen"
	"foyer/internal/journal"
	"foyer/internal/sqldb"
)

// Config is what seating is made of. Everything is required.
type Config struct {
	DB        *sqldb.DB
	Store     Store
	Book      Book
	Board     Board
	Plans     *PlanCache
	Sessions  Sessions
	Revisions Revisions
	Jobs      Jobs
	Halls     Halls
	Timetable Timetable
	Journal   Journal
	Clock     clock.Clock
	IDs       *idgen.Source
}

// Seating is the module: it proposes places, shows what is free, and lets staff draw seat
// maps and take places out of sale.
type Seating struct {
	*Chooser
	cfg Config
}

// New makes the module.
func New(cfg Config) *Seating {
	chooser := NewChooser(cfg.Board, cfg.Store, cfg.Plans, cfg.Clock).UseAllotments(cfg.Store)
	return &Seating{chooser, cfg}
}

// Plan is a published seat map, decoded; fault.Missing.
func (s *Seating) Plan(ctx context.Context, version int64) (*Plan, error) {
	return s.cfg.Plans.Plan(ctx, version)
}

// refOf is a session that everybody may see, with its map; fault.Missing for others.
func (s *Seating) refOf(ctx context.Context, session int64) (Ref, error) {
	sellable, err := s.cfg.Sessions.Sellable(ctx, session)
	if err != nil {
		return Ref{}, err
	}
	if !sellable.Public() {
		return Ref{}, fault.Missing
	}
	return Ref{session, sellable.SeatMapVersionID}, nil
}

// Seats is what is free in a session at this moment. Refused with fault.Missing.
func (s *Seating) Seats(ctx context.Context, session int64) (*Snapshot, error) {
	ref, err := s.refOf(ctx, session)
	if err != nil {
		return nil, err
	}
	return s.cfg.Board.Snapshot(ctx, ref)
}

// Watch streams what changes in a session after a stamp. Refused with fault.Missing.
func (s *Seating) Watch(ctx context.Context, session int64, since string) (*Subscription, error) {
	ref, err := s.refOf(ctx, session)
	if err != nil {
		return nil, err
	}
	return s.cfg.Board.Subscribe(ctx, ref, since)
}

// venueOf finds the venue of a hall for the question who may.
func (s *Seating) venueOf(ctx context.Context, organization, hall int64) (int64, error) {
	h, err := s.cfg.Halls.Get(ctx, actor.Scope{Organization: organization}, hall)
	if err != nil {
		return 0, err
	}
	return h.VenueID, nil
}

// mayMap decides a command about the seat map of a hall.
func (s *Seating) mayMap(ctx context.Context, who actor.Actor, p actor.Permission,
	organization, hall int64,
) error {
	if err := catalog.Sees(who, organization); err != nil {
		return err
	}
	venue, err := s.venueOf(ctx, organization, hall)
	if err != nil {
		return err
	}
	return catalog.Allow(who, p, organization, venue)
}

// record writes the one journal row of a command. data must be JSON of ids and numbers.
func (s *Seating) record(tx *sqldb.Tx, who actor.Actor, organization int64, action string,
	data any, objects ...journal.Object,
) error {
	b, err := json.Marshal(data)
	if err != nil {
		return err
	}
	s.cfg.Journal.Append(tx, journal.Entry{Actor: who, Organization: organization, Action: action,
		Objects: objects, Data: b})
	return nil
}

func isMissing(err error) bool { return errors.Is(err, fault.Missing) }

func (s *Seating) now() time.Time { return s.cfg.Clock.Now().UTC().Truncate(time.Millisecond) }
