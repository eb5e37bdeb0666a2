package ordertest

import (
	"context"
	"fmt"
	"testing"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/catalog/catalogtest"
	"foyer/internal/order"
	"foyer/internal/seating"
	"foyer/internal/seating/seatmap"
	"foyer/internal/sqldb"
)

// Places of the hall: ten rows of ten seats are 1 to 100; behind them a couple pair, a
// house seat, a standing area of 50 and a table of eight.
const (
	PairLeft  int32 = 101
	PairRight int32 = 102
	HouseSeat int32 = 103
	Standing  int32 = 104
	Table     int32 = 105
)

// Types are the ticket types of the house; all prices are fen.
type Types struct {
	Adult   int64 // 5000 in zone A, 9900 the couple pair, 3000 an area place, 80000 the table
	Child   int64 // 2501 in zone A, 1500 an area place; at most 2 an order
	Family  int64 // 12000 for three places in zone A, 7000 in the standing area
	Counter int64 // 4000 in zone A, at the counter only
	Guest   int64 // nothing, in zone A
	Group   int64 // 3333 in zone A, at least 4 an order
}

func hall() *seatmap.Map {
	m := &seatmap.Map{Name: "hall", Stage: seatmap.Stage{Focal: seatmap.Point{X: 250}},
		Zones: []seatmap.Zone{{Key: "A", Name: "A"}, {Key: "C", Name: "情侣"},
			{Key: "G", Name: "站席"}, {Key: "T", Name: "桌"}}}
	sec := seatmap.Section{Name: "池座"}
	for r := range 10 {
		row := seatmap.Row{Label: fmt.Sprint(r + 1)}
		for i := range 10 {
			row.Seats = append(row.Seats, seat(r, i, "A", 0, 0))
		}
		sec.Rows = append(sec.Rows, row)
	}
	sec.Rows = append(sec.Rows, seatmap.Row{Label: "11", Seats: []seatmap.Seat{
		seat(10, 0, "C", seatmap.Couple, 1), seat(10, 1, "C", seatmap.Couple, 1),
		seat(10, 4, "A", seatmap.House, 0)}})
	m.Floors = []seatmap.Floor{{Name: "1", Sections: []seatmap.Section{sec},
		Areas: []seatmap.Area{
			{GUID: "ga", Name: "站席", Kind: seatmap.Standing, Zone: "G", Capacity: 50},
			{GUID: "table", Name: "一号桌", Kind: seatmap.Table, Zone: "T", Capacity: 8}}}}
	if err := seatmap.Assign(nil, m); err != nil {
		panic(err) // the map is a constant of the tests
	}
	return m
}

func seat(row, i int, zone string, kind seatmap.Kind, group int32) seatmap.Seat {
	return seatmap.Seat{GUID: fmt.Sprintf("%d-%d", row+1, i+1), Label: fmt.Sprint(i + 1),
		X: int32(i * 50), Y: int32(row * 100), Zone: zone, Kind: kind, Group: group}
}

// furnish gives a house the hall's map, its types, prices and a policy of four rungs.
func (w *World) furnish(t testing.TB) {
	w.House = w.Programme.House()
	w.publishMap(t)
	add := func(info catalog.TicketTypeInfo) int64 {
		return catalogtest.Must[*catalog.TicketType](t)(w.Catalog.CreateTicketType(
			context.Background(), actor.SystemActor,
			catalog.TicketType{Meta: w.meta(), TicketTypeInfo: info})).ID
	}
	y := &w.Types
	y.Adult = w.House.Adult.ID
	y.Child = add(catalog.TicketTypeInfo{Kind: "child", Code: "kid", Name: "儿童",
		MaxPerOrder: 2})
	y.Family = add(catalog.TicketTypeInfo{Kind: "family", Code: "family", Name: "家庭",
		PlacesPerUnit: 3})
	y.Counter = add(catalog.TicketTypeInfo{Kind: "adult", Code: "counter", Name: "窗口",
		Channels: []string{"counter"}})
	y.Guest = add(catalog.TicketTypeInfo{Kind: "adult", Code: "guest", Name: "赠票"})
	y.Group = add(catalog.TicketTypeInfo{Kind: "group", Code: "group", Name: "团体",
		MinPerOrder: 4})
	w.Prices = catalogtest.Must[*catalog.PriceList](t)(w.Catalog.CreatePriceList(
		context.Background(), actor.SystemActor, catalog.PriceList{Meta: w.meta(),
			PriceListInfo: catalog.PriceListInfo{Name: "价", Cells: y.cells()}}))
	w.Policy = catalogtest.Must[*catalog.RefundPolicy](t)(w.Catalog.CreateRefundPolicy(
		context.Background(), actor.SystemActor, catalog.RefundPolicy{Meta: w.meta(),
			RefundPolicyInfo: catalog.RefundPolicyInfo{Name: "阶梯", Allowed: true,
				Ladder: []catalog.Rung{{UntilBefore: 1440}, {UntilBefore: 120, FeePercent: 1000},
					{UntilBefore: 60, FeePercent: 3333, MinFee: 700},
					{UntilBefore: 30, FeePercent: 10000}}}}))
}

func (y *Types) cells() []catalog.PriceCell {
	return []catalog.PriceCell{
		{Zone: "A", TicketType: y.Adult, Amount: 5000},
		{Zone: "A", TicketType: y.Child, Amount: 2501},
		{Zone: "A", TicketType: y.Family, Amount: 12000},
		{Zone: "A", TicketType: y.Counter, Amount: 4000},
		{Zone: "A", TicketType: y.Guest, Amount: 0},
		{Zone: "A", TicketType: y.Group, Amount: 3333},
		{Zone: "C", TicketType: y.Adult, Amount: 9900},
		{Zone: "G", TicketType: y.Adult, Amount: 3000},
		{Zone: "G", TicketType: y.Child, Amount: 1500},
		{Zone: "G", TicketType: y.Family, Amount: 7000},
		{Zone: "T", TicketType: y.Adult, Amount: 80000},
	}
}

func (w *World) meta() catalog.Meta { return catalog.Meta{Organization: w.House.Org.ID} }

func (w *World) publishMap(t testing.TB) {
	m := hall()
	blob, err := seatmap.Encode(m)
	check(t, err)
	v := seating.Version{ID: w.IDs.Next(), Organization: w.House.Org.ID, Hall: w.House.Hall.ID,
		Number: 1, Seats: m.SeatCount(), Digest: "1", PublishedAt: w.Clock.Now()}
	check(t, w.DB.InTx(context.Background(), func(tx *sqldb.Tx) error {
		scope := actor.Scope{Organization: v.Organization}
		sheet := seating.Sheet{Hall: v.Hall, Latest: v.ID, Number: 1, NextPlace: 1000,
			Revision: 1, UpdatedAt: tx.Now}
		if err := w.Places.SaveSheet(tx, scope, sheet, 0); err != nil {
			return err
		}
		return w.Places.InsertVersion(tx, v, blob)
	}))
}

// OnSale puts a session of the house on sale that starts so long after now; change may
// alter its plan.
func (w *World) OnSale(t testing.TB, change func(*catalog.Session)) *catalog.Session {
	t.Helper()
	w.sessions++
	plan := w.House.Plan(w.Clock.Now().AddDate(0, 0, 2+w.sessions).UTC())
	plan.PriceListID, plan.RefundPolicyID = w.Prices.ID, w.Policy.ID
	plan.MaxPerOrder, plan.HoldSeconds = 100, 600
	if change != nil {
		change(&plan)
	}
	return w.House.Sell(plan)
}

// Seats asks for named seats of one ticket type.
func Seats(ticketType int64, places ...int32) order.LineAsk {
	return order.LineAsk{TicketType: ticketType, Places: places}
}

// Units asks for units of an area.
func Units(ticketType int64, area int32, n int) order.LineAsk {
	return order.LineAsk{TicketType: ticketType, Area: area, Quantity: n}
}
