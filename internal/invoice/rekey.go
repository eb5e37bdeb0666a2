package invoice

// Rekeyer is what bringing rows under the present keys asks of the ring.
type Rekeyer interface {
	Stale(sealed []byte) bool
	Seal(table, column string, id int64, plain []byte) []byte
	Open(table, column string, id int64, sealed []byte) ([]byte, error)
}

// Rekeyed is the request under the present keys of the ring, and whether that differs. It
// refuses what the ring cannot open.
func Rekeyed(ring Rekeyer, r Request) (_ Request, changed bool, err error) {
	if !ring.Stale(r.Sealed) {
		return r, false, nil
	}
	plain, err := ring.Open("invoice_request", "sealed", r.ID, r.Sealed)
	if err != nil {
		return r, false, err
	}
	r.Sealed = ring.Seal("invoice_request", "sealed", r.ID, plain)
	return r, true, nil
}
