package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"

	"github.com/spf13/cobra"
)

// maxLine bounds a line of a batch.
const maxLine = 8 << 20

// batch answers JSON lines: one object a line in, one a line out, in order. A line that cannot be answered is answered
// with its error. Lines are worked on in parallel.
func batch(cmd *cobra.Command, file string, answer func([]byte) (any, error)) error {
	in := cmd.InOrStdin()
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	}
	out := bufio.NewWriter(cmd.OutOrStdout())
	if err := lines(in, out, answer); err != nil {
		return err
	}
	return out.Flush()
}

func lines(in io.Reader, out io.Writer, answer func([]byte) (any, error)) error {
	scanner := bufio.NewScanner(in)
	scanner.Buffer(make([]byte, 64<<10), maxLine)
	pending := make(chan chan []byte, 4*runtime.GOMAXPROCS(0))
	failed := make(chan error, 1)
	go func() {
		defer close(pending)
		for scanner.Scan() {
			line := bytes.Clone(bytes.TrimSpace(scanner.Bytes()))
			if len(line) == 0 {
				continue
			}
			slot := make(chan []byte, 1)
			pending <- slot
			go func() { slot <- answerLine(line, answer) }()
		}
		failed <- scanner.Err()
	}()
	var err error
	for slot := range pending {
		if _, writeErr := out.Write(append(<-slot, '\n')); err == nil {
			err = writeErr
		}
	}
	if scanErr := <-failed; scanErr != nil {
		if errors.Is(scanErr, bufio.ErrTooLong) {
			return fmt.Errorf("a line of the batch is longer than %d MB", maxLine>>20)
		}
		return scanErr
	}
	return err
}

// answerLine answers one line; a fault of corslint costs that line only.
func answerLine(line []byte, answer func([]byte) (any, error)) (text []byte) {
	defer func() {
		if fault := recover(); fault != nil {
			text = errorLine(line, fmt.Errorf("corslint failed: %v", fault))
		}
	}()
	result, err := answer(line)
	if err != nil {
		return errorLine(line, err)
	}
	text, err = encode(result)
	if err != nil {
		return errorLine(line, err)
	}
	return text
}

func errorLine(line []byte, err error) []byte {
	var head struct {
		ID json.RawMessage `json:"id"`
	}
	_ = json.Unmarshal(line, &head) // a line without an id is answered without one
	type message struct {
		Message string `json:"message"`
	}
	text, encodeErr := encode(struct {
		ID    json.RawMessage `json:"id,omitempty"`
		Error message         `json:"error"`
	}{head.ID, message{err.Error()}})
	if encodeErr != nil {
		return []byte(`{"error":{"message":"cannot be written as JSON"}}`)
	}
	return text
}

// encode writes a value as JSON without escaping what HTML would mind.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

// decode reads a JSON object. Keys that nothing knows are left alone: a batch may carry what its author wants back beside it.
func decode(line []byte, v any) error {
	if err := json.Unmarshal(line, v); err != nil {
		return fmt.Errorf("the input is not as docs/schema says: %w", err)
	}
	return nil
}

// printJSON writes one document for people: indented.
func printJSON(cmd *cobra.Command, v any) error {
	e := json.NewEncoder(cmd.OutOrStdout())
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
