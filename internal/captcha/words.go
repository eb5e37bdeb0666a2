package captcha

import "strconv"

// reckoning is a sum of two small numbers written out, and what it makes.
func reckoning(random []byte, english bool) (string, int) {
	a, b := int(random[0])%8+2, int(random[1])%8+2
	if random[2]%2 == 0 && a > b {
		if english {
			return "How much is " + say(a, true) + " less " + say(b, true) +
				"? Answer in digits.", a - b
		}
		return say(a, false) + "减去" + say(b, false) + "等于多少?请用数字回答。", a - b
	}
	if english {
		return "How much is " + say(a, true) + " plus " + say(b, true) + "? Answer in digits.",
			a + b
	}
	return say(a, false) + "加上" + say(b, false) + "等于多少?请用数字回答。", a + b
}

func say(n int, english bool) string {
	zh := [...]string{"零", "一", "二", "三", "四", "五", "六", "七", "八", "九"}
	en := [...]string{"zero", "one", "two", "three", "four", "five", "six", "seven", "eight",
		"nine"}
	switch {
	case n < 0 || n >= len(zh):
		return strconv.Itoa(n)
	case english:
		return en[n]
	}
	return zh[n]
}
