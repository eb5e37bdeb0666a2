package bankhttp

// words are the cashier's texts in one language.
type words struct {
	Title, Sandbox, PayTo, Left, Pay, Refuse, Leave, Back             string
	Paid, PaidText, Declined, DeclinedText, Closed, ClosedText        string
	Over, OverText, Missing, MissingText, Number, Other, OtherTo, Min string
	Home, HomeText                                                    string
}

func wordsOf(lang string) words {
	if lang == "en" {
		return words{Title: "Cashier", Sandbox: "Sandbox: no real money moves", PayTo: "Pay to",
			Left: "Time left", Pay: "Pay now", Refuse: "Let the card be declined",
			Leave: "Leave without paying", Back: "Back to the shop", Paid: "Paid",
			PaidText: "The payment went through.", Declined: "Card declined",
			DeclinedText: "No money was taken. Choose another way to pay in the shop.",
			Closed:       "Closed", ClosedText: "The shop closed this payment. No money was taken.",
			Over: "Time is over", OverText: "Not paid in time. No money was taken.",
			Missing: "No such payment", MissingText: "Open the cashier from the shop again.",
			Number: "Number", Other: "中文", OtherTo: "zh", Min: "min",
			Home: "The sandbox bank is open", HomeText: "A shop sends its buyers here to pay; " +
				"each " +
				"payment has its own cashier page. Nothing is to be done on this one."}
	}
	return words{Title: "收银台", Sandbox: "沙箱环境,不会产生真实扣款", PayTo: "收款方",
		Left: "剩余支付时间", Pay: "立即支付", Refuse: "模拟银行卡被拒", Leave: "暂不支付,返回商户",
		Back: "返回商户", Paid: "支付成功", PaidText: "款项已支付,可以返回商户查看。",
		Declined: "支付被拒", DeclinedText: "没有扣款,请返回商户换一种方式支付。",
		Closed: "支付已关闭", ClosedText: "商户已关闭这笔支付,没有扣款。",
		Over: "支付超时", OverText: "未在规定时间内完成支付,没有扣款。",
		Missing: "没有这笔支付", MissingText: "请从商户页面重新进入收银台。",
		Number: "单号", Other: "English", OtherTo: "en", Min: "分",
		Home: "沙箱银行正在营业", HomeText: "商户下单后会把买家带到这里付款,每笔支付都有自己的收银台页面;本页无需任何操作。"}
}
