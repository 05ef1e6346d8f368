package client

import "github.com/dop251/goja/ast"

// This file is what is kept of a module's text: its scopes with their names, its functions and its calls.

// scope is a block with the names that it declares.
type scope struct {
	parent *scope
	names  map[string]*binding
	fn     *function // the innermost function around it; nil at the top of the module
	module *module
}

// inner returns the scope of a block in s.
func (s *scope) inner() *scope { return s.inside(s.fn) }

// inside returns the scope of a function that is made in s.
func (s *scope) inside(fn *function) *scope {
	return &scope{parent: s, names: map[string]*binding{}, fn: fn, module: s.module}
}

// place returns where something of the module is written.
func (s *scope) place(node ast.Node) place { return place{module: s.module, node: node} }

// lookup returns what a name is in s; nil where nothing declares it.
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
	name  string
	scope *scope
	value ast.Expression // what it is declared to be; nil where nothing says so
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
	scope  *scope
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
	method bool // "get" or "getResponseHeader"
}
