// Package discovery finds the files that a run may read and says which of them it is about.
//
// A [Project] is where a run takes place and what was named on the command line; a [Root] opens files below one
// directory and cannot be led out of it; a [Tree] is the list of them. The package knows neither dialects nor the
// configuration; it imports only source.
package discovery

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"weak"

	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/parsers"
)

// MaxFileSize is the size in bytes above which a file is not read.
const MaxFileSize = 64 << 20

// ErrTooLarge is the error of a file that is not read for its size.
var ErrTooLarge = fmt.Errorf("larger than %d MB", MaxFileSize>>20)

var (
	errNotRegular = errors.New("not a regular file")
	errOutside    = errors.New("outside the project")
)

// utf16Error is the error of a file in UTF-16.
type utf16Error struct {
	headers bool // it names the headers of CORS
}

func (utf16Error) Error() string { return "encoded in UTF-16; save it as UTF-8" }

// Is reports that the error is [parsers.ErrUnreadable] where it hides something.
func (e utf16Error) Is(target error) bool { return e.headers && target == parsers.ErrUnreadable }

// Root opens the files below one directory, and none outside it whatever a path or a symbolic link says. Files given in
// memory stand before those on disk. It is safe for concurrent use.
type Root struct {
	dir     *os.Root // nil when all files are in memory
	abs     string   // the directory, symbolic links resolved
	overlay map[string]*source.File

	snapshot *Snapshot // in place of the directory

	mu   sync.Mutex
	live map[string]weak.Pointer[source.File] // what has been opened, for as long as somebody else holds it
}

// NewRoot returns the root at a directory. The files of overlay replace those on disk and add to them: an editor's
// unsaved texts.
func NewRoot(dir string, overlay ...*source.File) (*Root, error) {
	abs, err := filepath.Abs(dir)
	if err == nil {
		abs, err = filepath.EvalSymlinks(abs)
	}
	if err != nil {
		return nil, &PathError{Path: dir, Err: reason(err)}
	}
	opened, err := os.OpenRoot(abs)
	if err != nil {
		return nil, &PathError{Path: dir, Err: reason(err)}
	}
	r := Memory(overlay...)
	r.dir, r.abs = opened, abs
	return r, nil
}

// Memory returns a root that holds the given files and touches no disk.
func Memory(files ...*source.File) *Root {
	r := &Root{overlay: map[string]*source.File{}, live: map[string]weak.Pointer[source.File]{}}
	for _, f := range files {
		r.overlay[f.Path] = f
	}
	return r
}

// Snapshot is a state of a directory that is not on this disk: one that version control keeps.
type Snapshot struct {
	Dir   string            // the absolute path that symbolic links know the directory by
	Files []string          // the regular files, by their paths relative to the directory
	Links map[string]string // the symbolic links, and what they say
	Read  func(name string) ([]byte, error)
}

// Past returns a root that holds a snapshot.
func Past(s Snapshot) *Root {
	r := Memory()
	r.snapshot, r.abs = &s, s.Dir
	return r
}

// Close releases the directory; no file can be opened afterwards.
func (r *Root) Close() error {
	if r.dir == nil {
		return nil
	}
	return r.dir.Close()
}

// Open reads a regular file by its slash-separated path relative to the root. As long as the file is in use anywhere,
// opening it again returns the same one; after that its memory is free, so that a run does not hold all it has read.
func (r *Root) Open(name string) (*source.File, error) {
	if f := r.overlay[name]; f != nil {
		return f, checkEncoding(f.Data)
	}
	if f := r.held(name); f != nil {
		return f, nil
	}
	data, err := r.read(name)
	if err != nil {
		return nil, err
	}
	return r.hold(source.NewFile(name, data)), nil
}

func (r *Root) held(name string) *source.File {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.live[name].Value()
}

// hold remembers a file that was just read, unless another goroutine was faster: then that one's is returned.
func (r *Root) hold(f *source.File) *source.File {
	r.mu.Lock()
	defer r.mu.Unlock()
	if other := r.live[f.Path].Value(); other != nil {
		return other
	}
	r.live[f.Path] = weak.Make(f)
	return f
}

// read returns the contents of a file on disk. It opens without waiting: a FIFO in the place of a file would hold the
// run for ever.
func (r *Root) read(name string) ([]byte, error) {
	if !fs.ValidPath(name) {
		return nil, errOutside
	}
	if r.snapshot != nil {
		data, err := r.snapshot.Read(name)
		if err != nil {
			return nil, err
		}
		return data, checkEncoding(data)
	}
	if r.dir == nil {
		return nil, fs.ErrNotExist
	}
	f, err := r.dir.OpenFile(filepath.FromSlash(name), os.O_RDONLY|noWait, 0)
	if err != nil {
		return nil, reason(err)
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, reason(err)
	case !info.Mode().IsRegular():
		return nil, errNotRegular
	case info.Size() > MaxFileSize:
		return nil, ErrTooLarge
	}
	data := make([]byte, info.Size())
	n, err := io.ReadFull(f, data)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, reason(err)
	}
	return data[:n], checkEncoding(data[:n])
}

// checkEncoding names the encoding that Windows PowerShell 5.1 gives to whatever is redirected with ">". A UTF-8 byte
// order mark is left to the parsers: YAML allows it, nginx refuses it.
func checkEncoding(data []byte) error {
	if len(data) < 2 {
		return nil
	}
	a, b := data[0], data[1]
	marked := a == 0xFF && b == 0xFE || a == 0xFE && b == 0xFF
	unmarked := len(data) >= 4 && (a == 0) != (b == 0) && (a == 0) == (data[2] == 0) && (b == 0) == (data[3] == 0)
	if marked || unmarked {
		text := bytes.ReplaceAll(data, []byte{0}, nil) // what is ASCII in it
		return utf16Error{bytes.Contains(bytes.ToLower(text), []byte("access-control-"))}
	}
	return nil
}

// reason is an error without the operation and the path, which the caller knows how to name better.
func reason(err error) error {
	if perr, ok := errors.AsType[*fs.PathError](err); ok {
		err = perr.Err
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fs.ErrNotExist
	case errors.Is(err, fs.ErrPermission):
		return fs.ErrPermission
	}
	return err
}

// PathError says that a path that the user named cannot be read: the run has no meaning without it.
type PathError struct {
	Path string // as it was named
	Err  error
}

func (e *PathError) Error() string { return e.Path + ": " + text(e.Err) }

// Unwrap returns the reason.
func (e *PathError) Unwrap() error { return e.Err }

// text words a reason the way every other tool of a shell does.
func text(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "no such file or directory"
	case errors.Is(err, fs.ErrPermission):
		return "permission denied"
	}
	return err.Error()
}
