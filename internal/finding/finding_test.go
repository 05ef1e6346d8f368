package finding

import (
	"strings"
	"testing"

	"github.com/corslint/corslint/internal/source"
)

// TestFingerprint: it survives what moves a finding or changes only its form, and nothing else.
func TestFingerprint(t *testing.T) {
	of := func(rule, path, before, text, subject string) string {
		f := source.NewFile(path, []byte(before+text+"\n}"))
		return (&Finding{Rule: rule, Subject: subject, Place: source.Span{File: f, Start: len(before), End: len(before) + len(text)}}).Fingerprint()
	}
	const text = `add_header X "a b";`
	want := of("r", "x.conf", "", text, "s")
	if len(want) != 16 || strings.Trim(want, "0123456789abcdef") != "" {
		t.Errorf("%q", want)
	}
	for name, got := range map[string]string{
		"moved":          of("r", "x.conf", "server {\n\n", text, "s"),
		"CRLF and tabs":  of("r", "x.conf", "", "add_header\tX\r\n 'a b' ;", "s"),
		"other quotes":   of("r", "x.conf", "", "add_header X 'a b';", "s"),
		"other line end": of("r", "x.conf", "\r\n", text, "s"),
	} {
		if got != want {
			t.Errorf("%s: another fingerprint", name)
		}
	}
	for name, got := range map[string]string{
		"rule":    of("q", "x.conf", "", text, "s"),
		"file":    of("r", "y.conf", "", text, "s"),
		"subject": of("r", "x.conf", "", text, "t"),
		"text":    of("r", "x.conf", "", `add_header X "a c";`, "s"),
	} {
		if got == want {
			t.Errorf("another %s has the same fingerprint", name)
		}
	}
}
