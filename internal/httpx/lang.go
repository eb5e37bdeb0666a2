package httpx

import (
	"context"
	"strconv"
	"strings"
)

// Lang is a language that Foyer speaks.
type Lang string

// The two languages; Chinese is what a request without a preference gets.
const (
	Zh Lang = "zh-Hans"
	En Lang = "en"
)

// LangOf is the language that the request asked for; Chinese outside a request.
func LangOf(ctx context.Context) Lang {
	if x := exchangeOf(ctx); x != nil {
		return x.lang
	}
	return Zh
}

// parseLang chooses from an Accept-Language header; of two equal wishes the first wins.
func parseLang(header string) Lang {
	if header == "" || len(header) > 256 {
		return Zh
	}
	best, bestQ := Zh, 0.0
	for part := range strings.SplitSeq(header, ",") {
		tag, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		q := 1.0
		if v, ok := strings.CutPrefix(strings.TrimSpace(params), "q="); ok {
			var err error
			if q, err = strconv.ParseFloat(v, 64); err != nil {
				continue
			}
		}
		primary, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(tag)), "-")
		lang := Zh
		switch primary {
		case "en":
			lang = En
		case "zh", "*":
		default:
			continue
		}
		if q > bestQ {
			best, bestQ = lang, q
		}
	}
	return best
}
