package invoice

import "foyer/internal/fault"

// Refusals of invoice requests.
var (
	ErrNotPaid = fault.Define(fault.Conflict, "invoice_order_not_paid",
		"订单未支付,不能申请发票", "Only a paid order has an invoice.",
		"Pay the order first.")
	ErrNothingLeft = fault.Define(fault.Conflict, "invoice_nothing_left",
		"订单金额为零或已全部退款,不能申请发票", "Nothing was paid that did not go back.",
		"There is nothing to ask an invoice for.")
	ErrTaxNumber = fault.Define(fault.Invalid, "invoice_tax_number",
		"税号有误,请核对", "The tax number is none: 15, 18 or 20 characters, the last of 18 "+
			"checks the others.",
		"Copy it from the business licence (统一社会信用代码).")
	ErrExported = fault.Define(fault.Conflict, "invoice_exported",
		"发票已提交开具,不能修改", "The request has gone to whoever issues the invoice.",
		"Ask the house; it may take the invoice back by a red letter.")
	ErrNotExported = fault.Define(fault.Conflict, "invoice_not_exported",
		"该申请尚未导出", "The request was not exported yet.",
		"Export it first; its number comes with the invoice.")
	ErrNumber = fault.Define(fault.Invalid, "invoice_number_invalid",
		"发票号码格式有误", "An invoice number has 8 to 40 letters and digits.",
		"Copy it from the invoice.")
	ErrNoRed = fault.Define(fault.Conflict, "invoice_no_red_needed",
		"该发票不需要冲红", "Nothing went back since, so no red letter is needed.",
		"Read the request; red_needed_minor says what is.")
	ErrNoneWaiting = fault.Define(fault.Conflict, "invoice_none_waiting",
		"没有待导出的开票申请", "No request waits to be exported.",
		"Nothing is to be done.")
)
