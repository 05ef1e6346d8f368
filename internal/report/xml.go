package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/corslint/corslint/internal/finding"
)

// The types of JUnit's reports, as far as Jenkins and GitLab read them.
// https://github.com/jenkinsci/xunit-plugin/blob/master/src/main/resources/org/jenkinsci/plugins/xunit/types/model/xsd/junit-10.xsd
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Time     string       `xml:"time,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Errors   int         `xml:"errors,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Name    string        `xml:"name,attr"`
		Class   string        `xml:"classname,attr"`
		File    string        `xml:"file,attr,omitempty"`
		Line    int           `xml:"line,attr,omitempty"`
		Failure *junitFailure `xml:"failure"`
	}
	junitFailure struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
		Text    string `xml:",chardata"`
	}
)

// writeJUnit writes a suite for each file with findings, and for a run without any a test that passed: readers take a
// report without tests for a run that broke.
func writeJUnit(w io.Writer, r *Report, _ Options) error {
	p := newPrinter(r, Options{})
	p.fromRepo = true
	doc := junitSuites{Name: r.Tool.Name, Tests: len(r.Findings), Failures: len(r.Findings), Time: fmt.Sprintf("%.3f", r.Elapsed.Seconds())}
	byFile(r, func(path string, findings []*finding.Finding) {
		suite := junitSuite{Name: path, Tests: len(findings), Failures: len(findings)}
		for _, f := range findings {
			at := f.Place.Position()
			suite.Cases = append(suite.Cases, junitCase{
				Name: fmt.Sprintf("%s:%d:%d", clip(f.Rule, 60), at.Line, at.Column), Class: path, File: path, Line: at.Line,
				Failure: &junitFailure{
					Message: clip(f.Message, maxSentence), Type: f.Severity.String(),
					Text: "\n" + strings.Join(p.block(&block{head: f}), "\n") + "\n",
				},
			})
		}
		doc.Suites = append(doc.Suites, suite)
	})
	if len(r.Findings) == 0 {
		doc.Tests = 1
		name := "no findings in " + strings.TrimSuffix(p.scope(), ".")
		doc.Suites = []junitSuite{{Name: r.Tool.Name, Tests: 1, Cases: []junitCase{{Name: name, Class: r.Tool.Name}}}}
	}
	return encodeXML(w, doc)
}

// The types of Checkstyle's reports.
// https://github.com/checkstyle/checkstyle/blob/master/src/main/java/com/puppycrawl/tools/checkstyle/XMLLogger.java
type (
	checkstyleReport struct {
		XMLName xml.Name         `xml:"checkstyle"`
		Version string           `xml:"version,attr"`
		Files   []checkstyleFile `xml:"file"`
	}
	checkstyleFile struct {
		Name   string            `xml:"name,attr"`
		Errors []checkstyleError `xml:"error"`
	}
	checkstyleError struct {
		Line     int    `xml:"line,attr"`
		Column   int    `xml:"column,attr"`
		Severity string `xml:"severity,attr"`
		Message  string `xml:"message,attr"`
		Source   string `xml:"source,attr"`
	}
)

func writeCheckstyle(w io.Writer, r *Report, _ Options) error {
	doc := checkstyleReport{Version: "4.3"} // of the format: readers look for it
	byFile(r, func(path string, findings []*finding.Finding) {
		file := checkstyleFile{Name: path}
		for _, f := range findings {
			at := f.Place.Position()
			severity := f.Severity.String()
			if f.Severity == finding.Note {
				severity = "info"
			}
			file.Errors = append(file.Errors, checkstyleError{at.Line, at.Column, severity, joined(f), r.Tool.Name + "." + clip(f.Rule, 60)})
		}
		doc.Files = append(doc.Files, file)
	})
	return encodeXML(w, doc)
}

// byFile calls visit for each file with its findings, in the order of the report.
func byFile(r *Report, visit func(path string, findings []*finding.Finding)) {
	for rest := r.Findings; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].Place.Path() == rest[0].Place.Path() {
			n++
		}
		visit(clean(r.inRepo(rest[0].Place.Path())), rest[:n])
		rest = rest[n:]
	}
}

// encodeXML writes a document. The encoder replaces what XML cannot hold.
func encodeXML(w io.Writer, doc any) error {
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(doc); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}
