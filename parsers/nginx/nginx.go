// Package nginx reads nginx configurations and lowers them to the policy model.
//
// The reading half is the package conf below this one: words, trees, includes, what nginx would refuse. This package is
// the other half: the effective configuration of each level (level.go), variables and maps (variables.go), and for each
// server a program that does what nginx's phases do (server.go and the files it names). It knows no rule.
package nginx

import (
	"context"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/parsers"
	"github.com/corslint/corslint/parsers/nginx/conf"
)

// Options say what a configuration file cannot.
type Options struct {
	// Prefix maps a directory of the machine that nginx runs on to a directory of the project.
	Prefixes []conf.Prefix
	// Version is the nginx that the configuration is for. The zero Version is the oldest one that is supported, 1.18.
	Version Version
}

// Version is a version of nginx.
type Version struct{ Major, Minor, Patch int }

// ParseVersion reads "1.29.3".
func ParseVersion(text string) (Version, bool) {
	var n [3]int
	for i, part := range strings.SplitN(text, ".", 3) {
		value, err := strconv.Atoi(part)
		if err != nil || value < 0 {
			return Version{}, false
		}
		n[i] = value
	}
	return Version{n[0], n[1], n[2]}, text != ""
}

func (v Version) atLeast(w Version) bool {
	return slices.Compare([]int{v.Major, v.Minor, v.Patch}, []int{w.Major, w.Minor, w.Patch}) >= 0
}

// HasHeaderInherit reports whether nginx knows add_header_inherit (since 1.29.3).
func (v Version) HasHeaderInherit() bool { return v.atLeast(Version{1, 29, 3}) }

// joinsHeaders reports whether several lines of a request header are one value of its variable (since 1.23.0).
func (v Version) joinsHeaders() bool { return v.atLeast(Version{1, 23, 0}) }

// Dialect is the nginx dialect.
type Dialect struct{ Options Options }

var _ parsers.Dialect = Dialect{}

// Name returns "nginx".
func (Dialect) Name() string { return "nginx" }

// Candidate reports whether a path is one that nginx configurations have: .conf, .nginx and templates of them, files
// without an extension where such files lie, and everything in a folder that nginx reads whole.
func (Dialect) Candidate(file string) bool {
	name := strings.ToLower(path.Base(file))
	for _, template := range [...]string{".template", ".tmpl", ".tpl", ".j2", ".jinja", ".jinja2", ".erb", ".ctmpl", ".in", ".dist", ".example", ".sample", ".default"} {
		name = strings.TrimSuffix(name, template)
	}
	switch path.Ext(name) {
	case ".yaml", ".yml": // with a ConfigMap in it
		return true
	case ".conf", ".nginx", ".vhost", ".inc", ".snippet", ".ngx", ".conf_example", ".cfg":
		return true
	case "":
		return true // recognised by what it holds: sites-enabled/default, snippets/cors
	}
	return strings.Contains(name, "nginx") || inNginxFolder(file)
}

func inNginxFolder(file string) bool {
	for segment := range strings.SplitSeq(path.Dir(file), "/") {
		switch segment {
		case "sites-enabled", "sites-available", "conf.d", "snippets", "nginx":
			return true
		}
	}
	return false
}

// Reader returns a reader for the files of one tree.
func (d Dialect) Reader(files parsers.Files) parsers.Reader {
	return &reader{options: d.Options, files: files}
}

type reader struct {
	options Options
	files   parsers.Files
	once    sync.Once
	index   *conf.Includes
}

// includes returns the index of the tree's files, which is made when the first include needs it.
func (r *reader) includes() *conf.Includes {
	r.once.Do(func() { r.index = conf.NewIncludes(opener{r.files}, r.options.Prefixes...) })
	return r.index
}

// opener gives conf the files of the tree.
type opener struct{ tree parsers.Files }

func (o opener) Files() []string { return o.tree.Paths("") }

func (o opener) Open(path string) (source.Span, error) {
	f, err := o.tree.Open(path)
	if err != nil {
		return source.Span{}, err
	}
	return source.Span{File: f, End: len(f.Data)}, nil
}

// Scan recognises a file.
func (r *reader) Scan(f *source.File) (parsers.Unit, bool) {
	u := parsers.Unit{Path: f.Path}
	found := recognise(f)
	for _, c := range found {
		if !c.Whole && hasIncludes(c.File.Body) {
			u.Includes = r.includes().Targets(c.File)
		}
	}
	return u, len(found) > 0
}

// recognise returns the configurations that a file holds: several in a file of ConfigMaps.
func recognise(f *source.File) []conf.Recognition {
	if ext := strings.ToLower(path.Ext(f.Path)); ext == ".yaml" || ext == ".yml" {
		return conf.ConfigMaps(f)
	}
	if found := conf.Recognise(f); found.File != nil {
		return []conf.Recognition{found}
	}
	return nil
}

func hasIncludes(body []*conf.Directive) bool {
	for d := range conf.Walk(body) {
		if d.Name == "include" {
			return true
		}
	}
	return false
}

// Load reads a whole configuration, or a fragment of one.
func (r *reader) Load(_ context.Context, u parsers.Unit) parsers.Result {
	f, err := r.files.Open(u.Path)
	if err != nil {
		return parsers.Result{}
	}
	var result parsers.Result
	for _, found := range recognise(f) {
		r.load(found, &result)
	}
	return result
}

// load adds a configuration to a result.
func (r *reader) load(found conf.Recognition, result *parsers.Result) {
	if !found.Whole && hasIncludes(found.File.Body) {
		r.includes().Resolve(found.File)
	}
	conf.Check(found.File, found.Context)
	host := &policy.Host{Name: "nginx", Dialect: "nginx", Span: source.Span{File: found.File.Span.File}}
	for file := range found.File.All() {
		result.Files = append(result.Files, file.Span.File)
		result.Comments = append(result.Comments, comments(file)...)
		slices.SortStableFunc(file.Problems, func(a, b conf.Problem) int { return source.Compare(a.Span, b.Span) })
		refused := false
		for _, p := range file.Problems {
			// nginx stops at the first directive that it refuses; what it would say of others follows from that one.
			stops := p.Kind == conf.ParseError || p.Kind == conf.Rejected
			if !stops || !refused {
				report(p, result, host)
			}
			refused = refused || stops
		}
	}
	l := lowering{version: r.options.Version, files: r.files, host: host}
	l.tree(found)
	if len(host.Layers) > 0 || len(host.Gaps) > 0 {
		result.Hosts = append(result.Hosts, host)
	}
}

// report sorts a problem of a file: what nginx itself would say is a finding, what corslint cannot see is a gap.
func report(p conf.Problem, result *parsers.Result, host *policy.Host) {
	text := p.Text
	if p.Hint != "" {
		text += ": " + p.Hint
	}
	kind := parsers.Unreadable
	switch p.Kind {
	case conf.ParseError:
	case conf.Rejected:
		kind = parsers.Rejected
	case conf.LimitPassed:
		kind = parsers.Skipped
	case conf.Suspicious, conf.Gap:
		host.Gaps = append(host.Gaps, policy.Gap{Span: p.Span, Why: text})
		return
	}
	result.Problems = append(result.Problems, parsers.Problem{Kind: kind, Span: p.Span, Text: text})
}

// mark is what a comment for corslint begins with; other comments concern nobody here.
const mark = "corslint"

// comments returns a file's comments for corslint with what they govern.
func comments(f *conf.File) []parsers.Comment {
	var out []parsers.Comment
	for _, c := range f.Comments {
		if strings.HasPrefix(c.Text, mark) {
			out = append(out, parsers.Comment{Span: c.Span, Text: c.Text})
		}
	}
	if len(out) > 0 {
		govern(f.Body, out)
	}
	return out
}

// govern gives each comment on a line of its own the next statement of the block it stands in, and each comment behind
// an opening brace the block.
func govern(body []*conf.Directive, list []parsers.Comment) {
	for d := range conf.Walk(body) {
		for i := range list {
			c := &list[i]
			switch {
			case !c.Governs.IsZero() || c.Span.File != d.Span.File || c.Span.Start > d.Span.End:
			case d.HasBlock && c.Span.Start > d.Head.End && c.Span.Position().Line == d.Head.EndPosition().Line:
				c.Governs = d.Span
			case c.Span.End <= d.Span.Start && onlyBlank(c.Span.File, c.Span.End, d.Span.Start):
				c.Governs = d.Span
			}
		}
	}
}

// onlyBlank reports whether nothing but white space and further comments stand between two places.
func onlyBlank(f *source.File, start, end int) bool {
	for line := range strings.Lines(string(f.Data[start:end])) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			return false
		}
	}
	return true
}
