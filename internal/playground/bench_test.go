package playground_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/corslint/corslint/internal/playground"
	"github.com/corslint/corslint/parsers"
	"github.com/corslint/corslint/parsers/apigateway"
	"github.com/corslint/corslint/parsers/client"
	"github.com/corslint/corslint/parsers/express"
	"github.com/corslint/corslint/parsers/layerfile"
	"github.com/corslint/corslint/parsers/nginx"
	"github.com/corslint/corslint/parsers/openapi"
)

// locations is a configuration of about 200 lines with some locations, each with the same fault.
func locations(n int) string {
	var b strings.Builder
	b.WriteString("server {\n    listen 80;\n    server_name api.shop.example;\n")
	rest := max(0, (190-4*n)/n)
	for i := range n {
		fmt.Fprintf(&b, "    location /v%d/ {\n        add_header Access-Control-Allow-Origin https://app.shop.example;\n        proxy_pass http://orders:3000;\n", i)
		b.WriteString(strings.Repeat("        proxy_set_header X-A b;\n", rest))
		b.WriteString("    }\n")
	}
	b.WriteString("}\n")
	return b.String()
}

// everything are all dialects, as corslint reads them.
func everything() []parsers.Dialect {
	node := express.Dialect{}
	return []parsers.Dialect{nginx.Dialect{}, apigateway.Dialect{Functions: node.Functions}, node, openapi.Dialect{}, client.Dialect{}, layerfile.Dialect{}}
}

func BenchmarkAnswer(b *testing.B) {
	for _, n := range []int{8, 48} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			analyst := playground.New(everything())
			text := locations(n)
			for i := 0; b.Loop(); i++ {
				a := analyst.Answer(b.Context(), playground.Question{Files: []playground.File{{Name: "nginx.conf", Text: text + fmt.Sprintf("# %d\n", i)}}})
				if len(a.Findings) == 0 {
					b.Fatal(a)
				}
			}
		})
	}
}
