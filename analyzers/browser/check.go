package browser

import (
	"slices"
	"strings"
)

const (
	allowOrigin      = "Access-Control-Allow-Origin"
	allowCredentials = "Access-Control-Allow-Credentials"
	allowMethods     = "Access-Control-Allow-Methods"
	allowHeaders     = "Access-Control-Allow-Headers"
)

// checkAccess is the CORS check, which every answer of a cross-origin request must pass.
// https://fetch.spec.whatwg.org/#concept-cors-check
func (p profile) checkAccess(r Response, origin string, credentials Credentials) []Failure {
	var failures []Failure
	f := p.lookup(r, allowOrigin)
	reason := p.originFailure(f, origin, credentials)
	if reason != "" || f.more {
		failure := Failure{Reason: reason, Header: allowOrigin, Value: f.value(), canonicalLines: f.exact}
		switch {
		case reason == "":
			failure.Reason, failure.Unknown = MultipleAllowOriginValues, true
			failure.Value += ", (unknown)"
		case reason == MissingAllowOriginHeader:
			failure.Unknown = f.more
		}
		failures = append(failures, failure)
	}
	if credentials != CredentialsInclude {
		return failures
	}
	f = p.lookup(r, allowCredentials)
	if ok := f.value() == "true"; !ok || f.more {
		failure := Failure{Reason: InvalidAllowCredentials, Header: allowCredentials, Value: f.value()}
		switch {
		case ok: // a second line would spoil it
			failure.Unknown = true
			failure.Value += ", (unknown)"
		case f.missing(): // the unknown line may be right
			failure.Unknown = f.more
		}
		failures = append(failures, failure)
	}
	return failures
}

// originFailure returns what is wrong with Access-Control-Allow-Origin, as far as it is known. The standard only knows right
// and wrong; the distinctions are those of Chromium's messages.
func (p profile) originFailure(f field, origin string, credentials Credentials) Reason {
	value := f.value()
	switch {
	case p.engine == Firefox && f.exact > 1:
		return MultipleAllowOriginValues
	case f.missing():
		return MissingAllowOriginHeader
	case value == "*" && credentials == CredentialsInclude:
		return WildcardOriginNotAllowed
	case value == "*" || value == origin:
		return ""
	case strings.ContainsAny(value, " ,"):
		return MultipleAllowOriginValues
	case value == opaqueOrigin:
		return AllowOriginMismatch
	}
	if _, ok := parseLocation(value, nil); !ok {
		return InvalidAllowOriginValue
	}
	return AllowOriginMismatch
}

// question is what a preflight asks.
type question struct {
	method      string
	names       []string // the unsafe header names, sorted
	origin      string
	credentials Credentials
	redirect    Redirect
	ownOrigin   bool // the URL is of the page's own origin
}

// checkPreflight returns what is wrong with a preflight's answer, in the engine's order.
// https://fetch.spec.whatwg.org/#cors-preflight-fetch step 7
func (p profile) checkPreflight(r Response, q question) []Failure {
	_, redirected := p.redirectTarget(r)
	if q.redirect != RedirectFollow && p.redirectsOnlyToFollow {
		redirected = false
	}
	redirect := Failure{Reason: PreflightDisallowedRedirect, Header: "Location"}
	if redirected && p.preflightRedirect == refuseFirst {
		return []Failure{redirect}
	}

	var access []Failure
	if !q.ownOrigin || !p.trustsOwnOrigin {
		access = p.checkAccess(r, q.origin, q.credentials)
	}
	for i := range access {
		access[i].Reason = access[i].Reason.inPreflight()
		access[i].redirected = redirected
	}
	if redirected && p.preflightRedirect == refuseAfterAccess {
		return append(access, redirect)
	}

	var status []Failure
	if r.Status < 200 || r.Status > 299 {
		status = []Failure{{Reason: PreflightInvalidStatus, Unknown: r.Status == 0}}
	}
	failures := append(access, status...)
	if p.statusBeforeAccess {
		failures = append(status, access...)
	}

	methods, headers := p.lookup(r, allowMethods), p.lookup(r, allowHeaders)
	parsesMethods := checkList(methods, InvalidAllowMethodsPreflightResponse, allowMethods)
	parsesHeaders := checkList(headers, InvalidAllowHeadersPreflightResponse, allowHeaders)
	method := p.checkMethod(methods, q)
	if p.methodBeforeHeaders {
		failures = slices.Concat(failures, parsesMethods, method, parsesHeaders)
	} else {
		failures = slices.Concat(failures, parsesMethods, parsesHeaders, method)
	}
	return append(failures, p.checkHeaders(headers, q)...)
}

// checkList checks that a list can be parsed. A list that may have unknown elements is not held against the answer here:
// whether it matters is for the checks of its contents to say.
func checkList(f field, reason Reason, header string) []Failure {
	if _, bad := f.tokens(); bad != "" {
		return []Failure{{Reason: reason, Header: header, Value: bad}}
	}
	return nil
}

func (p profile) checkMethod(f field, q question) []Failure {
	if IsSafelistedMethod(q.method) {
		return nil
	}
	list, _ := f.tokens()
	ok := slices.Contains(list, q.method) || q.wildcard(list)
	if ok && !f.more {
		return nil
	}
	return []Failure{{
		Reason: MethodDisallowedByPreflightResponse, Header: allowMethods, Value: f.value(), Names: []string{q.method}, Unknown: f.more,
	}}
}

func (p profile) checkHeaders(f field, q question) []Failure {
	list, _ := f.tokens()
	listed, wildcard := nameSet(list), q.wildcard(list)
	var refused []string
	for _, name := range q.names {
		byWildcard := wildcard && (name != "authorization" || p.wildcardCoversAuthorization)
		if !listed[name] && !byWildcard {
			refused = append(refused, name)
		}
	}
	if len(q.names) == 0 || len(refused) == 0 && !f.more {
		return nil
	}
	if len(refused) == 0 {
		refused = q.names
	}
	return []Failure{{
		Reason: HeaderDisallowedByPreflightResponse, Header: allowHeaders, Value: f.value(), Names: slices.Compact(refused), Unknown: f.more,
	}}
}

// wildcard reports whether a list has an asterisk that means everything: without credentials only.
func (q question) wildcard(list []string) bool {
	return q.credentials != CredentialsInclude && slices.Contains(list, "*")
}

// coveredByWildcard counts the Authorization headers that only an asterisk lets through: Firefox warns of each.
func (p profile) coveredByWildcard(r Response, q question) int {
	list, _ := p.lookup(r, allowHeaders).tokens()
	if nameSet(list)["authorization"] || !q.wildcard(list) {
		return 0
	}
	n := 0
	for _, name := range q.names {
		if name == "authorization" {
			n++
		}
	}
	return n
}
