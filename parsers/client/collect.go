package client

import (
	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/token"
)

// This file walks a module once and notes what its names are and which calls it makes. Everything is declared first and looked
// at afterwards, since a function may use what is declared behind it.

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
	m.top = &scope{names: map[string]*binding{}, module: m}
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

func (c *collector) statement(st ast.Statement, s *scope) {
	if c.over() {
		return
	}
	switch st := st.(type) {
	case *ast.BlockStatement:
		if st != nil {
			c.block(st.List, s.inner())
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
		inner := s.inner()
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
		inner := s.inner()
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
			inner := s.inner()
			c.variables(st.Catch.Parameter, nil, inner)
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
		c.variables(b.Target, nil, s)
		c.expression(b.Initializer, s)
	}
}

func (c *collector) loop(into ast.ForInto, source ast.Expression, body ast.Statement, s *scope) {
	inner := s.inner()
	switch into := into.(type) {
	case *ast.ForIntoVar:
		c.variables(into.Binding.Target, nil, inner)
	case *ast.ForDeclaration:
		c.variables(into.Target, nil, inner)
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

// function makes a function of its node; its body is walked later.
func (c *collector) function(node ast.Node, parameters *ast.ParameterList, name string, s *scope) *function {
	if f := c.module.functions[node]; f != nil {
		return f
	}
	f := &function{node: node, name: name, parent: s.fn, method: c.class}
	f.scope = s.inside(f)
	if parameters != nil {
		f.parameters, f.rest = parameters.List, parameters.Rest
		for i, p := range parameters.List {
			c.parameter(p, f, i)
		}
		if id, ok := parameters.Rest.(*ast.Identifier); ok {
			b := c.declare(f.scope, id.Name.String())
			b.parameter, b.of, b.index, b.rest = true, f, len(parameters.List), true
		}
	}
	c.module.functions[node] = f
	return f
}

// body walks the body of a function.
func (c *collector) body(f *function, body []ast.Statement) {
	depth, when := c.depth, c.when
	c.depth, c.when = 0, nil
	inner := f.scope.inside(f)
	for _, p := range f.parameters {
		c.expression(p.Initializer, f.scope)
	}
	c.block(body, inner)
	c.depth, c.when = depth, when
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
			inner := f.scope.inside(f)
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

func nameOf(id *ast.Identifier) string {
	if id == nil {
		return ""
	}
	return id.Name.String()
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
