package lsp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/sourcegraph/jsonrpc2"
)

// maxDocument is how many bytes an open file may have to be looked at.
const maxDocument = 8 << 20

// ErrNoShutdown says that the client ended the session without asking for a shutdown before.
var ErrNoShutdown = errors.New("the client said exit before shutdown")

// Serve speaks the protocol over a stream until the client says exit or the stream ends.
func Serve(ctx context.Context, connection io.ReadWriteCloser, o Options) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s := &server{ctx: ctx, options: o, exit: make(chan struct{}), documents: map[string]*document{}, projects: map[string]*project{},
		asking: map[jsonrpc2.ID]context.CancelFunc{}, complaints: map[string]bool{}}
	quiet := log.New(io.Discard, "", 0)
	s.lock.Lock() // the first message may come before the connection is known
	s.conn = jsonrpc2.NewConn(ctx, newStream(connection), handler{s}, jsonrpc2.SetLogger(quiet))
	s.lock.Unlock()
	exited := false
	select {
	case <-s.conn.DisconnectNotify():
	case <-s.exit:
		exited = true
	case <-ctx.Done():
	}
	cancel()
	_ = s.conn.Close() // the client has gone, or is told so by it
	err := s.close()
	if exited && !s.down {
		return errors.Join(ErrNoShutdown, err)
	}
	return err
}

// server is the state of a session.
type server struct {
	ctx     context.Context
	options Options
	conn    *jsonrpc2.Conn
	exit    chan struct{}

	client initializeParams // said at the beginning

	lock       sync.Mutex
	state      state
	down       bool // it was asked to end
	folders    []string
	documents  map[string]*document // by URI
	projects   map[string]*project  // by root
	asking     map[jsonrpc2.ID]context.CancelFunc
	complaints map[string]bool // that the user knows
	closed     bool
	working    sync.WaitGroup
}

type state int

const (
	fresh state = iota
	serving
	ended // nothing is answered but exit
)

// begin runs something beside the handling of messages, unless the session is over.
func (s *server) begin(do func()) bool {
	if s.closed {
		return false
	}
	s.working.Go(do)
	return true
}

func (s *server) close() error {
	s.lock.Lock()
	s.closed = true
	s.lock.Unlock()
	s.working.Wait()
	var errs []error
	for _, p := range s.projects {
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
	ctx, cancel := context.WithCancel(h.ctx)
	h.lock.Lock()
	defer h.lock.Unlock()
	h.asking[r.ID] = cancel
	h.begin(func() {
		answer.Handle(ctx, conn, r)
		cancel()
		h.lock.Lock()
		defer h.lock.Unlock()
		delete(h.asking, r.ID)
	})
}

// answer does what a message asks. A fault of corslint itself is an answer, too.
func (s *server) answer(ctx context.Context, r *jsonrpc2.Request) (result any, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			result, err = nil, &jsonrpc2.Error{Code: jsonrpc2.CodeInternalError, Message: fmt.Sprintf("corslint failed: %v", fault)}
		}
	}()
	if err := s.mayAsk(r); err != nil {
		return nil, err
	}
	switch r.Method {
	case "initialize":
		return take(r, s.initialize)
	case "initialized":
		s.watch()
	case "shutdown":
		s.lock.Lock()
		s.state, s.down = ended, true
		s.lock.Unlock()
	case "exit":
		s.lock.Lock()
		s.state = ended
		s.lock.Unlock()
		close(s.exit)
	case "$/cancelRequest":
		return take(r, s.cancel)
	case "textDocument/didOpen":
		return take(r, s.didOpen)
	case "textDocument/didChange":
		return take(r, s.didChange)
	case "textDocument/didSave":
		s.didChangeFiles()
	case "textDocument/didClose":
		return take(r, s.didClose)
	case "workspace/didChangeWatchedFiles":
		return take(r, s.didChangeWatchedFiles)
	case "workspace/didChangeWorkspaceFolders":
		return take(r, s.didChangeFolders)
	case "workspace/executeCommand":
		return take(r, func(p commandParams) (any, error) { return s.execute(ctx, p) })
	case "textDocument/hover":
		return s.ask(ctx, r, hoverAt)
	case "textDocument/definition":
		return s.ask(ctx, r, relatedAt)
	case "textDocument/codeAction":
		return s.ask(ctx, r, actionsIn)
	case "textDocument/inlayHint":
		return s.ask(ctx, r, hintsIn)
	default:
		if !r.Notif { // of those it is fine to overlook what one does not know
			return nil, &jsonrpc2.Error{Code: jsonrpc2.CodeMethodNotFound, Message: r.Method + " is not served"}
		}
	}
	return nil, nil
}

// mayAsk refuses what comes too early or too late.
func (s *server) mayAsk(r *jsonrpc2.Request) error {
	s.lock.Lock()
	defer s.lock.Unlock()
	select {
	case <-s.exit:
		return &jsonrpc2.Error{Code: jsonrpc2.CodeInvalidRequest, Message: "the session is over"}
	default:
	}
	switch {
	case r.Method == "exit":
	case s.state == ended, s.state == serving && r.Method == "initialize":
		return &jsonrpc2.Error{Code: jsonrpc2.CodeInvalidRequest, Message: r.Method + " comes too late"}
	case s.state == fresh && r.Method != "initialize":
		return &jsonrpc2.Error{Code: codeNotInitialized, Message: r.Method + " comes before initialize"}
	}
	return nil
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

// ask answers a question about a document from what is known about its present text.
func (s *server) ask(ctx context.Context, r *jsonrpc2.Request, do func(context.Context, *asked) any) (any, error) {
	return take(r, func(p placeParams) (any, error) {
		s.lock.Lock()
		d := s.documents[p.TextDocument.URI]
		project := s.projectOf(d)
		s.lock.Unlock()
		if d == nil || project == nil {
			return nil, nil
		}
		result, err := project.settled(ctx)
		if err != nil {
			return nil, &jsonrpc2.Error{Code: codeRequestCanceled, Message: "cancelled"}
		}
		s.lock.Lock()
		if project.result != result || s.documents[p.TextDocument.URI] != d { // somebody typed meanwhile, and asks again
			s.lock.Unlock()
			return nil, &jsonrpc2.Error{Code: codeContentModified, Message: "the text has changed"}
		}
		q := &asked{server: s, project: project, result: result, document: *d, path: project.path(d.path), places: places{}, lines: p.Range, only: p.Context.Only}
		s.lock.Unlock()
		starts := lines(q.document.text)
		q.at = toOffset(q.document.text, starts, p.Position)
		q.start, q.end = toOffset(q.document.text, starts, p.Range.Start), toOffset(q.document.text, starts, p.Range.End)
		answer := do(ctx, q)
		if ctx.Err() != nil {
			return nil, &jsonrpc2.Error{Code: codeRequestCanceled, Message: "cancelled"}
		}
		return answer, nil
	})
}

// cancel gives a request up. It is answered nevertheless.
func (s *server) cancel(p cancelParams) (any, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	if cancel := s.asking[p.ID]; cancel != nil {
		cancel()
	}
	return nil, nil
}

func (s *server) initialize(p initializeParams) (any, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.client, s.state = p, serving
	if p.WorkspaceFolders == nil && p.RootURI != "" {
		p.WorkspaceFolders = []folder{{p.RootURI}}
	}
	s.addFolders(p.WorkspaceFolders)
	return initializeResult{
		ServerInfo: serverInfo{"corslint", s.options.Version},
		Capabilities: capabilities{
			PositionEncoding: "utf-16", TextDocumentSync: syncOptions{OpenClose: true, Change: 2},
			HoverProvider: true, DefinitionProvider: true, InlayHintProvider: true, CodeActionProvider: codeActionOptions{[]string{quickFix}},
			ExecuteCommand: commandOptions{[]string{commandCheck, commandShow}}, Workspace: workspaceOptions{folderOptions{true, true}},
		},
	}, nil
}

func (s *server) addFolders(folders []folder) {
	for _, f := range folders {
		if dir := toPath(f.URI); dir != "" && !slices.Contains(s.folders, dir) {
			s.folders = append(s.folders, dir)
		}
	}
}

func (s *server) didChangeFolders(p foldersParams) (any, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	for _, f := range p.Event.Removed {
		dir := toPath(f.URI)
		s.folders = slices.DeleteFunc(s.folders, func(x string) bool { return x == dir })
	}
	s.addFolders(p.Event.Added)
	return nil, nil
}

// folder returns the innermost of the editor's folders that a directory lies in; "" for none. The lock is held.
func (s *server) folder(dir string) string {
	found := ""
	for _, f := range s.folders {
		if (dir == f || strings.HasPrefix(dir, strings.TrimSuffix(f, string(filepath.Separator))+string(filepath.Separator))) && len(f) > len(found) {
			found = f
		}
	}
	return found
}

// watch asks the client to tell what changes on the disk.
func (s *server) watch() {
	if s.client.Capabilities.Workspace.DidChangeWatchedFiles.DynamicRegistration {
		s.request("client/registerCapability", registrationParams{[]registration{
			{ID: "files", Method: "workspace/didChangeWatchedFiles", Options: watchers{[]watcher{{"**/*"}}}},
		}})
	}
}

// request asks the client for something that the server can do without: a client that tells nothing of files shows what is saved
// elsewhere with the next edit.
func (s *server) request(method string, params any) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.begin(func() { _ = s.conn.Call(s.ctx, method, params, nil) })
}

// complain tells the user that something does not work, once until files change.
func (s *server) complain(err error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.warn(err)
}

// warn complains. The lock is held.
func (s *server) warn(err error) {
	text := "corslint: " + strings.TrimPrefix(err.Error(), "corslint: ")
	if s.complaints[text] {
		return
	}
	s.complaints[text] = true
	s.begin(func() { _ = s.conn.Notify(s.ctx, "window/showMessage", messageParams{2, text}) })
}

func (s *server) didOpen(p openParams) (any, error) {
	name := toPath(p.TextDocument.URI)
	s.lock.Lock()
	defer s.lock.Unlock()
	if name == "" || len(p.TextDocument.Text) > maxDocument {
		return nil, nil // a file that is nowhere belongs to no project
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
	project := s.projectOf(d)
	d.apply(p.ContentChanges)
	d.version = p.TextDocument.Version
	if len(d.text) > maxDocument {
		delete(s.documents, d.uri)
	}
	if project != nil {
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
		project.stale = true // the file on the disk counts again, and may be another one by now
		project.schedule(pause)
	}
	return nil, nil
}

func (s *server) didChangeWatchedFiles(p watchedParams) (any, error) {
	for _, c := range p.Changes {
		if !strings.Contains(c.URI, "/.git/") { // git writes there all the time
			s.didChangeFiles()
			break
		}
	}
	return nil, nil
}

// didChangeFiles has everything read anew: what could not be opened before perhaps can be now.
func (s *server) didChangeFiles() {
	s.lock.Lock()
	defer s.lock.Unlock()
	clear(s.complaints)
	for _, p := range s.projects {
		p.stale = true
		p.schedule(pause)
	}
	for _, d := range s.documents {
		if s.nearest(d.path) == nil {
			if p := s.projectOf(d); p != nil {
				p.schedule(pause)
			}
		}
	}
}

// projectOf returns the project of a document, opened when it is the first one; nil where there is none. The lock is held.
func (s *server) projectOf(d *document) *project {
	if d == nil {
		return nil
	}
	if p := s.nearest(d.path); p != nil {
		return p
	}
	return s.open(filepath.Dir(d.path))
}

// nearest returns the innermost open project that a path lies in; nil for none. The lock is held.
func (s *server) nearest(name string) *project {
	var nearest *project
	for root, p := range s.projects {
		if p.path(name) != "" && (nearest == nil || len(root) > len(nearest.Root())) {
			nearest = p
		}
	}
	return nearest
}

// open opens the project of a directory; nil where that does not work, which the user is told. The lock is held.
func (s *server) open(dir string) *project {
	opened, err := s.options.Open(dir, s.folder(dir))
	if err != nil {
		s.warn(err)
		return nil
	}
	p := newProject(s, opened)
	s.projects[opened.Root()] = p
	return p
}
