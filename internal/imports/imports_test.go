// Package imports holds the table of who may import whom. It has only this test.
package imports

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/corslint/corslint/"

// allowed lists for each package which others of the project it may import; a name that ends with "/..." stands for all
// below it. Data flows one way: parsers → policy → exchange → probe → rules → engine → cmd.
var allowed = map[string][]string{
	"internal/baseline":     {"internal/source", "internal/finding", "internal/names"},
	"internal/begin":        {"internal/source", "internal/engine", "analyzers/...", "parsers"},
	"internal/config":       {"internal/source", "internal/yamltree", "internal/finding", "internal/names", "internal/discovery", "analyzers/contract", "docs/schema"},
	"internal/devtools":     {"analyzers/browser"},
	"internal/differential": {"analyzers/policy", "analyzers/browser"},
	"internal/diagnosis":    {"internal/source", "internal/finding", "internal/reach", "analyzers/...", "rules"},
	"internal/discovery":    {"internal/source", "parsers"},
	"internal/engine":       {"internal/source", "internal/finding", "parsers", "analyzers/...", "rules"},
	"internal/environment":  {"internal/source", "internal/yamltree", "parsers"},
	"internal/expect":       {"internal/source", "internal/finding", "internal/config", "internal/reach", "analyzers/policy", "analyzers/browser", "analyzers/exchange"},
	"internal/finding":      {"internal/source", "internal/repair"},
	"internal/fix":          {"internal/source", "internal/finding", "internal/repair", "internal/engine", "parsers", "analyzers/..."},
	"internal/git":          {"internal/discovery"},
	"internal/imports":      {},
	"internal/lsp":          {"internal/source", "internal/finding"},
	"internal/matrix":       {"internal/source", "internal/finding", "internal/engine", "analyzers/..."},
	"internal/names":        {},
	"internal/playground":   {"internal/source", "internal/finding", "internal/reach", "internal/fix", "internal/discovery", "internal/engine", "analyzers/...", "parsers", "rules"},
	"internal/reach":        {"analyzers/policy", "analyzers/exchange"},
	"internal/repair":       {"internal/source"},
	"internal/report":       {"internal/source", "internal/finding", "internal/report/sarif"},
	"internal/report/sarif": {},
	"internal/script":       {"internal/source"},
	"internal/source":       {},
	"internal/suppress":     {"internal/source", "internal/finding", "internal/names", "internal/config", "parsers"},
	"internal/who":          {"internal/source", "analyzers/..."},
	"internal/yamltree":     {"internal/source"},

	"analyzers/browser":  {},
	"analyzers/console":  {"analyzers/browser"},
	"analyzers/contract": {"internal/source"},
	"analyzers/exchange": {"internal/source", "internal/finding", "analyzers/policy", "analyzers/browser"},
	"analyzers/policy":   {"internal/source"},
	"analyzers/probe":    {"internal/source", "analyzers/policy", "analyzers/browser", "analyzers/exchange", "analyzers/contract"},

	"parsers/apigateway":          {"internal/source", "internal/repair", "internal/yamltree", "analyzers/policy", "parsers", "parsers/apigateway/template"},
	"parsers/apigateway/template": {"internal/source", "internal/yamltree", "analyzers/policy"},

	"parsers/express":             {"internal/source", "internal/repair", "internal/environment", "analyzers/policy", "parsers", "parsers/express/machine", "internal/script"},
	"parsers/express/expresstest": {"internal/differential"},
	"parsers/express/machine":     {"internal/source", "internal/script"},
	"parsers/client":              {"internal/source", "internal/environment", "internal/script", "internal/yamltree", "analyzers/contract", "analyzers/policy", "parsers"},

	"parsers/nginx":           {"internal/source", "internal/repair", "analyzers/policy", "parsers", "parsers/nginx/conf"},
	"parsers/nginx/conf":      {"internal/source"},
	"parsers/nginx/nginxtest": {"internal/differential"},

	"parsers":           {"internal/source", "internal/repair", "analyzers/policy", "analyzers/contract"},
	"parsers/layerfile": {"internal/source", "internal/yamltree", "analyzers/policy", "parsers"},
	"parsers/openapi":   {"internal/source", "internal/yamltree", "analyzers/policy", "analyzers/browser", "analyzers/contract", "parsers"},

	"rules": {"internal/source", "internal/finding", "internal/names", "internal/repair", "analyzers/...", "parsers"},

	"docs/generate":   {"rules", "internal/playground"},
	"docs/playground": {"internal/playground"},
	"docs/site":       {},
	"docs/schema":     {},

	"cmd/corslint-wasm": {"internal/playground", "parsers", "parsers/..."},
	"cmd/corslint":      {"internal/...", "analyzers/...", "parsers", "parsers/...", "rules"},
}

// TestImports reads the imports of every file that is no test, whatever its build tags.
func TestImports(t *testing.T) {
	root := os.DirFS("../..")
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if base := d.Name(); name != "." && (strings.HasPrefix(base, ".") || base == "testdata" || base == "node_modules") {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		data, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, data, parser.ImportsOnly)
		if err != nil {
			return err
		}
		from := path.Dir(name)
		may, known := allowed[from]
		if !known {
			t.Errorf("%s is in no row of the table of imports", from)
		}
		for _, i := range file.Imports {
			target, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return err
			}
			if to, ours := strings.CutPrefix(target, module); ours && !permits(may, to) {
				t.Errorf("%s imports %s", name, to)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func permits(may []string, to string) bool {
	return slices.ContainsFunc(may, func(row string) bool {
		prefix, below := strings.CutSuffix(row, "/...")
		return row == to || below && strings.HasPrefix(to, prefix+"/")
	})
}
