package main

import (
	"context"
	"fmt"
	"net/url"
	"path"
	"runtime"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/console"
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/diagnosis"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/report"
	"github.com/corslint/corslint/internal/source"
)

// print prints a diagnosis for people.
func (w *workshop) print(ctx context.Context, d *diagnosis.Diagnosis) {
	switch d.Kind {
	case diagnosis.Caused:
		w.caused(d)
	case diagnosis.Otherwise:
		w.otherwise(d)
	case diagnosis.NoLayer:
		w.noLayer(d)
	case diagnosis.General:
		w.general(ctx, d)
	}
}

// caused prints that the project does that, and what to do about it.
func (w *workshop) caused(d *diagnosis.Diagnosis) {
	w.say("", "This project does that.   %s%s", w.layer(d), w.at(d.Place, ", "))
	rule := ""
	if d.Finding != nil {
		rule = " (" + d.Finding.Rule + ")"
	}
	w.say("  ", "The %s for %s is answered%s %s%s.", request(d), pathOf(d.Failure.URL), w.answeredAt(d), d.What, rule)
	if d.Because != "" {
		w.say("  because: ", "%s", d.Because)
	}
	if d.Change != "" {
		w.say("  change:  ", "%s%s", d.Change, w.fix(d))
	}
	switch {
	case len(d.After) == 0:
		w.say("  after it: ", "the browser allows this request. Nothing else is in the way.")
	default:
		w.say("  after it: ", "the browser goes on, and refuses it for what comes next:")
		for i, wall := range d.After {
			w.say(fmt.Sprintf("    %d. ", i+2), "%s%s", wall.Text, w.at(wall.Place, "   "))
			if wall.Change != "" {
				w.say("       change: ", "%s", wall.Change)
			}
		}
	}
	w.more(d)
	w.notes(d)
}

// fix is the command that makes the change, where there is one.
func (w *workshop) fix(d *diagnosis.Diagnosis) string {
	if d.Finding == nil || !slices.ContainsFunc(d.Finding.Fixes, func(f finding.Fix) bool { return f.Safety == finding.Safe }) {
		return ""
	}
	return "   (corslint --fix " + w.path(d.Place.Path()) + ")"
}

func (w *workshop) more(d *diagnosis.Diagnosis) {
	if d.Rule != "" {
		w.say("  more:    ", "corslint explain %s", d.Rule)
	}
}

// otherwise prints that the project would not do that, and what it means.
func (w *workshop) otherwise(d *diagnosis.Diagnosis) {
	f := d.Exchange.Fetch
	asked := fmt.Sprintf("%s %s from %s", browser.NormalizeMethod(f.Method), f.URL, f.Origin)
	var how string
	switch verdict := d.Outcome.Result.Verdict; verdict {
	case browser.Allowed:
		how = "From these files the browser allows " + asked + "."
	case browser.Unknown:
		how = "From these files it is not known whether the browser allows " + asked + "."
	case browser.Blocked:
		f := d.Outcome.Result.Failures[0]
		how = "From these files the browser refuses " + asked + " for another reason: " + f.Text + w.at(diagnosis.Place(&f, d.Outcome.Answer(f.Hop, f.Phase)), " ")
	}
	w.say("", "Predicted otherwise.   %s   (%s%s)", how, w.layer(d), w.at(d.Layer.Span, ", "))
	server := "Look at the response's Server and Via."
	if name := serverHeader(d); name != "" {
		server = "Look at the response's Server and Via: this project sends " + name + "."
	}
	w.say("  1. ", "Another layer answered. %s", server)
	w.say("  2. ", "The deployed files differ from these%s.", w.changed(d.Layer.Span.Path()))
	w.say("  3. ", "The request differs: credentials, or a header that needs a preflight. Right-click the request, \"Copy as fetch\", then:")
	w.line("       corslint simulate --fetch -")
	if lines := d.Exchange.Curl(d.Outcome); len(lines) > 0 {
		w.line("  Compare with:  " + report.CurlFor(runtime.GOOS, lines[0]))
	}
	w.notes(d)
}

// noLayer prints that nobody here answers.
func (w *workshop) noLayer(d *diagnosis.Diagnosis) {
	known := "Nothing in this project answers HTTP requests, as far as corslint reads it."
	if len(d.Known) > 0 {
		var names []string
		for _, l := range d.Known {
			if l.More > 0 {
				l.Names = append(l.Names, fmt.Sprintf("%d more", l.More))
			}
			names = append(names, strings.Join(l.Names, ", ")+" ("+l.Dialect+")")
		}
		known = "Known: " + strings.Join(names, "; ") + "."
	}
	w.say("", "No layer here answers %s.   %s", hostOf(d), known)
	if d.Meaning != "" {
		w.say("  In general this message means: ", "%s", d.Meaning)
	}
	w.say("  ", "A server that corslint cannot read is declared in a layer file: docs/explain.md")
	w.more(d)
}

// general prints what a message means that nobody here can be asked about.
func (w *workshop) general(ctx context.Context, d *diagnosis.Diagnosis) {
	w.say("", "%s", d.Meaning)
	if d.Message.Kind == console.Refused {
		w.similarFindings(ctx, d)
	}
	for _, hint := range d.Hints {
		w.say("  ", "%s", hint)
	}
	w.more(d)
}

// maxSimilar is how many findings are listed for a message that names no URL.
const maxSimilar = 5

func (w *workshop) similarFindings(ctx context.Context, d *diagnosis.Diagnosis) {
	found := w.similar(ctx, &d.Message)
	if len(found) == 0 {
		w.say("  ", "The message names no URL, and nothing that is reported about this project makes a browser print it.")
		return
	}
	w.say("  ", "The message names no URL. In this project a browser prints it because of:")
	for _, f := range found[:min(len(found), maxSimilar)] {
		w.say("    ", "%s: %s [%s]", w.at(f.Place, ""), f.Message, f.Rule)
	}
	if len(found) > maxSimilar {
		w.say("    ", "and %d more: corslint", len(found)-maxSimilar)
	}
}

// notes prints what was assumed and what does not fit.
func (w *workshop) notes(d *diagnosis.Diagnosis) {
	var assumed []string
	for _, a := range d.Outcome.Assuming {
		if text := a.String(); !slices.Contains(assumed, text) {
			assumed = append(assumed, text)
		}
	}
	if len(assumed) > 0 {
		w.say("  assuming ", "%s", strings.Join(assumed, "; "))
	}
	if d.Differs != "" {
		w.say("  but ", "%s", d.Differs)
	}
	if d.Kind == diagnosis.Caused && len(d.Guessed) > 0 {
		w.line("")
		for _, text := range d.Guessed {
			w.say("", "%s.", text)
		}
	}
}

const width = 118

// say prints a paragraph, with its further lines below the text of the first.
func (w *workshop) say(indent, format string, args ...any) {
	text := printable(fmt.Sprintf(format, args...))
	pad := strings.Repeat(" ", min(len(indent), 11))
	line, words := indent, 0
	for word := range strings.SplitAfterSeq(text, " ") {
		if words > 0 && utf8.RuneCountInString(strings.TrimRight(line+word, " ")) > width {
			w.line(line)
			line, words = pad, 0
		}
		line += word
		words++
	}
	w.line(line)
}

func (w *workshop) line(text string) { fmt.Fprintln(w.out, strings.TrimRight(printable(text), " ")) }

// at returns a place after a separator, "" where there is none.
func (w *workshop) at(s source.Span, separator string) string {
	if s.IsZero() {
		return ""
	}
	return fmt.Sprintf("%s%s:%d", separator, w.path(s.Path()), s.Position().Line)
}

func (w *workshop) answeredAt(d *diagnosis.Diagnosis) string {
	if d.Answer == nil || len(d.Answer.Trail) == 0 {
		return ""
	}
	at := d.Answer.Trail[len(d.Answer.Trail)-1]
	name := w.path(at.Path())
	if at.Path() == d.Place.Path() {
		name = path.Base(name)
	}
	return fmt.Sprintf(" on %s:%d", name, at.Position().Line)
}

// changed says when a file was changed.
func (w *workshop) changed(name string) string {
	info := w.find(name)
	if info == nil {
		return ""
	}
	return fmt.Sprintf(" (last changed %s, %s)", info.ModTime().UTC().Format("2006-01-02"), path.Base(name))
}

// layer names who answers: "nginx api.shop.example", "express orders/server.js".
func (w *workshop) layer(d *diagnosis.Diagnosis) string {
	name := d.Layer.Name
	if strings.HasSuffix(d.Layer.Span.Path(), name) || strings.HasSuffix(name, d.Layer.Span.Path()) {
		name = w.path(name)
	}
	if strings.Contains(name, d.Host.Dialect) {
		return name
	}
	return d.Host.Dialect + " " + name
}

// request names the request that fails.
func request(d *diagnosis.Diagnosis) string {
	if d.Failure.Phase == browser.PhasePreflight {
		return "preflight"
	}
	return browser.NormalizeMethod(d.Exchange.Fetch.Method)
}

func pathOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Path == "" {
		return raw
	}
	return u.EscapedPath()
}

func hostOf(d *diagnosis.Diagnosis) string {
	u, err := url.Parse(d.Message.URL)
	if err != nil || u.Host == "" {
		return shorten(d.Message.URL, 100)
	}
	return u.Host
}

// serverHeader returns how the answer says who gave it: "Server: nginx".
func serverHeader(d *diagnosis.Diagnosis) string {
	for _, hop := range slices.Backward(d.Outcome.Hops) {
		for _, answer := range []*policy.Outcome{hop.Actual, hop.Preflight} {
			if answer == nil {
				continue
			}
			for _, name := range []string{"Server", "X-Powered-By", "Via"} {
				if h, ok := answer.Get(name); ok {
					if text, known := h.Value.Known(); known {
						return fmt.Sprintf("%q", name+": "+text)
					}
				}
			}
		}
	}
	if d.Host.Dialect == "nginx" {
		return `"Server: nginx"`
	}
	return ""
}

// shorten cuts a text to n runes.
func shorten(text string, n int) string {
	if runes := []rune(text); len(runes) > n {
		return string(runes[:n-1]) + "…"
	}
	return text
}
