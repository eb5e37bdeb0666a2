package secret

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"hash/crc32"
	"strings"

	"foyer/internal/idgen"
)

// TokenKind says whose token it is. It is the beginning of the text, so a token found in a
// log tells what must be revoked, and none is taken where another is asked for.
type TokenKind string

// The kinds of tokens.
const (
	MemberToken  TokenKind = "fm" // a member who signed in
	StaffToken   TokenKind = "fs" // a member of staff who signed in
	DeviceToken  TokenKind = "fd" // an enrolled device
	InviteToken  TokenKind = "fi" // an invitation of staff, used once
	OwnerToken   TokenKind = "fo" // the first owner's link of an empty start, used once
	RecoverToken TokenKind = "fr" // a link to set a new password, used once
)

const (
	tokenBytes = 32
	tokenText  = 58 // base 32 letters of 32 random bytes and 4 bytes of checksum
)

// TokenLength is the length of the text of a token of any kind.
const TokenLength = 2 + 1 + tokenText

// TokenHash is how a token is stored. The token has 256 random bits, so a plain SHA-256
// tells nothing about it and a stolen table holds no token.
type TokenHash [sha256.Size]byte

var tokenAlphabet = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").
	WithPadding(base32.NoPadding)

// NewToken makes a token: its text, shown once to its owner, and the hash to store.
func NewToken(ids *idgen.Source, kind TokenKind) (text string, hash TokenHash) {
	raw := ids.Bytes(tokenBytes)
	raw = binary.BigEndian.AppendUint32(raw, tokenCheck(kind, raw))
	text = string(kind) + "_" + tokenAlphabet.EncodeToString(raw)
	return text, sha256.Sum256([]byte(text))
}

// ParseToken is the hash under which a token of this kind would be stored; false for a text
// that NewToken never made for the kind. The checksum keeps typos and noise from reaching
// the database; it is no proof, only the stored hash is.
func ParseToken(kind TokenKind, text string) (TokenHash, bool) {
	rest, ok := strings.CutPrefix(text, string(kind)+"_")
	if !ok || len(rest) != tokenText {
		return TokenHash{}, false
	}
	raw, err := tokenAlphabet.DecodeString(rest)
	if err != nil || len(raw) != tokenBytes+4 || tokenAlphabet.EncodeToString(raw) != rest ||
		binary.BigEndian.Uint32(raw[tokenBytes:]) != tokenCheck(kind, raw[:tokenBytes]) {
		return TokenHash{}, false
	}
	return sha256.Sum256([]byte(text)), true
}

func tokenCheck(kind TokenKind, raw []byte) uint32 {
	return crc32.Update(crc32.ChecksumIEEE([]byte(kind)), crc32.IEEETable, raw)
}
