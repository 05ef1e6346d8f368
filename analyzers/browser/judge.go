package browser

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Case is a recorded exchange: a request and the answers that each URL gave, or would have given.
type Case struct {
	ID         string      `json:"id,omitempty"`
	PageOrigin string      `json:"page_origin"`
	PageURL    string      `json:"page_url,omitempty"`
	Request    CaseRequest `json:"request"`
	Hops       []CaseHop   `json:"hops"`
}

// CaseRequest is what the page asked for.
type CaseRequest struct {
	URL         string      `json:"url"`
	Method      *string     `json:"method,omitempty"` // left out: GET; the empty string is what JavaScript gave, and throws
	Headers     CaseHeaders `json:"headers,omitempty"`
	Credentials Credentials `json:"credentials,omitempty"`
	Mode        Mode        `json:"mode,omitempty"`
	Redirect    Redirect    `json:"redirect,omitempty"`
	Body        *string     `json:"body,omitempty"`
	Initiator   Initiator   `json:"initiator,omitempty"`
}

// CaseHop is one URL of the exchange. Without Preflight it drops the connection when asked with OPTIONS by a preflight.
type CaseHop struct {
	URL       string        `json:"url"`
	Preflight *CaseResponse `json:"preflight,omitempty"`
	Response  CaseResponse  `json:"response"`
}

// CaseResponse is an answer. Status 0 is a closed connection.
type CaseResponse struct {
	Status  int         `json:"status"`
	Headers CaseHeaders `json:"headers"`
}

// CaseHeaders is a header list, [[name, value], ...], in wire order. In JSON a character up to U+00FF stands for the byte of
// that number; a value with any other character stands for its UTF-8 bytes.
type CaseHeaders []Header

// UnmarshalJSON reads the list. An error says what is wrong with it.
func (h *CaseHeaders) UnmarshalJSON(data []byte) error {
	var pairs [][]string
	if err := json.Unmarshal(data, &pairs); err != nil {
		return fmt.Errorf("headers: %w", err)
	}
	*h = nil
	for _, pair := range pairs {
		if len(pair) != 2 {
			return fmt.Errorf("headers: a pair of %d strings, not of name and value", len(pair))
		}
		*h = append(*h, Header{Name: toBytes(pair[0]), Value: toBytes(pair[1])})
	}
	return nil
}

// MarshalJSON writes the list.
func (h CaseHeaders) MarshalJSON() ([]byte, error) {
	pairs := [][2]string{}
	for _, header := range h {
		pairs = append(pairs, [2]string{latin1(header.Name), latin1(header.Value)})
	}
	return json.Marshal(pairs)
}

// toBytes turns the characters of a recorded header into the bytes on the wire.
func toBytes(s string) string {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		if r > 0xFF {
			return s
		}
		b = append(b, byte(r))
	}
	return string(b)
}

// Judgement is the verdict on a case.
type Judgement struct {
	ID            string   `json:"id,omitempty"`
	Engine        Engine   `json:"engine"`
	Verdict       Verdict  `json:"verdict"`
	Reason        *Reason  `json:"reason"`
	IDs           []string `json:"ids,omitempty"`
	Message       *string  `json:"message"`
	MessageAnyOf  []string `json:"message_any_of,omitempty"`
	NetworkError  string   `json:"network_error,omitempty"`
	PreflightSent bool     `json:"preflight_sent"`
	ActualSent    bool     `json:"actual_sent"`
	Readable      []string `json:"readable"`
}

// Judge predicts what an engine does in a recorded exchange. A URL beyond the recorded hops drops the connection.
func Judge(e Engine, c Case) Judgement {
	request := Request{
		PageOrigin: c.PageOrigin, PageURL: c.PageURL,
		URL: c.Request.URL, Headers: c.Request.Headers,
		Credentials: c.Request.Credentials, Mode: c.Request.Mode, Redirect: c.Request.Redirect,
		HasBody: c.Request.Body != nil, Initiator: c.Request.Initiator,
	}
	if c.Request.Method != nil {
		request.Method, request.NoMethod = *c.Request.Method, *c.Request.Method == ""
	}
	r := Fetch(e, request, c.replay())
	return Judgement{
		ID: c.ID, Engine: e, Verdict: r.Verdict, Reason: orNil(r.Reason), IDs: r.IDs,
		Message: orNil(r.Message), MessageAnyOf: r.MessageAnyOf, NetworkError: r.NetworkError,
		PreflightSent: r.PreflightSent, ActualSent: r.ActualSent, Readable: r.Readable,
	}
}

func orNil[T ~string](v T) *T {
	if v == "" {
		return nil
	}
	return &v
}

// replay answers each request with what was recorded for the hop it is on.
func (c Case) replay() Network {
	hop := 0
	return func(out Outgoing) Response {
		if hop >= len(c.Hops) {
			return Response{}
		}
		recorded := c.Hops[hop]
		if !out.Preflight {
			hop++
			return Response{Status: recorded.Response.Status, Headers: framed(recorded.Response)}
		}
		if recorded.Preflight == nil {
			return Response{}
		}
		return Response{Status: recorded.Preflight.Status, Headers: recorded.Preflight.Headers}
	}
}

// framed adds the Content-Length that a recording of what an application answers leaves to its server, since pages can read it.
func framed(r CaseResponse) []Header {
	if r.Status < 200 || r.Status == 204 || r.Status == 304 {
		return r.Headers
	}
	for _, h := range r.Headers {
		if name := strings.ToLower(h.Name); name == "content-length" || name == "transfer-encoding" {
			return r.Headers
		}
	}
	return append(r.Headers[:len(r.Headers):len(r.Headers)], Header{Name: "Content-Length", Unknown: true})
}
