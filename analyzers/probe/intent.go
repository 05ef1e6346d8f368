package probe

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/exchange"
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/source"
)

// Intent is what an endpoint itself shows it wants to allow, read from the headers that its answers carry or have lost.
type Intent struct {
	Any bool // there is an Access-Control-* header at all
	// Origins are let in on purpose: the named ones, or one for a policy that lets everybody in. The first is the
	// clearest.
	Origins []string
	Anybody bool // every origin is let in
	// Misspelt are origins that are let in when they are written as no browser writes them. They are among Origins.
	Misspelt []Meaning
	// Credentials, Preflight: the places that show it; empty where nothing does.
	Credentials []source.Span
	Preflight   []source.Span
	// Methods and Headers are those listed in Allow-Methods and Allow-Headers, as written, without "*".
	Methods []Listed
	Headers []Listed
	Exposed []Listed
	// Written are the headers of the CORS protocol that the layer writes itself, by canonical name, and those that were meant
	// to be one: see [ProtocolHeader].
	Written map[string][]Written
}

// Listed is an element of a list in a header, and the place of the header.
type Listed struct {
	Name string
	At   source.Span
}

// Written is a header that the layer writes on some answer of the endpoint, sent or lost.
type Written struct {
	Value policy.Value
	At    source.Span
	Lost  bool
	// OnUpstream: it is written for an answer that an upstream gave. Then the upstream does not send it, or it would be there
	// twice.
	OnUpstream bool
	// By names the layer behind that writes it; "" for the layer itself.
	By string
}

// intent reads the intent of an endpoint from its direct answers.
func (p *Prober) intent(e *Endpoint) Intent {
	in := Intent{Written: map[string][]Written{}}
	for i := range e.Answers {
		a := &e.Answers[i]
		for _, h := range a.Outcome.Headers {
			if h.Upstream && a.Outcome.Open == nil && ProtocolHeader(h.Name) != "" {
				in.Any = true // who is known to stand behind writes it, and what this layer makes of it counts
			}
			if !h.Upstream && len(h.Sources) > 0 && !h.Sources[0].IsZero() { // else nobody wrote it: a service sends it by itself
				in.note(h.Name, Written{Value: h.Value, At: h.Sources[0], By: h.By, OnUpstream: a.Outcome.Open != nil || a.Outcome.Upstream != nil})
			}
		}
		for _, l := range a.Outcome.Lost {
			if l.At.IsZero() {
				continue // an upstream's, not the layer's
			}
			in.note(l.Header, Written{Value: l.Value, At: l.At, Lost: true, OnUpstream: a.Outcome.Open != nil || a.Outcome.Upstream != nil})
		}
	}
	p.origins(e, &in)
	return in
}

// note adds a header to the intent.
func (in *Intent) note(name string, w Written) {
	name = http.CanonicalHeaderKey(name)
	meant := ProtocolHeader(name)
	if meant == "" && !strings.HasPrefix(name, "Access-Control-") {
		return
	}
	in.Any = true
	for i := range in.Written[name] {
		if x := &in.Written[name][i]; x.At == w.At && x.Lost == w.Lost && x.Value.String() == w.Value.String() {
			x.OnUpstream = x.OnUpstream || w.OnUpstream
			return
		}
	}
	in.Written[name] = append(in.Written[name], w)
	text, known := w.Value.Known()
	switch meant {
	case "Access-Control-Allow-Credentials":
		if !known || !meansNo(text) {
			in.Credentials = addSpan(in.Credentials, w.At)
		}
	case "Access-Control-Allow-Methods":
		in.Preflight = addSpan(in.Preflight, w.At)
		in.Methods = list(in.Methods, text, w.At)
	case "Access-Control-Allow-Headers":
		in.Preflight = addSpan(in.Preflight, w.At)
		if text != AskedHeaders { // sent back as they were asked for, and listed by nobody
			in.Headers = list(in.Headers, text, w.At)
		}
	case "Access-Control-Max-Age":
		in.Preflight = addSpan(in.Preflight, w.At)
	case "Access-Control-Expose-Headers":
		in.Exposed = list(in.Exposed, text, w.At)
	}
}

func addSpan(spans []source.Span, s source.Span) []source.Span {
	if slices.Contains(spans, s) {
		return spans
	}
	return append(spans, s)
}

// meansNo reports whether a value says that credentials are not allowed. Whatever else is written means that they are; that
// browsers understand only "true" is for a rule to say.
func meansNo(text string) bool {
	switch strings.ToLower(strings.Trim(text, ` "'`)) {
	case "", "false", "0", "no", "off", "none", "null":
		return true
	}
	return false
}

// maxListed bounds how many elements of a list are asked about: each is a fetch, for every origin and endpoint.
const maxListed = 64

// list adds the elements of a list. Browsers know the comma only; somebody who separates names otherwise means them, too.
func list(to []Listed, text string, at source.Span) []Listed {
	for item := range strings.FieldsFuncSeq(text, func(r rune) bool { return strings.ContainsRune(", ;|\t", r) }) {
		item = strings.Trim(item, "\"'[]")
		if item == "" || item == "*" || slices.ContainsFunc(to, func(l Listed) bool { return l.Name == item }) {
			continue
		}
		if len(to) == maxListed {
			break
		}
		to = append(to, Listed{Name: item, At: at})
	}
	return to
}

// writtenAs returns what is written as a header, under its name or a misspelling of it.
func (in *Intent) writtenAs(header string) []Written {
	var out []Written
	for _, name := range slices.Sorted(maps.Keys(in.Written)) {
		if ProtocolHeader(name) == header {
			out = append(out, in.Written[name]...)
		}
	}
	return out
}

// star returns the place that lists an asterisk in a header, if one does.
func (in *Intent) star(header string) (source.Span, bool) {
	for _, w := range in.Written[header] {
		text, _ := w.Value.Known()
		for item := range strings.SplitSeq(text, ",") {
			if strings.TrimSpace(item) == "*" {
				return w.At, true
			}
		}
	}
	return source.Span{}, false
}

// origins finds out who is let in on purpose.
func (p *Prober) origins(e *Endpoint, in *Intent) {
	for _, w := range in.writtenAs("Access-Control-Allow-Origin") {
		text, known := w.Value.Known()
		switch {
		case known && (text == "*" || text == somebody):
			in.Anybody = true
		case known:
			if origin := repair(text); origin != "" && !slices.Contains(in.Origins, origin) {
				in.Origins = append(in.Origins, origin)
			}
		}
	}
	for _, origin := range p.named {
		if len(in.Origins) >= maxOrigins {
			break
		}
		if !slices.Contains(in.Origins, origin) && p.answersTo(e, origin) {
			in.Origins = append(in.Origins, origin)
		}
	}
	if (in.Anybody || in.Any && len(in.Origins) == 0 && len(p.named) == 0) && !slices.Contains(in.Origins, somebody) {
		in.Origins = append(in.Origins, somebody)
	}
	slices.SortStableFunc(in.Origins, func(a, b string) int { return rank(a) - rank(b) })
	in.Origins = in.Origins[:min(len(in.Origins), maxOrigins)]
	p.misspelt(e, in)
}

// misspelt adds the origins that the endpoint lets in when Origin is sent as a test has it, and not as a browser has it.
// They come last, so that one that is spelt right shows what else is wrong.
func (p *Prober) misspelt(e *Endpoint, in *Intent) {
	asked := 0
	for _, m := range p.meanings {
		if m.Text == m.Origin {
			continue
		}
		if asked++; asked > maxMisspelt {
			return
		}
		written, onUpstream, ok := p.allowed(e, m.Text)
		if !ok {
			continue
		}
		text, _ := written.Value.Known()
		sent, _, _ := p.allowed(e, m.Origin)
		if value, _ := sent.Value.Known(); value == text || value == m.Origin || value == "*" {
			continue
		}
		in.Any = true
		in.Misspelt = append(in.Misspelt, m)
		if !slices.Contains(in.Origins, m.Origin) {
			in.Origins = append(in.Origins, m.Origin)
		}
		const name = "Access-Control-Allow-Origin"
		if len(in.Written[name]) == 0 && len(written.Sources) > 0 { // it is sent to nobody, but the layer writes it
			in.Written[name] = []Written{{Value: policy.Literal(m.Origin), At: written.Sources[0], OnUpstream: onUpstream}}
		}
	}
}

// allowed returns the Allow-Origin that answers a request with that Origin, if it is known and the layer's own.
func (p *Prober) allowed(e *Endpoint, origin string) (header policy.Header, onUpstream, known bool) {
	for _, method := range [...]string{"GET", "OPTIONS"} {
		outcomes, err := p.chain.Answer(p.ctx, exchange.Query{URL: p.fetch(e.Endpoint, method, "").URL, Method: method,
			Headers: []browser.Header{{Name: "Origin", Value: origin}}}, p.layer)
		if err != nil || len(outcomes) == 0 {
			continue
		}
		if h, ok := outcomes[0].Get("Access-Control-Allow-Origin"); ok && !h.Upstream {
			_, known := h.Value.Known()
			return h, outcomes[0].Open != nil || outcomes[0].Upstream != nil, known
		}
	}
	return policy.Header{}, false, false
}

// echoesHost reports whether the endpoint allows the origin of the very host that a request is sent to.
func (p *Prober) echoesHost(e *Endpoint) bool {
	own := func(host string) bool {
		outcomes, err := p.chain.Answer(p.ctx, exchange.Query{URL: "https://" + host + escapePath(e.Example), Method: "GET",
			Headers: []browser.Header{{Name: "Origin", Value: somebody}}}, p.layer)
		if err != nil || len(outcomes) == 0 {
			return false
		}
		h, _ := outcomes[0].Get("Access-Control-Allow-Origin")
		text, known := h.Value.Known()
		return known && !h.Upstream && strings.EqualFold(hostOf(text), host)
	}
	return own(p.host()) && own("another."+p.host())
}

// rank puts the origins that show a fault most clearly first: https before http, and no loopback address.
func rank(origin string) int {
	switch {
	case strings.Contains(origin, "://localhost") || strings.Contains(origin, "://127."):
		return 2
	case strings.HasPrefix(origin, "http:"):
		return 1
	}
	return 0
}

// answersTo reports whether some answer of the endpoint to an origin carried or lost an Allow-Origin that means it: another
// one, of a list for another endpoint say, is not let in here on purpose.
func (p *Prober) answersTo(e *Endpoint, origin string) bool {
	means := func(v policy.Value) bool {
		text, known := v.Known()
		return !known || text == origin || text == "*" || MeantBy(text) == origin
	}
	for i := range e.Answers {
		if e.Answers[i].Origin != origin {
			continue
		}
		if h, sent := e.Answers[i].Outcome.Get("Access-Control-Allow-Origin"); sent && means(h.Value) {
			return true
		}
		for _, l := range e.Answers[i].Outcome.Lost {
			if strings.EqualFold(l.Header, "Access-Control-Allow-Origin") && means(l.Value) {
				return true
			}
		}
	}
	return false
}

// wanted asks the fetches that the intent implies.
func (p *Prober) wanted(e *Endpoint) {
	in := &e.Intent
	simple := method(e.Endpoint, "GET", "POST", "HEAD")
	for i, origin := range in.Origins {
		if simple != "" {
			p.want(e, Simple, origin, simple, nil, policy.Circumstance{}, "it allows "+origin, source.Span{})
		} else if len(in.Preflight) == 0 {
			p.want(e, Preflighted, origin, anyMethod(e.Endpoint), nil, policy.Circumstance{}, "it allows "+origin, source.Span{})
		}
		if e.Asset || i > 0 && slices.ContainsFunc(in.Misspelt, func(m Meaning) bool { return m.Origin == origin }) {
			continue
		}
		p.preflights(e, origin)
		if i == 0 {
			p.circumstances(e, origin)
		}
	}
}

// preflights asks for each method and header that the endpoint lists, or shows the need of.
func (p *Prober) preflights(e *Endpoint, origin string) {
	in := &e.Intent
	authorization := p.authorization(e)
	routed := func(m string) bool {
		return m != "OPTIONS" && m != "ANY" && !browser.IsSafelistedMethod(m) && browser.NormalizeMethod(m) == m && isToken(m) && !lists(in.Methods, m)
	}
	if len(in.Preflight) == 0 && authorization == nil && !slices.ContainsFunc(e.Methods, routed) {
		return
	}
	reads, sends := anyMethod(e.Endpoint), method(e.Endpoint, "POST", "PUT", "PATCH")
	var unsafe []Listed
	asked := false
	for _, m := range in.Methods {
		method := browser.NormalizeMethod(m.Name)
		if upper := strings.ToUpper(method); slices.Contains(methods[:], upper) { // nobody means the lower-case method
			method = upper
		}
		if !browser.IsSafelistedMethod(method) && !browser.IsForbiddenMethod(method) && method != "OPTIONS" && isToken(method) && e.takes(method) {
			p.want(e, Preflighted, origin, method, nil, policy.Circumstance{}, "Allow-Methods lists "+m.Name, m.At)
			asked = true
		}
	}
	for _, m := range e.Methods {
		if routed(m) {
			p.want(e, Preflighted, origin, m, nil, policy.Circumstance{}, "there is a route for "+m, e.route(m))
			asked = true
		}
	}
	if at, ok := in.star("Access-Control-Allow-Methods"); ok && !asked && e.takes("PUT") {
		p.want(e, Preflighted, origin, "PUT", nil, policy.Circumstance{}, "Allow-Methods lists *", at)
	}
	for _, h := range in.Headers {
		if isToken(h.Name) && !browser.IsForbiddenRequestHeader(h.Name, "") && !browser.IsSafelistedRequestHeader(browser.Chromium, h.Name, exampleValue(h.Name)) {
			unsafe = append(unsafe, h)
		}
	}
	for _, h := range unsafe {
		method := reads
		if strings.EqualFold(h.Name, "content-type") {
			if method = sends; method == "" { // there is nothing to send anything to
				continue
			}
		}
		p.want(e, Preflighted, origin, method, []browser.Header{p.example(e.Pattern, h.Name)}, policy.Circumstance{}, "Allow-Headers lists "+h.Name, h.At)
	}
	if authorization != nil && !lists(in.Headers, "authorization") && len(in.Preflight) > 0 {
		p.want(e, Preflighted, origin, reads, []browser.Header{p.example(e.Pattern, "Authorization")}, policy.Circumstance{}, authorization.Text, authorization.Span)
	}
	json := []browser.Header{{Name: "Content-Type", Value: exampleValue("content-type")}}
	if at, ok := in.star("Access-Control-Allow-Headers"); ok && len(unsafe) == 0 && authorization == nil && sends != "" {
		p.want(e, Preflighted, origin, sends, json, policy.Circumstance{}, "Allow-Headers lists *", at)
	}
	if len(unsafe) == 0 && len(in.Methods) > 0 && sends != "" && !slices.ContainsFunc(e.Wanted, func(w *Probe) bool { return w.Purpose == Preflighted }) {
		// Only safelisted methods are listed: that somebody lists them shows that preflights are expected.
		p.want(e, Preflighted, origin, sends, json, policy.Circumstance{}, "it answers preflights", in.Preflight[0])
		e.Wanted[len(e.Wanted)-1].Guess = true
	}
}

// methods are those that people have in mind when they write one in another case. https://www.iana.org/assignments/http-methods
var methods = [...]string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "QUERY", "PROPFIND",
	"PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "REPORT", "SEARCH", "LINK", "UNLINK", "PURGE"}

// takes reports whether an endpoint has a method, as far as it tells methods apart.
func (e *Endpoint) takes(name string) bool { return method(e.Endpoint, name) != "" }

// route returns the place that registers a method of an endpoint.
func (e *Endpoint) route(method string) source.Span {
	if at, ok := e.Routes[method]; ok {
		return at
	}
	return e.Span
}

// required returns the headers without which an endpoint refuses a request of a method, and the first fact that says so.
func (p *Prober) required(e policy.Endpoint, method string) (headers []browser.Header, evidence *policy.Fact) {
	for i := range p.layer.Facts {
		f := &p.layer.Facts[i]
		if f.Kind != policy.FactRequiresHeader || f.Endpoint != e.Pattern || f.Method != "" && f.Method != method {
			continue
		}
		headers = append(headers, p.example(e.Pattern, f.Subject))
		if evidence == nil {
			evidence = f
		}
	}
	return headers, evidence
}

// lists reports whether a list has a name, in any case.
func lists(list []Listed, name string) bool {
	return slices.ContainsFunc(list, func(l Listed) bool { return strings.EqualFold(l.Name, name) })
}

// example returns a request header that an endpoint takes.
func (p *Prober) example(endpoint, name string) browser.Header {
	value := exampleValue(name)
	for _, f := range p.layer.Facts {
		if f.Kind == policy.FactNeedsAuthorization && f.Endpoint == endpoint && f.Subject != "" && strings.EqualFold(name, "authorization") {
			value = f.Subject + " token"
		}
	}
	return browser.Header{Name: name, Value: value}
}

// exampleValue returns a value for a request header.
func exampleValue(name string) string {
	switch strings.ToLower(name) {
	case "content-type":
		return "application/json"
	case "authorization":
		return "Bearer token"
	case "range":
		return "bytes=0-99,200-299"
	case "accept", "accept-language", "content-language":
		return "en"
	}
	return "1"
}

func isToken(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7F || strings.IndexByte(`"(),/:;<=>?@[\]{}`, c) >= 0 {
			return false
		}
	}
	return s != ""
}

func (p *Prober) authorization(e *Endpoint) *policy.Fact {
	for i := range p.layer.Facts {
		if f := &p.layer.Facts[i]; f.Kind == policy.FactNeedsAuthorization && f.Endpoint == e.Pattern {
			return f
		}
	}
	return nil
}

// circumstances asks what a page gets when something goes wrong.
func (p *Prober) circumstances(e *Endpoint, origin string) {
	list := []policy.Circumstance{
		{Kind: policy.CredentialsRejected}, {Kind: policy.UpstreamStatus, Status: 401}, {Kind: policy.UpstreamStatus, Status: 404},
		{Kind: policy.UpstreamStatus, Status: 500}, {Kind: policy.UpstreamDown}, {Kind: policy.FileMissing}, {Kind: policy.Throttled}, {Kind: policy.CallFails},
	}
	if len(e.Intent.Preflight) > 0 {
		list = append(list, policy.Circumstance{Kind: policy.BodyTooLarge})
	}
	usual := map[string][]int{} // what the layer answers when nothing goes wrong, by method
	for _, c := range list {
		with := anyMethod(e.Endpoint)
		if c.Kind == policy.BodyTooLarge {
			with = method(e.Endpoint, "POST", "PUT", "PATCH")
		}
		if with == "" {
			continue
		}
		if _, known := usual[with]; !known {
			usual[with] = p.statuses(e, origin, with)
		}
		if !slices.Equal(usual[with], p.statuses(e, origin, with, c)) {
			p.want(e, Circumstance, origin, with, nil, c, "", source.Span{})
		}
	}
}

// statuses returns the statuses with which the layer can answer a page, in some circumstances.
func (p *Prober) statuses(e *Endpoint, origin, method string, circumstances ...policy.Circumstance) (out []int) {
	f := p.fetch(e.Endpoint, method, origin)
	headers, _ := p.required(e.Endpoint, method)
	headers = append(headers, browser.Header{Name: "Origin", Value: origin})
	outcomes, err := p.chain.Answer(p.ctx, exchange.Query{URL: f.URL, Method: method, Headers: headers, Circumstances: circumstances}, p.layer)
	if err != nil {
		return nil
	}
	for i := range outcomes {
		out = append(out, outcomes[i].Status)
	}
	return out
}
