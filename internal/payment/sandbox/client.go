// Package sandbox speaks to the sandbox bank as to any provider: over HTTP, signed both
// ways, and believing nothing that does not verify.
package sandbox

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"foyer/internal/clock"
	"foyer/internal/idgen"
	"foyer/internal/payment"
)

// Name is how the provider is called in rows, accounts and addresses.
const Name = "sandbox"

const (
	maxAnswer = 256 << 10 // bytes
	window    = 300 * time.Second
)

// Config of the client; BaseURL, Merchant and NotifyURL are required.
type Config struct {
	BaseURL  string `help:"Origin of the sandbox bank."`
	Merchant string `help:"Our merchant number at the bank."`
	// NotifyURL is where the bank sends notices, our /api/v1/notify/sandbox.
	NotifyURL string `help:"Where the bank reaches us with notices."`
}

// Signer is the merchant's present key with its number at the bank.
type Signer func() (keyID string, key ed25519.PrivateKey)

// Client is the provider. Make one with New.
type Client struct {
	cfg  Config
	sign Signer
	clk  clock.Clock
	ids  *idgen.Source
	http *http.Client
	keys atomic.Pointer[map[string]verifier]
}

var _ payment.Provider = (*Client)(nil)

// New makes a client; SetKeys must follow before the bank is believed.
func New(cfg Config, sign Signer, clk clock.Clock, ids *idgen.Source) (*Client, error) {
	if cfg.BaseURL == "" || cfg.Merchant == "" || cfg.NotifyURL == "" {
		return nil, errors.New("sandbox: address, merchant and notify address are required")
	}
	cfg.BaseURL = strings.TrimSuffix(cfg.BaseURL, "/")
	c := &Client{cfg: cfg, sign: sign, clk: clk, ids: ids, http: &http.Client{
		Transport: &http.Transport{
			DialContext:         (&net.Dialer{Timeout: 3 * time.Second}).DialContext,
			MaxIdleConnsPerHost: 256, MaxConnsPerHost: 256, IdleConnTimeout: time.Minute,
			TLSHandshakeTimeout: 3 * time.Second,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		}}}
	c.keys.Store(&map[string]verifier{})
	return c, nil
}

// Name is how the provider is called.
func (c *Client) Name() string { return Name }

// CloseIdle frees kept connections.
func (c *Client) CloseIdle() { c.http.CloseIdleConnections() }

// refusal is a verified refusal of the bank.
type refusal struct{ code string }

func (r *refusal) Error() string { return "sandbox bank: " + r.code }

// do sends one signed request and reads its verified answer into out. Without a clear and
// verified answer the error is payment.ErrNoAnswer.
func (c *Client) do(ctx context.Context, method, path string, in, out any) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return err
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, c.cfg.BaseURL+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	nonce := hex.EncodeToString(c.ids.Bytes(12))
	c.signRequest(req, method, path, nonce, body)
	res, err := c.http.Do(req)
	if err != nil {
		return fmt.Errorf("%w: %w", payment.ErrNoAnswer, err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err != nil || len(raw) > maxAnswer {
		return fmt.Errorf("%w: the answer did not arrive: %w", payment.ErrNoAnswer, err)
	}
	head := "ANSWER\n" + strconv.Itoa(res.StatusCode) + "\n" + nonce
	if err := c.verify(res.Header.Get, head, raw); err != nil {
		return fmt.Errorf("%w: the answer does not verify: %w", payment.ErrNoAnswer, err)
	}
	if res.StatusCode == http.StatusOK {
		return read(raw, out)
	}
	var said struct {
		Code string `json:"code"`
	}
	if err := read(raw, &said); err != nil {
		return err
	}
	if res.StatusCode >= 500 || res.StatusCode == http.StatusUnauthorized {
		return fmt.Errorf("%w: %w", payment.ErrNoAnswer, &refusal{said.Code})
	}
	return &refusal{said.Code}
}

func read(raw []byte, out any) error {
	if err := json.Unmarshal(raw, out); err != nil {
		return fmt.Errorf("%w: %w", payment.ErrNoAnswer, err)
	}
	return nil
}

func (c *Client) signRequest(req *http.Request, method, path, nonce string, body []byte) {
	keyID, key := c.sign()
	ts := strconv.FormatInt(c.clk.Now().Unix(), 10)
	text := make([]byte, 0, len(body)+len(path)+64)
	for _, s := range [...]string{method, path, ts, nonce} {
		text = append(append(text, s...), '\n')
	}
	text = append(append(text, body...), '\n')
	h := req.Header
	h.Set("Content-Type", "application/json")
	h.Set("Bank-Merchant", c.cfg.Merchant)
	h.Set("Bank-Key-Id", keyID)
	h.Set("Bank-Timestamp", ts)
	h.Set("Bank-Nonce", nonce)
	h.Set("Bank-Signature", base64.StdEncoding.EncodeToString(ed25519.Sign(key, text)))
}

// codeOf is the bank's refusal; empty when err is none.
func codeOf(err error) string {
	var r *refusal
	if errors.As(err, &r) && !errors.Is(err, payment.ErrNoAnswer) {
		return r.code
	}
	return ""
}
