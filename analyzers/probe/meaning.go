package probe

import (
	"regexp/syntax"
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/policy"
)

// Meaning is an origin that a test of the configuration means to let in.
type Meaning struct {
	Origin string // as a browser sends it
	Text   string // as the test wants it; not Origin where no browser sends what the test wants
	Of     *policy.Mention

	// marked is Text with anyChar in the place of each character that a dot of the pattern stands for.
	marked string
}

const (
	maxMeanings = 8        // of one mention
	maxExample  = 512      // bytes of a text made from a pattern; no origin is longer
	anyChar     = "\uE000" // a private character: no pattern has it
)

// meanings returns the origins that a mention means. A literal that no browser sends (with a slash, without a scheme, in
// upper case) means the origin that it resembles; one with an asterisk means what the asterisk usually stands for.
func meanings(m *policy.Mention) []Meaning {
	one := func(origin string) []Meaning {
		if origin == "" {
			return nil
		}
		return []Meaning{{Origin: origin, Text: origin, Of: m}}
	}
	switch m.Kind {
	case policy.MentionLiteral:
		origin := repair(m.Text)
		if IsGlob(m.Text) {
			origin = globOrigin(m.Text)
		}
		if origin != "" {
			return []Meaning{{Origin: origin, Text: m.Text, Of: m}}
		}
	case policy.MentionPattern:
		return patternMeanings(m)
	case policy.MentionPrefix:
		return one(firstOrigin(m.Text, m.Text+".example.com", m.Text+"example.com"))
	case policy.MentionSuffix, policy.MentionContains:
		return one(firstOrigin("https://"+m.Text, "https://app"+m.Text, "https:"+m.Text, "https://app."+m.Text))
	case policy.MentionReflected:
	}
	return nil
}

// MeantBy returns the origin that a literal means, as a browser sends it; "" when it resembles none.
func MeantBy(text string) string {
	found := meanings(&policy.Mention{Kind: policy.MentionLiteral, Text: text})
	if len(found) == 0 {
		return ""
	}
	return found[0].Origin
}

// IsGlob reports whether a literal is written as if part of it stood for any text.
func IsGlob(text string) bool {
	return strings.Contains(text, "*") || strings.HasPrefix(text, ".") || strings.HasPrefix(text, "^") || strings.HasSuffix(text, "$")
}

// globOrigin returns an origin that a literal with an asterisk, or an expression that is compared as text, means.
func globOrigin(text string) string {
	if text == "*" {
		return somebody
	}
	if strings.ContainsAny(text, `^$\()[]|`) || strings.Contains(text, "//.*") {
		m := policy.Mention{Kind: policy.MentionPattern, Text: text, Dialect: policy.PCRE}
		if found := patternMeanings(&m); len(found) > 0 {
			return found[0].Origin
		}
	}
	text = strings.TrimPrefix(strings.ReplaceAll(text, "://*:*", "://app.example:*"), ".")
	text = strings.TrimSuffix(strings.TrimSuffix(text, "/*"), ":*")
	if rest, ok := strings.CutPrefix(text, "*://"); ok {
		text = "https://" + rest
	}
	if rest, ok := strings.CutSuffix(text, ".*"); ok {
		text = rest + ".com"
	}
	return repair(strings.ReplaceAll(text, "*", "app"))
}

// globAccepts compares an origin with a literal in which an asterisk, or a dot at the start, stands for any text.
func globAccepts(glob, origin string) bool {
	if strings.HasPrefix(glob, ".") {
		glob = "*" + glob
	}
	pieces := strings.Split(glob, "*")
	last := len(pieces) - 1
	if last == 0 {
		return glob == origin
	}
	if !strings.HasPrefix(origin, pieces[0]) {
		return false
	}
	origin = origin[len(pieces[0]):]
	for _, piece := range pieces[1:last] {
		at := strings.Index(origin, piece)
		if at < 0 {
			return false
		}
		origin = origin[at+len(piece):]
	}
	return strings.HasSuffix(origin, pieces[last])
}

// Accepts reports whether a mention's test, taken alone, is true of an origin. A literal with an asterisk is taken as its
// author meant it: some dialects compare it so, and whether this one does is for a simulation to find out.
func Accepts(m *policy.Mention, origin string) bool { return acceptor(m)(origin) }

// acceptor returns the test of a mention, compiled. It is not safe for concurrent use.
func acceptor(m *policy.Mention) func(origin string) bool {
	text := m.Text
	fold := func(origin string) string { return origin }
	if m.FoldCase {
		text, fold = strings.ToLower(text), strings.ToLower
	}
	switch m.Kind {
	case policy.MentionLiteral:
		if IsGlob(text) {
			return func(origin string) bool { return globAccepts(text, fold(origin)) }
		}
		return func(origin string) bool { return text == fold(origin) }
	case policy.MentionPattern:
		pattern, err := policy.CompilePattern(m.Text, m.Dialect, m.FoldCase)
		if err != nil {
			break
		}
		slow := false // once it took too long it is not tried again
		return func(origin string) bool {
			if slow {
				return false
			}
			match, err := pattern.Match(origin)
			slow = err != nil
			return match != nil
		}
	case policy.MentionPrefix:
		return func(origin string) bool { return strings.HasPrefix(fold(origin), text) }
	case policy.MentionSuffix:
		return func(origin string) bool { return strings.HasSuffix(fold(origin), text) }
	case policy.MentionContains:
		return func(origin string) bool { return strings.Contains(fold(origin), text) }
	case policy.MentionReflected:
		return func(string) bool { return true }
	}
	return func(string) bool { return false }
}

// firstOrigin returns the first of the texts that is a serialised origin of a page on some host.
func firstOrigin(texts ...string) string {
	for _, text := range texts {
		if isOrigin(text) {
			return text
		}
	}
	return ""
}

// isOrigin reports whether a browser can send a text as the Origin of a page on some host.
func isOrigin(text string) bool {
	origin, err := browser.ParseOrigin(text)
	return err == nil && isHost(origin.Host)
}

// isHost reports whether a name can be resolved: labels of 1 to 63 letters, digits, hyphens and underscores, 253 in all.
// https://www.rfc-editor.org/rfc/rfc1035#section-2.3.4
func isHost(name string) bool {
	if strings.HasPrefix(name, "[") {
		return true // an address, which the URL parser has read
	}
	if len(name) > 253 {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if len(label) == 0 || len(label) > 63 || strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") {
			return false
		}
		for i := range len(label) {
			if c := label[i]; !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '_') {
				return false
			}
		}
	}
	return true
}

// repair returns the serialised origin that a text resembles, "" when it resembles none.
func repair(text string) string {
	text = strings.Trim(strings.TrimSpace(text), `'"`)
	if first, _, list := strings.Cut(text, ","); list {
		text = strings.TrimSpace(first)
	} else if fields := strings.Fields(text); len(fields) > 1 {
		text = fields[0]
	}
	if text == "" || text == "null" || strings.ContainsAny(text, "*$") {
		return ""
	}
	if !strings.Contains(text, "://") {
		name, _, _ := strings.Cut(strings.TrimPrefix(text, "//"), ":")
		if !strings.Contains(name, ".") && name != "localhost" {
			return ""
		}
		scheme := "https://"
		if IsLoopback(scheme + name) {
			scheme = "http://"
		}
		text = scheme + strings.TrimPrefix(text, "//")
	}
	if origin, ok := browser.OriginOf(text); ok {
		return firstOrigin(origin)
	}
	return ""
}

// patternMeanings returns the origins that a pattern's author had in mind, as far as can be told: what it matches with
// nothing, or a word, where it takes any text. Where the pattern matches no origin at all, but a text that resembles one,
// that origin is meant.
func patternMeanings(m *policy.Mention) []Meaning {
	accepts := acceptor(m)
	var out, misspelt []Meaning
	for _, word := range [...]string{"", "app", "https"} {
		for _, marked := range patternTexts(m, word) {
			out = addMeaning(out, marked, func(text string) string {
				if isOrigin(text) && accepts(text) {
					return text
				}
				return ""
			}, m)
			misspelt = addMeaning(misspelt, marked, func(text string) string {
				if origin := repair(text); origin != "" && accepts(text) && !accepts(origin) {
					return origin
				}
				return ""
			}, m)
		}
		if len(out) > 0 {
			return out
		}
	}
	return misspelt
}

// patternTexts returns texts that a mention's pattern matches, the given word where any text may stand; none for an
// expression that only a backtracking engine reads: what it is for is not known.
func patternTexts(m *policy.Mention, word string) []string {
	tree, err := syntax.Parse(m.Text, syntax.Perl)
	if err != nil {
		return nil
	}
	return texts(tree.Simplify(), word)
}

// addMeaning adds the first origin that stands for a text of a pattern: patterns leave the scheme away, or the name before
// a dot.
func addMeaning(to []Meaning, marked string, originOf func(text string) string, m *policy.Mention) []Meaning {
	for _, form := range [...]string{marked, "https://" + marked, "https:" + marked, "https" + marked, "https://app" + marked, "https://app." + marked,
		"https://" + marked + ".com", marked + "example.com", marked + ".example.com"} {
		text := strings.ReplaceAll(form, anyChar, ".")
		origin := originOf(text)
		if origin == "" {
			continue
		}
		if len(to) < maxMeanings && !slices.ContainsFunc(to, func(x Meaning) bool { return x.Origin == origin }) {
			to = append(to, Meaning{Origin: origin, Text: text, Of: m, marked: form})
		}
		return to
	}
	return to
}

// texts returns texts that an expression matches, at most maxMeanings: every branch of an alternative, the given word
// where any text may stand, anyChar for a dot.
func texts(re *syntax.Regexp, word string) []string {
	switch re.Op {
	case syntax.OpLiteral:
		text := string(re.Rune)
		if re.Flags&syntax.FoldCase != 0 {
			text = strings.ToLower(text)
		}
		return []string{text}
	case syntax.OpCharClass:
		return []string{member(re)}
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return []string{anyChar}
	case syntax.OpStar, syntax.OpPlus:
		if takesWords(re.Sub[0]) {
			if word == "" && re.Op == syntax.OpPlus {
				return []string{"app"}
			}
			return []string{word}
		}
		return texts(re.Sub[0], word)
	case syntax.OpCapture:
		return texts(re.Sub[0], word)
	case syntax.OpQuest: // https?, (www\.)?, (https://)?
		with := texts(re.Sub[0], word)
		switch first := with[0]; {
		case first == "s" || strings.HasSuffix(first, "//"):
			return with
		case strings.HasSuffix(first, "."):
			return firstOf(append(with, ""))
		}
	case syntax.OpRepeat:
		text := texts(re.Sub[0], word)[0]
		return []string{strings.Repeat(text, min(max(re.Min, 1), maxExample/max(len(text), 1)))}
	case syntax.OpConcat:
		out := []string{""}
		for _, sub := range re.Sub {
			out = product(out, texts(sub, word))
		}
		return out
	case syntax.OpAlternate:
		var out []string
		for _, sub := range re.Sub {
			out = firstOf(append(out, texts(sub, word)...))
		}
		return out
	case syntax.OpNoMatch, syntax.OpEmptyMatch, syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText,
		syntax.OpWordBoundary, syntax.OpNoWordBoundary:
	}
	return []string{""}
}

func firstOf(texts []string) []string { return texts[:min(len(texts), maxMeanings)] }

// product joins each text with each, as many as are wanted.
func product(heads, tails []string) []string {
	var out []string
	for _, tail := range tails {
		for _, head := range heads {
			if len(out) < maxMeanings && len(head)+len(tail) <= maxExample {
				out = append(out, head+tail)
			}
		}
	}
	if len(out) == 0 {
		return []string{""}
	}
	return out
}

// member returns a character of a class.
func member(class *syntax.Regexp) string {
	for _, preferred := range "a1-./:" {
		if takes(class, preferred) {
			return string(preferred)
		}
	}
	if len(class.Rune) > 0 {
		return string(class.Rune[0])
	}
	return ""
}

func takes(class *syntax.Regexp, r rune) bool {
	for i := 0; i+1 < len(class.Rune); i += 2 {
		if class.Rune[i] <= r && r <= class.Rune[i+1] {
			return true
		}
	}
	return false
}

// takesWords reports whether an expression, repeated, matches any word.
func takesWords(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return true
	case syntax.OpCharClass:
		return takes(re, 'a') && takes(re, 'p') && takes(re, 't')
	case syntax.OpCapture:
		return takesWords(re.Sub[0])
	default:
		return false
	}
}
