package discovery

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// BenchmarkWalk lists the tree at CORSLINT_BENCH_TREE; without one, 10,000 files that it makes. For a comparison:
//
//	time rg -l Access-Control "$CORSLINT_BENCH_TREE"
func BenchmarkWalk(b *testing.B) {
	dir := os.Getenv("CORSLINT_BENCH_TREE")
	if dir == "" {
		dir = b.TempDir()
		for i := range 500 {
			sub := filepath.Join(dir, fmt.Sprintf("a%d/b%d/c%d", i%10, i%50, i))
			must(b, os.MkdirAll(sub, 0o755))
			for j := range 20 {
				must(b, os.WriteFile(filepath.Join(sub, fmt.Sprintf("f%d.go", j)), nil, 0o644))
			}
		}
	}
	root := open(b, dir)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		n = len(root.Walk(Options{Exclude: []string{"**/*.min.js", "dist/**"}}).Paths(""))
	}
	b.ReportMetric(float64(n), "files")
}
