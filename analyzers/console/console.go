// Package console reads what browsers print about requests that they refuse: the inverse of the messages of package browser.
//
// People paste such lines from consoles, terminals, tickets and guides: with a place before them and "[Learn More]" behind,
// with quotes made curly, spaces made non-breaking and lines wrapped in the middle of a word, in the words of this year's
// browser or of one that a guide quoted ten years ago. Texts that scripts get to see ("Failed to fetch") and symptoms that
// people tell in their own words are recognised as what they are.
//
// The package imports browser.
package console

import "github.com/corslint/corslint/analyzers/browser"

// Kind says what a message is about.
type Kind uint8

// The kinds.
const (
	// Refused is a failed CORS check.
	Refused Kind = iota + 1
	// Mixed is an http request of an https page, which is refused before CORS has a say.
	Mixed
	// LocalNetwork is a request into a network that is nearer to the visitor than the page is.
	LocalNetwork
	// Network is a failure below HTTP: no answer, no TLS, a request that an extension stopped.
	Network
	// Warning is about a request that works today.
	Warning
	// Wordless is a text for scripts, the same for every failure.
	Wordless
	// Symptom is what people say instead of what the browser says.
	Symptom
)

// Message is what was recognised. What the text does not say is left empty.
type Message struct {
	Kind Kind
	// Engine is the one that prints it, empty where several do.
	Engine browser.Engine
	// Reasons are the failures for which the engine prints it, the likeliest first: Firefox and WebKit do not say whether a
	// preflight failed or the request itself. None: the text does not say why.
	Reasons []browser.Reason
	// Outdated marks the words of a version that is gone, or of a guide.
	Outdated bool

	URL    string // the one that failed
	First  string // where the request was sent at first, if a redirect led to URL
	Origin string // of the page
	Page   string // its address, where the text has that
	// Resource is what Chromium calls what was loaded: "fetch", "XMLHttpRequest", "font".
	Resource string
	// Header is the response header that the check is about, and Value its value, which is known if HasValue.
	Header, Value string
	HasValue      bool
	Name          string // the request header, or the method, that is refused
	Status        int    // of the response; 0 where the text does not say

	// Code tells wordless texts, failures below HTTP and symptoms apart: "net::ERR_FAILED", "not-in-curl".
	Code string
	// Text is the line as it was recognised, without what stands around it: one line, and no control characters.
	Text string
}

// The codes of symptoms.
const (
	NotInCurl       = "not-in-curl"       // it works with everything but a browser
	AfterDeployment = "after-deployment"  // it worked on the developer's machine
	SomeRoutes      = "some-routes"       // it fails here and there
	PreflightFails  = "preflight-fails"   // it is the preflight, and no more is said
	Unspecific      = "something-of-cors" // it has to do with CORS
)

// MaxMessages is how many different messages [Read] returns at most.
const MaxMessages = 100

// Read returns the messages in a text, each once, in its order. A text without any gives none. It looks at the first
// megabyte, in time that is linear in its length.
func Read(text string) []Message {
	s := squeeze(text)
	r := reader{s: s}
	for _, e := range events(s) {
		r.take(e)
	}
	r.flush()
	if len(r.found) == 0 {
		if m, ok := wordless(s); ok {
			return []Message{m}
		}
		if m, ok := symptom(text); ok {
			return []Message{m}
		}
	}
	return r.found
}
