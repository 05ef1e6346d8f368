package probe

import (
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/source"
)

// comparisons returns the comparisons of the Origin request header that a layer's program makes and its mentions do not
// name: with a literal, and those of a variable that Origin, or a part of it, was put into.
func comparisons(layer *policy.Layer) []policy.Mention {
	program, ok := layer.Answerer.(*policy.Program)
	if !ok {
		return nil
	}
	c := comparer{program: program, origin: make([]bool, len(program.Vars)), known: layer.Mentions}
	for range 3 { // a variable may be set from one that is set further down; nobody writes longer chains
		for i := range program.Blocks {
			c.steps(program.Blocks[i].Request, c.follow)
		}
	}
	for i := range program.Blocks {
		c.steps(program.Blocks[i].Request, c.collect)
	}
	return c.out
}

type comparer struct {
	program *policy.Program
	origin  []bool // by variable: it holds Origin, or a part of it
	known   []policy.Mention
	out     []policy.Mention
}

// steps visits steps and those in their branches.
func (c *comparer) steps(steps []policy.Step, visit func(policy.Step)) {
	for _, s := range steps {
		visit(s)
		if s, ok := s.(*policy.If); ok {
			c.steps(s.Then, visit)
			c.steps(s.Else, visit)
		}
	}
}

// follow notes the variables that a step puts Origin into.
func (c *comparer) follow(s policy.Step) {
	switch s := s.(type) {
	case *policy.Set:
		if c.holdsOrigin(s.Value) {
			c.origin[s.Var] = true
		}
	case *policy.If:
		conditions(s.Cond, false, func(cond policy.Cond, _ bool) {
			if m, ok := cond.(*policy.Matches); ok && c.holdsOrigin(m.Of) {
				for _, v := range m.Named {
					c.origin[v] = true
				}
			}
		})
	}
}

// holdsOrigin reports whether a value is Origin or a part of it. A capture counts as one: of which match it is depends on
// the course of the request, and whatever is made of a wrong guess does not survive simulation.
func (c *comparer) holdsOrigin(e policy.Expr) bool {
	switch e := e.(type) {
	case *policy.RequestHeader:
		return e.Name == "origin"
	case policy.Capture:
		return true
	case policy.Variable:
		return c.origin[e]
	case policy.Concat:
		return slices.ContainsFunc(e, c.holdsOrigin)
	}
	return false
}

// collect adds the comparisons of a condition.
func (c *comparer) collect(s policy.Step) {
	step, ok := s.(*policy.If)
	if !ok || step.Span.IsZero() {
		return
	}
	conditions(step.Cond, false, func(cond policy.Cond, negated bool) {
		switch cond := cond.(type) {
		case *policy.Equal:
			c.add(cond.Of, step.Span, policy.Mention{Kind: policy.MentionLiteral, Text: cond.Text, FoldCase: cond.FoldCase, ShutsOut: negated})
		case *policy.OneOf:
			for _, text := range cond.Texts {
				c.add(cond.Of, step.Span, policy.Mention{Kind: policy.MentionLiteral, Text: text, ShutsOut: negated})
			}
		case *policy.HasPrefix:
			c.add(cond.Of, step.Span, policy.Mention{Kind: policy.MentionPrefix, Text: cond.Text, ShutsOut: negated})
		case *policy.HasSuffix:
			c.add(cond.Of, step.Span, policy.Mention{Kind: policy.MentionSuffix, Text: cond.Text, ShutsOut: negated})
		case *policy.Matches:
			c.add(cond.Of, step.Span, policy.Mention{Kind: policy.MentionPattern, Text: cond.Pattern.Text, Dialect: cond.Pattern.Dialect,
				FoldCase: cond.Pattern.FoldCase, ShutsOut: negated})
		}
	})
}

// add adds a comparison whose text stands in a condition, unless it is known.
func (c *comparer) add(of policy.Expr, condition source.Span, m policy.Mention) {
	if m.Text == "" || m.Text == "0" || !c.holdsOrigin(of) {
		return
	}
	m.Span = condition
	if at := strings.LastIndex(condition.Text(), m.Text); at >= 0 {
		m.Span.Start += at
		m.Span.End = m.Span.Start + len(m.Text)
	}
	same := func(x policy.Mention) bool {
		return x.Kind == m.Kind && x.Text == m.Text && x.Span.File == m.Span.File && condition.Start <= x.Span.Start && x.Span.End <= condition.End
	}
	if !slices.ContainsFunc(c.known, same) && !slices.ContainsFunc(c.out, same) {
		c.out = append(c.out, m)
	}
}

// conditions visits the tests that a condition is made of, and says which are negated.
func conditions(cond policy.Cond, negated bool, visit func(cond policy.Cond, negated bool)) {
	switch cond := cond.(type) {
	case *policy.Not:
		conditions(cond.Cond, !negated, visit)
	case policy.All:
		for _, part := range cond {
			conditions(part, negated, visit)
		}
	default:
		visit(cond, negated)
	}
}
