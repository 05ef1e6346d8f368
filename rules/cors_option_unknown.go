package rules

import (
	"cmp"
	"strings"

	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/names"
)

var corsOptionUnknown = &Rule{
	Name:     "cors-option-unknown",
	Title:    "an option for CORS has a name that nobody knows, and is ignored",
	Category: finding.Blocked,
	Severity: finding.Warning,
	Since:    "0.2.0",
	Explains: []string{"allow-headers-missing", "allow-credentials-missing"},
	Refs: []string{"https://github.com/expressjs/cors#configuration-options",
		"https://www.serverless.com/framework/docs/providers/aws/events/http-api#cors-setup"},
	Doc: `## What the browser does
It sees an answer as if the option were not there: the package reads the names it knows and says nothing about others.

## Who is hurt
Depends on the name. exposeHeaders for exposedHeaders: pages cannot read the headers. origins for origin: every origin is let
in. credential for credentials: cookies are refused. allowHeaders for allowedHeaders: every header is allowed.

## When it is fine
Never: the option does nothing.

## How to fix
Write the name as the package has it: origin, methods, allowedHeaders, exposedHeaders, credentials, maxAge,
preflightContinue, optionsSuccessStatus. The Serverless Framework has others for an HTTP API: allowedOrigins,
allowedMethods, allowedHeaders, exposedResponseHeaders, allowCredentials, maxAge.
`,
	Examples: []Example{
		{Dialect: "express", Name: "exposeHeaders", Text: `const express = require('express');
const app = express();
app.use(require('cors')({
  origin: 'https://app.shop.example',
  exposeHeaders: ['X-Total'], // want "no page can read X-Total: exposeHeaders is no option"
}));
app.get('/orders', (req, res) => res.set('X-Total', '3').json([]));
app.listen(3000);
`},
		{Dialect: "express", Name: "origins", Text: `const express = require('express');
const app = express();
app.use(require('cors')({ origins: ['https://app.shop.example'] })); // want "every origin is let in: origins is no option"
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
`},
		{Dialect: "express", Name: "known options", Text: `const express = require('express');
const app = express();
app.use(require('cors')({ origin: 'https://app.shop.example', exposedHeaders: ['X-Total'] }));
app.get('/orders', (req, res) => res.set('X-Total', '3').json([]));
app.listen(3000);
`},
		{Dialect: "apigateway", Name: "the name of another service", Text: `-- serverless.yml --
service: shop
provider:
  name: aws
  runtime: nodejs22.x
  httpApi:
    cors:
      allowOrigins: [https://app.shop.example] # want "every origin is let in: allowOrigins is no option of the Serverless Framework"
      allowedHeaders: [Content-Type]
functions:
  orders:
    handler: src/orders.handler
    events:
      - httpApi: GET /orders
      - httpApi: PUT /orders
`},
		{Dialect: "apigateway", Name: "the framework's name", Text: `-- serverless.yml --
service: shop
provider:
  name: aws
  runtime: nodejs22.x
  httpApi:
    cors:
      allowedOrigins: [https://app.shop.example]
      allowedHeaders: [Content-Type]
functions:
  orders:
    handler: src/orders.handler
    events:
      - httpApi: GET /orders
      - httpApi: PUT /orders
`},
	},
	Check: func(p *Pass) {
		for _, f := range p.Layer.Facts {
			if f.Kind != policy.FactOptionUnknown || len(p.Endpoints) == 0 {
				continue
			}
			meant, vocabulary := meantOption(f.Subject), vocabularies[f.Text]
			report := Report{Finding: finding.Finding{
				Place: firstWord(f.Span), Message: "nothing comes of it: " + f.Subject + " is no option of " + f.Text, Subject: f.Subject,
				Because: f.Text + " reads the options that it knows and ignores all others", Change: "remove it",
			}}
			report.Place.End = report.Place.Start + len(strings.TrimRight(report.Place.Text(), ":"))
			report.Severity = finding.Note
			if meant != "" {
				name := cmp.Or(vocabulary[meant], meant)
				report.Change = "write " + name
				report.Repairs = write(report.Place, report.Place.Text(), name)
			}
			if harm := optionHarm[meant]; harm != "" {
				report.Severity = finding.Warning
				if meant == "exposedHeaders" {
					harm = "no page can read " + valueOf(f)
				}
				report.Message = short(harm+": "+f.Subject+" is no option of "+f.Text, maxMessage)
			}
			p.Report(report)
		}
	},
}

// optionHarm says what happens when an option is not set; of those that are not here the default does no harm.
var optionHarm = map[string]string{
	"origin":         "every origin is let in",
	"exposedHeaders": "no page can read the headers",
	"credentials":    "requests with cookies are refused",
}

// vocabularies are the names of the cors package's options elsewhere.
var vocabularies = map[string]map[string]string{"the Serverless Framework": {"origin": "allowedOrigins", "methods": "allowedMethods",
	"exposedHeaders": "exposedResponseHeaders", "credentials": "allowCredentials"}}

// options of the cors package.
var options = []string{"origin", "methods", "allowedHeaders", "exposedHeaders", "credentials", "maxAge", "preflightContinue", "optionsSuccessStatus"}

// otherNames are what people write for an option, from other packages and from the headers.
var otherNames = map[string]string{"origins": "origin", "alloworigin": "origin", "alloworigins": "origin", "allowedorigins": "origin", "allowedorigin": "origin", "whitelist": "origin", "allowlist": "origin",
	"exposeheaders": "exposedHeaders", "exposeheader": "exposedHeaders", "exposedheader": "exposedHeaders", "allowheaders": "allowedHeaders", "allowedheader": "allowedHeaders",
	"allowmethods": "methods", "allowedmethods": "methods", "method": "methods", "credential": "credentials", "allowcredentials": "credentials", "supportscredentials": "credentials", "withcredentials": "credentials",
	"optionsuccessstatus": "optionsSuccessStatus", "optionssuccessstatus": "optionsSuccessStatus", "successstatus": "optionsSuccessStatus"}

// meantOption returns the option that a name means, "" when it means none.
func meantOption(name string) string {
	if meant := otherNames[strings.ToLower(strings.NewReplacer("-", "", "_", "").Replace(name))]; meant != "" {
		return meant
	}
	return names.Nearest(name, options)
}

// valueOf names the headers that an option lists, as it is written.
func valueOf(f policy.Fact) string {
	_, value, _ := strings.Cut(f.Span.Text(), ":")
	value = strings.NewReplacer("'", "", `"`, "", "[", "", "]", "", "`", "").Replace(value)
	if value = strings.Join(strings.Fields(value), " "); value == "" || len(value) > 50 {
		return "the headers"
	}
	return value
}
