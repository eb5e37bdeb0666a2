package notify

import (
	"fmt"
	"time"
)

// The topics of an account's own messages.
const (
	TopicConfirmCode     Topic = "confirm_code"
	TopicVerifyEmail     Topic = "verify_email"
	TopicRecovery        Topic = "recovery"
	TopicNewDevice       Topic = "new_device"
	TopicPasswordChanged Topic = "password_changed"
	TopicEmailChanged    Topic = "email_changed"
	TopicAccountClosed   Topic = "account_closed"
)

// ConfirmCode is the text of a code that proves its owner before something grave.
func ConfirmCode(l Language, code string, life time.Duration) Text {
	n := int(life.Minutes())
	return l.choose(
		Text{"身份验证码", fmt.Sprintf(
			"您正在进行导出数据、注销账号等敏感操作,验证码是 %s,%d 分钟内有效。请勿告诉他人;"+
				"如非本人操作,请立即登录检查账号。", code, n)},
		Text{"Your code to confirm", fmt.Sprintf(
			"The code for exporting your data or closing your account is %s. It is valid for %d "+
				"minutes. Tell it to nobody; if you did not ask for it, sign in and check your "+
				"account.", code, n)})
}

// VerifyEmail is the text that proves that somebody reads an address.
func VerifyEmail(l Language, link string, life time.Duration) Text {
	h := int(life.Hours())
	return l.choose(
		Text{"验证您的邮箱", fmt.Sprintf(
			"请在 %d 小时内打开链接,验证这个邮箱(仅可使用一次):%s 如非本人操作,请忽略。", h, link)},
		Text{"Confirm your e-mail address", fmt.Sprintf(
			"Open this link within %d hours to confirm this address; it works once: %s "+
				"If you did not ask for it, ignore this message.", h, link)})
}

// Recovery is the text with the link that sets a new password.
func Recovery(l Language, link string, life time.Duration) Text {
	n := int(life.Minutes())
	return l.choose(
		Text{"重置密码", fmt.Sprintf(
			"请在 %d 分钟内打开链接设置新密码(仅可使用一次):%s 如非本人操作,请忽略,密码不会改变。",
			n, link)},
		Text{"Set a new password", fmt.Sprintf(
			"Open this link within %d minutes to set a new password; it works once: %s "+
				"If you did not ask for it, ignore this message: nothing changes.", n, link)})
}

// NewDevice tells of a sign-in on a device that was not known. at is ready to read.
func NewDevice(l Language, device, network, at, link string) Text {
	if device == "" {
		device = l.choose(Text{Body: "未知设备"}, Text{Body: "an unnamed device"}).Body
	}
	return l.choose(
		Text{"新设备登录提醒", fmt.Sprintf(
			"您的账号于 %s 在新设备登录:%s(网络 %s)。如非本人操作,请打开链接立即下线该设备并重设密码:%s",
			at, device, network, link)},
		Text{"A sign-in on a new device", fmt.Sprintf(
			"Your account was signed in to at %s on %s (network %s). If it was not you, open this "+
				"link: it ends that sign-in and the password: %s", at, device, network, link)})
}

// PasswordChanged tells that the password was set, and all other sign-ins ended.
func PasswordChanged(l Language, at string) Text {
	return l.choose(
		Text{"密码已修改", fmt.Sprintf(
			"您的密码已于 %s 修改,其他设备均已退出登录。如非本人操作,请立即重置密码。", at)},
		Text{"Your password was changed", fmt.Sprintf(
			"Your password was changed at %s, and all other sign-ins have ended. If it was not "+
				"you, recover your account at once.", at)})
}

// EmailChanged tells that the address of an account was changed or removed.
func EmailChanged(l Language, at string) Text {
	return l.choose(
		Text{"邮箱已变更", fmt.Sprintf(
			"您账号绑定的邮箱已于 %s 变更或移除。如非本人操作,请立即登录检查账号。", at)},
		Text{"Your e-mail address was changed", fmt.Sprintf(
			"The e-mail address of your account was changed or removed at %s. If it was not you, "+
				"sign in and check your account.", at)})
}

// AccountClosed tells that an account is gone.
func AccountClosed(l Language, at string) Text {
	return l.choose(
		Text{"账号已注销", fmt.Sprintf(
			"您的账号已于 %s 注销,姓名、手机号、邮箱和常用观演人均已删除。感谢您的光临。", at)},
		Text{"Your account was closed", fmt.Sprintf(
			"Your account was closed at %s. Your name, phone, e-mail address and companions are "+
				"erased. Thank you for having come.", at)})
}
