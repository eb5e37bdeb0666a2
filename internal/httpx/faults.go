package httpx

import "foyer/internal/fault"

// The refusals of the door itself; modules define their own beside their rules.
var (
	Malformed = fault.Define(fault.Malformed, "malformed",
		"请求内容无法读取", "The request cannot be read.",
		"Send one well-formed JSON document in UTF-8; `details` says where it breaks.")
	BodyTooLarge = fault.Define(fault.TooLarge, "body_too_large",
		"请求内容过大", "The body is larger than this route reads.",
		"Send less; `details.max_bytes` is the limit.")
	WrongContentType = fault.Define(fault.Unsupported, "content_type_unsupported",
		"不支持的内容类型", "This route does not read that content type.",
		"Send `Content-Type: application/json` or what the route's description names.")
	WrongMethod = fault.Define(fault.Malformed, "method_not_allowed",
		"不支持的请求方法", "There is no such method on this address.",
		"Use one of the methods that the Allow header names.")
	TooManyRequests = fault.Define(fault.TooMany, "too_many_requests",
		"操作太频繁,请稍后再试", "Too many requests from you.",
		"Wait for the seconds that Retry-After names.")
	TooManyStreams = fault.Define(fault.TooMany, "too_many_streams",
		"同时打开的页面太多了", "Too many live streams are open.",
		"Close another stream, or read the resource instead of following it.")
	KeyRequired = fault.Define(fault.Malformed, "idempotency_key_required",
		"缺少幂等键", "This request needs an Idempotency-Key header.",
		"Send a fresh random key with each new intent, the same key with each repeat of it.")
	KeyInvalid = fault.Define(fault.Malformed, "idempotency_key_invalid",
		"幂等键格式有误", "The Idempotency-Key must be 1 to 128 printable ASCII characters.",
		"Send e.g. a UUID.")
	InvalidCursor = fault.Define(fault.Invalid, "invalid_cursor",
		"翻页位置已失效,请从头浏览", "The cursor is not one of this list.",
		"Start again without a cursor; take the next one from `next_cursor`.")
	CrossSite = fault.Define(fault.Forbidden, "cross_site",
		"来自其他网站的请求被拒绝", "A page of another site may not do this in your name.",
		"Send the request from Foyer's own pages, or with a bearer token instead of a cookie.")
	OperatorOnly = fault.Define(fault.Forbidden, "operator_only",
		"仅限本机运维访问", "Only the operator of this machine may read this.",
		"Ask from the machine itself, or send the operator's token as a bearer token.")
)
