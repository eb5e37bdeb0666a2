package staff

import (
	"slices"
	"strings"

	"foyer/internal/actor"
)

// Everything that a role may allow. Each is asked for by the module that it guards.
const (
	OrganizationManage actor.Permission = "organization.manage"
	StaffManage        actor.Permission = "staff.manage"
	VenueEdit          actor.Permission = "venue.edit"
	HallEdit           actor.Permission = "hall.edit"
	SeatMapEdit        actor.Permission = "seatmap.edit"
	SeatMapPublish     actor.Permission = "seatmap.publish"
	EventEdit          actor.Permission = "event.edit"
	EventPublish       actor.Permission = "event.publish"
	PriceEdit          actor.Permission = "price.edit"
	PolicyEdit         actor.Permission = "policy.edit"
	SessionEdit        actor.Permission = "session.edit"
	SessionSell        actor.Permission = "session.sell"
	BlockEdit          actor.Permission = "block.edit"
	OrderView          actor.Permission = "order.view"
	OrderSell          actor.Permission = "order.sell"
	OrderExtend        actor.Permission = "order.extend"
	OrderCancel        actor.Permission = "order.cancel"
	OrderRefund        actor.Permission = "order.refund"
	PaymentView        actor.Permission = "payment.view"
	PaymentRepair      actor.Permission = "payment.repair"
	DeviceManage       actor.Permission = "device.manage"
	TicketPrint        actor.Permission = "ticket.print"
	CheckInScan        actor.Permission = "checkin.scan"
	CheckInView        actor.Permission = "checkin.view"
	JournalView        actor.Permission = "journal.view"
	ReportView         actor.Permission = "report.view"
	PersonUnmask       actor.Permission = "person.unmask"
	ApprovalDecide     actor.Permission = "approval.decide"
	ApprovalRules      actor.Permission = "approval.rules"
	InvoiceManage      actor.Permission = "invoice.manage"
	OrderAgree         actor.Permission = "order.agree"
	OrderLate          actor.Permission = "order.late"
	TimeMachine        actor.Permission = "time.machine"
)

// Permission is one permission with its words.
type Permission struct {
	Name   actor.Permission
	Zh, En string
}

// Permissions are all that a role may hold, in the order in which a console shows them.
func Permissions() []Permission {
	return []Permission{
		{OrganizationManage, "管理商户资料", "Manage the organization"},
		{StaffManage, "管理员工与角色", "Manage staff and roles"},
		{VenueEdit, "编辑场馆", "Edit venues"},
		{HallEdit, "编辑影厅与景点", "Edit halls and attractions"},
		{SeatMapEdit, "编辑座位图", "Edit seat maps"},
		{SeatMapPublish, "发布座位图", "Publish seat maps"},
		{EventEdit, "编辑项目", "Edit events"},
		{EventPublish, "发布项目", "Publish events"},
		{PriceEdit, "编辑价格", "Edit prices"},
		{PolicyEdit, "编辑退改规则", "Edit refund policies"},
		{SessionEdit, "编辑场次", "Edit sessions"},
		{SessionSell, "开售与停售场次", "Put sessions on and off sale"},
		{BlockEdit, "留座与释放", "Block and unblock places"},
		{OrderView, "查看订单", "See orders"},
		{OrderSell, "柜台售票", "Sell at the counter"},
		{OrderExtend, "延长占座时间", "Extend holds"},
		{OrderCancel, "取消订单", "Cancel orders"},
		{OrderRefund, "退款", "Refund orders"},
		{PaymentView, "查看支付", "See payments"},
		{PaymentRepair, "处理异常支付", "Repair payments"},
		{DeviceManage, "管理验票设备", "Manage gate devices"},
		{TicketPrint, "打印与补打电子票", "Show, print and reissue tickets"},
		{CheckInScan, "验票", "Let people in"},
		{CheckInView, "查看验票情况", "See check-ins"},
		{JournalView, "查看操作日志", "Read the journal"},
		{ReportView, "查看报表", "See reports"},
		{PersonUnmask, "查看完整手机号等个人信息", "See personal values in full"},
		{ApprovalDecide, "审批同事的申请", "Agree to what colleagues ask"},
		{ApprovalRules, "设置双人审批事项", "Say what takes two people"},
		{InvoiceManage, "处理开票申请", "Handle invoice requests"},
		{OrderAgree, "确认需审核的订单", "Agree to orders that need it"},
		{OrderLate, "补登售票", "Enter past sales late"},
		{TimeMachine, "模拟日期查看", "See what holds at another date"},
	}
}

// Preset is a role that every organization starts with.
type Preset string

// The presets. The owner's cannot be changed; the others are where an organization begins.
const (
	Owner      Preset = "owner"
	Manager    Preset = "manager"
	BoxOffice  Preset = "box_office"
	Usher      Preset = "usher"
	Bookkeeper Preset = "bookkeeper"
)

// PresetRole is a preset with its words and what it allows.
type PresetRole struct {
	Preset      Preset
	Zh, En      string
	Permissions []actor.Permission
}

// Presets are the roles of a new organization.
func Presets() []PresetRole {
	var all []actor.Permission
	for _, p := range Permissions() {
		all = append(all, p.Name)
	}
	return []PresetRole{
		{Owner, "所有者", "Owner", []actor.Permission{actor.Everything}},
		{Manager, "经理", "Manager", slices.DeleteFunc(all, func(p actor.Permission) bool {
			return p == OrganizationManage
		})},
		{BoxOffice, "售票员", "Box office", []actor.Permission{BlockEdit, OrderView, OrderSell,
			OrderExtend, OrderCancel, OrderRefund, PaymentView, TicketPrint, CheckInScan,
			CheckInView}},
		{Usher, "检票员", "Usher", []actor.Permission{DeviceManage, CheckInScan, CheckInView}},
		{Bookkeeper, "财务", "Bookkeeper", []actor.Permission{OrderView, PaymentView,
			PaymentRepair, ReportView, JournalView, InvoiceManage}},
	}
}

// isPermission says whether a role may hold it; the owner's star is not for roles.
func isPermission(p actor.Permission) bool {
	return slices.ContainsFunc(Permissions(), func(known Permission) bool {
		return known.Name == p
	})
}

// mayGive says whether the actor holds every one of the permissions at a venue (0: in the
// whole organization): nobody hands out, edits or takes away more than he holds himself.
func mayGive(who actor.Actor, list []actor.Permission, organization, venue int64) bool {
	for _, p := range list {
		if !who.May(p, organization, venue) {
			return false
		}
	}
	return true
}

// SplitPermissions reads what a role row holds.
func SplitPermissions(text string) []actor.Permission {
	var list []actor.Permission
	for _, word := range strings.Fields(text) {
		list = append(list, actor.Permission(word))
	}
	return list
}
