package client

import "github.com/dop251/goja/ast"

// This file notes the calls of a module, and where it reads headers of a response.

// call notes a call.
func (c *collector) call(node ast.Node, callee ast.Expression, args []ast.Expression, s *scope) {
	site := &callSite{scope: s, node: node, callee: bare(callee), args: args, sometimes: c.depth > 0}
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

// awaited returns what is awaited, or an expression itself.
func awaited(e ast.Expression) ast.Node {
	if a, ok := e.(*ast.AwaitExpression); ok {
		return a.Argument
	}
	return e
}

// readCall notes "x.headers.get('name')" and "x.getResponseHeader('name')".
func (c *collector) readCall(dot *ast.DotExpression, args []ast.Expression, s *scope) {
	if len(args) == 1 {
		if name, ok := args[0].(*ast.StringLiteral); ok {
			c.module.reads = append(c.module.reads, read{object: unwrap(dot.Left), header: name.Value.String(), node: args[0], scope: s, method: true})
		}
	}
}

// readOf notes "x.headers['name']" and "x.headers.name".
func (c *collector) readOf(e ast.Expression, s *scope) {
	switch e := e.(type) {
	case *ast.BracketExpression:
		if name, ok := e.Member.(*ast.StringLiteral); ok {
			c.module.reads = append(c.module.reads, read{object: unwrap(e.Left), header: name.Value.String(), node: e.Member, scope: s})
		}
	case *ast.DotExpression:
		switch name := e.Identifier.Name.String(); name {
		case "get", "has", "set", "append", "delete", "forEach", "entries", "keys", "values", "headers", "common", "toJSON", "length", "map", "filter":
		default:
			left := unwrap(e.Left)
			if dot, ok := left.(*ast.DotExpression); ok && dot.Identifier.Name == "headers" {
				c.module.reads = append(c.module.reads, read{object: left, header: name, node: &e.Identifier, scope: s})
			} else if id, ok := left.(*ast.Identifier); ok && id.Name == "headers" {
				c.module.reads = append(c.module.reads, read{object: left, header: name, node: &e.Identifier, scope: s})
			}
		}
	}
}
