// Package baseline knows findings again: those that a project has accepted, in files that it keeps beside its sources,
// and those of another state of it. What tells them apart holds no line number, no date and no version, so that the
// files merge like sources and a finding is known after its file was edited, formatted, moved or renamed. The package
// imports source, finding and names.
package baseline

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/names"
	"github.com/corslint/corslint/internal/source"
)

// Name is the name of a baseline file. It is for the directory it lies in and all below that have none of their own.
const Name = ".corslint-baseline.jsonl"

// Entry is a finding as it is known again.
type Entry struct {
	Rule    string `json:"rule"`
	File    string `json:"file"`    // in a baseline file relative to its directory, elsewhere to the root
	Subject string `json:"subject"` // the construct: an endpoint, mostly
	ID      string `json:"id"`      // of the text of the place, see [finding.Finding.TextID]
}

// Of returns the entry for a finding.
func Of(f *finding.Finding) Entry {
	// What has no name of its own is named after its file; the name of a file is in the entry already.
	subject := strings.ReplaceAll(f.Subject, f.Place.Path(), ".")
	return Entry{Rule: f.Rule, File: f.Place.Path(), Subject: subject, ID: f.TextID()}
}

func compare(a, b Entry) int {
	return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.ID, b.ID))
}

// File is a baseline file.
type File struct {
	Path    string  // relative to the root
	Entries []Entry // their paths are relative to the root
}

// New returns an empty baseline for a directory, "" for the root.
func New(dir string) *File { return &File{Path: path.Join(dir, Name)} }

// Dir is the directory that the file is for.
func (f *File) Dir() string {
	if dir := path.Dir(f.Path); dir != "." {
		return dir
	}
	return ""
}

// Parse reads a baseline file. The error names the line.
func Parse(f *source.File) (*File, error) {
	out := &File{Path: f.Path}
	number := 0
	for line := range bytes.Lines(f.Data) {
		number++
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		e, err := decode(line)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", f.Path, number, err)
		}
		if e.File = path.Join(out.Dir(), e.File); e.File == ".." || strings.HasPrefix(e.File, "../") {
			return nil, fmt.Errorf("%s:%d: the file lies outside of the project", f.Path, number)
		}
		out.Entries = append(out.Entries, e)
	}
	return out, nil
}

func decode(line []byte) (Entry, error) {
	var e Entry
	d := json.NewDecoder(bytes.NewReader(line))
	switch {
	case bytes.HasPrefix(line, []byte("<<<<<<<")), bytes.HasPrefix(line, []byte("=======")), bytes.HasPrefix(line, []byte(">>>>>>>")):
		return e, fmt.Errorf("a merge conflict: keep the lines of both sides")
	case d.Decode(&e) != nil || e.Rule == "" || e.File == "" || e.ID == "":
		return e, fmt.Errorf("no entry of a baseline: want {\"rule\", \"file\", \"subject\", \"id\"}")
	}
	if _, err := d.Token(); err != io.EOF {
		return e, fmt.Errorf("more than one entry on a line")
	}
	return e, nil
}

// Format returns the file's text: an entry a line, sorted, so that two branches that add some merge without a conflict
// more often than not, and nothing that changes when the entries do not.
func (f *File) Format() []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	for _, entry := range slices.SortedFunc(slices.Values(f.Entries), compare) {
		entry.File = strings.TrimPrefix(entry.File, prefix(f.Dir()))
		_ = e.Encode(entry) // strings, into memory
	}
	return b.Bytes()
}

func prefix(dir string) string {
	if dir == "" {
		return ""
	}
	return dir + "/"
}

// Home returns the baseline that is for a path, the nearest one above it; nil if there is none.
func Home(files []*File, name string) *File {
	var home *File
	for _, f := range files {
		if strings.HasPrefix(name, prefix(f.Dir())) && (home == nil || len(f.Dir()) > len(home.Dir())) {
			home = f
		}
	}
	return home
}

// Accepted returns all entries that count, with the present names of their rules: those in a file that is not the one
// for their path do not.
func Accepted(files []*File, rules *names.Set) []Entry {
	var entries []Entry
	homes := map[string]*File{}
	for _, f := range files {
		for _, e := range f.Entries {
			dir := path.Dir(e.File)
			home, known := homes[dir]
			if !known {
				home = Home(files, e.File)
				homes[dir] = home
			}
			if home != f {
				continue
			}
			if present, ok := rules.Canonical(e.Rule); ok {
				e.Rule = present
			}
			entries = append(entries, e)
		}
	}
	return entries
}

// Result says which findings were known.
type Result struct {
	New      []*finding.Finding // in the order they were given
	Known    []*finding.Finding // likewise
	Repaired []Entry            // that no finding matched, sorted
}

// Match tells known findings from new ones. Each entry stands for one finding. It matches a finding of its rule and text
// that is of the same construct of the same file; else, when its own file is gone, of the same construct of another
// file: it was renamed; else one elsewhere in the same file: it was moved.
func Match(entries []Entry, findings []*finding.Finding, exists func(path string) bool) Result {
	m := matcher{left: slices.SortedFunc(slices.Values(entries), compare), keys: make([]Entry, len(findings)), known: make([]bool, len(findings))}
	for i, f := range findings {
		m.keys[i] = Of(f)
	}
	all := func(Entry) bool { return true }
	m.round(all, func(e Entry) Entry { return e })
	m.round(func(e Entry) bool { return !exists(e.File) }, func(e Entry) Entry { e.File = ""; return e })
	m.round(all, func(e Entry) Entry { e.Subject = ""; return e })

	r := Result{Repaired: m.left}
	for i, f := range findings {
		if m.known[i] {
			r.Known = append(r.Known, f)
		} else {
			r.New = append(r.New, f)
		}
	}
	return r
}

type matcher struct {
	left  []Entry // that have matched nothing yet
	keys  []Entry // of the findings
	known []bool
}

// round matches the entries that may, and the findings, by what a view of them leaves.
func (m *matcher) round(may func(Entry) bool, view func(Entry) Entry) {
	open := map[Entry][]int{} // findings by their view, in order
	for i, key := range m.keys {
		if !m.known[i] {
			open[view(key)] = append(open[view(key)], i)
		}
	}
	m.left = slices.DeleteFunc(m.left, func(e Entry) bool {
		list := open[view(e)]
		if len(list) == 0 || !may(e) {
			return false
		}
		m.known[list[0]] = true
		open[view(e)] = list[1:]
		return true
	})
}
