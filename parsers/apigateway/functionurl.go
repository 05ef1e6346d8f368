package apigateway

import (
	"github.com/corslint/corslint/analyzers/policy"
)

// This file lowers function URLs. The service answers preflights from the configuration; to what the function itself
// answers it adds the configured headers, beside those that the function sends.
// https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html#urls-cors

func (r *reading) lowerFunctionURL(u *functionURL) *policy.Layer {
	b := r.build(u.name, u.span)
	b.layer.Name = u.name + " URL"
	b.anyHostLike(`^[a-z0-9-]+\.lambda-url\.[a-z0-9-]+\.on\.aws$`)
	b.layer.Endpoints = []policy.Endpoint{{Pattern: "/", Example: "/", Span: u.span}}
	c := u.cors
	own := func(status int) []policy.Step {
		return b.perhaps(&policy.Respond{Status: status, Span: u.span}, c, "the function URL")
	}
	if c != nil {
		b.unknownOptions(c)
		b.preflightOfURL(c)
		b.refusedOfURL(c)
	}
	b.request(0, &policy.If{Cond: policy.Meets{Kind: policy.Throttled}, Then: own(429)})
	if !u.signed.IsZero() {
		b.request(0, b.check(guard{kind: iam, name: "AWS_IAM", span: u.signed}, "ANY", "/", refusal{
			absent:   func() []policy.Step { return own(403) },
			rejected: func() []policy.Step { return own(403) },
		})...)
	}
	b.request(0,
		&policy.If{Cond: policy.Meets{Kind: policy.BodyTooLarge}, Then: own(413)},
		&policy.If{Cond: policy.Meets{Kind: policy.HandlerThrows}, Then: own(502)},
		&policy.If{Cond: policy.Meets{Kind: policy.UpstreamDown}, Then: own(502)},
		&policy.Forward{To: b.runs(u.upstream, "2.0", "/"), Unreachable: 502})
	if c != nil {
		b.addOfURL(c)
	}
	b.routed()
	return b.layer
}

// originOfURL is the allowed origin: the request's own, for "*" too. That is what users report of the service; its
// documentation does not say it.
func originOfURL() policy.Expr { return &policy.RequestHeader{Name: "origin"} }

// linesOfURL are the headers for an allowed origin.
func (b *builder) linesOfURL(c *corsRule) []policy.Line {
	lines := b.actualLines(c)
	lines[0].Value = originOfURL()
	return lines
}

func (b *builder) preflightOfURL(c *corsRule) {
	if c.open != nil {
		block := b.block("preflight", c.span)
		b.request(block, &policy.Respond{Status: 200, Span: c.span})
		b.response(block, &policy.OpenHeaders{Unknown: *c.open})
		b.request(0, &policy.If{Cond: isPreflight(), Then: steps(&policy.Jump{Block: block})})
		return
	}
	b.mentionRule(c)
	b.fact(policy.Fact{Kind: policy.FactAddsBeside, Span: c.span,
		Text: "that a function URL adds its headers to those of the function is reported by users, and not documented"})
	if has(c.origins, "*") {
		b.unverified("Access-Control-Allow-Origin", spanOf(c.origins, c.span),
			"that a function URL answers * with the request's own origin is reported by users, and not documented")
		b.mention(policy.Mention{Kind: policy.MentionReflected, Span: spanOf(c.origins, c.span)})
	}
	lines := append(b.linesOfURL(c), preflightLines(c)...)
	b.request(0, &policy.If{Cond: isPreflight(), Then: steps(
		whenever(b.allows(c), &policy.Respond{Status: 200, Headers: lines, Span: c.span}),
		&policy.Respond{Status: 200, Span: c.span})})
}

// addOfURL adds the configured headers to every answer, and replaces none.
func (b *builder) addOfURL(c *corsRule) {
	if c.open != nil {
		b.response(0, &policy.If{Cond: policy.FromUpstream{}, Then: steps(&policy.OpenHeaders{Unknown: *c.open})})
		return
	}
	var add []policy.Step
	for _, line := range b.linesOfURL(c) {
		add = append(add, &policy.EditHeader{Op: policy.Add, Name: line.Name, Value: line.Value, Span: line.Span})
	}
	allowed := &policy.If{Cond: and(&policy.Not{Cond: missing("origin")}, b.allows(c)), Then: add}
	b.response(0, &policy.If{Cond: policy.FromUpstream{}, Then: steps(allowed, varyUnknown(c))})
}

// refusedOfURL notes what the service does not take.
// https://docs.aws.amazon.com/lambda/latest/api/API_Cors.html
func (b *builder) refusedOfURL(c *corsRule) {
	for _, m := range c.methods {
		if text, known := m.Known(); known && len(text) > 6 {
			b.reject(m.Span, "a function URL takes no %s in AllowMethods: preflights are answered without it", text)
		}
	}
}
