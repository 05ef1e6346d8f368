package apigateway

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/parsers"
)

// What is said to corslint governs the statement behind it, or the resource or operation it stands in.
func TestComments(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"t.yaml", `Resources:
  # corslint: ignore[a] -- because
  Api:
    Type: AWS::ApiGateway::RestApi   # corslint: ignore[b] -- on this line

    Properties: {Name: "# corslint? no"}
  Other: {Type: AWS::S3::Bucket, Metadata: {corslint: {ignore: ["c, d -- both", {rule: e, reason: r, until: 2030-01-01}]}}}
`, `2:3 corslint: ignore[a] -- because | 3:3-6:41
4:38 corslint: ignore[b] -- on this line | -
7:65 corslint: ignore[c, d] -- both | 7:10-7:124
7:81 corslint: ignore[e] -- r until 2030-01-01 | 7:10-7:124`},
		{"a.json", `{"openapi": "3.0.1", "x-corslint-ignore": ["a -- all"], "paths": {"/x": {"x-corslint-ignore": ["b -- path"], "get": {"x-corslint-ignore": ["c"], "x-amazon-apigateway-integration": {"type": "mock"}}}}}`,
			`1:44 corslint: ignore[a] -- all | 1:1-1:201
1:96 corslint: ignore[b] -- path | 1:73-1:199
1:140 corslint: ignore[c] | 1:117-1:198`},
		{"main.tf", "// corslint: ignore[a] -- x\nresource \"aws_s3_bucket\" \"b\" {\n  bucket = \"b\"\n}\nresource \"aws_s3_bucket\" \"c\" {} # other\n",
			"1:1 corslint: ignore[a] -- x | 2:1-4:2"},
		{"main.tf", "resource \"aws_s3_bucket\" \"b\" {\n  /* corslint: ignore[a] -- x */\n  bucket = \"b\" /* corslint: ignore[b] -- y\n  and more */\n}\n",
			"2:3 corslint: ignore[a] -- x | 3:3-3:43\n3:16 corslint: ignore[b] -- y | -"},
	}
	for _, test := range tests {
		files := treeOf(txtar.File{Name: test.name, Data: []byte(test.text)})
		comments := files.load(test.name).Comments
		slices.SortFunc(comments, func(a, b parsers.Comment) int { return source.Compare(a.Span, b.Span) })
		var got []string
		for _, c := range comments {
			governs := "-"
			if !c.Governs.IsZero() {
				from, to := c.Governs.Position(), c.Governs.EndPosition()
				governs = fmt.Sprintf("%d:%d-%d:%d", from.Line, from.Column, to.Line, to.Column)
			}
			at := c.Span.Position()
			got = append(got, fmt.Sprintf("%d:%d %s | %s", at.Line, at.Column, c.Text, governs))
		}
		if text := strings.Join(got, "\n"); text != test.want {
			t.Errorf("%s: got\n%s\nwant\n%s", test.name, text, test.want)
		}
	}
}
