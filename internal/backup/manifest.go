package backup

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"foyer/internal/keyring"
)

const (
	format = "foyer-backup-1"
	// probePlain is sealed under the data key, to know the right keys again.
	probePlain = "foyer backup probe"
)

// Manifest is what a backup says about itself.
type Manifest struct {
	Format       string           `json:"format"`
	Installation string           `json:"installation"`
	Release      string           `json:"release"`
	CreatedAt    time.Time        `json:"created_at"`
	Lanes        []LaneHead       `json:"journal"`
	Rows         map[string]int64 `json:"rows"`
	Keys         []KeyName        `json:"keys"`
	Probe        []byte           `json:"probe"`
	Members      []Member         `json:"members"`
	KeyID        uint8            `json:"key_id"`
	Signature    []byte           `json:"signature"`
}

// LaneHead is where a lane of the journal stood.
type LaneHead struct {
	Lane int    `json:"lane"`
	N    int64  `json:"n"`
	Hash string `json:"hash"`
}

// KeyName is a key that something in the backup may need; the key itself is not here.
type KeyName struct {
	Kind keyring.Kind `json:"kind"`
	ID   uint8        `json:"id"`
}

// Member is one file of the backup. SHA256 is in hex.
type Member struct {
	Name   string `json:"name"`
	Size   int64  `json:"size_bytes"`
	SHA256 string `json:"sha256"`
}

// Size is the sum of all members in bytes.
func (m *Manifest) Size() (bytes int64) {
	for _, f := range m.Members {
		bytes += f.Size
	}
	return bytes
}

// HasKeys says whether a locked copy of the keys is inside.
func (m *Manifest) HasKeys() bool {
	for _, f := range m.Members {
		if f.Name == keyCopyName {
			return true
		}
	}
	return false
}

// message is what the signature covers: all but itself.
func (m Manifest) message() ([]byte, error) {
	m.KeyID, m.Signature = 0, nil
	plain, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(plain)
	return append([]byte("foyer backup 1\n"), sum[:]...), nil
}

func (m *Manifest) sign(ring *keyring.Ring) error {
	msg, err := m.message()
	if err != nil {
		return err
	}
	m.KeyID, m.Signature = ring.SignCheckpoint(msg)
	return nil
}

// belongsTo refuses (ErrOtherKeys) a ring of another installation, one that lacks a key
// which the backup may need, and one whose keys of the same numbers are others.
func (m *Manifest) belongsTo(ring *keyring.Ring) error {
	if ring.Installation() != m.Installation {
		return ErrOtherKeys.With("installation", m.Installation).
			With("keys_of", ring.Installation())
	}
	usable := map[KeyName]bool{}
	for _, k := range ring.Keys() {
		usable[KeyName{k.Kind, k.ID}] = k.State != keyring.Retired
	}
	for _, k := range m.Keys {
		if !usable[k] {
			return ErrOtherKeys.With("lacks", fmt.Sprintf("%s %d", k.Kind, k.ID))
		}
	}
	plain, err := ring.Open("backup", "probe", 0, m.Probe)
	if err != nil || string(plain) != probePlain {
		return ErrOtherKeys.Wrap(errors.Join(err, errors.New("the probe does not open")))
	}
	msg, err := m.message()
	if err != nil {
		return err
	}
	if !ring.CheckCheckpoint(m.KeyID, msg, m.Signature) {
		return ErrDamaged.Wrap(errors.New("the manifest is not signed by this installation"))
	}
	return nil
}

// encode ends the text with its own digest, so that damage is seen without any key.
func (m *Manifest) encode() ([]byte, error) {
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(text)
	return fmt.Appendf(text, "\n%s\n", hex.EncodeToString(sum[:])), nil
}

// readManifest refuses (ErrDamaged) everything that encode did not write.
func readManifest(archive string) (*Manifest, error) {
	f, err := os.Open(filepath.Join(archive, manifestName))
	if err != nil {
		return nil, ErrDamaged.Wrap(err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxManifest))
	if err != nil {
		return nil, err
	}
	var m Manifest
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&m); err != nil {
		return nil, ErrDamaged.Wrap(err)
	}
	if m.Format != format {
		return nil, ErrDamaged.With("format", m.Format)
	}
	again, err := m.encode()
	if err != nil || !bytes.Equal(again, text) {
		return nil, ErrDamaged.Wrap(errors.Join(err, errors.New("the manifest was altered")))
	}
	return &m, m.checkMembers()
}

// memberName lists every form that a name may have, so none leads out of its folder.
var memberName = regexp.MustCompile(`^(foyer\.db|keys\.age|files/[0-9a-f]{2}/[0-9a-f]{64}|` +
	`journal/journal-[0-9]{1,6}-[0-9]{6}\.jsonl\.gz)$`)

func (m *Manifest) checkMembers() error {
	seen := map[string]bool{}
	for _, f := range m.Members {
		if !memberName.MatchString(f.Name) || seen[f.Name] || f.Size < 0 || len(f.SHA256) != 64 {
			return ErrDamaged.With("member", f.Name)
		}
		seen[f.Name] = true
	}
	if !seen[databaseName] || len(m.Members) > maxMembers {
		return ErrDamaged.With("members", len(m.Members))
	}
	return nil
}
