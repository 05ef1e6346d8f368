package client

import (
	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/token"
)

// This file finds out what the names of a module stand for. Everything is declared first and looked at afterwards, since a
// function may use what is declared behind it.

// scope is a block with the names that it declares.
type scope struct {
	parent *scope
	names  map[string]*binding
	fn     *function // the innermost function around it; nil at the top of the module
}

func (s *scope) lookup(name string) *binding {
	for ; s != nil; s = s.parent {
		if b := s.names[name]; b != nil {
			return b
		}
	}
	return nil
}

// binding is one name.
type binding struct {
	name   string
	module *module
	scope  *scope
	value  ast.Expression // what it is declared to be; nil where nothing says so
	// path leads from the value to the name where a pattern takes it apart: "{ data: { items } }" has data, items.
	path     []step
	fallback ast.Expression // the pattern's default
	function *function
	class    *ast.ClassLiteral

	parameter bool
	of        *function // whose parameter it is
	index     int       // of the parameter
	rest      bool

	assigned []assignment // what is assigned to the name itself
	changes  []change     // to what is in it
}

// step leads into a value: to a property or, where the name is "", to an element.
type step struct {
	name  string
	index int
	// rest: to what is left of an object without some properties.
	rest    bool
	without []string
}

type assignment struct {
	value ast.Expression
	scope *scope
	// when is the condition of an if around a return, where there is one only.
	when ast.Expression
}

// change is "name.key = value", or a call that does the same: "name.append(key, value)".
type change struct {
	keys  []ast.Expression // from the name inwards, string literals for what is written behind a dot
	value ast.Expression
	scope *scope
	// sometimes: only under a condition, or when a function is called.
	sometimes bool
}

// function is a function with what it returns.
type function struct {
	node       ast.Node
	module     *module
	scope      *scope // of its parameters
	parameters []*ast.Binding
	rest       ast.Expression
	returns    []assignment
	name       string
	method     *ast.ClassLiteral // whose method it is
	parent     *function
	calls      []*callSite // in the function, and in those that it makes
}

// callSite is a call or a construction.
type callSite struct {
	module *module
	scope  *scope
	fn     *function
	node   ast.Node
	callee ast.Expression
	args   []ast.Expression
	// sometimes: a condition decides on it.
	sometimes bool
	handlers  []ast.Expression // the functions that what it promises is handed to: ".then(…)"
	next      *callSite        // a method of what it returns
}

// read is a use of a response's header: "name.headers.get('X')", "name.headers['x']".
type read struct {
	object ast.Expression // what has the headers
	header string
	node   ast.Expression
	scope  *scope
	module *module
	method bool // "get" or "getResponseHeader"
}

// maxNodes bounds how much of a module is looked at.
const maxNodes = 400_000

// collector walks a module once.
type collector struct {
	module *module
	nodes  int
	depth  int            // of conditions
	when   ast.Expression // the condition of the only if around a statement
	class  *ast.ClassLiteral
	late   []func() // what needs all names to be declared
}

// collect fills a module.
func collect(m *module, body []ast.Statement) {
	m.top = &scope{names: map[string]*binding{}}
	m.functions = map[ast.Node]*function{}
	m.fields = map[*ast.ClassLiteral]map[string][]assignment{}
	m.methods = map[*ast.ClassLiteral]map[string]*function{}
	m.classes = map[*ast.ClassLiteral]*scope{}
	m.sites = map[ast.Node]*callSite{}
	c := collector{module: m}
	c.block(body, m.top)
	for _, work := range c.late {
		work()
	}
}

func (c *collector) over() bool {
	c.nodes++
	return c.nodes > maxNodes
}

func (c *collector) declare(s *scope, name string) *binding {
	b := s.names[name]
	if b == nil {
		b = &binding{name: name, module: c.module, scope: s}
		s.names[name] = b
	}
	return b
}

// block declares what a list of statements declares, and walks it.
func (c *collector) block(list []ast.Statement, s *scope) {
	for _, st := range list {
		switch st := st.(type) {
		case *ast.FunctionDeclaration:
			if st.Function.Name != nil {
				b := c.declare(s, st.Function.Name.Name.String())
				b.function = c.function(st.Function, st.Function.ParameterList, b.name, s)
			}
		case *ast.ClassDeclaration:
			if st.Class.Name != nil {
				c.declare(s, st.Class.Name.Name.String()).class = st.Class
			}
		case *ast.LexicalDeclaration:
			c.bindings(st.List, s)
		case *ast.VariableStatement:
			c.bindings(st.List, s)
		}
	}
	for _, st := range list {
		c.statement(st, s)
	}
}

// bindings declares names. What is declared again keeps what it was, and is assigned to.
func (c *collector) bindings(list []*ast.Binding, s *scope) {
	for _, b := range list {
		c.pattern(b.Target, b.Initializer, nil, nil, s)
	}
}

// pattern declares the names of a pattern whose parts come from a value.
func (c *collector) pattern(target, value ast.Expression, path []step, fallback ast.Expression, s *scope) {
	if c.over() || len(path) > 20 {
		return
	}
	switch t := target.(type) {
	case *ast.Identifier:
		name := t.Name.String()
		if known := s.names[name]; known != nil && (known.value != nil || known.function != nil) {
			if value != nil {
				known.assigned = append(known.assigned, assignment{scope: s})
			}
			return
		}
		b := c.declare(s, name)
		b.value, b.path, b.fallback = value, path, fallback
	case *ast.AssignExpression: // with a default
		c.pattern(t.Left, value, path, t.Right, s)
	case *ast.Binding:
		if t != nil {
			c.pattern(t.Target, value, path, t.Initializer, s)
		}
	case *ast.ObjectPattern:
		for _, p := range t.Properties {
			switch p := p.(type) {
			case *ast.PropertyShort:
				c.pattern(&p.Name, value, with(path, step{name: p.Name.Name.String()}), p.Initializer, s)
			case *ast.PropertyKeyed:
				if key, ok := p.Key.(*ast.StringLiteral); ok {
					c.pattern(p.Value, value, with(path, step{name: key.Value.String()}), nil, s)
				} else {
					c.pattern(p.Value, nil, nil, nil, s)
				}
			}
		}
		if t.Rest != nil {
			c.pattern(t.Rest, value, with(path, step{rest: true, without: patternKeys(t)}), nil, s)
		}
	case *ast.ArrayPattern:
		for i, x := range t.Elements {
			c.pattern(x, value, with(path, step{index: i}), nil, s)
		}
		c.pattern(t.Rest, nil, nil, nil, s)
	}
}

func with(path []step, s step) []step { return append(path[:len(path):len(path)], s) }

// function makes a function of its node; its body is walked later.
func (c *collector) function(node ast.Node, parameters *ast.ParameterList, name string, s *scope) *function {
	if f := c.module.functions[node]; f != nil {
		return f
	}
	f := &function{node: node, module: c.module, name: name, parent: s.fn, method: c.class}
	f.scope = &scope{parent: s, names: map[string]*binding{}, fn: f}
	if parameters != nil {
		f.parameters, f.rest = parameters.List, parameters.Rest
		for i, p := range parameters.List {
			c.pattern(p.Target, nil, nil, nil, f.scope)
			c.parameter(p.Target, f, i, nil, p.Initializer)
		}
		if id, ok := parameters.Rest.(*ast.Identifier); ok {
			b := c.declare(f.scope, id.Name.String())
			b.parameter, b.of, b.index, b.rest = true, f, len(parameters.List), true
		}
	}
	c.module.functions[node] = f
	return f
}

// parameter says of the names of a parameter where they come from.
func (c *collector) parameter(target ast.Expression, f *function, index int, path []step, fallback ast.Expression) {
	if c.over() || len(path) > 20 {
		return
	}
	switch t := target.(type) {
	case *ast.Identifier:
		b := c.declare(f.scope, t.Name.String())
		b.parameter, b.of, b.index, b.path, b.fallback = true, f, index, path, fallback
	case *ast.AssignExpression:
		c.parameter(t.Left, f, index, path, t.Right)
	case *ast.Binding:
		if t != nil {
			c.parameter(t.Target, f, index, path, t.Initializer)
		}
	case *ast.ObjectPattern:
		for _, p := range t.Properties {
			switch p := p.(type) {
			case *ast.PropertyShort:
				c.parameter(&p.Name, f, index, with(path, step{name: p.Name.Name.String()}), p.Initializer)
			case *ast.PropertyKeyed:
				if key, ok := p.Key.(*ast.StringLiteral); ok {
					c.parameter(p.Value, f, index, with(path, step{name: key.Value.String()}), nil)
				}
			}
		}
		if t.Rest != nil {
			c.parameter(t.Rest, f, index, with(path, step{rest: true, without: patternKeys(t)}), nil)
		}
	}
}

// patternKeys returns the properties that a pattern takes out of an object.
func patternKeys(p *ast.ObjectPattern) []string {
	var out []string
	for _, x := range p.Properties {
		switch x := x.(type) {
		case *ast.PropertyShort:
			out = append(out, x.Name.Name.String())
		case *ast.PropertyKeyed:
			out = append(out, keyName(x.Key, x.Computed))
		}
	}
	return out
}

// body walks the body of a function.
func (c *collector) body(f *function, body []ast.Statement) {
	depth, when := c.depth, c.when
	c.depth, c.when = 0, nil
	inner := &scope{parent: f.scope, names: map[string]*binding{}, fn: f}
	for _, p := range f.parameters {
		c.expression(p.Initializer, f.scope)
	}
	c.block(body, inner)
	c.depth, c.when = depth, when
}

func (c *collector) statement(st ast.Statement, s *scope) {
	if c.over() {
		return
	}
	switch st := st.(type) {
	case *ast.BlockStatement:
		if st != nil {
			c.block(st.List, &scope{parent: s, names: map[string]*binding{}, fn: s.fn})
		}
	case *ast.ExpressionStatement:
		c.expression(st.Expression, s)
	case *ast.VariableStatement:
		c.initializers(st.List, s)
	case *ast.LexicalDeclaration:
		c.initializers(st.List, s)
	case *ast.FunctionDeclaration:
		f := c.function(st.Function, st.Function.ParameterList, nameOf(st.Function.Name), s)
		c.body(f, st.Function.Body.List)
	case *ast.ClassDeclaration:
		c.classBody(st.Class, s)
	case *ast.ReturnStatement:
		if s.fn != nil && st.Argument != nil {
			s.fn.returns = append(s.fn.returns, assignment{st.Argument, s, c.when})
		}
		c.expression(st.Argument, s)
	case *ast.IfStatement:
		c.expression(st.Test, s)
		c.conditional(func() {
			if c.depth == 1 {
				c.when = st.Test
			}
			c.statement(st.Consequent, s)
			c.when = nil
			if st.Alternate != nil {
				c.statement(st.Alternate, s)
			}
		})
	case *ast.ForStatement:
		inner := &scope{parent: s, names: map[string]*binding{}, fn: s.fn}
		switch i := st.Initializer.(type) {
		case *ast.ForLoopInitializerExpression:
			c.expression(i.Expression, inner)
		case *ast.ForLoopInitializerVarDeclList:
			c.blank(i.List, inner)
		case *ast.ForLoopInitializerLexicalDecl:
			c.blank(i.LexicalDeclaration.List, inner)
		}
		c.expression(st.Test, inner)
		c.expression(st.Update, inner)
		c.conditional(func() { c.statement(st.Body, inner) })
	case *ast.ForInStatement:
		c.loop(st.Into, st.Source, st.Body, s)
	case *ast.ForOfStatement:
		c.loop(st.Into, st.Source, st.Body, s)
	case *ast.WhileStatement:
		c.expression(st.Test, s)
		c.conditional(func() { c.statement(st.Body, s) })
	case *ast.DoWhileStatement:
		c.expression(st.Test, s)
		c.statement(st.Body, s)
	case *ast.SwitchStatement:
		c.expression(st.Discriminant, s)
		inner := &scope{parent: s, names: map[string]*binding{}, fn: s.fn}
		c.conditional(func() {
			for _, x := range st.Body {
				c.expression(x.Test, inner)
				c.block(x.Consequent, inner)
			}
		})
	case *ast.ThrowStatement:
		c.expression(st.Argument, s)
	case *ast.TryStatement:
		c.statement(st.Body, s)
		if st.Catch != nil {
			inner := &scope{parent: s, names: map[string]*binding{}, fn: s.fn}
			c.pattern(st.Catch.Parameter, nil, nil, nil, inner)
			c.block(st.Catch.Body.List, inner)
		}
		if st.Finally != nil {
			c.statement(st.Finally, s)
		}
	case *ast.LabelledStatement:
		c.statement(st.Statement, s)
	}
}

func (c *collector) conditional(work func()) {
	when := c.when
	c.depth, c.when = c.depth+1, nil
	work()
	c.depth, c.when = c.depth-1, when
}

// blank declares the names of a loop, which have many values.
func (c *collector) blank(list []*ast.Binding, s *scope) {
	for _, b := range list {
		c.pattern(b.Target, nil, nil, nil, s)
		c.expression(b.Initializer, s)
	}
}

func (c *collector) loop(into ast.ForInto, source ast.Expression, body ast.Statement, s *scope) {
	inner := &scope{parent: s, names: map[string]*binding{}, fn: s.fn}
	switch into := into.(type) {
	case *ast.ForIntoVar:
		c.pattern(into.Binding.Target, nil, nil, nil, inner)
	case *ast.ForDeclaration:
		c.pattern(into.Target, nil, nil, nil, inner)
	case *ast.ForIntoExpression:
		c.assignTo(into.Expression, nil, inner)
	}
	c.expression(source, s)
	c.conditional(func() { c.statement(body, inner) })
}

// initializers walks what names are declared to be.
func (c *collector) initializers(list []*ast.Binding, s *scope) {
	for _, b := range list {
		c.expression(b.Initializer, s)
		if id, ok := b.Target.(*ast.Identifier); ok {
			if f := c.module.functions[b.Initializer]; f != nil && f.name == "" {
				f.name = id.Name.String()
			}
		}
	}
}

// awaited returns what is awaited, or an expression itself.
func awaited(e ast.Expression) ast.Node {
	if a, ok := e.(*ast.AwaitExpression); ok {
		return a.Argument
	}
	return e
}

func nameOf(id *ast.Identifier) string {
	if id == nil {
		return ""
	}
	return id.Name.String()
}

// classBody walks a class.
func (c *collector) classBody(class *ast.ClassLiteral, s *scope) {
	c.expression(class.SuperClass, s)
	outer := c.class
	c.class = class
	defer func() { c.class = outer }()
	c.module.fields[class], c.module.methods[class] = map[string][]assignment{}, map[string]*function{}
	c.module.classes[class] = s
	for _, e := range class.Body {
		switch e := e.(type) {
		case *ast.FieldDefinition:
			name := keyName(e.Key, e.Computed)
			c.expression(e.Initializer, s)
			if e.Initializer == nil || name == "" {
				continue
			}
			if f := c.module.functions[e.Initializer]; f != nil {
				c.module.methods[class][name] = f
				f.name = name
			}
			c.module.fields[class][name] = append(c.module.fields[class][name], assignment{value: e.Initializer, scope: s})
		case *ast.MethodDefinition:
			name := keyName(e.Key, e.Computed)
			f := c.function(e.Body, e.Body.ParameterList, name, s)
			if name != "" && e.Kind == ast.PropertyKindMethod {
				c.module.methods[class][name] = f
			} else if e.Kind == ast.PropertyKindGet && name != "" {
				c.late = append(c.late, func() {
					c.module.fields[class][name] = append(c.module.fields[class][name], f.returns...)
				})
			}
			c.body(f, e.Body.Body.List)
		case *ast.ClassStaticBlock:
			c.statement(e.Block, s)
		}
	}
}

// keyName returns the name of a property, "" where it is computed.
func keyName(key ast.Expression, computed bool) string {
	if s, ok := key.(*ast.StringLiteral); ok {
		return s.Value.String()
	}
	if id, ok := key.(*ast.Identifier); ok && !computed {
		return id.Name.String()
	}
	return ""
}

func (c *collector) expressions(list []ast.Expression, s *scope) {
	for _, e := range list {
		c.expression(e, s)
	}
}

func (c *collector) expression(e ast.Expression, s *scope) {
	if e == nil || c.over() {
		return
	}
	switch e := e.(type) {
	case *ast.ArrayLiteral:
		c.expressions(e.Value, s)
	case *ast.ObjectLiteral:
		c.object(e, s)
	case *ast.AssignExpression:
		c.expression(e.Right, s)
		c.assign(e, s)
	case *ast.AwaitExpression:
		c.expression(e.Argument, s)
	case *ast.YieldExpression:
		c.expression(e.Argument, s)
	case *ast.BinaryExpression:
		c.expression(e.Left, s)
		if e.Operator == token.LOGICAL_AND || e.Operator == token.LOGICAL_OR || e.Operator == token.COALESCE {
			c.conditional(func() { c.expression(e.Right, s) })
		} else {
			c.expression(e.Right, s)
		}
	case *ast.BracketExpression:
		c.expression(e.Left, s)
		c.expression(e.Member, s)
		c.readOf(e, s)
	case *ast.CallExpression:
		c.call(e, e.Callee, e.ArgumentList, s)
	case *ast.NewExpression:
		c.call(e, e.Callee, e.ArgumentList, s)
	case *ast.ConditionalExpression:
		c.expression(e.Test, s)
		c.conditional(func() { c.expression(e.Consequent, s); c.expression(e.Alternate, s) })
	case *ast.DotExpression:
		c.expression(e.Left, s)
		c.readOf(e, s)
	case *ast.PrivateDotExpression:
		c.expression(e.Left, s)
	case *ast.OptionalChain:
		c.expression(e.Expression, s)
	case *ast.Optional:
		c.expression(e.Expression, s)
	case *ast.FunctionLiteral:
		f := c.function(e, e.ParameterList, nameOf(e.Name), s)
		c.body(f, e.Body.List)
	case *ast.ArrowFunctionLiteral:
		f := c.function(e, e.ParameterList, "", s)
		switch body := e.Body.(type) {
		case *ast.BlockStatement:
			c.body(f, body.List)
		case *ast.ExpressionBody:
			inner := &scope{parent: f.scope, names: map[string]*binding{}, fn: f}
			f.returns = append(f.returns, assignment{value: body.Expression, scope: inner})
			depth := c.depth
			c.depth = 0
			for _, p := range f.parameters {
				c.expression(p.Initializer, f.scope)
			}
			c.expression(body.Expression, inner)
			c.depth = depth
		}
	case *ast.ClassLiteral:
		c.classBody(e, s)
	case *ast.SpreadElement:
		c.expression(e.Expression, s)
	case *ast.SequenceExpression:
		c.expressions(e.Sequence, s)
	case *ast.TemplateLiteral:
		c.expression(e.Tag, s)
		c.expressions(e.Expressions, s)
	case *ast.UnaryExpression:
		c.expression(e.Operand, s)
	}
}

func (c *collector) object(e *ast.ObjectLiteral, s *scope) {
	for _, p := range e.Value {
		switch p := p.(type) {
		case *ast.PropertyShort:
			c.expression(p.Initializer, s)
		case *ast.PropertyKeyed:
			if p.Computed {
				c.expression(p.Key, s)
			}
			c.expression(p.Value, s)
			switch keyName(p.Key, p.Computed) {
			case "proxy", "devProxy":
				c.module.proxies = append(c.module.proxies, assignment{value: p.Value, scope: s})
			case "destination":
				c.module.rewrites = append(c.module.rewrites, assignment{value: e, scope: s})
			}
			if f := c.module.functions[p.Value]; f != nil && f.name == "" {
				f.name = keyName(p.Key, p.Computed)
			}
		case *ast.SpreadElement:
			c.expression(p.Expression, s)
		}
	}
}

// assign notes an assignment.
func (c *collector) assign(e *ast.AssignExpression, s *scope) {
	value := e.Right
	if e.Operator != token.ASSIGN {
		value = nil // "+=" and the like: something else
	}
	c.assignTo(e.Left, value, s)
}

func (c *collector) assignTo(target, value ast.Expression, s *scope) {
	sometimes := c.depth > 0
	class := c.class
	switch t := target.(type) {
	case *ast.Identifier:
		name := t.Name.String()
		c.late = append(c.late, func() {
			if b := s.lookup(name); b != nil {
				b.assigned = append(b.assigned, assignment{value: value, scope: s})
			}
		})
	case *ast.DotExpression, *ast.BracketExpression:
		c.expression(leftOf(t), s)
		root, keys := members(t)
		switch root := root.(type) {
		case *ast.Identifier:
			name := root.Name.String()
			c.late = append(c.late, func() {
				if b := s.lookup(name); b != nil {
					b.changes = append(b.changes, change{keys: keys, value: value, scope: s, sometimes: sometimes || b.scope.fn != s.fn})
				}
			})
		case *ast.ThisExpression:
			if class == nil || c.module.fields[class] == nil {
				return
			}
			if name := keyName(keys[0], true); name != "" && len(keys) == 1 {
				c.module.fields[class][name] = append(c.module.fields[class][name], assignment{value: value, scope: s})
			}
		}
	case *ast.ObjectPattern:
		for _, p := range t.Properties {
			switch p := p.(type) {
			case *ast.PropertyShort:
				c.assignTo(&p.Name, nil, s)
			case *ast.PropertyKeyed:
				c.assignTo(p.Value, nil, s)
			}
		}
	case *ast.ArrayPattern:
		for _, x := range t.Elements {
			c.assignTo(x, nil, s)
		}
	}
}

func leftOf(e ast.Expression) ast.Expression {
	switch e := e.(type) {
	case *ast.DotExpression:
		return e.Left
	case *ast.BracketExpression:
		return e.Left
	}
	return nil
}

// members takes "a.b[c]" apart: a, and the keys from there.
func members(e ast.Expression) (root ast.Expression, keys []ast.Expression) {
	for {
		switch x := e.(type) {
		case *ast.DotExpression:
			keys = append([]ast.Expression{&ast.StringLiteral{Idx: x.Identifier.Idx, Value: x.Identifier.Name}}, keys...)
			e = x.Left
		case *ast.BracketExpression:
			keys = append([]ast.Expression{x.Member}, keys...)
			e = x.Left
		case *ast.OptionalChain:
			e = x.Expression
		case *ast.Optional:
			e = x.Expression
		default:
			return e, keys
		}
		if len(keys) > 50 {
			return nil, keys
		}
	}
}

// call notes a call.
func (c *collector) call(node ast.Node, callee ast.Expression, args []ast.Expression, s *scope) {
	site := &callSite{module: c.module, scope: s, fn: s.fn, node: node, callee: bare(callee), args: args, sometimes: c.depth > 0}
	c.module.sites[node] = site
	c.module.calls = append(c.module.calls, site)
	for fn := s.fn; fn != nil; fn = fn.parent {
		fn.calls = append(fn.calls, site)
	}
	c.expression(callee, s)
	c.expressions(args, s)
	dot, ok := site.callee.(*ast.DotExpression)
	if !ok {
		return
	}
	left := unwrap(dot.Left)
	if before := c.module.sites[left]; before != nil {
		before.next = site
	}
	switch dot.Identifier.Name.String() {
	case "then": // the first function has the answer; one that hands it on is followed, too
		if len(args) > 0 {
			if first := c.promise(left); first != nil {
				first.handlers = append(first.handlers, args[0])
			}
		}
	case "append", "set", "setRequestHeader", "setHeader":
		root, keys := members(left)
		if id, ok := root.(*ast.Identifier); ok && len(args) == 2 {
			name, sometimes := id.Name.String(), c.depth > 0
			keys = append(keys, args[0])
			c.late = append(c.late, func() {
				if b := s.lookup(name); b != nil {
					b.changes = append(b.changes, change{keys: keys, value: args[1], scope: s, sometimes: sometimes || b.scope.fn != s.fn})
				}
			})
		}
	case "get", "getResponseHeader":
		c.readCall(dot, args, s)
	}
}

// promise returns the call whose promise an expression is: of "f().then(a).catch(b)" it is that of f.
func (c *collector) promise(e ast.Expression) *callSite {
	for range 20 {
		site := c.module.sites[awaited(e)]
		if site == nil {
			return nil
		}
		dot, ok := site.callee.(*ast.DotExpression)
		if !ok {
			return site
		}
		switch dot.Identifier.Name.String() {
		case "catch", "finally":
			e = unwrap(dot.Left)
		default:
			return site
		}
	}
	return nil
}

// bare returns what is called: of "(0, a.b)(…)" it is a.b.
func bare(e ast.Expression) ast.Expression {
	e = unwrap(e)
	if seq, ok := e.(*ast.SequenceExpression); ok && len(seq.Sequence) > 0 {
		return unwrap(seq.Sequence[len(seq.Sequence)-1])
	}
	return e
}

// unwrap drops the marks of optional chains.
func unwrap(e ast.Expression) ast.Expression {
	for {
		switch x := e.(type) {
		case *ast.OptionalChain:
			e = x.Expression
		case *ast.Optional:
			e = x.Expression
		default:
			return e
		}
	}
}

// readCall notes "x.headers.get('name')" and "x.getResponseHeader('name')".
func (c *collector) readCall(dot *ast.DotExpression, args []ast.Expression, s *scope) {
	if len(args) == 1 {
		if name, ok := args[0].(*ast.StringLiteral); ok {
			c.module.reads = append(c.module.reads, read{module: c.module, object: unwrap(dot.Left), header: name.Value.String(), node: args[0], scope: s, method: true})
		}
	}
}

// readOf notes "x.headers['name']" and "x.headers.name".
func (c *collector) readOf(e ast.Expression, s *scope) {
	switch e := e.(type) {
	case *ast.BracketExpression:
		if name, ok := e.Member.(*ast.StringLiteral); ok {
			c.module.reads = append(c.module.reads, read{module: c.module, object: unwrap(e.Left), header: name.Value.String(), node: e.Member, scope: s})
		}
	case *ast.DotExpression:
		switch name := e.Identifier.Name.String(); name {
		case "get", "has", "set", "append", "delete", "forEach", "entries", "keys", "values", "headers", "common", "toJSON", "length", "map", "filter":
		default:
			left := unwrap(e.Left)
			if dot, ok := left.(*ast.DotExpression); ok && dot.Identifier.Name == "headers" {
				c.module.reads = append(c.module.reads, read{module: c.module, object: left, header: name, node: &e.Identifier, scope: s})
			} else if id, ok := left.(*ast.Identifier); ok && id.Name == "headers" {
				c.module.reads = append(c.module.reads, read{module: c.module, object: left, header: name, node: &e.Identifier, scope: s})
			}
		}
	}
}
