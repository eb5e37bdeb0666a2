package code

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strconv"

	"foyer/internal/fault"
)

// ErrBadKeys refuses a list of public keys that a gate was given.
var ErrBadKeys = fault.Define(fault.Invalid, "ticket_keys_unreadable",
	"验票公钥无法读取", "The list of ticket keys cannot be read.",
	"Download it again from the house.")

// maxKeySet bounds the list: 255 keys of some 130 bytes.
const maxKeySet = 64 << 10

// KeySet is the exported public keys. It is a Keys and never changes.
type KeySet struct {
	keys map[uint8]ed25519.PublicKey
	ids  []uint8
}

// jwk is one key in the form of RFC 8037 (JSON Web Key, Ed25519).
type jwk struct {
	KeyType   string `json:"kty"`
	Curve     string `json:"crv"`
	Use       string `json:"use"`
	Algorithm string `json:"alg"`
	ID        string `json:"kid"`
	X         string `json:"x"`
}

type jwkSet struct {
	Keys []jwk `json:"keys"`
}

// ExportKeys writes the accepted public keys as a JSON Web Key Set for gates, oldest first.
func ExportKeys(keys Keys) ([]byte, error) {
	set := jwkSet{Keys: []jwk{}}
	for _, id := range keys.TicketKeyIDs() {
		public, ok := keys.TicketKey(id)
		if !ok {
			continue // retired since the list was made
		}
		set.Keys = append(set.Keys, jwk{
			KeyType: "OKP", Curve: "Ed25519", Use: "sig", Algorithm: "EdDSA",
			ID: strconv.Itoa(int(id)), X: base64.RawURLEncoding.EncodeToString(public),
		})
	}
	return json.Marshal(set)
}

// ParseKeys reads what ExportKeys wrote. It refuses (ErrBadKeys) an empty or oversized
// list, another kind of key, a number twice and unknown members.
func ParseKeys(text []byte) (*KeySet, error) {
	if len(text) > maxKeySet {
		return nil, ErrBadKeys.With("bytes", len(text))
	}
	var set jwkSet
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&set); err != nil {
		return nil, ErrBadKeys.Wrap(err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) || len(set.Keys) == 0 {
		return nil, ErrBadKeys
	}
	k := &KeySet{keys: map[uint8]ed25519.PublicKey{}}
	for _, j := range set.Keys {
		id, public, err := j.parse()
		if err != nil {
			return nil, err
		}
		if k.keys[id] != nil {
			return nil, ErrBadKeys.With("kid", j.ID)
		}
		k.keys[id] = public
		k.ids = append(k.ids, id)
	}
	return k, nil
}

func (j jwk) parse() (uint8, ed25519.PublicKey, error) {
	id, err := strconv.ParseUint(j.ID, 10, 8)
	if err != nil || id == 0 || strconv.FormatUint(id, 10) != j.ID {
		return 0, nil, ErrBadKeys.With("kid", j.ID)
	}
	x, err := base64.RawURLEncoding.Strict().DecodeString(j.X)
	right := err == nil && len(x) == ed25519.PublicKeySize && j.KeyType == "OKP" &&
		j.Curve == "Ed25519" && j.Use == "sig" && j.Algorithm == "EdDSA"
	if !right {
		return 0, nil, ErrBadKeys.With("kid", j.ID)
	}
	return uint8(id), x, nil
}

// TicketKey is the key of that number; false when it is not in the list.
func (k *KeySet) TicketKey(id uint8) (ed25519.PublicKey, bool) {
	public, ok := k.keys[id]
	return public, ok
}

// TicketKeyIDs lists the numbers in the order of the list.
func (k *KeySet) TicketKeyIDs() []uint8 { return slices.Clone(k.ids) }
