package policy_test

import (
	"fmt"
	"testing"

	"github.com/corslint/corslint/analyzers/policy"
)

// FuzzProgram: whatever the steps, an answer ends, is bounded, and is the same twice.
func FuzzProgram(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, "GET", "/")
	f.Fuzz(func(t *testing.T, code []byte, method, path string) {
		p := decode(code)
		r := &policy.Request{Method: method, Path: path, Headers: []policy.Field{{Name: "Origin", Value: path}}}
		first := answers(p, r, nil)
		if second := answers(p, r, nil); first != second {
			t.Errorf("answers\n%s\nand then\n%s", first, second)
		}
	})
}

// decode makes a program of bytes: two a step.
func decode(code []byte) *policy.Program {
	at := at(0)
	p := &policy.Program{BadRequest: 0, Vars: []policy.Var{{Name: "x"}, {Name: "y"}}, Blocks: make([]policy.Block, 3)}
	for i := 0; i+1 < min(len(code), 400); i += 2 {
		block, n := &p.Blocks[i%3], int(code[i+1])
		var step policy.Step
		switch code[i] % 10 {
		case 0:
			step = &policy.Respond{Status: 200 + n, Span: at}
		case 1:
			step = &policy.Jump{Block: n % 3, Internal: n%2 == 0}
		case 2:
			step = &policy.Set{Var: n % 2, Value: policy.Concat{policy.Variable(0), policy.Variable(1), policy.Text("x")}}
		case 3:
			step = &policy.If{Cond: &policy.Ask{Unknown: policy.Unknown{Kind: policy.UnknownFile, Subject: fmt.Sprint(n)}}, Then: []policy.Step{&policy.Jump{Block: n % 3}}}
		case 4:
			step = &policy.EditHeader{Op: policy.HeaderOp(n%8 + 1), Name: "A*"[:1+n%2], Value: policy.Variable(n % 2), Span: at}
		case 5:
			step = &policy.Forward{To: policy.Upstream{Name: "http://up"}}
		case 6:
			step = &policy.Subrequest{Path: policy.Path, Var: n % 2, Flag: 1}
		case 7:
			step = &policy.Edit{Path: policy.Concat{policy.Path, policy.Text("/x")}}
		case 8:
			step = &policy.If{Cond: &policy.Equal{Of: policy.Variable(n % 2), Text: ""}, Then: []policy.Step{&policy.Set{Var: n % 2, Value: policy.Method}}}
		default:
			step = &policy.OpenHeaders{Unknown: policy.Unknown{Kind: policy.UnknownModule, Subject: "m"}}
		}
		if n%3 == 0 {
			block.Response = append(block.Response, step)
		} else {
			block.Request = append(block.Request, step)
		}
	}
	return p
}
