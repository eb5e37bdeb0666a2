package checkin

import (
	"log/slog"
	"sync"
	"time"

	"foyer/internal/clock"
	"foyer/internal/idgen"
	"foyer/internal/sqldb"
	"foyer/internal/ticket/code"
)

// Config is what the module is made of. All but Capacities, Observe and MaxAge is required.
type Config struct {
	DB         *sqldb.DB
	Store      Store
	Tickets    Tickets
	Openings   Openings
	Buyers     Buyers
	Visitors   Visitors  // nil: nobody is ever named
	Documents  Documents // nil: lists hold no documents
	Waits      Waits     // nil: no refund waits for a gate
	Sessions   Sessions
	Venues     Venues
	Capacities Capacities
	Journal    Journal
	Ledger     Ledger
	IDs        *idgen.Source
	Clock      clock.Clock
	Keys       code.Keys // public keys of ticket codes
	MACs       MACs
	Log        *slog.Logger
	// Observe hears of every scan: "entry", "exit", "undo", or the code of the refusal.
	Observe func(outcome string)
	// MaxAge is how long a remembered device is believed; 0 for ever, which is right for
	// one process. Several set at most 1 s, so that a revocation reaches all within it.
	MaxAge time.Duration
}

// CheckIns admits people. Make one with New.
type CheckIns struct {
	cfg     Config
	store   CheckInStore
	devices *Devices
	media   MediumStore
	verify  *code.Verifier
	door    *sqldb.Door[*scan]

	mu     sync.Mutex
	people map[int64]counted // by session
}

// counted is how many people hold live tickets of a session, as read a moment ago.
type counted struct {
	n  int
	at time.Time
}

// New makes the module.
func New(cfg Config) *CheckIns {
	if cfg.Observe == nil {
		cfg.Observe = func(string) {}
	}
	c := &CheckIns{cfg: cfg, store: cfg.Store.CheckIns(), devices: newDevices(cfg),
		media:  cfg.Store.Media(),
		verify: code.NewVerifier(cfg.Keys), people: map[int64]counted{}}
	c.door = sqldb.NewDoor(cfg.DB, c.apply)
	return c
}

// Devices are the gates and devices; it is the source of device tokens for sign-in.
func (c *CheckIns) Devices() *Devices { return c.devices }

// PublicKeys is the JSON Web Key Set with which a gate checks codes without a network.
func (c *CheckIns) PublicKeys() ([]byte, error) { return code.ExportKeys(c.cfg.Keys) }
