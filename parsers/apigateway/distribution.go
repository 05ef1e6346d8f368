package apigateway

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/policy"
)

// This file lowers CloudFront distributions as far as they decide about CORS: which methods a behaviour takes, which request
// headers reach the origin and the cache key, and what a response headers policy adds, replaces and removes.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesCacheBehavior.html

// lowerDistribution makes the layer of a distribution. behind are the layers of the same file by what refers to them.
func (r *reading) lowerDistribution(d *distribution, behind map[string]*policy.Layer) *policy.Layer {
	if len(d.behaviours) == 0 {
		return nil
	}
	b := r.build(d.name, d.span, d.hosts...)
	b.anyHostLike(`^[a-z0-9]+\.cloudfront\.net$`)
	b.layer.Listeners = append(b.layer.Listeners, b.layer.Listeners[0])
	b.layer.Listeners[1].Scheme, b.layer.Listeners[1].Port = "http", 80
	for _, v := range d.behaviours {
		block := b.behaviour(v, behind)
		jump := &policy.Jump{Block: block}
		if v.pattern == "" {
			b.request(0, jump)
			continue
		}
		b.request(0, &policy.If{Cond: matchesOr(policy.Path, pathPattern(v.pattern), v.pattern), Then: steps(jump)})
	}
	return b.layer
}

// pathPattern is the expression of a path pattern, in which * and ? are wild and a slash at the start may be missing.
func pathPattern(text string) string {
	if !strings.HasPrefix(text, "*") {
		text = "/" + strings.TrimPrefix(text, "/")
	}
	return "^" + strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(text)) + "$"
}

// behaviour lowers a cache behaviour and returns its block.
func (b *builder) behaviour(v *behaviour, behind map[string]*policy.Layer) int {
	name := orDefault(v.pattern, "default")
	block := b.block(name, v.span)
	endpoint := policy.Endpoint{Pattern: name, Example: "/", Span: v.span}
	if v.pattern != "" {
		endpoint.Example = "/" + strings.NewReplacer("*", "a", "?", "a").Replace(strings.TrimPrefix(v.pattern, "/"))
	}
	methods := texts([]string{"GET", "HEAD"}, v.span)
	if len(v.methods) > 0 {
		methods = v.methods
	}
	for _, m := range methods {
		endpoint.Methods = append(endpoint.Methods, m.Word())
	}
	if slices.Contains(endpoint.Methods, "") || slices.Contains(endpoint.Methods, "PUT") {
		endpoint.Methods = nil // whoever wants to send anything takes all: a behaviour has two, three or seven methods
	}
	b.layer.Endpoints = append(b.layer.Endpoints, endpoint)

	refuse := func(status int) []policy.Step { return steps(&policy.Respond{Status: status, Span: v.span}) }
	plain := &policy.Equal{Of: policy.Scheme, Text: "http"}
	switch v.https {
	case "https-only":
		b.request(block, &policy.If{Cond: plain, Then: refuse(403)})
	case "redirect-to-https":
		location := policy.Line{Name: "Location", Value: policy.Concat{policy.Text("https://"), policy.HostName, policy.Target}, Span: v.span}
		b.request(block, &policy.If{Cond: plain, Then: steps(&policy.Respond{Status: 301, Headers: []policy.Line{location}, Span: v.span})})
	}
	b.request(block, &policy.If{Cond: &policy.Not{Cond: oneOf(policy.Method, methods)},
		Then: steps(&policy.Respond{Status: 403, Span: spanOf(v.methods, v.span)})})
	b.request(block, &policy.If{Cond: policy.Meets{Kind: policy.UpstreamDown}, Then: refuse(504)})
	forward := &policy.Forward{To: v.upstream, Unreachable: 504}
	if l := behind[v.origin]; l != nil {
		forward.To.Answerer = l.Answerer
		for _, m := range l.Mentions { // origins that are let in behind are meant here, too
			b.mention(m)
		}
	} else if v.path != "" {
		forward.Path = policy.Concat{policy.Text(v.path), policy.Path}
	}
	for _, h := range [...]string{"Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers"} {
		if !v.forwards(h) {
			forward.Headers = append(forward.Headers, policy.Line{Name: h, Value: policy.Text("")})
		}
	}
	b.request(block, forward)
	b.cacheFacts(v, name)
	b.responsePolicy(block, v)
	return block
}

// forwards reports whether a request header reaches the origin, as far as that is known.
func (v *behaviour) forwards(header string) bool {
	return v.forwarded == nil || slices.Contains(v.forwarded, "*") || slices.Contains(v.forwarded, strings.ToLower(header))
}

// cacheFacts states that the behaviour's cache stores responses. It looks at no Vary: its key is what the cache policy says.
func (b *builder) cacheFacts(v *behaviour, endpoint string) {
	c := v.cache
	if c == nil || c.disabled {
		return
	}
	b.fact(policy.Fact{Kind: policy.FactCache, Endpoint: endpoint, Subject: c.text, Text: "CloudFront stores responses", Span: c.span})
	if !slices.Contains(c.headers, "origin") && !slices.Contains(c.headers, "*") {
		b.fact(policy.Fact{Kind: policy.FactCacheIgnoresVary, Endpoint: endpoint,
			Text: "the cache key is what the cache policy says, whatever Vary says", Span: c.span})
	}
}

// responsePolicy makes the steps of a response headers policy: it removes first, then adds.
func (b *builder) responsePolicy(block int, v *behaviour) {
	for _, open := range v.open {
		b.response(block, &policy.OpenHeaders{Unknown: open})
	}
	p := v.policy
	if p == nil {
		return
	}
	if p.open != nil {
		b.response(block, &policy.OpenHeaders{Unknown: *p.open})
		return
	}
	for _, h := range p.remove {
		b.response(block, &policy.EditHeader{Op: policy.Remove, Name: h.name, Span: h.span, Why: policy.Cleared})
	}
	if c := p.cors; c != nil {
		b.mentionPatterns(c)
		if c.credentials.IsTrue() && (has(c.headers, "*") || has(c.origins, "*")) {
			b.reject(c.credentials.Span, "CloudFront refuses credentials where origins or headers have *")
			c = c.withoutCredentials() // which no distribution has
		}
		op := policy.Default
		if p.override {
			op = policy.Replace
		}
		edit := func(l policy.Line) policy.Step {
			return &policy.EditHeader{Op: op, Name: l.Name, Value: l.Value, Span: l.Span, Why: policy.Overridden}
		}
		var actual, preflight []policy.Step
		for _, l := range b.actualLines(c) {
			actual = append(actual, edit(l))
		}
		spelt := *c
		spelt.methods = allMethods(c)
		for _, l := range preflightLines(&spelt) {
			preflight = append(preflight, edit(l))
		}
		allowed := &policy.If{Cond: b.fitsOrigin(c), Then: append(actual, &policy.If{Cond: isPreflight(), Then: preflight})}
		b.response(block, &policy.If{Cond: &policy.Not{Cond: missing("origin")}, Then: steps(allowed)})
		if dependsOnOrigin(c) {
			b.response(block, varyUnknown(c))
		}
	}
	for _, h := range p.custom {
		op := policy.Default
		if h.override {
			op = policy.Replace
		}
		b.response(block, &policy.EditHeader{Op: op, Name: h.name, Value: expr(h.expr.Text()), Span: h.expr.Span, Why: policy.Overridden})
		if strings.EqualFold(h.name, "Access-Control-Allow-Origin") {
			b.mentionOrigin(h.expr.Text(), h.expr.Span)
		}
	}
}

// allMethods returns the methods of a policy, ALL spelt out.
func allMethods(c *corsRule) []value {
	if has(c.methods, "ALL") {
		return texts([]string{"GET", "DELETE", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}, spanOf(c.methods, c.span))
	}
	return c.methods
}

// managedPolicy is a response headers policy that every account has. None of them overrides what the origin sends.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-response-headers-policies.html
func managedPolicy(id value) *responseHeaders {
	simple := &corsRule{span: id.Span, origins: texts([]string{"*"}, id.Span)}
	preflight := *simple
	preflight.methods = texts([]string{"ALL"}, id.Span)
	preflight.expose = texts([]string{"*"}, id.Span)
	switch id.Word() {
	case "60669652-455b-4ae9-85a4-c4c02393f86c", "e61eb60c-9c35-4d20-a928-2b84e02af89c": // SimpleCORS, CORS-and-SecurityHeaders
		return &responseHeaders{cors: simple, span: id.Span}
	case "5cc3b908-e619-4b99-88e5-2cf7f45965bd", "eaab4381-ed33-4a86-88ca-d9558dc6cd63": // CORS-With-Preflight, with SecurityHeaders
		return &responseHeaders{cors: &preflight, span: id.Span}
	case "67f7725c-6f97-4210-82d7-5512b31e9d03": // SecurityHeaders
		return &responseHeaders{span: id.Span}
	}
	return nil
}

// managedCaches are the header parts of the keys of cache policies that every account has.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
var managedCaches = map[string][]string{
	"658327ea-f89d-4fab-a63d-7e88639e58f6": {},         // CachingOptimized
	"b2884449-e4de-46a7-ac36-70bc7f1ddd6d": {},         // CachingOptimizedForUncompressedObjects
	"08627262-05a9-4f76-9ded-b50ca2e3a84f": {"origin"}, // Elemental-MediaPackage
}

const cachingDisabled = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"

// managedRequests are the headers that origin request policies forward which every account has.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-origin-request-policies.html
var managedRequests = map[string][]string{
	"216adef6-5c7f-47e4-b989-5492eafa07d3": {"*"},      // AllViewer
	"b689b0a8-53d0-40ab-baf2-68738e2966ac": {"*"},      // AllViewerExceptHostHeader
	"33f36d7e-f396-46d9-90e0-52428a34d9dc": {"*"},      // AllViewerAndCloudFrontHeaders
	"59781a5b-3903-41f3-afcb-af62929ccde1": {"origin"}, // CORS-CustomOrigin
	// CORS-S3Origin
	"88a5eaf4-2fd4-4709-b370-b4c650ea3fcf": {"origin", "access-control-request-headers", "access-control-request-method"},
	// UserAgentRefererHeaders
	"acba4595-bd28-49b8-b9fe-13317c0390fa": {"user-agent", "referer"},
}

// keyText shows a cache key to people.
func keyText(headers []string) string {
	if len(headers) == 0 {
		return "the path, and no header"
	}
	return fmt.Sprintf("the path and %s", strings.Join(headers, ", "))
}
