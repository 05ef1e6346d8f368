package who

import (
	"encoding/json"
	"io"

	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/source"
)

// The JSON document; docs/schema/who.schema.json describes it.
type (
	document struct {
		Version int             `json:"version"`
		Layers  []documentLayer `json:"layers"`
	}
	documentLayer struct {
		Name      string             `json:"name"`
		At        *position          `json:"at"`
		Endpoints []documentEndpoint `json:"endpoints"`
		Silent    int                `json:"silent"`
		Cookies   []documentCookie   `json:"cookies"`
		Unknown   []string           `json:"unknown"`
	}
	documentEndpoint struct {
		Path    string            `json:"path"`
		URL     string            `json:"url"`
		Method  string            `json:"method"`
		Readers []documentReader  `json:"readers"`
		Unknown []string          `json:"unknown"`
		Refused []documentRefused `json:"refused"`
	}
	documentReader struct {
		Pages       []string     `json:"pages"`
		Credentials bool         `json:"credentials"`
		Stranger    bool         `json:"stranger"`
		Bypass      probe.Bypass `json:"bypass,omitempty"`
		Witness     string       `json:"witness"`
		At          *position    `json:"at"`
	}
	documentRefused struct {
		Bypass  probe.Bypass `json:"bypass"`
		Origins []string     `json:"origins"`
	}
	documentCookie struct {
		Name       string    `json:"name"`
		Attributes string    `json:"attributes"`
		At         *position `json:"at"`
	}
	position struct {
		File   string `json:"file"`
		Line   int    `json:"line"`
		Column int    `json:"column"`
	}
)

// WriteJSON writes the table for programs.
func WriteJSON(w io.Writer, layers []Layer) error {
	d := document{Version: 1, Layers: []documentLayer{}}
	for i := range layers {
		l := &layers[i]
		layer := documentLayer{Name: l.Name, At: at(l.Place), Silent: l.Silent, Endpoints: []documentEndpoint{}, Cookies: []documentCookie{}, Unknown: list(l.Unknown)}
		for _, f := range l.Cookies {
			layer.Cookies = append(layer.Cookies, documentCookie{f.Subject, f.Text, at(f.Span)})
		}
		for _, e := range l.Endpoints {
			endpoint := documentEndpoint{Path: e.Path, URL: e.URL, Method: e.Method, Unknown: list(e.Unknown), Readers: []documentReader{}, Refused: []documentRefused{}}
			for _, r := range e.Readers {
				endpoint.Readers = append(endpoint.Readers, documentReader{r.Pages, r.Credentials, r.Stranger, r.Bypass, r.Witness, at(r.At)})
			}
			for _, r := range e.Refused {
				endpoint.Refused = append(endpoint.Refused, documentRefused(r))
			}
			layer.Endpoints = append(layer.Endpoints, endpoint)
		}
		d.Layers = append(d.Layers, layer)
	}
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	return out.Encode(d)
}

// list is a list that is never null.
func list(texts []string) []string {
	if texts == nil {
		return []string{}
	}
	return texts
}

func at(s source.Span) *position {
	if s.IsZero() {
		return nil
	}
	p := s.Position()
	return &position{s.Path(), p.Line, p.Column}
}
