package browser

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// recording is a case and what two browsers did with it.
type recording struct {
	Case
	Chromium observed `json:"chromium"`
	Firefox  observed `json:"firefox"`
}

// observed is what a browser did. NetError is how Chromium's DevTools named a failure that was not about CORS.
type observed struct {
	Verdict       Verdict  `json:"verdict"`
	PreflightSent bool     `json:"preflight_sent"`
	ActualSent    bool     `json:"actual_sent"`
	Error         string   `json:"error"`
	Console       string   `json:"console"`
	NetError      string   `json:"net_error"`
	Errors        []string `json:"errors"`
	Readable      []string `json:"readable"`
	Status        int      `json:"status"`
}

func recordings(t testing.TB) []recording {
	t.Helper()
	file, err := os.Open(filepath.Join("..", "..", "testdata", "browser", "exchanges.jsonl.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	zipped, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	var out []recording
	lines := bufio.NewScanner(zipped)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r recording
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		out = append(out, r)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// score counts agreement of one kind.
type score struct {
	name    string
	floor   float64 // the least share that passes: what was reached once is held
	hits, n int
	misses  []string
}

func (s *score) add(ok bool, id string, predicted, real any) {
	s.n++
	if ok {
		s.hits++
		return
	}
	s.misses = append(s.misses, fmt.Sprintf("%s: predicted %v, browser %v", id, predicted, real))
}

func (s *score) share() float64 { return float64(s.hits) / float64(max(s.n, 1)) }

func (s *score) report(t *testing.T) {
	t.Helper()
	t.Logf("%-26s %5d/%5d  %7.3f %%", s.name, s.hits, s.n, 100*s.share())
	for _, miss := range s.misses[:min(len(s.misses), 40)] {
		t.Log("   ", miss)
	}
	if s.share() < s.floor {
		t.Errorf("%s: %.3f %% is below the floor of %.3f %%", s.name, 100*s.share(), 100*s.floor)
	}
}

// TestRecorded holds the predictions against what real browsers did. Run with -v for the figures and every miss.
func TestRecorded(t *testing.T) {
	all := recordings(t)
	t.Run("chromium", func(t *testing.T) {
		verdict := &score{name: "verdict", floor: 1}
		preflight := &score{name: "preflight sent", floor: 1}
		actual := &score{name: "request sent", floor: 1}
		code := &score{name: "error code", floor: 1}
		console := &score{name: "console line, or any of", floor: 1}
		exact := &score{name: "console line, byte for byte", floor: 0.99}
		readable := &score{name: "readable headers", floor: 1}
		network := &score{name: "network error", floor: 1}
		for _, r := range all {
			got, real := Judge(Chromium, r.Case), r.Chromium
			verdict.add(got.Verdict == real.Verdict, r.ID, got.Verdict, real)
			preflight.add(got.PreflightSent == real.PreflightSent, r.ID, got.PreflightSent, real)
			actual.add(got.ActualSent == real.ActualSent, r.ID, got.ActualSent, real)
			code.add(string(deref(got.Reason)) == real.Error, r.ID, deref(got.Reason), real)
			message := deref(got.Message)
			console.add(message == real.Console || slices.Contains(got.MessageAnyOf, real.Console), r.ID, message, real.Console)
			exact.add(message == real.Console, r.ID, message, real.Console)
			readable.add(slices.Equal(got.Readable, real.Readable), r.ID, got.Readable, real.Readable)
			if real.Verdict == Blocked && real.NetError != "" {
				network.add(slices.Contains([]string{got.NetworkError, got.NetworkError + "," + got.NetworkError, "," + got.NetworkError}, real.NetError), r.ID, got.NetworkError, real.NetError)
			}
		}
		exact.misses = nil // the choice among refused headers is Chromium's own
		for _, s := range []*score{verdict, preflight, actual, code, console, exact, readable, network} {
			s.report(t)
		}
	})
	t.Run("firefox", func(t *testing.T) {
		verdict := &score{name: "verdict", floor: 1}
		preflight := &score{name: "preflight sent", floor: 1}
		actual := &score{name: "request sent", floor: 1}
		ids := &score{name: "message ids", floor: 1}
		readable := &score{name: "readable headers", floor: 1}
		for _, r := range all {
			got, real := Judge(Firefox, r.Case), r.Firefox
			verdict.add(got.Verdict == real.Verdict, r.ID, got.Verdict, real)
			preflight.add(got.PreflightSent == real.PreflightSent, r.ID, got.PreflightSent, real)
			actual.add(got.ActualSent == real.ActualSent, r.ID, got.ActualSent, real)
			ids.add(slices.Equal(got.IDs, real.Errors), r.ID, got.IDs, real.Errors)
			readable.add(slices.Equal(got.Readable, real.Readable), r.ID, got.Readable, real.Readable)
		}
		for _, s := range []*score{verdict, preflight, actual, ids, readable} {
			s.report(t)
		}
	})
	t.Run("spec", func(t *testing.T) {
		// How far the plain standard is from the browsers: the reason for the profiles.
		chromium, firefox := &score{name: "verdict of Chromium"}, &score{name: "verdict of Firefox"}
		for _, r := range all {
			got := Judge(Spec, r.Case).Verdict
			chromium.add(got == r.Chromium.Verdict, r.ID, got, nil)
			firefox.add(got == r.Firefox.Verdict, r.ID, got, nil)
		}
		chromium.misses, firefox.misses = nil, nil
		chromium.report(t)
		firefox.report(t)
	})
}

func deref[T ~string](p *T) T {
	if p == nil {
		return ""
	}
	return *p
}
