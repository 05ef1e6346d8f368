package apigateway

import (
	"bytes"
	"fmt"

	"github.com/corslint/corslint/internal/source"
)

// This file names the CORS configuration of other gateways, so that nobody takes silence about it for approval.

// unmodelled is a gateway whose configuration is recognised and not read.
type unmodelled struct {
	name string
	// with has to be in the file, and mark is what is counted in it.
	with, mark string
}

var unmodelledGateways = [...]unmodelled{
	{"the CORS configuration of ingress-nginx", "nginx.ingress.kubernetes.io/", "nginx.ingress.kubernetes.io/enable-cors"},
	{"a snippet for ingress-nginx", "Access-Control-", "nginx.ingress.kubernetes.io/configuration-snippet"},
	{"what an AWS load balancer's ingress writes about CORS", "alb.ingress.kubernetes.io/", "access_control_allow_origin"},
	{"the CORS filter of the Gateway API", "gateway.networking.k8s.io/", "type: CORS"},
	{"the CORS policy of Istio", "networking.istio.io/", "corsPolicy:"},
	{"the CORS filter of Envoy", "allow_origin_string_match", "allow_origin_string_match"},
	{"the headers middleware of Traefik", "accessControlAllowOrigin", "accessControlAllowOrigin"},
	{"the headers middleware of Traefik", "traefik.http.middlewares.", ".headers.accesscontrolalloworigin"},
	{"the cors plugin of Kong", "_format_version", "name: cors"},
	{"the cors plugin of Kong", "KongPlugin", "plugin: cors"},
	{"the cors policy of Azure API Management", "Microsoft.ApiManagement", "<cors"},
	{"the CORS configuration of Azure App Service", "Microsoft.Web/sites", `"cors"`},
	{"allowCors of Google Cloud Endpoints", "x-google-endpoint", "allowCors"},
	{"the cors preset of ESPv2", "cors_preset", "cors_preset"},
	{"the CORS configuration of Azure", `"azurerm_`, "allowed_origins"},
	{"the CORS configuration of a Google Cloud Storage bucket", `"google_storage_bucket"`, "cors {"},
	{"the CORS policy of a Google Cloud load balancer", `"google_compute_`, "cors_policy {"},
	{"the header configuration of Vercel or Firebase", `"source"`, "Access-Control-Allow-Origin"},
}

// isUnmodelled reports whether a file configures CORS of another gateway.
func isUnmodelled(data []byte) bool {
	for i := range unmodelledGateways {
		if unmodelledGateways[i].count(data) > 0 {
			return true
		}
	}
	return false
}

func (u *unmodelled) count(data []byte) int {
	if !bytes.Contains(data, []byte(u.mark)) || !bytes.Contains(data, []byte(u.with)) {
		return 0
	}
	return bytes.Count(data, []byte(u.mark))
}

// otherGateways states what is not read of a file.
func (r *reading) otherGateways() {
	for i := range unmodelledGateways {
		u := &unmodelledGateways[i]
		n := u.count(r.file.Data)
		if n == 0 {
			continue
		}
		from := bytes.Index(r.file.Data, []byte(u.mark))
		times := ""
		if n > 1 {
			times = fmt.Sprintf(" (%d times)", n)
		}
		r.gap(source.Span{File: r.file, Start: from, End: from + len(u.mark)}, "%s is not modelled yet%s", u.name, times)
	}
}
