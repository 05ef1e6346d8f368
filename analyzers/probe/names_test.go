package probe

import "testing"

func TestProtocolHeader(t *testing.T) {
	for name, want := range map[string]string{
		"Access-Control-Allow-Origin":                         "Access-Control-Allow-Origin",
		"access-control-max-age":                              "Access-Control-Max-Age",
		"Access-Control-Allow-Origin:":                        "Access-Control-Allow-Origin",
		"Access-Control-Allow-Origin: *":                      "Access-Control-Allow-Origin",
		"Access-Control-Allow-Origins":                        "Access-Control-Allow-Origin",
		"Access-Control-Allowed-Origins":                      "Access-Control-Allow-Origin",
		"Access-Control-Allow-Orgin":                          "Access-Control-Allow-Origin",
		"Access-Control-Origin":                               "Access-Control-Allow-Origin",
		"Acess-Control-Allow-Origin":                          "Access-Control-Allow-Origin",
		"Access-Controll-Allow-Origin":                        "Access-Control-Allow-Origin",
		"Access-Control-Allow-Method":                         "Access-Control-Allow-Methods",
		"Access-Control-Allow-Header":                         "Access-Control-Allow-Headers",
		"Access-Control-Expose-Header":                        "Access-Control-Expose-Headers",
		"Access-Control-Exposed-Headers":                      "Access-Control-Expose-Headers",
		"Access-Control-Allow-Credential":                     "Access-Control-Allow-Credentials",
		"Access-Control-Age":                                  "Access-Control-Max-Age",
		"Access-Control-Debug":                                "",
		"Access-Control-":                                     "",
		"Access-Control-Request-Headers":                      "",
		"X-Access-Control-Allow-Origin":                       "",
		"Allow-Origin":                                        "",
		"Origin":                                              "",
		"":                                                    "",
		":":                                                   "",
		"Cross-Origin-Resource-Policy":                        "",
		"Access-Control-Allow-Local-Network":                  "",
		"Access-Control-Allow-Headers-From-The-Load-Balancer": "",
	} {
		if got := ProtocolHeader(name); got != want {
			t.Errorf("ProtocolHeader(%q) = %q, want %q", name, got, want)
		}
	}
}
