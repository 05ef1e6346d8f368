package apigateway

import (
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/internal/yamltree"
	"github.com/corslint/corslint/parsers/apigateway/template"
)

// This file reads serverless.yml, as the framework's source makes CloudFormation of it.
// https://github.com/serverless/serverless/tree/main/packages/serverless/lib/plugins/aws/package/compile/events

// The logical names that the framework gives its APIs, to which the resources of the file may refer.
const (
	frameworkREST = "ApiGatewayRestApi"
	frameworkHTTP = "HttpApi"
)

// frameworkHeaders are the request headers that are allowed where nothing else is said.
var frameworkHeaders = [...]string{"Content-Type", "X-Amz-Date", "Authorization", "X-Api-Key", "X-Amz-Security-Token",
	"X-Amz-User-Agent", "X-Amzn-Trace-Id"}

// framework is a serverless.yml that is being read.
type framework struct {
	*stack
	provider value
	cors     map[string]*preflight // by path
	paths    []string              // in order
	methods  []value               // of the HTTP API's routes
}

// preflight is what the events of one path say together about CORS.
type preflight struct {
	span                      source.Span
	origin                    value // the last one said
	origins, headers, methods []value
	credentials               value
	maxAge, cacheControl      value
}

// serverlessFramework reads a service, if it is one of AWS.
func (r *reading) serverlessFramework(root yamltree.Node) {
	sls := template.NewServerless(root, func(name string, at source.Span) (yamltree.Node, bool) {
		gaps := len(r.gaps)
		node, ok := r.include(beside(at.File, name), at)
		r.gaps = r.gaps[:gaps] // what is not there is unknown by its name, where it matters
		return node, ok
	})
	f := &framework{stack: r.stack(sls.CloudFormation, sls.Root()), cors: map[string]*preflight{}}
	f.provider = f.root.Get("provider")
	if name := f.provider.Get("name"); f.provider.Word() != "aws" && name.Word() != "aws" {
		return
	}
	for _, resources := range f.root.Get("resources").Maps() {
		f.add(resources.Get("Resources"))
	}
	f.read()
	for _, list := range f.root.Get("functions").Maps() {
		for _, fn := range list.Fields() {
			f.function(fn)
		}
	}
	f.preflights()
	if api := f.rest[frameworkREST]; api != nil {
		api.binary = append(api.binary, f.provider.Get("apiGateway", "binaryMediaTypes").Each()...)
		if api.span.IsZero() {
			api.span = start(f.provider.Span)
		}
		api.name = f.serviceName()
		api.stages = append(api.stages, knownStage(f.stage())...)
	}
	f.httpCORS()
	r.gaps = append(r.gaps, sls.Gaps...)
}

func (f *framework) serviceName() string {
	return orDefault(orDefault(f.root.Get("service").Word(), f.root.Get("service", "name").Word()), "service")
}

func (f *framework) stage() value {
	if v := f.provider.Get("stage"); v.Given() {
		return v
	}
	return template.Text("dev", source.Span{})
}

// function reads the events of a function, and its URL.
func (f *framework) function(fn template.Field) {
	runtime := fn.Value.Get("runtime")
	if !runtime.Given() {
		runtime = f.provider.Get("runtime")
	}
	if isNode(runtime) {
		f.deploy(fn.Key, "", fn.Value.Get("handler"))
	}
	for _, e := range fn.Value.Get("events").Items() {
		for _, kind := range e.Fields() {
			if !f.room(kind.Span) {
				return
			}
			switch kind.Key {
			case "http":
				f.httpEvent(fn, kind)
			case "httpApi":
				f.httpAPIEvent(fn, kind)
			case "alb":
				f.gap(kind.Span, "alb events are not modelled")
			}
		}
	}
	url, ok := fn.Value.Field("url")
	if on, known := url.Value.Bool(); !ok || known && !on {
		return
	}
	u := &functionURL{name: fn.Key, span: url.Span, upstream: policy.Upstream{Name: fn.Key, Span: fn.Span},
		signed: signature(url.Value.Get("authorizer"))}
	if cors, ok := url.Value.Field("cors"); ok {
		u.cors = f.corsOfFramework(cors, []value{template.Text("*", cors.Span)})
	}
	f.out.urls = append(f.out.urls, u)
}

// corsOfFramework reads the CORS configuration of an HTTP API or a function URL; nil when it is turned off.
func (f *framework) corsOfFramework(cors template.Field, methods []value) *corsRule {
	if on, known := cors.Value.Bool(); known && !on || !cors.Value.Given() {
		return nil
	}
	v := cors.Value
	c := &corsRule{span: cors.Span, maxAge: v.Get("maxAge"), credentials: v.Get("allowCredentials"),
		expose: scalars(v.Get("exposedResponseHeaders"))}
	// The framework warns of a name that it does not know, unless configValidationMode is error, and deploys without it.
	// https://github.com/serverless/serverless/issues/11557
	known := []string{"allowedOrigins", "allowedHeaders", "allowedMethods", "exposedResponseHeaders", "allowCredentials", "maxAge"}
	for _, key := range v.Fields() {
		if !slices.Contains(known, key.Key) {
			c.unknown = append(c.unknown, policy.Fact{Kind: policy.FactOptionUnknown, Subject: key.Key, Text: "the Serverless Framework", Span: key.Span})
		}
	}
	list := func(key string, otherwise []value) []value {
		if given := v.Get(key); given.Given() {
			return scalars(given)
		}
		if field, ok := v.Field(key); ok && field.Value.Kind == template.Null { // null takes the default away
			return nil
		}
		return otherwise
	}
	c.origins = list("allowedOrigins", []value{template.Text("*", cors.Span)})
	c.headers = list("allowedHeaders", texts(frameworkHeaders[:], cors.Span))
	c.methods = list("allowedMethods", methods)
	return c
}

func texts(list []string, at source.Span) []value {
	var out []value
	for _, text := range list {
		out = append(out, template.Text(text, at))
	}
	return out
}

// httpEvent reads a REST API's event: "GET path", or a mapping.
func (f *framework) httpEvent(fn, event template.Field) {
	v := event.Value
	m := &method{span: event.Span, declared: map[string][]mapping{}}
	if text, known := v.Known(); known {
		verb, path, _ := strings.Cut(strings.TrimSpace(text), " ")
		m.verb, m.path = strings.ToUpper(verb), normalPath(path)
	} else {
		m.verb, m.path = upper(v.Get("method")), normalPath(v.Get("path").Text().String())
	}
	if m.verb == "*" || m.verb == "" {
		m.verb = "ANY"
	}
	m.guard = f.restGuard(v.Get("authorizer"))
	if v.Get("private").IsTrue() {
		m.key = v.Get("private").Span
	}
	f.integrate(m, fn, event)
	api := f.restAPI(frameworkREST)
	api.methods = append(api.methods, m)
	if cors, ok := v.Field("cors"); ok {
		f.addCORS(m, cors)
	}
}

// restGuard reads the authorizer of an event: the name of a function, aws_iam, an ARN, or a mapping.
func (f *framework) restGuard(v value) guard {
	if !v.Given() {
		return guard{}
	}
	name, kind := v.Word(), strings.ToLower(v.Get("type").Word())
	g := guard{kind: authorizer, name: orDefault(name, orDefault(v.Get("name").Word(), "authorizer")), span: v.Span}
	if strings.EqualFold(name, "aws_iam") || kind == "aws_iam" {
		g.kind, g.name = iam, "aws_iam"
		return g
	}
	arn := orDefault(v.Get("arn").Text().String(), v.Text().String())
	g.jwt = kind == "cognito_user_pools" || strings.Contains(arn, ":cognito-idp:") || strings.Contains(arn, ":userpool/")
	sources := v.Get("identitySource")
	switch {
	case sources.Given():
		g.headers, g.opaque = identitySources(sources)
	case kind == "request" && v.Get("resultTtlInSeconds").Word() == "0":
		g.opaque = true
	default:
		g.headers = []string{"Authorization"}
	}
	g.span = firstLine(g.span)
	return g
}

// integrate gives a method its integration. The framework maps Allow-Origin itself where a function's answer is mapped.
func (f *framework) integrate(m *method, fn, event template.Field) {
	v := event.Value
	kind := strings.ReplaceAll(strings.ToLower(orDefault(v.Get("integration").Word(), "lambda-proxy")), "-", "_")
	switch kind {
	case "lambda":
		kind = "aws"
	case "lambda_proxy":
		kind = "aws_proxy"
	}
	i := &integration{kind: kind, span: event.Span, upstream: policy.Upstream{Name: fn.Key, Span: fn.Span}}
	m.integration = i
	if uri := v.Get("request", "uri"); uri.Given() && strings.HasPrefix(kind, "http") {
		i.upstream = upstream(uri)
	}
	if i.proxy() {
		return
	}
	i.templates = v.Get("request", "template").Fields()
	i.passthrough = strings.ToLower(v.Get("request", "passThrough").Word())
	i.content = upper(v.Get("request", "contentHandling"))
	var headers []mapping
	if cors, ok := v.Field("cors"); ok && (cors.Value.Kind == template.Map || cors.Value.IsTrue()) {
		origin := template.Text("*", cors.Span)
		if given := cors.Value.Get("origin"); given.Given() {
			origin = given
		}
		if list := cors.Value.Get("origins").Items(); len(list) > 0 { // joined: no browser takes more than one
			origin = template.Partly(joined(list), spanOf(list, cors.Span))
		}
		headers = append(headers, mapping{"Access-Control-Allow-Origin", quoted(origin), cors.Span})
		if credentials := cors.Value.Get("allowCredentials"); credentials.IsTrue() {
			headers = append(headers, mapping{"Access-Control-Allow-Credentials", quoted(credentials), credentials.Span})
		}
	}
	for _, h := range v.Get("response", "headers").Fields() {
		headers = append(headers, mapping{h.Key, h.Value, h.Span})
	}
	codes := v.Get("response", "statusCodes").Fields()
	hasDefault := slices.ContainsFunc(codes, func(c template.Field) bool {
		pattern, known := c.Value.Get("pattern").Known()
		return known && pattern == ""
	})
	if !hasDefault {
		i.responses = append(i.responses, &integrationResponse{status: template.Text("200", event.Span), span: event.Span, headers: headers})
	}
	for _, c := range codes {
		r := &integrationResponse{pattern: c.Value.Get("pattern"), status: template.Text(c.Key, c.Span), span: c.Span,
			headers: slices.Clone(headers)}
		for _, h := range c.Value.Get("headers").Fields() {
			r.headers = append(r.headers, mapping{h.Key, h.Value, h.Span})
		}
		i.responses = append(i.responses, r)
	}
	for _, r := range i.responses { // the framework declares what it maps
		m.declared[r.status.Word()] = append(m.declared[r.status.Word()], r.headers...)
	}
}

// quoted puts a value into the single quotes that a mapping expression wants.
func quoted(v value) value {
	return template.Partly(policy.Join(policy.Literal("'"), v.Text(), policy.Literal("'")), v.Span)
}

// addCORS adds what an event says to what the events of its path say together.
func (f *framework) addCORS(m *method, cors template.Field) {
	v := cors.Value
	if on, known := v.Bool(); known && !on || !v.Given() {
		return
	}
	p := f.cors[m.path]
	if p == nil {
		p = &preflight{}
		f.cors[m.path] = p
		f.paths = append(f.paths, m.path)
	}
	if v.Kind == template.Unknown {
		f.gap(cors.Span, "what cors is set to is not known; it is taken to be true")
	}
	p.span = cors.Span
	p.origin = template.Text("*", cors.Span)
	origins := v.Get("origins")
	if v.Kind == template.Map {
		if origins.Given() {
			p.origin = value{}
			p.origins = union(p.origins, origins.Items())
		}
		if origin := v.Get("origin"); origin.Given() {
			p.origin = origin
		}
		if v.Get("allowCredentials").Given() && !p.credentials.IsTrue() {
			p.credentials = v.Get("allowCredentials")
		}
		for _, late := range []struct {
			key string
			to  *value
		}{{"maxAge", &p.maxAge}, {"cacheControl", &p.cacheControl}} {
			if given := v.Get(late.key); given.Given() {
				*late.to = given
			}
		}
	}
	headers := texts(frameworkHeaders[:], cors.Span)
	if given := scalars(v.Get("headers")); v.Kind == template.Map && len(given) > 0 {
		headers = given
	}
	p.headers = union(headers, p.headers)
	methods := texts([]string{"OPTIONS"}, cors.Span)
	if given := v.Get("methods").Items(); v.Kind == template.Map && len(given) > 0 {
		methods = union(given, methods)
	}
	p.methods = union(union(methods, texts([]string{m.verb}, cors.Span)), p.methods)
}

// union returns the values of both lists, each text once.
func union(a, b []value) []value {
	out := slices.Clone(a)
	for _, v := range b {
		if text := v.Text().String(); !slices.ContainsFunc(out, func(x value) bool { return x.Text().String() == text }) {
			out = append(out, v)
		}
	}
	return out
}

// preflights adds OPTIONS to the paths with CORS: a mock integration that converts its content, whose template picks the
// origin when there are several.
func (f *framework) preflights() {
	api := f.rest[frameworkREST]
	for _, path := range f.paths {
		p := f.cors[path]
		origin, origins := p.origin, p.origins
		if text, known := origin.Known(); known && strings.Contains(text, ",") {
			origins = nil
			for part := range strings.SplitSeq(text, ",") {
				origins = append(origins, template.Text(strings.TrimSpace(part), origin.Span))
			}
		}
		if len(origins) > 0 {
			origin = origins[0]
		}
		r := &integrationResponse{status: template.Text("200", p.span), span: p.span}
		add := func(name string, v value) {
			if v.Given() {
				r.headers = append(r.headers, mapping{name, quoted(v), v.Span})
			}
		}
		add("Access-Control-Allow-Origin", origin)
		add("Access-Control-Allow-Headers", template.Partly(joined(p.headers), spanOf(p.headers, p.span)))
		methods := strings.Replace(joined(p.methods).String(), "ANY", "DELETE,GET,HEAD,PATCH,POST,PUT", 1)
		add("Access-Control-Allow-Methods", template.Text(methods, spanOf(p.methods, p.span)))
		if value, known := p.credentials.Bool(); value || !known {
			add("Access-Control-Allow-Credentials", p.credentials)
		}
		add("Access-Control-Max-Age", p.maxAge)
		add("Cache-Control", p.cacheControl)
		if len(origins) > 0 {
			r.templates = []template.Field{{Key: "application/json", Value: originTemplate(origins, p.span)}}
		}
		api.methods = slices.DeleteFunc(api.methods,
			func(m *method) bool { return m.path == path && m.verb == "OPTIONS" }) // the framework's own replaces it
		api.methods = append(api.methods, &method{
			path: path, verb: "OPTIONS", span: p.span, declared: map[string][]mapping{"200": r.headers},
			integration: &integration{kind: "mock", span: p.span, content: "CONVERT_TO_TEXT", responses: []*integrationResponse{r},
				templates: []template.Field{{Key: "application/json", Value: template.Text("{statusCode:200}", p.span)}}},
		})
	}
}

const overriddenOrigin = "$context.responseOverride.header.Access-Control-Allow-Origin"

// originTemplate is the template that the framework writes for several origins: dots are escaped, and of asterisks the
// first of each origin becomes a pattern.
func originTemplate(origins []value, at source.Span) value {
	var tests []string
	for _, o := range origins {
		text, known := o.Known()
		if !known {
			return template.Partly(policy.Join(policy.Literal("#set("+overriddenOrigin+" = "), o.Text(), policy.Literal(")")), at)
		}
		pattern := strings.Replace(strings.ReplaceAll(text, ".", "[.]"), "*", ".+", 1)
		tests = append(tests, `$origin.matches("`+pattern+`")`)
	}
	lines := []string{
		`#set($origin = $input.params("Origin"))`,
		`#if($origin == "") #set($origin = $input.params("origin")) #end`,
		`#if(` + strings.Join(tests, " || ") + `) #set(` + overriddenOrigin + ` = $origin) #end`,
	}
	return template.Text(strings.Join(lines, "\n"), spanOf(origins, at))
}

// httpAPIEvent reads an HTTP API's event: "GET /path", "*", or a mapping.
func (f *framework) httpAPIEvent(fn, event template.Field) {
	v := event.Value
	r := &route{span: event.Span, upstream: policy.Upstream{Name: fn.Key, Span: fn.Span}, payload: f.provider.Get("httpApi", "payload").Word()}
	path := v.Get("path").Text().String()
	r.verb = upper(v.Get("method"))
	if text, known := v.Known(); known {
		verb, rest, _ := strings.Cut(strings.TrimSpace(text), " ")
		r.verb, path = strings.ToUpper(verb), strings.TrimSpace(rest)
	}
	if r.verb == "*" || r.verb == "" {
		r.verb = "ANY"
	}
	if path != "*" && path != "" {
		r.path = normalPath(path)
	}
	if auth := v.Get("authorizer"); auth.Given() {
		r.guard = f.httpGuard(auth)
	}
	api := f.httpAPI(frameworkHTTP)
	api.routes = append(api.routes, r)
	added := []string{r.verb}
	if r.verb == "ANY" {
		added = defaultVerbs[:]
	}
	f.methods = union(f.methods, texts(added, event.Span))
}

func (f *framework) httpGuard(auth value) guard {
	name := orDefault(auth.Word(), auth.Get("name").Word())
	g := guard{kind: authorizer, name: orDefault(name, "authorizer"), span: firstLine(auth.Span)}
	if auth.Get("type").Word() == "aws_iam" {
		g.kind, g.name = iam, "aws_iam"
		return g
	}
	def := f.provider.Get("httpApi", "authorizers", name)
	g.jwt = def.Get("type").Word() != "request"
	g.headers, g.opaque = identitySources(def.Get("identitySource"))
	return g
}

// httpCORS reads provider.httpApi.cors.
func (f *framework) httpCORS() {
	api := f.http[frameworkHTTP]
	if api == nil {
		return
	}
	api.name = f.serviceName()
	cors, ok := f.provider.Get("httpApi").Field("cors")
	if api.span.IsZero() {
		api.span = start(f.provider.Span)
	}
	if !ok {
		return
	}
	if id := f.provider.Get("httpApi", "id"); id.Given() {
		f.reject(cors.Span, "the framework sets no CORS rules for an API that is not its own: there is an id")
	}
	api.cors = f.corsOfFramework(cors, union(texts([]string{"OPTIONS"}, cors.Span), f.methods))
}
