package client

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/corslint/corslint/analyzers/contract"
	"github.com/corslint/corslint/internal/discovery"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/parsers"
)

var update = flag.Bool("update", false, "rewrite the golden parts of testdata")

// TestNeeds reads the projects of testdata: what they state is written in their last file.
func TestNeeds(t *testing.T) {
	names, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatal("no testdata", err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			golden := len(archive.Files) - 1
			if archive.Files[golden].Name != "needs" {
				archive.Files, golden = append(archive.Files, txtar.File{Name: "needs"}), golden+1
			}
			var files []*source.File
			for _, f := range archive.Files[:golden] {
				files = append(files, source.NewFile(f.Name, f.Data))
			}
			got := dump(load(discovery.Memory(files...).Walk(discovery.Options{})))
			if *update {
				archive.Files[golden].Data = []byte(got)
				if err := os.WriteFile(name, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if want := string(archive.Files[golden].Data); got != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

// load reads all files of a tree.
func load(files parsers.Files) []contract.Need {
	var needs []contract.Need
	d := Dialect{}
	r := d.Reader(files)
	var units []parsers.Unit
	for _, name := range files.Paths("") {
		if !d.Candidate(name) {
			continue
		}
		f, err := files.Open(name)
		if err != nil {
			continue
		}
		if u, ok := r.Scan(f); ok {
			units = append(units, u)
		}
	}
	for _, u := range units {
		needs = append(needs, r.Load(context.Background(), u).Needs...)
	}
	return needs
}

// dump writes needs for people.
func dump(needs []contract.Need) string {
	var b strings.Builder
	for i := range needs {
		n := &needs[i]
		at := n.Span.Position()
		fmt.Fprintf(&b, "%s:%d:%d %q %s", n.Span.Path(), at.Line, at.Column, n.Span.Text(), n)
		if n.Example != n.Path {
			fmt.Fprintf(&b, " (%s)", n.Example)
		}
		for _, s := range n.Servers {
			where := s.Path
			if s.Host != "" {
				where = s.Scheme + "://" + s.Authority() + s.Path
			} else if where == "" {
				where = "/"
			}
			fmt.Fprintf(&b, " at %s", where)
			if !s.Span.IsZero() && s.Span.Path() != n.Span.Path() {
				fmt.Fprintf(&b, " (%s:%d)", s.Span.Path(), s.Span.Position().Line)
			}
		}
		if len(n.Servers) == 0 {
			b.WriteString(" at an unknown server")
		}
		for _, h := range n.Headers {
			fmt.Fprintf(&b, " +%s=%s", h.Name, h.Value)
		}
		for _, h := range n.Optional {
			fmt.Fprintf(&b, " ?%s=%s", h.Name, h.Value)
		}
		for _, h := range n.Misplaced {
			fmt.Fprintf(&b, " !%s", h.Name)
		}
		for _, h := range n.Reads {
			fmt.Fprintf(&b, " <%s", h.Name)
		}
		switch n.Credentials {
		case contract.Sent:
			fmt.Fprintf(&b, " with cookies (%d)", n.Cookies().Position().Line)
		case contract.Unstated:
			b.WriteString(" cookies?")
		case contract.Withheld:
		}
		if n.Open {
			b.WriteString(" open")
		}
		if p := n.Proxied; p != nil {
			fmt.Fprintf(&b, " proxied by %s:%d %s to %s:%d%s", p.Span.Path(), p.Span.Position().Line, p.Prefix, p.Target.Host, p.Target.Port, p.Target.Path)
			if p.Strip != "" {
				fmt.Fprintf(&b, " without %s", p.Strip)
			}
			if p.Deployed {
				b.WriteString(" everywhere")
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// TestTree lists the needs of a folder: CORSLINT_CLIENT=DIR go test ./parsers/client -run Tree -v.
func TestTree(t *testing.T) {
	dir := os.Getenv("CORSLINT_CLIENT")
	if dir == "" {
		t.Skip("no folder in CORSLINT_CLIENT")
	}
	root, err := discovery.NewRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	t.Log("\n" + dump(load(root.Walk(discovery.Options{}))))
}
