// Package secret holds the primitives of proving who somebody is: passwords, opaque
// tokens, one-time codes, TOTP and the delay that grows with failed attempts. It knows no
// table and no request; the modules that keep people use it.
package secret

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"foyer/internal/fault"
	"foyer/internal/idgen"
)

// HashConfig is how passwords are hashed. The zero value is the product's default, the
// second choice of RFC 9106's guidance as OWASP words it: 19 MiB, 2 passes, 1 lane.
type HashConfig struct {
	MemoryKiB uint32 // default 19456; at least 8 MiB
	Passes    uint32 // default 2
	// Parallel is how many passwords are hashed at once (default 2). Each takes its memory
	// and a whole core for some 30 ms, so more would take the cores from the sale.
	Parallel int
	// Waiting is how many more may wait for their turn (default 64); the next is refused.
	Waiting int
}

const (
	saltSize = 16
	hashSize = 32
	// maxMemoryKiB and maxPasses bound what a stored hash can make the process do.
	maxMemoryKiB = 256 << 10
	maxPasses    = 16
	// busyRetry is what a refused caller is told to wait: a full queue drains in that.
	busyRetry = 2 * time.Second
)

func (c HashConfig) withDefaults() HashConfig {
	if c.MemoryKiB == 0 {
		c.MemoryKiB = 19 << 10
	}
	if c.Passes == 0 {
		c.Passes = 2
	}
	if c.Parallel == 0 {
		c.Parallel = 2
	}
	if c.Waiting == 0 {
		c.Waiting = 64
	}
	return c
}

// Validate refuses (fault.BadInput) parameters that protect nothing or would stop the house.
func (c HashConfig) Validate() error {
	c = c.withDefaults()
	var p fault.Problems
	if c.MemoryKiB < 8<<10 || c.MemoryKiB > maxMemoryKiB {
		p.Add("memory_kib", "must be within %d..%d", 8<<10, maxMemoryKiB)
	}
	if c.Passes > maxPasses {
		p.Add("passes", "must be within 1..%d", maxPasses)
	}
	if c.Parallel < 1 || c.Parallel > 64 {
		p.Add("parallel", "must be within 1..64")
	}
	if c.Waiting < 0 || c.Waiting > 10_000 {
		p.Add("waiting", "must be within 0..10000")
	}
	return p.Err()
}

// Hasher makes and checks password hashes (argon2id, PHC strings). Safe for concurrent use.
type Hasher struct {
	cfg     HashConfig
	ids     *idgen.Source
	slots   chan struct{}
	waiting atomic.Int64
	nobody  string // the hash of no password, checked when there is no account
}

// NewHasher makes a hasher; cfg must be valid.
func NewHasher(cfg HashConfig, ids *idgen.Source) *Hasher {
	cfg = cfg.withDefaults()
	h := &Hasher{cfg: cfg, ids: ids, slots: make(chan struct{}, cfg.Parallel)}
	h.nobody = phc{cfg.MemoryKiB, cfg.Passes, 1, ids.Bytes(saltSize), ids.Bytes(hashSize)}.String()
	return h
}

// Hash is the PHC string of a password, with a salt of its own. It refuses fault.Busy when
// too many wait, and gives up when ctx ends before its turn.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	p := phc{h.cfg.MemoryKiB, h.cfg.Passes, 1, h.ids.Bytes(saltSize), nil}
	sum, err := h.derive(ctx, p, password)
	if err != nil {
		return "", err
	}
	p.hash = sum
	return p.String(), nil
}

// Check tells whether the password is the stored one, and whether the hash should be made
// anew because the parameters changed since. It refuses fault.Busy like Hash, and a stored
// text that is no argon2id hash with an internal error.
func (h *Hasher) Check(ctx context.Context, password, stored string) (ok, again bool, err error) {
	p, err := parsePHC(stored)
	if err != nil {
		return false, false, err
	}
	sum, err := h.derive(ctx, p, password)
	if err != nil {
		return false, false, err
	}
	ok = subtle.ConstantTimeCompare(sum, p.hash) == 1
	again = ok && (p.memory != h.cfg.MemoryKiB || p.passes != h.cfg.Passes || p.lanes != 1)
	return ok, again, nil
}

// CheckNobody takes the time of Check and never agrees. Call it when there is no such
// account, so that the time of the answer does not tell.
func (h *Hasher) CheckNobody(ctx context.Context, password string) error {
	_, _, err := h.Check(ctx, password, h.nobody)
	return err
}

func (h *Hasher) derive(ctx context.Context, p phc, password string) ([]byte, error) {
	if len(password) > MaxPasswordBytes {
		return nil, ErrPassword.At("password", "too long")
	}
	if err := h.enter(ctx); err != nil {
		return nil, err
	}
	defer func() { <-h.slots }()
	// Two keyboards may send the same letter in two forms; people cannot tell them apart.
	text := norm.NFC.Bytes([]byte(password))
	return argon2.IDKey(text, p.salt, p.passes, p.memory, p.lanes, hashSize), nil
}

func (h *Hasher) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case h.slots <- struct{}{}:
		return nil
	default:
	}
	if h.waiting.Add(1) > int64(h.cfg.Waiting) {
		h.waiting.Add(-1)
		return fault.Busy.Retry(busyRetry)
	}
	defer h.waiting.Add(-1)
	select {
	case h.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// phc is a hash in its written form: $argon2id$v=19$m=19456,t=2,p=1$salt$hash.
type phc struct {
	memory, passes uint32
	lanes          uint8
	salt, hash     []byte
}

func (p phc) String() string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		p.memory, p.passes, p.lanes, b64.EncodeToString(p.salt), b64.EncodeToString(p.hash))
}

// parsePHC accepts exactly what String writes, within the bounds.
func parsePHC(text string) (phc, error) {
	bad := fmt.Errorf("secret: not an argon2id hash")
	parts := strings.Split(text, "$")
	if len(text) > 256 || len(parts) != 6 {
		return phc{}, bad
	}
	var p phc
	for _, field := range strings.Split(parts[3], ",") {
		name, value, _ := strings.Cut(field, "=")
		n, err := strconv.ParseUint(value, 10, 32)
		if err != nil {
			return phc{}, bad
		}
		switch name {
		case "m":
			p.memory = uint32(n)
		case "t":
			p.passes = uint32(n)
		case "p":
			p.lanes = uint8(min(n, 255))
		}
	}
	var err1, err2 error
	p.salt, err1 = base64.RawStdEncoding.DecodeString(parts[4])
	p.hash, err2 = base64.RawStdEncoding.DecodeString(parts[5])
	inBounds := p.memory >= 8 && p.memory <= maxMemoryKiB && p.passes >= 1 &&
		p.passes <= maxPasses && p.lanes >= 1 && p.lanes <= 16 &&
		len(p.salt) >= 8 && len(p.hash) == hashSize
	if err1 != nil || err2 != nil || !inBounds || p.String() != text {
		return phc{}, bad
	}
	return p, nil
}
