package names

import (
	"strings"
	"testing"
)

func TestSet(t *testing.T) {
	set := New([]string{"allow-origin-missing", "vary-origin-missing"}, map[string]string{"acao-missing": "allow-origin-missing"})
	for name, want := range map[string]string{
		"allow-origin-missing": "allow-origin-missing",
		"acao-missing":         "allow-origin-missing",
		"acao-mising":          "",
	} {
		if got, ok := set.Canonical(name); got != want || ok != (want != "") {
			t.Errorf("Canonical(%q) = %q, %v; want %q", name, got, ok, want)
		}
	}
	if got := set.Nearest("acao-mising"); got != "allow-origin-missing" {
		t.Errorf("a misspelt alias is nearest to %q", got)
	}
	var none *Set
	if got, ok := none.Canonical("x"); ok || none.Nearest("x") != "" {
		t.Errorf("the nil set knows %q", got)
	}
}

func TestNearest(t *testing.T) {
	among := []string{"exclude", "extends", "rules", "fail-on"}
	for word, want := range map[string]string{
		"exlude":                  "exclude",
		"Exclude":                 "exclude",
		"excludes":                "exclude",
		"rulse":                   "rules",
		"fail_on":                 "fail-on",
		"nginx":                   "",
		"":                        "",
		strings.Repeat("x", 1000): "",
		"\xff":                    "",
	} {
		if got := Nearest(word, among); got != want {
			t.Errorf("Nearest(%.20q) = %q, want %q", word, got, want)
		}
	}
}
