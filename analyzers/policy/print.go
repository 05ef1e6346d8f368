package policy

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// String prints the program for people and for golden files: its blocks in order, a step a line, then its tables.
func (p *Program) String() string {
	w := &printer{program: p}
	for i := range p.Vars {
		if v := &p.Vars[i]; v.Define != nil {
			w.line("var $%s = %s", v.Name, w.expr(v.Define))
		}
	}
	for i := range p.Blocks {
		b := &p.Blocks[i]
		w.line("block %d %s", i, b.Name)
		w.depth++
		w.steps(b.Request)
		if len(b.Response) > 0 {
			w.line("response")
			w.depth++
			w.steps(b.Response)
			w.depth--
		}
		w.depth--
	}
	for i := 0; i < len(w.tables); i++ { // printing a table may find further ones
		w.table(w.tables[i])
	}
	return w.out.String()
}

type printer struct {
	program *Program
	out     strings.Builder
	depth   int
	tables  []*Table // in the order of their first use
}

func (w *printer) line(format string, args ...any) {
	w.out.WriteString(strings.Repeat("  ", w.depth))
	fmt.Fprintf(&w.out, format, args...)
	w.out.WriteByte('\n')
}

func (w *printer) steps(steps []Step) {
	for _, s := range steps {
		switch s := s.(type) {
		case *If:
			w.line("if %s", w.cond(s.Cond))
			w.indent(s.Then)
			if len(s.Else) > 0 {
				w.line("else")
				w.indent(s.Else)
			}
		case *Set:
			w.line("set $%s = %s", w.program.Vars[s.Var].Name, w.expr(s.Value))
		case *Edit:
			w.line("edit%s%s%s", w.optional(" method=", s.Method), w.optional(" path=", s.Path), w.optional(" query=", s.Query))
		case *Respond:
			if s.Close {
				w.line("close")
			} else {
				w.line("respond %d%s", s.Status, w.headerLines(s.Headers))
			}
		case *Forward:
			w.line("forward %s%s%s%s", s.To.Name, w.optional(" path=", s.Path), w.optional(" query=", s.Query), w.headerLines(s.Headers))
			w.indent(s.Receive)
		case *Subrequest:
			w.line("set $%s = status of subrequest %s", w.program.Vars[s.Var].Name, w.expr(s.Path))
		case *Jump:
			how := "go to"
			if s.Internal {
				how = "redirect internally to"
			}
			w.line("%s %d %s", how, s.Block, w.program.Blocks[s.Block].Name)
		case *EditHeader:
			of := ""
			if s.UpstreamOnly {
				of = " of the upstream"
			}
			w.line("%s %s%s%s", headerOps[s.Op], s.Name, of, w.optional(": ", s.Value))
		case *SetStatus:
			w.line("status %s", w.expr(s.Value))
		case *Lose:
			w.line("lose %s: %s (%s)", s.Name, w.expr(s.Value), s.Why)
		case *OpenHeaders:
			w.line("open: %s %s", s.Unknown.Kind, s.Unknown.Subject)
		}
	}
}

var headerOps = map[HeaderOp]string{Add: "add", First: "add first", Replace: "replace", Default: "default", Merge: "merge", Rewrite: "rewrite", Remove: "remove"}

func (w *printer) indent(steps []Step) {
	w.depth++
	w.steps(steps)
	w.depth--
}

func (w *printer) optional(prefix string, e Expr) string {
	if e == nil {
		return ""
	}
	return prefix + w.expr(e)
}

func (w *printer) headerLines(lines []Line) string {
	var b strings.Builder
	for _, l := range lines {
		fmt.Fprintf(&b, " %s: %s", l.Name, w.expr(l.Value))
	}
	return b.String()
}

func (w *printer) cond(c Cond) string {
	switch c := c.(type) {
	case *Equal:
		op := "="
		if c.FoldCase {
			op = "=*"
		}
		return fmt.Sprintf("%s %s %q", w.expr(c.Of), op, c.Text)
	case *OneOf:
		return fmt.Sprintf("%s in %q", w.expr(c.Of), c.Texts)
	case *HasPrefix:
		return fmt.Sprintf("%s starts with %q", w.expr(c.Of), c.Text)
	case *HasSuffix:
		return fmt.Sprintf("%s ends with %q", w.expr(c.Of), c.Text)
	case *Matches:
		return fmt.Sprintf("%s %s", w.expr(c.Of), patternText(c.Pattern))
	case *Same:
		return w.expr(c.A) + " = " + w.expr(c.B)
	case *StatusIn:
		return fmt.Sprintf("status in %v", c.Statuses)
	case FromUpstream:
		return "answered by the upstream"
	case *HasHeader:
		return "has " + c.Name
	case *Not:
		return "not " + w.cond(c.Cond)
	case All:
		parts := make([]string, len(c))
		for i, part := range c {
			parts[i] = w.cond(part)
		}
		return "(" + strings.Join(parts, " and ") + ")"
	case Meets:
		if c.Statuses != nil {
			return fmt.Sprintf("%s in %v", c.Kind, c.Statuses)
		}
		return string(c.Kind)
	case *Ask:
		return fmt.Sprintf("unknown: %s %s%s", c.Unknown.Kind, c.Unknown.Subject, w.optional("", c.Subject))
	}
	return "?"
}

func patternText(p *Pattern) string {
	if p.FoldCase {
		return "~* " + strconv.Quote(p.Text)
	}
	return "~ " + strconv.Quote(p.Text)
}

var requestParts = map[RequestPart]string{
	Method: "method", Path: "path", Query: "query", Target: "target", SentPath: "sent path", Scheme: "scheme", HostName: "host", Port: "port", PortSuffix: "port suffix",
}

func (w *printer) expr(e Expr) string {
	switch e := e.(type) {
	case Text:
		return strconv.Quote(string(e))
	case *RequestHeader:
		return "request." + e.Name
	case RequestPart:
		return "request " + requestParts[e]
	case Arg:
		return "argument " + string(e)
	case Cookie:
		return "cookie " + string(e)
	case Variable:
		return "$" + w.program.Vars[e].Name
	case Capture:
		return fmt.Sprintf("$%d", int(e))
	case Concat:
		parts := make([]string, len(e))
		for i, part := range e {
			parts[i] = w.expr(part)
		}
		return strings.Join(parts, " + ")
	case *Lookup:
		if !slices.Contains(w.tables, e.Table) {
			w.tables = append(w.tables, e.Table)
		}
		return fmt.Sprintf("%s[%s]", e.Table.Name, w.expr(e.Key))
	case *Trim:
		return fmt.Sprintf("%s[%d:]", w.expr(e.Of), e.N)
	case *Swap:
		return fmt.Sprintf("%s[%s → %s]", w.expr(e.Of), w.expr(e.From), w.expr(e.To))
	case *Escaped:
		return fmt.Sprintf("escaped(%s)", w.expr(e.Of))
	case *ResponseHeader:
		return "response." + e.Name
	case ResponseStatus:
		return "response status"
	case *UnknownExpr:
		return fmt.Sprintf("‹%s›", e.Unknown.Subject)
	}
	return "?"
}

func (w *printer) table(t *Table) {
	w.line("table %s", t.Name)
	w.depth++
	for _, key := range slices.Sorted(maps.Keys(t.Exact)) {
		w.line("%q: %s", key, w.expr(t.Exact[key].Value))
	}
	for _, row := range t.Prefixes {
		w.line("%q...: %s", row.Text, w.expr(row.Value))
	}
	for _, row := range t.Suffixes {
		w.line("...%q: %s", row.Text, w.expr(row.Value))
	}
	for _, row := range t.Patterns {
		w.line("%s: %s", patternText(row.Pattern), w.expr(row.Value))
	}
	if t.Default != nil {
		w.line("default: %s", w.expr(t.Default.Value))
	}
	w.depth--
}
