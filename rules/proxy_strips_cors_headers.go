package rules

import (
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/source"
)

var proxyStripsCorsHeaders = &Rule{
	Name:     "proxy-strips-cors-headers",
	Title:    "the proxy removes the CORS headers of the upstream and adds none",
	Category: finding.Blocked,
	Severity: finding.Error,
	Since:    "0.1.0",
	Explains: []string{"allow-origin-missing", "allow-credentials-missing", "allow-origin-missing-on-error"},
	Refs:     []string{"https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_hide_header"},
	Doc: `## What the browser does
It refuses the response: whatever the upstream sends under this name is removed on the way, and nothing takes its place.

## Who is hurt
Every page of another origin. The upstream alone works, which is why it is looked for there first.

## When it is fine
Where the proxy owns the policy and adds the header itself.

## How to fix
Add the header where it is removed, or stop removing it.
`,
	Examples: []Example{
		{Dialect: "nginx", Name: "hidden and not added", Text: `server {
    server_name api.shop.example;
    location / {
        proxy_hide_header Access-Control-Allow-Origin; # want "response lacks Access-Control-Allow-Origin"
        add_header Access-Control-Expose-Headers X-Total always;
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "chain", Name: "the application's header is hidden", Text: `-- nginx.conf --
server {
    server_name api.shop.example;
    location / {
        proxy_hide_header Access-Control-Allow-Origin; # want "the browser refuses GET: response lacks Access-Control-Allow-Origin"
        proxy_pass http://127.0.0.1:3000;
    }
}
-- server.js --
const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: 'https://app.shop.example' }));
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
`},
		{Dialect: "chain", Name: "another header is hidden", Text: `-- nginx.conf --
server {
    server_name api.shop.example;
    location / {
        proxy_hide_header X-Powered-By;
        proxy_pass http://127.0.0.1:3000;
    }
}
-- server.js --
const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: 'https://app.shop.example' }));
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
`},
		{Dialect: "nginx", Name: "hidden and added", Text: `server {
    server_name api.shop.example;
    location / {
        proxy_hide_header Access-Control-Allow-Origin;
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "express", Name: "written and removed", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: 'https://app.shop.example' }));
app.get('/orders', (req, res) => {
  res.removeHeader('Access-Control-Allow-Origin'); // want "the browser refuses GET: response lacks Access-Control-Allow-Origin"
  res.json([]);
});
app.listen(3000);
`},
		{Dialect: "express", Name: "written and kept", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: 'https://app.shop.example' }));
app.get('/orders', (req, res) => {
  res.removeHeader('X-Powered-By');
  res.json([]);
});
app.listen(3000);
`},
		{Dialect: "apigateway", Name: "removed by a policy", Text: `Resources:
  Files:
    Type: AWS::S3::Bucket
    Properties:
      CorsConfiguration:
        CorsRules: [{AllowedOrigins: ["https://app.shop.example"], AllowedMethods: [GET]}]
  Policy:
    Type: AWS::CloudFront::ResponseHeadersPolicy
    Properties:
      ResponseHeadersPolicyConfig:
        Name: cors
        RemoveHeadersConfig: {Items: [{Header: Access-Control-Allow-Origin}]} # want "the browser refuses GET: response lacks Access-Control-Allow-Origin"
  Distribution:
    Type: AWS::CloudFront::Distribution
    Properties:
      DistributionConfig:
        Origins: [{Id: files, DomainName: !GetAtt Files.RegionalDomainName, S3OriginConfig: {}}]
        DefaultCacheBehavior:
          TargetOriginId: files
          ViewerProtocolPolicy: https-only
          CachePolicyId: 4135ea2d-6df8-44a3-9df3-4b5a84be39ad
          OriginRequestPolicyId: 88a5eaf4-2fd4-4709-b370-b4c650ea3fcf
          ResponseHeadersPolicyId: !Ref Policy
`},
		{Dialect: "apigateway", Name: "the bucket's header passes", Text: `Resources:
  Files:
    Type: AWS::S3::Bucket
    Properties:
      CorsConfiguration:
        CorsRules: [{AllowedOrigins: ["https://app.shop.example"], AllowedMethods: [GET]}]
  Distribution:
    Type: AWS::CloudFront::Distribution
    Properties:
      DistributionConfig:
        Origins: [{Id: files, DomainName: !GetAtt Files.RegionalDomainName, S3OriginConfig: {}}]
        DefaultCacheBehavior:
          TargetOriginId: files
          ViewerProtocolPolicy: https-only
          CachePolicyId: 4135ea2d-6df8-44a3-9df3-4b5a84be39ad
          OriginRequestPolicyId: 88a5eaf4-2fd4-4709-b370-b4c650ea3fcf
`},
	},
	Check: func(p *Pass) {
		removed := func(l policy.Lost) bool { return l.Why == policy.Hidden || l.Why == policy.Cleared }
		place := func(f *probe.Failure) source.Span {
			if len(linesOf(f, f.Header)) > 0 {
				return source.Span{} // there is another one in its place
			}
			return lostBy(removed)(f)
		}
		for _, g := range ByPlace(p.Failures(), place) {
			report := Report{Failures: g.Failures, Finding: finding.Finding{
				Place: g.Place, Message: lacks(g.Failures, g.Failures[0], []string{g.Failures[0].Header}),
				Because: "it is removed from the upstream's answer here, and nothing adds it again",
				Change:  "add the header here, or let the upstream's pass",
			}}
			if l, _ := lost(g.Failures[0]); !l.At.IsZero() {
				report.Because, report.Change = line(l.At, g.Place)+" writes it, and it is removed here", "leave it in"
				report.Related = []finding.Related{{Span: l.At, Text: "removed again"}}
			}
			p.Report(report)
		}
	},
}
