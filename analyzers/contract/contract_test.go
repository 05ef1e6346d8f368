package contract

import (
	"fmt"
	"testing"

	"github.com/corslint/corslint/internal/source"
)

func TestParseServer(t *testing.T) {
	for raw, want := range map[string]string{
		"https://api.shop.example":              "https api.shop.example 443 '' public",
		"https://API.shop.example:8443/v1/":     "https api.shop.example 8443 '/v1' public",
		"http://api.shop.example/v1?x=1#y":      "http api.shop.example 80 '/v1' public",
		"//api.shop.example/v1":                 " api.shop.example 80 '/v1' public",
		"/v1/":                                  "  0 '/v1'",
		"v1":                                    "  0 '/v1'",
		"./":                                    "  0 ''",
		"":                                      "  0 ''",
		"https://{tenant}.shop.example/v1":      "https  0 '/v1'",
		"{scheme}://api.shop.example":           " api.shop.example 80 '' public",
		"http://localhost:3000":                 "http localhost 3000 ''",
		"http://orders:3000/v1":                 "http orders 3000 '/v1'",
		"http://10.0.0.7":                       "http 10.0.0.7 80 ''",
		"http://[::1]:8080":                     "http ::1 8080 ''",
		"http://orders.shop.svc.cluster.local":  "http orders.shop.svc.cluster.local 80 ''",
		"ftp://api.shop.example":                "no",
		"http://":                               "no",
		"http://a b":                            "no",
		"http://api.shop.example:99999":         "no",
		"wss://api.shop.example":                "no",
		"http://user:secret@api.shop.example/x": "http api.shop.example 80 '/x' public",
	} {
		s, ok := ParseServer(raw, source.Span{})
		got := "no"
		if ok {
			got = fmt.Sprintf("%s %s %d '%s'", s.Scheme, s.Host, s.Port, s.Path)
			if s.Public() {
				got += " public"
			}
		}
		if got != want {
			t.Errorf("%q: %s, want %s", raw, got, want)
		}
	}
}

func TestAuthority(t *testing.T) {
	for raw, want := range map[string]string{
		"https://a.example": "a.example", "https://a.example:80": "a.example:80", "http://a.example:80": "a.example", "http://[::1]:1": "[::1]:1",
	} {
		if s, _ := ParseServer(raw, source.Span{}); s.Authority() != want {
			t.Errorf("%s: %s, want %s", raw, s.Authority(), want)
		}
	}
}
