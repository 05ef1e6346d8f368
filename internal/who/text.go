package who

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/source"
)

// words are what is said of each kind of strangers: how they get in, and what they are called together. The order is that in which
// they are listed.
var words = [...]struct {
	kind     probe.Bypass
	how, all string
}{
	{probe.BypassNull, "sandboxed frames", "null"},
	{probe.BypassHTTP, "no TLS", "http://…"},
	{probe.BypassLoopback, "the visitor's own machine", "localhost"},
	{probe.BypassSubdomain, "any subdomain", "subdomains"},
	{probe.BypassSuffix, "no end", "suffixes"},
	{probe.BypassPrefix, "no start", "prefixes"},
	{probe.BypassDot, "dot", "letters for dots"},
	{probe.BypassPort, "any port", "other ports"},
	{probe.BypassPublicSuffix, "anyone can register it", "other names"},
	{probe.BypassAny, "", "other hosts"},
}

// maxLine is how long a line of origins is.
const maxLine = 64

// row is a line of the table; one that names a layer has no columns.
type row struct{ layer, path, pages, credentials, at string }

// WriteText writes the table for people. Places are written by place; verbose adds the page that each stranger would host.
func WriteText(w io.Writer, layers []Layer, place func(source.Span) string, verbose bool) error {
	rows := []row{{path: "who may read, and with what", credentials: "credentials", at: "decided at"}}
	for i := range layers {
		l := &layers[i]
		if len(layers) > 1 && len(l.Endpoints) > 0 {
			rows = append(rows, row{layer: l.Name + "  " + place(l.Place)})
		}
		for _, group := range alike(l.Endpoints) {
			rows = append(rows, group[0].rows(paths(group), place)...)
		}
	}
	var b strings.Builder
	if len(rows) > 1 {
		write(&b, rows)
	}
	if len(layers) > 1 {
		b.WriteString("\n")
	}
	footer(&b, layers, place)
	if verbose {
		for i := range layers {
			for _, group := range alike(layers[i].Endpoints) {
				pages(&b, group[0])
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// alike groups the endpoints that are read by the same pages.
func alike(endpoints []Endpoint) [][]*Endpoint {
	var out [][]*Endpoint
	for i := range endpoints {
		e := &endpoints[i]
		same := slices.IndexFunc(out, func(group []*Endpoint) bool {
			return slices.EqualFunc(group[0].Readers, e.Readers, func(a, b Reader) bool {
				return a.At == b.At && a.Credentials == b.Credentials && slices.Equal(a.Pages, b.Pages)
			}) && group[0].Tried() == e.Tried() && slices.Equal(group[0].Unknown, e.Unknown)
		})
		if same < 0 {
			out = append(out, []*Endpoint{e})
		} else {
			out[same] = append(out[same], e)
		}
	}
	return out
}

// paths returns what stands in front of the lines of a group of endpoints.
func paths(group []*Endpoint) []string {
	var out []string
	for _, e := range group {
		if len(out) == 3 && len(group) > 4 {
			return append(out, fmt.Sprintf("and %d others", len(group)-3))
		}
		out = append(out, e.Path)
	}
	return out
}

// rows are the lines of an endpoint.
func (e *Endpoint) rows(paths []string, place func(source.Span) string) []row {
	var out []row
	for _, r := range e.Readers {
		mark, at := "", ""
		if !r.At.IsZero() {
			at = place(r.At)
		}
		if r.Stranger && r.Bypass != probe.BypassAny {
			mark = "! "
		}
		if how := howOf(r.Bypass); how != "" {
			at += "  (" + how + ")"
		}
		for i, text := range fold(r.Pages) {
			if i > 0 {
				out = append(out, row{pages: text})
				continue
			}
			out = append(out, row{pages: mark + text, credentials: yes(r.Credentials), at: at})
		}
	}
	if len(e.Readers) == 0 && len(e.Unknown) == 0 {
		out = append(out, row{pages: "nobody"})
	}
	if len(e.Unknown) > 0 {
		out = append(out, row{pages: "? not known: " + counted(e.Unknown)})
	}
	if len(e.Refused) > 0 {
		var kinds []string
		for _, word := range words {
			if slices.ContainsFunc(e.Refused, func(r Refused) bool { return r.Bypass == word.kind }) {
				kinds = append(kinds, word.all)
			}
		}
		probes := "probes"
		if e.Tried() == 1 {
			probes = "probe"
		}
		out = append(out, row{pages: fmt.Sprintf("not: %s (%d %s)", strings.Join(kinds, ", "), e.Tried(), probes)})
	}
	for i, path := range paths {
		if i == len(out) {
			out = append(out, row{})
		}
		out[i].path = path
	}
	return out
}

// counted names a few of several.
func counted(list []string) string {
	if len(list) <= 2 {
		return strings.Join(list, ", ")
	}
	return fmt.Sprintf("%s and %d others", list[0], len(list)-1)
}

func howOf(kind probe.Bypass) string {
	for _, word := range words {
		if word.kind == kind {
			return word.how
		}
	}
	return ""
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// fold puts origins on lines.
func fold(pages []string) []string {
	lines := []string{""}
	for i, p := range pages {
		last := &lines[len(lines)-1]
		if i < len(pages)-1 {
			p += ","
		}
		switch {
		case *last == "":
			*last = p
		case len(*last)+1+len(p) > maxLine:
			lines = append(lines, p)
		default:
			*last += " " + p
		}
	}
	return lines
}

// write aligns the columns. Lines without a place go as far as they like.
func write(b *strings.Builder, rows []row) {
	width := func(of func(row) string) (w int) {
		for _, r := range rows[1:] {
			w = max(w, utf8.RuneCountInString(of(r)))
		}
		return w + 2
	}
	path := width(func(r row) string { return r.path })
	both := max(path+width(func(r row) string {
		if r.credentials == "" {
			return ""
		}
		return r.pages
	}), len(rows[0].path)+2)
	for i, r := range rows {
		if r.layer != "" {
			b.WriteString("\n" + r.layer + "\n")
			continue
		}
		line := pad(r.path, path) + r.pages
		if i == 0 {
			line = r.path
		}
		if r.credentials != "" {
			line = pad(line, both) + pad(r.credentials, len(rows[0].credentials)+2) + r.at
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
}

func pad(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(text)))
}

// footer says what has to hold for a stranger to read with credentials, and what was not shown.
func footer(b *strings.Builder, layers []Layer, place func(source.Span) string) {
	strangers, silent := false, 0
	var cookies []policy.Fact
	var unknown []string
	for i := range layers {
		silent += layers[i].Silent
		cookies = append(cookies, layers[i].Cookies...)
		unknown = append(unknown, layers[i].Unknown...)
		for _, e := range layers[i].Endpoints {
			strangers = strangers || slices.ContainsFunc(e.Readers, func(r Reader) bool { return r.Stranger && r.Credentials })
		}
	}
	if strangers {
		b.WriteString("with credentials: cookies that say SameSite=None, and HTTP authentication; from a sibling subdomain all cookies\n")
		for _, f := range cookies {
			says := f.Text
			if says == "" {
				says = "nothing of SameSite"
			}
			fmt.Fprintf(b, "  the session cookie %s says %s  %s\n", f.Subject, says, place(f.Span))
		}
		if len(cookies) == 0 {
			b.WriteString("  no session cookie is seen in the code\n")
		}
	}
	switch {
	case silent == 1:
		b.WriteString("1 more endpoint has no CORS header: no page of another origin reads it\n")
	case silent > 1:
		fmt.Fprintf(b, "%d more endpoints have no CORS header: no page of another origin reads them\n", silent)
	}
	slices.Sort(unknown)
	if unknown = slices.Compact(unknown); len(unknown) > 0 {
		fmt.Fprintf(b, "not known: %s\n", strings.Join(unknown, "; "))
	}
}

// pages writes what a stranger puts on a page to read an endpoint.
func pages(b *strings.Builder, e *Endpoint) {
	for _, r := range e.Readers {
		if !r.Stranger || r.Bypass == probe.BypassAny && !r.Credentials { // what everybody may read is nobody's secret
			continue
		}
		options := map[string]string{}
		if e.Method != "GET" {
			options["method"] = e.Method
		}
		if r.Credentials {
			options["credentials"] = "include"
		}
		fmt.Fprintf(b, "\na page of %s\n  <script>\n  fetch(%s, %s)\n    .then((response) => response.text())\n    .then((text) => document.body.append(text));\n  </script>\n",
			r.Witness, literal(e.URL), literal(options))
	}
}

// literal writes a value as JavaScript that can stand in a page.
func literal(v any) string {
	text, err := json.Marshal(v) // escapes what would end the script
	if err != nil {
		return "undefined"
	}
	return string(text)
}
