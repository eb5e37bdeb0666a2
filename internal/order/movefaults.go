package order

import "foyer/internal/fault"

// Refusals around a moved session.
var (
	ErrSessionMoved = fault.Define(fault.Conflict, "session_moved",
		"该场次已改期或换厅,请重新下单",
		"The session was moved to another time or hall since the order was made.",
		"Place a new order; what was paid goes back by itself.")
	ErrMoveStale = fault.Define(fault.Conflict, "session_move_stale",
		"预览之后情况有变化,请重新预览",
		"This is not what the preview showed any more.",
		"Preview the move again and send the digest of what you saw.")
	ErrMoveUnfit = fault.Define(fault.Conflict, "session_move_does_not_fit",
		"新影厅放不下全部已售座位", "Not everybody who has a place finds one in the new hall.",
		"Name places in mapping, choose another hall or refund those; the preview lists them.")
	ErrMoveLarge = fault.Define(fault.Conflict, "session_move_too_large",
		"已售数量过多,不能整体换座", "Too many places are taken to seat everybody anew at one go.",
		"Move it in time only, or cancel it; details.max says how many places may move.")
	ErrMoveRunning = fault.Define(fault.Conflict, "session_move_running",
		"上一次改期还在处理,请稍后再试", "The last move of the session is still being carried out.",
		"Wait until everybody was told of it; its progress says when.")
	ErrNotMoved = fault.Define(fault.Conflict, "session_not_moved",
		"该场次没有改期或换厅", "The session was never moved, or not for this order.",
		"Read the order; its moves say what there is to choose.")
	ErrMoveDecided = fault.Define(fault.Conflict, "move_decided",
		"已经作出选择,或选择期限已过", "The choice was made before, or its time is over.",
		"The order's policy holds from now on; its refund window is never shorter than it was.")
	ErrMoveWhich = fault.Define(fault.Invalid, "move_ambiguous",
		"订单有多个场次改期,请指明场次", "Several sessions of the order were moved: say which.",
		"Send session_id with one of the order's moves.")
)
