package apigateway

import (
	"regexp"
	"strings"

	"github.com/corslint/corslint/analyzers/policy"
)

// This file lowers listeners of application load balancers that write CORS headers: one fixed value each, on every answer.
// Whether a header of the target is replaced by it is not documented; it is taken to be. Preflights are the target's.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/header-modification.html

func (r *reading) lowerBalancer(l *balancer) *policy.Layer {
	if len(l.headers) == 0 {
		return nil
	}
	b := r.build(l.name, l.span)
	listener := &b.layer.Listeners[0]
	if !l.https {
		listener.Scheme = "http"
	}
	listener.Port = l.port
	b.layer.Endpoints = nil
	var add []policy.Step
	for _, h := range l.headers {
		if strings.EqualFold(h.name, "Access-Control-Allow-Origin") {
			b.mentionOrigin(h.expr.Text(), h.expr.Span)
		}
		add = append(add, &policy.EditHeader{Op: policy.Replace, Name: h.name, Value: expr(h.expr.Text()), Span: h.expr.Span, Why: policy.Overridden})
	}
	for _, rule := range l.rules {
		b.rule(rule)
	}
	for i := range b.program.Blocks {
		b.program.Blocks[i].Response = add
	}
	return b.layer
}

// rule adds what a rule does to the listener's block.
func (b *builder) rule(r *balancerRule) {
	endpoint := policy.Endpoint{Pattern: "/", Example: "/", Span: r.span, Methods: r.methods}
	var cond policy.All
	if len(r.methods) > 0 {
		cond = append(cond, &policy.OneOf{Of: policy.Method, Texts: r.methods})
	}
	if len(r.paths) > 0 {
		var any []policy.Cond
		for _, p := range r.paths {
			any = append(any, matchesOr(policy.Path, "^"+strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(p))+"$", p))
		}
		cond = append(cond, some(any...))
		endpoint.Pattern = r.paths[0]
		endpoint.Example = "/" + strings.NewReplacer("*", "a", "?", "a").Replace(strings.TrimPrefix(r.paths[0], "/"))
	}
	if r.other {
		cond = append(cond, &policy.Ask{Unknown: policy.Unknown{Kind: policy.UnknownCondition, Subject: "the rule's other conditions are met", Span: r.span}})
	}
	var then []policy.Step
	if !r.login.IsZero() { // who has no session is sent to the identity provider, which no preflight survives
		login := &policy.Respond{Status: 302, Span: r.login, Headers: []policy.Line{{Name: "Location", Value: policy.Text("https://login.example/"), Span: r.login}}}
		then = append(then, &policy.If{Cond: some(&policy.Equal{Of: policy.Method, Text: "OPTIONS"}, policy.Meets{Kind: policy.CredentialsRejected}), Then: steps(login)})
	}
	switch {
	case r.status != 0:
		answer := &policy.Respond{Status: r.status, Span: r.span}
		if r.location != "" {
			answer.Headers = []policy.Line{{Name: "Location", Value: policy.Text(r.location), Span: r.span}}
		}
		then = append(then, answer)
	default:
		then = append(then, &policy.Forward{To: r.upstream, Unreachable: 503})
		b.layer.Endpoints = append(b.layer.Endpoints, endpoint)
	}
	if len(cond) == 0 {
		b.request(0, then...)
		return
	}
	b.request(0, &policy.If{Cond: cond, Then: then})
}
