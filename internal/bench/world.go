package bench

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"foyer/internal/actor"
	"foyer/internal/app"
	"foyer/internal/bench/load"
	"foyer/internal/catalog"
	"foyer/internal/seating/halls"
	"foyer/internal/seating/seatmap"
)

// sizes is how large a world is.
type sizes struct {
	venues, halls int // halls in all
	sessions      int // of each hall; the first two open their gates now
	rows, columns int // of a hall
	events        int
	members       int
	taken         int // of ten seats
	codes         int // tickets to scan
}

// fullSize is the world of QUALITY.md: 200 halls of about 500 seats, 60 % full, with enough
// sessions that no row runs out of seats.
func fullSize() sizes {
	return sizes{venues: 20, halls: 200, sessions: 5, rows: 20, columns: 26, events: 10_000,
		members: 10_000, taken: 6, codes: 44_000}
}

// shortSize is the same with fewer sessions and codes: as much as the short rows need.
func shortSize() sizes {
	s := fullSize()
	s.sessions, s.codes = 3, 16_000
	return s
}

// world is the installation that is loaded.
type world struct {
	*app.App
	sizes
	show func(what string, done, total int)
	rnd  *dice
	now  time.Time

	org, poster, list, policy int64
	adult, guest              int64 // ticket types: what buyers pay, and what costs nothing
	places                    []place
	events                    []int64
	orders                    gateOrders
	out                       load.World
	took                      []string // by step
}

// place is a hall with its published map.
type place struct {
	venue, hall, version int64
	seats                []int32 // ordinary ones, in order
	total                int
}

// who builds the world: Foyer itself.
var who = actor.SystemActor

// gates is how many devices scan, each at a venue of its own.
const gates = 8

// build fills an empty installation. Everything goes through the modules, as it would if
// people did it: sold seats are paid orders with tickets.
func (w *world) build(ctx context.Context) error {
	w.now, w.rnd = w.Clock.Now(), &dice{state: 1}
	for _, step := range []struct {
		what string
		do   func(context.Context) error
	}{{"house", w.buildHouse}, {"halls", w.buildHalls}, {"events", w.buildEvents},
		{"sessions", w.buildSessions}, {"members", w.buildMembers}, {"sold seats", w.sellSeats},
		{"gates", w.buildGates}} {
		began := w.Clock.Now()
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("building the world: %s: %w", step.what, err)
		}
		w.took = append(w.took, fmt.Sprintf("%s %.1f s", step.what,
			w.Clock.Now().Sub(began).Seconds()))
	}
	return nil
}

func (w *world) meta() catalog.Meta { return catalog.Meta{Organization: w.org} }

func (w *world) buildHouse(ctx context.Context) error {
	org, err := w.Catalog.CreateOrganization(ctx, who, catalog.OrganizationInfo{
		Name: "测量院线", NameEn: "Measured Houses", Currency: "CNY"})
	if err != nil {
		return err
	}
	w.org = org.ID
	for _, t := range []struct {
		id   *int64
		info catalog.TicketTypeInfo
	}{
		{&w.adult, catalog.TicketTypeInfo{Kind: "adult", Code: "adult", Name: "成人票",
			NameEn: "Adult"}},
		{&w.guest, catalog.TicketTypeInfo{Kind: "free", Code: "guest", Name: "赠票",
			NameEn: "Guest"}},
	} {
		made, err := w.Catalog.CreateTicketType(ctx, who,
			catalog.TicketType{Meta: w.meta(), TicketTypeInfo: t.info})
		if err != nil {
			return err
		}
		*t.id = made.ID
	}
	policy, err := w.Catalog.CreateRefundPolicy(ctx, who, catalog.RefundPolicy{Meta: w.meta(),
		RefundPolicyInfo: catalog.RefundPolicyInfo{Name: "阶梯退票", NameEn: "Ladder", Allowed: true,
			Ladder: []catalog.Rung{{UntilBefore: 1440}, {UntilBefore: 120, FeePercent: 1000},
				{UntilBefore: 30, FeePercent: 3000}}}})
	if err != nil {
		return err
	}
	w.policy = policy.ID
	return w.buildPrices(ctx)
}

// buildPrices makes a list with rules as houses have them: dear week-ends and evenings,
// cheap when bought early.
func (w *world) buildPrices(ctx context.Context) error {
	early := 2
	info := catalog.PriceListInfo{Name: "标准价", RoundTo: 100, Rules: []catalog.PriceRule{
		{Name: "周末", Weekdays: []int{6, 7}, Change: catalog.ChangePercent, Value: 11_000},
		{Name: "晚场", From: "18:00", Before: "29:59", Change: catalog.ChangeAdd, Value: 500},
		{Name: "早订", DaysBeforeLeast: &early, Change: catalog.ChangePercent, Value: 9_000}}}
	for i := range info.Rules { // guests pay nothing at any time
		info.Rules[i].TicketTypes = []int64{w.adult}
	}
	for _, zone := range []string{halls.CinemaStandard, halls.CinemaGold, halls.CinemaCouple} {
		info.Cells = append(info.Cells, catalog.PriceCell{Zone: zone, TicketType: w.adult,
			Amount: 4500}, catalog.PriceCell{Zone: zone, TicketType: w.guest})
	}
	made, err := w.Catalog.CreatePriceList(ctx, who,
		catalog.PriceList{Meta: w.meta(), PriceListInfo: info})
	if err != nil {
		return err
	}
	w.list = made.ID
	return nil
}

// buildHalls makes the venues with their halls, and a hall of 2,000 seats as the last.
func (w *world) buildHalls(ctx context.Context) error {
	var venues []int64
	for i := range w.venues {
		id, err := w.buildVenue(ctx, i)
		if err != nil {
			return err
		}
		venues = append(venues, id)
	}
	w.places = make([]place, w.halls+1)
	var done atomic.Int64
	return inParallel(ctx, 16, len(w.places), func(ctx context.Context, i int) error {
		defer func() { w.show("halls", int(done.Add(1)), len(w.places)) }()
		spec := halls.CinemaSpec{Name: fmt.Sprintf("%d号厅", i+1), Rows: w.rows, Columns: w.columns}
		m := halls.Cinema(spec)
		for i == w.halls && seatsOf(m) < bigSeats { // until it has the 2,000
			spec.Rows, spec.Columns = spec.Rows+1, spec.Columns+1
			m = halls.Cinema(spec)
		}
		var err error
		w.places[i], err = w.buildHall(ctx, venues[i*len(venues)/len(w.places)], spec.Name, m)
		return err
	})
}

// bigSeats is the least size of the hall whose states `seatmap` reads.
const bigSeats = 2000

func seatsOf(m *seatmap.Map) (n int) {
	for _, f := range m.Floors {
		for _, s := range f.Sections {
			for _, r := range s.Rows {
				n += len(r.Seats)
			}
		}
	}
	return n
}

func (w *world) buildHall(ctx context.Context, venue int64, name string, m *seatmap.Map) (
	place, error,
) {
	hall, err := w.Catalog.CreateHall(ctx, who, catalog.Hall{Meta: w.meta(), VenueID: venue,
		HallInfo: catalog.HallInfo{Name: name, TimeSlots: true}})
	if err != nil {
		return place{}, err
	}
	draft, err := w.Seating.SaveDraft(ctx, who, w.org, hall.ID, 0, m)
	if err != nil {
		return place{}, err
	}
	published, err := w.Seating.Publish(ctx, who, w.org, hall.ID, draft.Revision, false)
	if err != nil {
		return place{}, err
	}
	plan, err := w.Seating.Plan(ctx, published.Version.ID)
	if err != nil {
		return place{}, err
	}
	p := place{venue: venue, hall: hall.ID, version: plan.Version, total: plan.Index.Len()}
	for i := range p.total {
		if s := plan.Index.Seat(i); s.Kind == seatmap.Standard {
			p.seats = append(p.seats, int32(s.Place))
		}
	}
	return p, nil
}

// inParallel runs fn for 0..n-1 on some goroutines; the first error ends it.
func inParallel(ctx context.Context, goroutines, n int, fn func(context.Context, int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var all sync.WaitGroup
	for range min(goroutines, n) {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				if err := fn(ctx, i); err != nil {
					cancel(err)
				}
			}
		})
	}
	all.Wait()
	return context.Cause(ctx)
}

// dice is a small generator of the same numbers in every run, so that two runs build the
// same world (splitmix64).
type dice struct{ state uint64 }

func (d *dice) below(n int) int {
	d.state += 0x9e3779b97f4a7c15
	z := d.state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return int((z ^ z>>31) % uint64(n))
}

func (d *dice) pick(list []string) string { return list[d.below(len(list))] }
