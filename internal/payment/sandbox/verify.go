package sandbox

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// BankKey is one public key of the bank, as its key file names it.
type BankKey struct {
	ID  string `json:"id"`
	Alg string `json:"alg"`  // "ed25519" or "rsa-sha256"
	Key []byte `json:"pkix"` // DER
}

// verifier checks a signature over a text.
type verifier func(text, signature []byte) bool

// SetKeys replaces the bank's keys that are believed; a message of a new key is accepted
// from then on, without a restart. It refuses a key of another kind than it says.
func (c *Client) SetKeys(list []BankKey) error {
	keys := make(map[string]verifier, len(list))
	for _, k := range list {
		v, err := k.verifier()
		if err != nil {
			return fmt.Errorf("sandbox: bank key %q: %w", k.ID, err)
		}
		keys[k.ID] = v
	}
	c.keys.Store(&keys)
	return nil
}

// ParseKeys reads the bank's list of public keys.
func ParseKeys(doc []byte) ([]BankKey, error) {
	var list []BankKey
	err := json.Unmarshal(doc, &list)
	return list, err
}

func (k BankKey) verifier() (verifier, error) {
	parsed, err := x509.ParsePKIXPublicKey(k.Key)
	if err != nil {
		return nil, err
	}
	switch key := parsed.(type) {
	case ed25519.PublicKey:
		if k.Alg == "ed25519" {
			return func(text, sig []byte) bool { return ed25519.Verify(key, text, sig) }, nil
		}
	case *rsa.PublicKey:
		if k.Alg == "rsa-sha256" && key.N.BitLen() >= 2048 {
			return func(text, sig []byte) bool {
				sum := sha256.Sum256(text)
				return rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], sig) == nil
			}, nil
		}
	}
	return nil, errors.New("is not of the kind that it says")
}

// verify checks a message of the bank's: a known key, a time within 300 s, a signature
// over the very bytes. head says what kind of message it is and binds it to its request.
func (c *Client) verify(header func(string) string, head string, body []byte) error {
	check := (*c.keys.Load())[header("Bank-Key-Id")]
	if check == nil {
		return errors.New("unknown key")
	}
	ts, nonce := header("Bank-Timestamp"), header("Bank-Nonce")
	sec, err := strconv.ParseInt(ts, 10, 64)
	if err != nil || len(nonce) < 8 || len(nonce) > 64 {
		return errors.New("no time or nonce")
	}
	if d := c.clk.Now().Sub(time.Unix(sec, 0)); d >= window || d <= -window {
		return errors.New("the time is not within 300 seconds")
	}
	given := header("Bank-Signature")
	sig, err := base64.StdEncoding.DecodeString(given)
	if err != nil || base64.StdEncoding.EncodeToString(sig) != given {
		return errors.New("the signature is not written as it should be")
	}
	text := make([]byte, 0, len(head)+len(body)+64)
	for _, s := range [...]string{head, ts, nonce} {
		text = append(append(text, s...), '\n')
	}
	if !check(append(append(text, body...), '\n'), sig) {
		return errors.New("wrong signature")
	}
	return nil
}
