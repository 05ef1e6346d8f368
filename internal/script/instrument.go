package script

import (
	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/file"
	"github.com/dop251/goja/token"
	"github.com/dop251/goja/unistring"
)

// The functions that an instrumented program calls. Their names are no identifiers, so that no program has a variable of one.
const (
	// HookTest (value) returns whether the value is true, as a condition has it.
	HookTest = "%test"
	// HookLoop (number, holds) returns whether a loop goes on whose condition holds or not.
	HookLoop = "%loop"
	// HookKeep (value) does the same and keeps the value for [HookKept] (): "a && b" becomes "test(a) ? b : kept()".
	HookKeep = "%keep"
	// HookNullish (value) returns whether the value is null or undefined, and keeps it.
	HookNullish = "%nullish"
	// HookKept () returns the value that was kept last.
	HookKept = "%kept"
	// HookCompare (operator, a, b, number) compares; the number is that of the place.
	HookCompare = "%compare"
	// HookTypeof (value) returns the value's type.
	HookTypeof = "%typeof"
	// HookSite (number, value) returns the value; the call of that number is about to be made, and the value is its last argument.
	HookSite = "%site"
	// HookTag (number, value) returns the value, an object or array that the literal of that number made.
	HookTag = "%tag"
	// HookExec (object, text) is "object.exec(text)". A regular expression's own method is left alone: goja is fast only then.
	HookExec = "%exec"
	// HookDecorate (decorators, target, key, kind) applies the decorators of a class or of a member.
	HookDecorate = "%decorate"
	// HookMeta (filename) is "import.meta".
	HookMeta = "%meta"
	// HookSpread (value) is what "{...value}" takes over.
	HookSpread = "%spread"
	// HookModule (module) is what "import" makes of a module that "require" returned.
	HookModule = "%module"
)

// sited are the methods whose calls are told apart by their place: they register what answers, or make the answer.
var sited = map[string]bool{
	"use": true, "get": true, "post": true, "put": true, "patch": true, "delete": true, "del": true, "options": true, "head": true, "all": true, "query": true,
	"route": true, "param": true, "set": true, "header": true, "setHeader": true, "append": true, "appendHeader": true, "vary": true, "writeHead": true,
	"removeHeader": true, "redirect": true, "location": true, "sendStatus": true, "status": true, "json": true, "send": true, "end": true, "jsonp": true,
	"includes": true, "indexOf": true, "startsWith": true, "endsWith": true, "test": true, "exec": true, "match": true, "has": true, "search": true,
	"listen": true, "enableCors": true, "register": true, "addHook": true, "next": true, "cors": true, "createServer": true, "default": true, "Router": true,
	"create": true, "setHeaders": true, "callback": true, "cb": true, "done": true, "on": true, "enable": true, "disable": true, "sendFile": true, "render": true, "handler": true,
}

// instrument rewrites a program.
func instrument(s *Script, p *ast.Program, base int) {
	w := rewriter{script: s, base: base}
	w.statements(p.Body)
}

type rewriter struct {
	script *Script
	base   int
	model  bool // a program of ours: its calls and literals have no place
}

func rangeOf(n ast.Node) Range { return Range{int(n.Idx0()) - 1, int(n.Idx1()) - 1} }

func name(text string, at file.Idx) *ast.Identifier {
	return &ast.Identifier{Name: unistring.NewFromString(text), Idx: at}
}

// call makes a call of a hook.
func call(hook string, at ast.Node, args ...ast.Expression) ast.Expression {
	return &ast.CallExpression{Callee: name(hook, at.Idx0()), LeftParenthesis: at.Idx0(), ArgumentList: args, RightParenthesis: at.Idx1() - 1}
}

func number(n int, at file.Idx) ast.Expression { return &ast.NumberLiteral{Idx: at, Value: int64(n)} }

func (w *rewriter) statements(list []ast.Statement) {
	for _, s := range list {
		w.statement(s)
	}
}

func (w *rewriter) statement(s ast.Statement) {
	switch s := s.(type) {
	case *ast.BlockStatement:
		if s != nil {
			w.statements(s.List)
		}
	case *ast.DoWhileStatement:
		s.Test = w.loop(s.Test)
		w.statement(s.Body)
	case *ast.ExpressionStatement:
		s.Expression = w.expression(s.Expression)
	case *ast.ForInStatement:
		w.into(s.Into)
		s.Source = w.expression(s.Source)
		w.statement(s.Body)
	case *ast.ForOfStatement:
		w.into(s.Into)
		s.Source = w.expression(s.Source)
		w.statement(s.Body)
	case *ast.ForStatement:
		switch i := s.Initializer.(type) {
		case *ast.ForLoopInitializerExpression:
			i.Expression = w.expression(i.Expression)
		case *ast.ForLoopInitializerVarDeclList:
			w.bindings(i.List)
		case *ast.ForLoopInitializerLexicalDecl:
			w.bindings(i.LexicalDeclaration.List)
		}
		s.Test, s.Update = w.loop(s.Test), w.expression(s.Update)
		w.statement(s.Body)
	case *ast.IfStatement:
		s.Test = w.test(s.Test)
		w.statement(s.Consequent)
		if s.Alternate != nil {
			w.statement(s.Alternate)
		}
	case *ast.LabelledStatement:
		w.statement(s.Statement)
	case *ast.ReturnStatement:
		s.Argument = w.expression(s.Argument)
	case *ast.SwitchStatement:
		w.choice(s)
	case *ast.ThrowStatement:
		s.Argument = w.expression(s.Argument)
	case *ast.TryStatement:
		w.statement(s.Body)
		if s.Catch != nil {
			w.statement(s.Catch.Body)
		}
		if s.Finally != nil {
			w.statement(s.Finally)
		}
	case *ast.VariableStatement:
		w.bindings(s.List)
	case *ast.LexicalDeclaration:
		w.bindings(s.List)
	case *ast.WhileStatement:
		s.Test = w.loop(s.Test)
		w.statement(s.Body)
	case *ast.WithStatement:
		s.Object = w.expression(s.Object)
		w.statement(s.Body)
	case *ast.FunctionDeclaration:
		w.function(s.Function)
	case *ast.ClassDeclaration:
		w.class(s.Class)
	}
}

// choice rewrites a switch: "switch (x) { case a: }" compares as "x === a" does.
func (w *rewriter) choice(s *ast.SwitchStatement) {
	kept := call(HookKeep, s.Discriminant, w.expression(s.Discriminant))
	plain := true
	for _, c := range s.Body {
		if c.Test != nil {
			if _, literal := c.Test.(*ast.StringLiteral); !literal {
				plain = false
			}
		}
		w.statements(c.Consequent)
	}
	if !plain { // what is computed in a case may keep another value
		s.Discriminant = kept.(*ast.CallExpression).ArgumentList[0]
		for _, c := range s.Body {
			c.Test = w.expression(c.Test)
		}
		return
	}
	// Only literals follow, so that the value that is kept stays the switch's own.
	s.Discriminant = &ast.SequenceExpression{Sequence: []ast.Expression{kept, &ast.BooleanLiteral{Idx: s.Switch, Literal: "true", Value: true}}}
	for _, c := range s.Body {
		if c.Test != nil {
			at := w.site("===", rangeOf(c.Test), rangeOf(c.Test))
			c.Test = call(HookCompare, c.Test, &ast.StringLiteral{Idx: c.Test.Idx0(), Literal: "===", Value: "==="}, call(HookKept, c.Test), c.Test, at)
		}
	}
}

func (w *rewriter) into(i ast.ForInto) {
	switch i := i.(type) {
	case *ast.ForIntoVar:
		w.bindings([]*ast.Binding{i.Binding})
	case *ast.ForIntoExpression:
		i.Expression = w.expression(i.Expression)
	}
}

func (w *rewriter) bindings(list []*ast.Binding) {
	for _, b := range list {
		if target, ok := b.Target.(*ast.Identifier); ok && target.Name == "__toESM" {
			b.Initializer = name(HookModule, b.Initializer.Idx0()) // esbuild's knows nothing of unknown modules
			continue
		}
		if target, ok := b.Target.(*ast.Identifier); ok && target.Name == "__decorateClass" {
			b.Initializer = name(HookDecorate, b.Initializer.Idx0()) // esbuild's defines what an unknown decorator returns
			continue
		}
		if target, ok := b.Target.(*ast.Identifier); ok && target.Name == "import_meta" && b.Initializer != nil {
			b.Initializer = call(HookMeta, b.Initializer, name(fileParameter, b.Initializer.Idx0()))
			continue
		}
		w.pattern(b.Target)
		b.Initializer = w.expression(b.Initializer)
	}
}

// pattern rewrites the default values in a destructuring pattern.
func (w *rewriter) pattern(e ast.Expression) {
	switch e := e.(type) {
	case *ast.ObjectPattern:
		for _, p := range e.Properties {
			switch p := p.(type) {
			case *ast.PropertyShort:
				p.Initializer = w.expression(p.Initializer)
			case *ast.PropertyKeyed:
				w.pattern(p.Value)
			}
		}
	case *ast.ArrayPattern:
		for _, x := range e.Elements {
			w.pattern(x)
		}
	case *ast.AssignExpression:
		w.pattern(e.Left)
		e.Right = w.expression(e.Right)
	case *ast.Binding:
		if e != nil {
			w.pattern(e.Target)
			e.Initializer = w.expression(e.Initializer)
		}
	}
}

func (w *rewriter) parameters(p *ast.ParameterList) {
	if p != nil {
		w.bindings(p.List)
	}
}

func (w *rewriter) function(f *ast.FunctionLiteral) {
	w.parameters(f.ParameterList)
	w.statement(f.Body)
}

func (w *rewriter) class(c *ast.ClassLiteral) {
	c.SuperClass = w.expression(c.SuperClass)
	for _, e := range c.Body {
		switch e := e.(type) {
		case *ast.FieldDefinition:
			e.Initializer = w.expression(e.Initializer)
		case *ast.MethodDefinition:
			w.function(e.Body)
		case *ast.ClassStaticBlock:
			w.statement(e.Block)
		}
	}
}

func (w *rewriter) expressions(list []ast.Expression) {
	for i := range list {
		list[i] = w.expression(list[i])
	}
}

// test rewrites a condition.
func (w *rewriter) test(e ast.Expression) ast.Expression {
	if e == nil {
		return nil
	}
	out := w.expression(e)
	if isBoolean(out) {
		return out
	}
	return call(HookTest, e, out)
}

// loop rewrites the condition of a loop.
func (w *rewriter) loop(e ast.Expression) ast.Expression {
	if e == nil || w.model {
		return w.test(e)
	}
	at := w.site("loop", rangeOf(e))
	return call(HookLoop, e, at, w.test(e))
}

// isBoolean reports whether an expression that was rewritten is a boolean already.
func isBoolean(e ast.Expression) bool {
	switch e := e.(type) {
	case *ast.BooleanLiteral:
		return true
	case *ast.CallExpression:
		callee, ok := e.Callee.(*ast.Identifier)
		return ok && (callee.Name == HookTest || callee.Name == HookCompare)
	case *ast.UnaryExpression:
		return e.Operator == token.NOT
	}
	return false
}

func (w *rewriter) expression(e ast.Expression) ast.Expression {
	switch e := e.(type) {
	case *ast.ArrayLiteral:
		return w.array(e)
	case *ast.ObjectLiteral:
		return w.object(e)
	case *ast.AssignExpression:
		return w.assign(e)
	case *ast.AwaitExpression:
		e.Argument = w.expression(e.Argument)
	case *ast.YieldExpression:
		e.Argument = w.expression(e.Argument)
	case *ast.BinaryExpression:
		return w.binary(e)
	case *ast.BracketExpression:
		e.Left, e.Member = w.expression(e.Left), w.expression(e.Member)
	case *ast.CallExpression:
		return w.call(e)
	case *ast.NewExpression:
		e.Callee = w.expression(e.Callee)
		w.expressions(e.ArgumentList)
	case *ast.ConditionalExpression:
		e.Test, e.Consequent, e.Alternate = w.test(e.Test), w.expression(e.Consequent), w.expression(e.Alternate)
	case *ast.DotExpression:
		e.Left = w.expression(e.Left)
	case *ast.PrivateDotExpression:
		e.Left = w.expression(e.Left)
	case *ast.OptionalChain:
		e.Expression = w.expression(e.Expression)
	case *ast.Optional:
		e.Expression = w.expression(e.Expression)
	case *ast.FunctionLiteral:
		w.function(e)
	case *ast.ArrowFunctionLiteral:
		w.parameters(e.ParameterList)
		switch body := e.Body.(type) {
		case *ast.BlockStatement:
			w.statement(body)
		case *ast.ExpressionBody:
			body.Expression = w.expression(body.Expression)
		}
	case *ast.ClassLiteral:
		w.class(e)
	case *ast.SpreadElement:
		e.Expression = w.expression(e.Expression)
	case *ast.SequenceExpression:
		w.expressions(e.Sequence)
	case *ast.TemplateLiteral:
		e.Tag = w.expression(e.Tag)
		w.expressions(e.Expressions)
	case *ast.UnaryExpression:
		return w.unary(e)
	}
	return e
}

func (w *rewriter) assign(e *ast.AssignExpression) ast.Expression {
	w.pattern(e.Left)
	if left, ok := e.Left.(*ast.Identifier); ok && left.Name == "__toESM" {
		return e
	}
	switch e.Left.(type) {
	case *ast.DotExpression, *ast.BracketExpression:
		e.Left = w.expression(e.Left)
	}
	e.Right = w.expression(e.Right)
	return e
}

func (w *rewriter) binary(e *ast.BinaryExpression) ast.Expression {
	whole, sides := rangeOf(e), []Range{rangeOf(e.Left), rangeOf(e.Right)}
	left, right := w.expression(e.Left), w.expression(e.Right)
	switch e.Operator { //nolint:exhaustive // the others compute and decide nothing
	case token.LOGICAL_AND:
		return &ast.ConditionalExpression{Test: call(HookKeep, e.Left, left), Consequent: right, Alternate: call(HookKept, e.Right)}
	case token.LOGICAL_OR:
		return &ast.ConditionalExpression{Test: call(HookKeep, e.Left, left), Consequent: call(HookKept, e.Left), Alternate: right}
	case token.COALESCE:
		return &ast.ConditionalExpression{Test: call(HookNullish, e.Left, left), Consequent: right, Alternate: call(HookKept, e.Right)}
	case token.EQUAL, token.STRICT_EQUAL, token.NOT_EQUAL, token.STRICT_NOT_EQUAL, token.LESS, token.LESS_OR_EQUAL, token.GREATER, token.GREATER_OR_EQUAL, token.INSTANCEOF:
		operator := e.Operator.String()
		return call(HookCompare, e, &ast.StringLiteral{Idx: e.Idx0(), Literal: operator, Value: unistring.String(operator)}, left, right, w.site(operator, whole, sides...))
	}
	e.Left, e.Right = left, right
	return e
}

func (w *rewriter) unary(e *ast.UnaryExpression) ast.Expression {
	operand := e.Operand
	switch e.Operator { //nolint:exhaustive // the others compute and decide nothing
	case token.NOT:
		e.Operand = w.test(operand)
		return e
	case token.TYPEOF:
		if _, free := operand.(*ast.Identifier); free { // "typeof x" of an x that nobody declared is no error
			undefined := &ast.StringLiteral{Idx: e.Idx, Literal: `"undefined"`, Value: "undefined"}
			return &ast.ConditionalExpression{Test: &ast.BinaryExpression{Operator: token.STRICT_EQUAL, Left: e, Right: undefined, Comparison: true},
				Consequent: undefined, Alternate: call(HookTypeof, e, operand)}
		}
		return call(HookTypeof, e, w.expression(operand))
	case token.DELETE, token.INCREMENT, token.DECREMENT:
		switch operand.(type) {
		case *ast.DotExpression, *ast.BracketExpression:
			e.Operand = w.expression(operand)
		}
		return e
	}
	e.Operand = w.expression(operand)
	return e
}

// call marks a call of a method that matters with its place: its last argument is handed on by [HookSite].
func (w *rewriter) call(e *ast.CallExpression) ast.Expression {
	method, at := calleeName(e.Callee)
	ranges := make([]Range, len(e.ArgumentList))
	for i, a := range e.ArgumentList {
		ranges[i] = rangeOf(a)
	}
	all := Range{int(at) - 1, int(e.Idx1()) - 1}
	e.Callee = w.expression(e.Callee)
	w.expressions(e.ArgumentList)
	last := len(e.ArgumentList) - 1
	if last < 0 && method == "end" && !w.model { // an argument that is undefined is none to a response
		nothing := &ast.UnaryExpression{Operator: token.VOID, Idx: at, Operand: number(0, at)}
		e.ArgumentList = []ast.Expression{call(HookSite, e, w.site(method, all), nothing)}
	}
	if w.model || !sited[method] || last < 0 {
		return e
	}
	if dot, ok := e.Callee.(*ast.DotExpression); ok && method == "exec" && last == 0 {
		return call(HookExec, e, dot.Left, call(HookSite, e.ArgumentList[0], w.site(method, all, ranges...), e.ArgumentList[0]))
	}
	id := w.site(method, all, ranges...)
	if spread, ok := e.ArgumentList[last].(*ast.SpreadElement); ok {
		spread.Expression = call(HookSite, spread, id, spread.Expression)
	} else {
		e.ArgumentList[last] = call(HookSite, e.ArgumentList[last], id, e.ArgumentList[last])
	}
	return e
}

// site notes a place in the program and returns its number.
func (w *rewriter) site(name string, all Range, args ...Range) ast.Expression {
	if w.model {
		return number(-1, file.Idx(all.start+1))
	}
	w.script.Sites = append(w.script.Sites, Site{Name: name, Call: all, Args: args})
	return number(w.base+len(w.script.Sites)-1, file.Idx(all.start+1))
}

// calleeName returns the last name of what is called.
func calleeName(e ast.Expression) (string, file.Idx) {
	switch e := e.(type) {
	case *ast.Identifier:
		return e.Name.String(), e.Idx
	case *ast.DotExpression:
		return e.Identifier.Name.String(), e.Identifier.Idx
	case *ast.BracketExpression:
		if s, ok := e.Member.(*ast.StringLiteral); ok {
			return s.Value.String(), s.Idx
		}
	case *ast.OptionalChain:
		return calleeName(e.Expression)
	case *ast.Optional:
		return calleeName(e.Expression)
	case *ast.SequenceExpression: // "(0, cors.default)(…)"
		return calleeName(e.Sequence[len(e.Sequence)-1])
	}
	return "", e.Idx0()
}

func (w *rewriter) tag(l Literal, e ast.Expression) ast.Expression {
	if w.model {
		return e
	}
	w.script.Literals = append(w.script.Literals, l)
	return call(HookTag, e, number(w.base+len(w.script.Literals)-1, e.Idx0()), e)
}

func (w *rewriter) array(e *ast.ArrayLiteral) ast.Expression {
	l := Literal{All: rangeOf(e)}
	for _, x := range e.Value {
		var part Part
		if x != nil {
			part.Value = rangeOf(x)
		}
		l.Parts = append(l.Parts, part)
	}
	w.expressions(e.Value)
	return w.tag(l, e)
}

func (w *rewriter) object(e *ast.ObjectLiteral) ast.Expression {
	l := Literal{All: rangeOf(e)}
	for _, p := range e.Value {
		switch p := p.(type) {
		case *ast.PropertyShort:
			l.Keys = append(l.Keys, p.Name.Name.String())
			l.Parts = append(l.Parts, Part{Key: rangeOf(&p.Name), Value: rangeOf(&p.Name)})
			p.Initializer = w.expression(p.Initializer)
		case *ast.PropertyKeyed:
			if key, ok := p.Key.(*ast.StringLiteral); ok && !p.Computed {
				l.Keys = append(l.Keys, key.Value.String())
				l.Parts = append(l.Parts, Part{Key: rangeOf(p.Key), Value: rangeOf(p.Value)})
			}
			if p.Computed {
				p.Key = w.expression(p.Key)
			}
			p.Value = w.expression(p.Value)
		case *ast.SpreadElement:
			p.Expression = call(HookSpread, p, w.expression(p.Expression))
		}
	}
	return w.tag(l, e)
}
