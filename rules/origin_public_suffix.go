package rules

import (
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
)

var originPublicSuffix = &Rule{
	Name:     "origin-public-suffix",
	Aliases:  []string{"origin-public-suffix-wildcard"},
	Title:    "a name that anyone can register is let in",
	Category: finding.Security,
	Severity: finding.Error,
	Since:    "0.1.0",
	Explains: []string{"origin-any-subdomain", "origin-insecure-http"},
	Refs:     []string{"https://publicsuffix.org/", "https://portswigger.net/web-security/cors"},
	CWE:      []int{346, 942},
	Doc: `## What the browser does
It hands the response to every page under a domain where anyone gets a name: *.github.io, *.vercel.app, *.co.uk. The public
suffix list names these domains.

## Who is hurt
Visitors who are signed in and open a page that somebody has put under such a name, free of charge and in a minute: it
reads what they can read.

## When it is fine
Without credentials, when the responses are public anyway: then it is a note. A prefix of one's own does not help:
anyone can register myapp-attacker.vercel.app too.

## How to fix
Name the deployments that call this server, or serve previews from a domain of your own.
`,
	Examples: []Example{
		{Dialect: "nginx", Name: "previews on a shared domain", Text: `map $http_origin $cors_origin {
    default "";
    https://app.shop.example $http_origin;
    "~^https://[a-z0-9-]+\.github\.io$" $http_origin; # want "anyone can register https://attacker.github.io and read with the visitor's cookies"
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
		{Dialect: "nginx", Name: "prefix on a shared domain", Text: `map $http_origin $cors_origin {
    default "";
    "~^https://shop-[a-z0-9-]+\.vercel\.app$" $http_origin; # want "anyone can register https://shop-attacker.vercel.app"
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
		{Dialect: "nginx", Name: "one deployment", Text: `map $http_origin $cors_origin {
    default "";
    "~^https://(www|app)\.shop\.example$" $http_origin;
    https://shop.github.io $http_origin;
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
		{Dialect: "express", Name: "where anyone can register", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: [/^https:\/\/[a-z0-9-]+\.vercel\.app$/], credentials: true })); // want "anyone can register https://attacker.vercel.app and read with the visitor's cookies"
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
`},
		{Dialect: "express", Name: "the own previews", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: ['https://shop.vercel.app'], credentials: true }));
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
`},
		{Dialect: "apigateway", Name: "previews of anybody", Text: `Resources:
  Policy:
    Type: AWS::CloudFront::ResponseHeadersPolicy
    Properties:
      ResponseHeadersPolicyConfig:
        Name: cors
        CorsConfig:
          AccessControlAllowCredentials: true
          AccessControlAllowHeaders: {Items: [Content-Type]}
          AccessControlAllowMethods: {Items: [GET, PUT]}
          AccessControlAllowOrigins: {Items: ["https://*.github.io"]} # want "anyone can register https://attacker.github.io and read with the visitor's cookies"
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
		{Dialect: "apigateway", Name: "the shop's own preview", Text: `Resources:
  Policy:
    Type: AWS::CloudFront::ResponseHeadersPolicy
    Properties:
      ResponseHeadersPolicyConfig:
        Name: cors
        CorsConfig:
          AccessControlAllowCredentials: true
          AccessControlAllowHeaders: {Items: [Content-Type]}
          AccessControlAllowMethods: {Items: [GET, PUT]}
          AccessControlAllowOrigins: {Items: ["https://shop.github.io"]}
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
		for _, g := range groupStrangers(p.lets(probe.BypassPublicSuffix)) {
			f := finding.Finding{
				Severity: finding.Note, Message: "anyone can register " + short(g.origin(), 50) + " and read the responses",
				Because: "the check takes any name under a public suffix",
				Change:  "name the origins that call this server",
			}
			if g.credentials() {
				f.Severity = finding.Error
				f.Message = "anyone can register " + short(g.origin(), 50) + " and read with the visitor's cookies"
			}
			g.report(p, f)
		}
	},
}
