package apigateway

import (
	"path"
	"strings"

	"github.com/corslint/corslint/internal/repair"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/internal/yamltree"
	"github.com/corslint/corslint/parsers"
)

var _ parsers.Editor = Dialect{}

// Edit turns the steps that change the structure of a template, of an OpenAPI export or of a Terraform module into edits. What
// changes a literal alone needs no knowledge of gateways.
func (Dialect) Edit(step repair.Step) (source.Edits, bool) {
	at := step.Place()
	if at.IsZero() {
		return nil, false
	}
	switch strings.ToLower(path.Ext(at.Path())) {
	case ".tf":
		return editTerraform(step)
	case ".yaml", ".yml", ".json", ".template":
	default:
		return nil, false
	}
	p, ok := spotOf(at)
	if !ok {
		return nil, false
	}
	switch s := step.(type) {
	case repair.FreePreflight:
		return p.freePreflight()
	case repair.SetOwnErrors:
		return p.setOwnErrors(s.Headers)
	case repair.SetHeader:
		return p.setHeader(s)
	case repair.ReadAsText:
		return p.readAsText()
	}
	return nil, false
}

// freePreflight takes preflights out of the default authorizer of a SAM template, or gives the operation that answers them a
// security of its own.
func (p spot) freePreflight() (source.Edits, bool) {
	for i := len(p) - 1; i >= 0; i-- {
		switch p[i].name() {
		case "DefaultAuthorizer":
			const free = "AddDefaultAuthorizerToCorsPreflight"
			if key, _ := p[i].in.Field(free); !key.IsZero() {
				there, ok := spotOf(key.Span())
				return there.replaceValue(len(there)-1, "false"), ok
			}
			return p.insert(i, bare(free, "false"))
		case "security":
			if i == 0 || p[i-1].name() != "options" {
				return nil, false
			}
			return p.replaceValue(i, "[]"), true
		}
	}
	return nil, false
}

// setOwnErrors writes responses of the gateway's own: as a property of a SAM API, as an extension of an OpenAPI document, or as
// resources of CloudFormation.
func (p spot) setOwnErrors(headers [][2]string) (source.Edits, bool) {
	for _, h := range headers {
		if strings.ContainsAny(h[1], "'\"\\\n") {
			return nil, false
		}
	}
	parameters := func(prefix string) []branch {
		var out []branch
		for _, h := range headers {
			out = append(out, literal(prefix+h[0], "'"+h[1]+"'"))
		}
		return out
	}
	const prefix, responses = "gatewayresponse.header.", extension + "gateway-responses"
	kinds := [...]string{"DEFAULT_4XX", "DEFAULT_5XX"}
	for i := len(p) - 1; i >= 0; i-- {
		in := p[i].in
		switch {
		case p[i].name() == "Cors" && in.Get("GatewayResponses").IsZero():
			var all []branch
			for _, kind := range kinds {
				all = append(all, nested(kind, nested("ResponseParameters", nested("Headers", parameters("")...))))
			}
			return p.insert(i, nested("GatewayResponses", all...))
		case p[i].name() == "paths" && in.Get(responses).IsZero():
			var all []branch
			for _, kind := range kinds {
				all = append(all, nested(kind, nested("responseParameters", parameters(prefix)...)))
			}
			return p.insert(i, nested(responses, all...))
		case i > 0 && p[i-1].name() == "Resources":
			api := p[i].value.Get("Properties").Get("RestApiId").Span().Text()
			if api == "" || strings.Contains(api, "\n") || !in.Get("GatewayDefault4xx").IsZero() || !in.Get("GatewayDefault5xx").IsZero() {
				return nil, false
			}
			var all []branch
			for _, kind := range kinds {
				all = append(all, nested("GatewayDefault"+strings.ToLower(kind[len(kind)-3:]), literal("Type", "AWS::ApiGateway::GatewayResponse"),
					nested("Properties", branch{key: "RestApiId", raw: api}, literal("ResponseType", kind), nested("ResponseParameters", parameters(prefix)...))))
			}
			return p.insert(i, all...)
		}
	}
	return nil, false
}

// list says how a policy writes a header: by its key, as a list or as a text.
type list struct {
	key    string
	quoted bool // a text with the quotes of a mapping's literal
	flag   bool
}

// policies are the keys of the headers beside the one that names origins, for each kind of policy.
var policies = map[string]map[string]list{
	"AllowOrigin": { // a REST API of SAM
		"access-control-allow-methods": {key: "AllowMethods", quoted: true}, "access-control-allow-headers": {key: "AllowHeaders", quoted: true},
		"access-control-allow-credentials": {key: "AllowCredentials", flag: true},
	},
	"AllowOrigins": { // an HTTP API, a function URL
		"access-control-allow-methods": {key: "AllowMethods"}, "access-control-allow-headers": {key: "AllowHeaders"},
		"access-control-expose-headers": {key: "ExposeHeaders"}, "access-control-allow-credentials": {key: "AllowCredentials", flag: true},
	},
	"allowOrigins": { // x-amazon-apigateway-cors
		"access-control-allow-methods": {key: "allowMethods"}, "access-control-allow-headers": {key: "allowHeaders"},
		"access-control-expose-headers": {key: "exposeHeaders"}, "access-control-allow-credentials": {key: "allowCredentials", flag: true},
	},
	"allowedOrigins": { // the Serverless framework
		"access-control-allow-methods": {key: "allowedMethods"}, "access-control-allow-headers": {key: "allowedHeaders"},
		"access-control-expose-headers": {key: "exposedResponseHeaders"}, "access-control-allow-credentials": {key: "allowCredentials", flag: true},
	},
	"allow_origins": { // Terraform
		"access-control-allow-methods": {key: "allow_methods"}, "access-control-allow-headers": {key: "allow_headers"},
		"access-control-expose-headers": {key: "expose_headers"}, "access-control-allow-credentials": {key: "allow_credentials", flag: true},
	},
}

// setHeader writes a header beside the one that names origins: in a policy, or in the parameters of a response.
func (p spot) setHeader(s repair.SetHeader) (source.Edits, bool) {
	const parameter = "method.response.header."
	for i := len(p) - 1; i >= 0; i-- {
		key := p[i].name()
		if strings.HasPrefix(strings.ToLower(key), parameter) {
			return p.setParameter(i, key[:len(parameter)]+s.Name, s)
		}
		l, ok := policies[key][strings.ToLower(s.Name)]
		if !ok {
			continue
		}
		if !p[i].in.Get(l.key).IsZero() {
			return nil, false
		}
		switch {
		case l.flag:
			return p.insert(i, bare(l.key, "true"))
		case l.quoted:
			return p.insert(i, literal(l.key, "'"+s.Value+"'"))
		}
		return p.insert(i, listed(l.key, strings.Split(s.Value, ", ")))
	}
	return nil, false
}

// setParameter maps a header of a response in an OpenAPI export, and declares it where its neighbour is.
func (p spot) setParameter(at int, key string, s repair.SetHeader) (source.Edits, bool) {
	edits, ok := p.insert(at, literal(key, "'"+s.Value+"'"))
	if !ok || !p[at].in.Get(key).IsZero() {
		return nil, false
	}
	for i := at; i >= 0; i-- {
		if p[i].name() != extension+"integration" {
			continue
		}
		for _, response := range p[i].in.Get("responses").Fields() {
			headers := response.Get("headers")
			for k, v := range headers.Fields() {
				if !strings.EqualFold(k.Text(), "Access-Control-Allow-Origin") || !headers.Get(s.Name).IsZero() {
					continue
				}
				declared := literal("type", "string")
				if v.Get("type").IsZero() {
					declared = nested("schema", declared)
				}
				beside, ok := insertBefore(k, nested(s.Name, declared))
				if !ok {
					return nil, false
				}
				edits = append(edits, beside...)
			}
		}
		return edits, true
	}
	return nil, false
}

// readAsText has the mock integration of an operation read the body of a preflight as text.
func (p spot) readAsText() (source.Edits, bool) {
	for i := len(p) - 1; i >= 0; i-- {
		integration := p[i].value
		if key, _ := integration.Field("type"); p[i].name() == extension+"integration" && !key.IsZero() && integration.Get("contentHandling").IsZero() {
			return insertBefore(key, literal("contentHandling", "CONVERT_TO_TEXT"))
		}
		if key, _ := integration.Field("Type"); p[i].name() == "Integration" && !key.IsZero() && integration.Get("ContentHandling").IsZero() {
			return insertBefore(key, literal("ContentHandling", "CONVERT_TO_TEXT"))
		}
	}
	return nil, false
}

// insertBefore writes a field before another one.
func insertBefore(key yamltree.Node, b branch) (source.Edits, bool) {
	p, ok := spotOf(key.Span())
	if !ok {
		return nil, false
	}
	return p.insert(len(p)-1, b)
}

// spot is the way from a document to a place in it: the fields that it is in, the outermost first.
type spot []field

type field struct{ in, key, value yamltree.Node }

func (f field) name() string { return f.key.Text() }

// spotOf returns the way to a place.
func spotOf(at source.Span) (spot, bool) {
	s, err := yamltree.Parse(at.File)
	if err != nil {
		return nil, false
	}
	for _, d := range s.Documents {
		if p := way(nil, d, at.Start); len(p) > 0 {
			return p, true
		}
	}
	return nil, false
}

func way(p spot, n yamltree.Node, at int) spot {
	for k, v := range n.Fields() {
		if key, value := k.Span(), v.Span(); key.Start <= at && at < max(key.End, value.End) {
			return way(append(p, field{n, k, v}), v, at)
		}
	}
	for item := range n.Items() {
		if span := item.Span(); span.Start <= at && at < span.End {
			return way(p, item, at)
		}
	}
	return p
}
