package member

import (
	"foyer/internal/document"
	"foyer/internal/pii"
)

// Rekeyer is what bringing rows under the present keys asks of the ring.
type Rekeyer interface {
	Stale(sealed []byte) bool
	IndexIsOld(index []byte) bool
	ResealSubjectKey(sealedKey []byte) ([]byte, error)
	OpenWith(sealedKey, ad, sealed []byte) ([]byte, error)
	BlindIndex(kind, value string) []byte
}

// Rekeyed is the record under the present keys of the ring, and whether that differs. The
// member's own key stays the same below its seal, so phone, name and everything else that
// it encrypts is not touched. It refuses what the ring cannot open.
func Rekeyed(ring Rekeyer, r Record) (_ Record, changed bool, err error) {
	if r.State == Closed || len(r.SubjectKey) == 0 {
		return r, false, nil
	}
	if len(r.PhoneIndex) > 0 && ring.IndexIsOld(r.PhoneIndex) {
		phone, err := ring.OpenWith(r.SubjectKey, []byte(phonePlace), r.PhoneSealed)
		if err != nil {
			return r, false, err
		}
		r.PhoneIndex, changed = ring.BlindIndex(phoneKind, string(phone)), true
	}
	if ring.Stale(r.SubjectKey) {
		if r.SubjectKey, err = ring.ResealSubjectKey(r.SubjectKey); err != nil {
			return r, false, err
		}
		changed = true
	}
	return r, changed, nil
}

// Tail is what an organization may find one of its buyers by.
type Tail struct {
	Organization, Member int64
	Index                []byte
}

// RekeyedTail is a member's tail under the present keys, and whether that differs. Of a
// member who was forgotten it is nothing: the tail goes.
func RekeyedTail(ring Rekeyer, r Record, t Tail) (_ Tail, changed bool, err error) {
	if !ring.IndexIsOld(t.Index) {
		return t, false, nil
	}
	if r.State == Closed {
		t.Index = nil
		return t, true, nil
	}
	phone, err := ring.OpenWith(r.SubjectKey, []byte(phonePlace), r.PhoneSealed)
	if err != nil {
		return t, false, err
	}
	t.Index = ring.BlindIndex(tailKind(t.Organization), pii.PhoneTail(string(phone)))
	return t, true, nil
}

// RekeyedEmail is an address under the present keys, and whether that differs.
func RekeyedEmail(ring Rekeyer, r Record, e Email) (_ Email, changed bool, err error) {
	if !ring.IndexIsOld(e.Index) {
		return e, false, nil
	}
	plain, err := ring.OpenWith(r.SubjectKey, []byte(emailPlace), e.Sealed)
	if err != nil {
		return e, false, err
	}
	e.Index = ring.BlindIndex(emailKind, string(plain))
	return e, true, nil
}

// RekeyedCompanion is a companion under the present keys, and whether that differs.
func RekeyedCompanion(ring Rekeyer, r Record, c SealedCompanion,
) (_ SealedCompanion, changed bool, err error) {
	if !ring.IndexIsOld(c.Index) {
		return c, false, nil
	}
	_, number, _, err := openSealed(ring, r, c)
	if err != nil {
		return c, false, err
	}
	d := document.Document{Kind: c.Kind, Number: number}
	c.Index = ring.BlindIndex(companionKind(c.Member), d.Key())
	return c, true, nil
}
