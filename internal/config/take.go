package config

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/yamltree"
)

// The settings' keys. What the schema refuses is passed over here: it is reported already.
const (
	keyRules        = "rules"
	keyExclude      = "exclude"
	keyFailOn       = "fail-on"
	keyPrefix       = "nginx.prefix"
	keyVersion      = "nginx.version"
	keyModules      = "nginx.modules"
	keyRun          = "express.run"
	keyEnvironments = "environments"
	keyIgnore       = "ignore"
	keyExpect       = "expect"
	keyContract     = "contract"
)

// take adds the settings of one file, which lies in a directory, to the configuration.
func (l *loader) take(root yamltree.Node, dir string) {
	for key, value := range root.Get("rules").Fields() {
		l.takeRule(key, value)
	}
	for item := range root.Get("exclude").Items() {
		if pattern, ok := l.pattern(item, dir); ok {
			l.config.Exclude = append(l.config.Exclude, pattern)
			l.set(keyExclude, pattern, item)
		}
	}
	if value := root.Get("fail-on"); !l.has(keyFailOn) {
		if severity, ok := finding.ParseSeverity(value.Text()); ok {
			l.config.FailOn = severity
			l.set(keyFailOn, value.Text(), value)
		}
	}
	l.takeNginx(root.Get("nginx"), dir)
	if run := root.Get("express").Get("run"); !l.has(keyRun) && run.Kind() == yamltree.Bool {
		l.config.ReadOnly = run.Text() != "true"
		l.set(keyRun, run.Text(), run)
	}
	for item := range root.Get("environments").Items() {
		kind := item.Get("kind").Text()
		if pattern, ok := l.pattern(item.Get("path"), dir); ok {
			l.config.Environments = append(l.config.Environments, Environment{pattern, Kind(kind)})
			l.set(keyEnvironments, pattern+" is "+kind, item)
		}
	}
	for item := range root.Get("ignore").Items() {
		l.takeIgnore(item, dir)
	}
	for item := range root.Get("expect").Items() {
		l.takeExpectation(item, dir)
	}
	if n := root.Get("contract"); n.Kind() == yamltree.Mapping && l.config.Contract == nil {
		l.takeContract(n, dir)
	}
}

// set notes where a value comes from.
func (l *loader) set(key, value string, from yamltree.Node) {
	l.config.settings = append(l.config.settings, Setting{key, value, from.Span()})
}

// has reports whether a nearer file has set a value.
func (l *loader) has(key string) bool {
	return slices.ContainsFunc(l.config.settings, func(s Setting) bool { return s.Key == key })
}

func (l *loader) takeRule(key, value yamltree.Node) {
	name, ok := l.rule(key)
	if !ok {
		return
	}
	if _, nearer := l.config.Rules[name]; nearer {
		return
	}
	level := Level{Off: value.Text() == "off"}
	level.Severity, _ = finding.ParseSeverity(value.Text())
	l.config.Rules[name] = level
	l.set(keyRules+"."+name, value.Text(), key)
}

// rule returns the present name of a rule.
func (l *loader) rule(n yamltree.Node) (string, bool) {
	name, ok := l.rules.Canonical(n.Text())
	if !ok && n.Kind() == yamltree.String && n.Text() != "" {
		l.mistake(n.Span(), "no rule is called %s%s", quote(n.Text()), meant(l.rules.Nearest(n.Text())))
	}
	return name, ok
}

func (l *loader) takeNginx(n yamltree.Node, dir string) {
	for from, to := range n.Get("prefix").Fields() {
		if to.Kind() != yamltree.String {
			continue
		}
		p := Prefix{From: path.Clean(from.Text())}
		p.To, _ = l.rebase(to, dir)
		if slices.ContainsFunc(l.config.Nginx.Prefixes, func(q Prefix) bool { return q.From == p.From }) {
			continue
		}
		l.config.Nginx.Prefixes = append(l.config.Nginx.Prefixes, p)
		l.set(keyPrefix, p.From+" is "+orRoot(p.To), from)
	}
	if version := n.Get("version"); !l.has(keyVersion) && version.Kind() == yamltree.String {
		l.config.Nginx.Version = version.Text()
		l.set(keyVersion, version.Text(), version)
	}
	for item := range n.Get("modules").Items() {
		if !slices.Contains(l.config.Nginx.Modules, item.Text()) {
			l.config.Nginx.Modules = append(l.config.Nginx.Modules, item.Text())
			l.set(keyModules, item.Text(), item)
		}
	}
}

func (l *loader) takeIgnore(n yamltree.Node, dir string) {
	rule, known := l.rule(n.Get("rule"))
	pattern, ok := l.pattern(n.Get("path"), dir)
	i := Ignore{Rule: rule, Path: pattern, Reason: strings.TrimSpace(n.Get("reason").Text()), Span: n.Span()}
	if until := n.Get("until"); until.Kind() == yamltree.String {
		date, err := time.Parse(time.DateOnly, until.Text())
		if err != nil {
			l.mistake(until.Span(), "%s is no day of the calendar", quote(until.Text()))
		}
		i.Until = date
	}
	text := rule + " in " + pattern
	if endpoint := n.Get("endpoint"); !endpoint.IsZero() {
		valid := l.valid(endpoint)
		ok = ok && valid
		i.Endpoint = endpoint.Text()
		text += " at " + i.Endpoint
	}
	if known && ok {
		l.config.Ignore = append(l.config.Ignore, i)
		l.set(keyIgnore, text, n)
	}
}

func (l *loader) takeExpectation(n yamltree.Node, dir string) {
	e := Expectation{From: n.Get("from").Text(), URL: n.Get("url").Text(), Method: n.Get("method").Text(),
		Credentials: n.Get("credentials").Text(), Verdict: n.Get("verdict").Text(), Span: n.Get("verdict").Span()}
	for name, value := range n.Get("headers").Fields() {
		e.Headers = append(e.Headers, [2]string{name.Text(), value.Text()})
	}
	if in := n.Get("in"); !in.IsZero() {
		var ok bool
		if e.In, ok = l.pattern(in, dir); !ok {
			return
		}
	}
	if e.URL != "" && e.From != "" && e.Verdict != "" {
		l.config.Expect = append(l.config.Expect, e)
		l.set(keyExpect, fmt.Sprintf("%s %s from %s is %s", cmp.Or(e.Method, "GET"), e.URL, e.From, e.Verdict), n)
	}
}

// pattern makes a pattern that is relative to a directory relative to the root.
func (l *loader) pattern(n yamltree.Node, dir string) (string, bool) {
	text := n.Text()
	if n.Kind() != yamltree.String || text == "" {
		return "", false
	}
	if !l.valid(n) {
		return "", false
	}
	text, ok := l.rebase(n, "")
	switch {
	case !ok:
		return "", false
	case text == "": // "." is all there is
		text = "**"
	}
	return path.Join(escape(dir), text), true
}

// valid reports whether a text is a pattern that can be matched in a bounded time.
func (l *loader) valid(n yamltree.Node) bool {
	// doublestar tries alternatives one by one: {a,b}{a,b}{a,b}... is 2^n patterns.
	const maxAlternatives = 2
	switch text := n.Text(); {
	case !doublestar.ValidatePattern(text):
		l.mistake(n.Span(), "%s is no pattern: a bracket or brace is not closed", quote(text))
		return false
	case strings.Count(text, "{") > maxAlternatives:
		l.mistake(n.Span(), "%s has more than %d lists of alternatives; write several patterns", quote(text), maxAlternatives)
		return false
	}
	return true
}

// escape makes a directory a pattern that matches only it.
func escape(dir string) string {
	var b strings.Builder
	for _, c := range []byte(dir) {
		if strings.IndexByte(`\*?[]{}`, c) >= 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(c)
	}
	return b.String()
}
