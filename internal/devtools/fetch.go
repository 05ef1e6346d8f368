package devtools

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/browser"
)

// ParseCopied reads "Copy as fetch", or "Copy as cURL" in the form for Unix shells, of Chromium, Firefox or Safari. Of several
// requests it reads the first.
func ParseCopied(text string) (*Request, error) {
	switch {
	case len(text) > maxText:
		return nil, errTooLong
	case strings.HasPrefix(strings.TrimSpace(text), "curl"):
		return parseCurl(text)
	}
	at := strings.Index(text, "fetch(")
	if at < 0 {
		return nil, errors.New(`there is no fetch("https://...", {...}) in it: right-click a request in the network panel, Copy, Copy as fetch`)
	}
	return parseFetch(&scanner{text: text, pos: at + len("fetch(")})
}

// parseFetch reads the arguments of fetch.
func parseFetch(s *scanner) (*Request, error) {
	v, err := s.value(0)
	if err != nil {
		return nil, err
	}
	target, ok := v.(string)
	if !ok {
		return nil, s.error("the URL, as a string")
	}
	r := &Request{URL: target, Initiator: browser.InitiatorFetch}
	if s.take(",") {
		v, err := s.value(0)
		if err != nil {
			return nil, err
		}
		options, _ := v.(object)
		if err := r.options(options); err != nil {
			return nil, err
		}
	}
	r.complete()
	return r, nil
}

// options takes over the second argument of fetch. https://fetch.spec.whatwg.org/#requestinit
func (r *Request) options(o object) error {
	for _, field := range []struct {
		key string
		to  *string
	}{
		{"method", &r.Method}, {"credentials", (*string)(&r.Credentials)}, {"mode", (*string)(&r.Mode)},
		{"redirect", (*string)(&r.Redirect)}, {"referrer", &r.Page},
	} {
		switch v := o[field.key].(type) {
		case nil:
		case string:
			*field.to = v
		default:
			return fmt.Errorf("%s is no string", field.key)
		}
	}
	body, given := o["body"]
	r.HasBody = given && body != nil
	switch headers := o["headers"].(type) {
	case nil:
	case object:
		var list []browser.Header
		for _, name := range slices.Sorted(maps.Keys(headers)) {
			value, ok := headers[name].(string)
			if !ok {
				value = "1" // computed: any value
			}
			list = append(list, browser.Header{Name: name, Value: value})
		}
		r.add(list)
	default:
		return errors.New("headers is no object of strings")
	}
	return nil
}

// parseCurl reads a command line of curl. https://curl.se/docs/manpage.html
func parseCurl(text string) (*Request, error) {
	words, err := shellWords(text)
	if err != nil {
		return nil, err
	}
	r := &Request{Initiator: browser.InitiatorFetch, Credentials: browser.CredentialsSameOrigin}
	var headers []browser.Header
	next := func() string {
		if len(words) == 0 {
			return ""
		}
		word := words[0]
		words = words[1:]
		return word
	}
	next()
	for len(words) > 0 {
		switch word := next(); word {
		case "-X", "--request":
			r.Method = next()
		case "-H", "--header":
			name, value, _ := strings.Cut(next(), ":")
			if strings.EqualFold(name, "cookie") {
				r.Credentials = browser.CredentialsInclude
			}
			headers = append(headers, browser.Header{Name: strings.TrimSuffix(name, ";"), Value: strings.TrimSpace(value)})
		case "-b", "--cookie":
			next()
			r.Credentials = browser.CredentialsInclude
		case "-d", "--data", "--data-raw", "--data-binary", "--data-urlencode", "--data-ascii":
			next()
			r.HasBody = true
		case "-e", "--referer":
			headers = append(headers, browser.Header{Name: "Referer", Value: next()})
		case "-A", "--user-agent":
			next()
		case "-I", "--head":
			r.Method = "HEAD"
		case "--url":
			r.URL = next()
		default:
			if !strings.HasPrefix(word, "-") && r.URL == "" {
				r.URL = word
			}
		}
	}
	if r.URL == "" {
		return nil, errors.New("the command names no URL")
	}
	if r.Method == "" && r.HasBody {
		r.Method = "POST"
	}
	r.add(headers)
	r.complete()
	return r, nil
}

// shellWords splits a command line as a POSIX shell does, without expanding anything.
func shellWords(text string) ([]string, error) {
	var words []string
	var word strings.Builder
	inWord := false
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '\'' || c == '"':
			ansi := c == '\'' && strings.HasSuffix(word.String(), "$") && inWord // $'...', as Chromium writes line ends
			if ansi {
				rest := strings.TrimSuffix(word.String(), "$")
				word.Reset()
				word.WriteString(rest)
			}
			inWord = true
			for i++; ; i++ {
				if i >= len(text) {
					return nil, errors.New("a quote is not closed")
				}
				if text[i] == c {
					break
				}
				if text[i] == '\\' && (c == '"' || ansi) && i+1 < len(text) {
					escaped, size := unescape(text[i:])
					word.WriteString(escaped)
					i += size - 1
					continue
				}
				word.WriteByte(text[i])
			}
		case c == '\\' && i+1 < len(text):
			if i++; text[i] == '\r' && i+1 < len(text) && text[i+1] == '\n' {
				i++
			}
			if text[i] != '\n' {
				word.WriteByte(text[i])
				inWord = true
			}
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			if inWord {
				words = append(words, word.String())
				word.Reset()
				inWord = false
			}
		case (c == ';' || c == '|' || c == '&') && !inWord:
			return words, nil
		default:
			word.WriteByte(c)
			inWord = true
		}
	}
	if inWord {
		words = append(words, word.String())
	}
	return words, nil
}
