package app

import (
	"context"
	"errors"

	"foyer/internal/actor"
	"foyer/internal/approval"
	"foyer/internal/approval/approvaldb"
	"foyer/internal/approval/approvalhttp"
	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/httpx"
	"foyer/internal/invoice"
	"foyer/internal/invoice/invoicedb"
	"foyer/internal/invoice/invoicehttp"
	"foyer/internal/order"
	"foyer/internal/sqldb"
)

// buildGate makes the rule of two people. Every kind of command that it may hold back is
// registered by registerKinds, once the modules that carry them out are there.
func (a *App) buildGate() {
	a.Approvals = approval.New(approval.Parts{DB: a.DB, Store: approvaldb.New(a.DB),
		People: a.Staff, Journal: a.Journal, Clock: a.Clock, IDs: a.IDs, Log: a.Log,
		Reason: httpx.ReasonOf, Show: approvalhttp.Shown(a.Codec.Encode)})
}

// buildInvoices makes invoice requests, which ask orders what was paid.
func (a *App) buildInvoices() {
	a.Invoices = invoice.New(invoice.Parts{DB: a.DB, Store: invoicedb.New(a.DB),
		Orders: bills{a}, Vault: a.Ring, Journal: a.Journal, Clock: a.Clock, IDs: a.IDs})
}

// bills lets invoices know what was paid without knowing orders.
type bills struct{ a *App }

// Bill is an order that the caller may see.
func (b bills) Bill(ctx context.Context, who actor.Actor, id int64) (invoice.Bill, error) {
	o, err := b.a.Orders.Get(ctx, id, who)
	if err != nil {
		return invoice.Bill{}, err
	}
	bill := billOf(o)
	if who.Kind == actor.Staff && bill.Member != 0 {
		_, err = b.a.Members.Contact(ctx, bill.Member)
		if errors.Is(err, fault.Missing) { // the account was closed: the request is nobody's
			bill.Member, err = 0, nil
		}
	}
	return bill, err
}

// BillIn is an order's bill inside a transaction.
func (b bills) BillIn(tx *sqldb.Tx, organization, id int64) (invoice.Bill, error) {
	o, err := b.a.Orders.Store.Get(tx, id)
	if err == nil && o.Organization != organization {
		err = fault.Missing
	}
	if err != nil {
		return invoice.Bill{}, err
	}
	return billOf(o), nil
}

func billOf(o *order.Order) invoice.Bill {
	return invoice.Bill{Order: o.ID, Organization: o.Organization, Member: o.Member,
		Currency: o.Currency, Left: o.Captured - o.Refunded, Paid: o.State == order.Paid}
}

// registerKinds says how each kind of command is carried out once two people agree.
func (a *App) registerKinds() {
	a.buildInvoices()
	a.Orders.Approvals = a.Approvals
	a.Orders.Invoices = a.Invoices
	a.Orders.Late = order.Late{Gates: a.CheckIn, Months: a.Journal, Sessions: a.Catalog,
		Namer: a.Seating, Holders: a.book}
	for _, s := range []approval.Spec{
		{Kind: catalog.ApprovePrices, Zh: "修改价目表", En: "Changing a price list",
			Permission: catalog.PermPrice, Carry: a.Catalog.CarryPrices},
		{Kind: catalog.ApproveReprice, Zh: "场次更换价目表", En: "Another price list for a session",
			Permission: catalog.PermSession, Carry: a.Catalog.CarryReprice},
		{Kind: catalog.ApproveCancel, Zh: "取消场次", En: "Calling a session off",
			Permission: catalog.PermSell, Carry: a.Catalog.CarryCancel},
		{Kind: catalog.ApproveOffer, Zh: "优惠", En: "Discounts",
			Permission: catalog.PermPrice, Sums: true, Carry: a.Catalog.CarryOffer},
		{Kind: catalog.ApproveRelease, Zh: "分批票档", En: "Tiers of a ticket type",
			Permission: catalog.PermPrice, Sums: true, Carry: a.Catalog.CarryRelease},
		{Kind: catalog.ApproveBatch, Zh: "优惠码批次", En: "Batches of codes",
			Permission: catalog.PermPrice, Sums: true, Carry: a.Catalog.CarryBatch},
		{Kind: order.ApproveFree, Zh: "赠票", En: "Complimentary tickets",
			Permission: order.PermSell, Carry: a.Orders.CarryFree},
		{Kind: order.ApproveRefund, Zh: "退款", En: "Refunds by staff",
			Permission: order.PermRefund, Sums: true, Carry: a.Orders.CarryRefund},
		{Kind: order.ApproveMove, Zh: "场次改期换厅", En: "Moving a session that has buyers",
			Permission: catalog.PermSell, Carry: a.Orders.CarryMove},
		{Kind: order.ApproveLate, Zh: "补登售票", En: "Sales entered late",
			Permission: order.PermLate, Carry: a.Orders.CarryLate, Ended: a.Orders.EndLate},
	} {
		a.Approvals.Register(s)
	}
}

// mountHouse mounts the routes of house order.
func (a *App) mountHouse() {
	approvalhttp.Mount(a.API, a.Approvals)
	invoicehttp.Mount(a.API, a.Invoices)
}
