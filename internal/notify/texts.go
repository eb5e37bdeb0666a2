package notify

import (
	"fmt"
	"strings"
	"time"
)

// Text is a subject (for e-mail) and a body. All that Foyer says to people outside its
// pages is made in this file.
type Text struct {
	Subject string
	Body    string
}

// Language is one that messages are written in.
type Language string

// The languages, named as in the API.
const (
	Chinese Language = "zh-Hans"
	English Language = "en"
)

// LanguageOf is the language of a tag such as "en-GB"; Chinese for all but English.
func LanguageOf(tag string) Language {
	tag = strings.ToLower(tag)
	if tag == "en" || strings.HasPrefix(tag, "en-") {
		return English
	}
	return Chinese
}

func (l Language) choose(zh, en Text) Text {
	if l == English {
		return en
	}
	return zh
}

// SignInCode is the text of a code that signs in.
func SignInCode(l Language, code string, life time.Duration) Text {
	n := int(life.Minutes())
	return l.choose(
		Text{"登录验证码", fmt.Sprintf(
			"您的登录验证码是 %s,%d 分钟内有效。请勿告诉他人;如非本人操作,请忽略。", code, n)},
		Text{"Your sign-in code", fmt.Sprintf(
			"Your sign-in code is %s. It is valid for %d minutes. Tell it to nobody; "+
				"if you did not ask for it, ignore this message.", code, n)})
}

// PasswordCode is the text of a code that allows a new password.
func PasswordCode(l Language, code string, life time.Duration) Text {
	n := int(life.Minutes())
	return l.choose(
		Text{"修改密码验证码", fmt.Sprintf(
			"您正在修改密码,验证码是 %s,%d 分钟内有效。请勿告诉他人;如非本人操作,请立即登录检查账号。",
			code, n)},
		Text{"Your code for a new password", fmt.Sprintf(
			"The code for your new password is %s. It is valid for %d minutes. Tell it to "+
				"nobody; if you did not ask for it, sign in and check your account.", code, n)})
}

// Invitation is the text that brings somebody into an organization's staff.
func Invitation(l Language, organization, link string, life time.Duration) Text {
	h := int(life.Hours())
	return l.choose(
		Text{"邀请您加入 " + organization, fmt.Sprintf(
			"%s 邀请您成为工作人员。请在 %d 小时内打开链接(仅可使用一次):%s", organization, h, link)},
		Text{"You are invited to " + organization, fmt.Sprintf(
			"%s invites you to its staff. Open this link within %d hours; it works once: %s",
			organization, h, link)})
}

// OrderPaid is the text that brings the tickets. The link opens the order for its owner
// only; it carries no code of a ticket.
func OrderPaid(l Language, title, when, link string) Text {
	return l.choose(
		Text{"出票成功:" + title, fmt.Sprintf("《%s》%s 出票成功,电子票:%s", title, when, link)},
		Text{"Your tickets: " + title, fmt.Sprintf("%s, %s: your tickets are here: %s",
			title, when, link)})
}

// RefundAccepted is the text for a refund that is under way. amount is ready to read.
func RefundAccepted(l Language, title, amount string) Text {
	return l.choose(
		Text{"退款已受理:" + title, fmt.Sprintf("《%s》的退款 %s 已受理,将原路退回,请留意到账通知。",
			title, amount)},
		Text{"Refund accepted: " + title, fmt.Sprintf("Your refund of %s for %s is accepted "+
			"and goes back the way it was paid.", amount, title)})
}

// RefundArrived is the text for a refund that the provider has paid out.
func RefundArrived(l Language, title, amount string) Text {
	return l.choose(
		Text{"退款已到账:" + title, fmt.Sprintf("《%s》的退款 %s 已原路退回。", title, amount)},
		Text{"Refund paid: " + title, fmt.Sprintf("Your refund of %s for %s has been paid out.",
			amount, title)})
}
