package nginx

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/source"
)

type one struct{ f *source.File }

func (o one) Open(path string) (*source.File, error) {
	if path == o.f.Path {
		return o.f, nil
	}
	return nil, os.ErrNotExist
}
func (o one) Has(path string) bool          { return path == o.f.Path }
func (o one) Paths(string) []string         { return []string{o.f.Path} }
func (o one) WithSuffix(string) []string    { return nil }

func TestTry(t *testing.T) {
	data, err := os.ReadFile(os.Getenv("CONF"))
	if err != nil {
		t.Skip()
	}
	f := source.NewFile("api.conf", data)
	r := Dialect{}.Reader(one{f})
	u, ok := r.Scan(f)
	res := r.Load(context.Background(), u)
	fmt.Println(ok, u, res.Problems)
	for _, h := range res.Hosts {
		fmt.Println("host gaps", h.Gaps)
		for _, l := range h.Layers {
			fmt.Println("layer", l.Name, l.Listeners, l.Endpoints, l.Mentions, l.Facts, l.Gaps)
			fmt.Println(l.Answerer.(*policy.Program))
			for _, m := range []string{"OPTIONS", "GET"} {
				for _, o := range l.Answerer.Answer(context.Background(), &policy.Request{Method: m, Scheme: "http", Host: "x", Port: 80, Path: "/", Headers: []policy.Field{{"Origin", "https://app.shop.example"}}}, nil) {
					fmt.Println(m, o.Status, o.Open != nil)
					for _, h := range o.Headers {
						fmt.Println("   ", h.Name, h.Value, h.Sources[0].Position().Line)
					}
					for _, h := range o.Lost {
						fmt.Println("   lost ", h.Header, h.Value, h.Why)
					}
					fmt.Println("   assuming", o.Assuming)
				}
			}
		}
	}
}
