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

// FuzzFetch reaches deeper than JSON: one header each way, one redirect target, open and closed answers.
func FuzzFetch(f *testing.F) {
	f.Add("PUT", "X-A", "1", pageOrigin, "*", "/x", 302, uint8(0))
	f.Add("get", "Range", "bytes=0-1", "null", "x-a, b@d", "https://u:p@[::1]:0/..", 204, uint8(0xFF))
	f.Fuzz(func(t *testing.T, method, name, value, origin, list, location string, status int, bits uint8) {
		is := func(bit int) bool { return bits>>bit&1 == 1 }
		r := Request{PageOrigin: pageOrigin, URL: apiURL, Method: method, Headers: []Header{{Name: name, Value: value, Unknown: is(0)}}}
		if is(1) {
			r.Credentials = CredentialsInclude
		}
		answer := Response{Status: status, Open: is(2), Headers: []Header{
			{Name: allowOrigin, Value: origin, Unknown: is(3)}, {Name: allowMethods, Value: list},
			{Name: allowHeaders, Value: list, Unknown: is(4)}, {Name: "Location", Value: location, Unknown: is(5)},
		}}
		final := Response{Status: 200, Headers: answer.Headers[:1], Open: is(6)}
		for _, e := range Engines() {
			sent := 0
			fetch := func() Result {
				return Fetch(e, r, func(out Outgoing) Response {
					sent++
					if out.Preflight == is(7) {
						return answer
					}
					return final
				})
			}
			got := fetch()
			if sent > 2*(maxRedirects+1) {
				t.Fatalf("%s: %d requests", e, sent)
			}
			if !reflect.DeepEqual(got, fetch()) {
				t.Fatalf("%s: two predictions differ", e)
			}
			if blocked := got.Verdict == Blocked; blocked && len(got.Failures) == 0 || got.Verdict == Allowed && len(got.Failures) > 0 || !blocked && got.Reason != "" {
				t.Fatalf("%s: %+v", e, got)
			}
			for _, failure := range got.Failures {
				for _, other := range Engines() {
					failure.Render(other)
				}
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
