package rules

import (
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
)

var originDevInProduction = &Rule{
	Name:     "origin-dev-in-production",
	Aliases:  []string{"dev-origin-in-production"},
	Title:    "production lets in pages that the visitor's own machine serves",
	Category: finding.Security,
	Severity: finding.Warning,
	Since:    "0.1.0",
	Refs:     []string{"https://portswigger.net/web-security/cors", "https://w3c.github.io/webappsec-secure-contexts/#localhost"},
	CWE:      []int{346, 942},
	Doc: `## What the browser does
It hands production's response to a page on http://localhost:3000. That page is whatever listens on this port of the
visitor's machine, and on a shared machine not the visitor's own program.

## Who is hurt
Visitors who are signed in to production, developers above all: any program on their machine that can open the port reads
what they can read.

## When it is fine
In a configuration that never reaches production. corslint reports it only where the file is declared to be bound there.
Without credentials it is a note.

## How to fix
Keep the list of origins in a file for each environment, and leave localhost out of production's.
`,
	Examples: []Example{
		{Dialect: "nginx", Name: "localhost in production", Text: `-- production/api.conf --
map $http_origin $cors_origin {
    default "";
    https://app.shop.example $http_origin;
    http://localhost:3000 $http_origin; # want "what listens at http://localhost:3000 on a visitor's machine reads production with the visitor's cookies"
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
		{Dialect: "nginx", Name: "localhost in development", Text: `-- development/api.conf --
map $http_origin $cors_origin {
    default "";
    http://localhost:3000 $http_origin;
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
		{Dialect: "express", Name: "localhost in the list of production", Text: `-- prod/server.js --
const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({
  origin: [
    'https://app.shop.example',
    'http://localhost:3000', // want "what listens at http://localhost:3000 on a visitor's machine reads production"
  ],
}));
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
`},
		{Dialect: "express", Name: "only in development", Text: `-- prod/server.js --
const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: ['https://app.shop.example'] }));
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
`},
		{Dialect: "apigateway", Name: "a developer in production", Text: `-- prod.yaml --
Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      CorsConfiguration:
        AllowOrigins: ["https://app.shop.example", "http://localhost:3000"] # want "what listens at http://localhost:3000 on a visitor's machine reads production"
        AllowMethods: [GET, PUT]
        AllowHeaders: [content-type]
  Orders:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Get: {Type: HttpApi, Properties: {ApiId: !Ref Api, Method: GET, Path: /orders}}
        Put: {Type: HttpApi, Properties: {ApiId: !Ref Api, Method: PUT, Path: /orders}}
`},
		{Dialect: "apigateway", Name: "a stage of their own", Text: `-- dev.yaml --
Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      CorsConfiguration:
        AllowOrigins: ["https://app.shop.example", "http://localhost:3000"]
        AllowMethods: [GET, PUT]
        AllowHeaders: [content-type]
  Orders:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Get: {Type: HttpApi, Properties: {ApiId: !Ref Api, Method: GET, Path: /orders}}
        Put: {Type: HttpApi, Properties: {ApiId: !Ref Api, Method: PUT, Path: /orders}}
`},
	},
	Check: func(p *Pass) {
		if p.Environment != Production {
			return
		}
		for _, g := range groupStrangers(p.lets(probe.BypassLoopback)) {
			f := finding.Finding{
				Severity: finding.Note, Message: "what listens at " + short(g.origin(), 30) + " on a visitor's machine reads production",
				Because: "this file is declared to be bound to production, and " + short(g.origin(), 60) + " passes the check",
				Change:  "leave the origin out of production's list",
			}
			if g.credentials() {
				f.Severity = finding.Warning
				f.Message = short("what listens at "+short(g.origin(), 30)+" on a visitor's machine reads production with the visitor's cookies", maxMessage)
			}
			g.report(p, f)
		}
	},
}
