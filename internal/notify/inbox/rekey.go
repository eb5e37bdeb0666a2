package inbox

// Rekeyer is what bringing messages under the present key asks of the ring.
type Rekeyer interface {
	Vault
	Stale(sealed []byte) bool
}

// Rekeyed is the message under the present key of the ring, and whether that differs. It
// refuses what the ring cannot open.
func Rekeyed(ring Rekeyer, m Sealed) (_ Sealed, changed bool, err error) {
	for column, value := range map[string]*[]byte{
		"recipient_sealed": &m.Recipient, "body_sealed": &m.Body,
	} {
		if !ring.Stale(*value) {
			continue
		}
		plain, err := ring.Open(table, column, m.ID, *value)
		if err != nil {
			return m, false, err
		}
		*value, changed = ring.Seal(table, column, m.ID, plain), true
	}
	return m, changed, nil
}
