package rules

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/source"
)

// plural writes a number and a noun: "1 other", "3 others".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// line names the line of a place as reports do: "line 17", with the file where it is another one than the finding's.
func line(s, finding source.Span) string {
	if s.File != finding.File {
		return fmt.Sprintf("%s:%d", s.Path(), s.Position().Line)
	}
	return fmt.Sprintf("line %d", s.Position().Line)
}

// lines names the lines of places: "lines 16 and 17".
func lines(spans []source.Span, finding source.Span) string {
	var numbers []string
	for _, s := range slices.SortedFunc(slices.Values(spans), source.Compare) {
		if s.File != finding.File {
			return line(spans[0], finding)
		}
		n := fmt.Sprint(s.Position().Line)
		if len(numbers) == 0 || numbers[len(numbers)-1] != n {
			numbers = append(numbers, n)
		}
	}
	if len(numbers) == 1 {
		return "line " + numbers[0]
	}
	return "lines " + listed(numbers, 6)
}

// short cuts a text for a message.
func short(text string, limit int) string {
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > limit {
		return string(runes[:limit-1]) + "…"
	}
	return text
}

// firstWord returns the first word of a place: a small place that names it. Where the word opens a bracket, as the call of a
// function does, it is the first line.
func firstWord(s source.Span) source.Span {
	text := s.Text()
	i := strings.IndexAny(text, " \t\r\n")
	if i > 0 && strings.Count(text[:i], "(") > strings.Count(text[:i], ")") {
		i = strings.IndexAny(text, "\r\n")
	}
	if i > 0 {
		s.End = s.Start + i
	}
	return s
}

func contains(spans []source.Span, s source.Span) bool {
	for _, x := range spans {
		if x == s {
			return true
		}
	}
	return false
}

// written quotes what stands at places: `add_header Vary Origin`.
func written(spans []source.Span) string {
	var texts []string
	for _, s := range spans {
		texts = append(texts, "`"+short(s.Text(), 120)+"`")
	}
	return listed(texts, 4)
}

// lacks says who is refused because headers are missing: "the browser refuses credentialed PUT: preflight lacks Allow-Origin".
func lacks(failures []*probe.Failure, first *probe.Failure, headers []string) string {
	where := "response"
	if first.Phase == browser.PhasePreflight {
		where = "preflight"
	}
	var names []string
	for _, h := range headers {
		if name := http.CanonicalHeaderKey(h); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	message := ""
	for _, room := range []struct{ requests, headers int }{{4, 3}, {3, 3}, {3, 1}, {1, 1}} {
		who, what := someRequests(failures, room.requests), listed(names, room.headers)
		if room.requests == 1 {
			who = requests(failures[:1])
		}
		if room.headers == 1 {
			what = names[0]
		}
		message = fmt.Sprintf("the browser refuses %s: %s lacks %s", who, where, what)
		if len(message) <= maxMessage {
			return message
		}
	}
	return short(message, maxMessage)
}

// maxMessage is how many characters of a message annotations and alert lists show.
const maxMessage = 110
