package bench

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// report writes bench.json and bench.html, and says what fails the run.
func (b *bench) report() error {
	raw, err := json.MarshalIndent(b.done, "", "  ")
	if err != nil {
		return err
	}
	now := readUsage()
	share, names := others(b.start, now, os.Getpid())
	page := page{Machine: b.machine, Rows: b.done, Version: b.Version, Short: b.Short,
		Others: fmt.Sprintf("%.0f %%", 100*share), Busy: names, Checked: b.checked,
		Failures: b.verdict, Ended: b.Clock.Now()}
	var html bytes.Buffer
	if err := page.render(&html); err != nil {
		return err
	}
	jsonPath := filepath.Join(b.Out, "bench.json")
	htmlPath := filepath.Join(b.Out, "bench.html")
	err = errors.Join(os.WriteFile(jsonPath, append(raw, '\n'), 0o644),
		os.WriteFile(htmlPath, html.Bytes(), 0o644))
	if err != nil {
		return err
	}
	if names != "" {
		b.say("beside the bench the cores ran: %s", names)
	}
	b.say("wrote %s and %s", jsonPath, htmlPath)
	if len(b.verdict) > 0 {
		return fmt.Errorf("bench: %s", strings.Join(b.verdict, "; "))
	}
	for _, r := range b.done {
		if r.Verdict == Below {
			b.say("below a must, which passes: %s has not %s", r.Name, r.bound())
		}
	}
	return nil
}
