package code

import (
	"crypto/ed25519"
)

// Signers gives the key that signs now. A ring of keys is one.
type Signers interface {
	TicketSigner() (id uint8, key ed25519.PrivateKey)
}

// Keys gives the public keys whose codes are accepted. A ring of keys is one, and so is
// the KeySet that a gate downloaded.
type Keys interface {
	TicketKey(id uint8) (ed25519.PublicKey, bool)
	TicketKeyIDs() []uint8
}

// Signer makes codes.
type Signer struct{ keys Signers }

// NewSigner makes a signer; it asks keys each time, so that a rotation takes effect at once.
func NewSigner(keys Signers) *Signer { return &Signer{keys} }

// Code is the text of a ticket's code: the same for the same ticket, version and key. It
// refuses (ErrBadTicket) a ticket that the format cannot say.
func (s *Signer) Code(t Ticket) (string, error) {
	if err := t.check(); err != nil {
		return "", err
	}
	id, key := s.keys.TicketSigner()
	b := t.payload(id)
	b = append(b, ed25519.Sign(key, signed(b))...)
	return alphabet.EncodeToString(b), nil
}

// Verifier checks codes, at the house or at a gate without a network.
type Verifier struct{ keys Keys }

// NewVerifier makes a verifier that accepts the codes of these keys.
func NewVerifier(keys Keys) *Verifier { return &Verifier{keys} }

// Verify reads a code. It refuses a text that is not the one canonical text of a code
// (ErrUnreadable), a code of an unknown or retired key (ErrUnknownKey), and one that the
// key did not sign (ErrForged). The time window is not looked at; see ValidAt.
func (v *Verifier) Verify(text string) (Payload, error) {
	b, ok := decode(text)
	if !ok {
		return Payload{}, ErrUnreadable
	}
	p, err := parsePayload(b[:payloadSize])
	if err != nil {
		return Payload{}, err
	}
	public, ok := v.keys.TicketKey(p.KeyID)
	if !ok || len(public) != ed25519.PublicKeySize {
		return Payload{}, ErrUnknownKey
	}
	if !ed25519.Verify(public, signed(b[:payloadSize]), b[payloadSize:]) {
		return Payload{}, ErrForged
	}
	return p, nil
}

func signed(payload []byte) []byte { return append([]byte(label), payload...) }

// decode goes back through the encoder: the library skips line ends and would let a second
// text through.
func decode(text string) ([]byte, bool) {
	if len(text) != Length {
		return nil, false
	}
	b, err := alphabet.DecodeString(text)
	if err != nil || len(b) != payloadSize+signatureSize {
		return nil, false
	}
	return b, alphabet.EncodeToString(b) == text
}
