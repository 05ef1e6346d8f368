package apigateway

import (
	"cmp"
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/parsers/apigateway/template"
)

// This file reads buckets, distributions and load balancers from CloudFormation, and holds what Terraform shares of it.

// storage reads AWS::S3, AWS::CloudFront and AWS::ElasticLoadBalancingV2.
func (s *stack) storage() {
	for r := range s.each("AWS::S3::Bucket") {
		k := &bucket{id: r.id, name: nameOf(r, "BucketName"), host: r.props.Get("BucketName").Word(), span: r.span}
		rules := r.props.Get("CorsConfiguration", "CorsRules")
		for _, item := range rules.Each() {
			if c := corsOf(item, firstLine(item.Span), bucketCORS); c != nil {
				k.rules = append(k.rules, c)
			}
		}
		s.out.buckets = append(s.out.buckets, k)
	}
	for r := range s.each("AWS::CloudFront::Distribution") {
		s.distribution(r)
	}
	s.listeners()
}

// distribution reads AWS::CloudFront::Distribution.
func (s *stack) distribution(r *resource) {
	config := r.props.Get("DistributionConfig")
	d := &distribution{name: r.id, span: r.span, hosts: knownStrings(config.Get("Aliases"))}
	origins := map[string]value{}
	for _, o := range config.Get("Origins").Items() {
		origins[o.Get("Id").Text().String()] = o
	}
	for _, item := range config.Get("CacheBehaviors").Items() {
		d.behaviours = append(d.behaviours, s.behaviour(item, item.Get("PathPattern"), origins))
	}
	if f, ok := config.Field("DefaultCacheBehavior"); ok {
		b := s.behaviour(f.Value, value{}, origins)
		b.span = f.Span
		d.behaviours = append(d.behaviours, b)
	}
	s.out.distributions = append(s.out.distributions, d)
}

// behaviour reads a cache behaviour.
func (s *stack) behaviour(v, pattern value, origins map[string]value) *behaviour {
	b := &behaviour{pattern: pattern.Text().String(), span: pattern.Span, methods: scalars(v.Get("AllowedMethods")), https: v.Get("ViewerProtocolPolicy").Word()}
	if origin, ok := origins[v.Get("TargetOriginId").Text().String()]; ok {
		domain := origin.Get("DomainName")
		b.upstream, b.origin, b.path = originOf(domain), behindOf(domain), strings.TrimSuffix(origin.Get("OriginPath").Word(), "/")
	} else {
		b.upstream = policy.Upstream{Name: v.Get("TargetOriginId").Text().String(), Span: v.Get("TargetOriginId").Span}
	}
	s.keys(b, v)
	if id := v.Get("ResponseHeadersPolicyId"); id.Given() {
		b.policy = s.responseHeaders(id)
	}
	for _, list := range [...]string{"FunctionAssociations", "LambdaFunctionAssociations"} {
		for _, f := range v.Get(list).Items() {
			b.associate(f.Get("EventType"))
		}
	}
	return b
}

// associate notes a function that runs at the edge: on responses it may write headers, on requests it may answer.
func (b *behaviour) associate(event value) {
	if strings.HasSuffix(event.Word(), "-response") || event.Word() == "viewer-request" {
		b.open = append(b.open, policy.Unknown{Kind: policy.UnknownModule, Subject: "the function for " + event.Word(), Span: event.Span})
	}
}

// originOf names the origin of a distribution.
func originOf(domain value) policy.Upstream {
	name := domain.Text().String()
	if id := behindOf(domain); id != "" {
		name = id
	}
	return policy.Upstream{Name: name, Span: domain.Span}
}

// behindOf returns the resource that an origin's domain name is made of.
func behindOf(domain value) string {
	if domain.Ref != "" {
		return resourceOf(domain.Ref)
	}
	for _, p := range domain.Text().Parts() {
		if p.Unknown != nil && !strings.HasPrefix(p.Unknown.Subject, "AWS::") {
			return resourceOf(p.Unknown.Subject)
		}
	}
	return ""
}

// keys reads which request headers reach the origin, and which of them the cache tells apart.
func (s *stack) keys(b *behaviour, v value) {
	if old, ok := v.Field("ForwardedValues"); ok && !v.Get("CachePolicyId").Given() {
		headers := knownStrings(old.Value.Get("Headers"))
		b.cache = &cacheKey{headers: headers, text: keyText(headers), span: old.Span}
		b.forwarded = append([]string{}, headers...)
		return
	}
	id := v.Get("CachePolicyId")
	b.cache = s.cachePolicy(id)
	request, known := s.requestPolicy(v.Get("OriginRequestPolicyId"))
	if b.cache == nil && id.Given() || !known {
		return // some policy of another stack
	}
	b.forwarded = append([]string{}, request...)
	if b.cache != nil {
		b.forwarded = append(b.forwarded, b.cache.headers...)
	}
}

// cachePolicy returns the key of a cache policy: a managed one, or one of the template; nil when it is not known.
func (s *stack) cachePolicy(id value) *cacheKey {
	if c := managedCache(id); c != nil {
		return c
	}
	if r := s.byID[resourceOf(id.Ref)]; r != nil && r.kind == "AWS::CloudFront::CachePolicy" {
		config := r.props.Get("CachePolicyConfig")
		headers := knownStrings(config.Get("ParametersInCacheKeyAndForwardedToOrigin", "HeadersConfig", "Headers"))
		return &cacheKey{headers: headers, text: keyText(headers), span: id.Span, disabled: config.Get("MaxTTL").Word() == "0"}
	}
	return nil
}

func managedCache(id value) *cacheKey {
	text, known := id.Known()
	if headers, managed := managedCaches[text]; known && managed {
		return &cacheKey{headers: headers, text: keyText(headers), span: id.Span}
	}
	if known && text == cachingDisabled {
		return &cacheKey{disabled: true, span: id.Span}
	}
	return nil
}

// requestPolicy returns the headers that an origin request policy forwards; none without a policy.
func (s *stack) requestPolicy(id value) (headers []string, known bool) {
	if !id.Given() {
		return nil, true
	}
	if headers, managed := managedRequests[id.Word()]; managed {
		return headers, true
	}
	r := s.byID[resourceOf(id.Ref)]
	if r == nil || r.kind != "AWS::CloudFront::OriginRequestPolicy" {
		return nil, false
	}
	config := r.props.Get("OriginRequestPolicyConfig", "HeadersConfig")
	return forwardedBy(config.Get("HeaderBehavior").Word(), knownStrings(config.Get("Headers")))
}

// forwardedBy returns what a header behaviour forwards.
func forwardedBy(behaviour string, headers []string) ([]string, bool) {
	switch behaviour {
	case "whitelist":
		return headers, true
	case "allViewer", "allViewerAndWhitelistCloudFront":
		return []string{"*"}, true
	case "none":
		return nil, true
	}
	return nil, false // all but some
}

// responseHeaders reads a response headers policy: a managed one, or one of the template.
func (s *stack) responseHeaders(id value) *responseHeaders {
	if p := managedPolicy(id); p != nil {
		return p
	}
	r := s.byID[resourceOf(id.Ref)]
	if r == nil || r.kind != "AWS::CloudFront::ResponseHeadersPolicy" {
		return &responseHeaders{open: &policy.Unknown{Kind: policy.UnknownModule, Subject: "the response headers policy " + id.Text().String(), Span: id.Span}}
	}
	config := r.props.Get("ResponseHeadersPolicyConfig")
	p := &responseHeaders{span: r.span}
	if f, ok := config.Field("CorsConfig"); ok {
		v := f.Value
		p.override = v.Get("OriginOverride").IsTrue()
		p.cors = &corsRule{
			span: f.Span, origins: scalars(v.Get("AccessControlAllowOrigins", "Items")), methods: scalars(v.Get("AccessControlAllowMethods", "Items")),
			headers: scalars(v.Get("AccessControlAllowHeaders", "Items")), expose: scalars(v.Get("AccessControlExposeHeaders", "Items")),
			maxAge: v.Get("AccessControlMaxAgeSec"), credentials: v.Get("AccessControlAllowCredentials"),
		}
	}
	for _, h := range config.Get("CustomHeadersConfig", "Items").Items() {
		p.custom = append(p.custom, customHeader{mapping{h.Get("Header").Word(), h.Get("Value"), h.Get("Header").Span}, h.Get("Override").IsTrue()})
	}
	for _, h := range config.Get("RemoveHeadersConfig", "Items").Items() {
		p.remove = append(p.remove, mapping{name: h.Get("Header").Word(), span: h.Get("Header").Span})
	}
	return p
}

// listenerHeaders are the parts of the listener attributes that write CORS headers.
var listenerHeaders = []struct{ part, header string }{
	{"allow_origin", "Access-Control-Allow-Origin"}, {"allow_methods", "Access-Control-Allow-Methods"}, {"allow_headers", "Access-Control-Allow-Headers"},
	{"allow_credentials", "Access-Control-Allow-Credentials"}, {"expose_headers", "Access-Control-Expose-Headers"}, {"max_age", "Access-Control-Max-Age"},
}

// listeners reads AWS::ElasticLoadBalancingV2::Listener and its rules.
func (s *stack) listeners() {
	for r := range s.each("AWS::ElasticLoadBalancingV2::Listener") {
		l := &balancer{name: r.id, span: r.span, https: upper(r.props.Get("Protocol")) == "HTTPS", port: number(r.props.Get("Port"))}
		for _, a := range r.props.Get("ListenerAttributes").Items() {
			for _, h := range listenerHeaders {
				if a.Get("Key").Word() == "routing.http.response.access_control_"+h.part+".header_value" && a.Get("Value").Given() {
					l.headers = append(l.headers, mapping{h.header, a.Get("Value"), a.Get("Key").Span})
				}
			}
		}
		rules := []*resource{}
		for rule := range s.each("AWS::ElasticLoadBalancingV2::ListenerRule") {
			if rule.props.Get("ListenerArn").Ref == r.id {
				rules = append(rules, rule)
			}
		}
		slices.SortStableFunc(rules, func(a, b *resource) int {
			return cmp.Compare(number(a.props.Get("Priority")), number(b.props.Get("Priority")))
		})
		for _, rule := range rules {
			l.rules = append(l.rules, stackRule(rule.props.Get("Conditions"), rule.props.Get("Actions"), rule.span))
		}
		l.rules = append(l.rules, stackRule(value{}, r.props.Get("DefaultActions"), r.span))
		s.out.balancers = append(s.out.balancers, l)
	}
}

func stackRule(conditions, actions value, at source.Span) *balancerRule {
	r := &balancerRule{span: at}
	for _, c := range conditions.Items() {
		values := append(knownTexts(c.Get("Values")), knownTexts(c.Get("PathPatternConfig", "Values"))...)
		switch c.Get("Field").Word() {
		case "path-pattern":
			r.paths = append(r.paths, values...)
		case "http-request-method":
			r.methods = append(r.methods, knownTexts(c.Get("HttpRequestMethodConfig", "Values"))...)
		default:
			r.other = true
		}
	}
	for _, a := range actions.Items() {
		kind := a.Get("Type")
		switch kind.Word() {
		case "fixed-response":
			r.status = statusOf(a.Get("FixedResponseConfig", "StatusCode"), 200)
		case "redirect":
			r.status, r.location = 302, "https://elsewhere.example/"
			if a.Get("RedirectConfig", "StatusCode").Word() == "HTTP_301" {
				r.status = 301
			}
		case "authenticate-oidc", "authenticate-cognito":
			config := a.Get("AuthenticateOidcConfig")
			if !config.Given() {
				config = a.Get("AuthenticateCognitoConfig")
			}
			if config.Get("OnUnauthenticatedRequest").Word() != "allow" {
				r.login = kind.Span
			}
		default:
			target := a.Get("TargetGroupArn")
			r.upstream = policy.Upstream{Name: resourceOf(refOf(target)), Span: target.Span}
		}
	}
	return r
}

// knownTexts returns the elements of a list that are known.
func knownTexts(v value) []string {
	var out []string
	for _, item := range v.Each() {
		if text, known := item.Known(); known && text != "" {
			out = append(out, text)
		}
	}
	return out
}

// storage reads aws_s3_*, aws_cloudfront_* and aws_lb_listener.
func (m *module) storage() {
	buckets := map[string]*bucket{}
	for r := range m.each("aws_s3_bucket") {
		k := &bucket{id: r.ID(), name: orDefault(r.Body.Get("bucket").Word(), r.Name), host: r.Body.Get("bucket").Word(), span: r.Span}
		k.rules = moduleRules(r.Body)
		buckets[r.ID()] = k
		m.out.buckets = append(m.out.buckets, k)
	}
	for r := range m.each("aws_s3_bucket_cors_configuration") {
		target := r.Body.Get("bucket")
		k := buckets[resourceID(target.Ref)]
		if k == nil { // of another module, or known by its name
			if i := slices.IndexFunc(m.out.buckets, func(x *bucket) bool { return x.host != "" && x.host == target.Word() }); i >= 0 {
				k = m.out.buckets[i]
			} else {
				k = &bucket{id: m.of(target), name: orDefault(target.Word(), r.Name), host: target.Word(), span: r.Span}
				m.out.buckets = append(m.out.buckets, k)
			}
		}
		k.rules = moduleRules(r.Body)
	}
	for r := range m.each("aws_cloudfront_distribution") {
		m.distribution(r)
	}
	for _, kind := range [...]string{"aws_lb_listener", "aws_alb_listener"} {
		for r := range m.each(kind) {
			m.listener(r)
		}
	}
}

func moduleRules(body value) []*corsRule {
	var out []*corsRule
	for _, item := range body.Get("cors_rule").Maps() {
		if c := corsOf(item, item.Span, ruleCORS); c != nil {
			out = append(out, c)
		}
	}
	return out
}

// distribution reads aws_cloudfront_distribution.
func (m *module) distribution(r template.Resource) {
	d := &distribution{name: r.Name, span: r.Span, hosts: knownStrings(r.Body.Get("aliases"))}
	origins := map[string]value{}
	for _, o := range r.Body.Get("origin").Maps() {
		origins[o.Get("origin_id").Text().String()] = o
	}
	for _, item := range r.Body.Get("ordered_cache_behavior").Maps() {
		d.behaviours = append(d.behaviours, m.behaviour(item, item.Get("path_pattern"), origins))
	}
	for _, item := range r.Body.Get("default_cache_behavior").Maps() {
		b := m.behaviour(item, value{}, origins)
		b.span = item.Span
		d.behaviours = append(d.behaviours, b)
	}
	m.out.distributions = append(m.out.distributions, d)
}

func (m *module) behaviour(v, pattern value, origins map[string]value) *behaviour {
	b := &behaviour{pattern: pattern.Text().String(), span: pattern.Span, methods: scalars(v.Get("allowed_methods")), https: v.Get("viewer_protocol_policy").Word()}
	target := v.Get("target_origin_id")
	b.upstream = policy.Upstream{Name: target.Text().String(), Span: target.Span}
	if origin, ok := origins[target.Text().String()]; ok {
		domain := origin.Get("domain_name")
		b.upstream = policy.Upstream{Name: domain.Text().String(), Span: domain.Span}
		if domain.Ref != "" {
			b.origin = resourceID(domain.Ref)
			b.upstream.Name = b.origin
		}
		b.path = strings.TrimSuffix(origin.Get("origin_path").Word(), "/")
	}
	m.keys(b, v)
	if id := v.Get("response_headers_policy_id"); id.Given() {
		b.policy = m.responseHeaders(id)
	}
	for _, list := range [...]string{"function_association", "lambda_function_association"} {
		for _, f := range v.Get(list).Maps() {
			b.associate(f.Get("event_type"))
		}
	}
	return b
}

func (m *module) keys(b *behaviour, v value) {
	if old, ok := v.Field("forwarded_values"); ok {
		headers := knownStrings(block(old).Get("headers"))
		b.cache = &cacheKey{headers: headers, text: keyText(headers), span: old.Span}
		b.forwarded = append([]string{}, headers...)
		return
	}
	id := v.Get("cache_policy_id")
	b.cache = managedCache(id)
	if r, ok := m.byID[resourceID(id.Ref)]; ok && r.Type == "aws_cloudfront_cache_policy" {
		config := first(r.Body.Get("parameters_in_cache_key_and_forwarded_to_origin"))
		headers := knownStrings(first(first(config.Get("headers_config")).Get("headers")).Get("items"))
		b.cache = &cacheKey{headers: headers, text: keyText(headers), span: id.Span, disabled: r.Body.Get("max_ttl").Word() == "0"}
	}
	var request []string
	known := true
	if id := v.Get("origin_request_policy_id"); id.Given() {
		request, known = managedRequests[id.Word()]
		if r, ok := m.byID[resourceID(id.Ref)]; ok && r.Type == "aws_cloudfront_origin_request_policy" {
			config := first(r.Body.Get("headers_config"))
			request, known = forwardedBy(config.Get("header_behavior").Word(), knownStrings(first(config.Get("headers")).Get("items")))
		}
	}
	if b.cache == nil && id.Given() || !known {
		return
	}
	b.forwarded = append([]string{}, request...)
	if b.cache != nil {
		b.forwarded = append(b.forwarded, b.cache.headers...)
	}
}

// first returns the first of blocks, of which there is one.
func first(v value) value {
	if maps := v.Maps(); len(maps) > 0 {
		return maps[0]
	}
	return value{}
}

// responseHeaders reads aws_cloudfront_response_headers_policy.
func (m *module) responseHeaders(id value) *responseHeaders {
	if p := managedPolicy(id); p != nil {
		return p
	}
	r, ok := m.byID[resourceID(id.Ref)]
	if !ok || r.Type != "aws_cloudfront_response_headers_policy" {
		return &responseHeaders{open: &policy.Unknown{Kind: policy.UnknownModule, Subject: "the response headers policy " + id.Text().String(), Span: id.Span}}
	}
	p := &responseHeaders{span: r.Span}
	if f, ok := r.Body.Field("cors_config"); ok {
		v := block(f)
		items := func(key string) []value { return scalars(first(v.Get(key)).Get("items")) }
		p.override = v.Get("origin_override").IsTrue()
		p.cors = &corsRule{
			span: f.Span, origins: items("access_control_allow_origins"), methods: items("access_control_allow_methods"), headers: items("access_control_allow_headers"),
			expose: items("access_control_expose_headers"), maxAge: v.Get("access_control_max_age_sec"), credentials: v.Get("access_control_allow_credentials"),
		}
	}
	for _, h := range first(r.Body.Get("custom_headers_config")).Get("items").Maps() {
		p.custom = append(p.custom, customHeader{mapping{h.Get("header").Word(), h.Get("value"), h.Get("header").Span}, h.Get("override").IsTrue()})
	}
	for _, h := range first(r.Body.Get("remove_headers_config")).Get("items").Maps() {
		p.remove = append(p.remove, mapping{name: h.Get("header").Word(), span: h.Get("header").Span})
	}
	return p
}

// listener reads aws_lb_listener and its rules.
func (m *module) listener(r template.Resource) {
	l := &balancer{name: r.Name, span: r.Span, https: upper(r.Body.Get("protocol")) == "HTTPS", port: number(r.Body.Get("port"))}
	for _, h := range listenerHeaders {
		if f, ok := r.Body.Field("routing_http_response_access_control_" + h.part + "_header_value"); ok && f.Value.Given() {
			l.headers = append(l.headers, mapping{h.header, f.Value, f.Span})
		}
	}
	var rules []template.Resource
	for _, kind := range [...]string{"aws_lb_listener_rule", "aws_alb_listener_rule"} {
		for rule := range m.each(kind) {
			if resourceID(rule.Body.Get("listener_arn").Ref) == r.ID() {
				rules = append(rules, rule)
			}
		}
	}
	slices.SortStableFunc(rules, func(a, b template.Resource) int {
		return cmp.Compare(number(a.Body.Get("priority")), number(b.Body.Get("priority")))
	})
	for _, rule := range rules {
		l.rules = append(l.rules, m.rule(rule.Body.Get("condition"), rule.Body.Get("action"), rule.Span))
	}
	l.rules = append(l.rules, m.rule(value{}, r.Body.Get("default_action"), r.Span))
	m.out.balancers = append(m.out.balancers, l)
}

func (m *module) rule(conditions, actions value, at source.Span) *balancerRule {
	r := &balancerRule{span: at}
	for _, c := range conditions.Maps() {
		for _, f := range c.Fields() {
			switch f.Key {
			case "path_pattern":
				r.paths = append(r.paths, knownTexts(first(f.Value).Get("values"))...)
			case "http_request_method":
				r.methods = append(r.methods, knownTexts(first(f.Value).Get("values"))...)
			default:
				r.other = true
			}
		}
	}
	for _, a := range actions.Maps() {
		kind := a.Get("type")
		switch kind.Word() {
		case "fixed-response":
			r.status = statusOf(first(a.Get("fixed_response")).Get("status_code"), 200)
		case "redirect":
			r.status, r.location = 302, "https://elsewhere.example/"
			if first(a.Get("redirect")).Get("status_code").Word() == "HTTP_301" {
				r.status = 301
			}
		case "authenticate-oidc", "authenticate-cognito":
			config := first(a.Get(strings.ReplaceAll(kind.Word(), "-", "_")))
			if config.Get("on_unauthenticated_request").Word() != "allow" {
				r.login = kind.Span
			}
		default:
			target := a.Get("target_group_arn")
			r.upstream = policy.Upstream{Name: m.of(target), Span: target.Span}
		}
	}
	return r
}
