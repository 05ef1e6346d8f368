//go:build !unix

package discovery

// noWait is nothing where there are no FIFOs in the file system.
const noWait = 0
