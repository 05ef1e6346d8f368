package template

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/internal/yamltree"
)

// The limits of Terraform files. The library's parser calls itself for each bracket and each "!", and a program that runs
// out of stack cannot be saved.
const (
	maxModuleSize  = 512 << 10 // bytes of a file
	maxBrackets    = 200       // open at the same time
	maxOperators   = 20_000    // "?", "!" and "-" of a file
	maxExpressions = 100       // deep
	maxEvaluations = 500_000   // of a module in all
)

// Terraform resolves the expressions of one module: variables are their defaults, or what terraform.tfvars and
// *.auto.tfvars say, locals and attributes of resources of the module what they are set to.
// https://developer.hashicorp.com/terraform/language/expressions
type Terraform struct {
	variables    map[string]*hclsyntax.Block
	values       map[string]hclsyntax.Expression // from .tfvars
	locals       map[string]hclsyntax.Expression
	blocks       map[string]*hclsyntax.Block // resources, by "type.name"
	files        map[string]*source.File
	open         func(name string, at source.Span) (yamltree.Node, bool)
	depth, calls int
	// Resources are the module's resources, in the order of files and text.
	Resources []Resource
	// Modules are the calls of other modules.
	Modules []Resource
	// Problems are what cannot be read.
	Problems []Problem
}

// Resource is a resource of a module.
type Resource struct {
	Type, Name string
	Span       source.Span // of its name
	Body       Value
	block      *hclsyntax.Block
}

// ID is what references name a resource by: "aws_s3_bucket.assets".
func (r Resource) ID() string { return r.Type + "." + r.Name }

// Problem is something wrong with a file.
type Problem struct {
	Span  source.Span
	Text  string
	Limit bool // the file may well be right, and is not read for its size
}

// NewTerraform reads the files of a module: .tf files, and the .tfvars files that Terraform loads by itself.
func NewTerraform(files []*source.File, open func(name string, at source.Span) (yamltree.Node, bool)) *Terraform {
	t := &Terraform{
		variables: map[string]*hclsyntax.Block{}, values: map[string]hclsyntax.Expression{}, locals: map[string]hclsyntax.Expression{},
		blocks: map[string]*hclsyntax.Block{}, files: map[string]*source.File{}, open: open,
	}
	for _, f := range files {
		t.files[f.Path] = f
		body := t.parse(f)
		switch {
		case body == nil:
		case strings.HasSuffix(f.Path, ".tfvars"):
			for name, a := range body.Attributes {
				t.values[name] = a.Expr
			}
		default:
			t.add(body)
		}
	}
	return t
}

// parse reads a file, as far as it can be read.
func (t *Terraform) parse(f *source.File) *hclsyntax.Body {
	if why := tooMuch(f.Data); why != "" {
		t.Problems = append(t.Problems, Problem{Span: source.Span{File: f}, Text: why, Limit: true})
		return nil
	}
	parsed, diagnostics := hclsyntax.ParseConfig(bytes.TrimPrefix(f.Data, []byte("\xef\xbb\xbf")), f.Path, hcl.Pos{Line: 1, Column: 1, Byte: len(f.Data) - len(bytes.TrimPrefix(f.Data, []byte("\xef\xbb\xbf")))})
	for _, d := range diagnostics {
		if d.Severity == hcl.DiagError {
			span := source.Span{File: f}
			if d.Subject != nil {
				span = t.span(*d.Subject)
			}
			t.Problems = append(t.Problems, Problem{Span: span, Text: strings.TrimSuffix(d.Summary, ".")})
			break
		}
	}
	if parsed == nil {
		return nil
	}
	body, _ := parsed.Body.(*hclsyntax.Body)
	return body
}

// tooMuch says why a file is not given to the library.
func tooMuch(data []byte) string {
	if len(data) > maxModuleSize {
		return fmt.Sprintf("larger than %d KB", maxModuleSize>>10)
	}
	depth, operators := 0, 0
	for _, c := range data {
		switch c {
		case '(', '[', '{':
			if depth++; depth > maxBrackets {
				return fmt.Sprintf("more than %d brackets are open at once", maxBrackets)
			}
		case ')', ']', '}':
			depth = max(depth-1, 0)
		case '?', '!', '-':
			operators++
		}
	}
	if operators > maxOperators {
		return fmt.Sprintf("more than %d operators", maxOperators)
	}
	return ""
}

func (t *Terraform) add(body *hclsyntax.Body) {
	for _, b := range body.Blocks {
		switch {
		case b.Type == "variable" && len(b.Labels) == 1:
			t.variables[b.Labels[0]] = b
		case b.Type == "locals":
			for name, a := range b.Body.Attributes {
				t.locals[name] = a.Expr
			}
		case b.Type == "resource" && len(b.Labels) == 2:
			r := Resource{Type: b.Labels[0], Name: b.Labels[1], Span: t.span(b.LabelRanges[1]), Body: t.body(b.Body), block: b}
			t.blocks[r.ID()] = b
			t.Resources = append(t.Resources, r)
		case b.Type == "module" && len(b.Labels) == 1:
			t.Modules = append(t.Modules, Resource{Type: "module", Name: b.Labels[0], Span: t.span(b.LabelRanges[0]), Body: t.body(b.Body), block: b})
		}
	}
}

func (t *Terraform) span(r hcl.Range) source.Span {
	f := t.files[r.Filename]
	if f == nil {
		return source.Span{}
	}
	start := min(max(r.Start.Byte, 0), len(f.Data))
	return source.Span{File: f, Start: start, End: min(max(r.End.Byte, start), len(f.Data))}
}

// body is a block as a map: its attributes, and of its blocks a list for each type.
func (t *Terraform) body(b *hclsyntax.Body) Value {
	return Value{Kind: Map, Span: t.span(b.Range()), deep: bodyOf{t, b}}
}

type bodyOf struct {
	t    *Terraform
	body *hclsyntax.Body
}

func (bodyOf) items() []Value { return nil }

func (d bodyOf) fields() []Field {
	attributes := slices.SortedFunc(maps.Values(d.body.Attributes), func(a, b *hclsyntax.Attribute) int {
		return cmp.Compare(a.NameRange.Start.Byte, b.NameRange.Start.Byte)
	})
	var out []Field
	for _, a := range attributes {
		out = append(out, Field{Key: a.Name, Span: d.t.span(a.NameRange), Value: d.t.eval(a.Expr)})
	}
	var seen []string
	for _, b := range d.body.Blocks {
		name := blockName(b)
		if !slices.Contains(seen, name) {
			seen = append(seen, name)
			if f, ok := d.field(name); ok {
				out = append(out, f)
			}
		}
	}
	return out
}

// blockName is the type of a block, or of the blocks that a dynamic block makes.
func blockName(b *hclsyntax.Block) string {
	if b.Type == "dynamic" && len(b.Labels) == 1 {
		return b.Labels[0]
	}
	return b.Type
}

func (d bodyOf) field(key string) (Field, bool) {
	if a, ok := d.body.Attributes[key]; ok {
		v := d.t.eval(a.Expr)
		return Field{Key: key, Span: d.t.span(a.NameRange), Value: v}, v.Kind != 0
	}
	var list []Value
	var at source.Span
	for _, b := range d.body.Blocks {
		if blockName(b) != key {
			continue
		}
		if at.IsZero() {
			at = d.t.span(b.TypeRange)
		}
		content := b.Body
		if b.Type == "dynamic" {
			content = nil
			for _, inner := range b.Body.Blocks {
				if inner.Type == "content" {
					content = inner.Body
				}
			}
		}
		if content != nil {
			v := d.t.body(content)
			v.Span = d.t.span(b.TypeRange)
			list = append(list, v)
		}
	}
	if list == nil {
		return Field{}, false
	}
	return Field{Key: key, Span: at, Value: ListOf(list, at)}, true
}

// eval resolves an expression. Its value stands where the expression does, unless it is a list or map from elsewhere.
func (t *Terraform) eval(e hclsyntax.Expression) Value {
	at := t.span(e.Range())
	if t.depth >= maxExpressions || t.calls >= maxEvaluations {
		return Open("an expression", at)
	}
	t.depth++
	t.calls++
	defer func() { t.depth-- }()
	switch e := e.(type) {
	case *hclsyntax.LiteralValueExpr:
		return literal(e.Val, at)
	case *hclsyntax.TemplateExpr:
		return t.joined(e.Parts, at)
	case *hclsyntax.TemplateWrapExpr:
		return t.eval(e.Wrapped)
	case *hclsyntax.ParenthesesExpr:
		return t.eval(e.Expression)
	case *hclsyntax.ObjectConsKeyExpr:
		if name := hcl.ExprAsKeyword(e.Wrapped); name != "" && !e.ForceNonLiteral {
			return Text(name, at)
		}
		return t.eval(e.Wrapped)
	case *hclsyntax.TupleConsExpr:
		return Value{Kind: List, Span: at, deep: tuple{t, e}}
	case *hclsyntax.ObjectConsExpr:
		return Value{Kind: Map, Span: at, deep: object{t, e}}
	case *hclsyntax.ScopeTraversalExpr:
		return t.traverse(e.Traversal, at)
	case *hclsyntax.RelativeTraversalExpr:
		return t.relative(e, at)
	case *hclsyntax.IndexExpr:
		return t.index(t.eval(e.Collection), t.eval(e.Key), at)
	case *hclsyntax.ConditionalExpr:
		return t.conditional(e, at)
	case *hclsyntax.FunctionCallExpr:
		return t.call(e, at)
	case *hclsyntax.BinaryOpExpr, *hclsyntax.UnaryOpExpr:
		if n, ok := t.number(e); ok {
			return Value{Kind: Number, Span: at, text: policy.Literal(strconv.FormatInt(n, 10))}
		}
		if holds, known := t.holds(e); known {
			return Value{Kind: Bool, Span: at, text: policy.Literal(fmt.Sprint(holds))}
		}
	}
	return Open(shown(at), at)
}

// shown is an expression as people read it.
func shown(at source.Span) string {
	text := strings.Join(strings.Fields(at.Text()), " ")
	if len(text) > 60 {
		text = strings.ToValidUTF8(text[:57], "") + "..."
	}
	return text
}

func literal(v cty.Value, at source.Span) Value {
	if v.IsNull() {
		return Value{Kind: Null, Span: at}
	}
	switch v.Type() {
	case cty.String:
		return Text(v.AsString(), at)
	case cty.Bool:
		return Value{Kind: Bool, Span: at, text: policy.Literal(fmt.Sprint(v.True()))}
	case cty.Number:
		return Value{Kind: Number, Span: at, text: policy.Literal(v.AsBigFloat().Text('f', -1))}
	}
	return Open("a value", at)
}

// joined resolves a string with interpolations.
func (t *Terraform) joined(parts []hclsyntax.Expression, at source.Span) Value {
	v := Value{Kind: String, Span: at}
	var texts []policy.Value
	for _, p := range parts {
		part := t.eval(p)
		if len(parts) == 1 {
			v.Ref = part.Ref
		}
		texts = append(texts, scalarOf(part, shown(t.span(p.Range())), at).text)
	}
	v.text = policy.Join(texts...)
	return v
}

type tuple struct {
	t    *Terraform
	expr *hclsyntax.TupleConsExpr
}

func (d tuple) items() []Value {
	var out []Value
	for _, e := range d.expr.Exprs {
		out = append(out, d.t.eval(e))
	}
	return out
}
func (tuple) fields() []Field            { return nil }
func (tuple) field(string) (Field, bool) { return Field{}, false }

type object struct {
	t    *Terraform
	expr *hclsyntax.ObjectConsExpr
}

func (object) items() []Value { return nil }

func (d object) fields() []Field {
	var out []Field
	at := map[string]int{}
	for _, item := range d.expr.Items {
		key, known := d.t.eval(item.KeyExpr).Known()
		if !known {
			continue
		}
		f := Field{Key: key, Span: d.t.span(item.KeyExpr.Range()), Value: d.t.eval(item.ValueExpr)}
		if i, again := at[key]; again {
			out[i] = f
			continue
		}
		at[key] = len(out)
		out = append(out, f)
	}
	return out
}

func (d object) field(key string) (Field, bool) {
	for _, item := range slices.Backward(d.expr.Items) {
		if name, known := d.t.eval(item.KeyExpr).Known(); known && name == key {
			v := d.t.eval(item.ValueExpr)
			return Field{Key: key, Span: d.t.span(item.KeyExpr.Range()), Value: v}, v.Kind != 0
		}
	}
	return Field{}, false
}

// traverse resolves a reference: var.origin, local.cors.origins, aws_api_gateway_resource.items.id.
func (t *Terraform) traverse(path hcl.Traversal, at source.Span) Value {
	names := attributes(path)
	id := strings.Join(names, ".")
	if len(names) < 2 {
		return Open(id, at)
	}
	var v Value
	rest := names[2:]
	switch block := t.blocks[strings.Join(names[:2], ".")]; {
	case names[0] == "var":
		v = t.variable(names[1], at)
	case names[0] == "local":
		e, ok := t.locals[names[1]]
		if !ok {
			return Open(id, at)
		}
		v = t.eval(e)
	case block != nil && len(rest) == 1 && block.Body.Attributes[rest[0]] != nil && rest[0] != "id":
		v, rest = t.eval(block.Body.Attributes[rest[0]].Expr), nil
		if v.Kind == List || v.Kind == Map || v.Kind == Unknown && v.Ref == "" {
			v = Open(id, at)
		}
	default:
		v = Open(id, at)
		v.Ref = id
		return v
	}
	for _, key := range rest {
		if v = follow(v, key); v.Kind == 0 {
			return Open(id, at)
		}
	}
	if v.deep == nil && v.Kind != 0 { // a text is changed where it is used
		v.Span = at
	}
	return v
}

// attributes returns the names of a reference; an index is left out, since all that a resource makes are alike here.
func attributes(path hcl.Traversal) []string {
	var names []string
	for _, step := range path {
		switch step := step.(type) {
		case hcl.TraverseRoot:
			names = append(names, step.Name)
		case hcl.TraverseAttr:
			names = append(names, step.Name)
		case hcl.TraverseIndex:
			if step.Key.Type() == cty.String && !step.Key.IsNull() && (names[0] == "local" || names[0] == "var") {
				names = append(names, step.Key.AsString())
			}
		}
	}
	return names
}

func (t *Terraform) variable(name string, at source.Span) Value {
	if e, ok := t.values[name]; ok {
		return t.eval(e)
	}
	if b := t.variables[name]; b != nil && b.Body.Attributes["default"] != nil {
		if v := t.eval(b.Body.Attributes["default"].Expr); v.Given() {
			return v
		}
	}
	return Open("var."+name, at)
}

// relative resolves what follows an index or a call: aws_api_gateway_resource.items[each.key].id.
func (t *Terraform) relative(e *hclsyntax.RelativeTraversalExpr, at source.Span) Value {
	v := t.eval(e.Source)
	for _, step := range e.Traversal {
		name, ok := step.(hcl.TraverseAttr)
		if !ok {
			return Open(shown(at), at)
		}
		if v.Ref != "" {
			v = Open(v.Ref+"."+name.Name, at)
			v.Ref = v.text.Unknown().Subject
			continue
		}
		v = v.Get(name.Name)
	}
	if v.Kind == 0 {
		return Open(shown(at), at)
	}
	return v
}

func (t *Terraform) index(of, key Value, at source.Span) Value {
	if of.Ref != "" {
		of.Span = at
		return of
	}
	if name, known := key.Known(); known {
		if v := follow(of, strings.ReplaceAll(name, ".", "\x00")); v.Kind != 0 {
			return v
		}
	}
	return Open(shown(at), at)
}

// conditional resolves "a ? b : c". Where the condition is not known, texts that differ are not either; of lists and maps
// the first that is there is taken.
func (t *Terraform) conditional(e *hclsyntax.ConditionalExpr, at source.Span) Value {
	holds, known := t.holds(e.Condition)
	yes, no := t.eval(e.TrueResult), t.eval(e.FalseResult)
	switch {
	case known && holds:
		return yes
	case known:
		return no
	case !yes.Given():
		return no
	case !no.Given():
		return yes
	}
	a, knownA := yes.Known()
	b, knownB := no.Known()
	if yes.Kind == List || yes.Kind == Map || knownA && knownB && a == b {
		return yes
	}
	return Open(shown(at), at)
}

// holds evaluates a condition.
func (t *Terraform) holds(e hclsyntax.Expression) (holds, known bool) {
	if t.depth >= maxExpressions {
		return false, false
	}
	t.depth++
	defer func() { t.depth-- }()
	switch e := e.(type) {
	case *hclsyntax.ParenthesesExpr:
		return t.holds(e.Expression)
	case *hclsyntax.UnaryOpExpr:
		if e.Op == hclsyntax.OpLogicalNot {
			holds, known = t.holds(e.Val)
			return !holds, known
		}
		return false, false
	case *hclsyntax.BinaryOpExpr:
		switch e.Op {
		case hclsyntax.OpEqual, hclsyntax.OpNotEqual:
			a, knownA := t.eval(e.LHS).Known()
			b, knownB := t.eval(e.RHS).Known()
			return (a == b) == (e.Op == hclsyntax.OpEqual), knownA && knownB
		case hclsyntax.OpLogicalAnd, hclsyntax.OpLogicalOr:
			decides := e.Op == hclsyntax.OpLogicalOr
			a, knownA := t.holds(e.LHS)
			b, knownB := t.holds(e.RHS)
			if knownA && a == decides || knownB && b == decides {
				return decides, true
			}
			return !decides, knownA && knownB
		}
		return false, false
	}
	return t.eval(e).Bool()
}

// number calculates with whole numbers, as times are written: 60 * 60.
func (t *Terraform) number(e hclsyntax.Expression) (int64, bool) {
	op, ok := e.(*hclsyntax.BinaryOpExpr)
	if !ok {
		return 0, false
	}
	switch op.Op {
	case hclsyntax.OpAdd, hclsyntax.OpSubtract, hclsyntax.OpMultiply:
	default:
		return 0, false
	}
	a, errA := strconv.ParseInt(t.eval(op.LHS).Word(), 10, 32)
	b, errB := strconv.ParseInt(t.eval(op.RHS).Word(), 10, 32)
	if errA != nil || errB != nil {
		return 0, false
	}
	switch op.Op {
	case hclsyntax.OpAdd:
		return a + b, true
	case hclsyntax.OpSubtract:
		return a - b, true
	}
	return a * b, true
}

// call resolves the functions that configurations of gateways are written with.
func (t *Terraform) call(e *hclsyntax.FunctionCallExpr, at source.Span) Value {
	var args []Value
	for _, a := range e.Args {
		args = append(args, t.eval(a))
	}
	var first Value
	if len(args) > 0 {
		first = args[0]
	}
	switch e.Name {
	case "jsonencode", "yamlencode", "toset", "tolist", "tomap", "sensitive", "nonsensitive", "distinct", "sort", "compact", "one":
		return first
	case "tostring":
		if text, known := first.Known(); known {
			return Text(text, at)
		}
	case "join":
		if separator, known := first.Known(); known && len(args) == 2 && args[1].Kind == List {
			var parts []policy.Value
			for i, item := range args[1].Items() {
				if i > 0 {
					parts = append(parts, policy.Literal(separator))
				}
				parts = append(parts, scalarOf(item, "an element", at).text)
			}
			return Partly(policy.Join(parts...), at)
		}
	case "split":
		if separator, known := first.Known(); known && len(args) == 2 {
			if text, known := args[1].Known(); known && separator != "" {
				return ListOf(texts(strings.Split(text, separator), at), at)
			}
		}
	case "concat", "flatten", "setunion":
		if e.Name == "flatten" && len(args) == 1 {
			args = first.Items()
		}
		return concat(args, at)
	case "merge":
		merged := first
		for _, a := range args[min(1, len(args)):] {
			merged = overlaid(merged, a, at)
		}
		return merged
	case "upper", "lower", "trimspace", "title", "chomp":
		if text, known := first.Known(); known {
			change := map[string]func(string) string{"upper": strings.ToUpper, "lower": strings.ToLower, "title": strings.ToTitle}[e.Name]
			if change == nil {
				change = strings.TrimSpace
			}
			return Text(change(text), at)
		}
	case "format":
		return t.format(args, at)
	case "replace":
		if len(args) == 3 {
			if text, known := first.Known(); known && isText(args[1]) && isText(args[2]) && !strings.HasPrefix(args[1].Word(), "/") {
				return Text(strings.ReplaceAll(text, args[1].Word(), args[2].Word()), at)
			}
		}
	case "coalesce", "try", "coalescelist":
		for _, a := range args {
			if a.Given() && a.Kind != Unknown {
				return a
			}
		}
	case "file", "jsondecode", "yamldecode", "templatefile":
		if v := t.document(e); v.Kind != 0 {
			return v
		}
	}
	return Open(shown(at), at)
}

func isText(v Value) bool {
	_, known := v.Known()
	return known
}

func texts(list []string, at source.Span) []Value {
	var out []Value
	for _, text := range list {
		out = append(out, Text(text, at))
	}
	return out
}

// concat joins lists; with one that is not known the whole is not.
func concat(args []Value, at source.Span) Value {
	var items []Value
	for _, a := range args {
		if a.Kind != List && !a.IsScalar() || a.Kind == Unknown {
			return Open(shown(at), at)
		}
		items = append(items, a.Each()...)
	}
	return ListOf(items, at)
}

// overlaid returns a map with the fields of another one over its own, as merge does: not deeply.
func overlaid(under, over Value, at source.Span) Value {
	if under.Kind != Map || over.Kind != Map {
		if over.Kind == Map {
			return over
		}
		return under
	}
	fields := under.Fields()
	for _, f := range over.Fields() {
		fields = slices.DeleteFunc(fields, func(x Field) bool { return x.Key == f.Key })
		fields = append(fields, f)
	}
	return MapOf(fields, at)
}

// format resolves format() with %s and %d.
func (t *Terraform) format(args []Value, at source.Span) Value {
	if len(args) == 0 || !isText(args[0]) {
		return Open(shown(at), at)
	}
	var parts []policy.Value
	text, rest := args[0].Word(), args[1:]
	for {
		i := strings.IndexByte(text, '%')
		if i < 0 || i+1 == len(text) {
			return Partly(policy.Join(append(parts, policy.Literal(text))...), at)
		}
		parts = append(parts, policy.Literal(text[:i]))
		switch verb := text[i+1]; {
		case verb == '%':
			parts = append(parts, policy.Literal("%"))
		case (verb == 's' || verb == 'd' || verb == 'v') && len(rest) > 0:
			parts = append(parts, scalarOf(rest[0], "an argument of format", at).text)
			rest = rest[1:]
		default:
			return Open(shown(at), at)
		}
		text = text[i+2:]
	}
}

// Document returns the document that an attribute holds: an object, the text of one, or a file with it.
func (t *Terraform) Document(r Resource, attribute string) Value {
	a := r.block.Body.Attributes[attribute]
	if a == nil {
		return Value{}
	}
	switch e := a.Expr.(type) {
	case *hclsyntax.TemplateExpr:
		return t.embedded(e)
	case *hclsyntax.FunctionCallExpr:
		if v := t.document(e); v.Kind != 0 {
			return v
		}
	}
	return t.eval(a.Expr)
}

// document resolves file(...), templatefile(...) and what is decoded from them; the zero Value for anything else.
func (t *Terraform) document(e *hclsyntax.FunctionCallExpr) Value {
	if len(e.Args) == 0 || t.open == nil {
		return Value{}
	}
	at := t.span(e.Range())
	switch e.Name {
	case "jsondecode", "yamldecode":
		if inner, ok := e.Args[0].(*hclsyntax.FunctionCallExpr); ok {
			return t.document(inner)
		}
		return Value{}
	case "file", "templatefile":
	default:
		return Value{}
	}
	name, known := t.moduleFile(e.Args[0])
	if !known {
		return Value{}
	}
	root, ok := t.open(name, at)
	if !ok {
		return Value{}
	}
	if e.Name == "file" || len(e.Args) < 2 {
		return Plain(root)
	}
	vars := t.eval(e.Args[1])
	r := reader{scalar: func(text string, at source.Span) Value { return fill(text, vars, at) }}
	return r.value(root)
}

// moduleFile returns the path of a file beside the module: "${path.module}/api.yaml".
func (t *Terraform) moduleFile(e hclsyntax.Expression) (string, bool) {
	v := t.eval(e)
	var text strings.Builder
	for _, p := range v.Text().Parts() {
		switch {
		case p.Unknown == nil:
			text.WriteString(p.Text)
		case p.Unknown.Subject == "path.module" || p.Unknown.Subject == "path.root" || p.Unknown.Subject == "path.cwd":
			text.WriteString(".")
		default:
			return "", false
		}
	}
	return text.String(), text.Len() > 0
}

// fill puts the variables of templatefile into a text: ${name}. Whatever else stands in ${...} is not known.
func fill(text string, vars Value, at source.Span) Value {
	v := Value{Kind: String, Span: at}
	var parts []policy.Value
	for text != "" {
		before, after, found := strings.Cut(text, "${")
		parts = append(parts, policy.Literal(before))
		if !found {
			break
		}
		name, rest, closed := strings.Cut(after, "}")
		if !closed {
			parts = append(parts, policy.Literal("${"+after))
			break
		}
		given := vars.Get(strings.TrimSpace(name))
		if before == "" && rest == "" && len(parts) == 1 && given.Kind != 0 {
			given.Span = at
			return given
		}
		if given.Kind == 0 {
			given = Open("${"+name+"}", at)
		}
		parts = append(parts, scalarOf(given, "${"+name+"}", at).text)
		text = rest
	}
	v.text = policy.Join(parts...)
	return v
}

// embedded parses a document in a heredoc or string, at its own place: everything around it is blanked, so that offsets
// and lines stay what they are. Interpolations are read as parts of the strings they stand in.
func (t *Terraform) embedded(e *hclsyntax.TemplateExpr) Value {
	if len(e.Parts) == 0 {
		return Value{}
	}
	from, to := t.span(e.Parts[0].Range()), t.span(e.Parts[len(e.Parts)-1].Range())
	if from.IsZero() || from.File != to.File {
		return Value{}
	}
	if _, interpolated := e.Parts[0].(*hclsyntax.LiteralValueExpr); !interpolated {
		from.Start = max(from.Start-2, 0) // its "${"
	}
	blank := bytes.Map(func(r rune) rune {
		if r == '\n' || r == '\r' {
			return r
		}
		return ' '
	}, bytes.ToValidUTF8(from.File.Data, []byte("?")))
	if len(blank) != len(from.File.Data) { // characters of several bytes: byte by byte
		blank = bytes.Clone(from.File.Data)
		for i, c := range blank {
			if c != '\n' && c != '\r' {
				blank[i] = ' '
			}
		}
	}
	copy(blank[from.Start:to.End], from.File.Data[from.Start:to.End])
	stream, err := yamltree.Parse(source.NewFile(from.File.Path, blank))
	if err != nil || len(stream.Documents) != 1 {
		return Value{}
	}
	r := reader{file: from.File, scalar: t.interpolated}
	return r.value(stream.Documents[0])
}

// interpolated resolves ${...} in a text of a document.
func (t *Terraform) interpolated(text string, at source.Span) Value {
	if !strings.Contains(text, "${") || tooMuch([]byte(text)) != "" {
		return Text(text, at)
	}
	e, diagnostics := hclsyntax.ParseTemplate([]byte(text), "", hcl.Pos{Line: 1, Column: 1})
	if diagnostics.HasErrors() {
		return Open(shown(at), at)
	}
	v := t.eval(e)
	if v.deep == nil {
		v.Span = at
	}
	return v
}
