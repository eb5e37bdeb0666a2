package ticket

import (
	"sync"

	"foyer/internal/ticket/code"
)

// codesKept is how many codes are remembered: some 16 MB. A code is signed anew in 30 µs,
// so a forgotten one costs little.
const codesKept = 40_000

// codes derives the codes of tickets and remembers the latest, in two generations: a full
// young one becomes the old one.
type codes struct {
	keys   code.Signers
	signer *code.Signer
	half   int

	mu         sync.Mutex
	young, old map[codeKey]string
}

// codeKey is all that a code depends on and that may change; a ticket's window and units
// do not.
type codeKey struct {
	ticket  int64
	version int
	key     uint8
}

func newCodes(keys code.Signers, kept int) *codes {
	return &codes{keys: keys, signer: code.NewSigner(keys), half: max(kept/2, 1),
		young: map[codeKey]string{}}
}

func (c *codes) of(t *Ticket) (string, error) {
	id, _ := c.keys.TicketSigner()
	key := codeKey{t.ID, t.CodeVersion, id}
	if text, ok := c.get(key); ok {
		return text, nil
	}
	text, err := c.signer.Code(t.signed())
	if err != nil {
		return "", err
	}
	if again, _ := c.keys.TicketSigner(); again == id { // else a rotation came between
		c.put(key, text)
	}
	return text, nil
}

func (c *codes) get(key codeKey) (string, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if text, ok := c.young[key]; ok {
		return text, true
	}
	text, ok := c.old[key]
	return text, ok
}

func (c *codes) put(key codeKey, text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.young) >= c.half {
		c.old, c.young = c.young, make(map[codeKey]string, c.half)
	}
	c.young[key] = text
}

// signed is what the code of a ticket says.
func (t *Ticket) signed() code.Ticket {
	out := code.Ticket{ID: t.ID, Version: uint32(t.CodeVersion), Scope: code.OneSession,
		ScopeID: t.Session, Units: t.People()}
	for i := range t.Entitlements {
		e := &t.Entitlements[i]
		if i == 0 || e.ValidFrom.Before(out.From) {
			out.From = e.ValidFrom
		}
		if e.ValidUntil.After(out.Until) {
			out.Until = e.ValidUntil
		}
		if e.Session == 0 {
			out.Scope, out.ScopeID = code.AtVenue, t.Venue
		}
	}
	return out
}
