package report

import (
	"net/url"
	"strings"
)

// paint holds the marks that depend on where a text is read.
type paint struct {
	color, links bool
	bar, arrow   string
}

func (o Options) paint() paint {
	p := paint{color: o.Color, links: o.Links, bar: "|", arrow: "->"}
	if o.Unicode {
		p.bar, p.arrow = "│", "→"
	}
	return p
}

// ANSI SGR parameters.
const (
	bold   = "1"
	dim    = "2"
	red    = "1;31"
	yellow = "1;33"
	cyan   = "1;36"
)

// in returns the text in a colour.
func (p paint) in(sgr, text string) string {
	if !p.color || text == "" {
		return text
	}
	return "\x1b[" + sgr + "m" + text + "\x1b[0m"
}

// link returns the text as a hyperlink, where those are printed and the target is one that a browser opens.
// https://gist.github.com/egmontkob/eb114294efbcd5adb1944c9f3cb5feda
func (p paint) link(target, text string) string {
	u, err := url.Parse(target)
	if !p.links || err != nil || u.Scheme != "https" {
		return text
	}
	return "\x1b]8;;" + u.String() + "\x1b\\" + text + "\x1b]8;;\x1b\\"
}

// wrap breaks a text at spaces into lines of at most width columns. A word that is longer gets a line of its own, and a
// text that fits stays as it is, with all its spaces.
func wrap(text string, width int) []string {
	if textWidth(text) <= width {
		return []string{text}
	}
	var lines []string
	var line strings.Builder
	at := 0
	for word := range strings.FieldsSeq(text) {
		w := textWidth(word)
		if at > 0 && at+1+w > width {
			lines = append(lines, line.String())
			line.Reset()
			at = 0
		}
		if at > 0 {
			line.WriteByte(' ')
			at++
		}
		line.WriteString(word)
		at += w
	}
	return append(lines, line.String())
}
