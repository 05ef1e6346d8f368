package apigateway

import (
	"context"
	"testing"

	"github.com/corslint/corslint/internal/discovery"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/parsers"
)

// TestOtherGateways holds that the CORS configuration of gateways that are not read is named, with a count, and that files
// without any are silent.
func TestOtherGateways(t *testing.T) {
	for name, test := range map[string]struct{ path, text, want string }{
		"ingress-nginx": {"ingress.yaml", `kind: Ingress
metadata:
  annotations:
    nginx.ingress.kubernetes.io/enable-cors: "true"
    nginx.ingress.kubernetes.io/cors-allow-origin: https://app.shop.example
---
kind: Ingress
metadata: {annotations: {nginx.ingress.kubernetes.io/enable-cors: "true"}}
`, "ingress.yaml:4:5 the CORS configuration of ingress-nginx is not modelled yet (2 times)"},
		"a snippet": {"ingress.yaml", `kind: Ingress
metadata:
  annotations:
    nginx.ingress.kubernetes.io/configuration-snippet: |
      more_set_headers "Access-Control-Allow-Origin: *";
`, "ingress.yaml:4:5 a snippet for ingress-nginx is not modelled yet"},
		"Gateway API": {"route.yaml", `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
spec: {rules: [{filters: [
  {type: CORS, cors: {allowOrigins: ["*"]}}]}]}
`, "route.yaml:4:4 the CORS filter of the Gateway API is not modelled yet"},
		"Istio": {"virtual.yaml", "apiVersion: networking.istio.io/v1\nspec:\n  http:\n    - corsPolicy: {allowOrigins: [{exact: https://app.shop.example}]}\n",
			"virtual.yaml:4:7 the CORS policy of Istio is not modelled yet"},
		"Traefik": {"middleware.yml", "http:\n  middlewares:\n    cors:\n      headers:\n        accessControlAllowOriginList: [https://app.shop.example]\n",
			"middleware.yml:5:9 the headers middleware of Traefik is not modelled yet"},
		"Traefik's labels": {"compose.yml", "services:\n  api:\n    labels:\n      - traefik.http.middlewares.cors.headers.accesscontrolalloworiginlist=*\n",
			"compose.yml:4:38 the headers middleware of Traefik is not modelled yet"},
		"Kong":            {"kong.yml", "_format_version: '3.0'\nplugins:\n  - name: cors\n    config: {origins: ['*']}\n", "kong.yml:3:5 the cors plugin of Kong is not modelled yet"},
		"Kong's resource": {"plugin.yaml", "kind: KongPlugin\nplugin: cors\n", "plugin.yaml:2:1 the cors plugin of Kong is not modelled yet"},
		"Azure": {"arm.json", `{"resources": [{"type": "Microsoft.Web/sites", "properties": {"siteConfig": {"cors": {"allowedOrigins": ["*"]}}}}]}`,
			"arm.json:1:78 the CORS configuration of Azure App Service is not modelled yet"},
		"Azure in Terraform": {"main.tf", "resource \"azurerm_linux_web_app\" \"api\" {\n  site_config {\n    cors {\n      allowed_origins = [\"*\"]\n    }\n  }\n}\n",
			"main.tf:4:7 the CORS configuration of Azure is not modelled yet"},
		"Google in Terraform": {"main.tf", "resource \"google_storage_bucket\" \"files\" {\n  cors {\n    origin = [\"*\"]\n  }\n}\n",
			"main.tf:2:3 the CORS configuration of a Google Cloud Storage bucket is not modelled yet"},
		"Google's endpoints": {"openapi.yaml", "swagger: '2.0'\nx-google-endpoints:\n  - name: api.endpoints.shop.cloud.goog\n    allowCors: true\n",
			"openapi.yaml:4:5 allowCors of Google Cloud Endpoints is not modelled yet"},
		"an ingress without": {"ingress.yaml", "kind: Ingress\nmetadata: {annotations: {nginx.ingress.kubernetes.io/rewrite-target: /}}\n", ""},
		"a workflow":         {"ci.yml", "on: push\njobs: {test: {steps: [{name: cors, run: go test ./cors/...}]}}\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			files := discovery.Memory(source.NewFile(test.path, []byte(test.text))).Walk(discovery.Options{})
			reader := Dialect{}.Reader(files)
			f, err := files.Open(test.path)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			if u, ok := reader.Scan(f); ok {
				result := reader.Load(context.Background(), parsers.Unit{Path: u.Path})
				for _, h := range result.Hosts {
					for _, g := range h.Gaps {
						got += at(g.Span) + " " + g.Why
					}
				}
			}
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
