//go:build !js

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
	"sync/atomic"
	"time"

	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/parsers"
	"github.com/corslint/corslint/parsers/express/machine"
)

const (
	maxHeap      = 512 << 20 // bytes of a child; it ends itself beyond
	commandTime  = 8 * time.Second
	maxChildren  = 4
	maxLive      = 8        // applications, each in one environment, that a child holds at a time
	maxKept      = 24 << 20 // bytes of files that a child keeps, which take several times as much when they are ready to run
	maxKills     = 3        // of a child, after which an application is left alone
	heapInterval = 20 * time.Millisecond
)

// command is what a child is told; reply what it says. A reply with an Ask is a question, which is answered before the
// command's own reply comes.
type command struct {
	Load   *machine.Application
	Answer *machine.Request
	Slot   int
	Drop   int // a slot that is not needed any more, if it is not the command's own
	Asked  *asked
}

type reply struct {
	Ask         *ask
	Description *machine.Description
	Responses   []machine.Response
	Error       string
	Read        int // bytes of all files that the child has read
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
	debug.SetGCPercent(800) // most applications are done before the first collection
	debug.SetMemoryLimit(maxHeap / 2)
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
		if next.Drop != next.Slot {
			delete(machines, next.Drop)
		}
		switch m := machines[next.Slot]; {
		case next.Load != nil:
			m = machine.New(c, library)
			machines[next.Slot] = m
			r.Description, err = m.Load(context.Background(), *next.Load)
		case m == nil:
			err = errors.New("no application is loaded")
		default:
			r.Responses, err = m.Answer(context.Background(), next.Answer)
		}
		r.Read = c.read
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
	in   *gob.Decoder
	out  *gob.Encoder
	read int
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
	c.read += len(a.Data)
	return source.NewFile(path, a.Data), nil
}

func (c *child) Has(path string) bool      { return c.ask("has", path).Has }
func (c *child) Paths(dir string) []string { return c.ask("paths", dir).Paths }

// process is a child process. Several applications share it, so that what they have in common is read once; one that has to
// be killed costs the others that they are started anew when they are asked next.
type process struct {
	files      parsers.Files
	executable string

	lock    sync.Mutex
	cmd     *exec.Cmd
	in      *gob.Encoder
	out     *gob.Decoder
	pipe    io.Closer
	cleanup runtime.Cleanup
	apps    map[int]machine.Application
	live    []int       // the slots that the child holds, the one used last comes last
	kills   map[int]int // how often a slot was the end of a child
	read    int         // bytes of the files that the child keeps
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
	// One that nobody can ask any more ends at the latest when that is noticed.
	p.cleanup = runtime.AddCleanup(p, func(cmd *exec.Cmd) {
		_ = cmd.Process.Kill()
		go func() { _ = cmd.Wait() }()
	}, cmd)
	return nil
}

// release implements [session]. The child ends when it holds nothing else.
func (p *process) release(slots []int) {
	p.lock.Lock()
	defer p.lock.Unlock()
	p.live = slices.DeleteFunc(p.live, func(slot int) bool { return slices.Contains(slots, slot) })
	if len(p.live) == 0 {
		p.end()
	}
}

func (p *process) load(ctx context.Context, slot int, app machine.Application) (*machine.Description, error) {
	p.lock.Lock()
	defer p.lock.Unlock()
	if p.read > maxKept {
		p.end()
	}
	p.apps[slot] = app
	r, err := p.do(ctx, command{Load: &app, Slot: slot, Drop: p.use(slot)})
	return r.Description, err
}

func (p *process) answer(ctx context.Context, slot int, q *machine.Request) ([]machine.Response, error) {
	p.lock.Lock()
	defer p.lock.Unlock()
	if !slices.Contains(p.live, slot) {
		if p.kills[slot] >= maxKills {
			return nil, errors.New("had to be stopped too often")
		}
		app := p.apps[slot]
		if _, err := p.do(ctx, command{Load: &app, Slot: slot, Drop: p.use(slot)}); err != nil {
			return nil, err
		}
	}
	r, err := p.do(ctx, command{Answer: q, Slot: slot, Drop: p.use(slot)})
	return r.Responses, err
}

// use notes that a slot is used, and returns one that has to go for it, or the slot itself.
func (p *process) use(slot int) (drop int) {
	if i := slices.Index(p.live, slot); i >= 0 {
		p.live = slices.Delete(p.live, i, i+1)
	}
	p.live = append(p.live, slot)
	if len(p.live) <= maxLive {
		return slot
	}
	drop = p.live[0]
	p.live = slices.Delete(p.live, 0, 1)
	return drop
}

// do sends a command and answers what the child asks until its reply comes. A child that takes too long is killed.
func (p *process) do(ctx context.Context, c command) (reply, error) {
	if p.cmd == nil {
		if err := p.start(); err != nil {
			return reply{}, err
		}
	}
	cmd, slot := p.cmd, c.Slot
	var killed atomic.Bool
	timer := time.AfterFunc(commandTime, func() {
		killed.Store(true)
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
			if ctx.Err() != nil { // that is no fault of the application
				return reply{}, ctx.Err()
			}
			p.kills[slot]++
			switch {
			case killed.Load():
				return reply{}, fmt.Errorf("runs for more than %v, and was killed", commandTime)
			case cmd.ProcessState != nil && cmd.ProcessState.ExitCode() == 3:
				return reply{}, fmt.Errorf("uses more than %d MB", maxHeap>>20)
			}
			return reply{}, errors.New("crashed")
		case r.Ask != nil:
			c = command{Asked: p.tell(*r.Ask)}
		case r.Error != "":
			p.read = r.Read
			return r, errors.New(r.Error)
		default:
			p.read = r.Read
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
	p.cleanup.Stop()
	_ = p.pipe.Close()
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
	p.cmd, p.live, p.read = nil, nil, 0
}

// child returns a child process: one of a few, which applications share.
func (s *sessions) child() session {
	s.lock.Lock()
	defer s.lock.Unlock()
	if len(s.processes) < maxChildren && len(s.processes) < runtime.GOMAXPROCS(0) {
		s.processes = append(s.processes, &process{files: s.files, executable: s.options.Executable, apps: map[int]machine.Application{}, kills: map[int]int{}})
	}
	p := s.processes[s.opened%len(s.processes)]
	s.opened++
	return p
}
