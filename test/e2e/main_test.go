package e2e_test

import (
	"os"
	"testing"

	"foyer/test/rig"
)

func TestMain(m *testing.M) { os.Exit(rig.Main(m)) }
