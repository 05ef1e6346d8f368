package apigateway

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/parsers/apigateway/template"
)

// This file lowers REST APIs: one block that chooses the method, and one for each method.

// restBuilder makes the layer of a REST API.
type restBuilder struct {
	*builder
	api *restAPI
}

func (r *reading) lowerREST(api *restAPI) *policy.Layer {
	if len(api.methods) == 0 {
		return nil
	}
	b := &restBuilder{r.build(api.name, api.span, api.hosts...), api}
	b.stageOff(api.stages)
	byPath := map[string][]*method{}
	var paths []string
	for _, m := range api.methods {
		if byPath[m.path] == nil {
			paths = append(paths, m.path)
		}
		byPath[m.path] = append(byPath[m.path], m)
	}
	b.fact(policy.Fact{Kind: policy.FactOwnErrors, Span: api.span,
		Text: "add gateway responses for DEFAULT_4XX and DEFAULT_5XX with the header, and let the function send it with its errors"})
	// A resource is chosen by its path alone; whether it has the method is looked at after that.
	slices.SortStableFunc(paths, moreSpecific)
	for _, path := range paths {
		b.request(0, &policy.If{Cond: pathIs(path), Then: b.resource(path, byPath[path])})
	}
	b.request(0, b.gatewayAnswer("MISSING_AUTHENTICATION_TOKEN", b.layer.Span)...)
	b.routed()
	return b.layer
}

// resource chooses among the methods of a path: the named ones come before ANY.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-method-settings.html
func (b *restBuilder) resource(path string, methods []*method) []policy.Step {
	endpoint := policy.Endpoint{Pattern: path, Example: examplePath(path), Span: methods[0].span}
	var out, any []policy.Step
	for _, m := range methods {
		if m.verb != "OPTIONS" && !slices.ContainsFunc(endpoint.Methods, func(verb string) bool { return verb != "OPTIONS" }) {
			endpoint.Span = m.span // the first that a page would call
		}
		endpoint.Methods = append(endpoint.Methods, m.verb)
		jump := &policy.Jump{Block: b.method(m)}
		if m.verb == "ANY" {
			any = steps(jump)
			continue
		}
		out = append(out, &policy.If{Cond: &policy.Equal{Of: policy.Method, Text: m.verb}, Then: steps(jump)})
	}
	if any != nil {
		endpoint.Methods = nil
	} else {
		any = b.gatewayAnswer("MISSING_AUTHENTICATION_TOKEN", endpoint.Span)
	}
	b.layer.Endpoints = append(b.layer.Endpoints, endpoint)
	return append(out, any...)
}

// method lowers a method and returns its block.
func (b *restBuilder) method(m *method) int {
	block := b.block(m.verb+" "+m.path, m.span)
	b.request(block, &policy.If{Cond: policy.Meets{Kind: policy.Throttled}, Then: b.gatewayAnswer("THROTTLED", m.span)})
	absent, rejected := "UNAUTHORIZED", "ACCESS_DENIED"
	switch {
	case m.guard.kind == iam:
		absent = "MISSING_AUTHENTICATION_TOKEN"
	case m.guard.jwt:
		rejected = "UNAUTHORIZED"
	}
	if m.verb == "ANY" {
		b.guardsPreflight(m.guard, m.path, "add an OPTIONS method without an authorizer")
	} else if m.verb == "OPTIONS" && m.free != "" {
		b.guardsPreflight(m.guard, m.path, m.free)
	}
	b.request(block, b.check(m.guard, m.verb, m.path, refusal{
		absent:   func() []policy.Step { return b.gatewayAnswer(absent, m.guard.span) },
		rejected: func() []policy.Step { return b.gatewayAnswer(rejected, m.guard.span) },
	})...)
	if !m.key.IsZero() {
		b.request(block, &policy.If{Cond: missing("x-api-key"), Then: b.gatewayAnswer("INVALID_API_KEY", m.key)})
		b.requires(m.verb, m.path, "X-Api-Key", "an API key is required", m.key)
	}
	for _, p := range m.required {
		cond := missing(p.name)
		if p.query {
			cond = &policy.Equal{Of: policy.Arg(p.name), Text: ""}
		} else {
			b.requires(m.verb, m.path, p.name, "the request validator asks for it", p.span)
		}
		b.request(block, &policy.If{Cond: cond, Then: b.gatewayAnswer("BAD_REQUEST_PARAMETERS", p.span)})
	}
	b.request(block, &policy.If{Cond: policy.Meets{Kind: policy.BodyTooLarge}, Then: b.gatewayAnswer("REQUEST_TOO_LARGE", m.span)})
	b.request(block, b.integrate(m)...)
	return block
}

// integrate makes the steps that answer a method. A method without a known integration is an open answer.
func (b *restBuilder) integrate(m *method) []policy.Step {
	i := m.integration
	switch {
	case i == nil:
		b.gap(m.span, "%s %s has no integration here", m.verb, m.path)
		return nil
	case i.proxy():
		return b.proxy(m)
	case i.kind == "mock":
		return b.mock(m)
	case i.kind == "aws" || i.kind == "http":
		return b.custom(m)
	}
	b.gap(i.span, "the type of the integration of %s %s is not known", m.verb, m.path)
	return nil
}

// proxy hands the request on; what the backend answers is sent as it is. Mapped headers are not looked at.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-cors.html
func (b *restBuilder) proxy(m *method) []policy.Step {
	i := m.integration
	for _, r := range i.responses {
		for _, h := range r.headers {
			if strings.HasPrefix(strings.ToLower(h.name), "access-control-") {
				b.fact(policy.Fact{Kind: policy.FactMappingIgnored, Endpoint: m.path, Method: m.verb, Subject: h.name, Span: h.span,
					Text: "a proxy integration sends what the backend answers as it is"})
			}
		}
	}
	return steps(
		&policy.If{Cond: policy.Meets{Kind: policy.UpstreamDown}, Then: b.gatewayAnswer("INTEGRATION_FAILURE", i.span)},
		// A function that throws, or answers something else than a response: 502, a default answer.
		&policy.If{Cond: policy.Meets{Kind: policy.HandlerThrows}, Then: b.gatewayAnswer("", i.span)},
		&policy.Forward{To: b.backend(m), Path: policy.Path, Unreachable: 504}, // without the stage
	)
}

// backend is who answers for an integration: a function's own code where it is called as a proxy.
func (b *restBuilder) backend(m *method) policy.Upstream {
	i := m.integration
	if i.kind != "aws_proxy" {
		return i.upstream
	}
	return b.runs(i.upstream, "1.0", m.path)
}

// mockStatus is the status that the template of a mock integration gives. The parser is lenient: keys and numbers may go
// without quotes, as in what the CDK and Serverless write.
var mockStatus = regexp.MustCompile(`["']?statusCode["']?\s*:\s*["']?(\d{3})\b`)

// mock lowers a mock integration. A preflight has no Content-Type, which counts as application/json.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-mock-integration.html
func (b *restBuilder) mock(m *method) []policy.Step {
	i := m.integration
	if at, binary := b.binaryForAll(); binary && i.content != "CONVERT_TO_TEXT" {
		// "Unable to transform request": the empty body is taken for a binary one, as users report.
		b.fact(policy.Fact{Kind: policy.FactMockTakesBinary, Endpoint: m.path, Method: m.verb, Span: i.span})
		b.unverified("", at, "that it fails so is reported by users, and not documented")
		return append(b.failed(i, at), b.gatewayAnswer("API_CONFIGURATION_ERROR", at)...)
	}
	text, given := fieldOf(i.templates, "application/json")
	switch {
	case !given && (i.passthrough == "never" || i.passthrough == "when_no_templates" && len(i.templates) > 0):
		return b.gatewayAnswer("UNSUPPORTED_MEDIA_TYPE", i.span)
	case !given:
		return b.gatewayAnswer("API_CONFIGURATION_ERROR", i.span) // the body, which is empty, holds no status
	}
	statuses := map[int]bool{}
	for _, found := range mockStatus.FindAllStringSubmatch(text.Text().String(), -1) {
		n, _ := strconv.Atoi(found[1])
		statuses[n] = true
	}
	_, known := text.Known()
	switch {
	case len(statuses) == 0 && known:
		return b.gatewayAnswer("API_CONFIGURATION_ERROR", text.Span)
	case len(statuses) > 1:
		b.gap(text.Span, "the request template chooses among statuses; 200 is taken")
		statuses = map[int]bool{200: true}
	case len(statuses) == 0:
		statuses[200] = true
	}
	for status := range statuses {
		if r := chosen(i.responses, strconv.Itoa(status)); r != nil {
			return b.respond(m, r)
		}
	}
	return b.gatewayAnswer("API_CONFIGURATION_ERROR", i.span)
}

// failed loses the headers that an integration was to send.
func (b *restBuilder) failed(i *integration, by source.Span) []policy.Step {
	var out []policy.Step
	for _, r := range i.responses {
		for _, h := range r.headers {
			out = append(out, &policy.Lose{Name: h.name, Value: b.mapped(h), At: h.expr.Span, By: by, Why: policy.Failed})
		}
	}
	return out
}

// binaryForAll reports whether every media type is a binary one.
func (b *restBuilder) binaryForAll() (source.Span, bool) {
	for _, v := range b.api.binary {
		if text := v.Word(); text == "*/*" || text == "*~1*" {
			return v.Span, true
		}
	}
	return source.Span{}, false
}

// custom lowers an integration whose answer is mapped. What the backend sends itself is dropped.
func (b *restBuilder) custom(m *method) []policy.Step {
	i := m.integration
	out := steps(&policy.If{Cond: policy.Meets{Kind: policy.UpstreamDown}, Then: b.gatewayAnswer("INTEGRATION_FAILURE", i.span)})
	for _, r := range i.responses {
		if !r.pattern.Given() {
			continue
		}
		var statuses []int
		for status := 300; status <= 599; status++ {
			if chosen(i.responses, strconv.Itoa(status)) == r {
				statuses = append(statuses, status)
			}
		}
		if len(statuses) > 0 {
			out = append(out, &policy.If{Cond: policy.Meets{Kind: policy.UpstreamStatus, Statuses: statuses}, Then: b.respond(m, r)})
			continue
		}
		// A function's pattern is compared with the message of its error.
		ask := &policy.Ask{Unknown: policy.Unknown{Kind: policy.UnknownCondition, Span: r.pattern.Span,
			Subject: "the error message matches " + strconv.Quote(r.pattern.Text().String())}}
		out = append(out, &policy.If{Cond: policy.All{policy.Meets{Kind: policy.HandlerThrows}, ask}, Then: b.respond(m, r)})
	}
	if r := chosen(i.responses, "200"); r != nil {
		return append(out, b.respond(m, r)...)
	}
	return append(out, b.gatewayAnswer("API_CONFIGURATION_ERROR", i.span)...)
}

// chosen returns the integration response for a status: the first whose pattern matches all of it, else the one without.
func chosen(responses []*integrationResponse, status string) *integrationResponse {
	var otherwise *integrationResponse
	for _, r := range responses {
		if text := r.pattern.Word(); r.pattern.Given() && text != "" {
			if p, err := policy.CompilePattern("^(?:"+text+")$", policy.PCRE, false); err == nil {
				if m, err := p.Match(status); err == nil && m != nil {
					return r
				}
			}
			continue
		}
		if otherwise == nil {
			otherwise = r
		}
	}
	return otherwise
}

// respond answers with an integration response: its mapped headers, which the method response of the same status has to
// declare, and what its template overrides. A header that is declared and not mapped is lost.
func (b *restBuilder) respond(m *method, r *integrationResponse) []policy.Step {
	status := statusOf(r.status, 200)
	answer := &policy.Respond{Status: status, Span: r.span}
	declared := m.declared[strconv.Itoa(status)]
	overrides := b.overrides(r)
	out := overrides.before(r.headers)
	mapped := map[string]bool{}
	for _, h := range r.headers {
		mapped[strings.ToLower(h.name)] = true
		if !isDeclared(declared, h.name) {
			b.reject(h.span, "%s is mapped for status %d, and the method response of that status does not declare it", h.name, status)
		}
		e := b.expression(h)
		if v, ok := overrides.variable(h.name); ok {
			out = append(out, &policy.Set{Var: v, Value: e, Span: h.expr.Span})
			continue
		}
		answer.Headers = append(answer.Headers, policy.Line{Name: h.name, Value: e, Span: h.expr.Span})
	}
	out = append(out, overrides.steps...)
	for _, o := range overrides.headers {
		span := overrides.span
		for _, h := range r.headers {
			if strings.EqualFold(h.name, o.name) {
				span = h.expr.Span
			}
		}
		mapped[strings.ToLower(o.name)] = true
		answer.Headers = append(answer.Headers, policy.Line{Name: o.name, Value: policy.Variable(o.variable), Span: span})
	}
	for _, d := range declared {
		if name := strings.ToLower(d.name); strings.HasPrefix(name, "access-control-") && !mapped[name] {
			u := policy.Unknown{Kind: policy.UnknownVariable, Subject: "the value of " + d.name, Span: d.span}
			out = append(out, &policy.Lose{Name: d.name, Value: &policy.UnknownExpr{Unknown: u}, At: d.span, By: d.span, Why: policy.Unmapped})
		}
	}
	if r.open != nil {
		out = append(out, &policy.OpenHeaders{Unknown: *r.open})
	}
	return append(out, answer)
}

func isDeclared(declared []mapping, name string) bool {
	return slices.ContainsFunc(declared, func(d mapping) bool { return strings.EqualFold(d.name, name) })
}

// expression lowers a mapping expression: a text in single quotes, a part of the request or of the backend's answer. What
// is none of these API Gateway refuses; then what was meant is assumed, which is the text itself.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/request-response-data-mappings.html
func (b *builder) expression(h mapping) policy.Expr {
	e := b.mapped(h)
	if strings.EqualFold(h.name, "Access-Control-Allow-Origin") {
		switch e := e.(type) {
		case policy.Text:
			b.mentionOrigin(policy.Literal(string(e)), h.expr.Span)
		case *policy.RequestHeader:
			b.mention(policy.Mention{Kind: policy.MentionReflected, Span: h.expr.Span})
		}
	}
	return e
}

func (b *builder) mapped(h mapping) policy.Expr {
	text, known := h.expr.Text().Known()
	if !known {
		return expr(unquote(h.expr.Text()))
	}
	text = strings.TrimSpace(text)
	if header, ok := cutFold(text, "method.request.header."); ok {
		return &policy.RequestHeader{Name: strings.ToLower(header)}
	}
	for _, prefix := range [...]string{"integration.response.", "context.", "stageVariables.", "method.request."} {
		if strings.HasPrefix(text, prefix) {
			return &policy.UnknownExpr{Unknown: policy.Unknown{Kind: policy.UnknownVariable, Subject: text, Span: h.expr.Span}}
		}
	}
	if len(text) >= 2 && text[0] == '\'' && text[len(text)-1] == '\'' {
		return policy.Text(text[1 : len(text)-1])
	}
	if h.expr.Kind == template.Number || h.expr.Kind == template.Bool { // whether it is taken for a text is not known
		return policy.Text(text)
	}
	literal := strings.Trim(text, "'")
	if strings.HasPrefix(strings.ToLower(h.name), "access-control-") {
		b.fact(policy.Fact{Kind: policy.FactMappingUnquoted, Subject: h.name, Text: literal, Span: h.expr.Span})
	} else {
		b.reject(h.expr.Span, "%q is no mapping expression: a literal value stands in single quotes of its own, as \"'%s'\"", text, literal)
	}
	return policy.Text(literal)
}

// unquote takes the single quotes off a value that is known in part.
func unquote(v policy.Value) policy.Value {
	parts := slices.Clone(v.Parts())
	if len(parts) == 0 {
		return v
	}
	first, last := &parts[0], &parts[len(parts)-1]
	first.Text = strings.TrimPrefix(strings.TrimLeft(first.Text, " "), "'")
	last.Text = strings.TrimSuffix(strings.TrimRight(last.Text, " "), "'")
	var values []policy.Value
	for _, p := range parts {
		if p.Unknown != nil {
			values = append(values, policy.UnknownValue(*p.Unknown))
		} else {
			values = append(values, policy.Literal(p.Text))
		}
	}
	return policy.Join(values...)
}

// gatewayStatuses are the statuses of the answers that API Gateway gives itself.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
var gatewayStatuses = map[string]int{
	"ACCESS_DENIED": 403, "API_CONFIGURATION_ERROR": 500, "AUTHORIZER_CONFIGURATION_ERROR": 500, "AUTHORIZER_FAILURE": 500,
	"BAD_REQUEST_BODY": 400, "BAD_REQUEST_PARAMETERS": 400, "EXPIRED_TOKEN": 403, "INTEGRATION_FAILURE": 504, "INTEGRATION_TIMEOUT": 504,
	"INVALID_API_KEY": 403, "INVALID_SIGNATURE": 403, "MISSING_AUTHENTICATION_TOKEN": 403, "QUOTA_EXCEEDED": 429, "REQUEST_TOO_LARGE": 413,
	"RESOURCE_NOT_FOUND": 404, "THROTTLED": 429, "UNAUTHORIZED": 401, "UNSUPPORTED_MEDIA_TYPE": 415, "WAF_FILTERED": 403, "": 502,
}

// gatewayAnswer answers as API Gateway does itself, with the headers that are configured for this kind of answer, or else
// for its class of statuses.
func (b *restBuilder) gatewayAnswer(kind string, at source.Span) []policy.Step {
	answer := &policy.Respond{Status: gatewayStatuses[kind], Span: at}
	class := "DEFAULT_4XX"
	if answer.Status >= 500 {
		class = "DEFAULT_5XX"
	}
	find := func(kind string) *gatewayResponse {
		for _, g := range b.api.gateway {
			if g.kind == kind {
				return g
			}
		}
		return nil
	}
	g := find(kind)
	if g == nil {
		g = find(class)
	}
	answer.Headers = []policy.Line{{Name: "Content-Type", Value: policy.Text("application/json")}}
	if g == nil {
		return steps(answer)
	}
	answer.Status = statusOf(g.status, answer.Status)
	for _, h := range g.headers {
		answer.Headers = append(answer.Headers, policy.Line{Name: h.name, Value: b.expression(h), Span: h.expr.Span})
	}
	if g.open != nil {
		return steps(&policy.OpenHeaders{Unknown: *g.open}, answer)
	}
	return steps(answer)
}

// fieldOf returns the value of a key, in any case.
func fieldOf(fields []template.Field, key string) (value, bool) {
	for _, f := range fields {
		if strings.EqualFold(f.Key, key) {
			return f.Value, true
		}
	}
	return value{}, false
}
