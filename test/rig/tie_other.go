//go:build !linux

package rig

import "syscall"

// tied has no means here; a test that ends in order stops its servers itself.
func tied() *syscall.SysProcAttr { return nil }
