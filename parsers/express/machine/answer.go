package machine

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dop251/goja"
)

// answering is what is known while a request is answered along one path of choices. Each path begins anew, so that nothing
// has to be copied where an answer forks.
type answering struct {
	request *Request
	decided []Answered // when the application started
	taken   []bool     // the answers to the questions so far, on the way that is followed
	pos     int
	assumed []Answered
	quiet   bool // the rest of the handler cannot change what matters: it is followed one way
	res     *goja.Object
	handed  string // what unknown function got the response
	noted   string

	rejected goja.Value // what a promise was rejected with that nobody has caught so far
}

func (a *answering) known(q Question) (holds, known bool) {
	for _, list := range [...][]Answered{a.request.Assume, a.assumed, a.decided} {
		for _, x := range list {
			if x.Question == q {
				return x.Holds, true
			}
		}
	}
	return false, false
}

func (a *answering) decide(q Question) bool {
	if holds, known := a.known(q); known {
		return holds
	}
	if a.quiet {
		return true
	}
	if a.pos == len(a.taken) {
		a.taken = append(a.taken, true)
	}
	holds := a.taken[a.pos]
	a.pos++
	a.assumed = append(a.assumed, Answered{q, holds})
	return holds
}

func (a *answering) assume(x Answered) {
	if _, known := a.known(x.Question); !known {
		a.assumed = append(a.assumed, x)
	}
}

// advance moves on to the next way.
func (a *answering) advance() bool {
	a.taken = a.taken[:min(a.pos, len(a.taken))]
	for n := len(a.taken); n > 0; n-- {
		if a.taken[n-1] {
			a.taken[n-1] = false
			a.taken = a.taken[:n]
			return true
		}
	}
	return false
}

// Answer returns the answers to a request: one, or several when it depends on something unknown. The error says that the
// machine had to be stopped; it is of no use after it.
func (m *Machine) Answer(ctx context.Context, r *Request) ([]Response, error) {
	if m.stopped {
		return nil, stop{"stopped before"}
	}
	if r.Layer < 0 || r.Layer >= len(m.layers) {
		return nil, fmt.Errorf("there is no layer %d", r.Layer)
	}
	if slices.Contains(r.Circumstances, "credentials-rejected") {
		if refused := m.withoutCredentials(ctx, r); refused != nil {
			return refused, nil
		}
	}
	deadline := time.Now().Add(answerTime)
	a := &answering{request: r, decided: m.decided}
	var out []Response
	for {
		a.pos, a.assumed, a.quiet, a.handed, a.noted, a.rejected = 0, nil, false, "", "", nil
		response, err := m.follow(ctx, a)
		if err != nil {
			if ctx.Err() != nil {
				return nil, err
			}
			response = Response{Open: &Question{Kind: "module", Subject: "a handler that " + err.Error()}, Assuming: a.assumed}
		}
		out = add(out, response)
		if !a.advance() {
			break
		}
		if len(out) == maxOutcomes || time.Now().After(deadline) {
			out[len(out)-1].Open = &Question{Kind: "too-many-outcomes"}
			break
		}
	}
	if len(out) == 1 { // whatever was asked made no difference
		out[0].Assuming = slices.DeleteFunc(out[0].Assuming, func(x Answered) bool { return x.Kind == "condition" })
	}
	return out, nil
}

// withoutCredentials returns the answer to a request whose credentials are left out, when it is a refusal: whoever looks for
// credentials refuses bad ones in the way in which it refuses a request without any. Nil where nobody refuses it.
func (m *Machine) withoutCredentials(ctx context.Context, r *Request) []Response {
	bare := *r
	bare.Circumstances = nil
	bare.Headers = slices.DeleteFunc(slices.Clone(r.Headers), func(h [2]string) bool {
		return slices.ContainsFunc(credentialHeaders, func(c [2]string) bool { return strings.EqualFold(c[0], h[0]) })
	})
	responses, err := m.Answer(ctx, &bare)
	if err != nil || slices.ContainsFunc(responses, func(a Response) bool { return a.Status != 401 && a.Status != 403 }) {
		return nil
	}
	return responses
}

// add adds an outcome, unless it is one that is there already: then the questions that tell them apart are of no interest.
func add(list []Response, r Response) []Response {
	for i := range list {
		if same(&list[i], &r) {
			list[i].Assuming = common(list[i].Assuming, r.Assuming)
			return list
		}
	}
	return append(list, r)
}

func same(a, b *Response) bool {
	if a.Status != b.Status || (a.Open == nil) != (b.Open == nil) || a.Open != nil && *a.Open != *b.Open || len(a.Headers) != len(b.Headers) || (a.Forward == nil) != (b.Forward == nil) {
		return false
	}
	for i := range a.Headers {
		if a.Headers[i].Name != b.Headers[i].Name || !slices.EqualFunc(a.Headers[i].Value, b.Headers[i].Value, samePart) {
			return false
		}
	}
	return true
}

func samePart(a, b Part) bool {
	return a.Text == b.Text && (a.Unknown == nil) == (b.Unknown == nil) && (a.Unknown == nil || *a.Unknown == *b.Unknown)
}

// common returns the assumptions that both lists make.
func common(a, b []Answered) []Answered {
	return slices.DeleteFunc(slices.Clone(a), func(x Answered) bool { return !slices.Contains(b, x) })
}

// follow answers along one path.
func (m *Machine) follow(ctx context.Context, a *answering) (Response, error) {
	done := m.limit(ctx, requestTime)
	defer done()
	m.answer = a
	clear(m.loops)
	m.pending = nil
	defer func() {
		m.answer = nil
		for _, o := range m.fresh {
			delete(m.tags, o)
		}
		m.fresh = m.fresh[:0]
	}()
	if _, err := m.hooks.drop(goja.Undefined()); err != nil {
		return Response{}, err
	}
	if _, err := m.hooks.run(goja.Undefined(), m.layers[a.request.Layer], m.asked(a.request)); err != nil {
		return Response{}, m.ended(err)
	}
	for range maxTurns {
		finished, err := m.hooks.isDone(goja.Undefined())
		if err != nil {
			return Response{}, err
		}
		if finished.ToBoolean() {
			break
		}
		more, err := m.hooks.turn(goja.Undefined())
		if err != nil {
			return Response{}, m.ended(err)
		}
		if more.ToBoolean() {
			continue
		}
		if len(m.pending) == 0 {
			break
		}
		call := m.pending[0]
		m.pending = m.pending[1:]
		if err := call(); m.fatal(err) {
			return Response{}, m.ended(err)
		}
	}
	value, err := m.hooks.outcome(goja.Undefined())
	if err != nil {
		return Response{}, err
	}
	return m.response(a, value.ToObject(m.rt)), nil
}

// ended says why a request could not be answered.
func (m *Machine) ended(err error) error {
	if x, ok := errors.AsType[*goja.InterruptedError](err); ok {
		return stop{fmt.Sprint(x.Value())}
	}
	if _, ok := errors.AsType[*goja.StackOverflowError](err); ok {
		return stop{"calls itself without end"}
	}
	return err
}

// asked is a request as the models have it.
func (m *Machine) asked(r *Request) goja.Value {
	o := m.rt.NewObject()
	headers := make([]any, len(r.Headers))
	for i, h := range r.Headers {
		headers[i] = m.rt.NewArray(h[0], h[1])
	}
	_ = o.Set("method", r.Method)
	_ = o.Set("url", r.URL)
	_ = o.Set("secure", r.Secure)
	_ = o.Set("headers", m.rt.NewArray(headers...))
	circumstances := make([]any, len(r.Circumstances))
	for i, c := range r.Circumstances {
		circumstances[i] = c
	}
	_ = o.Set("circumstances", m.rt.NewArray(circumstances...))
	return o
}

// response reads what the models say of an answer.
func (m *Machine) response(a *answering, o *goja.Object) Response {
	r := Response{Status: int(o.Get("status").ToInteger()), Assuming: a.assumed}
	for _, line := range m.list(o.Get("headers")) {
		r.Headers = append(r.Headers, Header{Name: line.Get("0").String(), Value: m.parts(line.Get("1").String()), Places: m.places(line.Get("2"))})
	}
	for _, l := range m.list(o.Get("lost")) {
		lost := Lost{Name: l.Get("name").String(), Value: m.parts(l.Get("value").String()), Why: l.Get("why").String()}
		lost.At, lost.By = m.firstPlace(l.Get("at")), m.firstPlace(l.Get("by"))
		r.Lost = append(r.Lost, lost)
	}
	r.By, r.Raised, r.Sent = m.firstPlace(o.Get("by")), m.firstPlace(o.Get("raised")), m.firstPlace(o.Get("sent"))
	r.Error = short(o.Get("error").String())
	if f, ok := o.Get("forward").(*goja.Object); ok {
		r.Forward = &Forward{To: m.parts(f.Get("to").String()), Path: f.Get("path").String(), Place: m.firstPlace(f.Get("places"))}
	}
	if p, ok := o.Get("poisoned").(*goja.Object); ok {
		r.Open = &Question{Kind: "module", Subject: p.Get("subject").String()}
		for i := range p.Get("names").ToObject(m.rt).Get("length").ToInteger() {
			r.Loose = append(r.Loose, p.Get("names").ToObject(m.rt).Get(strconv.Itoa(int(i))).String())
		}
		if soft := p.Get("soft"); soft != nil && soft.ToBoolean() { // an unknown handler: it sends what it likes
			r.Status = 200
		}
	}
	switch {
	case a.noted != "":
		r.Open = &Question{Kind: "module", Subject: a.noted}
	case r.Status < 0 && a.handed != "":
		r.Status, r.Open = 0, &Question{Kind: "module", Subject: a.handed}
	case r.Status < 0:
		r.Status = 0 // it never answers
		if a.rejected != nil && r.Error == "" {
			r.Error = short(a.rejected.String())
		}
	}
	return r
}

// ---- places

// siteOf returns the call of a number.
func (m *Machine) siteOf(id int) siteAt {
	s, i := id/stride, id%stride
	if id < 0 || s >= len(m.library.order) || i >= len(m.library.order[s].Sites) {
		return siteAt{}
	}
	return siteAt{m.library.order[s].Sites[i].Name, s, i}
}

type siteAt struct {
	Name         string
	script, site int
}

// places reads a list of places as the models write them.
func (m *Machine) places(v goja.Value) []Place {
	o, ok := v.(*goja.Object)
	if !ok {
		return nil
	}
	var out []Place
	for i := range min(o.Get("length").ToInteger(), 16) {
		if p, ok := m.place(o.Get(strconv.Itoa(int(i))).String()); ok && !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out
}

func (m *Machine) firstPlace(v goja.Value) *Place {
	if list := m.places(v); len(list) > 0 {
		return &list[0]
	}
	return nil
}

// place reads one: "s7", "s7.1", "l3", "l3.p.origin", "l3.v.origin", "l3.2", "p4.120".
func (m *Machine) place(text string) (Place, bool) {
	if len(text) < 2 {
		return Place{}, false
	}
	number, rest, _ := strings.Cut(text[1:], ".")
	id, err := strconv.Atoi(number)
	if err != nil || id < 0 {
		return Place{}, false
	}
	if text[0] == 'p' {
		offset, _ := strconv.Atoi(rest)
		if id >= len(m.library.order) {
			return Place{}, false
		}
		return placed(m.library.order[id].At(offset))
	}
	if id/stride >= len(m.library.order) {
		return Place{}, false
	}
	s, i := m.library.order[id/stride], id%stride
	if text[0] == 's' && i < len(s.Sites) {
		site := s.Sites[i]
		if n, err := strconv.Atoi(rest); err == nil && n >= 0 && n < len(site.Args) {
			return placed(s.Span(site.Args[n]))
		}
		if len(site.Args) > 0 && rest != "" { // a value that is no argument of its own
			return placed(s.Span(site.Args[len(site.Args)-1]))
		}
		return placed(s.Span(site.Call))
	}
	if text[0] != 'l' || i >= len(s.Literals) {
		return Place{}, false
	}
	l := s.Literals[i]
	what, key, named := strings.Cut(rest, ".")
	if named {
		at := slices.Index(l.Keys, key)
		if at < 0 {
			return Place{}, false
		}
		if what == "p" {
			return placed(s.Property(l.Parts[at]))
		}
		return placed(s.Span(l.Parts[at].Value))
	}
	if n, err := strconv.Atoi(rest); err == nil && n >= 0 && n < len(l.Parts) && !l.Parts[n].Value.IsZero() {
		return placed(s.Span(l.Parts[n].Value))
	}
	return placed(s.Span(l.All))
}

func decodeBase64(text string) string {
	text = strings.TrimRight(strings.NewReplacer("-", "+", "_", "/").Replace(text), "=")
	data, _ := base64.RawStdEncoding.DecodeString(text)
	return string(data)
}
