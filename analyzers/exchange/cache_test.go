package exchange_test

import (
	"context"
	"strings"
	"testing"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/exchange"
	"github.com/corslint/corslint/analyzers/policy"
)

func sequence(t *testing.T, chain exchange.Chain, c exchange.Cache, o exchange.Options, fetches ...exchange.Fetch) string {
	t.Helper()
	xs, err := exchange.SimulateSequence(context.Background(), browser.Chromium, chain, fetches, o, c)
	if err != nil || len(xs) != len(fetches) {
		t.Fatal(err)
	}
	var stories []string
	for _, x := range xs {
		if len(x.Outcomes) != len(xs[0].Outcomes) {
			t.Fatal("outcomes are not parallel")
		}
		stories = append(stories, story(x))
	}
	return strings.Join(stories, "\n")
}

func get(origin string, headers ...browser.Header) exchange.Fetch {
	return exchange.Fetch{URL: "https://api.example/x", Origin: origin, Headers: headers}
}

// What a cache hands to the second of two pages. The server names the page that asks.
func TestCache(t *testing.T) {
	const (
		first   = "https://a.shop.example"
		second  = "https://b.shop.example"
		port    = "https://a.shop.example:8443"
		partner = "https://a.partner.example"
		copied  = "; a cache hands out a copy of https://api.example/x"
		refused = "blocked AllowOriginMismatch 200"
	)
	in := exchange.Cache{Kind: exchange.BrowserCache}
	front := exchange.Cache{Kind: exchange.SharedCache}
	fresh := "Cache-Control: max-age=60"
	tests := []struct {
		name    string
		cache   exchange.Cache
		headers string // of the answer, beside Access-Control-Allow-Origin
		page    string // the second
		want    string // what it comes to
	}{
		{"no cache", exchange.Cache{}, fresh, port, "allowed 200"},
		{"one site", in, fresh, port, refused + " from browser's cache"},
		{"perhaps one site", in, fresh, second, refused + " from browser's cache" + copied},
		{"another site", in, fresh, partner, "allowed 200"},
		{"another scheme", in, fresh, "http://a.shop.example", "allowed 200"},
		{"an opaque origin", in, fresh, "null", "allowed 200"},
		{"the same page", in, fresh, first, "allowed 200 from browser's cache"},
		{"shared by all", front, fresh, partner, refused + " from shared cache"},
		{"Vary", front, fresh + "|Vary: Accept-Encoding, origin", partner, "allowed 200"},
		{"Vary on something else", front, fresh + "|Vary: Accept", partner, refused + " from shared cache"},
		{"Vary on all", front, fresh + "|Vary: *", first, "allowed 200"},
		{"Vary not known", front, fresh + "|Vary: ?", partner, refused + " from shared cache" + copied},
		{"Vary ignored", exchange.Cache{Kind: exchange.SharedCache, IgnoresVary: true}, fresh + "|Vary: Origin", partner, refused + " from shared cache"},
		{"the origin in the key", exchange.Cache{Kind: exchange.SharedCache, KeyUsesOrigin: true}, fresh, partner, "allowed 200"},
		{"no-store", in, "Cache-Control: max-age=60, NO-STORE", port, "allowed 200"},
		{"no-cache", in, "Cache-Control: no-cache|Last-Modified: x", port, "allowed 200"},
		{"private in the browser", in, fresh + ", private", port, refused + " from browser's cache"},
		{"private on the way", front, fresh + ", private", partner, "allowed 200"},
		{"stale at once", in, "Cache-Control: max-age=0", port, "allowed 200"},
		{"s-maxage in the browser", in, "Cache-Control: s-maxage=60, max-age=0", port, "allowed 200"},
		{"s-maxage on the way", front, `Cache-Control: max-age=0, s-maxage="60"`, partner, refused + " from shared cache"},
		{"max-age that is none", in, "Cache-Control: max-age=1h", port, refused + " from browser's cache" + copied},
		{"a value that is not known", in, "Cache-Control: ?", port, refused + " from browser's cache" + copied},
		{"Expires that is none", in, "Expires: 0|Last-Modified: x", port, "allowed 200"},
		{"Expires in the past", in, "Expires: Thu, 01 Jan 1970 00:00:01 GMT", port, "allowed 200"},
		{"Expires some day", in, "Expires: Thu, 01 Jan 2099 00:00:01 GMT", port, refused + " from browser's cache" + copied},
		{"nothing said, in the browser", in, "", port, "allowed 200"},
		{"nothing said, on the way", front, "", partner, refused + " from shared cache" + copied},
		{"a rule of thumb", in, "Last-Modified: ?", port, refused + " from browser's cache"},
		{"no rule of thumb", in, "Last-Modified: ?|Cache-Control: must-revalidate", port, "allowed 200"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			headers := []string{"Access-Control-Allow-Origin: ORIGIN"}
			if test.headers != "" {
				headers = append(headers, strings.Split(test.headers, "|")...)
			}
			chain := exchange.Chain{host(layer(respond(200, headers...)))}
			got := sequence(t, chain, test.cache, exchange.Options{}, get(first), get(test.page))
			check(t, got, "allowed 200\n"+test.want)
		})
	}
}

// An image is fetched without Origin, and its copy serves the page that fetches the same URL.
func TestCacheImage(t *testing.T) {
	chain := exchange.Chain{host(layer(
		&policy.If{Cond: &policy.Not{Cond: &policy.Equal{Of: origin}}, Then: []policy.Step{respond(200, "Access-Control-Allow-Origin: ORIGIN", "Vary: Origin", "Cache-Control: max-age=9")}},
		respond(200, "Cache-Control: max-age=9")))}
	image := get(page)
	image.Mode = browser.ModeNoCORS
	check(t, sequence(t, chain, exchange.Cache{Kind: exchange.BrowserCache}, exchange.Options{}, image, get(page), get(page)),
		"allowed 200\nblocked MissingAllowOriginHeader 200 from browser's cache\nblocked MissingAllowOriginHeader 200 from browser's cache")
}

// What goes past a cache, what fills it, and what empties it.
func TestCacheRequests(t *testing.T) {
	const hit = " from browser's cache"
	answer := respond(200, "Access-Control-Allow-Origin: *", "Access-Control-Allow-Methods: *", "Access-Control-Allow-Headers: *", "Cache-Control: max-age=60")
	chain := exchange.Chain{host(layer(on(policy.Path, "/partial", respond(206, "Cache-Control: max-age=60")), on(policy.Path, "/down", &policy.Respond{Close: true}), answer))}
	method := func(m string) exchange.Fetch {
		f := get(page)
		f.Method = m
		return f
	}
	at := func(url string) exchange.Fetch { return exchange.Fetch{URL: url, Origin: page} }
	in := exchange.Cache{Kind: exchange.BrowserCache}
	for _, test := range []struct {
		name    string
		cache   exchange.Cache
		fetches []exchange.Fetch
		want    string
	}{
		{"HEAD is answered by a copy of GET", in, []exchange.Fetch{method("GET"), method("HEAD")}, "allowed 200\nallowed 200" + hit},
		{"HEAD fills nothing", in, []exchange.Fetch{method("HEAD"), method("GET")}, "allowed 200\nallowed 200"},
		{"POST neither", in, []exchange.Fetch{method("POST"), method("POST")}, "allowed 200\nallowed 200"},
		{"a preflight neither", in, []exchange.Fetch{method("PUT"), method("PUT")}, "allowed 200 200\nallowed 200 200"},
		{"PUT empties", in, []exchange.Fetch{method("GET"), method("PUT"), method("GET"), method("GET")}, "allowed 200\nallowed 200 200\nallowed 200\nallowed 200" + hit},
		{"another URL", in, []exchange.Fetch{at("https://api.example/?a"), at("https://api.example/?b"), at("https://api.example/?a")}, "allowed 200\nallowed 200\nallowed 200" + hit},
		{"conditional", in, []exchange.Fetch{get(page), get(page, browser.Header{Name: "If-None-Match", Value: "x"})}, "allowed 200\nallowed 200 200"},
		{"part of it", in, []exchange.Fetch{at("https://api.example/partial"), at("https://api.example/partial")}, "blocked MissingAllowOriginHeader 206\nblocked MissingAllowOriginHeader 206"},
		{"no answer", in, []exchange.Fetch{at("https://api.example/down"), at("https://api.example/down")}, "blocked 0\nblocked 0"},
		{"Authorization on the way", exchange.Cache{Kind: exchange.SharedCache}, []exchange.Fetch{get(page, browser.Header{Name: "Authorization", Value: "x"}), get(page)}, "allowed 200 200\nallowed 200"},
	} {
		t.Run(test.name, func(t *testing.T) {
			check(t, sequence(t, chain, test.cache, exchange.Options{}, test.fetches...), test.want)
		})
	}
}

// What an unknown upstream says about caching is not known, so that a copy is an assumption.
func TestCacheUnknownUpstream(t *testing.T) {
	chain := exchange.Chain{host(editing([]policy.Step{add("Access-Control-Allow-Origin: ORIGIN")}, forward("http://a")))}
	silent := "; http://a sends no CORS headers of its own"
	got := sequence(t, chain, exchange.Cache{Kind: exchange.SharedCache}, exchange.Options{AssumeSilent: true}, get("https://a.example"), get("https://b.example"))
	check(t, got, "allowed 0"+silent+"\nblocked AllowOriginMismatch 0 from shared cache"+silent+"; a cache hands out a copy of https://api.example/x")
}

// A copy of an answer that depends on an unknown is a copy on that path alone.
func TestCacheForks(t *testing.T) {
	exists := &policy.Ask{Unknown: policy.Unknown{Kind: policy.UnknownFile, Subject: "/x"}}
	chain := exchange.Chain{host(layer(
		&policy.If{Cond: exists, Then: []policy.Step{respond(200, "Access-Control-Allow-Origin: ORIGIN", "Cache-Control: max-age=1")}},
		respond(404, "Access-Control-Allow-Origin: ORIGIN", "Vary: Origin", "Cache-Control: max-age=1")))}
	got := sequence(t, chain, exchange.Cache{Kind: exchange.SharedCache}, exchange.Options{}, get("https://a.example"), get("https://b.example"))
	check(t, got, "allowed 200; the file /x exists\nallowed 404; the file /x does not exist\n"+
		"blocked AllowOriginMismatch 200 from shared cache; the file /x exists\nallowed 404; the file /x does not exist")
}

// A cache in a layer keeps what comes from behind it; the layer's own headers are new each time.
func TestLayerCache(t *testing.T) {
	const hit = " from its cache"
	front := editing([]policy.Step{add("X-Page: ORIGIN")}, forward("http://a"))
	gzip := editing([]policy.Step{&policy.If{Cond: &policy.Ask{Unknown: policy.Unknown{Kind: policy.UnknownCondition, Subject: "gzip"}}, Then: []policy.Step{add("Vary: Accept-Encoding")}}}, forward("http://a"))
	behind := func(headers ...string) *policy.Host {
		return upstream("a", respond(200, append(headers, "Access-Control-Allow-Origin: ORIGIN")...))
	}
	fresh := "Cache-Control: max-age=60"
	key := func(subject string) exchange.Cache {
		l := &policy.Layer{Facts: []policy.Fact{{Kind: policy.FactCacheIgnoresVary, Endpoint: "/"}, {Kind: policy.FactCache, Endpoint: "/", Subject: subject}}}
		return exchange.CacheOf(l, "/")
	}
	plain := exchange.Cache{Kind: exchange.LayerCache}
	for _, test := range []struct {
		name  string
		chain exchange.Chain
		cache exchange.Cache
		want  string
	}{
		{"kept", exchange.Chain{host(front), behind(fresh)}, plain, "blocked AllowOriginMismatch 200" + hit},
		{"kept though the layer forks", exchange.Chain{host(gzip), behind(fresh)}, plain, "blocked AllowOriginMismatch 200" + hit + "; gzip holds\nblocked AllowOriginMismatch 200" + hit + "; gzip does not hold"},
		{"what is behind forks, and it is not known which it was", exchange.Chain{host(front), upstream("a",
			&policy.If{Cond: &policy.Ask{Unknown: policy.Unknown{Kind: policy.UnknownFile, Subject: "/x"}}, Then: []policy.Step{respond(200, fresh, "Access-Control-Allow-Origin: ORIGIN")}},
			respond(404, fresh, "Access-Control-Allow-Origin: ORIGIN"))}, plain, "allowed 200; the file /x exists\nallowed 404; the file /x does not exist"},
		{"the layer forks to two places", exchange.Chain{host(layer(&policy.If{
			Cond: &policy.Ask{Unknown: policy.Unknown{Kind: policy.UnknownFile, Subject: "/x"}},
			Then: []policy.Step{&policy.Forward{To: policy.Upstream{Name: "http://a"}, Path: policy.Text("/1")}},
			Else: []policy.Step{&policy.Forward{To: policy.Upstream{Name: "http://a"}, Path: policy.Text("/2")}}})), behind(fresh)}, plain,
			"allowed 200; the file /x exists\nallowed 200; the file /x does not exist"},
		{"perhaps kept", exchange.Chain{host(front), behind()}, plain, "blocked AllowOriginMismatch 200" + hit + "; a cache hands out a copy of https://api.example/x"},
		{"Vary", exchange.Chain{host(front), behind(fresh, "Vary: Origin")}, plain, "allowed 200"},
		{"Vary ignored", exchange.Chain{host(front), behind(fresh, "Vary: Origin")}, key("$scheme$proxy_host$request_uri"), "blocked AllowOriginMismatch 200" + hit},
		{"the origin in the key", exchange.Chain{host(front), behind(fresh)}, key("$uri$http_origin"), "allowed 200"},
		{"with a cookie", exchange.Chain{host(front), behind(fresh, "Set-Cookie: a=b")}, plain, "allowed 200"},
		{"the layer's own answer", exchange.Chain{host(layer(respond(200, fresh, "Access-Control-Allow-Origin: ORIGIN"))), behind(fresh)}, plain, "allowed 200"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := sequence(t, test.chain, test.cache, exchange.Options{}, get("https://a.example"), get("https://b.example"))
			_, second, _ := strings.Cut(got, "\n")
			if strings.Contains(test.name, "forks") {
				_, second, _ = strings.Cut(second, "\n")
			}
			check(t, second, test.want)
		})
	}
	xs, err := exchange.SimulateSequence(context.Background(), browser.Chromium, exchange.Chain{host(front), behind(fresh)},
		[]exchange.Fetch{get("https://a.example"), get("https://b.example")}, exchange.Options{}, plain)
	if err != nil {
		t.Fatal(err)
	}
	if h, _ := xs[1].Outcomes[0].Hops[0].Actual.Get("X-Page"); h.Value.String() != "https://b.example" {
		t.Error("the layer's own header is that of the first page:", h.Value)
	}
	if c := exchange.CacheOf(&policy.Layer{Facts: []policy.Fact{{Kind: policy.FactCacheIgnoresVary}}}, "/"); c != (exchange.Cache{}) {
		t.Error(c)
	}
}

// The transcript says where an answer comes from.
func TestCacheTranscript(t *testing.T) {
	for cache, want := range map[exchange.CacheKind]string{
		exchange.BrowserCache: "browser to browser's cache GET /x\nbrowser's cache to browser 200\nbrowser to  hands the response to the page",
		exchange.LayerCache:   "browser to nginx GET /x\nnginx to browser 200 from its cache\nbrowser to  hands the response to the page",
	} {
		chain := exchange.Chain{host(layer(forward("http://a"))), upstream("a", respond(200, "Access-Control-Allow-Origin: ORIGIN", "Cache-Control: max-age=60"))}
		xs, err := exchange.SimulateSequence(context.Background(), browser.Chromium, chain, []exchange.Fetch{get(page), get(page)}, exchange.Options{}, exchange.Cache{Kind: cache})
		if err != nil {
			t.Fatal(err)
		}
		var steps []string
		for _, s := range xs[1].Witness(&xs[1].Outcomes[0], "nginx").Steps {
			steps = append(steps, s.From+" to "+s.To+" "+s.Start)
		}
		check(t, strings.Join(steps, "\n"), want)
	}
}
