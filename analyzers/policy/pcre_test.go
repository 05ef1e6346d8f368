package policy

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// TestBacktracking holds the expressions that Go's engine does not run against what pcre2test says of them.
func TestBacktracking(t *testing.T) {
	for _, test := range []struct {
		text, subject string
		want          []string // captures
	}{
		// Groups are numbered where they stand.
		{`(?<x>a)(b)(?=c)`, "abc", []string{"ab", "a", "b"}},
		{`(?P<x>a)(?:b)(?'y'c)(d)(?!e)`, "abcd", []string{"abcd", "a", "c", "d"}},
		{`(?#not (a group)(a)(?=b)`, "ab", []string{"a", "a"}},
		{`(?x)(a) # not (a group
		(?=b)`, "ab", []string{"a", "a"}},
		{`[(](a)(?=b)`, "(ab", []string{"(a", "a"}},
		{`\((a)(?=b)`, "(ab", []string{"(a", "a"}},
		// References, by name and by number.
		{`(?<x>a)(b)\k<x>\k{x}(?P=x)\2`, "abaaab", []string{"abaaab", "a", "b"}},
		{`(a)(b)\g1\g{2}\g{-1}\g-2`, "ababba", []string{"ababba", "a", "b"}},
		{`(a)\g{1}0`, "aa0", []string{"aa0", "a"}},
		// The end of the subject, or the place before a last newline.
		{`^/a(?!b)$`, "/a\n", []string{"/a"}},
		{`^/a(?!b)\Z`, "/a\n", []string{"/a"}},
		{`^/a(?!b)\z`, "/a\n", nil},
		{`^/a(?!b)$`, "/a\nb", nil},
		{`(?m)^/a(?!b)$`, "/a\nb", []string{"/a"}},
		{`a(?=b)[$]?b\$`, "ab$", []string{"ab$"}},
		{`[]$](?=a)`, "$a", []string{"$"}},
		{`[[:alpha:]$](?=a)`, "$a", []string{"$"}},
		{`\Q$(\E(a)(?=b)`, "$(ab", []string{"$(a", "a"}},
		// Classes and escapes.
		{`\h+(?=x)`, " \tx", []string{" \t"}},
		{`\H+(?=\v)`, "a\v", []string{"a"}},
		{`\v(?=a)`, "\ra", []string{"\r"}},
		{`[^\h]+(?=\s)`, "a\v", []string{"a"}},
		{`\R(?=\n)|x`, "\r\n", nil}, // takes both or nothing
		{`\b.(?=z)`, "\xe9z", nil},
		{`\B.(?=z)`, "\xe9z", []string{"\xe9"}},
		{`a\R(?=b)`, "a\r\nb", []string{"a\r\n"}},
		{`\N+(?=\n)`, "ab\n", []string{"ab"}},
		{`[a-z-[aeiou]]+(?=x)`, "b[]x", []string{"[]"}},
		{`[a-z[]+(?=x)`, "b[x", []string{"b["}},
		{`\x{41}\x42(?=c)`, "ABc", []string{"AB"}},
		{`\d+(?=z)`, "1z", []string{"1"}},
		{`\w(?=z)`, "\xe9z", nil},
		{`^..(?=z)`, "éz", []string{"é"}}, // bytes
	} {
		p, err := CompilePattern(test.text, PCRE, false)
		if err != nil {
			t.Errorf("%s: %v", test.text, err)
			continue
		}
		if got, err := p.Match(test.subject); err != nil || !slices.Equal(got, test.want) {
			t.Errorf("%s on %q: %q, %v, want %q", test.text, test.subject, got, err, test.want)
		}
	}
}

// TestBothEngines: whatever both engines can run they answer alike.
func TestBothEngines(t *testing.T) {
	subjects := []string{"", "/", "/v1/orders", "https://app.example", "https://app.example:8080", "http://A.b.Example", "a\tb", "/a/b.PHP", "[x]", "$1", "\x00"}
	for _, text := range []string{
		`^https?://(?:(\w+)\.)?example$`, `(?<a>[a-z]+)\.(?P<b>[a-z]+)(:\d+)?$`, `\.(php|html?)$`, `^/(v\d+)/(.*)$`, `(?i)APP`, `[[:digit:]]+`,
		`[^/]+/?`, `\Q$1\E|\[x\]`, `()|a`, `(a|b)*`, `\s`, `\bapp\b`, `(?:^|/)v1(?:/|$)`, `\S+\z`, `.*?(\W)`, `[]x]`, `a{1,2}?`, `\x70{2}`, `[\w.-]+`,
	} {
		for _, fold := range []bool{false, true} {
			p, err := CompilePattern(text, PCRE, fold)
			if err != nil || p.linear == nil || p.full == nil {
				t.Errorf("%s is not known to both engines: %v", text, err)
				continue
			}
			if linear := p.linear.SubexpNames(); !slices.Equal(p.names, linear) {
				t.Errorf("%s: names %q and %q", text, p.names, linear)
			}
			slow := &Pattern{Text: text, full: p.full}
			for _, s := range subjects {
				a, _ := p.Match(s)
				b, _ := slow.Match(s)
				if !slices.Equal(a, b) {
					t.Errorf("%s on %q: %q and %q", text, s, a, b)
				}
			}
		}
	}
}

func TestUnknownToPerl(t *testing.T) {
	for _, text := range []string{
		`a\K(?=b)`, `\X(?=a)`, `(?R)`, `(?1)(a)`, `(?|(a)|(b))`, `(*UTF8)a(?=b)`, `\g<1>(a)`, `\k<x>(?=a)`, `\g{2}(a)`, `[a(?=b)`, `(a(?=b)`, `(?=a)\`,
		`[\K](?=a)`, `(?=a)\L`, `(?=a)\i`, `\g(?=a)`,
	} {
		if p, err := CompilePattern(text, PCRE, false); err == nil {
			t.Errorf("%s compiles to %v", text, p.full)
		}
	}
}

func TestTimeout(t *testing.T) {
	p, err := CompilePattern(`^(a+)+(?=b)$`, PCRE, false)
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if _, err := p.Match(strings.Repeat("a", 100)); err == nil {
		t.Error("no error")
	}
	if took := time.Since(start); took > 400*matchTimeout {
		t.Errorf("took %v", took)
	}
}

func FuzzPattern(f *testing.F) {
	for _, text := range []string{`(?<x>a)\k<x>`, `[]\Q$\E[:alpha:]]$`, `(?#`, `\g{-1}`, `(?x)#`, `\`, `[^]`, `(?P=x)`, "(?'"} {
		f.Add(text, "a\n")
	}
	f.Fuzz(func(t *testing.T, text, subject string) {
		if len(text) > 200 || len(subject) > 200 {
			return // the engines take time that grows with both
		}
		p, err := CompilePattern(text, PCRE, len(text)%2 == 0)
		if err != nil {
			return
		}
		captures, err := p.Match(subject)
		if err == nil && captures != nil && len(captures) != len(p.Names()) {
			t.Errorf("%d captures, %d names", len(captures), len(p.Names()))
		}
	})
}

func BenchmarkPattern(b *testing.B) {
	for name, text := range map[string]string{
		"linear":       `^https://([a-z0-9-]+\.)?partner\.example(:\d+)?$`,
		"backtracking": `^https://(?!evil)([a-z0-9-]+\.)?partner\.example(:\d+)?$`,
	} {
		p, err := CompilePattern(text, PCRE, false)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if m, err := p.Match("https://www.partner.example:8443"); m == nil || err != nil {
					b.Fatal(m, err)
				}
			}
		})
	}
}
