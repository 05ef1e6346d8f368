package fix_test

import (
	"os"
	"testing"

	"github.com/corslint/corslint/internal/source"
)

func TestDebug(t *testing.T) {
	name := os.Getenv("FIXFILE")
	data, err := os.ReadFile(name)
	if err != nil {
		t.Skip()
	}
	t.Log(fixer(before, true, source.NewFile("nginx/x.conf", data)).Debug(t.Context(), os.Getenv("FIXRULE")))
}
