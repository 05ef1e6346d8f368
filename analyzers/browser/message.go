package browser

import (
	"fmt"
	"strconv"
	"strings"
)

// Console is what an engine's console says about a failure.
type Console struct {
	Text    string   // the part that tells one failure from another
	Message string   // the whole line; of several lines that Firefox prints the first; empty where there is none of its own
	AnyOf   []string // the possible lines, where the engine picks one of several refused headers by an order of its own
	IDs     []string // the identifiers of the lines that Firefox prints, in order
}

// Render returns what an engine would say about the failure, which may have been found with another engine's profile.
func (f Failure) Render(e Engine) Console {
	switch e {
	case Firefox:
		return f.firefox()
	case WebKit:
		return f.webkit()
	default:
		return f.chromium()
	}
}

// networkError names a failure below HTTP. The code is Chromium's; the other engines keep theirs from the page and from the
// console.
func (p profile) networkError(code string) string {
	if p.engine == Chromium {
		return "net::ERR_" + code
	}
	return "network error"
}

// chromium words the failure as third_party/blink/renderer/platform/loader/cors/cors_error_string.cc does.
func (f Failure) chromium() Console {
	if f.plain != "" {
		return Console{Text: f.plain, Message: f.plain}
	}
	if f.Reason == "" {
		return Console{Text: f.NetworkError}
	}
	var c Console
	for i, name := range f.namesOrNone() {
		text := f.chromiumText(name)
		line := f.chromiumLine(text)
		if i == 0 {
			c = Console{Text: text, Message: line}
		}
		if len(f.Names) > 1 {
			c.AnyOf = append(c.AnyOf, line)
		}
	}
	return c
}

func (f Failure) namesOrNone() []string {
	if len(f.Names) == 0 {
		return []string{""}
	}
	return f.Names
}

func (f Failure) chromiumLine(text string) string {
	kind, redirected := "fetch", ""
	if f.request.Initiator == InitiatorXHR {
		kind = "XMLHttpRequest"
	}
	if f.URL != f.first {
		redirected = "(redirected from '" + f.first + "') "
	}
	return fmt.Sprintf("Access to %s at '%s' %sfrom origin '%s' has been blocked by CORS policy: %s",
		kind, f.URL, redirected, f.request.PageOrigin, text)
}

func (f Failure) chromiumText(name string) string {
	text := ""
	reason, inPreflight := f.Reason.withoutPreflight()
	if inPreflight {
		text = "Response to preflight request doesn't pass access control check: "
	}
	xhr, fetch := "", " Have the server send the header with a valid value."
	if f.request.Initiator == InitiatorXHR {
		xhr = " The credentials mode of requests initiated by the XMLHttpRequest is controlled by the withCredentials attribute."
		fetch = ""
	}
	value := printable(f.Value)
	switch reason {
	case MissingAllowOriginHeader:
		return text + "No 'Access-Control-Allow-Origin' header is present on the requested resource."
	case WildcardOriginNotAllowed:
		return text + "The value of the 'Access-Control-Allow-Origin' header in the response must not be the wildcard '*' when the request's credentials mode is 'include'." + xhr
	case MultipleAllowOriginValues:
		return text + "The 'Access-Control-Allow-Origin' header contains multiple values '" + value + "', but only one is allowed." + fetch
	case InvalidAllowOriginValue:
		return text + "The 'Access-Control-Allow-Origin' header contains the invalid value '" + value + "'." + fetch
	case AllowOriginMismatch:
		return text + "The 'Access-Control-Allow-Origin' header has a value '" + value + "' that is not equal to the supplied origin." + fetch
	case InvalidAllowCredentials:
		return text + "The value of the 'Access-Control-Allow-Credentials' header in the response is '" + value + "' which must be 'true' when the request's credentials mode is 'include'." + xhr
	case PreflightInvalidStatus:
		return text + "It does not have HTTP ok status."
	case PreflightDisallowedRedirect:
		return text + "Redirect is not allowed for a preflight request."
	case InvalidAllowMethodsPreflightResponse:
		return "Cannot parse Access-Control-Allow-Methods response header field in preflight response."
	case InvalidAllowHeadersPreflightResponse:
		return "Cannot parse Access-Control-Allow-Headers response header field in preflight response."
	case MethodDisallowedByPreflightResponse:
		return "Method " + name + " is not allowed by Access-Control-Allow-Methods in preflight response."
	case HeaderDisallowedByPreflightResponse:
		return "Request header field " + name + " is not allowed by Access-Control-Allow-Headers in preflight response."
	case RedirectContainsCredentials:
		// DevTools leaves the location out.
		return "Redirect location '' contains a username and password, which is disallowed for cross-origin requests."
	case CorsDisabledScheme:
		return "Cross origin requests are only supported for protocol schemes: chrome, chrome-experimental-site-token-provider, chrome-extension, chrome-untrusted, data, http, https, isolated-app."
	case DisallowedByMode:
		return "Cross origin requests are not allowed by request mode."
	default:
		return string(reason)
	}
}

// printable escapes what Chromium escapes: everything but printable ASCII, byte by byte.
func printable(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7F {
			fmt.Fprintf(&b, `\u%04X`, c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// firefox words the failure as dom/locales/en-US/chrome/security/security.properties does.
func (f Failure) firefox() Console {
	if f.plain != "" && f.Reason == "" && f.NetworkError == "" {
		text := "Blocked loading mixed active content “" + f.URL + "”"
		return Console{Text: text, Message: text}
	}
	id, text := f.firefoxReason()
	if id == "" {
		return Console{}
	}
	return Console{
		Text:    text,
		Message: "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at " + f.URL + ". (Reason: " + text,
		IDs:     f.firefoxIDs(id),
	}
}

// firefoxIDs adds the lines that follow the first: once the check is over, the request that it was for is reported as well,
// and so is the redirect that it was made on.
func (f Failure) firefoxIDs(id string) []string {
	const didNotSucceed = "CORSDidNotSucceed2"
	switch {
	case id == didNotSucceed:
		return []string{id}
	case f.Reason == PreflightDisallowedRedirect:
		return []string{id, "CORSPreflightDidNotSucceed3", didNotSucceed}
	case f.Phase == PhasePreflight && f.redirected:
		return []string{id, didNotSucceed, didNotSucceed}
	case f.Phase == PhasePreflight || f.redirected:
		return []string{id, didNotSucceed}
	default:
		return []string{id}
	}
}

func (f Failure) firefoxReason() (id, text string) {
	status := ". Status code: " + strconv.Itoa(f.Status) + "."
	value := latin1(f.Value)
	reason, _ := f.Reason.withoutPreflight()
	switch reason {
	case MissingAllowOriginHeader:
		return "CORSMissingAllowOrigin2", "CORS header ‘Access-Control-Allow-Origin’ missing)" + status
	case WildcardOriginNotAllowed:
		return "CORSNotSupportingCredentials", "Credential is not supported if the CORS header ‘Access-Control-Allow-Origin’ is ‘*’)."
	case MultipleAllowOriginValues, InvalidAllowOriginValue, AllowOriginMismatch:
		if f.canonicalLines > 1 {
			return "CORSMultipleAllowOriginNotAllowed", "Multiple CORS header ‘Access-Control-Allow-Origin’ not allowed)."
		}
		return "CORSAllowOriginNotMatchingOrigin", "CORS header ‘Access-Control-Allow-Origin’ does not match ‘" + value + "’)."
	case InvalidAllowCredentials:
		return "CORSMissingAllowCredentials", "expected ‘true’ in CORS header ‘Access-Control-Allow-Credentials’)."
	case PreflightInvalidStatus:
		return "CORSPreflightDidNotSucceed3", "CORS preflight response did not succeed)" + status
	case PreflightDisallowedRedirect:
		return "CORSExternalRedirectNotAllowed", "CORS request external redirect not allowed)."
	case InvalidAllowMethodsPreflightResponse:
		return "CORSInvalidAllowMethod", "invalid token ‘" + value + "’ in CORS header ‘Access-Control-Allow-Methods’)."
	case InvalidAllowHeadersPreflightResponse:
		return "CORSInvalidAllowHeader", "invalid token ‘" + value + "’ in CORS header ‘Access-Control-Allow-Headers’)."
	case MethodDisallowedByPreflightResponse:
		return "CORSMethodNotFound", "Did not find method in CORS header ‘Access-Control-Allow-Methods’)."
	case HeaderDisallowedByPreflightResponse:
		return "CORSMissingAllowHeaderFromPreflight2",
			"header ‘" + f.namesOrNone()[0] + "’ is not allowed according to header ‘Access-Control-Allow-Headers’ from CORS preflight response)."
	default: // fails without a word of its own
	}
	// The rest fails without a word of its own, and without any before the request went cross-origin or if the page asked for it.
	if f.notCrossOrigin || f.request.Redirect == RedirectError {
		return "", ""
	}
	if f.Status == 0 {
		status = ". Status code: (null)."
	}
	return "CORSDidNotSucceed2", "CORS request did not succeed)" + status
}

// latin1 reads bytes as the characters of the same number.
func latin1(s string) string {
	runes := make([]rune, 0, len(s))
	for i := range len(s) {
		runes = append(runes, rune(s[i]))
	}
	return string(runes)
}

// webkit words the failure as Source/WebCore/loader/CrossOriginAccessControl.cpp does.
func (f Failure) webkit() Console {
	text := f.webkitText()
	if f.plain != "" {
		text = f.plain
	}
	if text == "" {
		return Console{}
	}
	return Console{Text: text, Message: text}
}

func (f Failure) webkitText() string {
	reason, _ := f.Reason.withoutPreflight()
	name, status := f.namesOrNone()[0], strconv.Itoa(f.Status)
	switch reason {
	case WildcardOriginNotAllowed:
		return "Cannot use wildcard in Access-Control-Allow-Origin when credentials flag is true."
	case MultipleAllowOriginValues, InvalidAllowOriginValue, AllowOriginMismatch, MissingAllowOriginHeader:
		if strings.Contains(f.Value, ",") {
			return "Access-Control-Allow-Origin cannot contain more than one origin."
		}
		return "Origin " + f.request.PageOrigin + " is not allowed by Access-Control-Allow-Origin. Status code: " + status
	case InvalidAllowCredentials:
		return `Credentials flag is true, but Access-Control-Allow-Credentials is not "true".`
	case PreflightInvalidStatus, PreflightDisallowedRedirect:
		return "Preflight response is not successful. Status code: " + status
	case InvalidAllowMethodsPreflightResponse:
		return "Header Access-Control-Allow-Methods has an invalid value: " + latin1(f.Value)
	case InvalidAllowHeadersPreflightResponse:
		return "Header Access-Control-Allow-Headers has an invalid value: " + latin1(f.Value)
	case MethodDisallowedByPreflightResponse:
		return "Method " + name + " is not allowed by Access-Control-Allow-Methods."
	case HeaderDisallowedByPreflightResponse:
		return "Request header field " + name + " is not allowed by Access-Control-Allow-Headers."
	case RedirectContainsCredentials:
		return "redirection URL " + f.URL + " has credentials"
	case CorsDisabledScheme:
		return "not allowed to follow a cross-origin CORS redirection with non CORS scheme"
	default:
		return ""
	}
}
