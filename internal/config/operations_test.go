package config_test

import (
	"os"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"foyer/internal/config"
	"foyer/internal/order"
	"foyer/internal/payment"
)

// Every setting that somebody may set is explained to operators.
func TestOperationsExplainsEverySetting(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/OPERATIONS.md")
	if err != nil {
		t.Fatal(err)
	}
	var all struct {
		config.Config `embed:""`
		Order         order.Config   `embed:"" prefix:"order-"`
		Payment       payment.Config `embed:"" prefix:"payment-"`
	}
	parser, err := kong.New(&all)
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(text), "\n## Settings\n")
	table, _, ended := strings.Cut(table, "\n## ")
	if !found || !ended {
		t.Fatal("docs/OPERATIONS.md has no section Settings")
	}
	n := 0
	for _, group := range parser.Model.AllFlags(true) {
		for _, flag := range group {
			if flag.Name == "help" {
				continue
			}
			n++
			key := strings.ReplaceAll(flag.Name, "-", "_")
			if !strings.Contains(table, "`"+key+"`") {
				t.Errorf("docs/OPERATIONS.md does not explain `%s`: %s", key, flag.Help)
			}
		}
	}
	if n < 20 {
		t.Fatalf("only %d settings were found: the test proves nothing", n)
	}
}
