package app

import (
	"foyer/internal/approval"
	"foyer/internal/approval/approvaldb"
	"foyer/internal/approval/approvalhttp"
	"foyer/internal/catalog"
	"foyer/internal/httpx"
	"foyer/internal/order"
)

// buildGate makes the rule of two people. Every kind of command that it may hold back is
// registered by registerKinds, once the modules that carry them out are there.
func (a *App) buildGate() {
	a.Approvals = approval.New(approval.Parts{DB: a.DB, Store: approvaldb.New(a.DB),
		People: a.Staff, Journal: a.Journal, Clock: a.Clock, IDs: a.IDs, Log: a.Log,
		Reason: httpx.ReasonOf, Show: approvalhttp.Shown(a.Codec.Encode)})
}

// registerKinds says how each kind of command is carried out once two people agree.
func (a *App) registerKinds() {
	a.Orders.Approvals = a.Approvals
	for _, s := range []approval.Spec{
		{Kind: catalog.ApprovePrices, Zh: "修改价目表", En: "Changing a price list",
			Permission: catalog.PermPrice, Carry: a.Catalog.CarryPrices},
		{Kind: catalog.ApproveReprice, Zh: "场次更换价目表", En: "Another price list for a session",
			Permission: catalog.PermSession, Carry: a.Catalog.CarryReprice},
		{Kind: catalog.ApproveCancel, Zh: "取消场次", En: "Calling a session off",
			Permission: catalog.PermSell, Carry: a.Catalog.CarryCancel},
		{Kind: order.ApproveFree, Zh: "赠票", En: "Complimentary tickets",
			Permission: order.PermSell, Carry: a.Orders.CarryFree},
		{Kind: order.ApproveRefund, Zh: "退款", En: "Refunds by staff",
			Permission: order.PermRefund, Sums: true, Carry: a.Orders.CarryRefund},
	} {
		a.Approvals.Register(s)
	}
}

// mountHouse mounts the routes of house order.
func (a *App) mountHouse() {
	approvalhttp.Mount(a.API, a.Approvals)
}
