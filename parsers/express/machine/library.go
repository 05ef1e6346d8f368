package machine

import (
	"github.com/corslint/corslint/internal/script"
	"github.com/corslint/corslint/internal/source"
)

// Library keeps the scripts that were read, for all machines of a process: an application is loaded several times, each time
// in another environment.
type Library struct {
	scripts map[string]*script.Script
	order   []*script.Script
	failed  map[string]error
}

// NewLibrary returns an empty library.
func NewLibrary() *Library {
	return &Library{scripts: map[string]*script.Script{}, failed: map[string]error{}}
}

// stride is how many sites and literals a script may have.
const stride = 1 << 20

func (l *Library) read(f *source.File) (*script.Script, error) {
	if s := l.scripts[f.Path]; s != nil {
		return s, nil
	}
	if err := l.failed[f.Path]; err != nil {
		return nil, err
	}
	s, err := script.Read(f, len(l.order)*stride)
	if err != nil {
		l.failed[f.Path] = err
		return nil, err
	}
	l.scripts[f.Path] = s
	l.order = append(l.order, s)
	return s, nil
}
