package conf

import (
	"strings"
	"testing"

	"github.com/corslint/corslint/internal/source"
)

func read(text string) *File { return Read(source.NewFile("nginx.conf", []byte(text))) }

// tricky are single statements that stand in a location, and whether nginx can read them: TestTricky holds the reader
// against the column, TestRealNginx the column against nginx.
var tricky = []struct {
	text  string
	error string // "" for valid
}{
	{`add_header A "a\\";`, ""},
	{`add_header A 'C:\\';`, ""},
	{`add_header A "a\";`, `unexpected end of file, expecting ";" or "}"`},
	{`return 200 a\;b;`, ""},
	{`return 200 a\ b;`, ""},
	{`return 200 \"a;`, ""},
	{`return 200 a"b;`, ""},
	{`return 200 a'b";`, ""},
	{"return 200 a`b;", ""},
	{`return 200 a}b;`, ""},
	{`return 200 a{b;`, `unexpected end of file, expecting "}"`},
	{`return 200 ${host}b;`, ""},
	{`return 200 $host{b;`, `unexpected end of file, expecting "}"`},
	{`return 200 "a""b";`, `unexpected """`},
	{`add_header A '*'always;`, `unexpected "a"`},
	{`add_header A "a"# comment`, `unexpected "#"`},
	{`return 200 a#b;`, ""},
	{"return 200 a # b\n;", ""},
	{`return 200 ;;`, `unexpected ";"`},
	{`;`, `unexpected ";"`},
	{`{}`, `unexpected "{"`},
	{`}`, ""},
	{`return 200 }`, `unexpected "}"`},
	{`return 200 "}";`, ""},
	{`if ($host = "a") { break; }`, ""},
	{`if ($host = "a"){ break; }`, ""},
	{`if ("$host" = "a" ) { break; }`, ""},
	{`return 200 "a");`, ""}, // two words
	{"return 200 \"a\x00b\";", ""},
	{"return 200 a\x00b;", ""},
	{"return\r200\r;", ""},
	{"return 200 \"a\r\nb\";", ""},
	{"return 200 \"\xff\xfe\";", ""},
	{"\vreturn 200;", ""},
	{`return 200 ` + strings.Repeat("a", 4095) + `;`, ""},
	{`return 200 ` + strings.Repeat("a", 4096) + `;`, `too long parameter "aaaaaaaaaa..." started`},
	{`return 200 "` + strings.Repeat("a", 4094) + `";`, ""},
	{`return 200 "` + strings.Repeat("a", 4094) + `" ;`, `too long parameter "aaaaaaaaaa..." started`},
	{`return 200 "` + strings.Repeat("a", 4095) + `";`, `too long parameter "aaaaaaaaaa..." started`},
	{`return 200 "` + strings.Repeat("a", 4096) + `";`, `too long parameter, probably missing terminating """ character`},
	{`return 200 '` + strings.Repeat("\n", 4097) + `';`, `too long parameter, probably missing terminating "'" character`},
	{`#` + strings.Repeat("a", 4094) + "\n", ""},
	{`#` + strings.Repeat("a", 4095) + "\n", `too long parameter "#aaaaaaaaa..." started`},
	{`#` + strings.Repeat("a", 9000) + "\n", `too long parameter "#aaaaaaaaa..." started`},
	{"\n\n\n" + `return 200 "` + strings.Repeat("a\n", 2048) + `";`, `too long parameter, probably missing terminating """ character`},
	{`return 200 "\`, `unexpected end of file, expecting ";" or "}"`},
	{`return 200 \`, `unexpected "}"`},
	{`return 200 $`, `unexpected "}"`},
	{`return 200 '"';`, ""},
	{`return 200 "'";`, ""},
	{`return 200 "";`, ""},
	{`"return" 200;`, ""},
	{`'return' '200';`, ""},
	{`re\turn 200;`, ""},
	{`return 200 "$";`, ""},
	{`return 200 "${";`, ""},
	{`return 200 "${host";`, ""},
}

// trickyFiles returns the statements as whole configurations.
func trickyFiles() []string {
	var files []string
	for _, c := range tricky {
		files = append(files, inLocation(c.text))
	}
	return files
}

func inLocation(text string) string {
	return "events {}\nhttp { server { location / {\n" + text + "\n} } }\n"
}

func TestTricky(t *testing.T) {
	for _, c := range tricky {
		f := read(inLocation(c.text))
		got := ""
		for _, p := range f.Problems {
			if p.Kind == ParseError {
				got = p.Text
			}
		}
		// A lone } closes the location early, and the file has one too many at its end.
		if want := c.error; got != want && !(c.text == "}" && got == `unexpected "}"`) {
			t.Errorf("%.40q: got %q, want %q", c.text, got, want)
		}
	}
}
