package apigateway

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/source"
)

// lower makes the layers of a deployment. APIs come first: they answer for a host that nothing names. A distribution in
// front of something in the same file hands requests on to that.
func (r *reading) lower() []*policy.Layer {
	var layers []*policy.Layer
	behind := map[string]*policy.Layer{}
	add := func(id string, l *policy.Layer) {
		if l != nil {
			layers = append(layers, l)
			behind[id] = l
		}
	}
	for _, api := range r.out.rest {
		add(api.id, r.lowerREST(api))
	}
	for _, api := range r.out.http {
		add(api.id, r.lowerHTTP(api))
	}
	for _, u := range r.out.urls {
		add(u.id, r.lowerFunctionURL(u))
	}
	for _, k := range r.out.buckets {
		l := r.lowerBucket(k)
		behind[k.id] = l
		if len(k.rules) > 0 { // without rules it has nothing to do with CORS
			layers = append(layers, l)
		}
	}
	for _, l := range r.out.balancers {
		add("", r.lowerBalancer(l))
	}
	for _, d := range r.out.distributions {
		add("", r.lowerDistribution(d, behind))
	}
	return layers
}

// builder makes one layer with its program.
type builder struct {
	*reading
	layer   *policy.Layer
	program *policy.Program
	vars    map[string]int
	routes  map[string][]policy.Endpoint // of code that is called for all paths of a pattern
}

// build begins a layer. All services speak TLS; some answer plain HTTP as well.
func (r *reading) build(name string, span source.Span, hosts ...string) *builder {
	if span.IsZero() {
		span = source.Span{File: r.file}
	}
	b := &builder{reading: r, layer: &policy.Layer{Name: name, Span: span}, program: &policy.Program{BadRequest: -1}, vars: map[string]int{}}
	b.block(name, span)
	listener := policy.Listener{Scheme: "https", Port: 443, Span: span}
	for _, host := range hosts {
		listener.Hosts = append(listener.Hosts, hostPattern(host))
	}
	if len(hosts) > 0 {
		b.layer.Name = hosts[0]
	}
	b.layer.Listeners = []policy.Listener{listener}
	b.layer.Answerer = b.program
	return b
}

func hostPattern(host string) policy.HostPattern {
	if rest, ok := strings.CutPrefix(host, "*."); ok {
		return policy.HostPattern{Kind: policy.HostSuffix, Text: "." + rest}
	}
	return policy.HostPattern{Kind: policy.HostExact, Text: host}
}

// anyHostLike makes the layer answer for the hosts that the service names itself.
func (b *builder) anyHostLike(expression string) {
	if p, err := policy.CompilePattern(expression, policy.PCRE, false); err == nil {
		listener := &b.layer.Listeners[0]
		listener.Hosts = append(listener.Hosts, policy.HostPattern{Kind: policy.HostRegexp, Text: expression, Pattern: p})
	}
}

// block adds a block and returns its number.
func (b *builder) block(name string, span source.Span) int {
	b.program.Blocks = append(b.program.Blocks, policy.Block{Name: name, Span: span})
	return len(b.program.Blocks) - 1
}

func (b *builder) request(block int, steps ...policy.Step) {
	at := &b.program.Blocks[block]
	at.Request = append(at.Request, steps...)
}

func (b *builder) response(block int, steps ...policy.Step) {
	at := &b.program.Blocks[block]
	at.Response = append(at.Response, steps...)
}

// variable returns the number of a variable.
func (b *builder) variable(name string) int {
	if i, ok := b.vars[name]; ok {
		return i
	}
	b.program.Vars = append(b.program.Vars, policy.Var{Name: name})
	b.vars[name] = len(b.program.Vars) - 1
	return b.vars[name]
}

func (b *builder) mention(m policy.Mention) {
	if !slices.Contains(b.layer.Mentions, m) {
		b.layer.Mentions = append(b.layer.Mentions, m)
	}
}

// mentionOrigin notes the origin that a value of Access-Control-Allow-Origin names.
func (b *builder) mentionOrigin(v policy.Value, at source.Span) {
	if text, known := v.Known(); known && text != "" && text != "*" {
		b.mention(policy.Mention{Kind: policy.MentionLiteral, Text: text, Span: within(at, text)})
	}
}

func (b *builder) fact(f policy.Fact) {
	if !slices.Contains(b.layer.Facts, f) {
		b.layer.Facts = append(b.layer.Facts, f)
	}
}

// unknownOptions notes the options of a configuration that nobody reads.
func (b *builder) unknownOptions(c *corsRule) {
	if c != nil {
		for _, f := range c.unknown {
			b.fact(f)
		}
	}
}

// unverified notes that the value of a header, or a whole answer, is what is reported or inferred, and not documented.
func (b *builder) unverified(header string, at source.Span, text string) {
	b.fact(policy.Fact{Kind: policy.FactUnverified, Subject: header, Text: text, Span: at})
}

// stageOff takes the stage off paths on the API's default host, where it stands before them.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-call-api.html
func (b *builder) stageOff(stages []string) {
	slices.Sort(stages)
	for _, stage := range slices.Compact(stages) {
		prefix := "/" + stage
		strip := func(cond policy.Cond, path policy.Expr) policy.Step {
			return &policy.If{Cond: policy.All{&policy.HasSuffix{Of: policy.HostName, Text: ".amazonaws.com"}, cond},
				Then: steps(&policy.Edit{Path: path})}
		}
		b.request(0, strip(&policy.HasPrefix{Of: policy.Path, Text: prefix + "/"}, &policy.Trim{Of: policy.Path, N: len(prefix)}),
			strip(&policy.Equal{Of: policy.Path, Text: prefix}, policy.Text("/")))
	}
}

func steps(list ...policy.Step) []policy.Step { return list }

// pathIs tests whether a request's path fits a template: "/items/{id}", "/{proxy+}".
func pathIs(template string) policy.Cond {
	if !strings.Contains(template, "{") && !strings.Contains(template, "‹") {
		return &policy.Equal{Of: policy.Path, Text: template}
	}
	var expression, prefix strings.Builder
	literal := true
	for segment := range strings.SplitSeq(template[1:], "/") {
		expression.WriteByte('/')
		switch {
		case strings.HasSuffix(segment, "+}"):
			expression.WriteString(".+")
			literal = false
		case strings.ContainsAny(segment, "{‹"):
			expression.WriteString("[^/]+")
			literal = false
		default:
			expression.WriteString(regexp.QuoteMeta(segment))
		}
		if literal {
			prefix.WriteString("/" + segment)
		}
	}
	pattern, err := policy.CompilePattern("^"+expression.String()+"$", policy.PCRE, false)
	if err != nil {
		return &policy.Equal{Of: policy.Path, Text: template}
	}
	matches := &policy.Matches{Of: policy.Path, Pattern: pattern, Keeps: true}
	if prefix.Len() == 0 {
		return matches
	}
	return policy.All{&policy.HasPrefix{Of: policy.Path, Text: prefix.String()}, matches} // which is cheaper to ask first
}

// examplePath returns a path that fits a template.
func examplePath(template string) string {
	var out strings.Builder
	for segment := range strings.SplitSeq(template[1:], "/") {
		if strings.ContainsAny(segment, "{‹") {
			segment = "1"
		}
		out.WriteString("/" + segment)
	}
	return out.String()
}

// moreSpecific orders path templates as API Gateway chooses among them: at the first segment in which they differ a fixed
// one comes before a parameter, and that before a greedy one.
func moreSpecific(a, b string) int {
	kind := func(segment string) int {
		switch {
		case strings.HasSuffix(segment, "+}"):
			return 2
		case strings.Contains(segment, "{"):
			return 1
		}
		return 0
	}
	as, bs := strings.Split(a, "/"), strings.Split(b, "/")
	for i := range min(len(as), len(bs)) {
		if c := kind(as[i]) - kind(bs[i]); c != 0 {
			return c
		}
	}
	return len(bs) - len(as)
}

// statusOf reads a status code.
func statusOf(v value, otherwise int) int {
	if n, err := strconv.Atoi(v.Word()); err == nil && 100 <= n && n <= 599 {
		return n
	}
	return otherwise
}

// missing tests whether a request lacks a header.
func missing(header string) policy.Cond {
	return &policy.Equal{Of: &policy.RequestHeader{Name: strings.ToLower(header)}, Text: ""}
}

// and holds when all of the conditions do.
func and(conds ...policy.Cond) policy.All {
	out := policy.All{}
	for _, c := range conds {
		if all, ok := c.(policy.All); ok {
			out = append(out, all...)
		} else {
			out = append(out, c)
		}
	}
	return out
}

// whenever runs a step under a condition, which may be none.
func whenever(c policy.Cond, step policy.Step) policy.Step {
	if all, ok := c.(policy.All); ok && len(all) == 0 {
		return step
	}
	return &policy.If{Cond: c, Then: steps(step)}
}

// some holds when one of the conditions does.
func some(conds ...policy.Cond) policy.Cond {
	var none policy.All
	for _, c := range conds {
		none = append(none, &policy.Not{Cond: c})
	}
	return &policy.Not{Cond: none}
}

// refusal says how a service answers a request that it refuses for its credentials.
type refusal struct {
	absent   func() []policy.Step // there are none
	rejected func() []policy.Step // they are not accepted
}

// check makes the steps that check a request's credentials at an endpoint.
func (b *builder) check(g guard, verb, endpoint string, answer refusal) []policy.Step {
	var out []policy.Step
	refuse := func(header string) {
		out = append(out, &policy.If{Cond: missing(header), Then: answer.absent()})
		b.requires(verb, endpoint, header, g.name+" asks for it", g.span)
	}
	ask := func(subject string) *policy.Ask {
		return &policy.Ask{Unknown: policy.Unknown{Kind: policy.UnknownCondition, Span: g.span, Subject: subject}}
	}
	switch {
	case g.kind == unguarded:
		return nil
	case g.kind == iam:
		refuse("Authorization")
	case g.kind == unknownGuard:
		out = append(out, &policy.If{Cond: policy.All{missing("authorization"), ask("requests need credentials by " + g.name)},
			Then: answer.absent()})
	case g.opaque:
		// The authorizer sees the whole request. A preflight, and whoever is not logged in, has nothing to show.
		refuses := ask("the authorizer " + g.name + " refuses a request without credentials")
		out = append(out, &policy.If{Cond: policy.All{missing("authorization"), missing("cookie"), refuses}, Then: answer.rejected()})
	default:
		for _, h := range g.headers {
			if !slices.Contains(b.out.edge, strings.ToLower(h)) { // else whoever stands in front brings it
				refuse(h)
			}
		}
	}
	return append(out, &policy.If{Cond: policy.Meets{Kind: policy.CredentialsRejected}, Then: answer.rejected()})
}

// guardsPreflight notes that preflights are asked for credentials, and how to free them.
func (b *builder) guardsPreflight(g guard, endpoint, change string) {
	if g.kind != unguarded {
		b.fact(policy.Fact{Kind: policy.FactGuardsPreflight, Endpoint: endpoint, Text: change, Span: g.span})
	}
}

// requires notes that a request is refused without a header.
func (b *builder) requires(verb, endpoint, header, why string, at source.Span) {
	if verb == "ANY" {
		verb = ""
	}
	b.fact(policy.Fact{Kind: policy.FactRequiresHeader, Endpoint: endpoint, Method: verb, Subject: header, Text: why, Span: at})
}
