package rules

import (
	"fmt"

	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
)

var preflightRedirected = &Rule{
	Name:     "preflight-redirected",
	Aliases:  []string{"preflight-redirect"},
	Title:    "the preflight is redirected, and browsers follow no redirect of a preflight",
	Category: finding.Blocked,
	Severity: finding.Error,
	Since:    "0.1.0",
	Explains: []string{"preflight-unhandled", "allow-origin-missing-on-redirect", "allow-origin-missing", "allow-credentials-missing", "allow-methods-missing", "allow-headers-missing"},
	Refs:     []string{"https://fetch.spec.whatwg.org/#cors-preflight-fetch"},
	Doc: `## What the browser does
It sends OPTIONS first and refuses any redirect of it. The request itself is never sent.

## Who is hurt
Pages that send a method, a header or a JSON body which needs a preflight, over an address that redirects: http to https, a
missing slash, an old host.

## When it is fine
Where pages use only the final address.

## How to fix
Use the final address in the page; or answer OPTIONS before the redirect.
`,
	Examples: []Example{
		{Dialect: "nginx", Name: "http to https", Text: `server {
    server_name api.shop.example;
    listen 80;
    location / {
        add_header Access-Control-Allow-Origin http://localhost:3000 always;
        add_header Access-Control-Allow-Methods "GET, PUT" always;
        return 301 https://api.shop.example$request_uri; # want "PUT is never sent: its preflight is redirected"
    }
}
`},
		{Dialect: "nginx", Name: "OPTIONS is answered first", Text: `server {
    server_name api.shop.example;
    listen 443 ssl;
    location / {
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Allow-Methods "GET, PUT" always;
        if ($request_method = OPTIONS) {
            return 204;
        }
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "express", Name: "the address with a slash", Text: `const express = require('express');
const app = express();
app.use((req, res, next) => {
  res.set('Access-Control-Allow-Origin', 'https://app.shop.example');
  res.set('Access-Control-Allow-Methods', 'PUT');
  if (!req.path.endsWith('/')) return res.redirect(308, req.path + '/'); // want "PUT is never sent: its preflight is redirected"
  if (req.method === 'OPTIONS') return res.sendStatus(204);
  next();
});
app.put('/orders', (req, res) => res.json({}));
app.listen(3000);
`},
		{Dialect: "express", Name: "preflights are answered first", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: 'https://app.shop.example' }));
app.use((req, res, next) => {
  if (req.path.endsWith('/')) return next();
  res.redirect(308, req.path + '/');
});
app.put('/orders/', (req, res) => res.json({}));
app.listen(3000);
`},
		{Dialect: "apigateway", Name: "to the login page", Text: `Resources:
  Listener:
    Type: AWS::ElasticLoadBalancingV2::Listener
    Properties:
      Protocol: HTTPS
      Port: 443
      ListenerAttributes:
        - {Key: routing.http.response.access_control_allow_origin.header_value, Value: "https://app.shop.example"}
        - {Key: routing.http.response.access_control_allow_headers.header_value, Value: Content-Type}
      DefaultActions:
        - {Type: authenticate-oidc, AuthenticateOidcConfig: {Issuer: https://login.shop.example}} # want "JSON POST is never sent: its preflight is redirected"
        - {Type: forward, TargetGroupArn: !Ref Orders}
`},
		{Dialect: "apigateway", Name: "preflights first", Text: `Resources:
  Listener:
    Type: AWS::ElasticLoadBalancingV2::Listener
    Properties:
      Protocol: HTTPS
      Port: 443
      ListenerAttributes:
        - {Key: routing.http.response.access_control_allow_origin.header_value, Value: "https://app.shop.example"}
        - {Key: routing.http.response.access_control_allow_headers.header_value, Value: Content-Type}
      DefaultActions:
        - {Type: authenticate-oidc, AuthenticateOidcConfig: {Issuer: https://login.shop.example}}
        - {Type: forward, TargetGroupArn: !Ref Orders}
  Preflights:
    Type: AWS::ElasticLoadBalancingV2::ListenerRule
    Properties:
      ListenerArn: !Ref Listener
      Priority: 1
      Conditions: [{Field: http-request-method, HttpRequestMethodConfig: {Values: [OPTIONS]}}]
      Actions: [{Type: fixed-response, FixedResponseConfig: {StatusCode: "204"}}]
`},
	},
	Check: func(p *Pass) {
		reportPreflights(p, redirected, func(f *probe.Failure) preflightTexts {
			return preflightTexts{
				message: fmt.Sprintf("preflight is redirected (%d)", f.Answer.Status),
				because: "the browser follows no redirect of a preflight",
				change:  "use the redirect's target in the page, or answer OPTIONS before the redirect",
			}
		})
	},
}
