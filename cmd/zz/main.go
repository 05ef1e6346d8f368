//go:build scratch

package main

import (
	"context"
	"fmt"
	"os"
	"runtime/pprof"
	"time"

	"github.com/corslint/corslint/internal/discovery"
	"github.com/corslint/corslint/internal/engine"
	"github.com/corslint/corslint/parsers"
	"github.com/corslint/corslint/parsers/express"
	"github.com/corslint/corslint/rules"
)

func main() {
	root, err := discovery.NewRoot(os.Args[1])
	if err != nil {
		panic(err)
	}
	f, _ := os.Create("/tmp/cpu.prof")
	pprof.StartCPUProfile(f)
	time.AfterFunc(25*time.Second, func() { pprof.StopCPUProfile(); os.Exit(0) })
	start := time.Now()
	tree := root.Walk(discovery.Options{})
	result := engine.Run(context.Background(), engine.Options{Files: tree, Dialects: []parsers.Dialect{express.Dialect{}}, Rules: rules.All()})
	fmt.Println(time.Since(start), len(result.Findings), result.Layers, result.LayerAll, result.Endpoints)
	for _, g := range result.Gaps {
		fmt.Println("gap", g.Span.Path(), g.Span.Position(), g.Why)
	}
	for _, u := range result.Unknown {
		fmt.Println("unknown", u)
	}
	for _, g := range result.Findings {
		fmt.Println(g.Rule, g.Severity, g.Place.Path(), g.Place.Position(), g.Message, "|", g.Because)
	}
	pprof.StopCPUProfile()
}
