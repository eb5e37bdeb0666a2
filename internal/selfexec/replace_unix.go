//go:build unix

package selfexec

import (
	"fmt"
	"syscall"
)

// replace does not return when it works.
func replace(path string, args, env []string) error {
	return fmt.Errorf("selfexec: %s: %w", path, syscall.Exec(path, args, env))
}
