package policy

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/corslint/corslint/internal/source"
)

const (
	maxOutcomes  = 64
	maxJumps     = 10      // nginx: NGX_HTTP_MAX_URI_CHANGES
	maxSteps     = 100_000 // a Program is finite, but blocks may jump in circles
	maxValueSize = 1 << 14 // bytes, more than a server takes as a header; "set $a $a$a" doubles
	maxDepth     = 100     // of variables defined by variables
	maxNotes     = 1000    // header lines, lost headers and trail places of an answer, each
	maxPlaces    = 64      // that a value comes from; "set $a $a$a" doubles them too
	maxSubject   = 1000    // bytes of what an unknown is about
)

// Answer evaluates the program for one request. It follows every answer to what it cannot know, up to 64 outcomes and as
// far as their steps are not too many; when there are more, the last outcome is open and says so.
func (p *Program) Answer(ctx context.Context, r *Request, next Next) []Outcome {
	x := p.take()
	defer p.put(x)
	x.choices = &x.fork
	x.fork.taken = x.fork.taken[:0]
	outcomes, steps := make([]Outcome, 0, 1), 0
	for {
		x.fork.pos = 0
		x.start(ctx, r, next)
		x.answer()
		x.out.own()
		outcomes = append(outcomes, x.out)
		if !x.fork.advance() {
			return outcomes
		}
		if steps += x.steps; len(outcomes) == maxOutcomes || steps > maxSteps || ctx.Err() != nil {
			outcomes[len(outcomes)-1].Open = &Unknown{Kind: UnknownLimit}
			return outcomes
		}
	}
}

// own makes the layer's own what code wrote that the layer itself runs. While the layer looks at the answer it is another's.
func (o *Outcome) own() {
	if o.Upstream == nil || !o.Upstream.Own {
		return
	}
	for i := range o.Headers {
		o.Headers[i].Upstream = o.Headers[i].Upstream && o.Headers[i].By == ""
	}
	if o.Open == nil {
		o.Upstream = nil
	}
}

func (p *Program) take() *run {
	if x, ok := p.pool.Get().(*run); ok {
		return x
	}
	return &run{p: p, vars: make([]variable, len(p.Vars))}
}

func (p *Program) put(x *run) {
	x.ctx, x.request, x.next, x.choices, x.out = nil, nil, nil, nil, Outcome{}
	p.pool.Put(x)
}

// run is the evaluation of a program for one request along one path of choices. Choices are replayed: each path starts
// from the beginning, so that no state has to be copied where an answer forks.
type run struct {
	p       *Program
	ctx     context.Context
	request *Request
	next    Next

	method, path, query string
	vars                []variable
	captures            []string
	block               int
	jumps, steps, depth int
	answered            bool // there is an answer, and no jump has dropped it
	gaveUp              bool // the answer is that of fail
	closed              bool // there is none: the connection was closed
	upstreamAnswered    bool
	out                 Outcome
	via                 []source.Span // where the value in evaluation came from

	choices *choices
	fork    choices // what choices points to, but in a subrequest
}

type variable struct {
	value   Value
	sources []source.Span
	set     bool
}

func (x *run) start(ctx context.Context, r *Request, next Next) {
	x.ctx, x.request, x.next = ctx, r, next
	x.method, x.path, x.query = r.Method, r.Path, r.Query
	for i := range x.vars {
		x.vars[i] = variable{value: x.p.Vars[i].Initial}
	}
	x.captures = x.captures[:0]
	x.block, x.jumps, x.steps, x.depth = x.p.Entry, 0, 0, 0
	x.answered, x.upstreamAnswered, x.gaveUp, x.closed = false, false, false, false
	x.out = Outcome{}
}

// choices is one path through the forks of an answer.
type choices struct {
	taken []choice
	pos   int // how many of them the evaluation has come to
}

// choice is a fork: which of how many ways is taken.
type choice struct{ way, ways int }

// next returns the way to take at the fork that the evaluation has come to; a new fork is taken at its first way. A replay
// finds the forks of the first time, unless a time limit struck in between.
func (c *choices) next(ways int) int {
	if c.pos == len(c.taken) {
		c.taken = append(c.taken, choice{ways: ways})
	}
	c.pos++
	return min(c.taken[c.pos-1].way, ways-1)
}

// advance moves on to the next path that was not taken yet.
func (c *choices) advance() bool {
	for n := len(c.taken); n > 0; n-- {
		last := &c.taken[n-1]
		if last.way+1 < last.ways {
			last.way++
			c.taken = c.taken[:n]
			return true
		}
	}
	return false
}

// decide answers a question that is not known: as the exchange assumed it before, or both ways in turn.
func (x *run) decide(u Unknown) bool {
	if holds, known := x.assumed(u); known {
		return holds
	}
	if len(x.out.Assuming) >= maxNotes {
		x.out.Open = &Unknown{Kind: UnknownLimit}
		return false
	}
	holds := x.choices.next(2) == 0
	x.out.Assuming = append(x.out.Assuming, Assumption{Unknown: u, Holds: holds})
	return holds
}

// assume takes an unknown for granted.
func (x *run) assume(u Unknown) {
	if _, known := x.assumed(u); !known {
		x.out.Assuming = append(x.out.Assuming, Assumption{Unknown: u, Holds: true})
	}
}

// assumed returns how an unknown was decided before, in this answer or earlier in the exchange.
func (x *run) assumed(u Unknown) (holds, known bool) {
	for _, list := range [...][]Assumption{x.request.Assume, x.out.Assuming} {
		for _, a := range list {
			if a.Same(u) {
				return a.Holds, true
			}
		}
	}
	return false, false
}

// flow is what a step does to the course of the evaluation.
type flow int

const (
	onward   flow = -1 // with the next step
	finished flow = -2 // the part is done: there is an answer
	// a flow of 0 and more is the block to go on in
)

func (x *run) answer() {
	path, ok := x.p.Paths.Read(x.path)
	if ok {
		x.path = path
	} else if x.p.BadRequest >= 0 {
		x.block = x.p.BadRequest
	}
	for {
		to := x.enter(&x.p.Blocks[x.block])
		if to < 0 {
			return
		}
		x.block = int(to)
	}
}

// enter runs a block's request part and, on the answer, its response part.
func (x *run) enter(b *Block) flow {
	if to := x.exec(b.Request); to >= 0 {
		return x.drop(to)
	}
	if !x.answered { // a block that falls off its end knows no answer
		x.out.Open = &Unknown{Kind: UnknownModule, Subject: b.Name, Span: b.Span}
		x.answered = true
	}
	if x.closed { // nothing is sent
		return finished
	}
	if to := x.exec(b.Response); to >= 0 {
		return x.drop(to)
	}
	return finished
}

// drop forgets an answer that an internal redirect replaces; what the answer lost stays known.
func (x *run) drop(to flow) flow {
	if x.answered {
		x.answered, x.upstreamAnswered = false, false
		x.out.Status, x.out.Headers, x.out.Open, x.out.Fixed, x.out.Upstream, x.out.By = 0, nil, nil, nil, nil, ""
	}
	return to
}

func (x *run) exec(steps []Step) flow {
	for _, s := range steps {
		if x.steps++; x.steps > maxSteps || x.steps%64 == 0 && x.ctx.Err() != nil {
			return x.fail()
		}
		if to := x.step(s); to != onward {
			return to
		}
	}
	return onward
}

// fail ends a request that goes round in circles, as nginx does.
func (x *run) fail() flow {
	x.out.Status, x.out.Headers, x.answered, x.gaveUp = 500, nil, true, true
	return finished
}

// The notes of an answer are bounded, because steps may run in circles.

func (x *run) trail(at source.Span) {
	if !at.IsZero() && len(x.out.Trail) < maxNotes {
		x.out.Trail = append(x.out.Trail, at)
	}
}

func (x *run) lose(l Lost) {
	if len(x.out.Lost) < maxNotes {
		x.out.Lost = append(x.out.Lost, l)
	}
}

func (x *run) send(h Header) {
	if !isEmpty(h.Value) && len(x.out.Headers) < maxNotes {
		x.out.Headers = append(x.out.Headers, h)
	}
}

func (x *run) step(s Step) flow {
	switch s := s.(type) {
	case *If:
		x.via = x.via[:0]
		if x.test(s.Cond) {
			for _, at := range x.via { // what decided, then what it decided
				x.trail(at)
			}
			x.trail(s.Span)
			return x.exec(s.Then)
		}
		return x.exec(s.Else)
	case *Set:
		x.via = x.via[:0]
		v := x.eval(s.Value)
		x.set(s.Var, v, append(slices.Clone(x.via), s.Span))
	case *Edit:
		x.edit(s)
	case *Respond:
		x.respond(s)
		return finished
	case *Forward:
		x.forward(s)
		if to := x.exec(s.Receive); to != onward {
			return to
		}
		return finished
	case *Subrequest:
		x.set(s.Var, x.subrequest(s), nil)
	case *Jump:
		if s.Internal {
			if x.jumps++; x.jumps > maxJumps {
				return x.fail()
			}
		}
		x.trail(s.Span)
		return flow(s.Block)
	case *EditHeader:
		x.editHeader(s)
	case *SetStatus:
		if x.gaveUp {
			return onward // its own error, whatever answer was on the way
		}
		if text, ok := x.eval(s.Value).Known(); ok {
			if status, err := strconv.Atoi(text); err == nil {
				x.out.Status = status
			}
		}
	case *Lose:
		if v := x.eval(s.Value); !isEmpty(v) {
			x.lose(Lost{Header: s.Name, Value: v, At: s.At, By: s.By, Why: s.Why, FromBranch: s.FromBranch})
		}
	case *OpenHeaders:
		x.out.Open = &s.Unknown
	}
	return onward
}

// subrequest answers a request of the program to itself and returns the status.
func (x *run) subrequest(s *Subrequest) Value {
	if x.depth++; x.depth > maxDepth {
		x.depth--
		return Literal("500")
	}
	inner := *x.request
	inner.Method, inner.Path = "GET", x.eval(s.Path).String()
	inner.Assume = append(slices.Clone(x.request.Assume), x.out.Assuming...)
	sub := x.p.take()
	defer x.p.put(sub)
	sub.start(x.ctx, &inner, x.next)
	// The steps are counted together: programs that ask themselves twice on each level would grow without bound.
	sub.choices, sub.depth, sub.steps = x.choices, x.depth, x.steps
	sub.set(s.Flag, Literal("1"), nil)
	sub.answer()
	x.depth, x.steps = x.depth-1, sub.steps
	x.out.Assuming = append(x.out.Assuming, sub.out.Assuming...)
	if sub.out.Status == 0 {
		return Value{}
	}
	return Literal(strconv.Itoa(sub.out.Status))
}

func (x *run) edit(s *Edit) {
	if s.Method != nil {
		x.method, _ = x.eval(s.Method).Known()
	}
	if s.Path != nil {
		x.path = x.eval(s.Path).String()
	}
	if s.Query != nil {
		x.query = x.eval(s.Query).String()
	}
	if s.Host != nil || s.NoHeaders {
		edited := *x.request // the caller's stays as it is
		if s.Host != nil {
			edited.Host = x.eval(s.Host).String()
		}
		if s.NoHeaders {
			edited.Headers = nil
		}
		x.request = &edited
	}
}

func (x *run) respond(s *Respond) {
	x.drop(onward) // what an upstream answered
	x.answered = true
	if s.Close {
		x.closed = true
		return
	}
	x.out.Status = s.Status
	for i := range s.Headers {
		h := &s.Headers[i]
		v, sources := x.valueOf(h.Value, h.Span)
		x.send(Header{Name: h.Name, Value: v, Sources: sources})
	}
	x.trail(s.Span)
}

// forward asks the next layer, or leaves the answer open when nobody knows it.
func (x *run) forward(s *Forward) {
	x.answered = true
	x.out.Upstream = &s.To
	x.trail(s.To.Span)
	if _, down := x.request.Has(UpstreamDown); down {
		x.out.Status = s.Unreachable
		return
	}
	ask := x.next
	if here := s.To.Answerer; here != nil {
		ask = func(ctx context.Context, _ Upstream, r *Request) ([]Outcome, bool) {
			return here.Answer(ctx, r, x.next), true
		}
	}
	if ask != nil {
		inner := *x.request
		inner.Method, inner.Query = x.method, x.query
		if s.Query != nil {
			inner.Query = x.eval(s.Query).String()
		}
		if s.Path != nil {
			path, query, found := strings.Cut(x.eval(s.Path).String(), "?")
			if inner.Path = path; found {
				inner.Query = query
			}
			inner.EmptyQuery = inner.EmptyQuery && path == x.request.Path
		}
		inner.Headers = x.forwarded(s.Headers)
		inner.Assume = append(slices.Clone(x.request.Assume), x.out.Assuming...)
		if outcomes, ok := ask(x.ctx, s.To, &inner); ok && len(outcomes) > 0 {
			o := outcomes[0]
			if len(outcomes) > 1 {
				o = outcomes[x.choices.next(len(outcomes))]
			}
			x.upstreamAnswered = o.Status != 0 || o.Open != nil // else it closed the connection
			x.out.Status, x.out.Open, x.out.By = o.Status, o.Open, o.By
			if !x.upstreamAnswered {
				x.out.Status = s.Unreachable
			}
			x.out.Headers = slices.Clone(o.Headers)
			if s.To.Own {
				x.out.By = s.To.Name
			}
			for i := range x.out.Headers {
				x.out.Headers[i].Upstream = true
				if s.To.Own {
					x.out.Headers[i].By = s.To.Name
				}
			}
			x.out.Fixed = slices.Clone(o.Fixed)
			x.out.Lost = append(x.out.Lost, o.Lost...)
			x.out.Assuming = append(x.out.Assuming, o.Assuming...)
			x.out.Trail = append(x.out.Trail, o.Trail...)
			return
		}
	}
	x.upstreamAnswered = true
	x.out.Open = &Unknown{Kind: UnknownUpstream, Subject: s.To.Name, Span: s.To.Span}
	if c, ok := x.request.Has(UpstreamStatus); ok {
		x.out.Status = c.Status
	}
	if x.silent(s.To.Name) {
		x.out.Fixed = append(x.out.Fixed, "access-control-*")
		if x.out.Status == 0 {
			x.out.Status = 200
			if x.method == "OPTIONS" { // many servers answer 404 or 405
				x.assume(Unknown{Kind: UnknownOptions, Subject: s.To.Name, Span: s.To.Span})
			}
		}
	}
}

// silent reports whether the exchange takes for granted that an unknown upstream sends no CORS headers.
func (x *run) silent(upstream string) bool {
	holds, known := x.assumed(Unknown{Kind: UnknownSilent, Subject: upstream})
	return known && holds
}

// forwarded returns the request headers that the next layer sees.
func (x *run) forwarded(lines []Line) []Field {
	headers := x.request.Headers
	if len(lines) == 0 {
		return headers
	}
	headers = slices.Clone(headers)
	for _, l := range lines {
		v := x.eval(l.Value).String()
		headers = slices.DeleteFunc(headers, func(f Field) bool { return strings.EqualFold(f.Name, l.Name) })
		if v != "" {
			headers = append(headers, Field{Name: l.Name, Value: v})
		}
	}
	return headers
}

func (x *run) editHeader(s *EditHeader) {
	if s.Op == Remove {
		x.remove(s)
		return
	}
	v, sources := x.valueOf(s.Value, s.Span)
	switch s.Op {
	case Default:
		if _, found := x.out.Get(s.Name); found {
			return
		}
	case Merge:
		if x.merge(s.Name, v, sources) {
			return
		}
	case Rewrite:
		for i := range x.out.Headers {
			if h := &x.out.Headers[i]; strings.EqualFold(h.Name, s.Name) {
				h.Value, h.Sources = v, sources
				break
			}
		}
		return
	case Replace:
		if !isEmpty(v) && x.replace(s, v, sources) {
			return
		}
		x.remove(s)
	case First:
		if !isEmpty(v) && len(x.out.Headers) < maxNotes {
			x.out.Headers = slices.Insert(x.out.Headers, 0, Header{Name: s.Name, Value: v, Sources: sources})
		}
		return
	case Add, Remove:
	}
	x.send(Header{Name: s.Name, Value: v, Sources: sources})
}

// replace gives the first line of that name the value, where it stands, and removes the others; it reports false when there
// is none.
func (x *run) replace(s *EditHeader, v Value, sources []source.Span) bool {
	at := slices.IndexFunc(x.out.Headers, func(h Header) bool { return strings.EqualFold(h.Name, s.Name) })
	if at < 0 {
		return false
	}
	x.remove(s)
	x.out.Headers = slices.Insert(x.out.Headers, at, Header{Name: s.Name, Value: v, Sources: sources})
	return true
}

// remove takes headers away, and what an unknown upstream may have sent under the name with them.
func (x *run) remove(s *EditHeader) {
	by := s.By
	if by.IsZero() {
		by = s.Span
	}
	prefix, wild := strings.CutSuffix(s.Name, "*")
	kept := x.out.Headers[:0]
	for _, h := range x.out.Headers {
		hit := strings.EqualFold(h.Name, s.Name)
		if wild {
			hit = len(h.Name) >= len(prefix) && strings.EqualFold(h.Name[:len(prefix)], prefix)
		}
		if !hit || s.UpstreamOnly && !h.Upstream {
			kept = append(kept, h)
			continue
		}
		at := source.Span{}
		if len(h.Sources) > 0 {
			at = h.Sources[0]
		}
		x.lose(Lost{Header: h.Name, Value: h.Value, At: at, By: by, Why: s.Why})
	}
	if x.out.Open != nil && len(kept) == len(x.out.Headers) && s.Why == Hidden {
		// Whatever an unknown upstream sends under the name is lost.
		x.lose(Lost{Header: s.Name, Value: UnknownValue(*x.out.Open), By: by, Why: s.Why})
	}
	x.out.Headers = kept
	if name := strings.ToLower(s.Name); x.out.Open != nil && !slices.Contains(x.out.Fixed, name) {
		x.out.Fixed = append(x.out.Fixed, name)
	}
}

// merge appends to the list in the first line of that name; it reports false when there is none.
func (x *run) merge(name string, v Value, sources []source.Span) bool {
	for i := range x.out.Headers {
		h := &x.out.Headers[i]
		if !strings.EqualFold(h.Name, name) {
			continue
		}
		if list, ok := h.Value.Known(); ok {
			for item := range strings.SplitSeq(list, ",") {
				if text, known := v.Known(); known && strings.EqualFold(strings.TrimSpace(item), text) {
					return true
				}
			}
		}
		if h.Value.size()+v.size() < maxValueSize {
			h.Value = Join(h.Value, Literal(", "), v)
			h.Sources = append(slices.Clone(h.Sources), sources...)
		}
		return true
	}
	return false
}

// valueOf evaluates the value of a header that is written at a place, and says where the value comes from.
func (x *run) valueOf(e Expr, at source.Span) (Value, []source.Span) {
	x.via = x.via[:0]
	v := x.eval(e)
	sources := make([]source.Span, 1, 1+len(x.via))
	sources[0] = at
	return v, append(sources, x.via...)
}

func (x *run) set(index int, v Value, sources []source.Span) {
	if text, known := v.Known(); known && len(text) > maxValueSize {
		v = Literal(text[:maxValueSize])
	} else if !known && v.size() > maxValueSize {
		v = UnknownValue(*v.Unknown())
	}
	x.vars[index] = variable{value: v, sources: sources, set: true}
}

// from notes that the value in evaluation comes from places.
func (x *run) from(places ...source.Span) {
	x.via = append(x.via, places[:max(min(len(places), maxPlaces-len(x.via)), 0)]...)
}

// about shortens what an unknown is about.
func about(subject string) string { return subject[:min(len(subject), maxSubject)] }

func isEmpty(v Value) bool { return v.text == "" && v.parts == nil }

// test evaluates a condition.
func (x *run) test(c Cond) bool {
	switch c := c.(type) {
	case *Equal:
		return x.compare(x.eval(c.Of), c.Text, c.FoldCase)
	case *OneOf:
		v := x.eval(c.Of)
		for _, text := range c.Texts {
			if x.compare(v, text, false) {
				return true
			}
		}
		return false
	case *HasPrefix:
		v := x.eval(c.Of)
		if text, known := v.Known(); known {
			return strings.HasPrefix(text, c.Text)
		}
		return x.decide(unknownTest(v, "starts with", c.Text))
	case *HasSuffix:
		v := x.eval(c.Of)
		if text, known := v.Known(); known {
			return strings.HasSuffix(text, c.Text)
		}
		return x.decide(unknownTest(v, "ends with", c.Text))
	case *Matches:
		return x.match(x.eval(c.Of), c.Pattern, c.Named, c.Keeps)
	case *Same:
		a, b := x.eval(c.A), x.eval(c.B)
		textA, knownA := a.Known()
		textB, knownB := b.Known()
		switch {
		case knownA && knownB:
			return textA == textB
		case knownA:
			return x.compare(b, textA, false)
		default:
			return x.compare(a, b.String(), false)
		}
	case *StatusIn:
		if x.out.Status == 0 && x.out.Open != nil {
			// An unknown upstream gives an ordinary answer; other statuses are circumstances, which somebody asks for.
			return slices.Contains(c.Statuses, 200)
		}
		return slices.Contains(c.Statuses, x.out.Status)
	case FromUpstream:
		return x.upstreamAnswered
	case *HasHeader:
		_, found := x.out.Get(c.Name)
		if !found && !c.OnlyKnown && x.out.MayHave(c.Name) {
			return x.decide(Unknown{Kind: UnknownHeader, Subject: x.out.Open.Subject + " " + c.Name, Span: x.out.Open.Span})
		}
		return found
	case *Not:
		return !x.test(c.Cond)
	case All:
		for _, part := range c {
			if !x.test(part) {
				return false
			}
		}
		return true
	case Meets:
		met, ok := x.request.Has(c.Kind)
		return ok && (c.Statuses == nil || slices.Contains(c.Statuses, met.Status))
	case *Ask:
		u := c.Unknown
		if c.Subject != nil {
			u.Subject = about(u.Subject + x.eval(c.Subject).String())
		}
		if x.p.Exists != nil && (u.Kind == UnknownFile || u.Kind == UnknownDirectory) {
			if exists, known := x.p.Exists(u.Kind, u.Subject); known {
				return exists
			}
		}
		return x.decide(u)
	}
	return false
}

func (x *run) compare(v Value, text string, fold bool) bool {
	if known, ok := v.Known(); ok {
		return known == text || fold && strings.EqualFold(known, text)
	}
	if cannotBe(v, text, fold) {
		return false
	}
	return x.decide(unknownTest(v, "is", text))
}

// cannotBe reports whether no value of the unknown parts makes v the text.
func cannotBe(v Value, text string, fold bool) bool {
	if fold {
		return false
	}
	parts := v.Parts()
	first, last := parts[0], parts[len(parts)-1]
	return first.Unknown == nil && !strings.HasPrefix(text, first.Text) || last.Unknown == nil && !strings.HasSuffix(text, last.Text)
}

func unknownTest(v Value, verb, text string) Unknown {
	u := v.Unknown()
	return Unknown{Kind: UnknownCondition, Subject: about(fmt.Sprintf("%s %s %q", v, verb, text)), Span: u.Span}
}

func (x *run) match(v Value, p *Pattern, named map[int]int, keeps bool) bool {
	text, known := v.Known()
	if !known {
		x.captures = x.captures[:0]
		if !x.decide(unknownTest(v, "matches", p.Text)) {
			return false
		}
		x.bindUnknown(v, p, named)
		return true
	}
	captures, err := p.Match(text)
	if err != nil {
		return x.decide(Unknown{Kind: UnknownCondition, Subject: about(fmt.Sprintf("%q matches %q", text, p.Text))})
	}
	if captures == nil && keeps {
		return false
	}
	x.captures = append(x.captures[:0], captures...)
	if captures == nil {
		return false
	}
	for number, text := range captures {
		if index, ok := named[number]; ok {
			x.set(index, Literal(text), nil)
		}
	}
	return true
}

// bindUnknown gives the named captures of a match that was assumed an unknown value.
func (x *run) bindUnknown(v Value, p *Pattern, named map[int]int) {
	u := *v.Unknown()
	for number, index := range named {
		x.set(index, UnknownValue(Unknown{Kind: UnknownVariable, Subject: fmt.Sprintf("capture %d of %q", number, p.Text), Span: u.Span}), nil)
	}
}

// eval evaluates an expression and adds the places its value comes from to x.via.
func (x *run) eval(e Expr) Value {
	switch e := e.(type) {
	case Text:
		return Value{text: string(e)}
	case *RequestHeader:
		return Value{text: x.requestHeader(e)}
	case RequestPart:
		return Value{text: x.requestPart(e)}
	case Arg:
		return Value{text: x.arg(string(e))}
	case Cookie:
		return Value{text: x.cookie(string(e))}
	case Variable:
		return x.variable(int(e))
	case Capture:
		if int(e) < len(x.captures) {
			return Value{text: x.captures[e]}
		}
		return Value{}
	case Concat:
		return x.concat(e)
	case *Lookup:
		return x.lookup(e)
	case *Trim:
		v := x.eval(e.Of)
		if text, known := v.Known(); known {
			return Value{text: text[min(e.N, len(text)):]}
		}
		return v
	case *Swap:
		return x.swap(e)
	case *Escaped:
		v := x.eval(e.Of)
		if text, known := v.Known(); known {
			return Value{text: escapePath(text, e.Keep)}
		}
		return v
	case *ResponseHeader:
		h, found := x.out.Get(e.Name)
		if !found && x.out.MayHave(e.Name) {
			return UnknownValue(Unknown{Kind: UnknownVariable, Subject: e.Name + " of " + x.out.Open.Subject, Span: x.out.Open.Span})
		}
		x.from(h.Sources...)
		return h.Value
	case ResponseStatus:
		if x.out.Status == 0 && x.out.Open != nil {
			return UnknownValue(*x.out.Open)
		}
		return Value{text: strconv.Itoa(x.out.Status)}
	case *UnknownExpr:
		return UnknownValue(e.Unknown)
	}
	return Value{}
}

func (x *run) concat(parts Concat) Value {
	values := make([]Value, len(parts))
	size := 0
	for i, part := range parts {
		values[i] = x.eval(part)
		if size += values[i].size(); size > maxValueSize {
			break
		}
	}
	return Join(values...)
}

func (x *run) swap(e *Swap) Value {
	of, from := x.eval(e.Of), x.eval(e.From)
	text, known := of.Known()
	prefix, certain := from.Known()
	switch {
	case !known:
		return of
	case !certain:
		return from
	case !strings.HasPrefix(text, prefix):
		return Value{}
	}
	return Join(x.eval(e.To), Literal(text[len(prefix):]))
}

func (x *run) variable(index int) Value {
	v := &x.vars[index]
	if define := x.p.Vars[index].Define; define != nil && !v.set {
		if x.depth++; x.depth > maxDepth { // a variable that needs itself
			x.depth--
			return Value{}
		}
		mark := len(x.via)
		value := x.eval(define)
		x.depth--
		x.set(index, value, slices.Clone(x.via[mark:]))
		return v.value
	}
	x.from(v.sources...)
	return v.value
}

func (x *run) lookup(e *Lookup) Value {
	key := x.eval(e.Key)
	text, known := key.Known()
	if !known {
		return UnknownValue(Unknown{Kind: UnknownVariable, Subject: about(fmt.Sprintf("%s of %s", e.Table.Name, key)), Span: key.Unknown().Span})
	}
	entry := e.Table.find(x, text)
	if entry == nil {
		return Value{}
	}
	if !entry.Span.IsZero() {
		x.from(entry.Span)
	}
	return x.eval(entry.Value)
}

func (t *Table) find(x *run, key string) *Entry {
	text := key
	if t.FoldCase { // patterns fold on their own
		text = strings.ToLower(key)
	}
	if entry, ok := t.Exact[text]; ok {
		return entry
	}
	for i := range t.Prefixes {
		if strings.HasPrefix(text, t.Prefixes[i].Text) {
			return &t.Prefixes[i].Entry
		}
	}
	for i := range t.Suffixes {
		if strings.HasSuffix(text, t.Suffixes[i].Text) {
			return &t.Suffixes[i].Entry
		}
	}
	if key == "" && t.SkipEmpty {
		return t.Default
	}
	for i := range t.Patterns {
		if row := &t.Patterns[i]; x.match(Literal(key), row.Pattern, row.Named, true) {
			return &row.Entry
		}
	}
	return t.Default
}

func (x *run) requestHeader(e *RequestHeader) string {
	value, found := "", false
	for i := range x.request.Headers {
		h := &x.request.Headers[i]
		if !strings.EqualFold(h.Name, e.Name) {
			continue
		}
		if !e.Join {
			return h.Value
		}
		if found {
			value += ", "
		}
		value += h.Value
		found = true
	}
	return value
}

func (x *run) requestPart(part RequestPart) string {
	r := x.request
	switch part {
	case Method:
		return x.method
	case Path:
		return x.path
	case Query:
		return x.query
	case Target:
		if r.Query != "" || r.EmptyQuery {
			return r.Path + "?" + r.Query
		}
		return r.Path
	case SentPath:
		return r.Path
	case Scheme:
		return r.Scheme
	case HostName:
		return strings.ToLower(r.Host)
	case Port:
		return strconv.Itoa(r.Port)
	case PortSuffix:
		if r.Port == 0 || r.Scheme == "http" && r.Port == 80 || r.Scheme == "https" && r.Port == 443 {
			return ""
		}
		return ":" + strconv.Itoa(r.Port)
	}
	return ""
}

// arg returns the first query parameter of that name, undecoded, as nginx's $arg_name does.
func (x *run) arg(name string) string {
	for pair := range strings.SplitSeq(x.query, "&") {
		if key, value, ok := strings.Cut(pair, "="); ok && strings.EqualFold(key, name) {
			return value
		}
	}
	return ""
}

func (x *run) cookie(name string) string {
	for i := range x.request.Headers {
		if !strings.EqualFold(x.request.Headers[i].Name, "cookie") {
			continue
		}
		for pair := range strings.SplitSeq(x.request.Headers[i].Value, ";") {
			if key, value, ok := strings.Cut(strings.TrimSpace(pair), "="); ok && strings.EqualFold(key, name) {
				return value
			}
		}
	}
	return ""
}
