package lsp

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"

	"github.com/sourcegraph/jsonrpc2"
)

const (
	maxMessage = 4 * maxDocument // bytes: a document is quoted in one
	maxHeader  = 16              // lines
)

var errNoLength = errors.New("a message does not say how long it is")

// Codes of errors that the library does not name.
// https://microsoft.github.io/language-server-protocol/specifications/lsp/3.17/specification/#errorCodes
const (
	codeNotInitialized  = -32002
	codeRequestCanceled = -32800
	codeContentModified = -32801
)

// stream is the protocol's framing. A message that cannot be read is answered, and the next one is read: the length before it
// says where it ends.
type stream struct {
	io.Closer
	in  *bufio.Reader
	out io.Writer

	writing sync.Mutex
}

func newStream(s io.ReadWriteCloser) *stream {
	return &stream{Closer: s, in: bufio.NewReader(s), out: s}
}

// ReadObject implements [jsonrpc2.ObjectStream].
func (s *stream) ReadObject(v any) error {
	for {
		message, err := s.read()
		if err != nil {
			return err
		}
		fault := &jsonrpc2.Error{Code: jsonrpc2.CodeInvalidRequest}
		switch {
		case !json.Valid(message):
			fault.Code, fault.Message = jsonrpc2.CodeParseError, "this is no JSON"
		case bytes.TrimSpace(message)[0] == '[': // which the library takes, and drops
			fault.Message = "the protocol has no batches"
		default:
			if err := json.Unmarshal(message, v); err == nil {
				return nil
			}
			fault.Message = "this is neither a request nor a response"
		}
		if err := s.WriteObject(struct {
			Version string          `json:"jsonrpc"`
			ID      any             `json:"id"`
			Error   *jsonrpc2.Error `json:"error"`
		}{"2.0", nil, fault}); err != nil {
			return err
		}
	}
}

// read returns the next message: lines of a header, one of which says how long the message is, an empty line, and the message.
func (s *stream) read() ([]byte, error) {
	length := 0
	for range maxHeader {
		line, err := s.in.ReadSlice('\n') // at most as long as the buffer
		if err != nil {
			return nil, err
		}
		name, value, _ := strings.Cut(strings.TrimRight(string(line), "\r\n"), ":")
		switch {
		case strings.EqualFold(name, "Content-Length"):
			if length, err = strconv.Atoi(strings.TrimSpace(value)); err != nil {
				return nil, errNoLength
			}
		case name != "":
		case length <= 0 || length > maxMessage:
			return nil, errNoLength
		default:
			message := make([]byte, length)
			_, err := io.ReadFull(s.in, message)
			return message, err
		}
	}
	return nil, errNoLength
}

// WriteObject implements [jsonrpc2.ObjectStream].
func (s *stream) WriteObject(v any) error {
	message, err := json.Marshal(v)
	if err != nil {
		return err
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	_, err = s.out.Write(append(fmt.Appendf(nil, "Content-Length: %d\r\n\r\n", len(message)), message...))
	return err
}
