//go:build !unix

package selfexec

// replace has nothing to call here.
func replace(string, []string, []string) error { return ErrUnsupported }
