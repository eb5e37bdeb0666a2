package member

import (
	"context"
	"slices"
	"strconv"
	"time"

	"foyer/internal/document"
	"foyer/internal/fault"
	"foyer/internal/pii"
	"foyer/internal/sqldb"
)

// Relation is who a companion is to the member.
type Relation string

// Relations lists them in the order in which a form offers them.
func Relations() []Relation { return []Relation{"self", "child", "parent", "spouse", "other"} }

// MaxCompanions is how many a member may keep.
const MaxCompanions = 20

// Companion is somebody a member buys for, in full: it is for the order that needs the
// document, and never goes into an answer. See Shown for that.
type Companion struct {
	ID       int64
	Relation Relation
	Name     string
	Document document.Document // Birth is what was told where the number does not tell it
	Revision int64
	At       time.Time
}

// SealedCompanion is a companion as stored, under the member's own key.
type SealedCompanion struct {
	ID, Member               int64
	Relation                 Relation
	Kind                     document.Kind
	Name, Number, Index, Day []byte // Day is the birth date, or nothing
	Revision                 int64
	CreatedAt                time.Time
}

// CompanionStore keeps companions; package memberdb implements it.
type CompanionStore interface {
	CompanionsOf(ctx context.Context, member int64) ([]SealedCompanion, error)
	CompanionsOfIn(tx *sqldb.Tx, member int64) ([]SealedCompanion, error)
	InsertCompanion(tx *sqldb.Tx, c SealedCompanion) error
	// UpdateCompanionIfRevision refuses with fault.Stale.
	UpdateCompanionIfRevision(tx *sqldb.Tx, c SealedCompanion) error
	DeleteCompanion(tx *sqldb.Tx, member, id int64) (bool, error)
	DeleteCompanions(tx *sqldb.Tx, member int64) (int, error)
}

// The refusals of companions.
var (
	ErrCompanionKnown = fault.Define(fault.Conflict, "companion_exists",
		"这位观演人已经添加过了", "Somebody with this document is among your companions.",
		"Choose the one that is there, or change it.")
	ErrCompanionsFull = fault.Define(fault.Conflict, "companions_full",
		"常用观演人最多 20 位", "There are as many companions as there may be.",
		"Delete one that you do not need any more; details.limit is the number.")
)

// The places of a companion's sealed values; the number of the row is part of each, so that
// none opens in another's row.
const (
	companionName   = "companion.name "
	companionNumber = "companion.number "
	companionBirth  = "companion.birth "
)

// CompanionInput is what a member writes about a companion.
type CompanionInput struct {
	Relation Relation
	Name     string
	Kind     document.Kind
	Number   string
	Birth    string // 2006-01-02; only where the number does not tell it
}

// check reads an input and names all its problems at once.
func (in CompanionInput) check(today time.Time) (Companion, error) {
	var p fault.Problems
	c := Companion{Relation: in.Relation}
	if !slices.Contains(Relations(), in.Relation) {
		p.Add("relation", "must be one of %v 关系不正确", Relations())
	}
	var err error
	if c.Name, err = pii.Name(in.Name); err != nil {
		p.Add("name", "must be 1 to 64 letters as in the document 姓名应与证件一致")
	}
	if c.Document, err = document.Parse(in.Kind, in.Number); err == nil {
		err = c.Document.NotBornAfter(today)
	}
	if err != nil {
		f := fault.Of(err)
		if f.Def.Kind == fault.Internal {
			return Companion{}, err
		}
		if p.Len() == 0 {
			return Companion{}, f.At("document_number", f.Def.En+" "+f.Def.Zh)
		}
		p.Add("document_number", "%s %s", f.Def.En, f.Def.Zh)
	}
	if in.Birth != "" {
		born, err := time.Parse(time.DateOnly, in.Birth)
		switch told := c.Document.Birth; {
		case err != nil || born.Year() < 1900 || born.After(today):
			p.Add("birth_date", "must be a date of the past as 2006-01-02 应为过去的日期")
		case !told.IsZero() && !told.Equal(born):
			p.Add("birth_date", "differs from the document's 与证件号码中的出生日期不一致")
		default:
			c.Document.Birth = born
		}
	}
	return c, p.Err()
}

func (m *Members) sealCompanion(r Record, c Companion) (SealedCompanion, error) {
	s := SealedCompanion{ID: c.ID, Member: r.ID, Relation: c.Relation, Kind: c.Document.Kind,
		Revision: c.Revision, Index: m.Vault.BlindIndex(companionKind(r.ID), c.Document.Key())}
	at := strconv.FormatInt(c.ID, 10)
	day := ""
	if !c.Document.Birth.IsZero() {
		day = c.Document.Birth.Format(time.DateOnly)
	}
	for _, v := range []struct {
		to    *[]byte
		place string
		plain string
	}{{&s.Name, companionName, c.Name}, {&s.Number, companionNumber, c.Document.Number},
		{&s.Day, companionBirth, day}} {
		if v.plain == "" {
			continue
		}
		var err error
		*v.to, err = m.Vault.SealWith(r.SubjectKey, []byte(v.place+at), []byte(v.plain))
		if err != nil {
			return s, err
		}
	}
	return s, nil
}

// companionKind keys the index by the member: the same person at two members looks like two.
func companionKind(member int64) string {
	return "companion " + strconv.FormatInt(member, 10)
}

func (m *Members) openCompanion(r Record, s SealedCompanion) (Companion, error) {
	c := Companion{ID: s.ID, Relation: s.Relation, Revision: s.Revision, At: s.CreatedAt,
		Document: document.Document{Kind: s.Kind}}
	name, number, day, err := openSealed(m.Vault, r, s)
	if err != nil {
		return c, err
	}
	c.Name = name
	if d, err := document.Parse(s.Kind, number); err == nil {
		c.Document = d
	} else { // a rule that came later; what was accepted stays readable
		c.Document.Number = number
	}
	if day != "" {
		c.Document.Birth, err = time.Parse(time.DateOnly, day)
	}
	return c, err
}

// opener opens what is sealed under a person's key.
type opener interface {
	OpenWith(sealedKey, ad, sealed []byte) ([]byte, error)
}

func openSealed(v opener, r Record, s SealedCompanion) (name, number, day string, err error) {
	at := strconv.FormatInt(s.ID, 10)
	var out [3]string
	for i, part := range []struct {
		place  string
		sealed []byte
	}{{companionName, s.Name}, {companionNumber, s.Number}, {companionBirth, s.Day}} {
		if len(part.sealed) == 0 {
			continue
		}
		plain, err := v.OpenWith(r.SubjectKey, []byte(part.place+at), part.sealed)
		if err != nil {
			return "", "", "", err
		}
		out[i] = string(plain)
	}
	return out[0], out[1], out[2], nil
}

// AddCompanion keeps somebody. It refuses with fault.BadInput, what package document refuses
// a number with, ErrConsentNeeded, ErrCompanionKnown and ErrCompanionsFull.
func (m *Members) AddCompanion(ctx context.Context, id int64, in CompanionInput,
) (Companion, error) {
	if err := m.Require(ctx, id, ToKeepCompanion); err != nil {
		return Companion{}, err
	}
	c, err := in.check(m.Clock.Now())
	if err != nil {
		return Companion{}, err
	}
	c.ID, c.Revision = m.IDs.Next(), 1
	err = m.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		r, err := m.activeIn(tx, id)
		if err != nil {
			return err
		}
		have, err := m.Companions.CompanionsOfIn(tx, id)
		if err != nil {
			return err
		}
		if m.hasDocument(have, r, c) {
			return ErrCompanionKnown
		}
		if len(have) >= MaxCompanions {
			return ErrCompanionsFull.With("limit", MaxCompanions)
		}
		s, err := m.sealCompanion(r, c)
		if err != nil {
			return err
		}
		s.CreatedAt, c.At = tx.Now, tx.Now
		if err := m.Companions.InsertCompanion(tx, s); err != nil {
			return orKnown(err)
		}
		m.note(tx, r, "member.companion_added", map[string]any{"companion": c.ID,
			"relation": c.Relation, "document_kind": s.Kind})
		return nil
	})
	return c, err
}

func orKnown(err error) error {
	if sqldb.IsDuplicate(err) {
		return ErrCompanionKnown
	}
	return err
}

// hasDocument finds the document among others, also under an index of an older key.
func (m *Members) hasDocument(have []SealedCompanion, r Record, c Companion) bool {
	indexes := m.Vault.BlindIndexes(companionKind(r.ID), c.Document.Key())
	return slices.ContainsFunc(have, func(s SealedCompanion) bool {
		return s.ID != c.ID && slices.ContainsFunc(indexes, func(index []byte) bool {
			return string(index) == string(s.Index)
		})
	})
}

// ChangeCompanion replaces what is kept of somebody. It refuses with fault.Missing,
// fault.Stale and what AddCompanion refuses with.
func (m *Members) ChangeCompanion(ctx context.Context, id, companion, revision int64,
	in CompanionInput,
) (Companion, error) {
	if err := m.Require(ctx, id, ToKeepCompanion); err != nil {
		return Companion{}, err
	}
	c, err := in.check(m.Clock.Now())
	if err != nil {
		return Companion{}, err
	}
	c.ID, c.Revision = companion, revision
	err = m.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		r, err := m.activeIn(tx, id)
		if err != nil {
			return err
		}
		have, err := m.Companions.CompanionsOfIn(tx, id)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(have, func(s SealedCompanion) bool { return s.ID == companion })
		if at < 0 {
			return fault.Missing
		}
		if m.hasDocument(have, r, c) {
			return ErrCompanionKnown
		}
		s, err := m.sealCompanion(r, c)
		if err != nil {
			return err
		}
		c.At = have[at].CreatedAt
		if err := m.Companions.UpdateCompanionIfRevision(tx, s); err != nil {
			return orKnown(err)
		}
		m.note(tx, r, "member.companion_changed", map[string]any{"companion": c.ID})
		return nil
	})
	c.Revision = revision + 1
	return c, err
}

// DeleteCompanion forgets somebody. It refuses with fault.Missing.
func (m *Members) DeleteCompanion(ctx context.Context, id, companion int64) error {
	return m.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		r, err := m.activeIn(tx, id)
		if err != nil {
			return err
		}
		ok, err := m.Companions.DeleteCompanion(tx, id, companion)
		if err != nil {
			return err
		}
		if !ok {
			return fault.Missing
		}
		m.note(tx, r, "member.companion_deleted", map[string]any{"companion": companion})
		return nil
	})
}

// CompanionsOf are all companions of a member, in full, the oldest first; those of ids alone
// when some are given. It refuses with fault.Missing when one of them is not the member's.
func (m *Members) CompanionsOf(ctx context.Context, id int64, ids ...int64) ([]Companion, error) {
	r, ok, err := m.Store.ByID(ctx, id)
	if err != nil {
		return nil, err
	}
	if !ok || r.State != Active {
		return nil, fault.Missing
	}
	rows, err := m.Companions.CompanionsOf(ctx, id)
	if err != nil {
		return nil, err
	}
	out := []Companion{}
	for _, s := range rows {
		if len(ids) > 0 && !slices.Contains(ids, s.ID) {
			continue
		}
		c, err := m.openCompanion(r, s)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	for _, want := range ids {
		if !slices.ContainsFunc(out, func(c Companion) bool { return c.ID == want }) {
			return nil, fault.Missing
		}
	}
	return out, nil
}
