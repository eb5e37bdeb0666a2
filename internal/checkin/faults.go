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
