package machine

import (
	"fmt"

	"github.com/dop251/goja"

	"github.com/corslint/corslint/internal/source"
)

func placed(s source.Span) (Place, bool) {
	p := place(s)
	if p == nil {
		return Place{}, false
	}
	return *p, true
}

// caller returns the place in the program that called the model which asks, as the models write places.
func (m *Machine) caller() goja.Value {
	var buffer [24]goja.StackFrame
	for _, f := range m.rt.CaptureCallStack(len(buffer), buffer[:0]) {
		if s, at, ok := m.scriptAt(&f); ok {
			return m.rt.NewArray(fmt.Sprintf("p%d.%d", s, at))
		}
	}
	return m.rt.NewArray()
}

func (m *Machine) callerPlace() (Place, bool) {
	var buffer [24]goja.StackFrame
	for _, f := range m.rt.CaptureCallStack(len(buffer), buffer[:0]) {
		if p := m.frame(&f); p != nil {
			return *p, true
		}
	}
	return Place{}, false
}

// frame returns the place of a stack frame of the program, nil for one of ours.
func (m *Machine) frame(f *goja.StackFrame) *Place {
	s, at, ok := m.scriptAt(f)
	if !ok {
		return nil
	}
	return place(m.library.order[s].At(at))
}

func (m *Machine) scriptAt(f *goja.StackFrame) (number, offset int, ok bool) {
	name := f.SrcName()
	s := m.library.scripts[name]
	if s == nil {
		return 0, 0, false
	}
	for i, x := range m.library.order {
		if x == s {
			p := f.Position()
			return i, s.Offset(p.Line, p.Column), true
		}
	}
	return 0, 0, false
}
