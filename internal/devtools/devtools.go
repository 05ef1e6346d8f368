// Package devtools reads what the developer tools of browsers hand out about requests: "Copy as fetch", "Copy as cURL", and
// network logs (HAR). Nothing of it is run.
//
// What a page asked for and what its browser added stand side by side there: the browser's own headers are taken out, since a
// header that a script sets makes the browser ask first. The package imports browser.
package devtools

import (
	"net/url"
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/browser"
)

// Request is what a page asked for.
type Request struct {
	URL         string // absolute
	Method      string // "" is GET
	Headers     []browser.Header
	Credentials browser.Credentials
	Mode        browser.Mode
	Redirect    browser.Redirect
	Initiator   browser.Initiator
	HasBody     bool
	Page        string // its address, "" where nothing says it
	Origin      string // of the page, "" where nothing says it

	// Left are the names of the headers that are taken to be the browser's own.
	Left []string
}

// own are the headers that browsers add to requests of scripts, beside those that scripts cannot set at all.
var own = []string{
	"user-agent", "priority", "upgrade-insecure-requests", "if-none-match", "if-modified-since", "save-data", "accept-language", "cache-control", "pragma",
}

// add adds headers as developer tools list them, but for the browser's own. Cache-Control and Pragma are the browser's where
// they say what "Disable cache" says.
func (r *Request) add(headers []browser.Header) {
	for _, h := range headers {
		name := strings.ToLower(h.Name)
		switch {
		case name == "" || name[0] == ':': // HTTP/2's own
		case name == "origin":
			r.Origin = h.Value
		case name == "referer":
			r.Page = h.Value
		case browser.IsForbiddenRequestHeader(name, h.Value):
		case slices.Contains(own, name) && (name != "cache-control" && name != "pragma" || h.Value == "no-cache" || h.Value == "max-age=0"):
			r.Left = append(r.Left, name)
		default:
			r.Headers = append(r.Headers, browser.Header{Name: h.Name, Value: withoutSecret(name, h.Value)})
		}
	}
}

// withoutSecret returns the value of a request header as it can be shown: who asks is nobody's business, and no check of the
// CORS protocol looks at it. The scheme of an Authorization stays.
func withoutSecret(name, value string) string {
	for _, word := range []string{"auth", "token", "key", "secret", "session", "password", "csrf", "xsrf", "signature", "credential"} {
		if strings.Contains(name, word) {
			if scheme, _, ok := strings.Cut(value, " "); ok && name == "authorization" && len(scheme) < 20 {
				return scheme + " hidden"
			}
			return "hidden"
		}
	}
	return value
}

// complete resolves the URL against the page's, and finds out the page's origin.
func (r *Request) complete() {
	page, err := url.Parse(r.Page)
	if err != nil || page.Host == "" || page.Scheme != "http" && page.Scheme != "https" {
		page, r.Page = nil, ""
	}
	if page == nil {
		return
	}
	if u, err := page.Parse(r.URL); err == nil && !strings.Contains(r.URL, "://") {
		r.URL = u.String()
	}
	if r.Origin == "" {
		r.Origin = originOf(page)
	}
}

// originOf returns the origin of a URL.
func originOf(u *url.URL) string {
	host := strings.ToLower(u.Host)
	for _, port := range [][2]string{{"http", ":80"}, {"https", ":443"}} {
		if u.Scheme == port[0] {
			host = strings.TrimSuffix(host, port[1])
		}
	}
	return u.Scheme + "://" + host
}
