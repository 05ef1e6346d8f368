package suppress

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/corslint/corslint/internal/config"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/names"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/parsers"
	"github.com/google/go-cmp/cmp"
)

func testRules() *names.Set {
	return names.New([]string{"allow-origin-missing", "vary-origin-missing", "max-age-ineffective"}, map[string]string{"acao-missing": "allow-origin-missing"})
}

// The tests' files are like an nginx's: a comment starts with # and ends with its line. One on a line of its own governs
// the rest of its block if the block is on one line, else the next statement, as far as a test says so.
func testComments(f *source.File, governs map[int]string) []parsers.Comment {
	var list []parsers.Comment
	text := string(f.Data)
	for at := 0; ; {
		i := strings.IndexByte(text[at:], '#')
		if i < 0 {
			return list
		}
		start := at + i
		at = start + strings.IndexByte(text[start:]+"\n", '\n')
		c := parsers.Comment{Span: source.Span{File: f, Start: start, End: at}, Text: text[start+1 : at]}
		if block := governs[len(list)]; block != "" {
			c.Governs = spanOf(f, block)
		}
		list = append(list, c)
	}
}

func spanOf(f *source.File, part string) source.Span {
	start := strings.Index(string(f.Data), part)
	if start < 0 {
		panic("no such part: " + part)
	}
	return source.Span{File: f, Start: start, End: start + len(part)}
}

func day(text string) time.Time {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		panic(err)
	}
	return t.Add(23 * time.Hour)
}

func TestApply(t *testing.T) {
	const (
		allow = "allow-origin-missing"
		vary  = "vary-origin-missing"
	)
	tests := []struct {
		name       string
		text       string
		governs    map[int]string
		findings   []string // rule@place, or rule@place/related place+also
		partly     bool     // not the whole project
		suppressed int
		want       []string
	}{
		{"behind the statement", "a; # corslint: ignore[allow-origin-missing] -- x\nb;\n", nil, []string{allow + "@a;", allow + "@b;"}, false, 1,
			[]string{"2:1 allow-origin-missing"}},
		{"not on the line behind", "a;\nb; # corslint: ignore[allow-origin-missing] -- x\n", nil, []string{allow + "@a;"}, true, 0, []string{"1:1 allow-origin-missing"}},
		{"on the line before", "# corslint: ignore[allow-origin-missing] -- x\na;\nb;\n", nil, []string{allow + "@a;", allow + "@b;"}, false, 1,
			[]string{"3:1 allow-origin-missing"}},
		{"before a block", "# corslint:ignore [ allow-origin-missing ]-- x\n\ns {\n a;\n b;\n}\nc;\n", map[int]string{0: "s {\n a;\n b;\n}"},
			[]string{allow + "@a;", allow + "@b;", allow + "@c;"}, false, 2, []string{"7:1 allow-origin-missing"}},
		{"at the start of a block", "s { # corslint: ignore[allow-origin-missing] -- x\n a;\n}\n", map[int]string{0: "s {"}, []string{allow + "@s {"}, false, 1, nil},
		{"with CRLF", "# corslint: ignore[allow-origin-missing] -- x\r\na;\r\nb;\r\n", nil, []string{allow + "@a;", allow + "@b;"}, false, 1,
			[]string{"3:1 allow-origin-missing"}},
		{"an old name", "a; # corslint: ignore[acao-missing] -- x\n", nil, []string{allow + "@a;"}, false, 1,
			[]string{"1:23 suppression-unknown-rule: \"acao-missing\" is called allow-origin-missing by now; fixed: \"a; # corslint: ignore[allow-origin-missing] -- x\\n\""}},
		{"an old name twice", "a; # corslint: ignore[acao-missing] -- x\nb; # corslint: ignore[acao-missing] -- x\n", nil, []string{allow + "@a;", allow + "@b;"}, false, 2,
			[]string{"1:23 suppression-unknown-rule: \"acao-missing\" is called allow-origin-missing by now; fixed: \"a; # corslint: ignore[allow-origin-missing] -- x\\nb; # corslint: ignore[acao-missing] -- x\\n\""}},
		{"a rule that the finding speaks for", "a; # corslint: ignore[allow-origin-missing] -- x\n", nil, []string{vary + "@a;+" + allow}, false, 1, nil},
		{"a related place", "a;\nb; # corslint: ignore[allow-origin-missing] -- x\n", nil, []string{allow + "@a;/b;"}, false, 1, nil},
		{"another rule", "a; # corslint: ignore[vary-origin-missing] -- x\n", nil, []string{allow + "@a;"}, false, 0,
			[]string{"1:1 allow-origin-missing", "1:4 suppression-unused: nothing here to suppress: vary-origin-missing does not fire; fixed: \"a;\\n\""}},
		{"several, one of no use", "a; # corslint: ignore[allow-origin-missing, vary-origin-missing] -- x\n", nil, []string{allow + "@a;"}, false, 1,
			[]string{"1:4 suppression-unused: nothing here to suppress: vary-origin-missing does not fire; fixed: \"a; # corslint: ignore[allow-origin-missing] -- x\\n\""}},
		{"all of no use", "b;\n  # corslint: ignore[max-age-ineffective, vary-origin-missing] -- x\r\na;\n", nil, nil, false, 0,
			[]string{"2:3 suppression-unused: nothing here to suppress: max-age-ineffective and vary-origin-missing do not fire; fixed: \"b;\\na;\\n\""}},
		{"of no use in what was asked for", "a; # corslint: ignore[allow-origin-missing] -- x\n", nil, nil, true, 0, nil},
		{"no reason", "a; # corslint: ignore[allow-origin-missing]\n", nil, []string{allow + "@a;"}, true, 0,
			[]string{"1:1 allow-origin-missing", "1:4 suppression-reason-missing: a suppression without a reason suppresses nothing"}},
		{"no dashes", "a; # corslint: ignore[allow-origin-missing] because\n", nil, nil, true, 0,
			[]string{"1:4 suppression-reason-missing: a suppression without a reason suppresses nothing"}},
		{"a date is no reason", "a; # corslint: ignore[allow-origin-missing] -- until 2027-03-01\n", nil, nil, true, 0,
			[]string{"1:4 suppression-reason-missing: a suppression without a reason suppresses nothing"}},
		{"an unknown rule", "a; # corslint: ignore[acao-mising, vary-origin-missing] -- x\n", nil, []string{vary + "@a;"}, true, 1,
			[]string{"1:23 suppression-unknown-rule: no rule is called \"acao-mising\"; did you mean allow-origin-missing?; fixed: \"a; # corslint: ignore[allow-origin-missing, vary-origin-missing] -- x\\n\""}},
		{"a rule like no other", "a; # corslint: ignore[?] -- x\n", nil, nil, true, 0, []string{"1:23 suppression-unknown-rule: no rule is called \"?\""}},
		{"no names", "a; # corslint: ignore -- x\n# corslint: ignore[] -- x\n# corslint: ignore[ , ]\n# corslint: ignore[a -- x\n", nil, nil, true, 0, []string{
			"1:4 suppression-unknown-rule: a suppression that names no rule suppresses nothing",
			"2:1 suppression-unknown-rule: a suppression that names no rule suppresses nothing",
			"3:1 suppression-unknown-rule: a suppression that names no rule suppresses nothing",
			"4:1 suppression-unknown-rule: a suppression that names no rule suppresses nothing"}},
		{"not an ignore", "# corslint: disable[x]\n# corslint ignore[allow-origin-missing] -- x\n# corslint-ignore[x]\n", nil, nil, true, 0, []string{
			"1:1 suppression-unknown-rule: this comment is for corslint, which does not understand it: it suppresses nothing",
			"2:1 suppression-unknown-rule: this comment is for corslint, which does not understand it: it suppresses nothing",
			"3:1 suppression-unknown-rule: this comment is for corslint, which does not understand it: it suppresses nothing"}},
		{"not for corslint", "# corslint ignores this file\n# see corslint: ignore[x]\n# corslinter: x\n#\n", nil, nil, true, 0, nil},
		{"too many names", "# corslint: ignore[" + strings.Repeat("x,", 1000) + "] -- x\n", nil, nil, true, 0,
			[]string{"1:1 suppression-unknown-rule: a suppression of more than 20 rules suppresses nothing"}},
		{"not ended", "a; # corslint: ignore[allow-origin-missing] -- see ADR 12 until 2026-11-21\n", nil, []string{allow + "@a;"}, false, 1, nil},
		{"ended", "a; # corslint: ignore[allow-origin-missing] -- see ADR 12 (until 2026-11-20).\n", nil, []string{allow + "@a;"}, true, 0,
			[]string{"1:1 allow-origin-missing", "1:4 suppression-expired: this suppression ended on 2026-11-20; the finding below is reported again"}},
		{"ended and of no use", "a; # corslint: ignore[allow-origin-missing] -- x until 2026-11-20\n", nil, nil, false, 0,
			[]string{"1:4 suppression-expired: this suppression ended on 2026-11-20"}},
		{"no such day", "a; # corslint: ignore[allow-origin-missing] -- x until 2026-02-30\n# corslint: ignore[allow-origin-missing] -- x until 1/2/26\n", nil, nil, false, 0, []string{
			"1:4 suppression-expired: this suppression ends on \"2026-02-30\", which is no day, and suppresses nothing",
			"2:1 suppression-expired: this suppression ends on \"1/2/26\", which is no day, and suppresses nothing"}},
		{"not a date", "a; # corslint: ignore[allow-origin-missing] -- we wait until Monday\n", nil, []string{allow + "@a;"}, false, 1, nil},
		{"one ended, one not", "# corslint: ignore[allow-origin-missing] -- x until 2020-01-01\na; # corslint: ignore[allow-origin-missing] -- y\n", nil, []string{allow + "@a;"}, false, 1,
			[]string{"1:1 suppression-expired: this suppression ended on 2020-01-01; the finding below is reported again"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := source.NewFile("f.conf", []byte(test.text))
			in := Input{Rules: testRules(), Today: day("2026-11-21"), Whole: !test.partly}
			in.Comments = testComments(f, test.governs)
			in.Comments = append(in.Comments, testComments(source.NewFile("f.conf", f.Data), nil)...) // read twice
			for _, text := range test.findings {
				in.Findings = append(in.Findings, testFinding(f, text))
			}
			result := Apply(in)
			var got []string
			for _, f := range result.Findings {
				got = append(got, describe(t, f))
			}
			if diff := cmp.Diff(test.want, got); diff != "" || result.Suppressed != test.suppressed {
				t.Errorf("%d suppressed, want %d\n%s", result.Suppressed, test.suppressed, diff)
			}
		})
	}
}

func testFinding(f *source.File, text string) *finding.Finding {
	text, also, _ := strings.Cut(text, "+")
	rule, places, _ := strings.Cut(text, "@")
	primary, related, _ := strings.Cut(places, "/")
	out := &finding.Finding{Rule: rule, Place: spanOf(f, primary)}
	if related != "" {
		out.Related = []finding.Related{{Span: spanOf(f, related)}}
	}
	if also != "" {
		out.Also = []string{also}
	}
	return out
}

// describe prints a finding, holds it to the house's form, and applies its fix.
func describe(t *testing.T, f *finding.Finding) string {
	t.Helper()
	p := f.Place.Position()
	text := fmt.Sprintf("%d:%d %s", p.Line, p.Column, f.Rule)
	if f.Category != finding.Suppression {
		return text
	}
	if f.Because == "" || f.Change == "" || f.Severity == 0 || f.Confidence != finding.High || utf8.RuneCountInString(f.Message) > 110 {
		t.Errorf("not a whole finding: %+v", f)
	}
	text += ": " + f.Message
	for _, fix := range f.Fixes {
		data := string(f.Place.File.Data)
		for _, e := range fix.Edits {
			data = data[:e.Span.Start] + e.Text + data[e.Span.End:]
		}
		text += fmt.Sprintf("; fixed: %q", data)
	}
	return text
}

func TestIgnores(t *testing.T) {
	conf := source.NewFile(".corslint.yml", []byte("ignore: [{}]"))
	f := source.NewFile("deploy/a.conf", []byte("a;"))
	ignore := func(rule, path, until string) config.Ignore {
		i := config.Ignore{Rule: rule, Path: path, Reason: "x", Span: source.Span{File: conf, Start: 9, End: 11}}
		if until != "" {
			i.Until = day(until).Truncate(24 * time.Hour)
		}
		return i
	}
	tests := []struct {
		name       string
		ignore     config.Ignore
		suppressed int
		want       string
	}{
		{"used", ignore("allow-origin-missing", "deploy/**", ""), 1, ""},
		{"used to its day", ignore("allow-origin-missing", "deploy/**", "2026-11-21"), 1, ""},
		{"ended", ignore("allow-origin-missing", "deploy/**", "2026-11-20"), 0, "1:10 suppression-expired: this suppression ended on 2026-11-20; the finding below is reported again"},
		{"another path", ignore("allow-origin-missing", "*.conf", ""), 0, "1:10 suppression-unused: nothing here to suppress: allow-origin-missing does not fire"},
	}
	for _, test := range tests {
		result := Apply(Input{Findings: []*finding.Finding{testFinding(f, "allow-origin-missing@a;")}, Ignores: []config.Ignore{test.ignore},
			Rules: testRules(), Today: day("2026-11-21"), Whole: true})
		got := ""
		if first := result.Findings; len(first) > 0 && first[0].Category == finding.Suppression {
			got = describe(t, first[0])
		}
		if got != test.want || result.Suppressed != test.suppressed {
			t.Errorf("%s: %q, %d suppressed", test.name, got, result.Suppressed)
		}
	}
}

// An entry for an endpoint takes that out of a finding, which goes when none is left.
func TestIgnoreEndpoints(t *testing.T) {
	conf := source.NewFile(".corslint.yml", []byte("ignore: [{}]"))
	f := source.NewFile("a.conf", []byte("a;"))
	for _, test := range []struct {
		endpoints []string
		left      []string // nil: suppressed
	}{
		{[]string{"/health"}, []string{"api/v1/"}},
		{[]string{"api/v1/"}, []string{"api/health"}},
		{[]string{"/health", "/v1/**"}, nil},
		{[]string{"api/**"}, nil},
		{[]string{"/other"}, []string{"api/v1/", "api/health"}},
	} {
		found := testFinding(f, "allow-origin-missing@a;")
		found.Endpoints = []string{"api/v1/", "api/health"}
		var ignores []config.Ignore
		for _, e := range test.endpoints {
			ignores = append(ignores, config.Ignore{Rule: "allow-origin-missing", Path: "**", Endpoint: e, Reason: "x", Span: source.Span{File: conf, Start: 9, End: 11}})
		}
		result := Apply(Input{Findings: []*finding.Finding{found}, Ignores: ignores, Rules: testRules(), Today: day("2026-11-21")})
		if (result.Suppressed == 1) != (test.left == nil) || test.left != nil && !slices.Equal(found.Endpoints, test.left) {
			t.Errorf("%q: %d suppressed, left %q", test.endpoints, result.Suppressed, found.Endpoints)
		}
	}
}

// What was not asked for is not reported, and of a rule that did not run nothing is known.
func TestAskedFor(t *testing.T) {
	f := source.NewFile("f.conf", []byte("# corslint: ignore[allow-origin-missing] -- x\n# corslint: ignore\n"))
	in := Input{Comments: testComments(f, nil), Rules: testRules(), Whole: true}
	if got := Apply(in).Findings; len(got) != 2 {
		t.Errorf("%d findings", len(got))
	}
	in.Ran = func(rule string) bool { return rule != "allow-origin-missing" }
	if got := Apply(in).Findings; len(got) != 1 {
		t.Errorf("%d findings with the rule off", len(got))
	}
	in.Wanted = func(path string) bool { return path != "f.conf" }
	if got := Apply(in).Findings; len(got) != 0 {
		t.Errorf("%d findings elsewhere", len(got))
	}
}

func FuzzComment(f *testing.F) {
	for _, text := range []string{
		" corslint: ignore[a, b] -- reason until 2027-03-01", "corslint:ignore[", "corslint ignore[allow-origin-missing]", "corslint: ignore[allow-origin-missing] -- \xff until 2",
		"corslint: ignore[" + strings.Repeat("é", 50) + "\x1b] -- x\r", "corslint:ignore]] -- -- until",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, ok := parse(text)
		if !ok && (d.fault != 0 || d.names != nil) {
			t.Fatalf("%+v", d)
		}
		for _, w := range d.names {
			if d.fault == 0 && text[w.at:w.at+len(w.text)] != w.text {
				t.Fatalf("%+v", w)
			}
		}
		file := source.NewFile("f", []byte("a; #"+text+"\nb;\n"))
		span := source.Span{File: file, Start: 3, End: 4 + len(text)}
		result := Apply(Input{
			Findings: []*finding.Finding{{Rule: "allow-origin-missing", Place: source.Span{File: file, End: 2}}},
			Comments: []parsers.Comment{{Span: span, Text: text}}, Rules: testRules(), Today: day("2026-11-21"), Whole: true,
		})
		for _, f := range result.Findings {
			describe(t, f)
		}
		if d.fault != 0 && result.Suppressed > 0 {
			t.Fatalf("%q suppresses", text)
		}
	})
}
