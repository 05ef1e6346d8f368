package express

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/corslint/corslint/parsers"
	"github.com/corslint/corslint/parsers/express/machine"
)

// ChildArgument is the one argument with which the executable serves as a child: see [Serve].
const ChildArgument = "express-machine"

// startTime bounds the start of all applications of a project, one after another.
const startTime = 30 * time.Second

// session holds an application in all its environments, each by a number that is its own among all applications of a reader.
type session interface {
	load(ctx context.Context, slot int, app machine.Application) (*machine.Description, error)
	answer(ctx context.Context, slot int, r *machine.Request) ([]machine.Response, error)
	// release gives back what some slots take; who asks them nevertheless has them started anew.
	release(slots []int)
}

// inProcess is a session in this process.
type inProcess struct {
	files    parsers.Files
	lock     sync.Mutex
	library  *machine.Library
	machines map[int]*machine.Machine
}

func (p *inProcess) load(ctx context.Context, slot int, app machine.Application) (*machine.Description, error) {
	p.lock.Lock()
	defer p.lock.Unlock()
	m := machine.New(p.files, p.library)
	p.machines[slot] = m
	return m.Load(ctx, app)
}

func (p *inProcess) answer(ctx context.Context, slot int, r *machine.Request) ([]machine.Response, error) {
	p.lock.Lock()
	defer p.lock.Unlock()
	if p.machines[slot] == nil {
		return nil, errors.New("no application is loaded")
	}
	return p.machines[slot].Answer(ctx, r)
}

// release implements [session]: the machines go with whoever refers to the session.
func (p *inProcess) release([]int) {}

// sessions hands out what applications run in: a few processes that they share.
type sessions struct {
	files     parsers.Files
	options   Options
	lock      sync.Mutex
	processes []session // that several applications share
	opened    int
	slots     int
	spent     time.Duration // for starting applications
}

func newSessions(files parsers.Files, options Options) *sessions {
	return &sessions{files: files, options: options}
}

// open returns what an application runs in.
func (s *sessions) open() session {
	if s.options.Executable == "" {
		return s.inProcess()
	}
	return s.child()
}

func (s *sessions) inProcess() session {
	return &inProcess{files: s.files, library: machine.NewLibrary(), machines: map[int]*machine.Machine{}}
}

// mayStart reports whether there is time left for starting another application.
func (s *sessions) mayStart() bool {
	s.lock.Lock()
	defer s.lock.Unlock()
	return s.spent < startTime
}

func (s *sessions) took(d time.Duration) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.spent += d
}

// slot returns a number that no other application has.
func (s *sessions) slot() int {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.slots++
	return s.slots
}
