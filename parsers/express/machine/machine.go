// Package machine runs Node applications in goja against models of express and of the packages around it, and answers
// requests as they would. What the applications ask of the outside does not exist here: every file, package and variable that
// is not the project's own is an unknown value, and an answer that depends on one says so.
//
// Everything that a machine runs is untrusted. It bounds what it can, and is meant to run in a process of its own, which
// whoever started it may kill; see the parent package.
package machine

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/dlclark/regexp2/v2"
	"github.com/dop251/goja"

	"github.com/corslint/corslint/internal/script"
	"github.com/corslint/corslint/internal/source"
)

const (
	loadTime    = 5 * time.Second // of an application
	answerTime  = 2 * time.Second // of a request, with all that it may depend on
	requestTime = time.Second     // of a request along one path
	surveyTime  = 2 * time.Second // of all requests by which an application describes itself
	maxTurns    = 2_000           // of the event loop
	maxOutcomes = 64
	maxFiles    = 2_000
	patternTime = 200 * time.Millisecond // of a match of a regular expression that backtracks
)

// Files is what an application may read: the files below the root of the project.
type Files interface {
	Open(path string) (*source.File, error)
	Has(path string) bool
	Paths(dir string) []string
}

//go:embed js
var models embed.FS

// Machine holds one application. It is not safe for concurrent use.
type Machine struct {
	files   Files
	library *Library
	app     Application

	rt      *goja.Runtime
	hooks   hooks
	modules map[string]*goja.Object // by path
	read    []string                // paths, in the order of their loading
	mistake []Gap

	unknowns map[*goja.Object]*unknown
	byName   map[string]*goja.Object
	numbered []*unknown // by the number in a marker
	target   *goja.Object
	tags     map[*goja.Object]int
	fresh    []*goja.Object // tagged while a request is answered
	site     int
	kept     goja.Value
	rest     *goja.Symbol             // the property in which an object keeps the unknown one that it was spread from
	unclear  bool                     // the last test was one of an unknown value
	loops    map[int]int              // how often each loop went on by such a test
	operator map[string]goja.Callable // the comparisons of the language that goja does not offer
	seen     map[string]bool          // variables that were read

	variables []Variable
	pending   []func() error // callbacks that unknown functions were given
	watching  *watch
	starting  *answering // what is decided while the application starts
	decided   []Answered // what was decided then
	answer    *answering // what is known of the request that is answered; nil while the application starts
	mentions  []Mention
	layers    []*goja.Object
	stopped   bool
}

// hooks are functions of the prelude.
type hooks struct {
	api                                     *goja.Object // $
	run, isDone, outcome, turn, drop        goja.Callable
	importing, spread, exec, meta, decorate goja.Callable
	require                                 goja.Value
}

// New returns a machine for the files of a project.
func New(files Files, library *Library) *Machine { return &Machine{files: files, library: library} }

// plain are the models that decide on nothing that a program gave them, but what they ask of the machine themselves.
var plain = map[string]bool{"prelude.js": true, "http.js": true, "paths.js": true, "events.js": true, "describe.js": true, "node.js": true, "express.js": true}

// programs are the models by their names, each compiled when it is asked for first, once for a process.
var programs = sync.OnceValue(func() map[string]func() (*goja.Program, error) {
	out := map[string]func() (*goja.Program, error){}
	entries, _ := models.ReadDir("js") // it is embedded
	for _, e := range entries {
		out[strings.TrimSuffix(e.Name(), ".js")] = sync.OnceValues(func() (*goja.Program, error) {
			text, err := models.ReadFile("js/" + e.Name())
			if err != nil {
				return nil, err
			}
			parameters := "exports, require, module, $, Promise" // a program may put another Promise in its place
			if e.Name() == "prelude.js" {
				parameters = ""
			}
			p, err := script.Model(e.Name(), string(text), parameters, !plain[e.Name()])
			if err != nil {
				return nil, fmt.Errorf("%s: %w", e.Name(), err)
			}
			return p, nil
		})
	}
	return out
})

// needed are the models that every application needs.
var needed = []string{"prelude", "express", "http", "node", "paths", "middleware", "describe", "events", "cors"}

// prepareModels compiles them, several at the same time. What goes wrong is said when they are asked for.
func prepareModels() *sync.WaitGroup {
	var wait sync.WaitGroup
	for _, name := range needed {
		wait.Go(func() { _, _ = programs()[name]() })
	}
	return &wait
}

// stop is what an interrupted program is stopped with.
type stop struct{ why string }

func (s stop) Error() string { return s.why }

// boundPatterns bounds the time of a match, for all expressions that goja will make.
var boundPatterns = sync.OnceFunc(func() { regexp2.DefaultMatchTimeout = patternTime })

// maxStarts bounds how often an application is started anew that stops because of what is unknown.
const maxStarts = 12

// Load runs an application until nothing is left to do, and describes it. What it decides on unknown values when it starts is
// taken to hold; where it then stops, the decision before that is taken back. The error says that there is none.
func (m *Machine) Load(ctx context.Context, app Application) (*Description, error) {
	ready := prepareModels()
	if f, err := m.files.Open(app.Entry); err == nil { // read at the same time
		_, _ = m.library.read(f)
	}
	ready.Wait()
	boundPatterns()
	m.app = app
	over := time.Now().Add(loadTime)
	var first *Description
	start := &answering{request: &Request{}}
	for range maxStarts {
		start.pos, start.assumed = 0, nil
		d, err := m.run(ctx, start, time.Until(over))
		if err != nil {
			return nil, err
		}
		if d.Failure == nil && len(d.Gaps) == 0 {
			first = d
			break
		}
		if first == nil {
			first = d
		}
		if !start.advance() || time.Now().After(over) || m.stopped {
			break
		}
	}
	if first.Stopped = m.stopped; first.Stopped {
		return first, nil
	}
	if err := m.describe(ctx, first); err != nil {
		gap, _ := m.failure(err)
		first.Gaps = append(first.Gaps, gap)
	}
	return first, nil
}

// run starts the application once.
func (m *Machine) run(ctx context.Context, start *answering, left time.Duration) (*Description, error) {
	*m = Machine{files: m.files, library: m.library, app: m.app, rt: goja.New(), modules: map[string]*goja.Object{}, unknowns: map[*goja.Object]*unknown{},
		byName: map[string]*goja.Object{}, tags: map[*goja.Object]int{}, seen: map[string]bool{}, loops: map[int]int{}, site: -1, starting: start}
	m.rt.SetMaxCallStackSize(1_000)
	m.rt.SetPromiseRejectionTracker(func(p *goja.Promise, operation goja.PromiseRejectionOperation) {
		if operation == goja.PromiseRejectionReject && m.answer != nil {
			m.answer.rejected = p.Result()
		}
	})
	m.rt.SetRandSource(func() float64 { return 0.5 })
	epoch := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	m.rt.SetTimeSource(func() time.Time { return epoch })
	done := m.limit(ctx, max(left, time.Millisecond))
	defer done()
	if err := m.prepare(); err != nil {
		return nil, err
	}
	d := &Description{}
	exports, err := m.start(m.app.Entry)
	if err == nil {
		err = m.settle()
	}
	if err == nil && exports != nil {
		err = m.complete(exports)
	}
	if err != nil {
		if gap, fatal := m.failure(err); fatal {
			d.Gaps = append(d.Gaps, gap)
		} else {
			d.Failure = &gap
		}
	}
	m.starting, m.decided = nil, start.assumed
	return d, nil
}

// limit interrupts the runtime when time is over.
func (m *Machine) limit(ctx context.Context, d time.Duration) func() {
	timer := time.AfterFunc(d, func() {
		m.rt.Interrupt(stop{fmt.Sprintf("runs for more than %v", max(d, time.Second).Round(time.Second))})
	})
	cancel := context.AfterFunc(ctx, func() { m.rt.Interrupt(stop{"cancelled"}) })
	return func() {
		timer.Stop()
		cancel()
		m.rt.ClearInterrupt()
	}
}

// prepare fills the global object.
func (m *Machine) prepare() error {
	m.target = m.rt.ToValue(func(goja.FunctionCall) goja.Value { return goja.Undefined() }).(*goja.Object)
	if made, err := m.rt.RunString("(function unknown() {})"); err == nil {
		m.target = made.(*goja.Object)
	}
	global := m.rt.GlobalObject()
	set := func(name string, f func(goja.FunctionCall) goja.Value) {
		_ = global.DefineDataProperty(name, m.rt.ToValue(f), goja.FLAG_FALSE, goja.FLAG_TRUE, goja.FLAG_FALSE)
	}
	set(script.HookTest, func(c goja.FunctionCall) goja.Value { return m.rt.ToValue(m.test(c.Argument(0))) })
	set(script.HookLoop, func(c goja.FunctionCall) goja.Value {
		return m.rt.ToValue(m.loop(int(c.Argument(0).ToInteger()), c.Argument(1).ToBoolean()))
	})
	set(script.HookKeep, func(c goja.FunctionCall) goja.Value {
		v := c.Argument(0)
		holds := m.test(v)
		m.kept = v
		return m.rt.ToValue(holds)
	})
	set(script.HookNullish, func(c goja.FunctionCall) goja.Value {
		m.kept = c.Argument(0)
		return m.rt.ToValue(goja.IsUndefined(m.kept) || goja.IsNull(m.kept))
	})
	set(script.HookKept, func(goja.FunctionCall) goja.Value { return m.kept })
	set(script.HookCompare, func(c goja.FunctionCall) goja.Value {
		at := -1
		if len(c.Arguments) > 3 {
			at = int(c.Arguments[3].ToInteger())
		}
		return m.rt.ToValue(m.compare(c.Argument(0).String(), c.Argument(1), c.Argument(2), at))
	})
	set(script.HookTypeof, func(c goja.FunctionCall) goja.Value { return m.typeOf(c.Argument(0)) })
	set(script.HookSite, func(c goja.FunctionCall) goja.Value {
		m.site = int(c.Argument(0).ToInteger())
		return c.Argument(1)
	})
	set(script.HookTag, func(c goja.FunctionCall) goja.Value {
		if o, ok := c.Argument(1).(*goja.Object); ok {
			o = m.open(o)
			m.tags[o] = int(c.Argument(0).ToInteger())
			if m.answer != nil {
				m.fresh = append(m.fresh, o)
			}
			return o
		}
		return c.Argument(1)
	})
	m.operator = map[string]goja.Callable{}
	for _, name := range []string{"==", "<", "<=", ">", ">=", "instanceof"} {
		f, err := m.rt.RunString("((a, b) => a " + name + " b)")
		if err != nil {
			return err
		}
		m.operator[name], _ = goja.AssertFunction(f)
	}
	bridge := m.bridge()
	_ = global.Set("%go", bridge)
	prelude, err := programs()["prelude"]()
	if err != nil {
		return err
	}
	main, err := m.rt.RunProgram(prelude)
	if err != nil {
		return err
	}
	call, _ := goja.AssertFunction(main)
	value, err := call(goja.Undefined())
	if err != nil {
		return err
	}
	made := value.ToObject(m.rt)
	function := func(name string) goja.Callable {
		f, _ := goja.AssertFunction(made.Get(name))
		return f
	}
	m.hooks = hooks{api: made.Get("$").ToObject(m.rt), run: function("run"), isDone: function("isDone"), outcome: function("outcome"), turn: function("turn"), drop: function("dropTasks"),
		importing: function("importing"), spread: function("spread"), exec: function("exec"), meta: function("meta"), decorate: function("decorate"), require: made.Get("require")}
	set(script.HookModule, func(c goja.FunctionCall) goja.Value {
		return m.must(m.hooks.importing(goja.Undefined(), c.Argument(0)))
	})
	set(script.HookSpread, func(c goja.FunctionCall) goja.Value { return m.must(m.hooks.spread(goja.Undefined(), c.Argument(0))) })
	set(script.HookExec, func(c goja.FunctionCall) goja.Value {
		return m.must(m.hooks.exec(goja.Undefined(), c.Argument(0), c.Argument(1)))
	})
	set(script.HookDecorate, func(c goja.FunctionCall) goja.Value {
		return m.must(m.hooks.decorate(goja.Undefined(), c.Arguments...))
	})
	set(script.HookMeta, func(c goja.FunctionCall) goja.Value { return m.must(m.hooks.meta(goja.Undefined(), c.Argument(0))) })
	m.rest, _ = made.Get("rest").(*goja.Symbol)
	m.extend()
	_, err = m.require("%node")
	return err
}

// must hands an exception on to the program.
func (m *Machine) must(v goja.Value, err error) goja.Value {
	if err != nil {
		panic(m.thrown(err))
	}
	return v
}

// thrown makes of an error what a native function panics with.
func (m *Machine) thrown(err error) any {
	if x, ok := errors.AsType[*goja.Exception](err); ok {
		return x.Value()
	}
	if x, ok := errors.AsType[*goja.InterruptedError](err); ok {
		return x
	}
	return m.rt.NewGoError(err)
}

// require returns the exports of a modelled package.
func (m *Machine) require(name string) (goja.Value, error) {
	call, _ := goja.AssertFunction(m.hooks.require)
	return call(goja.Undefined(), m.rt.ToValue(name))
}
