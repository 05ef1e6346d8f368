package rules

import (
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/source"
)

var policyOverridden = &Rule{
	Name:     "policy-overridden",
	Title:    "a policy that never reaches a page: something else replaces it, or nothing looks at it",
	Category: finding.Consistency,
	Severity: finding.Warning,
	Since:    "0.2.0",
	Explains: []string{"origin-not-allowed", "allow-origin-missing", "allow-origin-missing-on-error", "allow-credentials-missing", "preflight-actual-mismatch"},
	Refs: []string{"https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html",
		"https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-cors.html",
		"https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/understanding-response-headers-policies.html"},
	Doc: `## What the browser does
It sees the outer policy alone. An HTTP API with a CORS configuration, or a CloudFront policy that overrides, replaces what stands
behind; a REST API does not look at headers that are mapped for a proxy integration.

## Who is hurt
Pages that only the inner policy lets in, and the engineer who changes it and sees nothing change.

## When it is fine
Where both say the same.

## How to fix
Keep the policy in one place: the one that answers the page.
`,
	Examples: []Example{
		{Dialect: "apigateway", Name: "a distribution replaces a bucket's rule", Text: `Resources:
  Files:
    Type: AWS::S3::Bucket
    Properties:
      CorsConfiguration:
        CorsRules: [{AllowedOrigins: ["https://admin.shop.example"], AllowedMethods: [GET]}]
  Policy:
    Type: AWS::CloudFront::ResponseHeadersPolicy
    Properties:
      ResponseHeadersPolicyConfig:
        Name: cors
        CustomHeadersConfig:
          Items:
            - Header: Access-Control-Allow-Origin
              Value: https://app.shop.example # want "https://admin.shop.example is let in behind this, and refused here"
              Override: true
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
		{Dialect: "apigateway", Name: "mapped for a proxy integration", Text: `openapi: 3.0.1
info: {title: orders, version: "1"}
paths:
  /orders:
    get:
      responses: {"200": {description: orders, headers: {Access-Control-Allow-Origin: {schema: {type: string}}}}}
      x-amazon-apigateway-integration:
        type: aws_proxy
        uri: arn:aws:lambda:eu-west-1:1:function:orders
        responses:
          default:
            statusCode: "200"
            responseParameters:
              method.response.header.Access-Control-Allow-Origin: "'https://app.shop.example'" # want "no page gets the Access-Control-Allow-Origin of GET /orders"
    options:
      responses:
        "200": {description: preflight, headers: {Access-Control-Allow-Origin: {schema: {type: string}}}}
      x-amazon-apigateway-integration:
        type: mock
        requestTemplates: {application/json: '{"statusCode": 200}'}
        responses:
          default:
            statusCode: "200"
            responseParameters:
              method.response.header.Access-Control-Allow-Origin: "'https://app.shop.example'"
`},
		{Dialect: "chain", Name: "the proxy puts its own policy in the place of the application's", Text: `-- nginx.conf --
server {
    server_name api.shop.example;
    location / {
        proxy_hide_header Access-Control-Allow-Origin; # want "https://admin.shop.example is let in behind this, and refused here"
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        proxy_pass http://127.0.0.1:3000;
    }
}
-- server.js --
const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: ['https://app.shop.example', 'https://admin.shop.example'] }));
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
`},
		{Dialect: "apigateway", Name: "one policy", Text: `Resources:
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
		reportReplaced(p)
		reportIgnored(p)
	},
}

// reportReplaced reports origins that somebody behind the layer lets in, and that the layer's own policy shuts out.
func reportReplaced(p *Pass) {
	place := func(f *probe.Failure) source.Span {
		if l, ok := replaced(f); ok {
			return firstWord(l.By)
		}
		return source.Span{}
	}
	for _, g := range ByPlace(Has(both(p.Failures(), p.CircumstanceFailures()), originReasons[:]...), place) {
		l, _ := replaced(g.Failures[0])
		p.Report(Report{Failures: g.Failures, Finding: finding.Finding{
			Place:   g.Place,
			Message: short(g.Failures[0].Probe.Exchange.Fetch.Origin, 50) + " is let in behind this, and refused here",
			Because: "the policy here replaces the " + l.Header + " of " + line(l.At, g.Place),
			Change:  "keep one policy: list the origin here, or leave it to " + line(l.At, g.Place),
			Related: []finding.Related{{Span: firstWord(l.At), Text: "never reaches a page"}},
		}})
	}
}

// replaced returns the Allow-Origin for the page that asks which the layer's own policy replaced, or removed.
func replaced(f *probe.Failure) (policy.Lost, bool) {
	if f.Answer == nil {
		return policy.Lost{}, false
	}
	own, instead := f.Answer.Get(allowOrigin)
	instead = instead && !own.Upstream && own.By == ""
	for _, l := range f.Answer.Lost {
		value, known := l.Value.Known()
		if (l.Why == policy.Overridden || l.Why == policy.Hidden && instead) && strings.EqualFold(l.Header, allowOrigin) && !l.At.IsZero() && known &&
			(value == "*" || value == f.Probe.Exchange.Fetch.Origin) {
			return l, true
		}
	}
	return policy.Lost{}, false
}

// reportIgnored reports headers that are mapped where nothing looks at them. Who answers instead is not known.
func reportIgnored(p *Pass) {
	facts := p.facts(policy.FactMappingIgnored)
	i := slices.IndexFunc(facts, func(f policy.Fact) bool { return strings.EqualFold(f.Subject, allowOrigin) })
	if i < 0 {
		return
	}
	first := facts[i]
	at := first.Method + " " + first.Endpoint
	report := Report{Finding: finding.Finding{
		Confidence: finding.Medium, Place: firstWord(first.Span), Subject: at, Because: first.Text,
		Change: "send the header with the backend's answer, and take the mapping out",
	}}
	var more []string
	for _, f := range facts {
		if name := f.Method + " " + f.Endpoint; name != at && strings.EqualFold(f.Subject, allowOrigin) && !slices.Contains(more, name) {
			more = append(more, name)
			if len(report.Related) < maxShown {
				report.Related = append(report.Related, finding.Related{Span: firstWord(f.Span), Text: "nor this"})
			}
		}
	}
	if len(more) > 0 {
		at += " and " + plural(len(more), "other")
	}
	report.Message = short("no page gets the "+first.Subject+" of "+at+": nothing looks at it", maxMessage)
	p.Report(report)
}
