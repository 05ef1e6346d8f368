package playground

import (
	"context"
	"strings"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/exchange"
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/reach"
)

// nobody says that nothing answers a URL, and what is there.
func nobody(url string, seats []*policy.Host) string {
	text := "nothing here answers " + url
	var addresses []string
	for _, h := range seats {
		addresses = append(addresses, h.Addresses()...)
	}
	if len(addresses) > 0 {
		text += "; there are " + strings.Join(addresses[:min(len(addresses), 5)], ", ")
	}
	return text
}

// simulate predicts the request of a page, as the host answers that browsers meet there.
func (s shower) simulate(ctx context.Context, f *Fetch, seats, hosts []*policy.Host) *Exchange {
	fetch := exchange.Fetch{URL: f.URL, Method: f.Method, Origin: f.Origin, Credentials: browser.CredentialsSameOrigin}
	if f.Credentials {
		fetch.Credentials = browser.CredentialsInclude
	}
	fetch.HasBody = f.Method == "POST" || f.Method == "PUT" || f.Method == "PATCH"
	for _, h := range f.Headers {
		if h[0] != "" {
			fetch.Headers = append(fetch.Headers, browser.Header{Name: h[0], Value: h[1]})
		}
	}
	project := reach.Project{Seats: seats, Hosts: hosts}
	chain, layer, ok := project.Answering(f.URL)
	if !ok {
		return &Exchange{Error: nobody(f.URL, seats)}
	}
	x, err := exchange.Simulate(ctx, browser.Chromium, chain, fetch, exchange.Options{Entry: layer})
	if err != nil {
		return &Exchange{Error: err.Error()}
	}
	out := &Exchange{Verdict: string(x.Verdict())}
	for i := range x.Outcomes {
		o := &x.Outcomes[i]
		shown := Outcome{Verdict: string(o.Result.Verdict), Walls: []string{}, Assuming: []string{}, Witness: s.witness(x.Witness(o, chain[0].Name))}
		for _, failure := range o.Result.Failures {
			shown.Walls = append(shown.Walls, failure.Text)
		}
		for _, a := range o.Assuming {
			shown.Assuming = append(shown.Assuming, a.String())
		}
		out.Outcomes = append(out.Outcomes, shown)
		if out.Message == "" {
			out.Message = o.Result.Message
		}
	}
	return out
}
