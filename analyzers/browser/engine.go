package browser

import "fmt"

// Engine is a browser engine, or the standard taken at its word.
type Engine string

// The engines. Chromium is 156, Firefox 153; WebKit is read from its source and not measured.
const (
	Chromium Engine = "chromium"
	Firefox  Engine = "firefox"
	WebKit   Engine = "webkit"
	Spec     Engine = "spec"
)

// Engines returns every engine, the default first.
func Engines() []Engine { return []Engine{Chromium, Firefox, WebKit, Spec} }

// ParseEngine returns the engine of that name. The empty name is Chromium.
func ParseEngine(name string) (Engine, error) {
	switch e := Engine(name); e {
	case "":
		return Chromium, nil
	case Chromium, Firefox, WebKit, Spec:
		return e, nil
	default:
		return "", fmt.Errorf("no engine %q: chromium, firefox, webkit or spec", name)
	}
}

// profile is where an engine leaves the standard. The zero value is the standard. Each field was seen in recorded exchanges
// or read in the engine's source.
type profile struct {
	engine Engine

	// Which requests need a preflight.

	// clientHints: DPR, Width, Save-Data and their kin are safelisted when well-formed, and Intervention always is.
	// services/network/public/cpp/cors/cors.cc, IsCorsSafelistedHeader.
	clientHints bool
	// dropsHints: client hints do not survive a redirect to an origin other than the page's, for which the default Permissions
	// Policy does not enable them. services/network/public/cpp/client_hints.cc, FindClientHintsToRemove.
	dropsHints bool
	// userAgentSafe: a User-Agent set by the page does not count. net/http/http_util.cc, HttpUtil::IsSafeHeader still lists it.
	userAgentSafe bool
	// rangeInt64: the numbers of a safelisted Range fit in 63 bits.
	rangeInt64 bool
	// judgesLines: header lines of one name are judged, and listed in Access-Control-Request-Headers, one by one instead of
	// combined. dom/fetch/InternalHeaders.cpp, GetUnsafeHeaders.
	judgesLines bool
	// highBytesUnsafe: a byte above 0x7F in Accept or Content-Type is unsafe.
	highBytesUnsafe bool
	// lastSemicolonUnsafe: a Content-Type with parameters must not end in a semicolon.
	// netwerk/base/nsURLHelper.cpp, net_ParseMediaType in strict mode.
	lastSemicolonUnsafe bool
	// keepsPreflight: a request that was preflighted once, or had unsafe headers at first, is preflighted on every hop, even if
	// a redirect removed the reason. netwerk/protocol/http/HttpBaseChannel.cpp, SetupReplacementChannel.
	keepsPreflight bool

	// How answers are checked.

	// namesOrigin: the preflight carries, and its answer must allow, the page's origin even after a cross-origin redirect has
	// made the origin of the request itself null. nsCORSListenerProxy::StartCORSPreflight.
	namesOrigin bool
	// trustsOwnOrigin: the answer to a preflight that a redirect led back to the page's own origin need not allow the origin,
	// only method and headers. nsCORSListenerProxy::CheckRequestApproved.
	trustsOwnOrigin bool
	// dropsEmpty: a header line without a value does not exist, or if it is one of two that Firefox keeps, is not combined with
	// others. netwerk/protocol/http/nsHttpHeaderArray.cpp, TrackEmptyHeader and MergeHeader.
	dropsEmpty bool
	// preflightRedirect says when a preflight that is answered with a redirect is refused.
	preflightRedirect redirectRule
	// statusBeforeAccess: the status of a preflight's answer is checked before its origin.
	// Source/WebCore/loader/CrossOriginAccessControl.cpp, validatePreflightResponse.
	statusBeforeAccess bool
	// redirectsOnlyToFollow: in the other redirect modes a redirect is an answer like any other, also to a preflight.
	redirectsOnlyToFollow bool
	// wildcardCoversAuthorization: Access-Control-Allow-Headers: * lets Authorization through.
	wildcardCoversAuthorization bool
	// methodBeforeHeaders: the method is checked before Access-Control-Allow-Headers is parsed.
	methodBeforeHeaders bool
	// rejects407: a 407 that no proxy sent is a network error.
	rejects407 bool

	// How long a preflight's answer is remembered, in seconds.
	maxAgeDefault, maxAgeCap int
	// badMaxAgeIsDefault: an unparsable Access-Control-Max-Age counts as an absent one instead of as 0.
	badMaxAgeIsDefault bool
}

// redirectRule is what an engine does about a redirected preflight.
type redirectRule int

const (
	refuseAsStatus    redirectRule = iota // as an answer whose status is not 2xx
	refuseFirst                           // before any other check
	refuseAfterAccess                     // after the check of origin and credentials
)

// profileOf is a switch rather than a table so that the package has no variables.
func profileOf(e Engine) profile {
	switch e {
	case Firefox:
		return profile{
			engine:     Firefox,
			rangeInt64: true, judgesLines: true, highBytesUnsafe: true, lastSemicolonUnsafe: true, keepsPreflight: true,
			namesOrigin: true, trustsOwnOrigin: true, dropsEmpty: true, preflightRedirect: refuseAfterAccess, redirectsOnlyToFollow: true,
			wildcardCoversAuthorization: true, methodBeforeHeaders: true,
			maxAgeDefault: 5, maxAgeCap: 86400, // nsCORSListenerProxy.cpp, AddResultToCache
		}
	case WebKit:
		return profile{
			engine:                      WebKit,
			statusBeforeAccess:          true,
			wildcardCoversAuthorization: true,
			maxAgeDefault:               5, maxAgeCap: 600, // CrossOriginPreflightResultCache.cpp
		}
	case Spec:
		// The standard leaves the cap to the browser; 0 stands for none.
		return profile{engine: Spec, maxAgeDefault: 5, badMaxAgeIsDefault: true}
	default:
		return profile{
			engine:      Chromium,
			clientHints: true, dropsHints: true, userAgentSafe: true, rangeInt64: true,
			preflightRedirect:           refuseFirst,
			wildcardCoversAuthorization: true, rejects407: true,
			maxAgeDefault: 5, maxAgeCap: 7200, badMaxAgeIsDefault: true, // preflight_result.cc, kMaxTimeout
		}
	}
}
