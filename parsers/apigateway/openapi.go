package apigateway

import (
	"path"
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/internal/yamltree"
	"github.com/corslint/corslint/parsers/apigateway/template"
)

// This file reads OpenAPI documents with API Gateway's extensions: exports, and bodies inside templates.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions.html

// The extensions' names.
const (
	extension      = "x-amazon-apigateway-"
	integrationKey = extension + "integration"
	anyMethodKey   = extension + "any-method"
	corsKey        = extension + "cors"
	ignoreKey      = "x-corslint-ignore"
)

// maxReferences bounds how many references lead from one to the next.
const maxReferences = 20

// document is an OpenAPI document.
type document struct {
	*reading
	root  value
	files map[string]value // other documents of the project, by path
}

func (r *reading) document(root value) *document {
	return &document{reading: r, root: root, files: map[string]value{}}
}

// isHTTP reports whether a document describes an HTTP API: it has what only those have.
func (d *document) isHTTP() bool {
	if d.root.Get(corsKey).Given() || d.root.Get(extension+"importexport-version").Given() {
		return !d.root.Get(extension + "gateway-responses").Given()
	}
	return d.root.Get("paths", "$default").Given()
}

// rest reads the document as a REST API, into one that may have parts of its own.
func (d *document) rest(api *restAPI) {
	api.binary = append(api.binary, d.root.Get(extension+"binary-media-types").Items()...)
	api.stages = append(api.stages, d.basePaths()...)
	for _, f := range d.root.Get(extension + "gateway-responses").Fields() {
		v := d.follow(f.Value)
		g := &gatewayResponse{kind: strings.ToUpper(f.Key), status: v.Get("statusCode"), span: f.Span}
		g.headers, g.open = mappings(v.Get("responseParameters"), gatewayHeader)
		api.gateway = append(api.gateway, g)
	}
	for op := range d.operations() {
		if !d.room(op.key.Span) {
			return
		}
		m := &method{path: op.path, verb: op.verb, span: op.key.Span, declared: map[string][]mapping{}}
		m.guard, m.key = d.security(op.value)
		_, own := op.value.Field("security")
		m.inherited, m.free = !own, "write security: [] at this OPTIONS"
		m.required = d.required(op)
		m.integration = d.integration(op)
		for _, response := range op.value.Get("responses").Fields() {
			for _, h := range d.follow(response.Value).Get("headers").Fields() {
				m.declared[response.Key] = append(m.declared[response.Key], mapping{name: h.Key, span: h.Span})
			}
		}
		api.methods = append(api.methods, m)
	}
}

// http reads the document as an HTTP API.
func (d *document) http(api *httpAPI) {
	if f, ok := d.root.Field(corsKey); ok {
		api.cors = corsOf(d.follow(f.Value), f.Span, documentCORS)
	}
	api.stages = append(api.stages, d.basePaths()...)
	for op := range d.operations() {
		if !d.room(op.key.Span) {
			return
		}
		r := &route{path: op.path, verb: op.verb, span: op.key.Span}
		if op.path == "/$default" || op.path == "$default" {
			r.path = ""
		}
		r.guard, _ = d.security(op.value)
		if i := d.integration(op); i != nil {
			r.upstream = i.upstream
		}
		api.routes = append(api.routes, r)
	}
}

// basePaths returns the paths that stand before the API's own on its default host: the stage that was exported.
func (d *document) basePaths() []string {
	var out []string
	add := func(text string) {
		if text = strings.Trim(text, "/"); text != "" && !strings.ContainsAny(text, "{}/") {
			out = append(out, text)
		}
	}
	add(d.root.Get("basePath").Word())
	for _, server := range d.root.Get("servers").Items() {
		add(server.Get("variables", "basePath", "default").Word())
	}
	return out
}

// operation is an operation of a document.
type operation struct {
	path, verb string
	key        template.Field // of the path item
	item       value
	value      value
}

// operations yields the operations in the order of the text.
func (d *document) operations() func(func(operation) bool) {
	return func(yield func(operation) bool) {
		d.ignore(d.root.Get(ignoreKey), d.root.Span)
		for _, p := range d.root.Get("paths").Fields() {
			item := d.follow(p.Value)
			if item.Kind == template.Unknown {
				d.gap(p.Span, "the operations of %s are not known", p.Key)
			}
			d.ignore(item.Get(ignoreKey), item.Span)
			for _, f := range item.Fields() {
				verb := strings.ToUpper(f.Key)
				if f.Key == anyMethodKey {
					verb = "ANY"
				} else if !slices.Contains(defaultVerbs[:], verb) {
					continue
				}
				d.ignore(f.Value.Get(ignoreKey), f.Value.Span)
				if !yield(operation{path: normalPath(p.Key), verb: verb, key: f, item: item, value: d.follow(f.Value)}) {
					return
				}
			}
		}
	}
}

// follow resolves a reference, within the document or to a file of the project beside it.
func (d *document) follow(v value) value {
	for range maxReferences {
		ref := v.Get("$ref").Word()
		if v.Kind != template.Map || ref == "" {
			return v
		}
		file, pointer, _ := strings.Cut(ref, "#")
		root := d.root
		if file != "" {
			root = d.other(path.Join(path.Dir(v.Span.Path()), file), v)
		} else if from := v.Span.Path(); from != d.root.Span.Path() {
			root = d.files[from]
		}
		v = lookup(root, pointer)
	}
	return v
}

// other returns a document that lies beside this one.
func (d *document) other(name string, from value) value {
	if v, ok := d.files[name]; ok {
		return v
	}
	d.files[name] = value{}
	root, ok := d.include(name, from.Span)
	if ok {
		d.files[name] = template.Plain(root)
	}
	return d.files[name]
}

// include parses another file of the project, once. Whatever cannot be read is a gap.
func (r *reading) include(name string, at source.Span) (yamltree.Node, bool) {
	if node, seen := r.included[name]; seen {
		return node, !node.IsZero()
	}
	if r.included == nil {
		r.included = map[string]yamltree.Node{}
	}
	r.included[name] = yamltree.Node{}
	if strings.HasPrefix(name, "../") || path.IsAbs(name) || r.files == nil {
		r.gap(at, "%s lies outside the project", name)
		return yamltree.Node{}, false
	}
	f, err := r.files.Open(name)
	if err != nil {
		r.gap(at, "%s: %v", name, err)
		return yamltree.Node{}, false
	}
	r.opened = append(r.opened, f)
	stream, err := yamltree.Parse(f)
	if err != nil || len(stream.Documents) == 0 {
		r.gap(at, "%s cannot be read", name)
		return yamltree.Node{}, false
	}
	r.included[name] = stream.Documents[0]
	return stream.Documents[0], true
}

// lookup follows a JSON pointer.
func lookup(v value, pointer string) value {
	unescape := strings.NewReplacer("~1", "/", "~0", "~")
	for step := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		if step != "" {
			v = v.Get(unescape.Replace(step))
		}
	}
	return v
}

// integration reads what answers an operation; nil when nothing is said about it.
func (d *document) integration(op operation) *integration {
	f, ok := op.value.Field(integrationKey)
	if !ok {
		return nil
	}
	v := d.follow(f.Value)
	i := &integration{
		kind: strings.ToLower(v.Get("type").Word()), span: f.Span, upstream: upstream(v.Get("uri")),
		templates: v.Get("requestTemplates").Fields(), passthrough: strings.ToLower(v.Get("passthroughBehavior").Word()),
		content: upper(v.Get("contentHandling")),
	}
	for _, response := range v.Get("responses").Fields() {
		rv := d.follow(response.Value)
		r := &integrationResponse{status: rv.Get("statusCode"), span: response.Span, templates: rv.Get("responseTemplates").Fields()}
		if response.Key != "default" {
			r.pattern = template.Text(response.Key, response.Span)
		}
		r.headers, r.open = mappings(rv.Get("responseParameters"), methodHeader)
		i.responses = append(i.responses, r)
	}
	return i
}

// security returns who checks an operation's credentials, and what makes an API key required. An operation without
// security of its own has that of the document.
func (d *document) security(op value) (guard, source.Span) {
	if auth := op.Get(extension + "auth"); strings.EqualFold(auth.Get("type").Word(), "AWS_IAM") {
		return guard{kind: iam, name: "AWS_IAM", span: auth.Get("type").Span}, source.Span{}
	}
	requirements, own := op.Field("security")
	if !own {
		requirements, _ = d.root.Field("security")
	}
	var g guard
	var key source.Span
	for _, requirement := range requirements.Value.Items() {
		for _, f := range requirement.Fields() {
			found, isKey := d.scheme(f)
			switch {
			case f.Key == "NONE": // SAM's word for it
				g.name = f.Key
			case isKey:
				key = f.Span
			case g.kind == unguarded:
				g = found
			}
		}
	}
	return g, key
}

// scheme reads a security scheme: an authorizer, a signature, or an API key. Schemes without API Gateway's extensions are
// documentation, which it does not look at.
func (d *document) scheme(requirement template.Field) (g guard, isKey bool) {
	scheme := d.follow(d.root.Get("securityDefinitions", requirement.Key))
	if !scheme.Given() {
		scheme = d.follow(d.root.Get("components", "securitySchemes", requirement.Key))
	}
	g = guard{name: requirement.Key, span: requirement.Span}
	kind := scheme.Get(extension + "authtype")
	auth := d.follow(scheme.Get(extension + "authorizer"))
	switch {
	case strings.EqualFold(kind.Word(), "awsSigv4"):
		g.kind = iam
	case auth.Given():
		g.kind = authorizer
		d.identity(&g, auth, scheme.Get("name"))
	case strings.EqualFold(scheme.Get("type").Word(), "apiKey") && strings.EqualFold(scheme.Get("name").Word(), "x-api-key"):
		return guard{}, true
	case kind.Given():
		g.kind = authorizer
		g.headers = []string{orDefault(scheme.Get("name").Word(), "Authorization")}
	}
	return g, false
}

// identity reads which parts of a request an authorizer looks at.
func (d *document) identity(g *guard, auth, header value) {
	kind := strings.ToLower(auth.Get("type").Word())
	g.jwt = kind == "jwt" || kind == "cognito_user_pools"
	sources := get(auth, "identitySource").Value
	if sources.Given() {
		g.headers, g.opaque = identitySources(sources)
		return
	}
	if kind == "request" {
		g.opaque = true
		return
	}
	g.headers = []string{orDefault(header.Word(), "Authorization")}
}

// identitySources reads the headers of identity sources: "method.request.header.Auth, method.request.querystring.q" and
// "$request.header.Authorization". opaque is set where none of them is a header.
func identitySources(v value) (headers []string, opaque bool) {
	for _, item := range v.Each() {
		for part := range strings.SplitSeq(item.Text().String(), ",") {
			part = strings.TrimSpace(part)
			for _, prefix := range [...]string{"method.request.header.", "$request.header."} {
				if name, ok := strings.CutPrefix(part, prefix); ok && name != "" {
					headers = append(headers, name)
				}
			}
		}
	}
	return headers, len(headers) == 0
}

// required returns the parameters that a request validator wants to see: without them the answer is 400.
func (d *document) required(op operation) []parameter {
	name := op.value.Get(extension + "request-validator")
	if !name.Given() {
		name = d.root.Get(extension + "request-validator")
	}
	if name.Word() == "" || !d.root.Get(extension+"request-validators", name.Word(), "validateRequestParameters").IsTrue() {
		return nil
	}
	var out []parameter
	for _, list := range [...]value{op.item.Get("parameters"), op.value.Get("parameters")} {
		for _, p := range list.Items() {
			p = d.follow(p)
			in := p.Get("in").Word()
			if p.Get("required").IsTrue() && (in == "header" || in == "query") {
				out = append(out, parameter{p.Get("name").Word(), in == "query", name.Span})
			}
		}
	}
	return out
}

func orDefault(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// cutFold is strings.CutPrefix without regard to case.
func cutFold(text, prefix string) (string, bool) {
	if len(text) >= len(prefix) && strings.EqualFold(text[:len(prefix)], prefix) {
		return text[len(prefix):], true
	}
	return text, false
}

// normalPath returns a path template that begins with a slash and ends without one.
func normalPath(text string) string {
	if text == "$default" {
		return text
	}
	return "/" + strings.Trim(text, "/")
}

// corsKeys are the names of a CORS configuration's parts in one format.
type corsKeys struct{ origins, methods, headers, expose, maxAge, credentials string }

var (
	documentCORS = corsKeys{"allowOrigins", "allowMethods", "allowHeaders", "exposeHeaders", "maxAge", "allowCredentials"}
	templateCORS = corsKeys{"AllowOrigins", "AllowMethods", "AllowHeaders", "ExposeHeaders", "MaxAge", "AllowCredentials"}
	bucketCORS   = corsKeys{"AllowedOrigins", "AllowedMethods", "AllowedHeaders", "ExposedHeaders", "MaxAge", ""}
	moduleCORS   = corsKeys{"allow_origins", "allow_methods", "allow_headers", "expose_headers", "max_age", "allow_credentials"}
	ruleCORS     = corsKeys{"allowed_origins", "allowed_methods", "allowed_headers", "expose_headers", "max_age_seconds", ""}
)

// corsOf reads a CORS configuration; nil when there is none.
func corsOf(v value, at source.Span, keys corsKeys) *corsRule {
	switch v.Kind {
	case template.Map:
	case template.Unknown:
		return &corsRule{span: at, open: &policy.Unknown{Kind: policy.UnknownVariable, Subject: v.Text().String(), Span: v.Span}}
	default:
		return nil
	}
	return &corsRule{
		span: at, origins: scalars(v.Get(keys.origins)), methods: scalars(v.Get(keys.methods)), headers: scalars(v.Get(keys.headers)),
		expose: scalars(v.Get(keys.expose)), maxAge: v.Get(keys.maxAge), credentials: v.Get(keys.credentials),
	}
}
