package offer

import (
	"fmt"
	"unicode/utf8"

	"foyer/internal/fault"
	"foyer/internal/money"
)

// maxPrice bounds a price: a million yuan.
const maxPrice money.Minor = 100_000_000

// Check names every field of a rule that cannot be meant. Ids are the caller's to check.
func (r *Rule) Check(bad *fault.Problems) {
	texts(bad, "name", r.Name, 1)
	texts(bad, "name_en", r.NameEn, 0)
	within(bad, "most_per_order", int64(r.MostPerOrder), 0, 500)
	within(bad, "most", r.Most, 0, 1_000_000_000)
	within(bad, "budget_minor", int64(r.Budget), 0, int64(money.Max))
	within(bad, "start_from", int64(r.StartFrom), 0, 48*60)
	within(bad, "start_before", int64(r.StartBefore), 0, 48*60)
	if r.StartBefore > 0 && r.StartFrom >= r.StartBefore {
		bad.Add("start_before", "is not after start_from / 结束应晚于开始")
	}
	if !r.From.IsZero() && !r.Until.IsZero() && !r.Until.After(r.From) {
		bad.Add("until", "is not after from / 结束应晚于开始")
	}
	seen := map[int]bool{}
	for _, d := range r.Weekdays {
		if d < 1 || d > 7 || seen[d] {
			bad.Add("weekdays", "are 1 to 7, each once / 应为 1 到 7 且不重复")
			break
		}
		seen[d] = true
	}
	for _, l := range []struct {
		field string
		n     int
	}{{"ticket_type_ids", len(r.Types)}, {"zones", len(r.Zones)}, {"channels", len(r.Channels)}} {
		within(bad, l.field, int64(l.n), 0, 40)
	}
	switch r.Kind {
	case EveryNth:
		within(bad, "size", int64(r.Size), 1, 50)
		within(bad, "reduced", int64(r.Reduced), 1, int64(max(r.Size, 1)))
		r.checkOff(bad)
	case Group:
		within(bad, "size", int64(r.Size), 1, 500)
		r.checkOff(bad)
	case Reduction:
		r.checkOff(bad)
	case Combo:
		r.checkNeeds(bad)
	default:
		bad.Add("kind", "is none of %v / 类型不正确", Kinds())
	}
}

func (r *Rule) checkOff(bad *fault.Problems) {
	if (r.Percent > 0) == (r.Off > 0) {
		bad.Add("percent_off", "give percent_off or off_minor, one of the two / 折扣与减免二选一")
	}
	within(bad, "percent_off", int64(r.Percent), 0, 10_000)
	within(bad, "off_minor", int64(r.Off), 0, int64(maxPrice))
	if len(r.Needs) > 0 {
		bad.Add("needs", "are a combo's / 仅用于组合")
	}
}

func (r *Rule) checkNeeds(bad *fault.Problems) {
	within(bad, "price_minor", int64(r.Price), 0, int64(maxPrice))
	within(bad, "needs", int64(len(r.Needs)), 1, maxNeeds)
	for i, n := range r.Needs {
		within(bad, fmt.Sprintf("needs[%d].count", i), int64(n.Count), 1, 20)
		within(bad, fmt.Sprintf("needs[%d].ticket_type_ids", i), int64(len(n.Types)), 1, 20)
	}
	if r.Percent > 0 || r.Off > 0 {
		bad.Add("percent_off", "a combo has a price instead / 组合请填写价格")
	}
	if r.comboSize() < 2 && len(r.Needs) > 0 {
		bad.Add("needs", "are at least two units / 至少两张")
	}
}

func texts(bad *fault.Problems, field, v string, least int) {
	if n := utf8.RuneCountInString(v); n < least || n > 60 {
		bad.Add(field, "has %d characters, not %d to 60 / 应为 %d 到 60 个字", n, least, least)
	}
}

func within(bad *fault.Problems, field string, v, least, most int64) {
	if v < least || v > most {
		bad.Add(field, "is %d, not within %d..%d / 应在 %d 到 %d 之间", v, least, most, least, most)
	}
}
