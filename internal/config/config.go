// Package config reads .corslint.yml: what a project wants checked, and what its files do not say themselves. Every
// value knows the line it comes from. The package knows rules by name only; it imports source, finding, names, yamltree
// and the schema.
package config

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/corslint/corslint/analyzers/contract"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/source"
)

// Config is a project's configuration. All paths and patterns in it are relative to the project's root. It must not be
// changed.
type Config struct {
	Rules   map[string]Level // by present name; a rule that is not in it is as it comes
	Exclude []string         // doublestar patterns
	FailOn  finding.Severity
	Nginx   Nginx
	// ReadOnly: the code of Node applications is not run.
	ReadOnly     bool
	Environments []Environment // the first that matches counts
	Ignore       []Ignore
	Expect       []Expectation
	Contract     *contract.Contract // nil where the project declares none

	settings []Setting
}

// Level is what a project makes of a rule. The zero Level is the rule as it comes.
type Level struct {
	Off      bool
	Severity finding.Severity // zero: the rule's own
}

// Nginx is what the files of an nginx do not say.
type Nginx struct {
	Prefixes []Prefix
	Version  string // "1.29.3"; "" if not stated
	Modules  []string
}

// Prefix says that a directory of the machine that nginx runs on is a directory of the project.
type Prefix struct{ From, To string }

// Kind is what a configuration is for. The zero Kind is not declared.
type Kind string

// The kinds.
const (
	Production  Kind = "production"
	Development Kind = "development"
)

// Environment says what the files of a pattern are for.
type Environment struct {
	Path string // a doublestar pattern
	Kind Kind
}

// Ignore accepts the findings of a rule in the files of a pattern.
type Ignore struct {
	Rule string // its present name
	Path string // a doublestar pattern
	// Endpoint is a doublestar pattern of endpoints, of their paths alone where it begins with a slash; "": all.
	Endpoint string
	Reason   string
	Until    time.Time   // the last day, midnight UTC; zero: for ever
	Span     source.Span // the entry
}

// Matches reports whether a path is one of those.
func (i *Ignore) Matches(path string) bool { return doublestar.MatchUnvalidated(i.Path, path) }

// MatchesEndpoint reports whether an endpoint, "host/path", is one of those.
func (i *Ignore) MatchesEndpoint(endpoint string) bool {
	if strings.HasPrefix(i.Endpoint, "/") {
		endpoint = endpoint[max(0, strings.IndexByte(endpoint, '/')):]
	}
	return i.Endpoint == "" || i.Endpoint == endpoint || doublestar.MatchUnvalidated(i.Endpoint, endpoint)
}

// Expectation is a request of a page with the verdict that it must have.
type Expectation struct {
	From        string // the page's origin
	URL         string
	Method      string // "" is GET
	Headers     [][2]string
	Credentials string // "": same-origin, as fetch has it
	Verdict     string // "allowed" or "blocked"
	In          string // a doublestar pattern of the files whose layer answers; "": any that names the host
	Span        source.Span
}

// Within reports whether a layer of a file may answer.
func (e *Expectation) Within(path string) bool {
	return e.In == "" || doublestar.MatchUnvalidated(e.In, path)
}

// Default returns the configuration of a project that has none.
func Default() *Config {
	return &Config{Rules: map[string]Level{}, FailOn: finding.Error}
}

// Environment returns what a path is declared to be for.
func (c *Config) Environment(path string) Kind {
	for _, e := range c.Environments {
		if doublestar.MatchUnvalidated(e.Path, path) {
			return e.Kind
		}
	}
	return ""
}

// Setting is a value of the configuration and the place it comes from.
type Setting struct {
	Key   string // "rules.vary-origin-missing"; an entry of a list has the list's key
	Value string
	Span  source.Span // zero for a default
}

// String returns the setting as `config show` prints it.
func (s Setting) String() string {
	origin := "default"
	if !s.Span.IsZero() {
		origin = fmt.Sprintf("%s:%d", s.Span.Path(), s.Span.Position().Line)
	}
	value := s.Value
	if strings.ContainsFunc(value, func(r rune) bool { return !unicode.IsPrint(r) }) {
		value = strconv.Quote(value) // a terminal obeys what it is sent
	}
	return fmt.Sprintf("%s: %s  # %s", s.Key, value, origin)
}

// Settings returns all values that are in force, ordered by key; entries of a list are in the order in which they count.
func (c *Config) Settings() []Setting {
	all := slices.Clone(c.settings)
	if !slices.ContainsFunc(all, func(s Setting) bool { return s.Key == keyFailOn }) {
		all = append(all, Setting{Key: keyFailOn, Value: c.FailOn.String()})
	}
	slices.SortStableFunc(all, func(a, b Setting) int { return cmp.Compare(a.Key, b.Key) })
	return all
}
