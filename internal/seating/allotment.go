package seating

import (
	"context"
	"strings"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/idgen"
	"foyer/internal/journal"
	"foyer/internal/sqldb"
)

// Channel is whom an allotment is kept for. Orders through it sell from the allotment;
// nobody else can, until it falls back.
type Channel string

// The channels of allotments.
const (
	Online  Channel = "online"  // the buyers' own apps and pages
	Counter Channel = "counter" // the counter and its kiosks
	HouseOf Channel = "house"   // what the house gives away or sells itself
	Agency  Channel = "agency"
	Loyalty Channel = "loyalty"
)

// Channels are those that an allotment may be made for.
func Channels() []Channel { return []Channel{Online, Counter, HouseOf, Agency, Loyalty} }

// Allotment is places of a session kept for one channel.
type Allotment struct {
	ID           int64
	Organization int64
	Session      int64
	Channel      Channel
	Reason       string
	FallsBackAt  time.Time // zero: only by hand
	By           int64
	CreatedAt    time.Time
	ReleasedAt   time.Time // zero while it stands
	Places       []int32   // what is left of it
	Areas        []AreaQty
}

// KindAllotment is the kind of an allotment's public id.
const KindAllotment idgen.Kind = "alt"

// Owner is whose the claims of an allotment are.
func (a Allotment) Owner() Owner { return Owner{OwnerAllotment, a.ID} }

// State is how the board shows what is left: kept for buyers online it is free in their
// eyes, kept for anybody else it is closed.
func (a Allotment) State() ClaimState {
	if a.Channel == Online {
		return Kept
	}
	return Closed
}

// Stands says whether the allotment still keeps its places from others at a moment. From
// the very time of its falling back everybody may buy, whether or not the job has run.
func (a Allotment) Stands(now time.Time) bool {
	return a.ReleasedAt.IsZero() && (a.FallsBackAt.IsZero() || now.Before(a.FallsBackAt))
}

// SellsTo says whether orders through a channel may take from the allotment.
func (a Allotment) SellsTo(c Channel, now time.Time) bool {
	return a.ReleasedAt.IsZero() && (a.Channel == c && c != "" || !a.Stands(now))
}

// Refusals of allotments.
var (
	ErrFallBackPast = fault.Define(fault.Invalid, "fall_back_past",
		"回退时间必须在现在之后、场次结束之前",
		"An allotment falls back after now and before the session ends.",
		"Name a later time, or leave it out and give the places back by hand.")
	ErrAllotments = fault.Define(fault.Conflict, "too_many_allotments",
		"这个场次的配额太多了,请先收回一些", "The session has too many allotments.",
		"Release some of them; details.max says how many may stand.")
	ErrNotAllotted = fault.Define(fault.Conflict, "not_allotted",
		"配额里没有这些座位或数量,可能已售出", "The allotment does not have all of these places any more.",
		"Read the allotment again; what is sold is no longer in it.")
)

// maxAllotments bounds those that stand in one session.
const maxAllotments = 50

// JobFallBack gives an allotment's places to everybody; its object is the allotment.
const JobFallBack = "allotment.fall_back"

// AllotAsk is a wish of the house.
type AllotAsk struct {
	Channel     Channel
	Places      []int32
	Areas       []AreaQty
	Reason      string
	FallsBackAt time.Time
}

// AllotmentStore keeps whom places are kept for.
type AllotmentStore interface {
	InsertAllotment(tx *sqldb.Tx, a Allotment) error
	// EndAllotment notes that an allotment is over; false when it was before.
	EndAllotment(tx *sqldb.Tx, scope actor.Scope, id int64) (bool, error)
	AllotmentIn(tx *sqldb.Tx, scope actor.Scope, id int64) (Allotment, error)
	// StandingIn are the allotments of a session that are not over, oldest first.
	StandingIn(tx *sqldb.Tx, session int64) ([]Allotment, error)
	// AllotmentsOf are all of a session, newest first, with what is left of them.
	AllotmentsOf(ctx context.Context, scope actor.Scope, session int64) ([]Allotment, error)
	// AllotmentOrganization is whose an allotment is; fault.Missing.
	AllotmentOrganization(ctx context.Context, id int64) (int64, error)
}

// Jobs takes timed work.
type Jobs interface {
	Enqueue(tx *sqldb.Tx, j journal.Job) error
}

// Allot keeps places and area units for a channel. Refused with fault.Missing, NotAllowed
// and BadInput, ErrUnknownPlace, ErrPlaceTaken, ErrAreaFull, ErrFallBackPast, ErrAllotments.
func (s *Seating) Allot(ctx context.Context, who actor.Actor, organization, session int64,
	ask AllotAsk,
) (*Allotment, error) {
	sellable, err := s.mayBlock(ctx, who, organization, session)
	if err != nil {
		return nil, err
	}
	plan, err := s.cfg.Plans.Plan(ctx, sellable.SeatMapVersionID)
	if err != nil {
		return nil, err
	}
	ask.Reason = strings.TrimSpace(ask.Reason)
	if err := checkAllot(ask, sellable, s.now()); err != nil {
		return nil, err
	}
	if ask.Areas, err = checkBlock(plan, ask.Places, ask.Areas, ask.Reason); err != nil {
		return nil, err
	}
	a := Allotment{ID: s.cfg.IDs.Next(), Organization: organization, Session: session,
		Channel: ask.Channel, Reason: ask.Reason, FallsBackAt: ask.FallsBackAt, By: who.ID,
		CreatedAt: s.now(), Places: ask.Places, Areas: ask.Areas}
	err = s.change(ctx, func(tx *sqldb.Tx) error { return s.allotIn(tx, who, a) })
	if err != nil {
		return nil, err
	}
	return &a, nil
}

func checkAllot(ask AllotAsk, s *catalog.Sellable, now time.Time) error {
	known := false
	for _, c := range Channels() {
		known = known || c == ask.Channel
	}
	if !known {
		return fault.BadInput.At("channel", "one of online, counter, house, agency, loyalty")
	}
	if t := ask.FallsBackAt; !t.IsZero() && (!t.After(now) || t.After(s.EndsAt)) {
		return ErrFallBackPast.At("falls_back_at", "is not between now and the session's end")
	}
	return nil
}

func (s *Seating) allotIn(tx *sqldb.Tx, who actor.Actor, a Allotment) error {
	standing, err := s.cfg.Store.StandingIn(tx, a.Session)
	if err != nil {
		return err
	}
	if len(standing) >= maxAllotments {
		return ErrAllotments.With("max", maxAllotments)
	}
	if err := s.cfg.Store.InsertAllotment(tx, a); err != nil {
		return err
	}
	if err := s.cfg.Book.Claim(tx, Claim{Session: a.Session, Owner: a.Owner(),
		State: a.State(), Places: a.Places, Areas: a.Areas}); err != nil {
		return err
	}
	if !a.FallsBackAt.IsZero() {
		if err := s.cfg.Jobs.Enqueue(tx, journal.Job{Kind: JobFallBack, ObjectID: a.ID,
			Due: a.FallsBackAt}); err != nil {
			return err
		}
	}
	return s.recordAllotment(tx, who, "places.allotted", a, a.Places, a.Areas)
}

// change runs a command after which the session is of another revision, so that every
// process that sells it looks at its allotments again.
func (s *Seating) change(ctx context.Context, fn func(tx *sqldb.Tx) error) error {
	err := s.cfg.DB.InTx(ctx, fn)
	s.cfg.Revisions.CatchUp()
	return err
}

func (s *Seating) recordAllotment(tx *sqldb.Tx, who actor.Actor, action string, a Allotment,
	places []int32, areas []AreaQty,
) error {
	revision, err := s.cfg.Revisions.RaiseSession(tx, a.Organization, a.Session)
	if err != nil {
		return err
	}
	const listed = 300
	data := struct {
		Channel Channel   `json:"channel"`
		Places  []int32   `json:"places,omitempty"`
		Count   int       `json:"places_count"`
		Areas   []AreaQty `json:"areas,omitempty"`
	}{a.Channel, places[:min(len(places), listed)], len(places), areas[:min(len(areas), 50)]}
	return s.record(tx, who, a.Organization, action, data,
		journal.Object{Kind: string(KindAllotment), ID: a.ID, Revision: 1},
		journal.Object{Kind: string(catalog.KindSession), ID: a.Session, Revision: revision})
}

// GiveBack puts places and area units of an allotment on public sale; nil and nil puts all
// that is left and ends it. Refused with fault.Missing, NotAllowed, and ErrNotAllotted for
// what the allotment does not have.
func (s *Seating) GiveBack(ctx context.Context, who actor.Actor, organization, session, id int64,
	places []int32, areas []AreaQty,
) error {
	if _, err := s.mayBlock(ctx, who, organization, session); err != nil {
		return err
	}
	return s.change(ctx, func(tx *sqldb.Tx) error {
		a, err := s.cfg.Store.AllotmentIn(tx, actor.Scope{Organization: organization}, id)
		if err != nil {
			return err
		}
		if a.Session != session || !a.ReleasedAt.IsZero() {
			return fault.Missing
		}
		return s.giveBackIn(tx, who, a, places, areas, "allotment.given_back")
	})
}

func (s *Seating) giveBackIn(tx *sqldb.Tx, who actor.Actor, a Allotment, places []int32,
	areas []AreaQty, action string,
) error {
	err := s.cfg.Book.Release(tx, a.Session, a.Owner(), places, areas)
	if err != nil {
		if fault.KindOf(err) == fault.Internal && (places != nil || areas != nil) {
			return ErrNotAllotted.With("places", places).With("areas", areas)
		}
		return err
	}
	if places == nil && areas == nil {
		ended, err := s.cfg.Store.EndAllotment(tx,
			actor.Scope{Organization: a.Organization}, a.ID)
		if err != nil {
			return err
		}
		if !ended {
			return fault.Missing
		}
	}
	return s.recordAllotment(tx, who, action, a, places, areas)
}

// FallBack is the job of an allotment whose time has come. It bears any number of repeats.
func (s *Seating) FallBack(ctx context.Context, j journal.Job) (time.Duration, error) {
	organization, err := s.cfg.Store.AllotmentOrganization(ctx, j.ObjectID)
	if isMissing(err) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	var again time.Duration
	err = s.change(ctx, func(tx *sqldb.Tx) error {
		a, err := s.cfg.Store.AllotmentIn(tx, actor.Scope{Organization: organization}, j.ObjectID)
		switch {
		case err != nil || !a.ReleasedAt.IsZero():
			return err
		case a.Stands(tx.Now): // the clock was set back since
			again = max(a.FallsBackAt.Sub(tx.Now), time.Second)
			return nil
		}
		return s.giveBackIn(tx, actor.SystemActor, a, nil, nil, "allotment.fell_back")
	})
	return again, err
}

// Allotments are those of a session, newest first, with what is left of each. Refused with
// fault.Missing and fault.NotAllowed.
func (s *Seating) Allotments(ctx context.Context, who actor.Actor, organization, session int64,
) ([]Allotment, error) {
	if _, err := s.mayBlock(ctx, who, organization, session); err != nil {
		return nil, err
	}
	return s.cfg.Store.AllotmentsOf(ctx, actor.Scope{Organization: organization}, session)
}
