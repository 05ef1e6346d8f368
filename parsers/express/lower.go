package express

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/environment"
	"github.com/corslint/corslint/internal/script"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/parsers"
	"github.com/corslint/corslint/parsers/express/machine"
)

// lowering makes a host of one application.
type lowering struct {
	reader *reader
	unit   parsers.Unit
	entry  *source.File
	// function is set where a template deploys the entry.
	function *parsers.Function
	files    map[string]*source.File // that were read
	result   parsers.Result
	run      session
	slots    []int // of the session, for each scenario that was started
}

// scenario is an environment in which an application is run.
type scenario struct {
	name  string // "NODE_ENV=production"; "" where no variable is set
	app   machine.Application
	given *environment.Set // what the project gives; nil for an environment that is only possible
	slot  int              // its number in the session
	facts []machine.Fact   // that it showed
}

func (l *lowering) load(ctx context.Context) parsers.Result {
	l.result.Files = []*source.File{l.entry}
	host := &policy.Host{Name: path.Base(l.unit.Path), Dialect: "express", Span: source.Span{File: l.entry}}
	l.result.Hosts = []*policy.Host{host}
	if l.reader.options.ReadOnly {
		host.Gaps = append(host.Gaps, policy.Gap{Span: source.Span{File: l.entry}, Why: "this application is not run (express: {run: false})"})
		return l.result
	}
	l.run = l.reader.sessions.open()
	l.result.Done = func() { l.run.release(l.slots) }
	first := scenario{app: l.reader.application(l.unit.Path)}
	if l.function != nil {
		first = l.deployed(first.app)
	}
	main, err := l.start(ctx, &first)
	if err != nil {
		host.Gaps = append(host.Gaps, policy.Gap{Span: source.Span{File: l.entry}, Why: "the application could not be run: " + err.Error()})
		return l.result
	}
	if l.function != nil {
		first.given = lookedAt(first.given, main)
	}
	// In which of the possible environments an application runs is not known: an answer depends on it.
	possible := []scenario{first}
	more := others(first.app, main)
	if main.Stopped || first.given != nil {
		more = nil
	}
	for _, s := range more {
		d, err := l.start(ctx, &s)
		switch {
		case err != nil || len(d.Layers) < len(main.Layers):
		case len(d.Layers) > len(main.Layers): // what does not start in one environment answers nothing in it
			main, possible = d, []scenario{s}
		default:
			possible = append(possible, s)
			for _, m := range d.Mentions { // a list may be chosen by NODE_ENV
				if !slices.ContainsFunc(main.Mentions, m.Same) {
					main.Mentions = append(main.Mentions, m)
				}
			}
		}
	}
	l.describe(host, main)
	for i := range main.Layers {
		host.Layers = append(host.Layers, l.layer(main, i, possible))
	}
	// An environment that the project gives is one that the application does run in; a function runs in its own.
	sets := l.given(first.app, main)
	if l.function != nil {
		sets = nil
	}
	for _, s := range sets {
		if d, err := l.start(ctx, &s); err == nil {
			for i := range d.Layers {
				layer := l.layer(d, i, []scenario{s})
				layer.Name += " with " + s.name
				host.Layers = append(host.Layers, layer)
			}
		}
	}
	if len(host.Layers) == 0 { // nothing came of it: what its modules make is looked at for itself
		l.result.Files = l.result.Files[:1]
		if m := frameworks.FindSubmatch(l.entry.Data); m != nil && !modelled(string(m[1])) {
			host.Gaps = append(host.Gaps, policy.Gap{Span: source.Span{File: l.entry}, Why: "nothing of this " + string(m[1]) + " application could be followed"})
		}
	}
	for _, f := range l.result.Files {
		for _, c := range script.Comments(f) {
			l.result.Comments = append(l.result.Comments, parsers.Comment(c))
		}
	}
	return l.result
}

// modelled reports whether a framework is one that applications are run against.
func modelled(name string) bool { return name != "@nestjs/core" }

// deployed is the environment of a function, as far as its template gives one.
func (l *lowering) deployed(app machine.Application) scenario {
	app.Export, app.Payload = l.function.Export, l.function.Payload
	sets := l.reader.environment.Read(strings.TrimPrefix(path.Dir(l.unit.Path), "."))
	for i := range sets {
		if s := &sets[i]; s.Path == l.function.Template && strings.HasSuffix(s.Name, " function "+l.function.Name) {
			return within(s, app)
		}
	}
	for i := range sets { // Serverless gives to all that say nothing themselves
		if s := &sets[i]; s.Path == l.function.Template && s.Name == path.Base(s.Path) {
			return within(s, app)
		}
	}
	return within(&environment.Set{Name: path.Base(l.function.Template)}, app)
}

// lookedAt is a set without the values that an application does not look at: no answer is due to them.
func lookedAt(set *environment.Set, d *machine.Description) *environment.Set {
	out := *set
	out.Values = slices.DeleteFunc(slices.Clone(set.Values), func(v environment.Value) bool {
		return !slices.ContainsFunc(d.Variables, func(x machine.Variable) bool { return x.Name == v.Name })
	})
	return &out
}

// within is an application in an environment that the project gives.
func within(set *environment.Set, app machine.Application) scenario {
	app.Environment, app.Unknown = map[string]string{}, nil
	for _, v := range set.Values {
		if v.Unknown != "" {
			app.Unknown = append(app.Unknown, v.Name)
		} else {
			app.Environment[v.Name] = v.Text
		}
	}
	return scenario{name: set.Name, app: app, given: set}
}

// start runs the application in one environment.
func (l *lowering) start(ctx context.Context, s *scenario) (*machine.Description, error) {
	if !l.reader.sessions.mayStart() {
		return nil, errTooMuch
	}
	s.slot = l.reader.sessions.slot()
	l.slots = append(l.slots, s.slot)
	began := time.Now()
	d, err := l.run.load(ctx, s.slot, s.app)
	l.reader.sessions.took(time.Since(began))
	if err == nil {
		l.read(d)
		s.facts = d.Facts
	}
	return d, err
}

// errTooMuch says that the time for starting applications is used up.
var errTooMuch = fmt.Errorf("the applications of this project take longer than %v to start, and this one was not", startTime)

// maxGiven bounds how many of the environments that a project gives are looked at.
const maxGiven = 6

// given are the environments that the project gives to the application, as far as they set something that it reads.
func (l *lowering) given(app machine.Application, d *machine.Description) []scenario {
	read := func(v environment.Value) bool {
		return v.Name != "PORT" && slices.ContainsFunc(d.Variables, func(x machine.Variable) bool { return x.Name == v.Name })
	}
	var out []scenario
	if d.Stopped {
		return nil
	}
	sets := l.reader.environment.Read(strings.TrimPrefix(path.Dir(l.unit.Path), "."))
	for i := range sets {
		set := &sets[i]
		if set.Example || len(out) == maxGiven || !slices.ContainsFunc(set.Values, read) {
			continue
		}
		out = append(out, within(set, app))
	}
	return out
}

// others are the possible environments that make a difference beside the one in which nothing is set.
func others(app machine.Application, d *machine.Description) []scenario {
	var names []string
	for _, v := range d.Variables {
		if v.Name != "NODE_ENV" && v.Name != "PORT" && v.Name != "HOST" {
			names = append(names, v.Name)
		}
	}
	var out []scenario
	with := func(name string, others machine.Others) {
		next := app
		next.Environment, next.Others = map[string]string{"NODE_ENV": "production"}, others
		out = append(out, scenario{name: name, app: next})
	}
	if slices.ContainsFunc(d.Variables, func(v machine.Variable) bool { return v.Name == "NODE_ENV" }) {
		with("NODE_ENV=production", machine.Unset)
	}
	if len(names) > 0 {
		if len(names) > 3 {
			names = append(names[:3:3], "…")
		}
		with("the environment sets "+strings.Join(names, ", "), machine.Anything)
	}
	return out
}

// read notes the files that an application was made of.
func (l *lowering) read(d *machine.Description) {
	for _, name := range d.Files {
		if f := l.open(name); f != nil && !slices.Contains(l.result.Files, f) {
			l.result.Files = append(l.result.Files, f)
		}
	}
}

func (l *lowering) open(name string) *source.File {
	if f := l.files[name]; f != nil {
		return f
	}
	f, err := l.reader.files.Open(name)
	if err != nil {
		return nil
	}
	l.files[name] = f
	return f
}

// span makes a span of a place. A machine is not trusted: what lies outside the file is no place.
func (l *lowering) span(p *machine.Place) source.Span {
	if p == nil {
		return source.Span{}
	}
	f := l.files[p.File]
	if f == nil || p.Start < 0 || p.End < p.Start || p.End > len(f.Data) {
		return source.Span{}
	}
	return source.Span{File: f, Start: p.Start, End: p.End}
}

func (l *lowering) describe(host *policy.Host, d *machine.Description) {
	for _, g := range d.Unreadable {
		span := l.span(g.Place)
		if span.IsZero() {
			span = source.Span{File: l.entry}
		}
		if span.File != l.entry { // of another dialect of JavaScript, mostly: the rest runs without it
			host.Gaps = append(host.Gaps, policy.Gap{Span: span, Why: "this module cannot be read, and is unknown: " + g.Why})
			continue
		}
		l.result.Problems = append(l.result.Problems, parsers.Problem{Kind: parsers.Unreadable, Span: span, Text: g.Why})
	}
	for _, g := range d.Gaps {
		span := l.span(g.Place)
		if span.IsZero() {
			span = source.Span{File: l.entry}
		}
		host.Gaps = append(host.Gaps, policy.Gap{Span: span, Why: g.Why})
	}
	if d.Failure != nil {
		l.failure(host, d.Failure)
	}
}

// failure states why an application does not start. What express itself refuses is a mistake of the application; anything else
// may be due to what is not there in the sandbox.
func (l *lowering) failure(host *policy.Host, g *machine.Gap) {
	span := l.span(g.Place)
	if span.IsZero() {
		span = source.Span{File: l.entry}
	}
	if isPathError(g.Why) {
		l.result.Problems = append(l.result.Problems, parsers.Problem{Kind: parsers.BadRoute, Span: span, Text: strings.TrimSuffix(g.Why, pathErrorHint)})
		return
	}
	host.Gaps = append(host.Gaps, policy.Gap{Span: span, Why: "the application stops here when it starts: " + g.Why})
}

// pathErrorHint is how express 5 ends what it says of a pattern.
const pathErrorHint = "; visit https://git.new/pathToRegexpError for info"

func isPathError(text string) bool { return strings.HasSuffix(text, pathErrorHint) }

// layer lowers one application that answers requests.
func (l *lowering) layer(d *machine.Description, i int, scenarios []scenario) *policy.Layer {
	from := &d.Layers[i]
	layer := &policy.Layer{Name: l.unit.Path, Span: l.span(from.Place), Listeners: []policy.Listener{{Scheme: "http", Opened: from.Port}}}
	if layer.Span.IsZero() {
		layer.Span = source.Span{File: l.entry}
	}
	if len(d.Layers) > 1 {
		layer.Name = fmt.Sprintf("%s (application %d)", l.unit.Path, i+1)
	}
	if from.Name != "" {
		layer.Name += " (" + from.Name + ")"
	}
	layer.Reached = l.reached(from.Port)
	if given := scenarios[0].given; given != nil {
		layer.Environment = given.Path
	}
	for _, e := range from.Endpoints {
		span := l.span(e.Place)
		if span.IsZero() {
			span = layer.Span
		}
		endpoint := policy.Endpoint{Pattern: e.Pattern, Example: e.Example, Methods: e.Methods, Span: span, Static: e.Static}
		for _, r := range e.Routes {
			if at := l.span(&r.Place); !at.IsZero() {
				if endpoint.Routes == nil {
					endpoint.Routes = map[string]source.Span{}
				}
				endpoint.Routes[r.Method] = at
			}
		}
		layer.Endpoints = append(layer.Endpoints, endpoint)
	}
	for _, m := range d.Mentions {
		mention := l.mention(m)
		if at := scenarios[0].gives(m.Text); !at.IsZero() {
			mention.Span = at
		}
		layer.Mentions = append(layer.Mentions, mention)
	}
	for _, f := range d.Facts {
		if kind := factKinds[f.Kind]; kind != 0 && (kind != policy.FactSessionCookie || everywhere(f, scenarios)) {
			layer.Facts = append(layer.Facts, policy.Fact{Kind: kind, Endpoint: f.Endpoint, Method: f.Method, Subject: f.Subject, Text: f.Text, Span: l.span(f.Place)})
		}
	}
	layer.Answerer = &answerer{run: l.run, scenarios: scenarios, layer: i, lowering: l}
	return layer
}

// everywhere reports whether a fact holds in all environments: a cookie that one of them makes otherwise is not known.
func everywhere(f machine.Fact, scenarios []scenario) bool {
	for _, s := range scenarios {
		if !slices.ContainsFunc(s.facts, func(x machine.Fact) bool { return x.Kind == f.Kind && x.Subject == f.Subject && x.Text == f.Text }) {
			return false
		}
	}
	return true
}

// reached returns the addresses at which an application that listens on a port is reached: on its machine, and as the service
// that runs it.
func (l *lowering) reached(port int) []string {
	if l.function != nil {
		return nil
	}
	services := l.reader.environment.Services(strings.TrimPrefix(path.Dir(l.unit.Path), "."))
	if port != 0 {
		services = append(services, fmt.Sprintf(":%d", port))
	}
	return services
}

// gives returns the place of the value of the environment that a text is, or is listed in.
func (s *scenario) gives(text string) source.Span {
	if s.given == nil || len(text) < 4 {
		return source.Span{}
	}
	for _, v := range s.given.Values {
		if v.Unknown == "" && (v.Text == text || slices.ContainsFunc(strings.FieldsFunc(v.Text, func(r rune) bool { return strings.ContainsRune(",; \"'[]", r) }), func(item string) bool { return item == text })) {
			return v.Span
		}
	}
	return source.Span{}
}

var mentionKinds = map[string]policy.MentionKind{"literal": policy.MentionLiteral, "pattern": policy.MentionPattern, "prefix": policy.MentionPrefix, "suffix": policy.MentionSuffix,
	"contains": policy.MentionContains}

func (l *lowering) mention(m machine.Mention) policy.Mention {
	return policy.Mention{Kind: mentionKinds[m.Kind], Text: m.Text, FoldCase: m.Fold, Dialect: policy.JavaScript, Span: l.span(m.Place)}
}

var factKinds = map[string]policy.FactKind{"option-unknown": policy.FactOptionUnknown, "session-cookie": policy.FactSessionCookie, "reads-body": policy.FactReadsBody,
	"requires-header": policy.FactRequiresHeader, "serves-pages": policy.FactServesPages, "hides-routes": policy.FactHidesRoutes}

// answerer answers for one layer of an application.
type answerer struct {
	run       session
	scenarios []scenario
	layer     int
	lowering  *lowering

	lock       sync.Mutex
	remembered [2]map[string][]machine.Response // what was asked lately, and what was before that
}

var _ policy.Answerer = (*answerer)(nil)

// Answer asks the application in each of its environments. Where they answer alike the environment is of no interest.
func (a *answerer) Answer(ctx context.Context, r *policy.Request, next policy.Next) []policy.Outcome {
	q := request(r, a.layer)
	var out []policy.Outcome
	for i := range a.scenarios {
		s := &a.scenarios[i]
		at := policy.Unknown{Kind: policy.UnknownEnvironment, Subject: s.name}
		if holds, known := assumed(r, at); known && !holds {
			continue
		}
		responses, err := a.ask(ctx, s.slot, q)
		if err != nil {
			return []policy.Outcome{a.gaveUp(err)}
		}
		for j := range responses {
			for _, o := range a.outcomes(ctx, r, s, &responses[j], next) {
				out = a.add(out, o, i)
			}
		}
	}
	return a.settle(out, r)
}

// maxRemembered bounds how many answers are remembered of late. The same question is asked again and again in a survey, and by
// rules about the same endpoint.
const maxRemembered = 8_192

// ask asks the application, unless it was asked before.
func (a *answerer) ask(ctx context.Context, scenario int, q *machine.Request) ([]machine.Response, error) {
	key := fmt.Sprint(scenario, *q)
	if known, ok := a.recall(key); ok {
		return known, nil
	}
	responses, err := a.run.answer(ctx, scenario, q)
	if err != nil {
		return nil, err
	}
	a.remember(key, responses)
	return responses, nil
}

func (a *answerer) recall(key string) ([]machine.Response, bool) {
	a.lock.Lock()
	defer a.lock.Unlock()
	for _, list := range a.remembered {
		if known, ok := list[key]; ok {
			return known, true
		}
	}
	return nil, false
}

func (a *answerer) remember(key string, responses []machine.Response) {
	a.lock.Lock()
	defer a.lock.Unlock()
	if len(a.remembered[0]) == maxRemembered || a.remembered[0] == nil {
		a.remembered = [2]map[string][]machine.Response{{}, a.remembered[0]}
	}
	a.remembered[0][key] = responses
}

// scenarioMark says in which environments an outcome occurs, while outcomes are put together.
const scenarioMark policy.UnknownKind = "scenario"

func (a *answerer) add(list []policy.Outcome, o policy.Outcome, scenario int) []policy.Outcome {
	mark := policy.Assumption{Unknown: policy.Unknown{Kind: scenarioMark, Subject: fmt.Sprint(scenario)}, Holds: true}
	for i := range list {
		if alike(&list[i], &o) {
			list[i].Assuming = append(list[i].Assuming, mark)
			return list
		}
	}
	o.Assuming = append(slices.Clone(o.Assuming), mark)
	return append(list, o)
}

// settle says of each outcome in which environment it occurs, unless it does in all.
func (a *answerer) settle(list []policy.Outcome, r *policy.Request) []policy.Outcome {
	for i := range list {
		var in []int
		var rest []policy.Assumption
		for _, x := range list[i].Assuming {
			if x.Kind != scenarioMark {
				rest = append(rest, x)
				continue
			}
			var n int
			_, _ = fmt.Sscan(x.Subject, &n)
			in = append(in, n)
		}
		if len(in) < len(a.scenarios) {
			// The environment of the exchange is the one of these that comes first: what differs later is asked in it.
			for n, s := range a.scenarios {
				at := policy.Unknown{Kind: policy.UnknownEnvironment, Subject: s.name}
				if _, known := assumed(r, at); !known {
					rest = append(rest, policy.Assumption{Unknown: at, Holds: slices.Contains(in, n)})
				}
			}
		}
		list[i].Assuming = rest
	}
	return list
}

func assumed(r *policy.Request, u policy.Unknown) (holds, known bool) {
	for _, x := range r.Assume {
		if x.Same(u) {
			return x.Holds, true
		}
	}
	return false, false
}

func alike(a, b *policy.Outcome) bool {
	if a.Status != b.Status || len(a.Headers) != len(b.Headers) || (a.Open == nil) != (b.Open == nil) || a.Open != nil && !a.Open.Same(*b.Open) {
		return false
	}
	for i := range a.Headers {
		if a.Headers[i].Name != b.Headers[i].Name || a.Headers[i].Value.String() != b.Headers[i].Value.String() {
			return false
		}
	}
	return slices.EqualFunc(choices(a), choices(b), func(x, y policy.Assumption) bool { return x.Same(y.Unknown) && x.Holds == y.Holds })
}

func choices(o *policy.Outcome) []policy.Assumption {
	return slices.DeleteFunc(slices.Clone(o.Assuming), func(x policy.Assumption) bool { return x.Kind == scenarioMark })
}

func (a *answerer) gaveUp(err error) policy.Outcome {
	subject := a.lowering.unit.Path
	if !errors.Is(err, context.Canceled) {
		subject += ", which " + err.Error()
	}
	return policy.Outcome{Open: &policy.Unknown{Kind: policy.UnknownModule, Subject: subject, Span: source.Span{File: a.lowering.entry}}}
}

func request(r *policy.Request, layer int) *machine.Request {
	q := &machine.Request{Layer: layer, Method: r.Method, URL: r.Path, Secure: r.Scheme == "https"}
	if r.Query != "" || r.EmptyQuery {
		q.URL += "?" + r.Query
	}
	host := r.Host
	if r.Port != 0 && r.Port != 80 && r.Port != 443 {
		host += fmt.Sprintf(":%d", r.Port)
	}
	if _, ok := r.Header("Host"); !ok {
		q.Headers = append(q.Headers, [2]string{"Host", host})
	}
	for _, h := range r.Headers {
		q.Headers = append(q.Headers, [2]string{h.Name, h.Value})
	}
	if _, ok := r.Header("X-Forwarded-Proto"); r.Scheme == "https" && !ok { // what ends TLS in front of it says so
		q.Headers = append(q.Headers, [2]string{"X-Forwarded-Proto", "https"})
	}
	for _, c := range r.Circumstances {
		q.Circumstances = append(q.Circumstances, c.String())
	}
	for _, x := range r.Assume {
		q.Assume = append(q.Assume, machine.Answered{Question: machine.Question{Kind: string(x.Kind), Subject: x.Subject}, Holds: x.Holds})
	}
	return q
}

func (a *answerer) value(parts []machine.Part) policy.Value {
	var values []policy.Value
	for _, p := range parts {
		if p.Unknown != nil {
			values = append(values, policy.UnknownValue(policy.Unknown{Kind: policy.UnknownVariable, Subject: p.Unknown.Subject}))
		} else {
			values = append(values, policy.Literal(p.Text))
		}
	}
	return policy.Join(values...)
}

// outcomes makes outcomes of an answer: one, or those of what stands behind where it is forwarded.
func (a *answerer) outcomes(ctx context.Context, r *policy.Request, s *scenario, from *machine.Response, next policy.Next) []policy.Outcome {
	o := policy.Outcome{Status: from.Status}
	for _, h := range from.Headers {
		header := policy.Header{Name: h.Name, Value: a.value(h.Value)}
		for i := range h.Places {
			if at := a.lowering.span(&h.Places[i]); !at.IsZero() {
				header.Sources = append(header.Sources, at)
			}
		}
		if text, known := header.Value.Known(); known {
			if at := s.gives(text); !at.IsZero() {
				header.Sources = append(header.Sources, at)
			}
		}
		o.Headers = append(o.Headers, header)
	}
	for _, x := range from.Lost {
		o.Lost = append(o.Lost, policy.Lost{Header: x.Name, Value: a.value(x.Value), At: a.lowering.span(x.At), By: a.lowering.span(x.By), Why: policy.LostWhy(x.Why)})
	}
	for _, x := range from.Assuming {
		o.Assuming = append(o.Assuming, policy.Assumption{Unknown: policy.Unknown{Kind: policy.UnknownKind(x.Kind), Subject: x.Subject}, Holds: x.Holds})
	}
	decided := []*machine.Place{from.By, from.Sent}
	if from.Raised != nil {
		decided = []*machine.Place{from.Raised} // whoever answers for an error did not decide
	}
	for _, p := range decided {
		if s := a.lowering.span(p); !s.IsZero() && !slices.Contains(o.Trail, s) {
			o.Trail = append(o.Trail, s)
		}
	}
	if from.Open != nil {
		o.Open = &policy.Unknown{Kind: policy.UnknownKind(from.Open.Kind), Subject: from.Open.Subject}
		if len(from.Loose) > 0 { // all others are as they are
			o.Fixed = slices.DeleteFunc([]string{"access-control-*", "vary", "location"}, func(name string) bool { return slices.Contains(from.Loose, name) })
		}
	}
	if from.Forward == nil {
		return []policy.Outcome{o}
	}
	return a.forwarded(ctx, r, &o, from.Forward, next)
}

// forwarded adds the headers that were set before to what stands behind the application. Those that it sends take their
// place.
func (a *answerer) forwarded(ctx context.Context, r *policy.Request, before *policy.Outcome, f *machine.Forward, next policy.Next) []policy.Outcome {
	forward := &policy.Forward{To: policy.Upstream{Name: a.value(f.To).String(), Span: a.lowering.span(f.Place)}, Unreachable: 504}
	inner := *r
	inner.Path, inner.Query, _ = strings.Cut(f.Path, "?")
	program := &policy.Program{BadRequest: -1, Blocks: []policy.Block{{Request: []policy.Step{forward}}}}
	out := program.Answer(ctx, &inner, next)
	for i := range out {
		o := &out[i]
		var kept []policy.Header
		for _, h := range before.Headers {
			if _, replaced := o.Get(h.Name); !replaced {
				kept = append(kept, h)
			} else if strings.HasPrefix(strings.ToLower(h.Name), "access-control-") && len(h.Sources) > 0 {
				o.Lost = append(o.Lost, policy.Lost{Header: h.Name, Value: h.Value, At: h.Sources[0], By: forward.To.Span, Why: policy.Overridden})
			}
		}
		o.Headers = append(kept, o.Headers...)
		o.Lost = append(o.Lost, before.Lost...)
		o.Assuming = append(slices.Clone(before.Assuming), o.Assuming...)
		o.Trail = append(slices.Clone(before.Trail), o.Trail...)
	}
	return out
}
