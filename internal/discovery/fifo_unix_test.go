//go:build unix

package discovery

import (
	"errors"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"
)

func TestSpecialFiles(t *testing.T) {
	dir := lay(t, "a")
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o644); err != nil {
		t.Skip("no FIFOs here: ", err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		root := open(t, dir)
		if got := root.Walk(Options{Named: []string{"fifo"}}).Paths(""); !slices.Equal(got, []string{"a"}) {
			t.Errorf("got %q", got)
		}
		if _, err := root.Open("fifo"); !errors.Is(err, errNotRegular) {
			t.Errorf("open: %v", err)
		}
		if _, err := Find(dir, []string{"fifo"}); err == nil || err.Error() != "fifo: not a regular file" {
			t.Errorf("find: %v", err)
		}
	}()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatal("waits for the other end of a FIFO")
	}
}
