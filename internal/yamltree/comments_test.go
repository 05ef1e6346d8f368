package yamltree

import (
	"fmt"
	"testing"

	"github.com/corslint/corslint/internal/source"
)

func TestComments(t *testing.T) {
	for text, want := range map[string]string{
		"a: b # mark x\nc: d\n":                              `"# mark x" ""`,
		"# mark\n\n# more\na:\n  b: c\n\n  d: e # f\ng: h\n": `"# mark" "a:\n  b: c\n\n  d: e # f"`,
		"a:\n  # mark\r\n  - b: c\r\n    d: e\r\n  - f\r\n":  `"# mark" "- b: c\r\n    d: e"`,
		"a: b#mark\nc: '# no'\n":                             ``,
		"a: b\n# mark":                                       `"# mark" ""`,
		"{\"a\": \"# mark\"}":                                ``,
		"a: b\n#mark\n#mark\nc: [1,\n2]\n":                   `"#mark" "c: [1,""#mark" "c: [1,"`,
	} {
		got := ""
		for _, c := range Comments(source.NewFile("f", []byte(text)), "mark") {
			governs := ""
			if !c.Governs.IsZero() {
				governs = c.Governs.Text()
			}
			got += fmt.Sprintf("%q %q", c.Span.Text(), governs)
		}
		if got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}
