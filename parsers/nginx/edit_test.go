package nginx_test

import (
	"strings"
	"testing"

	"github.com/corslint/corslint/internal/repair"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/parsers/nginx"
)

// TestEdit: what is written keeps to what stands around it.
func TestEdit(t *testing.T) {
	new := nginx.Dialect{Options: nginx.Options{Version: nginx.Version{Major: 1, Minor: 29, Patch: 3}}}
	for _, test := range []struct {
		name, text, at string
		step           func(at, other source.Span) repair.Step
		other          string
		want           string
	}{
		{"always", "location / {\n\tadd_header 'A' \"b c\"; # d\n}\n", "add_header", always, "", "location / {\n\tadd_header 'A' \"b c\" always; # d\n}\n"},
		{"it is there", "add_header A b always;\n", "add_header", always, "", ""},
		{"several on a line", "location / { add_header A b; return 204; }\n", "add_header", vary, "", "location / { add_header A b; add_header Vary Origin; return 204; }\n"},
		{"quotes of the line above", "location / {\n  add_header 'A' \"b\" always; # why\n}\n", "add_header", vary, "",
			"location / {\n  add_header 'A' \"b\" always; # why\n  add_header 'Vary' \"Origin\" always;\n}\n"},
		{"CRLF", "location / {\r\n  add_header A b;\r\n}\r\n", "add_header", vary, "", "location / {\r\n  add_header A b;\r\n  add_header Vary Origin;\r\n}\r\n"},
		{"no line feed at the end", "add_header A b;", "add_header", vary, "", "add_header A b;\nadd_header Vary Origin;"},
		{"repeated", "server {\n  add_header A $b always;\n  location / {\n    add_header C d;\n  }\n}\n", "add_header C", repeat, "add_header A $b always",
			"server {\n  add_header A $b always;\n  location / {\n    add_header C d;\n    add_header A $b always;\n  }\n}\n"},
		{"where a redirect leads", "server {\n  add_header A b;\n  location = /x {\n    add_header A b;\n    return 200;\n  }\n}\n", "return", repeatAlways, "add_header A b",
			"server {\n  add_header A b;\n  location = /x {\n    add_header A b;\n    add_header A b always;\n    return 200;\n  }\n}\n"},
		{"not where it takes others away", "server {\n  add_header A b;\n  location = /x {\n    return 200;\n  }\n}\n", "return", repeatAlways, "add_header A b", ""},
		{"not in a server", "server {\n  add_header A b;\n  return 200;\n}\n", "return", repeatAlways, "add_header A b", ""},
		{"inherited", "server {\n  location / {\n    add_header C d;\n  }\n}\n", "add_header C", inherit, "", "server {\n  location / {\n    add_header_inherit merge;\n    add_header C d;\n  }\n}\n"},
		{"not in an if", "location / {\n  if ($a) {\n    add_header C d;\n  }\n}\n", "add_header C", inherit, "", ""},
		{"a line is removed", "location / {\n  add_header A b;\n  add_header C d;\n}\n", "add_header C", remove, "", "location / {\n  add_header A b;\n}\n"},
		{"a comment stays", "location / {\n  add_header C d; # e\n}\n", "add_header C", remove, "", "location / {\n  # e\n}\n"},
		{"a row of a map", "map $http_origin $o {\n  null 1;\n}\nserver { listen 80; add_header A $o; }\n", "null", remove, "", "map $http_origin $o {\n}\nserver { listen 80; add_header A $o; }\n"},
		{"an expression", "map $http_origin $o {\n  ~*^https://a.example 1;\n}\nserver { listen 80; add_header A $o; }\n", "~*^https://a.example", expression, "",
			"map $http_origin $o {\n  ~*^https://a\\.example$ 1;\n}\nserver { listen 80; add_header A $o; }\n"},
		{"a quoted expression", "location / { if ($http_origin ~ '^https://a.example') { add_header A b; } }\n", "'^https", quotedExpression, "",
			"location / { if ($http_origin ~ '^https://a\\.example$') { add_header A b; } }\n"},
		{"a list without quotes", "add_header A GET,PUT;\n", "GET,PUT", list, "", "add_header A GET,PUT,DELETE,PATCH;\n"},
		{"a list in quotes", "add_header A 'GET, PUT';\n", "GET, PUT", list, "", "add_header A 'GET, PUT, DELETE, PATCH';\n"},
		{"a template", "location / {\n  {{ if .Values.x }}\n  add_header A b;\n  {{ end }}\n}\n", "add_header", always, "", ""},
		{"broken", "location / {\n  add_header A b;\n", "add_header", always, "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			file := source.NewFile("nginx/x.conf", []byte(test.text))
			span := func(text string) source.Span {
				i := strings.Index(test.text, text)
				return source.Span{File: file, Start: i, End: i + len(text)}
			}
			edits, ok := new.Edit(test.step(span(test.at), span(test.other)))
			got := ""
			if ok {
				got = string(edits.Apply(file).Data)
			}
			if got != test.want {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}

func always(at, _ source.Span) repair.Step { return repair.SendAlways{At: at} }
func vary(at, _ source.Span) repair.Step {
	return repair.SetHeader{Beside: at, Name: "Vary", Value: "Origin"}
}
func repeat(at, other source.Span) repair.Step {
	return repair.Repeat{Beside: at, Lines: []source.Span{other}}
}
func repeatAlways(at, other source.Span) repair.Step {
	return repair.Repeat{Beside: at, Lines: []source.Span{other}, Always: true}
}
func inherit(at, _ source.Span) repair.Step { return repair.Inherit{At: at} }
func remove(at, _ source.Span) repair.Step  { return repair.Remove{At: at} }
func list(at, _ source.Span) repair.Step {
	return repair.AddToList{At: at, Names: []string{"DELETE", "PATCH"}}
}
func expression(at, _ source.Span) repair.Step {
	return repair.Rewrite{At: at, Old: "^https://a.example", New: `^https://a\.example$`}
}
func quotedExpression(at, _ source.Span) repair.Step { return expression(at, at) }

// FuzzEdit: whatever the file and the place, there is no panic, and edits lie inside the file.
func FuzzEdit(f *testing.F) {
	f.Add("server {\n  location / {\n    add_header A b;\n    if ($a) { add_header C d; }\n  }\n}\n", uint16(32), uint8(3))
	f.Fuzz(func(t *testing.T, text string, at uint16, kind uint8) {
		file := source.NewFile("nginx/x.conf", []byte(text))
		start := min(int(at), len(text))
		s := source.Span{File: file, Start: start, End: min(start+4, len(text))}
		steps := []repair.Step{always(s, s), vary(s, s), repeat(s, s), inherit(s, s), remove(s, s), list(s, s), expression(s, s), repair.SetValue{At: s, Value: "x"},
			repair.Replace{At: s, Text: "a b"}, repair.HideUpstream{At: s, Header: "A"}, repair.AnswerPreflight{At: s, Headers: [][2]string{{"A", "b c"}}},
			repair.ChooseOrigin{At: s, Origins: []string{"https://a.example"}}, repair.SetHeader{Beside: s, Name: "A", Value: "b", Outside: true}}
		edits, _ := nginx.Dialect{}.Edit(steps[int(kind)%len(steps)])
		for _, e := range edits {
			if e.Span.Start < 0 || e.Span.End < e.Span.Start || e.Span.End > len(text) {
				t.Errorf("%+v", e)
			}
		}
	})
}
