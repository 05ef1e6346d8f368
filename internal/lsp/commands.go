package lsp

import (
	"context"
	"encoding/json"
	"path/filepath"

	"github.com/sourcegraph/jsonrpc2"

	"github.com/corslint/corslint/internal/finding"
)

// Commands that a client may ask for.
const (
	commandCheck = "corslint.check"      // [URI of a folder]: reads its project anew, and says how many findings there are
	commandShow  = "corslint.showReason" // [URI, position]: has the client put the cursor there
)

// checked is what commandCheck answers.
type checked struct {
	Root     string `json:"root"`
	Errors   int    `json:"errors"`
	Warnings int    `json:"warnings"`
	Notes    int    `json:"notes"`
}

func (s *server) execute(ctx context.Context, p commandParams) (any, error) {
	switch {
	case p.Command == commandCheck && len(p.Arguments) == 1:
		var uri string
		if json.Unmarshal(p.Arguments[0], &uri) == nil && toPath(uri) != "" {
			return s.check(ctx, toPath(uri))
		}
	case p.Command == commandShow && len(p.Arguments) == 2:
		var uri string
		var at position
		if json.Unmarshal(p.Arguments[0], &uri) == nil && json.Unmarshal(p.Arguments[1], &at) == nil {
			s.request("window/showDocument", showParams{uri, true, textRange{at, at}})
			return nil, nil
		}
	}
	return nil, &jsonrpc2.Error{Code: jsonrpc2.CodeInvalidParams, Message: p.Command + " is not served, or not with these arguments"}
}

// check looks at the project of a folder, of which no file need be open.
func (s *server) check(ctx context.Context, dir string) (any, error) {
	s.lock.Lock()
	p := s.nearest(filepath.Join(dir, "file"))
	if p == nil {
		p = s.open(dir)
	}
	if p == nil {
		s.lock.Unlock()
		return nil, &jsonrpc2.Error{Code: jsonrpc2.CodeInvalidParams, Message: dir + " cannot be checked"}
	}
	p.stale = true
	p.schedule(0)
	s.lock.Unlock()
	result, err := p.settled(ctx)
	if err != nil {
		return nil, &jsonrpc2.Error{Code: codeRequestCanceled, Message: "cancelled"}
	}
	out := checked{Root: p.Root()}
	for _, f := range result.Findings {
		switch f.Severity {
		case finding.Error:
			out.Errors++
		case finding.Warning:
			out.Warnings++
		default:
			out.Notes++
		}
	}
	return out, nil
}
