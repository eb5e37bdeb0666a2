package payment

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"foyer/internal/actor"
	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/idgen"
	"foyer/internal/recent"
	"foyer/internal/sqldb"
)

// Permissions on payments.
const (
	PermView   actor.Permission = "payment.view"
	PermRepair actor.Permission = "payment.repair"
)

// Config of payments; the zero value is usable.
type Config struct {
	// CallSeconds is how long one call of a provider may take; 0 means 10.
	CallSeconds int `help:"Seconds that a call of a payment provider may take (0: 10)."`
	// Concurrent is how many providers' answers are awaited at once by reconciliation; 0
	// means 32.
	Concurrent int `help:"Payments reconciled at the same time (0: 32)."`
	// UnknownMinutes is how long a provider may leave us without an answer after the end
	// of an attempt before a person is asked; 0 means 30.
	UnknownMinutes int `help:"Minutes of silence before a person is asked (0: 30)."`
	// RefundHours is the time within which a refund usually arrives; 0 means 72.
	RefundHours int `help:"Hours within which a refund usually arrives (0: 72)."`
	// TimeZone cuts the days of the figures; nil means Asia/Shanghai's +08:00.
	TimeZone *time.Location `kong:"-"`
}

// Parts are what payments work with; all but Alarm are required.
type Parts struct {
	DB      *sqldb.DB
	Store   Store
	Settler Settler
	Journal Journal
	// MaySee refuses who may not see an order; order's Get decides it.
	MaySee func(ctx context.Context, order int64, who actor.Actor) error
	Clock  clock.Clock
	IDs    *idgen.Source
	Log    *slog.Logger
}

// Payments is the use cases of money. Make one with New.
type Payments struct {
	Parts
	cfg       Config
	providers map[string]Provider
	channels  map[string]Provider

	wake    chan struct{}
	slots   chan struct{}
	mu      sync.Mutex
	flights map[int64]*flight
	fresh   *recent.Map[int64, *Payment] // open, as they were opened; never changed
	hour    hourly
	days    map[dayKey][]TallyRow
}

// keptOpen is how many open payments are remembered: most are paid within a minute.
const keptOpen = 16_384

// New makes the payments over the providers; each is also a channel of its own name, but
// for those of money by hand.
func New(cfg Config, p Parts, providers ...Provider) *Payments {
	if cfg.CallSeconds == 0 {
		cfg.CallSeconds = 10
	}
	if cfg.Concurrent == 0 {
		cfg.Concurrent = 32
	}
	if cfg.UnknownMinutes == 0 {
		cfg.UnknownMinutes = 30
	}
	if cfg.RefundHours == 0 {
		cfg.RefundHours = 72
	}
	if cfg.TimeZone == nil {
		cfg.TimeZone = time.FixedZone("UTC+8", 8*3600)
	}
	s := &Payments{Parts: p, cfg: cfg, providers: map[string]Provider{},
		channels: map[string]Provider{}, wake: make(chan struct{}, 1),
		slots: make(chan struct{}, cfg.Concurrent), flights: map[int64]*flight{},
		days: map[dayKey][]TallyRow{}, fresh: recent.New[int64, *Payment](keptOpen)}
	for _, pr := range providers {
		s.providers[pr.Name()] = pr
		if !byHand(pr) {
			s.channels[pr.Name()] = pr
		}
	}
	return s
}

// Channels are the names of the channels that a buyer may choose.
func (p *Payments) Channels() []string { return slices.Sorted(maps.Keys(p.channels)) }

// ArrivesBy is when a refund should have arrived.
func (p *Payments) ArrivesBy(r *Refund) time.Time {
	return r.RequestedAt().Add(time.Duration(p.cfg.RefundHours) * time.Hour)
}

// call bounds one call of a provider.
func (p *Payments) call(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, time.Duration(p.cfg.CallSeconds)*time.Second)
}

// provider is the one that a row names; a row of a provider that is no longer configured
// cannot be asked.
func (p *Payments) provider(name string) (Provider, error) {
	if pr := p.providers[name]; pr != nil {
		return pr, nil
	}
	return nil, ErrProviderSilent.With("provider", name)
}

func (p *Payments) poke() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// Get is a payment that the caller may see: whoever may see its order, and staff only with
// PermView. Everything else is ErrNotFound.
func (p *Payments) Get(ctx context.Context, who actor.Actor, id int64) (*Payment, error) {
	pay, err := p.Store.Find(ctx, id)
	if err != nil {
		return nil, err
	}
	return pay, p.sees(ctx, who, pay.Organization, pay.Order)
}

// GetRefund is Get for a refund.
func (p *Payments) GetRefund(ctx context.Context, who actor.Actor, id int64) (*Refund, error) {
	r, err := p.Store.FindRefund(ctx, id)
	if err != nil {
		return nil, err
	}
	return r, p.sees(ctx, who, r.Organization, r.Order)
}

// OfOrder lists the payments of an order that the caller may see, the newest first.
func (p *Payments) OfOrder(ctx context.Context, who actor.Actor, order int64) (
	[]*Payment, error,
) {
	if err := p.MaySee(ctx, order, who); err != nil {
		return nil, err
	}
	list, err := p.Store.OfOrder(ctx, order)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list, p.sees(ctx, who, list[0].Organization, order)
}

// RefundsOf lists the refunds of an order that the caller may see, the newest first.
func (p *Payments) RefundsOf(ctx context.Context, who actor.Actor, order int64) (
	[]*Refund, error,
) {
	if err := p.MaySee(ctx, order, who); err != nil {
		return nil, err
	}
	list, err := p.Store.RefundsOfOrder(ctx, order)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list, p.sees(ctx, who, list[0].Organization, order)
}

func (p *Payments) sees(ctx context.Context, who actor.Actor, organization, order int64) error {
	if who.Kind == actor.Staff && !holds(who, PermView, organization) {
		return ErrNotFound
	}
	if who.Kind == actor.System {
		return nil
	}
	if err := p.MaySee(ctx, order, who); err != nil {
		if fault.KindOf(err) == fault.NotFound {
			return ErrNotFound
		}
		return err
	}
	return nil
}

// holds says whether staff have a permission anywhere in the organization; at which of its
// venues is decided by who may see the order.
func holds(who actor.Actor, perm actor.Permission, organization int64) bool {
	return slices.ContainsFunc(who.Grants, func(g actor.Grant) bool {
		return g.Organization == organization && who.May(perm, organization, g.Venue)
	})
}
