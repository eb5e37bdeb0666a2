package orderhttp

import (
	"crypto/sha256"
	"net/http"

	"foyer/internal/httpx"
)

// command is what a request asks for, with the bytes by which a repeat of it is known and
// their hash, which the journal keeps.
type command[T any] struct {
	body      T
	raw, hash []byte
}

// readCommand reads a request's body. Refused as httpx.ReadJSON and by what T cannot hold.
func readCommand[T any](api *httpx.API, r *http.Request) (c command[T], err error) {
	if c.raw, err = httpx.ReadJSON(r); err != nil {
		return c, err
	}
	hash := sha256.Sum256(c.raw)
	c.hash = hash[:]
	return c, api.Decoder().Unmarshal(c.raw, &c.body)
}

// readOrderCommand is readCommand for a request about the order that its path names, whose
// number is looked at first.
func readOrderCommand[T any](h *handler, r *http.Request) (id int64, c command[T], err error) {
	if id, err = h.keys.Parse(kindOrder, r.PathValue("id")); err == nil {
		c, err = readCommand[T](h.api, r)
	}
	return id, c, err
}
