package pii

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"foyer/internal/fault"
)

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

func TestRefusalsDoNotRepeatTheValue(t *testing.T) {
	t.Parallel()
	const marked = "MARKED9"
	_, e1 := Phone(marked)
	_, e2 := Email(marked)
	_, e3 := Name(marked)
	for _, err := range []error{e1, e2, e3} {
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
		"\xff", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		for name, form := range map[string]func(string) (string, error){
			"phone": Phone, "email": Email, "name": Name,
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
	})
}
