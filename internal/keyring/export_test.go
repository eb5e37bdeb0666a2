package keyring

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
)

func TestEncryptedCopy(t *testing.T) {
	t.Parallel()
	x, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	pq, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	b := setup(t)
	r := b.create(t)
	sealed := r.Seal("t", "c", 1, []byte("v"))
	for name, lock := range map[string][2]string{
		"passphrase":   {"长度足够的备份口令 2026", "长度足够的备份口令 2026"},
		"recipient":    {x.Recipient().String(), x.String()},
		"post-quantum": {pq.Recipient().String(), pq.String()},
	} {
		var copied bytes.Buffer
		to, err := recipient(lock[0])
		if err != nil {
			t.Fatal(name, err)
		}
		if s, ok := to.(*age.ScryptRecipient); ok {
			s.SetWorkFactor(10) // the real cost is a second for each try
		}
		if err := r.exportTo(&copied, to); err != nil {
			t.Fatal(name, err)
		}
		if bytes.Contains(copied.Bytes(), []byte("secret")) {
			t.Fatal(name, "the copy is not encrypted")
		}
		path := filepath.Join(t.TempDir(), "keys.json")
		r2, err := Import(path, bytes.NewReader(copied.Bytes()), lock[1], b.ids, b.clk)
		if err != nil {
			t.Fatal(name, err)
		}
		if plain, err := r2.Open("t", "c", 1, sealed); err != nil || string(plain) != "v" {
			t.Fatal(name, string(plain), err)
		}
		_, err = Import(path, bytes.NewReader(copied.Bytes()), lock[1], b.ids, b.clk)
		wantErr(t, err, ErrExists)
		refuseDamagedCopy(t, b, copied.Bytes(), lock[1], name)
	}
}

func refuseDamagedCopy(t *testing.T, b bundle, copied []byte, lock, name string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keys.json")
	step := 11 // the file's own test flips every byte; here header and body are sampled
	if name != "recipient" {
		step = 41 // scrypt and the long post-quantum header cost more
	}
	for i := 0; i < len(copied); i += step {
		bad := bytes.Clone(copied)
		bad[i] ^= 1
		_, err := Import(path, bytes.NewReader(bad), lock, b.ids, b.clk)
		wantErr(t, err, ErrWrongLock)
	}
	_, err := Import(path, bytes.NewReader(copied[:len(copied)-1]), lock, b.ids, b.clk)
	wantErr(t, err, ErrWrongLock)
}

func TestWrongLocks(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.create(t)
	for _, lock := range []string{"", "short", "fifteen letters", "age1nonsense", "age1pq1no"} {
		wantErr(t, r.Export(&bytes.Buffer{}, lock), ErrWeakLock)
	}
	x, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	var copied bytes.Buffer
	if err := r.Export(&copied, x.Recipient().String()); err != nil {
		t.Fatal(err)
	}
	other, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "keys.json")
	for _, lock := range []string{other.String(), "", "a passphrase instead", "AGE-SECRET-KEY-1X"} {
		_, err := Import(path, strings.NewReader(copied.String()), lock, b.ids, b.clk)
		wantErr(t, err, ErrWrongLock)
	}
}
