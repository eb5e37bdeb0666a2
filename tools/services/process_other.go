//go:build !linux

package main

import "syscall"

// ownGroup keeps a terminal's Ctrl-C from the server, which ends when we say so.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// dieWithParent needs Linux.
func dieWithParent() {}
