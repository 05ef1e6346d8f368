package policy_test

import (
	"strings"
	"testing"

	"github.com/corslint/corslint/analyzers/policy"
)

func TestPaths(t *testing.T) {
	rules := policy.PathRules{Decode: true, MergeSlashes: true}
	for raw, want := range map[string]string{
		"/": "/", "/a/b": "/a/b", "/a//b": "/a/b", "/a/./b": "/a/b", "/a/../b": "/b", "/a/..": "/", "/a/b/.": "/a/b/", "/%61": "/a", "/a%2Fb": "/a/b",
		"/a%20b": "/a b", "/..": "refused", "/a/../../b": "refused", "/%zz": "refused", "/%2": "refused", "/%00": "refused", "a": "refused", "/a#b": "/a",
	} {
		got, read := rules.Read(raw)
		if !read {
			got = "refused"
		}
		if got != want {
			t.Errorf("%q is read as %q, want %q", raw, got, want)
		}
	}
}

// FuzzPath: reading a path ends, and reading its result again changes nothing that matters: it is never refused.
func FuzzPath(f *testing.F) {
	for _, seed := range []string{"/", "/a/../b", "/%2e%2e/", "//", "/%"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		if path, ok := (policy.PathRules{Decode: true, MergeSlashes: true}).Read(raw); ok && !strings.HasPrefix(path, "/") {
			t.Errorf("%q is read as %q", raw, path)
		}
	})
}
