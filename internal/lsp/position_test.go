package lsp

import (
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/corslint/corslint/internal/source"
)

// TestPositions: positions count UTF-16 code units, and lines end in three ways.
func TestPositions(t *testing.T) {
	for _, c := range []struct {
		name, text string
		offset     int
		at         position
	}{
		{"ASCII", "ab\ncd", 4, position{1, 1}},
		{"two bytes", "é=x", 3, position{0, 2}},
		{"three bytes", "€=x", 4, position{0, 2}},
		{"emoji", "😀=x", 5, position{0, 3}},
		{"flag", "🇩🇪x", 8, position{0, 4}},
		{"CRLF", "a\r\nb", 3, position{1, 0}},
		{"CR alone", "a\rb\rc", 4, position{2, 0}},
		{"CR, then CRLF", "a\r\r\nb", 4, position{2, 0}},
		{"LF, then CR", "a\n\rb", 3, position{2, 0}},
		{"end", "a\n", 2, position{1, 0}},
		{"no UTF-8", "a\xff\xfeb", 3, position{0, 3}},
		{"cut off", "\xe2\x82", 2, position{0, 2}},
		{"line separator of Unicode", "a\u2028b", 4, position{0, 2}},
		{"byte order mark", "\ufeffa", 3, position{0, 1}},
		{"empty", "", 0, position{0, 0}},
	} {
		starts := lines([]byte(c.text))
		if got := toPosition([]byte(c.text), starts, c.offset); got != c.at {
			t.Errorf("%s: %q at %d is %v, want %v", c.name, c.text, c.offset, got, c.at)
		}
		if got := toOffset([]byte(c.text), starts, c.at); got != c.offset {
			t.Errorf("%s: %q at %v is %d, want %d", c.name, c.text, c.at, got, c.offset)
		}
	}
}

// TestPositionsNowhere: what lies outside a text is brought to its nearest end.
func TestPositionsNowhere(t *testing.T) {
	text := []byte("ab😀\r\nc\rd")
	starts := lines(text)
	for _, c := range []struct {
		at   position
		want int
	}{
		{position{-1, 5}, 0}, {position{0, -3}, 0}, {position{0, 99}, 6}, {position{1, 99}, 9}, {position{2, 99}, 11}, {position{9, 0}, 11},
		{position{0, 3}, 2}, // between the halves of the emoji
		{position{1 << 62, 1 << 62}, 11},
	} {
		if got := toOffset(text, starts, c.at); got != c.want {
			t.Errorf("%v is %d, want %d", c.at, got, c.want)
		}
	}
	if got := toPosition(text, starts, 1<<40); got != (position{2, 1}) {
		t.Errorf("far behind the end is %v", got)
	}
}

// TestApply: an edit does to the text what it does to an editor's, which counts in UTF-16.
func TestApply(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	pieces := []string{"a", "é", "€", "😀", "\n", "\r\n", "\r", "\t", "", "xyz", "👩‍👩‍👧"}
	for range 2_000 {
		text := pick(random, pieces, 12)
		d := &document{text: []byte(text)}
		for range 5 {
			from, to := place(random, text), place(random, text)
			if random.IntN(5) == 0 {
				from, to = to, from // an editor does not, others may
			}
			insert := pick(random, pieces, 3)
			starts := lines([]byte(text))
			at := textRange{toPosition([]byte(text), starts, from), toPosition([]byte(text), starts, to)}
			start, end := naive(text, at.Start), naive(text, at.End)
			want := text[:min(start, end)] + insert + text[max(start, end):]
			d.apply([]change{{Range: &at, Text: insert}})
			if string(d.text) != want {
				t.Fatalf("%q with %q at %v is %q, want %q", text, insert, at, d.text, want)
			}
			text = want
		}
	}
	d := &document{text: []byte("old")}
	d.apply([]change{{Text: "new\n"}, {Range: &textRange{position{0, 3}, position{0, 3}}, Text: "er"}})
	if string(d.text) != "newer\n" {
		t.Errorf("several changes come to %q", d.text)
	}
}

func pick(random *rand.Rand, pieces []string, n int) string {
	var b strings.Builder
	for range random.IntN(n) {
		b.WriteString(pieces[random.IntN(len(pieces))])
	}
	return b.String()
}

// place is the offset of a character, but not between those of a line's end: no editor has the cursor there.
func place(random *rand.Rand, text string) int {
	offsets := []int{len(text)}
	for i := range text {
		if i == 0 || text[i] != '\n' || text[i-1] != '\r' {
			offsets = append(offsets, i)
		}
	}
	return offsets[random.IntN(len(offsets))]
}

// naive counts as JavaScript does.
func naive(text string, at position) int {
	rest := text
	for range at.Line {
		i := strings.IndexAny(rest, "\r\n")
		if strings.HasPrefix(rest[i:], "\r\n") {
			i++
		}
		rest = rest[i+1:]
	}
	return len(text) - len(rest) + len(string(utf16.Decode(utf16.Encode([]rune(rest))[:at.Character])))
}

// TestDocumentIsOneFile: as long as a text does not change it is the same file, by which a run knows what it knows already.
func TestDocumentIsOneFile(t *testing.T) {
	d := &document{text: []byte("a")}
	first := d.source("x")
	if d.source("x") != first {
		t.Error("the same text is another file")
	}
	d.apply([]change{{Text: "b"}})
	if d.source("x") == first {
		t.Error("another text is the same file")
	}
}

// TestURIs: paths come back as they were, whatever is in them.
func TestURIs(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the paths are those of other systems")
	}
	dir := resolve(t.TempDir())
	for _, name := range []string{"a.conf", "a b.conf", "é.conf", "100%.conf", "a#b?c.conf", "[x]+&.conf", "日本.conf", "a\\b.conf"} {
		name = filepath.Join(dir, name)
		if got := toPath(toURI(name)); got != name {
			t.Errorf("%s is %s, which is %s", name, toURI(name), got)
		}
	}
	for _, uri := range []string{"untitled:Untitled-1", "https://x/a.conf", "file://server/share/a", "git:/a.conf?x", "", "%zz", "file:", "file:///a%00b"} {
		if got := toPath(uri); got != "" {
			t.Errorf("%q is %q", uri, got)
		}
	}
	if got := toPath("file:///a%20b/..%2Fc"); got != "/c" {
		t.Errorf("an encoded slash leads to %q", got)
	}
}

// TestLineEnd: what is inserted ends as the lines around it do.
func TestLineEnd(t *testing.T) {
	for text, want := range map[string]string{"": "\n", "a": "\n", "a\nb\r\n": "\n", "a\r\nb\n": "\r\n", "a\rb": "\r", "a\r": "\r"} {
		if got := lineEnd([]byte(text)); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// TestPlaces: the place of a finding in a file that is not open.
func TestPlaces(t *testing.T) {
	f := source.NewFile("x", []byte("😀a\r\nbc"))
	got := places{}.of(source.Span{File: f, Start: 4, End: 8})
	if want := (textRange{position{0, 2}, position{1, 1}}); got != want {
		t.Errorf("%v, want %v", got, want)
	}
	if got := (places{}).endOfLine(source.Span{File: f, Start: 0, End: 1}); got != (position{0, 3}) {
		t.Errorf("the line ends at %v", got)
	}
}

func FuzzPositions(f *testing.F) {
	f.Add([]byte("a😀\r\n\rb\xff"), 1, 2)
	f.Fuzz(func(t *testing.T, text []byte, line, character int) {
		starts := lines(text)
		if !slices.IsSorted(starts) {
			t.Fatal(starts)
		}
		at := toOffset(text, starts, position{line, character})
		if at < 0 || at > len(text) {
			t.Fatalf("%v is %d of %d", position{line, character}, at, len(text))
		}
		if again := toOffset(text, starts, toPosition(text, starts, at)); again != at {
			t.Fatalf("%d is %v, which is %d", at, toPosition(text, starts, at), again)
		}
	})
}
