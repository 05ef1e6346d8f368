package diagnosis

import (
	"strings"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/console"
	"github.com/corslint/corslint/rules"
)

// This file says what a message means wherever it is printed.

// ruleOf names the rule whose document is about a failure.
func ruleOf(r browser.Reason) string {
	switch r {
	case browser.PreflightMissingAllowOriginHeader:
		return "preflight-unhandled"
	case browser.MissingAllowOriginHeader:
		return "allow-origin-missing"
	case browser.WildcardOriginNotAllowed, browser.PreflightWildcardOriginNotAllowed:
		return "origin-wildcard-with-credentials"
	case browser.MultipleAllowOriginValues, browser.PreflightMultipleAllowOriginValues:
		return "allow-origin-multiple-values"
	case browser.InvalidAllowCredentials, browser.PreflightInvalidAllowCredentials:
		return "allow-credentials-missing"
	case browser.PreflightInvalidStatus:
		return "preflight-status-not-ok"
	case browser.PreflightDisallowedRedirect:
		return "preflight-redirected"
	case browser.MethodDisallowedByPreflightResponse:
		return "allow-methods-missing"
	case browser.HeaderDisallowedByPreflightResponse:
		return "allow-headers-missing"
	case browser.InvalidAllowMethodsPreflightResponse, browser.InvalidAllowHeadersPreflightResponse:
		return "header-value-quoted"
	default:
		return ""
	}
}

// meaning returns the rule that a message is about, what the message means and what to do about it.
func meaning(m *console.Message) (rule, text string, hints []string) {
	switch m.Kind {
	case console.Refused:
		if len(m.Reasons) > 0 {
			rule = ruleOf(m.Reasons[0])
		}
		return rule, refusal(m, rule), nil
	case console.Mixed:
		return "mixed-content", "A page that came over https asks for an http URL. The browser refuses that before it asks anybody: no CORS header changes it.",
			[]string{"Ask for the https URL. An http URL of the same machine, http://localhost, is exempt."}
	case console.LocalNetwork:
		return "private-network-header-obsolete", "A page of the open internet asks for an address inside the visitor's network. Chromium asks the visitor for leave, " +
				"and a page that did not come over https gets none. No header of the answer changes it.",
			[]string{"Serve the page over https, and let the visitor allow it; or serve the API from where the page comes from."}
	case console.Network:
		return "", network(m.Code), nil
	case console.Warning:
		return "allow-headers-wildcard-authorization", "It works today: * in Access-Control-Allow-Headers lets Authorization through, although the standard says that it does not. Browsers warn that this will end.",
			[]string{"Write Authorization into Access-Control-Allow-Headers by its name."}
	case console.Wordless:
		return "", "That text says nothing: scripts get the same one for every failure, so that they cannot find out about other sites.",
			[]string{"Copy the red line above it in the console (it begins with \"Access to fetch at\" or \"Cross-Origin Request Blocked\"), and paste that.",
				"Or save the network log (DevTools, Network, Export HAR), and run: corslint explain FILE.har"}
	case console.Symptom:
		return "", symptom(m.Code), symptomHints(m.Code)
	}
	return "", "", nil
}

// refusal says what a failed check means.
func refusal(m *console.Message, rule string) string {
	reason := browser.Reason("")
	if len(m.Reasons) > 0 {
		reason = bare(m.Reasons[0])
	}
	switch reason {
	case "":
		return "The browser does not hand the response to the page, because the response does not say that the page is meant."
	case browser.AllowOriginMismatch, browser.InvalidAllowOriginValue:
		return "Access-Control-Allow-Origin has to be the page's origin byte for byte: scheme, host and port, without a slash at the end; or *. " +
			"Another origin there is the answer to another page: a list with one entry, a typing error, or a copy from a cache that was made for another page because Vary: Origin is missing."
	case browser.RedirectContainsCredentials, browser.CorsDisabledScheme:
		return "The request was redirected to where no browser follows across origins: a URL with a user name, or one that is not http."
	case browser.DisallowedByMode, browser.NoCorsRedirectModeNotFollow:
		return "The script itself chose a mode that does not go together with this URL. No server has a part in it."
	default: // a rule's document says it
	}
	if r, ok := rules.Lookup(rule); ok {
		return paragraph(r.Doc)
	}
	return ""
}

// paragraph returns the first paragraph of a rule's document as one line.
func paragraph(doc string) string {
	_, text, _ := strings.Cut(doc, "\n")
	text, _, _ = strings.Cut(text, "\n\n")
	text = strings.Join(strings.Fields(text), " ")
	if rest, ok := strings.CutPrefix(text, "It "); ok { // what the heading asks about
		return "The browser " + rest
	}
	return text
}

// network says what a failure below HTTP means.
func network(code string) string {
	switch code {
	case "net::ERR_BLOCKED_BY_CLIENT":
		return "An extension of the browser, an ad blocker most of the time, stopped the request. It has nothing to do with CORS."
	case "net::ERR_BLOCKED_BY_RESPONSE":
		return "The response says with Cross-Origin-Resource-Policy that pages of other origins are not to have it. That is another rule than CORS, and checked beside it."
	case "CORSDisabled":
		return "CORS is switched off in this Firefox (about:config, content.cors.disable)."
	case "CORSOriginHeaderNotAdded":
		return "An extension keeps this Firefox from sending Origin. It has nothing to do with the server."
	}
	return "There was no answer: no connection, no TLS that the browser trusts, a name that does not resolve, or a server that closed the connection. " +
		"Firefox calls that a failure of CORS, and it is none: open the URL in a tab of its own to see what is wrong."
}

// symptom says what people see when they say it so.
func symptom(code string) string {
	switch code {
	case console.NotInCurl:
		return "That is how CORS looks: only browsers hold back an answer, curl and Postman show it to whoever asks. They send no Origin and no preflight unless they are told to, " +
			"so they do not see what the browser sees."
	case console.AfterDeployment:
		return "On the developer's machine the page and the API often share an origin, because the development server forwards to the API, or the API allows http://localhost. " +
			"Deployed, the page has another origin, which has to be in the list there; and a proxy, a CDN or a gateway answers that was not there before."
	case console.SomeRoutes:
		return "Where some routes have the headers and others have not, somebody else answers for those: a location with headers of its own, a route that is registered before the middleware, " +
			"an error page, a redirect, or a cache that keeps the answer for another page."
	case console.PreflightFails:
		return "Before anything but a plain GET or POST the browser asks with OPTIONS, without cookies and without Authorization. The answer has to be 200 to 299, and to name the origin, the method and the headers. " +
			"Whoever asks for a login first, or knows no OPTIONS, makes every such request fail."
	}
	return "A browser keeps a response of another origin from the page unless the response allows the page's origin."
}

func symptomHints(code string) []string {
	paste := "The browser's own words say more: copy the red line of the console, and run: corslint explain"
	switch code {
	case console.NotInCurl:
		return []string{"Ask as the browser does: corslint simulate PATH --url URL --origin ORIGIN", paste}
	case console.AfterDeployment:
		return []string{"corslint finds origins of one environment in another, and http origins and URLs: corslint .", paste}
	case console.SomeRoutes:
		return []string{"corslint compares the routes of each layer: corslint . --pedantic", paste}
	case console.PreflightFails:
		return []string{"corslint finds preflights that nobody answers: corslint .", paste}
	}
	return []string{paste}
}
