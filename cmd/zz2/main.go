//go:build scratch

package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/corslint/corslint/internal/discovery"
	"github.com/corslint/corslint/parsers/express/machine"
)

func main() {
	root, err := discovery.NewRoot(os.Args[1])
	if err != nil {
		panic(err)
	}
	tree := root.Walk(discovery.Options{})
	m := machine.New(tree, machine.NewLibrary())
	t := time.Now()
	d, err := m.Load(context.Background(), machine.Application{Entry: os.Args[2], Major: 4})
	fmt.Println("load", time.Since(t), err, d.Failure, d.Gaps, d.Unreadable)
	for i, l := range d.Layers {
		for _, e := range l.Endpoints {
			for _, method := range append(e.Methods, "OPTIONS") {
				t = time.Now()
				out, err := m.Answer(context.Background(), &machine.Request{Layer: i, Method: method, URL: e.Example, Headers: [][2]string{{"Host", "x"}, {"Origin", "https://a.example"}}})
				fmt.Println(method, e.Example, time.Since(t), err, len(out))
				for _, o := range out[:min(len(out), 3)] {
					fmt.Println("   ", o.Status, o.Assuming, o.Open, o.Error)
				}
			}
		}
	}
}
