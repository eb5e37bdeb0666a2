package main

import "syscall"

// ownGroup keeps a terminal's Ctrl-C from the server, which ends when we say so, and has
// the kernel end it should we be killed.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// dieWithParent asks the kernel for SIGTERM when `go run` or make, which started us, is
// killed. Without it the servers would stay behind; a kernel that refuses changes nothing.
func dieWithParent() {
	_, _, _ = syscall.RawSyscall(syscall.SYS_PRCTL, syscall.PR_SET_PDEATHSIG,
		uintptr(syscall.SIGTERM), 0)
}
