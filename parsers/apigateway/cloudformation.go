package apigateway

import (
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/internal/yamltree"
	"github.com/corslint/corslint/parsers/apigateway/template"
)

// This file reads CloudFormation templates: written by hand or synthesised by the CDK. What the serverless transform adds
// to them is in sam.go.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_ApiGateway.html

// resource is a resource of a template.
type resource struct {
	id, kind string
	span     source.Span // of the name
	props    value
	metadata value
}

// stack is a template that is being read.
type stack struct {
	*reading
	cf        *template.CloudFormation
	root      value
	resources []resource
	byID      map[string]*resource
	rest      map[string]*restAPI // by what refers to them
	http      map[string]*httpAPI
	guards    map[string]guard // authorizers, by logical name
}

// cloudFormation reads a template.
func (r *reading) cloudFormation(root yamltree.Node) {
	cf := template.NewCloudFormation(root)
	s := r.stack(cf, cf.Root())
	s.add(s.root.Get("Resources"))
	s.read()
	s.serverless()
	s.gaps = append(s.gaps, cf.Gaps...)
}

func (r *reading) stack(cf *template.CloudFormation, root value) *stack {
	return &stack{reading: r, cf: cf, root: root, byID: map[string]*resource{}, rest: map[string]*restAPI{},
		http: map[string]*httpAPI{}, guards: map[string]guard{}}
}

// add adds the resources of a template.
func (s *stack) add(resources value) {
	for _, f := range resources.Fields() {
		s.resources = append(s.resources, resource{id: f.Key, kind: f.Value.Get("Type").Word(), span: f.Span, props: f.Value.Get("Properties"), metadata: f.Value.Get("Metadata")})
		s.ignore(f.Value.Get("Metadata", "corslint", "ignore"), f.Value.Span)
		if strings.HasPrefix(f.Key, "Fn::") {
			s.gap(f.Span, "%s is not modelled", f.Key)
		}
	}
}

// read reads the resources of the services.
func (s *stack) read() {
	for i := range s.resources {
		s.byID[s.resources[i].id] = &s.resources[i]
	}
	s.restAPIs()
	s.httpAPIs()
	s.functionURLs()
	s.deployed()
	s.storage()
}

// each yields the resources of a type, in the order of the text.
func (s *stack) each(kind string) func(func(*resource) bool) {
	return func(yield func(*resource) bool) {
		for i := range s.resources {
			if s.resources[i].kind == kind && !yield(&s.resources[i]) {
				return
			}
		}
	}
}

// nameOf names a resource for people.
func nameOf(r *resource, keys ...string) string {
	for _, key := range keys {
		if name, known := r.props.Get(key).Known(); known && name != "" {
			return name
		}
	}
	return r.id
}

// restAPIs reads AWS::ApiGateway.
func (s *stack) restAPIs() {
	for r := range s.each("AWS::ApiGateway::RestApi") {
		api := s.restAPI(r.id)
		api.name, api.span = nameOf(r, "Name"), r.span
		api.binary = r.props.Get("BinaryMediaTypes").Items()
		if body := s.body(r.props, "Body", "BodyS3Location"); body.Given() {
			api.imported = true
			s.document(body).rest(api)
		}
	}
	for r := range s.each("AWS::ApiGateway::Authorizer") {
		s.guards[r.id] = s.restAuthorizer(r)
	}
	for r := range s.each("AWS::ApiGateway::Method") {
		if !s.room(r.span) {
			break
		}
		api := s.restAPI(refOf(r.props.Get("RestApiId")))
		if api.span.IsZero() {
			api.span = r.span
		}
		api.methods = append(api.methods, s.method(r))
	}
	for r := range s.each("AWS::ApiGateway::GatewayResponse") {
		api := s.restAPI(refOf(r.props.Get("RestApiId")))
		g := &gatewayResponse{kind: upper(r.props.Get("ResponseType")), status: r.props.Get("StatusCode"), span: r.span}
		g.headers, g.open = mappings(r.props.Get("ResponseParameters"), gatewayHeader)
		api.gateway = append(api.gateway, g)
	}
	for r := range s.each("AWS::ApiGateway::Stage") {
		if name, known := r.props.Get("StageName").Known(); known {
			api := s.restAPI(refOf(r.props.Get("RestApiId")))
			api.stages = append(api.stages, name)
		}
	}
	for r := range s.each("AWS::ApiGateway::BasePathMapping") {
		if host := s.domain(r.props.Get("DomainName")); host != "" && r.props.Get("BasePath").Word() == "" {
			api := s.restAPI(refOf(r.props.Get("RestApiId")))
			api.hosts = append(api.hosts, host)
		}
	}
}

// restAPI returns the API of that name, which is made when it is met first: a template may have methods for an API of
// another one.
func (s *stack) restAPI(id string) *restAPI {
	id = resourceOf(id)
	if s.rest[id] == nil {
		s.rest[id] = &restAPI{id: id, name: id}
		s.out.rest = append(s.out.rest, s.rest[id])
	}
	return s.rest[id]
}

// domain returns the host name that a value stands for.
func (s *stack) domain(v value) string {
	if r := s.byID[v.Ref]; r != nil {
		v = r.props.Get("DomainName")
	}
	return strings.ToLower(v.Word())
}

// refOf returns what a value refers to, or else the text that tells it from others.
func refOf(v value) string {
	if v.Ref != "" {
		return v.Ref
	}
	return v.Text().String()
}

// body returns the document that defines an API: in the template, or in a file of the project.
func (s *stack) body(props value, inline, location string) value {
	body := props.Get(inline)
	if body.Given() {
		if include := body.Get("Fn::Transform"); include.Kind == template.Map {
			return s.included(include.Get("Parameters", "Location"))
		}
		if body.Kind == template.Unknown {
			s.gap(body.Span, "the definition of the API is not in the template")
			return value{}
		}
		return body
	}
	if at := props.Get(location); at.Given() {
		return s.included(at)
	}
	return value{}
}

// included returns the document that a location names, when it is a file beside the template.
func (s *stack) included(location value) value {
	name, known := location.Known()
	if !known || strings.Contains(name, "://") {
		s.gap(location.Span, "the definition of the API is not in the project")
		return value{}
	}
	node, ok := s.include(beside(s.file, name), location.Span)
	if !ok {
		return value{}
	}
	return s.cf.Value(node) // intrinsic functions work in included files, too
}

// restAuthorizer reads AWS::ApiGateway::Authorizer.
func (s *stack) restAuthorizer(r *resource) guard {
	g := guard{kind: authorizer, name: nameOf(r, "Name"), span: r.span}
	kind := upper(r.props.Get("Type"))
	g.jwt = kind == "COGNITO_USER_POOLS"
	sources := r.props.Get("IdentitySource")
	switch {
	case sources.Given():
		g.headers, g.opaque = identitySources(sources)
	case kind == "REQUEST":
		g.opaque = true
	default:
		g.headers = []string{"Authorization"}
	}
	return g
}

// method reads AWS::ApiGateway::Method.
func (s *stack) method(r *resource) *method {
	p := r.props
	m := &method{path: s.path(p.Get("ResourceId"), 0), verb: upper(p.Get("HttpMethod")), span: r.span, declared: map[string][]mapping{}}
	m.free = "set AuthorizationType: NONE at the OPTIONS method"
	if m.verb == "" {
		s.gap(r.span, "the method of %s is not known; it is taken to be ANY", r.id)
		m.verb = "ANY"
	}
	switch kind := upper(p.Get("AuthorizationType")); {
	case kind == "AWS_IAM":
		m.guard = guard{kind: iam, name: kind, span: p.Get("AuthorizationType").Span}
	case kind == "CUSTOM" || kind == "COGNITO_USER_POOLS":
		m.guard = s.guardOf(p.Get("AuthorizerId"), p.Get("AuthorizationType").Span)
	case kind == "" && p.Get("AuthorizationType").Given():
		m.guard = guard{kind: unknownGuard, name: "AuthorizationType", span: p.Get("AuthorizationType").Span}
	}
	if key := p.Get("ApiKeyRequired"); key.IsTrue() {
		m.key = key.Span
	}
	for _, f := range p.Get("RequestParameters").Fields() {
		if !f.Value.IsTrue() || !s.validates(p.Get("RequestValidatorId")) {
			continue
		}
		if name, ok := cutFold(f.Key, "method.request.header."); ok {
			m.required = append(m.required, parameter{name, false, f.Span})
		} else if name, ok := cutFold(f.Key, "method.request.querystring."); ok {
			m.required = append(m.required, parameter{name, true, f.Span})
		}
	}
	for _, response := range p.Get("MethodResponses").Items() {
		status := response.Get("StatusCode").Word()
		declared, _ := mappings(response.Get("ResponseParameters"), methodHeader)
		m.declared[status] = append(m.declared[status], declared...)
	}
	if f, ok := p.Field("Integration"); ok {
		m.integration = s.integration(f)
	}
	return m
}

// validates reports whether a request validator looks at parameters.
func (s *stack) validates(id value) bool {
	r := s.byID[id.Ref]
	return r != nil && r.props.Get("ValidateRequestParameters").IsTrue()
}

// guardOf returns the authorizer that a reference names.
func (s *stack) guardOf(ref value, at source.Span) guard {
	if g, ok := s.guards[resourceOf(ref.Ref)]; ok {
		g.span = at
		return g
	}
	return guard{kind: authorizer, name: ref.Text().String(), span: at, opaque: true}
}

func (s *stack) integration(f template.Field) *integration {
	v := f.Value
	i := &integration{
		kind: strings.ToLower(v.Get("Type").Word()), span: f.Span, upstream: upstream(v.Get("Uri")),
		templates: v.Get("RequestTemplates").Fields(), passthrough: strings.ToLower(v.Get("PassthroughBehavior").Word()),
		content: upper(v.Get("ContentHandling")),
	}
	for _, rv := range v.Get("IntegrationResponses").Items() {
		r := &integrationResponse{pattern: rv.Get("SelectionPattern"), status: rv.Get("StatusCode"), span: firstLine(rv.Span),
			templates: rv.Get("ResponseTemplates").Fields()}
		if status := r.status; status.Given() {
			r.span = status.Span
		}
		r.headers, r.open = mappings(rv.Get("ResponseParameters"), methodHeader)
		i.responses = append(i.responses, r)
	}
	return i
}

// maxSegments bounds the path of a resource, whose parents may go in circles.
const maxSegments = 30

// path returns the path of a resource, from the root of its API.
func (s *stack) path(id value, depth int) string {
	r := s.byID[id.Ref]
	switch {
	case strings.HasSuffix(id.Ref, ".RootResourceId"):
		return "/"
	case r == nil || r.kind != "AWS::ApiGateway::Resource" || depth > maxSegments:
		if id.Given() {
			s.gap(id.Span, "the path of %s is not in the template; it is taken to be /", refOf(id))
		}
		return "/"
	}
	return strings.TrimSuffix(s.path(r.props.Get("ParentId"), depth+1), "/") + "/" + r.props.Get("PathPart").Text().String()
}

// httpAPIs reads AWS::ApiGatewayV2, of which WebSocket APIs know no CORS.
func (s *stack) httpAPIs() {
	websocket := map[string]bool{}
	for r := range s.each("AWS::ApiGatewayV2::Api") {
		if upper(r.props.Get("ProtocolType")) == "WEBSOCKET" {
			websocket[r.id] = true
			continue
		}
		api := s.httpAPI(r.id)
		api.name, api.span = nameOf(r, "Name"), r.span
		if body := s.body(r.props, "Body", "BodyS3Location"); body.Given() {
			s.document(body).http(api)
		}
		if f, ok := r.props.Field("CorsConfiguration"); ok {
			api.cors = corsOf(f.Value, f.Span, templateCORS)
		}
		if target := r.props.Get("Target"); target.Given() {
			api.routes = append(api.routes, &route{verb: "ANY", span: target.Span, upstream: upstream(target)})
		}
	}
	for r := range s.each("AWS::ApiGatewayV2::Authorizer") {
		g := guard{kind: authorizer, name: nameOf(r, "Name"), span: r.span, jwt: upper(r.props.Get("AuthorizerType")) == "JWT"}
		g.headers, g.opaque = identitySources(r.props.Get("IdentitySource"))
		s.guards[r.id] = g
	}
	for r := range s.each("AWS::ApiGatewayV2::Route") {
		id := refOf(r.props.Get("ApiId"))
		if websocket[id] || !s.room(r.span) {
			continue
		}
		api := s.httpAPI(id)
		if api.span.IsZero() {
			api.span = r.span
		}
		api.routes = append(api.routes, s.route(r))
	}
	for r := range s.each("AWS::ApiGatewayV2::Stage") {
		id := refOf(r.props.Get("ApiId"))
		if name, known := r.props.Get("StageName").Known(); known && name != "$default" && !websocket[id] {
			api := s.httpAPI(id)
			api.stages = append(api.stages, name)
		}
	}
	for r := range s.each("AWS::ApiGatewayV2::ApiMapping") {
		if host := s.domain(r.props.Get("DomainName")); host != "" && s.http[refOf(r.props.Get("ApiId"))] != nil {
			api := s.httpAPI(refOf(r.props.Get("ApiId")))
			api.hosts = append(api.hosts, host)
		}
	}
}

func (s *stack) httpAPI(id string) *httpAPI {
	id = resourceOf(id)
	if s.http[id] == nil {
		s.http[id] = &httpAPI{id: id, name: id}
		s.out.http = append(s.out.http, s.http[id])
	}
	return s.http[id]
}

// route reads AWS::ApiGatewayV2::Route.
func (s *stack) route(r *resource) *route {
	key := r.props.Get("RouteKey")
	out := &route{span: key.Span}
	out.verb, out.path = routeKey(key.Text().String())
	switch kind := upper(r.props.Get("AuthorizationType")); kind {
	case "", "NONE":
	case "AWS_IAM":
		out.guard = guard{kind: iam, name: kind, span: r.props.Get("AuthorizationType").Span}
	default:
		out.guard = s.guardOf(r.props.Get("AuthorizerId"), r.props.Get("AuthorizationType").Span)
	}
	if target := r.props.Get("Target"); target.Given() {
		out.upstream = s.target(target)
		out.payload = s.payload(target)
	}
	return out
}

// routeKey splits "GET /items/{id}"; "$default" has no path.
func routeKey(text string) (verb, path string) {
	verb, path, ok := strings.Cut(strings.TrimSpace(text), " ")
	if !ok {
		return "ANY", ""
	}
	return strings.ToUpper(verb), normalPath(strings.TrimSpace(path))
}

// target follows "integrations/ID" to the integration's address.
func (s *stack) target(v value) policy.Upstream {
	for _, p := range v.Text().Parts() {
		if p.Unknown == nil {
			continue
		}
		if i := s.byID[p.Unknown.Subject]; i != nil && i.props.Get("IntegrationUri").Given() {
			return upstream(i.props.Get("IntegrationUri"))
		}
	}
	return upstream(v)
}

// payload is the version of the events of an integration that a route names.
func (s *stack) payload(target value) string {
	for _, p := range target.Text().Parts() {
		if p.Unknown != nil && s.byID[p.Unknown.Subject] != nil {
			return s.byID[p.Unknown.Subject].props.Get("PayloadFormatVersion").Word()
		}
	}
	return ""
}

// functionURLs reads AWS::Lambda::Url.
func (s *stack) functionURLs() {
	for r := range s.each("AWS::Lambda::Url") {
		target := r.props.Get("TargetFunctionArn")
		u := &functionURL{id: r.id, name: resourceOf(refOf(target)), span: r.span, upstream: upstream(target),
			signed: signature(r.props.Get("AuthType"))}
		if f, ok := r.props.Field("Cors"); ok {
			u.cors = corsOf(f.Value, f.Span, templateCORS)
		}
		s.out.urls = append(s.out.urls, u)
	}
}

// beside returns the path of a file that another one names.
func beside(f *source.File, name string) string {
	dir := ""
	if i := strings.LastIndexByte(f.Path, '/'); i >= 0 {
		dir = f.Path[:i+1]
	}
	return cleanPath(dir + name)
}

// knownStrings returns the texts of a list that are known, in lower case.
func knownStrings(v value) []string {
	var out []string
	for _, item := range v.Each() {
		if text, known := item.Known(); known && text != "" && !slices.Contains(out, strings.ToLower(text)) {
			out = append(out, strings.ToLower(text))
		}
	}
	return out
}
