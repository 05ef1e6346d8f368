package diagnosis

import (
	"fmt"
	"strings"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/policy"
)

const (
	allowOrigin      = "Access-Control-Allow-Origin"
	allowCredentials = "Access-Control-Allow-Credentials"
	allowMethods     = "Access-Control-Allow-Methods"
	allowHeaders     = "Access-Control-Allow-Headers"
)

// bare returns a reason without what says that it is one of a preflight.
func bare(r browser.Reason) browser.Reason {
	if r == browser.PreflightInvalidStatus || r == browser.PreflightDisallowedRedirect {
		return r
	}
	return browser.Reason(strings.TrimPrefix(string(r), "Preflight"))
}

// what says in which way an answer fails a check: "without Access-Control-Allow-Origin".
func what(f *browser.Failure, answer *policy.Outcome, page string) string {
	name := ""
	if len(f.Names) > 0 {
		name = strings.Join(f.Names, ", ")
	}
	has := func(header string) bool {
		if answer == nil {
			return false
		}
		_, ok := answer.Get(header)
		return ok
	}
	switch bare(f.Reason) {
	case browser.MissingAllowOriginHeader:
		if f.Status >= 300 {
			return fmt.Sprintf("with %d and without %s", f.Status, allowOrigin)
		}
		return "without " + allowOrigin
	case browser.WildcardOriginNotAllowed:
		return "with " + allowOrigin + ": *, which is not for requests with credentials"
	case browser.MultipleAllowOriginValues:
		return "with " + allowOrigin + ": " + f.Value + ", and a browser takes a single value only"
	case browser.InvalidAllowOriginValue, browser.AllowOriginMismatch:
		return "with " + allowOrigin + ": " + f.Value + ", which is not " + page
	case browser.InvalidAllowCredentials:
		if !has(allowCredentials) {
			return "without " + allowCredentials
		}
		return "with " + allowCredentials + ": " + f.Value + ", which is not true"
	case browser.PreflightInvalidStatus:
		return fmt.Sprintf("with %d, and only 200 to 299 let the request follow", f.Status)
	case browser.PreflightDisallowedRedirect:
		return fmt.Sprintf("with a redirect (%d), which no browser follows for a preflight", f.Status)
	case browser.InvalidAllowMethodsPreflightResponse, browser.InvalidAllowHeadersPreflightResponse:
		return "with " + f.Header + " that cannot be read: " + f.Value + " is no name"
	case browser.MethodDisallowedByPreflightResponse, browser.HeaderDisallowedByPreflightResponse:
		if !has(f.Header) {
			return "without " + f.Header
		}
		return "with " + f.Header + ": " + f.Value + ", where " + name + " is not listed"
	case browser.RedirectContainsCredentials:
		return "with a redirect to a URL that has a user name in it"
	case browser.CorsDisabledScheme:
		return "with a redirect to a URL that is not http"
	default:
		return "in a way that fails: " + f.Text
	}
}

// change says what to do about a failure where no rule does.
func change(f *browser.Failure, page string) string {
	switch bare(f.Reason) {
	case browser.MissingAllowOriginHeader, browser.AllowOriginMismatch, browser.MultipleAllowOriginValues, browser.InvalidAllowOriginValue:
		return "send " + allowOrigin + ": " + page + " with this answer, once"
	case browser.WildcardOriginNotAllowed:
		return "send " + allowOrigin + ": " + page + " in the place of *"
	case browser.InvalidAllowCredentials:
		return "send " + allowCredentials + ": true with this answer"
	case browser.PreflightInvalidStatus:
		return "answer OPTIONS with 204, before anything that refuses it"
	case browser.PreflightDisallowedRedirect:
		return "answer OPTIONS without redirecting, or ask for the URL that the redirect leads to"
	case browser.InvalidAllowMethodsPreflightResponse, browser.InvalidAllowHeadersPreflightResponse:
		return "write " + f.Header + " as names with commas between them, and nothing else"
	case browser.MethodDisallowedByPreflightResponse, browser.HeaderDisallowedByPreflightResponse:
		return "add " + strings.Join(f.Names, ", ") + " to " + f.Header
	case browser.RedirectContainsCredentials, browser.CorsDisabledScheme:
		return "redirect to a plain https URL"
	default:
		return ""
	}
}

func listed(words []string) string {
	switch len(words) {
	case 0:
		return ""
	case 1:
		return words[0]
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}
