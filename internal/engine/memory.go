package engine

import (
	"slices"
	"sync"

	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/parsers"
)

// maxRemembered bounds how many configurations a [Memory] holds.
const maxRemembered = 512

// Memory holds what runs over one tree found out, for further runs in which only a few of its files have other contents. The
// zero Memory is empty; it is safe for concurrent use.
type Memory struct {
	lock    sync.Mutex
	scanned map[fileKey]scanned
	loaded  map[fileKey]*unitResult
}

// fileKey is a file as a dialect reads it.
type fileKey struct{ dialect, path string }

type scanned struct {
	unit parsers.Unit
	ok   bool
}

// remembering is a reader that reads what it remembers not once more.
type remembering struct {
	parsers.Reader
	dialect string
	memory  *Memory
	edited  func(path string) bool // the file has other contents in this run alone
}

// Scan recognises a file.
func (r *remembering) Scan(f *source.File) (parsers.Unit, bool) {
	key := fileKey{r.dialect, f.Path}
	if r.edited(f.Path) {
		return r.Reader.Scan(f)
	}
	r.memory.lock.Lock()
	known, found := r.memory.scanned[key]
	r.memory.lock.Unlock()
	if !found {
		known.unit, known.ok = r.Reader.Scan(f)
		r.memory.lock.Lock()
		defer r.memory.lock.Unlock()
		if r.memory.scanned == nil {
			r.memory.scanned = map[fileKey]scanned{}
		}
		r.memory.scanned[key] = known
	}
	return known.unit, known.ok
}

// recall returns what is known of a unit, as it was after loading, or after it was checked for itself; nil where nothing is.
func (m *Memory) recall(dialect, path string, edited func(string) bool) *unitResult {
	if m == nil {
		return nil
	}
	m.lock.Lock()
	defer m.lock.Unlock()
	known := m.loaded[fileKey{dialect, path}]
	if known == nil || changed(known, edited) {
		return nil
	}
	again := *known
	again.seats, again.agreed, again.used = again.Hosts, false, false
	again.loading, again.checking = 0, 0
	again.candidates = slices.Clone(again.candidates)
	for i := range again.candidates {
		again.candidates[i].unit = &again
	}
	return &again
}

// keep remembers a unit.
func (m *Memory) keep(dialect string, u *unitResult, edited func(string) bool) {
	if m == nil || u.broken || changed(u, edited) {
		return
	}
	m.lock.Lock()
	defer m.lock.Unlock()
	key := fileKey{dialect, u.unit.Path}
	if m.loaded == nil {
		m.loaded = map[fileKey]*unitResult{}
	}
	if m.loaded[key] == nil && len(m.loaded) >= maxRemembered {
		return
	}
	copied := *u
	m.loaded[key] = &copied
}

func changed(u *unitResult, edited func(string) bool) bool {
	return edited(u.unit.Path) || slices.ContainsFunc(u.Files, func(f *source.File) bool { return edited(f.Path) })
}
