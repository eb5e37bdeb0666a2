package rig

import "syscall"

// tied ends a server with the test that started it, also when that one is killed.
func tied() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
