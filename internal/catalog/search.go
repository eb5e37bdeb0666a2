package catalog

import (
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/mozillazg/go-pinyin"
)

// searchText is what search looks at of a card: folded texts, and the readings of their
// Chinese letters. Two small signatures say for most cards at once that they do not match.
type searchText struct {
	source string     // what it was made of, so that it is made anew only when that changes
	fields []string   // folded, most important first
	spoken [][]spoken // by field: readings of runs of Chinese
	pairs  [8]uint64  // signature of neighbouring letters in fields
	sounds [11]uint64 // pairs of first sounds in spoken: 26 × 26 bits
}

// spoken is the readings of one letter, as many as it has.
type spoken []string

// maxReadings bounds the readings of one letter.
const maxReadings = 8

// fold is the form in which texts are compared: lower case, narrow forms, no spaces, no
// punctuation.
func fold(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for _, r := range s {
		if r >= 0xFF01 && r <= 0xFF5E { // full-width Latin
			r -= 0xFEE0
		}
		if unicode.IsLetter(r) || unicode.IsNumber(r) || r == '+' {
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}

func (m *maker) searchTextOf(c *card, old *card) searchText {
	e := c.event
	fields := []string{e.Title, e.TitleEn, e.OriginalTitle}
	fields = append(fields, e.Aliases...)
	for _, p := range e.Cast {
		fields = append(fields, p.Name, p.NameEn)
	}
	fields = append(fields, e.Directors...)
	var venues []int64
	for _, s := range c.sessions {
		if !slices.Contains(venues, s.VenueID) && len(venues) < 20 {
			venues = append(venues, s.VenueID)
			fields = append(fields, s.Venue.Name, s.Venue.NameEn)
		}
	}
	source := strings.Join(fields, "\x00")
	if old != nil && old.text.source == source {
		return old.text
	}
	return m.index(source, fields)
}

func (m *maker) index(source string, fields []string) searchText {
	t := searchText{source: source}
	for _, f := range fields {
		f = fold(f)
		if f == "" || slices.Contains(t.fields, f) {
			continue
		}
		t.fields = append(t.fields, f)
		t.spoken = append(t.spoken, m.spokenOf(f))
		eachPair(f, func(bit uint32) { t.pairs[bit>>6] |= 1 << (bit & 63) })
	}
	for _, run := range t.spoken {
		for i := range run {
			for _, a := range run[i] {
				if i+1 == len(run) {
					continue
				}
				for _, b := range run[i+1] {
					bit := soundPair(a[0], b[0])
					t.sounds[bit>>6] |= 1 << (bit & 63)
				}
			}
		}
	}
	return t
}

func soundPair(a, b byte) uint32 { return uint32(a-'a')*26 + uint32(b-'a') }

// eachPair gives a bit of 512 for every two neighbouring letters.
func eachPair(s string, fn func(bit uint32)) {
	last := rune(-1)
	for _, r := range s {
		if last >= 0 {
			fn((uint32(last)*31 + uint32(r)) * 2654435761 >> 23)
		}
		last = r
	}
}

// spokenOf is the readings of a text's letters; what has none breaks no run but is heard
// as itself when it is a Latin letter.
func (m *maker) spokenOf(s string) []spoken {
	var out []spoken
	chinese := false
	for _, r := range s {
		if r >= 'a' && r <= 'z' {
			out = append(out, spoken{string(r)})
			continue
		}
		if list := m.reading(r); len(list) > 0 {
			out = append(out, list)
			chinese = true
		}
	}
	if !chinese {
		return nil
	}
	return out
}

// reading is how a Chinese letter may be read, without tones.
func (m *maker) reading(r rune) spoken {
	if !unicode.Is(unicode.Han, r) {
		return nil
	}
	if list, ok := m.readings.get(r); ok {
		return list
	}
	args := pinyin.NewArgs()
	args.Heteronym = true
	var list spoken
	for _, s := range pinyin.SinglePinyin(r, args) {
		s = strings.ReplaceAll(s, "ü", "v")
		plain := s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz") == ""
		if plain && !slices.Contains(list, s) && len(list) < maxReadings {
			list = append(list, s)
		}
	}
	e := m.readings.edit()
	e.set(r, list)
	m.readings = e.done()
	return list
}

// question is a search as it was asked, folded and split into words.
type question struct {
	words []string
}

// maxWords and maxQuery bound a question; what is beyond is not looked at.
const (
	maxWords = 6
	maxQuery = 60 // letters
)

func ask(q string) question {
	if r := []rune(q); len(r) > maxQuery {
		q = string(r[:maxQuery])
	}
	var words []string
	for _, w := range strings.Fields(q) {
		if w = fold(w); w != "" && len(words) < maxWords {
			words = append(words, w)
		}
	}
	return question{words}
}

// score says how well a text answers, 0 not at all: each word must be found somewhere.
func (t *searchText) score(q question) int {
	total := 0
	for _, w := range q.words {
		best := t.scoreWord(w)
		if best == 0 {
			return 0
		}
		total += best
	}
	return total
}

func (t *searchText) scoreWord(w string) int {
	if t.mayContain(w) {
		for i, f := range t.fields {
			if at := strings.Index(f, w); at >= 0 {
				score := 100 - min(i, 40)
				if at == 0 {
					score += 20
				}
				if len(f) == len(w) {
					score += 20
				}
				return score
			}
		}
	}
	if len(w) > 1 && isLatin(w) && t.maySound(w) {
		for i, run := range t.spoken {
			for start := range run {
				if heard(run[start:], w) {
					return 50 - min(i, 40)
				}
			}
		}
	}
	return 0
}

func (t *searchText) mayContain(w string) bool {
	ok := true
	eachPair(w, func(bit uint32) { ok = ok && t.pairs[bit>>6]>>(bit&63)&1 == 1 })
	return ok
}

// maySound asks the signature: some first sound, one to six letters, must be followed by
// the sound that comes next in the word. A word that a single letter may swallow passes.
func (t *searchText) maySound(w string) bool {
	if len(w) > maxQuery {
		return false
	}
	for n := 1; n <= min(len(w), 6); n++ {
		if n == len(w) {
			return true
		}
		bit := soundPair(w[0], w[n])
		if t.sounds[bit>>6]>>(bit&63)&1 == 1 {
			return true
		}
	}
	return false
}

func isLatin(w string) bool {
	for i := range len(w) {
		if w[i] < 'a' || w[i] > 'z' {
			return false
		}
	}
	return true
}

// heard says whether w can be read off the letters from the first on, each letter in full
// or by its first sound, the last one perhaps not to its end: nezha, nz, nezh for 哪吒.
// It keeps the set of places in w that can be reached, so it is linear in the letters.
func heard(run []spoken, w string) bool {
	reached := uint64(1) // bit o: w[:o] has been read; a word has at most maxQuery letters
	for _, readings := range run {
		var next uint64
		for o := range len(w) {
			if reached>>o&1 == 0 {
				continue
			}
			for _, s := range readings {
				if strings.HasPrefix(s, w[o:]) {
					return true
				}
				if strings.HasPrefix(w[o:], s) {
					next |= 1 << (o + len(s))
				}
				if s[0] == w[o] {
					next |= 1 << (o + 1)
				}
			}
		}
		if next>>len(w)&1 == 1 {
			return true
		}
		if reached = next; reached == 0 {
			return false
		}
	}
	return false
}

// answers remembers within one view which cards a question finds, so that paging and
// popular questions cost one search.
type answers struct {
	mu    sync.Mutex
	found map[string]bits
}

const maxAnswers = 512

func newAnswers() *answers { return &answers{found: map[string]bits{}} }

func (v *view) matching(q question) bits {
	key := strings.Join(q.words, " ")
	v.answers.mu.Lock()
	set, ok := v.answers.found[key]
	v.answers.mu.Unlock()
	if ok {
		return set
	}
	set = make(bits, len(v.cards)/64+1)
	for slot, c := range v.cards {
		if c != nil && c.text.score(q) > 0 {
			set[slot>>6] |= 1 << (uint(slot) & 63)
		}
	}
	v.answers.mu.Lock()
	defer v.answers.mu.Unlock()
	if len(v.answers.found) >= maxAnswers {
		clear(v.answers.found)
	}
	v.answers.found[key] = set
	return set
}
