package differential

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"
)

// FreePort returns a port of 127.0.0.1 on which nobody listens.
func FreePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port, nil
}

const (
	dialTime   = 5 * time.Second
	answerTime = 10 * time.Second
)

// Ask sends a request as it is, however wrong, to a port of 127.0.0.1 and returns the answer as it is compared.
func (c Compared) Ask(port int, r Request) (string, error) {
	conn, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", port), dialTime)
	if err != nil {
		return "", err
	}
	return c.AskOver(conn, r)
}

// AskOver is Ask over a connection, which it closes.
func (c Compared) AskOver(conn net.Conn, r Request) (string, error) {
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(answerTime))
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n", r.Method, r.Path, r.Host)
	for _, h := range r.Headers {
		fmt.Fprintf(&b, "%s: %s\r\n", h[0], h[1])
	}
	if _, err := io.WriteString(conn, b.String()+"\r\n"); err != nil {
		return "", err
	}
	in := bufio.NewReader(conn)
	first, err := in.ReadString('\n')
	if first == "" && err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		return Closed, nil
	} else if err != nil {
		return "", err
	}
	_, status, _ := strings.Cut(strings.TrimSpace(first), " ")
	out, _, _ := strings.Cut(status, " ")
	for {
		text, err := in.ReadString('\n')
		if text = strings.TrimRight(text, "\r\n"); err != nil || text == "" {
			return out, nil
		}
		if name, value, _ := strings.Cut(text, ":"); c.has(name) {
			out += line(name, value)
		}
	}
}
