package keyring

import (
	"crypto/ed25519"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/aead/aesgcm"
	"github.com/tink-crypto/tink-go/v2/insecuresecretdataaccess"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/secretdata"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// keys is the ring made ready for use. It is never changed, only replaced.
type keys struct {
	doc     document
	idCodec []byte
	data    tink.AEAD
	dataID  uint8
	index   []macKey // the active one first
	mac     []macKey // the active one first
	ticket  signKeys
	journal signKeys
	bank    signKeys
}

type macKey struct {
	id  uint8
	key []byte
}

// signKeys are the pairs of one kind; old pairs check and no longer sign.
type signKeys struct {
	active uint8
	pairs  map[uint8]ed25519.PrivateKey
	ids    []uint8 // oldest first, without the retired
}

// buildKeys refuses (ErrDamaged) a document in which a kind is missing, has two active
// keys or none, repeats a number, or has a secret of the wrong size.
func buildKeys(doc document) (*keys, error) {
	byKind := map[Kind][]fileKey{}
	for _, k := range doc.Keys {
		byKind[k.Kind] = append(byKind[k.Kind], k)
	}
	if len(byKind) != len(Kinds()) {
		return nil, ErrDamaged.With("kinds", len(byKind))
	}
	for _, kind := range Kinds() {
		if err := checkKind(kind, byKind[kind]); err != nil {
			return nil, err
		}
	}
	data, dataID, err := buildData(byKind[Data])
	if err != nil {
		return nil, ErrDamaged.Wrap(err)
	}
	return &keys{
		doc: doc, idCodec: byKind[IDCodec][0].Secret,
		data: data, dataID: dataID,
		index:   buildMACs(byKind[Index]),
		mac:     buildMACs(byKind[MAC]),
		ticket:  buildPairs(byKind[Ticket]),
		journal: buildPairs(byKind[Journal]),
		bank:    buildPairs(byKind[Merchant]),
	}, nil
}

func checkKind(kind Kind, list []fileKey) error {
	seen := map[uint8]bool{}
	active := 0
	for _, k := range list {
		ok := k.ID > 0 && !seen[k.ID] && len(k.Secret) == secretSize(kind) &&
			(k.State == Active || k.State == Old || k.State == Retired)
		if !ok {
			return ErrDamaged.With("kind", string(kind)).With("id", k.ID)
		}
		seen[k.ID] = true
		if k.State == Active {
			active++
		}
	}
	if active != 1 || kind == IDCodec && len(list) != 1 {
		return ErrDamaged.With("kind", string(kind)).With("active", active)
	}
	return nil
}

func buildData(list []fileKey) (tink.AEAD, uint8, error) {
	params, err := aesgcm.NewParameters(aesgcm.ParametersOpts{
		KeySizeInBytes: 32, IVSizeInBytes: 12, TagSizeInBytes: 16,
		Variant: aesgcm.VariantTink,
	})
	if err != nil {
		return nil, 0, err
	}
	manager := keyset.NewManager()
	var active uint8
	for _, k := range list {
		if k.State == Retired {
			continue
		}
		secret := secretdata.NewBytesFromData(k.Secret, insecuresecretdataaccess.Token{})
		key, err := aesgcm.NewKey(secret, uint32(k.ID), params)
		if err != nil {
			return nil, 0, err
		}
		id, err := manager.AddKey(key)
		if err != nil {
			return nil, 0, err
		}
		if k.State != Active {
			continue
		}
		if active = k.ID; manager.SetPrimary(id) != nil {
			return nil, 0, fmt.Errorf("keyring: data key %d cannot be active", k.ID)
		}
	}
	handle, err := manager.Handle()
	if err != nil {
		return nil, 0, err
	}
	box, err := aead.New(handle)
	return box, active, err
}

func buildMACs(list []fileKey) []macKey {
	var out []macKey
	for _, k := range list {
		switch k.State {
		case Active:
			out = append([]macKey{{k.ID, k.Secret}}, out...)
		case Old:
			out = append(out, macKey{k.ID, k.Secret})
		}
	}
	return out
}

func buildPairs(list []fileKey) signKeys {
	s := signKeys{pairs: map[uint8]ed25519.PrivateKey{}}
	for _, k := range list {
		if k.State == Retired {
			continue
		}
		s.pairs[k.ID] = ed25519.NewKeyFromSeed(k.Secret)
		s.ids = append(s.ids, k.ID)
		if k.State == Active {
			s.active = k.ID
		}
	}
	return s
}
