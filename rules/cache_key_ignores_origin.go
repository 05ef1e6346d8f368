package rules

import (
	"net/http"
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
)

var cacheKeyIgnoresOrigin = &Rule{
	Name:     "cache-key-ignores-origin",
	Title:    "a cache keeps one copy for all origins, and is told to ignore Vary",
	Category: finding.Caching,
	Severity: finding.Warning,
	Since:    "0.1.0",
	Explains: []string{"vary-origin-missing"},
	Refs: []string{"https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_ignore_headers",
		"https://fetch.spec.whatwg.org/#cors-protocol-and-http-caches"},
	Doc: `## What the browser does
It refuses a response that names another page's origin, or none. The cache in front of the application stores the first
one it gets, under a key in which Origin is not, and hands it to every page; it is told to ignore the Vary that would
keep them apart.

## Who is hurt
Every page but the one that filled the cache, if the application behind names the origin that asked. Headers that nginx
adds itself are not stored in its cache: they are made for each response.

## When it is fine
Where the application sends no Access-Control-Allow-Origin, or always the same one. Without knowing the application the
finding has low confidence.

## How to fix
Take Vary off the ignored headers, or add $http_origin to the key.
`,
	Examples: []Example{
		{Dialect: "nginx", Name: "Vary ignored", Text: `proxy_cache_path /var/cache/nginx keys_zone=api:10m;
server {
    server_name api.shop.example;
    location / {
        proxy_cache api;
        proxy_cache_key $scheme$host$request_uri;
        proxy_ignore_headers Vary; # want "a page gets the copy stored for another origin and is refused"
        add_header Access-Control-Allow-Credentials true always;
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "chain", Name: "the application behind names the page that asked", Text: `-- nginx.conf --
proxy_cache_path /var/cache/nginx keys_zone=api:10m;
server {
    server_name api.shop.example;
    location / {
        proxy_cache api;
        proxy_ignore_headers Vary; # want "a page gets the copy stored for another origin and is refused"
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
		{Dialect: "chain", Name: "one page alone", Text: `-- nginx.conf --
proxy_cache_path /var/cache/nginx keys_zone=api:10m;
server {
    server_name api.shop.example;
    location / {
        proxy_cache api;
        proxy_ignore_headers Vary;
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
		{Dialect: "nginx", Name: "the origin in the key", Text: `proxy_cache_path /var/cache/nginx keys_zone=api:10m;
server {
    server_name api.shop.example;
    location / {
        proxy_cache api;
        proxy_cache_key $scheme$host$request_uri$http_origin;
        proxy_ignore_headers Vary;
        add_header Access-Control-Allow-Credentials true always;
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "apigateway", Name: "stored for everybody", Text: `Resources:
  Files:
    Type: AWS::S3::Bucket
    Properties:
      CorsConfiguration:
        CorsRules: [{AllowedOrigins: ["https://app.shop.example", "https://admin.shop.example"], AllowedMethods: [GET]}]
  Distribution:
    Type: AWS::CloudFront::Distribution
    Properties:
      DistributionConfig:
        Origins: [{Id: files, DomainName: !GetAtt Files.RegionalDomainName, S3OriginConfig: {}}]
        DefaultCacheBehavior:
          TargetOriginId: files
          ViewerProtocolPolicy: https-only
          CachePolicyId: 658327ea-f89d-4fab-a63d-7e88639e58f6 # want "a page gets the copy stored for another origin and is refused"
          OriginRequestPolicyId: 88a5eaf4-2fd4-4709-b370-b4c650ea3fcf
`},
		{Dialect: "apigateway", Name: "stored for each origin", Text: `Resources:
  Files:
    Type: AWS::S3::Bucket
    Properties:
      CorsConfiguration:
        CorsRules: [{AllowedOrigins: ["https://app.shop.example", "https://admin.shop.example"], AllowedMethods: [GET]}]
  ByOrigin:
    Type: AWS::CloudFront::CachePolicy
    Properties:
      CachePolicyConfig:
        Name: by-origin
        ParametersInCacheKeyAndForwardedToOrigin: {HeadersConfig: {HeaderBehavior: whitelist, Headers: [Origin, Access-Control-Request-Method, Access-Control-Request-Headers]}}
  Distribution:
    Type: AWS::CloudFront::Distribution
    Properties:
      DistributionConfig:
        Origins: [{Id: files, DomainName: !GetAtt Files.RegionalDomainName, S3OriginConfig: {}}]
        DefaultCacheBehavior: {TargetOriginId: files, ViewerProtocolPolicy: https-only, CachePolicyId: !Ref ByOrigin}
`},
	},
	Check: func(p *Pass) {
		for _, e := range p.Endpoints {
			cache, ok := p.stores(e)
			if !ok || strings.Contains(strings.ToLower(cache.Subject), "origin") {
				continue
			}
			ignored, ok := p.fact(e, policy.FactCacheIgnoresVary)
			if !ok {
				continue
			}
			if confidence := passesOn(e); confidence != 0 {
				report := Report{Finding: finding.Finding{
					Confidence: confidence, Place: ignored.Span, Endpoints: []string{e.Name},
					Message: "a page gets the copy stored for another origin and is refused",
					Because: "the key of the cache has no origin in it, and Vary is ignored",
					Change:  "add the origin to the key of the cache, or let it heed Vary",
				}}
				if cache.Span != ignored.Span {
					report.Related = []finding.Related{{Span: cache.Span, Text: "stores responses"}}
				}
				p.Report(report)
			}
		}
	},
}

// passesOn reports how certain it is that an upstream's Allow-Origin, which depends on Origin, reaches the browser: only
// that one is in a cache of this layer. 0 is not at all.
func passesOn(e *probe.Endpoint) finding.Confidence {
	var values []string
	for i := range e.Answers {
		o := &e.Answers[i].Outcome
		if e.Answers[i].Method != http.MethodGet {
			continue
		}
		h, ok := o.Get("Access-Control-Allow-Origin")
		own := func(w probe.Written) bool { return w.By == "" }
		if ok && !h.Upstream && h.By == "" || slices.ContainsFunc(e.Intent.Written["Access-Control-Allow-Origin"], own) {
			return 0
		}
		if o.Open != nil && o.MayHave("Access-Control-Allow-Origin") {
			return finding.Low
		}
		values = append(values, h.Value.String())
	}
	for _, v := range values {
		if v != values[0] {
			return finding.High
		}
	}
	return 0
}

// stores returns the fact that a cache of the layer stores an endpoint's responses.
func (p *Pass) stores(e *probe.Endpoint) (policy.Fact, bool) { return p.fact(e, policy.FactCache) }

// layerFact returns the first fact of a kind that holds for the whole layer.
func (p *Pass) layerFact(kind policy.FactKind) (policy.Fact, bool) {
	for _, f := range p.Layer.Facts {
		if f.Kind == kind && f.Endpoint == "" {
			return f, true
		}
	}
	return policy.Fact{}, false
}

// fact returns the first fact of a kind that holds for an endpoint.
func (p *Pass) fact(e *probe.Endpoint, kind policy.FactKind) (policy.Fact, bool) {
	for _, f := range p.Layer.Facts {
		if f.Kind == kind && (f.Endpoint == e.Pattern || f.Endpoint == "") {
			return f, true
		}
	}
	return policy.Fact{}, false
}
