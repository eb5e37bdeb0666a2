package httpx

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
)

const maxCursor = 1024 // characters

// PageQuery is embedded in the input of a list. Limit is 1 to 100.
type PageQuery struct {
	Cursor string `query:"cursor" maxLength:"1024" doc:"next_cursor of the page before"`
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20" doc:"items a page"`
}

// Page is one page of a list; NextCursor is empty on the last one.
type Page[T any] struct {
	Items      []T    `json:"items" nullable:"false"`
	NextCursor string `json:"next_cursor,omitempty" doc:"send as cursor to read on"`
}

// Cursors seals the position in a list. A cursor shows nothing of the keys inside, works
// for one list only and cannot be made up: it is SIV encryption, a keyed hash of list and
// position that is also the counter block, so that no randomness is needed.
type Cursors struct {
	mac   []byte
	block cipher.Block
}

// NewCursors makes the sealer from a secret of at least 16 bytes.
func NewCursors(secret []byte) (*Cursors, error) {
	if len(secret) < 16 {
		return nil, fmt.Errorf("httpx: the cursor secret has %d bytes, not 16 or more", len(secret))
	}
	derive := func(label string) []byte {
		h := hmac.New(sha256.New, secret)
		h.Write([]byte(label))
		return h.Sum(nil)
	}
	block, err := aes.NewCipher(derive("cursor encryption"))
	if err != nil {
		return nil, err
	}
	return &Cursors{derive("cursor authentication"), block}, nil
}

// Seal makes the cursor of a position. list names the list with everything that a reader
// must not change between two pages: the owner and the filters.
func (c *Cursors) Seal(list string, position any) string {
	plain, err := json.Marshal(position)
	if err != nil {
		panic(fmt.Sprintf("httpx: a position that is not JSON: %v", err)) // a bug, never input
	}
	out := append(c.tag(list, plain), plain...)
	cipher.NewCTR(c.block, out[:16]).XORKeyStream(out[16:], out[16:])
	return base64.RawURLEncoding.EncodeToString(out)
}

// Open reads a cursor into position. It refuses with InvalidCursor whatever Seal did not
// make for this list.
func (c *Cursors) Open(list, cursor string, position any) error {
	if len(cursor) > maxCursor {
		return InvalidCursor
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || len(raw) < 17 {
		return InvalidCursor
	}
	cipher.NewCTR(c.block, raw[:16]).XORKeyStream(raw[16:], raw[16:])
	if !hmac.Equal(raw[:16], c.tag(list, raw[16:])) {
		return InvalidCursor
	}
	if err := json.Unmarshal(raw[16:], position); err != nil {
		return InvalidCursor.Wrap(err)
	}
	return nil
}

func (c *Cursors) tag(list string, plain []byte) []byte {
	h := hmac.New(sha256.New, c.mac)
	fmt.Fprintf(h, "%d:%s", len(list), list)
	h.Write(plain)
	return h.Sum(nil)[:16]
}
