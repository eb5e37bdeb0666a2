package bench

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"

	"foyer/internal/actor"
	"foyer/internal/bench/load"
	"foyer/internal/catalog"
	"foyer/internal/checkin"
	"foyer/internal/idgen"
	"foyer/internal/journal"
	"foyer/internal/member"
	"foyer/internal/order"
	"foyer/internal/secret"
	"foyer/internal/signin"
	"foyer/internal/sqldb"
)

// memberSlice is how many members are made in one transaction.
const memberSlice = 250

// buildMembers makes buyers who are signed in. They get no code by SMS each; their rows are
// those that a first sign-in writes, sealed under keys of their own.
func (w *world) buildMembers(ctx context.Context) error {
	for from := 0; from < w.members; from += memberSlice {
		n := min(memberSlice, w.members-from)
		records, tokens := make([]member.Record, n), make([]signin.Fresh, n)
		for i := range records {
			var err error
			if records[i], err = w.member(from + i); err != nil {
				return err
			}
			tokens[i] = w.Door.Fresh(secret.MemberToken)
		}
		if err := w.DB.InTx(ctx, func(tx *sqldb.Tx) error {
			return w.insertMembers(tx, records, tokens)
		}); err != nil {
			return err
		}
		for _, t := range tokens {
			w.out.Members = append(w.out.Members, t.Token)
		}
		w.show("members", from+n, w.members)
	}
	return nil
}

func (w *world) member(i int) (member.Record, error) {
	phone := fmt.Sprintf("+86139%08d", i)
	key := w.Ring.NewSubjectKey()
	sealed, err := w.Ring.SealWith(key, []byte("member.phone"), []byte(phone))
	return member.Record{ID: w.IDs.Next(), State: member.Active, Language: "zh-Hans",
		PhoneIndex: w.Ring.BlindIndex("phone", phone), PhoneSealed: sealed, SubjectKey: key,
		Revision: 1, CreatedAt: w.now}, err
}

func (w *world) insertMembers(tx *sqldb.Tx, records []member.Record, tokens []signin.Fresh) error {
	for i, r := range records {
		if err := w.Members.Store.Insert(tx, r); err != nil {
			return err
		}
		if _, err := w.Door.Issue(tx, tokens[i], signin.MemberAccount(r.ID), "bench",
			netip.Addr{}); err != nil {
			return err
		}
		w.Journal.Append(tx, journal.Entry{Action: "member.created", Data: []byte(`{}`),
			Actor:   actor.Actor{Kind: actor.Member, ID: r.ID},
			Objects: []journal.Object{{Kind: "mem", ID: r.ID, Revision: 1}}})
	}
	return nil
}

// bulkOrder is the places of one order that fills a hall: a group at the counter.
const bulkOrder = 20

// gateOrders are paid orders whose gates are open, by venue.
type gateOrders struct {
	sync.Mutex
	of map[int64][]int64
}

// sellSeats fills the sessions: the seats that are taken belong to paid orders of guests,
// with their tickets, placed through the same door as everybody's.
func (w *world) sellSeats(ctx context.Context) error {
	w.orders.of = map[int64][]int64{}
	total := len(w.out.Sessions)
	var done atomic.Int64
	return inParallel(ctx, builders/4, total+1, func(ctx context.Context, i int) error {
		p, s := w.places[w.halls], &w.out.Big
		if i < total {
			p, s = w.places[i%w.halls], &w.out.Sessions[i]
		}
		// Which seats are taken is scattered over the hall, but pairs stay together.
		for k := 0; k+1 < len(p.seats); k += 2 {
			pair := p.seats[k : k+2]
			if (k/2*7+i)%10 < w.taken {
				s.Taken = append(s.Taken, pair...)
			} else {
				s.Free = append(s.Free, pair...)
			}
		}
		id, err := w.Codec.Decode(catalog.KindSession, s.ID)
		if err != nil {
			return err
		}
		for part := range slices.Chunk(s.Taken, bulkOrder) {
			sold, err := w.sell(ctx, id, part)
			if err != nil {
				return err
			}
			if i < 2*w.halls {
				w.orders.Lock()
				w.orders.of[p.venue] = append(w.orders.of[p.venue], sold)
				w.orders.Unlock()
			}
		}
		w.show("sold seats", int(done.Add(1)), total+1)
		return nil
	})
}

// sell places an order that costs nothing and so is paid and ticketed at once.
func (w *world) sell(ctx context.Context, session int64, places []int32) (id int64, err error) {
	ask := order.PlaceAsk{Session: session, Channel: order.ChannelCounter, ExpectTotal: 0,
		Lines: []order.LineAsk{{TicketType: w.guest, Places: places}}}
	_, err = w.Orders.Place(ctx, who, ask, nil, func(o *order.Order) (journal.Answer, error) {
		id = o.ID
		return journal.Answer{Status: http.StatusCreated}, nil
	})
	return id, err
}

// buildGates enrols a device at each of the first venues and gives it tickets to scan.
func (w *world) buildGates(ctx context.Context) error {
	var venues []int64
	for v := range w.orders.of {
		venues = append(venues, v)
	}
	slices.Sort(venues)
	venues = venues[:min(gates, len(venues))]
	w.out.Gates = make([]load.Gate, len(venues))
	for i, v := range venues {
		d, code, err := w.CheckIn.Devices().Create(ctx, who, checkin.Device{Organization: w.org,
			Venue: v, Name: fmt.Sprintf("闸机 %d", i+1)})
		if err != nil {
			return err
		}
		_, token, err := w.CheckIn.Devices().Enrol(ctx, code, d.Name)
		if err != nil {
			return err
		}
		g := &w.out.Gates[i]
		g.Token = token
		if g.Codes, err = w.codes(ctx, w.orders.of[v], w.sizes.codes/len(venues)); err != nil {
			return err
		}
		w.show("gates", i+1, len(venues))
	}
	return nil
}

// codes are the codes of up to n tickets of some orders.
func (w *world) codes(ctx context.Context, orders []int64, n int) ([]string, error) {
	var list []string
	for _, id := range orders {
		tickets, err := w.Tickets.Store().OfOrder(ctx, id)
		if err != nil {
			return nil, err
		}
		for i := range tickets {
			if len(list) == n {
				return list, nil
			}
			code, err := w.Tickets.Code(&tickets[i])
			if err != nil {
				return nil, err
			}
			list = append(list, code)
		}
	}
	return list, nil
}

// orderKind is the kind of public ids of orders.
const orderKind idgen.Kind = "ord"
