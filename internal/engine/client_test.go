package engine_test

import (
	"strings"
	"testing"

	"github.com/corslint/corslint/internal/engine"
	"github.com/corslint/corslint/parsers"
	"github.com/corslint/corslint/parsers/client"
	"github.com/corslint/corslint/parsers/express"
	"github.com/corslint/corslint/parsers/nginx"
)

// TestCalls: what client code calls is needed of the layer that it plainly calls, and of nobody else.
func TestCalls(t *testing.T) {
	const manifest = `{"dependencies": {"react": "18"}}`
	call := func(url string) string { return "export const f = (id) => fetch(" + url + ", { method: 'DELETE' })\n" }
	app := func(port string) string {
		return `const express = require('express'), cors = require('cors');
const app = express();
app.use(cors({ origin: 'http://localhost:5173', methods: ['GET', 'PUT'] }));
app.delete('/v1/orders/:id', (req, res) => res.sendStatus(204));
app.listen(` + port + `);
`
	}
	dialects := []parsers.Dialect{nginx.Dialect{}, express.Dialect{}, client.Dialect{}}
	for name, test := range map[string]struct {
		files map[string]string
		want  bool
	}{
		"the layer that has its name":    {map[string]string{"a.conf": conf("api.shop.example"), "b.conf": conf("other.shop.example"), "web/a.jsx": call("`https://api.shop.example/v1/orders/${id}`")}, true},
		"the only layer has no name":     {map[string]string{"a.conf": conf("_"), "web/a.jsx": call("`https://api.shop.example/v1/orders/${id}`")}, false},
		"somebody else's API":            {map[string]string{"a.conf": conf("api.shop.example"), "web/a.jsx": call("`https://api.payments.example/v1/orders/${id}`")}, false},
		"the page's own origin":          {map[string]string{"a.conf": conf("api.shop.example"), "web/a.jsx": call("`/v1/orders/${id}`")}, false},
		"a base that nobody knows":       {map[string]string{"a.conf": conf("api.shop.example"), "web/a.jsx": call("`${API}/v1/orders/${id}`")}, false},
		"a base of the environment":      {map[string]string{"a.conf": conf("api.shop.example"), "web/.env": "VITE_API=https://api.shop.example/v1", "web/a.jsx": call("`${import.meta.env.VITE_API}/orders/${id}`")}, true},
		"the port of an application":     {map[string]string{"api/server.js": app("4000"), "web/a.jsx": call("`http://localhost:4000/v1/orders/${id}`")}, true},
		"a port with a default":          {map[string]string{"api/server.js": app("process.env.PORT || 4000"), "web/a.jsx": call("`http://localhost:4000/v1/orders/${id}`")}, true},
		"the port of something else":     {map[string]string{"api/server.js": app("4000"), "web/a.jsx": call("`http://localhost:8080/v1/orders/${id}`")}, false},
		"a port that two open":           {map[string]string{"api/server.js": app("4000"), "old/server.js": app("4000"), "web/a.jsx": call("`http://localhost:4000/v1/orders/${id}`")}, false},
		"a proxy that is developed with": {map[string]string{"api/server.js": app("4000"), "web/vite.config.js": "export default { server: { proxy: { '/v1': 'http://localhost:4000' } } }", "web/a.jsx": call("`/v1/orders/${id}`")}, false},
		"code of a server":               {map[string]string{"a.conf": conf("api.shop.example"), "web/a.jsx": "import fs from 'fs';\n" + call("`https://api.shop.example/v1/orders/${id}`")}, false},
		"a layer that serves the page": {map[string]string{"a.conf": strings.Replace(conf("api.shop.example"), "return 404;", "root /srv/www;", 1),
			"web/a.jsx": call("`https://api.shop.example/v1/orders/${id}`")}, false},
	} {
		t.Run(name, func(t *testing.T) {
			test.files["web/package.json"] = manifest
			result := check(engine.Options{Files: tree(test.files), Dialects: dialects})
			got := list(result.Findings)
			if strings.Contains(got, "/v1/orders/{id}") != test.want { // the endpoint as the call has it
				t.Errorf("findings:\n%s", got)
			}
		})
	}
}
