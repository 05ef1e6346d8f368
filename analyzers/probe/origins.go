package probe

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/policy"
)

// Hosts that belong to nobody whom a configuration could mean: RFC 2606 reserves their top-level domains. A policy that
// lets in both lets in everybody; a single one could be what an expression for a whole domain means.
const (
	attacker = "attacker.example"
	passerBy = "passer-by.test"
)

// Bypass is how a stranger's origin resembles one that a policy means to let in.
type Bypass string

// The ways of a stranger, with an example for a policy that means https://app.shop.com.
const (
	BypassAny          Bypass = "any"           // not at all: everybody is let in
	BypassNull         Bypass = "null"          // a sandboxed frame
	BypassSuffix       Bypass = "suffix"        // https://app.shop.com.attacker.example
	BypassPrefix       Bypass = "prefix"        // https://attackershop.com
	BypassDot          Bypass = "dot"           // https://appxshop.com
	BypassPublicSuffix Bypass = "public-suffix" // https://attacker.com: a name that anyone can register
	BypassSubdomain    Bypass = "subdomain"     // https://other.shop.com
	BypassHTTP         Bypass = "http"          // http://app.shop.com
	BypassLoopback     Bypass = "loopback"      // http://localhost:3000
	BypassPort         Bypass = "port"          // https://app.shop.com:8443
)

// Candidate is an origin of somebody else that a policy could let in by mistake.
type Candidate struct {
	Origin string
	Bypass Bypass
	Meant  string          // the origin that it resembles, if any
	Of     *policy.Mention // the test that it passes; nil for those that resemble none
	// Foreign: its registrable domain belongs to none of the origins that the layer means, and somebody can register it.
	Foreign bool
}

// strangers synthesises origins of others that pass one of a layer's tests. Each is a serialised origin whose host could
// exist; whether the layer lets it in is for a simulation to find out, which knows how the tests are combined. A test has
// one candidate of each kind, a foreign one where there is one.
func strangers(meanings []Meaning) []Candidate {
	s := synthesis{accepts: map[*policy.Mention]func(string) bool{}, found: map[kind]int{}, origins: map[string]bool{}, owners: map[string]bool{}}
	for _, m := range meanings {
		s.origins[m.Origin] = true
		s.owners[owner(m.Origin)] = true
	}
	s.out = append(s.out, Candidate{Origin: "https://" + attacker, Bypass: BypassAny, Foreign: true},
		Candidate{Origin: "https://" + passerBy, Bypass: BypassAny, Foreign: true}, Candidate{Origin: "null", Bypass: BypassNull})
	for i := range meanings {
		s.resemble(&meanings[i])
	}
	return s.out
}

type synthesis struct {
	origins map[string]bool // those that the layer means
	owners  map[string]bool // whose they are
	accepts map[*policy.Mention]func(string) bool
	found   map[kind]int // index into out
	out     []Candidate
}

// kind is what a layer has one candidate of.
type kind struct {
	of     *policy.Mention
	bypass Bypass
}

// resemble adds the candidates that resemble one origin.
func (s *synthesis) resemble(m *Meaning) {
	o, err := browser.ParseOrigin(m.Origin)
	if err != nil {
		return
	}
	scheme, host, port := o.Scheme+"://", o.Host, ""
	if o.Port != "" {
		port = ":" + o.Port
	}
	switch {
	case IsLoopback(m.Origin):
		s.add(m, BypassLoopback, m.Origin)
		return
	case o.Scheme == "https" || o.Scheme == "http":
		s.add(m, BypassHTTP, "http://"+host+port)
	}
	if m.Of.Kind == policy.MentionLiteral && !IsGlob(m.Of.Text) || isAddress(host) {
		return // a literal lets in nobody but itself
	}
	s.add(m, BypassSuffix, scheme+host+"."+attacker+port)
	s.add(m, BypassSuffix, scheme+host+"."+attacker)
	domain := registrable(host)
	switch suffix, _ := publicsuffix.PublicSuffix(host); {
	case domain == "":
		s.add(m, BypassPrefix, scheme+"other.attacker"+host+port)
	case isListed(host) && s.accepted(m.Of, scheme+"attacker."+suffix+port): // any name is meant
		s.add(m, BypassPublicSuffix, scheme+"attacker."+suffix+port)
	case s.accepted(m.Of, scheme+"other."+domain+port): // any name of the domain is meant
		s.add(m, BypassPrefix, scheme+"attacker"+domain+port)
		s.add(m, BypassPrefix, scheme+"attacker-"+domain+port)
		s.add(m, BypassSubdomain, scheme+"other."+domain+port)
	default:
		s.add(m, BypassPrefix, scheme+"attacker"+domain+port)
		s.add(m, BypassPrefix, scheme+"attacker-"+domain+port)
		s.add(m, BypassPrefix, scheme+"other.attacker"+host+port)
	}
	s.add(m, BypassSubdomain, scheme+"other."+host+port)
	s.dots(m)
	s.words(m)
	s.add(m, BypassPort, scheme+host+":8443")
}

// dots puts a letter where the pattern has a dot that is not escaped.
func (s *synthesis) dots(m *Meaning) {
	for at := range strings.Count(m.marked, anyChar) {
		text := m.marked
		for i := 0; strings.Contains(text, anyChar); i++ {
			char := "."
			if i == at {
				char = "x"
			}
			text = strings.Replace(text, anyChar, char, 1)
		}
		s.add(m, BypassDot, text)
	}
}

// words puts another word where the asterisk of a literal, or the pattern, takes any.
func (s *synthesis) words(m *Meaning) {
	var others []string
	switch {
	case m.Of.Kind == policy.MentionPattern:
		for _, other := range patternTexts(m.Of, "attacker") {
			others = append(others, strings.ReplaceAll(other, anyChar, "."))
		}
	case strings.Contains(m.Of.Text, "*"):
		others = append(others, strings.ReplaceAll(m.Of.Text, "*", "attacker"))
	}
	for _, other := range others {
		bypass := BypassSubdomain
		if owner(other) != owner(m.Origin) {
			bypass = BypassPublicSuffix // "myapp-*.vercel.app": whoever registers the name is let in
			if !samePublicSuffix(other, m.Origin) || strings.HasSuffix(hostOf(other), registrable(hostOf(m.Origin))) {
				continue
			}
		}
		s.add(m, bypass, other)
	}
}

// add adds a candidate that passes the test of the mention that it is made of. One of the layer's own origins is no
// stranger, but where it is the scheme or the machine that makes it one.
func (s *synthesis) add(m *Meaning, bypass Bypass, origin string) {
	if !isOrigin(origin) || !s.accepted(m.Of, origin) {
		return
	}
	if s.origins[origin] && bypass != BypassHTTP && bypass != BypassLoopback {
		return
	}
	exists := canExist(origin, m.Origin)
	if !exists && (bypass == BypassSuffix || bypass == BypassPrefix || bypass == BypassDot || bypass == BypassPublicSuffix) {
		return
	}
	c := Candidate{Origin: origin, Bypass: bypass, Meant: m.Origin, Of: m.Of, Foreign: exists && !s.owners[owner(origin)]}
	i, ok := s.found[kind{m.Of, bypass}]
	switch {
	case !ok:
		s.found[kind{m.Of, bypass}] = len(s.out)
		s.out = append(s.out, c)
	case c.Foreign && !s.out[i].Foreign:
		s.out[i] = c
	}
}

func (s *synthesis) accepted(m *policy.Mention, origin string) bool {
	accepts, ok := s.accepts[m]
	if !ok {
		accepts = acceptor(m)
		s.accepts[m] = accepts
	}
	return accepts(origin)
}

// canExist reports whether somebody can register the host of an origin: its top-level domain is on the public suffix list,
// reserved for examples, or the one of the origin that it resembles, and it is no public suffix itself.
func canExist(origin, meant string) bool {
	host := hostOf(origin)
	if registrable(host) == "" {
		return false
	}
	return isListed(host) || slices.Contains([]string{"example", "test"}, topLevel(host)) || topLevel(host) == topLevel(hostOf(meant))
}

// isListed reports whether a host stands under an entry of the public suffix list, not under its default rule.
func isListed(host string) bool {
	suffix, icann := publicsuffix.PublicSuffix(host)
	return icann || strings.Contains(suffix, ".")
}

func topLevel(host string) string { return host[strings.LastIndexByte(host, '.')+1:] }

// registrable returns the registrable domain of a host, "" when it has none: it is an address, a single name or a public
// suffix.
func registrable(host string) string {
	if isAddress(host) {
		return ""
	}
	domain, err := publicsuffix.EffectiveTLDPlusOne(host)
	if err != nil {
		return ""
	}
	return domain
}

// Site returns the registrable domain of an origin or URL without a path: two of one such are of one site, whatever their hosts. It
// is "" for an address, a single name or a public suffix. https://html.spec.whatwg.org/#same-site
func Site(origin string) string { return registrable(hostOf(origin)) }

func hostOf(origin string) string {
	_, host, _ := strings.Cut(origin, "://")
	if at := strings.LastIndexByte(host, ':'); at >= 0 && !strings.HasSuffix(host, "]") {
		host = host[:at]
	}
	return host
}

// owner returns what tells whose an origin is: its registrable domain, as far as the public suffix list says; the host where
// it has none.
func owner(origin string) string {
	host := hostOf(origin)
	return cmp.Or(registrable(host), host)
}

func samePublicSuffix(a, b string) bool {
	x, _ := publicsuffix.PublicSuffix(hostOf(a))
	y, _ := publicsuffix.PublicSuffix(hostOf(b))
	return x == y && isListed(hostOf(a))
}

// isAddress reports whether a host is an IP address.
func isAddress(host string) bool {
	_, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil
}

// IsLoopback reports whether an origin is of a page on the visitor's own machine.
// https://w3c.github.io/webappsec-secure-contexts/#is-origin-trustworthy
func IsLoopback(origin string) bool {
	host := hostOf(origin)
	if address, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return address.IsLoopback()
	}
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}
