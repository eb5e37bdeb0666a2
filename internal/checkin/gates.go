package checkin

import (
	"context"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"foyer/internal/actor"
	"foyer/internal/fault"
	"foyer/internal/idgen"
	"foyer/internal/journal"
	"foyer/internal/sqldb"
)

// CreateGate adds a gate to a venue. Refused with fault.Missing, fault.NotAllowed,
// fault.BadInput and ErrTooManyDevices.
func (d *Devices) CreateGate(ctx context.Context, who actor.Actor, g Gate) (*Gate, error) {
	scope := actor.Scope{Organization: g.Organization}
	if err := d.at(ctx, who, scope, g.Venue); err != nil {
		return nil, err
	}
	if err := d.clean(ctx, &g); err != nil {
		return nil, err
	}
	g.ID = d.cfg.IDs.Next()
	err := d.cfg.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		n, err := d.gates.Count(tx, scope, g.Venue)
		if err != nil {
			return err
		}
		if n >= MaxGates {
			return ErrTooManyDevices.With("most", MaxGates)
		}
		d.note(tx, who, g.Organization, "gate.created",
			journal.Object{Kind: string(KindGate), ID: g.ID})
		return d.gates.Insert(tx, &g)
	})
	return &g, err
}

// ReplaceGate changes a gate's names, hours and where it leads; the refusals are
// CreateGate's.
func (d *Devices) ReplaceGate(ctx context.Context, who actor.Actor, g Gate) (*Gate, error) {
	scope := actor.Scope{Organization: g.Organization}
	old, err := d.gates.Find(ctx, scope, g.ID)
	if err != nil {
		return nil, err
	}
	if old == nil {
		return nil, fault.Missing
	}
	g.Venue = old.Venue
	if err := d.at(ctx, who, scope, g.Venue); err != nil {
		return nil, err
	}
	if err := d.clean(ctx, &g); err != nil {
		return nil, err
	}
	err = d.cfg.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		ok, err := d.gates.Update(tx, &g)
		if err != nil {
			return err
		}
		if !ok {
			return fault.Missing
		}
		d.note(tx, who, g.Organization, "gate.changed",
			journal.Object{Kind: string(KindGate), ID: g.ID})
		tx.AfterCommit(d.posts.forget)
		return nil
	})
	return &g, err
}

// Gates are the gates of a venue.
func (d *Devices) Gates(ctx context.Context, who actor.Actor, scope actor.Scope, venue int64) (
	[]Gate, error,
) {
	if err := d.at(ctx, who, scope, venue); err != nil {
		return nil, err
	}
	return d.gates.OfVenue(ctx, scope, venue)
}

// lastMinute is 36:00, where a business day ends at the latest.
const lastMinute = 36 * 60

func (d *Devices) clean(ctx context.Context, g *Gate) error {
	var p fault.Problems
	g.Name = cleanName(&p, "name", g.Name, 1)
	g.NameEn = cleanName(&p, "name_en", g.NameEn, 0)
	if g.Opens < 0 || g.Closes > lastMinute || g.Opens >= g.Closes && (g.Opens|g.Closes) != 0 {
		p.Add("closes", "opens and closes go together, and it closes later / "+
			"开放和关闭时间须一起填写,且关闭晚于开放")
	}
	if g.Precinct == 0 && g.From == 0 {
		return p.Err()
	}
	list, err := d.precincts.OfVenue(ctx, actor.Scope{Organization: g.Organization}, g.Venue)
	if err != nil {
		return err
	}
	has := func(id int64) bool {
		return id == 0 || slices.ContainsFunc(list, func(x Precinct) bool { return x.ID == id })
	}
	if !has(g.Precinct) {
		p.Add("precinct_id", "is no precinct of the venue / 不是本场馆的分区")
	}
	if !has(g.From) || g.From == g.Precinct {
		p.Add("from_precinct_id", "is another precinct of the venue / 应为本场馆的另一个分区")
	}
	return p.Err()
}

// cleanName trims a name and refuses control characters and wrong lengths.
func cleanName(p *fault.Problems, field, name string, least int) string {
	name = strings.TrimSpace(name)
	if n := utf8.RuneCountInString(name); n < least || n > maxName {
		p.Add(field, "must have %d to %d characters / 应为 %d 到 %d 个字", least, maxName,
			least, maxName)
	}
	if strings.ContainsFunc(name, unicode.IsControl) || !utf8.ValidString(name) {
		p.Add(field, "holds characters that cannot be shown / 含有无法显示的字符")
	}
	return name
}

// cleanText trims a text of at most so many characters and refuses control characters.
func cleanText(p *fault.Problems, field, text string, most int) string {
	text = strings.TrimSpace(text)
	if utf8.RuneCountInString(text) > most {
		p.Add(field, "must have at most %d characters / 最多 %d 个字", most, most)
	}
	if strings.ContainsFunc(text, unicode.IsControl) || !utf8.ValidString(text) {
		p.Add(field, "holds characters that cannot be shown / 含有无法显示的字符")
	}
	return text
}

const enrolAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// newEnrolCode is ten letters, five and five, that are not taken for each other.
func newEnrolCode(ids *idgen.Source) string {
	raw := ids.Bytes(codeLetters)
	for i, b := range raw {
		raw[i] = enrolAlphabet[b%32]
	}
	return string(raw)
}

// parseEnrolCode reads what a person typed: any case, spaces and hyphens anywhere.
func parseEnrolCode(text string) (string, bool) {
	if len(text) > 4*codeLetters {
		return "", false
	}
	text = strings.NewReplacer("-", "", " ", "", "O", "0", "I", "1", "L", "1").
		Replace(strings.ToUpper(text))
	bad := strings.ContainsFunc(text, func(r rune) bool {
		return !strings.ContainsRune(enrolAlphabet, r)
	})
	return text, !bad && len(text) == codeLetters
}
