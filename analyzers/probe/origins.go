package probe

import (
	"regexp/syntax"
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/policy"
)

// stranger is a host that belongs to nobody whom a configuration could mean: RFC 2606 reserves it.
const stranger = "attacker.example"

// meant returns the origin that a mention means to let in, as a browser would send it; "" when none can be made of it.
// A literal that no browser sends (with a slash, without a scheme, in upper case) means the origin that it resembles.
func meant(m policy.Mention) string {
	switch m.Kind {
	case policy.MentionLiteral:
		return repair(m.Text)
	case policy.MentionPattern:
		return exampleOrigin(m)
	case policy.MentionPrefix:
		return firstOrigin(m.Text, m.Text+".example.com", m.Text+"example.com")
	case policy.MentionSuffix, policy.MentionContains:
		return firstOrigin("https://"+m.Text, "https://app"+m.Text, "https:"+m.Text, "https://app."+m.Text)
	case policy.MentionReflected:
	}
	return ""
}

// firstOrigin returns the first of the texts that is a serialised origin.
func firstOrigin(texts ...string) string {
	for _, text := range texts {
		if _, err := browser.ParseOrigin(text); err == nil && text != "null" {
			return text
		}
	}
	return ""
}

// repair returns the serialised origin that a text resembles.
func repair(text string) string {
	text = strings.Trim(strings.TrimSpace(text), `'"`)
	if first, _, list := strings.Cut(text, ","); list {
		text = strings.TrimSpace(first)
	} else if fields := strings.Fields(text); len(fields) > 1 {
		text = fields[0]
	}
	if text == "" || text == "*" || text == "null" {
		return ""
	}
	if !strings.Contains(text, "://") {
		if !strings.Contains(text, ".") && !strings.HasPrefix(text, "localhost") {
			return ""
		}
		text = "https://" + text
	}
	if origin, ok := browser.OriginOf(text); ok && !strings.ContainsAny(origin, "*$") {
		return origin
	}
	return ""
}

// exampleOrigin returns an origin that a pattern lets in, as close to what its author had in mind as can be told.
func exampleOrigin(m policy.Mention) string {
	pattern, err := policy.CompilePattern(m.Text, m.Dialect, m.FoldCase)
	if err != nil {
		return ""
	}
	tree, err := syntax.Parse(m.Text, syntax.Perl)
	if err != nil {
		return ""
	}
	text := example(tree.Simplify())
	for _, candidate := range [...]string{text, "https://" + text, "https:" + text, "https://app" + text, "https://app." + text, text + "example.com", text + ".example.com"} {
		if origin := firstOrigin(candidate); origin != "" {
			if match, err := pattern.Match(origin); err == nil && match != nil {
				return origin
			}
		}
	}
	return ""
}

// example returns a text that an expression matches, with words where it takes any text: "app" for ".*".
func example(re *syntax.Regexp) string {
	switch re.Op {
	case syntax.OpLiteral:
		return string(re.Rune)
	case syntax.OpCharClass:
		for _, preferred := range "a1-." {
			for i := 0; i+1 < len(re.Rune); i += 2 {
				if re.Rune[i] <= preferred && preferred <= re.Rune[i+1] {
					return string(preferred)
				}
			}
		}
		if len(re.Rune) > 0 {
			return string(re.Rune[0])
		}
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL: // an unescaped dot stands for a dot
		return "."
	case syntax.OpStar, syntax.OpPlus:
		if sub := re.Sub[0].Op; sub == syntax.OpAnyChar || sub == syntax.OpAnyCharNotNL || sub == syntax.OpCharClass && takesLetters(re.Sub[0]) {
			return "app"
		}
		return example(re.Sub[0])
	case syntax.OpCapture:
		return example(re.Sub[0])
	case syntax.OpQuest:
		if text := example(re.Sub[0]); text == "s" || strings.HasSuffix(text, ".") { // https?, (www\.)?
			return text
		}
		return ""
	case syntax.OpRepeat:
		return strings.Repeat(example(re.Sub[0]), min(max(re.Min, 1), 64))
	case syntax.OpConcat:
		var b strings.Builder
		for _, sub := range re.Sub {
			b.WriteString(example(sub))
		}
		return b.String()
	case syntax.OpAlternate:
		return example(re.Sub[0])
	case syntax.OpNoMatch, syntax.OpEmptyMatch, syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText,
		syntax.OpWordBoundary, syntax.OpNoWordBoundary:
	}
	return ""
}

func takesLetters(class *syntax.Regexp) bool {
	for i := 0; i+1 < len(class.Rune); i += 2 {
		if class.Rune[i] <= 'a' && 'p' <= class.Rune[i+1] {
			return true
		}
	}
	return false
}

// Bypass is how a stranger's origin resembles one that a policy means to let in.
type Bypass string

const (
	BypassAny        Bypass = "any"       // it does not resemble one: everybody is let in
	BypassSuffix     Bypass = "suffix"    // https://app.example.com.attacker.example
	BypassPrefix     Bypass = "prefix"    // https://attackerapp.example.com, or another registrable domain that ends alike
	BypassDot        Bypass = "dot"       // https://appxexample.com
	BypassHTTP       Bypass = "http"      // http://app.example.com
	BypassNull       Bypass = "null"      // a sandboxed frame
	BypassPort       Bypass = "port"      // https://app.example.com:8443
	BypassSubdomain  Bypass = "subdomain" // https://other.example.com
	BypassUnlistedIn Bypass = "substring" // https://attacker.example where the text stands somewhere else in the host
)

// Candidate is an origin of somebody else that a policy could let in by mistake.
type Candidate struct {
	Origin string
	Bypass Bypass
	Of     *policy.Mention // the test that it tries to pass; nil for those that need none
}

// strangers synthesises origins of others that resemble the ones a layer's mentions let in. Each is a serialised origin;
// whether it is let in is for a simulation to find out.
func strangers(mentions []policy.Mention) []Candidate {
	out := []Candidate{{Origin: "https://" + stranger, Bypass: BypassAny}, {Origin: "null", Bypass: BypassNull}}
	add := func(m *policy.Mention, bypass Bypass, origin string) {
		if firstOrigin(origin) != "" && !slices.ContainsFunc(out, func(c Candidate) bool { return c.Origin == origin }) {
			out = append(out, Candidate{Origin: origin, Bypass: bypass, Of: m})
		}
	}
	for i := range mentions {
		m := &mentions[i]
		origin := meant(*m)
		if origin == "" || m.ShutsOut {
			continue
		}
		scheme, host, _ := strings.Cut(origin, "://")
		name, port, hasPort := strings.Cut(host, ":")
		if hasPort {
			port = ":" + port
		}
		if scheme == "https" {
			add(m, BypassHTTP, "http://"+host)
		}
		if m.Kind == policy.MentionLiteral {
			continue
		}
		add(m, BypassSuffix, scheme+"://"+name+"."+stranger)
		add(m, BypassSuffix, scheme+"://"+name+".attacker.net")
		if registrable, err := publicsuffix.EffectiveTLDPlusOne(name); err == nil {
			add(m, BypassPrefix, scheme+"://attacker"+registrable+port)
			add(m, BypassPrefix, scheme+"://attacker-"+registrable+port)
			add(m, BypassPrefix, scheme+"://attacker."+stranger+"."+registrable)
		}
		add(m, BypassPrefix, scheme+"://attacker"+host)
		for at, c := range name {
			if c == '.' {
				add(m, BypassDot, scheme+"://"+name[:at]+"x"+name[at+1:]+port)
			}
		}
		add(m, BypassSubdomain, scheme+"://other."+host)
		if registrable, err := publicsuffix.EffectiveTLDPlusOne(name); err == nil {
			add(m, BypassSubdomain, scheme+"://other."+registrable+port)
		}
		add(m, BypassPort, scheme+"://"+name+":8443")
	}
	return out
}

// SameOwner reports whether two origins belong to the same registrable domain, as far as the public suffix list says.
func SameOwner(a, b string) bool {
	hostOf := func(origin string) string {
		_, host, _ := strings.Cut(origin, "://")
		host, _, _ = strings.Cut(host, ":")
		return host
	}
	x, errX := publicsuffix.EffectiveTLDPlusOne(hostOf(a))
	y, errY := publicsuffix.EffectiveTLDPlusOne(hostOf(b))
	if errX != nil || errY != nil {
		return hostOf(a) == hostOf(b)
	}
	return x == y
}
