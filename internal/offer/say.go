package offer

import (
	"fmt"
	"slices"

	"foyer/internal/money"
)

// Said is why a rule applied or did not.
type Said string

// What can be said of a rule.
const (
	SaidApplied Said = "applied"
	SaidMore    Said = "more_needed"    // so many more units, and it applies once more
	SaidBetter  Said = "better_offer"   // its units are worth more under another rule
	SaidSpent   Said = "offer_used_up"  // nothing is left of its number or budget
	SaidCode    Said = "code_needed"    // it is for those who have a code
	SaidNothing Said = "no_improvement" // it would not make the basket cheaper
)

// Statement says to the buyer what a rule did, or what is missing.
type Statement struct {
	Rule    int64       `json:"r"`
	Said    Said        `json:"c"`
	Saved   money.Minor `json:"s,omitempty"`
	Missing int         `json:"m,omitempty"`
	Name    string      `json:"n"`
	NameEn  string      `json:"e,omitempty"`
	Words   string      `json:"w"`
	WordsEn string      `json:"v"`
}

// Describe says what the rule is, in both languages.
func (r *Rule) Describe() (zh, en string) {
	zhOff, enOff := r.offWords()
	switch r.Kind {
	case EveryNth:
		return fmt.Sprintf("每%d张中最便宜的%d张%s", r.Size, r.Reduced, zhOff),
			fmt.Sprintf("of every %d, the cheapest %d %s", r.Size, r.Reduced, enOff)
	case Group:
		return fmt.Sprintf("满%d人,每张%s", r.Size, zhOff),
			fmt.Sprintf("from %d people on, each %s", r.Size, enOff)
	case Combo:
		return fmt.Sprintf("%d张组合价%s", r.comboSize(), yuan(r.Price)),
			fmt.Sprintf("a set of %d for %s", r.comboSize(), yuan(r.Price))
	}
	return "每张" + zhOff, "each " + enOff
}

func (r *Rule) offWords() (zh, en string) {
	switch {
	case r.Off > 0:
		return "减" + yuan(r.Off), yuan(r.Off) + " off"
	case r.Percent == 10_000:
		return "免费", "free"
	case r.Percent == 5_000:
		return "半价", "at half price"
	}
	p := fmt.Sprintf("%d.%02d%%", r.Percent/100, r.Percent%100)
	if r.Percent%100 == 0 {
		p = fmt.Sprintf("%d%%", r.Percent/100)
	}
	return "减" + p, p + " off"
}

func yuan(m money.Minor) string { return fmt.Sprintf("%d.%02d", m/100, m%100) }

func (r *Rule) say(said Said, saved money.Minor, missing int) Statement {
	s := Statement{Rule: r.ID, Said: said, Saved: saved, Missing: missing, Name: r.Name,
		NameEn: r.NameEn}
	zh, en := r.Describe()
	switch said {
	case SaidApplied:
		s.Words, s.WordsEn = zh+":已省"+yuan(saved), en+": saves "+yuan(saved)
	case SaidMore:
		s.Words = fmt.Sprintf("再加%d张即可享受:%s", missing, zh)
		s.WordsEn = fmt.Sprintf("%d more, and you get this: %s", missing, en)
	case SaidBetter:
		s.Words, s.WordsEn = zh+":已使用更优惠的方案", en+": another offer saves you more"
	case SaidSpent:
		s.Words, s.WordsEn = zh+":名额已用完", en+": all gone"
	case SaidCode:
		s.Words, s.WordsEn = zh+":需要优惠码", en+": needs a code"
	case SaidNothing:
		s.Words, s.WordsEn = zh+":原价已不高于此", en+": it is no dearer as it is"
	}
	return s
}

// tell adds what is to be said of a rule that was tried. free are the units that no rule
// used; nil means that the rule stood alone.
func (res *Result) tell(o Offered, units []Unit, free []bool) {
	var saved money.Minor
	applications := 0
	for _, parts := range res.Parts {
		for _, p := range parts {
			if p.Rule == o.ID {
				saved += p.Off
				applications = max(applications, p.Application)
			}
		}
	}
	more := 0
	most := o.most()
	if (most == 0 || applications < most) && (o.Kind != Group || saved == 0) {
		more = o.missing(res, units, free)
	}
	switch {
	case slices.Contains(res.short, o.ID):
		res.Said = append(res.Said, o.say(SaidSpent, 0, 0))
	case saved > 0 && more > 0:
		res.Said = append(res.Said, o.say(SaidApplied, saved, 0), o.say(SaidMore, 0, more))
	case saved > 0:
		res.Said = append(res.Said, o.say(SaidApplied, saved, 0))
	case more > 0:
		res.Said = append(res.Said, o.say(SaidMore, 0, more))
	case free != nil && o.could(units) && o.used(units, free):
		res.Said = append(res.Said, o.say(SaidBetter, 0, 0))
	default:
		res.Said = append(res.Said, o.say(SaidNothing, 0, 0))
	}
}

// could says whether the basket has enough units for the rule, were it alone.
func (o Offered) could(units []Unit) bool {
	var list []*Unit
	people := 0
	for i := range units {
		if o.takes(&units[i]) {
			list = append(list, &units[i])
			people += max(units[i].People, 1)
		}
	}
	switch o.Kind {
	case EveryNth:
		return len(list) >= o.Size
	case Group:
		return people >= o.Size
	case Combo:
		return o.lacking(list) == 0
	}
	return len(list) > 0
}

// used says whether another rule has units that this one could take.
func (o Offered) used(units []Unit, free []bool) bool {
	for i := range units {
		if !free[i] && o.takes(&units[i]) {
			return true
		}
	}
	return false
}

// missing is how many more units would let the rule apply once more, beside the units that
// no other rule used; 0 when none would, or nothing has begun.
func (o Offered) missing(res *Result, units []Unit, free []bool) int {
	var list []*Unit
	people := 0
	for i := range units {
		mine := slices.ContainsFunc(res.Parts[i], func(p Part) bool { return p.Rule == o.ID })
		if !o.takes(&units[i]) || free != nil && !free[i] || mine {
			continue
		}
		list = append(list, &units[i])
		people += max(units[i].People, 1)
	}
	switch {
	case len(list) == 0:
		return 0
	case o.Kind == EveryNth:
		// Units of whole sets that saved nothing are as good as used.
		if begun := len(list) % o.Size; begun > 0 {
			return o.Size - begun
		}
	case o.Kind == Group:
		return max(o.Size-people, 0)
	case o.Kind == Combo:
		return o.lacking(list)
	}
	return 0
}

// lacking is how many units the units at hand lack to a set.
func (o Offered) lacking(list []*Unit) int {
	used := make([]bool, len(list))
	n := 0
	for _, need := range o.Needs {
		left := need.Count
		for i, u := range list {
			if left > 0 && !used[i] && need.takes(u) {
				used[i] = true
				left--
			}
		}
		n += left
	}
	return n
}
