package notify

import "fmt"

// SessionMoved is the text for the buyers of a session that takes place at another time or in
// another hall. notice is the house's own words; the link opens the order, where they choose.
func SessionMoved(l Language, title, was, now, notice, until, link string, refund bool) Text {
	zh, en := "默认保留您的票", "your tickets stay good"
	if refund {
		zh, en = "默认全额退款", "they are refunded in full"
	}
	return l.choose(
		Text{"改期换厅通知:" + title, fmt.Sprintf("《%s》由 %s 改为 %s。%s 请在 %s 前选择接受、改签或"+
			"全额退款,逾期未选%s。旧票码已失效,新票与选择:%s", title, was, now, notice, until, zh, link)},
		Text{"Your session was moved: " + title, fmt.Sprintf("%s was moved from %s to %s. %s "+
			"Accept, choose another or take a full refund until %s; without a word from you %s. "+
			"Old codes are void. New tickets and your choice: %s", title, was, now, notice, until,
			en, link)})
}
