package console_test

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"os"
	"slices"
	"testing"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/console"
)

// TestRecorded reads every console line that a real Chromium printed in the recorded exchanges, and what the other engines
// print about the same failures.
func TestRecorded(t *testing.T) {
	file, err := os.Open("../../testdata/browser/exchanges.jsonl.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	zipped, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(zipped)
	lines.Buffer(nil, 1<<20)
	recorded, read, rendered, readRendered := 0, 0, 0, 0
	for lines.Scan() {
		var r struct {
			browser.Case
			Chromium struct {
				Error   browser.Reason `json:"error"`
				Console string         `json:"console"`
			} `json:"chromium"`
		}
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		if line := r.Chromium.Console; line != "" && r.Chromium.Error != "" {
			recorded++
			found := console.Read(line)
			if len(found) == 1 && slices.Equal(found[0].Reasons, []browser.Reason{r.Chromium.Error}) && found[0].Origin == r.PageOrigin && found[0].URL != "" {
				read++
			} else {
				t.Errorf("%s: %q is read as %+v", r.ID, line, found)
			}
		}
		for _, engine := range []browser.Engine{browser.Firefox, browser.WebKit} {
			j := browser.Judge(engine, r.Case)
			if j.Message == nil || j.Reason == nil {
				continue
			}
			rendered++
			if found := console.Read(*j.Message); len(found) == 1 && slices.Contains(found[0].Reasons, *j.Reason) {
				readRendered++
			} else {
				t.Errorf("%s: %q is read as %+v", r.ID, *j.Message, found)
			}
		}
	}
	t.Logf("%d of %d lines that Chromium printed, %d of %d that Firefox and WebKit print", read, recorded, readRendered, rendered)
	if recorded < 1000 {
		t.Error("there are too few")
	}
}
