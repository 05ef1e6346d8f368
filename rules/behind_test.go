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
