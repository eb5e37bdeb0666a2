package load

import (
	"encoding/base64"
	"errors"
	"fmt"
)

func (g *generator) seatsPath() string { return "/api/v1/sessions/" + g.Big.ID + "/seats" }

// seatmap reads the states of all seats of the big session and decodes them.
func (g *generator) seatmap(w *worker, _ int64) error {
	w.buf = Request(w.buf[:0], "GET", g.seatsPath(), g.API, "", nil, nil)
	return w.expect(200, func(a Answer) error {
		var err error
		w.body, err = decodeStates(w.body, a.Body, g.Big.Seats)
		return err
	})
}

// seatmap304 asks again for what it has.
func (g *generator) seatmap304(w *worker, i int64) error {
	if w.etag == nil {
		w.buf = Request(w.buf[:0], "GET", g.seatsPath(), g.API, "", nil, nil)
		err := w.expect(200, func(a Answer) error {
			if len(a.ETag) == 0 {
				return errors.New("an answer without ETag")
			}
			w.etag = append([]byte("If-None-Match: "), a.ETag...)
			return nil
		})
		if err != nil {
			return err
		}
	}
	w.buf = Request(w.buf[:0], "GET", g.seatsPath(), g.API, "", []string{string(w.etag)}, nil)
	return w.expect(304, nil)
}

// decodeStates turns the packed states (two bits a seat, the first seat in the lowest) into
// one byte a seat, in out. It refuses fewer than the map has.
func decodeStates(out, body []byte, seats int) ([]byte, error) {
	packed, ok := field(body, "states")
	if !ok {
		return out, errors.New("an answer without states")
	}
	size := base64.StdEncoding.DecodedLen(len(packed))
	if cap(out) < seats+size+4 {
		out = make([]byte, 0, seats+size+4)
	}
	raw := out[seats+4 : seats+4+size]
	n, err := base64.StdEncoding.Decode(raw, packed)
	if err != nil {
		return out, err
	}
	if n*4 < seats {
		return out, fmt.Errorf("states of %d seats, not %d", n*4, seats)
	}
	out = out[:seats]
	for i := range out {
		out[i] = raw[i>>2] >> (i & 3 * 2) & 3
	}
	return out, nil
}
