package matrix

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/corslint/corslint/analyzers/contract"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/source"
)

var conf = source.NewFile("deploy/api (1).conf", []byte("server {\n    add_header X 1;\n}\n"))

func at(line int) source.Span {
	start := 0
	for range line - 1 {
		start += strings.IndexByte(string(conf.Data[start:]), '\n') + 1
	}
	return source.Span{File: conf, Start: start, End: start + 1}
}

// table makes a table of rows such as "web → orders GET /orders: allowed, blocked 2"; reads are "read X-Total". Notes have the
// numbers of the list.
func table(notes []Note, rows ...string) *Table {
	t := &Table{Environments: []string{"staging", "production"}}
	byName := map[string]State{"": Absent, "allowed": Allowed, "unknown": Unknown, "unreadable": Unreadable, "blocked": Blocked}
	for _, text := range rows {
		what, cells, _ := strings.Cut(text, ": ")
		word := strings.Fields(what)
		r := Row{Frontend: word[0], API: word[2]}
		if word[3] == "read" {
			r.Reads = word[4]
		} else {
			r.Operations = []contract.Operation{{Method: word[3], Path: word[4]}}
		}
		for cell := range strings.SplitSeq(cells, ", ") {
			var c Cell
			state, _, _ := strings.Cut(cell, " ")
			fmt.Sscanf(cell, state+" %d", &c.Note)
			if c.State = byName[state]; c.State > Absent {
				c.Witness = &finding.Witness{Title: "fetch(<" + what + ">)", Steps: []finding.Step{
					{From: "browser", To: "nginx", Start: "GET /"}, {From: "nginx", To: "orders", Start: "hands the request on"},
					{From: "nginx", To: "browser", Start: "200", Place: at(2), Lines: []finding.StepLine{{Text: "X: <b>", Places: []source.Span{at(2)}}, {Text: "Y: 1", Lost: true, Note: "lost"}}},
					{From: "browser", Start: "refuses"},
				}}
			}
			r.Cells = append(r.Cells, c)
		}
		t.Rows = append(t.Rows, r)
	}
	t.number(notes)
	return t
}

var notes = []Note{
	{State: Unknown, Text: "depends on ORIGIN"},
	{State: Blocked, Text: "<script> | is not let in", Place: at(2)},
	{State: Unreadable, Text: "X-Total is not exposed", Place: at(1)},
}

func example() *Table {
	return table(notes,
		"web → orders GET /orders: unknown 1, allowed",
		"web → orders PUT /orders/{id}: allowed, blocked 2",
		"web → orders read X-Total: unreadable 3, unreadable 3",
		"admin → orders GET /orders: , allowed",
	)
}

func TestText(t *testing.T) {
	const want = `                                 staging        production
web → orders    GET /orders      unknown  a     allowed
web → orders    PUT /orders/{id}  allowed        BLOCKED  1
web → orders    read X-Total      unreadable  2  unreadable  2
admin → orders  GET /orders                      allowed

1  <script> | is not let in                                             deploy/api (1).conf:2
2  X-Total is not exposed                                               deploy/api (1).conf:1
a  depends on ORIGIN
2 frontends × 2 environments, 3 cells allowed, 1 blocked, 2 unreadable, 1 unknown
`
	var b strings.Builder
	place := func(s source.Span) string { return fmt.Sprintf("%s:%d", s.Path(), s.Position().Line) }
	if err := example().WriteText(&b, place); err != nil {
		t.Fatal(err)
	}
	squeeze := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	if squeeze(b.String()) != squeeze(want) {
		t.Errorf("got\n%s", b.String())
	}
	columns := map[int]bool{}
	for line := range strings.Lines(b.String()) {
		if before, _, ok := strings.Cut(line, "allowed\n"); ok && strings.Contains(line, "→") {
			columns[len([]rune(before))] = true
		}
	}
	if len(columns) != 1 {
		t.Errorf("the columns are not one below the other:\n%s", b.String())
	}
}

// What does something to a terminal is not printed as it is.
func TestHostileText(t *testing.T) {
	tab := table([]Note{{State: Blocked, Text: "\u202e\x1b[31m"}}, "web → orders GET /\x1b]0;title\a: blocked 1, allowed")
	var b strings.Builder
	if err := tab.WriteText(&b, func(source.Span) string { return "" }); err != nil {
		t.Fatal(err)
	}
	if got := b.String() + tab.markdown(""); strings.ContainsAny(got, "\x1b\a\u202e") {
		t.Errorf("%q", got)
	}
}

func TestCollapse(t *testing.T) {
	var many []string
	for i := range 500 {
		many = append(many, fmt.Sprintf("web → orders GET /things/%d: allowed, allowed", i))
	}
	for name, test := range map[string]struct{ rows, want []string }{
		"methods of a path": {
			[]string{"web → orders GET /orders: allowed, allowed", "web → orders POST /orders: allowed, allowed", "web → orders GET /carts: allowed, blocked 2"},
			[]string{"web → orders: GET, POST /orders", "web → orders: GET /carts"},
		},
		"few stay apart": {
			[]string{"web → orders GET /a: allowed, allowed", "web → orders GET /b: allowed, allowed"},
			[]string{"web → orders: GET /a", "web → orders: GET /b"},
		},
		"many that fare alike": {append(slices.Clone(many), "web → orders GET /x: blocked 2, allowed"), []string{"web → orders: 500 operations", "web → orders: GET /x"}},
		"frontends stay apart": {
			[]string{"web → orders GET /a: allowed, allowed", "admin → orders GET /a: allowed, allowed"},
			[]string{"web → orders: GET /a", "admin → orders: GET /a"},
		},
		"notes tell apart": {
			[]string{"web → orders GET /a: blocked 2, allowed", "web → orders PUT /a: blocked 3, allowed"},
			[]string{"web → orders: GET /a", "web → orders: PUT /a"},
		},
		"headers stay apart": {
			[]string{"web → orders read A: allowed, allowed", "web → orders read B: allowed, allowed"},
			[]string{"web → orders: read A", "web → orders: read B"},
		},
	} {
		full := table(notes, test.rows...)
		var got []string
		for _, r := range full.Collapsed().Rows {
			got = append(got, r.Title()+": "+r.What())
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: %q", name, got)
		}
		if len(full.Rows) != len(test.rows) || slices.ContainsFunc(full.Rows, func(r Row) bool { return len(r.Operations) > 1 }) {
			t.Errorf("%s: collapsing changes the table itself", name)
		}
	}
}

func TestMarks(t *testing.T) {
	tab := table([]Note{{State: Blocked, Text: "x"}, {State: Unknown, Text: "y"}, {State: Blocked, Text: "z"}, {State: Unknown, Text: "unused"}},
		"web → orders GET /a: unknown 2, blocked 3", "web → orders GET /b: blocked 1, blocked 3")
	var got []string
	for _, n := range tab.Notes {
		got = append(got, n.Mark+n.Text)
	}
	if want := []string{"1z", "2x", "ay"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	for n, want := range map[int]string{0: "a", 25: "z", 26: "aa", 27: "ab", 52: "ba", 701: "zz", 702: "aaa"} {
		if letter(n) != want {
			t.Errorf("letter %d is %s, want %s", n, letter(n), want)
		}
	}
}

func TestMarkdown(t *testing.T) {
	const want = `<!-- corslint matrix; do not edit -->

|  |  | staging | production |
|---|---|---|---|
| web → orders | GET /orders | unknown  a | allowed |
| web → orders | PUT /orders/{id} | allowed | BLOCKED  1 |
| web → orders | read X-Total | unreadable  2 | unreadable  2 |
| admin → orders | GET /orders |  | allowed |

- 1: &lt;script> \| is not let in, [deploy/api (1).conf:2](../../deploy/api%20%281%29.conf#L2)
- 2: X-Total is not exposed, [deploy/api (1).conf:1](../../deploy/api%20%281%29.conf#L1)
- a: depends on ORIGIN

2 frontends × 2 environments, 3 cells allowed, 1 blocked, 2 unreadable, 1 unknown

<!-- end of corslint matrix -->
`
	var b strings.Builder
	if err := example().WriteMarkdown(&b, "docs/api"); err != nil {
		t.Fatal(err)
	}
	if b.String() != want {
		t.Errorf("got\n%s", b.String())
	}
}

func TestChanges(t *testing.T) {
	now := example()
	document := "# CORS\r\n\n" + now.markdown("docs") + "\nMore.\n"
	for name, test := range map[string]struct {
		text, dir string
		want      []string
		found     bool
	}{
		"the same":             {document, "docs", nil, true},
		"lines that end in CR": {strings.ReplaceAll(document, "\n", "\r\n"), "docs", nil, true},
		"no table":             {"# CORS\n\n| a | b |\n", "docs", nil, false},
		"empty":                {"", "docs", nil, false},
		"the end is missing":   {strings.ReplaceAll(document, markdownEnd, ""), "docs", []string{"every cell is the same, and the notes differ"}, true},
		"moved":                {document, "", []string{"every cell is the same, and the notes differ"}, true},
		"cells": {table(notes, "web → orders GET /orders: unknown 1, blocked 2", "web → orders PUT /orders/{id}: allowed, blocked 2", "web → orders GET /gone: allowed, allowed",
			"web → orders read X-Total: unreadable 3, unreadable 3").markdown("docs"), "docs", []string{
			"web → orders GET /orders, production: was BLOCKED, is allowed",
			"admin → orders GET /orders, production: new, allowed",
			"web → orders GET /gone, staging: gone",
			"web → orders GET /gone, production: gone",
		}, true},
		"a method of a row": {table(notes, "web → orders GET /orders: unknown 1, allowed", "web → orders PUT /orders/{id}: allowed, blocked 2", "web → orders DELETE /orders/{id}: allowed, blocked 2",
			"web → orders read X-Total: unreadable 3, unreadable 3", "admin → orders GET /orders: allowed, allowed").markdown("docs"), "docs", []string{
			"admin → orders GET /orders, staging: gone",
			"web → orders DELETE /orders/{id}, staging: gone",
			"web → orders DELETE /orders/{id}, production: gone",
		}, true},
		"not a table at all": {markdownStart + "\n| \n|\n| a\n|---\n|||||\n" + markdownEnd, "docs", []string{
			"web → orders GET /orders, staging: new, unknown", "web → orders GET /orders, production: new, allowed",
			"web → orders PUT /orders/{id}, staging: new, allowed", "web → orders PUT /orders/{id}, production: new, BLOCKED",
			"web → orders read X-Total, staging: new, unreadable", "web → orders read X-Total, production: new, unreadable",
			"admin → orders GET /orders, production: new, allowed",
		}, true},
	} {
		got, found := now.Changes(test.text, test.dir)
		if found != test.found || !slices.Equal(got, test.want) {
			t.Errorf("%s: %v\n%s", name, found, strings.Join(got, "\n"))
		}
	}
}
