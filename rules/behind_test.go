package rules_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/corslint/corslint/analyzers/exchange"
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/discovery"
	"github.com/corslint/corslint/internal/engine"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/parsers"
	"github.com/corslint/corslint/parsers/apigateway"
	"github.com/corslint/corslint/parsers/layerfile"
	"github.com/corslint/corslint/rules"
)

// TestBehindAGateway holds what is reported of a gateway where it is known what the function behind it sends.
func TestBehindAGateway(t *testing.T) {
	const function = `corslint: layer/v1
name: orders
serves: [Orders]
answers:
  - status: 200
    headers: {Access-Control-Allow-Origin: "https://app.shop.example"}
`
	for name, test := range map[string]struct {
		template string
		want     []string
	}{
		"a function URL sends both lines": {`Resources:
  Url:
    Type: AWS::Lambda::Url
    Properties:
      TargetFunctionArn: !GetAtt Orders.Arn
      AuthType: NONE
      Cors: {AllowOrigins: ["https://app.shop.example"]}
`, []string{"template.yaml:7 warning medium allow-origin-duplicate"}},
		"an HTTP API takes the function's out": {`Resources:
  Api:
    Type: AWS::ApiGatewayV2::Api
    Properties: {Name: orders, ProtocolType: HTTP, CorsConfiguration: {AllowOrigins: ["https://www.shop.example"]}}
  Route:
    Type: AWS::ApiGatewayV2::Route
    Properties: {ApiId: !Ref Api, RouteKey: GET /orders, Target: !Sub "integrations/${Integration}"}
  Integration:
    Type: AWS::ApiGatewayV2::Integration
    Properties: {ApiId: !Ref Api, IntegrationType: AWS_PROXY, IntegrationUri: !GetAtt Orders.Arn}
`, []string{"template.yaml:4 warning high policy-overridden"}},
	} {
		t.Run(name, func(t *testing.T) {
			files := discovery.Memory(source.NewFile("template.yaml", []byte(test.template)),
				source.NewFile("orders.yaml", []byte(function))).Walk(discovery.Options{})
			load := func(d parsers.Dialect, path string) *policy.Host {
				result := d.Reader(files).Load(context.Background(), parsers.Unit{Path: path})
				if len(result.Hosts) != 1 {
					t.Fatalf("%s: %d hosts, %v", path, len(result.Hosts), result.Problems)
				}
				return result.Hosts[0]
			}
			chain := exchange.Chain{load(apigateway.Dialect{}, "template.yaml"), load(layerfile.Dialect{}, "orders.yaml")}
			var got []string
			for _, layer := range chain[0].Layers {
				for _, f := range rules.Check(rules.All(), probe.Run(context.Background(), chain, layer, nil), rules.Options{}) {
					got = append(got, fmt.Sprintf("%s:%d %s %s %s", f.Place.Path(), f.Place.Position().Line, f.Severity, f.Confidence, f.Rule))
				}
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// TestAlike holds that what a generated file repeats is one finding, and what stands there a few times is several.
func TestAlike(t *testing.T) {
	const answer = `"responses": {"200": {"headers": {"Access-Control-Allow-Origin": {}, "Access-Control-Allow-Credentials": {}}}},
  "x-amazon-apigateway-integration": {"type": "http", "uri": "https://orders.internal/", "responses": {"default": {"statusCode": "200", "responseParameters": {
    "method.response.header.Access-Control-Allow-Origin": "'*'", "method.response.header.Access-Control-Allow-Credentials": "'true'"}}}}`
	for paths, want := range map[int]int{2: 2, 40: 1} {
		text := `{"openapi": "3.0.1", "info": {"title": "orders", "version": "1"}, "paths": {`
		for i := range paths {
			if i > 0 {
				text += ","
			}
			text += fmt.Sprintf("\n%q: {\"get\": {%s}}", fmt.Sprint("/orders", i), answer)
		}
		result := engine.Run(context.Background(), engine.Options{
			Files:    discovery.Memory(source.NewFile("export.json", []byte(text+"}}"))).Walk(discovery.Options{}),
			Dialects: []parsers.Dialect{apigateway.Dialect{}}, Rules: rules.All(),
		})
		found := slices.DeleteFunc(result.Findings, func(f *finding.Finding) bool { return f.Rule != "origin-wildcard-with-credentials" })
		if len(found) != want || len(found[0].Endpoints) != paths/want {
			t.Errorf("%d paths: %d findings, want %d", paths, len(found), want)
		}
	}
}

// TestAnyOriginWithCredentials holds the three outcomes of any origin together with credentials apart: it cannot be deployed, the
// browser refuses it, or everybody reads.
func TestAnyOriginWithCredentials(t *testing.T) {
	for name, test := range map[string]struct{ template, want string }{
		"HTTP API": {`
  Api: {Type: AWS::Serverless::HttpApi, Properties: {CorsConfiguration: {AllowOrigins: ["*"], AllowCredentials: true}}}
  Orders: {Type: AWS::Serverless::Function, Properties: {Events: {Get: {Type: HttpApi, Properties: {ApiId: !Ref Api, Method: GET, Path: /orders}}}}}
`, "error high config-rejected"},
		"SAM": {`
  Api: {Type: AWS::Serverless::Api, Properties: {StageName: prod, Cors: {AllowOrigin: "'*'", AllowCredentials: true}}}
  Orders: {Type: AWS::Serverless::Function, Properties: {Events: {Get: {Type: Api, Properties: {RestApiId: !Ref Api, Method: get, Path: /orders}}}}}
`, "error high config-rejected"},
		"load balancer": {`
  Listener:
    Type: AWS::ElasticLoadBalancingV2::Listener
    Properties:
      Protocol: HTTPS
      Port: 443
      ListenerAttributes:
        - {Key: routing.http.response.access_control_allow_origin.header_value, Value: "*"}
        - {Key: routing.http.response.access_control_allow_credentials.header_value, Value: "true"}
      DefaultActions: [{Type: forward, TargetGroupArn: !Ref Orders}]
`, "error high origin-wildcard-with-credentials"},
		"function URL": {`
  Orders: {Type: AWS::Serverless::Function, Properties: {FunctionUrlConfig: {AuthType: NONE, Cors: {AllowOrigins: ["*"], AllowCredentials: true}}}}
`, "warning medium origin-reflected-with-credentials"},
	} {
		result := engine.Run(context.Background(), engine.Options{
			Files:    discovery.Memory(source.NewFile("template.yaml", []byte("Resources:"+test.template))).Walk(discovery.Options{}),
			Dialects: []parsers.Dialect{apigateway.Dialect{}}, Rules: rules.All(),
		})
		var got []string
		for _, f := range result.Findings {
			if f.Shown() {
				got = append(got, fmt.Sprintf("%s %s %s", f.Severity, f.Confidence, f.Rule))
			}
		}
		if !slices.Equal(got, []string{test.want}) {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}
