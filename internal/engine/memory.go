package engine

import (
	"context"
	"slices"
	"sync"

	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/parsers"
)

// Memory keeps what runs over the same files have read, for an editor, whose runs differ by a few keystrokes. A file is the
// same when it is the same [source.File]: whoever hands out the files makes a new one of what changed. It is safe for
// concurrent use.
type Memory struct {
	lock  sync.Mutex
	scans map[memoryKey]scanned
	loads map[memoryKey]loaded
}

type memoryKey struct{ dialect, path string }

type scanned struct {
	file       *source.File
	unit       parsers.Unit
	recognised bool
}

type loaded struct {
	includes []string
	result   parsers.Result
}

// NewMemory returns an empty memory.
func NewMemory() *Memory {
	return &Memory{scans: map[memoryKey]scanned{}, loads: map[memoryKey]loaded{}}
}

// Forget drops what rests on more than the text of files: on which others there are, as the targets of an include do.
func (m *Memory) Forget() {
	m.lock.Lock()
	defer m.lock.Unlock()
	for _, l := range m.loads {
		l.result.Release()
	}
	clear(m.loads)
	clear(m.scans)
}

// scan recognises a file, unless that was done.
func (m *Memory) scan(dialect string, f *source.File, reader parsers.Reader) (parsers.Unit, bool) {
	if m == nil {
		return reader.Scan(f)
	}
	key := memoryKey{dialect, f.Path}
	m.lock.Lock()
	known, ok := m.scans[key]
	m.lock.Unlock()
	if ok && known.file == f {
		return known.unit, known.recognised
	}
	known = scanned{file: f}
	known.unit, known.recognised = reader.Scan(f)
	m.lock.Lock()
	defer m.lock.Unlock()
	m.scans[key] = known
	return known.unit, known.recognised
}

// load lowers a unit, unless that was done with the very same files. What a run makes that is given up half-way is not kept.
func (m *Memory) load(ctx context.Context, dialect string, u parsers.Unit, files parsers.Files, do func() parsers.Result) parsers.Result {
	if m == nil {
		return do()
	}
	key := memoryKey{dialect, u.Path}
	m.lock.Lock()
	known, ok := m.loads[key]
	m.lock.Unlock()
	if ok && slices.Equal(known.includes, u.Includes) && current(known.result.Files, files) {
		return known.result
	}
	result := do()
	if ctx.Err() != nil {
		result.Release()
		return result
	}
	m.lock.Lock()
	defer m.lock.Unlock()
	if old, ok := m.loads[key]; ok {
		old.result.Release()
	}
	m.loads[key] = loaded{u.Includes, result}
	return result
}

// current reports whether files are still the ones that are there.
func current(read []*source.File, files parsers.Files) bool {
	return len(read) > 0 && !slices.ContainsFunc(read, func(f *source.File) bool {
		now, err := files.Open(f.Path)
		return err != nil || now != f
	})
}
