package devtools

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/browser"
)

// The limits of a network log.
const (
	MaxLog     = 64 << 20 // bytes that are read
	MaxEntries = 10_000   // requests that are looked at
)

// ErrNoLog is the error of a document that is no network log.
var ErrNoLog = errors.New("no network log (HAR): it has no log.entries")

// Log is a network log. http://www.softwareishard.com/blog/har-12-spec/
type Log struct {
	Browser   string // as the log calls it: "Firefox", "WebInspector"
	Exchanges []Exchange
	Requests  int  // that are in the log
	Cut       bool // there are more, which were not read
}

// Exchange is a request across origins of which the browser checks the answer, and what came of it.
type Exchange struct {
	Request
	// Hops are the answers: of redirects, and the last one. Preflights are parallel to it, nil where the log has none.
	Hops       []Answer
	Preflights []*Answer
	// Error is the browser's own code for a request that failed, "net::ERR_FAILED".
	Error string
}

// Answer is a response. Status 0 says that the log has none.
type Answer struct {
	URL     string
	Status  int
	Headers []browser.Header
}

// Navigate is the mode of a request that no script makes: a page, a WebSocket.
const Navigate browser.Mode = "navigate"

// entry is a request in a log.
type entry struct {
	Started  string `json:"startedDateTime"`
	Page     string `json:"pageref"`
	Resource string `json:"_resourceType"` // Chromium's
	Request  struct {
		Method  string          `json:"method"`
		URL     string          `json:"url"`
		Headers []header        `json:"headers"`
		Cookies []struct{}      `json:"cookies"`
		Body    json.RawMessage `json:"postData"`
	} `json:"request"`
	Response struct {
		Status   int      `json:"status"`
		Headers  []header `json:"headers"`
		Redirect string   `json:"redirectURL"`
		Error    string   `json:"_error"`       // Chromium's
		Failure  string   `json:"_failureText"` // Playwright's
	} `json:"response"`
	Blocked json.RawMessage `json:"_blockedReason"` // Firefox's

	used bool // as a preflight, or as what a redirect led to
}

type header struct{ Name, Value string }

func list(headers []header) []browser.Header {
	out := make([]browser.Header, len(headers))
	for i, h := range headers {
		out[i] = browser.Header{Name: h.Name, Value: h.Value}
	}
	return out
}

func (e *entry) header(name string) string {
	for _, h := range e.Request.Headers {
		if strings.EqualFold(h.Name, name) {
			return h.Value
		}
	}
	return ""
}

// ParseHAR reads a network log: its first [MaxLog] bytes and [MaxEntries] requests.
func ParseHAR(in io.Reader) (*Log, error) {
	limited := &io.LimitedReader{R: in, N: MaxLog + 1}
	d := json.NewDecoder(limited)
	log := &Log{}
	pages := map[string]string{}
	var entries []*entry
	found := false
	err := fields(d, func(key string) error {
		if key != "log" {
			return skip(d)
		}
		return fields(d, func(key string) error {
			switch key {
			case "creator", "browser":
				var by struct {
					Name string `json:"name"`
				}
				err := d.Decode(&by)
				log.Browser = cmp.Or(by.Name, log.Browser)
				return err
			case "pages":
				var list []struct{ ID, Title string }
				err := d.Decode(&list)
				for _, p := range list {
					pages[p.ID] = p.Title
				}
				return err
			case "entries":
				found = true
				return elements(d, func() error {
					if len(entries) == MaxEntries {
						log.Cut = true
						return skip(d)
					}
					e := &entry{}
					entries = append(entries, e)
					return d.Decode(e)
				})
			}
			return skip(d)
		})
	})
	switch {
	case !found:
		return nil, ErrNoLog
	case limited.N <= 0:
		log.Cut = true // what was read so far counts
	case err != nil:
		return nil, fmt.Errorf("the network log cannot be read: %w", err)
	}
	log.Requests = len(entries)
	log.Exchanges = exchanges(entries, pages)
	return log, nil
}

// fields calls a function for each key of the object that comes next; it takes the value.
func fields(d *json.Decoder, value func(key string) error) error {
	if t, err := d.Token(); err != nil {
		return err
	} else if t != json.Delim('{') {
		return errors.New("no object")
	}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return err
		}
		key, _ := t.(string)
		if err := value(key); err != nil {
			return err
		}
	}
	_, err := d.Token()
	return err
}

// elements calls a function for each element of the list that comes next; it takes the element.
func elements(d *json.Decoder, element func() error) error {
	if t, err := d.Token(); err != nil {
		return err
	} else if t != json.Delim('[') {
		return errors.New("no list")
	}
	for d.More() {
		if err := element(); err != nil {
			return err
		}
	}
	_, err := d.Token()
	return err
}

// skip takes a value that nobody wants.
func skip(d *json.Decoder) error {
	var v json.RawMessage
	return d.Decode(&v)
}

// maxHops is how many redirects are followed.
const maxHops = 21

// exchanges puts together what belongs together: requests with their preflights and with what redirects led to.
func exchanges(entries []*entry, pages map[string]string) []Exchange {
	slices.SortStableFunc(entries, func(a, b *entry) int { return strings.Compare(a.Started, b.Started) })
	byURL, preflights := map[string][]int{}, map[string][]int{}
	for i, e := range entries {
		to := byURL
		if e.isPreflight() {
			to = preflights
		}
		to[e.Request.URL] = append(to[e.Request.URL], i)
	}
	var out []Exchange
	for i, e := range entries {
		if e.used || e.isPreflight() {
			continue
		}
		x := Exchange{Request: e.asked(pages)}
		u, err := url.Parse(x.URL)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" {
			continue
		}
		crosses := x.Origin != "" && x.Origin != originOf(u)
		var listed []string
		for at, last := i, e; last != nil; {
			answer := Answer{URL: last.Request.URL, Status: max(0, last.Response.Status), Headers: list(last.Response.Headers)}
			preflight := preflightOf(entries, preflights[last.Request.URL], at, last.Request.Method)
			x.Hops = append(x.Hops, answer)
			x.Preflights = append(x.Preflights, nil)
			if preflight != nil {
				listed = append(listed, strings.Split(preflight.header("Access-Control-Request-Headers"), ",")...)
				x.Preflights[len(x.Hops)-1] = &Answer{URL: answer.URL, Status: preflight.Response.Status, Headers: list(preflight.Response.Headers)}
			}
			x.Error = cmp.Or(last.Response.Error, last.Response.Failure, blocked(last.Blocked))
			last, at = redirected(entries, byURL, last, at)
			if last != nil {
				last.used = true
				if v, err := url.Parse(last.Request.URL); err == nil && x.Origin != "" && x.Origin != originOf(v) {
					crosses = true
				}
			}
			if len(x.Hops) == maxHops {
				break
			}
		}
		if preflighted := slices.ContainsFunc(x.Preflights, func(p *Answer) bool { return p != nil }); preflighted {
			x.Mode = ""
		}
		if !crosses || x.Mode == Navigate || x.Mode == browser.ModeNoCORS {
			continue
		}
		x.keepListed(listed)
		out = append(out, x)
	}
	return out
}

// blocked returns the reason that Firefox gives, a number or a name.
func blocked(raw json.RawMessage) string {
	text := strings.Trim(string(raw), `"`)
	if text == "" || text == "null" || text == "0" || len(text) > 40 {
		return ""
	}
	return "blocked " + text
}

func (e *entry) isPreflight() bool {
	return e.Resource == "preflight" || e.Request.Method == "OPTIONS" && e.header("Access-Control-Request-Method") != ""
}

// asked returns what the page asked for.
func (e *entry) asked(pages map[string]string) Request {
	r := Request{URL: e.Request.URL, Method: e.Request.Method, Credentials: browser.CredentialsSameOrigin, Initiator: browser.InitiatorFetch}
	r.HasBody = len(e.Request.Body) > 0 && string(e.Request.Body) != "null" && e.Request.Method != "GET" && e.Request.Method != "HEAD"
	if e.Resource == "xhr" {
		r.Initiator = browser.InitiatorXHR
	}
	if len(e.Request.Cookies) > 0 || e.header("Cookie") != "" {
		r.Credentials = browser.CredentialsInclude
	}
	switch mode := e.header("Sec-Fetch-Mode"); mode {
	case "no-cors", "same-origin":
		r.Mode = browser.Mode(mode)
	case "navigate", "websocket":
		r.Mode = Navigate
	}
	switch {
	case e.Resource == "document" || e.Resource == "websocket":
		r.Mode = Navigate
	case r.Mode == "" && e.header("Origin") == "" && e.header("Sec-Fetch-Mode") == "" && !slices.Contains([]string{"fetch", "xhr", "font", "eventsource"}, e.Resource):
		r.Mode = browser.ModeNoCORS // an image, a script, a style: nobody checks anything
	}
	r.add(list(e.Request.Headers))
	if r.Page == "" {
		r.Page = pages[e.Page] // Chromium's title of a page is its URL
	}
	r.complete()
	return r
}

// preflightOf returns the preflight for a request, the nearest one that nobody has claimed; nil if there is none.
func preflightOf(entries []*entry, same []int, at int, method string) *entry {
	var best *entry
	distance := 0
	for _, i := range same {
		p := entries[i]
		if p.used || p.header("Access-Control-Request-Method") != method && p.header("Access-Control-Request-Method") != "" {
			continue
		}
		if d := max(i-at, at-i); best == nil || d < distance {
			best, distance = p, d
		}
	}
	if best != nil {
		best.used = true
	}
	return best
}

// redirected returns the request that a redirect led to, nil if there is none.
func redirected(entries []*entry, byURL map[string][]int, e *entry, at int) (*entry, int) {
	if e.Response.Status < 300 || e.Response.Status > 399 {
		return nil, 0
	}
	target := e.Response.Redirect
	for _, h := range e.Response.Headers {
		if target == "" && strings.EqualFold(h.Name, "location") {
			target = h.Value
		}
	}
	base, err := url.Parse(e.Request.URL)
	if err != nil || target == "" {
		return nil, 0
	}
	to, err := base.Parse(target)
	if err != nil {
		return nil, 0
	}
	for _, i := range byURL[to.String()] {
		if next := entries[i]; i > at && !next.used {
			return next, i
		}
	}
	return nil, 0
}

// keepListed drops the headers that no preflight asked for, where there was one: the browser added them. Without one, none of
// those that need one was set, unless the log has no answer either: then a preflight may have failed that is not in it.
func (x *Exchange) keepListed(listed []string) {
	preflighted := slices.ContainsFunc(x.Preflights, func(p *Answer) bool { return p != nil })
	if !preflighted && !x.Answered() {
		return
	}
	x.Headers = slices.DeleteFunc(x.Headers, func(h browser.Header) bool {
		name := strings.ToLower(h.Name)
		if name == "accept" || name == "content-type" && !preflighted {
			return false
		}
		return !slices.ContainsFunc(listed, func(l string) bool { return strings.EqualFold(strings.TrimSpace(l), name) })
	})
	for _, name := range listed {
		if name = strings.TrimSpace(name); name != "" && !slices.ContainsFunc(x.Headers, func(h browser.Header) bool { return strings.EqualFold(h.Name, name) }) {
			value := "1" // it is not in the log: a failed preflight keeps the request from being sent
			if strings.EqualFold(name, "content-type") {
				value = "application/json"
			}
			x.Headers = append(x.Headers, browser.Header{Name: name, Value: value})
		}
	}
}

// Fetch judges the exchange: what the engine does with these answers. An answer that the log lacks is unknown.
func (x *Exchange) Fetch(e browser.Engine) browser.Result {
	hop := 0
	return browser.Fetch(e, browser.Request{
		PageOrigin: x.Origin, URL: x.URL, Method: x.Method, Headers: x.Headers, Credentials: x.Credentials, Mode: x.Mode,
		HasBody: x.HasBody, Initiator: x.Initiator,
	}, func(out browser.Outgoing) browser.Response {
		if hop >= len(x.Hops) {
			return browser.Response{Open: true}
		}
		answer, preflight := x.Hops[hop], x.Preflights[hop]
		if !out.Preflight {
			hop++
		} else if preflight != nil {
			answer = *preflight
		} else {
			return x.remembered(out, answer)
		}
		if answer.Status == 0 {
			return browser.Response{Open: true}
		}
		return browser.Response{Status: answer.Status, Headers: answer.Headers}
	})
}

// remembered returns the answer to a preflight that is not in the log: where the request went out it was allowed, by an
// answer that the browser remembered.
func (x *Exchange) remembered(out browser.Outgoing, answer Answer) browser.Response {
	if answer.Status == 0 {
		return browser.Response{Open: true}
	}
	r := browser.Response{Status: 204}
	for _, h := range out.Headers {
		switch h.Name {
		case "Origin":
			r.Headers = append(r.Headers, browser.Header{Name: "Access-Control-Allow-Origin", Value: h.Value}, browser.Header{Name: "Access-Control-Allow-Credentials", Value: "true"})
		case "Access-Control-Request-Method":
			r.Headers = append(r.Headers, browser.Header{Name: "Access-Control-Allow-Methods", Value: h.Value})
		case "Access-Control-Request-Headers":
			r.Headers = append(r.Headers, browser.Header{Name: "Access-Control-Allow-Headers", Value: h.Value})
		}
	}
	return r
}

// Answered reports whether the log has a response to what failed.
func (x *Exchange) Answered() bool {
	for i, hop := range x.Hops {
		if hop.Status != 0 || x.Preflights[i] != nil && x.Preflights[i].Status != 0 {
			return true
		}
	}
	return false
}
