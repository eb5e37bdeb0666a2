// Package pii knows the personal values of people: phones, e-mail addresses and names
// (identity documents are the package document's). It checks them, brings each into the one
// form that is sealed and indexed, and masks them for those who may only recognise them.
package pii

import (
	"strings"

	"golang.org/x/text/width"

	"foyer/internal/fault"
)

// The refusals of personal values. They never repeat the value: refusals are logged.
var (
	ErrPhone = fault.Define(fault.Invalid, "phone_invalid",
		"手机号格式不正确", "This is not a mobile number that can be reached.",
		"Give 11 digits for the mainland, or + and the country code for elsewhere.")
	ErrEmail = fault.Define(fault.Invalid, "email_invalid",
		"邮箱格式不正确", "This is not an e-mail address.",
		"Give it as name@example.com.")
	ErrName = fault.Define(fault.Invalid, "name_invalid",
		"姓名格式不正确", "This is not a person's name.",
		"Give 1 to 64 letters as they stand in the document.")
)

const (
	mainland = "+86"
	// maxRaw bounds what is looked at, in bytes: longer input is no phone.
	maxRaw = 64
)

// Phone brings a mobile number into E.164: "+8613800138000". Spaces, hyphens, brackets and
// full-width digits are taken; a number without a country is a mainland one. It refuses
// (ErrPhone) a mainland number that is no mobile, and lengths outside 8 to 15 digits.
func Phone(raw string) (string, error) {
	if len(raw) > maxRaw {
		return "", ErrPhone
	}
	text, ok := dial(raw)
	if !ok {
		return "", ErrPhone
	}
	international := strings.HasPrefix(text, "+")
	text = strings.TrimPrefix(text, "+")
	if !international && strings.HasPrefix(text, "00") {
		international, text = true, text[2:]
	}
	if !international && len(text) == 13 && strings.HasPrefix(text, "86") {
		international = true
	}
	if !international {
		text = "86" + text
	}
	if national, ok := strings.CutPrefix(text, "86"); ok {
		if len(national) != 11 || national[0] != '1' || national[1] < '3' {
			return "", ErrPhone
		}
		return mainland + national, nil
	}
	if len(text) < 8 || len(text) > 15 || text[0] == '0' {
		return "", ErrPhone
	}
	return "+" + text, nil
}

// dial leaves the digits and a leading plus; false when anything else is in the number.
func dial(raw string) (string, bool) {
	var b strings.Builder
	for _, r := range width.Narrow.String(strings.TrimSpace(raw)) {
		switch {
		case r >= '0' && r <= '9':
			b.WriteRune(r)
		case r == '+' && b.Len() == 0:
			b.WriteRune(r)
		case strings.ContainsRune(" -().\u00a0\u2010\u2011\u2012\u2013", r):
		default:
			return "", false
		}
	}
	return b.String(), b.Len() > 0
}

// PhoneTail is the last four digits of a normalised phone: a box office finds an order by
// it, and it tells too little to be anybody's secret.
func PhoneTail(phone string) string {
	if len(phone) < 4 {
		return ""
	}
	return phone[len(phone)-4:]
}

// MaskPhone shows a normalised phone to people who may only recognise it: 138****1234, and
// for other countries +852****5678.
func MaskPhone(phone string) string {
	if national, ok := strings.CutPrefix(phone, mainland); ok && len(national) == 11 {
		return national[:3] + "****" + national[7:]
	}
	if len(phone) < 8 {
		return "****"
	}
	return phone[:min(4, len(phone)-7)] + "****" + PhoneTail(phone)
}
