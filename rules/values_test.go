package rules

import (
	"testing"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/source"
)

func TestValueAt(t *testing.T) {
	file := source.NewFile("a.conf", []byte(`Allow-Headers "X-Host, Host, TE, X-TE, DELETE" | default "*"; | é`))
	span := func(start, end int) source.Span { return source.Span{File: file, Start: start, End: end} }
	directive, entry := span(0, 46), span(49, 60)
	for _, test := range []struct {
		text string
		want source.Span
	}{
		{"Host", span(23, 27)}, // not that of X-Host
		{"TE", span(29, 31)},   // not that of X-TE or DELETE
		{"X-TE", span(33, 37)},
		{"*", span(58, 59)}, // in the entry that the value came from
		{"absent", span(0, 13)},
		{"", span(0, 13)},
		{"ELETE", span(0, 13)},
	} {
		if got := valueAt([]source.Span{directive, entry}, test.text); got != test.want {
			t.Errorf("valueAt(%q) = %q at %d, want %q at %d", test.text, got.Text(), got.Start, test.want.Text(), test.want.Start)
		}
	}
	if got := valueAt(nil, "x"); !got.IsZero() {
		t.Errorf("valueAt without sources = %v", got)
	}
}

func TestIsList(t *testing.T) {
	for value, want := range map[string]bool{
		"": true, "GET": true, "GET, PUT,,": true, "*": true, "'X'": true, "X-A\t, X-B": true,
		"GET PUT": false, "GET;PUT": false, `"GET"`: false, "X-Ä": false, "A:": false, "GET\x00": false,
	} {
		if got := isList(value); got != want {
			t.Errorf("isList(%q) = %t, want %t", value, got, want)
		}
	}
}

func TestInAnotherCase(t *testing.T) {
	for list, want := range map[string]string{
		"get, put": "put", "Put": "Put", "PUT": "", "PUT, put": "", "GET": "", "": "", "put delete": "",
	} {
		f := &probe.Failure{Failure: browser.Failure{Names: []string{"PUT"}, Value: list}}
		item, differs := inAnotherCase(f)
		if differs != (want != "") || differs && item != want {
			t.Errorf("inAnotherCase(PUT, %q) = %q, %t, want %q", list, item, differs, want)
		}
	}
}

func TestAllQuoted(t *testing.T) {
	for list, want := range map[string]bool{
		`"X-A, X-B"`: true, "'X-A'": true, "'X-A, X-B'": true, "'X-A, X-B, X-C'": false, "X-A": false, "*": false, `X-A, "X-B"`: true,
	} {
		if got := allQuoted(list, false); got != want {
			t.Errorf("allQuoted(%q) = %t, want %t", list, got, want)
		}
	}
}
