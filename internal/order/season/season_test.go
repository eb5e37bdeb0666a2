package season_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/money"
	"foyer/internal/order"
	"foyer/internal/order/orderdb"
	. "foyer/internal/order/ordertest"
	"foyer/internal/order/season"
	"foyer/internal/seating"
)

var ctx = context.Background()

// stage is a season of four nights on sale.
type stage struct {
	*World
	*season.Seasons
	s *season.Season
}

func setUp(t *testing.T, w *World, change func(*season.Season)) stage {
	t.Helper()
	seats := seating.New(seating.Config{Board: w.Board, Plans: seating.NewPlanCache(w.Places)})
	m := season.New(season.Config{DB: w.DB, Store: orderdb.NewSeasons(w.DB), Sessions: w.Catalog,
		Seats: seats, Orders: w.Orders, Journal: w.Journal, IDs: w.IDs, Clock: w.Clock,
		Public: w.Public})
	s := season.Season{Organization: w.House.Org.ID, Info: season.Info{Name: "四夜"}}
	for range 4 {
		s.Sessions = append(s.Sessions, w.OnSale(t, nil).ID)
	}
	if change != nil {
		change(&s)
	}
	made, err := m.Create(ctx, actor.SystemActor, s)
	if err == nil {
		made, err = m.SetState(ctx, actor.SystemActor, s.Organization, made.ID, 1, season.OnSale)
	}
	if err != nil {
		t.Fatal(err)
	}
	return stage{w, m, made}
}

func (s stage) ask(place int32, nights ...season.Otherwise) season.Booking {
	return season.Booking{Season: s.s.ID, Channel: order.ChannelH5, Expect: -1,
		Seats: []season.SeatAsk{{Place: place, TicketType: s.Types.Adult, Nights: nights}}}
}

func (s stage) book(who actor.Actor, b season.Booking) (o *order.Order, err error) {
	_, err = s.Seasons.Book(ctx, who, b, nil, Rendered(&o))
	return o, err
}

// TestASeason: all nights cost the season's sum, fewer their part of it, and a night on
// another seat is one of them; the units add up to the fen.
func TestASeason(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, w *World) {
		s := setUp(t, w, func(s *season.Season) {
			s.LeastNights = 3
			s.Prices = []season.Price{{TicketType: w.Types.Adult, Amount: 14_999}}
		})
		for i, c := range []struct {
			want  money.Minor
			lines int
			night []season.Otherwise
		}{
			{14_999, 4, nil},
			{14_999, 4, []season.Otherwise{{Session: s.s.Sessions[2], Place: 50}}},
			{11_249, 3, []season.Otherwise{{Session: s.s.Sessions[0], LeaveOut: true}}},
		} {
			me := Member(int64(i + 1))
			o, err := s.book(me, s.ask(int32(10*i+1), c.night...))
			if err != nil || o.Total != c.want || len(o.Lines) != c.lines {
				t.Fatalf("%+v, %v: want %d", o, err, c.want)
			}
			var sum money.Minor
			for _, l := range o.Lines {
				for _, u := range l.Units {
					sum += u.Amount
				}
			}
			if sum != o.Total || o.Terms.Run.Season != s.s.ID {
				t.Errorf("units sum to %d, %+v", sum, o.Terms)
			}
			w.Pay(t, me, o.ID)
		}
		free, err := s.FreeSeats(ctx, s.s.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, seat := range free {
			if seat.Place == 1 || seat.Place == 50 || seat.Place == HouseSeat {
				t.Errorf("seat %d is not free on every night", seat.Place)
			}
		}
	})
}

// TestWhatASeasonRefuses: each refusal by its code; a taken seat with every night and the
// nearest free seat of each.
func TestWhatASeasonRefuses(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, w *World) {
		s := setUp(t, w, func(s *season.Season) {
			s.SaleUntil = w.Clock.Now().Add(time.Hour)
			s.Prices = []season.Price{{TicketType: w.Types.Adult, BasisPoints: 1000}}
		})
		for _, session := range []int64{s.s.Sessions[1], s.s.Sessions[3]} {
			_, _, err := w.Try(Member(9), order.PlaceAsk{Session: session, ExpectTotal: -1,
				Channel: order.ChannelH5, Lines: []order.LineAsk{Seats(w.Types.Adult, 5)}})
			if err != nil {
				t.Fatal(err)
			}
		}
		me := Member(1)
		_, err := s.book(me, s.ask(5))
		wants(t, err, season.ErrSeatTaken)
		list := fault.Of(err).Details["nights"].([]season.TakenNight)
		if len(list) != 2 || list[0].Session != w.Public(catalog.KindSession, s.s.Sessions[1]) ||
			list[0].Place != 5 || list[0].Nearest != 4 && list[0].Nearest != 6 {
			t.Fatalf("%+v", list)
		}
		_, err = s.book(me, s.ask(7, season.Otherwise{Session: s.s.Sessions[0], LeaveOut: true}))
		wants(t, err, season.ErrNights)
		other := s.ask(7)
		other.Seats[0].TicketType = w.Types.Child
		_, err = s.book(me, other)
		wants(t, err, season.ErrPrice)
		_, err = s.book(me, s.ask(7, season.Otherwise{Session: w.Session.ID, Place: 8}))
		wants(t, err, fault.BadInput)
		if q, err := s.Quote(ctx, me, s.ask(7)); err != nil || q.Total != 18_000 {
			t.Fatal(q, err)
		}
		w.Fake.Advance(time.Hour)
		_, err = s.book(me, s.ask(7))
		wants(t, err, season.ErrNotOnSale)
		closed, err := s.SetState(ctx, actor.SystemActor, s.s.Organization, s.s.ID, 2,
			season.Closed)
		if err != nil || closed.State != season.Closed {
			t.Fatal(closed, err)
		}
		_, err = s.SetState(ctx, actor.SystemActor, s.s.Organization, s.s.ID, 3, season.Closed)
		wants(t, err, season.ErrState)
	})
}

func wants(t *testing.T, err error, want *fault.Definition) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("%v, want %s", err, want.Code)
	}
}
