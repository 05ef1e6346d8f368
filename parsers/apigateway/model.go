package apigateway

import (
	"strings"

	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/parsers/apigateway/template"
)

// This file holds what the input formats have in common: the services as they are deployed. Each format fills it (openapi.go,
// cloudformation.go, sam.go, serverless.go, terraform.go), and each service is lowered from it in a file of its own (rest.go,
// http.go, functionurl.go, bucket.go, distribution.go, balancer.go).

type value = template.Value

// deployment is what a template, or an export, deploys.
type deployment struct {
	rest          []*restAPI
	http          []*httpAPI
	urls          []*functionURL
	buckets       []*bucket
	distributions []*distribution
	edge          []string // request headers that distributions add on the way to their origins, lower case
	balancers     []*balancer
}

// restAPI is a REST API of API Gateway.
type restAPI struct {
	id       string // logical name in the template
	name     string
	span     source.Span
	stages   []string
	hosts    []string // custom domain names
	binary   []value  // binary media types
	methods  []*method
	gateway  []*gatewayResponse
	imported bool // the methods come from a document, whose places decide
}

// method is a method of a resource of a REST API.
type method struct {
	path        string // "/items/{id}"
	verb        string // upper case, "ANY" for all that the resource has not
	span        source.Span
	guard       guard
	inherited   bool        // the guard is that of the whole document
	free        string      // of OPTIONS: how to free it of the guard, in the words of the format
	key         source.Span // what makes an API key required
	keyless     bool        // it is said that none is, whatever the API's default
	required    []parameter // that a validator checks
	integration *integration
	// declared are the headers of the method responses, by status.
	declared map[string][]mapping
}

// guard is who checks a request's credentials.
type guard struct {
	kind guardKind
	name string
	span source.Span
	// sources are the request headers without any of which the request is refused at once; nil with opaque set: other parts
	// of the request are looked at, or none.
	headers []string
	opaque  bool
	// jwt: the authorizer is API Gateway's own, which answers 401 to a token that it refuses; functions deny with 403.
	jwt bool
}

type guardKind uint8

const (
	unguarded    guardKind = iota
	authorizer             // a Lambda authorizer, a Cognito user pool or a JWT authorizer
	iam                    // a signature
	unknownGuard           // a kind that is not known
)

// parameter is a header or query parameter of a request that is required.
type parameter struct {
	name  string
	query bool
	span  source.Span
}

// integration is what answers a method.
type integration struct {
	kind        string // lower case: "mock", "aws", "aws_proxy", "http", "http_proxy"; "" when it is not known
	span        source.Span
	upstream    policy.Upstream
	templates   []template.Field // of the request, by content type
	passthrough string           // lower case
	content     string           // content handling, upper case
	responses   []*integrationResponse
}

// proxy reports whether the backend's answer is sent on as it is.
func (i *integration) proxy() bool { return strings.HasSuffix(i.kind, "_proxy") }

// integrationResponse makes the answer of an integration that is not a proxy.
type integrationResponse struct {
	pattern   value // of the status, or of a function's error message; not given for the default
	status    value
	span      source.Span
	headers   []mapping
	templates []template.Field // of the response, by content type
	open      *policy.Unknown  // set when it is not known which headers are mapped
}

// gatewayResponse is an answer of a REST API's own.
type gatewayResponse struct {
	kind    string // "DEFAULT_4XX", "UNAUTHORIZED"
	status  value
	headers []mapping
	span    source.Span
	open    *policy.Unknown // set when it is not known which headers it has
}

// mapping is a header and the expression that gives it its value.
type mapping struct {
	name string
	expr value
	span source.Span // of the name
}

// corsRule is a CORS configuration of an HTTP API, a function URL, or one rule of a bucket.
type corsRule struct {
	origins, methods, headers, expose []value
	maxAge                            value
	credentials                       value
	span                              source.Span
	open                              *policy.Unknown // set when the configuration is not known
	unknown                           []policy.Fact   // options that nobody reads
}

// signature returns the place of a value that asks for signed requests.
func signature(v value) source.Span {
	if upper(v) == "AWS_IAM" {
		return v.Span
	}
	return source.Span{}
}

// withoutCredentials returns the configuration without allowing credentials.
func (c *corsRule) withoutCredentials() *corsRule {
	out := *c
	out.credentials = value{}
	return &out
}

// httpAPI is an HTTP API of API Gateway.
type httpAPI struct {
	id     string
	name   string
	span   source.Span
	stages []string
	hosts  []string
	cors   *corsRule
	routes []*route
}

// route is a route of an HTTP API.
type route struct {
	verb     string // upper case; "ANY"
	path     string // "" for $default
	span     source.Span
	guard    guard
	upstream policy.Upstream // Name "" without an integration
	payload  string          // version of the events that a function is given; "": 2.0
}

// functionURL is the URL of a Lambda function.
type functionURL struct {
	id       string
	name     string
	span     source.Span
	cors     *corsRule
	signed   source.Span // what makes requests need a signature
	upstream policy.Upstream
}

// bucket is an S3 bucket.
type bucket struct {
	id    string
	name  string
	host  string // the bucket's own name, when it is known
	span  source.Span
	rules []*corsRule
}

// distribution is a CloudFront distribution.
type distribution struct {
	name       string
	span       source.Span
	hosts      []string
	behaviours []*behaviour
}

// behaviour is a cache behaviour of a distribution.
type behaviour struct {
	pattern  string // "" for the default one
	span     source.Span
	methods  []value
	https    string // "redirect-to-https", "https-only", "allow-all"
	upstream policy.Upstream
	origin   string // the resource that the origin's address refers to
	path     string // that goes before the request's at the origin
	// forwarded are the request headers that reach the origin, lower case; nil when that is not known.
	forwarded []string
	policy    *responseHeaders
	cache     *cacheKey        // nil when it is not known
	open      []policy.Unknown // what else may change the answer
}

// responseHeaders is a response headers policy, as far as it decides about CORS.
type responseHeaders struct {
	cors     *corsRule
	override bool
	// custom are further headers, which a policy may write instead of a CORS configuration.
	custom []customHeader
	remove []mapping
	open   *policy.Unknown // set when the policy is not known
	span   source.Span
}

type customHeader struct {
	mapping
	override bool
}

// cacheKey is what a distribution's cache keeps apart.
type cacheKey struct {
	headers  []string // of the request, lower case
	disabled bool
	text     string
	span     source.Span
}

// balancer is a listener of an application load balancer.
type balancer struct {
	name    string
	span    source.Span
	https   bool
	port    int
	headers []mapping // that the listener adds to responses
	rules   []*balancerRule
}

// balancerRule is a rule of a listener; the last one is its default.
type balancerRule struct {
	span     source.Span
	methods  []string
	paths    []string
	other    bool // there are conditions that are not known
	login    source.Span
	status   int // of a fixed response or redirect; 0: forwarded
	location string
	upstream policy.Upstream
}

// defaultVerbs are the methods that a resource can have.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-method-settings.html
var defaultVerbs = [...]string{"GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH"}
