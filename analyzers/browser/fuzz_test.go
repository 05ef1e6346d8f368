package browser

import (
	"encoding/json"
	"reflect"
	"testing"
)

// FuzzJudge: hostile cases neither panic nor hang, the same case always gets the same judgement, and a judgement keeps its
// own rules.
func FuzzJudge(f *testing.F) {
	for i, r := range recordings(f) {
		if i%100 != 0 {
			continue
		}
		data, err := json.Marshal(r.Case)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var c Case
		if json.Unmarshal(data, &c) != nil {
			return
		}
		for _, e := range Engines() {
			j := Judge(e, c)
			if !reflect.DeepEqual(j, Judge(e, c)) {
				t.Fatalf("%s: two judgements differ", e)
			}
			if j.Verdict == Unknown {
				t.Fatalf("%s: unknown, but everything is recorded", e)
			}
			if j.Verdict == Allowed && (j.Reason != nil || j.Message != nil || j.NetworkError != "" || !j.ActualSent) {
				t.Fatalf("%s: allowed, with a failure: %+v", e, j)
			}
		}
	})
}

// FuzzParseOrigin: what parses is what a browser sends, and what it was meant to be parses.
func FuzzParseOrigin(f *testing.F) {
	for _, s := range []string{"https://a.example", "http://[::1]:80/", "HTTP://1.2.3.4:080", "//x", "a:b", "http://%41", "http://0300.1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		o, err := ParseOrigin(s)
		if err == nil {
			if o.String() != s {
				t.Fatalf("%q parses as %q", s, o)
			}
			return
		}
		if e := err.(*OriginError); e.Meant != "" {
			if _, err := ParseOrigin(e.Meant); err != nil {
				t.Fatalf("%q is meant to be %q: %v", s, e.Meant, err)
			}
		}
	})
}

func BenchmarkJudge(b *testing.B) {
	all := recordings(b)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		Judge(Chromium, all[i%len(all)].Case)
		i++
	}
}
