package orderhttp

import (
	"testing"

	"foyer/internal/fault"
)

func TestBestRefusesNegatives(t *testing.T) {
	t.Parallel()
	if err := (&bestBody{MaxPrice: 1, Wheelchair: 1}).check(); err != nil {
		t.Errorf("a fair wish: %v", err)
	}
	var fields []string
	for _, p := range fault.Of((&bestBody{MaxPrice: -1, Wheelchair: -1, Companion: -2}).check()).
		Fields {
		fields = append(fields, p.Field)
	}
	if len(fields) != 3 || fields[0] != "best.max_price_minor" {
		t.Errorf("named %v", fields)
	}
}
