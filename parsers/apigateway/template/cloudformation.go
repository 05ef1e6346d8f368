package template

import (
	"fmt"
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/internal/yamltree"
)

// The limits of expressions: functions may call each other in circles, and twice on each level.
const (
	maxIntrinsics = 50      // deep
	maxCalls      = 500_000 // of a template in all, each time it is looked at
)

// CloudFormation resolves the intrinsic functions of one template: a parameter is its default, a pseudo parameter and an
// attribute of a resource are unknown.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
type CloudFormation struct {
	reader
	root         yamltree.Node
	depth, calls int
	names        func(name string, at source.Span) (Value, bool) // of another dialect, within Fn::Sub
	// Gaps are the expressions that were met and are not understood, or not decided by the template.
	Gaps []policy.Gap
}

// NewCloudFormation returns the resolver of a template's document.
func NewCloudFormation(root yamltree.Node) *CloudFormation {
	c := &CloudFormation{root: root}
	c.resolve = c.intrinsic
	return c
}

// Root returns the value of the whole template.
func (c *CloudFormation) Root() Value { return c.value(c.root) }

// Value returns the value of a node of the template.
func (c *CloudFormation) Value(n yamltree.Node) Value { return c.value(n) }

func (c *CloudFormation) gap(at source.Span, why string) {
	g := policy.Gap{Span: at, Why: why}
	if !slices.Contains(c.Gaps, g) {
		c.Gaps = append(c.Gaps, g)
	}
}

// intrinsic resolves a node that calls a function, in either form: "!Sub text" or "Fn::Sub: text".
func (c *CloudFormation) intrinsic(n yamltree.Node) (Value, bool) {
	name, argument, ok := call(n)
	if !ok {
		return Value{}, false
	}
	at := c.span(n)
	if !c.enter(at) {
		return Open(name, at), true
	}
	defer c.leave()
	v := c.apply(name, argument, at)
	if v.Kind != 0 && v.deep == nil { // a text is where it is made; a list or map where it stands
		v.Span = at
	}
	return v, true
}

// enter counts a call, and reports false when there are too many.
func (c *CloudFormation) enter(at source.Span) bool {
	if c.calls >= maxCalls || c.depth >= maxIntrinsics {
		c.gap(at, "too many calls of functions: this one and what follows was not looked at")
		return false
	}
	c.calls++
	c.depth++
	return true
}

func (c *CloudFormation) leave() { c.depth-- }

// call splits a node into the function that it calls and the argument.
func call(n yamltree.Node) (name string, argument yamltree.Node, ok bool) {
	if tag := n.Tag(); tag != "" {
		return strings.TrimPrefix(tag, "!"), n, true
	}
	if n.Kind() != yamltree.Mapping {
		return "", n, false
	}
	count := 0
	for key, value := range n.Fields() {
		if count++; count > 1 {
			return "", n, false
		}
		name, argument = key.Text(), value
	}
	if rest, isFn := strings.CutPrefix(name, "Fn::"); isFn {
		return rest, argument, true
	}
	return name, argument, name == "Ref" || name == "Condition" && argument.Kind() == yamltree.String
}

// elements returns the elements of an argument, which for a tag is the node itself.
func (c *CloudFormation) elements(argument yamltree.Node) []yamltree.Node {
	return slices.Collect(argument.Items())
}

func (c *CloudFormation) apply(name string, argument yamltree.Node, at source.Span) Value {
	args := c.elements(argument)
	switch name {
	case "Ref":
		return c.ref(argument.Text(), at)
	case "GetAtt":
		return c.attribute(argument, at)
	case "Sub":
		return c.sub(argument, args, at)
	case "Join":
		if len(args) == 2 {
			return c.join(c.argument(args[0]), c.argument(args[1]), at)
		}
	case "Split":
		if len(args) == 2 {
			return c.split(c.argument(args[0]), c.argument(args[1]), at)
		}
	case "Select":
		if len(args) == 2 {
			return c.choose(c.argument(args[0]), c.argument(args[1]), at)
		}
	case "If":
		if len(args) == 3 {
			return c.conditional(args, at)
		}
	case "FindInMap":
		if len(args) >= 3 {
			return c.findInMap(args, at)
		}
	case "Equals", "And", "Or", "Not", "Condition":
		if holds, known := c.condition(name, argument); known {
			return Value{Kind: Bool, text: policy.Literal(fmt.Sprint(holds))}
		}
		return Open("the condition", at)
	case "Base64", "ImportValue", "GetAZs", "Cidr", "Length", "ToJsonString", "ValueOf":
		return Open("Fn::"+name, at)
	}
	c.gap(at, "Fn::"+name+" is not modelled")
	return Open("Fn::"+name, at)
}

// argument returns the value of an argument of a function.
func (c *CloudFormation) argument(n yamltree.Node) Value { return c.value(n) }

// ref resolves Ref: a parameter is its default, and AWS::NoValue takes away what it is the value of.
func (c *CloudFormation) ref(name string, at source.Span) Value {
	if c.names != nil {
		if v, ok := c.names(name, at); ok {
			return v
		}
	}
	switch name {
	case "AWS::NoValue":
		return Value{}
	case "AWS::Partition":
		return Text("aws", at)
	case "AWS::URLSuffix":
		return Text("amazonaws.com", at)
	}
	parameter := c.root.Get("Parameters").Get(name)
	if parameter.IsZero() {
		v := Open(name, at)
		v.Ref = name
		return v
	}
	kind, value := parameter.Get("Type").Text(), parameter.Get("Default")
	switch {
	case value.IsZero() || value.Kind() == yamltree.Mapping || value.Kind() == yamltree.Sequence || strings.HasPrefix(kind, "AWS::SSM::"):
		return Open(name, at)
	case kind == "CommaDelimitedList" || strings.HasPrefix(kind, "List<"):
		return commaList(value.Text(), at)
	}
	return Text(value.Text(), at)
}

func commaList(text string, at source.Span) Value {
	var items []Value
	for item := range strings.SplitSeq(text, ",") {
		items = append(items, Text(strings.TrimSpace(item), at))
	}
	return ListOf(items, at)
}

// attribute names an attribute of a resource: "Api.RootResourceId".
func (c *CloudFormation) attribute(argument yamltree.Node, at source.Span) Value {
	name := argument.Text()
	if args := c.elements(argument); len(args) > 0 {
		var parts []string
		for _, a := range args {
			parts = append(parts, a.Text())
		}
		name = strings.Join(parts, ".")
	}
	v := Open(name, at)
	v.Ref = name
	return v
}

// sub resolves ${Name}, ${Resource.Attribute} and ${!Literal} in a text, with variables of its own before others.
func (c *CloudFormation) sub(argument yamltree.Node, args []yamltree.Node, at source.Span) Value {
	text, own := argument.Text(), yamltree.Node{}
	if len(args) == 2 {
		text, own = args[0].Text(), args[1]
	}
	v := Value{Kind: String, Span: at}
	var parts []policy.Value
	for text != "" {
		before, rest, found := strings.Cut(text, "${")
		parts = append(parts, policy.Literal(before))
		name, after, closed := strings.Cut(rest, "}")
		switch {
		case !found:
			text = ""
			continue
		case !closed:
			parts, text = append(parts, policy.Literal("${"+rest)), ""
			continue
		case strings.HasPrefix(name, "!"):
			parts = append(parts, policy.Literal("${"+name[1:]+"}"))
		default:
			inner := c.variable(strings.TrimSpace(name), own, at)
			parts = append(parts, inner.text)
			if before == "" && after == "" && len(parts) == 2 {
				v.Ref = inner.Ref
			}
		}
		text = after
	}
	v.text = policy.Join(parts...)
	return v
}

// variable resolves a name within Fn::Sub.
func (c *CloudFormation) variable(name string, own yamltree.Node, at source.Span) Value {
	if value := own.Get(name); !value.IsZero() {
		return scalarOf(c.argument(value), name, at)
	}
	if strings.Contains(name, ".") && !strings.Contains(name, ":") {
		v := Open(name, at)
		v.Ref = name
		return v
	}
	return scalarOf(c.ref(name, at), name, at)
}

// scalarOf returns a value that stands within a text; whatever is no scalar is not known there.
func scalarOf(v Value, name string, at source.Span) Value {
	if v.Kind == List || v.Kind == Map {
		return Open(name, at)
	}
	return v
}

func (c *CloudFormation) join(separator, list Value, at source.Span) Value {
	between, known := separator.Known()
	if !known || list.Kind != List {
		return Open("Fn::Join", at)
	}
	v := Value{Kind: String, Span: at}
	var parts []policy.Value
	for i, item := range list.Items() {
		if i > 0 {
			parts = append(parts, policy.Literal(between))
		}
		parts = append(parts, scalarOf(item, "an element of Fn::Join", at).text)
	}
	v.text = policy.Join(parts...)
	return v
}

func (c *CloudFormation) split(separator, text Value, at source.Span) Value {
	by, ok := separator.Known()
	whole, known := text.Known()
	if !ok || !known || by == "" {
		return Open("Fn::Split", at)
	}
	var items []Value
	for part := range strings.SplitSeq(whole, by) {
		items = append(items, Text(part, at))
	}
	return ListOf(items, at)
}

func (c *CloudFormation) choose(index, list Value, at source.Span) Value {
	items := list.Items()
	var i int
	if _, err := fmt.Sscan(index.Word(), &i); err != nil || i < 0 || i >= len(items) {
		return Open("Fn::Select", at)
	}
	return items[i]
}

// conditional resolves Fn::If. A part that one of the branches leaves out is taken to be there, since somebody deploys it.
// Where the template does not decide the condition, a text is unknown, and of lists and maps the first is taken.
func (c *CloudFormation) conditional(args []yamltree.Node, at source.Span) Value {
	name := args[0].Text()
	holds, known := c.named(name)
	switch first, second := isNothing(args[1]), isNothing(args[2]); {
	case first && !second && args[2].Kind() != yamltree.String:
		holds, known = false, true
	case second && !first && args[1].Kind() != yamltree.String:
		holds, known = true, true
	}
	switch {
	case known && holds:
		return c.argument(args[1])
	case known:
		return c.argument(args[2])
	}
	then := c.argument(args[1])
	other := c.argument(args[2])
	if a, ok := then.Known(); ok {
		if b, ok := other.Known(); ok && a == b {
			return then
		}
	}
	if then.Kind == 0 {
		then, other = other, then
	}
	if then.Kind == List || then.Kind == Map {
		c.gap(at, "the condition "+name+" is not decided by the template; it is taken to hold")
		return then
	}
	return Open("Fn::If "+name, at)
}

// isNothing reports whether a node is a reference to AWS::NoValue.
func isNothing(n yamltree.Node) bool {
	name, argument, ok := call(n)
	return ok && name == "Ref" && argument.Text() == "AWS::NoValue"
}

// named evaluates a condition of the template.
func (c *CloudFormation) named(name string) (holds, known bool) {
	return c.test(c.root.Get("Conditions").Get(name))
}

func (c *CloudFormation) test(n yamltree.Node) (holds, known bool) {
	name, argument, ok := call(n)
	if !ok || !c.enter(c.span(n)) {
		return false, false
	}
	defer c.leave()
	return c.condition(name, argument)
}

func (c *CloudFormation) condition(name string, argument yamltree.Node) (holds, known bool) {
	args := c.elements(argument)
	switch name {
	case "Condition":
		return c.named(argument.Text())
	case "Equals":
		if len(args) == 2 {
			a, knownA := c.argument(args[0]).Known()
			b, knownB := c.argument(args[1]).Known()
			return a == b, knownA && knownB
		}
	case "Not":
		if len(args) == 1 {
			holds, known = c.test(args[0])
			return !holds, known
		}
	case "And", "Or":
		decides := name == "Or" // the answer that one part can give alone
		known = len(args) > 0
		for _, a := range args {
			part, ok := c.test(a)
			if ok && part == decides {
				return decides, true
			}
			known = known && ok
		}
		return !decides, known
	}
	return false, false
}

// findInMap looks a value up in the template's Mappings.
func (c *CloudFormation) findInMap(args []yamltree.Node, at source.Span) Value {
	value := c.root.Get("Mappings")
	for _, a := range args[:3] {
		key, known := c.argument(a).Known()
		if !known {
			return Open("Fn::FindInMap", at)
		}
		value = value.Get(key)
	}
	if value.IsZero() {
		return Open("Fn::FindInMap", at)
	}
	return c.value(value)
}
