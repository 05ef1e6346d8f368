package main

import (
	"bytes"
	"context"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// log is a writer that can be read while it is written.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// next waits until a text has been written, and forgets what was written up to there.
func (l *log) next(t *testing.T, want string) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		l.mu.Lock()
		text := l.text.String()
		if i := strings.Index(text, want); i >= 0 {
			l.text.Next(i + len(want))
			l.mu.Unlock()
			return
		}
		l.mu.Unlock()
		if time.Now().After(deadline) {
			t.Fatalf("no %q in\n%s", want, text)
		}
	}
}

// TestWatch: a change is checked, a broken configuration is waited out, a new file is seen, an interrupt ends it.
func TestWatch(t *testing.T) {
	t.Chdir(t.TempDir())
	write := func(name, text string) {
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("api.conf", "server { listen 80; }\n")
	ctx, stop := context.WithCancel(context.Background())
	var out, stderr log
	root := newRoot()
	root.SetArgs([]string{"--watch"})
	root.SetOut(&out)
	root.SetErr(&stderr)
	done := make(chan error)
	go func() { done <- root.ExecuteContext(ctx) }()

	out.next(t, "0 findings in 1 layer")
	stderr.next(t, "watching 1 file\n")
	write("api.conf", brokenConf)
	out.next(t, "api.conf:4:13: error: ")
	write(".corslint.yml", "rules: {nginx-if-drops-headers: of}\n")
	stderr.next(t, `"of" is none of`)
	write(".corslint.yml", "rules: {nginx-if-drops-headers: off}\n")
	out.next(t, "0 findings in 1 layer")
	write("second.conf", brokenConf)
	out.next(t, "0 findings in 2 layers")
	if err := os.Remove("second.conf"); err != nil {
		t.Fatal(err)
	}
	out.next(t, "0 findings in 1 layer")
	stop()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("it goes on")
	}
}
