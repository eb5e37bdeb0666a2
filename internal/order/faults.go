package order

import "foyer/internal/fault"

// Refusals of the agreement. Those of places are seating's, those of sessions catalog's.
var (
	ErrNotFound = fault.Missing
	ErrEmpty    = fault.Define(fault.Invalid, "order_empty",
		"请先选择座位或票", "An order needs at least one place.",
		"Name places, an area quantity or ask for the best.")
	ErrTooManyPerOrder = fault.Define(fault.Invalid, "order_too_large",
		"超过单笔限购数量", "More places than one order may have.",
		"Take fewer; details.max says how many.")
	ErrLimit = fault.Define(fault.Conflict, "member_limit",
		"已达到每人限购数量", "You have as many places of this session as one person may.",
		"Take fewer, or give some back; details.max says how many in all.")
	ErrCoolDown = fault.Define(fault.TooMany, "cool_down",
		"多次未付款,请稍后再选", "Three orders lapsed unpaid within an hour.",
		"Wait until the time that Retry-After names.")
	ErrTicketType = fault.Define(fault.Invalid, "ticket_type_not_sold",
		"该票种在此场次或区域不出售", "This ticket type has no price there.",
		"Choose a ticket type that the session's prices list for the zone.")
	ErrTypeCount = fault.Define(fault.Invalid, "ticket_type_count",
		"该票种的张数不在允许范围内", "An order may not have so few or so many of this ticket type.",
		"details.min and details.max say how many.")
	ErrChannel = fault.Define(fault.Invalid, "channel_unknown",
		"销售渠道不正确", "There is no such channel.",
		"Use one of the channels that the documentation lists.")
	ErrPriceChanged = fault.Define(fault.Conflict, "price_changed",
		"价格有变化,请确认后再下单", "The total is not what you expected.",
		"Show the new total (details.total_minor) and order again with it.")
	ErrNotPending = fault.Define(fault.Conflict, "order_not_pending",
		"订单已不在待付款状态", "The order no longer waits for payment.",
		"Read the order; its state says what happened.")
	ErrClosing = fault.Define(fault.Conflict, "order_closing",
		"正在向支付渠道确认结果,请稍候", "The provider is being asked whether money moved.",
		"Wait a moment and read the order again.")
	ErrTooLateToPay = fault.Define(fault.Conflict, "too_late_to_pay",
		"剩余时间不足,无法发起支付", "Less than a minute is left to pay.",
		"Place a new order.")
	ErrTooManyPayments = fault.Define(fault.Conflict, "too_many_payments",
		"支付次数过多,请重新下单", "An order may be paid in at most three attempts.",
		"Place a new order.")
	ErrNothingToPay = fault.Define(fault.Conflict, "nothing_to_pay",
		"该订单无需支付", "Nothing is to be paid.", "Read the order; its tickets are issued.")
	ErrPaymentOpen = fault.Define(fault.Conflict, "payment_open",
		"有支付正在进行,暂时不能修改", "A payment is open, so the lines cannot change.",
		"Finish or leave the payment, or cancel the order.")
	ErrNotPaid = fault.Define(fault.Conflict, "order_not_paid",
		"订单未支付,无法退票", "Only a paid order has units to give back.",
		"Cancel an unpaid order instead.")
	ErrUnit = fault.Define(fault.Invalid, "unit_unknown",
		"订单中没有这一张票", "The order has no such unit.",
		"Name line and unit as the order lists them.")
	ErrUnitReturned = fault.Define(fault.Conflict, "unit_returned",
		"这张票已经退过了", "The unit was given back before.",
		"Leave it out; details.units lists those.")
	ErrNoRefund = fault.Define(fault.Conflict, "refund_not_allowed",
		"根据退票规则,现在不能退票", "The policy agreed to allows no refund now.",
		"Read the policy on the order; details.closed_at says since when.")
	ErrQuoteChanged = fault.Define(fault.Conflict, "refund_quote_changed",
		"可退金额已变化,请重新确认", "The refund is not what you expected.",
		"Ask for a new quote and confirm it.")
	ErrExtend = fault.Define(fault.Invalid, "extend_out_of_range",
		"延长时间超出范围", "An order cannot wait longer than 24 hours in all.",
		"Ask for fewer minutes.")
)
