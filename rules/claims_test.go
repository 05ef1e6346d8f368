package rules_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/corslint/corslint/internal/discovery"
	"github.com/corslint/corslint/internal/engine"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/parsers"
	"github.com/corslint/corslint/parsers/nginx"
	"github.com/corslint/corslint/rules"
)

// TestOneCauseOneFinding holds what is reported about values with several faults: one finding for each thing to repair,
// whichever rules see it.
func TestOneCauseOneFinding(t *testing.T) {
	const preflight = "if ($request_method = OPTIONS) { return 204; }"
	for name, test := range map[string]struct {
		lines []string // of a location, in order from line 3 of the file
		want  []string
	}{
		"stars everywhere are one fault of the origin": {
			[]string{preflight, "add_header Access-Control-Allow-Origin * always;", "add_header Access-Control-Allow-Credentials true always;",
				"add_header Access-Control-Allow-Methods * always;", "add_header Access-Control-Allow-Headers * always;"},
			[]string{"4 error origin-wildcard-with-credentials"},
		},
		"quotes around true": {
			[]string{"add_header Access-Control-Allow-Origin https://app.shop.example always;", `add_header Access-Control-Allow-Credentials '"true"' always;`},
			[]string{"4 error header-value-quoted"},
		},
		"a JSON array": {
			[]string{`add_header Access-Control-Allow-Origin '["https://a.shop.example", "https://b.shop.example"]' always;`},
			[]string{"3 error allow-origin-multiple-values"},
		},
		"a typing error in an if that drops headers": {
			[]string{"if ($request_method = OPTIONS) {", "add_header Access-Control-Allow-Orgin https://app.shop.example;",
				"add_header Access-Control-Allow-Methods PUT;", "return 204;", "}", "add_header Access-Control-Allow-Origin https://app.shop.example always;"},
			[]string{"4 error header-name-typo"},
		},
		"a typing error beside the right name": {
			[]string{"add_header Access-Control-Allow-Origin https://app.shop.example always;", "add_header Access-Control-Allow-Orgin https://app.shop.example always;"},
			[]string{"4 note header-name-typo"},
		},
		"a star beside a method in another case": {
			[]string{preflight, "add_header Access-Control-Allow-Origin https://app.shop.example always;",
				"add_header Access-Control-Allow-Credentials true always;", `add_header Access-Control-Allow-Methods "*, put" always;`},
			[]string{"6 error allow-methods-case"},
		},
		"an unreadable list is not a missing name as well": {
			[]string{preflight, "add_header Access-Control-Allow-Origin https://app.shop.example always;", `add_header Access-Control-Allow-Methods "PUT; PATCH" always;`},
			[]string{"5 error allow-methods-missing"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			text := "server {\nlocation / {\n" + strings.Join(test.lines, "\n") + "\nproxy_pass http://orders:3000;\n}\n}\n"
			result := engine.Run(context.Background(), engine.Options{
				Files: discovery.Memory(source.NewFile("example.conf", []byte(text))).Walk(discovery.Options{}), Dialects: []parsers.Dialect{nginx.Dialect{}}, Rules: rules.All(),
			})
			var got []string
			for _, f := range result.Findings {
				got = append(got, fmt.Sprint(f.Place.Position().Line, " ", f.Severity, " ", f.Rule))
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
