package express

import (
	"errors"
	"io"
)

// A browser has no child processes. Applications run in this one there, and whoever started it ends the worker that it is in.
func (s *sessions) child() session { return s.inProcess() }

// Serve is for what can be started as a child.
func Serve(io.Reader, io.Writer) error { return errors.ErrUnsupported }
