package rules

import (
	"testing"

	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/source"
)

func TestSpell(t *testing.T) {
	for text, want := range map[string]spelling{
		"https://app.shop.com":       spelledRight,
		"https://app.shop.com:8443":  spelledRight,
		"null":                       spelledRight,
		"":                           spelledRight,
		"true":                       spelledRight,
		"https://a.com, https://b.c": spelledRight,    // a list: another rule's
		"'https://app.shop.com'":     spelledInQuotes, // quotes: another rule's
		"https://app.shop.com/":      spelledWithPath,
		"https://app.shop.com?x":     spelledWithPath,
		"app.shop.com":               spelledBare,
		"localhost:3000":             spelledBare,
		"https://App.shop.com":       spelledOtherwise,
		"https://app.shop.com:443":   spelledOtherwise,
		"https://*.shop.com":         spelledAsPattern,
		"*":                          spelledAsPattern,
		`^https://app\.shop\.com$`:   spelledAsPattern,
	} {
		if got := spell(text); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}

func TestValueIn(t *testing.T) {
	for directive, want := range map[string]string{
		`add_header Access-Control-Allow-Origin $http_origin always`:          "$http_origin",
		`add_header 'access-control-allow-origin'  "https://a.com" always`:    "https://a.com",
		`more_set_headers "Access-Control-Allow-Origin: $http_origin" "X: 1"`: "$http_origin",
		`add_header Access-Control-Allow-Origin`:                              "add_header Access-Control-Allow-Origin",
		`include cors.conf`:                                                   "include cors.conf",
	} {
		f := source.NewFile("a.conf", []byte(directive))
		if got := valueIn(source.Span{File: f, End: len(directive)}, "Access-Control-Allow-Origin").Text(); got != want {
			t.Errorf("%s: %q, want %q", directive, got, want)
		}
	}
}

func TestBound(t *testing.T) {
	for text, want := range map[string]string{
		`^https://(www|app).shop.com`:          `^https://(www|app)\.shop\.com$`,
		`https?://[a-z.]+\.shop\.com`:          `^https?://[a-z.]+\.shop\.com$`,
		`^https://.*\.shop.com`:                `^https://.*\.shop\.com$`,
		`shop\.com`:                            "", // would shut out what is meant
		`^https://(www|app)\.shop\.com(:\d+)?`: `^https://(www|app)\.shop\.com(:\d+)?$`,
	} {
		if got := bound(&policy.Mention{Kind: policy.MentionPattern, Text: text, Dialect: policy.PCRE}, "https://www.shop.com"); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}
