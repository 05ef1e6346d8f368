package openapi_test

import (
	"strings"
	"testing"

	"github.com/corslint/corslint/internal/source"
)

// What an extension says, in any of its forms, governs the object that it stands in.
func TestIgnores(t *testing.T) {
	const document = `{"openapi": "3.1.0", "paths": {"/x": {"x-corslint-ignore": %, "get": {"responses": {}}}}}`
	for said, want := range map[string]string{
		`"a -- so"`:      "corslint: ignore[a] -- so",
		`["a, b -- so"]`: "corslint: ignore[a, b] -- so",
		`[{"rule": "a", "reason": "so", "until": "2030-01-01"}, {"rule": "b"}]`: "corslint: ignore[a] -- so until 2030-01-01; corslint: ignore[b]",
		`{"rule": "a", "reason": "so"}`:                                         "corslint: ignore[a] -- so",
		`[["a"], 7, {"rules": ["a"]}]`:                                          "corslint: ignore[7]; corslint: ignore[]",
		`[]`:                                                                    "",
	} {
		result, ok := read(source.NewFile("a.json", []byte(strings.Replace(document, "%", said, 1))))
		if !ok {
			t.Fatal("not recognised")
		}
		var got []string
		for _, c := range result.Comments {
			got = append(got, c.Text)
			if text := c.Governs.Text(); !strings.HasPrefix(text, `{"x-corslint-ignore"`) || !strings.HasSuffix(text, "{}}}") {
				t.Errorf("%s governs %s", said, text)
			}
		}
		if text := strings.Join(got, "; "); text != want {
			t.Errorf("%s: got %s, want %s", said, text, want)
		}
	}
}
