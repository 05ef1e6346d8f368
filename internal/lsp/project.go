package lsp

import (
	"context"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/source"
)

// pause is how long nobody must have typed before files are looked at: long enough to skip what is typed in one go, short
// enough not to be felt.
const pause = 12 * time.Millisecond

// project is a project with files open in the editor. Its fields are guarded by the server's lock.
type project struct {
	Project
	server *server

	stale     bool // files on the disk have changed
	running   bool
	again     bool               // what runs is out of date
	cancel    context.CancelFunc // of what runs
	due       time.Time          // when to begin
	result    *Result            // of the texts as they are, once settled
	waiting   []chan *Result
	proposed  map[*finding.Finding][]finding.Fix // fixes of the result's findings that somebody asked for
	published map[string]publishParams           // what the client shows, by URI, unless it is nothing
	shown     []string                           // what the hints say that the client shows
}

func newProject(s *server, p Project) *project {
	return &project{Project: p, server: s, published: map[string]publishParams{}}
}

// path returns the path of a file in the project, with slashes; "" for one that lies elsewhere.
func (p *project) path(name string) string {
	rel, err := filepath.Rel(p.Root(), name)
	if err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return ""
	}
	return filepath.ToSlash(rel)
}

// uri returns the URI of a file of the project: the one that the editor uses where it is open. The lock is held.
func (p *project) uri(path string) string {
	for uri, d := range p.server.documents {
		if p.path(d.path) == path {
			return uri
		}
	}
	return toURI(filepath.Join(p.Root(), filepath.FromSlash(path)))
}

// schedule has the project looked at after a while. The lock is held.
func (p *project) schedule(after time.Duration) {
	p.result, p.proposed, p.again, p.due = nil, nil, true, time.Now().Add(after)
	if p.cancel != nil {
		p.cancel()
	}
	if !p.running {
		p.running = p.server.begin(p.work)
	}
}

// settled returns what there is to say about the present texts, when it is known.
func (p *project) settled(ctx context.Context) (*Result, error) {
	p.server.lock.Lock()
	if p.result != nil {
		defer p.server.lock.Unlock()
		return p.result, nil
	}
	if !p.running {
		p.schedule(0)
	}
	ready := make(chan *Result, 1)
	p.waiting = append(p.waiting, ready)
	p.server.lock.Unlock()
	select {
	case r := <-ready:
		return r, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// work looks at the project until what is known about it is about the present texts.
func (p *project) work() {
	s := p.server
	s.lock.Lock()
	defer s.lock.Unlock()
	for p.again && s.ctx.Err() == nil {
		if wait := time.Until(p.due); wait > 0 {
			s.lock.Unlock()
			time.Sleep(wait)
			s.lock.Lock()
			continue
		}
		stale := p.stale
		p.again, p.stale = false, false
		unsaved, versions := p.unsaved()
		ctx, cancel := context.WithCancel(s.ctx)
		p.cancel = cancel
		s.lock.Unlock()

		result := p.look(ctx, stale, unsaved)
		cancelled := ctx.Err() != nil
		cancel()

		s.lock.Lock()
		p.cancel = nil
		if p.again || cancelled {
			continue
		}
		p.result = result
		waiting := p.waiting
		p.waiting = nil
		messages := p.diagnostics(result, versions)
		hints := p.hintsChanged(result) && s.client.Capabilities.Workspace.InlayHint.RefreshSupport
		s.lock.Unlock()
		for _, m := range messages {
			_ = s.conn.Notify(s.ctx, "textDocument/publishDiagnostics", m) // a client that has gone needs none
		}
		for _, ready := range waiting {
			ready <- result
		}
		if hints {
			s.request("workspace/inlayHint/refresh", nil)
		}
		s.lock.Lock()
	}
	p.running = false
}

// look analyses the project. A fault of corslint itself costs what there is to say, and not the session.
func (p *project) look(ctx context.Context, stale bool, unsaved map[string]*source.File) (result *Result) {
	defer func() {
		if fault := recover(); fault != nil {
			result = &Result{}
			p.server.complain(fmt.Errorf("it failed on this project: %v", fault))
		}
	}()
	if stale {
		if err := p.Changed(); err != nil {
			p.server.complain(err)
		}
	}
	if result = p.Check(ctx, unsaved); result == nil {
		result = &Result{}
	}
	return result
}

// unsaved returns the open files of the project by their paths, and their versions by URI. The lock is held.
func (p *project) unsaved() (map[string]*source.File, map[string]int) {
	files, versions := map[string]*source.File{}, map[string]int{}
	for _, d := range p.server.documents {
		if path := p.path(d.path); path != "" {
			files[path] = d.source(path)
			versions[d.uri] = d.version
		}
	}
	return files, versions
}

// diagnostics returns what to publish: for each file that is open, and for each other one of which the client shows something
// else. The lock is held.
func (p *project) diagnostics(r *Result, versions map[string]int) []publishParams {
	byURI := map[string][]diagnostic{}
	for uri := range p.published {
		byURI[uri] = []diagnostic{}
	}
	for uri := range versions {
		byURI[uri] = []diagnostic{}
	}
	counted, uris := places{}, map[string]string{}
	for _, f := range r.Findings {
		if f.Place.IsZero() {
			continue
		}
		path := f.Place.Path()
		if uris[path] == "" {
			uris[path] = p.uri(path)
		}
		byURI[uris[path]] = append(byURI[uris[path]], p.diagnostic(f, counted))
	}
	var out []publishParams
	for uri, list := range byURI {
		m := publishParams{URI: uri, Diagnostics: list}
		if v, open := versions[uri]; open {
			m.Version = &v
		}
		if !reflect.DeepEqual(p.published[uri], m) {
			out = append(out, m)
		}
		if p.published[uri] = m; len(list) == 0 && m.Version == nil {
			delete(p.published, uri)
		}
	}
	slices.SortFunc(out, func(a, b publishParams) int { return strings.Compare(a.URI, b.URI) })
	return out
}

var severities = map[finding.Severity]int{finding.Error: 1, finding.Warning: 2, finding.Note: 3}

// diagnostic writes a finding as the client shows it. The lock is held.
func (p *project) diagnostic(f *finding.Finding, counted places) diagnostic {
	d := diagnostic{
		Range: counted.of(f.Place), Severity: severities[f.Severity], Code: f.Rule, Source: "corslint",
		Message: f.Message + "\n" + f.Because + "\n→ " + f.Change, Data: &diagnosticData{f.Fingerprint()},
	}
	if _, href := p.server.options.Rule(f.Rule); href != "" {
		d.CodeDescription = &codeDescription{href}
	}
	for _, r := range f.Related {
		if !r.Span.IsZero() {
			d.Related = append(d.Related, relatedPlace{location{p.uri(r.Span.Path()), counted.of(r.Span)}, r.Text})
		}
	}
	return d
}

// hintsChanged reports whether hints say something else than before. Where they stand a client finds out itself as the text
// changes. The lock is held.
func (p *project) hintsChanged(r *Result) bool {
	var now []string
	for _, v := range r.Verdicts {
		if !v.Span.IsZero() {
			now = append(now, v.Span.Path()+" "+v.Label)
		}
	}
	before := p.shown
	p.shown = now
	return !slices.Equal(before, now)
}

// fixes returns the fixes of findings of a result. Each is worked out once: editors ask whenever the cursor moves.
func (p *project) fixes(ctx context.Context, r *Result, of []*finding.Finding) [][]finding.Fix {
	out := make([][]finding.Fix, len(of))
	if r.Fixes == nil || len(of) == 0 {
		return out
	}
	s := p.server
	s.lock.Lock()
	var unknown []*finding.Finding
	for i, f := range of {
		fixes, ok := p.proposed[f]
		if out[i] = fixes; !ok {
			unknown = append(unknown, f)
		}
	}
	s.lock.Unlock()
	if len(unknown) == 0 {
		return out
	}
	worked := r.Fixes(ctx, unknown)
	s.lock.Lock()
	defer s.lock.Unlock()
	for i, f := range unknown {
		out[slices.Index(of, f)] = worked[i]
		if p.result != r || ctx.Err() != nil {
			continue
		}
		if p.proposed == nil {
			p.proposed = map[*finding.Finding][]finding.Fix{}
		}
		p.proposed[f] = worked[i]
	}
	return out
}
