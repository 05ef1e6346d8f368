// Package finding defines what corslint reports: a finding, its places, its proof and its fixes. It imports only
// source and repair and knows nothing of CORS; rules fill it, reports print it.
package finding

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"unicode"

	"github.com/corslint/corslint/internal/repair"
	"github.com/corslint/corslint/internal/source"
)

// Severity says how much a finding matters. The zero Severity is no severity.
type Severity uint8

// The severities.
const (
	Note    Severity = iota + 1 // true and harmless
	Warning                     // fails in some circumstance: errors, caches, redirects
	Error                       // a request that someone needs is refused, or a stranger reads with credentials
)

// Severities lists all severities, the gravest first.
var Severities = [...]Severity{Error, Warning, Note}

func (s Severity) String() string {
	switch s {
	case Note:
		return "note"
	case Warning:
		return "warning"
	case Error:
		return "error"
	}
	return ""
}

// ParseSeverity returns the severity with that name.
func ParseSeverity(name string) (Severity, bool) {
	for _, s := range Severities {
		if s.String() == name {
			return s, true
		}
	}
	return 0, false
}

// Confidence says how a finding follows from what was read. The zero Confidence is none.
type Confidence uint8

// The confidences.
const (
	Low    Confidence = iota + 1 // rests on something that is not known
	Medium                       // proven for a need that is inferred from what the layer lists
	High                         // proven for a need that is stated, or that the same responses show
)

func (c Confidence) String() string {
	switch c {
	case Low:
		return "low"
	case Medium:
		return "medium"
	case High:
		return "high"
	}
	return ""
}

// Category groups rules by what they protect.
type Category string

// The categories.
const (
	Blocked     Category = "blocked"     // a browser refuses what someone needs
	Security    Category = "security"    // a stranger gets in
	Caching     Category = "caching"     // a cache hands out the wrong answer
	Consistency Category = "consistency" // parts of a configuration contradict each other
	Hygiene     Category = "hygiene"     // has no effect, or not the one that was meant
	Contract    Category = "contract"    // a stated expectation does not hold
	Suppression Category = "suppression" // about a suppression comment
	Input       Category = "input"       // about reading a file
)

// Finding is one fault: one cause, one primary place. Message, Because and Change are three sentences without a full
// stop: what happens to whom, the mechanism, and the edit.
type Finding struct {
	Rule       string
	Category   Category
	Severity   Severity
	Confidence Confidence

	Message  string // at most 110 characters, names no directive
	Because  string
	Change   string
	Evidence string // why corslint thinks the need is meant; "" where no need is involved

	Place   source.Span // what takes the effect away; never zero
	Related []Related

	Needs     []string // the needs of the contract that it is in the way of
	Endpoints []string // the paths concerned, as "host/path"
	Also      []string // other rules that this finding speaks for
	Assuming  []string // what the proof takes for granted

	Witness []Witness
	Browser Browser
	Curl    []string // shell lines that show it; double quotes only
	Fixes   []Fix
	// Repairs are the ways in which it can be repaired, the best first. Fixes are made of them where somebody asks.
	Repairs []repair.Repair
	// Offer is what the flags of the command line do about it; nothing where nobody asked.
	Offer Offer

	// Subject names the construct in terms that survive edits elsewhere in the file: "server api.example / location /v1/".
	Subject string
}

// Related is a place with a part in a finding and a sentence that says which.
type Related struct {
	Span source.Span
	Text string
}

// Witness is an exchange that proves a finding.
type Witness struct {
	Title    string // one line: `fetch("https://api.example/", {method: "PUT", credentials: "include"})`
	Exchange any    // marshals to the exchange's JSON document
	Fetch    string // identifies the fetch among those that the layer was asked
	Steps    []Step // the exchange for people
}

// Step is one message of a witness: who sends it to whom, its first line, its headers.
type Step struct {
	From, To string // "browser", "nginx"; To is "" for what happens inside From
	Start    string // "OPTIONS /", "204", "refuses; the PUT is never sent"
	Place    source.Span
	Lines    []StepLine
}

// StepLine is a header of a step with the places that wrote it.
type StepLine struct {
	Text   string
	Places []source.Span
	Lost   bool   // the configuration wrote it and it is not sent
	Note   string // why it is lost
}

// Browser holds each engine's own words for the failure; "" where the engine says nothing.
type Browser struct {
	Chromium string `json:"chromium"`
	Firefox  string `json:"firefox"`
	WebKit   string `json:"webkit"`
}

// Safety says what applying a fix may change.
type Safety string

// The safeties.
const (
	Safe   Safety = "safe"   // re-simulated: the witness turns out well and nothing else turns worse
	Unsafe Safety = "unsafe" // changes behaviour that somebody may rely on
	Shown  Safety = "shown"  // shown to people, never applied
)

// Fix is a set of edits, to be applied together.
type Fix struct {
	Title  string
	Safety Safety
	Edits  []Edit
	Why    string // of what is unsafe: "it changes the order of middleware"
}

// Offer says what becomes of a finding with --fix, or with --unsafe-fixes.
type Offer struct {
	Safety Safety // Safe: --fix; Unsafe: --unsafe-fixes; else neither
	// Tried: it was not proved that the change is a good one. It is when it is made, and left out if it is not.
	Tried bool
	Why   string // of what is unsafe: "it changes the order of middleware"
}

// Edit replaces the bytes of a span with text.
type Edit = source.Edit

// Fingerprint identifies the finding across edits elsewhere in its file: 16 hexadecimal digits over rule, file, subject
// and the text of the primary place. It holds no line number, and no white space or quotes, which formatters change.
func (f *Finding) Fingerprint() string {
	return digest(f.Rule, f.Place.Path(), f.Subject, skeleton(f.Place.Text()))
}

// TextID identifies the text of the primary place alone, wherever it stands: 16 hexadecimal digits.
func (f *Finding) TextID() string { return digest(skeleton(f.Place.Text())) }

func digest(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:8])
}

// skeleton returns a text without what changes when only its form does.
func skeleton(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || strings.ContainsRune("'\"`;,", r) {
			return -1
		}
		return r
	}, text)
}

// Shown reports whether the finding is printed without --pedantic: errors and warnings of high or medium confidence.
func (f *Finding) Shown() bool { return f.Severity >= Warning && f.Confidence >= Medium }

// Sort orders findings by place, then rule, then message.
func Sort(findings []*Finding) {
	slices.SortStableFunc(findings, func(a, b *Finding) int {
		return cmp.Or(source.Compare(a.Place, b.Place), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Message, b.Message))
	})
}
