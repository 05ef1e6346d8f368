package express_test

import (
	"flag"
	"fmt"
	"sort"
	"sync"
	"testing"
)

const authority = "localhost:3000"

var (
	seed = flag.Uint64("seed", 1, "of the generated applications")
	dump = flag.Bool("dump", false, "")
	apps = flag.Int("apps", 50, "")
)

func TestApplications(t *testing.T) {
	n := startNode(t)
	started, asked := 0, 0
	answers := map[string]int{}
	statuses := map[string]int{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	slots := make(chan bool, 16)
	for i := range *apps {
		g := newGenerator(*seed, i)
		g.application()
		_, port, err := n.start(t, fmt.Sprint("app", i), g)
		if err != nil || *dump {
			t.Logf("app %d express %d: %v", i, g.major, err)
			if err != nil {
				for f, text := range g.files {
					t.Logf("== %s\n%s", f, text)
				}
				continue
			}
		}
		started++
		slots <- true
		wg.Go(func() {
			defer func() { <-slots }()
			own := map[string]int{}
			for range 100 {
				r := g.request()
				got, err := ask(port, r)
				if err != nil {
					t.Fatal(err)
				}
				mu.Lock()
				asked++
				answers[got]++
				statuses[fmt.Sprintf("%.6s", got)[:3]]++
				own[fmt.Sprintf("%.6s", got)[:3]]++
				mu.Unlock()
			}
			if own["500"] > 60 || own["404"] > 80 || own["clo"] > 20 || *dump {
				for f, text := range g.files {
					t.Logf("== %s\n%s", f, text)
				}
				t.Log(own)
			}
		})
	}
	wg.Wait()
	t.Logf("%d started, %d asked, %d kinds of answers %v", started, asked, len(answers), statuses)
	var keys []string
	for k := range answers {
		keys = append(keys, k)
	}
	sort.Slice(keys, func(i, j int) bool { return answers[keys[i]] > answers[keys[j]] })
	for _, k := range keys[:min(len(keys), 10)] {
		t.Log(answers[k], k)
	}
}
