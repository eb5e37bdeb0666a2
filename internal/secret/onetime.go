package secret

import (
	"encoding/binary"
	"fmt"
	"time"

	"foyer/internal/idgen"
)

const (
	// CodeDigits is the length of a one-time code.
	CodeDigits = 6
	// CodeTTL is how long a one-time code holds.
	CodeTTL = 5 * time.Minute
	// CodeTries is how many times a code may be entered before it is void: an attacker
	// guesses one code with 5 in 1,000,000, and asking for codes is limited elsewhere.
	CodeTries = 5
)

// MACs authenticates what the house tells itself; the key ring does.
type MACs interface {
	MAC(purpose string, msg []byte) []byte
	CheckMAC(purpose string, msg, mac []byte) bool
}

// Codes makes and checks short numeric codes, sent by SMS or read out to enrol a device.
type Codes struct {
	ids  *idgen.Source
	macs MACs
}

// NewCodes makes a maker of codes.
func NewCodes(ids *idgen.Source, macs MACs) *Codes { return &Codes{ids, macs} }

const codePurpose = "one-time code"

// New makes a code for a subject (a phone, an enrolment) and a purpose (sign in, recover):
// the digits to send, and what to store. A million codes are tried in a moment, so a plain
// hash would be the code itself; this one needs the key ring.
func (c *Codes) New(purpose, subject string) (code string, stored []byte) {
	code = fmt.Sprintf("%0*d", CodeDigits, c.below(1_000_000))
	return code, c.macs.MAC(codePurpose, codeMessage(purpose, subject, code))
}

// Check is true when the code is the one stored for this subject and purpose. Whether it
// is still young, unused and within CodeTries is in its row.
func (c *Codes) Check(purpose, subject, code string, stored []byte) bool {
	if len(code) != CodeDigits {
		return false
	}
	return c.macs.CheckMAC(codePurpose, codeMessage(purpose, subject, code), stored)
}

// below draws evenly: a remainder of 2^32 would favour small codes.
func (c *Codes) below(n uint32) uint32 {
	limit := ^uint32(0) - ^uint32(0)%n
	for {
		if v := binary.BigEndian.Uint32(c.ids.Bytes(4)); v < limit {
			return v % n
		}
	}
}

func codeMessage(purpose, subject, code string) []byte {
	var b []byte
	for _, part := range []string{purpose, subject, code} {
		b = binary.BigEndian.AppendUint32(b, uint32(len(part)))
		b = append(b, part...)
	}
	return b
}
