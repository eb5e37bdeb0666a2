package pii

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"foyer/internal/fault"
)

var today = time.Date(2026, 5, 1, 23, 0, 0, 0, time.FixedZone("CST", 8*3600))

func TestPhone(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"13800138000":       "+8613800138000",
		" 138 0013-8000 ":   "+8613800138000",
		"+86 138 0013 8000": "+8613800138000",
		"008613800138000":   "+8613800138000",
		"8613800138000":     "+8613800138000",
		"(+86)13800138000":  "+8613800138000",
		"\uff11\uff13\uff18\uff10\uff10\uff11\uff13\uff18\uff10\uff10\uff10": "+8613800138000",
		"\uff0b8613800138000": "+8613800138000",
		"19912345678":         "+8619912345678",
		"+852 6123 4567":      "+85261234567",
		"0085261234567":       "+85261234567",
		"+1 (212) 555-0100":   "+12125550100",
	} {
		if got, err := Phone(raw); got != want || err != nil {
			t.Error(raw, got, err)
		}
	}
	for _, raw := range []string{
		"", "+", "00", "1380013800", "138001380001", "12800138000", "02112345678", "+8602112345678",
		"+86 1380013800", "1380013800a", "138+0013800", "++8613800138000", "+0123456789",
		"+1234567", "+1234567890123456", "110", "'; DROP TABLE", strings.Repeat("1", 5000),
		"\u0661\u0663\u0668\u0660\u0660\u0661\u0663\u0668\u0660\u0660\u0660", // Arabic digits
	} {
		if got, err := Phone(raw); !errors.Is(err, ErrPhone) {
			t.Error(raw, got, err)
		}
	}
}

func TestPhoneMasks(t *testing.T) {
	t.Parallel()
	for phone, want := range map[string][2]string{
		"+8613812341234": {"138****1234", "1234"},
		"+85261234567":   {"+852****4567", "4567"},
		"+12125550100":   {"+121****0100", "0100"},
		"+12345678":      {"+1****5678", "5678"},
		"":               {"****", ""},
		"+12":            {"****", ""},
	} {
		if MaskPhone(phone) != want[0] || PhoneTail(phone) != want[1] {
			t.Error(phone, MaskPhone(phone), PhoneTail(phone))
		}
	}
}

func TestPhoneIsStable(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		raw := rapid.StringMatching(`(\+|00)?[0-9 -]{0,20}`).Draw(t, "raw")
		once, err := Phone(raw)
		if err != nil {
			return
		}
		if twice, err := Phone(once); err != nil || twice != once {
			t.Fatal(raw, once, twice, err)
		}
		shown := len(strings.Trim(strings.ReplaceAll(MaskPhone(once), "*", ""), "+"))
		if hidden := len(once) - 1 - shown; hidden < 3 {
			t.Fatal("the mask shows the number", MaskPhone(once))
		}
	})
}

func TestEmail(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		" Wang.Li@Example.COM ": "wang.li@example.com",
		"a+tag@b.cn":            "a+tag@b.cn",
		"x@例子.中国":               "x@xn--fsqu00a.xn--fiqs8s",
	} {
		if got, err := Email(raw); got != want || err != nil {
			t.Error(raw, got, err)
		}
	}
	for _, raw := range []string{
		"", "@", "a@", "@b.cn", "a@b", "a@b@c.cn", "a b@c.cn", ".a@c.cn", "a.@c.cn", "a..b@c.cn",
		"a@-c.cn", "a@c-.cn", "a@c..cn", "a@.cn", "a@127.0.0.1", "a@[127.0.0.1]", `"a b"@c.cn`,
		"a@c.cn\nBcc: x@y.cn", "a\r@c.cn", "王@c.cn", strings.Repeat("a", 65) + "@c.cn",
		"a@" + strings.Repeat("b", 64) + ".cn", "a@" + strings.Repeat("b.", 130) + "cn",
	} {
		if got, err := Email(raw); !errors.Is(err, ErrEmail) {
			t.Errorf("%q: %s %v", raw, got, err)
		}
	}
	if MaskEmail("wang@example.com") != "w***@example.com" || MaskEmail("") != "***" {
		t.Error("mask")
	}
}

func TestName(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string][2]string{
		" 张三 ":              {"张三", "张*"},
		"王黎明":               {"王黎明", "王**"},
		"欧阳娜娜":              {"欧阳娜娜", "欧***"},
		"李":                 {"李", "李*"},
		"阿卜杜拉·买买提":          {"阿卜杜拉·买买提", "阿*******"},
		"John   Smith":      {"John Smith", "J*** S***"},
		"Zoe\u0308 O'Brien": {"Zo\u00eb O'Brien", "Z*** O***"},
	} {
		got, err := Name(raw)
		if got != want[0] || err != nil || MaskName(got) != want[1] {
			t.Error(raw, got, MaskName(got), err)
		}
	}
	for _, raw := range []string{
		"", " ", "-", "张3", "<b>张</b>", "a\x00b", "\xff", strings.Repeat("张", 65), "张\u202e三",
		"=cmd()", "张三@",
	} {
		if got, err := Name(raw); !errors.Is(err, ErrName) {
			t.Errorf("%q: %s %v", raw, got, err)
		}
	}
	if MaskName("") != "*" {
		t.Error("empty mask")
	}
}

func TestDocuments(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind        DocumentKind
		raw, number string
		birth       string
	}{
		{IDCard, "11010519491231002X", "11010519491231002X", "1949-12-31"}, // GB 11643's example
		{IDCard, " 110105 19491231 002x ", "11010519491231002X", "1949-12-31"},
		{IDCard, "440524188001010014", "", ""}, // GB's other example, older than anybody
		{IDCard, card("81000019900229001"), "", ""},
		{IDCard, card("83000019920229001"), card("83000019920229001"), "1992-02-29"},
		{IDCard, card("11010520260501001"), card("11010520260501001"), "2026-05-01"},
		{IDCard, card("11010520260502001"), "", ""},
		{IDCard, card("99010519900101001"), "", ""},
		{IDCard, "110105491231002", "", ""}, // 15 digits, void since 2013
		{IDCard, "110105194912310021", "", ""},
		{IDCard, "", "", ""},
		{ForeignerID, card("91110019900101001"), card("91110019900101001"), "1990-01-01"},
		{ForeignerID, card("11010519900101001"), "", ""},
		{ForeignerID, "USA110012345678", "USA110012345678", ""},
		{ForeignerID, "US1110012345678", "", ""},
		{Passport, "e12345678", "E12345678", ""},
		{Passport, "EA1234567", "EA1234567", ""},
		{Passport, "E1234-5678", "", ""},
		{Passport, "ABCDEFG", "", ""},
		{Passport, "E123", "", ""},
		{Passport, "E123456789012", "", ""},
		{HongKongMacauPermit, "h12345678", "H12345678", ""},
		{HongKongMacauPermit, "M1234567801", "M1234567801", ""},
		{HongKongMacauPermit, "A12345678", "", ""},
		{HongKongMacauPermit, "H1234567", "", ""},
		{HongKongMacauPermit, "", "", ""},
		{TaiwanPermit, "12345678", "12345678", ""},
		{TaiwanPermit, "1234567A", "", ""},
		{"driving_licence", "12345678", "", ""},
		{IDCard, strings.Repeat("1", 5000), "", ""},
		{IDCard, "\u4e00\u4e8c\u4e09\u56db\u4e94\u516d", "", ""},
	} {
		d, err := NewDocument(c.kind, c.raw, today)
		if c.number == "" {
			if !errors.Is(err, ErrDocument) || c.raw != "" && strings.Contains(err.Error(), c.raw) {
				t.Errorf("%s %.30q: %v %v", c.kind, c.raw, d, err)
			}
			continue
		}
		birth := ""
		if !d.Birth.IsZero() {
			birth = d.Birth.Format(time.DateOnly)
		}
		if err != nil || d.Number != c.number || birth != c.birth ||
			d.Key() != string(c.kind)+":"+c.number {
			t.Error(c.kind, c.raw, d, err)
		}
	}
}

func card(first string) string { return first + string(checkDigit(first)) }

func TestEveryTypoInACardIsFound(t *testing.T) {
	t.Parallel()
	const good = "11010519491231002X"
	for i := range good {
		for _, c := range "0123456789X" {
			bad := good[:i] + string(c) + good[i+1:]
			if _, err := NewDocument(IDCard, bad, today); bad != good && err == nil {
				t.Error("accepted", bad)
			}
		}
		if i == 0 || good[i] == good[i-1] {
			continue
		}
		swapped := good[:i-1] + good[i:i+1] + good[i-1:i] + good[i+1:]
		if _, err := NewDocument(IDCard, swapped, today); err == nil {
			t.Error("accepted", swapped)
		}
	}
}

func TestAge(t *testing.T) {
	t.Parallel()
	day := func(s string) time.Time {
		d, err := time.Parse(time.DateOnly, s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for _, c := range []struct {
		birth, on string
		age       int
	}{
		{"2012-05-01", "2026-05-01", 14}, {"2012-05-02", "2026-05-01", 13},
		{"2012-02-29", "2026-02-28", 13}, {"2012-02-29", "2026-03-01", 14},
		{"2012-02-29", "2028-02-29", 16}, {"2026-05-01", "2026-05-01", 0},
		{"1966-12-31", "2026-12-30", 59},
	} {
		if got := AgeOn(day(c.birth), day(c.on)); got != c.age {
			t.Error(c, got)
		}
	}
}

func TestMaskDocument(t *testing.T) {
	t.Parallel()
	for number, want := range map[string]string{
		"11010519491231002X": "110***********002X", "E12345678": "E1*****78",
		"12345678": "12****78", "E1234": "E****", "AB": "**", "": "*",
	} {
		if got := MaskDocument(number); got != want {
			t.Error(number, got)
		}
	}
}

func TestRefusalsDoNotRepeatTheValue(t *testing.T) {
	t.Parallel()
	const marked = "MARKED9"
	_, e1 := Phone(marked)
	_, e2 := Email(marked)
	_, e3 := Name(marked)
	_, e4 := NewDocument(IDCard, marked, today)
	for _, err := range []error{e1, e2, e3, e4} {
		f := fault.Of(err)
		for _, v := range f.Details {
			if v == marked {
				t.Error(err)
			}
		}
		if strings.Contains(err.Error(), marked) {
			t.Error(err)
		}
	}
}

func FuzzValues(f *testing.F) {
	for _, s := range []string{"13800138000", "+852 6123 4567", "a@b.cn", "x@例子.中国", "张三",
		"11010519491231002X", "H12345678", "\xff", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		for name, form := range map[string]func(string) (string, error){
			"phone": Phone, "email": Email, "name": Name,
			"document": func(s string) (string, error) {
				d, err := NewDocument(IDCard, s, today)
				return d.Number, err
			},
		} {
			once, err := form(raw)
			if err != nil {
				continue
			}
			if twice, err := form(once); err != nil || twice != once {
				t.Fatalf("%s: %q -> %q -> %q %v", name, raw, once, twice, err)
			}
		}
		MaskPhone(raw)
		MaskEmail(raw)
		MaskName(raw)
		MaskDocument(raw)
	})
}
