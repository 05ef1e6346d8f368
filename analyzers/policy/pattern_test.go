package policy_test

import (
	"strings"
	"testing"
)

// TestPatterns: expressions match as PCRE does, whichever engine runs them.
func TestPatterns(t *testing.T) {
	for _, test := range []struct {
		expression, text string
		want             bool
	}{
		{`^https://a\.example$`, "https://a.example", true}, {`^https://a\.example$`, "https://a.example\n", true}, // "$" also before a last newline
		{`a.example`, "https://axexample.evil", true}, {`^(?!evil)`, "evil", false}, {`^(?!evil)`, "good", true}, {`(a)\1`, "aa", true},
		{`^.$`, "\xe9", true}, {`^.$`, "é", false}, // a byte each
		{`\w`, "é", false}, {`[[:alpha:]]`, "x", true},
	} {
		m, err := pattern(t, test.expression).Match(test.text)
		if err != nil || (m != nil) != test.want {
			t.Errorf("%q on %q: %v, %v", test.expression, test.text, m, err)
		}
	}
	if _, err := pattern(t, `^(?=(a+)+$)(a+)+$`).Match(strings.Repeat("a", 40) + "b"); err == nil {
		t.Error("a match without end is not given up")
	}
}
