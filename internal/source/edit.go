package source

import (
	"cmp"
	"slices"
)

// Edit replaces the bytes of a span with a text; an empty span inserts it.
type Edit struct {
	Span Span
	Text string
}

// Edits are edits of any number of files that are applied together.
type Edits []Edit

// compareEdits orders edits by path, then place. What is inserted at a place comes before what replaces from there on.
func compareEdits(a, b Edit) int { return cmp.Or(Compare(a.Span, b.Span), cmp.Compare(a.Text, b.Text)) }

// Merge adds the edits of another set. It reports false, and gives nothing, where the two touch the same text in different
// ways; an edit that both have is one.
func (e Edits) Merge(more Edits) (Edits, bool) {
	out := append(slices.Clone(e), more...)
	slices.SortStableFunc(out, compareEdits)
	out = slices.Compact(out)
	for i := range len(out) - 1 {
		a, b := out[i].Span, out[i+1].Span
		if a.File == b.File && (b.Start < a.End || a.Start == b.Start) {
			return nil, false
		}
	}
	return out, true
}

// Files returns the files that are edited, ordered by path.
func (e Edits) Files() []*File {
	var out []*File
	for _, edit := range e {
		if !slices.Contains(out, edit.Span.File) {
			out = append(out, edit.Span.File)
		}
	}
	slices.SortFunc(out, func(a, b *File) int { return cmp.Compare(a.Path, b.Path) })
	return out
}

// Of returns the edits of one file, in the order of their places.
func (e Edits) Of(f *File) Edits {
	var out Edits
	for _, edit := range e {
		if edit.Span.File == f {
			out = append(out, edit)
		}
	}
	slices.SortStableFunc(out, compareEdits)
	return out
}

// Apply returns a file as it is after its edits; the edits must not overlap.
func (e Edits) Apply(f *File) *File {
	var data []byte
	at := 0
	for _, edit := range e.Of(f) {
		data = append(data, f.Data[at:max(at, edit.Span.Start)]...)
		data = append(data, edit.Text...)
		at = max(at, edit.Span.End)
	}
	return NewFile(f.Path, append(data, f.Data[at:]...))
}

// Moved returns where an offset of a file is after its edits: behind what is inserted there, and at the start of the text
// that replaces what it was in.
func (e Edits) Moved(f *File, offset int) int {
	shift := 0
	for _, edit := range e.Of(f) {
		switch s := edit.Span; {
		case s.End <= offset && (s.Start < offset || s.Start == s.End):
			shift += len(edit.Text) - (s.End - s.Start)
		case s.Start <= offset && offset < s.End:
			return s.Start + shift
		}
	}
	return offset + shift
}
