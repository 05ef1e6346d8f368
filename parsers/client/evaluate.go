package client

import (
	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/token"

	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/environment"
)

// This file finds out what an expression is, as far as the text of the project says so. It computes nothing that a program
// would have to be run for; what is not known is a hole with a name.

const (
	maxSteps = 60_000  // of one request
	maxTotal = 600_000 // of all requests of a file
	maxLevel = 60      // of values in values
)

// evaluator evaluates the expressions of a module.
type evaluator struct {
	reader  *reader
	modules map[string]*module
	steps   int
	level   int
	busy    map[any]bool
	shared  *sender           // axios itself
	itself  map[*binding]bool // what is at work and was asked for itself
	env     map[string]values
	// alone and forwarding are what [evaluator.standsAlone] and [evaluator.forwards] found out.
	alone      map[*callSite]bool
	forwarding map[*function]bool

	environment []environment.Set

	total int // steps of the requests before
	gaps  []policy.Gap
	app   *application
}

// frame is a call of a function: what its parameters are.
type frame struct {
	fn     *function
	args   []*later
	spread bool // some of the arguments are not known
	this   *value
	parent *frame
}

func (f *frame) of(fn *function) *frame {
	for ; f != nil; f = f.parent {
		if f.fn == fn {
			return f
		}
	}
	return nil
}

func (f *frame) depth() (n int) {
	for ; f != nil; f = f.parent {
		n++
	}
	return n
}

// later evaluates an expression when somebody asks for it.
func (e *evaluator) later(x ast.Expression, s *scope, f *frame) *later {
	return &later{find: func() values { return e.eval(x, s, f) }}
}

// eval returns what an expression may be.
func (e *evaluator) eval(x ast.Expression, s *scope, f *frame) values {
	at := s.place(x)
	if e.steps++; x == nil || e.steps > maxSteps || e.level > maxLevel {
		return values{hole("value", at)}
	}
	e.level++
	defer func() { e.level-- }()
	switch x := x.(type) {
	case *ast.StringLiteral:
		return values{literal(x.Value.String(), at)}
	case *ast.NumberLiteral:
		return values{literal(x.Literal, at)}
	case *ast.BooleanLiteral:
		return values{{kind: truth, truth: x.Value, at: at}}
	case *ast.NullLiteral:
		return values{{kind: missing, at: at}}
	case *ast.TemplateLiteral:
		return e.templateOf(x, s, f)
	case *ast.Identifier:
		return e.identifier(x, s, f)
	case *ast.BinaryExpression:
		return e.binary(x, s, f)
	case *ast.ConditionalExpression:
		var out values
		yes, no := e.condition(x.Test, s, f)
		if !no {
			out = append(out, e.eval(x.Consequent, s, f)...)
		}
		if !yes {
			out = append(out, e.eval(x.Alternate, s, f)...)
		}
		return limit(out)
	case *ast.AssignExpression:
		return e.eval(x.Right, s, f)
	case *ast.AwaitExpression:
		return e.eval(x.Argument, s, f)
	case *ast.SequenceExpression:
		return e.eval(x.Sequence[len(x.Sequence)-1], s, f)
	case *ast.OptionalChain:
		return e.eval(x.Expression, s, f)
	case *ast.Optional:
		return e.eval(x.Expression, s, f)
	case *ast.UnaryExpression:
		switch x.Operator { //nolint:exhaustive // the others compute
		case token.NOT:
			return values{{kind: truth, truth: true, at: at}, {kind: truth, at: at}}
		case token.VOID:
			return values{{kind: missing, at: at}}
		}
	case *ast.ObjectLiteral:
		return values{e.objectOf(x, s, f)}
	case *ast.ArrayLiteral:
		v := value{kind: list, at: at}
		for _, item := range x.Value {
			if _, spread := item.(*ast.SpreadElement); spread || item == nil {
				v.open = true
				continue
			}
			v.items = append(v.items, e.later(item, s, f))
		}
		return values{v}
	case *ast.FunctionLiteral, *ast.ArrowFunctionLiteral:
		if fn := s.module.functions[x]; fn != nil {
			return values{{kind: callable, fn: fn, frame: f, at: at}}
		}
	case *ast.ClassLiteral:
		return values{{kind: class, class: x, mod: s.module, at: at}}
	case *ast.ThisExpression:
		return e.thisOf(s, f)
	case *ast.DotExpression:
		return e.member(x.Left, x.Identifier.Name.String(), x, s, f)
	case *ast.BracketExpression:
		if name, ok := e.known(x.Member, s, f); ok {
			return e.member(x.Left, name, x, s, f)
		}
	case *ast.CallExpression:
		return e.callOf(x, s, f)
	case *ast.NewExpression:
		return e.construct(x, s, f)
	}
	return values{hole(holeName(x), at)}
}

// known returns the text that an expression is, if it is only one and all of it is known.
func (e *evaluator) known(x ast.Expression, s *scope, f *frame) (string, bool) {
	if all := e.eval(x, s, f); len(all) == 1 {
		return all[0].known()
	}
	return "", false
}

// condition reports whether a condition holds whatever is not known, or never does.
func (e *evaluator) condition(test ast.Expression, s *scope, f *frame) (yes, no bool) {
	all := e.eval(test, s, f)
	yes, no = len(all) > 0, len(all) > 0
	for i := range all {
		holds, known := all[i].truthy()
		known = known && !all[i].unset
		yes, no = yes && known && holds, no && known && !holds
	}
	return yes || isGiven(test, s, f), no
}

// isGiven reports whether a condition asks for an argument that the call has, whatever it is: "id ? '/items/' + id : '/items'".
func isGiven(test ast.Expression, s *scope, f *frame) bool {
	id, ok := test.(*ast.Identifier)
	if !ok {
		return false
	}
	b := s.lookup(id.Name.String())
	if b == nil || !b.parameter || len(b.path) > 1 || len(b.assigned) > 0 {
		return false
	}
	call := f.of(b.of)
	if call == nil || b.index >= len(call.args) {
		return false
	}
	given := call.args[b.index].get()
	if len(b.path) == 1 && len(given) == 1 { // "({ id })" of "{ id: x }"
		p, found := given[0].get(b.path[0].name)
		if !found || p.maybe || given[0].kind != object {
			return false
		}
		given = p.value.get()
	}
	return len(given) == 1 && given[0].kind == unknown
}
