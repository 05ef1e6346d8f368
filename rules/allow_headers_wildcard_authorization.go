package rules

import (
	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/repair"
)

var allowHeadersWildcardAuthorization = &Rule{
	Name:     "allow-headers-wildcard-authorization",
	Title:    "Authorization is allowed by the asterisk alone",
	Category: finding.Blocked,
	Severity: finding.Note,
	Since:    "0.1.0",
	Refs:     []string{"https://fetch.spec.whatwg.org/#cors-non-wildcard-request-header-name"},
	Doc: `## What the browser does
The standard says that "*" in Access-Control-Allow-Headers does not cover Authorization. Chromium, Firefox and WebKit accept it all
the same today; Firefox and DevTools warn.

## Who is hurt
Nobody yet.

## When it is fine
Until a browser follows the standard.

## How to fix
Name it: Access-Control-Allow-Headers: *, Authorization.
`,
	Examples: []Example{
		{Dialect: "nginx", Name: "a star and a token", Text: `server {
    server_name api.shop.example;
    location / {
        if ($request_method = OPTIONS) {
            return 204;
        }
        add_header Access-Control-Allow-Origin * always;
        add_header Access-Control-Allow-Headers * always; # want "Authorization is allowed by . alone"
        proxy_set_header Authorization $http_authorization;
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "named", Text: `server {
    server_name api.shop.example;
    location / {
        if ($request_method = OPTIONS) {
            return 204;
        }
        add_header Access-Control-Allow-Origin * always;
        add_header Access-Control-Allow-Headers "*, Authorization" always;
        proxy_set_header Authorization $http_authorization;
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "express", Name: "* and a token", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: '*', allowedHeaders: '*' })); // want "Authorization is allowed by \* alone"
app.get('/orders', (req, res) => {
  if (!req.headers.authorization) return res.sendStatus(401);
  res.json([]);
});
app.listen(3000);
`},
		{Dialect: "express", Name: "Authorization is listed, too", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: '*', allowedHeaders: ['*', 'Authorization'] }));
app.get('/orders', (req, res) => {
  if (!req.headers.authorization) return res.sendStatus(401);
  res.json([]);
});
app.listen(3000);
`},
		{Dialect: "apigateway", Name: "an authorizer and an asterisk", Text: `Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      Auth:
        DefaultAuthorizer: Users
        Authorizers:
          Users: {IdentitySource: $request.header.Authorization, JwtConfiguration: {issuer: https://login.shop.example, audience: [orders]}}
      CorsConfiguration:
        AllowOrigins: ["https://app.shop.example"]
        AllowMethods: [GET, PUT]
        AllowHeaders: ["*"] # want "Authorization is allowed by"
  Orders:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Get: {Type: HttpApi, Properties: {ApiId: !Ref Api, Method: GET, Path: /orders}}
        Put: {Type: HttpApi, Properties: {ApiId: !Ref Api, Method: PUT, Path: /orders}}
`},
		{Dialect: "apigateway", Name: "named beside it", Text: `Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      Auth:
        DefaultAuthorizer: Users
        Authorizers:
          Users: {IdentitySource: $request.header.Authorization, JwtConfiguration: {issuer: https://login.shop.example, audience: [orders]}}
      CorsConfiguration:
        AllowOrigins: ["https://app.shop.example"]
        AllowMethods: [GET, PUT]
        AllowHeaders: ["*", authorization]
  Orders:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Get: {Type: HttpApi, Properties: {ApiId: !Ref Api, Method: GET, Path: /orders}}
        Put: {Type: HttpApi, Properties: {ApiId: !Ref Api, Method: PUT, Path: /orders}}
`},
	},
	Check: func(p *Pass) {
		for _, e := range p.Endpoints {
			for _, w := range e.Wanted {
				h, ok := allowsByStar(w)
				if !ok {
					continue
				}
				p.Report(Report{Proof: w, Finding: finding.Finding{
					Place: valueAt(h.Sources, "*"), Message: "Authorization is allowed by * alone, which the standard does not count",
					Because: "browsers accept it today and warn", Change: "list Authorization beside *", Endpoints: []string{e.Name},
					Repairs: one("list it beside *", repair.AddToList{At: valueAt(h.Sources, "*"), Names: []string{"Authorization"}}),
				}})
				break
			}
		}
	},
}

// allowsByStar returns the list that allows a fetch's Authorization by an asterisk alone.
func allowsByStar(w *probe.Probe) (policy.Header, bool) {
	o := outcome(w)
	if o == nil || !o.Result.AuthorizationByWildcard {
		return policy.Header{}, false
	}
	for hop := range o.Hops {
		if answer := o.Answer(hop, browser.PhasePreflight); answer != nil {
			h, ok := answer.Get("Access-Control-Allow-Headers")
			return h, ok && !h.Upstream && len(h.Sources) > 0
		}
	}
	return policy.Header{}, false
}
