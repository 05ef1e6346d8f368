package policy_test

import (
	"testing"

	"github.com/corslint/corslint/analyzers/policy"
)

func TestPick(t *testing.T) {
	layer := func(name string, port int, hosts ...policy.HostPattern) *policy.Layer {
		return &policy.Layer{Name: name, Listeners: []policy.Listener{{Scheme: "http", Port: port, Hosts: hosts}}}
	}
	host := &policy.Host{Layers: []*policy.Layer{
		layer("first", 80), layer("suffix", 80, policy.HostPattern{Kind: policy.HostSuffix, Text: ".a.example"}),
		layer("regexp", 80, policy.HostPattern{Kind: policy.HostRegexp, Pattern: pattern(t, "^www")}),
		layer("prefix", 80, policy.HostPattern{Kind: policy.HostPrefix, Text: "www."}),
		layer("exact", 80, policy.HostPattern{Kind: policy.HostExact, Text: "www.a.example"}), layer("other", 8080, policy.HostPattern{Kind: policy.HostExact, Text: "b.example"}),
	}}
	for _, test := range []struct {
		scheme, host string
		port         int
		want         string
		assumes      string
	}{
		{"http", "www.a.example", 80, "exact", ""}, {"http", "WWW.A.example.", 80, "exact", ""}, {"http", "x.a.example", 80, "suffix", ""},
		{"http", "www.b.example", 80, "prefix", ""}, {"http", "wwwx", 80, "regexp", ""}, {"http", "nobody", 80, "first", ""},
		{"https", "b.example", 443, "other", "TLS in front of port 8080"}, {"https", "nobody", 443, "first", "TLS in front of port 80"},
	} {
		got, found := host.Pick(test.scheme, test.host, test.port)
		if !found || got.Layer.Name != test.want {
			t.Errorf("%+v: picked %+v", test, got.Layer)
			continue
		}
		assumes := ""
		for _, a := range got.Assuming {
			assumes = a.String()
		}
		if assumes != test.assumes {
			t.Errorf("%+v: assumes %q", test, assumes)
		}
	}
}

func TestNames(t *testing.T) {
	l := policy.Listener{Hosts: []policy.HostPattern{{Kind: policy.HostExact, Text: "api.example"}, {Kind: policy.HostSuffix, Text: ".shop.example"}}, Default: true}
	for host, want := range map[string]bool{"api.example": true, "API.example.": true, "a.shop.example": true, "shop.example": false, "other.example": false, "": false} {
		if l.Names(host) != want {
			t.Errorf("%q: want %v", host, want)
		}
	}
}
