package conf

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/corslint/corslint/internal/source"
)

var mutations = flag.Int("mutations", 150, "how many mutated files TestRealNginx compares")

// TestRealNginx mutates configurations byte by byte and holds the reader against `nginx -t`: the same files must be
// valid, and an invalid one must fail on the same line with the same words.
func TestRealNginx(t *testing.T) {
	nginx, err := exec.LookPath("nginx")
	if err != nil {
		if os.Getenv("CORSLINT_REQUIRE_SERVERS") == "1" {
			t.Fatal("no nginx to compare with")
		}
		t.Skip("no nginx to compare with")
	}
	var seeds []string
	for _, name := range []string{"cors.conf", "odd.conf"} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		seeds = append(seeds, string(data))
	}
	server := testServer{binary: nginx, dir: t.TempDir()}
	if err := os.Mkdir(filepath.Join(server.dir, "logs"), 0o700); err != nil {
		t.Fatal(err)
	}

	for i, seed := range append(seeds, trickyFiles()...) {
		server.compare(t, fmt.Sprintf("file %d", i), seed)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for i := range *mutations {
		server.compare(t, fmt.Sprintf("mutation %d", i), mutate(random, seeds[i%len(seeds)]))
	}
	t.Logf("%d files: %d valid for both, %d with the same lexical error on the same line, %d refused by nginx for another reason (%d by Check on that line)",
		server.files, server.valid, server.lexical, server.refused, server.agreed)
}

func mutate(random *rand.Rand, text string) string {
	const bytes = "{}{};;\"\"''\\\\$# \n\t\r)(`\x00\xff~="
	for range 1 + random.IntN(2) {
		at := random.IntN(len(text))
		b := string(bytes[random.IntN(len(bytes))])
		switch random.IntN(4) {
		case 0:
			text = text[:at] + b + text[at:]
		case 1:
			text = text[:at] + text[at+1:]
		case 2:
			text = text[:at] + b + text[at+1:]
		case 3:
			end := min(len(text), at+random.IntN(12))
			text = text[:end] + text[at:]
		}
	}
	return text
}

type testServer struct {
	binary, dir                            string
	files, valid, lexical, refused, agreed int
}

var (
	emergency = regexp.MustCompile(`(?s)\[emerg\] \d+#\d+: (.*) in [^\n]*/test\.conf:(\d+)\n`)
	lexical   = regexp.MustCompile(`(?s)^(unexpected ".{1,2}"$|unexpected end of file|too long parameter)`)
)

// verdict returns what nginx says of a configuration: nothing, or a message and its line (0 where it names none).
func (s *testServer) verdict(t *testing.T, text string) (message string, line int) {
	t.Helper()
	file := filepath.Join(s.dir, "test.conf")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, s.binary, "-t", "-c", file, "-p", s.dir).CombinedOutput()
	if err == nil {
		return "", 0
	}
	m := emergency.FindSubmatch(out)
	if m == nil {
		return string(out), 0
	}
	line, _ = strconv.Atoi(string(m[2]))
	return string(m[1]), line
}

func (s *testServer) compare(t *testing.T, name, text string) {
	t.Helper()
	f := Read(source.NewFile("test.conf", []byte(text)))
	Check(f, Main)
	var parse, refused *Problem
	for i, p := range f.Problems {
		isLexical := p.Kind == ParseError || p.Kind == Gap || p.Kind == Rejected && lexical.MatchString(p.Text)
		switch {
		case isLexical && (parse == nil || p.Span.Start < parse.Span.Start):
			parse = &f.Problems[i]
		case p.Kind == Rejected && !isLexical && (refused == nil || p.Span.Start < refused.Span.Start):
			refused = &f.Problems[i]
		}
	}
	message, line := s.verdict(t, text)
	s.files++
	complain := func(format string, args ...any) {
		t.Errorf("%s: nginx: %q line %d\nus: %+v %+v\n%s\n%q", name, message, line, place(parse), place(refused), fmt.Sprintf(format, args...), text)
	}
	switch {
	case message == "":
		if parse != nil || refused != nil {
			complain("valid for nginx")
		}
		s.valid++
	case lexical.MatchString(message):
		switch {
		case parse == nil:
			complain("invalid for nginx")
		case strings.TrimPrefix(parse.Text, "template that could not be read: ") != message && !strings.HasPrefix(message, "too long"):
			complain("another message")
		case parse.Span.Position().Line != line:
			complain("another line")
		default:
			s.lexical++
		}
	default:
		// nginx stops at its first objection, so nothing before it may be one of ours.
		s.refused++
		if parse != nil && line > 0 && parse.Span.Position().Line < line {
			complain("lexical error before nginx's objection")
		}
		if refused != nil && line > 0 {
			first, last := refused.Span.Position().Line, lineOfEnd(f, refused.Span)
			if last < line {
				complain("refused before nginx's objection")
			}
			if first <= line && line <= last {
				s.agreed++
			}
		}
	}
}

// lineOfEnd returns the line of the ; or { after the directive that a span lies in: the one that nginx names.
func lineOfEnd(f *File, span source.Span) int {
	end := span
	for d := range Walk(f.Body) {
		if d.Head.Start <= span.Start && span.End <= d.Head.End {
			end = d.Head
		}
	}
	rest := string(f.Span.File.Data[end.End:])
	return f.Span.File.Position(end.End + max(strings.IndexAny(rest, ";{"), 0)).Line
}

func place(p *Problem) string {
	if p == nil {
		return "nothing"
	}
	return fmt.Sprintf("%d: %s", p.Span.Position().Line, p.Text)
}
