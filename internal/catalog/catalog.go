package catalog

import (
	"context"
	"errors"
	"log/slog"

	"foyer/internal/actor"
	"foyer/internal/approval"
	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/idgen"
	"foyer/internal/sqldb"
)

// Config is what a catalogue is made of. Everything is required but SeatMaps.
type Config struct {
	DB      *sqldb.DB
	Stores  Stores
	Journal Journal
	Stock   Stock
	// SeatMaps finds the seat map for sessions that name none; nil: they must name one.
	SeatMaps SeatMaps
	Files    Files
	IDs      *idgen.Source
	Clock    clock.Clock
	Log      *slog.Logger
	// Approvals decides which commands take two people; nil: none does.
	Approvals approval.Port
	// Public makes the public id of a key, for the cards of the public lists.
	Public func(kind idgen.Kind, id int64) string
}

// Catalog is the module: its commands change what is sold, its views read it from memory.
type Catalog struct {
	cfg   Config
	board *showcase
	// calledOff is told of a cancelled session in the transaction that cancels it; or nil.
	calledOff Aftermath

	organizations kit[Organization]
	venues        kit[Venue]
	halls         kit[Hall]
	events        kit[Event]
	ticketTypes   kit[TicketType]
	priceLists    kit[PriceList]
	policies      kit[RefundPolicy]
	sessions      kit[Session]
	media         kit[Media]
	offers        kit[Offer]
	releases      kit[Release]
	batches       kit[CodeBatch]
	holidays      kit[HolidayList]

	months months
}

// New makes a catalogue with an empty picture; call Load before it serves.
func New(cfg Config) *Catalog {
	s := cfg.Stores
	c := &Catalog{cfg: cfg,
		organizations: kit[Organization]{s.Organizations, KindOrganization, "organization"},
		venues:        kit[Venue]{s.Venues, KindVenue, "venue"},
		halls:         kit[Hall]{s.Halls, KindHall, "hall"},
		events:        kit[Event]{s.Events, KindEvent, "event"},
		ticketTypes:   kit[TicketType]{s.TicketTypes, KindTicketType, "ticket_type"},
		priceLists:    kit[PriceList]{s.PriceLists, KindPriceList, "price_list"},
		policies:      kit[RefundPolicy]{s.RefundPolicies, KindRefundPolicy, "refund_policy"},
		sessions:      kit[Session]{s.Sessions, KindSession, "session"},
		media:         kit[Media]{s.Media, KindMedia, "media"},
		offers:        kit[Offer]{s.Offers, KindOffer, "offer"},
		releases:      kit[Release]{s.Releases, KindRelease, "release"},
		batches:       kit[CodeBatch]{s.Batches, KindBatch, "code_batch"},
		holidays:      kit[HolidayList]{s.Holidays, KindHolidays, "holiday_list"},
	}
	c.board = newShowcase(cfg)
	return c
}

// Stores are the stores, for reading what staff edit.
func (c *Catalog) Stores() Stores { return c.cfg.Stores }

// Allow decides a command: nil when the actor may, fault.Missing when the organization is
// none of theirs, fault.NotAllowed otherwise. Foyer itself may do everything.
func Allow(who actor.Actor, p actor.Permission, organization, venue int64) error {
	switch {
	case who.Kind == actor.System, who.May(p, organization, venue):
		return nil
	case Sees(who, organization) != nil:
		return fault.Missing
	}
	return fault.NotAllowed.With("permission", string(p))
}

// Sees refuses with fault.Missing whoever has nothing to do with the organization.
func Sees(who actor.Actor, organization int64) error {
	if who.Kind == actor.System {
		return nil
	}
	for _, g := range who.Grants {
		if g.Organization == organization {
			return nil
		}
	}
	return fault.Missing
}

func scopeOf(organization int64) actor.Scope { return actor.Scope{Organization: organization} }

func isMissing(err error) bool { return errors.Is(err, fault.Missing) }

// inTx runs a command and then brings the picture up to date, so that whoever is answered
// reads his own change.
func (c *Catalog) inTx(ctx context.Context, fn func(tx *sqldb.Tx) error) error {
	err := c.cfg.DB.InTx(ctx, fn)
	c.board.catchUp()
	return err
}
