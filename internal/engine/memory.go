package engine

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/parsers"
)

// Memory keeps what runs over the same files have read, for an editor, whose runs differ by a few keystrokes. A file is the
// same when it is the same [source.File]: whoever hands out the files makes a new one of what changed. It is safe for
// concurrent use.
type Memory struct {
	lock   sync.Mutex
	scans  map[memoryKey]scanned
	loads  map[memoryKey]loaded
	checks map[*policy.Host]unitResult // by the first host of a configuration
	// beside are the files that a dialect read although they cannot be of it, by their paths: what gives variables, manifests of
	// packages, templates. Who of its configurations rests on which of them nobody knows. A nil file could not be read.
	beside map[string]map[string]*source.File
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
	return &Memory{scans: map[memoryKey]scanned{}, loads: map[memoryKey]loaded{}, checks: map[*policy.Host]unitResult{}, beside: map[string]map[string]*source.File{}}
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
	clear(m.checks)
	clear(m.beside)
}

// watch returns the files of a run for the reader of a dialect, and notes what it reads that cannot be of the dialect. When one
// of those that it read before has changed, nothing of the dialect is known any more.
func (m *Memory) watch(d parsers.Dialect, files parsers.Files) parsers.Files {
	if m == nil {
		return files
	}
	m.lock.Lock()
	defer m.lock.Unlock()
	included := map[string]bool{} // of these it is known who rests on them
	for key, l := range m.loads {
		if key.dialect == d.Name() {
			for _, f := range l.result.Files {
				included[f.Path] = true
			}
		}
	}
	for path, before := range m.beside[d.Name()] {
		if now, _ := files.Open(path); now != before && !included[path] {
			m.forget(d.Name())
			break
		}
	}
	if m.beside[d.Name()] == nil {
		m.beside[d.Name()] = map[string]*source.File{}
	}
	return &watched{files, d, m}
}

// forget drops what is known of a dialect. The lock is held.
func (m *Memory) forget(dialect string) {
	for key, l := range m.loads {
		if key.dialect == dialect {
			m.drop(key, l)
		}
	}
	maps.DeleteFunc(m.scans, func(key memoryKey, _ scanned) bool { return key.dialect == dialect })
	delete(m.beside, dialect)
}

// drop forgets a configuration. The lock is held.
func (m *Memory) drop(key memoryKey, l loaded) {
	l.result.Release()
	for _, h := range l.result.Hosts {
		delete(m.checks, h)
	}
	delete(m.loads, key)
}

// watched are the files of a run as the reader of a dialect sees them.
type watched struct {
	parsers.Files
	dialect parsers.Dialect
	memory  *Memory
}

// Open implements [parsers.Files].
func (w *watched) Open(path string) (*source.File, error) {
	f, err := w.Files.Open(path)
	if !w.dialect.Candidate(path) {
		w.memory.lock.Lock()
		defer w.memory.lock.Unlock()
		if beside := w.memory.beside[w.dialect.Name()]; beside != nil { // nil: all is forgotten since
			beside[path] = f
		}
	}
	return f, err
}

// Exists implements [parsers.Disk].
func (w *watched) Exists(abs string) (file, directory, known bool) {
	if disk, ok := w.Files.(parsers.Disk); ok {
		return disk.Exists(abs)
	}
	return false, false, false
}

// Fork returns a memory that knows the files that this one does, for runs over some that differ from them. The first of those
// runs looks at every layer.
func (m *Memory) Fork() *Memory {
	m.lock.Lock()
	defer m.lock.Unlock()
	fork := &Memory{scans: maps.Clone(m.scans), loads: maps.Clone(m.loads), checks: map[*policy.Host]unitResult{}, beside: map[string]map[string]*source.File{}}
	for dialect, files := range m.beside {
		fork.beside[dialect] = maps.Clone(files)
	}
	for key, l := range fork.loads {
		l.result.Done = nil // what it keeps is kept for this one
		fork.loads[key] = l
	}
	return fork
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
		m.drop(key, old)
	}
	m.loads[key] = loaded{u.Includes, result}
	return result
}

// checked gives a configuration that was loaded before what was found out about it then, and reports whether it did.
func (m *Memory) checked(u *unitResult) bool {
	if m == nil || len(u.Hosts) == 0 {
		return false
	}
	m.lock.Lock()
	known, ok := m.checks[u.Hosts[0]]
	m.lock.Unlock()
	if !ok || !slices.Equal(known.Hosts, u.Hosts) {
		return false
	}
	u.findings, u.layers, u.unknown, u.gaps, u.endpoints = known.findings, known.layers, known.unknown, known.gaps, known.endpoints
	u.keys, u.known = known.keys, true
	u.candidates = slices.Clone(known.candidates)
	for i := range u.candidates {
		u.candidates[i].unit = u
	}
	return true
}

// keep remembers what was found out about a configuration.
func (m *Memory) keep(u *unitResult) {
	if m == nil || len(u.Hosts) == 0 {
		return
	}
	m.lock.Lock()
	defer m.lock.Unlock()
	m.checks[u.Hosts[0]] = *u
}

// current reports whether files are still the ones that are there.
func current(read []*source.File, files parsers.Files) bool {
	return len(read) > 0 && !slices.ContainsFunc(read, func(f *source.File) bool {
		now, err := files.Open(f.Path)
		return err != nil || now != f
	})
}
