package checkin

import "foyer/internal/fault"

// The refusals at the gate, beside those of package code. Details say what a person needs
// to decide; they never name another organization's things.
var (
	ErrTicketUnknown = fault.Define(fault.NotFound, "ticket_unknown",
		"系统里没有这张票", "The code is ours, but there is no such ticket here.",
		"Do not admit; send the visitor to the service desk.")
	ErrOtherVenue = fault.Define(fault.Conflict, "other_venue",
		"这张票是其他场馆的", "The ticket is for another venue.",
		"Send the visitor to the venue that `details.venue` names.")
	ErrOtherSession = fault.Define(fault.Conflict, "other_session",
		"这张票是另一场次的", "The ticket is for another session.",
		"Send the visitor to the session in `details`: event, start and hall.")
	ErrTooEarly = fault.Define(fault.Conflict, "too_early",
		"还没到入场时间", "The gates are not open for this session yet.",
		"Ask the visitor to come back at `details.opens_at`.")
	ErrTooLate = fault.Define(fault.Conflict, "too_late",
		"这一场已经结束", "The session is over.",
		"Do not admit; it ended at `details.closed_at`.")
	ErrAlreadyUsed = fault.Define(fault.Conflict, "already_used",
		"这张票已经用过了", "The ticket has been used.",
		"`details` say when, at which gate and by which device, first and last.")
	ErrRefunded = fault.Define(fault.Conflict, "refunded",
		"这张票已退票或作废", "The ticket was given back or is void.",
		"Do not admit; the visitor's order shows what happened.")
	ErrCodeReplaced = fault.Define(fault.Conflict, "code_replaced",
		"票码已更换,请出示最新的票码", "A newer code was made for this ticket.",
		"Ask the visitor to open the ticket again, or to show the newer print.")
	ErrSessionCancelled = fault.Define(fault.Conflict, "session_cancelled",
		"本场已取消", "The session was cancelled.",
		"Send the visitor to the service desk: the money goes back.")
	ErrTooManyPeople = fault.Define(fault.Conflict, "too_many_people",
		"超过这张票还能入场的人数", "More people than the ticket still lets in.",
		"Admit at most `details.left`.")
	ErrNothingToExit = fault.Define(fault.Conflict, "nothing_to_exit",
		"这张票没有这么多人在场内", "Not so many people are inside with this ticket.",
		"`details.inside` says how many are; scan an entry instead.")
	ErrNonceReused = fault.Define(fault.Conflict, "nonce_reused",
		"这个扫码编号已用于另一次扫码", "The nonce was used for another scan.",
		"Make a fresh nonce for each scan, and send the same only to repeat it.")
	ErrUndoTooLate = fault.Define(fault.Conflict, "undo_too_late",
		"超过 60 秒,不能撤销", "A check-in can be undone for 60 seconds.",
		"Scan the exit instead, or ask a supervisor.")
	ErrUndoBlocked = fault.Define(fault.Conflict, "undo_blocked",
		"之后还有入场或出场记录,不能撤销", "A later check-in of the ticket stands on this one.",
		"Undo the later one first.")
	ErrNoCheckIn = fault.Define(fault.NotFound, "checkin_not_found",
		"没有找到这条核销记录", "There is no such check-in, or it is not yours.",
		"Undo from the device that scanned.")
)

// The refusals of devices and gates.
var (
	ErrDeviceUnknown = fault.Define(fault.Unauthorized, "device_unknown",
		"设备未登记", "The device's token is unknown.",
		"Enrol the device with a fresh one-time code.")
	ErrDeviceRevoked = fault.Define(fault.Unauthorized, "device_revoked",
		"设备已停用", "The device was revoked.",
		"Ask staff for a fresh one-time code if it shall scan again.")
	ErrEnrolCode = fault.Define(fault.Invalid, "enrol_code_refused",
		"登记码无效、已过期或已使用", "The one-time code is wrong, was used, or is too old.",
		"Ask staff for a fresh code; it lives for 15 minutes.")
	ErrTooManyDevices = fault.Define(fault.Conflict, "too_many_devices",
		"设备或入口数量已达上限", "The venue has as many devices or gates as it may have.",
		"Revoke devices that are no longer used.")
)

// The refusals of entry rules, beside those above.
var (
	ErrWrongWay = fault.Define(fault.Conflict, "wrong_direction",
		"这台设备不能用于这个方向", "This device does not scan in this direction.",
		"Send the visitor to the other lane, or let staff change the device's direction.")
	ErrGateClosed = fault.Define(fault.Conflict, "gate_closed",
		"这个入口现在不开放", "The gate is closed at this hour.",
		"`details` say when it opens and closes; send the visitor to another gate.")
	ErrOtherPrecinct = fault.Define(fault.Conflict, "other_precinct",
		"这张票不含这个区域", "The ticket does not open this part of the venue.",
		"`details.opens` lists what it opens.")
	ErrUpgrade = fault.Define(fault.Conflict, "upgrade_needed",
		"这张票不含这个区域,可以补差升级", "The ticket does not open this part; another type does.",
		"Offer one of `details.upgrade_to`, or send the visitor where the ticket opens.")
	ErrAmbiguous = fault.Define(fault.Conflict, "ambiguous_scan",
		"这张票有多个项目,请选择核销哪一项", "The ticket opens several things; say which one.",
		"Scan again with `part` set to one of `details.parts`.")
	ErrNotInside = fault.Define(fault.Conflict, "not_inside",
		"请先从外面的入口检票", "The visitor has not come in through the gate before this one.",
		"Send the visitor to the gate of `details.precinct` first.")
	ErrStillInside = fault.Define(fault.Conflict, "still_inside",
		"这张票的人还在场内,须先扫码出场", "Somebody is still inside with this ticket.",
		"`details.last` says when and at which gate; it must be scanned out there first.")
	ErrNoReentry = fault.Define(fault.Conflict, "no_reentry",
		"这张票出场后不能再次入场", "The ticket does not let people in again who went out.",
		"Do not admit; `details` say when it was used.")
	ErrDayLimit = fault.Define(fault.Conflict, "daily_limit",
		"今天的入场次数已用完", "The ticket was used as often as it may be in a day.",
		"`details.left` says for how many people it would still do; else come tomorrow.")
	ErrGateLimit = fault.Define(fault.Conflict, "gate_limit",
		"在这个入口的入场次数已用完", "The ticket was used at this gate as often as it may be.",
		"Send the visitor to another gate.")
	ErrGateDayLimit = fault.Define(fault.Conflict, "gate_daily_limit",
		"今天在这个入口的入场次数已用完",
		"The ticket was used at this gate as often as it may be in a day.",
		"Send the visitor to another gate, or ask them to come tomorrow.")
	ErrPrecinctLimit = fault.Define(fault.Conflict, "precinct_daily_limit",
		"今天在这个区域的入场次数已用完",
		"The ticket was used in this part of the venue as often as it may be in a day.",
		"Send the visitor to another part, or ask them to come tomorrow.")
	ErrTooSoon = fault.Define(fault.Conflict, "entry_too_soon",
		"距离上次进出场时间太短,请稍后再来", "The last entry or exit was too short a time ago.",
		"Ask the visitor to come back at `details.next_at`.")
	ErrPassNotYet = fault.Define(fault.Conflict, "pass_not_yet",
		"通票还没有生效", "The pass is not valid yet.",
		"It is from `details.day` on.")
	ErrPassExpired = fault.Define(fault.Conflict, "pass_expired",
		"通票已过期", "The pass has expired.",
		"Its last day was `details.day`; sell a new one.")
	ErrPassWeekday = fault.Define(fault.Conflict, "pass_other_weekday",
		"通票在今天这个星期不能用", "The pass is not valid on this day of the week.",
		"`details.weekdays` lists those on which it is (1 is Monday).")
	ErrPassBlackout = fault.Define(fault.Conflict, "pass_blackout",
		"今天是通票不可用日期", "The pass is not valid today: it is one of its blackout days.",
		"Sell a single ticket, or ask the visitor to come on another day.")
	ErrSlotNeeded = fault.Define(fault.Conflict, "slot_needed",
		"今天须先预约场次", "On this day the pass needs a booked session.",
		"Scan the ticket of the booked session, or book one.")
	ErrPhotoNeeded = fault.Define(fault.Conflict, "photo_needed",
		"请先到服务台为通票登记照片", "The ticket needs its holder's photo first.",
		"Send the visitor to the service desk, where staff keep a photo with the ticket.")
)

// The refusals of precincts and offline gates.
var (
	ErrTooManyPrecincts = fault.Define(fault.Conflict, "too_many_precincts",
		"分区数量已达上限", "The venue has as many precincts as it may have.",
		"Rename a precinct that is no longer used.")
	ErrPrecinctCode = fault.Define(fault.Conflict, "precinct_code_taken",
		"这个分区编码已经用过", "Another precinct of the venue has this code.",
		"Choose another code.")
	ErrListMark = fault.Define(fault.Invalid, "gate_list_mark",
		"名单位置无效,请重新下载整份名单", "The position in the list is not one that was given.",
		"Download the list from its beginning.")
)
