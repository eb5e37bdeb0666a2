package visitor

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"foyer/internal/catalog"
	"foyer/internal/document"
	"foyer/internal/fault"
	"foyer/internal/pii"
)

// known is a person whose details were checked. Name and document are empty where only a
// birth date was declared.
type known struct {
	name  string
	doc   document.Document
	birth time.Time
	field string
}

func (k *known) named() bool { return k != nil && k.name != "" && k.doc.Number != "" }

// collected keeps the first refusal of an input and the fields of all.
type collected struct{ err *fault.Error }

// add takes a refusal, if it is one, as the problem of a field.
func (c *collected) add(field string, err error) {
	if err == nil {
		return
	}
	var refusal *fault.Error
	var plain *fault.Definition
	switch {
	case errors.As(err, &refusal):
	case errors.As(err, &plain):
		refusal = plain.With("field", field)
	default:
		refusal = fault.Unexpected.Wrap(err)
	}
	if c.err == nil {
		c.err = refusal
	}
	c.err = c.err.At(field, refusal.Def.Zh+" / "+refusal.Def.En)
}

func (c *collected) result() error {
	if c.err == nil {
		return nil
	}
	return c.err
}

// know checks the details of a person; nil for a blank one.
func (v *Visitors) know(ctx context.Context, member int64, p Person, bad *collected) *known {
	if p.blank() {
		return nil
	}
	if p.Companion != 0 {
		field := p.Field
		c, err := v.companion(ctx, member, p.Companion)
		if err != nil {
			bad.add(field+".companion_id", err)
			return nil
		}
		p, p.Field = c, field
	}
	k := &known{field: p.Field, birth: p.Birth}
	if p.Name != "" || p.Number != "" || p.Kind != "" {
		var err error
		if k.name, err = pii.Name(p.Name); err != nil {
			bad.add(p.Field+".name", err)
		}
		if k.doc, err = document.Parse(p.Kind, p.Number); err == nil {
			err = k.doc.NotBornAfter(v.Clock.Now())
		}
		if err != nil {
			bad.add(p.Field+".document_number", err)
		}
	}
	if !k.doc.Birth.IsZero() {
		k.birth = k.doc.Birth
	}
	return k
}

func (v *Visitors) companion(ctx context.Context, member, id int64) (Person, error) {
	if v.Companions == nil || member == 0 {
		return Person{}, ErrCompanion
	}
	c, err := v.Companions.Companion(ctx, member, id)
	if errors.Is(err, fault.Missing) {
		err = ErrCompanion
	}
	return c, err
}

// taken refuses a kind of document that the session or the ticket type does not take.
func taken(k *known, rule *catalog.RealName, who *catalog.Eligibility) error {
	allowed := rule.Documents
	fits := rule.Takes(k.doc.Kind)
	if who != nil && len(who.Documents) > 0 {
		allowed = who.Documents
		one := catalog.RealName{Documents: who.Documents}
		fits = fits && one.Takes(k.doc.Kind)
	}
	if fits {
		return nil
	}
	return ErrDocumentKind.With("documents", allowed)
}

// sealedPerson is what is sealed of a person.
type sealedPerson struct {
	Name   string `json:"n"`
	Number string `json:"d"`
	// Birth is the date that was declared, where the document tells none.
	Birth string `json:"b,omitempty"`
}

func (p sealedPerson) birth() time.Time {
	t, err := time.Parse(time.DateOnly, p.Birth)
	if err != nil {
		return time.Time{}
	}
	return t
}

// row seals a person for storing.
func (v *Visitors) row(s *catalog.Sellable, k *known, subject int64) (Row, error) {
	p := sealedPerson{Name: k.name, Number: k.doc.Number}
	if k.doc.Birth.IsZero() && !k.birth.IsZero() {
		p.Birth = k.birth.Format(time.DateOnly)
	}
	plain, err := json.Marshal(p)
	if err != nil {
		return Row{}, err
	}
	id := v.IDs.Next()
	return Row{ID: id, Organization: s.Session.Organization, Session: s.Session.ID,
		Subject: subject, Kind: k.doc.Kind, DeleteAfter: keepUntil(s),
		Sealed: v.Keys.Seal(rowTable, sealedColumn, id, plain)}, nil
}

// keepUntil is when the names of a session go.
func keepUntil(s *catalog.Sellable) time.Time {
	days := s.Buyers.RealName.KeepDays
	return s.EndsAt.AddDate(0, 0, max(days, 1))
}

func (v *Visitors) open(r Row) (p sealedPerson, err error) {
	plain, err := v.Keys.Open(rowTable, sealedColumn, r.ID, r.Sealed)
	if err != nil {
		return p, err
	}
	return p, json.Unmarshal(plain, &p)
}

// shown is a stored person as people may see him.
func (v *Visitors) shown(r Row) (Named, error) {
	p, err := v.open(r)
	return Named{r.Line, r.Unit, r.Person, pii.MaskName(p.Name), r.Kind,
		document.Mask(p.Number)}, err
}

// OfOrder are the people of an order, masked, by line, unit and person; the buyer first.
func (v *Visitors) OfOrder(ctx context.Context, organization, order int64) ([]Named, error) {
	rows, err := v.Store.OfOrder(ctx, organization, order)
	if err != nil {
		return nil, err
	}
	list := make([]Named, len(rows))
	for i, r := range rows {
		if list[i], err = v.shown(r); err != nil {
			return nil, err
		}
	}
	return list, nil
}
