package rules

import "github.com/corslint/corslint/internal/finding"

var originReflectedWithCredentials = &Rule{
	Name:     "origin-reflected-with-credentials",
	Aliases:  []string{"origin-reflected-credentials"},
	Title:    "every origin is sent back, and credentials are allowed",
	Category: finding.Security,
	Severity: finding.Error,
	Since:    "0.1.0",
	Explains: []string{"origin-reflected", "vary-origin-missing"},
	Refs: []string{"https://fetch.spec.whatwg.org/#cors-protocol-and-credentials", "https://portswigger.net/web-security/cors",
		"https://owasp.org/www-project-web-security-testing-guide/latest/4-Web_Application_Security_Testing/11-Client-side_Testing/07-Testing_Cross_Origin_Resource_Sharing"},
	CWE: []int{346, 942},
	Doc: `## What the browser does
It sends the visitor's cookies with a request from any website and hands that website the response. The rule that "*"
is refused with credentials exists to prevent just this; sending Origin back undoes it.

## Who is hurt
Visitors who are signed in and open any website: it reads what they can read, tokens against forged requests included.

## When it is fine
Never, while credentials are allowed. Cookies go along where they are SameSite=None, with HTTP authentication or a client
certificate, or when the attacker's page is on the same site.

## How to fix
List the origins in a map and send its result: an origin that is not listed then gets no header. If the responses are
public, send "*" and no Access-Control-Allow-Credentials.
`,
	Examples: []Example{
		{Dialect: "nginx", Name: "sent back with credentials", Text: `server {
    server_name api.shop.example;
    location /account {
        add_header Access-Control-Allow-Origin $http_origin always; # want "any website reads responses of api.shop.example/account with the visitor's cookies"
        add_header Access-Control-Allow-Credentials true always;
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "an expression that all pass", Text: `server {
    server_name api.shop.example;
    location /account {
        if ($http_origin ~* "^https?://[^/]+") { # want "any website reads responses"
            add_header Access-Control-Allow-Origin $http_origin always;
            add_header Access-Control-Allow-Credentials true always;
            add_header Vary Origin always;
        }
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "a list", Text: `map $http_origin $cors_origin {
    default "";
    https://app.shop.example $http_origin;
    https://www.shop.example $http_origin;
}
server {
    server_name api.shop.example;
    location /account {
        add_header Access-Control-Allow-Origin $cors_origin always;
        add_header Access-Control-Allow-Credentials true always;
        add_header Vary Origin always;
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "express", Name: "whoever asks", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: (origin, callback) => callback(null, true), credentials: true })); // want "any website reads responses of .* with the visitor's cookies"
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
`},
		{Dialect: "express", Name: "who is listed", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: ['https://app.shop.example', 'https://admin.shop.example'], credentials: true }));
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
`},
		{Dialect: "apigateway", Name: "a template sends it back", Text: `openapi: 3.0.1
info: {title: orders, version: "1"}
paths:
  /orders:
    get:
      responses:
        "200":
          description: orders
          headers:
            Access-Control-Allow-Origin: {schema: {type: string}}
            Access-Control-Allow-Credentials: {schema: {type: string}}
            Vary: {schema: {type: string}}
      x-amazon-apigateway-integration:
        type: http
        httpMethod: GET
        uri: https://orders.internal/
        responses:
          default:
            statusCode: "200"
            responseParameters:
              method.response.header.Access-Control-Allow-Origin: "'https://app.shop.example'" # want "any website reads responses of orders /orders with the visitor's cookies"
              method.response.header.Access-Control-Allow-Credentials: "'true'"
              method.response.header.Vary: "'Origin'"
            responseTemplates:
              application/json: |
                #set($context.responseOverride.header.Access-Control-Allow-Origin = $input.params().header.get("origin"))
    options:
      responses:
        "200":
          description: preflight
          headers:
            Access-Control-Allow-Origin: {schema: {type: string}}
            Access-Control-Allow-Credentials: {schema: {type: string}}
      x-amazon-apigateway-integration:
        type: mock
        requestTemplates: {application/json: '{"statusCode": 200}'}
        responses:
          default:
            statusCode: "200"
            responseParameters:
              method.response.header.Access-Control-Allow-Origin: "'https://app.shop.example'"
              method.response.header.Access-Control-Allow-Credentials: "'true'"
`},
		{Dialect: "apigateway", Name: "a function URL open to all", Text: `Resources:
  Orders:
    Type: AWS::Serverless::Function
    Properties:
      FunctionUrlConfig:
        AuthType: NONE
        Cors:
          AllowOrigins: ["*"] # want "any website reads responses of Orders URL/ with the visitor's cookies"
          AllowMethods: [GET, PUT]
          AllowCredentials: true
`},
		{Dialect: "apigateway", Name: "a function URL for one page", Text: `Resources:
  Orders:
    Type: AWS::Serverless::Function
    Properties:
      FunctionUrlConfig:
        AuthType: NONE
        Cors:
          AllowOrigins: ["https://app.shop.example"]
          AllowMethods: [GET, PUT]
          AllowCredentials: true
`},
	},
	Check: func(p *Pass) { p.reflected(true) },
}
