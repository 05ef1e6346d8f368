package rules

import (
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/source"
)

var apigatewayMappingUnquoted = &Rule{
	Name:     "apigateway-mapping-unquoted",
	Title:    "a header is mapped to a value without quotes of its own, which API Gateway refuses",
	Category: finding.Blocked,
	Severity: finding.Error,
	Since:    "0.2.0",
	Explains: []string{"allow-origin-missing", "allow-methods-missing", "allow-headers-missing"},
	Refs: []string{"https://docs.aws.amazon.com/apigateway/latest/developerguide/request-response-data-mappings.html",
		"https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-api-corsconfiguration.html"},
	Doc: `## What the browser does
It gets the answers of the deployment before, or none. API Gateway takes the value for an expression, and refuses the API:
"Invalid mapping expression specified".

YAML takes quotes around a value for its own: of '*' it hands on the asterisk alone.

## Who is hurt
Whoever deploys; SAM's own validation passes. Where an import goes on past the error, pages get no header at all.

## When it is fine
Never: a value is a literal in single quotes, or context, stageVariables, integration.response or method.request with a name.

## How to fix
Write single quotes inside the others: "'*'", "'GET,PUT'", "'600'".
`,
	Examples: []Example{
		{Dialect: "apigateway", Name: "quotes that are YAML's", Text: `Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: prod
      Cors:
        AllowOrigin: 'https://app.shop.example' # want "nothing is deployed: API Gateway takes https://app.shop.example for an expression, and 1 other"
        AllowMethods: "'GET,PUT'"
        AllowHeaders: Content-Type
  Orders:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Get: {Type: Api, Properties: {Path: /orders, Method: get, RestApiId: !Ref Api}}
        Put: {Type: Api, Properties: {Path: /orders, Method: put, RestApiId: !Ref Api}}
`},
		{Dialect: "apigateway", Name: "an export edited by hand", Text: `openapi: 3.0.1
info: {title: orders, version: "1"}
paths:
  /orders:
    get:
      responses: {"200": {description: orders}}
      x-amazon-apigateway-integration: {type: aws_proxy, uri: "arn:aws:lambda:eu-west-1:1:function:orders"}
    options:
      responses:
        "200": {description: preflight, headers: {Access-Control-Allow-Origin: {schema: {type: string}}, Access-Control-Allow-Headers: {schema: {type: string}}}}
      x-amazon-apigateway-integration:
        type: mock
        requestTemplates: {application/json: '{"statusCode": 200}'}
        responses:
          default:
            statusCode: "200"
            responseParameters:
              method.response.header.Access-Control-Allow-Origin: "'https://app.shop.example'"
              method.response.header.Access-Control-Allow-Headers: Authorization # want "nothing is deployed: API Gateway takes Authorization for an expression"
`},
		{Dialect: "apigateway", Name: "quotes in quotes", Text: `Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: prod
      Cors:
        AllowOrigin: "'https://app.shop.example'"
        AllowMethods: "'GET,PUT'"
        AllowHeaders: "'Content-Type'"
  Orders:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Get: {Type: Api, Properties: {Path: /orders, Method: get, RestApiId: !Ref Api}}
        Put: {Type: Api, Properties: {Path: /orders, Method: put, RestApiId: !Ref Api}}
`},
	},
	Check: func(p *Pass) {
		facts := p.facts(policy.FactMappingUnquoted)
		if len(facts) == 0 {
			return
		}
		first := facts[0]
		report := Report{Finding: finding.Finding{
			Place: firstWord(first.Span), Subject: first.Subject,
			Because: "a literal value stands in single quotes of its own; anything else is taken for an expression",
			Change:  `write "'` + short(first.Text, 80) + `'"`,
		}}
		if strings.HasPrefix(first.Span.Text(), "'") {
			report.Because = "the file's format takes these quotes for its own, and the value needs single quotes inside them"
		}
		others := ""
		if n := len(facts) - 1; n > 0 {
			others = ", and " + plural(n, "other")
			report.Change += ", and the others alike"
		}
		const start = "nothing is deployed: API Gateway takes "
		end := " for an expression" + others
		report.Message = short(start+short(first.Text, max(8, maxMessage-len(start)-len(end)))+end, maxMessage)
		for _, f := range facts[1:min(len(facts), maxShown)] {
			report.Related = append(report.Related, finding.Related{Span: firstWord(f.Span), Text: "this one too"})
		}
		report.Repairs = quoteMappings(facts)
		p.Report(report)
	},
}

// facts returns the facts of a kind, in the order of their places.
func (p *Pass) facts(kind policy.FactKind) []policy.Fact {
	facts := slices.DeleteFunc(slices.Clone(p.Layer.Facts), func(f policy.Fact) bool { return f.Kind != kind })
	slices.SortStableFunc(facts, func(a, b policy.Fact) int { return source.Compare(a.Span, b.Span) })
	return facts
}
