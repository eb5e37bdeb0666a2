package keyring

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"sync"
)

// A subject is a person whose values must be forgettable: each has a random key of its
// own, sealed by the ring and stored in one row. Deleting that row makes every copy of the
// values unreadable, in the journal, in sealed months and in all backups younger than it.

const (
	subjectKeySize = 32
	// maxSubjects bounds the unwrapped keys held in memory (some 1 KB each).
	maxSubjects = 8192
)

var subjectPlace = []byte("subject key")

// NewSubjectKey makes the key of one person and returns it sealed, ready to be stored.
func (r *Ring) NewSubjectKey() []byte {
	return r.seal(subjectPlace, r.ids.Bytes(subjectKeySize))
}

// ResealSubjectKey seals the key again under the active data key, after a rotation. What
// it encrypted stays as it is. It refuses (ErrUnreadable) what is no sealed subject key.
func (r *Ring) ResealSubjectKey(sealedKey []byte) ([]byte, error) {
	plain, err := r.open(subjectPlace, sealedKey)
	if err != nil {
		return nil, err
	}
	return r.seal(subjectPlace, plain), nil
}

// SealWith encrypts one value under a person's key; ad says where the value belongs. It
// refuses (ErrUnreadable) a key that this ring did not seal.
func (r *Ring) SealWith(sealedKey, ad, plain []byte) ([]byte, error) {
	box, err := r.subject(sealedKey)
	if err != nil {
		return nil, err
	}
	return box.Seal(nil, nil, plain, ad), nil
}

// OpenWith decrypts a value that SealWith made with this key for this ad. It refuses
// (ErrUnreadable) anything else.
func (r *Ring) OpenWith(sealedKey, ad, sealed []byte) ([]byte, error) {
	box, err := r.subject(sealedKey)
	if err != nil {
		return nil, err
	}
	plain, err := box.Open(nil, nil, sealed, ad)
	if err != nil {
		return nil, ErrUnreadable.Wrap(err)
	}
	return plain, nil
}

// ForgetSubject drops the unwrapped key from memory. Call it when the row is deleted.
func (r *Ring) ForgetSubject(sealedKey []byte) { r.subjects.drop(sealedKey) }

func (r *Ring) subject(sealedKey []byte) (cipher.AEAD, error) {
	if box := r.subjects.get(sealedKey); box != nil {
		return box, nil
	}
	key, err := r.open(subjectPlace, sealedKey)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, ErrUnreadable.Wrap(err)
	}
	box, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, ErrUnreadable.Wrap(err)
	}
	r.subjects.put(sealedKey, box)
	return box, nil
}

// aeadCache holds at most size entries in two generations: a full young one becomes the
// old one, and what was not asked for since then is gone. It is keyed by a digest, so a
// sealed key of any length costs the same.
type aeadCache struct {
	mu         sync.Mutex
	half       int
	young, old map[[sha256.Size]byte]cipher.AEAD
}

func newAEADCache(size int) *aeadCache {
	return &aeadCache{half: size / 2, young: map[[sha256.Size]byte]cipher.AEAD{}}
}

func (c *aeadCache) get(sealedKey []byte) cipher.AEAD {
	k := sha256.Sum256(sealedKey)
	c.mu.Lock()
	defer c.mu.Unlock()
	if box := c.young[k]; box != nil {
		return box
	}
	box := c.old[k]
	if box != nil {
		c.add(k, box)
	}
	return box
}

func (c *aeadCache) put(sealedKey []byte, box cipher.AEAD) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.add(sha256.Sum256(sealedKey), box)
}

func (c *aeadCache) add(k [sha256.Size]byte, box cipher.AEAD) {
	if len(c.young) >= c.half {
		c.old, c.young = c.young, make(map[[sha256.Size]byte]cipher.AEAD, c.half)
	}
	c.young[k] = box
}

func (c *aeadCache) drop(sealedKey []byte) {
	k := sha256.Sum256(sealedKey)
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.young, k)
	delete(c.old, k)
}

func (c *aeadCache) len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.young) + len(c.old)
}
