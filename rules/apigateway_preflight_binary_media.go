package rules

import (
	"slices"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/source"
)

var apigatewayPreflightBinaryMedia = &Rule{
	Name:     "apigateway-preflight-binary-media",
	Title:    "every media type is a binary one, so the preflight's mock integration fails",
	Category: finding.Blocked,
	Severity: finding.Warning,
	Since:    "0.2.0",
	Explains: []string{"preflight-status-not-ok", "preflight-unhandled", "allow-origin-missing", "allow-credentials-missing", "allow-methods-missing", "allow-headers-missing"},
	Refs: []string{"https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-payload-encodings-workflow.html",
		"https://github.com/aws/serverless-application-model/issues/553"},
	Doc: `## What the browser does
It gets 500 for the preflight, and never sends the request. With */* among the binary media types the empty body of OPTIONS
is a binary one, which the template of a mock integration cannot read.

## Who is hurt
Pages that send PUT, DELETE, JSON or Authorization. The log has "Unable to transform request".

Several users report it, and no documentation says it: a warning.

## When it is fine
Where the integration says that the body is text, as what Serverless makes does.

## How to fix
Set contentHandling: CONVERT_TO_TEXT on the integration of OPTIONS; in SAM, which makes it, name the media types that are
binary instead of */*.
`,
	Examples: []Example{
		{Dialect: "apigateway", Name: "all media types", Text: `Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: prod
      BinaryMediaTypes: ["*~1*"] # want "PUT .*is answered 500"
      Cors: {AllowOrigin: "'https://app.shop.example'", AllowMethods: "'GET,PUT'"}
  Images:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Get: {Type: Api, Properties: {Path: /images, Method: get, RestApiId: !Ref Api}}
        Put: {Type: Api, Properties: {Path: /images, Method: put, RestApiId: !Ref Api}}
`},
		{Dialect: "apigateway", Name: "those that are binary", Text: `Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: prod
      BinaryMediaTypes: [image~1png]
      Cors: {AllowOrigin: "'https://app.shop.example'", AllowMethods: "'GET,PUT'"}
  Images:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Get: {Type: Api, Properties: {Path: /images, Method: get, RestApiId: !Ref Api}}
        Put: {Type: Api, Properties: {Path: /images, Method: put, RestApiId: !Ref Api}}
`},
		{Dialect: "apigateway", Name: "converted to text", Text: `openapi: 3.0.1
info: {title: images, version: "1"}
x-amazon-apigateway-binary-media-types: ["*/*"]
paths:
  /images:
    put:
      responses: {"200": {description: stored}}
      x-amazon-apigateway-integration: {type: aws_proxy, uri: "arn:aws:lambda:eu-west-1:1:function:images"}
    options:
      responses:
        "200": {description: preflight, headers: {Access-Control-Allow-Origin: {schema: {type: string}}, Access-Control-Allow-Methods: {schema: {type: string}}}}
      x-amazon-apigateway-integration:
        type: mock
        contentHandling: CONVERT_TO_TEXT
        requestTemplates: {application/json: '{"statusCode": 200}'}
        responses:
          default:
            statusCode: "200"
            responseParameters:
              method.response.header.Access-Control-Allow-Origin: "'https://app.shop.example'"
              method.response.header.Access-Control-Allow-Methods: "'PUT'"
`},
	},
	Check: func(p *Pass) {
		mocks := p.facts(policy.FactMockTakesBinary)
		of := func(f *probe.Failure) int {
			return slices.IndexFunc(mocks, func(m policy.Fact) bool { return m.Endpoint == f.Endpoint.Pattern })
		}
		place := func(f *probe.Failure) source.Span {
			if f.Phase != browser.PhasePreflight || f.Answer == nil || f.Answer.Status != 500 || of(f) < 0 {
				return source.Span{}
			}
			return answeredAt(f)
		}
		for _, g := range ByPlace(p.Failures(), place) {
			report := Report{Failures: g.Failures, Finding: finding.Finding{
				Place: g.Place, Message: neverSent(g.Failures, answeredWith(g.Failures[0])), Confidence: finding.Medium,
				Because: "the preflight's empty body counts as a binary one, which a mock integration cannot read",
				Change:  "set contentHandling: CONVERT_TO_TEXT on the integration of OPTIONS, or name the media types that are binary",
			}}
			report.Repairs = readAsText(g.Failures, mocks, of)
			for _, f := range g.Failures {
				at := firstWord(mocks[of(f)].Span)
				known := func(r finding.Related) bool { return r.Span == at }
				if len(report.Related) < maxShown && !slices.ContainsFunc(report.Related, known) {
					report.Related = append(report.Related, finding.Related{Span: at, Text: "answers the preflight"})
				}
			}
			p.Report(report)
		}
	},
}
