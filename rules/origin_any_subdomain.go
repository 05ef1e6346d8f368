package rules

import (
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
)

var originAnySubdomain = &Rule{
	Name:     "origin-any-subdomain",
	Aliases:  []string{"origin-subdomain-trust"},
	Title:    "every subdomain of a domain is let in",
	Category: finding.Security,
	Severity: finding.Warning,
	Since:    "0.1.0",
	Refs:     []string{"https://developer.mozilla.org/en-US/docs/Web/Security/Subdomain_takeovers", "https://portswigger.net/web-security/cors"},
	CWE:      []int{346, 942},
	Doc: `## What the browser does
It hands the response to a page on any subdomain: one that a forgotten DNS entry has given to somebody else, a blog with
an injected script, a customer's own area.

## Who is hurt
Visitors who are signed in and open such a page: it reads what they can read. The weakest subdomain decides how well the
others are guarded.

## When it is fine
When every name of the domain is under one hand, DNS entries are removed with their services, and no subdomain carries
content of customers. Without credentials it is a note.

## How to fix
List the subdomains that call this server: ^https://(www|app)\.shop\.example$
`,
	Examples: []Example{
		{Dialect: "nginx", Name: "any label", Text: `map $http_origin $cors_origin {
    default "";
    "~^https://[a-z0-9-]+\.shop\.example$" $http_origin; # want "any subdomain, such as https://other.shop.example, reads with the visitor's cookies"
}
server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin $cors_origin always;
        add_header Access-Control-Allow-Credentials true always;
        add_header Vary Origin always;
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "named subdomains", Text: `map $http_origin $cors_origin {
    default "";
    "~^https://(www|app)\.shop\.example$" $http_origin;
}
server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin $cors_origin always;
        add_header Access-Control-Allow-Credentials true always;
        add_header Vary Origin always;
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "express", Name: "whatever ends with the domain", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: /^https:\/\/([a-z0-9-]+\.)+shop\.example$/, credentials: true })); // want "any subdomain, such as https://other.shop.example, reads with the visitor's cookies"
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
`},
		{Dialect: "express", Name: "the hosts that are meant", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: ['https://app.shop.example', 'https://admin.shop.example'], credentials: true }));
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
`},
		{Dialect: "apigateway", Name: "an asterisk for a host", Text: `Resources:
  Policy:
    Type: AWS::CloudFront::ResponseHeadersPolicy
    Properties:
      ResponseHeadersPolicyConfig:
        Name: cors
        CorsConfig:
          AccessControlAllowCredentials: true
          AccessControlAllowHeaders: {Items: [Content-Type]}
          AccessControlAllowMethods: {Items: [GET, PUT]}
          AccessControlAllowOrigins: {Items: ["https://*.shop.example"]} # want "any subdomain, such as https://other.shop.example, reads with the visitor's cookies"
          OriginOverride: true
  Distribution:
    Type: AWS::CloudFront::Distribution
    Properties:
      DistributionConfig:
        Origins: [{Id: orders, DomainName: orders.shop.example, CustomOriginConfig: {OriginProtocolPolicy: https-only}}]
        DefaultCacheBehavior:
          TargetOriginId: orders
          AllowedMethods: [GET, HEAD, OPTIONS, PUT, PATCH, POST, DELETE]
          ViewerProtocolPolicy: https-only
          CachePolicyId: 4135ea2d-6df8-44a3-9df3-4b5a84be39ad
          ResponseHeadersPolicyId: !Ref Policy
`},
		{Dialect: "apigateway", Name: "hosts by name", Text: `Resources:
  Policy:
    Type: AWS::CloudFront::ResponseHeadersPolicy
    Properties:
      ResponseHeadersPolicyConfig:
        Name: cors
        CorsConfig:
          AccessControlAllowCredentials: true
          AccessControlAllowHeaders: {Items: [Content-Type]}
          AccessControlAllowMethods: {Items: [GET, PUT]}
          AccessControlAllowOrigins: {Items: ["https://app.shop.example"]}
          OriginOverride: true
  Distribution:
    Type: AWS::CloudFront::Distribution
    Properties:
      DistributionConfig:
        Origins: [{Id: orders, DomainName: orders.shop.example, CustomOriginConfig: {OriginProtocolPolicy: https-only}}]
        DefaultCacheBehavior:
          TargetOriginId: orders
          AllowedMethods: [GET, HEAD, OPTIONS, PUT, PATCH, POST, DELETE]
          ViewerProtocolPolicy: https-only
          CachePolicyId: 4135ea2d-6df8-44a3-9df3-4b5a84be39ad
          ResponseHeadersPolicyId: !Ref Policy
`},
	},
	Check: func(p *Pass) {
		for _, g := range groupStrangers(p.lets(probe.BypassSubdomain)) {
			f := finding.Finding{
				Severity: finding.Note, Message: "any subdomain, such as " + short(g.origin(), 50) + ", reads the responses",
				Because: "the check takes whatever name stands before the domain",
				Change:  "list the subdomains that call this server",
			}
			if g.credentials() {
				f.Severity = finding.Warning
				f.Message = "any subdomain, such as " + short(g.origin(), 50) + ", reads with the visitor's cookies"
			}
			g.report(p, f)
		}
	},
}
