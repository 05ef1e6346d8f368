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
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/dlclark/regexp2/v2"
	"github.com/dop251/goja"

	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/parsers/express/script"
)

const (
	loadTime    = 10 * time.Second // of an application
	answerTime  = 2 * time.Second  // of a request, with all that it may depend on
	maxTurns    = 2_000            // of the event loop
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
	operator map[string]goja.Callable // the comparisons of the language that goja does not offer
	seen     map[string]bool          // variables that were read

	variables []Variable
	pending   []func() error // callbacks that unknown functions were given
	watching  *watch
	answer    *answering // nil while the application starts
	mentions  []Mention
	layers    []*goja.Object
	stopped   bool
}

// Library keeps the scripts that were read, for all machines of a process: an application is loaded several times, each time
// in another environment.
type Library struct {
	scripts map[string]*script.Script
	order   []*script.Script
	failed  map[string]error
	sites   []int // the first number of each script
	next    int
}

// NewLibrary returns an empty library.
func NewLibrary() *Library {
	return &Library{scripts: map[string]*script.Script{}, failed: map[string]error{}}
}

// stride is how many sites and literals a script may have.
const stride = 1 << 20

func (l *Library) read(f *source.File) (*script.Script, error) {
	if s := l.scripts[f.Path]; s != nil {
		return s, nil
	}
	if err := l.failed[f.Path]; err != nil {
		return nil, err
	}
	s, err := script.Read(f, len(l.order)*stride)
	if err != nil {
		l.failed[f.Path] = err
		return nil, err
	}
	l.scripts[f.Path] = s
	l.order = append(l.order, s)
	return s, nil
}

// hooks are functions of the prelude.
type hooks struct {
	api                              *goja.Object // $
	run, isDone, outcome, turn, drop goja.Callable
	importing, spread                goja.Callable
	require                          goja.Value
}

// New returns a machine for the files of a project.
func New(files Files, library *Library) *Machine { return &Machine{files: files, library: library} }

// programs are the models, compiled once for a process.
var programs = sync.OnceValues(func() (map[string]*goja.Program, error) {
	out := map[string]*goja.Program{}
	entries, err := models.ReadDir("js")
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		text, err := models.ReadFile("js/" + e.Name())
		if err != nil {
			return nil, err
		}
		parameters := "exports, require, module, $"
		if e.Name() == "prelude.js" {
			parameters = ""
		}
		p, err := script.Model(e.Name(), string(text), parameters)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", e.Name(), err)
		}
		out[strings.TrimSuffix(e.Name(), ".js")] = p
	}
	return out, nil
})

// stop is what an interrupted program is stopped with.
type stop struct{ why string }

func (s stop) Error() string { return s.why }

// Load runs an application until nothing is left to do, and describes it. The error says that there is none.
func (m *Machine) Load(ctx context.Context, app Application) (*Description, error) {
	compiled, err := programs()
	if err != nil {
		return nil, err
	}
	regexp2.DefaultMatchTimeout = patternTime
	m.app = app
	m.rt = goja.New()
	m.rt.SetMaxCallStackSize(2_000)
	m.rt.SetRandSource(func() float64 { return 0.5 })
	epoch := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	m.rt.SetTimeSource(func() time.Time { return epoch })
	m.modules, m.unknowns, m.byName, m.tags = map[string]*goja.Object{}, map[*goja.Object]*unknown{}, map[string]*goja.Object{}, map[*goja.Object]int{}
	m.seen, m.site = map[string]bool{}, -1
	done := m.limit(ctx, loadTime)
	defer done()
	if err := m.prepare(compiled); err != nil {
		return nil, err
	}
	d := &Description{}
	exports, err := m.start(app.Entry)
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
	if err := m.describe(d); err != nil {
		gap, _ := m.failure(err)
		d.Gaps = append(d.Gaps, gap)
	}
	return d, nil
}

// limit interrupts the runtime when time is over.
func (m *Machine) limit(ctx context.Context, d time.Duration) func() {
	timer := time.AfterFunc(d, func() { m.rt.Interrupt(stop{fmt.Sprintf("runs for more than %v", d)}) })
	cancel := context.AfterFunc(ctx, func() { m.rt.Interrupt(stop{"cancelled"}) })
	return func() {
		timer.Stop()
		cancel()
		m.rt.ClearInterrupt()
	}
}

// prepare fills the global object.
func (m *Machine) prepare(compiled map[string]*goja.Program) error {
	m.target = m.rt.ToValue(func(goja.FunctionCall) goja.Value { return goja.Undefined() }).(*goja.Object)
	if made, err := m.rt.RunString("(function unknown() {})"); err == nil {
		m.target = made.(*goja.Object)
	}
	global := m.rt.GlobalObject()
	set := func(name string, f func(goja.FunctionCall) goja.Value) {
		_ = global.DefineDataProperty(name, m.rt.ToValue(f), goja.FLAG_FALSE, goja.FLAG_TRUE, goja.FLAG_FALSE)
	}
	set(script.HookTest, func(c goja.FunctionCall) goja.Value { return m.rt.ToValue(m.test(c.Argument(0))) })
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
			m.tags[o] = int(c.Argument(0).ToInteger())
			if m.answer != nil {
				m.fresh = append(m.fresh, o)
			}
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
	bridge := m.bridge(compiled)
	_ = global.Set("%go", bridge)
	main, err := m.rt.RunProgram(compiled["prelude"])
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
		importing: function("importing"), spread: function("spread"), require: made.Get("require")}
	set(script.HookModule, func(c goja.FunctionCall) goja.Value {
		return m.must(m.hooks.importing(goja.Undefined(), c.Argument(0)))
	})
	set(script.HookSpread, func(c goja.FunctionCall) goja.Value { return m.must(m.hooks.spread(goja.Undefined(), c.Argument(0))) })
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

// start runs the entry, and returns its exports.
func (m *Machine) start(entry string) (*goja.Object, error) {
	exports, err := m.module(entry)
	if err != nil {
		return nil, err
	}
	o, _ := exports.(*goja.Object)
	return o, nil
}

// settle turns the event loop until nothing is left to do.
func (m *Machine) settle() error {
	for range maxTurns {
		more, err := m.hooks.turn(goja.Undefined())
		if err != nil {
			return err
		}
		if more.ToBoolean() {
			continue
		}
		return nil
	}
	return nil
}

// complete goes on where an application waits for something that never comes here: callbacks that unknown functions were
// given, a factory that nobody calls.
func (m *Machine) complete(exports *goja.Object) error {
	for range 3 {
		if m.answering() || len(m.pending) == 0 {
			break
		}
		list := m.pending
		m.pending = nil
		for _, call := range list {
			if err := call(); m.fatal(err) {
				return err
			}
		}
		if err := m.settle(); err != nil {
			return err
		}
	}
	if m.answering() {
		return nil
	}
	return m.factories(exports)
}

// answering reports whether there is an application with something registered.
func (m *Machine) answering() bool {
	found := m.rt.GlobalObject().Get("%found").ToObject(m.rt)
	if list := found.Get("listening").ToObject(m.rt); list.Get("length").ToInteger() > 0 {
		return true
	}
	for _, app := range m.list(found.Get("applications")) {
		if router, ok := app.Get("router_").(*goja.Object); ok && len(m.list(router.Get("stack"))) > 0 {
			return true
		}
	}
	return false
}

func (m *Machine) list(v goja.Value) []*goja.Object {
	o, ok := v.(*goja.Object)
	if !ok {
		return nil
	}
	var out []*goja.Object
	for i := range min(o.Get("length").ToInteger(), 10_000) {
		if x, ok := o.Get(fmt.Sprint(i)).(*goja.Object); ok {
			out = append(out, x)
		}
	}
	return out
}

// factories calls exported functions that nobody called: "module.exports = () => { const app = express(); … }".
func (m *Machine) factories(exports *goja.Object) error {
	candidates := []*goja.Object{exports}
	for _, key := range exports.Keys() {
		if o, ok := exports.Get(key).(*goja.Object); ok {
			candidates = append(candidates, o)
		}
	}
	for _, c := range candidates {
		f, ok := goja.AssertFunction(c)
		if !ok || m.isUnknown(c) || c.Get("isApplication") != nil || c.Get("isRouter") != nil {
			continue
		}
		text := c.String()
		if !strings.Contains(text, "express") && !strings.Contains(text, "Router") && !strings.Contains(text, ".use(") {
			continue
		}
		var args []goja.Value
		for i := range c.Get("length").ToInteger() {
			args = append(args, m.unknown(fmt.Sprintf("argument %d of %s", i+1, c.Get("name")), ""))
		}
		if _, err := f(goja.Undefined(), args...); m.fatal(err) {
			return err
		}
		if err := m.settle(); err != nil {
			return err
		}
		if m.answering() {
			return nil
		}
	}
	return nil
}

// fatal reports whether an error ends the machine, and not only what it ran.
func (m *Machine) fatal(err error) bool {
	_, interrupted := errors.AsType[*goja.InterruptedError](err)
	_, overflow := errors.AsType[*goja.StackOverflowError](err)
	return interrupted || overflow
}

// failure says why an application did not start, and whether that is corslint's limit rather than its own mistake.
func (m *Machine) failure(err error) (Gap, bool) {
	if x, ok := errors.AsType[*goja.InterruptedError](err); ok {
		m.stopped = true
		return Gap{Why: fmt.Sprint(x.Value())}, true
	}
	if x, ok := errors.AsType[*goja.Exception](err); ok {
		text := x.Value().String()
		if o, isObject := x.Value().(*goja.Object); isObject && o.Get("message") != nil {
			text = o.Get("message").String()
		}
		for _, frame := range x.Stack() {
			if at := m.frame(&frame); at != nil {
				return Gap{Why: text, Place: at}, m.isUnknown(x.Value())
			}
		}
		return Gap{Why: text}, m.isUnknown(x.Value())
	}
	if x, ok := errors.AsType[*script.Error](err); ok {
		return Gap{Why: x.Text, Place: place(x.Span)}, false
	}
	return Gap{Why: err.Error()}, true
}

func place(s source.Span) *Place {
	if s.IsZero() {
		return nil
	}
	return &Place{File: s.Path(), Start: s.Start, End: s.End}
}

// ---- modules

// module returns the exports of a file, which it runs the first time.
func (m *Machine) module(name string) (goja.Value, error) {
	if module := m.modules[name]; module != nil {
		return module.Get("exports"), nil
	}
	if len(m.modules) >= maxFiles {
		return m.unknown(path.Base(name), ""), nil
	}
	f, err := m.files.Open(name)
	if err != nil {
		return nil, err
	}
	module := m.rt.NewObject()
	exports := m.rt.NewObject()
	_ = module.Set("exports", exports)
	_ = module.Set("id", name)
	_ = module.Set("filename", "/"+name)
	_ = module.Set("children", m.rt.NewArray())
	_ = module.Set("paths", m.rt.NewArray())
	m.modules[name] = module
	m.read = append(m.read, name)
	if path.Ext(name) == ".json" {
		value, err := m.json(string(f.Data))
		if err != nil {
			return nil, err
		}
		_ = module.Set("exports", value)
		return value, nil
	}
	s, err := m.library.read(f)
	if err != nil {
		gap, _ := m.failure(err)
		m.mistake = append(m.mistake, gap)
		unread := m.unknown(name, "")
		_ = module.Set("exports", unread)
		return unread, nil
	}
	value, err := m.rt.RunProgram(s.Program)
	if err != nil {
		return nil, err
	}
	run, _ := goja.AssertFunction(value)
	dir := path.Dir("/" + name)
	result, err := run(exports, exports, m.requireFrom(path.Dir(name)), module, m.rt.ToValue("/"+name), m.rt.ToValue(dir))
	if err != nil {
		return nil, err
	}
	if s.Async {
		if p, ok := result.Export().(*goja.Promise); ok && p.State() == goja.PromiseStateRejected {
			return nil, m.rejection(p)
		}
	}
	return module.Get("exports"), nil
}

func (m *Machine) rejection(p *goja.Promise) error {
	_, err := m.rt.RunString("(function (e) { throw e })")
	if err != nil {
		return err
	}
	throw, _ := goja.AssertFunction(m.rt.ToValue(func(goja.FunctionCall) goja.Value { panic(p.Result()) }))
	_, err = throw(goja.Undefined())
	return err
}

func (m *Machine) json(text string) (goja.Value, error) {
	parse, _ := goja.AssertFunction(m.rt.GlobalObject().Get("JSON").ToObject(m.rt).Get("parse"))
	return parse(goja.Undefined(), m.rt.ToValue(text))
}

// requireFrom returns the function "require" of a file in a folder.
func (m *Machine) requireFrom(dir string) goja.Value {
	require := m.rt.ToValue(func(c goja.FunctionCall) goja.Value {
		return m.must(m.required(dir, c.Argument(0)))
	}).(*goja.Object)
	_ = require.Set("resolve", func(c goja.FunctionCall) goja.Value { return c.Argument(0) })
	_ = require.Set("cache", m.rt.NewObject())
	_ = require.Set("main", m.modules[m.app.Entry])
	return require
}

func (m *Machine) required(dir string, specifier goja.Value) (goja.Value, error) {
	name := specifier.String()
	if m.isUnknown(specifier) {
		return m.unknown("require("+m.show(specifier)+")", ""), nil
	}
	if local := m.resolve(dir, name); local != "" {
		return m.module(local)
	}
	if !strings.HasPrefix(name, ".") && !strings.HasPrefix(name, "/") {
		bare := strings.TrimPrefix(name, "node:")
		if v, err := m.require(bare); err != nil || !goja.IsUndefined(v) {
			return v, err
		}
	}
	return m.unknown(name, ""), nil
}

// extensions are tried in this order, as bundlers and ts-node do.
var extensions = []string{"", ".js", ".ts", ".mjs", ".cjs", ".json", ".tsx", ".jsx", ".mts", ".cts", "/index.js", "/index.ts", "/index.mjs", "/index.cjs", "/index.tsx", "/index.json"}

// resolve returns the path of a local module, "" when there is none.
func (m *Machine) resolve(dir, name string) string {
	switch {
	case name == "." || name == "..", strings.HasPrefix(name, "./"), strings.HasPrefix(name, "../"):
		return m.find(path.Join("/", dir, name))
	case strings.HasPrefix(name, "/"):
		return m.find(path.Clean(name))
	}
	for _, a := range m.app.Aliases {
		rest, ok := strings.CutPrefix(name, a.Name)
		if !ok || !a.Prefix && rest != "" {
			continue
		}
		for _, to := range a.Paths {
			if found := m.find(path.Join("/", to+rest)); found != "" {
				return found
			}
		}
	}
	return ""
}

func (m *Machine) find(abs string) string {
	name := strings.TrimPrefix(abs, "/")
	for _, ext := range extensions {
		if m.files.Has(name+ext) && !strings.Contains(name, "node_modules/") {
			return name + ext
		}
	}
	for from, to := range map[string]string{".js": ".ts", ".jsx": ".tsx", ".mjs": ".mts", ".cjs": ".cts"} { // TypeScript names what it will be
		if base, ok := strings.CutSuffix(name, from); ok && m.files.Has(base+to) {
			return base + to
		}
	}
	return ""
}

// ---- what the models ask of the machine

// bridge makes %go.
func (m *Machine) bridge(compiled map[string]*goja.Program) *goja.Object {
	b := m.rt.NewObject()
	set := func(name string, f func(c goja.FunctionCall) goja.Value) { _ = b.Set(name, f) }
	truth := func(v bool) goja.Value { return m.rt.ToValue(v) }
	set("unknown", func(c goja.FunctionCall) goja.Value {
		kind := ""
		if c.Argument(1).ToBoolean() {
			kind = textual
		}
		return m.unknown(c.Argument(0).String(), kind)
	})
	set("isUnknown", func(c goja.FunctionCall) goja.Value { return truth(m.isUnknown(c.Argument(0))) })
	set("anyUnknown", func(c goja.FunctionCall) goja.Value {
		list := c.Argument(0).ToObject(m.rt)
		for i := range min(list.Get("length").ToInteger(), 1_000) {
			if v := list.Get(strconv.Itoa(int(i))); v != nil && m.isUnknown(v) {
				return truth(true)
			}
		}
		return truth(false)
	})
	set("isUnknownText", func(c goja.FunctionCall) goja.Value { return truth(m.isUnknownText(c.Argument(0))) })
	set("describe", func(c goja.FunctionCall) goja.Value { return m.rt.ToValue(m.show(c.Argument(0))) })
	set("decide", func(c goja.FunctionCall) goja.Value {
		return truth(m.decide(Question{Kind: "condition", Subject: c.Argument(0).String()}))
	})
	set("decideFile", func(c goja.FunctionCall) goja.Value {
		return truth(m.decide(Question{Kind: "file-exists", Subject: c.Argument(0).String()}))
	})
	set("assume", func(c goja.FunctionCall) goja.Value {
		m.assume(Answered{Question: Question{Kind: "passes", Subject: c.Argument(0).String()}, Holds: true})
		return goja.Undefined()
	})
	set("quiet", func(c goja.FunctionCall) goja.Value {
		if m.answer != nil {
			m.answer.quiet = c.Argument(0).ToBoolean()
		}
		return goja.Undefined()
	})
	set("rethrow", func(c goja.FunctionCall) goja.Value { return goja.Undefined() })
	set("test", func(c goja.FunctionCall) goja.Value { return truth(m.test(c.Argument(0))) })
	set("compare", func(c goja.FunctionCall) goja.Value {
		return truth(m.compare(c.Argument(0).String(), c.Argument(1), c.Argument(2), -1))
	})
	set("site", func(c goja.FunctionCall) goja.Value {
		id := m.site
		if id < 0 {
			return m.rt.ToValue(-1)
		}
		name := m.siteOf(id).Name
		for _, want := range m.list(m.boxed(c.Argument(0))) {
			if want.String() == name {
				m.site = -1
				return m.rt.ToValue(id)
			}
		}
		return m.rt.ToValue(-1)
	})
	set("tested", func(c goja.FunctionCall) goja.Value {
		if m.watching != nil {
			m.watching.tested(c.Argument(0).String(), c.Argument(1), c.Argument(2))
		}
		return goja.Undefined()
	})
	set("listed", func(c goja.FunctionCall) goja.Value {
		if m.watching != nil {
			m.watching.listed(c.Argument(0), c.Argument(1).ToObject(m.rt))
		}
		return goja.Undefined()
	})
	set("mention", func(c goja.FunctionCall) goja.Value {
		m.mention(Mention{Kind: c.Argument(0).String(), Text: c.Argument(1).String(), Fold: c.Argument(2).ToBoolean(), Place: m.firstPlace(c.Argument(3))})
		return goja.Undefined()
	})
	set("caller", func(goja.FunctionCall) goja.Value { return m.caller() })
	set("tagOf", func(c goja.FunctionCall) goja.Value {
		if o, ok := c.Argument(0).(*goja.Object); ok {
			if id, tagged := m.tags[o]; tagged {
				return m.rt.ToValue(id)
			}
		}
		return m.rt.ToValue(-1)
	})
	set("env", func(c goja.FunctionCall) goja.Value { return m.variable(c.Argument(0).String()) })
	set("cwd", func(goja.FunctionCall) goja.Value { return m.rt.ToValue(path.Dir("/" + m.app.Entry)) })
	set("exit", func(goja.FunctionCall) goja.Value {
		panic(m.rt.NewTypeError("the process exits"))
	})
	set("builtin", func(c goja.FunctionCall) goja.Value { return m.builtin(c.Argument(0).String(), compiled) })
	return b
}

// boxed makes a list of strings one of objects.
func (m *Machine) boxed(v goja.Value) goja.Value {
	o := v.ToObject(m.rt)
	out := m.rt.NewArray()
	for i := range o.Get("length").ToInteger() {
		_ = out.Set(fmt.Sprint(i), o.Get(fmt.Sprint(i)).ToObject(m.rt))
	}
	return out
}

// builtin returns a function that fills the exports of a package, undefined for one that is not modelled.
func (m *Machine) builtin(name string, compiled map[string]*goja.Program) goja.Value {
	file := strings.TrimPrefix(name, "%")
	switch name {
	case "https", "http2":
		file = "http"
	case "events", "node:events":
		file = "events"
	}
	if p := compiled[file]; p != nil && (strings.HasPrefix(name, "%") || slices.Contains([]string{"http", "https", "http2", "events", "cors"}, name)) {
		return m.must(m.rt.RunProgram(p))
	}
	if strings.HasPrefix(name, "%") {
		return goja.Undefined()
	}
	alias := func(get func() (goja.Value, error)) goja.Value {
		return m.rt.ToValue(func(c goja.FunctionCall) goja.Value {
			value := m.must(get())
			_ = c.Argument(2).ToObject(m.rt).Set("exports", value)
			return goja.Undefined()
		})
	}
	if name == "express" {
		return alias(func() (goja.Value, error) {
			model, err := m.require("%express")
			if err != nil {
				return nil, err
			}
			makeExpress, _ := goja.AssertFunction(model.ToObject(m.rt).Get("make"))
			return makeExpress(goja.Undefined(), m.rt.ToValue(m.app.Major))
		})
	}
	for _, model := range []string{"%node", "%packages"} {
		exports, err := m.require(model)
		if err != nil {
			panic(m.thrown(err))
		}
		list := exports.ToObject(m.rt)
		if inner, ok := list.Get("packages").(*goja.Object); ok {
			list = inner
		}
		if value := list.Get(name); value != nil && !goja.IsUndefined(value) {
			return alias(func() (goja.Value, error) { return value, nil })
		}
	}
	return goja.Undefined()
}

// extend adds to $ what needs the machine.
func (m *Machine) extend() {
	set := func(name string, f func(c goja.FunctionCall) goja.Value) { _ = m.hooks.api.Set(name, f) }
	set("describe", func(c goja.FunctionCall) goja.Value { return m.rt.ToValue(m.show(c.Argument(0))) })
	set("decideFile", func(c goja.FunctionCall) goja.Value {
		return m.rt.ToValue(m.decide(Question{Kind: "file-exists", Subject: c.Argument(0).String()}))
	})
	set("befallsNow", func(c goja.FunctionCall) goja.Value {
		return m.rt.ToValue(m.answer != nil && slices.Contains(m.answer.request.Circumstances, c.Argument(0).String()))
	})
	set("parseURL", func(c goja.FunctionCall) goja.Value { return m.parseURL(c.Argument(0).String(), c.Argument(1)) })
	set("query", func(c goja.FunctionCall) goja.Value {
		out := m.rt.NewObject()
		_, query, _ := strings.Cut(c.Argument(0).String(), "?")
		values, _ := url.ParseQuery(query)
		for key, list := range values {
			if len(list) == 1 {
				_ = out.Set(key, list[0])
			} else {
				_ = out.Set(key, list)
			}
		}
		return out
	})
	set("base64", func(c goja.FunctionCall) goja.Value { return m.rt.ToValue(decodeBase64(c.Argument(0).String())) })
	set("note", func(c goja.FunctionCall) goja.Value {
		if m.answer != nil {
			m.answer.noted = c.Argument(1).String()
		}
		return goja.Undefined()
	})
	set("adapter", func(c goja.FunctionCall) goja.Value { return m.unknown("the handler", "") })
	files := m.rt.NewObject()
	_ = m.hooks.api.Set("files", files)
	clean := func(v goja.Value) string { return strings.TrimPrefix(path.Clean("/"+v.String()), "/") }
	_ = files.Set("has", func(c goja.FunctionCall) goja.Value {
		name := clean(c.Argument(0))
		return m.rt.ToValue(m.files.Has(name) || len(m.files.Paths(name)) > 0)
	})
	_ = files.Set("read", func(c goja.FunctionCall) goja.Value {
		f, err := m.files.Open(clean(c.Argument(0)))
		if err != nil {
			return goja.Undefined()
		}
		return m.rt.ToValue(string(f.Data))
	})
	_ = files.Set("list", func(c goja.FunctionCall) goja.Value { return m.rt.ToValue(m.entries(clean(c.Argument(0)))) })
	_ = files.Set("kind", func(c goja.FunctionCall) goja.Value {
		root := clean(c.Argument(0))
		if len(m.files.Paths(root)) == 0 {
			return goja.Undefined()
		}
		name := strings.TrimPrefix(path.Join("/", root, c.Argument(1).String()), "/")
		switch {
		case m.files.Has(name) && !strings.HasSuffix(c.Argument(1).String(), "/"):
			return m.rt.ToValue("file")
		case len(m.files.Paths(name)) > 0:
			return m.rt.ToValue("directory")
		}
		return m.rt.ToValue("nothing")
	})
}

// entries returns the names in a folder of the project.
func (m *Machine) entries(dir string) []string {
	out := []string{}
	prefix := dir + "/"
	if dir == "" {
		prefix = ""
	}
	for _, p := range m.files.Paths(dir) {
		name, _, _ := strings.Cut(strings.TrimPrefix(p, prefix), "/")
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
		if len(out) >= 1_000 {
			break
		}
	}
	return out
}

// variable returns the value of an environment variable.
func (m *Machine) variable(name string) goja.Value {
	if !m.seen[name] {
		m.seen[name] = true
		v := Variable{Name: name}
		if at, ok := m.callerPlace(); ok {
			v.Place = &at
		}
		m.variables = append(m.variables, v)
	}
	if text, set := m.app.Environment[name]; set {
		return m.rt.ToValue(text)
	}
	if m.app.Others == Unknown {
		return m.unknown("process.env."+name, textual)
	}
	return goja.Undefined()
}
