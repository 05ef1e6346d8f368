package express_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/corslint/corslint/analyzers/policy"
)

// framework is a way to write applications of a framework, which the test fills with the arguments of its CORS package.
type framework struct {
	name, file string
	text       string   // with CORS in place of the arguments
	cors       []string // the arguments
}

// origins are values of the option "origin" that every package takes, each in its own way.
var origins = []string{`'*'`, `'https://app.example'`, `'https://app.example/'`, `['https://app.example', 'https://admin.example']`, `true`, `false`}

// arguments returns object literals: each origin with more options, and what else is worth asking.
func arguments(more string, others ...string) []string {
	out := slices.Clone(others)
	for _, o := range origins {
		out = append(out, "{ origin: "+o+" }", "{ origin: "+o+", "+more+" }")
	}
	return out
}

func frameworks() []framework {
	return []framework{
		{"koa", "index.js", `const Koa = require('koa');
const cors = require('@koa/cors');
const Router = require('@koa/router');
const app = new Koa();
app.on('error', () => {});
app.use(async (ctx, next) => { ctx.vary('Accept'); await next(); });
app.use(cors(CORS));
const router = new Router({ prefix: '/api' });
router.use(async (ctx, next) => { if (ctx.get('X-Refuse')) ctx.throw(401); return next(); });
router.get('/items', (ctx) => { ctx.body = [1]; });
router.post('/items', (ctx) => { ctx.status = 201; });
router.put('/items/:id', (ctx) => { ctx.set('Access-Control-Expose-Headers', 'X-Id'); ctx.body = ctx.params.id; });
router.get('/fails', () => { throw new Error('no'); });
router.get('/refuses', (ctx) => { ctx.throw(403, 'no', { headers: { Vary: 'Cookie' } }); });
router.get('/moves', (ctx) => { ctx.redirect('/api/items'); });
router.delete('/items/:id', (ctx) => { ctx.body = null; });
app.use(router.routes()).use(router.allowedMethods());
app.use((ctx, next) => { if (ctx.path !== '/plain') return next(); ctx.body = 'plain'; });
app.listen(3000);
`, arguments(`credentials: true, maxAge: 600, allowMethods: ['GET', 'PUT'], allowHeaders: ['X-One', 'X-Two'], exposeHeaders: 'X-Id'`, ``, `{}`, `{ credentials: true }`, `{ keepHeadersOnError: false }`,
			`{ origin: (ctx) => ctx.get('Origin').endsWith('.example') ? ctx.get('Origin') : '' }`, `{ origin: async () => 'https://app.example', credentials: () => true }`, `{ secureContext: true, privateNetworkAccess: true, allowMethods: '' }`)},
	}
}

// asked are the requests that every application is asked.
func asked() []request {
	var out []request
	for _, path := range []string{"/api/items", "/api/items/7", "/api/fails", "/api/refuses", "/api/moves", "/api/none", "/plain", "/"} {
		for _, method := range []string{"GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS"} {
			for _, origin := range []string{"", "https://app.example", "https://evil.test"} {
				r := request{method: method, path: path}
				if origin != "" {
					r.headers = append(r.headers, [2]string{"Origin", origin})
				}
				out = append(out, r)
				if method != "OPTIONS" || origin == "" {
					continue
				}
				r.headers = append(slices.Clone(r.headers), [2]string{"Access-Control-Request-Method", "PUT"})
				out = append(out, r)
				r.headers = append(slices.Clone(r.headers), [2]string{"Access-Control-Request-Headers", "x-one, content-type"})
				out = append(out, r)
			}
		}
	}
	return append(out, request{method: "GET", path: "/api/items", headers: [][2]string{{"Origin", "https://app.example"}, {"X-Refuse", "1"}}})
}

// TestFrameworks holds predictions for the other frameworks against the real packages: status, Access-Control-*, Vary, Allow
// and Location.
func TestFrameworks(t *testing.T) {
	n := startNode(t)
	for _, f := range frameworks() {
		t.Run(f.name, func(t *testing.T) {
			requests, equal, shown := 0, 0, 0
			for i, cors := range f.cors {
				g := &generator{major: 5, files: map[string]string{f.file: strings.ReplaceAll(f.text, "CORS", cors), "package.json": fmt.Sprintf(`{"main": %q}`, f.file)}}
				dir, port, err := n.start(t, filepath.Join(f.name, fmt.Sprint(i)), g)
				if err != nil {
					t.Errorf("%s does not start with %s: %v", f.name, cors, err)
					continue
				}
				chain, said := read(t, dir)
				for _, r := range asked() {
					got, err := ask(port, r)
					if err != nil {
						t.Fatal(err)
					}
					requests++
					outcomes, err := predict(chain, r)
					if err == nil && len(outcomes) == 1 && outcomes[0].Open == nil && unordered(shownOf(outcomes)) == unordered(got) {
						equal++
					} else if shown++; shown <= *show {
						t.Logf("%s, %s\n%s\n%s\nreal:     %s\ncorslint: %s %v", f.name, cors, said, r, got, shownOf(outcomes), err)
					}
				}
			}
			t.Logf("%s: %d of %d answers equal", f.name, equal, requests)
			if equal != requests {
				t.Errorf("%d of %d answers differ", requests-equal, requests)
			}
		})
	}
}

func shownOf(outcomes []policy.Outcome) string {
	var out []string
	for i := range outcomes {
		text := shown(&outcomes[i])
		if outcomes[i].Open != nil {
			text += fmt.Sprintf(" | open: %v", outcomes[i].Open)
		}
		out = append(out, text)
	}
	return strings.Join(out, " or ")
}

// unordered is an answer whose lines are sorted: these frameworks write headers in an order that means nothing.
func unordered(answer string) string {
	lines := strings.Split(answer, " | ")
	slices.Sort(lines[1:])
	return strings.Join(lines, " | ")
}
