package sandboxbank

import (
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"foyer/internal/idgen"
)

// Keys are the bank's own: what signs answers and notices, and what seals cashier links.
type Keys struct {
	ed    ed25519.PrivateKey
	rsa   *rsa.PrivateKey // nil unless the bank signs notices with RSA
	codec *idgen.Codec
}

// The numbers of the bank's keys on the wire.
const (
	KeyEd25519 = "bank-ed-1"
	KeyRSA     = "bank-rsa-1"
)

// keyFile is the bank's key file; only its owner may read it.
type keyFile struct {
	Format int    `json:"format"`
	Seed   []byte `json:"ed25519_seed"`
	Links  []byte `json:"links"`
	RSA    []byte `json:"rsa_pkcs8,omitempty"`
}

// OpenKeys reads the key file, or makes it on the first start; withRSA adds an RSA-2048
// key when there is none. It refuses a file that others than its owner may read.
func OpenKeys(path string, ids *idgen.Source, withRSA bool) (*Keys, error) {
	var f keyFile
	raw, err := os.ReadFile(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		f = keyFile{Format: 1, Seed: ids.Bytes(ed25519.SeedSize), Links: ids.Bytes(16)}
	case err != nil:
		return nil, err
	default:
		if err := readKeys(path, raw, &f); err != nil {
			return nil, err
		}
	}
	changed := raw == nil
	if withRSA && len(f.RSA) == 0 {
		key, err := rsa.GenerateKey(randomness{ids}, 2048)
		if err != nil {
			return nil, err
		}
		if f.RSA, err = x509.MarshalPKCS8PrivateKey(key); err != nil {
			return nil, err
		}
		changed = true
	}
	if changed {
		if err := writeKeys(path, f); err != nil {
			return nil, err
		}
	}
	return f.keys()
}

func readKeys(path string, raw []byte, f *keyFile) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("sandboxbank: %s can be read by others; run chmod 600", path)
	}
	if err := json.Unmarshal(raw, f); err != nil || f.Format != 1 ||
		len(f.Seed) != ed25519.SeedSize || len(f.Links) != 16 {
		return fmt.Errorf("sandboxbank: %s is not a key file of this release", path)
	}
	return nil
}

// writeKeys replaces the file as a whole, so that a power cut leaves the old or the new.
func writeKeys(path string, f keyFile) error {
	raw, err := json.Marshal(f)
	if err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".bank-keys-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = tmp.Write(raw)
	err = errors.Join(err, tmp.Sync(), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		os.Remove(tmp.Name())
	}
	return err
}

func (f keyFile) keys() (*Keys, error) {
	k := &Keys{ed: ed25519.NewKeyFromSeed(f.Seed)}
	var err error
	if k.codec, err = idgen.NewCodec(f.Links); err != nil {
		return nil, err
	}
	if len(f.RSA) == 0 {
		return k, nil
	}
	parsed, err := x509.ParsePKCS8PrivateKey(f.RSA)
	if err != nil {
		return nil, err
	}
	key, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return nil, errors.New("sandboxbank: the RSA key is of another kind")
	}
	k.rsa = key
	return k, nil
}

// randomness reads from the house's source.
type randomness struct{ ids *idgen.Source }

func (r randomness) Read(b []byte) (int, error) { return copy(b, r.ids.Bytes(len(b))), nil }

var _ io.Reader = randomness{}

// PublicKey is one key of the bank as merchants load it.
type PublicKey struct {
	ID  string `json:"id"`
	Alg string `json:"alg"`  // "ed25519" or "rsa-sha256"
	Key []byte `json:"pkix"` // DER
}

// Public are the public halves, for a merchant's configuration.
func (k *Keys) Public() ([]PublicKey, error) {
	der, err := x509.MarshalPKIXPublicKey(k.ed.Public())
	if err != nil {
		return nil, err
	}
	list := []PublicKey{{KeyEd25519, "ed25519", der}}
	if k.rsa != nil {
		if der, err = x509.MarshalPKIXPublicKey(&k.rsa.PublicKey); err != nil {
			return nil, err
		}
		list = append(list, PublicKey{KeyRSA, "rsa-sha256", der})
	}
	return list, nil
}
