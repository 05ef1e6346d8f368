package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"
)

// TestEncodings: a file that PowerShell wrote as UTF-16, or an editor with a byte order mark, is named where it is about
// CORS, because no server reads it; one about something else is not, and one that its readers take is read.
func TestEncodings(t *testing.T) {
	const conf = "server {\n    location / {\n        add_header Access-Control-Allow-Origin https://app.shop.example;\n        proxy_pass http://orders:3000;\n    }\n}\n"
	const document = `{"openapi": "3.1.0", "paths": {"/x": {"get": {"responses": {"200": {"headers": {"Access-Control-Allow-Origin": {"schema": {"const": "https://app.shop.example/"}}}}}}}}}`
	wide := func(text string) string {
		var b bytes.Buffer
		b.WriteString("\xff\xfe")
		for _, unit := range utf16.Encode([]rune(text)) {
			b.Write([]byte{byte(unit), byte(unit >> 8)})
		}
		return b.String()
	}
	for _, test := range []struct{ name, file, text, want string }{
		{"nginx in UTF-16", "api.conf", wide(conf), "because: encoded in UTF-16; save it as UTF-8\n"},
		{"nginx with a mark", "api.conf", "\ufeff" + conf, "the file starts with a byte order mark, which nginx does not skip\n"},
		{"JSON with a mark", "openapi.json", "\ufeff" + document, "[origin-trailing-slash]\n"},
		{"OpenAPI in UTF-16", "openapi.json", wide(document), "because: encoded in UTF-16; save it as UTF-8\n"},
		{"something else in UTF-16", "data.json", wide(`{"name": "café"}`), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			if err := os.WriteFile(filepath.FromSlash(test.file), []byte(test.text), 0o666); err != nil {
				t.Fatal(err)
			}
			var out, trouble bytes.Buffer
			status := run(nil, nil, &out, &trouble)
			if !strings.Contains(out.String(), test.want) || (status == exitFindings) != (test.want != "") || test.want == "" && out.Len() > 0 {
				t.Errorf("status %d\n%s%s", status, &out, &trouble)
			}
		})
	}
}

func TestRedirectionHint(t *testing.T) {
	for _, test := range []struct {
		goos, format string
		terminal     bool
		want         bool
	}{
		{"windows", "sarif", false, true},
		{"windows", "sarif", true, false},
		{"windows", "json", false, false},
		{"linux", "sarif", false, false},
	} {
		if got := redirectionHint(test.goos, test.format, test.terminal); (got != "") != test.want {
			t.Errorf("%v: %q", test, got)
		}
	}
}
