package apigateway

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/internal/yamltree"
	"github.com/corslint/corslint/parsers"
	"github.com/corslint/corslint/parsers/apigateway/template"
)

// This file reads Terraform modules: all .tf files of a folder.
// https://registry.terraform.io/providers/hashicorp/aws/latest/docs

// module is a module that is being read.
type module struct {
	*reading
	tf     *template.Terraform
	byID   map[string]template.Resource
	rest   map[string]*restAPI // by what refers to them
	http   map[string]*httpAPI
	guards map[string]guard
	// resources of REST APIs: integrations and responses by the method they belong to
	methods map[string]*method
}

// terraform reads the module that a file belongs to.
func (r *reading) terraform() {
	dir := path.Dir(r.file.Path)
	files := []*source.File{r.file}
	for _, name := range r.siblings(dir) {
		if f, err := r.files.Open(name); err == nil && name != r.file.Path {
			files = append(files, f)
			if strings.HasSuffix(name, ".tf") {
				r.opened = append(r.opened, f)
			}
		}
	}
	slices.SortStableFunc(files, func(a, b *source.File) int { return strings.Compare(a.Path, b.Path) })
	tf := template.NewTerraform(files, func(name string, at source.Span) (yamltree.Node, bool) {
		return r.include(cleanPath(path.Join(dir, name)), at)
	})
	for _, p := range tf.Problems {
		kind := parsers.Unreadable
		if p.Limit {
			kind = parsers.Skipped
		}
		r.problems = append(r.problems, parsers.Problem{Kind: kind, Span: p.Span, Text: p.Text})
	}
	m := &module{reading: r, tf: tf, byID: map[string]template.Resource{}, rest: map[string]*restAPI{},
		http: map[string]*httpAPI{}, guards: map[string]guard{}, methods: map[string]*method{}}
	for _, resource := range tf.Resources {
		m.byID[resource.ID()] = resource
	}
	m.restAPIs()
	m.httpAPIs()
	m.functionURLs()
	m.storage()
	for _, call := range tf.Modules {
		if text := call.Body.Get("source").Word(); strings.Contains(text, "apigateway") || strings.Contains(text,
			"api-gateway") || strings.Contains(text, "cors") {
			r.gap(call.Span, "the module %s is not modelled", text)
		}
	}
}

// siblings returns the files of a folder that belong to a module.
func (r *reading) siblings(dir string) []string {
	if dir == "." {
		dir = ""
	}
	var out []string
	for _, name := range r.files.Paths(dir) {
		base := path.Base(name)
		if path.Dir(name) != path.Dir(r.file.Path) || len(out) > 500 {
			continue
		}
		if path.Ext(base) == ".tf" || base == "terraform.tfvars" || strings.HasSuffix(base, ".auto.tfvars") {
			out = append(out, name)
		}
	}
	return out
}

func (m *module) each(kind string) func(func(template.Resource) bool) {
	return func(yield func(template.Resource) bool) {
		for _, r := range m.tf.Resources {
			if r.Type == kind && !yield(r) {
				return
			}
		}
	}
}

// resourceID returns the resource that a reference names: "aws_api_gateway_rest_api.api" of its id.
func resourceID(ref string) string {
	parts := strings.SplitN(ref, ".", 3)
	if len(parts) < 2 {
		return ref
	}
	return parts[0] + "." + parts[1]
}

// of returns the resource that a value refers to, and "" for a text.
func (m *module) of(v value) string {
	if v.Ref != "" {
		return resourceID(v.Ref)
	}
	return v.Text().String()
}

func (m *module) restAPI(v value) *restAPI {
	id := m.of(v)
	if m.rest[id] == nil {
		m.rest[id] = &restAPI{id: id, name: id}
		m.out.rest = append(m.out.rest, m.rest[id])
	}
	return m.rest[id]
}

// restAPIs reads aws_api_gateway_*.
func (m *module) restAPIs() {
	for r := range m.each("aws_api_gateway_rest_api") {
		api := &restAPI{id: r.ID(), name: orDefault(r.Body.Get("name").Word(), r.Name), span: r.Span,
			binary: r.Body.Get("binary_media_types").Items()}
		m.rest[r.ID()] = api
		m.out.rest = append(m.out.rest, api)
		if body := m.tf.Document(r, "body"); body.Kind == template.Map {
			api.imported = true
			m.document(body).rest(api)
		} else if body.Given() {
			m.gap(body.Span, "the definition of the API cannot be read here")
		}
	}
	for r := range m.each("aws_api_gateway_authorizer") {
		kind := upper(r.Body.Get("type"))
		g := guard{kind: authorizer, name: orDefault(r.Body.Get("name").Word(), r.Name), span: r.Span,
			jwt: kind == "COGNITO_USER_POOLS", headers: []string{"Authorization"}}
		if sources := r.Body.Get("identity_source"); sources.Given() {
			g.headers, g.opaque = identitySources(sources)
		}
		m.guards[r.ID()] = g
	}
	for r := range m.each("aws_api_gateway_method") {
		if !m.room(r.Span) {
			break
		}
		m.method(r)
	}
	for r := range m.each("aws_api_gateway_method_response") {
		if method := m.methodOf(r); method != nil {
			status := r.Body.Get("status_code").Word()
			declared, _ := mappings(r.Body.Get("response_parameters"), methodHeader)
			method.declared[status] = append(method.declared[status], declared...)
		}
	}
	for r := range m.each("aws_api_gateway_integration") {
		if method := m.methodOf(r); method != nil {
			method.integration = &integration{
				kind: strings.ToLower(r.Body.Get("type").Word()), span: r.Span, upstream: m.upstream(r.Body.Get("uri")),
				templates: r.Body.Get("request_templates").Fields(), passthrough: strings.ToLower(r.Body.Get("passthrough_behavior").Word()),
				content: upper(r.Body.Get("content_handling")),
			}
		}
	}
	for r := range m.each("aws_api_gateway_integration_response") {
		if method := m.methodOf(r); method != nil && method.integration != nil {
			response := &integrationResponse{pattern: r.Body.Get("selection_pattern"), status: r.Body.Get("status_code"),
				span: r.Span, templates: r.Body.Get("response_templates").Fields()}
			response.headers, response.open = mappings(r.Body.Get("response_parameters"), methodHeader)
			method.integration.responses = append(method.integration.responses, response)
		}
	}
	for r := range m.each("aws_api_gateway_gateway_response") {
		api := m.restAPI(r.Body.Get("rest_api_id"))
		g := &gatewayResponse{kind: upper(r.Body.Get("response_type")), status: r.Body.Get("status_code"), span: r.Span}
		g.headers, g.open = mappings(r.Body.Get("response_parameters"), gatewayHeader)
		api.gateway = append(api.gateway, g)
	}
	for _, kind := range [...]string{"aws_api_gateway_stage", "aws_api_gateway_deployment"} {
		for r := range m.each(kind) {
			api := m.restAPI(r.Body.Get("rest_api_id"))
			api.stages = append(api.stages, knownStage(r.Body.Get("stage_name"))...)
		}
	}
	for r := range m.each("aws_api_gateway_base_path_mapping") {
		if host := r.Body.Get("domain_name").Word(); host != "" && r.Body.Get("base_path").Word() == "" {
			api := m.restAPI(r.Body.Get("api_id"))
			api.hosts = append(api.hosts, strings.ToLower(host))
		}
	}
	for _, api := range m.out.rest {
		if api.span.IsZero() && len(api.methods) > 0 {
			api.span = api.methods[0].span
		}
	}
}

// method reads aws_api_gateway_method.
func (m *module) method(r template.Resource) {
	api := m.restAPI(r.Body.Get("rest_api_id"))
	method := &method{path: m.path(r.Body.Get("resource_id"), 0), verb: upper(r.Body.Get("http_method")), span: r.Span,
		declared: map[string][]mapping{}}
	if method.verb == "" {
		m.gap(r.Span, "the method of %s is not known; it is taken to be ANY", r.ID())
		method.verb = "ANY"
	}
	method.free = `set authorization = "NONE" at the OPTIONS method`
	auth := r.Body.Get("authorization")
	switch kind := upper(auth); {
	case kind == "AWS_IAM":
		method.guard = guard{kind: iam, name: kind, span: auth.Span}
	case kind == "CUSTOM" || kind == "COGNITO_USER_POOLS":
		method.guard = m.guardOf(r.Body.Get("authorizer_id"), auth.Span)
	case kind == "" && auth.Given():
		method.guard = guard{kind: unknownGuard, name: "authorization", span: auth.Span}
	}
	if key := r.Body.Get("api_key_required"); key.IsTrue() {
		method.key = key.Span
	}
	validator := m.byID[m.of(r.Body.Get("request_validator_id"))]
	if validator.Body.Get("validate_request_parameters").IsTrue() {
		for _, f := range r.Body.Get("request_parameters").Fields() {
			name, isHeader := cutFold(f.Key, "method.request.header.")
			query, isQuery := cutFold(f.Key, "method.request.querystring.")
			switch {
			case !f.Value.IsTrue():
			case isHeader:
				method.required = append(method.required, parameter{name, false, f.Span})
			case isQuery:
				method.required = append(method.required, parameter{query, true, f.Span})
			}
		}
	}
	api.methods = append(api.methods, method)
	m.methods[m.methodKey(r)] = method
}

// methodKey tells the methods of a module apart. What belongs to a method names the same API, resource and method, mostly
// by way of the method's own attributes.
func (m *module) methodKey(r template.Resource) string {
	resource := r.Body.Get("resource_id")
	id := m.of(resource)
	if strings.HasSuffix(resource.Ref, ".root_resource_id") {
		id += " root"
	}
	return m.of(r.Body.Get("rest_api_id")) + " " + id + " " + orDefault(upper(r.Body.Get("http_method")),
		r.Body.Get("http_method").Text().String())
}

func (m *module) methodOf(r template.Resource) *method {
	return m.methods[m.methodKey(r)]
}

// path returns the path of a resource, from the root of its API.
func (m *module) path(id value, depth int) string {
	r, ok := m.byID[resourceID(id.Ref)]
	switch {
	case strings.HasSuffix(id.Ref, ".root_resource_id"):
		return "/"
	case !ok || r.Type != "aws_api_gateway_resource" || depth > maxSegments:
		if id.Given() {
			m.gap(id.Span, "the path of %s is not in the module; it is taken to be /", id.Text())
		}
		return "/"
	}
	return strings.TrimSuffix(m.path(r.Body.Get("parent_id"), depth+1), "/") + "/" + r.Body.Get("path_part").Text().String()
}

// upstream names the function, or the address, behind an integration.
func (m *module) upstream(uri value) policy.Upstream {
	u := upstream(uri)
	if uri.Ref != "" {
		u.Name = resourceID(uri.Ref)
	}
	return u
}

func (m *module) guardOf(ref value, at source.Span) guard {
	if g, ok := m.guards[m.of(ref)]; ok {
		g.span = at
		return g
	}
	return guard{kind: authorizer, name: ref.Text().String(), span: at, opaque: true}
}

func (m *module) httpAPI(v value) *httpAPI {
	id := m.of(v)
	if m.http[id] == nil {
		m.http[id] = &httpAPI{id: id, name: id}
		m.out.http = append(m.out.http, m.http[id])
	}
	return m.http[id]
}

// block returns the first of the blocks of a type, or a map that is given as an attribute.
func block(f template.Field) value {
	if maps := f.Value.Maps(); len(maps) > 0 {
		return maps[0]
	}
	return f.Value
}

// httpAPIs reads aws_apigatewayv2_*.
func (m *module) httpAPIs() {
	websocket := map[string]bool{}
	for r := range m.each("aws_apigatewayv2_api") {
		if upper(r.Body.Get("protocol_type")) == "WEBSOCKET" {
			websocket[r.ID()] = true
			continue
		}
		api := &httpAPI{id: r.ID(), name: orDefault(r.Body.Get("name").Word(), r.Name), span: r.Span}
		m.http[r.ID()] = api
		m.out.http = append(m.out.http, api)
		if body := m.tf.Document(r, "body"); body.Kind == template.Map {
			m.document(body).http(api)
		} else if body.Given() {
			m.gap(body.Span, "the definition of the API cannot be read here")
		}
		if f, ok := r.Body.Field("cors_configuration"); ok {
			api.cors = corsOf(block(f), f.Span, moduleCORS)
		}
		if target := r.Body.Get("target"); target.Given() {
			verb, path := routeKey(orDefault(r.Body.Get("route_key").Word(), "$default"))
			api.routes = append(api.routes, &route{verb: verb, path: path, span: target.Span, upstream: m.upstream(target)})
		}
	}
	for r := range m.each("aws_apigatewayv2_authorizer") {
		g := guard{kind: authorizer, name: orDefault(r.Body.Get("name").Word(), r.Name), span: r.Span,
			jwt: upper(r.Body.Get("authorizer_type")) == "JWT"}
		g.headers, g.opaque = identitySources(r.Body.Get("identity_sources"))
		m.guards[r.ID()] = g
	}
	for r := range m.each("aws_apigatewayv2_route") {
		if websocket[m.of(r.Body.Get("api_id"))] || !m.room(r.Span) {
			continue
		}
		api := m.httpAPI(r.Body.Get("api_id"))
		if api.span.IsZero() {
			api.span = r.Span
		}
		key := r.Body.Get("route_key")
		out := &route{span: key.Span}
		out.verb, out.path = routeKey(key.Text().String())
		auth := r.Body.Get("authorization_type")
		switch kind := upper(auth); kind {
		case "", "NONE":
		case "AWS_IAM":
			out.guard = guard{kind: iam, name: kind, span: auth.Span}
		default:
			out.guard = m.guardOf(r.Body.Get("authorizer_id"), auth.Span)
		}
		if target := r.Body.Get("target"); target.Given() {
			out.upstream = m.target(target)
		}
		api.routes = append(api.routes, out)
	}
	for r := range m.each("aws_apigatewayv2_stage") {
		if name := r.Body.Get("name").Word(); name != "" && name != "$default" && !websocket[m.of(r.Body.Get("api_id"))] {
			api := m.httpAPI(r.Body.Get("api_id"))
			api.stages = append(api.stages, name)
		}
	}
	for r := range m.each("aws_apigatewayv2_api_mapping") {
		api := m.http[m.of(r.Body.Get("api_id"))]
		domain := r.Body.Get("domain_name")
		if d, ok := m.byID[resourceID(domain.Ref)]; ok {
			domain = d.Body.Get("domain_name")
		}
		if host := domain.Word(); host != "" && api != nil {
			api.hosts = append(api.hosts, strings.ToLower(host))
		}
	}
}

// target follows "integrations/${aws_apigatewayv2_integration.x.id}" to the integration's address.
func (m *module) target(v value) policy.Upstream {
	for _, p := range v.Text().Parts() {
		if p.Unknown == nil {
			continue
		}
		if r, ok := m.byID[resourceID(p.Unknown.Subject)]; ok && r.Body.Get("integration_uri").Given() {
			return m.upstream(r.Body.Get("integration_uri"))
		}
	}
	return m.upstream(v)
}

// functionURLs reads aws_lambda_function_url.
func (m *module) functionURLs() {
	for r := range m.each("aws_lambda_function_url") {
		target := r.Body.Get("function_name")
		name := orDefault(target.Word(), r.Name)
		u := &functionURL{id: r.ID(), name: name, span: r.Span,
			upstream: policy.Upstream{Name: orDefault(m.of(target), name), Span: target.Span},
			signed:   signature(r.Body.Get("authorization_type"))}
		if f, ok := r.Body.Field("cors"); ok {
			u.cors = corsOf(block(f), f.Span, moduleCORS)
		}
		m.out.urls = append(m.out.urls, u)
	}
}

// number returns a value as a number.
func number(v value) int {
	n, _ := strconv.Atoi(v.Word())
	return n
}
