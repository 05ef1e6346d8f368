package lsp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"path/filepath"
	"sync"

	"github.com/sourcegraph/jsonrpc2"
)

// maxDocument is how many bytes an open file may have to be looked at.
const maxDocument = 8 << 20

// Serve speaks the protocol over a stream until the client says exit or the stream ends.
func Serve(ctx context.Context, stream io.ReadWriteCloser, o Options) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s := &server{ctx: ctx, options: o, documents: map[string]*document{}, projects: map[string]*project{}, exit: make(chan struct{})}
	codec := jsonrpc2.VSCodeObjectCodec{}
	quiet := log.New(io.Discard, "", 0)
	s.conn = jsonrpc2.NewConn(ctx, jsonrpc2.NewBufferedStream(stream, codec), handler{s}, jsonrpc2.SetLogger(quiet))
	select {
	case <-s.conn.DisconnectNotify():
	case <-s.exit:
		_ = s.conn.Close() // the client has gone
	case <-ctx.Done():
		_ = s.conn.Close()
	}
	cancel()
	return s.close()
}

// server is the state of a session.
type server struct {
	ctx     context.Context
	options Options
	conn    *jsonrpc2.Conn
	exit    chan struct{}

	lock      sync.Mutex
	documents map[string]*document // by URI
	projects  map[string]*project  // by root
	client    initializeParams
	down      bool // shutdown was asked for
	working   sync.WaitGroup
}

func (s *server) close() error {
	s.lock.Lock()
	projects := s.projects
	s.projects = map[string]*project{}
	s.lock.Unlock()
	s.working.Wait()
	var errs []error
	for _, p := range projects {
		errs = append(errs, p.Close())
	}
	return errors.Join(errs...)
}

// handler takes messages: notifications one after another, since the order of edits counts; requests beside them.
type handler struct{ *server }

// Handle implements [jsonrpc2.Handler].
func (h handler) Handle(ctx context.Context, conn *jsonrpc2.Conn, r *jsonrpc2.Request) {
	answer := jsonrpc2.HandlerWithError(func(ctx context.Context, _ *jsonrpc2.Conn, r *jsonrpc2.Request) (any, error) { return h.answer(ctx, r) }).SuppressErrClosed()
	if r.Notif || r.Method == "initialize" || r.Method == "shutdown" {
		answer.Handle(ctx, conn, r)
		return
	}
	h.working.Go(func() { answer.Handle(ctx, conn, r) })
}

// answer does what a message asks. A fault of corslint itself is an answer, too.
func (s *server) answer(ctx context.Context, r *jsonrpc2.Request) (result any, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			result, err = nil, &jsonrpc2.Error{Code: jsonrpc2.CodeInternalError, Message: fmt.Sprintf("corslint failed: %v", fault)}
		}
	}()
	switch r.Method {
	case "initialize":
		return take(r, s.initialize)
	case "initialized":
		s.watch()
		return nil, nil
	case "shutdown":
		s.lock.Lock()
		s.down = true
		s.lock.Unlock()
		return nil, nil
	case "exit":
		close(s.exit)
		return nil, nil
	case "textDocument/didOpen":
		return take(r, s.didOpen)
	case "textDocument/didChange":
		return take(r, s.didChange)
	case "textDocument/didSave", "workspace/didChangeWatchedFiles":
		s.didChangeFiles()
		return nil, nil
	case "textDocument/didClose":
		return take(r, s.didClose)
	case "textDocument/hover":
		return ask(ctx, s, r, hoverAt)
	case "textDocument/definition":
		return ask(ctx, s, r, relatedAt)
	case "textDocument/codeAction":
		return ask(ctx, s, r, s.actionsIn)
	case "textDocument/inlayHint":
		return ask(ctx, s, r, hintsIn)
	}
	if r.Notif { // of a kind that it is fine to overlook
		return nil, nil
	}
	return nil, &jsonrpc2.Error{Code: jsonrpc2.CodeMethodNotFound, Message: r.Method + " is not served"}
}

// take reads the parameters of a message and hands them on.
func take[P any](r *jsonrpc2.Request, do func(P) (any, error)) (any, error) {
	var p P
	if r.Params == nil {
		return do(p)
	}
	if err := json.Unmarshal(*r.Params, &p); err != nil {
		return nil, &jsonrpc2.Error{Code: jsonrpc2.CodeInvalidParams, Message: err.Error()}
	}
	return do(p)
}

// asked is a question about a place in a document, with what is known about its project.
type asked struct {
	document document // a copy
	path     string   // in the project
	at       position
	in       textRange
	result   *Result
}

// ask answers a question about a document from what is known about its present text.
func ask(ctx context.Context, s *server, r *jsonrpc2.Request, do func(asked) any) (any, error) {
	return take(r, func(p struct {
		positionParams
		Range textRange `json:"range"`
	}) (any, error) {
		s.lock.Lock()
		d := s.documents[p.TextDocument.URI]
		project := s.projectOf(d)
		s.lock.Unlock()
		if d == nil || project == nil {
			return nil, nil
		}
		result, err := project.settled(ctx)
		if err != nil || result == nil {
			return nil, err
		}
		s.lock.Lock()
		q := asked{document: *d, path: project.path(d.path), at: p.Position, in: p.Range, result: result}
		s.lock.Unlock()
		return do(q), nil
	})
}

func (s *server) initialize(p initializeParams) (any, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.client = p
	return initializeResult{
		ServerInfo: serverInfo{"corslint", s.options.Version},
		Capabilities: capabilities{
			PositionEncoding: "utf-16", TextDocumentSync: syncOptions{OpenClose: true, Change: 2},
			HoverProvider: true, DefinitionProvider: true, InlayHintProvider: true, CodeActionProvider: codeActionOptions{[]string{"quickfix"}},
		},
	}, nil
}

// watch asks the client to tell what changes on the disk.
func (s *server) watch() {
	s.lock.Lock()
	can := s.client.Capabilities.Workspace.DidChangeWatchedFiles.DynamicRegistration
	s.lock.Unlock()
	if !can {
		return
	}
	s.working.Go(func() {
		_ = s.conn.Call(s.ctx, "client/registerCapability", registrationParams{[]registration{
			{ID: "files", Method: "workspace/didChangeWatchedFiles", Options: watchers{[]watcher{{"**/*"}}}},
		}}, nil) // a client that refuses tells nothing: what is saved shows with the next edit
	})
}

func (s *server) didOpen(p openParams) (any, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	name := toPath(p.TextDocument.URI)
	if name == "" || len(p.TextDocument.Text) > maxDocument {
		return nil, nil // a file that is nowhere belongs to no project
	}
	if real, err := filepath.EvalSymlinks(name); err == nil { // as a project's root is
		name = real
	}
	d := &document{uri: p.TextDocument.URI, path: name, version: p.TextDocument.Version, text: []byte(p.TextDocument.Text)}
	s.documents[d.uri] = d
	if project := s.projectOf(d); project != nil {
		project.schedule(0)
	}
	return nil, nil
}

func (s *server) didChange(p changeParams) (any, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	d := s.documents[p.TextDocument.URI]
	if d == nil {
		return nil, nil
	}
	d.apply(p.ContentChanges)
	d.version = p.TextDocument.Version
	if len(d.text) > maxDocument {
		delete(s.documents, d.uri)
		return nil, nil
	}
	if project := s.projectOf(d); project != nil {
		project.schedule(pause)
	}
	return nil, nil
}

func (s *server) didClose(p documentParams) (any, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	d := s.documents[p.TextDocument.URI]
	if d == nil {
		return nil, nil
	}
	project := s.projectOf(d)
	delete(s.documents, d.uri)
	if project != nil {
		project.schedule(pause)
	}
	return nil, nil
}

func (s *server) didChangeFiles() {
	s.lock.Lock()
	defer s.lock.Unlock()
	for _, p := range s.projects {
		p.stale = true
		p.schedule(pause)
	}
}

// projectOf returns the project of a document, opened when it is the first one; nil where there is none. The lock is held.
func (s *server) projectOf(d *document) *project {
	if d == nil {
		return nil
	}
	var nearest *project
	for root, p := range s.projects {
		if p.path(d.path) != "" && (nearest == nil || len(root) > len(nearest.Root())) {
			nearest = p
		}
	}
	if nearest != nil {
		return nearest
	}
	opened, err := s.options.Open(filepath.Dir(d.path))
	if err != nil {
		s.complain(err)
		return nil
	}
	p := newProject(s, opened)
	s.projects[opened.Root()] = p
	return p
}

// complain tells the user that something does not work.
func (s *server) complain(err error) {
	s.working.Go(func() {
		_ = s.conn.Notify(s.ctx, "window/showMessage", struct {
			Type    int    `json:"type"`
			Message string `json:"message"`
		}{2, "corslint: " + err.Error()})
	})
}
