package sandboxbank

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"sync"
	"time"

	"foyer/internal/clock"
)

// The headers of every signed message.
const (
	HeaderMerchant  = "Bank-Merchant"
	HeaderKeyID     = "Bank-Key-Id"
	HeaderTimestamp = "Bank-Timestamp"
	HeaderNonce     = "Bank-Nonce"
	HeaderSignature = "Bank-Signature"
)

// window is how far a message's time may be from ours.
const window = 300 * time.Second

// Call is a merchant's request as it came.
type Call struct {
	Method, Path    string // path with its query, as sent
	Merchant, KeyID string
	Timestamp       string // Unix seconds
	Nonce           string
	Signature       string // base64
	Body            []byte
}

// Admit verifies a request: a known merchant and key, a time within 300 s, the signature
// over the exact bytes, and a nonce that was never used in the window. Refused with
// ErrSignature, ErrReplayed, ErrBusy.
func (b *Bank) Admit(c Call) error {
	key := b.merchantKey(c.Merchant, c.KeyID)
	sec, err := strconv.ParseInt(c.Timestamp, 10, 64)
	if key == nil || err != nil || len(c.Nonce) < 8 || len(c.Nonce) > 64 {
		return ErrSignature
	}
	if d := b.clk.Now().Sub(time.Unix(sec, 0)); d >= window || d <= -window {
		return ErrSignature
	}
	sig, err := base64.StdEncoding.DecodeString(c.Signature)
	if err != nil || base64.StdEncoding.EncodeToString(sig) != c.Signature ||
		!ed25519.Verify(key, c.text(), sig) {
		return ErrSignature
	}
	return b.nonces.use(sec, c.Merchant, c.Nonce)
}

func (b *Bank) merchantKey(id, keyID string) ed25519.PublicKey {
	for _, m := range b.cfg.Merchants {
		if m.ID == id {
			return m.Keys[keyID]
		}
	}
	return nil
}

// text is what a merchant signs.
func (c Call) text() []byte {
	t := make([]byte, 0, len(c.Body)+len(c.Path)+128)
	for _, s := range [...]string{c.Method, c.Path, c.Timestamp, c.Nonce} {
		t = append(append(t, s...), '\n')
	}
	return append(append(t, c.Body...), '\n')
}

// Signed are the headers of a message of the bank's.
type Signed map[string]string

// SignAnswer signs an answer to a request; the request's nonce binds the two.
func (b *Bank) SignAnswer(status int, requestNonce string, body []byte) Signed {
	return b.sign("ANSWER\n"+strconv.Itoa(status)+"\n"+requestNonce, body, false)
}

// SignNotice signs a notice.
func (b *Bank) SignNotice(body []byte) Signed { return b.sign("NOTICE", body, b.cfg.RSANotices) }

func (b *Bank) sign(head string, body []byte, withRSA bool) Signed {
	ts := strconv.FormatInt(b.clk.Now().Unix(), 10)
	nonce := hex.EncodeToString(b.ids.Bytes(12))
	text := make([]byte, 0, len(head)+len(body)+64)
	text = append(append(text, head...), '\n')
	text = append(append(text, ts...), '\n')
	text = append(append(text, nonce...), '\n')
	text = append(append(text, body...), '\n')
	id := KeyEd25519
	var sig []byte
	if withRSA && b.keys.rsa != nil {
		id = KeyRSA
		sum := sha256.Sum256(text)
		var err error
		if sig, err = rsa.SignPKCS1v15(nil, b.keys.rsa, crypto.SHA256, sum[:]); err != nil {
			b.log.Error("a notice cannot be signed", "error", err)
		}
	} else {
		sig = ed25519.Sign(b.keys.ed, text)
	}
	return Signed{HeaderKeyID: id, HeaderTimestamp: ts, HeaderNonce: nonce,
		HeaderSignature: base64.StdEncoding.EncodeToString(sig)}
}

// nonces remembers what was used, by the second that its request was signed at; a second
// that has left the window cannot come again. Requests signed before the bank started are
// refused: what was used then is no longer known.
type nonces struct {
	clk   clock.Clock
	since int64

	mu     sync.Mutex
	bySec  map[int64]map[uint64]struct{}
	total  int
	oldest int64
}

const maxNonces = 4 << 20

func newNonces(clk clock.Clock) *nonces {
	now := clk.Now().Unix()
	return &nonces{clk: clk, since: now, oldest: now, bySec: map[int64]map[uint64]struct{}{}}
}

func (n *nonces) use(sec int64, merchant, nonce string) error {
	if sec < n.since {
		return ErrReplayed
	}
	sum := sha256.Sum256([]byte(merchant + "\n" + nonce))
	key := binary.BigEndian.Uint64(sum[:8])
	n.mu.Lock()
	defer n.mu.Unlock()
	for limit := n.clk.Now().Add(-window).Unix(); n.oldest <= limit; n.oldest++ {
		n.total -= len(n.bySec[n.oldest])
		delete(n.bySec, n.oldest)
	}
	if n.total >= maxNonces {
		return ErrBusy
	}
	set := n.bySec[sec]
	if set == nil {
		set = map[uint64]struct{}{}
		n.bySec[sec] = set
	}
	if _, used := set[key]; used {
		return ErrReplayed
	}
	set[key] = struct{}{}
	n.total++
	return nil
}
