package rules

import (
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/repair"
	"github.com/corslint/corslint/internal/source"
)

var allowOriginDuplicate = &Rule{
	Name:     "allow-origin-duplicate",
	Aliases:  []string{"acao-duplicate-header"},
	Title:    "two Access-Control-Allow-Origin lines are sent",
	Category: finding.Blocked,
	Severity: finding.Error,
	Since:    "0.1.0",
	Explains: []string{"allow-origin-multiple-values"},
	Refs:     []string{"https://fetch.spec.whatwg.org/#cors-check"},
	Doc: `## What the browser does
It joins the lines to one value with a comma, finds that it is not one origin, and refuses the response, also when both lines
say the same.

## Who is hurt
Every page of another origin.

## When it is fine
Never.

## How to fix
Keep one of the two. A function URL with a CORS configuration adds its headers to those of the function; an HTTP API of API
Gateway takes the function's out.
`,
	Examples: []Example{
		{Dialect: "nginx", Name: "written twice", Text: `server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Allow-Origin https://app.shop.example always; # want "the browser refuses GET: there are two Access-Control-Allow-Origin lines"
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "once", Text: `server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "express", Name: "a second line appended", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: 'https://app.shop.example' }));
app.get('/orders', (req, res) => {
  res.append('Access-Control-Allow-Origin', 'https://app.shop.example'); // want "the browser refuses GET: there are two Access-Control-Allow-Origin lines"
  res.json([]);
});
app.listen(3000);
`},
		{Dialect: "express", Name: "the package alone", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: 'https://app.shop.example' }));
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
`},
		{Dialect: "apigateway", Name: "the function and its URL", Text: `-- template.yaml --
Resources:
  Orders:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: src
      Handler: orders.handler
      Runtime: nodejs22.x
      FunctionUrlConfig:
        AuthType: NONE
        Cors: {AllowOrigins: ["https://app.shop.example"], AllowMethods: [GET]} # want "the browser refuses GET: there are two Access-Control-Allow-Origin lines"
-- src/orders.js --
exports.handler = async () => ({
  statusCode: 200,
  headers: { 'Access-Control-Allow-Origin': 'https://app.shop.example' },
  body: '[]',
});
`},
		{Dialect: "apigateway", Name: "the URL alone", Text: `-- template.yaml --
Resources:
  Orders:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: src
      Handler: orders.handler
      Runtime: nodejs22.x
      FunctionUrlConfig:
        AuthType: NONE
        Cors: {AllowOrigins: ["https://app.shop.example"], AllowMethods: [GET]}
-- src/orders.js --
exports.handler = async () => ({ statusCode: 200, body: '[]' });
`},
	},
	Check: func(p *Pass) {
		beside := p.facts(policy.FactAddsBeside)
		second := func(f *probe.Failure) source.Span {
			lines := allowOriginLines(f)
			if len(lines) < 2 || len(beside) == 0 && acrossLayers(lines) {
				return source.Span{}
			}
			return firstWord(lines[1].Sources[0])
		}
		for _, g := range ByPlace(Has(p.Failures(), browser.MultipleAllowOriginValues, browser.PreflightMultipleAllowOriginValues), second) {
			lines := allowOriginLines(g.Failures[0])
			f := finding.Finding{
				Place: g.Place, Message: refuses(g.Failures, "there are several Access-Control-Allow-Origin lines"),
				Because: "this line is sent beside " + line(lines[0].Sources[0], g.Place), Change: "keep one of the lines",
				Repairs: one("remove this line", repair.Remove{At: g.Place}),
			}
			if len(lines) == 2 {
				f.Message = refuses(g.Failures, "there are two Access-Control-Allow-Origin lines")
			}
			for i, h := range lines {
				if at := firstWord(h.Sources[0]); i != 1 && at != g.Place {
					f.Related = append(f.Related, finding.Related{Span: at, Text: "another line"})
				}
			}
			if acrossLayers(lines) && len(beside) > 0 {
				f.Severity, f.Confidence = finding.Warning, finding.Medium
				f.Because += "; " + beside[0].Text
				f.Change = "let one of the two send it: take the header out of the function, or the CORS configuration off its URL"
			}
			p.Report(Report{Failures: g.Failures, Finding: f})
		}
	},
}

// allowOriginLines returns the lines of Allow-Origin in a failing answer that stand somewhere, those that were sent by who stands
// behind the layer first.
func allowOriginLines(f *probe.Failure) []policy.Header {
	if f.Answer == nil {
		return nil
	}
	var out []policy.Header
	for _, h := range f.Answer.Headers {
		if strings.EqualFold(h.Name, allowOrigin) && len(h.Sources) > 0 && !h.Sources[0].IsZero() {
			out = append(out, h)
		}
	}
	slices.SortStableFunc(out, func(a, b policy.Header) int {
		switch {
		case a.Upstream == b.Upstream:
			return 0
		case a.Upstream:
			return -1
		}
		return 1
	})
	return out
}
