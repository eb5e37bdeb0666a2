// Package code is the ticket code: a short signed text that a gate checks with a public
// key and nothing else, without a network and without a secret.
//
// The text is base 32 of 31 bytes of payload and 64 bytes of Ed25519 signature:
//
//	offset  bytes  what
//	     0      1  format, 1
//	     1      1  number of the key that signed, 1..255
//	     2      1  scope: 1 opens one session, 2 opens something at a venue (a pass)
//	     3      8  id of that session or venue
//	    11      8  id of the ticket
//	    19      4  version of the code, from 1; change, refund and reprint raise it
//	    23      3  valid from, minutes since idgen.Epoch; 0 has no beginning
//	    26      3  valid until, minutes since idgen.Epoch; 2^24-1 has no end
//	    29      2  units: how many people it lets in, 1..65535
//	    31     64  signature over the label and the 31 bytes
//	    95
//
// 95 bytes are 760 bits, which is 152 letters of 5 bits with none left over. QR version 6
// at level M takes 154 characters of its alphanumeric mode (11 bits a pair), so the code is
// always a 41×41 symbol that a damaged screen or a cheap reader still reads; version 5
// takes 122, less than the signature needs. The alphabet is 0-9A-Z without I, L, O and U:
// every letter is in the alphanumeric mode, is typed by a keyboard-wedge scanner without
// shift or symbols, and cannot be taken for another in print. 152 letters are not for
// fingers: people type the ticket's number (idgen.Number) instead, which a gate looks up.
//
// There is exactly one text for one code. Lower case, spaces, line ends, other alphabets,
// fields out of range and signatures with a non-canonical S are all refused, so a text may
// serve as a key of what was seen. Normalize takes off what a scanner adds.
//
// Ed25519 is deterministic: the same ticket, version and key give the same text. So a code
// is made when it is read and stored nowhere, and a stolen database holds none. A code
// proves that the house issued it, not that it is still good: versions revoked since, and
// how often it was used, are the gate's list to know.
package code

import (
	"encoding/base32"
	"encoding/binary"
	"strings"
	"time"

	"foyer/internal/fault"
	"foyer/internal/idgen"
)

const (
	// Length is the number of letters of every code.
	Length = 152
	// MaxUnits is the largest group that one code lets in.
	MaxUnits = 1<<16 - 1

	format        = 1
	payloadSize   = 31
	signatureSize = 64
	label         = "foyer ticket code 1\n" // no other signature of the product starts so
	endless       = 1<<24 - 1
)

var alphabet = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").
	WithPadding(base32.NoPadding)

// Scope says what the id beside it is.
type Scope uint8

// The scopes.
const (
	OneSession Scope = 1 // ScopeID is a session
	AtVenue    Scope = 2 // ScopeID is a venue; the gate's list says what the ticket opens
)

// Ticket is what a code says.
type Ticket struct {
	ID      idgen.ID
	Version uint32
	Scope   Scope
	ScopeID idgen.ID
	Units   int
	// From and Until bound the entry, both inclusive, widened to whole minutes. The zero
	// time has no bound, and neither has one beyond the year 2056.
	From, Until time.Time
}

// Payload is what a checked code says, and which key signed it.
type Payload struct {
	Ticket
	KeyID uint8
}

// ValidAt is true within the window of the code, given how early and late a gate lets in.
func (p Payload) ValidAt(now time.Time, early, late time.Duration) bool {
	return (p.From.IsZero() || !now.Before(p.From.Add(-early))) &&
		(p.Until.IsZero() || !now.After(p.Until.Add(late)))
}

// The refusals of a code. They say no more than the person at the gate can act on.
var (
	ErrUnreadable = fault.Define(fault.Invalid, "code_unreadable",
		"这不是本平台的票码", "This is not a ticket code of this house.",
		"Scan again with the screen bright and flat, or type the ticket's number.")
	ErrUnknownKey = fault.Define(fault.Invalid, "code_key_unknown",
		"票码的签名密钥未知或已停用", "The code was signed by a key that is not known here.",
		"Update the gate's keys, or let the buyer open the ticket again.")
	ErrForged = fault.Define(fault.Invalid, "code_forged",
		"票码签名无效", "The signature of the code is not ours.",
		"Do not admit; ask where the ticket was bought.")
	ErrBadTicket = fault.Define(fault.Internal, "code_impossible",
		"无法生成票码", "No code can be made of such a ticket.",
		"Ids and version must be positive, units 1 to 65535, and the window in order.")
)

// Normalize turns what a keyboard-wedge scanner delivered into the text to verify: outer
// white space and line ends go, and letters that caps lock made small become large.
func Normalize(scanned string) string {
	if len(scanned) > 2*Length {
		return ""
	}
	return strings.ToUpper(strings.TrimSpace(scanned))
}

func (t Ticket) check() error {
	ok := t.ID > 0 && t.Version > 0 && t.ScopeID > 0 &&
		(t.Scope == OneSession || t.Scope == AtVenue) &&
		t.Units >= 1 && t.Units <= MaxUnits &&
		minuteFrom(t.From) <= minuteUntil(t.Until)
	if !ok {
		return ErrBadTicket.With("ticket", t.ID)
	}
	return nil
}

func (t Ticket) payload(keyID uint8) []byte {
	b := make([]byte, 0, payloadSize+signatureSize)
	b = append(b, format, keyID, byte(t.Scope))
	b = binary.BigEndian.AppendUint64(b, uint64(t.ScopeID))
	b = binary.BigEndian.AppendUint64(b, uint64(t.ID))
	b = binary.BigEndian.AppendUint32(b, t.Version)
	b = append24(b, minuteFrom(t.From))
	b = append24(b, minuteUntil(t.Until))
	return binary.BigEndian.AppendUint16(b, uint16(t.Units))
}

// parsePayload refuses every field that payload would not have written.
func parsePayload(b []byte) (Payload, error) {
	if b[0] != format || b[1] == 0 {
		return Payload{}, ErrUnreadable
	}
	p := Payload{KeyID: b[1], Ticket: Ticket{
		Scope:   Scope(b[2]),
		ScopeID: int64(binary.BigEndian.Uint64(b[3:])),
		ID:      int64(binary.BigEndian.Uint64(b[11:])),
		Version: binary.BigEndian.Uint32(b[19:]),
		Units:   int(binary.BigEndian.Uint16(b[29:])),
	}}
	from, until := read24(b[23:]), read24(b[26:])
	if from > 0 {
		p.From = idgen.Epoch.Add(time.Duration(from) * time.Minute)
	}
	if until < endless {
		p.Until = idgen.Epoch.Add(time.Duration(until) * time.Minute)
	}
	if p.check() != nil {
		return Payload{}, ErrUnreadable
	}
	return p, nil
}

func minuteFrom(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return min(max(sinceEpoch(t).minutes, 0), endless)
}

func minuteUntil(t time.Time) int64 {
	if t.IsZero() {
		return endless
	}
	at := sinceEpoch(t)
	if at.more {
		at.minutes++
	}
	return min(max(at.minutes, 0), endless)
}

type minute struct {
	minutes int64
	more    bool // a part of a minute is left over
}

// sinceEpoch counts by Unix time: a time.Duration would overflow for far years.
func sinceEpoch(t time.Time) minute {
	seconds := t.Unix() - idgen.Epoch.Unix()
	floor := seconds / 60
	if seconds%60 < 0 {
		floor--
	}
	return minute{floor, seconds != floor*60 || t.Nanosecond() != 0}
}

func append24(b []byte, v int64) []byte { return append(b, byte(v>>16), byte(v>>8), byte(v)) }

func read24(b []byte) int64 { return int64(b[0])<<16 | int64(b[1])<<8 | int64(b[2]) }
