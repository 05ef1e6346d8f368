package report

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"fmt"
	"io"
	"net/url"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/report/sarif"
	"github.com/corslint/corslint/internal/source"
)

// Limits of code scanning. It refuses what is over them, so corslint leaves out and says so.
// https://docs.github.com/en/code-security/reference/code-scanning/sarif-files/sarif-support
const (
	sarifResults   = 25_000
	sarifShown     = 5_000    // results that are shown, "the gravest"
	sarifBytes     = 10 << 20 // compressed
	sarifLocations = 100      // shown of a result's related locations; corslint keeps a code flow to the same length
	sarifText      = 1024     // characters of a rule's descriptions
	sarifName      = 255
	sarifTags      = 10
	sarifNotes     = 100 // notifications: corslint's own limit
)

// A rule's ID is its name between these.
const (
	sarifPrefix   = "corslint/"
	sarifHarmless = "/no-credentials"
)

func writeSARIF(w io.Writer, r *Report, _ Options) error {
	b := newSARIFBuilder(r)
	groups := r.sarifGroups()
	detailed := true
	for keep := min(len(groups), sarifResults); ; {
		var document bytes.Buffer
		if err := encode(&document, b.log(groups[:keep], len(groups)-keep, detailed)); err != nil {
			return err
		}
		switch {
		case compressedSize(document.Bytes()) <= sarifBytes || keep == 0:
			_, err := w.Write(document.Bytes())
			return err
		case detailed:
			detailed = false // first without code flows and fixes
		default:
			keep /= 2
		}
	}
}

// compressedSize returns the number of bytes that a document takes as upload-sarif sends it, or for a small one an upper bound.
func compressedSize(document []byte) int {
	if len(document) < sarifBytes {
		return len(document)
	}
	var n counter
	zip := gzip.NewWriter(&n)
	zip.Write(document) // a counter returns no error
	zip.Close()
	return int(n)
}

type counter int

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

// sarifGroup holds the findings of one rule on one line: code scanning takes results for one alert when rule and line hash
// are equal, so they become one result.
type sarifGroup []*finding.Finding

// sarifGroups returns the results to write, in the order of the report; the gravest first where not all will be shown.
func (r *Report) sarifGroups() []sarifGroup {
	type key struct {
		id, path string
		line     int
	}
	at := make(map[key]int)
	var groups []sarifGroup
	for _, f := range r.Findings {
		if f.Place.IsZero() {
			continue // code scanning refuses a result without a location
		}
		k := key{sarifRuleID(f), f.Place.Path(), f.Place.Position().Line}
		i, ok := at[k]
		if !ok {
			i = len(groups)
			at[k] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], f)
	}
	for _, g := range groups {
		slices.SortStableFunc(g, bySeverity)
	}
	if len(groups) > sarifShown {
		slices.SortStableFunc(groups, func(a, b sarifGroup) int { return bySeverity(a[0], b[0]) })
	}
	return groups
}

func bySeverity(a, b *finding.Finding) int { return cmp.Compare(b.Severity, a.Severity) }

// sarifRuleID returns the rule that a finding is reported under. Code scanning reads how grave a security alert is from its
// rule, so the harmless variant of a security rule has a rule of its own.
func sarifRuleID(f *finding.Finding) string {
	if f.Category == finding.Security && f.Severity == finding.Note {
		return sarifPrefix + f.Rule + sarifHarmless
	}
	return sarifPrefix + f.Rule
}

// sarifBuilder builds the document; it remembers what is computed once a file and once a rule.
type sarifBuilder struct {
	report *Report
	rules  []sarif.Rule
	index  map[string]int // of a rule in rules, by its ID
	hashes map[*source.File][]string
}

func newSARIFBuilder(r *Report) *sarifBuilder {
	b := &sarifBuilder{report: r, rules: []sarif.Rule{}, index: map[string]int{}, hashes: map[*source.File][]string{}}
	precision := make(map[string]finding.Confidence)
	for _, f := range r.Findings {
		if p, ok := precision[f.Rule]; !ok || f.Confidence < p {
			precision[f.Rule] = f.Confidence
		}
	}
	add := func(id string, rule Rule) {
		b.index[id] = len(b.rules)
		b.rules = append(b.rules, sarifRule(id, rule, precision[rule.Name]))
	}
	for _, rule := range r.Rules {
		add(sarifPrefix+rule.Name, rule)
	}
	for _, f := range r.Findings {
		id := sarifRuleID(f)
		if _, ok := b.index[id]; ok {
			continue
		}
		rule := r.rule(f.Rule)
		rule.Category = cmp.Or(rule.Category, f.Category) // not listed: as the finding has it
		rule.Severity = cmp.Or(rule.Severity, f.Severity)
		add(id, rule)
	}
	return b
}

// sarifRule returns the description of a rule, or of its harmless variant, under an ID.
func sarifRule(id string, rule Rule, lowest finding.Confidence) sarif.Rule {
	harmless := strings.HasSuffix(id, sarifHarmless)
	if harmless {
		rule.Severity = finding.Note
		rule.Title += ", without credentials"
	}
	doc := strings.TrimSpace(rule.Doc)
	summary, _, _ := strings.Cut(doc, "\n\n")
	if heading, text, ok := strings.Cut(summary, "\n"); ok && strings.HasPrefix(heading, "#") {
		summary = strings.TrimLeft(heading, "# ") + ": " + text // it is shown as plain text
	}
	var more strings.Builder
	for _, ref := range rule.Refs {
		more.WriteString("\n- <" + ref + ">")
	}
	markdown := doc
	if more.Len() > 0 {
		markdown += "\n\nReferences\n" + more.String()
	}
	if rule.HelpURL != "" {
		markdown += "\n\n[" + rule.Name + "](" + rule.HelpURL + ")" // code scanning does not show helpUri
	}

	s := sarif.Rule{
		ID:                   id,
		Name:                 sarifRuleName(id),
		ShortDescription:     sarif.Text{Text: truncate(cmp.Or(rule.Title, rule.Name), sarifText)},
		FullDescription:      sarif.Text{Text: truncate(cmp.Or(summary, rule.Title, rule.Name), sarifText)},
		Help:                 sarif.Text{Text: cmp.Or(doc, rule.Title, rule.Name), Markdown: strings.TrimSpace(markdown)},
		HelpURI:              rule.HelpURL,
		DefaultConfiguration: sarif.Configuration{Level: sarifLevel(rule.Severity)},
		Properties:           sarif.RuleProperties{Tags: sarifTagsOf(rule, harmless), Precision: sarifPrecision(lowest)},
	}
	switch {
	case rule.Category != finding.Security || harmless:
		s.Properties.ProblemSeverity = sarifProblem(rule.Severity)
	case rule.Severity == finding.Error:
		s.Properties.SecuritySeverity = "8.0" // high: a stranger reads with the visitor's credentials
	default:
		s.Properties.SecuritySeverity = "5.5"
	}
	return s
}

// sarifRuleName returns the CamelCase name for an ID, which SARIF wants to differ from it.
func sarifRuleName(id string) string {
	var name strings.Builder
	upper := true
	for _, r := range strings.TrimPrefix(id, sarifPrefix) {
		if r == '-' || r == '/' {
			upper = true
			continue
		}
		if upper {
			r = unicode.ToUpper(r)
		}
		upper = false
		name.WriteRune(r)
	}
	return truncate(name.String(), sarifName)
}

// sarifTagsOf returns the tags of a rule; the tag security is for what counts as a security alert.
func sarifTagsOf(rule Rule, harmless bool) []string {
	tags := []string{"cors"}
	if rule.Category != "" && !harmless {
		tags = append(tags, string(rule.Category))
	}
	for _, cwe := range rule.CWE {
		tags = append(tags, fmt.Sprintf("external/cwe/cwe-%03d", cwe))
	}
	return tags[:min(len(tags), sarifTags)]
}

// sarifPrecision returns the precision of a rule whose least certain finding has that confidence; a rule that found nothing
// has none and is called as precise as its proof by simulation makes it.
func sarifPrecision(lowest finding.Confidence) string {
	switch lowest {
	case finding.Medium:
		return "high"
	case finding.Low:
		return "medium"
	case finding.High:
	}
	return "very-high"
}

// sarifLevel returns the severity's name, "warning", which is SARIF's default, for none.
func sarifLevel(s finding.Severity) string { return cmp.Or(s.String(), "warning") }

func sarifProblem(s finding.Severity) string {
	if s == finding.Note {
		return "recommendation"
	}
	return sarifLevel(s)
}

// log returns the document.
func (b *sarifBuilder) log(groups []sarifGroup, dropped int, detailed bool) sarif.Log {
	r := b.report
	results := make([]sarif.Result, 0, len(groups))
	for _, g := range groups {
		results = append(results, b.result(g, detailed))
	}
	driver := sarif.Driver{Name: r.Tool.Name, Rules: b.rules, InformationURI: "https://github.com/corslint/corslint"}
	driver.Version = strings.TrimPrefix(r.Tool.Version, "v")
	if strings.Count(driver.Version, ".") < 2 {
		driver.Version = "0.0.0-" + driver.Version // of a build from source: readers compare versions as numbers
	}
	driver.SemanticVersion = driver.Version
	return sarif.Log{Schema: sarif.Schema, Version: sarif.Version, Runs: []sarif.Run{{
		Tool:        sarif.Tool{Driver: driver},
		Invocations: []sarif.Invocation{{ExecutionSuccessful: true, ToolExecutionNotifications: b.notifications(dropped)}},
		// The directory is part of the category, so that the runs over two directories of one repository do not replace each other.
		AutomationDetails: &sarif.AutomationDetails{ID: path.Join("corslint", r.Repo) + "/"},
		ColumnKind:        sarif.UTF16CodeUnits,
		Results:           results,
	}}}
}

// notifications says what the results do not: what was left out, what is not modelled, what is not known.
func (b *sarifBuilder) notifications(dropped int) []sarif.Notification {
	var list []sarif.Notification
	note := func(level, text string) {
		list = append(list, sarif.Notification{Level: level, Message: sarif.Text{Text: text}})
	}
	if dropped > 0 {
		note("warning", plural(dropped, "result")+" left out: code scanning accepts no more; the gravest were kept")
	}
	for _, gap := range b.report.Gaps {
		note("note", "not modelled: "+sentence(gap.Why))
		if !gap.Span.IsZero() {
			list[len(list)-1].Locations = []sarif.Location{b.location(gap.Span, "")}
		}
	}
	for _, unknown := range b.report.Unknown {
		note("note", "not known: "+sentence(unknown))
	}
	return list[:min(len(list), sarifNotes)]
}

// result returns the findings of one rule on one line: the first as the result, the others as places that it links to.
func (b *sarifBuilder) result(group sarifGroup, detailed bool) sarif.Result {
	f := group[0]
	id := sarifRuleID(f)
	primary := b.location(f.Place, "")
	primary.PhysicalLocation.Region.Snippet = &sarif.Text{Text: clip(f.Place.Text(), sarifText)}
	result := sarif.Result{
		RuleID:    id,
		RuleIndex: b.index[id],
		Level:     sarifLevel(f.Severity),
		Locations: []sarif.Location{primary},
		PartialFingerprints: map[string]string{
			"primaryLocationLineHash": b.lineHash(f.Place),
			"corslint/v1":             f.Fingerprint(),
		},
		Properties: map[string]any{
			"category":   string(f.Category),
			"confidence": f.Confidence.String(),
			"endpoints":  clippedList(f.Endpoints),
			"also":       clippedList(f.Also),
			"assuming":   clippedList(f.Assuming),
		},
	}
	result.Message.Text, result.RelatedLocations = b.message(group)
	if detailed {
		result.CodeFlows = b.codeFlows(f)
		result.Fixes = b.fixes(f)
	}
	return result
}

func clippedList(list []string) []string {
	list = slices.Clone(orEmpty(list[:min(len(list), sarifLocations)]))
	for i, s := range list {
		list[i] = clip(s, sarifText)
	}
	return list
}

// message returns the three sentences of a finding, with links to the related places: code scanning shows a related place
// only where the message links to it. "line 17" in the text becomes the link; what the text does not mention is added.
func (b *sarifBuilder) message(group sarifGroup) (string, []sarif.Location) {
	f := group[0]
	var text strings.Builder
	for _, s := range []string{f.Message, f.Because, f.Change} {
		if s = sentence(s); s != "" {
			text.WriteString(capital(fullStop(unlinked(s))) + " ")
		}
	}
	message := strings.TrimSpace(text.String())

	var related []sarif.Location
	link := func(place source.Span, text, lead string) {
		if place.IsZero() || len(related) == sarifLocations {
			return
		}
		location := b.location(place, text)
		location.ID = len(related) + 1
		related = append(related, location)

		name := fmt.Sprintf("line %d", location.PhysicalLocation.Region.StartLine)
		if place.File == f.Place.File && lead == "" {
			if linked, ok := linkTo(message, name, location.ID); ok {
				message = linked
				return
			}
		}
		if text == "" {
			return // nothing to say but where
		}
		if place.File != f.Place.File {
			name = unlinked(clip(place.Path(), 300)) + ":" + strings.TrimPrefix(name, "line ")
		}
		message += fmt.Sprintf(" %s[%s](%d)", cmp.Or(lead, "See "), name, location.ID)
		message += ": " + fullStop(unlinked(sentence(text)))
	}
	for _, place := range f.Related {
		link(place.Span, place.Text, "")
	}
	for _, other := range group[1:] {
		link(other.Place, other.Message, "Also on ")
	}
	return message, related
}

// linkTo makes the first mention of a line a link: "line 1" is not mentioned by "line 17", nor inside another link.
func linkTo(message, name string, id int) (string, bool) {
	for from := 0; ; {
		i := strings.Index(message[from:], name)
		if i < 0 {
			return message, false
		}
		i += from
		end := i + len(name)
		from = end
		next, _ := utf8.DecodeRuneInString(message[end:])
		if unicode.IsDigit(next) || next == ']' || i > 0 && unicode.IsLetter(rune(message[i-1])) {
			continue
		}
		return fmt.Sprintf("%s[%s](%d)%s", message[:i], name, id, message[end:]), true
	}
}

// unlinked takes the links out of a text: a message is read for [text](target), and the text holds what files hold.
func unlinked(s string) string { return strings.ReplaceAll(s, "](", "] (") }

// capital returns the sentence with a capital, unless its first word is code (an origin, a header, a path) or the name of a
// program that is written without.
func capital(s string) string {
	word, _, _ := strings.Cut(s, " ")
	switch word {
	case "nginx", "cors", "corslint":
		return s
	}
	if strings.IndexFunc(word, func(r rune) bool { return r < 'a' || r > 'z' }) >= 0 {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

func (b *sarifBuilder) location(place source.Span, text string) sarif.Location {
	l := sarif.Location{PhysicalLocation: sarif.PhysicalLocation{ArtifactLocation: b.artifact(place), Region: region(place)}}
	if text = sentence(text); text != "" {
		l.Message = &sarif.Text{Text: text}
	}
	return l
}

// artifact returns the file as a URI relative to the repository's root.
func (b *sarifBuilder) artifact(place source.Span) sarif.ArtifactLocation {
	u := url.URL{Path: b.report.inRepo(place.Path())}
	// A colon in the first element would make it a scheme.
	return sarif.ArtifactLocation{URI: strings.ReplaceAll(u.EscapedPath(), ":", "%3A"), URIBaseID: sarif.SrcRoot}
}

func region(place source.Span) sarif.Region {
	start, end := place.Position(), place.EndPosition()
	return sarif.Region{StartLine: start.Line, StartColumn: start.UTF16, EndLine: end.Line, EndColumn: end.UTF16}
}

// lineHash returns the hash of the line that a place starts on.
func (b *sarifBuilder) lineHash(place source.Span) string {
	hashes, ok := b.hashes[place.File]
	if !ok {
		hashes = sarif.LineHashes(place.File.Data)
		b.hashes[place.File] = hashes
	}
	return hashes[place.Position().Line-1]
}

// codeFlows returns the witnesses as the places that a request and its answers pass.
func (b *sarifBuilder) codeFlows(f *finding.Finding) []sarif.CodeFlow {
	var flows []sarif.CodeFlow
	for _, w := range f.Witness {
		var steps []sarif.ThreadFlowLocation
		add := func(place source.Span, text string) {
			if place.IsZero() {
				place = f.Place // code scanning shows no step without a file
			}
			if len(steps) < sarifLocations {
				steps = append(steps, sarif.ThreadFlowLocation{Location: b.location(place, text)})
			}
		}
		for _, step := range w.Steps {
			who := step.From
			if step.To != "" {
				who += " to " + step.To
			}
			add(step.Place, who+": "+step.Start)
			for _, line := range step.Lines {
				switch {
				case len(line.Places) == 0:
				case line.Lost:
					add(line.Places[0], "not sent: "+line.Text+" ("+line.Note+")")
				default:
					add(line.Places[0], line.Text)
				}
			}
		}
		if len(steps) > 0 {
			flows = append(flows, sarif.CodeFlow{ThreadFlows: []sarif.ThreadFlow{{Locations: steps}}})
		}
	}
	return flows
}

// fixes returns the edits that corslint would make; those that are only shown are in the message.
func (b *sarifBuilder) fixes(f *finding.Finding) []sarif.Fix {
	var fixes []sarif.Fix
	for _, fix := range f.Fixes {
		nowhere := func(e finding.Edit) bool { return e.Span.IsZero() }
		if fix.Safety == finding.Shown || len(fix.Edits) == 0 || slices.ContainsFunc(fix.Edits, nowhere) {
			continue
		}
		var changes []sarif.ArtifactChange
		for _, edit := range fix.Edits {
			artifact := b.artifact(edit.Span)
			i := slices.IndexFunc(changes, func(c sarif.ArtifactChange) bool { return c.ArtifactLocation == artifact })
			if i < 0 {
				i = len(changes)
				changes = append(changes, sarif.ArtifactChange{ArtifactLocation: artifact})
			}
			changes[i].Replacements = append(changes[i].Replacements,
				sarif.Replacement{DeletedRegion: region(edit.Span), InsertedContent: sarif.Text{Text: edit.Text}})
		}
		fixes = append(fixes, sarif.Fix{Description: sarif.Text{Text: clip(fix.Title, sarifText)}, ArtifactChanges: changes})
	}
	return fixes
}
