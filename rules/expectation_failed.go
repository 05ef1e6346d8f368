package rules

import "github.com/corslint/corslint/internal/finding"

var expectationFailed = &Rule{
	Name:     "expectation-failed",
	Title:    "an expectation of .corslint.yml that does not hold",
	Category: finding.Contract,
	Severity: finding.Error,
	Since:    "0.1.0",
	Doc: `## What the browser does
The opposite of what the project expects of it: a request that has to work is refused, or a page that has to be kept out reads the
answer. The exchange shows which.

## Who is hurt
Whoever the expectation was written for: the frontend that makes the request, or the users whose data a stranger reads.

## When it is fine
When the expectation is out of date. Where the verdict depends on something that corslint cannot read, it is a warning that says
what; declare the server (docs/schema/layer.schema.json) and it is known.

## How to fix
Repair the layer at the places shown, or change the entry of ` + "`expect:`" + `:

    expect:
      - {from: https://app.shop.example, url: https://api.shop.example/orders, method: PUT, credentials: include, verdict: allowed}
      - {from: https://evil.example, url: https://api.shop.example/orders, credentials: include, verdict: blocked}
`,
}
