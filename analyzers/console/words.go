package console

import (
	"strings"
	"unicode"
)

// This file recognises what is said where no browser's own words are at hand.

// wordless returns the text that scripts get instead of a reason. It is the same whatever failed.
func wordless(s squeezed) (Message, bool) {
	for _, t := range []struct {
		text, code string
		kind       Kind
	}{
		{"net::ERR_BLOCKED_BY_CLIENT", "net::ERR_BLOCKED_BY_CLIENT", Network},
		{"net::ERR_BLOCKED_BY_RESPONSE", "net::ERR_BLOCKED_BY_RESPONSE", Network},
		{"net::ERR_FAILED", "net::ERR_FAILED", Wordless}, // follows every refusal
		{"NetworkError when attempting to fetch resource", "NetworkError", Wordless},
		{"NetworkError: A network error occurred", "NetworkError", Wordless},
		{"Failed to fetch", "Failed to fetch", Wordless},
		{"ERR_NETWORK", "Network Error", Wordless},
		{"AxiosError: Network Error", "Network Error", Wordless},
		{"Network Error", "Network Error", Wordless},
		{"0 Unknown Error", "0 Unknown Error", Wordless}, // Angular
		{"TypeError: Load failed", "Load failed", Wordless},
		{"TypeError: Type error", "Type error", Wordless},
		{"Load failed", "Load failed", Wordless},
	} {
		if i := strings.Index(s.folded, fold(t.text)); i >= 0 {
			return Message{Kind: t.kind, Code: t.code, Text: oneLine(s.exactly(i, i+len(fold(t.text))))}, true
		}
	}
	if i := strings.Index(s.folded, "net::err_"); i >= 0 {
		text := oneLine(s.exactly(i, i+min(len(s.folded)-i, 60)))
		text, _, _ = strings.Cut(text, " ")
		end := strings.IndexFunc(text, func(r rune) bool { return r != '_' && r != ':' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
		if end >= 0 {
			text = text[:end]
		}
		return Message{Kind: Network, Code: text, Text: text}, true
	}
	return Message{}, false
}

// maxSymptom is how long a text is at most that is taken for somebody's own words.
const maxSymptom = 2000

// symptom recognises what people say of a failure. A text is about one when it has a word of each group.
func symptom(text string) (Message, bool) {
	text = clean(text[:min(len(text), maxText)])
	if len(text) > maxSymptom {
		return Message{}, false
	}
	words := " " + strings.Join(strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}), " ") + " "
	has := func(group []string) bool {
		for _, w := range group {
			if strings.Contains(words, " "+w) {
				return true
			}
		}
		return false
	}
	for _, s := range []struct {
		code   string
		groups [][]string
	}{
		{NotInCurl, [][]string{{"curl", "postman", "insomnia", "httpie", "wget", "swagger"}, {"browser", "works", "work ", "fine", "only", "not in", "cors"}}},
		{PreflightFails, [][]string{{"preflight", "pre flight", "options request", "options call"}, {"fail", "error", "block", "404", "405", "401", "403", "reject", "denied", "not "}}},
		{AfterDeployment, [][]string{{"deploy", "production", "prod ", "staging", "live site", "on the server"}, {"only", "works", "work ", "local", "after", "since", "cors"}}},
		{SomeRoutes, [][]string{{"random", "sometimes", "intermittent", "some routes", "some endpoints", "certain routes", "occasional", "flaky", "sporadic", "across routes"},
			{"cors", "route", "endpoint", "request", "fail", "error", "block"}}},
		{Unspecific, [][]string{{"cors ", "cross origin", "same origin policy", "access control allow"}}},
	} {
		all := true
		for _, group := range s.groups {
			all = all && has(group)
		}
		if all {
			return Message{Kind: Symptom, Code: s.code, Text: strings.TrimSpace(oneLine(text))}, true
		}
	}
	return Message{}, false
}
