// Package policy is the common model that every dialect is lowered to: hosts, their layers, and what a layer answers.
//
// A parser fills it; exchange, probe and the rules read it and never look back at a dialect's syntax. What a layer
// answers is either a [Program], data that is evaluated concretely, or an [Answerer] of another kind that runs the
// layer's own code. The package imports only internal/source.
package policy

import (
	"context"

	"github.com/corslint/corslint/internal/source"
)

// Host is one process as its source describes it: an nginx, a Node program, a gateway.
type Host struct {
	Name    string // for people: "nginx"
	Dialect string // the parser's name: "nginx"
	Span    source.Span
	Layers  []*Layer
	Serves  []string // upstream names or host:port it stands for, for layers that are declared by hand; nil: by its listeners
	Gaps    []Gap
}

// Layer is one thing that answers HTTP requests: an nginx server, an Express application, a gateway stage.
type Layer struct {
	Name      string
	Span      source.Span // a small place that names it: the word "server"
	Listeners []Listener
	Endpoints []Endpoint
	Mentions  []Mention
	Facts     []Fact
	Gaps      []Gap
	// Reached are the addresses at which others of the project reach the layer, as far as its sources say: a host with a port
	// or, where it is not known, without; ":3000" is a port of the machine itself.
	Reached []string
	// Environment is the path of the file that gives the layer its environment variables; "" where they are not known.
	Environment string
	// Fragment marks a layer that was guessed around a piece of configuration whose surroundings are not known.
	Fragment bool
	Answerer Answerer
}

// Listener is an address on which a layer answers, as far as its source says. Several layers may share a port; then the
// request's host decides (see [Host.Pick]).
type Listener struct {
	Scheme string // "http" or "https"
	Port   int    // 0: any port
	// Opened is the port that a process opens. It does not decide who answers: whoever stands in front may ask by another.
	Opened  int
	Address string // of the machine, on which alone it answers: "127.0.0.1"; "": on all, as far as the source says
	Hosts   []HostPattern
	Default bool // answers for hosts that no layer of the port names
	Span    source.Span
}

// Endpoint is a path pattern and methods that a layer tells apart.
type Endpoint struct {
	Pattern string   // as the dialect writes it: "/v1/", "= /health", "~ \.php$"
	Example string   // a path that reaches it; "" when none could be made
	Methods []string // nil: any
	Span    source.Span
	// Routes are the places at which single methods are registered, where the dialect has such.
	Routes map[string]source.Span
	// Static marks an endpoint that serves files.
	Static bool
	// Asset marks a path that serves only fonts, images, styles or scripts: browsers never preflight those.
	Asset bool
	// Internal marks an endpoint that no client's request reaches directly.
	Internal bool
}

// Mention is a literal, pattern or test that the layer applies to the Origin request header.
type Mention struct {
	Kind     MentionKind
	Text     string // the literal, or the pattern's source
	FoldCase bool
	Dialect  Dialect // of a pattern
	// ShutsOut: matching refuses the origin instead of letting it in.
	ShutsOut bool
	By       string // the layer behind the first of a chain whose test it is, as in [Header.By]; "" for the layer's own
	Span     source.Span
}

// MentionKind says how a [Mention]'s text is compared with the origin.
type MentionKind uint8

// The kinds of mention.
const (
	MentionLiteral   MentionKind = iota + 1 // compared whole
	MentionPattern                          // a regular expression
	MentionPrefix                           // the origin starts with it
	MentionSuffix                           // the origin ends with it
	MentionContains                         // the origin contains it
	MentionReflected                        // whatever the origin is, it is sent back
)

// Fact is something that only the parser can see and some rule needs. Kinds are a closed list.
type Fact struct {
	Kind     FactKind
	Endpoint string // the endpoint's pattern it holds for; "" for the whole layer
	Method   string // "" for all
	Subject  string
	Text     string // a sentence for people
	By       string // the layer behind that it is about, in a chain: as [Outcome.By]
	Span     source.Span
}

// FactKind is what a [Fact] states.
type FactKind uint8

// The kinds of fact.
const (
	// FactNeedsAuthorization says: the endpoint reads the Authorization request header, or hands it on; Subject is the
	// authentication scheme, where only one will do.
	FactNeedsAuthorization FactKind = iota + 1
	// FactRequiresHeader says: the endpoint refuses a request of the method Method without the header Subject.
	FactRequiresHeader
	// FactOwnErrors says: the errors that the layer answers itself can be given headers by a configuration of their own, of
	// which Text says how.
	FactOwnErrors
	// FactCache says: responses of the endpoint are stored and served again; Subject is the key as the dialect writes it.
	FactCache
	// FactCacheIgnoresVary says: the cache of the endpoint ignores the Vary response header.
	FactCacheIgnoresVary
	// FactDuplicateContentType says: a Content-Type is added beside the response's own.
	FactDuplicateContentType
	// FactOptionUnknown says: Subject is the name of an option for CORS that Text, a package or framework, does not know.
	FactOptionUnknown
	// FactSessionCookie says: the layer keeps sessions in the cookie Subject. Text are the attributes that it is set with,
	// "SameSite=Lax; Secure": those that decide whether a browser sends it to another site. The value of one that is not known
	// is "?".
	FactSessionCookie
	// FactServesPages says: the layer serves files, among them pages, of the folder Subject.
	FactServesPages
	// FactReadsBody says: the layer parses request bodies of the media type Subject.
	FactReadsBody
	// FactMappingUnquoted says: the response header Subject is mapped to Text, which is no expression of the service.
	FactMappingUnquoted
	// FactMappingIgnored says: the response header Subject is mapped at a place that is not looked at, for the reason Text.
	FactMappingIgnored
	// FactMockTakesBinary says: the mock integration that answers Method fails, since every request counts as a binary one.
	FactMockTakesBinary
	// FactAddsBeside says: the layer adds its headers beside those of what it forwards to, as Text has it, which is reported
	// and not documented.
	FactAddsBeside
	// FactUnverified says: the value that the layer gives the response header Subject at this place, or the whole answer given
	// there where Subject is "", is what Text says, and no documentation does. What rests on it is no error.
	FactUnverified
	// FactGuardsPreflight says: preflights are asked for what is asked of other requests; Text says how to free them of it.
	FactGuardsPreflight
	// FactHidesRoutes says: something answers below the path Subject, with methods that are not known.
	FactHidesRoutes
)

// Gap is something that was seen and is not modelled.
type Gap struct {
	Span source.Span
	Why  string // "content_by_lua_block is not modelled"
}

// Answerer predicts what a layer answers. Answer is total, bounded, deterministic and safe for concurrent use. It
// returns at least one outcome; several when the answer depends on something unknown. next answers what is forwarded;
// nil means that nothing is known about what stands behind.
type Answerer interface {
	Answer(ctx context.Context, r *Request, next Next) []Outcome
}

// Next answers a request that a layer forwards. It reports false when it knows nothing of that upstream.
type Next func(ctx context.Context, to Upstream, r *Request) ([]Outcome, bool)

// Upstream is where a layer forwards to.
type Upstream struct {
	Name string // as written: "http://orders:3000"
	// Servers are the host:port of the group that Name names, if the configuration has one.
	Servers []string
	Span    source.Span
	// Answerer answers for it, where the configuration itself says who stands there; nil: whoever is asked by name.
	Answerer Answerer
	// Own: it is code that the layer itself runs, as a gateway runs a function: what it writes counts as the layer's.
	Own bool
}
