package report

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"path"

	"github.com/corslint/corslint/internal/finding"
)

// gitlabIssue is an entry of a Code Quality report. GitLab shows no check_name, so that the description says it too.
// https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
type gitlabIssue struct {
	Description string         `json:"description"`
	CheckName   string         `json:"check_name"`
	Fingerprint string         `json:"fingerprint"`
	Severity    string         `json:"severity"`
	Location    gitlabLocation `json:"location"`
}

type gitlabLocation struct {
	Path  string      `json:"path"` // from the repository's root, without "./"
	Lines gitlabLines `json:"lines"`
}

type gitlabLines struct {
	Begin int `json:"begin"`
	End   int `json:"end"`
}

func writeGitLab(w io.Writer, r *Report, _ Options) error {
	issues := []gitlabIssue{} // never null
	seen := map[string]int{}
	for _, f := range r.Findings {
		start, end := f.Place.Position(), f.Place.EndPosition()
		fingerprint := f.Fingerprint()
		seen[fingerprint]++
		issues = append(issues, gitlabIssue{
			Description: clip(f.Rule, 60) + ": " + joined(f),
			CheckName:   clip(f.Rule, 60),
			Fingerprint: nth(fingerprint, seen[fingerprint]),
			Severity:    gitlabSeverity(f.Severity),
			Location: gitlabLocation{
				Path:  path.Clean(clean(r.inRepo(f.Place.Path()))),
				Lines: gitlabLines{max(1, start.Line), max(1, end.Line)},
			},
		})
	}
	return encode(w, issues)
}

// nth makes the nth use of a fingerprint unlike the others: of equal ones GitLab shows the first.
func nth(fingerprint string, n int) string {
	if n == 1 {
		return fingerprint
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%d", fingerprint, n))
	return hex.EncodeToString(sum[:8])
}

func gitlabSeverity(s finding.Severity) string {
	switch s {
	case finding.Error:
		return "critical"
	case finding.Warning:
		return "major"
	case finding.Note:
	}
	return "info"
}
