package catalog

import "foyer/internal/fault"

// Refusals of the catalogue.
var (
	ErrIncomplete = fault.Define(fault.Invalid, "incomplete",
		"信息不完整,暂不能发布", "Something that publishing needs is missing.",
		"Fill the named fields and publish again.")
	ErrWrongState = fault.Define(fault.Conflict, "wrong_state",
		"当前状态下不能这样操作", "This cannot be done in the present state.",
		"Read it again: `details.state` is the state, `details.wanted` what was asked for.")
	ErrInUse = fault.Define(fault.Conflict, "in_use",
		"还有场次在使用,不能这样操作", "Sessions to come still use it.",
		"Pause or cancel the sessions first; `details.sessions` says how many.")
	ErrCodeTaken = fault.Define(fault.Conflict, "code_taken",
		"编码已被使用", "Another one of the organization has this code.",
		"Choose another code, or change the one that has it.")
	ErrHallBusy = fault.Define(fault.Conflict, "hall_busy",
		"该厅此时已有场次(含清场时间)", "Another session occupies the hall at that time.",
		"Choose another time or hall; `details.session` is the other session.")
	ErrSessionSold = fault.Define(fault.Conflict, "session_sold",
		"已有人购票或锁座,不能更改时间、影厅、项目或座位图",
		"Places are held or sold: time, hall, event and seat map stay as they are.",
		"Cancel the session, or make another one.")
	ErrSessionChanged = fault.Define(fault.Conflict, "session_changed",
		"场次信息刚刚更新,请刷新后再下单", "The session has changed since the price was read.",
		"Read the session again and repeat with what it says now.")
	ErrNotOnSale = fault.Define(fault.Conflict, "not_on_sale",
		"该场次当前不在售", "The session is not on sale now.",
		"`details.sale_state`, `sale_from` and `sale_until` say when it is.")
	ErrNoSeatMap = fault.Define(fault.Invalid, "no_seat_map",
		"该厅还没有已发布的座位图", "The hall has no published seat map.",
		"Publish a seat map of the hall first.")
	ErrCurrency = fault.Define(fault.Conflict, "currency_fixed",
		"已有价目,币种不能更改", "The currency stays once there are price lists.",
		"Make another organization for another currency.")
	ErrImage = fault.Define(fault.Invalid, "image_unreadable",
		"图片无法识别,请上传 JPEG、PNG 或 WebP", "This is not a JPEG, PNG or WebP picture.",
		"Upload a picture of one of these kinds.")
	ErrImageSize = fault.Define(fault.TooLarge, "image_too_large",
		"图片过大", "The picture has too many bytes or pixels.",
		"Upload at most 8 MB and 40 million pixels, no side over 12,000.")
	ErrImagesBusy = fault.Define(fault.Unavailable, "images_busy",
		"图片处理繁忙,请稍后再试", "Too many pictures are being read right now.",
		"Try again in a few seconds.")
)
