package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// tell runs a command line as main does and gives what it printed.
func tell(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	err := run(t.Context(), args, &out)
	return out.String(), err
}

// must fails the test when a command line fails, or when it does not print want.
func must(t *testing.T, want string, args ...string) {
	t.Helper()
	out, err := tell(t, args...)
	if err != nil || !strings.Contains(out, want) {
		t.Fatalf("foyer %s: %v, printed %q, want %q", strings.Join(args, " "), err, out, want)
	}
}

// refused fails the test when a command line works, or is refused without saying want.
func refused(t *testing.T, want string, args ...string) {
	t.Helper()
	out, err := tell(t, args...)
	if err == nil || !strings.Contains(out+err.Error(), want) {
		t.Fatalf("foyer %s: %v, printed %q, want a refusal with %q", strings.Join(args, " "), err,
			out, want)
	}
}

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestAnInstallationsLife goes from an empty folder over a copy to another machine.
func TestAnInstallationsLife(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data, copies, other := filepath.Join(dir, "data"), filepath.Join(dir, "copies"),
		filepath.Join(dir, "other")
	must(t, "", "demo", "--data", data)
	must(t, "the book is coherent", "doctor", "--data", data)
	importThings(t, dir, data)
	pass := write(t, dir, "pass", "correct horse battery staple 2026\n")
	must(t, copies, "backup", "--data", data, copies, "--keys", pass)
	list, err := filepath.Glob(filepath.Join(copies, "foyer-*"))
	if err != nil || len(list) != 1 {
		t.Fatalf("one backup was made, found %v (%v)", list, err)
	}
	refused(t, "backup_keys_needed", "restore", list[0], "--data", other)
	must(t, other, "restore", list[0], "--data", other, "--unlock", pass)
	must(t, "the book is coherent", "doctor", "--data", other)
	refused(t, "backup_place_taken", "restore", list[0], "--data", other, "--unlock", pass)
	must(t, "data key 2 is active", "keys", "rotate", "data", "--data", data)
	must(t, "old", "keys", "list", "--data", data)
}

func importThings(t *testing.T, dir, data string) {
	t.Helper()
	house := []string{"--data", data, "--organization", "海上小剧场"}
	grid := write(t, dir, "hall.txt", "hall: 新厅\nscreen: top\nzone A = 普通 key=front\nAAAA..AAAA\n")
	hall := []string{"--hall", "海上小剧场（滨江）/排练厅"}
	seats := append(append([]string{"import", "seats", grid}, house...), hall...)
	must(t, "would be published", append(seats, "--dry-run")...)
	must(t, "8 seats and 0 areas published", seats...)
	refused(t, "no hall", append(append([]string{"import", "seats", grid}, house...),
		"--hall", "没有/这个厅")...)
	wrong := write(t, dir, "wrong.txt", "hall: 坏\nAA?!\n")
	refused(t, "layout_invalid", append(append([]string{"import", "seats", wrong}, house...),
		hall...)...)
	table := write(t, dir, "shows.csv", "编码,片名,类型\nX-1,新戏,歌舞伎\n")
	refused(t, "row 2", append([]string{"import", "events", table}, house...)...)
}

func TestSettingsAreChecked(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	refused(t, "listn", "check-config", "--settings", write(t, dir, "a.json", `{"listn": "x"}`))
	must(t, "right", "check-config", "--settings",
		write(t, dir, "b.json", `{"listen": "127.0.0.1:9999"}`), "--data", dir)
	for _, want := range []string{"sandbox", "TLS", "https"} {
		refused(t, want, "check-config", "--mode", "production", "--data", dir)
	}
	refused(t, "production", "demo", "--mode", "production", "--data", dir, "--no-sandbox",
		"--allow-plain", "--public-url", "https://tickets.example.org", "--roles", "api")
}
