package conf

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/corslint/corslint/internal/source"
)

// TestConfigMaps holds which configurations are found in a YAML file, and where their directives stand.
func TestConfigMaps(t *testing.T) {
	const head = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata:\n"
	for name, test := range map[string]struct {
		yaml string
		want []string // file, directive, line and column
	}{
		"a block": {head + "  nginx.conf: |\n    events {}\n    http { gzip_vary on; }\n",
			[]string{"web/nginx.conf events 6:5", "web/nginx.conf http 7:5", "web/nginx.conf gzip_vary 7:12"}},
		"CRLF, chomping and a comment": {strings.ReplaceAll(head+"  nginx.conf: |- # mounted\n\n    add_header Vary Origin;\n  other: 1\n", "\n", "\r\n"),
			[]string{"web/nginx.conf add_header 7:5"}},
		"a list of ConfigMaps": {"kind: List\nitems:\n  - kind: ConfigMap\n    metadata:\n      name: web\n    data:\n      a.conf: |\n        proxy_pass http://a;\n    b: c\n",
			[]string{"web/a.conf proxy_pass 8:9"}},
		"Helm": {"{{- if .Values.on }}\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}-web\ndata:\n  a.conf: |\n    add_header A b;\n{{- if .Values.c }}\n" +
			"    add_header C {{ .Values.c }};\n{{- end }}\n{{- end }}\n",
			[]string{"{{/a.conf add_header 7:5", "{{/a.conf add_header 9:5"}},
		"one key includes another": {head + "  nginx.conf: |\n    http { include /etc/nginx/conf.d/*.conf; }\n  site.conf: |\n    server { server_name a.example; }\n",
			[]string{"web/nginx.conf http 6:5", "web/nginx.conf include 6:12", "web/site.conf server 8:5", "web/site.conf server_name 8:14"}},
		"the same ConfigMap first": {head + "  a.conf: |\n    location / { include cors.inc; }\n  cors.inc: |\n    add_header A b;\n---\nkind: ConfigMap\nmetadata: {name: b}\ndata:\n" +
			"  cors.inc: |\n    add_header C d;\n",
			[]string{"web/a.conf location 6:5", "web/a.conf include 6:18", "web/cors.inc add_header 8:5", "b/cors.inc add_header 14:5"}},
		"a text in a text":  {head + "  readme: |\n    nginx.conf: |\n      add_header A b;\n", nil},
		"another program's": {head + "  start.sh: |\n    #!/bin/sh\n    exec nginx -g 'daemon off;'\n  app.properties: |\n    server.port=80\n", nil},
		"a deployment":      {"kind: Deployment\nspec:\n  args: |\n    add_header A b;\n", nil},
		"quoted":            {head + `  nginx.conf: "server {\n  add_header A b;\n}"` + "\n", []string{"gap 5:3"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, r := range ConfigMaps(source.NewFile("k8s.yaml", []byte(test.yaml))) {
				for f := range r.File.All() {
					for d := range Walk(f.Body) {
						at := d.Span.Position()
						if d.Kind == Statement {
							got = append(got, fmt.Sprintf("%s %s %d:%d", strings.TrimPrefix(f.Path, "k8s.yaml/"), d.Name, at.Line, at.Column))
						}
					}
					for _, p := range f.Problems {
						got = append(got, fmt.Sprintf("%s %d:%d", p.Kind, p.Span.Position().Line, p.Span.Position().Column))
					}
				}
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func FuzzConfigMaps(f *testing.F) {
	f.Add("kind: ConfigMap\ndata:\n  a.conf: |\n    include b.conf;\n  b.conf: >-\n    include a.conf;\n---\nkind: ConfigMap\ndata:\n  c: \"add_header a b;\\n\"\n")
	f.Fuzz(func(t *testing.T, text string) {
		file := source.NewFile("k8s.yaml", []byte(text))
		for _, r := range ConfigMaps(file) {
			for f := range r.File.All() {
				for d := range Walk(f.Body) {
					if d.Span.File != file || d.Span.Start < f.Span.Start || d.Span.End > f.Span.End {
						t.Fatalf("%s stands outside of its text", d.Name)
					}
				}
			}
		}
	})
}
