package rules

import (
	"regexp"
	"strings"

	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/source"
)

const resourcePolicy = "Cross-Origin-Resource-Policy"

var corpBlocksCrossOrigin = &Rule{
	Name:     "corp-blocks-cross-origin",
	Title:    "Cross-Origin-Resource-Policy keeps other sites from embedding what CORS lets them read",
	Category: finding.Consistency,
	Severity: finding.Warning,
	Since:    "0.2.0",
	Refs:     []string{"https://fetch.spec.whatwg.org/#cross-origin-resource-policy-header", "https://helmetjs.github.io/#cross-origin-resource-policy"},
	Doc: `## What the browser does
An image, style, script or video that a page embeds without the attribute crossorigin is asked for without CORS. Where the answer
says Cross-Origin-Resource-Policy: same-origin, a page of another origin does not get it: ERR_BLOCKED_BY_RESPONSE.

## Who is hurt
Pages that show images or load scripts from here, while their fetch() works, since CORS lets them in. helmet sends the header by
default.

## When it is fine
Where nothing is meant to be embedded: an API that answers JSON only.

## How to fix
Say that files may be embedded: helmet({ crossOriginResourcePolicy: { policy: 'cross-origin' } }), or for the folder of files only.
`,
	Examples: []Example{
		{Dialect: "express", Name: "helmet beside an open policy", Text: `const express = require('express');
const helmet = require('helmet');
const cors = require('cors');
const app = express();
app.use(helmet()); // want "other origins can fetch the files in public but not embed them"
app.use(cors());
app.use('/files', express.static('public'));
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
`},
		{Dialect: "express", Name: "cross-origin", Text: `const express = require('express');
const helmet = require('helmet');
const cors = require('cors');
const app = express();
app.use(helmet({ crossOriginResourcePolicy: { policy: 'cross-origin' } }));
app.use(cors());
app.use('/files', express.static('public'));
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
`},
	},
	Check: func(p *Pass) {
		files, ok := p.layerFact(policy.FactServesPages)
		if !ok || !embeddable.MatchString(files.Subject) {
			return
		}
		reported := map[source.Span]bool{}
		for _, e := range p.Endpoints {
			for i := range e.Answers {
				a := &e.Answers[i]
				h, set := a.Outcome.Get(resourcePolicy)
				value, _ := h.Value.Known()
				open, allowed := a.Outcome.Get(allowOrigin)
				origin, _ := open.Value.Known()
				if !set || !allowed || origin != "*" || a.Method != "GET" || !strings.HasPrefix(strings.ToLower(value), "same-") || len(h.Sources) == 0 || reported[h.Sources[0]] {
					continue
				}
				reported[h.Sources[0]] = true
				p.Report(Report{Finding: finding.Finding{
					Place: h.Sources[0], Message: "other origins can fetch the files in " + short(files.Subject, 40) + " but not embed them", Endpoints: []string{e.Name},
					Related: []finding.Related{{Span: open.Sources[0], Text: "lets every origin read them"}, {Span: files.Span, Text: "serves the files"}},
					Because: "it sends " + resourcePolicy + ": " + value + ", which an image or script of another site does not pass",
					Change:  "let files be embedded: crossOriginResourcePolicy: { policy: 'cross-origin' }",
				}})
			}
		}
	},
}

// embeddable are folders of what other pages embed, by their names; of a folder of documents nothing shows that anybody does.
var embeddable = regexp.MustCompile(`(?i)(^|/)(public|static|assets?|uploads?|images?|img|media|files?|cdn|fonts?|storage)/?$`)
