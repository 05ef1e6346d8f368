package apigateway

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/source"
)

// This file lowers S3 buckets. The first rule that fits origin, method and all requested headers decides; without one a
// preflight is answered 403, and a request without CORS headers.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors.html

func (r *reading) lowerBucket(k *bucket) *policy.Layer {
	b := r.build(k.name, k.span)
	b.anyHostLike(`^(` + orDefault(regexp.QuoteMeta(k.host), `[a-z0-9.-]+`) + `\.)?s3[a-z0-9.-]*\.amazonaws\.com$`)
	b.layer.Listeners = append(b.layer.Listeners, b.layer.Listeners[0])
	b.layer.Listeners[1].Scheme, b.layer.Listeners[1].Port = "http", 80
	endpoint := policy.Endpoint{Pattern: "/", Example: "/object", Methods: []string{"OPTIONS"}, Span: k.span, Static: true}
	for _, rule := range k.rules {
		b.refusedOfBucket(rule)
		b.mentionPatterns(rule)
		for _, m := range rule.methods {
			if text := m.Word(); text != "" && !slices.Contains(endpoint.Methods, text) {
				endpoint.Methods = append(endpoint.Methods, text)
			}
		}
	}
	if len(k.rules) == 0 || slices.ContainsFunc(k.rules, func(c *corsRule) bool { return c.open != nil }) {
		endpoint.Methods = nil
	}
	b.layer.Endpoints = []policy.Endpoint{endpoint}

	b.unverified("Access-Control-Allow-Credentials", source.Span{}, "that S3 allows credentials wherever it names an origin is seen, and not documented")
	rule := b.variable("cors rule")
	var preflight, actual []policy.Step
	for i, c := range k.rules {
		if c.open != nil {
			b.response(0, &policy.OpenHeaders{Unknown: *c.open})
			continue
		}
		method := &policy.RequestHeader{Name: "access-control-request-method"}
		fits := and(b.fitsOrigin(c), oneOf(method, c.methods), fitsHeaders(c))
		preflight = append(preflight, &policy.If{Cond: fits,
			Then: steps(&policy.Respond{Status: 200, Headers: b.linesOfBucket(c, true), Span: c.span})})
		number := policy.Text(strconv.Itoa(i + 1))
		none := &policy.Equal{Of: policy.Variable(rule), Text: ""}
		actual = append(actual, &policy.If{Cond: policy.All{none, b.fitsOrigin(c), oneOf(policy.Method, c.methods)},
			Then: steps(&policy.Set{Var: rule, Value: number})})
		var add []policy.Step
		for _, line := range b.linesOfBucket(c, false) {
			add = append(add, &policy.EditHeader{Op: policy.Add, Name: line.Name, Value: line.Value, Span: line.Span})
		}
		b.response(0, &policy.If{Cond: &policy.Equal{Of: policy.Variable(rule), Text: string(number)}, Then: add})
	}
	refused := &policy.Respond{Status: 403, Span: k.span}
	b.request(0, &policy.If{Cond: &policy.Equal{Of: policy.Method, Text: "OPTIONS"}, Then: append(preflight, refused)})
	b.request(0, actual...)
	b.request(0,
		&policy.If{Cond: policy.Meets{Kind: policy.CredentialsRejected}, Then: steps(&policy.Respond{Status: 403, Span: k.span})},
		&policy.If{Cond: policy.Meets{Kind: policy.FileMissing}, Then: steps(&policy.Respond{Status: 404, Span: k.span})},
		&policy.If{Cond: policy.Meets{Kind: policy.Throttled}, Then: steps(&policy.Respond{Status: 503, Span: k.span})},
		&policy.Respond{Status: 200, Span: k.span})
	return b.layer
}

// linesOfBucket are the headers that a rule gives. Those without a place the service sends by itself.
func (b *builder) linesOfBucket(c *corsRule, preflight bool) []policy.Line {
	origin, any := policy.Expr(&policy.RequestHeader{Name: "origin"}), has(c.origins, "*")
	if any {
		origin = policy.Text("*")
	}
	lines := []policy.Line{
		{Name: "Access-Control-Allow-Origin", Value: origin, Span: spanOf(c.origins, c.span)},
		{Name: "Access-Control-Allow-Methods", Value: expr(joined(c.methods)), Span: spanOf(c.methods, c.span)},
	}
	if preflight && len(c.headers) > 0 {
		asked := &policy.RequestHeader{Name: "access-control-request-headers", Join: true}
		lines = append(lines, policy.Line{Name: "Access-Control-Allow-Headers", Value: asked, Span: spanOf(c.headers, c.span)})
	}
	if len(c.expose) > 0 {
		lines = append(lines, policy.Line{Name: "Access-Control-Expose-Headers", Value: expr(joined(c.expose)), Span: spanOf(c.expose, c.span)})
	}
	if preflight && c.maxAge.Given() {
		lines = append(lines, policy.Line{Name: "Access-Control-Max-Age", Value: expr(c.maxAge.Text()), Span: c.maxAge.Span})
	}
	if !any {
		lines = append(lines, policy.Line{Name: "Access-Control-Allow-Credentials", Value: policy.Text("true")})
	}
	return append(lines, policy.Line{Name: "Vary",
		Value: policy.Text("Origin, Access-Control-Request-Headers, Access-Control-Request-Method")})
}

// oneOf tests whether a value is in a list; an element that is not known may be it.
func oneOf(of policy.Expr, items []value) policy.Cond {
	var texts []string
	var open []policy.Cond
	for _, item := range items {
		if text, known := item.Known(); known {
			texts = append(texts, text)
		} else {
			open = append(open, &policy.Same{A: expr(item.Text()), B: of})
		}
	}
	if open == nil {
		return &policy.OneOf{Of: of, Texts: texts}
	}
	return some(append([]policy.Cond{&policy.OneOf{Of: of, Texts: texts}}, open...)...)
}

// fitsOrigin tests the origin against patterns with one asterisk each.
func (b *builder) fitsOrigin(c *corsRule) policy.Cond {
	origin := &policy.RequestHeader{Name: "origin"}
	conds := []policy.Cond{}
	for _, o := range c.origins {
		text, known := o.Known()
		before, after, wild := strings.Cut(text, "*")
		switch {
		case !known:
			conds = append(conds, &policy.Same{A: expr(o.Text()), B: origin})
		case text == "*":
			return &policy.Not{Cond: missing("origin")}
		case wild:
			conds = append(conds, matchesOr(origin, "^"+regexp.QuoteMeta(before)+".*"+regexp.QuoteMeta(after)+"$", text))
		default:
			conds = append(conds, &policy.Equal{Of: origin, Text: text})
		}
	}
	return some(conds...)
}

// matchesOr searches a value for a pattern, or compares it as text where the pattern cannot be read.
func matchesOr(of policy.Expr, pattern, text string) policy.Cond {
	if c := matching(of, pattern); c != nil {
		return c
	}
	return &policy.Equal{Of: of, Text: text}
}

// fitsHeaders tests whether all requested headers are allowed: names without regard to case, each with one asterisk.
func fitsHeaders(c *corsRule) policy.Cond {
	asked := &policy.RequestHeader{Name: "access-control-request-headers", Join: true}
	var names []string
	for _, h := range c.headers {
		text, known := h.Known()
		if !known || text == "*" { // an unknown name is taken to be the one that is meant
			return policy.All{}
		}
		names = append(names, strings.ReplaceAll(regexp.QuoteMeta(text), `\*`, `[^,]*`))
	}
	empty := &policy.Equal{Of: asked, Text: ""}
	if len(names) == 0 {
		return empty
	}
	name := `(?:` + strings.Join(names, "|") + `)`
	p, err := policy.CompilePattern(`^\s*`+name+`\s*(?:,\s*`+name+`\s*)*$`, policy.PCRE, true)
	if err != nil {
		return policy.All{}
	}
	return some(empty, &policy.Matches{Of: asked, Pattern: p, Keeps: true})
}

// mentionPatterns notes the origins of a rule, in which an asterisk stands for any text.
func (b *builder) mentionPatterns(c *corsRule) {
	for _, o := range c.origins {
		text, known := o.Known()
		switch before, after, wild := strings.Cut(text, "*"); {
		case !known || text == "" || text == "*":
		case wild:
			b.mention(policy.Mention{Kind: policy.MentionPattern,
				Text: "^" + regexp.QuoteMeta(before) + ".*" + regexp.QuoteMeta(after) + "$", Dialect: policy.PCRE,
				Span: within(o.Span, text)})
		default:
			b.mention(policy.Mention{Kind: policy.MentionLiteral, Text: text, Span: within(o.Span, text)})
		}
	}
}

// refusedOfBucket notes what S3 does not take.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketCors.html
func (b *builder) refusedOfBucket(c *corsRule) {
	for _, m := range c.methods {
		if text, known := m.Known(); known && !slices.Contains([]string{"GET", "PUT", "POST", "DELETE", "HEAD"}, text) {
			b.reject(m.Span, "S3 knows no %s in AllowedMethods: GET, PUT, POST, DELETE and HEAD are what it takes", text)
		}
	}
	for _, list := range [][]value{c.origins, c.headers} {
		for _, v := range list {
			if text, known := v.Known(); known && strings.Count(text, "*") > 1 {
				b.reject(v.Span, "S3 takes one * in %s", text)
			}
		}
	}
}
