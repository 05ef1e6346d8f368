package rules

import (
	"slices"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/repair"
	"github.com/corslint/corslint/internal/source"
)

var allowOriginMissingOnError = &Rule{
	Name:     "allow-origin-missing-on-error",
	Aliases:  []string{"error-response-missing-cors"},
	Title:    "error responses lack the header, so the page cannot read them",
	Category: finding.Blocked,
	Severity: finding.Warning,
	Since:    "0.1.0",
	Explains: []string{"allow-origin-missing", "allow-credentials-missing"},
	Refs:     []string{"https://nginx.org/en/docs/http/ngx_http_headers_module.html#add_header"},
	Doc: `## What the browser does
It refuses an error response without Access-Control-Allow-Origin like any other: the page gets no status and no body, and
the console speaks of CORS instead of the error.

nginx adds a header without always to 200, 201, 204, 206, 301, 302, 303, 304, 307 and 308 only. In Express an error keeps what
was set before it: what stands before the CORS middleware, a body parser or a rate limit, answers without.

## Who is hurt
Pages that tell "please log in" (401) from "not found" (404) or "try again" (502), and whoever looks for the cause.

## When it is fine
For fonts, images and scripts, and where the page treats every failure alike. Where only errors that the server makes itself are
affected, 5xx or 413, it is a note.

## How to fix
Send the headers with every status: add always; register the CORS middleware first.
`,
	Examples: []Example{
		{Dialect: "nginx", Name: "no always", Text: `server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin https://app.shop.example; # want "the page cannot read .*401.*: error responses lack Access-Control-Allow-Origin"
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "with always", Text: `server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "a font", Text: `server {
    server_name static.shop.example;
    location ~* \.(woff2?|ttf)$ {
        add_header Access-Control-Allow-Origin *;
        proxy_pass http://static:3000;
    }
}
`},
		{Dialect: "express", Name: "a parser of bodies before it", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(express.json());
app.use(cors({ origin: 'https://app.shop.example' })); // want "the page cannot read 413"
app.post('/orders', (req, res) => res.json({}));
app.listen(3000);
`},
		{Dialect: "express", Name: "cors before whatever can refuse", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: 'https://app.shop.example' }));
app.use(express.json());
app.post('/orders', (req, res) => res.json({}));
app.use((err, req, res, next) => res.status(err.status || 500).json({ error: err.message }));
app.listen(3000);
`},
		{Dialect: "apigateway", Name: "an authorizer refuses without it", Text: `Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: prod
      Auth:
        DefaultAuthorizer: Users
        AddDefaultAuthorizerToCorsPreflight: false
        Authorizers:
          Users: {UserPoolArn: !GetAtt UserPool.Arn}
      Cors:
        AllowOrigin: "'https://app.shop.example'" # want "the page cannot read 401, 413, 429 or 504: error responses lack Access-Control-Allow-Origin"
        AllowMethods: "'GET,PUT'"
        AllowHeaders: "'Authorization,Content-Type'"
  Orders:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Get: {Type: Api, Properties: {RestApiId: !Ref Api, Method: get, Path: /orders}}
        Put: {Type: Api, Properties: {RestApiId: !Ref Api, Method: put, Path: /orders}}
`},
		{Dialect: "apigateway", Name: "gateway responses", Text: `Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: prod
      Auth:
        DefaultAuthorizer: Users
        AddDefaultAuthorizerToCorsPreflight: false
        Authorizers:
          Users: {UserPoolArn: !GetAtt UserPool.Arn}
      GatewayResponses:
        DEFAULT_4XX: {ResponseParameters: {Headers: {Access-Control-Allow-Origin: "'https://app.shop.example'"}}}
        DEFAULT_5XX: {ResponseParameters: {Headers: {Access-Control-Allow-Origin: "'https://app.shop.example'"}}}
      Cors:
        AllowOrigin: "'https://app.shop.example'"
        AllowMethods: "'GET,PUT'"
        AllowHeaders: "'Authorization,Content-Type'"
  Orders:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Get: {Type: Api, Properties: {RestApiId: !Ref Api, Method: get, Path: /orders}}
        Put: {Type: Api, Properties: {RestApiId: !Ref Api, Method: put, Path: /orders}}
`},
	},
	Check: func(p *Pass) {
		own, configurable := p.layerFact(policy.FactOwnErrors)
		refused := refusedOrigins(p)
		place := func(f *probe.Failure) source.Span {
			if slices.Contains(refused, origin(f)) {
				return source.Span{} // this page reads no answer at all, which another rule says
			}
			return errorPlace(f, configurable)
		}
		for _, g := range ByPlace(Has(both(p.Failures(), p.CircumstanceFailures()), browser.MissingAllowOriginHeader, browser.InvalidAllowCredentials), place) {
			report := Report{Failures: g.Failures, Finding: finding.Finding{
				Severity: errorSeverity(g.Failures, configurable), Place: g.Place, Message: unreadable(g.Failures),
				Because: "these errors are answered without the header, which other answers of the path have",
				Change:  "send it with errors too",
			}}
			if configurable && allOwn(g.Failures) {
				report.Because, report.Change = "the gateway answers these errors itself, without the header", own.Text
				report.Repairs = setOwnErrors(g.Failures[0])
			}
			if spans := notAlways(g.Failures); len(spans) > 0 {
				report.Because = `without "always" it goes with 200, 201, 204, 206, 301, 302, 303, 304, 307 and 308 only`
				report.Change = `add "always" to ` + lines(spans, g.Place)
				report.Repairs = []repair.Repair{sendAlways(spans)}
				for _, s := range spans {
					if firstWord(s) != g.Place {
						report.Related = append(report.Related, finding.Related{Span: s, Text: "not sent either"})
					}
				}
			}
			if before, related := answeredBefore(g.Failures); len(before) > 0 {
				report.Because = "the CORS middleware comes after " + lines(before, g.Place) + ", where these errors are made"
				report.Change, report.Related = "move "+nameOf(g.Place)+" above "+line(before[0], g.Place), related
			}
			p.Report(report)
		}
	},
}

// refusedOrigins returns the origins that the layer's policy shuts out although what stands behind lets them in.
func refusedOrigins(p *Pass) []string {
	var out []string
	for f := range Has(p.Failures(), originReasons[:]...) {
		if _, ok := replaced(f); ok && !slices.Contains(out, origin(f)) {
			out = append(out, origin(f))
		}
	}
	return out
}

// origin returns the origin of the page whose fetch fails.
func origin(f *probe.Failure) string { return f.Probe.Exchange.Fetch.Origin }

// errorPlace returns the header that an error response misses: the one that was not sent with this status, else the one
// that the endpoint sends otherwise. configurable: the layer can be told which headers its own errors have.
func errorPlace(f *probe.Failure, configurable bool) source.Span {
	if !isError(f) || f.Value != "" {
		return source.Span{}
	}
	if l, ok := tooLate(f); ok {
		if refusedBefore(f) || answersLate(f.Endpoint) {
			return source.Span{} // another rule's
		}
		return l.At
	}
	if l, ok := lost(f); ok {
		if l.Why != policy.NotAlways {
			return source.Span{} // another rule's
		}
		if o, ok := f.Lost(allowOrigin); ok && o.Why == policy.NotAlways {
			l = o // one finding for all headers of a block
		}
		return firstWord(l.At)
	}
	header := f.Header
	if _, sent := f.Answer.Get(allowOrigin); !sent {
		header = allowOrigin
	}
	own := configurable && ofGateway(f)
	forwards := !own && slices.ContainsFunc(f.Endpoint.Answers, func(a probe.Answer) bool { return a.Method == "GET" && a.Outcome.Upstream != nil })
	for _, w := range f.Endpoint.Intent.Written[header] {
		if !w.Lost && (own || w.By == f.Answer.By) && (w.OnUpstream || !forwards) { // else the upstream owns the header, and nobody expects it from here
			if at := answeredAt(f); f.Answer.By != "" && !at.IsZero() {
				return at // the code that forgot it
			}
			return firstWord(w.At)
		}
	}
	return source.Span{}
}

// answersLate reports whether the middleware comes too late for other answers of an endpoint, too.
func answersLate(e *probe.Endpoint) bool {
	return slices.ContainsFunc(e.Wanted, func(w *probe.Probe) bool {
		return w.Purpose != probe.Circumstance && slices.ContainsFunc(w.Failures(e), func(f *probe.Failure) bool {
			_, late := tooLate(f)
			return late
		})
	})
}

// allOwn reports whether the layer itself gave all failing answers.
func allOwn(failures []*probe.Failure) bool {
	return !slices.ContainsFunc(failures, func(f *probe.Failure) bool { return !ofGateway(f) })
}

// ofGateway reports whether the layer itself gave a failing answer, and no code that it runs.
func ofGateway(f *probe.Failure) bool { return f.Answer.Upstream == nil && f.Answer.By == "" }

// notAlways returns the lines that are not sent with the statuses of failures.
func notAlways(failures []*probe.Failure) []source.Span {
	var spans []source.Span
	for _, f := range failures {
		for _, l := range f.Answer.Lost {
			if l.Why == policy.NotAlways && !slices.Contains(spans, l.At) {
				spans = append(spans, l.At)
			}
		}
	}
	slices.SortFunc(spans, source.Compare)
	return spans
}
