package template

import (
	"fmt"
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/internal/yamltree"
)

// The limits of variables, which may name each other in circles.
const (
	maxVariables     = 30      // deep
	maxVariableCalls = 200_000 // of a file in all
)

// Serverless resolves the variables of a serverless.yml: ${self:custom.origin}, ${opt:stage, 'dev'}, ${file(./cors.yml):api}.
// A variable that the command line or the environment gives is its fallback, and unknown without one. The resources
// of the file are CloudFormation.
// https://www.serverless.com/framework/docs/guides/variables
type Serverless struct {
	*CloudFormation
	depth, calls int
	// open returns the root of a file beside this one.
	open func(name string, at source.Span) (yamltree.Node, bool)
}

// NewServerless returns the resolver of a file's document.
func NewServerless(root yamltree.Node, open func(name string, at source.Span) (yamltree.Node, bool)) *Serverless {
	s := &Serverless{CloudFormation: NewCloudFormation(root), open: open}
	s.scalar = s.text
	s.CloudFormation.names = s.name
	return s
}

// name resolves a variable that stands inside of Fn::Sub.
func (s *Serverless) name(name string, at source.Span) (Value, bool) {
	if kind, _, ok := strings.Cut(name, ":"); !ok || !slices.Contains(variableKinds, kind) {
		return Value{}, false
	}
	return s.variable(name, at), true
}

// variableKinds are the sources of variables; everything else in ${...} is CloudFormation's.
var variableKinds = []string{"self", "opt", "env", "sls", "param", "cf", "ssm", "aws", "s3", "strToBool", "terraform", "vault", "doppler", "git", "output"}

// text resolves the variables in a string. A string that is one variable is that variable's value, of whatever kind.
func (s *Serverless) text(text string, at source.Span) Value {
	plain := Value{Kind: String, Span: at, text: policy.Literal(text)}
	if !strings.Contains(text, "${") {
		return plain
	}
	var parts []policy.Value
	rest := text
	for rest != "" {
		before, after, found := strings.Cut(rest, "${")
		parts = append(parts, policy.Literal(before))
		if !found {
			break
		}
		end := closingBrace(after)
		if end < 0 {
			parts = append(parts, policy.Literal("${"+after))
			break
		}
		inside := after[:end]
		rest = after[end+1:]
		if !isVariable(inside) {
			parts = append(parts, policy.Literal("${"+inside+"}"))
			continue
		}
		v := s.variable(inside, at)
		if before == "" && rest == "" && len(parts) == 1 {
			return v
		}
		parts = append(parts, scalarOf(v, "${"+inside+"}", at).text)
	}
	plain.text = policy.Join(parts...)
	return plain
}

// isVariable reports whether ${...} is one of the framework's.
func isVariable(inside string) bool {
	inside = strings.TrimSpace(inside)
	if strings.HasPrefix(inside, "file(") || strings.HasPrefix(inside, "AWS::") {
		return !strings.HasPrefix(inside, "AWS::")
	}
	kind, _, ok := strings.Cut(inside, ":")
	return ok && slices.Contains(variableKinds, kind)
}

// closingBrace returns where the brace closes that stands before a text.
func closingBrace(text string) int {
	depth := 1
	for i := range len(text) {
		switch text[i] {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// variable resolves what stands in ${...}: sources separated by commas, of which the first that exists counts.
func (s *Serverless) variable(inside string, at source.Span) Value {
	if s.depth >= maxVariables || s.calls >= maxVariableCalls {
		return Open(inside, at)
	}
	s.depth++
	s.calls++
	defer func() { s.depth-- }()
	if strings.Contains(inside, "${") { // variables inside of variables first
		text, known := s.text(inside, at).Known()
		if !known {
			return Open("${"+inside+"}", at)
		}
		inside = text
	}
	var open *Value
	for _, part := range splitFallbacks(inside) {
		v := s.source(strings.TrimSpace(part), at)
		if v.Given() && v.Kind != Unknown {
			return v
		}
		if v.Kind == Unknown && open == nil {
			open = &v
		}
	}
	if open != nil {
		return *open
	}
	return Open("${"+inside+"}", at)
}

// splitFallbacks splits at commas outside of parentheses and quotes.
func splitFallbacks(text string) []string {
	var out []string
	depth, from := 0, 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '\'', '"':
			if end := strings.IndexByte(text[i+1:], c); end >= 0 {
				i += end + 1
			}
		case '(':
			depth++
		case ')':
			depth--
		case ',':
			if depth == 0 {
				out = append(out, text[from:i])
				from = i + 1
			}
		}
	}
	return append(out, text[from:])
}

// source resolves one source of a variable.
func (s *Serverless) source(text string, at source.Span) Value {
	if rest, ok := strings.CutPrefix(text, "file("); ok {
		return s.file(rest, at)
	}
	kind, address, ok := strings.Cut(text, ":")
	switch {
	case len(text) >= 2 && (text[0] == '\'' || text[0] == '"') && text[len(text)-1] == text[0]:
		return Text(text[1:len(text)-1], at)
	case !ok:
		switch text {
		case "true", "false":
			return Value{Kind: Bool, Span: at, text: policy.Literal(text)}
		case "null", "":
			return Value{}
		}
		var n float64
		if _, err := fmt.Sscanf(text, "%g", &n); err == nil {
			return Value{Kind: Number, Span: at, text: policy.Literal(text)}
		}
		return Open(text, at)
	case kind == "self":
		return follow(s.Root(), address)
	case kind == "sls" && address == "stage":
		if v := s.Root().Get("provider", "stage"); v.Given() {
			return v
		}
		return Text("dev", at)
	}
	return Open("${"+text+"}", at)
}

// file resolves "./cors.yml):api.origins": a file beside this one, and a path in it.
func (s *Serverless) file(rest string, at source.Span) Value {
	name, address, ok := strings.Cut(rest, ")")
	if !ok || s.open == nil || strings.HasSuffix(name, ".js") || strings.HasSuffix(name, ".ts") || strings.HasSuffix(name, ".cjs") || strings.HasSuffix(name, ".mjs") {
		return Open("${file("+name+")}", at)
	}
	root, ok := s.open(strings.TrimSpace(name), at)
	if !ok {
		return Open("${file("+name+")}", at)
	}
	return follow(s.value(root), strings.TrimPrefix(address, ":"))
}

// follow walks a path of keys and indices separated by dots.
func follow(v Value, address string) Value {
	if address == "" {
		return v
	}
	for key := range strings.SplitSeq(address, ".") {
		if v.Kind == List {
			var i int
			items := v.Items()
			if _, err := fmt.Sscan(key, &i); err != nil || i < 0 || i >= len(items) {
				return Value{}
			}
			v = items[i]
			continue
		}
		v = v.Get(key)
	}
	return v
}
