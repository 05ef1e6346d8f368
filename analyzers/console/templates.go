package console

import (
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/browser"
)

// template is a text with holes: "Method {method} is not allowed". It begins with text. What fills a hole:
//
//	url first origin page   no white space, unless a line was wrapped there
//	method name             a token
//	status                  a number, or "(null)"
//	value                   anything, in quotes where the hole ends the template
//	line                    a value without quotes, up to the end of the line
//	resource                a few words
//	space                   nothing of interest
type template struct {
	text string
	role role
	// What the message then is.
	kind     Kind
	engine   browser.Engine
	reasons  []browser.Reason
	header   string // the response header that the check is about
	code     string
	outdated bool

	pieces []piece // of text
}

// role says what a template is the template of.
type role uint8

const (
	body   role = iota // what is wrong
	head               // what was requested: stands before a body
	tail               // something more about the body before it
	whole              // all in one
	prefix             // says that the body behind it is about a preflight
)

// piece is a literal and the hole that follows it.
type piece struct {
	literal string // squeezed
	hole    string // its name; "" after the last literal
}

// compiled returns the templates with their pieces.
func compiled() []template {
	all := slices.Concat(chromium(), firefox(), webkit(), outdated(), elsewhere())
	for i := range all {
		text := all[i].text
		for text != "" {
			literal, rest, _ := strings.Cut(text, "{")
			hole, rest, _ := strings.Cut(rest, "}")
			all[i].pieces = append(all[i].pieces, piece{fold(literal), hole})
			text = rest
		}
	}
	return all
}

const (
	allowOrigin      = "Access-Control-Allow-Origin"
	allowCredentials = "Access-Control-Allow-Credentials"
	allowMethods     = "Access-Control-Allow-Methods"
	allowHeaders     = "Access-Control-Allow-Headers"
)

func reasons(list ...browser.Reason) []browser.Reason { return list }

// either returns failures that an engine words alike for a request and for its preflight.
func either(list ...browser.Reason) []browser.Reason {
	for _, r := range slices.Clone(list) {
		list = append(list, inPreflight(r))
	}
	return list
}

func inPreflight(r browser.Reason) browser.Reason { return "Preflight" + r }

// Failures outside of the CORS protocol proper, as DevTools names them.
const (
	insecureLocalNetwork   browser.Reason = "InsecureLocalNetwork"
	localNetworkPermission browser.Reason = "LocalNetworkAccessPermissionDenied"
	invalidLocalNetwork    browser.Reason = "InvalidLocalNetworkAccess"
	invalidResponse        browser.Reason = "InvalidResponse"
)

// didNotSucceed is what Firefox says of a failure below HTTP, of a redirect that it does not follow, and once more of a
// request whose preflight failed.
const didNotSucceed = "CORSDidNotSucceed"

// chromium are the words of third_party/blink/renderer/platform/loader/cors/cors_error_string.cc.
func chromium() []template {
	list := []template{
		{role: head, text: "Access to {resource} at '{url}' (redirected from '{first}') from origin '{origin}' has been blocked by CORS policy"},
		{role: head, text: "Access to {resource} at '{url}' from origin '{origin}' has been blocked by CORS policy"},
		{role: prefix, text: "Response to preflight request doesn't pass access control check:"},
		{text: "No 'Access-Control-Allow-Origin' header is present on the requested resource",
			header: allowOrigin, reasons: reasons(browser.MissingAllowOriginHeader)},
		{text: "The value of the 'Access-Control-Allow-Origin' header in the response must not be the wildcard '*' when the request's credentials mode is 'include'",
			header: allowOrigin, reasons: reasons(browser.WildcardOriginNotAllowed)},
		{text: "The 'Access-Control-Allow-Origin' header contains multiple values '{value}', but only one is allowed",
			header: allowOrigin, reasons: reasons(browser.MultipleAllowOriginValues)},
		{text: "The 'Access-Control-Allow-Origin' header contains the invalid value {value}",
			header: allowOrigin, reasons: reasons(browser.InvalidAllowOriginValue)},
		{text: "The 'Access-Control-Allow-Origin' header has a value '{value}' that is not equal to the supplied origin",
			header: allowOrigin, reasons: reasons(browser.AllowOriginMismatch)},
		{text: "The value of the 'Access-Control-Allow-Credentials' header in the response is '{value}' which must be 'true' when the request's credentials mode is 'include'",
			header: allowCredentials, reasons: reasons(browser.InvalidAllowCredentials)},
		{text: "It does not have HTTP ok status", reasons: reasons(browser.PreflightInvalidStatus)},
		{text: "Redirect is not allowed for a preflight request", header: "Location", reasons: reasons(browser.PreflightDisallowedRedirect)},
		{text: "Cannot parse Access-Control-Allow-Methods response header field in preflight response",
			header: allowMethods, reasons: reasons(browser.InvalidAllowMethodsPreflightResponse)},
		{text: "Cannot parse Access-Control-Allow-Headers response header field in preflight response",
			header: allowHeaders, reasons: reasons(browser.InvalidAllowHeadersPreflightResponse)},
		{text: "Method {method} is not allowed by Access-Control-Allow-Methods in preflight response",
			header: allowMethods, reasons: reasons(browser.MethodDisallowedByPreflightResponse)},
		{text: "Request header field {name} is not allowed by Access-Control-Allow-Headers in preflight response",
			header: allowHeaders, reasons: reasons(browser.HeaderDisallowedByPreflightResponse)},
		{text: "Redirect location '{value}' contains a username and password, which is disallowed for cross-origin requests",
			header: "Location", reasons: reasons(browser.RedirectContainsCredentials)},
		{text: "Cross origin requests are only supported for protocol schemes", reasons: reasons(browser.CorsDisabledScheme)},
		{text: "Cross origin requests are not allowed by request mode", reasons: reasons(browser.DisallowedByMode)},
		{text: "The response is invalid", reasons: reasons(invalidResponse)},
		{role: whole, text: `Fetch API cannot load {url}. Request mode is "same-origin" but the URL's origin is not same as the request origin {origin}`,
			reasons: reasons(browser.DisallowedByMode)},
		{role: whole, text: `Fetch API cannot load {url}. Request mode is "no-cors" but the redirect mode is not "follow"`,
			reasons: reasons(browser.NoCorsRedirectModeNotFollow)},
		{role: whole, kind: Warning, code: "AuthorizationCoveredByWildcard", header: allowHeaders,
			text: "Authorization will not be covered by the wildcard symbol (*) in CORS `Access-Control-Allow-Headers` handling"},
		{kind: LocalNetwork, text: "The request client is not a secure context and the resource is in more-private address space", reasons: reasons(insecureLocalNetwork)},
		{kind: LocalNetwork, text: "Permission was denied for this request to access the", reasons: reasons(localNetworkPermission)},
		{kind: LocalNetwork, text: "Request had a target IP address space of", reasons: reasons(invalidLocalNetwork)},
	}
	for _, what := range []string{"resource", "XMLHttpRequest endpoint", "EventSource endpoint", "font", "script"} {
		list = append(list, template{role: whole, kind: Mixed,
			text: "Mixed Content: The page at '{page}' was loaded over HTTPS, but requested an insecure " + what + " '{url}'. This request has been blocked"})
	}
	return of(browser.Chromium, list)
}

// firefox are the words of dom/locales/en-US/chrome/security/security.properties.
func firefox() []template {
	list := []template{
		{role: head, text: "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at {url}. ("},
		{role: head, text: "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at {url}. This can be fixed by", outdated: true},
		{role: head, text: "Cross-Origin Request Warning: The Same Origin Policy will disallow reading the remote resource at {url} soon. ("},
		{text: "CORS header ‘Access-Control-Allow-Origin’ missing", header: allowOrigin, reasons: either(browser.MissingAllowOriginHeader)},
		{text: "Credential is not supported if the CORS header ‘Access-Control-Allow-Origin’ is ‘*’",
			header: allowOrigin, reasons: either(browser.WildcardOriginNotAllowed)},
		{text: "Multiple CORS header ‘Access-Control-Allow-Origin’ not allowed", header: allowOrigin,
			reasons: either(browser.MultipleAllowOriginValues, browser.InvalidAllowOriginValue, browser.AllowOriginMismatch)},
		{text: "CORS header ‘Access-Control-Allow-Origin’ does not match {value}", header: allowOrigin,
			reasons: either(browser.AllowOriginMismatch, browser.MultipleAllowOriginValues, browser.InvalidAllowOriginValue)},
		{text: "expected ‘true’ in CORS header ‘Access-Control-Allow-Credentials’", header: allowCredentials, reasons: either(browser.InvalidAllowCredentials)},
		{text: "CORS preflight response did not succeed", reasons: reasons(browser.PreflightInvalidStatus)},
		{text: "CORS preflight channel did not succeed", reasons: reasons(browser.PreflightInvalidStatus), outdated: true},
		{text: "CORS request external redirect not allowed", header: "Location", reasons: reasons(browser.PreflightDisallowedRedirect)},
		{text: "invalid token ‘{value}’ in CORS header ‘Access-Control-Allow-Methods’",
			header: allowMethods, reasons: reasons(browser.InvalidAllowMethodsPreflightResponse)},
		{text: "invalid token ‘{value}’ in CORS header ‘Access-Control-Allow-Headers’",
			header: allowHeaders, reasons: reasons(browser.InvalidAllowHeadersPreflightResponse)},
		{text: "Did not find method in CORS header ‘Access-Control-Allow-Methods’",
			header: allowMethods, reasons: reasons(browser.MethodDisallowedByPreflightResponse)},
		{text: "header ‘{name}’ is not allowed according to header ‘Access-Control-Allow-Headers’ from CORS preflight response",
			header: allowHeaders, reasons: reasons(browser.HeaderDisallowedByPreflightResponse)},
		{text: "missing token ‘{name}’ in CORS header ‘Access-Control-Allow-Headers’ from CORS preflight channel",
			header: allowHeaders, reasons: reasons(browser.HeaderDisallowedByPreflightResponse), outdated: true},
		{text: "CORS request did not succeed", kind: Network, code: didNotSucceed},
		{text: "CORS request not http", reasons: reasons(browser.CorsDisabledScheme)},
		{text: "(Reason: CORS disabled)", kind: Network, code: "CORSDisabled"},
		{text: "CORS header ‘Origin’ cannot be added", kind: Network, code: "CORSOriginHeaderNotAdded"},
		{kind: Warning, code: "AuthorizationCoveredByWildcard", header: allowHeaders,
			text: "When the `Access-Control-Allow-Headers` is `*`, the `Authorization` header is not covered"},
		{role: whole, kind: Mixed, text: "Blocked loading mixed active content {url}"},
	}
	return of(browser.Firefox, list)
}

// webkit are the words of Source/WebCore/loader/CrossOriginAccessControl.cpp. The line that names the URL follows.
func webkit() []template {
	list := []template{
		{role: tail, text: "Fetch API cannot load {url} due to access control checks"},
		{role: tail, text: "XMLHttpRequest cannot load {url} due to access control checks"},
		{role: tail, text: "EventSource cannot load {url} due to access control checks"},
		{text: "Origin {origin} is not allowed by Access-Control-Allow-Origin", header: allowOrigin,
			reasons: either(browser.MissingAllowOriginHeader, browser.AllowOriginMismatch, browser.InvalidAllowOriginValue, browser.MultipleAllowOriginValues)},
		{text: "Access-Control-Allow-Origin cannot contain more than one origin", header: allowOrigin,
			reasons: either(browser.MultipleAllowOriginValues, browser.AllowOriginMismatch, browser.InvalidAllowOriginValue)},
		{text: "Cannot use wildcard in Access-Control-Allow-Origin when credentials flag is true",
			header: allowOrigin, reasons: either(browser.WildcardOriginNotAllowed)},
		{text: `Credentials flag is true, but Access-Control-Allow-Credentials is not "true"`,
			header: allowCredentials, reasons: either(browser.InvalidAllowCredentials)},
		{text: "Preflight response is not successful", reasons: reasons(browser.PreflightInvalidStatus, browser.PreflightDisallowedRedirect)},
		{text: "Header Access-Control-Allow-Methods has an invalid value: {line}",
			header: allowMethods, reasons: reasons(browser.InvalidAllowMethodsPreflightResponse)},
		{text: "Header Access-Control-Allow-Headers has an invalid value: {line}",
			header: allowHeaders, reasons: reasons(browser.InvalidAllowHeadersPreflightResponse)},
		{text: "Method {method} is not allowed by Access-Control-Allow-Methods",
			header: allowMethods, reasons: reasons(browser.MethodDisallowedByPreflightResponse)},
		{text: "Request header field {name} is not allowed by Access-Control-Allow-Headers",
			header: allowHeaders, reasons: reasons(browser.HeaderDisallowedByPreflightResponse)},
		{text: "redirection URL {url} has credentials", header: "Location", reasons: reasons(browser.RedirectContainsCredentials)},
		{text: "not allowed to follow a cross-origin CORS redirection with non CORS scheme", reasons: reasons(browser.CorsDisabledScheme)},
		{role: whole, kind: Mixed, text: "The page at {page} was not allowed to {space} insecure content from {url}"},
		{role: whole, kind: Mixed, text: "The page at {page} requested insecure content from {url}"},
	}
	return of(browser.WebKit, list)
}

// outdated are the words of Chromium before 2018, which guides and answers of those years quote, and what guides make of
// them.
func outdated() []template {
	list := []template{
		{role: head, text: "Redirect from '{first}' to '{url}' has been blocked by CORS policy"},
		{role: head, text: "Redirect at '{url}' from origin '{origin}' has been blocked by CORS policy"},
		{role: head, text: "Redirect from '{first}' has been blocked by CORS policy"},
		{role: head, text: "XMLHttpRequest cannot load {url}"},
		{role: head, text: "Fetch API cannot load {url}"},
		{role: head, text: "EventSource cannot load {url}"},
		{role: head, text: "Failed to load {url}"},
		{role: head, text: "Font from origin '{url}' has been blocked from loading by Cross-Origin Resource Sharing policy"},
		{role: head, text: "Image from origin '{url}' has been blocked from loading by Cross-Origin Resource Sharing policy"},
		{role: tail, text: "Origin '{origin}' is therefore not allowed access"},
		{role: tail, text: "The response had HTTP status code {status}"},
		{text: "A wildcard '*' cannot be used in the 'Access-Control-Allow-Origin' header when the credentials flag is true",
			header: allowOrigin, reasons: reasons(browser.WildcardOriginNotAllowed)},
		{text: "Credentials flag is 'true', but the 'Access-Control-Allow-Origin' is '*'",
			header: allowOrigin, reasons: either(browser.WildcardOriginNotAllowed)},
		{text: "Credentials flag is 'true', but the 'Access-Control-Allow-Origin' header is '*'",
			header: allowOrigin, reasons: either(browser.WildcardOriginNotAllowed)},
		{text: "Credentials flag is 'true', but the 'Access-Control-Allow-Credentials' header is '{value}'. It must be 'true' to allow credentials",
			header: allowCredentials, reasons: reasons(browser.InvalidAllowCredentials)},
		{text: "Response for preflight has invalid HTTP status code {status}", reasons: reasons(browser.PreflightInvalidStatus)},
		{text: "Response for preflight does not have HTTP ok status", reasons: reasons(browser.PreflightInvalidStatus)},
		{text: "Response for preflight is invalid (redirect)", header: "Location", reasons: reasons(browser.PreflightDisallowedRedirect)},
		{text: "which is disallowed for cross-origin requests that require preflight", header: "Location", reasons: reasons(browser.PreflightDisallowedRedirect)},
		{text: "Request requires preflight, which is disallowed to follow cross-origin redirect", header: "Location", reasons: reasons(browser.PreflightDisallowedRedirect)},
		{text: "Request header field {name} is not present in Access-Control-Allow-Headers list",
			header: allowHeaders, reasons: reasons(browser.HeaderDisallowedByPreflightResponse)},
		{text: "Request method '{method}' not allowed by Access-Control-Allow-Methods",
			header: allowMethods, reasons: reasons(browser.MethodDisallowedByPreflightResponse)},
		{text: "Request header '{name}' not allowed by Access-Control-Allow-Headers",
			header: allowHeaders, reasons: reasons(browser.HeaderDisallowedByPreflightResponse)},
		{text: "Request header field '{name}' not allowed by Access-Control-Allow-Headers",
			header: allowHeaders, reasons: reasons(browser.HeaderDisallowedByPreflightResponse)},
		{text: "Cross origin requests are only supported for HTTP", reasons: reasons(browser.CorsDisabledScheme)},
		{text: "No 'Access-Control-Allow-Private-Network' header was present in the preflight response", kind: LocalNetwork, reasons: reasons(insecureLocalNetwork)},
	}
	for i := range list {
		list[i].outdated = true
	}
	return of(browser.Chromium, list)
}

// elsewhere are texts that stand beside all of these.
func elsewhere() []template {
	return []template{
		{role: tail, text: "Status code: {status}"},
		{role: tail, code: "opaque", text: "If an opaque response serves your needs, set the request's mode to 'no-cors' to fetch the resource with CORS disabled", outdated: true},
	}
}

func of(e browser.Engine, list []template) []template {
	for i := range list {
		list[i].engine = e
		if list[i].kind == 0 {
			list[i].kind = Refused
		}
	}
	return list
}
