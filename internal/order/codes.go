package order

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/journal"
	"foyer/internal/sqldb"
)

// Refusals of codes. A code that never was, is used up, has ended or is for something else
// is refused in the same words, so that guessing teaches nothing.
var (
	ErrCode = fault.Define(fault.Invalid, "code_not_valid",
		"优惠码无效", "This code is not valid here.",
		"Check the spelling; it may also be used up, over, or for another session.")
	ErrCodeTries = fault.Define(fault.TooMany, "code_tries",
		"输错次数过多,请稍后再试", "Too many codes that are not valid.",
		"Wait until the time that Retry-After names.")
	ErrCodeNeeded = fault.Define(fault.Forbidden, "code_needed",
		"该票种需要优惠码", "This ticket type is sold with a code only.",
		"Give a code for it in `codes`.")
	ErrCodeUnits = fault.Define(fault.Invalid, "code_units",
		"超过该优惠码可购张数", "A code does not buy that many tickets.",
		"Take fewer, or give another code; details.max says how many.")
	ErrCodeTaken = fault.Define(fault.Conflict, "code_exists",
		"该码已存在", "The organization has this code already.", "Choose another one.")
	ErrCodesFull = fault.Define(fault.Conflict, "code_batch_full",
		"该批次的码数已达上限", "The batch has as many codes as it may have.",
		"Make fewer, or have the batch's number raised; details.left says how many it may "+
			"have yet.")
)

// Code is one code of a batch.
type Code struct {
	ID, Organization, Batch int64
	Digest                  [32]byte
	Text                    string // empty for codes that are used once
	Most, Used              int64
	Revoked                 bool
}

// CodeBook keeps codes; package orderdb implements it.
type CodeBook interface {
	FindCode(ctx context.Context, organization int64, digest [32]byte) (Code, bool, error)
	// TakeCode is false when the code is used up or revoked.
	TakeCode(tx *sqldb.Tx, organization, id int64) (bool, error)
	GiveCode(tx *sqldb.Tx, organization, id int64) error
	// CountCodes counts the codes that a batch ever had.
	CountCodes(tx *sqldb.Tx, organization, batch int64) (int64, error)
	// InsertCodes refuses with ErrCodeTaken.
	InsertCodes(tx *sqldb.Tx, list []Code) error
	CodesOf(ctx context.Context, organization, batch, after int64, limit int) ([]Code, error)
	RevokeCode(tx *sqldb.Tx, organization, id int64) (bool, error)
}

const (
	maxCodes     = 5    // that one order may give
	maxMade      = 1000 // codes of one command
	madeAtOnce   = 40   // codes of one piece of bulk work
	maxCodeChars = 40
	codeLetters  = 12 // 60 random bits
	alphabet     = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
)

// plainCode is a code as it is compared: what people confuse when they type is one.
func plainCode(text string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case 'O':
			return '0'
		case 'I', 'L':
			return '1'
		case ' ', '-', '\t', '\n':
			return -1
		}
		return r
	}, strings.ToUpper(text))
}

// digestOf is what is kept of a code. Codes are random, so a plain digest tells nothing.
func digestOf(organization int64, text string) [32]byte {
	return sha256.Sum256([]byte("foyer code\x00" + strconv.FormatInt(organization, 10) + "\x00" +
		plainCode(text)))
}

// unlocked is what the codes of a wish are good for.
type unlocked struct {
	codes  []int64
	offers []int64
	types  map[int64]int // units that may be bought; negative: any number
}

// unlock resolves the codes of a wish. own are the codes that the caller's live order has
// used: they are his. Refused with fault.SignInFirst, ErrCode, ErrCodeTries.
func (o *Orders) unlock(ctx context.Context, who actor.Actor, s *catalog.Sellable,
	codes []string, own []int64, now time.Time,
) (*unlocked, error) {
	u := &unlocked{types: map[int64]int{}}
	if len(codes) == 0 {
		return u, nil
	}
	if who.Kind == actor.Anonymous {
		return nil, fault.SignInFirst
	}
	if len(codes) > maxCodes {
		return nil, fault.BadInput.At("codes", "at most 5 codes / 最多 5 个码")
	}
	if left := o.guesses.wait(who.ID); left > 0 {
		return nil, ErrCodeTries.Retry(left)
	}
	for i, text := range codes {
		b, id, err := o.batchOf(ctx, s, text, own, now)
		if err != nil {
			return nil, err
		}
		if b == nil {
			o.guesses.count(who.ID)
			return nil, ErrCode.At("codes["+strconv.Itoa(i)+"]", "is not valid")
		}
		if slices.Contains(u.codes, id) {
			continue
		}
		u.codes, u.offers = append(u.codes, id), append(u.offers, b.Offers...)
		for _, t := range b.Types {
			switch n, known := u.types[t]; {
			case b.UnitsPerUse == 0 || known && n < 0:
				u.types[t] = -1
			default:
				u.types[t] = n + b.UnitsPerUse
			}
		}
	}
	return u, nil
}

// batchOf is what a code is good for in the session now; nil when for nothing.
func (o *Orders) batchOf(ctx context.Context, s *catalog.Sellable, text string, own []int64,
	now time.Time,
) (*catalog.CodeBatch, int64, error) {
	if len(text) > maxCodeChars || plainCode(text) == "" {
		return nil, 0, nil
	}
	org := s.Session.Organization
	c, found, err := o.Store.FindCode(ctx, org, digestOf(org, text))
	if err != nil || !found || c.Revoked {
		return nil, 0, err
	}
	if c.Used >= c.Most && !slices.Contains(own, c.ID) {
		return nil, 0, nil
	}
	b := o.Sessions.Batch(c.Batch)
	if b == nil || !b.Open(now, &s.Session) {
		return nil, 0, nil
	}
	return b, c.ID, nil
}

// guesses counts tries by who made them, in this process.
type guesses struct {
	clk    clock.Clock
	most   int // within the window
	window time.Duration

	mu sync.Mutex
	by map[int64]*guessed
}

type guessed struct {
	n     int
	since time.Time
}

const (
	maxGuesses  = 10 // wrong codes within guessWindow
	guessWindow = 10 * time.Minute
	maxGuessers = 50_000
)

func newGuesses(clk clock.Clock) *guesses { return newTries(clk, maxGuesses, guessWindow) }

func newTries(clk clock.Clock, most int, window time.Duration) *guesses {
	return &guesses{clk: clk, most: most, window: window, by: map[int64]*guessed{}}
}

// wait is how long somebody has to wait for another try; 0: not at all.
func (g *guesses) wait(who int64) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	e := g.by[who]
	if e == nil || e.n < g.most {
		return 0
	}
	left := g.window - g.clk.Now().Sub(e.since)
	if left <= 0 {
		delete(g.by, who)
	}
	return max(left, 0)
}

// count counts one try.
func (g *guesses) count(who int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.clk.Now()
	e := g.by[who]
	if e == nil || now.Sub(e.since) >= g.window {
		if len(g.by) >= maxGuessers {
			for id, old := range g.by {
				if now.Sub(old.since) >= g.window || len(g.by) >= maxGuessers {
					delete(g.by, id)
				}
			}
		}
		e = &guessed{since: now}
		g.by[who] = e
	}
	e.n++
}

// MakeCodes makes n random codes of a batch, or one that people chose, and gives them in
// clear: what is used once is never shown again. Refused with fault.Missing,
// fault.NotAllowed, fault.BadInput, ErrCodeTaken and ErrCodesFull.
func (o *Orders) MakeCodes(ctx context.Context, who actor.Actor, organization, batch int64,
	n int, chosen string,
) ([]string, error) {
	b := o.Sessions.Batch(batch)
	if b == nil || b.Organization != organization {
		return nil, fault.Missing
	}
	if err := catalog.Allow(who, catalog.PermPrice, organization, 0); err != nil {
		return nil, err
	}
	texts := []string{strings.ToUpper(strings.TrimSpace(chosen))}
	switch letters := plainCode(chosen); {
	case chosen != "" && n > 0:
		return nil, fault.BadInput.At("count", "or code, one of the two / 数量与自定义码二选一")
	case chosen == "" && (n < 1 || n > maxMade):
		return nil, fault.BadInput.At("count", "is 1 to 1000 / 一次生成 1 到 1000 个")
	case chosen == "":
		texts = make([]string, n)
		for i := range texts {
			texts[i] = o.randomCode(b.Prefix)
		}
	case b.Single():
		return nil, fault.BadInput.At("code", "codes that are used once are random / 单次码只能随机生成")
	case len(letters) < 4 || len(chosen) > maxCodeChars ||
		strings.IndexFunc(letters, notInCode) >= 0:
		return nil, fault.BadInput.At("code", "is 4 to 40 letters and digits / 4 到 40 位字母数字")
	}
	return texts, o.storeCodes(ctx, who, b, texts)
}

func notInCode(r rune) bool { return (r < '0' || r > '9') && (r < 'A' || r > 'Z') }

// randomCode is prefix and twelve letters in groups of four.
func (o *Orders) randomCode(prefix string) string {
	var s strings.Builder
	s.WriteString(prefix)
	for i, b := range o.IDs.Bytes(codeLetters) {
		if i%4 == 0 && s.Len() > 0 {
			s.WriteByte('-')
		}
		s.WriteByte(alphabet[b&31])
	}
	return s.String()
}

// storeCodes stores codes in small pieces, each with its journal row.
func (o *Orders) storeCodes(ctx context.Context, who actor.Actor, b *catalog.CodeBatch,
	texts []string,
) error {
	left := int64(len(texts))
	for some := range slices.Chunk(texts, madeAtOnce) {
		list := make([]Code, len(some))
		for i, text := range some {
			list[i] = Code{ID: o.IDs.Next(), Organization: b.Organization, Batch: b.ID,
				Digest: digestOf(b.Organization, text), Most: b.Uses}
			if !b.Single() {
				list[i].Text = text
			}
		}
		data, err := json.Marshal(map[string]int{"codes": len(list)})
		if err != nil {
			return err
		}
		if err := o.DB.InTxLow(ctx, func(tx *sqldb.Tx) error {
			if err := o.codesFit(tx, b, left); err != nil {
				return err
			}
			o.Journal.Append(tx, journal.Entry{Actor: who, Organization: b.Organization,
				Action: "code_batch.codes_made", Data: data, Objects: []journal.Object{
					{Kind: string(catalog.KindBatch), ID: b.ID, Revision: b.Revision}}})
			return o.Store.InsertCodes(tx, list)
		}); err != nil {
			return err
		}
		left -= int64(len(some))
	}
	return nil
}

// codesFit refuses more codes than the batch may ever have. All that are still to come are
// asked for with the first piece, so that a command is refused before it has made any.
func (o *Orders) codesFit(tx *sqldb.Tx, b *catalog.CodeBatch, n int64) error {
	if b.MostCodes == 0 {
		return nil
	}
	have, err := o.Store.CountCodes(tx, b.Organization, b.ID)
	if err == nil && have+n > b.MostCodes {
		err = ErrCodesFull.With("left", max(b.MostCodes-have, 0))
	}
	return err
}

// Codes is a page of a batch's codes. Refused with fault.Missing and fault.NotAllowed.
func (o *Orders) Codes(ctx context.Context, who actor.Actor, organization, batch, after int64,
	limit int,
) ([]Code, error) {
	if err := catalog.Allow(who, catalog.PermPrice, organization, 0); err != nil {
		return nil, err
	}
	if b := o.Sessions.Batch(batch); b == nil || b.Organization != organization {
		return nil, fault.Missing
	}
	return o.Store.CodesOf(ctx, organization, batch, after, limit)
}

// RevokeCode ends one code. Orders that used it keep what they have.
func (o *Orders) RevokeCode(ctx context.Context, who actor.Actor, organization, id int64) error {
	if err := catalog.Allow(who, catalog.PermPrice, organization, 0); err != nil {
		return err
	}
	return o.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		ok, err := o.Store.RevokeCode(tx, organization, id)
		if err != nil {
			return err
		}
		if !ok {
			return fault.Missing
		}
		o.Journal.Append(tx, journal.Entry{Actor: who, Organization: organization,
			Action: "offer_code.revoked", Objects: []journal.Object{{Kind: "cod", ID: id}}})
		return nil
	})
}
