package member

import (
	"context"
	"strconv"
	"strings"

	"foyer/internal/actor"
	"foyer/internal/fault"
	"foyer/internal/pii"
	"foyer/internal/sqldb"
)

type tailKey struct{ organization, member int64 }

const (
	maxKnownTails = 100_000 // pairs remembered as stored
	maxFound      = 200     // members found by one tail
	tailDigits    = 4
)

// RememberTail lets an organization find a member by the last four digits of the phone
// from now on. Order calls it in the transaction in which the member buys; a pair that is
// stored costs one look-up in memory.
func (m *Members) RememberTail(tx *sqldb.Tx, organization, member int64) error {
	key := tailKey{organization, member}
	if m.knows(key) {
		return nil
	}
	r, err := m.activeIn(tx, member)
	if err != nil {
		return err
	}
	me, err := m.open(r)
	if err != nil {
		return err
	}
	tail := m.Vault.BlindIndex(tailKind(organization), pii.PhoneTail(me.Phone))
	err = m.Tails.Remember(tx, actor.Scope{Organization: organization}, tail, member)
	if err == nil {
		tx.AfterCommit(func() { m.learn(key) })
	}
	return err
}

// FindByTail are the members who bought from an organization and whose phone ends in these
// four digits; at most 200. It refuses with fault.BadInput.
func (m *Members) FindByTail(ctx context.Context, s actor.Scope, digits string,
) ([]int64, error) {
	if len(digits) != tailDigits || strings.Trim(digits, "0123456789") != "" {
		return nil, fault.BadInput.At("phone_tail", "must be the last four digits 应为后四位数字")
	}
	tails := m.Vault.BlindIndexes(tailKind(s.Organization), digits)
	return m.Tails.Find(ctx, s, tails, maxFound)
}

func tailKind(organization int64) string {
	return "phone tail " + strconv.FormatInt(organization, 10)
}

func (m *Members) knows(k tailKey) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, ok := m.known[k]
	return ok
}

func (m *Members) learn(k tailKey) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.known) >= maxKnownTails {
		clear(m.known)
	}
	m.known[k] = struct{}{}
}

// unlearn forgets that a member's tails are stored: the next order reads the member again.
func (m *Members) unlearn(member int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for k := range m.known {
		if k.member == member {
			delete(m.known, k)
		}
	}
}
