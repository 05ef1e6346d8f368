package rules

import (
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
)

var preflightRequiresAuth = &Rule{
	Name:     "preflight-requires-auth",
	Aliases:  []string{"options-requires-auth"},
	Title:    "the preflight is asked for credentials that it never has",
	Category: finding.Blocked,
	Severity: finding.Error,
	Since:    "0.1.0",
	Explains: []string{"preflight-status-not-ok", "preflight-unhandled", "allow-origin-missing", "allow-credentials-missing", "allow-methods-missing", "allow-headers-missing"},
	Refs:     []string{"https://fetch.spec.whatwg.org/#cors-preflight-fetch"},
	Doc: `## What the browser does
It sends the preflight without cookies and without Authorization, whatever the page does. An answer of 401 or 403 ends the
request before it is sent.

## Who is hurt
Every page that sends PUT, DELETE, JSON or an Authorization header. In curl, with the password, all works.

## When it is fine
Where only simple requests are made: GET, HEAD, and POST of a form.

## How to fix
Answer OPTIONS before authentication: in nginx with return in an if, which runs before it. In SAM, set
AddDefaultAuthorizerToCorsPreflight: false; in an export, give OPTIONS a security of its own: security: [].
`,
	Examples: []Example{
		{Dialect: "nginx", Name: "authentication guards OPTIONS", Text: `server {
    server_name api.shop.example;
    location / {
        auth_basic shop; # want "PUT.* (is|are) never sent: (its|their) preflight is answered 401"
        auth_basic_user_file /etc/nginx/users;
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Allow-Methods "GET, PUT" always;
        add_header Access-Control-Allow-Headers Authorization always;
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "OPTIONS is answered first", Text: `server {
    server_name api.shop.example;
    location / {
        if ($request_method = OPTIONS) {
            return 204;
        }
        auth_basic shop;
        auth_basic_user_file /etc/nginx/users;
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Allow-Methods "GET, PUT" always;
        add_header Access-Control-Allow-Headers Authorization always;
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "express", Name: "a login that OPTIONS passes through", Text: `const express = require('express');
const app = express();
app.use((req, res, next) => {
  res.set('Access-Control-Allow-Origin', 'https://app.shop.example');
  res.set('Access-Control-Allow-Headers', 'Authorization');
  next();
});
app.use((req, res, next) => {
  if (!req.headers.authorization) return res.status(401).json({ error: 'log in' }); // want "PUT with Authorization is never sent: its preflight is answered 401"
  next();
});
app.put('/orders', (req, res) => res.json({}));
app.listen(3000);
`},
		{Dialect: "express", Name: "OPTIONS is answered before it", Text: `const express = require('express');
const app = express();
app.use((req, res, next) => {
  res.set('Access-Control-Allow-Origin', 'https://app.shop.example');
  res.set('Access-Control-Allow-Methods', 'PUT');
  res.set('Access-Control-Allow-Headers', 'Authorization');
  if (req.method === 'OPTIONS') return res.sendStatus(204);
  next();
});
app.use((req, res, next) => {
  if (!req.headers.authorization) return res.status(401).json({ error: 'log in' });
  next();
});
app.put('/orders', (req, res) => res.json({}));
app.listen(3000);
`},
		{Dialect: "apigateway", Name: "the default of SAM", Text: `Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: prod
      Auth:
        DefaultAuthorizer: Users # want "GET with Authorization, PUT with Authorization and 2 others are never sent: their preflight is answered 401"
        Authorizers:
          Users: {UserPoolArn: !GetAtt UserPool.Arn}
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
		{Dialect: "apigateway", Name: "preflights without the authorizer", Text: `Resources:
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
		reportPreflights(p, guarded, func(f *probe.Failure) preflightTexts {
			texts := preflightTexts{
				message: answeredWith(f),
				because: "credentials are asked for here, and no preflight carries any",
				change:  "answer OPTIONS before authentication",
			}
			if fact, ok := p.fact(f.Endpoint, policy.FactGuardsPreflight); ok {
				texts.change = fact.Text
			}
			return texts
		})
	},
}
