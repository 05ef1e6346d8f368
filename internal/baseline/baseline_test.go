package baseline

import (
	"fmt"
	"strings"
	"testing"

	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/names"
	"github.com/corslint/corslint/internal/source"
)

// found returns a finding at the first place of a text in a file.
func found(rule, name, data, text, subject string) *finding.Finding {
	f := source.NewFile(name, []byte(data))
	start := strings.Index(data, text)
	return &finding.Finding{Rule: rule, Subject: subject, Place: source.Span{File: f, Start: start, End: start + len(text)}}
}

func TestMatch(t *testing.T) {
	const text = "add_header Vary Origin;"
	before := found("vary", "a/x.conf", "server {\n"+text+"\n}", text, "api/")
	other := func(change func(f *finding.Finding)) *finding.Finding {
		f := *before
		change(&f)
		return &f
	}
	files := map[string]bool{"a/x.conf": true, "a/y.conf": true}
	gone := map[string]bool{"a/y.conf": true}
	for _, test := range []struct {
		name  string
		now   *finding.Finding
		files map[string]bool
		known bool
	}{
		{"unchanged", before, files, true},
		{"lower in the file", found("vary", "a/x.conf", "\n\n\nserver {\n"+text+"\n}", text, "api/"), files, true},
		{"formatted", found("vary", "a/x.conf", "add_header  'Vary'\r\n\tOrigin ;", "add_header  'Vary'\r\n\tOrigin ;", "api/"), files, true},
		{"in another construct", other(func(f *finding.Finding) { f.Subject = "api/v1/" }), files, true},
		{"renamed", found("vary", "a/y.conf", text, text, "api/"), gone, true},
		{"copied", found("vary", "a/y.conf", text, text, "api/"), files, false},
		{"renamed and in another construct", found("vary", "a/y.conf", text, text, "other/"), gone, false},
		{"another rule", other(func(f *finding.Finding) { f.Rule = "other" }), files, false},
		{"another text", found("vary", "a/x.conf", "add_header Vary Accept;", "add_header Vary Accept;", "api/"), files, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := Match([]Entry{Of(before)}, []*finding.Finding{test.now}, func(path string) bool { return test.files[path] })
			if (len(r.Known) == 1) != test.known || len(r.New)+len(r.Known) != 1 || len(r.Repaired) != len(r.New) {
				t.Errorf("%d known, %d new, %d repaired", len(r.Known), len(r.New), len(r.Repaired))
			}
		})
	}
	t.Run("each entry stands for one", func(t *testing.T) {
		r := Match([]Entry{Of(before), Of(before)}, []*finding.Finding{before, before, before}, func(string) bool { return true })
		if len(r.Known) != 2 || len(r.New) != 1 {
			t.Errorf("%d known, %d new", len(r.Known), len(r.New))
		}
	})
	t.Run("named after its file", func(t *testing.T) {
		a, b := found("vary", "a/x.conf", text, text, "a/x.conf/"), found("vary", "a/y.conf", text, text, "a/y.conf/")
		if r := Match([]Entry{Of(a)}, []*finding.Finding{b}, func(path string) bool { return gone[path] }); len(r.Known) != 1 {
			t.Error("not known")
		}
	})
}

func TestFormat(t *testing.T) {
	f := New("services/api")
	f.Entries = []Entry{
		{Rule: "b", File: "services/api/z.conf", Subject: "<s>", ID: "1"},
		{Rule: "a", File: "services/api/a/b.conf", Subject: "s", ID: "2"},
	}
	text := f.Format()
	want := `{"rule":"a","file":"a/b.conf","subject":"s","id":"2"}` + "\n" + `{"rule":"b","file":"z.conf","subject":"<s>","id":"1"}` + "\n"
	if string(text) != want {
		t.Errorf("got\n%s", text)
	}
	back, err := Parse(source.NewFile(f.Path, text))
	if err != nil || string(back.Format()) != want {
		t.Errorf("%v\n%s", err, back.Format())
	}
	// Windows' line ends and an empty line are no difference.
	if back, err = Parse(source.NewFile(f.Path, []byte(strings.ReplaceAll(want, "\n", "\r\n\r\n")))); err != nil || string(back.Format()) != want {
		t.Errorf("%v\n%s", err, back.Format())
	}
}

func TestParseErrors(t *testing.T) {
	for text, want := range map[string]string{
		"{}":                                 ":2: no entry",
		"nonsense":                           ":2: no entry",
		"<<<<<<< HEAD":                       ":2: a merge conflict",
		`{"rule":"a","file":"a","id":"1"}{}`: ":2: more than one",
		`{"rule":"a","file":"../../../a","id":"1"}`: ":2: the file lies outside",
		strings.Repeat("[", 100_000):                ":2: no entry",
	} {
		_, err := Parse(source.NewFile("a/b/"+Name, []byte("\n"+text)))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40s: %v", text, err)
		}
	}
}

func TestAccepted(t *testing.T) {
	root, inner := New(""), New("a/b")
	e := func(rule, file string) Entry { return Entry{Rule: rule, File: file, ID: "1"} }
	root.Entries = []Entry{e("old", "x"), e("new", "a/b/x"), e("new", "a/bc")}
	inner.Entries = []Entry{e("new", "a/b/y")}
	got := fmt.Sprint(Accepted([]*File{root, inner}, names.New([]string{"new"}, map[string]string{"old": "new"})))
	if want := "[{new x  1} {new a/bc  1} {new a/b/y  1}]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"rule":"a","file":"b","subject":"c","id":"d"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		parsed, err := Parse(source.NewFile(Name, data))
		if err != nil {
			return
		}
		text := parsed.Format()
		again, err := Parse(source.NewFile(Name, text))
		if err != nil || string(again.Format()) != string(text) {
			t.Errorf("%v\n%q\n%q", err, text, again.Format())
		}
	})
}
