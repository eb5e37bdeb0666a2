package invoice

import "strings"

// creditAlphabet is that of GB 32100-2015, without I, O, S, V and Z.
const creditAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"

// creditWeights are 3^i mod 31.
var creditWeights = [17]int{1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28}

// TaxNumber is a taxpayer's number as it is written, without spaces and in capitals, and
// whether it can be one: a unified social credit code of 18 characters with its check
// character (GB 32100-2015), or one of the older ones of 15 or 20.
func TaxNumber(raw string) (string, bool) {
	n := strings.ToUpper(strings.Join(strings.Fields(raw), ""))
	switch len(n) {
	case 15, 20:
		return n, !strings.ContainsFunc(n, func(r rune) bool {
			return (r < '0' || r > '9') && (r < 'A' || r > 'Z')
		})
	case 18:
		return n, creditCheck(n)
	}
	return n, false
}

// creditCheck says whether the last character is the check character of those before.
func creditCheck(n string) bool {
	sum := 0
	for i, w := range creditWeights {
		v := strings.IndexByte(creditAlphabet, n[i])
		if v < 0 {
			return false
		}
		sum += v * w
	}
	return n[17] == creditAlphabet[(31-sum%31)%31]
}
