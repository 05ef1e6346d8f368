package report

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/source"
)

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"plain é 日本 😀":       "plain é 日本 😀",
		"a\x1b[31mb":         `a\x1b[31mb`,
		"a\r\n\tb":           `a\r\n\tb`,
		"\u0085\u202e\ufeff": `\u0085\u202e\ufeff`,
		"\xff\U000e0041":     `\xff\U000e0041`,
	} {
		if got := clean(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestTruncate(t *testing.T) {
	for _, test := range []struct {
		in   string
		n    int
		want string
	}{{"abcde", 5, "abcde"}, {"abcdef", 5, "ab..."}, {"éééééé", 5, "éé..."}, {"", 5, ""}} {
		if got := truncate(test.in, test.n); got != test.want {
			t.Errorf("%q, %d: got %q", test.in, test.n, got)
		}
	}
}

func TestInert(t *testing.T) {
	for in, want := range map[string]string{
		"::error::x":            `\::error::x`,
		" \t\u00a0::error::x":   " \t\u00a0\\::error::x",
		"\u200d::error::x":      "\u200d\\::error::x",
		"a ::error::x":          "a ::error::x",
		"text ##[add-mask]true": `text ##\[add-mask]true`,
	} {
		if got := inert(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestThousands(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567"} {
		if got := thousands(n); got != want {
			t.Errorf("%d: got %s", n, got)
		}
	}
}

// The mark stands under its place, whatever is before it.
func TestExcerpt(t *testing.T) {
	for _, test := range []struct {
		name, before, marked, after string
		width                       int
		want                        excerpt
	}{
		{"plain", "ab ", "cd", " ef", 40, excerpt{"ab cd ef", 3, 2}},
		{"tabs", "\tx\t", "cd", "\r", 40, excerpt{"    x    cd", 9, 2}},
		{"wide", "日é😀", "本", "", 40, excerpt{"日é😀本", 5, 2}},
		{"combining", "e\u0301", "x", "", 40, excerpt{"e\u0301x", 1, 1}},
		{"control", "\x1b", "x", "", 40, excerpt{`\x1bx`, 4, 1}},
		{"empty", "ab", "", "", 40, excerpt{"ab", 2, 1}},
		{"several lines", "a", "b\nc", "d", 40, excerpt{"ab", 1, 1}},
		{"cut right", "ab", "cd", strings.Repeat("x", 100), 20, excerpt{"abcd" + strings.Repeat("x", 10) + "...", 2, 2}},
		{"cut left", strings.Repeat("x", 100), "cd", "ab", 20, excerpt{"..." + strings.Repeat("x", 10) + "cdab", 13, 2}},
		{"cut both", strings.Repeat("x", 100), "cd", strings.Repeat("y", 100), 20, excerpt{"...xxxxxxcdyyyyyy...", 9, 2}},
		{"cut place", "ab", strings.Repeat("x", 100), "", 20, excerpt{"abxxxxxxxxxx...", 2, 10}},
	} {
		t.Run(test.name, func(t *testing.T) {
			text := "first\n" + test.before + test.marked + test.after + "\nlast"
			start := len("first\n" + test.before)
			place := source.Span{File: source.NewFile("f", []byte(text)), Start: start, End: start + len(test.marked)}
			if got := excerptOf(place, test.width); got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

func TestExcerptOfLongLine(t *testing.T) {
	data := bytes.Repeat([]byte("é"), 1<<20)
	file := source.NewFile("f", data)
	for start := 0; start < len(data); start += 99_998 {
		x := excerptOf(source.Span{File: file, Start: start, End: start + 2}, 80)
		if w := textWidth(x.text); w > 80 || strings.Contains(x.text, `\x`) || x.indent+x.width > w {
			t.Fatalf("at %d: %+v", start, x)
		}
	}
}

func TestGitHubLimits(t *testing.T) {
	var summary bytes.Buffer
	r := thousandsOf(5001)
	out := string(write(t, "github", r, Options{Summary: &summary}))
	if n := strings.Count(out, "::error "); n != 10 {
		t.Errorf("%d errors", n)
	}
	if n := strings.Count(out, "::warning "); n != 10 {
		t.Errorf("%d warnings", n)
	}
	for _, want := range []string{"And 40 errors more, see the summary.", "And 4,941 warnings more, see the summary."} {
		if strings.Count(out, want) != 1 {
			t.Errorf("no %q", want)
		}
	}
	if n := summary.Len(); n > markdownLimit {
		t.Errorf("summary of %d bytes", n)
	}
}

func TestGitHubSummaryOfLongTexts(t *testing.T) {
	r := thousandsOf(5001)
	for _, f := range r.Findings {
		f.Message = strings.Repeat("|", 5000)
		f.Curl = []string{strings.Repeat("`", 5000)}
	}
	var summary bytes.Buffer
	write(t, "github", r, Options{Summary: &summary})
	if n := summary.Len(); n > markdownLimit {
		t.Errorf("summary of %d bytes", n)
	}
	if !strings.Contains(summary.String(), "findings more") && !strings.Contains(summary.String(), "more\n") {
		t.Error("nothing says what was left out")
	}
}

// FuzzText feeds every text that a file can hold to every format for people and looks for what must not come out.
func FuzzText(f *testing.F) {
	f.Add("a\nb", "::error::x", 2, 3, uint8(0))
	f.Add("\x1b]8;;\x07\u202e\xff", " \u200d::set-env name=x::y", 0, 100, uint8(80))
	f.Add("```\n|<b>", "##[error]x", 5, 2, uint8(1))
	f.Fuzz(func(t *testing.T, file, text string, start, end int, width uint8) {
		place := source.Span{File: source.NewFile(text+".conf", []byte(file)), Start: start, End: end}
		r := none()
		r.Unknown, r.Layers = []string{text}, []string{file}
		r.Gaps = []Gap{{place, text}}
		r.Findings = []*finding.Finding{{
			Rule: text, Category: finding.Security, Severity: finding.Error, Message: text, Because: file, Change: text, Evidence: text,
			Place: place, Related: []finding.Related{{Span: place, Text: text}}, Endpoints: []string{file, text}, Also: []string{text},
			Assuming: []string{file}, Curl: []string{text}, Browser: finding.Browser{Chromium: text, Firefox: file},
			Witness: []finding.Witness{{Title: text, Steps: []finding.Step{{From: text, To: file, Start: text, Place: place,
				Lines: []finding.StepLine{{Text: "Origin: " + text, Lost: true, Note: file}, {Text: "Vary:" + file}}}}}},
			Fixes: []finding.Fix{{Title: text, Safety: finding.Safe, Edits: []finding.Edit{{Span: place, Text: text}}}},
		}}
		o := Options{GitHubActions: true, CI: true, Verbose: width%2 == 1, Width: int(width), Unicode: true}
		var summary, explained bytes.Buffer
		for _, format := range Formats() {
			out := write(t, format.Name, r, o)
			switch format.Name {
			case "text", "concise":
				checkLog(t, string(out))
			case "github":
				o.Summary = &summary
				if out := write(t, "github", r, o); bytes.Count(out, []byte("\n")) != 1 || !bytes.HasPrefix(out, []byte("::error ")) {
					t.Errorf("github: %q", out)
				}
				checkPrintable(t, summary.String())
			case "junit", "checkstyle":
				checkXML(t, out)
			case "html":
				checkHTML(t, out)
			}
		}
		if err := Explain(&explained, r, r.Findings[0], o); err != nil {
			t.Error(err)
		}
		checkLog(t, explained.String())
	})
}

func checkPrintable(t *testing.T, out string) {
	if !utf8.ValidString(out) {
		t.Errorf("not UTF-8: %q", out)
	}
	for _, r := range out {
		if r != '\n' && (unicode.IsControl(r) || r == '\u202e') {
			t.Errorf("%U in %q", r, out)
		}
	}
}

func checkLog(t *testing.T, out string) {
	checkPrintable(t, out)
	for line := range strings.Lines(out) {
		if strings.HasPrefix(strings.TrimSpace(line), "::") || strings.Contains(line, "##[") {
			t.Errorf("a workflow command: %q", line)
		}
	}
}

// Formats of thousands of findings are compared by what they begin and end with.
func TestThousands5001(t *testing.T) {
	for _, f := range Formats() {
		out := write(t, f.Name, thousandsOf(5001), Options{})
		const end = 1500
		if len(out) > 2*end {
			out = fmt.Appendf(nil, "%s\n[%d bytes]\n%s", out[:end], len(out)-2*end, out[len(out)-end:])
		}
		golden(t, f.Name+"-5001.golden", out)
	}
}
