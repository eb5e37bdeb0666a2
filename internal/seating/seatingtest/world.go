// Package seatingtest gives tests a hall with a book and a board, a board that lies, and
// the suite that every board must pass.
package seatingtest

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"foyer/internal/clock"
	"foyer/internal/httpx"
	"foyer/internal/idgen"
	"foyer/internal/seating"
	"foyer/internal/seating/seatingdb"
	"foyer/internal/seating/seatmap"
	"foyer/internal/sqldb"
)

// Session and MapID are the ones that a World begins with.
const (
	Session int64 = 1001
	MapID   int64 = 501
	Org     int64 = 7
	HallID  int64 = 71
)

// World is a session of a hall on a database of its own.
type World struct {
	DB    *sqldb.DB
	Clock clock.Clock
	IDs   *idgen.Source
	Store *seatingdb.Store
	Plans *seating.PlanCache
	Mem   *seating.MemBoard
	Board seating.Board
	Book  *seatingdb.Book
	Pick  *seating.Chooser
}

// Options change what a World is made of.
type Options struct {
	Map  *seatmap.Map // default: Rows(10, 20)
	Wrap func(*seating.MemBoard) seating.Board
	// MaxSessions bounds the board.
	MaxSessions int
}

// New makes a world with one session on sale.
func New(t testing.TB, db *sqldb.DB, clk clock.Clock, o Options) *World {
	t.Helper()
	if o.Map == nil {
		o.Map = Rows(10, 20)
	}
	ids, err := idgen.NewSource(clk, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	w := &World{DB: db, Clock: clk, IDs: ids, Store: seatingdb.New(db)}
	w.Plans = seating.NewPlanCache(w.Store)
	w.Mem = seating.NewMemBoard(seating.BoardConfig{Truth: w.Store, Plans: w.Plans, Clock: clk,
		IDs: ids, Log: slog.New(slog.DiscardHandler), MaxSessions: o.MaxSessions,
		Coalesce: 5 * time.Millisecond,
		Frame: func(id, name string, data []byte) []byte {
			return httpx.Event{ID: id, Name: name, Data: data}.Frame()
		}})
	w.Board = w.Mem
	if o.Wrap != nil {
		w.Board = o.Wrap(w.Mem)
	}
	w.Book = seatingdb.NewBook(w.Board)
	w.Pick = seating.NewChooser(w.Board, w.Store, w.Plans, clk)
	w.AddMap(t, MapID, o.Map)
	w.AddSession(t, Session, MapID)
	return w
}

// AddMap publishes a map under an id, without a draft.
func (w *World) AddMap(t testing.TB, id int64, m *seatmap.Map) {
	t.Helper()
	blob, err := seatmap.Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	w.Tx(t, func(tx *sqldb.Tx) error {
		return w.Store.InsertVersion(tx, seating.Version{ID: id, Organization: Org, Hall: HallID,
			Number: int(id), Seats: m.SeatCount(), Digest: fmt.Sprint(id), PublishedAt: tx.Now},
			blob)
	})
}

// AddSession opens the areas of a session; its seats need nothing.
func (w *World) AddSession(t testing.TB, session, mapID int64) {
	t.Helper()
	plan, err := w.Plans.Plan(context.Background(), mapID)
	if err != nil {
		t.Fatal(err)
	}
	w.Tx(t, func(tx *sqldb.Tx) error {
		for _, f := range plan.Index.Map().Floors {
			for _, a := range f.Areas {
				capacity := int(a.Capacity)
				if a.Kind.Whole() {
					capacity = 1
				}
				if err := w.Store.AddArea(tx, session, int32(a.Place), capacity); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// Tx runs a function in the writer and fails the test when it is refused.
func (w *World) Tx(t testing.TB, fn func(tx *sqldb.Tx) error) {
	t.Helper()
	if err := w.DB.InTx(context.Background(), fn); err != nil {
		t.Fatal(err)
	}
}

// Hold claims places for an order.
func (w *World) Hold(order int64, places ...int32) error {
	return w.DB.InTx(context.Background(), func(tx *sqldb.Tx) error {
		return w.Book.Claim(tx, seating.Claim{Session: Session, Owner: Order(order),
			State: seating.Held, Places: places, Until: tx.Now.Add(10 * time.Minute)})
	})
}

// Order is the owner of an order's claims.
func Order(id int64) seating.Owner { return seating.Owner{Kind: seating.OwnerOrder, ID: id} }

// Ref is the world's session with its map.
func Ref() seating.Ref { return seating.Ref{Session: Session, Map: MapID} }

// Rows is a plain hall of n rows of so many seats each, numbered from place 1, all in zone
// A, and a standing area of 100, a table and a slot behind them.
func Rows(n, seats int) *seatmap.Map {
	m := &seatmap.Map{Name: "hall",
		Stage: seatmap.Stage{Focal: seatmap.Point{X: int32(seats * 25)}},
		Zones: []seatmap.Zone{{Key: "A", Name: "A"}, {Key: "G", Name: "G"}}}
	sec := seatmap.Section{Name: "s"}
	for r := range n {
		row := seatmap.Row{Label: fmt.Sprint(r + 1)}
		for i := range seats {
			row.Seats = append(row.Seats, seatmap.Seat{GUID: fmt.Sprintf("%d-%d", r+1, i+1),
				Label: fmt.Sprint(i + 1), X: int32(i * 50), Y: int32(r * 100), Zone: "A"})
		}
		sec.Rows = append(sec.Rows, row)
	}
	m.Floors = []seatmap.Floor{{Name: "1", Sections: []seatmap.Section{sec},
		Areas: []seatmap.Area{
			{GUID: "ga", Name: "站席", Kind: seatmap.Standing, Zone: "G", Capacity: 100},
			{GUID: "table", Name: "一号桌", Kind: seatmap.Table, Zone: "G", Capacity: 8}}}}
	if err := seatmap.Assign(nil, m); err != nil {
		panic(err) // the hall is too large for its own lineage: a mistake of the test
	}
	return m
}
