package express

import (
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/parsers"
	"github.com/corslint/corslint/parsers/express/machine"
)

// ChildArgument is the one argument with which the executable serves as a child: see [Serve].
const ChildArgument = "express-machine"

const (
	maxHeap      = 512 << 20 // bytes of a child; it ends itself beyond
	commandTime  = 20 * time.Second
	maxChildren  = 4
	maxRestarts  = 3
	heapInterval = 20 * time.Millisecond
)

// session holds an application in all its environments, and answers for it. It starts again by itself when it was ended to
// make room.
type session interface {
	load(ctx context.Context, scenario int, app machine.Application) (*machine.Description, error)
	answer(ctx context.Context, scenario int, r *machine.Request) ([]machine.Response, error)
	close()
}

// command is what a child is told; reply what it says. A reply with an Ask is a question, which is answered before the
// command's own reply comes.
type command struct {
	Load     *machine.Application
	Answer   *machine.Request
	Scenario int
	Asked    *asked
}

type reply struct {
	Ask         *ask
	Description *machine.Description
	Responses   []machine.Response
	Error       string
}

type ask struct{ Op, Path string }

type asked struct {
	Data  []byte
	Paths []string
	Has   bool
	Error string
}

// Serve is the child: it runs applications for the process at the other end of in and out, and reads no file but through
// it. It returns when in ends.
func Serve(in io.Reader, out io.Writer) error {
	debug.SetGCPercent(200)
	debug.SetMemoryLimit(maxHeap * 3 / 4)
	debug.SetMaxStack(256 << 20)
	go watchHeap()
	c := &child{in: gob.NewDecoder(in), out: gob.NewEncoder(out)}
	library := machine.NewLibrary()
	machines := map[int]*machine.Machine{}
	for {
		var next command
		if err := c.in.Decode(&next); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		var r reply
		var err error
		switch m := machines[next.Scenario]; {
		case next.Load != nil:
			m = machine.New(c, library)
			machines[next.Scenario] = m
			r.Description, err = m.Load(context.Background(), *next.Load)
		case m == nil:
			err = errors.New("no application is loaded")
		default:
			r.Responses, err = m.Answer(context.Background(), next.Answer)
		}
		if err != nil {
			r.Error = err.Error()
		}
		if err := c.out.Encode(r); err != nil {
			return err
		}
	}
}

// watchHeap ends the process when it has grown too large: nothing in the process can stop a builtin that fills it.
func watchHeap() {
	var stats runtime.MemStats
	for {
		time.Sleep(heapInterval)
		if runtime.ReadMemStats(&stats); stats.HeapAlloc > maxHeap {
			fmt.Fprintln(os.Stderr, "out of memory")
			os.Exit(3)
		}
	}
}

// child is the files of the project, as a child process sees them.
type child struct {
	in  *gob.Decoder
	out *gob.Encoder
}

func (c *child) ask(op, path string) asked {
	if c.out.Encode(reply{Ask: &ask{op, path}}) != nil {
		return asked{Error: "gone"}
	}
	var next command
	if err := c.in.Decode(&next); err != nil || next.Asked == nil {
		return asked{Error: "gone"}
	}
	return *next.Asked
}

func (c *child) Open(path string) (*source.File, error) {
	a := c.ask("open", path)
	if a.Error != "" {
		return nil, errors.New(a.Error)
	}
	return source.NewFile(path, a.Data), nil
}

func (c *child) Has(path string) bool      { return c.ask("has", path).Has }
func (c *child) Paths(dir string) []string { return c.ask("paths", dir).Paths }

// process is a session in a child process.
type process struct {
	files      parsers.Files
	executable string

	lock     sync.Mutex
	cmd      *exec.Cmd
	in       *gob.Encoder
	out      *gob.Decoder
	pipe     io.Closer
	apps     map[int]machine.Application
	restarts int
}

func (p *process) start() error {
	cmd := exec.Command(p.executable, ChildArgument)
	cmd.Env = []string{} // a program is told nothing of this machine
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	p.cmd, p.in, p.out, p.pipe = cmd, gob.NewEncoder(in), gob.NewDecoder(out), in
	return nil
}

func (p *process) load(ctx context.Context, scenario int, app machine.Application) (*machine.Description, error) {
	p.lock.Lock()
	defer p.lock.Unlock()
	p.apps[scenario] = app
	r, err := p.do(ctx, command{Load: &app, Scenario: scenario})
	return r.Description, err
}

func (p *process) answer(ctx context.Context, scenario int, q *machine.Request) ([]machine.Response, error) {
	p.lock.Lock()
	defer p.lock.Unlock()
	if p.cmd == nil { // it was ended to make room, or had to be killed
		if p.restarts++; p.restarts > maxRestarts {
			return nil, errors.New("the application was stopped too often")
		}
		for i := range len(p.apps) {
			app := p.apps[i]
			if _, err := p.do(ctx, command{Load: &app, Scenario: i}); err != nil {
				return nil, err
			}
		}
	}
	r, err := p.do(ctx, command{Answer: q, Scenario: scenario})
	return r.Responses, err
}

// do sends a command and answers what the child asks until its reply comes. A child that takes too long is killed.
func (p *process) do(ctx context.Context, c command) (reply, error) {
	if p.cmd == nil {
		if err := p.start(); err != nil {
			return reply{}, err
		}
	}
	cmd := p.cmd
	killed := false
	timer := time.AfterFunc(commandTime, func() {
		killed = true
		_ = cmd.Process.Kill()
	})
	defer timer.Stop()
	stop := context.AfterFunc(ctx, func() { _ = cmd.Process.Kill() })
	defer stop()
	for {
		var r reply
		err := p.in.Encode(c)
		if err == nil {
			err = p.out.Decode(&r)
		}
		switch {
		case err != nil:
			timer.Stop()
			p.end()
			switch {
			case ctx.Err() != nil:
				return reply{}, ctx.Err()
			case killed:
				return reply{}, fmt.Errorf("runs for more than %v, and was killed", commandTime)
			case cmd.ProcessState != nil && cmd.ProcessState.ExitCode() == 3:
				return reply{}, fmt.Errorf("uses more than %d MB", maxHeap>>20)
			}
			return reply{}, errors.New("crashed")
		case r.Ask != nil:
			c = command{Asked: p.tell(*r.Ask)}
		case r.Error != "":
			return r, errors.New(r.Error)
		default:
			return r, nil
		}
	}
}

// tell answers what a child asks of the project's files.
func (p *process) tell(q ask) *asked {
	switch q.Op {
	case "open":
		f, err := p.files.Open(q.Path)
		if err != nil {
			return &asked{Error: err.Error()}
		}
		return &asked{Data: f.Data}
	case "has":
		return &asked{Has: p.files.Has(q.Path)}
	case "paths":
		paths := p.files.Paths(q.Path)
		return &asked{Paths: paths[:min(len(paths), 10_000)]}
	}
	return &asked{Error: "unknown question"}
}

// end ends the child.
func (p *process) end() {
	if p.cmd == nil {
		return
	}
	_ = p.pipe.Close()
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
	p.cmd = nil
}

func (p *process) close() {
	p.lock.Lock()
	defer p.lock.Unlock()
	p.end()
	p.restarts = 0
}

// inProcess is a session in this process.
type inProcess struct {
	files    parsers.Files
	lock     sync.Mutex
	library  *machine.Library
	machines map[int]*machine.Machine
}

func (p *inProcess) load(ctx context.Context, scenario int, app machine.Application) (*machine.Description, error) {
	p.lock.Lock()
	defer p.lock.Unlock()
	m := machine.New(p.files, p.library)
	p.machines[scenario] = m
	return m.Load(ctx, app)
}

func (p *inProcess) answer(ctx context.Context, scenario int, r *machine.Request) ([]machine.Response, error) {
	p.lock.Lock()
	defer p.lock.Unlock()
	if p.machines[scenario] == nil {
		return nil, errors.New("no application is loaded")
	}
	return p.machines[scenario].Answer(ctx, r)
}

func (p *inProcess) close() {}

// sessions bounds how many children live.
type sessions struct {
	files   parsers.Files
	options Options
	lock    sync.Mutex
	live    []*process // the one used last comes last
}

func newSessions(files parsers.Files, options Options) *sessions {
	return &sessions{files: files, options: options}
}

func (s *sessions) open() session {
	if s.options.Executable == "" {
		return &inProcess{files: s.files, library: machine.NewLibrary(), machines: map[int]*machine.Machine{}}
	}
	return &process{files: s.files, executable: s.options.Executable, apps: map[int]machine.Application{}}
}

// use notes that a session is about to be used, and ends the one that was not for the longest time when there are too many.
func (s *sessions) use(x session) {
	p, ok := x.(*process)
	if !ok {
		return
	}
	s.lock.Lock()
	if i := slices.Index(s.live, p); i >= 0 {
		s.live = slices.Delete(s.live, i, i+1)
	}
	s.live = append(s.live, p)
	var old *process
	if len(s.live) > maxChildren {
		old = s.live[0]
		s.live = slices.Delete(s.live, 0, 1)
	}
	s.lock.Unlock()
	if old != nil {
		old.close()
	}
}
