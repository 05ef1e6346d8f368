package openapi

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi2"
	"github.com/getkin/kin-openapi/openapi2conv"
	"github.com/getkin/kin-openapi/openapi3"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/contract"
	"github.com/corslint/corslint/internal/source"
)

// This file makes needs of what kin-openapi understands.

// load gives the library the copy of the document. A fault of the library is a refusal like any other.
func (d *document) load() (api *openapi3.T, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("not understood: %v", fault)
		}
	}()
	data, err := json.Marshal(d.prune())
	if err != nil {
		return nil, err
	}
	loader := openapi3.NewLoader()
	loader.ReadFromURIFunc = func(*openapi3.Loader, *url.URL) ([]byte, error) {
		return nil, errors.New("not followed") // what is worth following is in the copy
	}
	if d.generation == 3 {
		return loader.LoadFromData(data)
	}
	var old openapi2.T
	if err := json.NewDecoder(bytes.NewReader(data)).Decode(&old); err != nil {
		return nil, err
	}
	return openapi2conv.ToV3WithLoader(&old, loader, nil)
}

// mark returns the place that a part of the copy is of.
func (d *document) mark(extensions map[string]any) (place, bool) {
	var n int
	switch value := extensions[markKey].(type) {
	case float64:
		n = int(value)
	case json.Number:
		i, err := value.Int64()
		if err != nil {
			return place{}, false
		}
		n = int(i)
	default:
		return place{}, false
	}
	if n < 0 || n >= len(d.marks) {
		return place{}, false
	}
	return d.marks[n], true
}

// at is the span of the place that a part of the copy is of, or of another part.
func (d *document) at(extensions map[string]any, otherwise source.Span) source.Span {
	if p, ok := d.mark(extensions); ok {
		return p.span()
	}
	return otherwise
}

// operation is one operation of a document.
type operation struct {
	api      *openapi3.T
	item     *openapi3.PathItem
	path     string
	method   string
	spec     *openapi3.Operation
	pathSpan source.Span
	span     source.Span // of the method
}

// operations returns the operations in the order of the document's paths.
func (d *document) operations(api *openapi3.T) []operation {
	var out []operation
	for key := range d.main.root.Get("paths").Fields() {
		item := api.Paths.Value(key.Text())
		if item == nil {
			continue
		}
		all := item.Operations()
		for _, method := range slices.Sorted(maps.Keys(all)) {
			o := operation{api: api, item: item, path: key.Text(), method: method, spec: all[method], pathSpan: key.Span()}
			if o.spec != nil {
				o.span = d.at(o.spec.Extensions, key.Span())
				out = append(out, o)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b operation) int { return cmp.Compare(a.pathSpan.Start, b.pathSpan.Start) })
	return out
}

// needs returns the needs of all operations that a page can ask for.
func (d *document) needs(api *openapi3.T) []contract.Need {
	var out []contract.Need
	for _, o := range d.operations(api) {
		if o.method != "OPTIONS" && !browser.IsForbiddenMethod(o.method) {
			out = append(out, d.need(o))
		}
	}
	return out
}

func (d *document) need(o operation) contract.Need {
	n := contract.Need{Method: o.method, Path: o.path, Example: d.example(o), Servers: d.servers(o), Auth: d.auth(o), Reads: d.reads(o), Span: o.span}
	for _, p := range o.parameters() {
		h := contract.Header{Name: p.Name, Value: exampleHeader, Span: o.span}
		if at, ok := d.mark(p.Extensions); ok {
			h.Span = at.value.Get("name").Span()
		}
		switch {
		case p.In != openapi3.ParameterInHeader || !sentByPages(p.Name):
		case p.Required:
			n.Headers = append(n.Headers, h)
		default:
			n.Optional = append(n.Optional, h)
		}
	}
	if h, ok := d.contentType(o); ok {
		n.Headers = append(n.Headers, h)
	}
	return n
}

// exampleHeader is the value of a header whose value does not matter.
const exampleHeader = "1"

// parameters returns the parameters of an operation: its own, and those of its path that it does not replace.
// https://spec.openapis.org/oas/v3.0.3#path-item-object
func (o operation) parameters() []*openapi3.Parameter {
	var out []*openapi3.Parameter
	for _, refs := range [...]openapi3.Parameters{o.spec.Parameters, o.item.Parameters} {
		for _, ref := range refs {
			if ref == nil || ref.Value == nil {
				continue
			}
			same := func(p *openapi3.Parameter) bool { return p.In == ref.Value.In && p.Name == ref.Value.Name }
			if !slices.ContainsFunc(out, same) {
				out = append(out, ref.Value)
			}
		}
	}
	return out
}

// sentByPages reports whether a request header that a document lists is one that a page sets and has to be allowed to. The
// others are the browser's own affair, those of proxies, or need no permission with usual values.
func sentByPages(name string) bool {
	if browser.IsForbiddenRequestHeader(name, "") {
		return false
	}
	switch lower := strings.ToLower(name); lower {
	case "accept", "accept-language", "content-language", "content-type", "range", "user-agent",
		"if-none-match", "if-modified-since", "if-unmodified-since", "if-range", "cache-control", "pragma",
		"forwarded", "x-real-ip", "client-ip", "true-client-ip":
		return false
	default:
		return name != "" && !strings.HasPrefix(lower, "x-forwarded-")
	}
}

// contentType returns the Content-Type of a request body that needs permission. Of several kinds of body JSON is the one
// that pages send.
func (d *document) contentType(o operation) (contract.Header, bool) {
	if o.spec.RequestBody == nil || o.spec.RequestBody.Value == nil || o.method == "GET" || o.method == "HEAD" {
		return contract.Header{}, false
	}
	body := o.spec.RequestBody.Value
	kinds := slices.Sorted(maps.Keys(body.Content))
	best := ""
	for _, kind := range kinds {
		if strings.Contains(kind, "json") && (best == "" || kind == "application/json") {
			best = kind
		}
	}
	for _, kind := range kinds {
		if best == "" && browser.IsSafelistedRequestHeader(browser.Chromium, "Content-Type", kind) {
			return contract.Header{}, false
		}
	}
	if best == "" && len(kinds) > 0 && !strings.Contains(kinds[0], "*") {
		best = kinds[0]
	}
	if best == "" {
		return contract.Header{}, false
	}
	h := contract.Header{Name: "Content-Type", Value: best, Span: o.span}
	if p, ok := d.mark(body.Extensions); ok {
		h.Span = p.span()
		if kind := p.get("content").get(best); kind.known() {
			h.Span = kind.span()
		}
	}
	return h, true
}

// auth returns the ways to prove who is asking. One that is not defined asks for nothing that could be told.
// https://spec.openapis.org/oas/v3.0.3#security-requirement-object
func (d *document) auth(o operation) []contract.Auth {
	ways := o.api.Security
	if o.spec.Security != nil {
		ways = *o.spec.Security
	}
	var out []contract.Auth
	for _, way := range ways {
		var auth contract.Auth
		for _, name := range slices.Sorted(maps.Keys(way)) {
			d.scheme(o, name, &auth)
		}
		out = append(out, auth)
	}
	return out
}

// scheme adds what a security scheme asks for.
func (d *document) scheme(o operation, name string, auth *contract.Auth) {
	if o.api.Components == nil {
		return
	}
	ref := o.api.Components.SecuritySchemes[name]
	if ref == nil || ref.Value == nil {
		return
	}
	s := ref.Value
	at := d.at(s.Extensions, o.span)
	if auth.Span.IsZero() {
		auth.Span = at
	}
	header := func(name, value string) {
		auth.Headers = append(auth.Headers, contract.Header{Name: name, Value: value, Span: at})
	}
	switch strings.ToLower(s.Type) {
	case "http":
		if strings.EqualFold(s.Scheme, "basic") {
			header("Authorization", "Basic dXNlcjpwYXNzd29yZA==")
		} else {
			header("Authorization", "Bearer token")
		}
	case "oauth2", "openidconnect":
		header("Authorization", "Bearer token")
	case "apikey":
		switch {
		case s.In == openapi3.ParameterInCookie, s.In == openapi3.ParameterInHeader && strings.EqualFold(s.Name, "cookie"):
			auth.Cookies = true
		case s.In == openapi3.ParameterInHeader && s.Name != "" && !browser.IsForbiddenRequestHeader(s.Name, ""):
			header(s.Name, exampleHeader)
		}
	}
}

// reads returns the response headers that the operation documents for its pages: those that the browser acts on itself, or
// shows them anyway, are left out. A redirect is followed before a page sees anything of it.
func (d *document) reads(o operation) []contract.Header {
	var out []contract.Header
	if o.spec.Responses == nil {
		return nil
	}
	for _, status := range slices.Sorted(maps.Keys(o.spec.Responses.Map())) {
		ref := o.spec.Responses.Value(status)
		if ref == nil || ref.Value == nil || strings.HasPrefix(status, "1") || strings.HasPrefix(status, "3") {
			continue
		}
		p, marked := d.mark(ref.Value.Extensions)
		for _, name := range slices.Sorted(maps.Keys(ref.Value.Headers)) {
			known := func(h contract.Header) bool { return strings.EqualFold(h.Name, name) }
			if !readByPages(name) || slices.ContainsFunc(out, known) {
				continue
			}
			h := contract.Header{Name: name, Span: o.span}
			if marked {
				h.Span = p.get("headers").get(name).span()
			}
			out = append(out, h)
		}
	}
	return out
}

func readByPages(name string) bool {
	if browser.IsSafelistedResponseHeader(name) || browser.IsForbiddenResponseHeader(name) {
		return false
	}
	switch lower := strings.ToLower(name); lower {
	case "", "vary", "date", "server", "connection", "keep-alive", "transfer-encoding", "content-encoding", "trailer", "upgrade", "via",
		"age", "alt-svc", "accept-ranges", "allow", "www-authenticate", "proxy-authenticate", "strict-transport-security",
		"content-security-policy", "content-security-policy-report-only", "x-frame-options", "x-content-type-options", "x-xss-protection",
		"x-powered-by", "x-dns-prefetch-control", "x-download-options", "x-permitted-cross-domain-policies", "referrer-policy",
		"permissions-policy", "feature-policy", "expect-ct", "nel", "report-to", "clear-site-data", "origin-agent-cluster":
		return false
	default:
		return !strings.HasPrefix(lower, "access-control-") && !strings.HasPrefix(lower, "cross-origin-")
	}
}

// servers returns where an operation is sent to. https://spec.openapis.org/oas/v3.0.3#server-object
func (d *document) servers(o operation) []contract.Server {
	specs := o.api.Servers
	if len(o.item.Servers) > 0 {
		specs = o.item.Servers
	}
	if o.spec.Servers != nil && len(*o.spec.Servers) > 0 {
		specs = *o.spec.Servers
	}
	var out []contract.Server
	for _, spec := range specs {
		if spec == nil {
			continue
		}
		at := d.at(spec.Extensions, d.hostSpan())
		raw := spec.URL
		for name, v := range spec.Variables {
			if v == nil {
				continue
			}
			value := v.Default
			if value == "" && len(v.Enum) > 0 {
				value = v.Enum[0]
			}
			if value != "" {
				raw = strings.ReplaceAll(raw, "{"+name+"}", value)
			}
		}
		s, ok := contract.ParseServer(raw, at)
		if !ok {
			continue
		}
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// hostSpan is where Swagger 2.0 says which server it is.
func (d *document) hostSpan() source.Span {
	for _, name := range [...]string{"host", "basePath", "schemes"} {
		if n := d.main.root.Get(name); !n.IsZero() {
			return n.Span()
		}
	}
	return d.version.Span()
}

// methods are those that a path of a document can have.
var methods = [...]string{"delete", "get", "head", "patch", "post", "put"}

// plain returns what can be said of the operations without the library: that they are there.
func (d *document) plain() []contract.Need {
	var out []contract.Need
	for key, item := range d.main.root.Get("paths").Fields() {
		if !strings.HasPrefix(key.Text(), "/") {
			continue
		}
		item := d.follow(place{d.main, key, item})
		for _, method := range methods {
			if name, value := item.value.Field(method); !value.IsZero() {
				out = append(out, contract.Need{Method: strings.ToUpper(method), Path: key.Text(), Example: fillTemplate(key.Text(), nil), Span: name.Span()})
			}
		}
	}
	return out
}
