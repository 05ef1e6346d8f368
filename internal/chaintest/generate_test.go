package chaintest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/corslint/corslint/internal/differential"
	"github.com/corslint/corslint/parsers/express/expresstest"
)

// front writes what people put in front of an application: a server of nginx that hands requests on to it. The same seed
// gives the same text, but for the ports.
type front struct {
	*rand.Rand
	app       *expresstest.Application
	name      string // of the server
	n         int    // in the names that must be its own
	listeners listeners
	root      string // a folder with a few files
	users     string // a password file: user u, password p

	to       string   // what proxy_pass names, without a path
	prefixes []string // with which a path of the application is asked for through nginx
	extra    []string // paths that nginx itself answers
	needed   []string // locations that others name
}

// listeners are the ports on which all servers listen.
type listeners struct{ plain, tls int }

func newFront(seed uint64, n int, app *expresstest.Application, l listeners, root, users string) *front {
	return &front{Rand: rand.New(rand.NewPCG(seed, uint64(n)+1<<32)), app: app, name: fmt.Sprintf("s%d.example", n), n: n, listeners: l, root: root, users: users}
}

func (f *front) pick(texts ...string) string { return texts[f.IntN(len(texts))] }

// chance is true in one of n cases.
func (f *front) chance(n int) bool { return f.IntN(n) == 0 }

// request returns a request to the server, and whether it is sent over TLS.
func (f *front) request() (r differential.Request, secure bool) {
	r, secure = f.app.Request(), f.chance(3)
	r.Path = f.prefixes[f.IntN(len(f.prefixes))] + r.Path
	if len(f.extra) > 0 && f.chance(8) {
		r.Path = f.extra[f.IntN(len(f.extra))]
	}
	port := f.listeners.plain
	if secure {
		port = f.listeners.tls
	}
	r.Host = fmt.Sprintf("%s:%d", f.name, port)
	return r, secure
}

// configuration returns what stands at http level: maps, an upstream group, the server.
func (f *front) configuration() string {
	var b strings.Builder
	f.to = fmt.Sprintf("http://127.0.0.1:%d", f.app.Port)
	if f.chance(2) {
		f.to = fmt.Sprintf("http://app%d", f.n)
		fmt.Fprintf(&b, "upstream app%d {\n  server 127.0.0.1:%d%s;\n%s}\n", f.n, f.app.Port, f.pick("", " fail_timeout=0", " max_fails=3"), f.pick("", "  keepalive 8;\n", "  least_conn;\n"))
	}
	fmt.Fprintf(&b, "map $http_origin $cors%d {\n%s}\n", f.n, f.rows())
	fmt.Fprintf(&b, "map $http_upgrade $connection%d {\n  default upgrade;\n  '' close;\n}\n", f.n)

	var server []string
	for range f.IntN(3) {
		server = append(server, f.serverSetting())
	}
	server = unique(server)
	locations := f.locations()
	server = append(server, locations...)
	server = append(server, f.needed...)
	fmt.Fprintf(&b, "server {\n  listen 127.0.0.1:%d;\n  listen 127.0.0.1:%d ssl;\n  server_name %s;\n  set $allow '';\n  root %s;\n%s}\n", f.listeners.plain, f.listeners.tls, f.name, f.root, indented(server))
	return b.String()
}

// indented writes directives and blocks one a line, by the braces that are open.
func indented(lines []string) string {
	var b strings.Builder
	depth := 1
	for line := range strings.Lines(strings.Join(lines, "\n") + "\n") {
		inner := depth
		if strings.HasPrefix(line, "}") {
			inner--
		}
		b.WriteString(strings.Repeat("  ", inner) + line)
		depth += strings.Count(line, " {\n") - strings.Count(line, "}\n")
	}
	return b.String()
}

// unique drops directives that nginx refuses to see twice.
func unique(directives []string) []string {
	seen := map[string]bool{}
	return slices.DeleteFunc(directives, func(d string) bool {
		name, _, _ := strings.Cut(d, " ")
		switch name {
		case "add_header", "proxy_set_header", "proxy_hide_header", "error_page", "if", "set", "rewrite", "more_set_headers", "more_clear_headers", "proxy_redirect":
			return false
		}
		again := seen[name]
		seen[name] = true
		return again
	})
}

func (f *front) rows() string {
	rows := []string{"https://a.example $http_origin;", "https://b.example https://b.example;", `"~^https://([a-z]+\.)?a\.example$" $http_origin;`, `~^http://localhost(:\d+)?$ $http_origin;`,
		`~*\.a\.example$ $http_origin;`, "null '';"}
	f.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	rows = append(rows[:1+f.IntN(3)], "default "+f.pick("''", "''", "https://a.example", "*")+";")
	return "  " + strings.Join(rows, "\n  ") + "\n"
}

// serverSetting writes a directive that stands outside of locations.
func (f *front) serverSetting() string {
	switch f.IntN(12) {
	case 0, 1:
		return strings.Join(f.sent(), "\n")
	case 2, 3:
		return strings.Join(f.headers(), "\n")
	case 4:
		return "if ($request_method = OPTIONS) {\n" + strings.Join(append(f.pickSome("set $allow $http_origin;"), "return "+f.pick("204;", "200;", "403;")), "\n") + "\n}"
	case 5:
		return f.errors()
	case 6:
		return f.hide()
	case 7:
		return f.redirect()
	case 8:
		return f.pick("if ($http_origin = https://b.example) {\nset $allow $http_origin;\n}", `if ($http_origin ~* "^https?://(.*\.)?a\.example$") {`+"\nset $allow $http_origin;\n}", "if ($http_origin ~ evil) {\nreturn 403;\n}",
			"if ($scheme = http) {\nreturn 301 https://$host$request_uri;\n}")
	case 9:
		return f.pick("rewrite ^/legacy/(.*)$ /api/$1;", "rewrite ^/(.*)/$ /$1 permanent;", "absolute_redirect off;", "port_in_redirect off;", "merge_slashes off;")
	case 10:
		return f.pick("gzip on;", "gzip on; gzip_vary on;", "client_max_body_size 10m;", "proxy_http_version 1.1;")
	}
	return "add_header " + f.pick("X-Frame-Options DENY", "Strict-Transport-Security max-age=31536000 always", "X-Content-Type-Options nosniff") + ";"
}

// pickSome returns some of the texts, in their order.
func (f *front) pickSome(texts ...string) []string {
	return slices.DeleteFunc(texts, func(string) bool { return f.chance(2) })
}

// locations writes one to four locations, one of which is for all paths in most cases.
func (f *front) locations() []string {
	var out []string
	if !f.chance(8) {
		f.prefixes = append(f.prefixes, "")
		out = append(out, f.location("/", f.pass("")))
	}
	kinds := f.Perm(12)
	for _, kind := range kinds[:f.IntN(4)] {
		out = append(out, f.special(kind))
	}
	if len(f.prefixes) == 0 {
		f.prefixes = []string{""}
	}
	f.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

// special writes a location that hands requests on under another path, or answers itself.
func (f *front) special(kind int) string {
	reached := func(prefix string) { f.prefixes = append(f.prefixes, prefix) }
	switch kind {
	case 0: // the prefix is stripped
		reached("/backend")
		return f.location("/backend/", f.pass("/"))
	case 1: // by accident, only the slash
		reached("/svc")
		return f.location("/svc", f.pass("/"))
	case 2:
		reached("/v2")
		return f.location("/v2/", f.pass(f.pick("/api/", "/users/", "/api")))
	case 3:
		reached("")
		return f.location(f.pick("/api/", "/api", "^~ /api/", "/users"), f.pass(f.pick("", "", "/api/")))
	case 4:
		reached("")
		return f.location(f.pick(`~ ^/(users|items)`, `~* ^/API/`, `~ \.(css|html)$`, `~ ^/api/(?<rest>.*)$`), f.pass(""))
	case 5:
		reached("/strip")
		return f.location("/strip/", "rewrite ^/strip/(.*)$ /$1 break;\n"+f.pass(""))
	case 6:
		reached("/hop")
		return "location /hop/ {\n" + strings.Join(append(f.policy(), "rewrite ^/hop/(.*)$ /$1 "+f.pick("last;", "permanent;", "redirect;")), "\n") + "\n}"
	case 7:
		reached("/var")
		return "location /var/ {\nset $backend " + fmt.Sprintf("http://127.0.0.1:%d", f.app.Port) + ";\n" + strings.Join(f.policy(), "\n") + "\nproxy_pass $backend" + f.pick("", "", "$request_uri") + ";\n}"
	case 8:
		f.extra = append(f.extra, "/healthz")
		return "location = /healthz {\n" + strings.Join(append(f.policy(), f.pick("return 200 ok;", "return 204;", "access_log off;\nreturn 200;")), "\n") + "\n}"
	case 9:
		f.extra = append(f.extra, "/moved", "/moved/x?q=1")
		return "location /moved {\n" + strings.Join(append(f.policy(), f.pick("return 301 /api;", "return 302 https://$host$request_uri;", "return 308 $scheme://$host/users;", "return 307 /users;")), "\n") + "\n}"
	case 10:
		f.extra = append(f.extra, "/assets/a.css", "/assets/none", "/assets/")
		f.need("@app", append(f.pickSome(f.headers()...), f.pass(""))...)
		return "location /assets/ {\n" + strings.Join(append(f.policy(), f.pick("try_files $uri @app;", "try_files $uri $uri/ @app;", "try_files $uri =404;", "expires 1h;")), "\n") + "\n}"
	}
	reached("")
	return f.location("= "+f.pick("/users", "/items", "/api/users", "/"), f.pass(f.pick("", "/users", "/")))
}

// need makes a location that another names, unless there is one.
func (f *front) need(match string, body ...string) {
	head := "location " + match + " {\n"
	if !slices.ContainsFunc(f.needed, func(known string) bool { return strings.HasPrefix(known, head) }) {
		f.needed = append(f.needed, head+strings.Join(body, "\n")+"\n}")
	}
}

func (f *front) pass(path string) string { return "proxy_pass " + f.to + path + ";" }

// location writes a location that hands requests on.
func (f *front) location(match, pass string) string {
	body := f.policy()
	if f.chance(2) {
		body = append(body, f.sent()...)
	}
	for _, rare := range []func() string{f.errors, f.auth, f.redirect, f.hide} {
		if f.chance(5) {
			body = append(body, rare())
		}
	}
	if f.chance(3) {
		body = append(body, f.pick("proxy_http_version 1.1;", "proxy_read_timeout 60s;", "proxy_buffering off;", "proxy_cache_bypass $http_upgrade;", "client_max_body_size 5m;"))
	}
	body = append(body, pass)
	f.Shuffle(len(body), func(i, j int) { body[i], body[j] = body[j], body[i] })
	if at := slices.Index(body, "proxy_redirect default;"); at >= 0 { // nginx wants it after proxy_pass
		body = append(slices.Delete(body, at, at+1), "proxy_redirect default;")
	}
	return "location " + match + " {\n" + strings.Join(unique(body), "\n") + "\n}"
}

// policy writes what a location does about CORS: nothing in many cases, since the application does.
func (f *front) policy() []string {
	switch f.IntN(11) {
	case 0, 1:
		return f.headers()
	case 2: // preflights are answered here, the rest by the application
		return []string{f.preflight(f.headers())}
	case 3:
		headers := f.headers()
		return append(headers, f.preflight(f.pickSome(slices.Clone(headers)...)))
	case 4: // in place of the application's own
		return append(f.headers(), f.hide())
	case 5:
		condition := f.pick(`$http_origin ~* "^https?://(.*\.)?a\.example$"`, "$http_origin = 'https://a.example'", "$request_method ~ ^(GET|POST)$", fmt.Sprintf("$cors%d", f.n), "$http_origin")
		return []string{"if (" + condition + ") {\n" + f.pick(strings.Join(f.headers(), "\n"), "set $allow $http_origin;") + "\n}"}
	case 6:
		return []string{f.pick("more_set_headers 'Access-Control-Allow-Origin: $http_origin' 'Access-Control-Allow-Credentials: true';", "more_clear_headers 'Access-Control-*';", "more_set_headers 'Access-Control-Allow-Origin: *';",
			"more_set_headers -s '404 500' 'Vary: Origin';", "more_clear_headers Vary;")}
	}
	return nil
}

// preflight writes an if that answers preflights.
func (f *front) preflight(headers []string) string {
	condition := f.pick("$request_method = OPTIONS", "$request_method = 'OPTIONS'", `$request_method ~* "(OPTIONS)"`)
	return "if (" + condition + ") {\n" + strings.Join(append(headers, f.pickSome("add_header Content-Length 0;")...), "\n") + "\nreturn " + f.pick("204", "204", "204", "200") + ";\n}"
}

// headers writes a few add_header.
func (f *front) headers() []string {
	always := f.pick("", " always", " always")
	cors := fmt.Sprintf("$cors%d", f.n)
	out := []string{"add_header " + f.pick("Access-Control-Allow-Origin", "'Access-Control-Allow-Origin'") + " " + f.pick("*", "'*'", "https://a.example", "$http_origin", `"$http_origin"`, cors, cors, "$allow") + always + ";"}
	more := f.pickSome("add_header Access-Control-Allow-Methods '"+f.pick("GET, POST, OPTIONS", "GET, POST, PUT, DELETE, OPTIONS", "*")+"'"+always+";",
		"add_header Access-Control-Allow-Headers '"+f.pick("Authorization, Content-Type", "DNT,User-Agent,X-Requested-With,Content-Type,Authorization", "*", "$http_access_control_request_headers")+"'"+always+";",
		"add_header Access-Control-Allow-Credentials true"+always+";", "add_header Access-Control-Max-Age 1728000;", "add_header Vary Origin"+always+";", "add_header Access-Control-Expose-Headers 'Content-Length,X-Total-Count'"+always+";")
	return append(out, more...)
}

// sent writes the request headers that the application is told.
func (f *front) sent() []string {
	out := f.pickSome("proxy_set_header Host "+f.pick("$host", "$http_host", "$host:$server_port", "$proxy_host", "shop.example")+";", "proxy_set_header X-Real-IP $remote_addr;",
		"proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;", "proxy_set_header X-Forwarded-Proto "+f.pick("$scheme", "$scheme", "https")+";", "proxy_set_header X-Forwarded-Host $host;")
	if f.chance(6) {
		out = append(out, fmt.Sprintf("proxy_set_header Upgrade $http_upgrade;\nproxy_set_header Connection %s;", f.pick("upgrade", `"upgrade"`, fmt.Sprintf("$connection%d", f.n), "''")))
	}
	if f.chance(5) {
		out = append(out, f.pick("proxy_set_header Origin '';", `proxy_set_header Origin "";`, "proxy_set_header Origin $http_origin;", "proxy_set_header Origin https://a.example;", "proxy_set_header Authorization $http_authorization;",
			"proxy_set_header Authorization '';", "proxy_set_header Cookie '';", "proxy_set_header X-Api-Key secret;"))
	}
	if len(out) == 0 {
		return []string{"proxy_set_header Host $host;"}
	}
	return out
}

// hide writes which headers of the application do not pass.
func (f *front) hide() string {
	hidden := f.pickSome("Access-Control-Allow-Origin", "Access-Control-Allow-Credentials", "access-control-allow-methods", "Vary", "X-Powered-By")
	if len(hidden) == 0 {
		hidden = []string{"Access-Control-Allow-Origin"}
	}
	return "proxy_hide_header " + strings.Join(hidden, ";\nproxy_hide_header ") + ";"
}

// redirect writes what becomes of the application's redirects.
func (f *front) redirect() string {
	return f.pick("proxy_redirect off;", "proxy_redirect default;", fmt.Sprintf("proxy_redirect http://127.0.0.1:%d/ /;", f.app.Port), fmt.Sprintf("proxy_redirect http://127.0.0.1:%d/ $scheme://$http_host/;", f.app.Port), "proxy_redirect / /backend/;",
		"proxy_redirect http:// https://;", "proxy_redirect http://$host/ https://$host/;", `proxy_redirect ~^https?://[^/]+(/.*)$ $1;`)
}

// errors writes what answers in place of errors.
func (f *front) errors() string {
	intercept := f.pick("proxy_intercept_errors on;\n", "proxy_intercept_errors on;\n", "")
	switch f.IntN(5) {
	case 0:
		f.need("= /404.html", f.pick("internal;", "internal;\n"+f.headers()[0], "charset utf-8;"))
		return intercept + "error_page 404 /404.html;"
	case 1:
		f.need("= /50x.html", "root "+f.root+";")
		return intercept + "error_page 500 502 503 504 /50x.html;"
	case 2:
		f.need("@fallback", append(f.pickSome(f.headers()...), f.pick("return 503;", "return 200 '{}';", f.pass("")))...)
		return intercept + "error_page " + f.pick("404", "401 403", "404 500 502", "400 405") + " = @fallback;"
	case 3:
		f.need("@preflight", append(f.pickSome(f.headers()...), "return 204;")...)
		return intercept + "error_page " + f.pick("401", "405", "404") + " " + f.pick("=204", "=200", "=") + " @preflight;"
	}
	return intercept + "error_page " + f.pick("401 https://login.example/;", "403 =200 /healthz;", "404 =301 /users;")
}

// auth writes who asks for credentials before the application is asked.
func (f *front) auth() string {
	switch f.IntN(5) {
	case 0, 1:
		return "auth_basic shop;\nauth_basic_user_file " + f.users + ";"
	case 2:
		return "limit_except " + f.pick("GET POST", "GET POST OPTIONS", "GET") + " {\n" + f.pick("deny all;", "auth_basic shop;\nauth_basic_user_file "+f.users+";") + "\n}"
	case 3:
		return "if ($http_authorization = '') {\nreturn 401;\n}"
	}
	f.need("= /auth", "internal;", f.pick("return 204;", "if ($http_authorization) {\nreturn 204;\n}\nreturn 401;",
		"proxy_pass "+f.to+f.pick("/users/1", "/auth", "/api")+";\nproxy_pass_request_body off;\nproxy_set_header Content-Length '';"))
	return "auth_request /auth;"
}
