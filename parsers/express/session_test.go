package express_test

import (
	"testing"

	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/discovery"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/parsers/express"
)

// TestSessionCookie holds which attributes the cookie of a session is said to have.
func TestSessionCookie(t *testing.T) {
	for middleware, want := range map[string]string{
		"session({ secret: 's' })": "connect.sid ",
		"session({ name: 'sid', secret: 's', cookie: { sameSite: true } })":                                   "sid SameSite=Strict",
		"session({ secret: 's', cookie: { sameSite: 'LAX', secure: true } })":                                 "connect.sid SameSite=Lax; Secure",
		"session({ secret: 's', cookie: { sameSite: false, secure: 'auto' } })":                               "connect.sid Secure=?",
		"session({ secret: 's', cookie: { sameSite: 'auto' } })":                                              "connect.sid SameSite=?",
		"session({ secret: 's', cookie: { sameSite: 'none' } })":                                              "connect.sid SameSite=None",
		"session({ secret: 's', cookie: (req) => ({ sameSite: 'none' }) })":                                   "connect.sid SameSite=?; Secure=?",
		"session({ secret: 's', cookie: require('./nowhere').cookie })":                                       "connect.sid SameSite=?; Secure=?",
		"session(require('nobody-knows-it').options)":                                                         "connect.sid SameSite=?; Secure=?",
		"session({ secret: 's', cookie: { sameSite: process.env.SAME_SITE } })":                               "",
		"session({ secret: 's', cookie: { secure: process.env.NODE_ENV === 'production' } })":                 "",
		"cookieSession({ keys: ['k'] })":                                                                      "session Secure=?",
		"cookieSession({ keys: ['k'], sameSite: 'none', secure: true })":                                      "session SameSite=None; Secure",
		"cookieSession({ keys: ['k'], name: 'sid', secure: false, sameSite: 'strict', maxAge: 1, x: [1] })":   "sid SameSite=Strict",
		"session({ secret: 's', cookie: { ...require('nobody-knows-it').cookie } })":                          "connect.sid SameSite=?; Secure=?",
		"session({ secret: 's', cookie: Object.assign({ sameSite: 'lax' }, require('nobody-knows-it').my) })": "connect.sid SameSite=Lax; Secure=?",
	} {
		text := "const session = require('express-session'), cookieSession = require('cookie-session');\nconst app = require('express')();\n" +
			"app.use(require('cors')());\napp.use(" + middleware + ");\napp.get('/', (req, res) => res.send('x'));\napp.listen(3000);\n"
		tree := discovery.Memory(source.NewFile("server.js", []byte(text))).Walk(discovery.Options{})
		reader := express.Dialect{}.Reader(tree)
		f, err := tree.Open("server.js")
		if err != nil {
			t.Fatal(err)
		}
		unit, ok := reader.Scan(f)
		if !ok {
			t.Fatal("not recognised")
		}
		got := ""
		for _, h := range reader.Load(t.Context(), unit).Hosts {
			for _, l := range h.Layers {
				for _, f := range l.Facts {
					if f.Kind == policy.FactSessionCookie {
						got += f.Subject + " " + f.Text
					}
				}
			}
		}
		if got != want {
			t.Errorf("%s: %q, want %q", middleware, got, want)
		}
	}
}
