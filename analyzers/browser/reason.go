package browser

import "strings"

// Reason is the code of a failed CORS check, as Chromium's DevTools protocol names it (Network.CorsError).
type Reason string

// The reasons that a server's answer can give. Each with the prefix Preflight is the same failure in a preflight's answer.
const (
	MissingAllowOriginHeader  Reason = "MissingAllowOriginHeader"
	WildcardOriginNotAllowed  Reason = "WildcardOriginNotAllowed"
	MultipleAllowOriginValues Reason = "MultipleAllowOriginValues"
	InvalidAllowOriginValue   Reason = "InvalidAllowOriginValue"
	AllowOriginMismatch       Reason = "AllowOriginMismatch"
	InvalidAllowCredentials   Reason = "InvalidAllowCredentials"

	PreflightMissingAllowOriginHeader  Reason = "PreflightMissingAllowOriginHeader"
	PreflightWildcardOriginNotAllowed  Reason = "PreflightWildcardOriginNotAllowed"
	PreflightMultipleAllowOriginValues Reason = "PreflightMultipleAllowOriginValues"
	PreflightInvalidAllowOriginValue   Reason = "PreflightInvalidAllowOriginValue"
	PreflightAllowOriginMismatch       Reason = "PreflightAllowOriginMismatch"
	PreflightInvalidAllowCredentials   Reason = "PreflightInvalidAllowCredentials"

	PreflightInvalidStatus               Reason = "PreflightInvalidStatus"
	PreflightDisallowedRedirect          Reason = "PreflightDisallowedRedirect"
	InvalidAllowMethodsPreflightResponse Reason = "InvalidAllowMethodsPreflightResponse"
	InvalidAllowHeadersPreflightResponse Reason = "InvalidAllowHeadersPreflightResponse"
	MethodDisallowedByPreflightResponse  Reason = "MethodDisallowedByPreflightResponse"
	HeaderDisallowedByPreflightResponse  Reason = "HeaderDisallowedByPreflightResponse"

	RedirectContainsCredentials Reason = "RedirectContainsCredentials"
	CorsDisabledScheme          Reason = "CorsDisabledScheme"
	DisallowedByMode            Reason = "DisallowedByMode"
	NoCorsRedirectModeNotFollow Reason = "NoCorsRedirectModeNotFollow"
)

// inPreflight returns the code that an access check has when a preflight's answer fails it.
func (r Reason) inPreflight() Reason { return "Preflight" + r }

// withoutPreflight undoes inPreflight. The bool says whether the failure is one of a preflight's own answer.
func (r Reason) withoutPreflight() (Reason, bool) {
	if r == PreflightInvalidStatus || r == PreflightDisallowedRedirect {
		return r, true
	}
	rest, ok := strings.CutPrefix(string(r), "Preflight")
	return Reason(rest), ok
}

// Phase says which of a hop's two requests a failure is about.
type Phase string

// The phases.
const (
	PhasePreflight Phase = "preflight"
	PhaseActual    Phase = "actual"
)

// Failure is one check that an answer does not pass, or does not pass for certain.
type Failure struct {
	// Reason is empty where the failure is not about CORS; NetworkError then says what it is, except for mixed content.
	Reason       Reason
	NetworkError string

	Phase Phase
	Hop   int    // index into Result.Hops
	URL   string // of the hop; for a refused redirect its target

	// Unknown says that the check passes or fails depending on what is not known.
	Unknown bool

	Header string   // the response header concerned, in its canonical spelling; empty if none is
	Value  string   // its value, combined; for an unparsable list the element that is no token
	Names  []string // the refused header names, sorted and lower-case, or the refused method
	Status int      // of the response; 0 if there is none

	// Text is what the engine's console says about the check, Message the whole line; see [Failure.Render].
	Text, Message string
	MessageAnyOf  []string

	request Request // with its defaults filled in
	first   string  // the URL the exchange began with
	plain   string  // a whole Chromium line that is not worded as a CORS policy matter
	// redirected: the answer is a redirect. notCrossOrigin: nothing has been cross-origin so far.
	// canonicalLines: lines of Access-Control-Allow-Origin in that very spelling.
	redirected, notCrossOrigin bool
	canonicalLines             int
}
