package keyring

import (
	"crypto/ed25519"
	"slices"
)

// TicketSigner is the pair that signs ticket codes now, and its number.
func (r *Ring) TicketSigner() (uint8, ed25519.PrivateKey) {
	t := r.now.Load().ticket
	return t.active, t.pairs[t.active]
}

// TicketKey is the public half of a ticket key that is active or old; false for a number
// that was never given or is retired.
func (r *Ring) TicketKey(id uint8) (ed25519.PublicKey, bool) {
	return r.now.Load().ticket.public(id)
}

// TicketKeyIDs lists the ticket keys whose codes are still accepted, oldest first.
func (r *Ring) TicketKeyIDs() []uint8 { return slices.Clone(r.now.Load().ticket.ids) }

// SignCheckpoint signs a checkpoint of the journal.
func (r *Ring) SignCheckpoint(msg []byte) (id uint8, signature []byte) {
	j := r.now.Load().journal
	return j.active, ed25519.Sign(j.pairs[j.active], msg)
}

// CheckCheckpoint is true when the journal key of that number signed the message.
func (r *Ring) CheckCheckpoint(id uint8, msg, signature []byte) bool {
	public, ok := r.now.Load().journal.public(id)
	return ok && ed25519.Verify(public, msg, signature)
}

// JournalKey is the public half of a journal key, for whoever checks a sealed month
// without this installation.
func (r *Ring) JournalKey(id uint8) (ed25519.PublicKey, bool) {
	return r.now.Load().journal.public(id)
}

// MerchantSigner is the pair with which this installation signs to its sandbox bank.
func (r *Ring) MerchantSigner() (uint8, ed25519.PrivateKey) {
	m := r.now.Load().bank
	return m.active, m.pairs[m.active]
}

func (s signKeys) public(id uint8) (ed25519.PublicKey, bool) {
	pair, ok := s.pairs[id]
	if !ok {
		return nil, false
	}
	return pair.Public().(ed25519.PublicKey), true
}
