package nginx

import (
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/source"
)

// access makes the steps that may refuse a request before its content is made: limits on requests, then addresses and
// credentials. They run after the rewrite phase: a return in it is never refused.
func (s *server) access(l *level) []policy.Step {
	var out []policy.Step
	for _, name := range [...]string{"limit_req", "limit_conn"} {
		if d := l.directive(name); d != nil {
			status := atoi(l.argument(name+"_status", "503"), 503)
			out = append(out, &policy.If{Cond: policy.Meets{Kind: policy.Throttled}, Then: s.fail(l, status, d.Head)})
		}
	}
	addresses, credentials := s.addresses(l), s.credentials(l)
	if addresses == nil || l.argument("satisfy", "all") != "any" || len(credentials) == 0 {
		if addresses != nil {
			out = append(out, &policy.If{Cond: addresses.refused, Then: s.fail(l, 403, addresses.span)})
		}
		return append(out, credentials...)
	}
	return append(out, &policy.If{Cond: addresses.refused, Then: credentials})
}

// addressRule is what allow and deny say together.
type addressRule struct {
	refused policy.Cond
	span    source.Span
}

// addresses lowers allow and deny: the first rule that fits the client's address decides. Which address a client has is
// not known, so that only rules for all clients decide here.
// https://nginx.org/en/docs/http/ngx_http_access_module.html
func (s *server) addresses(l *level) *addressRule {
	for ; l != nil; l = l.outer {
		if len(l.own["allow"])+len(l.own["deny"]) > 0 {
			break
		}
	}
	if l == nil {
		return nil
	}
	var first *addressRule
	for _, d := range l.body {
		if d.Name != "allow" && d.Name != "deny" || len(d.Args) != 1 {
			continue
		}
		switch {
		case d.Args[0].Value != "all":
			if first == nil {
				// Whether it applies is asked once for the whole list: which of the addresses it is makes no difference.
				ask := &policy.Ask{Unknown: policy.Unknown{Kind: policy.UnknownClient, Subject: "one that " + d.Name + " " + d.Args[0].Value + " is for", Span: d.Head}}
				first = &addressRule{refused: &policy.Not{Cond: ask}, span: d.Head}
				if d.Name == "deny" {
					first.refused = ask
				}
			}
		case d.Name == "deny" && first == nil:
			return &addressRule{refused: &policy.OneOf{Of: policy.Text(""), Texts: []string{""}}, span: d.Head}
		case d.Name == "deny":
			first.span = d.Head
			return first
		default: // allow all
			if first != nil && len(l.own["deny"]) > 0 {
				return first
			}
			return nil
		}
	}
	if len(l.own["deny"]) == 0 {
		return nil // a list of allow alone refuses nobody
	}
	return first
}

// credentials lowers auth_basic, auth_request and auth_jwt.
func (s *server) credentials(l *level) []policy.Step {
	var out []policy.Step
	if d := l.directive("auth_basic"); d != nil && len(d.Args) > 0 && d.Args[0].Value != "off" {
		challenge := policy.Line{Name: "WWW-Authenticate", Value: policy.Concat{policy.Text(`Basic realm="`), s.vars.expr(d.Args[0]), policy.Text(`"`)}, Span: d.Head}
		basic, _ := policy.CompilePattern("^Basic ", policy.PCRE, true) // ngx_http_auth_basic_user: another scheme is no user
		check := steps(
			&policy.If{Cond: &policy.Not{Cond: &policy.Matches{Of: authorization, Pattern: basic, Keeps: true}}, Then: s.fail(l, 401, d.Head, challenge)},
			&policy.If{Cond: policy.Meets{Kind: policy.CredentialsRejected}, Then: s.fail(l, 401, d.Head, challenge)},
		)
		if _, known := literal(d.Args[0]); !known { // its value may be "off"
			check = steps(&policy.If{Cond: &policy.Equal{Of: s.vars.expr(d.Args[0]), Text: "off"}, Else: check})
		}
		out = append(out, check...)
	}
	if d := l.directive("auth_jwt"); d != nil && len(d.Args) > 0 && d.Args[0].Value != "off" {
		challenge := policy.Line{Name: "WWW-Authenticate", Value: policy.Text("Bearer"), Span: d.Head}
		out = append(out,
			&policy.If{Cond: &policy.Equal{Of: authorization, Text: ""}, Then: s.fail(l, 401, d.Head, challenge)},
			&policy.If{Cond: policy.Meets{Kind: policy.CredentialsRejected}, Then: s.fail(l, 401, d.Head, challenge)},
		)
	}
	if d := l.directive("auth_request"); d != nil && len(d.Args) > 0 && d.Args[0].Value != "off" {
		out = append(out, s.authRequest(l)...)
	}
	return out
}

var authorization = &policy.RequestHeader{Name: "authorization"}

// authRequest asks another location of the server. What is not known about it is decided by what it is for: a request
// without credentials is refused, one with credentials is let through unless they are rejected.
// https://nginx.org/en/docs/http/ngx_http_auth_request_module.html
func (s *server) authRequest(l *level) []policy.Step {
	d := l.directive("auth_request")
	status := s.vars.slot("(auth status)")
	is := func(texts ...string) policy.Cond { return &policy.OneOf{Of: policy.Variable(status), Texts: texts} }
	unknown := policy.All{
		is(""),
		&policy.Equal{Of: authorization, Text: ""},
		&policy.Equal{Of: &policy.RequestHeader{Name: "cookie"}, Text: ""},
		&policy.Ask{Unknown: policy.Unknown{Kind: policy.UnknownCondition, Span: d.Head,
			Subject: "auth_request " + d.Args[0].Value + " refuses a request without credentials"}},
	}
	return steps(
		&policy.Subrequest{Path: s.vars.expr(d.Args[0]), Var: status, Flag: s.internal},
		&policy.If{Cond: policy.Meets{Kind: policy.CredentialsRejected}, Then: s.fail(l, 401, d.Head)},
		&policy.If{Cond: unknown, Then: s.fail(l, 401, d.Head)},
		&policy.If{Cond: is("401"), Then: s.fail(l, 401, d.Head)},
		&policy.If{Cond: is("403"), Then: s.fail(l, 403, d.Head)},
		&policy.If{Cond: policy.All{&policy.Not{Cond: is("")}, &policy.Not{Cond: &policy.HasPrefix{Of: policy.Variable(status), Text: "2"}}},
			Then: s.fail(l, 500, d.Head)},
	)
}
