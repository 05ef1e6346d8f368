package lsp

import (
	"context"
	"path/filepath"
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
	published map[string]bool // URIs that diagnostics are shown for
}

func newProject(s *server, p Project) *project {
	return &project{Project: p, server: s, published: map[string]bool{}}
}

// path returns the path of a file in the project, with slashes; "" for one that lies elsewhere.
func (p *project) path(name string) string {
	rel, err := filepath.Rel(p.Root(), name)
	if err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return ""
	}
	return filepath.ToSlash(rel)
}

// schedule has the project looked at after a while. The lock is held.
func (p *project) schedule(after time.Duration) {
	p.result, p.again, p.due = nil, true, time.Now().Add(after)
	if p.cancel != nil {
		p.cancel()
	}
	if !p.running {
		p.running = true
		p.server.working.Go(p.work)
	}
}

// settled returns what there is to say about the present texts, when it is known.
func (p *project) settled(ctx context.Context) (*Result, error) {
	p.server.lock.Lock()
	if p.result != nil {
		defer p.server.lock.Unlock()
		return p.result, nil
	}
	ready := make(chan *Result, 1)
	p.waiting = append(p.waiting, ready)
	p.server.lock.Unlock()
	select {
	case r := <-ready:
		return r, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-p.server.ctx.Done():
		return nil, p.server.ctx.Err()
	}
}

// work looks at the project until what is known about it is about the present texts.
func (p *project) work() {
	s := p.server
	for {
		s.lock.Lock()
		if !p.again || s.ctx.Err() != nil {
			p.running = false
			s.lock.Unlock()
			return
		}
		if wait := time.Until(p.due); wait > 0 {
			s.lock.Unlock()
			time.Sleep(wait)
			continue
		}
		p.again = false
		stale := p.stale
		p.stale = false
		unsaved, versions := p.unsaved()
		ctx, cancel := context.WithCancel(s.ctx)
		p.cancel = cancel
		s.lock.Unlock()

		if stale {
			p.Changed()
		}
		result := p.Check(ctx, unsaved)
		cancelled := ctx.Err() != nil
		cancel()

		s.lock.Lock()
		p.cancel = nil
		if p.again || cancelled {
			s.lock.Unlock()
			continue
		}
		p.result = result
		for _, ready := range p.waiting {
			ready <- result
		}
		p.waiting = nil
		if result == nil {
			s.lock.Unlock()
			continue
		}
		messages := p.diagnostics(result, versions)
		s.lock.Unlock()
		for _, m := range messages {
			_ = s.conn.Notify(s.ctx, "textDocument/publishDiagnostics", m)
		}
	}
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

// uri returns the URI of a file of the project: the one that the editor uses where it is open. The lock is held.
func (p *project) uri(path string) string {
	for uri, d := range p.server.documents {
		if p.path(d.path) == path {
			return uri
		}
	}
	return toURI(filepath.Join(p.Root(), filepath.FromSlash(path)))
}

// diagnostics returns what to publish: for each file with findings, for each that had some, and for each that is open. The lock
// is held.
func (p *project) diagnostics(r *Result, versions map[string]int) []publishParams {
	byURI := map[string][]diagnostic{}
	for uri := range p.published {
		byURI[uri] = []diagnostic{}
	}
	for uri := range versions {
		byURI[uri] = []diagnostic{}
	}
	for _, f := range r.Findings {
		uri := p.uri(f.Place.Path())
		byURI[uri] = append(byURI[uri], p.diagnostic(f))
	}
	var out []publishParams
	p.published = map[string]bool{}
	for uri, list := range byURI {
		m := publishParams{URI: uri, Diagnostics: list}
		if v, open := versions[uri]; open {
			m.Version = &v
		}
		if len(list) > 0 {
			p.published[uri] = true
		}
		out = append(out, m)
	}
	slices.SortFunc(out, func(a, b publishParams) int { return strings.Compare(a.URI, b.URI) })
	return out
}

var severities = map[finding.Severity]int{finding.Error: 1, finding.Warning: 2, finding.Note: 3}

func (p *project) diagnostic(f *finding.Finding) diagnostic {
	d := diagnostic{
		Range: rangeOf(f.Place), Severity: severities[f.Severity], Code: f.Rule, Source: "corslint",
		Message: f.Message + "\n" + f.Because + "\n→ " + f.Change, Data: &diagnosticData{f.Fingerprint()},
	}
	if _, href := p.server.options.Rule(f.Rule); href != "" {
		d.CodeDescription = &codeDescription{href}
	}
	for _, r := range f.Related {
		d.Related = append(d.Related, relatedPlace{location{p.uri(r.Span.Path()), rangeOf(r.Span)}, r.Text})
	}
	return d
}
