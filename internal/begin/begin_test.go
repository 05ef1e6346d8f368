package begin

import (
	"strings"
	"testing"

	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/internal/yamltree"
)

// Whatever a text holds, YAML reads back what was written, in one line.
func TestScalar(t *testing.T) {
	for _, text := range []string{"https://app.shop.example", "http://localhost:5173", "GET /orders/{id}", "deploy/nginx", "a b", "a: b", "a #b", "- a", "*", "{a}", "é", "\x00\x1b\u2028", "true", "", "~", "'", `"\`,
		"[x]", "&x", "!x", "%x", "@x", "a:", "https://[::1]:80", "1.0", "null"} {
		written := scalar(text)
		if strings.ContainsAny(written, "\n\r\x1b\x00") {
			t.Errorf("%q is written %q", text, written)
		}
		stream, err := yamltree.Parse(source.NewFile("x.yml", []byte("k: "+written+"\n")))
		if err != nil {
			t.Errorf("%q is written %s: %v", text, written, err)
			continue
		}
		if k := stream.Documents[0].Get("k"); k.Text() != text || k.Kind() != yamltree.String {
			t.Errorf("%q is written %s and read %q", text, written, k.Text())
		}
	}
}

func TestNamed(t *testing.T) {
	for text, want := range map[string]string{"orders": "orders", "my app": "my-app", "..": "", "é": "", "_x_": "x", strings.Repeat("a", 50): strings.Repeat("a", 40), "@scope/pkg": "scope-pkg"} {
		if got := named(text); got != want || got != "" && !isName.MatchString(got) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestVariable(t *testing.T) {
	for text, want := range map[string]string{
		"WEB_ORIGIN=https://a.example": "web", "export ADMIN_FRONTEND_URL=https://a.example": "admin-frontend", "CORS_ALLOWED_ORIGINS=https://a.example": "", "# https://a.example": "",
	} {
		data := "A=1\n" + text + "\n"
		start := strings.Index(data, "https")
		f := source.NewFile("x/.env.staging", []byte(data))
		if got := variable(source.Span{File: f, Start: start, End: start + 5}); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

func TestStages(t *testing.T) {
	for text, want := range map[string]int{"app.staging.shop.example": 2, "dev-api.shop.example": 0, "localhost": 0, "app.shop.example": -1, "devices.example": -1, "qa": 1, "prod": 3, "latest.example": -1} {
		if got := stageOf(text); got != want {
			t.Errorf("%s: %d, want %d", text, got, want)
		}
	}
}

func TestLayer(t *testing.T) {
	file, text, err := Layer("billing")
	if err != nil || file != "billing.layer.yaml" || !strings.Contains(text, "name: billing\n") {
		t.Error(file, err)
	}
	for _, name := range []string{"", "../x", "a b", "-x", strings.Repeat("a", 41)} {
		if _, _, err := Layer(name); err == nil {
			t.Errorf("%q is a name", name)
		}
	}
}
