// Package banktest runs a real sandbox bank on a port of its own for the length of a test.
package banktest

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"foyer/internal/clock"
	"foyer/internal/idgen"
	"foyer/internal/sandboxbank"
	"foyer/internal/sandboxbank/bankdb"
	"foyer/internal/sandboxbank/bankhttp"
)

// MerchantID and KeyID are the one merchant of the bank.
const (
	MerchantID = "foyer"
	KeyID      = "m-1"
)

// Bank is a running bank and its merchant's key.
type Bank struct {
	*sandboxbank.Bank
	URL  string
	Key  ed25519.PrivateKey
	Keys *sandboxbank.Keys
	http *http.Client
}

// Start runs a bank until the test ends. change may alter its configuration.
func Start(t testing.TB, clk clock.Clock, change func(*sandboxbank.Config)) *Bank {
	t.Helper()
	return StartIn(t, t.TempDir(), clk, change)
}

// StartIn is Start in a folder, to start a second time on the same file.
func StartIn(t testing.TB, dir string, clk clock.Clock, change func(*sandboxbank.Config)) *Bank {
	t.Helper()
	ids, err := idgen.NewSource(clk, 1, nil)
	check(t, err)
	log := slog.New(slog.NewTextHandler(output(t), nil))
	b := &Bank{Key: ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize)),
		http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}
	cfg := sandboxbank.Config{AllowFaults: true, Merchants: []sandboxbank.Merchant{{
		ID: MerchantID, Name: "前厅影城", Keys: map[string]ed25519.PublicKey{
			KeyID: b.Key.Public().(ed25519.PublicKey)}}}}
	server := httptest.NewUnstartedServer(nil)
	cfg.BaseURL = "http://" + server.Listener.Addr().String()
	if change != nil {
		change(&cfg)
	}
	b.Keys, err = sandboxbank.OpenKeys(filepath.Join(dir, "bank.keys"), ids, cfg.RSANotices)
	check(t, err)
	file := filepath.Join(dir, "bank.db")
	db, store, err := bankdb.Open(context.Background(), file, true, clk, log)
	check(t, err)
	b.Bank, err = sandboxbank.New(cfg, db, store, b.Keys, clk, ids, log)
	check(t, err)
	server.Config.Handler = bankhttp.New(b.Bank, clk, log)
	server.Config.ErrorLog = slog.NewLogLogger(log.Handler(), slog.LevelDebug)
	server.Start()
	b.URL = server.URL
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx, bankhttp.NewSender()) }()
	t.Cleanup(func() {
		stop()
		check(t, <-done)
		b.http.CloseIdleConnections()
		server.Close()
		check(t, db.Close())
	})
	return b
}

// Pay pays at the cashier as a program does and returns the state.
func (b *Bank) Pay(t testing.TB, cashierURL string) string { return b.press(t, cashierURL, "pay") }

// Refuse has the card declined.
func (b *Bank) Refuse(t testing.TB, cashierURL string) string {
	return b.press(t, cashierURL, "refuse")
}

func (b *Bank) press(t testing.TB, cashierURL, button string) string {
	t.Helper()
	if !strings.HasPrefix(cashierURL, b.URL+"/cashier/") {
		t.Fatalf("%q is not a cashier's address", cashierURL)
	}
	res, err := b.http.Post(cashierURL+"/"+button, "application/json", strings.NewReader("{}"))
	if err != nil {
		t.Error(err)
		return ""
	}
	defer res.Body.Close()
	var said struct{ State, Code string }
	if err := json.NewDecoder(res.Body).Decode(&said); err != nil {
		t.Error(err)
	}
	return said.State + said.Code
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func output(t testing.TB) io.Writer {
	if testing.Verbose() {
		return t.Output()
	}
	return io.Discard
}
