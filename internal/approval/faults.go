package approval

import "foyer/internal/fault"

// Refusals of the rule of two people.
var (
	ErrOwn = fault.Define(fault.Forbidden, "approval_own_request",
		"不能审批自己提交的申请", "Nobody agrees to his own request, in whichever role.",
		"Ask a colleague with the permission to decide.")
	ErrDecided = fault.Define(fault.Conflict, "approval_decided",
		"该申请已处理", "The request was decided before.",
		"Read it; details.state says how it ended.")
	ErrExpired = fault.Define(fault.Conflict, "approval_expired",
		"该申请已过期", "Nobody decided in time.",
		"Ask again if it is still wanted.")
	ErrStale = fault.Define(fault.Conflict, "approval_stale",
		"申请提交后内容已变化,无法按原样执行", "It can no longer be done as it was asked.",
		"details.problem says why; ask again for what is there now.")
	ErrAskerLeft = fault.Define(fault.Conflict, "approval_asker_left",
		"申请人已无相应权限,申请不能执行", "Whoever asked may no longer do this himself.",
		"Refuse the request, and ask anew in your own name if it is still wanted.")
	ErrKind = fault.Define(fault.Invalid, "approval_kind_unknown",
		"没有这种审批事项", "No kind of command is called so.",
		"Use one of the kinds that the list of rules names.")
	ErrReason = fault.Define(fault.Invalid, "approval_reason_required",
		"请填写理由", "Say why.",
		"Give a reason of at most 300 characters.")
	ErrTooMany = fault.Define(fault.Conflict, "approval_too_many",
		"待审批的申请过多", "Too many requests of yours wait for an answer.",
		"Withdraw some, or have them decided first.")
	ErrAgain = fault.Define(fault.Conflict, "approval_again",
		"审批规则或当日累计金额刚刚变化,请重试", "Two people are needed for this since a moment ago.",
		"Send it again: it becomes a request for a second person.")
)
