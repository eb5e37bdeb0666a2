package journal_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"foyer/internal/clock"
	"foyer/internal/journal"
	"foyer/internal/journal/journaltest"
	"foyer/internal/sqldb"
)

func TestClosedMonthsAreSealedToFiles(t *testing.T) {
	t.Parallel()
	ctx, dir := context.Background(), t.TempDir()
	clk := clock.NewFake(time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC))
	db, err := sqldb.Open(sqldb.Config{Path: filepath.Join(dir, "f.db"), Unsafe: true}, clk,
		slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if err := db.Migrate(ctx, nil); err != nil {
		t.Fatal(err)
	}
	b := journaltest.New(t, db, clk)
	write := func(n int) {
		if err := db.InTx(ctx, func(tx *sqldb.Tx) error {
			for i := range n {
				e := placed(int64(i + 1))
				e.Personal, e.SubjectKey = []byte("13800138000"), bytes.Repeat([]byte{5}, 32)
				b.Journal.Append(tx, e)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	write(700)
	if _, err := b.Journal.CloseMonth(ctx, dir, 202611); !errors.Is(err, journal.ErrMonthOpen) {
		t.Fatal(err)
	}
	clk.Set(time.Date(2026, 12, 2, 0, 0, 0, 0, time.UTC))
	write(5)
	clk.Set(time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)) // the clock was set back
	write(5)
	clk.Set(time.Date(2027, 1, 3, 0, 0, 0, 0, time.UTC))
	want := []journal.Month{{Month: 202611, First: 1, Last: 700},
		{Month: 202612, First: 701, Last: 710}}
	for _, w := range want {
		files, err := b.Journal.CloseMonth(ctx, dir, w.Month)
		if err != nil || len(files) != 1 {
			t.Fatal(files, err)
		}
		text, err := os.ReadFile(files[0])
		if err != nil {
			t.Fatal(err)
		}
		m, err := journal.CheckMonth(bytes.NewReader(text), b.Secrets)
		if err != nil || m.First != w.First || m.Last != w.Last || m.Month != w.Month {
			t.Fatalf("%+v (%v), want %+v", m, err, w)
		}
		checkTampering(t, b, text)
		if again, err := b.Journal.CloseMonth(ctx, dir, w.Month); err != nil || len(again) != 0 {
			t.Fatalf("closed twice: %v %v", again, err)
		}
	}
	left, err := filepath.Glob(filepath.Join(dir, ".journal-*"))
	if err != nil || len(left) != 0 {
		t.Fatalf("left behind: %v", left)
	}
	b.Verify(t)
}

// checkTampering changes the file in each way that matters; all must be refused.
func checkTampering(t *testing.T, b *journaltest.Bundle, text []byte) {
	t.Helper()
	zip, err := gzip.NewReader(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(zip)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(strings.TrimSuffix(string(plain), "\n"), "\n")
	last := len(lines) - 1
	for name, changed := range map[string][]string{
		"row changed": append([]string{strings.Replace(lines[0], "placed", "plaxed", 1)},
			lines[1:]...),
		"first removed": lines[1:],
		"middle gone":   append(append([]string(nil), lines[:2]...), lines[3:]...),
		"last removed":  append(append([]string(nil), lines[:last-1]...), lines[last]),
		"no seal":       lines[:last],
		"seal changed": append(append([]string(nil), lines[:last]...),
			strings.Replace(lines[last], `"first":`, `"first":1`, 1)),
		"row after seal": append(append([]string(nil), lines...), "\n"+lines[0]),
	} {
		var out bytes.Buffer
		zip := gzip.NewWriter(&out)
		io.WriteString(zip, strings.Join(changed, ""))
		zip.Close()
		if _, err := journal.CheckMonth(&out, b.Secrets); err == nil {
			t.Errorf("%s: the file still passes", name)
		}
	}
}
