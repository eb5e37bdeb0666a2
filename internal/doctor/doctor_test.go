package doctor_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/checkin"
	"foyer/internal/checkin/checkindb"
	"foyer/internal/clock"
	"foyer/internal/doctor"
	"foyer/internal/doctor/doctordb"
	"foyer/internal/journal"
	"foyer/internal/money"
	"foyer/internal/order"
	"foyer/internal/order/ordertest"
	"foyer/internal/payment"
	"foyer/internal/seating"
	"foyer/internal/sqldb"
	"foyer/internal/sqldb/sqldbtest"
	"foyer/internal/ticket"
	"foyer/internal/ticket/ticketdb"
	"foyer/internal/ticket/tickettest"
)

// house is an installation with all kinds of orders in it.
type house struct {
	*ordertest.World
	paid, back, free, mixed, pending *order.Order
	kept                             seating.Allotment
}

// furnish leaves orders in every state, money of every kind, and people at the gates.
func furnish(t *testing.T, w *ordertest.World) *house {
	t.Helper()
	y, m := w.Types, ordertest.Member
	h := &house{World: w}
	h.paid = w.Buy(t, m(1), ordertest.Seats(y.Adult, 1, 2), ordertest.Seats(y.Child, 3))
	h.mixed = w.Buy(t, m(2), ordertest.Seats(y.Adult, ordertest.PairLeft, ordertest.PairRight),
		ordertest.Units(y.Adult, ordertest.Standing, 3),
		ordertest.Units(y.Family, ordertest.Standing, 3),
		ordertest.Units(y.Adult, ordertest.Table, 1))
	h.back = w.Buy(t, m(3), ordertest.Seats(y.Adult, 11, 12, 13))
	h.free = w.Buy(t, m(4), ordertest.Seats(y.Guest, 21))
	h.returnAll(t, w.Buy(t, m(5), ordertest.Seats(y.Adult, 31)), m(5))
	if _, err := w.Return(m(3), h.back.ID, ticket.UnitRef{Line: 1, Unit: 2}); err != nil {
		t.Fatal(err)
	}
	w.Settle(t)
	// One refund is still on its way.
	if _, err := w.Return(m(3), h.back.ID, ticket.UnitRef{Line: 1, Unit: 3}); err != nil {
		t.Fatal(err)
	}
	h.late(t, m(6))
	lapsed := w.Place(t, m(7), ordertest.Seats(y.Adult, 41),
		ordertest.Units(y.Adult, ordertest.Standing, 2))
	w.Lapse(t, lapsed)
	cancelled := w.Place(t, m(8), ordertest.Seats(y.Adult, 42))
	if _, err := w.Orders.Cancel(context.Background(), m(8), cancelled.ID); err != nil {
		t.Fatal(err)
	}
	closing := w.Place(t, m(9), ordertest.Seats(y.Adult, 43))
	if _, err := w.OpenPayment(m(9), closing.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Orders.Cancel(context.Background(), m(9), closing.ID); err != nil {
		t.Fatal(err)
	}
	h.pending = w.Place(t, m(10), ordertest.Seats(y.Adult, 44),
		ordertest.Units(y.Adult, ordertest.Standing, 2))
	if _, err := w.OpenPayment(m(10), h.pending.ID); err != nil {
		t.Fatal(err)
	}
	h.kept = h.allot(t)
	h.enter(t, h.paid)
	return h
}

// allot keeps seats for the counter, one of which it sells, and units for buyers online,
// of which one buys.
func (h *house) allot(t *testing.T) (counter seating.Allotment) {
	t.Helper()
	for i, c := range []seating.Channel{seating.Counter, seating.Online} {
		a := seating.Allotment{ID: h.IDs.Next(), Organization: h.House.Org.ID,
			Session: h.Session.ID, Channel: c, Reason: "团", CreatedAt: h.Clock.Now()}
		claim := seating.Claim{Session: a.Session, Owner: a.Owner(), State: a.State(),
			Places: []int32{61 + int32(3*i), 62 + int32(3*i)},
			Areas:  []seating.AreaQty{{Area: ordertest.Standing, N: 5}}}
		if err := h.DB.InTx(context.Background(), func(tx *sqldb.Tx) error {
			if err := h.Places.InsertAllotment(tx, a); err != nil {
				return err
			}
			if _, err := h.Catalog.RaiseSession(tx, a.Organization, a.Session); err != nil {
				return err
			}
			return h.Book.Claim(tx, claim)
		}); err != nil {
			t.Fatal(err)
		}
		if c == seating.Counter {
			counter = a
		}
	}
	h.Catalog.CatchUp()
	h.Place(t, ordertest.Member(11), ordertest.Seats(h.Types.Adult, 64),
		ordertest.Units(h.Types.Adult, ordertest.Standing, 2))
	ask := h.Ask(ordertest.Seats(h.Types.Adult, 61))
	ask.Channel = order.ChannelCounter
	if _, _, err := h.Try(h.Clerk(), ask); err != nil {
		t.Fatal(err)
	}
	return counter
}

func (h *house) returnAll(t *testing.T, o *order.Order, who actor.Actor) {
	t.Helper()
	if _, err := h.Return(who, o.ID); err != nil {
		t.Fatal(err)
	}
}

// late leaves money that came after the places were gone, and money of a wrong sum.
func (h *house) late(t *testing.T, who actor.Actor) {
	t.Helper()
	for i, amount := range []money.Minor{5000, 4999} {
		seat := ordertest.Seats(h.Types.Adult, 51+int32(i))
		o := h.Place(t, who, seat)
		p, err := h.OpenPayment(who, o.ID)
		if err != nil {
			t.Fatal(err)
		}
		h.Lapse(t, o)
		if _, err := h.Orders.Close(context.Background(), journal.Job{ObjectID: o.ID}); err != nil {
			t.Fatal(err)
		}
		h.Buy(t, ordertest.Member(60+int64(i)), seat)
		h.Till.Take(p.Number(), amount, p.Currency)
		if now := h.Look(t, p); now.State != payment.Captured || now.Result == payment.Paid {
			t.Fatalf("late money is %+v", now)
		}
	}
}

// enter lets the first unit of an order in through a gate, and out of it again once.
func (h *house) enter(t *testing.T, o *order.Order) {
	t.Helper()
	ctx := context.Background()
	module := checkin.New(checkin.Config{DB: h.DB, Store: checkindb.New(h.DB),
		Tickets: ticketdb.New(h.DB), Sessions: h.Catalog, Venues: h.Catalog.Stores().Venues,
		Journal: h.Journal, IDs: h.IDs, Clock: h.Clock, Keys: tickettest.Pair(1), MACs: macs{},
		Log: slog.New(slog.DiscardHandler)})
	h.Fake.Set(h.Session.StartsAt.Add(-catalog.GatesOpenBefore / 2))
	list, err := h.Tickets.OfOrder(ctx, actor.SystemActor, o.ID)
	if err != nil {
		t.Fatal(err)
	}
	who := h.Clerk()
	for i, d := range []checkin.Direction{checkin.Entry, checkin.Exit} {
		if _, err := module.Admit(ctx, who, checkin.Ask{Code: list[0].Code, Direction: d, N: 1,
			Session: h.Session.ID, Nonce: fmt.Sprint("n", i)}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := module.Admit(ctx, who, checkin.Ask{Code: list[1].Code,
		Direction: checkin.Entry, N: 1, Session: h.Session.ID, Nonce: "other"}); err != nil {
		t.Fatal(err)
	}
}

type macs struct{}

func (macs) MAC(purpose string, message []byte) []byte {
	return fmt.Appendf(nil, "%-32.32s", purpose+string(message))
}

func (h *house) examine(t testing.TB) *doctor.Report {
	t.Helper()
	d := &doctor.Doctor{Book: doctordb.New(h.DB), Lanes: lanes{h.World},
		Boards: seating.Audit{Board: h.Board, Truth: h.Places, Loaded: h.Board.Refs,
			Settle: func(ctx context.Context) error {
				return h.DB.InTx(ctx, func(*sqldb.Tx) error { return nil })
			}}}
	r, err := d.Check(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

type lanes struct{ w *ordertest.World }

func (l lanes) Verify(ctx context.Context) (int64, []string, error) {
	r, err := journal.Verify(ctx, l.w.Store, l.w.Secrets)
	var said []string
	for _, p := range r.Problems {
		said = append(said, p.Position.String()+": "+p.What)
	}
	return r.Rows, said, err
}

func TestAHealthyHouse(t *testing.T) {
	t.Parallel()
	ordertest.Each(t, func(t *testing.T, w *ordertest.World) {
		h := furnish(t, w)
		r := h.examine(t)
		for _, f := range r.Findings {
			t.Error(f)
		}
		if r.Counted["orders"] < 12 || r.Counted["boards"] != 1 || r.Counted["journal rows"] == 0 {
			t.Errorf("too little was looked at: %v", r.Counts())
		}
	})
}

// spoil changes the book behind the modules' backs.
func (h *house) spoil(t *testing.T, query string, args ...any) {
	t.Helper()
	if err := h.DB.InTx(context.Background(), func(tx *sqldb.Tx) error {
		n, err := tx.Exec(query, args...)
		if err == nil && n == 0 {
			t.Errorf("nothing was spoiled by %s", query)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

// TestEachRuleFires: one way to spoil the book, one row; the rule that must notice it does.
// I4 needs a client's file, so it is tested where that is read.
func TestEachRuleFires(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		rule  doctor.Rule
		spoil func(t *testing.T, h *house)
	}{
		{"a second live ticket", doctor.I1, func(t *testing.T, h *house) {
			h.spoil(t, `INSERT INTO ticket (id, organization_id, order_id, line, unit, units,
				member_id, session_id, venue_id, code_version, state, label, type_name,
				type_name_en, valid_from, issued_at, voided_at) SELECT 77, organization_id,
				order_id, line, unit, units, member_id, session_id, venue_id, code_version,
				state, label, type_name, type_name_en, valid_from, issued_at, voided_at
				FROM ticket WHERE order_id = ? AND line = 1 AND unit = 1`, h.paid.ID)
		}},
		{"a ticket is missing", doctor.I1, func(t *testing.T, h *house) {
			h.spoil(t, `DELETE FROM ticket WHERE order_id = ? AND line = 1 AND unit = 1`, h.paid.ID)
		}},
		{"a ticket that was voided lives", doctor.I1, func(t *testing.T, h *house) {
			h.spoil(t, `UPDATE ticket SET state = 'live' WHERE order_id = ? AND unit = 2`, h.back.ID)
		}},
		{"an entitlement that was voided lives", doctor.I1, func(t *testing.T, h *house) {
			h.spoil(t, `UPDATE entitlement SET state = 'void' WHERE session_id = ?
				AND state = 'live'`, h.Session.ID)
		}},
		{"a claim without an order", doctor.I1, func(t *testing.T, h *house) {
			h.spoil(t, `INSERT INTO claim (session_id, place, owner_kind, owner_id, state,
				held_until) VALUES (?, 99, 1, 4711, 2, 0)`, h.Session.ID)
		}},
		{"a claim for a place that it has not", doctor.I1, func(t *testing.T, h *house) {
			h.spoil(t, `INSERT INTO claim (session_id, place, owner_kind, owner_id, state,
				held_until) VALUES (?, 99, 1, ?, 2, 0)`, h.Session.ID, h.paid.ID)
		}},
		{"a claim is missing", doctor.I1, func(t *testing.T, h *house) {
			h.spoil(t, `DELETE FROM claim WHERE owner_id = ? AND place = 1`, h.paid.ID)
		}},
		{"a sold claim is held", doctor.I1, func(t *testing.T, h *house) {
			h.spoil(t, `UPDATE claim SET state = 1 WHERE owner_id = ? AND place = 1`, h.paid.ID)
		}},
		{"an order forgets that it was paid", doctor.I1, func(t *testing.T, h *house) {
			h.spoil(t, `UPDATE orders SET state = 'expired' WHERE id = ?`, h.paid.ID)
		}},
		{"area units for nobody", doctor.I1, func(t *testing.T, h *house) {
			h.spoil(t, `INSERT INTO area_claim (session_id, area, owner_kind, owner_id, n, state,
				held_until) VALUES (?, ?, 1, 4711, 1, 2, 0)`, h.Session.ID, ordertest.Standing)
		}},
		{"a posting is off by one", doctor.I2, func(t *testing.T, h *house) {
			h.spoil(t, `UPDATE posting SET amount_minor = amount_minor + 1 WHERE order_id = ?
				AND account = 'sales'`, h.paid.ID)
		}},
		{"captured without postings", doctor.I3, func(t *testing.T, h *house) {
			h.spoil(t, `DELETE FROM posting WHERE order_id = ?`, h.paid.ID)
		}},
		{"captured another sum", doctor.I3, func(t *testing.T, h *house) {
			h.spoil(t, `UPDATE payment SET captured_minor = captured_minor - 1 WHERE order_id = ?`,
				h.paid.ID)
		}},
		{"a refund arrived unbooked", doctor.I3, func(t *testing.T, h *house) {
			h.spoil(t, `UPDATE refund SET state = 'arrived' WHERE order_id = ?
				AND state <> 'arrived'`, h.back.ID)
		}},
		{"a fee that nobody took", doctor.I3, func(t *testing.T, h *house) {
			h.spoil(t, `UPDATE refund_unit SET fee_minor = 1 WHERE order_id = ? AND unit = 2`,
				h.back.ID)
		}},
		{"a refund twice", doctor.I5, func(t *testing.T, h *house) {
			h.spoil(t, `INSERT INTO refund (id, organization_id, order_id, payment_id, state,
				cause, amount_minor, currency, reason, provider_ref, accepted_at, arrived_at,
				ask_at, tries, problem, revision) SELECT id + 1000003, organization_id, order_id,
				payment_id, state, cause, amount_minor, currency, reason, provider_ref,
				accepted_at, arrived_at, ask_at, tries, problem, revision FROM refund
				WHERE order_id = ? AND state = 'arrived'`, h.back.ID)
		}},
		{"a unit went back without a refund", doctor.I5, func(t *testing.T, h *house) {
			h.spoil(t, `DELETE FROM refund WHERE order_id = ? AND state = 'arrived'`, h.back.ID)
		}},
		{"a unit went back that it has not", doctor.I5, func(t *testing.T, h *house) {
			h.spoil(t, `INSERT INTO refund_unit (order_id, line, unit, refund_id, amount_minor,
				fee_minor) VALUES (?, 9, 9, 0, 0, 0)`, h.paid.ID)
		}},
		{"a payment of no order", doctor.I5, func(t *testing.T, h *house) {
			h.spoil(t, `UPDATE payment SET order_id = 4711 WHERE order_id = ?`, h.pending.ID)
		}},
		{"a ticket for a unit that it has not", doctor.I5, func(t *testing.T, h *house) {
			h.spoil(t, `UPDATE ticket SET unit = 9 WHERE order_id = ? AND line = 1 AND unit = 1`,
				h.paid.ID)
		}},
		{"more admissions than allowed", doctor.I6, func(t *testing.T, h *house) {
			h.spoil(t, `UPDATE checkin SET counted = counted + 1 WHERE direction = 1`)
		}},
		{"used more often than allowed", doctor.I6, func(t *testing.T, h *house) {
			h.spoil(t, `UPDATE entitlement SET used = allowed + 1 WHERE session_id = ?`,
				h.Session.ID)
		}},
		{"a check-in of no ticket", doctor.I6, func(t *testing.T, h *house) {
			h.spoil(t, `UPDATE checkin SET ticket_id = 4711 WHERE direction = 2`)
		}},
		{"a journal row was changed", doctor.I7, func(t *testing.T, h *house) {
			h.spoil(t, `UPDATE journal SET action = 'order.gift' WHERE n = 9`)
		}},
		{"a journal row was removed", doctor.I7, func(t *testing.T, h *house) {
			h.spoil(t, `DELETE FROM journal WHERE n = 9`)
		}},
		{"the last journal row was removed", doctor.I7, func(t *testing.T, h *house) {
			var n int64
			if err := h.DB.QueryRow(context.Background(), `SELECT MAX(n) FROM journal`).
				Scan(&n); err != nil {
				t.Fatal(err)
			}
			h.spoil(t, `DELETE FROM journal WHERE n = ?`, n)
		}},
		{"the stock of an area is off", doctor.I8, func(t *testing.T, h *house) {
			h.spoil(t, `UPDATE area_stock SET taken = taken + 1 WHERE session_id = ? AND area = ?`,
				h.Session.ID, ordertest.Standing)
		}},
		{"area units are off", doctor.I8, func(t *testing.T, h *house) {
			h.spoil(t, `UPDATE area_claim SET n = n - 1 WHERE owner_id = ? AND area = ?`,
				h.mixed.ID, ordertest.Standing)
		}},
		{"units kept for buyers online are off", doctor.I8, func(t *testing.T, h *house) {
			h.spoil(t, `UPDATE area_stock SET kept = kept + 1 WHERE session_id = ? AND area = ?`,
				h.Session.ID, ordertest.Standing)
		}},
		{"an allotment is over but keeps", doctor.I8, func(t *testing.T, h *house) {
			h.spoil(t, `UPDATE allotment SET released_at = 1 WHERE id = ?
				/* any organization: a test */`, h.kept.ID)
		}},
		{"more came from an allotment than there is", doctor.I8, func(t *testing.T, h *house) {
			h.spoil(t, `UPDATE area_claim SET from_n = 99 WHERE session_id = ? AND from_n > 0`,
				h.Session.ID)
		}},
		{"a member's count is off", doctor.I8, func(t *testing.T, h *house) {
			h.spoil(t, `UPDATE limit_counter SET n = n + 1 WHERE session_id = ? AND subject = ?`,
				h.Session.ID, h.paid.Member)
		}},
		{"a member's live order is not", doctor.I8, func(t *testing.T, h *house) {
			h.spoil(t, `UPDATE limit_counter SET live_order_id = ? WHERE session_id = ?
				AND subject = ?`, h.paid.ID, h.Session.ID, h.paid.Member)
		}},
		{"a member's live order is forgotten", doctor.I8, func(t *testing.T, h *house) {
			h.spoil(t, `UPDATE limit_counter SET live_order_id = 0 WHERE session_id = ?
				AND subject = ?`, h.Session.ID, h.pending.Member)
		}},
		{"open payments are off", doctor.I8, func(t *testing.T, h *house) {
			h.spoil(t, `UPDATE orders SET open_payments = 0 WHERE id = ?`, h.pending.ID)
		}},
		{"what was refunded is off", doctor.I8, func(t *testing.T, h *house) {
			h.spoil(t, `UPDATE orders SET refunded_minor = refunded_minor + 1 WHERE id = ?`,
				h.back.ID)
		}},
		{"people inside are off", doctor.I8, func(t *testing.T, h *house) {
			h.spoil(t, `UPDATE session_count SET inside = inside + 1 WHERE session_id = ?`,
				h.Session.ID)
		}},
		{"the board lies", doctor.I9, func(t *testing.T, h *house) {
			h.Board.Apply(seating.Delta{Kind: seating.Begun, Seq: 1 << 40, Session: h.Session.ID,
				Owner: seating.Owner{Kind: seating.OwnerOrder, ID: 4711}, State: seating.Sold,
				Places: []int32{77}})
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			h := furnish(t, ordertest.Open(t))
			tc.spoil(t, h)
			r := h.examine(t)
			for _, f := range r.Findings {
				if f.Rule == tc.rule {
					return
				}
			}
			t.Errorf("%s did not fire: %v", tc.rule, r.Findings)
		})
	}
}

// TestNoFalseFindingsWhileSelling: eight buyers place, pay, give back, cancel and let lapse
// while the doctor reads; whatever he sees is whole.
func TestNoFalseFindingsWhileSelling(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func() clock.Clock { return clock.Real{} },
		func(t *testing.T, db *sqldb.DB) {
			h := &house{World: ordertest.New(t, db, clock.Real{})}
			ctx, stop := context.WithCancel(context.Background())
			var buyers sync.WaitGroup
			sold := make([]int, 8)
			for n := range 8 {
				buyers.Go(func() {
					for round := 0; ctx.Err() == nil; round++ {
						sold[n] += h.shop(t, int64(n), round)
					}
				})
			}
			for range 12 {
				for _, f := range h.examine(t).Findings {
					t.Error(f)
				}
			}
			stop()
			buyers.Wait()
			total := 0
			for _, n := range sold {
				total += n
			}
			if total < 8 {
				t.Errorf("only %d orders were bought meanwhile", total)
			}
			for _, f := range h.examine(t).Findings {
				t.Error(f)
			}
		})
}

// shop is one round of a buyer, on seats that he shares with his neighbour.
func (h *house) shop(t *testing.T, n int64, round int) (bought int) {
	who := ordertest.Member(n*10_000 + int64(round))
	place := int32(n/2*20+int64(round*3%20)) + 1
	o, _, err := h.Try(who, h.Ask(ordertest.Seats(h.Types.Adult, place),
		ordertest.Units(h.Types.Adult, ordertest.Standing, 1)))
	if err != nil {
		return 0 // the neighbour has it
	}
	if round%3 == 0 {
		if _, err := h.Orders.Cancel(context.Background(), who, o.ID); err != nil {
			t.Error(err)
		}
		return 0
	}
	p, err := h.OpenPayment(who, o.ID)
	if err != nil {
		t.Error(err)
		return 0
	}
	h.Till.Take(p.Number(), p.Amount, p.Currency)
	if _, err := h.Payments.Query(context.Background(), actor.SystemActor, p.ID); err != nil {
		t.Error(err)
	}
	for _, unit := range []ticket.UnitRef{{Line: 1, Unit: 1}, {Line: 2, Unit: 1}} {
		if _, err := h.Return(who, o.ID, unit); err != nil {
			t.Error(err)
		}
	}
	if _, err := h.Payments.Round(context.Background()); err != nil {
		t.Error(err)
	}
	return 1
}
