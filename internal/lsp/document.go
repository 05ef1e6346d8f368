package lsp

import (
	"github.com/corslint/corslint/internal/source"
)

// document is a file that is open in the editor.
type document struct {
	uri     string
	path    string // absolute
	version int
	text    []byte
	file    *source.File // of the present text; nil until somebody asks for it
}

// apply changes the text as an editor says.
func (d *document) apply(changes []change) {
	for _, c := range changes {
		if c.Range == nil {
			d.text = []byte(c.Text)
			continue
		}
		starts := lines(d.text)
		start, end := toOffset(d.text, starts, c.Range.Start), toOffset(d.text, starts, c.Range.End)
		if end < start {
			start, end = end, start
		}
		text := make([]byte, 0, len(d.text)-(end-start)+len(c.Text))
		text = append(text, d.text[:start]...)
		text = append(text, c.Text...)
		d.text = append(text, d.text[end:]...)
	}
	d.file = nil
}

// source returns the document as a file of the project. It is the same one until the text changes.
func (d *document) source(path string) *source.File {
	if d.file == nil || d.file.Path != path {
		d.file = source.NewFile(path, d.text)
	}
	return d.file
}
