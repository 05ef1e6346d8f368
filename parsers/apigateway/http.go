package apigateway

import (
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/source"
)

// This file lowers HTTP APIs. With a CORS configuration the gateway answers preflights itself and replaces the CORS headers
// of whatever stands behind it; without one, the backend does everything.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html

// httpBuilder makes the layer of an HTTP API.
type httpBuilder struct {
	*builder
	api *httpAPI
}

func (r *reading) lowerHTTP(api *httpAPI) *policy.Layer {
	if len(api.routes) == 0 && api.cors == nil {
		return nil
	}
	b := &httpBuilder{r.build(api.name, api.span, api.hosts...), api}
	b.stageOff(api.stages)
	api.cors = b.refused(api.cors)
	b.unknownOptions(api.cors)
	routes := slices.Clone(api.routes)
	slices.SortStableFunc(routes, compareRoutes)
	// A preflight that is answered by the configuration reaches no route, unless one takes it that has an authorizer, or
	// one that is for OPTIONS alone.
	answered := -1
	if api.cors != nil {
		answered = b.preflightBlock()
	}
	for _, r := range routes {
		block := b.route(r)
		takes := steps(&policy.Jump{Block: block})
		var cond policy.All
		if r.verb != "ANY" {
			cond = append(cond, &policy.Equal{Of: policy.Method, Text: r.verb})
		} else if answered >= 0 && r.guard.kind == unguarded {
			takes = steps(&policy.If{Cond: isPreflight(), Then: steps(&policy.Jump{Block: answered})}, &policy.Jump{Block: block})
		}
		if r.path != "" {
			cond = append(cond, pathIs(r.path))
		}
		if len(cond) == 0 {
			b.request(0, takes...)
		} else {
			b.request(0, &policy.If{Cond: cond, Then: takes})
		}
	}
	if answered >= 0 {
		b.request(0, &policy.If{Cond: isPreflight(), Then: steps(&policy.Jump{Block: answered})})
	}
	b.request(0, b.own(404, b.layer.Span)...)
	b.endpoints(routes)
	b.routed()
	return b.layer
}

// compareRoutes orders routes as the gateway chooses: a path that matches fully, a greedy one, $default; a method before ANY.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
func compareRoutes(a, b *route) int {
	switch {
	case a.path == "" || b.path == "":
		return len(b.path) - len(a.path)
	case a.path != b.path:
		return moreSpecific(a.path, b.path)
	case a.verb == "ANY":
		return 1
	case b.verb == "ANY":
		return -1
	}
	return 0
}

// isPreflight tests for what the gateway takes for a preflight.
func isPreflight() policy.Cond {
	return policy.All{
		&policy.Equal{Of: policy.Method, Text: "OPTIONS"},
		&policy.Not{Cond: missing("origin")},
		&policy.Not{Cond: missing("access-control-request-method")},
	}
}

// endpoints describes the routes, and the paths that preflights are answered for.
func (b *httpBuilder) endpoints(routes []*route) {
	for _, r := range routes {
		pattern := orDefault(r.path, "$default")
		i := slices.IndexFunc(b.layer.Endpoints, func(e policy.Endpoint) bool { return e.Pattern == pattern })
		if i < 0 {
			e := policy.Endpoint{Pattern: pattern, Example: "/", Span: r.span}
			if r.path != "" {
				e.Example = examplePath(r.path)
			}
			if r.path != "" || r.verb != "ANY" {
				e.Methods = []string{}
			}
			b.layer.Endpoints = append(b.layer.Endpoints, e)
			i = len(b.layer.Endpoints) - 1
		}
		e := &b.layer.Endpoints[i]
		switch {
		case r.verb == "ANY":
			e.Methods = nil
		case e.Methods != nil:
			e.Methods = append(e.Methods, r.verb)
		}
	}
	if len(routes) == 0 {
		b.layer.Endpoints = []policy.Endpoint{{Pattern: "/", Example: "/", Span: b.layer.Span}}
	}
}

// refused notes what the gateway does not take when the API is made, and returns the configuration without it: no API has it.
func (b *httpBuilder) refused(c *corsRule) *corsRule {
	if c == nil || !c.credentials.IsTrue() || !has(c.origins, "*") {
		return c
	}
	b.reject(c.credentials.Span, "API Gateway refuses AllowCredentials where AllowOrigins has *")
	return c.withoutCredentials()
}

// route lowers a route and returns its block.
func (b *httpBuilder) route(r *route) int {
	name := orDefault(r.path, "$default")
	block := b.block(r.verb+" "+name, r.span)
	b.request(block, &policy.If{Cond: policy.Meets{Kind: policy.Throttled}, Then: b.own(429, r.span)})
	absent, rejected := 401, 403
	switch {
	case r.guard.kind == iam:
		absent = 403
	case r.guard.jwt:
		rejected = 401
	}
	if r.verb == "ANY" {
		b.guardsPreflight(r.guard, name, "add a route OPTIONS /{proxy+} with an integration and without an authorizer")
	}
	b.request(block, b.check(r.guard, r.verb, name, refusal{
		absent:   func() []policy.Step { return b.own(absent, r.guard.span) },
		rejected: func() []policy.Step { return b.own(rejected, r.guard.span) },
	})...)
	if r.upstream.Name == "" { // a route without an integration answers 404
		b.request(block, b.own(404, r.span)...)
		return block
	}
	b.request(block,
		&policy.If{Cond: policy.Meets{Kind: policy.BodyTooLarge}, Then: b.own(413, r.span)},
		&policy.If{Cond: policy.Meets{Kind: policy.UpstreamDown}, Then: b.own(503, r.span)},
		&policy.If{Cond: policy.Meets{Kind: policy.HandlerThrows}, Then: b.own(500, r.span)},
		&policy.Forward{To: b.runs(r.upstream, orDefault(r.payload, "2.0"), name), Unreachable: 503, Receive: b.replace()},
	)
	return block
}

// own answers for the gateway itself. Whether its CORS headers are on such answers is not documented; reports of refused
// preflights speak of the status alone, so that they may well be.
func (b *httpBuilder) own(status int, at source.Span) []policy.Step {
	answer := &policy.Respond{Status: status, Span: at,
		Headers: []policy.Line{{Name: "Content-Type", Value: policy.Text("application/json")}}}
	if status == 401 {
		answer.Headers = append(answer.Headers, policy.Line{Name: "WWW-Authenticate", Value: policy.Text("Bearer")})
	}
	return b.perhaps(answer, b.api.cors, "the gateway")
}

// perhaps answers for a service itself, with its CORS headers or without them.
func (b *builder) perhaps(answer *policy.Respond, c *corsRule, service string) []policy.Step {
	if c == nil {
		return steps(answer)
	}
	with := *answer
	with.Headers = append(slices.Clone(answer.Headers), b.actualLines(c)...)
	ask := &policy.Ask{Unknown: policy.Unknown{Kind: policy.UnknownCondition,
		Subject: service + "'s own errors carry its CORS headers", Span: c.span}}
	return steps(&policy.If{Cond: and(&policy.Not{Cond: missing("origin")}, b.allows(c), ask), Then: steps(&with)}, answer)
}

// preflightBlock answers preflights: 204, with headers for an origin that is allowed.
func (b *httpBuilder) preflightBlock() int {
	c := b.api.cors
	block := b.block("preflight", c.span)
	if c.open != nil {
		b.request(block, &policy.Respond{Status: 204, Span: c.span})
		b.response(block, &policy.OpenHeaders{Unknown: *c.open})
		return block
	}
	b.mentionRule(c)
	lines := append(b.actualLines(c), preflightLines(c)...)
	b.request(block,
		whenever(b.allows(c), &policy.Respond{Status: 204, Headers: lines, Span: c.span}),
		&policy.Respond{Status: 204, Span: c.span})
	return block
}

// replace makes the steps on a backend's answer: its CORS headers are not looked at, and the configured ones are added for
// a request with an origin that is allowed.
func (b *httpBuilder) replace() []policy.Step {
	c := b.api.cors
	if c == nil {
		return nil
	}
	out := steps(&policy.EditHeader{Op: policy.Remove, Name: "access-control-*", Span: c.span, Why: policy.Overridden})
	if c.open != nil {
		return append(out, &policy.OpenHeaders{Unknown: *c.open})
	}
	var add []policy.Step
	for _, line := range b.actualLines(c) {
		add = append(add, &policy.EditHeader{Op: policy.Replace, Name: line.Name, Value: line.Value, Span: line.Span, Why: policy.Overridden})
	}
	var preflight []policy.Step // of a route for OPTIONS
	for _, line := range preflightLines(c) {
		preflight = append(preflight, &policy.EditHeader{Op: policy.Replace, Name: line.Name, Value: line.Value,
			Span: line.Span, Why: policy.Overridden})
	}
	add = append(add, &policy.If{Cond: isPreflight(), Then: preflight})
	out = append(out, &policy.If{Cond: and(&policy.Not{Cond: missing("origin")}, b.allows(c)), Then: add})
	if dependsOnOrigin(c) {
		out = append(out, varyUnknown(c))
	}
	return out
}

// dependsOnOrigin reports whether different origins are answered differently.
func dependsOnOrigin(c *corsRule) bool { return len(c.origins) > 0 && !has(c.origins, "*") }

// actualLines are the headers for an allowed origin on the answer to the request itself.
func (b *builder) actualLines(c *corsRule) []policy.Line {
	origin := policy.Expr(&policy.RequestHeader{Name: "origin"})
	if has(c.origins, "*") {
		origin = policy.Text("*")
	}
	lines := []policy.Line{{Name: "Access-Control-Allow-Origin", Value: origin, Span: spanOf(c.origins, c.span)}}
	if c.credentials.IsTrue() {
		lines = append(lines, policy.Line{Name: "Access-Control-Allow-Credentials", Value: policy.Text("true"), Span: c.credentials.Span})
	}
	if len(c.expose) > 0 {
		lines = append(lines, policy.Line{Name: "Access-Control-Expose-Headers", Value: expr(joined(c.expose)), Span: spanOf(c.expose, c.span)})
	}
	return lines
}

// preflightLines are the headers for an allowed origin that only the answer to a preflight has.
func preflightLines(c *corsRule) []policy.Line {
	var lines []policy.Line
	add := func(name string, items []value) {
		line := policy.Line{Name: name, Value: expr(joined(items)), Span: spanOf(items, c.span)}
		if has(items, "*") && c.credentials.IsTrue() { // spelt out or not: with credentials it makes a difference
			line.Value = &policy.UnknownExpr{Unknown: policy.Unknown{Kind: policy.UnknownVariable,
				Subject: "what the service sends for *", Span: line.Span}}
		}
		if len(items) > 0 {
			lines = append(lines, line)
		}
	}
	add("Access-Control-Allow-Methods", c.methods)
	add("Access-Control-Allow-Headers", c.headers)
	if c.maxAge.Given() {
		lines = append(lines, policy.Line{Name: "Access-Control-Max-Age", Value: expr(c.maxAge.Text()), Span: c.maxAge.Span})
	}
	return lines
}

// varyUnknown adds a Vary of which nobody says whether it is sent.
func varyUnknown(c *corsRule) policy.Step {
	u := policy.Unknown{Kind: policy.UnknownVariable, Subject: "the Vary header that the service sends", Span: c.span}
	return &policy.EditHeader{Op: policy.Add, Name: "Vary", Value: &policy.UnknownExpr{Unknown: u}, Span: c.span}
}

// allows tests whether a configuration allows the request's origin: "*", "https://*", "http://*", or the origin itself.
func (b *builder) allows(c *corsRule) policy.Cond {
	origin := &policy.RequestHeader{Name: "origin"}
	var any []policy.Cond
	for _, o := range c.origins {
		text, known := o.Known()
		switch {
		case !known:
			any = append(any, &policy.Same{A: expr(o.Text()), B: origin})
		case text == "*":
			return policy.All{}
		case text == "https://*" || text == "http://*":
			any = append(any, &policy.HasPrefix{Of: origin, Text: strings.TrimSuffix(text, "*")})
		default:
			any = append(any, &policy.Equal{Of: origin, Text: text})
		}
	}
	return some(any...)
}

// mentionRule notes the origins of a configuration.
func (b *builder) mentionRule(c *corsRule) {
	for _, o := range c.origins {
		switch text, known := o.Known(); {
		case !known || text == "" || text == "*":
		case text == "https://*" || text == "http://*":
			b.mention(policy.Mention{Kind: policy.MentionPrefix, Text: strings.TrimSuffix(text, "*"), Span: o.Span})
		default:
			b.mention(policy.Mention{Kind: policy.MentionLiteral, Text: text, Span: within(o.Span, text)})
		}
	}
}
