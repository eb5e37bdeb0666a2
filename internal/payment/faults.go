package payment

import "foyer/internal/fault"

// Refusals of payments.
var (
	ErrChannel = fault.Define(fault.Invalid, "payment_channel_unknown",
		"不支持该支付方式", "There is no such payment channel.",
		"Use a channel that the documentation lists.")
	ErrNotFound = fault.Define(fault.NotFound, "payment_not_found",
		"没有找到这笔支付", "There is no such payment or refund, or it is not yours.",
		"Check the id and who is signed in.")
	ErrProviderRefused = fault.Define(fault.Conflict, "payment_provider_refused",
		"支付渠道拒绝了请求", "The payment provider refused the attempt.",
		"Open another payment with a fresh key, or use another channel.")
	ErrProviderSilent = fault.Define(fault.Unavailable, "payment_provider_silent",
		"支付渠道暂时没有响应,请稍后再试", "The payment provider does not answer.",
		"Repeat with the same key after Retry-After; the attempt goes on with its number.")
	ErrPaymentEnded = fault.Define(fault.Conflict, "payment_ended",
		"这笔支付已经结束", "The payment has ended.",
		"Read the order; open another payment with a fresh key if it still waits.")
	ErrRefundTooLarge = fault.Define(fault.Conflict, "refund_exceeds_payment",
		"退款金额超过了已付金额", "All refunds together would exceed what was paid.",
		"Read the payment; captured less refunded is what may still go back.")
	ErrRefundState = fault.Define(fault.Conflict, "refund_not_abnormal",
		"该退款无需重试", "Only an abnormal refund is tried again by a person.",
		"Read the refund; it goes on by itself.")
	ErrNotUnknown = fault.Define(fault.Conflict, "payment_not_unknown",
		"该支付仍可自动确认", "Only a payment whose outcome stayed unknown is given up.",
		"Query it again; the provider's answer decides.")
	ErrNotice = fault.Define(fault.Unauthorized, "notice_refused",
		"通知校验失败", "The notice does not verify.",
		"Sign the exact bytes with a known key and a time within 300 seconds.")
	ErrRange = fault.Define(fault.Invalid, "day_range",
		"日期范围不正确", "The days are not a range of at most 92 days.",
		"Give from and to as YYYY-MM-DD, to not before from.")
)
