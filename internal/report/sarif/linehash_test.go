package sarif

import (
	"slices"
	"strings"
	"testing"
)

// The vectors are those of github/codeql-action, src/fingerprints.test.ts; the last three are what the same algorithm gives
// under Node.js.
func TestLineHashes(t *testing.T) {
	hello := []string{
		"e9496ae3ebfced30:1", "fb7c023a8b9ccb3f:1", "ce8ba1a563dcdaca:1", "e20e36e16fcb0cc8:1",
		"b3edc88f2938467e:1", "c8e28b0b4002a3a0:1", "c129715d7a2bc9a3:1",
	}
	for _, test := range []struct {
		name, input string
		want        []string
	}{
		{"empty", "", []string{"c129715d7a2bc9a3:1"}},
		{"short", " a\nb\n  \t\tc\n d", []string{"271789c17abda88f:1", "54703d4cd895b18:1", "180aee12dab6264:1", "a23a3dc5e078b07b:1"}},
		{"LF", " hello; \t\nworld!!!\n\n\n  \t\tGreetings\n End\n", hello},
		{"CR", " hello; \t\nworld!!!\r\r\r  \t\tGreetings\r End\r", hello},
		{"CRLF", " hello; \t\r\nworld!!!\r\n\r\n\r\n  \t\tGreetings\r\n End\r\n", hello},
		{"mixed", " hello; \t\nworld!!!\r\n\n\r  \t\tGreetings\r End\r\n", hello},
		{"repeated", strings.Repeat("Lorem ipsum dolor sit amet.\n", 10), []string{
			"a7f2ff13bc495cf2:1", "a7f2ff13bc495cf2:2", "a7f2ff13bc495cf2:3", "a7f2ff13bc495cf2:4", "a7f2ff13bc495cf2:5",
			"a7f2ff13bc495cf2:6", "a7f2ff1481e87703:1", "a9cf91f7bbf1862b:1", "55ec222b86bcae53:1", "cc97dc7b1d7d8f7b:1",
			"c129715d7a2bc9a3:1",
		}},
		{"surrogates", "a😀é\nb\r\nc\t d\ufeff", []string{"3e76026ed95d1c8a:1", "ed81306952c229b1:1", "e099151d9a743295:1"}},
		{"byte order mark", "\ufeffx\ny", []string{"c692ab75cc58ab99:1", "ed3261245082261c:1"}},
		{"invalid UTF-8", "a\xe2\x82b\n\xf0\x9f\x98\n\xed\xa0\x80", []string{"6c06d94258e145f7:1", "b62df18e7fe2c801:1", "ac45acb456cd20ee:1"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := LineHashes([]byte(test.input)); !slices.Equal(got, test.want) {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}

func TestLineHashesInvalidUTF8(t *testing.T) {
	// Node.js decodes a truncated sequence to one U+FFFD and two stray bytes to two.
	for input, same := range map[string]string{
		"a\xe2\x82b":     "a\uFFFDb",
		"a\xe9\xe0b":     "a\uFFFD\uFFFDb",
		"a\xf0\x9f\x98":  "a\uFFFD",
		"\x80":           "\uFFFD",
		"\xf5\x80\x80":   "\uFFFD\uFFFD\uFFFD",
		"\xed\xa0\x80":   "\uFFFD\uFFFD\uFFFD",
		"\xc3\n\xc3\xa9": "\uFFFD\né",
	} {
		if got, want := LineHashes([]byte(input)), LineHashes([]byte(same)); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", input, got, want)
		}
	}
}
