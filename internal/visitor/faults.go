package visitor

import "foyer/internal/fault"

// The refusals of who may buy. Each says in its details what holds, and in its words what
// to do; none repeats a name or a number that was not masked.
var (
	ErrNames = fault.Define(fault.Invalid, "visitor_names_missing",
		"本场次实名购票,请填写每位入场人的姓名和证件",
		"This session asks for the name and document of each person who enters.",
		"Name as many people as details.people says; details.real_name tells the rule.")
	ErrTooMany = fault.Define(fault.Invalid, "visitor_too_many",
		"填写的入场人多于票数", "More people are named than enter.",
		"Name one person for each place, in the order of the places.")
	ErrBuyer = fault.Define(fault.Invalid, "buyer_name_missing",
		"本场次实名购票,请填写购票人的姓名和证件",
		"This session asks for the buyer's name and document.",
		"Send the buyer with name, document kind and number.")
	ErrBuyerStays = fault.Define(fault.Invalid, "buyer_must_enter",
		"购票人须与入场人之一为同一人", "The buyer must be one of those who enter.",
		"Name the buyer among the visitors, with the same document.")
	ErrDocumentKind = fault.Define(fault.Invalid, "visitor_document_kind",
		"此票不接受该类证件", "This kind of document is not taken here.",
		"Use one of the kinds in details.documents.")
	ErrBirth = fault.Define(fault.Invalid, "visitor_birth_missing",
		"请填写入场人的出生日期", "The ticket depends on age, and the document tells none.",
		"Give birth_date as 2016-05-31.")
	ErrAge = fault.Define(fault.Invalid, "visitor_age",
		"入场当日的年龄不符合该票种的要求", "The age on the day of the visit does not fit the ticket.",
		"Choose another ticket type; details.age_from and age_under say who may have this one.")
	ErrAdult = fault.Define(fault.Invalid, "adult_needed",
		"儿童须由成人陪同,请加购成人票", "Children need an adult with them.",
		"Add adult tickets: details.needed says how many, details.adults how many there are.")
	ErrCompanion = fault.Define(fault.Invalid, "companion_unknown",
		"没有这位常用观演人", "You have no such companion.",
		"Choose one of your companions, or give name and document.")
	ErrDevice = fault.Define(fault.Invalid, "device_missing",
		"无法识别您的设备,请更新后重试", "Buying here needs to know the device.",
		"Send the header Foyer-Device with the device's stable name (16 to 64 letters and digits).")
	ErrPhone = fault.Define(fault.Conflict, "phone_limit",
		"该手机号已达到限购数量", "This phone has as many places of the session as it may.",
		"Take fewer; details.left says how many are left.")
	ErrDeviceLimit = fault.Define(fault.Conflict, "device_limit",
		"该设备已达到限购数量", "This device has as many places of the session as it may.",
		"Take fewer; details.left says how many are left.")
	ErrDocument = fault.Define(fault.Conflict, "document_limit",
		"该证件在本场次的票数已达上限", "This document has as many tickets of the session as it may.",
		"Name somebody else, or give the other ticket back; details.left says how many are left.")
	ErrDocumentEvent = fault.Define(fault.Conflict, "document_event_limit",
		"该证件在本项目的票数已达上限", "This document has as many tickets of the event as it may.",
		"Name somebody else; details.left says how many are left over all its sessions.")
	ErrMemberEvent = fault.Define(fault.Conflict, "member_event_limit",
		"您在本项目的票数已达上限", "You have as many places of the event as one person may.",
		"Take fewer; details.left says how many are left over all its sessions.")
	ErrRebooking = fault.Define(fault.Conflict, "rebooking_same_day",
		"今日已退订,当天不可再次预订", "You gave tickets of this event back today.",
		"Book again from the time that details.until names.")
	ErrRefundRight = fault.Define(fault.Conflict, "refund_right_used",
		"本场次每人只能退票一次,您已使用过", "A buyer gives tickets of this session back once.",
		"Ask the house; it may still give back for you.")
	ErrNotAsked = fault.Define(fault.Conflict, "visitors_not_asked",
		"该订单不需要填写入场人", "Nobody asks for names on this order.",
		"Nothing is to be done.")
	ErrNobody = fault.Define(fault.Conflict, "visitor_not_kept",
		"该位置没有保存入场人信息", "Nobody is kept there.",
		"Look at the order for who is named; names are erased when their time is over.")
	ErrNameLate = fault.Define(fault.Conflict, "visitor_too_late",
		"填写入场人的时间已过", "Names can no longer be added.",
		"Ask the house; details.until says when it ended.")
	ErrNamed = fault.Define(fault.Conflict, "visitor_named",
		"该位置已填写入场人,不能更改", "Somebody is named there already, and names do not change.",
		"Leave it out, or give the ticket back and buy anew.")
)

func (k CounterKind) refusal() *fault.Definition {
	switch k {
	case Phone:
		return ErrPhone
	case Device:
		return ErrDeviceLimit
	case DocumentEvent:
		return ErrDocumentEvent
	case MemberEvent:
		return ErrMemberEvent
	case RefundRight:
		return ErrRefundRight
	case Rebooking:
		return ErrRebooking
	}
	return ErrDocument
}
