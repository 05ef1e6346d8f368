package main

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"os"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/baseline"
	"github.com/corslint/corslint/internal/discovery"
	"github.com/corslint/corslint/internal/engine"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/lsp"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/rules"
)

func newLSP() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "lsp",
		Short: "Serve an editor: the language server protocol on standard input and output",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			version := thisBuild().Version
			return lsp.Serve(cmd.Context(), stdio{cmd.InOrStdin(), cmd.OutOrStdout()}, lsp.Options{Version: version, Open: openEditor, Rule: documentation})
		},
	}
	cmd.Flags().Bool("stdio", true, "what clients say to servers that can do otherwise, too")
	return cmd
}

// stdio is standard input and output as one stream.
type stdio struct {
	io.Reader
	io.Writer
}

func (stdio) Close() error { return os.Stdin.Close() }

// documentation returns the documentation of a rule.
func documentation(name string) (doc, href string) {
	r, ok := rules.Lookup(name)
	if !ok {
		return "", ""
	}
	return r.Doc, ruleURL(r.Name)
}

// editor is a project whose files an editor changes.
type editor struct {
	*project
	found  discovery.Project
	memory *engine.Memory
	same   map[string]*source.File // what was read last, by path: unless its text changes it is the same file
}

// openEditor opens the project that a directory belongs to.
func openEditor(dir string) (lsp.Project, error) {
	projects, err := discovery.Find(dir, nil)
	if err != nil {
		return nil, err
	}
	e := &editor{found: projects[0], memory: engine.NewMemory(), same: map[string]*source.File{}}
	e.found.Named = []string{""} // all of it
	return e, e.open()
}

func (e *editor) open() error {
	p, err := openProject(&e.found, &checkCommand{})
	if err != nil {
		return err
	}
	e.project = p
	return nil
}

// Root implements [lsp.Project].
func (e *editor) Root() string { return e.found.Root }

// Close implements [lsp.Project].
func (e *editor) Close() error { return e.close() }

// Changed implements [lsp.Project]: the files are read anew, and the configuration, unless there is a mistake in it.
func (e *editor) Changed() {
	before := e.project
	if e.open() != nil {
		e.project = before
		return
	}
	_ = before.close() // it was read only
	e.memory.Forget()
}

// Check implements [lsp.Project].
func (e *editor) Check(ctx context.Context, unsaved map[string]*source.File) *lsp.Result {
	files := &unsavedFiles{Tree: e.tree, unsaved: unsaved, same: e.same}
	e.files = files
	result := &lsp.Result{Comment: commentMarks}
	c := &checkCommand{memory: e.memory, surveyed: func(s *probe.Survey) { result.Verdicts = append(result.Verdicts, verdicts(s)...) }}
	o := e.analyze(ctx, c, nil)
	if ctx.Err() != nil {
		return nil
	}
	for _, f := range baseline.Match(e.accepted(), o.left.Findings, e.tree.Has).New {
		if f.Shown() && !e.config.Rules[f.Rule].Off {
			result.Findings = append(result.Findings, f)
		}
	}
	finding.Sort(result.Findings)
	slices.SortFunc(result.Verdicts, func(a, b lsp.Verdict) int {
		return cmp.Or(source.Compare(a.Span, b.Span), cmp.Compare(a.Label, b.Label))
	})
	result.Verdicts = slices.CompactFunc(result.Verdicts, func(a, b lsp.Verdict) bool { return a.Span == b.Span && a.Label == b.Label })
	return result
}

// verdicts says of the endpoints of a layer who may read them.
func verdicts(s *probe.Survey) []lsp.Verdict {
	var out []lsp.Verdict
	for _, e := range s.Endpoints {
		if e.Span.IsZero() {
			continue
		}
		var text bytes.Buffer
		one := *s
		one.Endpoints, one.Total = []*probe.Endpoint{e}, 1
		printPolicy(&text, &one)
		out = append(out, lsp.Verdict{Span: e.Span, Label: "cors: " + cmp.Or(who(e), "nobody"), Text: "```text\n" + strings.ReplaceAll(text.String(), "```", "'''") + "```"})
	}
	return out
}

// commentMarks returns how a comment is written in a file of a name.
func commentMarks(name string) (before, after string, ok bool) {
	switch ext := strings.ToLower(path.Ext(name)); ext {
	case ".json":
		return "", "", false
	case ".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".jsx", ".tsx", ".vue", ".svelte":
		return "//", "", true
	}
	return "#", "", true
}

// unsavedFiles are the files of a tree, and in place of some what an editor has.
type unsavedFiles struct {
	*discovery.Tree
	unsaved map[string]*source.File

	lock sync.Mutex
	same map[string]*source.File
}

// Open implements [parsers.Files]. What has the text that it had the last time is the same file.
func (u *unsavedFiles) Open(name string) (*source.File, error) {
	if f := u.unsaved[u.Real(name)]; f != nil {
		return f, nil
	}
	f, err := u.Tree.Open(name)
	if err != nil {
		return nil, err
	}
	u.lock.Lock()
	defer u.lock.Unlock()
	if known := u.same[f.Path]; known != nil && (known == f || bytes.Equal(known.Data, f.Data)) {
		return known, nil
	}
	u.same[f.Path] = f
	return f, nil
}

// Has implements [parsers.Files].
func (u *unsavedFiles) Has(name string) bool { return u.unsaved[name] != nil || u.Tree.Has(name) }

// Paths implements [parsers.Files].
func (u *unsavedFiles) Paths(dir string) []string {
	all := u.Tree.Paths(dir)
	for name := range u.unsaved {
		if !u.Tree.Has(name) && discovery.Within(name, dir) {
			all = append(slices.Clone(all), name)
			slices.Sort(all)
		}
	}
	return all
}
