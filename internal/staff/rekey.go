package staff

// Rekeyer is what bringing rows under the present keys asks of the ring.
type Rekeyer interface {
	Stale(sealed []byte) bool
	IndexIsOld(index []byte) bool
	Seal(table, column string, id int64, plain []byte) []byte
	Open(table, column string, id int64, sealed []byte) ([]byte, error)
	BlindIndex(kind, value string) []byte
}

// Rekeyed is the record under the present keys of the ring, and whether that differs. It
// refuses what the ring cannot open.
func Rekeyed(ring Rekeyer, r Record) (_ Record, changed bool, err error) {
	if ring.IndexIsOld(r.EmailIndex) {
		email, err := ring.Open("staff", "email_sealed", r.ID, r.EmailSealed)
		if err != nil {
			return r, false, err
		}
		r.EmailIndex, changed = ring.BlindIndex(emailKind, string(email)), true
	}
	for column, value := range map[string]*[]byte{
		"email_sealed": &r.EmailSealed, "totp_sealed": &r.TOTPSealed,
	} {
		again, err := resealed(ring, "staff", column, r.ID, value)
		if err != nil {
			return r, false, err
		}
		changed = changed || again
	}
	return r, changed, nil
}

// RekeyedInvitation is the invitation under the present keys, and whether that differs.
func RekeyedInvitation(ring Rekeyer, v Invitation) (_ Invitation, changed bool, err error) {
	changed, err = resealed(ring, "invitation", "email_sealed", v.ID, &v.EmailSealed)
	return v, changed, err
}

func resealed(ring Rekeyer, table, column string, id int64, value *[]byte) (bool, error) {
	if len(*value) == 0 || !ring.Stale(*value) {
		return false, nil
	}
	plain, err := ring.Open(table, column, id, *value)
	if err != nil {
		return false, err
	}
	*value = ring.Seal(table, column, id, plain)
	return true, nil
}
