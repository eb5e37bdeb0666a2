package invoice

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"foyer/internal/idgen"
	"foyer/internal/money"
)

// Columns head a batch's file.
func Columns() []string {
	return []string{"订单号 order", "抬头类型 title kind", "抬头 title", "税号 tax number",
		"邮箱 e-mail", "币种 currency", "金额 amount", "申请时间 asked at", "发票号码 number"}
}

// Cells are a request as a line of a batch's file. What a person typed can do nothing in a
// spreadsheet: see Harmless.
func (r *Request) Cells() []string {
	return []string{idgen.Number(r.Order), string(r.TitleKind), Harmless(r.Title),
		Harmless(r.TaxNumber), Harmless(r.Email), string(r.Currency), decimal(r.Amount),
		r.AskedAt.UTC().Format("2006-01-02 15:04:05Z"), Harmless(r.Number)}
}

// decimal writes minor units with two places, as tax forms want them.
func decimal(m money.Minor) string {
	s := strconv.FormatInt(int64(m), 10)
	for len(s) < 3 {
		s = "0" + s
	}
	return s[:len(s)-2] + "." + s[len(s)-2:]
}

// Harmless puts an apostrophe before text that a spreadsheet would run as a formula.
func Harmless(text string) string {
	first, _ := utf8.DecodeRuneInString(strings.TrimLeft(text, " \u00a0\u3000\u200b\ufeff"))
	runs := first != utf8.RuneError &&
		strings.ContainsRune("=+-@\t\r\n|%\uff1d\uff0b\uff0d\uff20", first)
	if runs {
		return "'" + text
	}
	return text
}
