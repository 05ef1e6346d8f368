package exchange

import (
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/source"
)

// The documents that the commands write; docs/schema describes them. Lines and columns count from 1, columns in runes.
type (
	// ResponseDocument is a predicted answer.
	ResponseDocument struct {
		Status   *int                 `json:"status"` // null: not known
		Open     bool                 `json:"open"`
		Headers  [][2]*string         `json:"headers"`
		Sources  [][]PlaceDocument    `json:"sources"` // by header index
		Unknown  []UnknownDocument    `json:"unknown"`
		Lost     []LostDocument       `json:"lost"`
		Assuming []AssumptionDocument `json:"assuming"`
	}
	// PlaceDocument is the place of a header.
	PlaceDocument struct {
		File   string `json:"file"`
		Line   int    `json:"line"`
		Column int    `json:"column"`
	}
	// UnknownDocument says which header has a value that is not known, and why.
	UnknownDocument struct {
		Header  string `json:"header"`
		Because string `json:"because"`
		PlaceDocument
	}
	// LostDocument is a header that is written and not sent.
	LostDocument struct {
		Header string        `json:"header"`
		Value  string        `json:"value"`
		Why    string        `json:"why"`
		By     PlaceDocument `json:"by"`
		At     PlaceDocument `json:"at"`
	}
	// AssumptionDocument is something that an answer takes for granted.
	AssumptionDocument struct {
		Kind    string `json:"kind"`
		Subject string `json:"subject"`
		Text    string `json:"text"`
	}
	// FetchDocument is the input of simulate.
	FetchDocument struct {
		ID            string              `json:"id,omitempty"`
		URL           string              `json:"url"`
		Method        string              `json:"method,omitempty"`
		Origin        string              `json:"origin"`
		Headers       browser.CaseHeaders `json:"headers,omitempty"`
		Credentials   string              `json:"credentials,omitempty"`
		Mode          string              `json:"mode,omitempty"`
		Redirect      string              `json:"redirect,omitempty"`
		Body          *string             `json:"body,omitempty"`
		Initiator     string              `json:"initiator,omitempty"`
		PageURL       string              `json:"page_url,omitempty"`
		Circumstances []string            `json:"circumstances,omitempty"`
	}
	// HopDocument is one URL of an exchange.
	HopDocument struct {
		URL       string             `json:"url"`
		Preflight *PreflightDocument `json:"preflight"`
		Response  *ResponseDocument  `json:"response"`
		// Hypothetical: an earlier check fails, and the request is not sent; this would be its response.
		Hypothetical bool `json:"hypothetical,omitempty"`
		// FromCache names the cache that the response comes from: "browser", "shared" or "layer".
		FromCache string `json:"from_cache,omitempty"`
	}
	// PreflightDocument is a preflight and its answer.
	PreflightDocument struct {
		Request struct {
			Headers browser.CaseHeaders `json:"headers"`
		} `json:"request"`
		Response     *ResponseDocument `json:"response"`
		Hypothetical bool              `json:"hypothetical,omitempty"` // as in HopDocument
	}
	// OutcomeDocument is one way in which a fetch goes.
	OutcomeDocument struct {
		Verdict  string               `json:"verdict"`
		Reason   *string              `json:"reason"`
		Message  *string              `json:"message"`
		Assuming []AssumptionDocument `json:"assuming"`
		Hops     []HopDocument        `json:"hops"`
	}
	// Document is what simulate writes. At the top the verdict is unknown only where the outcomes differ.
	Document struct {
		ID           string            `json:"id,omitempty"`
		Engine       string            `json:"engine"`
		Verdict      string            `json:"verdict"`
		Reason       *string           `json:"reason"`
		Message      *string           `json:"message"`
		MessageAnyOf []string          `json:"message_any_of,omitempty"`
		Outcomes     []OutcomeDocument `json:"outcomes"`
	}
	// WitnessDocument is an exchange in a finding: the simulate input and one of its outcomes.
	WitnessDocument struct {
		FetchDocument
		Engine string `json:"engine"`
		OutcomeDocument
	}
)

// Document describes an exchange for the simulate command.
func (x *Exchange) Document(id string) Document {
	d := Document{ID: id, Engine: string(x.Engine), Verdict: string(x.Verdict()), Outcomes: []OutcomeDocument{}}
	for i := range x.Outcomes {
		d.Outcomes = append(d.Outcomes, x.Outcomes[i].document())
	}
	if len(x.Outcomes) > 0 && d.Verdict != string(browser.Unknown) { // as far as all outcomes say the same
		first := &x.Outcomes[0].Result
		all := func(same func(r *browser.Result) bool) bool {
			return !slices.ContainsFunc(x.Outcomes, func(o Outcome) bool { return !same(&o.Result) })
		}
		if all(func(r *browser.Result) bool { return r.Reason == first.Reason }) {
			d.Reason = optional(string(first.Reason))
		}
		if all(func(r *browser.Result) bool { return r.Message == first.Message }) {
			d.Message, d.MessageAnyOf = optional(first.Message), first.MessageAnyOf
		}
	}
	return d
}

// Evidence describes one outcome for a finding.
func (x *Exchange) Evidence(o *Outcome) WitnessDocument {
	f := x.Fetch
	d := WitnessDocument{Engine: string(x.Engine), OutcomeDocument: o.document(), FetchDocument: FetchDocument{
		URL: f.URL, Method: f.Method, Origin: f.Origin, Headers: f.Headers, Credentials: string(f.Credentials), Mode: string(f.Mode),
		Redirect: string(f.Redirect), Initiator: string(f.Initiator), PageURL: f.PageURL,
	}}
	if f.HasBody {
		d.Body = new(string)
	}
	for _, c := range f.Circumstances {
		d.Circumstances = append(d.Circumstances, c.String())
	}
	return d
}

func (o *Outcome) document() OutcomeDocument {
	d := OutcomeDocument{
		Verdict: string(o.Result.Verdict), Reason: optional(string(o.Result.Reason)), Message: optional(o.Result.Message),
		Assuming: assumptions(o.Assuming), Hops: []HopDocument{},
	}
	for i := range o.Result.Hops {
		hop := HopDocument{URL: o.Result.Hops[i].URL}
		if p := o.Result.Hops[i].Preflight; p != nil {
			hop.Preflight = &PreflightDocument{Response: Response(o.hop(i).Preflight), Hypothetical: !sent(p)}
			hop.Preflight.Request.Headers = p.Request.Headers
		}
		if a := o.Result.Hops[i].Actual; a != nil {
			hop.Response, hop.Hypothetical = Response(o.hop(i).Actual), !sent(a)
			hop.FromCache = cacheNames[o.hop(i).From]
		}
		d.Hops = append(d.Hops, hop)
	}
	return d
}

var cacheNames = map[CacheKind]string{BrowserCache: "browser", SharedCache: "shared", LayerCache: "layer"}

// Response describes an answer of a layer; nil for none.
func Response(o *policy.Outcome) *ResponseDocument {
	if o == nil {
		return nil
	}
	d := &ResponseDocument{Open: o.Open != nil, Headers: [][2]*string{}, Sources: [][]PlaceDocument{},
		Unknown: []UnknownDocument{}, Lost: []LostDocument{}, Assuming: assumptions(o.Assuming)}
	if o.Status != 0 || o.Open == nil {
		d.Status = &o.Status
	}
	for _, h := range o.Headers {
		text, known := h.Value.Known()
		name, text := wire(h.Name), wire(text)
		header := [2]*string{&name, &text}
		if !known {
			header[1] = nil
			u := h.Value.Unknown()
			d.Unknown = append(d.Unknown, UnknownDocument{Header: h.Name, Because: u.String(), PlaceDocument: place(u.Span)})
		}
		d.Headers = append(d.Headers, header)
		places := []PlaceDocument{}
		for _, s := range h.Sources {
			if !s.IsZero() {
				places = append(places, place(s))
			}
		}
		d.Sources = append(d.Sources, places)
	}
	for _, l := range o.Lost {
		d.Lost = append(d.Lost, LostDocument{Header: l.Header, Value: l.Value.String(), Why: string(l.Why), By: place(l.By), At: place(l.At)})
	}
	return d
}

func assumptions(list []policy.Assumption) []AssumptionDocument {
	out := []AssumptionDocument{}
	for _, a := range list {
		out = append(out, AssumptionDocument{Kind: string(a.Kind), Subject: a.Subject, Text: a.String()})
	}
	return out
}

// wire writes bytes as documents do: see [browser.CaseHeaders].
func wire(text string) string {
	var b strings.Builder
	for i := range len(text) {
		b.WriteRune(rune(text[i]))
	}
	return b.String()
}

func place(s source.Span) PlaceDocument {
	p := s.Position()
	return PlaceDocument{File: s.Path(), Line: p.Line, Column: p.Column}
}

func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// RequestDocument is the input of request.
type RequestDocument struct {
	ID            string              `json:"id,omitempty"`
	URL           string              `json:"url"`
	Method        string              `json:"method,omitempty"`
	Headers       browser.CaseHeaders `json:"headers,omitempty"`
	Circumstances []string            `json:"circumstances,omitempty"`
}

// ResponsesDocument is what request writes: several responses when the answer depends on something unknown.
type ResponsesDocument struct {
	ID        string              `json:"id,omitempty"`
	Responses []*ResponseDocument `json:"responses"`
}

// Circumstances reads circumstances as documents write them.
func Circumstances(texts []string) ([]policy.Circumstance, error) {
	var out []policy.Circumstance
	for _, text := range texts {
		c, err := policy.ParseCircumstance(text)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return slices.Clip(out), nil
}

// Fetch returns the fetch that a document describes.
func (d FetchDocument) Fetch() (Fetch, error) {
	f := Fetch{
		URL: d.URL, Method: d.Method, Origin: d.Origin, PageURL: d.PageURL, Headers: d.Headers, HasBody: d.Body != nil,
		Credentials: browser.Credentials(d.Credentials), Mode: browser.Mode(d.Mode), Redirect: browser.Redirect(d.Redirect),
		Initiator: browser.Initiator(d.Initiator),
	}
	var err error
	f.Circumstances, err = Circumstances(d.Circumstances)
	return f, err
}
