// Package browser predicts what a web browser does with a cross-origin request: whether it asks first with a preflight,
// whether the page gets to read the answer, and what the console says when it does not.
//
// It is the CORS protocol of the Fetch standard (https://fetch.spec.whatwg.org/#http-cors-protocol) with one profile for each
// engine, because engines and standard differ, and where they differ the engine is right: that is what users run. The
// profiles are held against exchanges recorded in real browsers (testdata/browser).
//
// [Fetch] drives an exchange through a [Network], which answers each request as it is sent; [Judge] does the same over
// answers that were recorded. Knowledge may be partial: a [Response] can leave open what an unknown upstream sends, and a
// check that depends on it is neither passed nor failed.
//
// The package knows nothing of layers, rules, configurations or files. It imports the standard library only.
package browser

// Header is one header line. Name and Value are bytes, as on the wire: a byte above 0x7F stands for itself, not for a piece
// of UTF-8.
type Header struct {
	Name, Value string

	// Unknown says that the header is sent, or may be, with a value that nobody can know. Value then means nothing.
	Unknown bool
}

// Request is what a page asks its browser to do. The zero value of each field is what JavaScript gets by default.
type Request struct {
	// PageOrigin is the serialised origin of the page, "null" where it is opaque (a sandboxed frame, a file).
	PageOrigin string
	// PageURL is the address of the page; it matters to mixed content alone. Empty means the root of PageOrigin.
	PageURL string

	URL         string
	Method      string      // as JavaScript gives it; empty and NoMethod false means GET
	NoMethod    bool        // Method is the empty string that JavaScript gave, which throws
	Headers     []Header    // as JavaScript gives them: duplicates and forbidden names included
	Credentials Credentials // empty means same-origin
	Mode        Mode        // empty means cors
	Redirect    Redirect    // empty means follow
	HasBody     bool
	Initiator   Initiator // empty means fetch
	// UploadListener says that an XMLHttpRequest has a listener on its upload object, which forces a preflight.
	UploadListener bool
}

// Credentials is a request's credentials mode.
type Credentials string

// The credentials modes. An XMLHttpRequest with withCredentials is CredentialsInclude.
const (
	CredentialsOmit       Credentials = "omit"
	CredentialsSameOrigin Credentials = "same-origin"
	CredentialsInclude    Credentials = "include"
)

// Mode is a request's mode.
type Mode string

// The modes that a page can choose.
const (
	ModeCORS       Mode = "cors"
	ModeNoCORS     Mode = "no-cors"
	ModeSameOrigin Mode = "same-origin"
)

// Redirect is a request's redirect mode.
type Redirect string

// The redirect modes.
const (
	RedirectFollow Redirect = "follow"
	RedirectError  Redirect = "error"
	RedirectManual Redirect = "manual"
)

// Initiator is the API that starts a request.
type Initiator string

// The initiators that the package tells apart.
const (
	InitiatorFetch Initiator = "fetch"
	InitiatorXHR   Initiator = "xhr"
)

// Outgoing is a request as it goes over the wire. Headers hold what the protocol and the page put there; the headers that a
// browser adds on its own account (User-Agent, Cookie, Sec-Fetch-*) are left out.
type Outgoing struct {
	Method, URL string
	Headers     []Header
	Preflight   bool
	// Hypothetical says that no browser would send this: an earlier check failed, and the request is made to learn what would
	// fail next.
	Hypothetical bool
}

// Response is an answer, of which parts may be unknown.
type Response struct {
	// Status is the status code. 0 means unknown in an open response, and otherwise that the connection was closed without an
	// answer.
	Status  int
	Headers []Header
	// Open says that an unknown upstream sent this: any header may be there that is neither in Headers nor in Fixed, and a header
	// in Headers that is not in Fixed may be there once more.
	Open bool
	// Fixed holds the lower-case names of the headers that an open response has exactly as Headers says, or not at all.
	Fixed map[string]bool
}

// Network answers requests.
type Network func(Outgoing) Response

// Verdict says whether a page gets its answer.
type Verdict string

// The verdicts. Allowed includes the opaque answers of mode no-cors and of redirect mode manual, of which a page reads
// nothing.
const (
	Allowed Verdict = "allowed"
	Blocked Verdict = "blocked"
	Unknown Verdict = "unknown"
)

// Result is what a browser does with a request.
type Result struct {
	// Verdict is Blocked when a check fails whatever the unknown parts turn out to be, Unknown when a check depends on them and
	// none fails for certain.
	Verdict Verdict

	// Reason is the code of the failure that the browser reports, as Chromium's DevTools names it, in every engine. It is empty
	// when the verdict is not Blocked and when the failure is not about CORS: then NetworkError says what it is.
	Reason       Reason
	NetworkError string
	// Guessed says that an earlier check depends on something unknown, so that the browser may stop there and report that one.
	Guessed bool
	// Message is the console line about the failure, as far as it is one that the engine words as a policy matter; empty
	// otherwise. Where Chromium names one of several refused headers by an order of its own, Message has the alphabetically
	// first and MessageAnyOf every possible line.
	Message      string
	MessageAnyOf []string
	// IDs are the message identifiers that Firefox logs, in order; nil in the other engines.
	IDs []string

	// AuthorizationByWildcard says that a preflight's answer allows Authorization by an asterisk alone: the browsers let it
	// pass and warn of it, the standard does not.
	AuthorizationByWildcard bool

	// PreflightSent and ActualSent say whether a preflight, and the request itself, go out. After an unknown check the request
	// counts as sent.
	PreflightSent, ActualSent bool
	// Status is the status that the page sees: 0 in an opaque answer, when blocked, and when unknown.
	Status int
	// Readable are the names of the response headers that the page can read, lower-case and sorted; nil if there is no answer or
	// the page does not get it; with verdict Unknown what it reads if it does.
	Readable []string

	// Failures are all checks that fail or are unknown, in the engine's order, each judged as if those before it were repaired.
	Failures []Failure
	// Hops are the URLs that were asked, in order.
	Hops []Hop
}

// Hop is one URL of an exchange and what went to and fro.
type Hop struct {
	URL       string
	Preflight *Exchange
	Actual    *Exchange
}

// Exchange is a request and its response.
type Exchange struct {
	Request  Outgoing
	Response Response
}
