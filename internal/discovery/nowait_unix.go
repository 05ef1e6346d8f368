//go:build unix

package discovery

import "syscall"

// noWait keeps open from waiting for the other end of a FIFO.
const noWait = syscall.O_NONBLOCK
