package apigateway

import (
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/parsers/apigateway/template"
)

// This file does what the serverless transform does with APIs, as the translator's source has it: APIs that functions'
// events imply, preflights, authorizers, gateway responses.
// https://github.com/aws/serverless-application-model/tree/develop/samtranslator

// The names under which events without an API of their own are collected.
const (
	implicitREST = "ServerlessRestApi"
	implicitHTTP = "ServerlessHttpApi"
)

// event is an event of a function, or of a state machine, that an API leads to.
type event struct {
	resource *resource
	span     source.Span
	props    value
	api      string // logical name
	path     string
	verb     string
}

// serverless reads AWS::Serverless.
func (s *stack) serverless() {
	rest, http := s.events("Api", "RestApiId", implicitREST), s.events("HttpApi", "ApiId", implicitHTTP)
	if len(rest[implicitREST]) > 0 && !s.is(implicitREST, "AWS::Serverless::Api") {
		first := rest[implicitREST][0]
		s.samREST(&resource{id: implicitREST, span: first.span}, rest[implicitREST])
	}
	for r := range s.each("AWS::Serverless::Api") {
		s.samREST(r, rest[r.id])
	}
	if len(http[implicitHTTP]) > 0 && !s.is(implicitHTTP, "AWS::Serverless::HttpApi") {
		first := http[implicitHTTP][0]
		s.samHTTP(&resource{id: implicitHTTP, span: first.span}, http[implicitHTTP])
	}
	for r := range s.each("AWS::Serverless::HttpApi") {
		s.samHTTP(r, http[r.id])
	}
	for r := range s.each("AWS::Serverless::Function") {
		config := s.withGlobals("Function", r).Get("FunctionUrlConfig")
		if config.Kind != template.Map {
			continue
		}
		u := &functionURL{name: r.id, span: r.span, upstream: policy.Upstream{Name: r.id, Span: r.span},
			signed: signature(config.Get("AuthType"))}
		if f, ok := config.Field("Cors"); ok {
			u.cors = corsOf(f.Value, f.Span, templateCORS)
		}
		s.out.urls = append(s.out.urls, u)
	}
}

// is reports whether the template has a resource of that name and type.
func (s *stack) is(id, kind string) bool {
	r := s.byID[id]
	return r != nil && r.kind == kind
}

// withGlobals returns a resource's properties over the template's globals for its kind.
func (s *stack) withGlobals(kind string, r *resource) value {
	return template.Merge(s.root.Get("Globals", kind), r.props)
}

// events returns the events of a type, by the API that they name.
func (s *stack) events(kind, apiKey, implicit string) map[string][]event {
	out := map[string][]event{}
	for i := range s.resources {
		r := &s.resources[i]
		if r.kind != "AWS::Serverless::Function" && r.kind != "AWS::Serverless::StateMachine" {
			continue
		}
		for _, f := range r.props.Get("Events").Fields() {
			if f.Value.Get("Type").Word() != kind {
				continue
			}
			e := event{resource: r, span: f.Span, props: f.Value.Get("Properties"), api: implicit,
				verb: upper(f.Value.Get("Properties", "Method"))}
			if id := e.props.Get(apiKey); id.Given() {
				e.api = refOf(id)
			}
			e.path = normalPath(e.props.Get("Path").Text().String())
			if !e.props.Get("Path").Given() {
				e.path = "" // the default route
			}
			if e.verb == "" || e.verb == strings.ToUpper(anyMethodKey) {
				e.verb = "ANY"
			}
			if s.room(e.span) {
				out[e.api] = append(out[e.api], e)
			}
		}
	}
	return out
}

// samREST reads AWS::Serverless::Api, with the events that lead to it.
func (s *stack) samREST(r *resource, events []event) {
	props := s.withGlobals("Api", r)
	api := s.restAPI(r.id)
	api.name, api.span = r.id, r.span
	if name, known := props.Get("Name").Known(); known {
		api.name = name
	}
	api.binary = props.Get("BinaryMediaTypes").Items()
	api.stages = append(api.stages, knownStage(props.Get("StageName"))...)
	if host := props.Get("Domain", "DomainName").Word(); host != "" {
		api.hosts = append(api.hosts, strings.ToLower(host))
	}
	_, inline := props.Field("DefinitionBody")
	_, elsewhere := props.Field("DefinitionUri")
	if body := s.body(props, "DefinitionBody", "DefinitionUri"); body.Given() {
		s.document(body).rest(api)
		elsewhere = elsewhere || body.Get("paths").Kind != template.Map
	}
	managed := !inline && !elsewhere || props.Get("MergeDefinitions").IsTrue()
	for _, e := range events {
		s.eventMethod(api, e, props, managed)
	}
	s.samGatewayResponses(api, props.Get("GatewayResponses"))
	if f, ok := props.Field("Cors"); ok && f.Value.Given() {
		if elsewhere {
			s.reject(f.Span, "SAM adds preflights only to an API whose definition is in the template")
		}
		s.samPreflights(api, f)
	}
	s.samAuth(api, props.Get("Auth"))
}

func knownStage(v value) []string {
	if name, known := v.Known(); known && name != "" {
		return []string{name}
	}
	return nil
}

// eventMethod adds the method of an event to an API that SAM manages; in a document that it does not manage, the method
// has to be there, and is given its authorizer only.
func (s *stack) eventMethod(api *restAPI, e event, props value, managed bool) {
	path := orDefault(e.path, "/")
	i := slices.IndexFunc(api.methods, func(m *method) bool { return m.path == path && m.verb == e.verb })
	if i < 0 && !managed {
		return
	}
	if i < 0 {
		i = len(api.methods)
		api.methods = append(api.methods, &method{path: path, verb: e.verb, span: e.span, declared: map[string][]mapping{}})
	}
	m := api.methods[i]
	if managed {
		m.integration = &integration{kind: "aws_proxy", span: e.span, upstream: policy.Upstream{Name: e.resource.id, Span: e.span}}
		if e.resource.kind == "AWS::Serverless::StateMachine" {
			m.integration.kind = "aws"
			m.integration.responses = []*integrationResponse{{span: e.span}}
		}
	}
	auth := e.props.Get("Auth")
	if name := auth.Get("Authorizer"); name.Given() && (managed || auth.Get("OverrideApiAuth").IsTrue()) {
		m.guard, m.inherited = samGuard(props.Get("Auth"), name), false
	}
	if key := auth.Get("ApiKeyRequired"); key.IsTrue() {
		m.key = key.Span
	} else if _, known := key.Bool(); known {
		m.keyless = true
	}
}

// samGuard returns the authorizer of that name.
func samGuard(auth, name value) guard {
	g := guard{name: name.Text().String(), span: name.Span}
	switch g.name {
	case "NONE": // which keeps the default away
		return g
	case "AWS_IAM":
		if !auth.Get("Authorizers", g.name).Given() || auth.Get("EnableIamAuthorizer").IsTrue() {
			g.kind = iam
			return g
		}
	}
	g.kind = authorizer
	def := auth.Get("Authorizers", g.name)
	identity := def.Get("Identity")
	switch {
	case def.Get("JwtConfiguration").Given(), def.Get("IdentitySource").Given():
		g.jwt = true
		g.headers, g.opaque = identitySources(def.Get("IdentitySource"))
	case def.Get("UserPoolArn").Given():
		g.jwt = true
		g.headers = []string{orDefault(identity.Get("Header").Word(), "Authorization")}
	case upper(def.Get("FunctionPayloadType")) == "REQUEST", identity.Get("Headers").Given():
		for _, h := range identity.Get("Headers").Each() {
			g.headers = append(g.headers, h.Text().String())
		}
		g.opaque = len(g.headers) == 0
	case def.Get("AuthorizerPayloadFormatVersion").Given(): // of an HTTP API
		g.opaque = true
	default:
		g.headers = []string{orDefault(identity.Get("Header").Word(), "Authorization")}
	}
	return g
}

// samGatewayResponses reads the property of that name.
func (s *stack) samGatewayResponses(api *restAPI, v value) {
	for _, f := range v.Fields() {
		g := &gatewayResponse{kind: strings.ToUpper(f.Key), status: f.Value.Get("StatusCode"), span: f.Span}
		for _, h := range f.Value.Get("ResponseParameters", "Headers").Fields() {
			g.headers = append(g.headers, mapping{h.Key, h.Value, h.Span})
		}
		api.gateway = append(api.gateway, g)
	}
}

// samPreflights adds OPTIONS to every path that has none: a mock integration with one answer. The values are mapping
// expressions. There is no default for the headers that are allowed.
func (s *stack) samPreflights(api *restAPI, cors template.Field) {
	v := cors.Value
	r := &integrationResponse{status: template.Text("200", cors.Span), span: cors.Span}
	origin, methods := template.Text("'*'", cors.Span), value{}
	add := func(name string, expr value) {
		if expr.Given() {
			r.headers = append(r.headers, mapping{name, expr, expr.Span})
		}
	}
	switch v.Kind {
	case template.Map:
		for _, f := range v.Fields() {
			if !slices.Contains([]string{"AllowOrigin", "AllowHeaders", "AllowMethods", "MaxAge", "AllowCredentials"}, f.Key) {
				s.reject(f.Span, "SAM knows no %s in Cors; it knows AllowOrigin, AllowMethods, AllowHeaders, MaxAge and AllowCredentials", f.Key)
			}
		}
		if given := v.Get("AllowOrigin"); given.Given() {
			origin = given
		}
		methods = v.Get("AllowMethods")
		add("Access-Control-Allow-Headers", v.Get("AllowHeaders"))
		add("Access-Control-Max-Age", v.Get("MaxAge"))
		if credentials := v.Get("AllowCredentials"); credentials.Kind == template.Bool && credentials.IsTrue() {
			if origin.Word() == "'*'" {
				s.reject(credentials.Span, "SAM refuses AllowCredentials with the origin '*'")
				break // no API has it
			}
			add("Access-Control-Allow-Credentials", template.Text("'true'", credentials.Span))
		}
	case template.Bool, template.List:
		s.reject(v.Span, "SAM wants an origin here, in single quotes of its own, or a mapping")
		return
	default:
		origin = v
	}
	add("Access-Control-Allow-Origin", origin)
	byPath := map[string][]*method{}
	var paths []string
	for _, m := range api.methods {
		if byPath[m.path] == nil {
			paths = append(paths, m.path)
		}
		byPath[m.path] = append(byPath[m.path], m)
	}
	for _, path := range paths {
		if slices.ContainsFunc(byPath[path], func(m *method) bool { return m.verb == "OPTIONS" }) {
			continue
		}
		own := *r
		allowed := methods
		if !allowed.Given() || allowed.Word() == "" && allowed.Kind == template.String && isKnown(allowed) {
			allowed = template.Text("'"+methodsOf(byPath[path])+"'", cors.Span)
		}
		own.headers = append(slices.Clone(r.headers), mapping{"Access-Control-Allow-Methods", allowed, allowed.Span})
		api.methods = append(api.methods, &method{
			path: path, verb: "OPTIONS", span: cors.Span, declared: map[string][]mapping{"200": own.headers},
			integration: &integration{kind: "mock", span: cors.Span, responses: []*integrationResponse{&own},
				templates: []template.Field{{Key: "application/json", Value: template.Text(`{"statusCode": 200}`, cors.Span)}}},
		})
	}
}

func isKnown(v value) bool {
	_, known := v.Known()
	return known
}

// methodsOf lists the methods of a path for Allow-Methods.
func methodsOf(methods []*method) string {
	verbs := []string{"OPTIONS"}
	for _, m := range methods {
		if m.verb == "ANY" {
			verbs = slices.Clone(defaultVerbs[:])
			break
		}
		verbs = append(verbs, m.verb)
	}
	slices.Sort(verbs)
	return strings.Join(slices.Compact(verbs), ",")
}

// samAuth gives every method the default authorizer, the preflights too unless that is turned off.
func (s *stack) samAuth(api *restAPI, auth value) {
	def := auth.Get("DefaultAuthorizer")
	key := auth.Get("ApiKeyRequired")
	guardsPreflight := func(flag string) bool {
		value, known := auth.Get(flag).Bool()
		return value || !known
	}
	for _, m := range api.methods {
		preflight := m.verb == "OPTIONS"
		free := m.inherited || m.guard.kind == unguarded && m.guard.name != "NONE"
		if def.Word() != "" && free && (!preflight || guardsPreflight("AddDefaultAuthorizerToCorsPreflight")) {
			m.guard, m.free = samGuard(auth, def), "set AddDefaultAuthorizerToCorsPreflight: false under Auth"
		}
		if key.IsTrue() && m.key.IsZero() && !m.keyless && (!preflight || guardsPreflight("AddApiKeyRequiredToCorsPreflight")) {
			m.key = key.Span
		}
	}
}

// samHTTP reads AWS::Serverless::HttpApi, with the events that lead to it.
func (s *stack) samHTTP(r *resource, events []event) {
	props := s.withGlobals("HttpApi", r)
	api := s.httpAPI(r.id)
	api.name, api.span = r.id, r.span
	if name, known := props.Get("Name").Known(); known {
		api.name = name
	}
	api.stages = append(api.stages, slices.DeleteFunc(knownStage(props.Get("StageName")), func(n string) bool { return n == "$default" })...)
	if host := props.Get("Domain", "DomainName").Word(); host != "" {
		api.hosts = append(api.hosts, strings.ToLower(host))
	}
	if body := s.body(props, "DefinitionBody", "DefinitionUri"); body.Given() {
		s.document(body).http(api)
	}
	auth := props.Get("Auth")
	if _, elsewhere := props.Field("DefinitionUri"); !elsewhere { // else the events have to be in that document already
		for _, e := range events {
			s.eventRoute(api, e, auth)
		}
	}
	if def := auth.Get("DefaultAuthorizer"); def.Word() != "" {
		for _, route := range api.routes {
			if route.guard.kind == unguarded && route.guard.name != "NONE" && route.verb != "OPTIONS" {
				route.guard = samGuard(auth, def)
			}
		}
	}
	if f, ok := props.Field("CorsConfiguration"); ok {
		s.samCORS(api, f)
	}
}

// eventRoute adds the route of an event, or gives the document's one its integration.
func (s *stack) eventRoute(api *httpAPI, e event, auth value) {
	if e.path == "/$default" {
		e.path = ""
	}
	var found *route
	for _, r := range api.routes {
		if r.path == e.path && r.verb == e.verb {
			found = r
		}
	}
	if found == nil {
		found = &route{verb: e.verb, path: e.path, span: e.span}
		api.routes = append(api.routes, found)
	}
	found.upstream = policy.Upstream{Name: e.resource.id, Span: e.span}
	found.payload = e.props.Get("PayloadFormatVersion").Word()
	if name := e.props.Get("Auth", "Authorizer"); name.Given() {
		found.guard = samGuard(auth, name)
	}
}

// samCORS lays the property over what the document says, key by key. True means every origin, and nothing else.
func (s *stack) samCORS(api *httpAPI, f template.Field) {
	if on, known := f.Value.Bool(); known {
		if on {
			api.cors = overlay(api.cors, &corsRule{span: f.Span, origins: []value{template.Text("*", f.Value.Span)}})
		}
		return
	}
	for _, key := range f.Value.Fields() {
		if !slices.Contains([]string{"AllowMethods", "AllowHeaders", "AllowOrigins", "ExposeHeaders", "MaxAge", "AllowCredentials"}, key.Key) {
			s.reject(key.Span, "SAM knows no %s in CorsConfiguration", key.Key)
		}
	}
	api.cors = overlay(api.cors, corsOf(f.Value, f.Span, templateCORS))
}

// overlay returns a configuration with what it lacks taken from another one.
func overlay(under, over *corsRule) *corsRule {
	if under == nil || over == nil || over.open != nil {
		if over == nil {
			return under
		}
		return over
	}
	out := *over
	fill := func(list *[]value, from []value) {
		if len(*list) == 0 {
			*list = from
		}
	}
	fill(&out.origins, under.origins)
	fill(&out.methods, under.methods)
	fill(&out.headers, under.headers)
	fill(&out.expose, under.expose)
	if !out.maxAge.Given() {
		out.maxAge = under.maxAge
	}
	if !out.credentials.IsTrue() {
		out.credentials = under.credentials
	}
	return &out
}
