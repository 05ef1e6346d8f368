package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
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
			err := lsp.Serve(cmd.Context(), stdio{cmd.InOrStdin(), cmd.OutOrStdout()}, lsp.Options{Version: version, Open: openEditor, Rule: documentation})
			if errors.Is(err, lsp.ErrNoShutdown) {
				return errFindings // the protocol wants exit status 1
			}
			return err
		},
	}
	cmd.Flags().Bool("stdio", true, "serve on standard input and output; there is no other way, and clients say it all the same")
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
	found    discovery.Project
	loose    bool // nothing says that the files around belong together: only what is open is looked at
	settings []byte
	memory   *engine.Memory
	known    *knownFiles
	verdicts map[string][]lsp.Verdict // of the last run, by layer
	added    []string                 // of the files that were there the last time, those that are on no disk
}

// openEditor opens the project that a directory belongs to: where neither version control nor a configuration file says which
// that is, the folder that the editor has open.
func openEditor(dir, folder string) (lsp.Project, error) {
	found, declared, err := findEditor(dir)
	if err != nil {
		return nil, err
	}
	if !declared && folder != "" {
		if found, _, err = findEditor(folder); err != nil {
			return nil, err
		}
	}
	e := &editor{found: found, loose: !declared && folder == "" && crowded(found.Root), memory: engine.NewMemory(), known: newKnownFiles(), verdicts: map[string][]lsp.Verdict{}}
	return e, e.open()
}

// findEditor returns the project of a directory, all of it, and whether something declares it.
func findEditor(dir string) (discovery.Project, bool, error) {
	for { // a file that is not saved yet may lie in a directory that is not there yet
		if _, err := os.Stat(dir); err == nil || dir == filepath.Dir(dir) {
			break
		}
		dir = filepath.Dir(dir)
	}
	projects, err := discovery.Find(dir, nil)
	if err != nil {
		return discovery.Project{}, false, err
	}
	p := projects[0]
	p.Named = []string{""}
	_, err = os.Lstat(filepath.Join(p.Root, ".git"))
	return p, err == nil || p.Config != "", nil
}

// crowded reports whether a directory is one in which all kinds of things lie: nobody who opens a file there asks for all of them
// to be read.
func crowded(dir string) bool {
	home, _ := os.UserHomeDir()
	for _, d := range []string{home, os.TempDir(), filepath.Dir(dir)} { // the root of a disk is its own directory
		if real, err := filepath.EvalSymlinks(d); err == nil && real == dir {
			return true
		}
	}
	return false
}

func (e *editor) open() error {
	p, err := e.opened()
	if err != nil {
		return err
	}
	e.project, e.settings = p, nil
	if f, err := p.tree.Open(e.found.Config); err == nil && e.found.Config != "" {
		e.settings = f.Data
	}
	return nil
}

func (e *editor) opened() (*project, error) {
	if e.loose {
		return openRoot(&e.found, &checkCommand{}, discovery.Memory())
	}
	return openProject(&e.found, &checkCommand{})
}

// Root implements [lsp.Project].
func (e *editor) Root() string { return e.found.Root }

// Close implements [lsp.Project].
func (e *editor) Close() error {
	e.memory.Forget()
	return e.close()
}

// Changed implements [lsp.Project]: the files are read anew, and the configuration, unless there is a mistake in it. What was
// found out about the files stays true unless there are others than before. The root that they were read from is not closed: what
// was loaded from it may be asked again; it goes when nothing refers to it.
func (e *editor) Changed() error {
	before, settings := e.project, e.settings
	if found, _, err := findEditor(e.found.Root); err == nil && found.Root == e.found.Root {
		e.found.Config = found.Config
	}
	if err := e.open(); err != nil {
		return err
	}
	switch {
	case !bytes.Equal(settings, e.settings):
		e.memory.Forget()
		e.memory = engine.NewMemory()
	case !slices.Equal(before.tree.Paths(""), e.tree.Paths("")):
		e.memory.Forget()
	}
	return nil
}

// Check implements [lsp.Project].
func (e *editor) Check(ctx context.Context, unsaved map[string]*source.File) *lsp.Result {
	files := &unsavedFiles{Tree: e.tree, unsaved: unsaved, known: e.known}
	if added := files.added(); !slices.Equal(added, e.added) {
		e.memory.Forget()
		e.added = added
	}
	p := *e.project // fixes are worked out while the next text is looked at
	p.files = files
	known := e.memory
	result := &lsp.Result{Comment: commentMarks, Fixes: func(ctx context.Context, of []*finding.Finding) [][]finding.Fix {
		return p.proposals(ctx, known, of)
	}}
	// A layer is looked at for itself, and perhaps again for what clients of it need. The former is known the next time.
	shown, alone := map[string][]lsp.Verdict{}, map[string][]lsp.Verdict{}
	c := &checkCommand{memory: e.memory, surveyed: func(s engine.Surveyed) {
		shown[s.Key] = verdicts(s.Survey)
		if _, again := alone[s.Key]; !again {
			alone[s.Key] = shown[s.Key]
		}
	}}
	run := p.engineOptions(c)
	run.OnlyChanged = true
	o := p.run(ctx, c, run)
	for _, key := range o.Unchanged {
		alone[key] = e.verdicts[key]
		if _, again := shown[key]; !again {
			shown[key] = alone[key]
		}
	}
	if ctx.Err() != nil {
		maps.Copy(e.verdicts, alone)
		return nil
	}
	e.verdicts = alone
	result.Verdicts = slices.Concat(slices.Collect(maps.Values(shown))...)
	for _, f := range baseline.Match(p.accepted(), o.left.Findings, p.tree.Has).New {
		if f.Shown() && !p.config.Rules[f.Rule].Off {
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

// proposals returns the fixes of findings.
func (p *project) proposals(ctx context.Context, known *engine.Memory, of []*finding.Finding) [][]finding.Fix {
	memory := known.Fork()
	defer memory.Forget()
	fixer := (&checkCommand{}).fixer(p)
	fixer.Memory = memory
	copies, out := make([]*finding.Finding, len(of)), make([][]finding.Fix, len(of))
	for i, f := range of {
		one := *f // others read it
		copies[i] = &one
	}
	fixer.Propose(ctx, copies)
	for i, f := range copies {
		out[i] = f.Fixes
	}
	return out
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
		printPolicy(&text, view{}, &one)
		out = append(out, lsp.Verdict{Span: e.Span, Label: "cors: " + cmp.Or(letsIn(e), "nobody"), Text: "```text\n" + strings.ReplaceAll(text.String(), "```", "'''") + "```"})
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

// knownFiles are the files that runs have read, by path: a file whose text is the same is the same file. It is safe for
// concurrent use.
type knownFiles struct {
	lock  sync.Mutex
	files map[string]*source.File
}

func newKnownFiles() *knownFiles { return &knownFiles{files: map[string]*source.File{}} }

func (k *knownFiles) same(f *source.File) *source.File {
	k.lock.Lock()
	defer k.lock.Unlock()
	if known := k.files[f.Path]; known != nil && (known == f || bytes.Equal(known.Data, f.Data)) {
		return known
	}
	k.files[f.Path] = f
	return f
}

// unsavedFiles are the files of a tree, and in place of some and beside them what an editor has.
type unsavedFiles struct {
	*discovery.Tree
	unsaved map[string]*source.File
	known   *knownFiles
}

// added returns the paths that are not on the disk, sorted.
func (u *unsavedFiles) added() []string {
	var out []string
	for name := range u.unsaved {
		if !u.Tree.Has(name) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// Open implements [parsers.Files].
func (u *unsavedFiles) Open(name string) (*source.File, error) {
	if f := u.unsaved[u.Real(name)]; f != nil {
		return f, nil
	}
	f, err := u.Tree.Open(name)
	if err != nil {
		return nil, err
	}
	return u.known.same(f), nil
}

// Has implements [parsers.Files].
func (u *unsavedFiles) Has(name string) bool { return u.unsaved[name] != nil || u.Tree.Has(name) }

// Paths implements [parsers.Files].
func (u *unsavedFiles) Paths(dir string) []string {
	return u.with(u.Tree.Paths(dir), func(name string) bool { return discovery.Within(name, dir) })
}

// WithSuffix implements [parsers.Files].
func (u *unsavedFiles) WithSuffix(suffix string) []string {
	return u.with(u.Tree.WithSuffix(suffix), func(name string) bool { return name == suffix || strings.HasSuffix(name, "/"+suffix) })
}

func (u *unsavedFiles) with(paths []string, wanted func(string) bool) []string {
	added := slices.DeleteFunc(u.added(), func(name string) bool { return !wanted(name) })
	if len(added) == 0 {
		return paths
	}
	all := slices.Concat(paths, added)
	slices.Sort(all)
	return all
}
