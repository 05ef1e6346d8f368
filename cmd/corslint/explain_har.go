package main

import (
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/console"
	"github.com/corslint/corslint/analyzers/exchange"
	"github.com/corslint/corslint/internal/devtools"
	"github.com/corslint/corslint/internal/diagnosis"
)

// maxExplained is how many messages of a text, or refused requests of a log, are explained.
const maxExplained = 20

// looksLikeHAR reports whether a text is a network log and no message.
func looksLikeHAR(text string) bool {
	text = strings.TrimLeft(text, " \t\r\n\ufeff")
	return strings.HasPrefix(text, "{") && strings.Contains(text[:min(len(text), 4096)], `"log"`)
}

// explainHAR explains the refused requests in a file.
func (e *explanation) explainHAR(cmd *cobra.Command, file string) error {
	if file == "-" {
		return e.explainLog(cmd, cmd.InOrStdin())
	}
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	return e.explainLog(cmd, f)
}

// explainLog explains the refused requests in a network log. What a log says of who asked is not shown.
func (e *explanation) explainLog(cmd *cobra.Command, in io.Reader) error {
	log, err := devtools.ParseHAR(in)
	if err != nil {
		return err
	}
	w, err := e.workshop(cmd)
	if err != nil {
		return err
	}
	engine := browser.Chromium
	if strings.Contains(strings.ToLower(log.Browser), "firefox") {
		engine = browser.Firefox
	}
	refused := 0
	seen := map[string]bool{}
	for i := range log.Exchanges {
		x := &log.Exchanges[i]
		m, ok := refusal(x, engine)
		if !ok {
			continue
		}
		key := fmt.Sprint(x.Method, withoutQuery(x.URL), x.Origin, m.Reasons, m.Name)
		if refused++; seen[key] || len(seen) == maxExplained {
			continue
		}
		seen[key] = true
		w.refusal(cmd, x, m)
	}
	more := ""
	if log.Cut {
		more = fmt.Sprintf("; only the first %d MB and %d requests were read", devtools.MaxLog>>20, devtools.MaxEntries)
	}
	if hidden := refused - len(seen); hidden > 0 {
		more = fmt.Sprintf("; %d more that are refused in the same way or not shown", hidden) + more
	}
	fmt.Fprintf(w.out, "%d requests, %d across origins, %d refused%s\n", log.Requests, len(log.Exchanges), refused, more)
	return w.project.close()
}

// refusal returns the message that a browser prints about an exchange in a log. It reports false where it refuses nothing.
func refusal(x *devtools.Exchange, engine browser.Engine) (console.Message, bool) {
	m := console.Message{Kind: console.Refused, Engine: engine, URL: x.URL, Origin: x.Origin, Page: x.Page, Resource: "fetch"}
	if x.Initiator == browser.InitiatorXHR {
		m.Resource = "XMLHttpRequest"
	}
	result := x.Fetch(engine)
	switch {
	case result.Verdict == browser.Blocked && result.Reason == "":
		m.Kind, m.Code = console.Network, result.NetworkError
		return m, x.Error != "" && x.Error != "net::ERR_ABORTED"
	case result.Verdict == browser.Blocked:
		f, _ := firstFailure(&result)
		m.Reasons, m.Header, m.Value, m.HasValue, m.Status = []browser.Reason{f.Reason}, f.Header, f.Value, f.Value != "", f.Status
		m.Text = f.Text
		if len(f.Names) > 0 {
			m.Name = f.Names[0]
		}
		return m, true
	case x.Error == "" || x.Error == "net::ERR_ABORTED": // a page that went away
		return m, false
	case x.Error != "net::ERR_FAILED" && strings.HasPrefix(x.Error, "net::"):
		m.Kind, m.Code, m.Text = console.Network, x.Error, x.Error
		return m, true
	}
	m.Text = "refused; the log has no response that says why" // Chromium's does not always
	return m, true
}

func firstFailure(r *browser.Result) (browser.Failure, bool) {
	for _, f := range r.Failures {
		if !f.Unknown {
			return f, true
		}
	}
	return browser.Failure{}, false
}

// refusal prints one refused request of a log and why.
func (w *workshop) refusal(cmd *cobra.Command, x *devtools.Exchange, m console.Message) {
	credentials := ""
	if x.Credentials == browser.CredentialsInclude {
		credentials = ", with credentials"
	}
	w.say("", "%s %s from %s%s", x.Method, withoutQuery(x.URL), x.Origin, credentials)
	if m.Text != "" {
		w.say("  browser: ", "%s", m.Text)
	}
	w.print(cmd.Context(), diagnosis.DiagnoseRequest(cmd.Context(), w.layers(cmd.Context()), m, fetchOf(&x.Request)))
	fmt.Fprintln(w.out)
}

// fetchOf returns a request of the developer tools as one to simulate.
func fetchOf(r *devtools.Request) exchange.Fetch {
	return exchange.Fetch{
		URL: r.URL, Method: r.Method, Origin: r.Origin, PageURL: r.Page, Headers: r.Headers, Credentials: r.Credentials, Mode: r.Mode,
		Redirect: r.Redirect, HasBody: r.HasBody, Initiator: r.Initiator,
	}
}

// withoutQuery returns a URL as it can be shown: queries hold keys and names.
func withoutQuery(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return "a URL that cannot be read"
	}
	u.User, u.Fragment = nil, ""
	if u.RawQuery != "" {
		u.RawQuery = "..."
	}
	return u.String()
}
