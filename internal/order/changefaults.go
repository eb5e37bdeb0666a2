package order

import "foyer/internal/fault"

// Refusals of a change.
var (
	ErrNoChange = fault.Define(fault.Conflict, "change_not_allowed",
		"这张票不支持改签", "The policy agreed to does not let this ticket be changed.",
		"Read the policy on the order; a refund may be possible instead.")
	ErrChangeLate = fault.Define(fault.Conflict, "change_too_late",
		"已超过改签截止时间", "It is too late to change this ticket.",
		"details.closed_at says since when.")
	ErrChangeLimit = fault.Define(fault.Conflict, "change_limit",
		"这张票的改签次数已用完", "This ticket was changed as often as the policy allows.",
		"Keep it, or give it back; details.max says how often.")
	ErrChangeElsewhere = fault.Define(fault.Conflict, "change_elsewhere",
		"不支持改签到其他项目或场馆", "The policy allows no change to another event or venue.",
		"Choose a session of the same event and venue; details.other says which differs.")
	ErrChangeCount = fault.Define(fault.Invalid, "change_count",
		"新座位数量应与原票一致", "As many places must be chosen as are given up.",
		"Choose details.places places.")
	ErrChangeMixed = fault.Define(fault.Invalid, "change_mixed",
		"一次只能改签同一场次的票", "The tickets of one change must be of one session.",
		"Change those of each session by themselves.")
	ErrChangeOpen = fault.Define(fault.Conflict, "change_open",
		"有一笔改签正在进行", "A change of this order is under way.",
		"Pay its difference or give it up first.")
	ErrChangeQuote = fault.Define(fault.Conflict, "change_quote_changed",
		"改签差价已变化,请重新确认", "The difference is not what you expected.",
		"Show the new sums and confirm them.")
	ErrNoChangeOpen = fault.Define(fault.Conflict, "change_not_open",
		"没有进行中的改签", "No change of this order is under way.",
		"Read the order's changes.")
	ErrNotCalledOff = fault.Define(fault.Conflict, "session_not_cancelled",
		"该场次没有取消", "The session was not cancelled, so nothing is being given back.",
		"Cancel it first; its preview says what that would give back.")
)
