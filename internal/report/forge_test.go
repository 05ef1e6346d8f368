package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// reports are the runs that every format is checked with.
func reports(t *testing.T) map[string]*Report {
	return map[string]*Report{"fixture": fixture(t), "none": none(), "5001": thousandsOf(5001)}
}

// TestGitLab checks the shape that GitLab's documentation describes: https://docs.gitlab.com/ci/testing/code_quality/
func TestGitLab(t *testing.T) {
	for name, r := range reports(t) {
		var issues []map[string]any
		out := write(t, "gitlab", r, Options{})
		if err := json.Unmarshal(out, &issues); err != nil || issues == nil {
			t.Fatalf("%s: no array: %v", name, err)
		}
		if len(issues) != len(r.Findings) {
			t.Errorf("%s: %d issues of %d findings", name, len(issues), len(r.Findings))
		}
		fingerprints := map[string]bool{}
		for _, issue := range issues {
			for _, key := range []string{"description", "check_name", "fingerprint"} {
				if text, ok := issue[key].(string); !ok || text == "" {
					t.Errorf("%s: %s is %v", name, key, issue[key])
				}
			}
			fingerprint, _ := issue["fingerprint"].(string)
			if fingerprints[fingerprint] {
				t.Errorf("%s: a second %s, which GitLab does not show", name, fingerprint)
			}
			fingerprints[fingerprint] = true
			switch issue["severity"] {
			case "info", "minor", "major", "critical", "blocker":
			default:
				t.Errorf("%s: severity %v", name, issue["severity"])
			}
			location, _ := issue["location"].(map[string]any)
			lines, _ := location["lines"].(map[string]any)
			if path, _ := location["path"].(string); path == "" || strings.HasPrefix(path, "./") || strings.HasPrefix(path, "/") {
				t.Errorf("%s: path %q", name, path)
			}
			if begin, _ := lines["begin"].(float64); begin < 1 {
				t.Errorf("%s: begins at %v", name, lines["begin"])
			}
		}
	}
}

func TestXML(t *testing.T) {
	for name, r := range reports(t) {
		for format, element := range map[string]string{"junit": "testcase", "checkstyle": "error"} {
			out := write(t, format, r, Options{})
			checkXML(t, out)
			want := len(r.Findings)
			if format == "junit" {
				want = max(want, 1)
			}
			if n := bytes.Count(out, []byte("<"+element+" ")); n != want {
				t.Errorf("%s %s: %d elements %s, want %d", format, name, n, element, want)
			}
		}
	}
}

func checkXML(t *testing.T, out []byte) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(out))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("not well-formed: %v\n%s", err, out)
		}
	}
}

func TestHTML(t *testing.T) {
	for _, r := range reports(t) {
		checkHTML(t, write(t, "html", r, Options{}))
	}
	twice := fixture(t)
	twice.Findings = append(twice.Findings, twice.Findings...)
	checkHTML(t, write(t, "html", twice, Options{}))
	out := write(t, "html", thousandsOf(5001), Options{})
	if n := bytes.Count(out, []byte("<article ")); n != htmlDetails {
		t.Errorf("%d findings in full", n)
	}
	if n := bytes.Count(out, []byte("<tr class=")); n != 5001 {
		t.Errorf("%d findings in the table", n)
	}
	if len(out) > 4<<20 {
		t.Errorf("%d bytes", len(out))
	}
}

// checkHTML checks that a page is nested as it is written, has no id twice, and holds nothing but what reports are made of:
// no script, nothing that is loaded, no handler.
func checkHTML(t *testing.T, out []byte) {
	t.Helper()
	elements := strings.Fields("html head meta title style body header h1 h2 h3 p input label span main table thead tbody tr th td " +
		"a code article pre mark dl dt dd details summary ol ul li b em del footer wbr")
	attributes := strings.Fields("lang charset name content http-equiv class id type checked for href rel open")
	void := map[string]bool{"meta": true, "input": true, "wbr": true}
	allowed := map[string]bool{}
	for _, name := range append(elements, attributes...) {
		allowed[name] = true
	}
	ids, open := map[string]bool{}, []string{}
	z := html.NewTokenizer(bytes.NewReader(out))
	for {
		kind := z.Next()
		token := z.Token()
		switch kind {
		case html.ErrorToken:
			if !errors.Is(z.Err(), io.EOF) || len(open) > 0 {
				t.Fatalf("ends in %v: %v", open, z.Err())
			}
			return
		case html.CommentToken:
			t.Fatalf("a comment: %s", token)
		case html.StartTagToken:
			if !allowed[token.Data] {
				t.Fatalf("element %s", token)
			}
			for _, a := range token.Attr {
				if !allowed[a.Key] || a.Key == "href" && !regexp.MustCompile(`^(#|https://)`).MatchString(a.Val) {
					t.Fatalf("attribute %s", token)
				}
				if a.Key == "id" {
					if ids[a.Val] {
						t.Errorf("a second %s", a.Val)
					}
					ids[a.Val] = true
				}
			}
			if !void[token.Data] {
				open = append(open, token.Data)
			}
		case html.EndTagToken:
			if len(open) == 0 || open[len(open)-1] != token.Data {
				t.Fatalf("%s ends %v", token, open)
			}
			open = open[:len(open)-1]
		}
	}
}
