package rules

import (
	"github.com/corslint/corslint/analyzers/contract"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/parsers"
)

// OfProblems returns the findings for what parsers say is wrong with files themselves.
func OfProblems(problems []parsers.Problem) []*finding.Finding {
	var out []*finding.Finding
	for _, p := range problems {
		rule, message, change := parseError, "the file cannot be read from here on, so nothing after it is checked", "repair the line"
		because := p.Text
		switch p.Kind {
		case parsers.Unreadable:
		case parsers.Rejected:
			rule, message, change = configRejected, "the server refuses to start with this", "repair or remove it"
			if p.Refuser != "" {
				message = p.Refuser + " refuses to deploy this"
			}
		case parsers.BadContract:
			rule, message, change = configRejected, short(p.Text, maxMessage), "name what is there"
			because = "this part of the contract is not checked"
		case parsers.BadRoute:
			rule, message, change = expressRouteInvalid, "the application does not start: this path pattern is refused", "write '/{*splat}' for '*', '{...}' for what is optional"
		case parsers.Skipped:
			rule, message, change = fileSkipped, "this was not looked at", "split the file, or exclude it in .corslint.yml"
		}
		out = append(out, &finding.Finding{
			Rule: rule.Name, Category: rule.Category, Severity: rule.Severity, Confidence: finding.High,
			Message: message, Because: because, Change: change, Place: p.Span, Subject: p.Text,
		})
	}
	return out
}

// OfNeeds returns the findings for what is wrong with needs themselves, whoever answers them.
func OfNeeds(all []*Rule, needs []contract.Need) []*finding.Finding {
	var out []*finding.Finding
	for _, r := range all {
		if r.CheckNeeds == nil || len(needs) == 0 {
			continue
		}
		for _, f := range r.CheckNeeds(needs) {
			f.Rule, f.Category, f.Severity = r.Name, r.Category, r.Severity
			out = append(out, &f)
		}
	}
	return out
}
